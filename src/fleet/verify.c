/* Proving package sets: the digest that the journal tells of a set is computed again from its items, so that the rows of
 * packages and items, which have no entries of their own, are vouched for by the set's. Neighbours: packages.c wrote them. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "fleet/packages.h"
#include "packages.sql.h"

#define ITEMS_AT_ONCE 1024

const char *const package_kinds[] = { "package", "package_set_item", NULL };

struct proving {
	struct conn *conn;
	struct arena *arena;
	struct buf text; /* of the set at hand: what its digest is over */
	int64_t set, next, told; /* its id, the place of its next item, how many it should have */
	char digest[65];
	struct package_report *report;
};

static enum code fault(struct proving *p, const char *kind, int64_t id, const char *msgid)
{
	if (!p->report->fault.len) {
		p->report->kind = kind;
		p->report->id = id;
		p->report->fault = str_of(msgid);
	}
	return OK;
}

/* The set at hand is read to its end. */
static enum code set_end(struct proving *p, struct error *e)
{
	uint8_t digest[SHA256_SIZE];
	char hex[65];
	if (!p->set)
		return OK;
	if (!buf_ok(&p->text))
		return error_nomem(e);
	sha256(p->text.data, p->text.len, digest);
	hex_encode(digest, sizeof digest, hex);
	p->report->sets++;
	if (p->next != p->told || !str_eq(str_of(hex), str_of(p->digest)))
		return fault(p, "package_set", p->set, N_("its packages are not those its digest was made of"));
	return OK;
}

static enum code set_begin(struct proving *p, const struct rows *rows, struct error *e)
{
	TRY(set_end(p, e));
	struct str digest = rows_text(rows, 1);
	p->set = rows_int(rows, 0);
	p->told = rows_int(rows, 2);
	p->next = 0;
	buf_clear(&p->text);
	size_t len = digest.len < sizeof p->digest ? digest.len : sizeof p->digest - 1;
	for (size_t i = 0; i < len; i++)
		p->digest[i] = digest.data[i];
	p->digest[len] = 0;
	return OK;
}

static enum code item(struct proving *p, const struct rows *rows, struct error *e)
{
	if (rows_int(rows, 0) != p->set)
		TRY(set_begin(p, rows, e));
	if (rows_null(rows, 3))
		return OK; /* a set of nothing */
	int64_t id = rows_int(rows, 3);
	if (rows_int(rows, 4) != p->next++ || !str_eq(rows_text(rows, 5), rows_text(rows, 6)) || rows_int(rows, 10) != rows_int(rows, 11))
		return fault(p, "package_set_item", id, N_("the item is not the one that was written"));
	buf_add_str(&p->text, rows_text(rows, 6));
	buf_add_char(&p->text, '\t');
	buf_add_str(&p->text, rows_text(rows, 7));
	buf_add_char(&p->text, '\t');
	buf_add_str(&p->text, rows_text(rows, 8));
	buf_add_char(&p->text, '\t');
	buf_add_str(&p->text, rows_text(rows, 9));
	buf_add_char(&p->text, '\n');
	p->report->items++;
	return OK;
}

static enum code all_sets(struct proving *p, struct error *e)
{
	int64_t set = INT64_MIN, ordinal = INT64_MIN;
	size_t count = ITEMS_AT_ONCE;
	while (count == ITEMS_AT_ONCE && !p->report->fault.len) {
		CLEAN_ROWS struct rows *rows = NULL;
		bool row;
		TRY(sql_query(p->conn, SQL_VERIFY_ITEMS, SQL_PARAMS(SQL_I(set), SQL_I(ordinal), SQL_I(ITEMS_AT_ONCE)), &rows, e));
		for (count = 0; count < ITEMS_AT_ONCE && !p->report->fault.len; count++) {
			TRY(rows_next(rows, &row, e));
			if (!row)
				break;
			set = rows_int(rows, 0);
			ordinal = rows_null(rows, 4) ? INT64_MAX : rows_int(rows, 4);
			TRY(item(p, rows, e));
		}
	}
	return p->report->fault.len ? OK : set_end(p, e);
}

/* Rows that no set vouches for. */
static enum code strays(struct proving *p, const char *sql, const char *kind, const char *msgid, struct error *e)
{
	int64_t id = 0;
	bool found = false;
	if (!p->report->fault.len)
		TRY(sql_int(p->conn, sql, SQL_NO_PARAMS, &id, &found, e));
	return found ? fault(p, kind, id, msgid) : OK;
}

enum code package_sets_verify(struct conn *c, struct arena *arena, struct package_report *ret, struct error *e)
{
	struct proving p = { .conn = c, .arena = arena, .report = ret };
	*ret = (struct package_report){ 0 };
	buf_init(&p.text, (size_t)256 << 20);
	enum code code = all_sets(&p, e);
	buf_done(&p.text);
	TRY(code);
	TRY(strays(&p, SQL_VERIFY_STRAY_ITEM, "package_set_item", N_("the item is in no set"), e));
	return strays(&p, SQL_VERIFY_STRAY_PACKAGE, "package", N_("the package is in no set"), e);
}

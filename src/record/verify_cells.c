/* One value against what the journal tells of it. The quick way is that both are the same JSON text; a field whose type
 * has changed since is read again in the new type. Neighbours: verify.c asks, changes.c wrote what is read here. */
#include "base/crypto.h"
#include "verify.h"
#include <string.h>

void cells_init(struct cells *c)
{
	buf_init(&c->one, 0);
	buf_init(&c->other, 0);
}

void cells_done(struct cells *c)
{
	buf_done(&c->one);
	buf_done(&c->other);
}

/* The value of a cell that is not about an erased person: plain, or the digest of one without history. */
static void plain_cell(const struct field *f, const struct json *j, struct cell *ret)
{
	if (!j || j->type == JSON_NULL)
		ret->is = CELL_EMPTY;
	else if (f->flags & FIELD_NO_HISTORY)
		*ret = (struct cell){ .is = CELL_DIGEST, .digest = json_text(j, STR("digest")), .salt = json_text(j, STR("salt")) };
	else
		*ret = (struct cell){ .is = CELL_VALUE, .json = j };
}

static enum code open_sealed(struct cells *c, const struct kind *k, const struct field *f, int64_t id, const struct json *side,
			     struct arena *arena, struct cell *ret, struct error *e)
{
	struct str sealed = json_text(side, STR("sealed")), plain;
	const struct json *j;
	int64_t subject = 0;
	struct str context = arena_format(arena, "%s.%s %lld", k->name, f->name, (long long)id);
	if (!context.data)
		return error_nomem(e);
	if (!c->keyring || !id_parse(json_text(side, STR("subject")), &subject)) {
		ret->is = CELL_UNKNOWN;
		return OK;
	}
	enum code code = keyring_open(c->keyring, subject, sealed, context, arena, &plain, e);
	if (code == E_NOT_FOUND) {
		error_clear(e);
		ret->is = CELL_UNKNOWN;
		return OK;
	}
	TRY(code);
	TRY(json_parse(arena, plain, NULL, &j, e));
	plain_cell(f, j, ret);
	return OK;
}

enum code cell_from_journal(struct cells *c, const struct kind *k, const struct field *f, int64_t id, const struct json *side,
			    struct arena *arena, struct cell *ret, struct error *e)
{
	*ret = (struct cell){ 0 };
	if (f->personal && side && side->type == JSON_OBJECT && json_get(side, STR("subject"))) {
		if (json_text(side, STR("sealed")).len)
			return open_sealed(c, k, f, id, side, arena, ret, e);
		if (json_bool(side, STR("erased"), false)) {
			ret->is = CELL_UNKNOWN;
			return OK;
		}
	}
	plain_cell(f, side, ret);
	return OK;
}

enum code cell_from_history(struct cells *c, const struct kind *k, const struct field *f, int64_t id, struct str text,
			    struct arena *arena, struct cell *ret, struct error *e)
{
	const struct json *j;
	struct error ignored;
	error_init(&ignored, arena);
	enum code code = json_parse(arena, text, NULL, &j, &ignored);
	if (code == E_NOMEM)
		return error_nomem(e);
	if (code != OK) { /* no JSON: nothing that the program wrote */
		*ret = (struct cell){ .is = CELL_VALUE };
		return OK;
	}
	code = cell_from_journal(c, k, f, id, j, arena, ret, &ignored);
	if (code == E_INVALID) {
		*ret = (struct cell){ .is = CELL_VALUE };
		return OK;
	}
	return code == E_NOMEM ? error_nomem(e) : code == OK ? OK : error_fail(e, code, N_("The keys of people could not be read"));
}

/* --- comparing ------------------------------------------------------------------------------------ */

static void cell_text(const struct field *f, const struct cell *cell, struct buf *out)
{
	struct json_writer w;
	buf_clear(out);
	json_writer_init(&w, out);
	if (cell->json)
		json_put_tree(&w, cell->json);
	else
		value_to_json(f, &cell->value, &w);
}

/* The common case, without writing any text: *ret_known is false when it takes more to tell. */
static bool same_at_once(const struct field *f, const struct value *is, const struct json *told, bool *ret_known)
{
	int64_t id;
	*ret_known = true;
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_CHOICE:
		if (told->type == JSON_TEXT)
			return str_eq(is->text, told->text);
		break;
	case FIELD_INT:
		if (told->type == JSON_INT)
			return is->integer == told->integer;
		break;
	case FIELD_REF:
		if (told->type == JSON_TEXT && id_parse(told->text, &id))
			return is->integer == id;
		break;
	default:
		break;
	}
	*ret_known = false;
	return false;
}

/* As a value of the field, whose type may have been another when the cell was written. */
static enum code reread(const struct field *f, const struct cell *cell, struct arena *arena, struct value *ret, struct error *e)
{
	struct error ignored;
	char number[24];
	struct str text = STR_NONE;
	*ret = cell->value;
	if (!cell->json)
		return OK;
	error_init(&ignored, arena);
	struct field free = *f; /* the program's own fields are read like any other */
	free.flags &= ~(unsigned)FIELD_READ_ONLY;
	*ret = (struct value){ 0 };
	enum code code = value_from_json(&free, cell->json, STR(""), arena, ret, &ignored);
	if (code == E_INVALID && cell->json->type == JSON_TEXT)
		text = cell->json->text;
	if (code == E_INVALID && cell->json->type == JSON_INT) {
		struct buf b;
		buf_init(&b, 0);
		buf_add_int(&b, cell->json->integer);
		text = arena_copy(arena, buf_ok(&b) && b.len < sizeof number ? buf_str(&b) : STR_NONE);
		buf_done(&b);
	}
	if (text.len)
		code = value_from_text(&free, text, STR(""), STR_NONE, arena, ret, &ignored);
	if (code != OK)
		*ret = (struct value){ 0 };
	return code == E_NOMEM ? error_nomem(e) : OK;
}

static bool digest_holds(struct cells *c, const struct field *f, const struct cell *is, const struct cell *told)
{
	uint8_t salt[16 + 3], digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	size_t len = 0;
	if (told->salt.len != 32 || !hex_decode(told->salt, salt, &len))
		return false;
	cell_text(f, is, &c->one);
	if (!buf_ok(&c->one))
		return false;
	const struct str pieces[] = { { (const char *)salt, len }, buf_str(&c->one) };
	sha256_pieces(pieces, 2, digest);
	return str_eq(told->digest, (struct str){ hex, hex_encode(digest, sizeof digest, hex) });
}

/* Values that are JSON themselves are kept as they came: 48.20 and 48.2 are one number. */
static enum code same_json(struct cells *c, const struct field *f, struct arena *arena, bool *ret, struct error *e)
{
	const struct json *a, *b;
	struct error ignored;
	*ret = false;
	if (f->type != FIELD_GEO && f->type != FIELD_FILE && f->type != FIELD_JSON && f->type != FIELD_LOCAL)
		return OK;
	error_init(&ignored, arena);
	enum code code = json_parse(arena, buf_str(&c->one), NULL, &a, &ignored);
	if (code == OK)
		code = json_parse(arena, buf_str(&c->other), NULL, &b, &ignored);
	if (code == OK)
		*ret = json_equal(a, b);
	return code == E_NOMEM ? error_nomem(e) : OK;
}

enum code cell_holds(struct cells *c, const struct field *f, const struct cell *is, const struct cell *told, struct arena *arena,
		     bool *ret, struct error *e)
{
	struct value a, b;
	*ret = true;
	if (is->is == CELL_UNKNOWN || told->is == CELL_UNKNOWN)
		return OK;
	if (is->is == CELL_VALUE && told->is == CELL_DIGEST) {
		*ret = digest_holds(c, f, is, told);
		return OK;
	}
	*ret = is->is == told->is;
	if (!*ret || is->is != CELL_VALUE)
		return OK;
	if (told->json && !is->json) {
		bool known;
		*ret = same_at_once(f, &is->value, told->json, &known);
		if (known && *ret)
			return OK;
	}
	cell_text(f, is, &c->one);
	cell_text(f, told, &c->other);
	if (!buf_ok(&c->one) || !buf_ok(&c->other))
		return error_nomem(e);
	*ret = str_eq(buf_str(&c->one), buf_str(&c->other));
	if (*ret)
		return OK;
	TRY(same_json(c, f, arena, ret, e));
	if (*ret)
		return OK;
	TRY(reread(f, is, arena, &a, e));
	TRY(reread(f, told, arena, &b, e));
	*ret = value_given(&a) && value_given(&b) && value_equal(f, &a, &b);
	return OK;
}

/* Who a call's credentials stand for: an access token (RFC 6750 bearer) or a session cookie. Only digests are
 * stored; each thread remembers the credentials it has checked until anything about sign-in changes.
 * Neighbours: session_operations.c opens and closes sessions, account_operations.c makes accounts and tokens. */
#include "base/arena.h"
#include "base/crypto.h"
#include "internal.h"
#include "auth.sql.h"
#include <string.h>

/* On PostgreSQL another process may end a session; this is how long that can go unseen. */
#define TRUST_SHARED (SECOND / 2)

static const struct table_def session_table = {
	.name = "session",
	.columns = (const struct column_def[]){ { "hash", COLUMN_BLOB, true, NULL }, { "account", COLUMN_INT, true, NULL },
						{ "created", COLUMN_INT, true, NULL }, { "expires", COLUMN_INT, true, NULL },
						{ "address", COLUMN_TEXT, false, NULL }, { 0 } },
	.primary_key = "hash",
	.indexes = (const struct index_def[]){ { "session_account", "account", false, NULL }, { 0 } },
	.without_rowid = true,
};
static const struct table_def token_table = {
	.name = "token_secret",
	.columns = (const struct column_def[]){ { "hash", COLUMN_BLOB, true, NULL }, { "token", COLUMN_INT, true, NULL }, { 0 } },
	.primary_key = "hash",
	.without_rowid = true,
};
static const struct table_def credential_table = {
	.name = "credential",
	.columns = (const struct column_def[]){ { "account", COLUMN_INT, true, NULL }, { "hash", COLUMN_TEXT, false, NULL },
						{ "failed", COLUMN_INT, true, "0" }, { "locked_until", COLUMN_INT, true, "0" }, { 0 } },
	.primary_key = "account",
};
static const struct table_def link_table = {
	.name = "sign_in_link",
	.columns = (const struct column_def[]){ { "hash", COLUMN_BLOB, true, NULL }, { "account", COLUMN_INT, true, NULL },
						{ "expires", COLUMN_INT, true, NULL }, { 0 } },
	.primary_key = "hash",
	.without_rowid = true,
};
const struct table_def *const auth_tables[] = { &session_table, &token_table, &credential_table, &link_table,
						&idempotency_table, NULL };

void auth_entry_clear(struct auth_entry *entry)
{
	arena_free(entry->arena);
	*entry = (struct auth_entry){ 0 };
}

/* The session's CSRF token is derived from its secret, so there is nothing to store and nothing to leak. */
bool auth_csrf(struct str session, struct arena *arena, struct str *ret)
{
	uint8_t digest[SHA256_SIZE];
	char *text = arena_alloc(arena, 64);
	const struct str pieces[] = { STR("mandate csrf "), session };
	if (!text)
		return false;
	sha256_pieces(pieces, 2, digest);
	*ret = (struct str){ text, base64url_encode(digest, sizeof digest, text) };
	return true;
}

/* Space-separated patterns to a NULL-ended list; an empty text narrows nothing. */
static enum code patterns_split(struct str text, struct arena *arena, const char *const **ret, struct error *e)
{
	struct str rest = text, word;
	size_t n = 0;
	*ret = NULL;
	if (!str_trim(text).len)
		return OK;
	const char **list = ARENA_ARRAY(arena, text.len + 1, const char *);
	if (!list)
		return error_nomem(e);
	while (str_cut(&rest, ' ', &word)) {
		struct str copy = arena_copy(arena, str_trim(word));
		if (!copy.data)
			return error_nomem(e);
		if (copy.len)
			list[n++] = copy.data;
	}
	*ret = list;
	return OK;
}

static enum code read_session(struct worker *w, struct auth_entry *entry, struct str secret, int64_t now, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	struct principal *p = &entry->principal;
	TRY(sql_query(w->reader, SQL_SESSION_FIND, SQL_PARAMS(SQL_B(entry->digest, SHA256_SIZE), SQL_I(now)), &rows, e));
	TRY(rows_next(rows, &row, e));
	if (!row)
		return OK;
	*p = (struct principal){ .account = rows_int(rows, 0), .person = rows_int(rows, 1),
				 .login = arena_copy(entry->arena, rows_text(rows, 2)) };
	p->subject.person = p->person;
	entry->expires = rows_int(rows, 3);
	return auth_csrf(secret, entry->arena, &p->csrf) ? OK : error_nomem(e);
}

static enum code read_token(struct worker *w, struct auth_entry *entry, int64_t now, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	struct principal *p = &entry->principal;
	TRY(sql_query(w->reader, SQL_TOKEN_FIND, SQL_PARAMS(SQL_B(entry->digest, SHA256_SIZE), SQL_I(now)), &rows, e));
	TRY(rows_next(rows, &row, e));
	if (!row)
		return OK;
	*p = (struct principal){ .token = rows_int(rows, 0), .account = rows_int(rows, 1), .person = rows_int(rows, 2),
				 .login = arena_copy(entry->arena, rows_text(rows, 3)) };
	p->subject.person = p->person;
	p->subject.only_entity = rows_null(rows, 6) ? 0 : rows_int(rows, 6);
	entry->expires = rows_null(rows, 4) ? INT64_MAX : rows_int(rows, 4);
	return patterns_split(rows_text(rows, 5), entry->arena, &p->subject.only, e);
}

static bool entry_good(const struct kernel *k, const struct auth_entry *entry, const uint8_t *digest, int64_t now)
{
	if (!entry->arena || memcmp(entry->digest, digest, SHA256_SIZE) != 0)
		return false;
	if (entry->stamp != atomic_load_explicit(&k->auth_stamp, memory_order_acquire) || now >= entry->expires)
		return false;
	return store_single_writer(k->store) || now - entry->read_at < TRUST_SHARED;
}

static enum code entry_read(struct worker *w, struct auth_entry *entry, struct str secret, bool token,
			    const uint8_t *digest, int64_t now, struct error *e)
{
	auth_entry_clear(entry);
	entry->arena = arena_new(1 << 16);
	if (!entry->arena)
		return error_nomem(e);
	memcpy(entry->digest, digest, SHA256_SIZE);
	entry->stamp = atomic_load_explicit(&w->kernel->auth_stamp, memory_order_acquire);
	entry->read_at = now;
	enum code code = token ? read_token(w, entry, now, e) : read_session(w, entry, secret, now, e);
	if (code != OK || !entry->principal.account) {
		auth_entry_clear(entry);
		return code;
	}
	return OK;
}

/* The call outlives the cache's entry (a write moves to another thread), so it gets a copy. */
static enum code principal_copy(const struct principal *p, struct arena *arena, struct principal *ret, struct error *e)
{
	struct principal copy = *p;
	size_t n = 0;
	copy.csrf = arena_copy(arena, p->csrf);
	copy.login = arena_copy(arena, p->login);
	while (p->subject.only && p->subject.only[n])
		n++;
	const char **only = p->subject.only ? ARENA_ARRAY(arena, n + 1, const char *) : NULL;
	if (!copy.csrf.data || !copy.login.data || (p->subject.only && !only))
		return error_nomem(e);
	for (size_t i = 0; i < n; i++) {
		only[i] = arena_copy(arena, str_of(p->subject.only[i])).data;
		if (!only[i])
			return error_nomem(e);
	}
	copy.subject.only = only;
	*ret = copy;
	return OK;
}

enum code auth_principal(struct worker *w, struct call *c, struct error *e)
{
	bool token = c->bearer.len > 0;
	struct str secret = token ? c->bearer : c->session;
	uint8_t digest[SHA256_SIZE];
	if (!secret.len)
		return OK;
	int64_t now = clock_now(w->kernel->clock);
	sha256(secret.data, secret.len, digest);
	uint32_t place;
	memcpy(&place, digest, sizeof place);
	struct auth_entry *entry = &w->auth[place % AUTH_CACHE];
	if (!entry_good(w->kernel, entry, digest, now))
		TRY(entry_read(w, entry, secret, token, digest, now, e));
	if (entry->principal.account)
		return principal_copy(&entry->principal, c->arena, &c->principal, e);
	if (!token)
		return OK; /* an old cookie is nobody's; public operations still work */
	error_fail(e, E_DENIED, N_("The access token is unknown, expired or revoked"));
	return error_detail(e, DETAIL_UNAUTHENTICATED);
}

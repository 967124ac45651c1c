/* Sign-in: sessions by password or one-time link. Passwords are hashed on the slow pool; what a wrong one costs
 * (counters, lock-out) is written although the call is refused.
 * Neighbours: auth.c checks sessions on every call; account_operations.c makes accounts, links and tokens. */
#include "base/arena.h"
#include "auth.sql.h"
#include "internal.h"
#include <string.h>

enum { OPEN_LOGIN, OPEN_PASSWORD };
static const struct field open_input[] = {
	{ .name = "login", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Sign-in name"), .max = 200 },
	{ .name = "password", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Password"), .max = 1000 },
	{ 0 },
};
enum { LINK_SECRET };
static const struct field link_input[] = {
	{ .name = "link", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Secret of the one-time link"), .max = 200 },
	{ 0 },
};
static const struct field session_output[] = {
	{ .name = "login", .type = FIELD_TEXT, .title = N_("Sign-in name"), .flags = FIELD_REQUIRED },
	{ .name = "account", .type = FIELD_ID, .title = N_("Account"), .flags = FIELD_REQUIRED },
	{ .name = "person", .type = FIELD_ID, .title = N_("Person") },
	{ .name = "csrf", .type = FIELD_TEXT, .title = N_("Token to send as X-CSRF-Token with every change") },
	{ .name = "expires", .type = FIELD_TIME, .title = N_("Signed in until") },
	{ 0 },
};

struct sign_in { /* from prepare to run */
	int64_t account, person, entity;
	bool good, locked;
};

static enum code limit_sign_in(struct call *c, struct error *e)
{
	struct kernel *k = c->kernel;
	int64_t rate = config_int(k->config, "sign-in-rate");
	struct str key = arena_format(c->arena, "sign-in %.*s", STR_ARG(c->address));
	if (!key.data)
		return error_nomem(e);
	if (limiter_take(k->limiter, key, clock_now(k->clock), rate, rate))
		return OK;
	error_fail(e, E_LIMIT, N_("Too many sign-in attempts from {address}; wait a minute"), { "address", c->address });
	return error_detail(e, DETAIL_RATE);
}

static enum code find_account(struct call *c, struct conn *conn, struct sign_in *s, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(conn, SQL_ACCOUNT_FIND, SQL_PARAMS(SQL_T(call_text(c, OPEN_LOGIN))), &rows, e));
	TRY(rows_next(rows, &row, e));
	if (row)
		*s = (struct sign_in){ .account = rows_int(rows, 0), .person = rows_int(rows, 1), .entity = rows_int(rows, 2) };
	return OK;
}

/* On the slow pool. An unknown name costs as much time as a wrong password. */
static enum code open_prepare(struct call *c, struct error *e)
{
	static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZSBzYWx0IGhlcmUhIQ$"
				     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct conn *conn;
	struct sign_in *s = ARENA_NEW(c->arena, struct sign_in);
	char hash[129] = { 0 };
	int64_t locked = 0;
	if (!s)
		return error_nomem(e);
	TRY(limit_sign_in(c, e));
	TRY(kernel_reader(c->kernel, &conn, e));
	TRY(find_account(c, conn, s, e));
	if (s->account) {
		CLEAN_ROWS struct rows *rows = NULL;
		bool row;
		TRY(sql_query(conn, SQL_CREDENTIAL_GET, SQL_PARAMS(SQL_I(s->account)), &rows, e));
		TRY(rows_next(rows, &row, e));
		if (row && rows_text(rows, 0).len < sizeof hash && rows_text(rows, 0).len)
			memcpy(hash, rows_text(rows, 0).data, rows_text(rows, 0).len);
		locked = row ? rows_int(rows, 2) : 0;
	}
	bool right = password_verify(hash[0] ? hash : nobody, call_text(c, OPEN_PASSWORD));
	s->locked = locked > clock_now(c->kernel->clock);
	s->good = right && hash[0] && !s->locked;
	c->scratch = s;
	return OK;
}

/* Finishes the object that session_make began. */
static enum code session_describe(struct call *c, struct str secret, int64_t expires, struct error *e)
{
	static const struct field time_field = { .name = "expires", .type = FIELD_TIME };
	const struct value until = { .set = true, .integer = expires };
	struct str csrf = c->principal.csrf, login = c->principal.login;
	if (!csrf.len && secret.len && !auth_csrf(secret, c->arena, &csrf))
		return error_nomem(e);
	json_member_text(&c->json, "login", login);
	json_member_text(&c->json, "csrf", csrf);
	json_name(&c->json, STR("expires"));
	value_to_json(&time_field, &until, &c->json);
	json_object_end(&c->json);
	return OK;
}

static enum code session_make(struct call *c, int64_t account, int64_t person, struct error *e)
{
	uint8_t raw[32], digest[SHA256_SIZE];
	char *secret = arena_alloc(c->arena, 64);
	int64_t expires = c->record.now + config_int(c->kernel->config, "session-life");
	if (!secret)
		return error_nomem(e);
	random_fill(c->kernel->random, raw, sizeof raw);
	size_t len = base64url_encode(raw, sizeof raw, secret);
	sha256(secret, len, digest);
	TRY(sql_exec(c->record.conn, SQL_SESSION_ADD,
		     SQL_PARAMS(SQL_B(digest, sizeof digest), SQL_I(account), SQL_I(c->record.now), SQL_I(expires),
				SQL_T(c->address)), NULL, e));
	c->set_session = (struct str){ secret, len };
	c->principal.account = account;
	c->principal.person = person;
	json_object(&c->json);
	json_member_id(&c->json, "account", account);
	json_name(&c->json, STR("person"));
	if (person)
		json_put_id(&c->json, person);
	else
		json_put_null(&c->json);
	return session_describe(c, c->set_session, expires, e);
}

static enum code open_run(struct call *c, struct error *e)
{
	struct sign_in *s = c->scratch;
	struct kernel *k = c->kernel;
	if (s->good) {
		TRY(sql_exec(c->record.conn, SQL_CREDENTIAL_GOOD, SQL_PARAMS(SQL_I(s->account)), NULL, e));
		c->entity = s->entity;
		c->principal.login = call_text(c, OPEN_LOGIN);
		return session_make(c, s->account, s->person, e);
	}
	metrics_add(k->metrics, GAUGE_SIGN_IN_FAILED, 1);
	if (s->account && !s->locked) {
		TRY(sql_exec(c->record.conn, SQL_CREDENTIAL_FAILED,
			     SQL_PARAMS(SQL_I(s->account), SQL_I(config_int(k->config, "lockout-after")),
					SQL_I(c->record.now + config_int(k->config, "lockout-time"))), NULL, e));
		c->refused_kept = true;
	}
	/* the same words whether the name exists, the password is wrong or the account is locked */
	error_fail(e, E_DENIED, N_("Sign-in failed: wrong name or password, or the account is locked for a while"));
	return error_detail(e, DETAIL_UNAUTHENTICATED);
}

enum code link_prepare(struct call *c, struct error *e)
{
	return limit_sign_in(c, e);
}

enum code link_use(struct call *c, struct str secret, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	uint8_t digest[SHA256_SIZE];
	int64_t account = 0;
	bool row;
	sha256(secret.data, secret.len, digest);
	TRY(sql_int(c->record.conn, SQL_LINK_USE, SQL_PARAMS(SQL_B(digest, sizeof digest), SQL_I(c->record.now)), &account, &row, e));
	if (!row) {
		error_fail(e, E_DENIED, N_("This sign-in link was used already or has expired; ask for a new one"));
		return error_detail(e, DETAIL_UNAUTHENTICATED);
	}
	TRY(sql_query(c->record.conn, SQL_ACCOUNT_ENTITY, SQL_PARAMS(SQL_I(account)), &rows, e));
	TRY(rows_next(rows, &row, e));
	if (!row)
		return error_fail(e, E_DENIED, N_("The account of this link is gone"));
	c->entity = rows_int(rows, 0);
	c->principal.account = account;
	c->principal.person = rows_int(rows, 1);
	c->principal.subject = (struct subject){ .person = c->principal.person };
	c->principal.login = arena_copy(c->arena, rows_text(rows, 2));
	return OK;
}

static enum code link_run(struct call *c, struct error *e)
{
	TRY(link_use(c, call_text(c, LINK_SECRET), e));
	return session_make(c, c->principal.account, c->principal.person, e);
}

static enum code session_close(struct call *c, struct error *e)
{
	uint8_t digest[SHA256_SIZE];
	sha256(c->session.data, c->session.len, digest);
	TRY(sql_exec(c->record.conn, SQL_SESSION_REMOVE, SQL_PARAMS(SQL_B(digest, sizeof digest)), NULL, e));
	c->end_session = true;
	json_object(&c->json);
	json_object_end(&c->json);
	return OK;
}

static enum code session_get(struct call *c, struct error *e)
{
	const struct principal *p = &c->principal;
	json_object(&c->json);
	json_member_id(&c->json, "account", p->account);
	if (p->person)
		json_member_id(&c->json, "person", p->person);
	if (p->csrf.len)
		json_member_text(&c->json, "csrf", p->csrf);
	json_member_text(&c->json, "login", p->login);
	json_object_end(&c->json);
	return OK;
}

const struct operation session_operations[] = {
	{ .name = "session.open", .help = N_("Sign in with name and password"), .access = OP_WRITE,
	  .flags = OP_PUBLIC | OP_SLOW | OP_NO_PROPOSAL | OP_SECRET | OP_OWN_ENTRY, .input = open_input,
	  .output = session_output, .prepare = open_prepare, .run = open_run, .method = "POST", .path = "/api/session" },
	{ .name = "session.link", .help = N_("Sign in with a one-time link"), .access = OP_WRITE,
	  .flags = OP_PUBLIC | OP_NO_PROPOSAL | OP_SECRET | OP_OWN_ENTRY, .input = link_input, .output = session_output,
	  .prepare = link_prepare, .run = link_run, .method = "POST", .path = "/api/session/link" },
	{ .name = "session.close", .help = N_("Sign out"), .access = OP_WRITE, .flags = OP_NO_PROPOSAL | OP_SECRET,
	  .run = session_close, .method = "DELETE", .path = "/api/session" },
	{ .name = "session.get", .help = N_("Show who is signed in"), .access = OP_READ, .output = session_output,
	  .run = session_get, .method = "GET", .path = "/api/session" },
	{ 0 },
};

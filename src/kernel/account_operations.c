/* Accounts, passwords, one-time links and access tokens. Accounts and tokens are records (packs/core), so listing,
 * history and rights come from there; here is what makes them and their secrets.
 * Neighbours: session_operations.c signs in; auth.c reads what is stored here. */
#include "auth.sql.h"
#include "base/arena.h"
#include "internal.h"
#include <assert.h>
#include <string.h>

#define SECRET_ROOM 64

static const struct field secret_output[] = {
	{ .name = "id", .type = FIELD_ID, .title = N_("Record"), .flags = FIELD_REQUIRED },
	{ .name = "secret", .type = FIELD_TEXT, .title = N_("Secret, shown this once"), .flags = FIELD_REQUIRED },
	{ 0 },
};
static const struct field id_output[] = {
	{ .name = "id", .type = FIELD_ID, .title = N_("Record"), .flags = FIELD_REQUIRED },
	{ 0 },
};

static struct value *kind_values(struct call *c, const struct kind *k, struct error *e)
{
	struct value *values = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	for (size_t i = 0; values && i < k->field_count; i++)
		if (value_default(&k->fields[i], c->record.now, c->arena, &values[i], e) != OK)
			return NULL;
	if (!values)
		error_nomem(e);
	return values;
}

static void put(struct value *values, const struct kind *k, const char *field, struct value v)
{
	const struct field *f = kind_field(k, str_of(field));
	assert(f);
	values[f->index] = v;
}

/* 32 random bytes as base64url text; the digest is what gets stored. */
enum code secret_make(struct call *c, const char *prefix, uint8_t digest[SHA256_SIZE], struct str *ret, struct error *e)
{
	uint8_t raw[32];
	char text[SECRET_ROOM];
	random_fill(c->kernel->random, raw, sizeof raw);
	base64url_encode(raw, sizeof raw, text);
	*ret = arena_format(c->arena, "%s%s", prefix, text);
	crypto_wipe(raw, sizeof raw);
	crypto_wipe(text, sizeof text);
	if (!ret->data)
		return error_nomem(e);
	sha256(ret->data, ret->len, digest);
	return OK;
}

static enum code answer_secret(struct call *c, int64_t id, struct str secret)
{
	json_object(&c->json);
	json_member_id(&c->json, "id", id);
	json_member_text(&c->json, "secret", secret);
	json_object_end(&c->json);
	return OK;
}

static enum code answer_id(struct call *c, int64_t id)
{
	json_object(&c->json);
	json_member_id(&c->json, "id", id);
	json_object_end(&c->json);
	return OK;
}

/* --- accounts -------------------------------------------------------------------------------------- */

enum { CREATE_LOGIN, CREATE_PERSON, CREATE_ENTITY };
static const struct field account_create_input[] = {
	{ .name = "login", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Sign-in name"), .max = 200 },
	{ .name = "person", .type = FIELD_REF, .to = "person", .flags = FIELD_REQUIRED, .title = N_("Person") },
	{ .name = "entity", .type = FIELD_ID, .title = N_("Entity that looks after the account"), .flags = FIELD_REQUIRED },
	{ 0 },
};

static enum code account_create(struct call *c, struct error *e)
{
	const struct kind *k = model_kind(c->record.model, STR("account"));
	struct value *values = kind_values(c, k, e);
	if (!values)
		return E_NOMEM;
	put(values, k, "login", c->in[CREATE_LOGIN]);
	put(values, k, "person", c->in[CREATE_PERSON]);
	TRY(record_create(&c->record, k, call_int(c, CREATE_ENTITY, 0), values, &c->made, e));
	c->created = true;
	return answer_id(c, c->made.id);
}

enum { PASSWORD_NEW, PASSWORD_OLD };
static const struct field password_input[] = {
	{ .name = "password", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("New password"), .max = 1000 },
	{ .name = "current", .type = FIELD_TEXT, .title = N_("Present password, when there is one"), .max = 1000 },
	{ 0 },
};

static enum code current_right(struct call *c, struct error *e)
{
	struct conn *conn;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	char hash[129] = { 0 };
	TRY(kernel_reader(c->kernel, &conn, e));
	TRY(sql_query(conn, SQL_CREDENTIAL_GET, SQL_PARAMS(SQL_I(c->principal.account)), &rows, e));
	TRY(rows_next(rows, &row, e));
	if (!row || !rows_text(rows, 0).len || rows_text(rows, 0).len >= sizeof hash)
		return OK;
	memcpy(hash, rows_text(rows, 0).data, rows_text(rows, 0).len);
	if (password_verify(hash, call_text(c, PASSWORD_OLD)))
		return OK;
	return error_field(e, STR("/current"), N_("is not the present password"));
}

/* On the slow pool. NIST SP 800-63B: length counts, composition rules do not. */
static enum code password_prepare(struct call *c, struct error *e)
{
	struct str password = call_text(c, PASSWORD_NEW);
	char *hash = arena_alloc(c->arena, 128);
	if (!hash)
		return error_nomem(e);
	if (password.len < 12)
		return error_field(e, STR("/password"), N_("must have at least 12 characters"));
	if (c->principal.login.len && str_find_str(password, c->principal.login) >= 0)
		return error_field(e, STR("/password"), N_("must not contain the sign-in name"));
	TRY(current_right(c, e));
	TRY(password_hash(password, hash, e));
	c->scratch = hash;
	return OK;
}

static enum code account_password(struct call *c, struct error *e)
{
	const char *hash = c->scratch;
	if (c->principal.token)
		return error_fail(e, E_DENIED, N_("A password is changed from a signed-in session, not with an access token"));
	TRY(sql_exec(c->record.conn, SQL_CREDENTIAL_PUT, SQL_PARAMS(SQL_I(c->principal.account), SQL_T(str_of(hash))), NULL, e));
	return answer_id(c, c->principal.account);
}

static enum code account_reach(struct call *c, int64_t account, struct error *e)
{
	int64_t entity;
	bool found;
	TRY(sql_int(c->record.conn, SQL_ACCOUNT_ENTITY, SQL_PARAMS(SQL_I(account)), &entity, &found, e));
	if (!found)
		return error_fail(e, E_NOT_FOUND, N_("There is no such account"));
	c->entity = entity;
	return call_authorise(c, c->operation->function_index, entity, e);
}

static enum code account_link(struct call *c, struct error *e)
{
	uint8_t digest[SHA256_SIZE];
	struct str secret;
	int64_t person = 0;
	bool found;
	TRY(account_reach(c, c->target, e));
	TRY(sql_int(c->record.conn, SQL_ACCOUNT_PERSON, SQL_PARAMS(SQL_I(c->target)), &person, &found, e));
	TRY(authority_over_person(c, person, e)); /* whoever has the link is that person */
	TRY(secret_make(c, "", digest, &secret, e));
	TRY(sql_exec(c->record.conn, SQL_LINK_ADD,
		     SQL_PARAMS(SQL_B(digest, sizeof digest), SQL_I(c->target),
				SQL_I(c->record.now + config_int(c->kernel->config, "link-life"))), NULL, e));
	return answer_secret(c, c->target, secret);
}

/* Moves the call's target, a record of one of the kernel's own kinds, to another state. */
static enum code target_state(struct call *c, const char *kind, const char *transition, struct error *e)
{
	const struct kind *k = model_kind(c->record.model, str_of(kind));
	const struct transition *t = kind_transition(k, str_of(transition));
	struct value *none = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	struct record_ref ref;
	assert(t);
	if (!none)
		return error_nomem(e);
	TRY(record_transition(&c->record, k, c->target, c->expect, t, none, &ref, e));
	c->version = ref.version;
	return answer_id(c, c->target);
}

static enum code account_disable(struct call *c, struct error *e)
{
	TRY(target_state(c, "account", "disable", e));
	return sql_exec(c->record.conn, SQL_SESSION_REMOVE_ACCOUNT, SQL_PARAMS(SQL_I(c->target)), NULL, e);
}

static enum code account_enable(struct call *c, struct error *e)
{
	return target_state(c, "account", "enable", e);
}

/* --- access tokens --------------------------------------------------------------------------------- */

enum { TOKEN_NAME, TOKEN_FUNCTIONS, TOKEN_SCOPE, TOKEN_EXPIRES };
static const struct field token_create_input[] = {
	{ .name = "name", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("What the token is for"), .max = 200 },
	{ .name = "functions", .type = FIELD_TEXT, .title = N_("Functions it may use, separated by spaces; empty: all you hold"), .max = 4000 },
	{ .name = "scope", .type = FIELD_REF, .to = "entity", .title = N_("Entity it is good for, with all below") },
	{ .name = "expires", .type = FIELD_TIME, .title = N_("Works until") },
	{ 0 },
};

static enum code token_create(struct call *c, struct error *e)
{
	const struct kind *k = model_kind(c->record.model, STR("access_token"));
	struct value *values = kind_values(c, k, e);
	uint8_t digest[SHA256_SIZE];
	struct str secret;
	int64_t entity;
	bool found;
	if (!values)
		return E_NOMEM;
	if (c->principal.token)
		return error_fail(e, E_DENIED, N_("An access token cannot make another one"));
	TRY(sql_int(c->record.conn, SQL_ACCOUNT_ENTITY, SQL_PARAMS(SQL_I(c->principal.account)), &entity, &found, e));
	if (!found)
		return error_fail(e, E_DENIED, N_("There is no such account"));
	put(values, k, "name", c->in[TOKEN_NAME]);
	put(values, k, "functions", c->in[TOKEN_FUNCTIONS]);
	put(values, k, "scope", c->in[TOKEN_SCOPE]);
	put(values, k, "expires", c->in[TOKEN_EXPIRES]);
	put(values, k, "account", (struct value){ .set = true, .integer = c->principal.account });
	put(values, k, "person", (struct value){ .set = true, .integer = c->principal.person, .null = !c->principal.person });
	TRY(record_create(&c->record, k, entity, values, &c->made, e));
	TRY(secret_make(c, "mandate_", digest, &secret, e));
	TRY(sql_exec(c->record.conn, SQL_TOKEN_ADD, SQL_PARAMS(SQL_B(digest, sizeof digest), SQL_I(c->made.id)), NULL, e));
	c->created = true;
	return answer_secret(c, c->made.id, secret);
}

enum { LINKED_LINK, LINKED_NAME };
static const struct field token_link_input[] = {
	{ .name = "link", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Secret of the one-time link"), .max = 200 },
	{ .name = "name", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("What the token is for"), .max = 200 },
	{ 0 },
};

/* A program's way in: the one-time link is used up for an access token instead of a session. */
static enum code token_from_link(struct call *c, struct error *e)
{
	struct value given[TOKEN_EXPIRES + 1] = { [TOKEN_NAME] = c->in[LINKED_NAME] };
	TRY(link_use(c, call_text(c, LINKED_LINK), e));
	c->record.who = c->principal.subject;
	c->in = given;
	enum code code = token_create(c, e);
	c->in = NULL;
	return code;
}

static enum code token_revoke(struct call *c, struct error *e)
{
	TRY(target_state(c, "access_token", "revoke", e));
	return sql_exec(c->record.conn, SQL_TOKEN_REMOVE, SQL_PARAMS(SQL_I(c->target)), NULL, e);
}

const struct operation account_operations[] = {
	{ .name = "account.create", .help = N_("Make an account for a person"), .access = OP_WRITE, .flags = OP_NO_PROPOSAL,
	  .input = account_create_input, .output = id_output, .run = account_create, .method = "POST", .path = "/api/account" },
	{ .name = "account.password", .help = N_("Set your own password"), .access = OP_WRITE,
	  .flags = OP_SLOW | OP_NO_PROPOSAL | OP_SECRET | OP_OWN_ENTRY, .input = password_input, .output = id_output,
	  .prepare = password_prepare, .run = account_password, .method = "POST", .path = "/api/account/password" },
	{ .name = "account.link", .help = N_("Make a one-time sign-in link for an account"), .function = "account.link",
	  .access = OP_WRITE, .flags = OP_TARGET | OP_NO_PROPOSAL | OP_SECRET | OP_OWN_ENTRY, .output = secret_output,
	  .run = account_link, .method = "POST", .path = "/api/account/{id}/link" },
	{ .name = "account.disable", .help = N_("Disable an account and end its sessions"), .access = OP_WRITE,
	  .flags = OP_TARGET | OP_NO_PROPOSAL, .output = id_output, .run = account_disable, .method = "POST",
	  .path = "/api/account/{id}/disable" },
	{ .name = "account.enable", .help = N_("Enable a disabled account"), .access = OP_WRITE,
	  .flags = OP_TARGET | OP_NO_PROPOSAL, .output = id_output, .run = account_enable, .method = "POST",
	  .path = "/api/account/{id}/enable" },
	{ .name = "access_token.create", .help = N_("Make an access token for a program; its secret is shown once"),
	  .access = OP_WRITE, .flags = OP_NO_PROPOSAL | OP_SECRET, .input = token_create_input, .output = secret_output,
	  .run = token_create, .method = "POST", .path = "/api/access_token" },
	{ .name = "access_token.link", .help = N_("Use up a one-time link for an access token"), .access = OP_WRITE,
	  .flags = OP_PUBLIC | OP_NO_PROPOSAL | OP_SECRET, .input = token_link_input, .output = secret_output,
	  .prepare = link_prepare, .run = token_from_link, .method = "POST", .path = "/api/access_token/link" },
	{ .name = "access_token.revoke", .help = N_("Revoke an access token"), .access = OP_WRITE,
	  .flags = OP_TARGET | OP_NO_PROPOSAL, .output = id_output, .run = token_revoke, .method = "POST",
	  .path = "/api/access_token/{id}/revoke" },
	{ 0 },
};

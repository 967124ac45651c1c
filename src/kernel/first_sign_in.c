/* The very first sign-in: no default password exists, so the program itself makes the administrator and prints a
 * one-time link. Neighbours: kernel/kernel.h (kernel_first_link), session_operations.c uses the link. */
#include "auth.sql.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "internal.h"
#include "kernel.sql.h"
#include <assert.h>

static const char administrator[] = "administrator";

static enum code make(struct call *c, const char *kind, int64_t entity, const char *const *fields, const struct value *given,
		      size_t count, int64_t *ret, struct error *e)
{
	const struct kind *k = model_kind(c->record.model, str_of(kind));
	struct record_ref ref;
	assert(k);
	struct value *values = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	if (!values)
		return error_nomem(e);
	for (size_t i = 0; i < k->field_count; i++)
		TRY(value_default(&k->fields[i], c->record.now, c->arena, &values[i], e));
	for (size_t i = 0; i < count; i++) {
		const struct field *f = kind_field(k, str_of(fields[i]));
		assert(f);
		values[f->index] = given[i];
		values[f->index].set = true;
	}
	TRY(record_create(&c->record, k, entity, values, &ref, e));
	*ret = ref.id;
	return OK;
}

/* Person, account and the assignment of the administrator's role over the root entity. */
static enum code make_administrator(struct call *c, int64_t *ret_account, struct error *e)
{
	int64_t root, role, person, id;
	bool found;
	const struct kind *k = model_kind(c->record.model, STR("person"));
	TRY(sql_int(c->record.conn, SQL_ENTITY_ROOT, SQL_NO_PARAMS, &root, &found, e));
	assert(found && k);
	TRY(sql_int(c->record.conn, SQL_ROLE_FIND, SQL_PARAMS(SQL_T(str_of(administrator))), &role, &found, e));
	if (!found)
		return error_fail(e, E_NOT_FOUND, N_("The packs declare no role named administrator"));
	const char *name_field = k->fields[k->title_field].name;
	TRY(make(c, "person", root, (const char *const[]){ name_field },
		 (const struct value[]){ { .text = STR("Administrator") } }, 1, &person, e));
	TRY(make(c, "account", root, (const char *const[]){ "login", "person" },
		 (const struct value[]){ { .text = str_of(administrator) }, { .integer = person } }, 2, ret_account, e));
	return make(c, "assignment", root, (const char *const[]){ "person", "role", "scope" },
		    (const struct value[]){ { .integer = person }, { .integer = role }, { .integer = root } }, 3, &id, e);
}

static enum code find_administrator(struct call *c, int64_t *ret_account, struct error *e)
{
	bool found;
	TRY(sql_int(c->record.conn, SQL_ACCOUNT_NAMED, SQL_PARAMS(SQL_T(str_of(administrator))), ret_account, &found, e));
	return found ? OK : make_administrator(c, ret_account, e);
}

static enum code first_link(struct call *c, struct error *e)
{
	uint8_t digest[SHA256_SIZE];
	int64_t account;
	struct str secret;
	TRY(find_administrator(c, &account, e));
	TRY(secret_make(c, "", digest, &secret, e));
	TRY(sql_exec(c->record.conn, SQL_LINK_ADD,
		     SQL_PARAMS(SQL_B(digest, sizeof digest), SQL_I(account),
				SQL_I(c->record.now + config_int(c->kernel->config, "link-life"))), NULL, e));
	c->set_session = secret;
	return OK;
}

struct wanted_token {
	struct str name, functions;
};

/* An access token of the administrator's, narrowed to some functions: for programs on the same machine. */
static enum code first_token(struct call *c, struct error *e)
{
	const struct wanted_token *w = c->face_state;
	uint8_t digest[SHA256_SIZE];
	int64_t account, entity, person, id;
	bool found;
	struct str secret;
	TRY(find_administrator(c, &account, e));
	TRY(sql_int(c->record.conn, SQL_ACCOUNT_ENTITY, SQL_PARAMS(SQL_I(account)), &entity, &found, e));
	TRY(sql_int(c->record.conn, SQL_ACCOUNT_PERSON, SQL_PARAMS(SQL_I(account)), &person, &found, e));
	TRY(make(c, "access_token", entity, (const char *const[]){ "name", "account", "person", "functions" },
		 (const struct value[]){ { .text = w->name }, { .integer = account }, { .integer = person }, { .text = w->functions } }, 4, &id, e));
	TRY(secret_make(c, "mandate_", digest, &secret, e));
	TRY(sql_exec(c->record.conn, SQL_TOKEN_ADD, SQL_PARAMS(SQL_B(digest, sizeof digest), SQL_I(id)), NULL, e));
	c->set_session = secret;
	return OK;
}

static enum code run_local(struct kernel *k, struct arena *arena, const struct operation *op, void *state, struct str *ret, struct error *e)
{
	struct call *c = call_new(k, arena);
	if (!c)
		return error_nomem(e);
	c->operation = op;
	c->face_state = state;
	call_as_system(c);
	enum code code = kernel_call_wait(k, c);
	if (code == OK)
		*ret = c->set_session;
	else
		code = error_fail(e, code, N_("No sign-in could be prepared: {reason}"), { "reason", error_text(&c->error, arena) });
	call_done(c);
	return code;
}

enum code kernel_first_token(struct kernel *k, struct arena *arena, struct str name, struct str functions, struct str *ret, struct error *e)
{
	static const struct operation operation = { .name = "account.first_token", .help = N_("Make an access token for a program on this machine"),
						    .access = OP_WRITE, .run = first_token, .function_index = -1, .index = UINT32_MAX };
	struct wanted_token w = { name, functions };
	return run_local(k, arena, &operation, &w, ret, e);
}

enum code kernel_first_link(struct kernel *k, struct arena *arena, bool again, struct str *ret, struct error *e)
{
	static const struct operation operation = { .name = "account.first_link", .help = N_("Make the administrator's one-time link"),
						    .access = OP_WRITE, .flags = OP_OWN_ENTRY, .run = first_link,
						    .function_index = -1, .index = UINT32_MAX };
	struct conn *reader;
	int64_t able = 0;
	bool found;
	TRY(kernel_reader(k, &reader, e));
	enum code code = sql_int(reader, SQL_CREDENTIAL_ANY, SQL_NO_PARAMS, &able, &found, e);
	kernel_rest(k);
	if (code != OK)
		return code;
	*ret = STR_NONE;
	if (able && !again)
		return OK;
	return run_local(k, arena, &operation, NULL, ret, e);
}

/* Proposals: a call of an operation that has not run yet, stored with the versions it expects (kind `proposal` of
 * packs/core). Previewed, applied or withdrawn here; approvals, staging and offline edits are all this.
 * Neighbours: dispatch.c turns a call with `propose` over to proposal_store(). */
#include "base/arena.h"
#include "internal.h"
#include "kernel.sql.h"
#include "record/changes.h"
#include <assert.h>

static const struct field outcome_output[] = {
	{ .name = "id", .type = FIELD_ID, .title = N_("Proposal"), .flags = FIELD_REQUIRED },
	{ .name = "state", .type = FIELD_TEXT, .title = N_("State"), .flags = FIELD_REQUIRED },
	{ .name = "changes", .type = FIELD_JSON, .title = N_("What changed, or would change") },
	{ .name = "refused", .type = FIELD_TEXT, .title = N_("Why it would be refused") },
	{ .name = "answer", .type = FIELD_JSON, .title = N_("Answer of the operation") },
	{ 0 },
};

static const struct kind *proposal_kind(const struct call *c)
{
	const struct kind *k = model_kind(c->record.model, STR("proposal"));
	assert(k);
	return k;
}

static void put(struct value *values, const struct kind *k, const char *field, struct value v)
{
	const struct field *f = kind_field(k, str_of(field));
	assert(f);
	v.set = true;
	values[f->index] = v;
}

static struct str put_tree(struct call *c, const struct json *j)
{
	CLEAN_BUF struct buf text;
	struct json_writer w;
	buf_init(&text, 0);
	json_writer_init(&w, &text);
	json_put_tree(&w, j);
	return buf_ok(&text) ? arena_copy(c->arena, buf_str(&text)) : STR_NONE;
}

/* The entity a proposal belongs to: its target's, else the one named in the input, else the root of the caller. */
static enum code proposal_entity(struct call *c, int64_t *ret, struct error *e)
{
	*ret = c->entity;
	if (c->target && c->operation->kind) {
		struct record_ref ref;
		struct value *values = ARENA_ARRAY(c->arena, c->operation->kind->field_count + 1, struct value);
		if (!values)
			return error_nomem(e);
		TRY(record_load(&c->record, c->operation->kind, c->target, values, &ref, e));
		*ret = ref.entity;
		if (!c->expect)
			c->expect = ref.version; /* it is applied to what its author saw */
	}
	if (!*ret) {
		bool found;
		TRY(sql_int(c->record.conn, SQL_ENTITY_ROOT, SQL_NO_PARAMS, ret, &found, e));
	}
	return OK;
}

enum code proposal_store(struct call *c, struct error *e)
{
	const struct kind *k = proposal_kind(c);
	struct value *values = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	struct record_ref ref;
	int64_t entity;
	struct str input = put_tree(c, c->input_json);
	if (!values || !input.data)
		return error_nomem(e);
	TRY(proposal_entity(c, &entity, e));
	put(values, k, "operation", (struct value){ .text = str_of(c->operation->name) });
	put(values, k, "input", (struct value){ .text = input });
	struct str about = arena_format(c->arena, "%lld", (long long)c->target);
	put(values, k, "about", (struct value){ .text = about, .null = !c->target });
	if (c->operation->kind)
		put(values, k, "about_kind", (struct value){ .text = str_of(c->operation->kind->name) });
	put(values, k, "expects", (struct value){ .integer = c->expect, .null = !c->expect });
	put(values, k, "author", (struct value){ .integer = c->principal.person, .null = !c->principal.person });
	TRY(record_create(&c->record, k, entity, values, &ref, e));
	c->made = ref;
	c->created = true;
	c->version = ref.version;
	json_object(&c->json);
	json_member_id(&c->json, "id", ref.id);
	json_member_text(&c->json, "kind", STR("proposal"));
	json_member_text(&c->json, "state", STR("open"));
	json_object_end(&c->json);
	return OK;
}

struct stored {
	struct value *values;
	struct record_ref ref;
	const struct operation *operation;
	const struct json *input;
	int64_t target, expect, author;
};

static const struct value *stored_value(const struct stored *s, const struct kind *k, const char *field)
{
	const struct field *f = kind_field(k, str_of(field));
	assert(f);
	return &s->values[f->index];
}

static enum code proposal_load(struct call *c, struct stored *ret, struct error *e)
{
	const struct kind *k = proposal_kind(c);
	ret->values = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	if (!ret->values)
		return error_nomem(e);
	TRY(record_load(&c->record, k, c->target, ret->values, &ret->ref, e));
	c->entity = ret->ref.entity;
	struct str name = stored_value(ret, k, "operation")->text;
	ret->operation = registry_find(c->registry, name);
	if (!ret->operation)
		return error_fail(e, E_CONFLICT, N_("The operation {operation} no longer exists"), { "operation", name });
	const struct value *input = stored_value(ret, k, "input");
	if (input->null || !input->text.len)
		return error_fail(e, E_CONFLICT, N_("The input of this proposal has been erased"));
	TRY(json_parse(c->arena, input->text, NULL, &ret->input, e));
	const struct value *about = stored_value(ret, k, "about"), *expects = stored_value(ret, k, "expects");
	const struct value *author = stored_value(ret, k, "author");
	if (about->null || !id_parse(about->text, &ret->target))
		ret->target = 0;
	ret->expect = expects->null ? 0 : expects->integer;
	ret->author = author->null ? 0 : author->integer;
	return OK;
}

static void outcome_begin(struct call *c, const char *state)
{
	json_object(&c->json);
	json_member_id(&c->json, "id", c->target);
	json_member_text(&c->json, "state", str_of(state));
}

/* Runs the stored call in a savepoint that is always undone. */
static enum code proposal_preview(struct call *c, struct error *e)
{
	struct stored s;
	struct error refusal;
	struct call *inner = NULL;
	TRY(proposal_load(c, &s, e));
	error_init(&refusal, c->arena);
	TRY(conn_save(c->record.conn, e));
	enum code code = call_within(c, s.operation, s.target, s.expect, s.input, &inner, &refusal);
	enum code told = OK;
	outcome_begin(c, "open");
	if (code == OK) {
		json_name(&c->json, STR("changes"));
		told = changes_preview(&c->record, &c->json, e);
		json_name(&c->json, STR("answer"));
		json_put_raw(&c->json, inner->out.len ? buf_str(&inner->out) : STR("null"));
	} else {
		json_member_text(&c->json, "refused", catalog_error(c->record.model->catalog, c->lang, &refusal, c->arena));
	}
	json_object_end(&c->json);
	call_done(inner);
	conn_undo(c->record.conn);
	c->record.changes = changes_new(c->arena); /* nothing happened */
	if (code == E_NOMEM || code == E_IO || code == E_BUSY)
		return error_fail(e, code, N_("The preview could not be made"));
	return c->record.changes ? told : error_nomem(e);
}

static enum code proposal_move(struct call *c, const char *transition, struct error *e)
{
	const struct kind *k = proposal_kind(c);
	const struct transition *t = kind_transition(k, str_of(transition));
	struct value *values = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	struct record_ref ref;
	assert(t);
	if (!values)
		return error_nomem(e);
	put(values, k, "input", (struct value){ .null = true }); /* the journal holds what was done */
	TRY(record_transition(&c->record, k, c->target, c->expect, t, values, &ref, e));
	c->version = ref.version;
	return OK;
}

static enum code proposal_apply(struct call *c, struct error *e)
{
	struct stored s;
	struct call *inner = NULL;
	TRY(proposal_load(c, &s, e));
	TRY(proposal_move(c, "apply", e));
	TRY(call_within(c, s.operation, s.target, s.expect, s.input, &inner, e));
	outcome_begin(c, "applied");
	json_name(&c->json, STR("answer"));
	json_put_raw(&c->json, inner->out.len ? buf_str(&inner->out) : STR("null"));
	json_object_end(&c->json);
	call_done(inner);
	return OK;
}

static enum code proposal_withdraw(struct call *c, struct error *e)
{
	TRY(proposal_move(c, "withdraw", e));
	outcome_begin(c, "withdrawn");
	json_object_end(&c->json);
	return OK;
}

enum code proposal_forget(struct call *c, int64_t target, struct error *e)
{
	const struct kind *k = proposal_kind(c);
	struct str about = arena_format(c->arena, "%lld", (long long)target);
	int64_t ids[64];
	size_t n = 0;
	do {
		CLEAN_ROWS struct rows *rows = NULL;
		bool row = true;
		n = 0;
		TRY(sql_query(c->record.conn, SQL_PROPOSALS_ABOUT, SQL_PARAMS(SQL_T(about)), &rows, e));
		while (n < sizeof ids / sizeof *ids) {
			TRY(rows_next(rows, &row, e));
			if (!row)
				break;
			ids[n++] = rows_int(rows, 0);
		}
		rows_close(rows);
		rows = NULL;
		for (size_t i = 0; i < n; i++) {
			struct value *values = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
			struct record_context as_program = c->record;
			struct record_ref ref;
			if (!values)
				return error_nomem(e);
			as_program.who = (struct subject){ .system = true };
			put(values, k, "input", (struct value){ .null = true });
			TRY(record_update(&as_program, k, ids[i], 0, 0, values, &ref, e));
		}
	} while (n == sizeof ids / sizeof *ids);
	return OK;
}

const struct operation proposal_operations[] = {
	{ .name = "proposal.preview", .help = N_("Show what a proposal would change, or why it would be refused"),
	  .access = OP_WRITE, .flags = OP_TARGET | OP_NO_PROPOSAL, .output = outcome_output, .run = proposal_preview,
	  .method = "POST", .path = "/api/proposal/{id}/preview" },
	{ .name = "proposal.apply", .help = N_("Carry a proposal out, under your own authority"), .access = OP_WRITE,
	  .flags = OP_TARGET | OP_NO_PROPOSAL, .output = outcome_output, .run = proposal_apply, .method = "POST",
	  .path = "/api/proposal/{id}/apply" },
	{ .name = "proposal.withdraw", .help = N_("Take a proposal back"), .access = OP_WRITE,
	  .flags = OP_TARGET | OP_NO_PROPOSAL, .output = outcome_output, .run = proposal_withdraw, .method = "POST",
	  .path = "/api/proposal/{id}/withdraw" },
	{ 0 },
};

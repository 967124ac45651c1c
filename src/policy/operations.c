/* What people do with policies beside reading them: set how strictly an entity takes one, try one out before it is anybody's, ask
 * how the judging stands. Neighbours: modes.c, compile.c; findings and exceptions are records like any other. */
#include "internal.h"
#include "policy.sql.h"
#include <stdlib.h>

#define SHOWN_MOST 1000

/* --- policy.set_mode ------------------------------------------------------------------------------ */

enum { MODE_POLICY, MODE_ENTITY, MODE_MODE, MODE_REASON };
static const struct choice modes[] = { { "report", N_("Report") }, { "approval", N_("Needs approval") }, { "enforce", N_("Enforce") }, { 0 } };
static const struct field mode_input[] = {
	{ .name = "policy", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Policy name"), .max = 40 },
	{ .name = "entity", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Entity"), .to = "entity" },
	{ .name = "mode", .type = FIELD_CHOICE, .flags = FIELD_REQUIRED, .title = N_("Mode"), .choices = modes },
	{ .name = "reason", .type = FIELD_TEXT, .flags = FIELD_MULTILINE, .title = N_("Reason"), .max = 4000 },
	{ 0 },
};
static const struct field mode_output[] = {
	{ .name = "id", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Id of the setting") },
	{ .name = "before", .type = FIELD_CHOICE, .flags = FIELD_REQUIRED, .title = N_("Mode before"), .choices = modes },
	{ .name = "mode", .type = FIELD_CHOICE, .flags = FIELD_REQUIRED, .title = N_("Mode"), .choices = modes },
	{ 0 },
};

static enum policy_mode mode_given(const struct call *c)
{
	int mode = 0;
	while (policy_mode_names[mode + 1] && !str_is(call_text(c, MODE_MODE), policy_mode_names[mode]))
		mode++;
	return (enum policy_mode)mode;
}

static struct rule *rule_named(struct policies *s, struct str name)
{
	for (size_t i = 0; i < s->count; i++)
		if (str_is(name, s->rules[i].policy->name))
			return &s->rules[i];
	return NULL;
}

/* Looser and stricter are different things to be allowed. */
static enum code may_set(struct call *c, const struct rule *r, int64_t entity, enum policy_mode before, enum policy_mode mode, struct error *e)
{
	const char *function = mode < before ? "policy.relax" : "policy.tighten";
	const struct function *f = model_function(c->record.model, str_of(function));
	if (!f)
		return error_fail(e, E_DENIED, N_("Nobody holds {function}"), { "function", str_of(function) });
	TRY(call_authorise(c, (int)f->index, entity, e));
	if (!r->policy->fixed || mode >= r->policy->mode)
		return OK;
	error_field(e, STR("/mode"), N_("The policy {policy} is fixed: no entity may take it less strictly"), { "policy", str_of(r->policy->name) });
	return error_while(e, N_("The mode cannot be set"));
}

static enum code write_setting(struct call *c, const struct policies *s, const struct rule *r, int64_t entity, struct record_ref *ret, struct error *e)
{
	const struct kind *k = s->setting_kind;
	struct value *values = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	struct subject caller = c->record.who;
	bool found;
	if (!values)
		return error_nomem(e);
	values[kind_field(k, STR("name"))->index] = (struct value){ .set = true, .text = str_of(r->policy->name) };
	values[kind_field(k, STR("policy"))->index] = (struct value){ .set = true, .integer = atomic_load(&r->record) };
	values[kind_field(k, STR("mode"))->index] = (struct value){ .set = true, .text = call_text(c, MODE_MODE) };
	values[kind_field(k, STR("reason"))->index] = (struct value){ .set = true, .null = !call_text(c, MODE_REASON).len, .text = call_text(c, MODE_REASON) };
	TRY(record_hold(&c->record, STR("policy_setting"), e));
	TRY(sql_int(c->record.conn, SQL_SETTING_AT, SQL_PARAMS(SQL_T(str_of(r->policy->name)), SQL_I(entity)), &ret->id, &found, e));
	c->record.who.system = true; /* the kind is the program's; who may do this was asked above */
	enum code code = found ? record_update(&c->record, k, ret->id, 0, 0, values, ret, e) : record_create(&c->record, k, entity, values, ret, e);
	c->record.who = caller;
	return code;
}

static enum code set_mode(struct call *c, struct error *e)
{
	struct policies *s = kernel_state(c->kernel, "policy");
	struct rule *r = rule_named(s, call_text(c, MODE_POLICY));
	int64_t entity = call_int(c, MODE_ENTITY, 0);
	enum policy_mode before, mode = mode_given(c);
	struct record_ref ref = { 0 };
	if (!r || !atomic_load(&r->record)) {
		error_field(e, STR("/policy"), N_("There is no policy {policy}"), { "policy", call_text(c, MODE_POLICY) });
		return error_while(e, N_("The mode cannot be set"));
	}
	TRY(mode_at(c->record.conn, c->record.world, r, entity, &before, e));
	TRY(may_set(c, r, entity, before, mode, e));
	TRY(write_setting(c, s, r, entity, &ref, e));
	if (mode != POLICY_REPORT)
		rule_strict(s, r, true); /* at once here; other processes hear of it by the journal */
	json_object(&c->json);
	json_member_id(&c->json, "id", ref.id);
	json_member_text(&c->json, "before", str_of(policy_mode_names[before]));
	json_member_text(&c->json, "mode", str_of(policy_mode_names[mode]));
	json_object_end(&c->json);
	return OK;
}

/* --- policy.simulate ------------------------------------------------------------------------------ */

enum { TRY_SQL, TRY_ABOUT, TRY_POLICY, TRY_LIMIT };
static const struct field simulate_input[] = {
	{ .name = "sql", .type = FIELD_TEXT, .flags = FIELD_MULTILINE, .title = N_("A SELECT of id and perhaps why"), .max = 65536 },
	{ .name = "about", .type = FIELD_TEXT, .title = N_("Kind of the records it names"), .max = 40 },
	{ .name = "policy", .type = FIELD_TEXT, .title = N_("Or the name of a policy there is"), .max = 40 },
	{ .name = "limit", .type = FIELD_INT, .title = N_("Records shown at most"), .min = 1, .max = SHOWN_MOST },
	{ 0 },
};
static const struct field out_fields[] = {
	{ .name = "id", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Id of the record") },
	{ .name = "entity", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Entity") },
	{ .name = "why", .type = FIELD_TEXT, .title = N_("Why") },
	{ 0 },
};
static const struct field count_fields[] = {
	{ .name = "entity", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Entity") },
	{ .name = "count", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Count") },
	{ 0 },
};
static const struct field out_item[] = { { .name = "record", .type = FIELD_OBJECT, .title = N_("Record"), .fields = out_fields }, { 0 } };
static const struct field count_item[] = { { .name = "entity", .type = FIELD_OBJECT, .title = N_("Entity"), .fields = count_fields }, { 0 } };
static const struct field simulate_output[] = {
	{ .name = "total", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Records out of line") },
	{ .name = "entities", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("By entity"), .fields = count_item },
	{ .name = "items", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("The first of them"), .fields = out_item },
	{ 0 },
};

static enum code simulated_rule(struct call *c, const struct policies *s, const struct rule **ret, struct error *e)
{
	struct str name = call_text(c, TRY_POLICY), sql = call_text(c, TRY_SQL), about = call_text(c, TRY_ABOUT);
	struct rule *r = arena_alloc(c->arena, sizeof *r);
	struct policy *p = arena_alloc(c->arena, sizeof *p);
	const struct kind *k = model_kind(c->record.model, about);
	if (!r || !p)
		return error_nomem(e);
	if (name.len) {
		*ret = rule_named((struct policies *)(uintptr_t)s, name);
		if (*ret)
			return OK;
		error_field(e, STR("/policy"), N_("There is no policy {policy}"), { "policy", name });
	} else if (!sql.len) {
		error_field(e, STR("/sql"), N_("is required"));
	} else if (!k || k->flags & KIND_VIEW) {
		error_field(e, STR("/about"), N_("expected the kind of the records it names"));
	} else {
		*p = (struct policy){ .name = "simulation", .about = k->name, .sql = arena_copy(c->arena, sql).data };
		*ret = r;
		if (!p->sql)
			return error_nomem(e);
		TRY(rule_compile(c->record.model, p, c->arena, r, e));
	}
	return e->items ? error_while(e, N_("The policy cannot be tried")) : OK;
}

static int by_entity(const void *a, const void *b)
{
	const struct out_of_line *x = a, *y = b;
	return (x->entity > y->entity) - (x->entity < y->entity);
}

static void tell_out(struct call *c, out_list *out)
{
	struct json_writer *w = &c->json;
	int64_t shown = call_int(c, TRY_LIMIT, 100);
	json_object(w);
	json_member_int(w, "total", (int64_t)out->count);
	json_name(w, STR("items"));
	json_list(w);
	for (size_t i = 0; i < out->count && (int64_t)i < shown; i++) {
		json_object(w);
		json_member_id(w, "id", out->items[i].id);
		json_member_id(w, "entity", out->items[i].entity);
		if (out->items[i].why.len)
			json_member_text(w, "why", out->items[i].why);
		json_object_end(w);
	}
	json_list_end(w);
	if (out->count)
		qsort(out->items, out->count, sizeof *out->items, by_entity);
	json_name(w, STR("entities"));
	json_list(w);
	for (size_t i = 0, n; i < out->count; i += n) {
		for (n = 1; i + n < out->count && out->items[i + n].entity == out->items[i].entity; n++)
			;
		json_object(w);
		json_member_id(w, "entity", out->items[i].entity);
		json_member_int(w, "count", (int64_t)n);
		json_object_end(w);
	}
	json_list_end(w);
	json_object_end(w);
}

static enum code simulate(struct call *c, struct error *e)
{
	const struct policies *s = kernel_state(c->kernel, "policy");
	const struct asking a = { .store = store_type(kernel_store(c->kernel)), .now = c->record.now, .arena = c->arena };
	const struct rule *r = NULL;
	out_list out = { 0 };
	TRY(simulated_rule(c, s, &r, e));
	enum code code = rule_ask(c->record.conn, r, &a, &out, e);
	if (code == OK)
		tell_out(c, &out);
	VEC_DONE(&out);
	return code;
}

/* --- policy.status -------------------------------------------------------------------------------- */

static const struct field status_fields[] = {
	{ .name = "policy", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Policy name") },
	{ .name = "title", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Title") },
	{ .name = "out", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Records out of line") },
	{ .name = "judged", .type = FIELD_TIME, .title = N_("Last judged as a whole") },
	{ .name = "took", .type = FIELD_INT, .title = N_("Microseconds it took") },
	{ 0 },
};
static const struct field status_item[] = { { .name = "policy", .type = FIELD_OBJECT, .title = N_("Policy"), .fields = status_fields }, { 0 } };
static const struct field status_output[] = {
	{ .name = "items", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("Policies"), .fields = status_item },
	{ 0 },
};

static void tell_status(struct call *c, struct rule *r, int64_t out)
{
	struct json_writer *w = &c->json;
	int64_t judged = atomic_load(&r->judged);
	char text[32];
	json_object(w);
	json_member_text(w, "policy", str_of(r->policy->name));
	json_member_text(w, "title", catalog_get(c->record.model->catalog, c->lang, NULL, str_of(r->policy->title)));
	json_member_int(w, "out", out);
	if (judged >= 0) {
		size_t len = time_format(judged, text);
		json_name(w, STR("judged"));
		json_put_text(w, (struct str){ text, len });
		json_member_int(w, "took", atomic_load(&r->took));
	}
	json_object_end(w);
}

static enum code status(struct call *c, struct error *e)
{
	const struct policies *s = kernel_state(c->kernel, "policy");
	json_object(&c->json);
	json_name(&c->json, STR("items"));
	json_list(&c->json);
	for (size_t i = 0; i < s->count; i++) {
		int64_t out = 0;
		bool found;
		TRY(sql_int(c->record.conn, SQL_COUNT_ALIVE, SQL_PARAMS(SQL_I(atomic_load(&s->rules[i].record))), &out, &found, e));
		tell_status(c, &s->rules[i], out);
	}
	json_list_end(&c->json);
	json_object_end(&c->json);
	return OK;
}

const struct operation policy_operations[] = {
	{ .name = "policy.set_mode", .help = N_("Set how strictly an entity takes a policy"), .access = OP_WRITE, .input = mode_input,
	  .output = mode_output, .run = set_mode },
	{ .name = "policy.simulate", .help = N_("See what a policy would find, before it is anybody's"), .function = "policy.simulate",
	  .access = OP_READ, .flags = OP_ROOT, .input = simulate_input, .output = simulate_output, .run = simulate },
	{ .name = "policy.status", .help = N_("How the judging stands"), .function = "policy.read", .access = OP_READ, .method = "GET",
	  .path = "/api/policy-status", .output = status_output, .run = status },
	{ 0 },
};

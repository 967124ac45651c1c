/* Verdicts become findings. A record has one finding a policy, which opens, is excused, is cleared and appears again, so that its
 * history tells how often. What to do is decided here, in the writing transaction, from the finding as it is then: whoever
 * else works on findings meanwhile is never overwritten.
 * Neighbours: evaluate.c says what is out of line, record/ writes. */
#include "internal.h"
#include "policy.sql.h"
#include <assert.h>
#include <string.h>

#define AT_ONCE 400 /* verdicts a call; each may take two versions, and a journal entry holds 1,000 */

/* Days in which it is to be put right, by severity. */
static const int64_t due_days[SEVERITY_COUNT] = { 180, 90, 30, 7 };

static struct value *value_at(const struct kind *k, struct value *values, const char *name)
{
	const struct field *f = kind_field(k, str_of(name));
	assert(f);
	values[f->index].set = true;
	return &values[f->index];
}

static void put_text(const struct kind *k, struct value *values, const char *name, struct str text)
{
	struct value *v = value_at(k, values, name);
	v->text = text;
	v->null = !text.len;
}

static void put_int(const struct kind *k, struct value *values, const char *name, int64_t n)
{
	value_at(k, values, name)->integer = n;
}

static struct value *no_values(struct call *c, const struct kind *k)
{
	return ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
}

/* --- one finding ---------------------------------------------------------------------------------- */

static enum code step(struct call *c, const struct kind *k, const char *name, struct record_ref *io, struct str *io_state, struct error *e)
{
	const struct transition *t = kind_transition(k, str_of(name));
	struct value *none = no_values(c, k);
	if (!none)
		return error_nomem(e);
	TRY(record_transition(&c->record, k, io->id, 0, t, none, io, e));
	*io_state = str_of(t->to);
	return OK;
}

static enum code open_finding(struct call *c, const struct kind *k, const struct verdict *v, struct str about, struct record_ref *ret, struct error *e)
{
	const struct policy *p = v->rule->policy;
	struct value *values = no_values(c, k);
	if (!values)
		return error_nomem(e);
	put_text(k, values, "title", str_of(p->title));
	put_text(k, values, "source", STR("policy"));
	put_int(k, values, "policy", v->policy);
	put_text(k, values, "about", about);
	put_text(k, values, "about_kind", str_of(p->about));
	put_text(k, values, v->rule->closely ? "why_closely" : "why", v->why);
	put_text(k, values, "severity", str_of(severity_names[p->severity]));
	put_int(k, values, "due", c->record.now / DAY + due_days[p->severity]);
	put_int(k, values, "seen", c->record.now);
	return record_create(&c->record, k, v->entity, values, ret, e);
}

/* A finding goes where its record is, and says why as it is now. */
static enum code freshen(struct call *c, const struct kind *k, const struct verdict *v, struct record_ref *io, struct error *e)
{
	struct value *values = no_values(c, k);
	if (!values)
		return error_nomem(e);
	if (v->tell)
		put_text(k, values, v->rule->closely ? "why_closely" : "why", v->why);
	return record_update(&c->record, k, io->id, 0, v->entity == io->entity ? 0 : v->entity, values, io, e);
}

static enum code settle(struct call *c, const struct policies *s, const struct verdict *v, struct error *e)
{
	const struct kind *k = s->finding_kind;
	struct record_ref ref = { 0 };
	struct str about = arena_format(c->arena, "%lld", (long long)v->about), state = STR("open");
	struct value *values = no_values(c, k);
	bool found;
	if (!about.data || !values)
		return error_nomem(e);
	TRY(sql_int(c->record.conn, SQL_FINDING_OF, SQL_PARAMS(SQL_I(v->policy), SQL_T(about)), &ref.id, &found, e));
	if (found) {
		TRY(record_load(&c->record, k, ref.id, values, &ref, e));
		CLEAN_ROWS struct rows *rows = NULL;
		TRY(sql_query(c->record.conn, SQL_FINDING_STATE, SQL_PARAMS(SQL_I(ref.id)), &rows, e));
		TRY(rows_next(rows, &found, e));
		state = arena_copy(c->arena, rows_text(rows, 0));
		if (!state.data)
			return error_nomem(e);
	}
	bool closed = str_is(state, "cleared") || str_is(state, "resolved");
	if (!v->out)
		return found && !closed ? step(c, k, "clear", &ref, &state, e) : OK;
	if (!found)
		TRY(open_finding(c, k, v, about, &ref, e));
	else if (closed)
		TRY(step(c, k, "appear", &ref, &state, e));
	if (found)
		TRY(freshen(c, k, v, &ref, e));
	if (v->excused != str_is(state, "excused"))
		TRY(step(c, k, v->excused ? "excuse" : "blame", &ref, &state, e));
	return OK;
}

/* --- many ----------------------------------------------------------------------------------------- */

struct settling {
	const struct policies *policies;
	const struct verdict *verdicts;
	size_t count;
};

static enum code settle_part(struct call *c, struct error *e)
{
	const struct settling *x = c->face_state;
	for (size_t i = 0; i < x->count; i++)
		TRY(settle(c, x->policies, &x->verdicts[i], e));
	return OK;
}

enum code findings_settle(struct policies *s, const struct verdict *verdicts, size_t count, struct error *e)
{
	static const struct operation operation = { .name = "policy.judge", .help = N_("Open and clear findings"), .access = OP_WRITE,
						    .run = settle_part, .function_index = -1, .index = UINT32_MAX };
	for (size_t i = 0; i < count && !atomic_load(&s->stop); i += AT_ONCE) {
		struct settling x = { s, verdicts + i, count - i < AT_ONCE ? count - i : AT_ONCE };
		TRY(kernel_run_own(s->kernel, &operation, &x, e));
	}
	return OK;
}

/* --- the policies themselves ---------------------------------------------------------------------- */

static enum code controls_text(struct call *c, const struct policy *p, struct str *ret, struct error *e)
{
	CLEAN_BUF struct buf text;
	struct json_writer w;
	buf_init(&text, 1 << 16);
	json_writer_init(&w, &text);
	json_list(&w);
	for (size_t i = 0; p->controls[i]; i++)
		json_put_text(&w, str_of(p->controls[i]));
	json_list_end(&w);
	*ret = arena_copy(c->arena, buf_str(&text));
	return buf_ok(&text) && ret->data ? OK : error_nomem(e);
}

static enum code store_policy(struct call *c, const struct policies *s, struct rule *r, int64_t root, struct error *e)
{
	const struct policy *p = r->policy;
	const struct kind *k = s->policy_kind;
	struct value *values = no_values(c, k);
	struct record_ref ref;
	struct str controls;
	bool created;
	if (!values)
		return error_nomem(e);
	TRY(controls_text(c, p, &controls, e));
	put_text(k, values, "name", str_of(p->name));
	put_text(k, values, "title", str_of(p->title));
	put_text(k, values, "about_kind", str_of(p->about));
	put_text(k, values, "mode", str_of(policy_mode_names[p->mode]));
	put_text(k, values, "severity", str_of(severity_names[p->severity]));
	put_text(k, values, "remedy", p->remedy ? str_of(p->remedy) : STR(""));
	put_text(k, values, "controls", controls);
	put_int(k, values, "fixed", p->fixed);
	put_text(k, values, "scope", r->query->row_local ? STR("row") : STR("estate"));
	put_text(k, values, "pack", str_of(p->pack));
	TRY(record_upsert(&c->record, k, root, values, &ref, &created, e));
	atomic_store(&r->record, ref.id);
	return OK;
}

/* Policies whose files are gone are retired, those that came back renewed; their findings are cleared by retired() in follow.c. */
static enum code store_states(struct call *c, const struct policies *s, struct error *e)
{
	VEC(struct record_ref) refs = { 0 };
	enum code code = OK;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(c->record.conn, SQL_POLICIES, SQL_NO_PARAMS, &rows, e));
	for (;;) {
		if ((code = rows_next(rows, &row, e)) != OK || !row)
			break;
		bool known = model_policy(s->model, rows_text(rows, 1)) != NULL, in_force = str_is(rows_text(rows, 2), "in_force");
		if (known == in_force)
			continue;
		struct record_ref *r = VEC_ADD(&refs);
		if (!r) {
			code = error_nomem(e);
			break;
		}
		*r = (struct record_ref){ .id = rows_int(rows, 0), .version = known };
	}
	for (size_t i = 0; i < refs.count && code == OK; i++) {
		struct str state;
		code = step(c, s->policy_kind, refs.items[i].version ? "renew" : "retire", &refs.items[i], &state, e);
	}
	VEC_DONE(&refs);
	return code;
}

static enum code store_all(struct call *c, struct error *e)
{
	struct policies *s = c->face_state;
	int64_t root;
	bool found;
	TRY(sql_int(c->record.conn, SQL_ROOT, SQL_NO_PARAMS, &root, &found, e));
	for (size_t i = 0; i < s->count; i++)
		TRY(store_policy(c, s, &s->rules[i], root, e));
	return store_states(c, s, e);
}

enum code policies_store(struct policies *s, struct error *e)
{
	static const struct operation operation = { .name = "policy.store", .help = N_("Take note of the packs' policies"), .access = OP_WRITE,
						    .run = store_all, .function_index = -1, .index = UINT32_MAX };
	return kernel_run_own(s->kernel, &operation, s, e);
}

/* Asked about every row just written, in its transaction: a policy that is taken strictly there, and that the row now breaks,
 * refuses the change (enforce) or lets it pass only for who may consent (approval): others propose it. What was out of line
 * before and is known as such may still be worked on, or nothing about it could ever be put right. Policies of which nobody takes
 * a stricter view than `report` cost nothing here. A policy that looks at other records judges a record when that record
 * changes; when the others do, it becomes a finding.
 * Neighbours: compile.c has the SQL, modes.c says how strict, evaluate.c finds everything else. */
#include "internal.h"
#include "policy.sql.h"

/* A title of the packs in the caller's language. */
static struct str told(const struct call *c, const char *msgid)
{
	return msgid ? catalog_get(c->record.model->catalog, c->lang, NULL, str_of(msgid)) : STR("");
}

/* A person who does not see all that the policy read is told the policy only. */
static struct str why_told(const struct rule *r, const struct out_of_line *o)
{
	return r->closely ? STR("") : o->why;
}

static bool may_consent(struct call *c, int64_t entity)
{
	struct error ignored;
	const struct function *f = model_function(c->record.model, STR("policy.consent"));
	error_init(&ignored, c->arena);
	return f && call_authorise(c, (int)f->index, entity, &ignored) == OK;
}

static enum code known(struct call *c, const struct rule *r, int64_t id, bool *ret, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	struct str about = arena_format(c->arena, "%lld", (long long)id);
	if (!about.data)
		return error_nomem(e);
	TRY(sql_query(c->record.conn, SQL_FINDING_ALIVE, SQL_PARAMS(SQL_I(atomic_load(&r->record)), SQL_T(about)), &rows, e));
	return rows_next(rows, ret, e);
}

static enum code refuse(struct call *c, const struct rule *r, const struct out_of_line *o, enum policy_mode mode, struct error *e)
{
	struct str title = told(c, r->policy->title), remedy = told(c, r->policy->remedy), why = why_told(r, o);
	struct str text = arena_format(c->arena, "%.*s%s%.*s%s%.*s", STR_ARG(title), why.len ? ": " : "", STR_ARG(why), remedy.len ? ". " : "",
				       STR_ARG(remedy));
	if (!text.data)
		return error_nomem(e);
	error_field(e, STR(""), mode == POLICY_ENFORCE ? N_("not allowed by the policy {policy}: {text}")
						       : N_("needs consent by the policy {policy}; propose the change: {text}"),
		    { "policy", str_of(r->policy->name) }, { "text", text });
	return OK;
}

static enum code judge_rule(struct call *c, struct policies *s, const struct rule *r, int64_t id, struct error *e)
{
	const struct asking a = { .store = store_type(kernel_store(s->kernel)), .now = c->record.now, .one = id, .arena = c->arena };
	struct excuses excuses;
	enum policy_mode mode = POLICY_REPORT;
	out_list out = { 0 };
	bool before;
	if (!r->query->row_local)
		TRY(record_hold(&c->record, arena_format(c->arena, "policy %s", r->policy->name), e));
	enum code code = rule_ask(c->record.conn, r, &a, &out, e);
	bool broken = code == OK && out.count;
	struct out_of_line o = broken ? out.items[0] : (struct out_of_line){ 0 };
	VEC_DONE(&out);
	TRY(code);
	if (!broken)
		return OK;
	TRY(mode_at(c->record.conn, c->record.world, r, o.entity, &mode, e));
	if (mode == POLICY_REPORT || (mode == POLICY_APPROVAL && may_consent(c, o.entity)))
		return OK;
	TRY(excuses_read(c->record.conn, r, c->record.now, c->arena, &excuses, e));
	if (excused(&excuses, c->record.world, id, o.entity))
		return OK;
	TRY(known(c, r, id, &before, e));
	return before ? OK : refuse(c, r, &o, mode, e);
}

enum code policy_judge(struct call *c, void *state, const struct kind *k, int64_t id, struct error *e)
{
	struct policies *s = state;
	if (c->record.who.system)
		return OK;
	for (size_t i = 0; i < s->count; i++)
		if (s->rules[i].about->index == k->index && atomic_load_explicit(&s->rules[i].strict, memory_order_relaxed))
			TRY(judge_rule(c, s, &s->rules[i], id, e));
	return e->items ? error_while(e, N_("The change would bring the record out of line")) : OK;
}

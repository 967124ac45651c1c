/* Asked about every row just written, in its transaction: a policy that is taken strictly there, and that the row now breaks,
 * refuses the change (enforce) or lets it pass only for who may consent (approval): others propose it. What was out of line
 * before and is known as such may still be worked on, or nothing about it could ever be put right. Policies of which nobody takes
 * a stricter view than `report` cost nothing here. A policy that looks at other records judges a record when that record
 * changes; when the others do, it becomes a finding.
 * Neighbours: compile.c has the SQL, modes.c says how strict, evaluate.c finds everything else. */
#include "base/utf8.h"
#include "internal.h"
#include "policy.sql.h"
#include <string.h>

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

/* A rule that is broken now: is it so strict here that the change must not be? */
static enum code weigh(struct call *c, const struct rule *r, const struct out_of_line *o, struct error *e)
{
	struct excuses excuses;
	enum policy_mode mode = POLICY_REPORT;
	bool before;
	TRY(mode_at(c->record.conn, c->record.world, r, o->entity, &mode, e));
	if (mode == POLICY_REPORT || (mode == POLICY_APPROVAL && may_consent(c, o->entity)))
		return OK;
	TRY(excuses_read(c->record.conn, r, c->record.now, c->arena, &excuses, e));
	if (excused(&excuses, c->record.world, o->id, o->entity))
		return OK;
	TRY(known(c, r, o->id, &before, e));
	return before ? OK : refuse(c, r, o, mode, e);
}

static enum code judge_alone(struct call *c, struct policies *s, const struct rule *r, int64_t id, struct error *e)
{
	const struct asking a = { .store = store_type(kernel_store(s->kernel)), .now = c->record.now, .one = id, .arena = c->arena };
	out_list out = { 0 };
	if (!r->query->row_local)
		TRY(record_hold(&c->record, arena_format(c->arena, "policy %s", r->policy->name), e));
	enum code code = rule_ask(c->record.conn, r, &a, &out, e);
	if (code == OK && out.count)
		code = weigh(c, r, &out.items[0], e);
	VEC_DONE(&out);
	return code;
}

/* --- all that judge a record by itself, in one statement ------------------------------------------ */

/* Kept for a day, or until some policy is taken more or less strictly: making the text costs as much as a create. */
struct guard_text {
	_Atomic unsigned refs;
	struct arena *arena;
	uint64_t version;
	int64_t day;
	struct rule **rules;
	size_t count;
	struct query_text text;
	size_t id; /* which parameter is the record's id */
};

static void guard_unref(struct guard_text *g)
{
	if (!g || atomic_fetch_sub(&g->refs, 1) != 1)
		return;
	query_text_done(&g->text);
	arena_free(g->arena); /* it lies in it */
}

void guards_free(struct policies *s)
{
	for (size_t i = 0; s->guards && i < s->model->kind_count; i++)
		guard_unref(s->guards[i]);
}

/* What it says of now() is a moment's, so such a policy is asked alone. */
static bool together(const struct rule *r)
{
	return r->query->row_local && !r->query->uses_now;
}

static enum code guard_fill(struct guard_text *g, struct policies *s, const struct kind *k, struct error *e)
{
	const struct asking a = { .store = store_type(kernel_store(s->kernel)), .now = g->day * DAY, .one = INT64_MAX, .arena = g->arena };
	g->rules = ARENA_ARRAY(g->arena, s->count + 1, struct rule *);
	if (!g->rules)
		return error_nomem(e);
	for (size_t i = 0; i < s->count && g->count < TOGETHER_MOST; i++)
		if (s->rules[i].about->index == k->index && together(&s->rules[i]) && atomic_load(&s->rules[i].strict))
			g->rules[g->count++] = &s->rules[i];
	if (!g->count)
		return OK;
	TRY(rules_sql(g->rules, g->count, &a, &g->text, e));
	while (g->text.params[g->id].type != SQL_INT || g->text.params[g->id].integer != INT64_MAX)
		g->id++;
	return OK;
}

static enum code guard_make(struct policies *s, const struct kind *k, uint64_t version, int64_t day, struct guard_text **ret, struct error *e)
{
	struct arena *arena = arena_new(0);
	struct guard_text *g = arena ? arena_alloc(arena, sizeof *g) : NULL;
	if (!g) {
		arena_free(arena);
		return error_nomem(e);
	}
	*g = (struct guard_text){ .arena = arena, .version = version, .day = day };
	atomic_init(&g->refs, 1);
	query_text_init(&g->text);
	enum code code = guard_fill(g, s, k, e);
	if (code == OK)
		*ret = g;
	else
		guard_unref(g);
	return code;
}

static enum code guard_get(struct policies *s, const struct kind *k, int64_t now, struct guard_text **ret, struct error *e)
{
	uint64_t version = atomic_load(&s->strict_version);
	enum code code = OK;
	pthread_mutex_lock(&s->guard_lock);
	struct guard_text **slot = &s->guards[k->index], *fresh = NULL;
	if (!*slot || (*slot)->version != version || (*slot)->day != now / DAY) {
		code = guard_make(s, k, version, now / DAY, &fresh, e);
		if (code == OK) {
			guard_unref(*slot);
			*slot = fresh;
		}
	}
	if (code == OK) {
		*ret = *slot;
		atomic_fetch_add(&(*ret)->refs, 1);
	}
	pthread_mutex_unlock(&s->guard_lock);
	return code;
}

static enum code ask_guard(struct call *c, const struct guard_text *g, int64_t id, struct out_of_line *ret, bool *broken, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	struct sql_value params[QUERY_PARAMS_MOST];
	bool row;
	memcpy(params, g->text.params, g->text.count * sizeof *params);
	params[g->id] = SQL_I(id);
	TRY(sql_query_built(c->record.conn, buf_str(&g->text.sql), params, g->text.count, &rows, e));
	TRY(rows_next(rows, &row, e));
	for (size_t i = 0; row && i < g->count; i++) {
		broken[i] = !rows_null(rows, i + 2);
		if (!broken[i])
			continue;
		struct str why = arena_copy(c->arena, utf8_clip(rows_text(rows, i + 2), WHY_MOST));
		if (!why.data)
			return error_nomem(e);
		ret[i] = (struct out_of_line){ .id = id, .entity = rows_int(rows, 1), .why = why };
	}
	return OK;
}

static enum code judge_together(struct call *c, struct policies *s, const struct kind *k, int64_t id, struct guard_text *g, struct error *e)
{
	struct out_of_line out[TOGETHER_MOST];
	bool broken[TOGETHER_MOST] = { 0 };
	if (g->count)
		TRY(ask_guard(c, g, id, out, broken, e));
	for (size_t i = 0; i < g->count; i++)
		if (broken[i])
			TRY(weigh(c, g->rules[i], &out[i], e));
	for (size_t i = 0, in_text = 0; i < s->count; i++) {
		struct rule *r = &s->rules[i];
		if (r->about->index != k->index || !atomic_load_explicit(&r->strict, memory_order_relaxed))
			continue;
		if (in_text < g->count && g->rules[in_text] == r)
			in_text++;
		else
			TRY(judge_alone(c, s, r, id, e));
	}
	return OK;
}

static bool any_strict(const struct policies *s, const struct kind *k)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->rules[i].about->index == k->index && atomic_load_explicit(&s->rules[i].strict, memory_order_relaxed))
			return true;
	return false;
}

enum code policy_judge(struct call *c, void *state, const struct kind *k, int64_t id, struct error *e)
{
	struct policies *s = state;
	struct guard_text *g;
	if (c->record.who.system || !any_strict(s, k))
		return OK;
	TRY(guard_get(s, k, c->record.now, &g, e));
	enum code code = judge_together(c, s, k, id, g, e);
	guard_unref(g);
	TRY(code);
	return e->items ? error_while(e, N_("The change would bring the record out of line")) : OK;
}

/* What is out of line now, set against the findings there are. Only differences go further, so an estate in which nothing
 * changed costs the asking alone. Neighbours: compile.c asks, findings.c carries out, follow.c says when. */
#include "base/map.h"
#include "internal.h"
#include "policy.sql.h"

struct alive { /* a finding that is not closed */
	int64_t about, entity;
	bool excused;
	struct str why;
	bool still; /* out of line now too */
};
struct comparing {
	const struct rule *rule;
	int64_t policy;
	const struct world *world;
	struct excuses excuses;
	struct idmap *places; /* about → place in alive */
	VEC(struct alive) alive;
	struct arena *arena;
	verdict_list *io;
	bool tell;
};

static enum code take_alive(struct comparing *x, struct rows *rows, struct error *e)
{
	bool row;
	for (;;) {
		int64_t about, place;
		TRY(rows_next(rows, &row, e));
		if (!row)
			return OK;
		if (!id_parse(rows_text(rows, 0), &about) || idmap_get(x->places, about, &place))
			continue;
		size_t why = x->rule->closely ? 4 : 3;
		struct alive *a = VEC_ADD(&x->alive);
		struct str text = rows_null(rows, why) ? STR("") : arena_copy(x->arena, rows_text(rows, why));
		if (!a || !text.data || !idmap_put(x->places, about, (int64_t)x->alive.count - 1))
			return error_nomem(e);
		*a = (struct alive){ .about = about, .excused = str_is(rows_text(rows, 1), "excused"), .entity = rows_int(rows, 2), .why = text };
	}
}

static enum code read_alive(struct comparing *x, struct conn *c, const int64_t *ids, size_t count, struct error *e)
{
	struct sql_value policy = SQL_I(x->policy);
	if (!ids) {
		CLEAN_ROWS struct rows *rows = NULL;
		TRY(sql_query(c, SQL_FINDINGS_ALIVE, SQL_PARAMS(policy), &rows, e));
		return take_alive(x, rows, e);
	}
	for (size_t i = 0; i < count; i++) {
		CLEAN_ROWS struct rows *rows = NULL;
		struct str about = arena_format(x->arena, "%lld", (long long)ids[i]);
		if (!about.data)
			return error_nomem(e);
		TRY(sql_query(c, SQL_FINDING_ALIVE, SQL_PARAMS(policy, SQL_T(about)), &rows, e));
		TRY(take_alive(x, rows, e));
	}
	return OK;
}

static enum code put(struct comparing *x, struct verdict v, struct error *e)
{
	struct verdict *slot = VEC_ADD(x->io);
	if (!slot)
		return error_nomem(e);
	*slot = v;
	return OK;
}

static enum code compare_out(struct comparing *x, const out_list *out, struct error *e)
{
	for (size_t i = 0; i < out->count; i++) {
		const struct out_of_line *o = &out->items[i];
		struct verdict v = { .rule = x->rule, .policy = x->policy, .about = o->id, .entity = o->entity, .out = true, .why = o->why, .tell = x->tell,
				     .excused = excused(&x->excuses, x->world, o->id, o->entity) };
		int64_t place;
		if (idmap_get(x->places, o->id, &place)) {
			struct alive *a = &x->alive.items[place];
			a->still = true;
			if (a->excused == v.excused && a->entity == o->entity && (!x->tell || str_eq(a->why, o->why)))
				continue;
		}
		TRY(put(x, v, e));
	}
	return OK;
}

static enum code compare_alive(struct comparing *x, struct error *e)
{
	for (size_t i = 0; i < x->alive.count; i++)
		if (!x->alive.items[i].still)
			TRY(put(x, (struct verdict){ .rule = x->rule, .policy = x->policy, .about = x->alive.items[i].about }, e));
	return OK;
}

static enum code compare(struct comparing *x, struct call *c, const struct asking *a, const out_list *out, struct error *e)
{
	TRY(excuses_read(c->record.conn, x->rule, c->record.now, x->arena, &x->excuses, e));
	TRY(read_alive(x, c->record.conn, a->some, a->some_count, e));
	TRY(compare_out(x, out, e));
	return compare_alive(x, e);
}

static enum code compare_with(struct call *c, const struct rule *r, const struct asking *a, const out_list *out, bool tell, verdict_list *io,
			      struct error *e)
{
	struct comparing x = { .rule = r, .policy = atomic_load(&r->record), .world = c->record.world, .arena = a->arena, .io = io, .tell = tell,
			       .places = idmap_new() };
	enum code code = x.places ? compare(&x, c, a, out, e) : error_nomem(e);
	VEC_DONE(&x.alive);
	idmap_free(x.places);
	return code;
}

static enum code ask(struct call *c, struct rule *const *rules, size_t count, const struct asking *a, out_list *out, struct error *e)
{
	return count == 1 ? rule_ask(c->record.conn, rules[0], a, out, e) : rules_ask(c->record.conn, rules, count, a, out, e);
}

enum code evaluate(struct call *c, struct rule *const *rules, size_t count, struct arena *arena, verdict_list *io, struct error *e)
{
	const struct asking a = { .store = store_type(kernel_store(c->kernel)), .now = c->record.now, .arena = arena };
	out_list out[TOGETHER_MOST] = { 0 };
	enum code code = ask(c, rules, count, &a, out, e);
	for (size_t i = 0; i < count; i++) {
		if (code == OK)
			code = compare_with(c, rules[i], &a, &out[i], false, io, e);
		VEC_DONE(&out[i]);
	}
	return code;
}

/* Which of the policies have a finding about one of these records: most have none, and then nothing is compared. */
static enum code mark_alive(struct call *c, struct rule *const *rules, size_t count, const struct asking *a, bool *marked, struct error *e)
{
	for (size_t n = 0; n < a->some_count; n++) {
		CLEAN_ROWS struct rows *rows = NULL;
		bool row;
		struct str about = arena_format(a->arena, "%lld", (long long)a->some[n]);
		if (!about.data)
			return error_nomem(e);
		TRY(sql_query(c->record.conn, SQL_POLICIES_ABOUT, SQL_PARAMS(SQL_T(about)), &rows, e));
		for (;;) {
			TRY(rows_next(rows, &row, e));
			if (!row)
				break;
			for (size_t i = 0; i < count; i++)
				marked[i] |= atomic_load(&rules[i]->record) == rows_int(rows, 0);
		}
	}
	return OK;
}

enum code evaluate_ids(struct call *c, struct rule *const *rules, size_t count, const int64_t *ids, size_t id_count, struct arena *arena,
		       verdict_list *io, struct error *e)
{
	const struct asking a = { .store = store_type(kernel_store(c->kernel)), .now = c->record.now, .some = ids, .some_count = id_count, .arena = arena };
	out_list out[TOGETHER_MOST] = { 0 };
	bool marked[TOGETHER_MOST] = { 0 };
	enum code code = ask(c, rules, count, &a, out, e);
	if (code == OK)
		code = mark_alive(c, rules, count, &a, marked, e);
	for (size_t i = 0; i < count; i++) {
		if (code == OK && (out[i].count || marked[i]))
			code = compare_with(c, rules[i], &a, &out[i], true, io, e);
		VEC_DONE(&out[i]);
	}
	return code;
}

/* A policy's SELECT becomes SQL for this store: over all records that are not archived, unmasked, since a policy judges and shows
 * nobody anything; who may read what it says is settled where findings are read.
 * Neighbours: query/ parses and emits, evaluate.c and guard.c ask. */
#include "internal.h"
#include "base/utf8.h"
#include "kernel/call.h"
#include <string.h>

/* --- reading -------------------------------------------------------------------------------------- */

/* Policies of packs stand in a file; the SQL of a call is told by its own words. */
static enum code fault(struct error *e, const struct policy *p, const struct query_place *at, struct arena *arena, const char *msgid,
		       const struct error_arg *args)
{
	size_t line = at->line ? at->line : 1, column = at->column ? at->column : 1;
	struct str place = p->file ? arena_format(arena, "%s:%zu:%zu", p->file, p->line + line - 1, column) : STR("/sql");
	if (!place.data)
		return error_nomem(e);
	error_field_(e, place, msgid, args);
	return OK;
}

/* The fault a parser told of; others (no memory) are passed on. In a file the place stands before it, so the first frame suffices. */
static enum code fault_of_query(struct error *e, const struct policy *p, const struct query_place *at, struct arena *arena, enum code code,
				struct error *told)
{
	if (!told->frame || (code != E_INVALID && code != E_LIMIT))
		return error_fail(e, code, N_("{text}"), { "text", error_text(told, arena) });
	if (p->file)
		return fault(e, p, at, arena, told->frame->msgid, told->frame->args);
	return fault(e, p, at, arena, N_("{text}"), (const struct error_arg[]){ { "text", error_text(told, arena) }, { 0 } });
}

static void note_reads(struct rule *r)
{
	for (size_t i = 0; i < r->query->table_count; i++) {
		const struct query_table *t = &r->query->tables[i];
		r->reads[t->kind->index] = true;
		for (size_t n = 0; n < t->column_count; n++)
			r->closely |= t->columns[n].field && t->columns[n].field->function;
	}
}

/* What it answers: the id of a record of the kind it is about, and a why if it has one. */
static enum code check_outputs(const struct rule *r, struct arena *arena, struct error *e)
{
	const struct query_place start = { 0, 1, 1 };
	const struct query *q = r->query;
	const struct query_output *id = q->output_count ? &q->outputs[0] : NULL;
	bool good = id && str_is(id->name, "id") && id->type == QUERY_ID;
	if (good && q->output_count > 1)
		good = q->output_count == 2 && str_is(q->outputs[1].name, "why") && q->outputs[1].type == QUERY_TEXT;
	return good ? OK : fault(e, r->policy, &start, arena, N_("a policy answers id, of the records it is about, and perhaps a text why"),
				    (const struct error_arg[]){ { 0 } });
}

enum code rule_compile(const struct model *m, const struct policy *p, struct arena *arena, struct rule *r, struct error *e)
{
	struct query_place at = { 0 };
	struct error told;
	*r = (struct rule){ .policy = p, .about = model_kind(m, str_of(p->about)), .judged = -1, .took = -1 };
	r->reads = ARENA_ARRAY(arena, m->kind_count + 1, bool);
	if (!r->reads)
		return error_nomem(e);
	error_init(&told, arena);
	enum code code = query_parse(m, str_of(p->sql), arena, &r->query, &at, &told);
	if (code != OK) {
		r->query = NULL;
		return fault_of_query(e, p, &at, arena, code, &told);
	}
	r->has_why = r->query->output_count > 1;
	atomic_init(&r->strict, p->mode != POLICY_REPORT);
	note_reads(r);
	return check_outputs(r, arena, e);
}

enum code rules_compile(const struct model *m, struct arena *arena, struct rule **ret, struct error *e)
{
	struct rule *rules = ARENA_ARRAY(arena, m->policy_count + 1, struct rule);
	if (!rules)
		return error_nomem(e);
	for (size_t i = 0; i < m->policy_count; i++)
		TRY(rule_compile(m, &m->policies[i], arena, &rules[i], e));
	*ret = rules;
	return e->items ? error_while(e, N_("The packs' policies have faults")) : OK;
}

enum code policies_check(const struct model *m, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct rule *rules;
	return arena ? rules_compile(m, arena, &rules, e) : error_nomem(e);
}

/* --- writing -------------------------------------------------------------------------------------- */

struct relation {
	const struct rule *rule;
	const struct asking *asking;
};

/* " = ?n", or " = ANY(?n)" */
static void only(struct query_text *out, const struct asking *a)
{
	if (a->one) {
		buf_add_text(&out->sql, " = ");
		query_text_param(out, SQL_I(a->one));
	} else {
		buf_add_text(&out->sql, " = ANY(");
		query_text_param(out, SQL_LIST(a->some, a->some_count));
		buf_add_text(&out->sql, ")");
	}
}

/* Rows of a kind. Where each record is judged by itself, only those that are asked about are looked at. */
static enum code relation(void *data, const struct query_table *t, struct query_text *out, struct error *e)
{
	const struct relation *x = data;
	bool stored = !(t->kind->flags & KIND_VIEW);
	buf_add_text(&out->sql, "SELECT id");
	for (size_t i = 0; i < t->column_count; i++) {
		const struct query_column *c = &t->columns[i];
		if (strcmp(c->name, "id") == 0)
			continue;
		buf_format(&out->sql, ", %s", c->name);
		if (c->field && c->field->type == FIELD_MONEY)
			buf_format(&out->sql, ", %s_currency", c->name);
	}
	buf_format(&out->sql, " FROM %s WHERE %s", t->kind->name, stored ? "archived IS NULL" : "1 = 1");
	if (x->rule->query->row_local && (x->asking->one || x->asking->some)) {
		buf_add_text(&out->sql, " AND id");
		only(out, x->asking);
	}
	return buf_ok(&out->sql) ? OK : error_nomem(e);
}

/* The question as SQL: rows of id, entity, why (NULL: nothing to say); by id, unless about one. */
static enum code rule_sql(const struct rule *r, const struct asking *a, struct query_text *out, struct error *e)
{
	struct relation x = { r, a };
	const struct query_emission how = { .store = a->store, .today = a->now / DAY, .now = a->now, .relation = relation, .data = &x, .arena = a->arena };
	buf_format(&out->sql, "WITH v(id%s) AS (", r->has_why ? ", why" : "");
	TRY(query_emit(r->query, &how, out, e));
	buf_format(&out->sql, ") SELECT v.id, r.entity, %s FROM v JOIN %s r ON r.id = v.id AND r.archived IS NULL", r->has_why ? "v.why" : "NULL",
		   r->about->name);
	if (a->one || a->some) {
		buf_add_text(&out->sql, " WHERE v.id");
		only(out, a);
	}
	if (!a->one)
		buf_add_text(&out->sql, " ORDER BY v.id");
	if (a->limit)
		buf_format(&out->sql, " LIMIT %lld", (long long)a->limit);
	if (out->full)
		return error_fail(e, E_LIMIT, N_("The question has too many values in it"));
	return buf_ok(&out->sql) ? OK : error_nomem(e);
}

static enum code add_out(out_list *ret, const struct asking *a, struct rows *rows, size_t why_column, struct error *e)
{
	int64_t id = rows_int(rows, 0);
	if (ret->count && ret->items[ret->count - 1].id == id)
		return OK; /* out of line in two ways: the first is told */
	struct out_of_line *o = VEC_ADD(ret);
	struct str why = rows_null(rows, why_column) ? STR("") : arena_copy(a->arena, utf8_clip(rows_text(rows, why_column), WHY_MOST));
	if (!o || !why.data)
		return error_nomem(e);
	*o = (struct out_of_line){ .id = id, .entity = rows_int(rows, 1), .why = why };
	return OK;
}

enum code rule_ask(struct conn *c, const struct rule *r, const struct asking *a, out_list *ret, struct error *e)
{
	CLEAN_QUERY_TEXT struct query_text text;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	query_text_init(&text);
	TRY(rule_sql(r, a, &text, e));
	TRY(sql_query_built(c, buf_str(&text.sql), text.params, text.count, &rows, e));
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			return OK;
		TRY(add_out(ret, a, rows, 2, e));
	}
}

/* --- many at once --------------------------------------------------------------------------------- */

/* Walking through 120,000 records once costs more than judging a record, so it is done for many policies together. */
enum code rules_sql(struct rule *const *rules, size_t count, const struct asking *a, struct query_text *out, struct error *e)
{
	const struct query_emission how = { .store = a->store, .today = a->now / DAY, .now = a->now, .arena = a->arena };
	buf_add_text(&out->sql, "SELECT r.id, r.entity");
	for (size_t i = 0; i < count; i++) {
		buf_add_text(&out->sql, ", CASE WHEN ");
		TRY(query_emit_row(rules[i]->query, &how, "r", QUERY_CONDITION, out, e));
		buf_add_text(&out->sql, " THEN ");
		if (rules[i]->has_why) {
			buf_add_text(&out->sql, "COALESCE(");
			TRY(query_emit_row(rules[i]->query, &how, "r", 2, out, e));
			buf_add_text(&out->sql, ", '')");
		} else {
			buf_add_text(&out->sql, "''");
		}
		buf_add_text(&out->sql, " END");
	}
	buf_format(&out->sql, " FROM %s r WHERE r.archived IS NULL", rules[0]->about->name);
	if (a->one || a->some) {
		buf_add_text(&out->sql, " AND r.id");
		only(out, a);
	}
	buf_add_text(&out->sql, " AND (");
	for (size_t i = 0; i < count; i++) {
		buf_add_text(&out->sql, i ? " OR " : "");
		TRY(query_emit_row(rules[i]->query, &how, "r", QUERY_CONDITION, out, e));
	}
	buf_add_text(&out->sql, ")");
	return buf_ok(&out->sql) ? OK : error_nomem(e);
}

enum code rules_ask(struct conn *c, struct rule *const *rules, size_t count, const struct asking *a, out_list *ret, struct error *e)
{
	CLEAN_QUERY_TEXT struct query_text text;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	query_text_init(&text);
	TRY(rules_sql(rules, count, a, &text, e));
	TRY(sql_query_built(c, buf_str(&text.sql), text.params, text.count, &rows, e));
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			return OK;
		for (size_t i = 0; i < count; i++)
			if (!rows_null(rows, i + 2))
				TRY(add_out(&ret[i], a, rows, i + 2, e));
	}
}

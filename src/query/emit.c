/* A typed query as SQL of a store. Every name in it is generated or the model's; relations come from the caller.
 * Neighbours: emit_expression.c, forms.c. */
#include "emit.h"
#include <assert.h>

#define SQL_BYTES_MOST ((size_t)2 << 20)

void query_text_init(struct query_text *t)
{
	buf_init(&t->sql, SQL_BYTES_MOST);
	t->count = 0;
	t->full = false;
}

void query_text_done(struct query_text *t)
{
	buf_done(&t->sql);
}

void query_text_param(struct query_text *t, struct sql_value v)
{
	if (t->count == QUERY_PARAMS_MOST) {
		t->full = true;
		return;
	}
	t->params[t->count++] = v;
	buf_add_char(&t->sql, '?');
	buf_add_int(&t->sql, (int64_t)t->count);
}

/* --- FROM ----------------------------------------------------------------------------------------- */

static enum code emit_relation(struct emitter *m, const struct table_use *use)
{
	size_t i = 0;
	while (m->query->tables[i].kind != use->kind)
		i++;
	if (m->relations[i].data) {
		buf_add_str(&m->out->sql, m->relations[i]);
		return OK;
	}
	size_t from = m->out->sql.len;
	TRY(m->how->relation(m->how->data, &m->query->tables[i], m->out, m->e));
	if (!buf_ok(&m->out->sql))
		return OK; /* told at the end */
	m->relations[i] = arena_copy(m->how->arena, str_slice(buf_str(&m->out->sql), from, m->out->sql.len));
	return m->relations[i].data ? OK : error_nomem(m->e);
}

static enum code emit_source(struct emitter *m, const struct source *src)
{
	struct buf *b = &m->out->sql;
	if (src->common) {
		buf_format(b, "w%u AS t%u", src->common->number, src->number);
		return OK;
	}
	buf_add_char(b, '(');
	TRY(src->table ? emit_relation(m, src->table) : emit_select(m, src->select, -1));
	buf_format(b, ") AS t%u", src->number);
	return OK;
}

static enum code emit_from(struct emitter *m, const struct from *f)
{
	static const char *const words[] = { [JOIN_INNER] = " JOIN ", [JOIN_LEFT] = " LEFT JOIN ", [JOIN_CROSS] = " CROSS JOIN " };
	struct buf *b = &m->out->sql;
	if (f->source)
		return emit_source(m, f->source);
	TRY(emit_from(m, f->left));
	buf_add_text(b, words[f->kind]);
	bool tree = !f->right->source;
	buf_add_text(b, tree ? "(" : "");
	TRY(emit_from(m, f->right));
	buf_add_text(b, tree ? ")" : "");
	if (f->on) {
		buf_add_text(b, " ON ");
		emit_condition(m, f->on);
	}
	return OK;
}

/* --- the rest ------------------------------------------------------------------------------------- */

static void emit_outputs(struct emitter *m, const struct select *sel)
{
	struct buf *b = &m->out->sql;
	for (size_t i = 0; i < sel->output_count; i++) {
		const struct expr *x = sel->outputs[i].expr;
		buf_add_text(b, i ? ", " : "");
		emit_value(m, x);
		buf_format(b, " AS c%zu", i + 1);
		if (x->type == QUERY_MONEY) {
			buf_add_text(b, ", ");
			emit_currency(m, x);
			buf_format(b, " AS c%zu_currency", i + 1);
		}
	}
}

static bool is_constant(const struct expr *x)
{
	return x->kind == EXPR_INT || x->kind == EXPR_TEXT || x->kind == EXPR_NULL || x->kind == EXPR_TODAY || x->kind == EXPR_NOW;
}

/* By itself a number would be a place in the list; and SQLite makes numbers of conditions it can judge beforehand. */
static void emit_key(struct emitter *m, const struct expr *x)
{
	struct buf *b = &m->out->sql;
	bool guard = !m->postgres && x->kind != EXPR_COLUMN && x->kind != EXPR_CURRENCY;
	buf_add_text(b, guard ? "coalesce(NULL, " : "");
	emit_value(m, x);
	buf_add_text(b, guard ? ")" : "");
}

static void emit_group(struct emitter *m, const struct select *sel)
{
	struct buf *b = &m->out->sql;
	size_t written = 0;
	for (size_t i = 0; i < sel->group_count; i++) {
		const struct expr *x = sel->group[i];
		buf_add_text(b, written++ ? ", " : " GROUP BY ");
		emit_key(m, x);
		if (x->type == QUERY_MONEY) {
			buf_add_text(b, ", ");
			emit_currency(m, x);
		}
	}
}

/* Where NULL stands is said each time: the stores differ. Of outputs the name is given. */
void emit_order(struct emitter *m, const struct order_item *order, size_t count)
{
	struct buf *b = &m->out->sql;
	size_t written = 0;
	for (size_t i = 0; i < count; i++) {
		if (!order[i].output && is_constant(order[i].expr))
			continue;
		buf_add_text(b, written++ ? ", " : " ORDER BY ");
		if (order[i].output)
			buf_format(b, "c%zu", order[i].output);
		else
			emit_key(m, order[i].expr);
		buf_add_text(b, order[i].descending ? " DESC" : " ASC");
		buf_add_text(b, order[i].nulls_first ? " NULLS FIRST" : " NULLS LAST");
	}
}

static void emit_limit(struct emitter *m, const struct select *sel, int64_t limit)
{
	struct buf *b = &m->out->sql;
	if (sel->limit >= 0 && (limit < 0 || sel->limit < limit))
		limit = sel->limit;
	if (limit >= 0)
		buf_format(b, " LIMIT %lld", (long long)limit);
	else if (sel->offset > 0 && !m->postgres)
		buf_add_text(b, " LIMIT -1");
	if (sel->offset > 0)
		buf_format(b, " OFFSET %lld", (long long)sel->offset);
}

static enum code emit_with(struct emitter *m, const struct common *c)
{
	struct buf *b = &m->out->sql;
	if (!c)
		return OK;
	TRY(emit_with(m, c->below));
	buf_format(b, "%sw%u AS (", c->below ? ", " : "WITH ", c->number);
	TRY(emit_select(m, c->select, -1));
	buf_add_char(b, ')');
	return OK;
}

static enum code emit_set(struct emitter *m, const struct select *sel)
{
	static const char *const words[] = { [SET_UNION] = " UNION ", [SET_UNION_ALL] = " UNION ALL ", [SET_INTERSECT] = " INTERSECT ",
					     [SET_EXCEPT] = " EXCEPT " };
	struct buf *b = &m->out->sql;
	buf_add_text(b, "SELECT * FROM (");
	TRY(emit_select(m, sel->left, -1));
	buf_format(b, ") AS l%s SELECT * FROM (", words[sel->operation]);
	TRY(emit_select(m, sel->right, -1));
	buf_add_text(b, ") AS r");
	return OK;
}

static enum code emit_simple(struct emitter *m, const struct select *sel)
{
	struct buf *b = &m->out->sql;
	buf_add_text(b, sel->distinct ? "SELECT DISTINCT " : "SELECT ");
	emit_outputs(m, sel);
	if (sel->from) {
		buf_add_text(b, " FROM ");
		TRY(emit_from(m, sel->from));
	}
	if (sel->where) {
		buf_add_text(b, " WHERE ");
		emit_condition(m, sel->where);
	}
	emit_group(m, sel);
	if (sel->having) {
		buf_add_text(b, " HAVING ");
		emit_condition(m, sel->having);
	}
	return OK;
}

enum code emit_select(struct emitter *m, const struct select *sel, int64_t limit)
{
	if (sel->with) {
		TRY(emit_with(m, sel->with));
		buf_add_char(&m->out->sql, ' ');
	}
	TRY(sel->operation != SET_NONE ? emit_set(m, sel) : emit_simple(m, sel));
	emit_order(m, sel->order, sel->order_count);
	emit_limit(m, sel, limit);
	return m->code;
}

enum code query_emit(const struct query *q, const struct query_emission *how, struct query_text *out, struct error *e)
{
	struct emitter m = { .query = q, .how = how, .out = out, .postgres = how->store == STORE_POSTGRES, .e = e };
	m.relations = ARENA_ARRAY(how->arena, q->table_count + 1, struct str);
	if (!m.relations)
		return error_nomem(e);
	TRY(emit_select(&m, q->select, how->limit > 0 ? how->limit : -1));
	if (out->full || out->sql.full)
		return error_fail(e, E_LIMIT, N_("The query is too long"));
	return buf_ok(&out->sql) ? OK : error_nomem(e);
}

enum code query_emit_row(const struct query *q, const struct query_emission *how, const char *row, size_t part, struct query_text *out,
			 struct error *e)
{
	struct emitter m = { .query = q, .how = how, .out = out, .row = row, .postgres = how->store == STORE_POSTGRES, .e = e };
	assert(q->row_local && (part == QUERY_CONDITION || part <= q->output_count));
	if (part != QUERY_CONDITION)
		emit_value(&m, q->select->outputs[part - 1].expr);
	else if (q->select->where)
		emit_condition(&m, q->select->where);
	else
		buf_add_text(&out->sql, "1 = 1");
	TRY(m.code);
	if (out->full || out->sql.full)
		return error_fail(e, E_LIMIT, N_("The query is too long"));
	return buf_ok(&out->sql) ? OK : error_nomem(e);
}

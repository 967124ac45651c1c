/* From text to typed query: parse, resolve, gather what it reads. Neighbours: tree.c, select.c; include/query/query.h. */
#include "internal.h"
#include <stdio.h>

enum code fault_at(struct resolver *r, size_t place, enum code code)
{
	char line[24], column[24];
	struct query_place p = text_place(r->sql, place == SIZE_MAX ? 0 : place);
	if (code == E_NOMEM)
		return code;
	r->fault = p.offset;
	snprintf(line, sizeof line, "%zu", p.line);
	snprintf(column, sizeof column, "%zu", p.column);
	error_while(r->e, N_("line {line}, column {column} of the query"), { "line", str_of(line) }, { "column", str_of(column) });
	return code;
}

static enum code gather_tables(struct resolver *r, struct query *q)
{
	struct query_table *tables = ARENA_ARRAY(r->arena, r->table_count + 1, struct query_table);
	if (!tables)
		return error_nomem(r->e);
	for (const struct table_use *t = r->tables; t; t = t->next)
		tables[q->table_count++] = (struct query_table){ t->kind, t->columns, t->count };
	q->tables = tables;
	return OK;
}

static bool name_taken(const struct query_output *outputs, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(outputs[i].name, name))
			return true;
	return false;
}

/* Answers are told by name, so each column has one of its own: the second "name" is "name_2". */
static enum code name_output(struct resolver *r, struct query_output *outputs, size_t i, struct str name)
{
	outputs[i].name = name;
	for (size_t n = 2; name_taken(outputs, i, outputs[i].name); n++) {
		outputs[i].name = arena_format(r->arena, "%.*s_%zu", STR_ARG(name), n);
		if (!outputs[i].name.data)
			return error_nomem(r->e);
	}
	return OK;
}

static enum code gather_outputs(struct resolver *r, struct query *q, const struct select *sel)
{
	struct query_output *outputs = ARENA_ARRAY(r->arena, sel->output_count + 1, struct query_output);
	if (!outputs)
		return error_nomem(r->e);
	for (size_t i = 0; i < sel->output_count; i++) {
		const struct expr *x = sel->outputs[i].expr;
		outputs[i] = (struct query_output){ .type = x->type, .scale = x->scale };
		TRY(name_output(r, outputs, i, sel->outputs[i].name));
		if (x->kind != EXPR_COLUMN || sel->operation != SET_NONE || x->type != x->source->columns[x->column].type)
			continue;
		outputs[i].field = x->source->columns[x->column].field;
		outputs[i].kind = x->source->columns[x->column].kind;
	}
	q->outputs = outputs;
	q->output_count = sel->output_count;
	return OK;
}

/* --- how kinds are joined -------------------------------------------------------------------------- */

static bool is_link(const struct expr *x)
{
	return x->kind == EXPR_FORM && x->form == &forms[FORM_EQ] && x->args[0]->kind == EXPR_COLUMN && x->args[1]->kind == EXPR_COLUMN &&
	       x->args[0]->source != x->args[1]->source && x->args[0]->source->table && x->args[1]->source->table;
}

/* Of a condition that must hold as a whole. With `links` NULL they are only counted. */
static size_t links_of(const struct expr *x, struct query_link *links, size_t count)
{
	if (!x)
		return count;
	for (size_t i = 0; x->kind == EXPR_AND && i < x->arg_count; i++)
		count = links_of(x->args[i], links, count);
	if (!is_link(x))
		return count;
	if (links) {
		const struct expr *a = x->args[0], *b = x->args[1];
		links[count] = (struct query_link){ a->source->table->kind, b->source->table->kind, a->source->columns[a->column].own,
						    b->source->columns[b->column].own };
	}
	return count + 1;
}

static size_t links_in(const struct from *f, struct query_link *links, size_t count)
{
	if (!f || f->source)
		return count;
	count = links_in(f->left, links, count);
	count = links_in(f->right, links, count);
	return links_of(f->on, links, count);
}

static enum code gather_links(struct resolver *r, struct query *q, const struct select *sel)
{
	size_t count = links_of(sel->where, NULL, links_in(sel->from, NULL, 0));
	struct query_link *links = ARENA_ARRAY(r->arena, count + 1, struct query_link);
	if (!links)
		return error_nomem(r->e);
	q->link_count = links_of(sel->where, links, links_in(sel->from, links, 0));
	q->links = links;
	return OK;
}

static enum code resolve(struct resolver *r, struct query *q)
{
	const struct json *stmt;
	struct select *sel;
	TRY(tree_parse(r, &stmt));
	TRY(resolve_select(r, NULL, stmt, &sel));
	TRY(gather_tables(r, q));
	TRY(gather_outputs(r, q, sel));
	TRY(gather_links(r, q, sel));
	q->select = sel;
	q->ordered = sel->order_count > 0;
	q->joins = r->relations ? (unsigned)r->relations - 1 : 0;
	q->row_local = r->relations == 1 && r->sources == 1 && !q->grouped && !q->windowed && !q->combined && !q->nested && !q->limited;
	return OK;
}

enum code query_parse(const struct model *m, struct str sql, struct arena *arena, const struct query **ret,
		      struct query_place *ret_fault, struct error *e)
{
	struct error own;
	CLEAN_ARENA struct arena *tree = arena_new(0);
	struct query *q = ARENA_NEW(arena, struct query);
	struct resolver r = { .model = m, .arena = arena, .tree = tree, .e = e ? e : &own, .sql = sql, .query = q };
	error_init(&own, arena);
	if (!q || !tree)
		return error_nomem(e);
	enum code code = resolve(&r, q);
	if (code == OK)
		*ret = q;
	else if (ret_fault)
		*ret_fault = text_place(r.sql, r.fault);
	return code;
}

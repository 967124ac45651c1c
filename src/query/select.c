/* SELECT: WITH, FROM, the list, GROUP BY, ORDER BY, LIMIT, set operations. Neighbours: from.c, expression.c, group.c. */
#include "internal.h"

#define DEPTH_MOST 24
#define OUTPUTS_MOST 400

/* --- the list ------------------------------------------------------------------------------------- */

static enum code output_add(struct resolver *r, struct select *sel, struct str name, struct expr *x, bool starred)
{
	if (sel->output_count == OUTPUTS_MOST)
		return FAULT(r, x->place, E_LIMIT, N_("The query has too many columns"));
	if (sel->output_count == sel->output_room) {
		size_t room = sel->output_room ? sel->output_room * 2 : 16;
		struct output *more = ARENA_ARRAY(r->arena, room, struct output);
		if (!more)
			return error_nomem(r->e);
		for (size_t i = 0; i < sel->output_count; i++)
			more[i] = sel->outputs[i];
		sel->outputs = more;
		sel->output_room = room;
	}
	sel->outputs[sel->output_count++] = (struct output){ name, x, starred };
	return OK;
}

static enum code add_source_columns(struct resolver *r, struct select *sel, struct source *src, bool merged, size_t place)
{
	struct expr *x;
	for (size_t i = 0; i < src->column_count; i++) {
		if (merged && src->columns[i].merged)
			continue;
		TRY(source_expr(r, src, i, place, false, &x));
		TRY(output_add(r, sel, src->columns[i].name, x, true));
	}
	return OK;
}

/* The sources are listed newest first. */
static enum code add_all(struct resolver *r, struct scope *s, struct source *src, size_t place)
{
	if (!src)
		return OK;
	TRY(add_all(r, s, src->next, place));
	return add_source_columns(r, s->select, src, true, place);
}

static enum code add_star(struct resolver *r, struct scope *s, const struct json *fields, size_t place)
{
	if (node_count(fields) == 1) {
		if (!s->sources)
			return FAULT(r, place, E_INVALID, N_("“*” cannot stand here"));
		return add_all(r, s, s->sources, place);
	}
	struct str table = node_string(node_item(fields, 0));
	for (struct source *src = s->sources; src && node_count(fields) == 2; src = src->next)
		if (str_eq(src->name, table))
			return add_source_columns(r, s->select, src, false, place);
	return FAULT(r, place, E_INVALID, N_("There is no {table} in FROM"), { "table", table });
}

static bool is_star(const struct json *fields)
{
	const struct json *m;
	size_t count = node_count(fields);
	return count && str_is(node_type(node_item(fields, count - 1), &m), "A_Star");
}

static struct str output_name(const struct json *node, const struct expr *x)
{
	const struct json *m;
	struct str type = node_type(node, &m);
	if (x->kind == EXPR_COLUMN && str_is(type, "ColumnRef"))
		return node_string(node_item(json_get(m, STR("fields")), node_count(json_get(m, STR("fields"))) - 1));
	if (str_is(type, "FuncCall")) {
		const struct json *name = json_get(m, STR("funcname"));
		return node_string(node_item(name, node_count(name) - 1));
	}
	return str_is(type, "CaseExpr") ? STR("case") : str_is(type, "CoalesceExpr") ? STR("coalesce") : STR("column");
}

static enum code resolve_outputs(struct resolver *r, struct scope *s, const struct json *list)
{
	const struct json *target, *m;
	s->clause = CLAUSE_OUTPUT;
	for (size_t i = 0; i < node_count(list); i++) {
		if (!str_is(node_type(node_item(list, i), &target), "ResTarget"))
			return FAULT(r, 0, E_INVALID, N_("This kind of query is not supported"));
		const struct json *node = json_get(target, STR("val"));
		struct str name = json_text(target, STR("name"));
		struct expr *x;
		if (str_is(node_type(node, &m), "ColumnRef") && is_star(json_get(m, STR("fields")))) {
			TRY(add_star(r, s, json_get(m, STR("fields")), node_place(m)));
			continue;
		}
		TRY(resolve_expr(r, s, node, &x));
		if (x->type == QUERY_NULL)
			TRY(expr_coerce(r, x, QUERY_TEXT, 0, &x));
		TRY(keep_text(r, name.len ? name : output_name(node, x), &name));
		TRY(output_add(r, s->select, name, x, false));
	}
	return s->select->output_count ? OK : FAULT(r, 0, E_INVALID, N_("The query asks for no column"));
}

/* --- ORDER BY, GROUP BY ---------------------------------------------------------------------------- */

static const struct json *integer_node(const struct json *node)
{
	const struct json *m;
	return str_is(node_type(node, &m), "A_Const") && json_get(m, STR("ival")) ? m : NULL;
}

static struct str bare_name(const struct json *node)
{
	const struct json *m, *fields;
	if (!str_is(node_type(node, &m), "ColumnRef"))
		return STR_NONE;
	fields = json_get(m, STR("fields"));
	return node_count(fields) == 1 ? node_string(node_item(fields, 0)) : STR_NONE;
}

/* 1 …; 0: none of that name. */
static size_t output_named(const struct select *sel, struct str name)
{
	for (size_t i = 0; name.len && i < sel->output_count; i++)
		if (str_eq(sel->outputs[i].name, name))
			return i + 1;
	return 0;
}

static enum code output_at(struct resolver *r, const struct select *sel, const struct json *integer, size_t *ret)
{
	int64_t n = json_int(json_get(integer, STR("ival")), STR("ival"), 0);
	if (n < 1 || (size_t)n > sel->output_count)
		return FAULT(r, node_place(integer), E_INVALID, N_("There is no such column in the list"));
	*ret = (size_t)n;
	return OK;
}

/* A window's order knows no outputs. */
static enum code order_expr(struct resolver *r, struct scope *s, const struct json *node, struct order_item *item)
{
	struct select *sel = s->select;
	bool outputs = s->clause == CLAUSE_ORDER;
	if (outputs && integer_node(node))
		return output_at(r, sel, integer_node(node), &item->output);
	item->output = outputs ? output_named(sel, bare_name(node)) : 0;
	if (item->output)
		return OK;
	if (sel->operation != SET_NONE)
		return FAULT(r, 0, E_INVALID, N_("After UNION, INTERSECT and EXCEPT the order names columns of the list"));
	TRY(resolve_expr(r, s, node, &item->expr));
	for (size_t i = 0; outputs && i < sel->output_count; i++)
		if (expr_same(sel->outputs[i].expr, item->expr))
			item->output = i + 1;
	if (outputs && sel->distinct && !item->output)
		return FAULT(r, item->expr->place, E_INVALID, N_("With DISTINCT the order names columns of the list"));
	return OK;
}

enum code resolve_order(struct resolver *r, struct scope *s, const struct json *list, struct order_item **ret, size_t *ret_count)
{
	const struct json *m;
	struct order_item *items = ARENA_ARRAY(r->arena, node_count(list) + 1, struct order_item);
	if (!items)
		return error_nomem(r->e);
	for (size_t i = 0; i < node_count(list); i++) {
		if (!str_is(node_type(node_item(list, i), &m), "SortBy") || str_is(json_text(m, STR("sortby_dir")), "SORTBY_USING"))
			return FAULT(r, 0, E_INVALID, N_("This kind of query is not supported"));
		struct str nulls = json_text(m, STR("sortby_nulls"));
		items[i].descending = str_is(json_text(m, STR("sortby_dir")), "SORTBY_DESC");
		items[i].nulls_first = str_is(nulls, "SORTBY_NULLS_FIRST") || (str_is(nulls, "SORTBY_NULLS_DEFAULT") && items[i].descending);
		TRY(order_expr(r, s, json_get(m, STR("node")), &items[i]));
		const struct expr *x = items[i].output ? s->select->outputs[items[i].output - 1].expr : items[i].expr;
		if (x->type == QUERY_JSON || x->type == QUERY_MONEY)
			return FAULT(r, x->place, E_INVALID, N_("There is no order of values of type {type}; of money, order by amount()"),
				     { "type", str_of(query_type_name(x->type)) });
	}
	*ret = items;
	*ret_count = node_count(list);
	return OK;
}

static enum code resolve_group(struct resolver *r, struct scope *s, const struct json *list)
{
	struct select *sel = s->select;
	s->clause = CLAUSE_GROUP;
	sel->group = ARENA_ARRAY(r->arena, node_count(list) + 1, struct expr *);
	if (!sel->group)
		return error_nomem(r->e);
	for (size_t i = 0; i < node_count(list); i++) {
		const struct json *node = node_item(list, i);
		struct str name = bare_name(node);
		size_t output = 0;
		struct expr *x;
		if (integer_node(node))
			TRY(output_at(r, sel, integer_node(node), &output));
		else if (name.len && !scope_has(s, name))
			output = output_named(sel, name);
		if (output)
			x = sel->outputs[output - 1].expr;
		else
			TRY(resolve_expr(r, s, node, &x));
		if (x->type == QUERY_JSON)
			return FAULT(r, x->place, E_INVALID, N_("Values of type {type} cannot be grouped or compared"), { "type", STR("json") });
		sel->group[sel->group_count++] = x;
	}
	sel->grouped |= node_count(list) > 0;
	r->query->grouped |= sel->grouped;
	return OK;
}

/* --- LIMIT ---------------------------------------------------------------------------------------- */

static enum code resolve_bound(struct resolver *r, struct scope *s, const struct json *node, int64_t *ret)
{
	struct expr *x;
	*ret = -1;
	if (!node)
		return OK;
	TRY(resolve_expr(r, s, node, &x));
	if (x->kind == EXPR_NULL)
		return OK;
	if (x->kind != EXPR_INT || x->type != QUERY_INT || x->integer < 0)
		return FAULT(r, x->place, E_INVALID, N_("LIMIT and OFFSET need a number"));
	r->query->limited = true;
	*ret = x->integer;
	return OK;
}

static enum code resolve_tail(struct resolver *r, struct scope *s, const struct json *stmt)
{
	struct select *sel = s->select;
	s->clause = CLAUSE_ORDER;
	TRY(resolve_order(r, s, json_get(stmt, STR("sortClause")), &sel->order, &sel->order_count));
	if (str_is(json_text(stmt, STR("limitOption")), "LIMIT_OPTION_WITH_TIES"))
		return FAULT(r, 0, E_INVALID, N_("Queries cannot use {what}"), { "what", STR("WITH TIES") });
	TRY(resolve_bound(r, s, json_get(stmt, STR("limitCount")), &sel->limit));
	return resolve_bound(r, s, json_get(stmt, STR("limitOffset")), &sel->offset);
}

/* --- WITH ----------------------------------------------------------------------------------------- */

static enum code name_outputs(struct resolver *r, struct select *sel, const struct json *names, size_t place)
{
	if (node_count(names) > sel->output_count)
		return FAULT(r, place, E_INVALID, N_("There are more names than columns"));
	for (size_t i = 0; i < node_count(names); i++)
		TRY(keep_text(r, node_string(node_item(names, i)), &sel->outputs[i].name));
	return OK;
}

static enum code resolve_with(struct resolver *r, struct scope *s, const struct json *clause)
{
	const struct json *ctes = json_get(clause, STR("ctes")), *m, *stmt;
	for (size_t i = 0; i < node_count(ctes); i++) {
		struct scope blind = { .outer = s->outer, .with = s->with };
		struct common *c;
		if (!str_is(node_type(node_item(ctes, i), &m), "CommonTableExpr") ||
		    !str_is(node_type(json_get(m, STR("ctequery")), &stmt), "SelectStmt"))
			return FAULT(r, 0, E_INVALID, N_("Only SELECT can be asked"));
		FAULT_NEW(r, c, struct common);
		TRY(keep_text(r, json_text(m, STR("ctename")), &c->name));
		for (const struct common *other = s->select->with; other; other = other->below)
			if (str_eq(other->name, c->name))
				return FAULT(r, node_place(m), E_INVALID, N_("{table} is named twice"), { "table", c->name });
		c->number = ++r->numbers;
		r->query->nested = true;
		TRY(resolve_select(r, &blind, stmt, &c->select));
		TRY(name_outputs(r, c->select, json_get(m, STR("aliascolnames")), node_place(m)));
		c->next = s->with;
		s->with = c;
		c->below = s->select->with;
		s->select->with = c;
	}
	return OK;
}

/* --- set operations ------------------------------------------------------------------------------- */

static void retype(struct select *sel, size_t i, struct expr *x)
{
	sel->outputs[i].expr = x;
}

/* Brings column i of all parts to one type. */
static enum code coerce_output(struct resolver *r, struct select *sel, size_t i, enum query_type type, int scale)
{
	struct expr *x = sel->outputs[i].expr;
	if (sel->operation != SET_NONE) {
		TRY(coerce_output(r, sel->left, i, type, scale));
		TRY(coerce_output(r, sel->right, i, type, scale));
		retype(sel, i, sel->left->outputs[i].expr);
		return OK;
	}
	TRY(expr_coerce(r, x, type, scale, &x));
	retype(sel, i, x);
	return OK;
}

static enum code match_outputs(struct resolver *r, struct select *sel, size_t place)
{
	if (sel->left->output_count != sel->right->output_count)
		return FAULT(r, place, E_INVALID, N_("Both sides of UNION, INTERSECT and EXCEPT need the same number of columns"));
	for (size_t i = 0; i < sel->left->output_count; i++) {
		struct expr *a = sel->left->outputs[i].expr, *b = sel->right->outputs[i].expr;
		enum query_type type;
		int scale;
		TRY(expr_unify(r, (struct expr **[]){ &a, &b }, 2, &type, &scale));
		TRY(coerce_output(r, sel->left, i, type, scale));
		TRY(coerce_output(r, sel->right, i, type, scale));
		struct expr *shown = sel->left->outputs[i].expr;
		if (b->bound > shown->bound) {
			struct expr *wider;
			FAULT_NEW(r, wider, struct expr);
			*wider = *shown;
			wider->bound = b->bound;
			shown = wider;
		}
		TRY(output_add(r, sel, sel->left->outputs[i].name, shown, false));
	}
	return OK;
}

static enum code resolve_set(struct resolver *r, struct scope *s, const struct json *stmt)
{
	struct select *sel = s->select;
	struct str op = json_text(stmt, STR("op"));
	bool all = json_bool(stmt, STR("all"), false);
	struct scope blind = { .outer = s->outer, .with = s->with };
	if (all && !str_is(op, "SETOP_UNION"))
		return FAULT(r, 0, E_INVALID, N_("Queries cannot use {what}"), { "what", STR("INTERSECT ALL, EXCEPT ALL") });
	sel->operation = str_is(op, "SETOP_UNION") ? all ? SET_UNION_ALL : SET_UNION : str_is(op, "SETOP_INTERSECT") ? SET_INTERSECT : SET_EXCEPT;
	r->query->combined = true;
	TRY(resolve_select(r, &blind, json_get(stmt, STR("larg")), &sel->left));
	TRY(resolve_select(r, &blind, json_get(stmt, STR("rarg")), &sel->right));
	return match_outputs(r, sel, 0);
}

/* --- all of it ------------------------------------------------------------------------------------ */

static enum code resolve_distinct(struct resolver *r, struct select *sel, const struct json *clause)
{
	if (!clause)
		return OK;
	if (node_count(clause) != 1 || node_item(clause, 0)->type != JSON_OBJECT || node_item(clause, 0)->object.count)
		return FAULT(r, 0, E_INVALID, N_("Queries cannot use {what}"), { "what", STR("DISTINCT ON") });
	sel->distinct = true;
	r->query->grouped = true;
	for (size_t i = 0; i < sel->output_count; i++)
		if (sel->outputs[i].expr->type == QUERY_JSON)
			return FAULT(r, sel->outputs[i].expr->place, E_INVALID, N_("Values of type {type} cannot be grouped or compared"),
				     { "type", STR("json") });
	return OK;
}

static enum code resolve_simple(struct resolver *r, struct scope *s, const struct json *stmt)
{
	struct select *sel = s->select;
	const struct json *where = json_get(stmt, STR("whereClause")), *having = json_get(stmt, STR("havingClause"));
	TRY(resolve_from(r, s, json_get(stmt, STR("fromClause")), &sel->from));
	s->clause = CLAUSE_WHERE;
	if (where)
		TRY(resolve_condition(r, s, where, &sel->where));
	TRY(resolve_outputs(r, s, json_get(stmt, STR("targetList"))));
	TRY(resolve_distinct(r, sel, json_get(stmt, STR("distinctClause"))));
	TRY(resolve_group(r, s, json_get(stmt, STR("groupClause"))));
	s->clause = CLAUSE_HAVING;
	if (having) {
		sel->grouped = true;
		TRY(resolve_condition(r, s, having, &sel->having));
	}
	TRY(resolve_tail(r, s, stmt));
	return check_grouped(r, sel);
}

enum code resolve_select(struct resolver *r, struct scope *outer, const struct json *stmt, struct select **ret)
{
	struct scope s = { .outer = outer, .with = outer ? outer->with : NULL };
	struct select *sel;
	if (++r->depth > DEPTH_MOST)
		return FAULT(r, 0, E_LIMIT, N_("The query is nested too deeply"));
	FAULT_NEW(r, sel, struct select);
	s.select = sel;
	*ret = sel;
	if (json_get(stmt, STR("withClause")))
		TRY(resolve_with(r, &s, json_get(stmt, STR("withClause"))));
	if (str_is(json_text(stmt, STR("op")), "SETOP_NONE") || !json_get(stmt, STR("op"))) {
		TRY(resolve_simple(r, &s, stmt));
	} else {
		TRY(resolve_set(r, &s, stmt));
		TRY(resolve_tail(r, &s, stmt));
	}
	r->depth--;
	return OK;
}

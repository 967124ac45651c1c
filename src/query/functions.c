/* Calls: the list of functions, aggregates and window functions there are. A row says what it takes, gives, and how it is
 * written; a function is added by adding a row. Neighbours: forms.c, emit_expression.c. */
#include "forms.h"
#include "model/nearest.h"
#include <string.h>

enum call_class { CALL_PLAIN, CALL_AGGREGATE, CALL_WINDOW };

/* takes, a letter an argument: t text, i integer, n number, d date, m time, b condition, a anything that has an order,
 * x anything; # a whole number written out; after '/' those that may be left out.
 * gives: t i d b, or = for the type of the first argument. */
static const struct function_row {
	const char *name, *takes;
	char gives;
	enum call_class class;
	struct form form;
	double bound; /* of what it gives; 0: as its type, or its argument */
} rows[] = {
	{ "lower", "t", 't', CALL_PLAIN, { "lower({1})" } },
	{ "upper", "t", 't', CALL_PLAIN, { "upper({1})" } },
	{ "length", "t", 'i', CALL_PLAIN, { "length({1})", "CAST(length({1}) AS bigint)" }, 1e9 },
	{ "char_length", "t", 'i', CALL_PLAIN, { "length({1})", "CAST(length({1}) AS bigint)" }, 1e9 },
	{ "btrim", "t", 't', CALL_PLAIN, { "trim({1})", "btrim({1})" } },
	{ "btrim", "tt", 't', CALL_PLAIN, { "trim({1}, {2})", "btrim({1}, {2})" } },
	{ "ltrim", "t", 't', CALL_PLAIN, { "ltrim({1})" } },
	{ "ltrim", "tt", 't', CALL_PLAIN, { "ltrim({1}, {2})" } },
	{ "rtrim", "t", 't', CALL_PLAIN, { "rtrim({1})" } },
	{ "rtrim", "tt", 't', CALL_PLAIN, { "rtrim({1}, {2})" } },
	{ "replace", "ttt", 't', CALL_PLAIN, { "(CASE WHEN {3} IS NOT NULL THEN replace({1}, {2}, {3}) END)", "replace({1}, {2}, {3})" } },
	{ "strpos", "tt", 'i', CALL_PLAIN, { "instr({1}, {2})", "CAST(strpos({1}, {2}) AS bigint)" }, 1e9 },
	{ "position", "tt", 'i', CALL_PLAIN, { "instr({1}, {2})", "CAST(strpos({1}, {2}) AS bigint)" }, 1e9 },
	{ "substr", "ti", 't', CALL_PLAIN, { "text_from({1}, {2})", "substr({1}, " PG_SMALL("{2}") ")" } },
	{ "substr", "tii", 't', CALL_PLAIN,
	  { "text_left(text_from({1}, {2}), text_count({3}))", "left(substr({1}, " PG_SMALL("{2}") "), " PG_SMALL_POSITIVE("{3}") ")" } },
	{ "substring", "ti", 't', CALL_PLAIN, { "text_from({1}, {2})", "substr({1}, " PG_SMALL("{2}") ")" } },
	{ "substring", "tii", 't', CALL_PLAIN,
	  { "text_left(text_from({1}, {2}), text_count({3}))", "left(substr({1}, " PG_SMALL("{2}") "), " PG_SMALL_POSITIVE("{3}") ")" } },
	{ "left", "ti", 't', CALL_PLAIN, { "text_left({1}, {2})", "left({1}, " PG_SMALL("{2}") ")" } },
	{ "right", "ti", 't', CALL_PLAIN, { "text_right({1}, {2})", "right({1}, " PG_SMALL("{2}") ")" } },
	{ "starts_with", "tt", 'b', CALL_PLAIN, { "(instr({1}, {2}) = 1)", "starts_with({1}, {2})", true } },
	{ "year", "d", 'i', CALL_PLAIN,
	  { IN_CALENDAR("CAST(strftime('%Y', {1} * 86400, 'unixepoch') AS INTEGER)"),
	    IN_CALENDAR("CAST(extract(year FROM " PG_DATE ") AS bigint)") }, 1e4 },
	{ "month", "d", 'i', CALL_PLAIN,
	  { IN_CALENDAR("CAST(strftime('%m', {1} * 86400, 'unixepoch') AS INTEGER)"),
	    IN_CALENDAR("CAST(extract(month FROM " PG_DATE ") AS bigint)") }, 12 },
	{ "day", "d", 'i', CALL_PLAIN,
	  { IN_CALENDAR("CAST(strftime('%d', {1} * 86400, 'unixepoch') AS INTEGER)"),
	    IN_CALENDAR("CAST(extract(day FROM " PG_DATE ") AS bigint)") }, 31 },
	{ "quarter", "d", 'i', CALL_PLAIN,
	  { IN_CALENDAR("((CAST(strftime('%m', {1} * 86400, 'unixepoch') AS INTEGER) + 2) / 3)"),
	    IN_CALENDAR("CAST(extract(quarter FROM " PG_DATE ") AS bigint)") }, 4 },
	{ "dow", "d", 'i', CALL_PLAIN,
	  { IN_CALENDAR("CAST(strftime('%w', {1} * 86400, 'unixepoch') AS INTEGER)"),
	    IN_CALENDAR("CAST(extract(dow FROM " PG_DATE ") AS bigint)") }, 6 },
	{ "count", "x", 'i', CALL_AGGREGATE, { "count({d}{1}){s}" }, 1e13 },
	{ "sum", "n", '=', CALL_AGGREGATE, { "checked_sum({d}{1}){s}", CHECKED("sum({d}{1}){s}") }, DIGITS_MOST },
	{ "min", "a", '=', CALL_AGGREGATE, { "min({1}){s}" } },
	{ "max", "a", '=', CALL_AGGREGATE, { "max({1}){s}" } },
	{ "bool_and", "b", 'b', CALL_AGGREGATE, { "min({1}){s}", "bool_and({?1}){s}", true } },
	{ "every", "b", 'b', CALL_AGGREGATE, { "min({1}){s}", "bool_and({?1}){s}", true } },
	{ "bool_or", "b", 'b', CALL_AGGREGATE, { "max({1}){s}", "bool_or({?1}){s}", true } },
	{ "row_number", "", 'i', CALL_WINDOW, { "row_number(){s}" }, 1e13 },
	{ "rank", "", 'i', CALL_WINDOW, { "rank(){s}" }, 1e13 },
	{ "dense_rank", "", 'i', CALL_WINDOW, { "dense_rank(){s}" }, 1e13 },
	{ "lag", "a", '=', CALL_WINDOW, { "lag({1}){s}" } },
	{ "lag", "a#", '=', CALL_WINDOW, { "lag({1}, {#2}){s}" } },
	{ "lead", "a", '=', CALL_WINDOW, { "lead({1}){s}" } },
	{ "lead", "a#", '=', CALL_WINDOW, { "lead({1}, {#2}){s}" } },
	{ "first_value", "a", '=', CALL_WINDOW, { "first_value({1}){s}" } },
	{ "last_value", "a", '=', CALL_WINDOW, { "last_value({1}){s}" } },
};
static const struct form count_all = { "count(*){s}", NULL, false };
/* The quotient keeps six digits more than whole ones: ten to the power of those that the argument lacks. */
#define AVG(power) { "checked_avg_" #power "({d}{1}){s}", CHECKED("div(sum({d}{1}){s} * CAST('1e" #power "' AS numeric), NULLIF(count({d}{1}){s}, 0))"), false }
static const struct form averages[] = { AVG(0), AVG(1), AVG(2), AVG(3), AVG(4), AVG(5), AVG(6) };

/* Names that resolve_special() takes. */
static const char *const special_names[] = { "today", "now", "abs", "round", "floor", "ceil", "ceiling", "mod", "amount", "currency",
					     "extract", "date_part", "days_between", "concat", "avg", "substring", "nullif", "coalesce" };

/* One call while it is resolved. */
struct calling {
	struct resolver *r;
	struct scope *scope;
	const struct json *node;
	struct str name;
	size_t place;
	struct expr **args;
	size_t count;
};

/* --- arguments ------------------------------------------------------------------------------------ */

static enum code wrong_arguments(struct calling *c)
{
	return FAULT(c->r, c->place, E_INVALID, N_("{function}() does not take these arguments"), { "function", c->name });
}

static enum code resolve_args(struct calling *c)
{
	const struct json *args = json_get(c->node, STR("args"));
	c->count = node_count(args);
	c->args = ARENA_ARRAY(c->r->arena, c->count + 3, struct expr *);
	if (!c->args)
		return error_nomem(c->r->e);
	for (size_t i = 0; i < c->count; i++)
		TRY(resolve_expr(c->r, c->scope, node_item(args, i), &c->args[i]));
	return OK;
}

static enum code take_number(struct calling *c, struct expr **io)
{
	struct expr *x = *io;
	if (x->type == QUERY_NULL || (x->literal_text && str_find(x->text, '.') < 0))
		return expr_coerce(c->r, x, QUERY_INT, 0, io);
	if (x->literal_text)
		return expr_coerce(c->r, x, QUERY_DECIMAL, 0, io);
	return x->type == QUERY_INT || x->type == QUERY_DECIMAL ? OK : wrong_arguments(c);
}

static enum code take_ordered(struct calling *c, struct expr **io)
{
	struct expr *x = *io;
	if (x->type == QUERY_NULL)
		return expr_coerce(c->r, x, QUERY_TEXT, 0, io);
	return x->type == QUERY_MONEY || x->type == QUERY_JSON || x->type == QUERY_BOOL ? wrong_arguments(c) : OK;
}

static enum code take_date(struct calling *c, struct expr **io)
{
	if ((*io)->type == QUERY_TIME)
		return expr_form(c->r, &forms[FORM_DATE_OF_TIME], QUERY_DATE, (*io)->place, *io, NULL, io);
	return expr_coerce(c->r, *io, QUERY_DATE, 0, io);
}

static enum code take(struct calling *c, char letter, struct expr **io)
{
	switch (letter) {
	case 't':
		return (*io)->type == QUERY_TEXT || (*io)->type == QUERY_NULL ? expr_coerce(c->r, *io, QUERY_TEXT, 0, io) : wrong_arguments(c);
	case 'i':
		return expr_coerce(c->r, *io, QUERY_INT, 0, io);
	case 'n':
		return take_number(c, io);
	case 'd':
		return take_date(c, io);
	case 'b':
		return expr_coerce(c->r, *io, QUERY_BOOL, 0, io);
	case '#':
		return (*io)->kind == EXPR_INT && (*io)->type == QUERY_INT && (*io)->integer >= 0 && (*io)->integer <= 1000 ? OK : wrong_arguments(c);
	case 'x':
		return (*io)->type == QUERY_NULL ? expr_coerce(c->r, *io, QUERY_TEXT, 0, io) : OK;
	default:
		return take_ordered(c, io);
	}
}

/* --- special ones --------------------------------------------------------------------------------- */

static enum code moment(struct calling *c, bool today, struct expr **ret)
{
	c->r->query->uses_today |= today;
	c->r->query->uses_now |= !today;
	return c->count ? wrong_arguments(c)
			: expr_new(c->r, today ? EXPR_TODAY : EXPR_NOW, today ? QUERY_DATE : QUERY_TIME, c->place, 0, ret);
}

static enum code whole(struct calling *c, enum form_name form, struct expr **ret)
{
	struct expr *x = c->args[0], *power, *copy;
	int64_t p = 1;
	if (x->type == QUERY_INT) {
		*ret = x;
		return OK;
	}
	if (form == FORM_ROUND) {
		TRY(expr_rescale(c->r, x, 0, &x));
	} else {
		for (int i = 0; i < x->scale; i++)
			p *= 10;
		TRY(expr_int(c->r, p, QUERY_INT, 0, c->place, &power));
		TRY(expr_form(c->r, &forms[form], QUERY_INT, c->place, x, power, &copy));
		copy->bound = x->bound / (double)p + 1;
		x = copy;
	}
	FAULT_NEW(c->r, copy, struct expr);
	*copy = *x;
	copy->type = QUERY_INT;
	copy->scale = 0;
	*ret = copy;
	return OK;
}

static enum code rounding(struct calling *c, enum form_name form, struct expr **ret)
{
	bool digits = c->count == 2 && form == FORM_ROUND;
	if (c->count != 1 && !digits)
		return wrong_arguments(c);
	TRY(take_number(c, &c->args[0]));
	if (!digits)
		return whole(c, form, ret);
	const struct expr *n = c->args[1];
	if (n->kind != EXPR_INT || n->type != QUERY_INT || n->integer < 0 || n->integer > 9)
		return wrong_arguments(c);
	return n->integer >= c->args[0]->scale ? expr_coerce(c->r, c->args[0], c->args[0]->type, c->args[0]->scale, ret)
					       : expr_rescale(c->r, c->args[0], (int)n->integer, ret);
}

static enum code absolute(struct calling *c, struct expr **ret)
{
	struct expr *x;
	if (c->count != 1)
		return wrong_arguments(c);
	TRY(take_number(c, &c->args[0]));
	TRY(bounded(c->r, c->args[0], &x));
	TRY(expr_form(c->r, &forms[FORM_ABS], x->type, c->place, x, NULL, ret));
	(*ret)->scale = x->scale;
	(*ret)->bound = x->bound;
	return OK;
}

static enum code extract(struct calling *c, struct expr **ret);

static enum code money_part(struct calling *c, bool amount, struct expr **ret)
{
	struct expr *parts[2];
	if (c->count != 1 || c->args[0]->type != QUERY_MONEY)
		return wrong_arguments(c);
	TRY(money_parts(c->r, c->args[0], &parts[0], &parts[1]));
	*ret = parts[amount ? 0 : 1];
	return OK;
}

static enum code days_between(struct calling *c, struct expr **ret)
{
	if (c->count != 2)
		return wrong_arguments(c);
	TRY(take_date(c, &c->args[0]));
	TRY(take_date(c, &c->args[1]));
	return arithmetic(c->r, '-', c->args[1], c->args[0], c->place, ret);
}

static enum code concat_texts(struct calling *c, struct expr **ret)
{
	TRY(expr_new(c->r, EXPR_CONCAT, QUERY_TEXT, c->place, c->count, ret));
	if (!c->count)
		return wrong_arguments(c);
	for (size_t i = 0; i < c->count; i++)
		TRY(expr_to_text(c->r, c->args[i], &(*ret)->args[i]));
	return OK;
}

/* *ret NULL: it is none of these. */
static enum code resolve_special(struct calling *c, struct expr **ret)
{
	*ret = NULL;
	if (str_is(c->name, "today") || str_is(c->name, "now"))
		return moment(c, str_is(c->name, "today"), ret);
	if (str_is(c->name, "abs"))
		return absolute(c, ret);
	if (str_is(c->name, "round"))
		return rounding(c, FORM_ROUND, ret);
	if (str_is(c->name, "floor"))
		return rounding(c, FORM_FLOOR, ret);
	if (str_is(c->name, "ceil") || str_is(c->name, "ceiling"))
		return rounding(c, FORM_CEIL, ret);
	if (str_is(c->name, "mod"))
		return c->count == 2 ? arithmetic(c->r, '%', c->args[0], c->args[1], c->place, ret) : wrong_arguments(c);
	if (str_is(c->name, "amount") || str_is(c->name, "currency"))
		return money_part(c, str_is(c->name, "amount"), ret);
	if (str_is(c->name, "days_between"))
		return days_between(c, ret);
	if (str_is(c->name, "extract") || str_is(c->name, "date_part"))
		return extract(c, ret);
	return str_is(c->name, "concat") ? concat_texts(c, ret) : OK;
}

/* --- aggregates and windows ----------------------------------------------------------------------- */

/* Does it read columns, and any of this SELECT? */
static void columns_of(const struct expr *x, const struct scope *s, bool *any, bool *own)
{
	if (!x)
		return;
	if (x->kind == EXPR_COLUMN || x->kind == EXPR_CURRENCY) {
		*any = true;
		for (const struct source *src = s->sources; src != s->until; src = src->next)
			*own |= src == x->source;
	}
	for (size_t i = 0; i < x->arg_count; i++)
		columns_of(x->args[i], s, any, own);
}

static bool has_aggregate(const struct expr *x)
{
	if (!x)
		return false;
	bool found = x->kind == EXPR_AGGREGATE || x->kind == EXPR_WINDOW;
	for (size_t i = 0; !found && i < x->arg_count; i++)
		found = has_aggregate(x->args[i]);
	return found;
}

static enum code resolve_over(struct calling *c, const struct json *window, struct over **ret)
{
	const struct json *by = json_get(window, STR("partitionClause")), *order = json_get(window, STR("orderClause"));
	struct resolver *r = c->r;
	struct over *o;
	FAULT_NEW(r, o, struct over);
	/* RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW, said or not (FRAMEOPTION_DEFAULTS, with or without NONDEFAULT) */
	if ((json_int(window, STR("frameOptions"), 1058) | 1) != (1058 | 1))
		return FAULT(r, c->place, E_INVALID, N_("Queries cannot use {what}"), { "what", STR("ROWS, RANGE, GROUPS") });
	o->by_count = node_count(by);
	o->by = ARENA_ARRAY(r->arena, o->by_count + 1, struct expr *);
	if (!o->by)
		return error_nomem(r->e);
	for (size_t i = 0; i < o->by_count; i++) {
		TRY(resolve_expr(r, c->scope, node_item(by, i), &o->by[i]));
		if (o->by[i]->type == QUERY_JSON)
			return FAULT(r, o->by[i]->place, E_INVALID, N_("Values of type {type} cannot be grouped or compared"), { "type", STR("json") });
	}
	TRY(resolve_order(r, c->scope, order, &o->order, &o->order_count));
	r->query->windowed = true;
	*ret = o;
	return OK;
}

static enum code may_aggregate(struct calling *c, bool window)
{
	enum clause clause = c->scope->clause;
	bool allowed = clause == CLAUSE_OUTPUT || clause == CLAUSE_ORDER || (clause == CLAUSE_HAVING && !window) ||
		       (clause == CLAUSE_WINDOW && !window);
	if (!allowed || !c->scope->select || c->scope->select->operation != SET_NONE)
		return FAULT(c->r, c->place, E_INVALID, N_("{function}() cannot stand here"), { "function", c->name });
	return OK;
}

/* FILTER, OVER, DISTINCT; `x` has its form and arguments. */
static enum code finish_aggregate(struct calling *c, enum call_class class, struct expr *x)
{
	const struct json *filter = json_get(c->node, STR("agg_filter")), *over = json_get(c->node, STR("over"));
	enum clause before = c->scope->clause;
	bool any = false, own = false, nested = false;
	x->distinct = json_bool(c->node, STR("agg_distinct"), false);
	for (size_t i = 0; i < x->arg_count; i++) {
		columns_of(x->args[i], c->scope, &any, &own);
		nested |= has_aggregate(x->args[i]);
	}
	if ((any && !own) || (nested && !over))
		return FAULT(c->r, c->place, E_INVALID, N_("{function}() cannot stand here"), { "function", c->name });
	if ((class == CALL_WINDOW) != (over != NULL) && class == CALL_WINDOW)
		return FAULT(c->r, c->place, E_INVALID, N_("{function}() needs OVER (…)"), { "function", c->name });
	if ((x->distinct && over) || (filter && class == CALL_WINDOW))
		return wrong_arguments(c);
	if (filter) {
		c->scope->clause = CLAUSE_AGGREGATE;
		TRY(resolve_condition(c->r, c->scope, filter, &x->filter));
		c->scope->clause = before;
	}
	if (over) {
		x->kind = EXPR_WINDOW;
		c->scope->clause = CLAUSE_WINDOW;
		TRY(resolve_over(c, over, &x->over));
		c->scope->clause = before;
	} else {
		c->scope->select->grouped = true;
		c->r->query->grouped = true;
	}
	return OK;
}

static enum code average(struct calling *c, struct expr **ret)
{
	if (c->count != 1)
		return wrong_arguments(c);
	TRY(take_number(c, &c->args[0]));
	int scale = c->args[0]->scale > 6 ? c->args[0]->scale : 6;
	TRY(expr_new(c->r, EXPR_AGGREGATE, QUERY_DECIMAL, c->place, 1, ret));
	(*ret)->args[0] = c->args[0];
	(*ret)->form = &averages[scale - c->args[0]->scale];
	(*ret)->scale = scale;
	(*ret)->bound = DIGITS_MOST;
	return finish_aggregate(c, CALL_AGGREGATE, *ret);
}

/* --- by the table --------------------------------------------------------------------------------- */

static enum query_type given_type(const struct calling *c, char gives)
{
	switch (gives) {
	case 't':
		return QUERY_TEXT;
	case 'i':
		return QUERY_INT;
	case 'b':
		return QUERY_BOOL;
	default:
		return c->args[0]->type;
	}
}

static enum code call_row(struct calling *c, const struct function_row *row, struct expr **ret)
{
	for (size_t i = 0; i < c->count; i++)
		TRY(take(c, row->takes[i], &c->args[i]));
	TRY(expr_new(c->r, row->class == CALL_PLAIN ? EXPR_FORM : EXPR_AGGREGATE, given_type(c, row->gives), c->place, c->count, ret));
	for (size_t i = 0; i < c->count; i++)
		(*ret)->args[i] = c->args[i];
	(*ret)->form = &row->form;
	if (row->gives == '=') {
		(*ret)->scale = c->args[0]->scale;
		(*ret)->bound = c->args[0]->bound;
	}
	if (row->bound > 0)
		(*ret)->bound = row->bound;
	return row->class == CALL_PLAIN ? OK : finish_aggregate(c, row->class, *ret);
}

static enum code no_function(struct calling *c)
{
	struct nearest near = { .word = c->name };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		nearest_offer(&near, rows[i].name);
	for (size_t i = 0; i < sizeof special_names / sizeof *special_names; i++)
		nearest_offer(&near, special_names[i]);
	if (near.best && !str_is(c->name, near.best))
		return FAULT(c->r, c->place, E_INVALID, N_("There is no function {function}(); did you mean {near}()?"), { "function", c->name },
			     { "near", str_of(near.best) });
	return FAULT(c->r, c->place, E_INVALID, N_("There is no function {function}()"), { "function", c->name });
}

static enum code call_named(struct calling *c, struct expr **ret)
{
	bool known = false;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!str_is(c->name, rows[i].name))
			continue;
		known = true;
		if (strlen(rows[i].takes) == c->count)
			return call_row(c, &rows[i], ret);
	}
	return known ? wrong_arguments(c) : no_function(c);
}

static enum code extract(struct calling *c, struct expr **ret)
{
	static const char *const parts[] = { "year", "month", "day", "quarter", "dow" };
	if (c->count != 2 || c->args[0]->kind != EXPR_TEXT)
		return wrong_arguments(c);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (str_eq_nocase(c->args[0]->text, str_of(parts[i]))) {
			struct calling part = *c;
			part.name = str_of(parts[i]);
			part.args = c->args + 1;
			part.count = 1;
			return call_named(&part, ret);
		}
	return FAULT(c->r, c->place, E_INVALID, N_("Of dates there are year, quarter, month, day and dow"));
}

static enum code call_kind(struct calling *c, bool aggregate, bool window, struct expr **ret)
{
	enum clause before = c->scope->clause;
	if (aggregate)
		TRY(may_aggregate(c, window));
	if (aggregate && !window)
		c->scope->clause = CLAUSE_AGGREGATE;
	if (window)
		c->scope->clause = CLAUSE_WINDOW;
	TRY(resolve_args(c));
	c->scope->clause = before;
	if (str_is(c->name, "avg"))
		return average(c, ret);
	TRY(resolve_special(c, ret));
	return *ret ? OK : call_named(c, ret);
}

static bool is_aggregate(struct str name)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].class != CALL_PLAIN && str_is(name, rows[i].name))
			return true;
	return str_is(name, "avg");
}

enum code resolve_call(struct resolver *r, struct scope *s, const struct json *node, struct expr **ret)
{
	const struct json *name = json_get(node, STR("funcname"));
	struct calling c = { .r = r, .scope = s, .node = node, .place = node_place(node) };
	size_t parts = node_count(name);
	c.name = parts ? node_string(node_item(name, parts - 1)) : STR_NONE;
	/* the parser itself writes pg_catalog before what has a syntax of its own: EXTRACT, TRIM, POSITION, SUBSTRING */
	bool syntax = str_is(json_text(node, STR("funcformat")), "COERCE_SQL_SYNTAX");
	if (parts != (syntax ? 2 : 1) || (syntax && !str_is(node_string(node_item(name, 0)), "pg_catalog")))
		return FAULT(r, c.place, E_INVALID, N_("A function is named without a schema"));
	bool aggregate = is_aggregate(c.name), window = json_get(node, STR("over")) != NULL;
	if (!aggregate && (window || json_get(node, STR("agg_filter")) || json_get(node, STR("agg_distinct")) || json_get(node, STR("agg_star"))))
		return json_get(node, STR("over")) ? no_function(&c) : wrong_arguments(&c);
	if (!json_bool(node, STR("agg_star"), false))
		return call_kind(&c, aggregate, window, ret);
	if (!str_is(c.name, "count"))
		return wrong_arguments(&c);
	TRY(may_aggregate(&c, window));
	TRY(expr_new(r, EXPR_AGGREGATE, QUERY_INT, c.place, 0, ret));
	(*ret)->form = &count_all;
	(*ret)->bound = 1e13;
	return finish_aggregate(&c, CALL_AGGREGATE, *ret);
}

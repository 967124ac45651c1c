/* Expressions: operators, literals, CASE, subqueries; each is typed as it is read. Neighbours: arithmetic.c what operators
 * make of types, functions.c calls, scope.c names, select.c subqueries. */
#include "internal.h"
#include <string.h>

/* --- literals ------------------------------------------------------------------------------------- */

/* The library writes negative integers as 0 (their text says what they are): "-", then blanks, signs and parentheses. */
static bool negative_literal(struct str sql, size_t place, int64_t *ret)
{
	bool negative = false;
	if (place >= sql.len || (sql.data[place] != '-' && sql.data[place] != '+'))
		return false;
	for (size_t i = place; i < sql.len; i++) {
		char c = sql.data[i];
		struct str rest = str_slice(sql, i, sql.len);
		if (c >= '0' && c <= '9') {
			size_t end = i;
			while (end < sql.len && sql.data[end] >= '0' && sql.data[end] <= '9')
				end++;
			if (!str_int(str_slice(sql, i, end), ret))
				return false;
			*ret = negative ? -*ret : *ret;
			return true;
		}
		if (str_starts(rest, STR("--")) || str_starts(rest, STR("/*")))
			return false;
		negative ^= c == '-';
		if (!strchr("-+( \t\r\n\v\f", c))
			return false;
	}
	return false;
}

static enum code integer_literal(struct resolver *r, const struct json *ival, size_t place, struct expr **ret)
{
	int64_t n = json_int(ival, STR("ival"), 0);
	if (n == 0 && place < r->sql.len && strchr("-+", r->sql.data[place]) && !negative_literal(r->sql, place, &n))
		return FAULT(r, place, E_INVALID, N_("Write the sign directly before the number"));
	return expr_int(r, n, QUERY_INT, 0, place, ret);
}

/* Numbers with a point, and whole ones past 32 bits. */
static enum code number_literal(struct resolver *r, struct str text, size_t place, struct expr **ret)
{
	int64_t n;
	struct expr *x;
	if (str_int(text, &n))
		return expr_int(r, n, QUERY_INT, 0, place, ret);
	CLEAN_BUF struct buf filled;
	buf_init(&filled, 200); /* ".5" and "5." are written "0.5" and "5.0" */
	if (str_starts(text, STR("-")))
		buf_add_char(&filled, '-');
	struct str rest = str_starts(text, STR("-")) ? str_slice(text, 1, text.len) : text;
	if (str_starts(rest, STR(".")))
		buf_add_char(&filled, '0');
	buf_add_str(&filled, rest);
	if (str_ends(rest, STR(".")))
		buf_add_char(&filled, '0');
	TRY(expr_new(r, EXPR_TEXT, QUERY_TEXT, place, 0, &x));
	x->text = buf_ok(&filled) ? arena_copy(r->arena, buf_str(&filled)) : STR_NONE;
	x->literal_text = true;
	if (!x->text.data)
		return FAULT(r, place, E_INVALID, N_("The number has too many digits"));
	return expr_coerce(r, x, QUERY_DECIMAL, 0, ret);
}

static enum code resolve_const(struct resolver *r, const struct json *m, struct expr **ret)
{
	const struct json *v;
	size_t place = node_place(m);
	if ((v = json_get(m, STR("ival"))))
		return integer_literal(r, v, place, ret);
	if ((v = json_get(m, STR("fval"))))
		return number_literal(r, json_text(v, STR("fval")), place, ret);
	if ((v = json_get(m, STR("boolval"))))
		return expr_int(r, json_bool(v, STR("boolval"), false), QUERY_BOOL, 0, place, ret);
	if (json_get(m, STR("isnull"))) {
		TRY(expr_new(r, EXPR_NULL, QUERY_NULL, place, 0, ret));
		(*ret)->bound = 0;
		return OK;
	}
	v = json_get(m, STR("sval"));
	if (!v)
		return FAULT(r, place, E_INVALID, N_("Queries cannot use {what}"), { "what", STR("A_Const") });
	TRY(expr_new(r, EXPR_TEXT, QUERY_TEXT, place, 0, ret));
	TRY(keep_text(r, json_text(v, STR("sval")), &(*ret)->text));
	(*ret)->literal_text = true;
	return OK;
}

/* --- operators ------------------------------------------------------------------------------------ */

static bool comparison(struct str op, enum form_name *ret)
{
	static const struct {
		const char *sign;
		enum form_name form;
	} signs[] = { { "=", FORM_EQ }, { "<>", FORM_NE }, { "<", FORM_LT }, { "<=", FORM_LE }, { ">", FORM_GT }, { ">=", FORM_GE } };
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (str_is(op, signs[i].sign)) {
			*ret = signs[i].form;
			return true;
		}
	return false;
}

static enum code concatenate(struct resolver *r, struct expr *a, struct expr *b, size_t place, struct expr **ret)
{
	TRY(expr_to_text(r, a, &a));
	TRY(expr_to_text(r, b, &b));
	return expr_form(r, &forms[FORM_CONCAT], QUERY_TEXT, place, a, b, ret);
}

static enum code resolve_operator(struct resolver *r, struct scope *s, const struct json *m, struct str op, struct expr **ret)
{
	const struct json *left = json_get(m, STR("lexpr")), *right = json_get(m, STR("rexpr"));
	size_t place = node_place(m);
	struct expr *a, *b;
	enum form_name form;
	if (left)
		TRY(resolve_expr(r, s, left, &a));
	else
		TRY(expr_int(r, 0, QUERY_INT, 0, place, &a)); /* a sign */
	TRY(resolve_expr(r, s, right, &b));
	if (op.len == 1 && strchr("+-*/%", *op.data) && (left || *op.data == '+' || *op.data == '-'))
		return arithmetic(r, *op.data, a, b, place, ret);
	if (left && comparison(op, &form))
		return compare(r, form, a, b, place, ret);
	if (left && str_is(op, "||"))
		return concatenate(r, a, b, place, ret);
	return FAULT(r, place, E_INVALID, N_("There is no operator {operator}"), { "operator", op });
}

/* A pattern is written out: how it may fail and how long it may run can then be seen beforehand. */
static enum code resolve_like(struct resolver *r, struct scope *s, const struct json *m, bool any_case, bool negated, struct expr **ret)
{
	struct expr *a, *b;
	TRY(resolve_expr(r, s, json_get(m, STR("lexpr")), &a));
	TRY(resolve_expr(r, s, json_get(m, STR("rexpr")), &b));
	TRY(expr_coerce(r, a, QUERY_TEXT, 0, &a));
	if (b->kind != EXPR_TEXT || b->text.len > 1000)
		return FAULT(r, b->place, E_INVALID, N_("A pattern must be a text in quotes, of at most 1,000 bytes"));
	size_t escapes = 0;
	while (escapes < b->text.len && b->text.data[b->text.len - 1 - escapes] == '\\')
		escapes++;
	if (escapes % 2)
		return FAULT(r, b->place, E_INVALID, N_("A pattern must not end with a backslash"));
	enum form_name form = any_case ? negated ? FORM_NOT_ILIKE : FORM_ILIKE : negated ? FORM_NOT_LIKE : FORM_LIKE;
	return expr_form(r, &forms[form], QUERY_BOOL, node_place(m), a, b, ret);
}

static enum code resolve_in_list(struct resolver *r, struct scope *s, const struct json *m, bool negated, struct expr **ret)
{
	const struct json *list = json_get(m, STR("rexpr")), *members;
	list = str_is(node_type(list, &members), "List") ? json_get(members, STR("items")) : NULL;
	size_t count = node_count(list), place = node_place(m);
	enum query_type type;
	int scale;
	TRY(expr_new(r, EXPR_IN_LIST, QUERY_BOOL, place, count + 1, ret));
	struct expr *x = *ret, ***items = ARENA_ARRAY(r->arena, count + 1, struct expr **);
	if (!items)
		return error_nomem(r->e);
	x->negated = negated;
	TRY(resolve_expr(r, s, json_get(m, STR("lexpr")), &x->args[0]));
	for (size_t i = 0; i < count; i++) {
		TRY(resolve_expr(r, s, node_item(list, i), &x->args[i + 1]));
		TRY(check_choice(r, x->args[0], x->args[i + 1]));
	}
	for (size_t i = 0; i <= count; i++)
		items[i] = &x->args[i];
	return expr_unify(r, items, count + 1, &type, &scale);
}

static enum code resolve_between(struct resolver *r, struct scope *s, const struct json *m, bool negated, struct expr **ret)
{
	const struct json *pair = json_get(m, STR("rexpr")), *members;
	size_t place = node_place(m);
	struct expr *a, *low, *high;
	pair = str_is(node_type(pair, &members), "List") ? json_get(members, STR("items")) : NULL;
	if (node_count(pair) != 2)
		return FAULT(r, place, E_INVALID, N_("This kind of query is not supported"));
	TRY(resolve_expr(r, s, json_get(m, STR("lexpr")), &a));
	TRY(resolve_expr(r, s, node_item(pair, 0), &low));
	TRY(resolve_expr(r, s, node_item(pair, 1), &high));
	TRY(expr_new(r, negated ? EXPR_OR : EXPR_AND, QUERY_BOOL, place, 2, ret));
	TRY(compare(r, negated ? FORM_LT : FORM_GE, a, low, place, &(*ret)->args[0]));
	return compare(r, negated ? FORM_GT : FORM_LE, a, high, place, &(*ret)->args[1]);
}

static enum code resolve_nullif(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	struct expr *a, *b;
	enum query_type type;
	int scale;
	TRY(resolve_expr(r, s, json_get(m, STR("lexpr")), &a));
	TRY(resolve_expr(r, s, json_get(m, STR("rexpr")), &b));
	TRY(expr_unify(r, (struct expr **[]){ &a, &b }, 2, &type, &scale));
	TRY(expr_form(r, &forms[FORM_NULLIF], type, node_place(m), a, b, ret));
	(*ret)->scale = scale;
	(*ret)->bound = a->bound;
	return OK;
}

static enum code resolve_is(struct resolver *r, struct scope *s, const struct json *m, enum form_name form, struct expr **ret)
{
	struct expr *a, *b;
	TRY(resolve_expr(r, s, json_get(m, STR("lexpr")), &a));
	TRY(resolve_expr(r, s, json_get(m, STR("rexpr")), &b));
	return compare(r, form, a, b, node_place(m), ret);
}

static enum code resolve_a_expr(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	struct str kind = json_text(m, STR("kind"));
	const struct json *name = json_get(m, STR("name"));
	struct str op = node_count(name) == 1 ? node_string(node_item(name, 0)) : STR_NONE;
	if (str_is(kind, "AEXPR_OP") && op.len)
		return resolve_operator(r, s, m, op, ret);
	if (str_is(kind, "AEXPR_IN"))
		return resolve_in_list(r, s, m, str_is(op, "<>"), ret);
	if (str_is(kind, "AEXPR_LIKE") || str_is(kind, "AEXPR_ILIKE"))
		return resolve_like(r, s, m, str_is(kind, "AEXPR_ILIKE"), str_starts(op, STR("!")), ret);
	if (str_is(kind, "AEXPR_BETWEEN") || str_is(kind, "AEXPR_NOT_BETWEEN"))
		return resolve_between(r, s, m, str_is(kind, "AEXPR_NOT_BETWEEN"), ret);
	if (str_is(kind, "AEXPR_NULLIF"))
		return resolve_nullif(r, s, m, ret);
	if (str_is(kind, "AEXPR_DISTINCT") || str_is(kind, "AEXPR_NOT_DISTINCT"))
		return resolve_is(r, s, m, str_is(kind, "AEXPR_DISTINCT") ? FORM_IS_NOT : FORM_IS, ret);
	return FAULT(r, node_place(m), E_INVALID, N_("There is no operator {operator}"), { "operator", op.len ? op : kind });
}

/* --- conditions ----------------------------------------------------------------------------------- */

enum code resolve_condition(struct resolver *r, struct scope *s, const struct json *node, struct expr **ret)
{
	TRY(resolve_expr(r, s, node, ret));
	return expr_coerce(r, *ret, QUERY_BOOL, 0, ret);
}

static enum code resolve_bool(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	struct str op = json_text(m, STR("boolop"));
	const struct json *args = json_get(m, STR("args"));
	size_t place = node_place(m);
	struct expr *x;
	if (str_is(op, "NOT_EXPR")) {
		TRY(resolve_condition(r, s, node_item(args, 0), &x));
		return expr_form(r, &forms[FORM_NOT], QUERY_BOOL, place, x, NULL, ret);
	}
	TRY(expr_new(r, str_is(op, "AND_EXPR") ? EXPR_AND : EXPR_OR, QUERY_BOOL, place, node_count(args), &x));
	for (size_t i = 0; i < x->arg_count; i++)
		TRY(resolve_condition(r, s, node_item(args, i), &x->args[i]));
	*ret = x;
	return OK;
}

static enum code resolve_null_test(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	struct expr *x;
	TRY(resolve_expr(r, s, json_get(m, STR("arg")), &x));
	if (x->type == QUERY_NULL)
		TRY(expr_coerce(r, x, QUERY_INT, 0, &x));
	return expr_form(r, &forms[str_is(json_text(m, STR("nulltesttype")), "IS_NULL") ? FORM_IS_NULL : FORM_NOT_NULL], QUERY_BOOL,
			 node_place(m), x, NULL, ret);
}

static enum code resolve_bool_test(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	static const struct {
		const char *name;
		enum form_name form;
	} tests[] = { { "IS_TRUE", FORM_IS_TRUE },   { "IS_NOT_TRUE", FORM_IS_NOT_TRUE }, { "IS_FALSE", FORM_IS_FALSE },
		      { "IS_NOT_FALSE", FORM_IS_NOT_FALSE }, { "IS_UNKNOWN", FORM_IS_NULL }, { "IS_NOT_UNKNOWN", FORM_NOT_NULL } };
	struct expr *x;
	TRY(resolve_condition(r, s, json_get(m, STR("arg")), &x));
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		if (str_is(json_text(m, STR("booltesttype")), tests[i].name))
			return expr_form(r, &forms[tests[i].form], QUERY_BOOL, node_place(m), x, NULL, ret);
	return FAULT(r, node_place(m), E_INVALID, N_("This kind of query is not supported"));
}

/* --- CASE and its kin ----------------------------------------------------------------------------- */

static enum code case_branch(struct resolver *r, struct scope *s, struct expr *subject, const struct json *node, struct expr **ret)
{
	const struct json *m;
	struct expr *value;
	if (!str_is(node_type(node, &m), "CaseWhen"))
		return FAULT(r, subject ? subject->place : 0, E_INVALID, N_("This kind of query is not supported"));
	if (!subject)
		TRY(resolve_condition(r, s, json_get(m, STR("expr")), &ret[0]));
	else {
		TRY(resolve_expr(r, s, json_get(m, STR("expr")), &value));
		TRY(compare(r, FORM_EQ, subject, value, value->place, &ret[0]));
	}
	return resolve_expr(r, s, json_get(m, STR("result")), &ret[1]);
}

static void take_type(struct expr *x, enum query_type type, int scale, struct expr ***items, size_t count)
{
	x->type = type;
	x->scale = scale;
	x->bound = 0;
	for (size_t i = 0; i < count; i++)
		if ((*items[i])->bound > x->bound)
			x->bound = (*items[i])->bound;
}

static enum code resolve_case(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	const struct json *whens = json_get(m, STR("args")), *otherwise = json_get(m, STR("defresult")), *arg = json_get(m, STR("arg"));
	size_t count = node_count(whens), values = count + (otherwise != NULL);
	struct expr *x, *subject = NULL, ***items = ARENA_ARRAY(r->arena, values + 1, struct expr **);
	enum query_type type;
	int scale;
	if (!items)
		return error_nomem(r->e);
	TRY(expr_new(r, EXPR_CASE, QUERY_NULL, node_place(m), count * 2 + (otherwise != NULL), &x));
	if (arg)
		TRY(resolve_expr(r, s, arg, &subject));
	for (size_t i = 0; i < count; i++) {
		TRY(case_branch(r, s, subject, node_item(whens, i), &x->args[i * 2]));
		items[i] = &x->args[i * 2 + 1];
	}
	if (otherwise) {
		TRY(resolve_expr(r, s, otherwise, &x->args[count * 2]));
		items[count] = &x->args[count * 2];
	}
	TRY(expr_unify(r, items, values, &type, &scale));
	take_type(x, type, scale, items, values);
	*ret = x;
	return OK;
}

static enum code resolve_among(struct resolver *r, struct scope *s, enum expr_kind kind, const struct json *m, struct expr **ret)
{
	const struct json *args = json_get(m, STR("args"));
	size_t count = node_count(args);
	struct expr *x, ***items = ARENA_ARRAY(r->arena, count + 1, struct expr **);
	enum query_type type;
	int scale;
	if (!items)
		return error_nomem(r->e);
	TRY(expr_new(r, kind, QUERY_NULL, node_place(m), count, &x));
	for (size_t i = 0; i < count; i++) {
		TRY(resolve_expr(r, s, node_item(args, i), &x->args[i]));
		items[i] = &x->args[i];
	}
	TRY(expr_unify(r, items, count, &type, &scale));
	take_type(x, type, scale, items, count);
	*ret = count == 1 ? x->args[0] : x;
	return OK;
}

/* --- subqueries ----------------------------------------------------------------------------------- */

/* A store must not choose which of several rows is meant. */
static bool one_row(const struct select *sel)
{
	return sel->operation == SET_NONE && ((sel->grouped && !sel->group_count) || sel->limit == 1 || sel->limit == 0 || !sel->from);
}

static enum code scalar(struct resolver *r, struct expr *x, struct expr **ret)
{
	struct expr *value = x->select->outputs[0].expr;
	if (!one_row(x->select))
		return FAULT(r, x->place, E_INVALID, N_("A subquery used as a value must give one row: use an aggregate, or LIMIT 1"));
	x->type = value->type;
	x->scale = value->scale;
	x->bound = value->bound;
	*ret = x;
	return OK;
}

static enum code in_select(struct resolver *r, struct scope *s, struct expr *x, const struct json *m, struct expr **ret)
{
	struct expr *value = x->select->outputs[0].expr, *a;
	TRY(resolve_expr(r, s, json_get(m, STR("testexpr")), &a));
	if (a->type == QUERY_NULL || a->literal_text || (a->type == QUERY_INT && value->type == QUERY_DECIMAL))
		TRY(expr_coerce(r, a, value->type == QUERY_NULL ? QUERY_INT : value->type, value->scale, &a));
	if (value->type != a->type || value->scale != a->scale || a->type == QUERY_MONEY || a->type == QUERY_JSON)
		return FAULT(r, x->place, E_INVALID, N_("{a} {operator} {b} makes no sense"), { "a", str_of(query_type_name(a->type)) },
			     { "operator", STR("IN") }, { "b", str_of(query_type_name(value->type)) });
	x->args[0] = a;
	*ret = x;
	return OK;
}

static enum code resolve_sublink(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	struct str type = json_text(m, STR("subLinkType"));
	const struct json *op = json_get(m, STR("operName")), *stmt;
	enum expr_kind kind = str_is(type, "EXISTS_SUBLINK") ? EXPR_EXISTS : str_is(type, "EXPR_SUBLINK") ? EXPR_SCALAR : EXPR_IN_SELECT;
	size_t place = node_place(m);
	struct expr *x;
	bool known = kind != EXPR_IN_SELECT || (str_is(type, "ANY_SUBLINK") && (!op || str_is(node_string(node_item(op, 0)), "=")));
	if (!known || !str_is(node_type(json_get(m, STR("subselect")), &stmt), "SelectStmt"))
		return FAULT(r, place, E_INVALID, N_("Of subqueries there are EXISTS, IN and single values"));
	TRY(expr_new(r, kind, QUERY_BOOL, place, kind == EXPR_IN_SELECT, &x));
	r->query->nested = true;
	TRY(resolve_select(r, s, stmt, &x->select));
	if (kind != EXPR_EXISTS && x->select->output_count != 1)
		return FAULT(r, place, E_INVALID, N_("The subquery must have one column"));
	*ret = x;
	return kind == EXPR_SCALAR ? scalar(r, x, ret) : kind == EXPR_IN_SELECT ? in_select(r, s, x, m, ret) : OK;
}

/* --- all of them ---------------------------------------------------------------------------------- */

static enum code resolve_cast(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	struct expr *x;
	TRY(resolve_expr(r, s, json_get(m, STR("arg")), &x));
	return expr_cast(r, x, json_get(m, STR("typeName")), ret);
}

static enum code resolve_value_function(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	struct str op = json_text(m, STR("op"));
	bool today = str_is(op, "SVFOP_CURRENT_DATE"), now = str_is(op, "SVFOP_CURRENT_TIMESTAMP") || str_is(op, "SVFOP_LOCALTIMESTAMP");
	if (!today && !now)
		return FAULT(r, node_place(m), E_INVALID, N_("Queries cannot use {what}"), { "what", str_slice(op, 6, op.len) });
	r->query->uses_today |= today;
	r->query->uses_now |= now;
	return expr_new(r, today ? EXPR_TODAY : EXPR_NOW, today ? QUERY_DATE : QUERY_TIME, node_place(m), 0, ret);
}

static enum code resolve_column(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	return scope_column(r, s, json_get(m, STR("fields")), node_place(m), ret);
}

static enum code resolve_coalesce(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	return resolve_among(r, s, EXPR_COALESCE, m, ret);
}

static enum code resolve_min_max(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	return resolve_among(r, s, str_is(json_text(m, STR("op")), "IS_LEAST") ? EXPR_LEAST : EXPR_GREATEST, m, ret);
}

static enum code resolve_literal(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret)
{
	return resolve_const(r, m, ret);
}

enum code resolve_expr(struct resolver *r, struct scope *s, const struct json *node, struct expr **ret)
{
	static const struct {
		const char *type;
		enum code (*resolve)(struct resolver *r, struct scope *s, const struct json *m, struct expr **ret);
	} kinds[] = {
		{ "ColumnRef", resolve_column },       { "A_Const", resolve_literal },	   { "A_Expr", resolve_a_expr },
		{ "BoolExpr", resolve_bool },	       { "NullTest", resolve_null_test },  { "BooleanTest", resolve_bool_test },
		{ "FuncCall", resolve_call },	       { "CaseExpr", resolve_case },	   { "CoalesceExpr", resolve_coalesce },
		{ "MinMaxExpr", resolve_min_max },     { "SubLink", resolve_sublink },	   { "TypeCast", resolve_cast },
		{ "SQLValueFunction", resolve_value_function },
	};
	const struct json *m = NULL;
	struct str type = node_type(node, &m);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_is(type, kinds[i].type))
			return kinds[i].resolve(r, s, m, ret);
	return FAULT(r, m && node_place(m) != SIZE_MAX ? node_place(m) : 0, E_INVALID, N_("Queries cannot use {what}"),
		     { "what", type.len ? type : STR("this") });
}

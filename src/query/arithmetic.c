/* Operators: each result knows how large it can be, so that what can never overflow is written plainly and the rest in a
 * form that answers NULL past 18 digits. Neighbours: types.c, forms.c. */
#include "internal.h"
#include "base/decimal.h"
#include "model/nearest.h"

#define QUOTIENT_SCALE 6
#define SCALE_MOST 9

static bool is_number(const struct expr *x)
{
	return x->type == QUERY_INT || x->type == QUERY_DECIMAL || x->type == QUERY_NULL;
}

static enum code no_operator(struct resolver *r, char op, const struct expr *a, const struct expr *b, size_t place)
{
	char sign[2] = { op, 0 };
	return FAULT(r, place, E_INVALID, N_("{a} {operator} {b} makes no sense"), { "a", str_of(query_type_name(a->type)) },
		     { "operator", str_of(sign) }, { "b", str_of(query_type_name(b->type)) });
}

/* `plain` when the result stays below 18 digits. */
static enum code by_size(struct resolver *r, enum form_name plain, enum form_name checked, double bound, enum query_type type, int scale,
			 struct expr *a, struct expr *b, size_t place, struct expr **ret)
{
	bool fits = bound < DIGITS_MOST;
	TRY(expr_form(r, &forms[fits ? plain : checked], type, place, a, b, ret));
	(*ret)->bound = fits ? bound : DIGITS_MOST;
	(*ret)->scale = scale;
	return OK;
}

enum code bounded(struct resolver *r, struct expr *x, struct expr **ret)
{
	struct expr *zero;
	*ret = x;
	if (x->bound <= DIGITS_MOST)
		return OK;
	TRY(expr_int(r, 0, QUERY_INT, 0, x->place, &zero));
	return by_size(r, FORM_ADD, FORM_ADD_CHECKED, x->bound, x->type, x->scale, x, zero, x->place, ret);
}

static enum code add_numbers(struct resolver *r, char op, struct expr *a, struct expr *b, size_t place, struct expr **ret)
{
	enum query_type type;
	int scale;
	TRY(expr_unify(r, (struct expr **[]){ &a, &b }, 2, &type, &scale));
	return by_size(r, op == '+' ? FORM_ADD : FORM_SUB, op == '+' ? FORM_ADD_CHECKED : FORM_SUB_CHECKED, a->bound + b->bound, type, scale,
		       a, b, place, ret);
}

static enum code multiply(struct resolver *r, struct expr *a, struct expr *b, size_t place, struct expr **ret)
{
	int scale = a->scale + b->scale;
	if (scale > SCALE_MOST)
		return FAULT(r, place, E_INVALID, N_("The product has more than nine digits after the point; round() a factor first"));
	return by_size(r, FORM_MUL, FORM_MUL_CHECKED, a->bound * b->bound, scale || a->type == QUERY_DECIMAL || b->type == QUERY_DECIMAL ? QUERY_DECIMAL : QUERY_INT,
		       scale, a, b, place, ret);
}

static enum code divide(struct resolver *r, struct expr *a, struct expr *b, size_t place, struct expr **ret)
{
	struct expr *power, *both;
	if (a->type != QUERY_DECIMAL && b->type != QUERY_DECIMAL)
		return by_size(r, FORM_DIV, FORM_DIV_CHECKED, a->bound, QUERY_INT, 0, a, b, place, ret);
	int scale = a->scale > QUOTIENT_SCALE ? a->scale : QUOTIENT_SCALE;
	int64_t p = 1;
	for (int i = 0; i < scale - a->scale + b->scale; i++)
		p *= 10;
	TRY(expr_int(r, p, QUERY_INT, 0, place, &power));
	TRY(expr_new(r, EXPR_FORM, QUERY_DECIMAL, place, 3, &both));
	both->form = &forms[FORM_DIV_DECIMAL];
	both->args[0] = a;
	both->args[1] = b;
	both->args[2] = power;
	both->scale = scale;
	both->bound = DIGITS_MOST;
	*ret = both;
	return OK;
}

static enum code modulo(struct resolver *r, struct expr *a, struct expr *b, size_t place, struct expr **ret)
{
	enum query_type type;
	int scale;
	TRY(expr_unify(r, (struct expr **[]){ &a, &b }, 2, &type, &scale));
	TRY(expr_form(r, &forms[FORM_MOD], type, place, a, b, ret));
	(*ret)->scale = scale;
	(*ret)->bound = a->bound;
	return OK;
}

/* date + days, date - days, date - date */
static enum code with_dates(struct resolver *r, char op, struct expr *a, struct expr *b, size_t place, struct expr **ret)
{
	if (b->type == QUERY_DATE && op == '-' && (a->literal_text || a->type == QUERY_NULL))
		TRY(expr_coerce(r, a, QUERY_DATE, 0, &a));
	if (a->type == QUERY_DATE && b->type == QUERY_DATE && op == '-')
		return by_size(r, FORM_SUB, FORM_SUB_CHECKED, a->bound + b->bound, QUERY_INT, 0, a, b, place, ret);
	if (b->type == QUERY_DATE && op == '+') {
		struct expr *swap = a;
		a = b;
		b = swap;
	}
	if (a->type == QUERY_DATE && b->literal_text)
		TRY(expr_coerce(r, b, op == '-' && str_find(b->text, '-') > 0 ? QUERY_DATE : QUERY_INT, 0, &b));
	if (a->type == QUERY_DATE && b->type == QUERY_DATE && op == '-')
		return by_size(r, FORM_SUB, FORM_SUB_CHECKED, a->bound + b->bound, QUERY_INT, 0, a, b, place, ret);
	if (a->type != QUERY_DATE || (b->type != QUERY_INT && b->type != QUERY_NULL))
		return no_operator(r, op, a, b, place);
	return by_size(r, op == '+' ? FORM_ADD : FORM_SUB, op == '+' ? FORM_ADD_CHECKED : FORM_SUB_CHECKED, a->bound + b->bound, QUERY_DATE,
		       0, a, b, place, ret);
}

enum code arithmetic(struct resolver *r, char op, struct expr *a, struct expr *b, size_t place, struct expr **ret)
{
	if ((op == '+' || op == '-') && (a->type == QUERY_DATE || b->type == QUERY_DATE))
		return with_dates(r, op, a, b, place, ret);
	if (a->type == QUERY_TIME || b->type == QUERY_TIME)
		return FAULT(r, place, E_INVALID, N_("Times are not added or subtracted: use days_between(), or cast them to dates"));
	if (a->literal_text)
		TRY(expr_coerce(r, a, b->type == QUERY_DECIMAL || str_find(a->text, '.') >= 0 ? QUERY_DECIMAL : QUERY_INT, 0, &a));
	if (b->literal_text)
		TRY(expr_coerce(r, b, a->type == QUERY_DECIMAL || str_find(b->text, '.') >= 0 ? QUERY_DECIMAL : QUERY_INT, 0, &b));
	if (!is_number(a) || !is_number(b))
		return no_operator(r, op, a, b, place);
	if (a->type == QUERY_NULL)
		TRY(expr_coerce(r, a, QUERY_INT, 0, &a));
	if (b->type == QUERY_NULL)
		TRY(expr_coerce(r, b, QUERY_INT, 0, &b));
	return op == '*' ? multiply(r, a, b, place, ret)
	       : op == '/' ? divide(r, a, b, place, ret)
	       : op == '%' ? modulo(r, a, b, place, ret)
			   : add_numbers(r, op, a, b, place, ret);
}

/* --- comparing ------------------------------------------------------------------------------------ */

static enum code same_currency(struct resolver *r, enum form_name form, struct expr *amount_a, struct expr *amount_b, struct expr *currency_a,
			       struct expr *currency_b, size_t place, struct expr **ret)
{
	bool differ = form == FORM_NE;
	TRY(expr_new(r, differ ? EXPR_OR : EXPR_AND, QUERY_BOOL, place, 2, ret));
	TRY(expr_form(r, &forms[differ ? FORM_NE : FORM_EQ], QUERY_BOOL, place, currency_a, currency_b, &(*ret)->args[0]));
	return expr_form(r, &forms[form], QUERY_BOOL, place, amount_a, amount_b, &(*ret)->args[1]);
}

enum code money_parts(struct resolver *r, struct expr *x, struct expr **ret_amount, struct expr **ret_currency)
{
	if (x->kind == EXPR_COLUMN && x->type == QUERY_MONEY) {
		TRY(expr_new(r, EXPR_COLUMN, QUERY_INT, x->place, 0, ret_amount));
		TRY(expr_new(r, EXPR_CURRENCY, QUERY_TEXT, x->place, 0, ret_currency));
		(*ret_amount)->source = (*ret_currency)->source = x->source;
		(*ret_amount)->column = (*ret_currency)->column = x->column;
		return OK;
	}
	struct str rest = str_trim(x->text), amount = STR_NONE;
	int64_t n;
	amount = str_take(&rest, ' ');
	rest = str_trim(rest);
	int digits = currency_digits(rest);
	if (!x->literal_text || digits < 0 || !decimal_parse(amount, digits, &n))
		return FAULT(r, x->place, E_INVALID, N_("Money is compared with money, such as '1000 USD', or by amount() and currency()"));
	TRY(expr_int(r, n, QUERY_INT, 0, x->place, ret_amount));
	TRY(expr_new(r, EXPR_TEXT, QUERY_TEXT, x->place, 0, ret_currency));
	(*ret_currency)->text = rest;
	return OK;
}

/* A choice that does not exist is a slip of the pen, not a row that never comes. */
enum code check_choice(struct resolver *r, const struct expr *column, const struct expr *literal)
{
	const struct source_column *c = column->kind == EXPR_COLUMN ? &column->source->columns[column->column] : NULL;
	struct nearest near = { .word = literal->text };
	if (!c || literal->kind != EXPR_TEXT || !literal->literal_text || !c->kind)
		return OK;
	bool state = !c->field && c->kind->state_count && str_is(c->name, "state");
	if (!state && !(c->field && c->field->type == FIELD_CHOICE))
		return OK;
	for (size_t i = 0; state && i < c->kind->state_count; i++) {
		if (str_is(literal->text, c->kind->states[i].name))
			return OK;
		nearest_offer(&near, c->kind->states[i].name);
	}
	for (const struct choice *v = state ? NULL : c->field->choices; v && v->name; v++) {
		if (str_is(literal->text, v->name))
			return OK;
		nearest_offer(&near, v->name);
	}
	if (near.best)
		return FAULT(r, literal->place, E_INVALID, N_("{column} is never “{text}”; did you mean “{near}”?"), { "column", c->name },
			     { "text", literal->text }, { "near", str_of(near.best) });
	return FAULT(r, literal->place, E_INVALID, N_("{column} is never “{text}”"), { "column", c->name }, { "text", literal->text });
}

enum code compare(struct resolver *r, enum form_name form, struct expr *a, struct expr *b, size_t place, struct expr **ret)
{
	enum query_type type;
	int scale;
	if (a->type == QUERY_MONEY || b->type == QUERY_MONEY) {
		struct expr *amounts[2], *currencies[2];
		if (form == FORM_IS || form == FORM_IS_NOT)
			return FAULT(r, place, E_INVALID, N_("Money is compared with money, such as '1000 USD', or by amount() and currency()"));
		TRY(money_parts(r, a, &amounts[0], &currencies[0]));
		TRY(money_parts(r, b, &amounts[1], &currencies[1]));
		return same_currency(r, form, amounts[0], amounts[1], currencies[0], currencies[1], place, ret);
	}
	TRY(check_choice(r, a, b));
	TRY(check_choice(r, b, a));
	if ((a->type == QUERY_ID && b->type == QUERY_INT && b->kind != EXPR_INT) || (b->type == QUERY_ID && a->type == QUERY_INT && a->kind != EXPR_INT))
		return no_operator(r, '=', a, b, place);
	TRY(expr_unify(r, (struct expr **[]){ &a, &b }, 2, &type, &scale));
	if (type == QUERY_NULL) { /* NULL = NULL */
		TRY(expr_coerce(r, a, QUERY_INT, 0, &a));
		TRY(expr_coerce(r, b, QUERY_INT, 0, &b));
	}
	return expr_form(r, &forms[form], QUERY_BOOL, place, a, b, ret);
}

/* Types of what is computed: literals take the type of what they meet, integers become decimals, dates times; anything else
 * is said by the writer. Neighbours: arithmetic.c, functions.c. */
#include "base/clock.h"
#include "base/decimal.h"
#include "base/id.h"
#include "internal.h"
#include <string.h>

#define SCALE_MOST 9
#define DATES_MOST 3e6
#define TIMES_MOST 2.6e17

static const char *const type_names[] = { [QUERY_NULL] = "null", [QUERY_BOOL] = "boolean", [QUERY_INT] = "integer",
					  [QUERY_DECIMAL] = "decimal", [QUERY_TEXT] = "text", [QUERY_DATE] = "date",
					  [QUERY_TIME] = "time", [QUERY_ID] = "id", [QUERY_MONEY] = "money", [QUERY_JSON] = "json" };

const char *query_type_name(enum query_type type)
{
	return type_names[type];
}

double type_bound(enum query_type type)
{
	return type == QUERY_DATE ? DATES_MOST : type == QUERY_TIME ? TIMES_MOST : type == QUERY_BOOL ? 1 : 9.3e18;
}

enum code expr_new(struct resolver *r, enum expr_kind kind, enum query_type type, size_t place, size_t args, struct expr **ret)
{
	struct expr *x;
	FAULT_NEW(r, x, struct expr);
	*x = (struct expr){ .kind = kind, .type = type, .place = place, .arg_count = args, .bound = type_bound(type) };
	if (args) {
		x->args = ARENA_ARRAY(r->arena, args, struct expr *);
		if (!x->args)
			return error_nomem(r->e);
	}
	*ret = x;
	return OK;
}

static enum code expr_copy(struct resolver *r, const struct expr *x, enum query_type type, int scale, struct expr **ret)
{
	struct expr *copy;
	FAULT_NEW(r, copy, struct expr);
	*copy = *x;
	copy->type = type;
	copy->scale = scale;
	copy->literal_text = false;
	*ret = copy;
	return OK;
}

enum code expr_form(struct resolver *r, const struct form *form, enum query_type type, size_t place, struct expr *a, struct expr *b,
		    struct expr **ret)
{
	struct expr *x;
	TRY(expr_new(r, EXPR_FORM, type, place, 2, &x));
	x->form = form;
	x->args[0] = a;
	x->args[1] = b;
	x->arg_count = b ? 2 : 1;
	*ret = x;
	return OK;
}

enum code expr_int(struct resolver *r, int64_t n, enum query_type type, int scale, size_t place, struct expr **ret)
{
	TRY(expr_new(r, EXPR_INT, type, place, 0, ret));
	(*ret)->integer = n;
	(*ret)->scale = scale;
	(*ret)->bound = n < 0 ? -(double)n : (double)n;
	return OK;
}

static enum code no_conversion(struct resolver *r, const struct expr *x, enum query_type type)
{
	return FAULT(r, x->place, E_INVALID, N_("Here a value of type {wanted} is needed, not {found}"),
		     { "wanted", str_of(type_names[type]) }, { "found", str_of(type_names[x->type]) });
}

/* --- numbers -------------------------------------------------------------------------------------- */

static int64_t power_of_ten(int n)
{
	int64_t p = 1;
	while (n-- > 0)
		p *= 10;
	return p;
}

static enum code scale_up(struct resolver *r, struct expr *x, int scale, struct expr **ret)
{
	int64_t power = power_of_ten(scale - x->scale), n;
	struct expr *factor;
	if (x->kind == EXPR_INT) {
		if (__builtin_mul_overflow(x->integer, power, &n))
			return FAULT(r, x->place, E_INVALID, N_("The number has too many digits"));
		return expr_int(r, n, QUERY_DECIMAL, scale, x->place, ret);
	}
	TRY(expr_int(r, power, QUERY_INT, 0, x->place, &factor));
	double bound = x->bound * (double)power;
	TRY(expr_form(r, &forms[bound < DIGITS_MOST ? FORM_MUL : FORM_MUL_CHECKED], QUERY_DECIMAL, x->place, x, factor, ret));
	(*ret)->bound = bound < DIGITS_MOST ? bound : DIGITS_MOST;
	(*ret)->scale = scale;
	return OK;
}

enum code expr_rescale(struct resolver *r, struct expr *x, int scale, struct expr **ret)
{
	struct expr *power;
	if (x->type == QUERY_NULL || (x->scale == scale && x->type == QUERY_DECIMAL))
		return expr_copy(r, x, QUERY_DECIMAL, scale, ret);
	if (scale > x->scale)
		return scale_up(r, x, scale, ret);
	if (scale == x->scale)
		return expr_copy(r, x, QUERY_DECIMAL, scale, ret);
	TRY(expr_int(r, power_of_ten(x->scale - scale), QUERY_INT, 0, x->place, &power));
	TRY(expr_form(r, &forms[FORM_ROUND], QUERY_DECIMAL, x->place, x, power, ret));
	(*ret)->bound = x->bound / (double)power->integer + 1;
	(*ret)->scale = scale;
	return OK;
}

/* --- literals ------------------------------------------------------------------------------------- */

static bool bool_of(struct str t, int64_t *ret)
{
	static const char *const yes[] = { "true", "t", "yes", "on", "1" }, *const no[] = { "false", "f", "no", "off", "0" };
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		if (str_eq_nocase(t, str_of(yes[i])) || str_eq_nocase(t, str_of(no[i]))) {
			*ret = str_eq_nocase(t, str_of(yes[i]));
			return true;
		}
	}
	return false;
}

static bool time_of(struct str t, int64_t *ret)
{
	int64_t days;
	if (date_parse(t, &days)) {
		*ret = days * DAY;
		return true;
	}
	return time_parse(t, ret);
}

static int digits_after_point(struct str t)
{
	int64_t point = str_find(t, '.');
	return point < 0 ? 0 : (int)(t.len - (size_t)point - 1);
}

static enum code literal_of(struct resolver *r, const struct expr *x, enum query_type type, int scale, struct expr **ret)
{
	struct str t = str_trim(x->text);
	int64_t n = 0;
	bool good;
	switch (type) {
	case QUERY_BOOL:
		good = bool_of(t, &n);
		break;
	case QUERY_INT:
	case QUERY_ID:
		good = str_int(t, &n);
		break;
	case QUERY_DECIMAL:
		scale = digits_after_point(t) > scale ? digits_after_point(t) : scale;
		good = scale <= SCALE_MOST && decimal_parse(t, scale, &n);
		break;
	case QUERY_DATE:
		good = date_parse(t, &n);
		break;
	case QUERY_TIME:
		good = time_of(t, &n);
		break;
	default:
		return no_conversion(r, x, type);
	}
	if (!good)
		return FAULT(r, x->place, E_INVALID, N_("“{text}” is no value of type {type}"), { "text", x->text },
			     { "type", str_of(type_names[type]) });
	return expr_int(r, n, type, type == QUERY_DECIMAL ? scale : 0, x->place, ret);
}

/* --- conversions ---------------------------------------------------------------------------------- */

static enum code time_of_date(struct resolver *r, struct expr *x, struct expr **ret)
{
	struct expr *day;
	if (x->kind == EXPR_INT)
		return expr_int(r, x->integer * DAY, QUERY_TIME, 0, x->place, ret);
	if (x->bound <= 2 * DATES_MOST)
		return expr_form(r, &forms[FORM_TIME_OF_DATE], QUERY_TIME, x->place, x, NULL, ret);
	TRY(expr_int(r, DAY, QUERY_INT, 0, x->place, &day));
	TRY(expr_form(r, &forms[FORM_MUL_CHECKED], QUERY_TIME, x->place, x, day, ret));
	(*ret)->bound = DIGITS_MOST;
	return OK;
}

enum code expr_coerce(struct resolver *r, struct expr *x, enum query_type type, int scale, struct expr **ret)
{
	if (x->type == QUERY_NULL)
		return expr_copy(r, x, type, scale, ret);
	if (x->literal_text && type != QUERY_TEXT)
		return literal_of(r, x, type, scale, ret);
	if (type == QUERY_DECIMAL && (x->type == QUERY_INT || x->type == QUERY_DECIMAL))
		return expr_rescale(r, x, scale, ret);
	if (type == QUERY_TIME && x->type == QUERY_DATE)
		return time_of_date(r, x, ret);
	if (type == QUERY_ID && x->type == QUERY_INT && x->kind == EXPR_INT)
		return expr_copy(r, x, QUERY_ID, 0, ret);
	if (x->type != type)
		return no_conversion(r, x, type);
	*ret = x;
	return OK;
}

static enum form_name text_form(enum query_type type)
{
	switch (type) {
	case QUERY_BOOL:
		return FORM_TEXT_OF_BOOL;
	case QUERY_DATE:
		return FORM_TEXT_OF_DATE;
	case QUERY_TIME:
		return FORM_TEXT_OF_TIME;
	case QUERY_DECIMAL:
		return FORM_TEXT_OF_DECIMAL;
	default:
		return FORM_TEXT_OF_INT;
	}
}

enum code expr_to_text(struct resolver *r, struct expr *x, struct expr **ret)
{
	struct expr *scale = NULL;
	if (x->type == QUERY_TEXT) {
		*ret = x;
		return OK;
	}
	if (x->type == QUERY_NULL)
		return expr_copy(r, x, QUERY_TEXT, 0, ret);
	if (x->type == QUERY_MONEY || x->type == QUERY_JSON)
		return no_conversion(r, x, QUERY_TEXT);
	if (x->type == QUERY_DECIMAL)
		TRY(expr_int(r, x->scale, QUERY_INT, 0, x->place, &scale));
	return expr_form(r, &forms[text_form(x->type)], QUERY_TEXT, x->place, x, scale, ret);
}

/* --- common types --------------------------------------------------------------------------------- */

static bool common_type(const struct expr *x, enum query_type *type, int *scale)
{
	enum query_type one = x->type;
	if (one == QUERY_NULL || x->literal_text)
		return true;
	if (x->scale > *scale && (one == QUERY_INT || one == QUERY_DECIMAL))
		*scale = x->scale;
	if (*type == QUERY_NULL || *type == one) {
		*type = one;
		return one != QUERY_MONEY && one != QUERY_JSON;
	}
	bool numbers = (one == QUERY_INT || one == QUERY_DECIMAL) && (*type == QUERY_INT || *type == QUERY_DECIMAL);
	bool times = (one == QUERY_DATE || one == QUERY_TIME) && (*type == QUERY_DATE || *type == QUERY_TIME);
	bool ids = (one == QUERY_ID && *type == QUERY_INT) || (one == QUERY_INT && *type == QUERY_ID);
	if (numbers || times || ids)
		*type = numbers ? QUERY_DECIMAL : times ? QUERY_TIME : QUERY_ID;
	return numbers || times || ids;
}

enum code expr_unify(struct resolver *r, struct expr ***items, size_t count, enum query_type *ret_type, int *ret_scale)
{
	enum query_type type = QUERY_NULL;
	int scale = 0;
	bool text = false;
	double bound = 0;
	for (size_t i = 0; i < count; i++) {
		text |= (*items[i])->literal_text;
		if (!common_type(*items[i], &type, &scale))
			return no_conversion(r, *items[i], type == (*items[i])->type ? QUERY_TEXT : type);
	}
	if (type == QUERY_NULL && text)
		type = QUERY_TEXT;
	/* a literal may have more digits than the rest; one that has too many is told when it is read */
	for (size_t i = 0; type == QUERY_DECIMAL && i < count; i++)
		if ((*items[i])->literal_text && digits_after_point((*items[i])->text) > scale && digits_after_point((*items[i])->text) <= SCALE_MOST)
			scale = digits_after_point((*items[i])->text);
	for (size_t i = 0; i < count && type != QUERY_NULL; i++) {
		TRY(expr_coerce(r, *items[i], type, scale, items[i]));
		bound = (*items[i])->bound > bound ? (*items[i])->bound : bound;
	}
	*ret_type = type;
	*ret_scale = type == QUERY_DECIMAL ? scale : 0;
	for (size_t i = 0; i < count; i++)
		if ((*items[i])->kind == EXPR_NULL)
			(*items[i])->bound = bound;
	return OK;
}

/* --- CAST ----------------------------------------------------------------------------------------- */

static const struct cast_name {
	const char *name;
	enum query_type type;
} cast_names[] = {
	{ "text", QUERY_TEXT },	   { "varchar", QUERY_TEXT }, { "int2", QUERY_INT },	   { "int4", QUERY_INT },
	{ "int8", QUERY_INT },	   { "numeric", QUERY_DECIMAL }, { "bool", QUERY_BOOL },   { "date", QUERY_DATE },
	{ "timestamp", QUERY_TIME }, { "timestamptz", QUERY_TIME }, { "id", QUERY_ID },
};

static enum code cast_to(struct resolver *r, struct expr *x, enum query_type type, int scale, struct expr **ret)
{
	if (type == QUERY_TEXT)
		return expr_to_text(r, x, ret);
	if (type == QUERY_DATE && x->type == QUERY_TIME)
		return expr_form(r, &forms[FORM_DATE_OF_TIME], QUERY_DATE, x->place, x, NULL, ret);
	if (type == QUERY_INT && x->type == QUERY_DECIMAL) {
		TRY(expr_rescale(r, x, 0, ret));
		return expr_copy(r, *ret, QUERY_INT, 0, ret);
	}
	if (type == QUERY_INT && x->type == QUERY_BOOL)
		return expr_form(r, &forms[FORM_INT_OF_BOOL], QUERY_INT, x->place, x, NULL, ret);
	return expr_coerce(r, x, type, scale, ret);
}

enum code expr_cast(struct resolver *r, struct expr *x, const struct json *type_name, struct expr **ret)
{
	const struct json *names = json_get(type_name, STR("names")), *mods = json_get(type_name, STR("typmods")), *m, *v;
	struct str name = node_count(names) ? node_string(node_item(names, node_count(names) - 1)) : STR_NONE;
	int64_t scale = x->type == QUERY_DECIMAL ? x->scale : 0;
	size_t place = node_place(type_name) == SIZE_MAX ? x->place : node_place(type_name);
	if (str_is(name, "interval"))
		return FAULT(r, place, E_INVALID, N_("There are no intervals here: add a number of days to a date, or use days_between()"));
	for (size_t i = 0; i < sizeof cast_names / sizeof *cast_names; i++) {
		if (!str_is(name, cast_names[i].name))
			continue;
		if (cast_names[i].type == QUERY_DECIMAL && node_count(mods) == 2 &&
		    str_is(node_type(node_item(mods, 1), &m), "A_Const") && (v = json_get(m, STR("ival"))))
			scale = json_int(v, STR("ival"), 0);
		if (cast_names[i].type == QUERY_DECIMAL && node_count(mods) == 1)
			scale = 0;
		if (scale < 0 || scale > SCALE_MOST)
			return FAULT(r, place, E_INVALID, N_("Decimals have at most nine digits after the point"));
		return cast_to(r, x, cast_names[i].type, (int)scale, ret);
	}
	return FAULT(r, place, E_INVALID, N_("There is no type {type}"), { "type", name });
}

/* --- equality of expressions ---------------------------------------------------------------------- */

static bool same_args(const struct expr *a, const struct expr *b)
{
	if (a->arg_count != b->arg_count)
		return false;
	for (size_t i = 0; i < a->arg_count; i++)
		if (!expr_same(a->args[i], b->args[i]))
			return false;
	return true;
}

/* Windows and subqueries are equal to nothing but themselves. */
bool expr_same(const struct expr *a, const struct expr *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->kind != b->kind || a->type != b->type || a->scale != b->scale)
		return false;
	switch (a->kind) {
	case EXPR_NULL:
	case EXPR_TODAY:
	case EXPR_NOW:
		return true;
	case EXPR_INT:
		return a->integer == b->integer;
	case EXPR_TEXT:
		return str_eq(a->text, b->text);
	case EXPR_COLUMN:
	case EXPR_CURRENCY:
		return a->source == b->source && a->column == b->column;
	case EXPR_FORM:
		return a->form == b->form && same_args(a, b);
	case EXPR_AGGREGATE:
		return a->form == b->form && a->distinct == b->distinct && same_args(a, b) &&
		       (a->filter == b->filter || (a->filter && b->filter && expr_same(a->filter, b->filter)));
	case EXPR_IN_LIST:
		return a->negated == b->negated && same_args(a, b);
	case EXPR_WINDOW:
	case EXPR_IN_SELECT:
	case EXPR_EXISTS:
	case EXPR_SCALAR:
		return false;
	default:
		return same_args(a, b);
	}
}

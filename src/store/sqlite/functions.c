/* What queries written by people need and SQLite lacks (src/query/forms.c writes them): arithmetic that gives NULL past 18
 * digits, texts counted as PostgreSQL counts them, exact sums and averages. PostgreSQL's side is plain SQL.
 * Neighbour: sqlite.c registers them on each connection. */
#include "sqlite.h"
#include "base/decimal.h"
#include <string.h>

__extension__ typedef __int128 wide __attribute__((aligned(8))); /* as SQLite aligns what it gives aggregates */

#define DIGITS_MOST ((wide)1000000000000000000)
#define COUNT_MOST 999999999

static bool any_null(sqlite3_value **args, int count)
{
	for (int i = 0; i < count; i++)
		if (sqlite3_value_type(args[i]) == SQLITE_NULL)
			return true;
	return false;
}

static void answer(sqlite3_context *c, wide n)
{
	if (n < DIGITS_MOST && n > -DIGITS_MOST)
		sqlite3_result_int64(c, (sqlite3_int64)n);
	else
		sqlite3_result_null(c);
}

static void checked_add(sqlite3_context *c, int count, sqlite3_value **args)
{
	if (!any_null(args, 2))
		answer(c, (wide)sqlite3_value_int64(args[0]) + sqlite3_value_int64(args[1]));
}

static void checked_sub(sqlite3_context *c, int count, sqlite3_value **args)
{
	if (!any_null(args, 2))
		answer(c, (wide)sqlite3_value_int64(args[0]) - sqlite3_value_int64(args[1]));
}

static void checked_mul(sqlite3_context *c, int count, sqlite3_value **args)
{
	if (!any_null(args, 2))
		answer(c, (wide)sqlite3_value_int64(args[0]) * sqlite3_value_int64(args[1]));
}

/* a · power / b, cut towards zero */
static void checked_div(sqlite3_context *c, int count, sqlite3_value **args)
{
	wide product;
	if (any_null(args, 3) || sqlite3_value_int64(args[1]) == 0)
		return;
	product = (wide)sqlite3_value_int64(args[0]) * sqlite3_value_int64(args[2]);
	answer(c, product / sqlite3_value_int64(args[1]));
}

static void decimal_text(sqlite3_context *c, int count, sqlite3_value **args)
{
	char text[32];
	if (any_null(args, 2))
		return;
	size_t len = decimal_format(sqlite3_value_int64(args[0]), sqlite3_value_int(args[1]), text);
	sqlite3_result_text(c, text, (int)len, SQLITE_TRANSIENT);
}

/* NULLs are passed over. */
static void extreme(sqlite3_context *c, int count, sqlite3_value **args, int sign)
{
	int best = -1;
	for (int i = 0; i < count; i++) {
		if (sqlite3_value_type(args[i]) == SQLITE_NULL)
			continue;
		int order = 0;
		if (best >= 0 && sqlite3_value_type(args[i]) == SQLITE_TEXT) {
			struct str a = { (const char *)sqlite3_value_blob(args[i]), (size_t)sqlite3_value_bytes(args[i]) };
			struct str b = { (const char *)sqlite3_value_blob(args[best]), (size_t)sqlite3_value_bytes(args[best]) };
			order = str_cmp(a, b);
		} else if (best >= 0) {
			sqlite3_int64 a = sqlite3_value_int64(args[i]), b = sqlite3_value_int64(args[best]);
			order = (a > b) - (a < b);
		}
		if (best < 0 || order * sign > 0)
			best = i;
	}
	if (best >= 0)
		sqlite3_result_value(c, args[best]);
}

static void greatest_of(sqlite3_context *c, int count, sqlite3_value **args)
{
	extreme(c, count, args, 1);
}

static void least_of(sqlite3_context *c, int count, sqlite3_value **args)
{
	extreme(c, count, args, -1);
}

/* --- texts ---------------------------------------------------------------------------------------- */

static struct str text_of(sqlite3_value *v)
{
	const char *data = (const char *)sqlite3_value_text(v);
	return (struct str){ data ? data : "", data ? (size_t)sqlite3_value_bytes(v) : 0 };
}

/* Bytes of the first n characters; all when there are fewer. */
static size_t bytes_of(struct str s, sqlite3_int64 n)
{
	size_t i = 0;
	for (; i < s.len && n > 0; n--) {
		i++;
		while (i < s.len && ((unsigned char)s.data[i] & 0xc0) == 0x80)
			i++;
	}
	return i;
}

static sqlite3_int64 characters(struct str s)
{
	sqlite3_int64 n = 0;
	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.data[i] & 0xc0) != 0x80;
	return n;
}

static bool small(sqlite3_value *v, sqlite3_int64 *ret)
{
	*ret = sqlite3_value_int64(v);
	return *ret >= -COUNT_MOST && *ret <= COUNT_MOST;
}

static void give(sqlite3_context *c, struct str s, size_t from, size_t to)
{
	sqlite3_result_text64(c, s.data + from, to - from, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void text_from(sqlite3_context *c, int count, sqlite3_value **args)
{
	sqlite3_int64 start;
	if (any_null(args, 2) || !small(args[1], &start))
		return;
	struct str s = text_of(args[0]);
	give(c, s, start > 1 ? bytes_of(s, start - 1) : 0, s.len);
}

/* A negative count means all but so many, as in PostgreSQL. */
static void text_left(sqlite3_context *c, int count, sqlite3_value **args)
{
	sqlite3_int64 n;
	if (any_null(args, 2) || !small(args[1], &n))
		return;
	struct str s = text_of(args[0]);
	give(c, s, 0, bytes_of(s, n < 0 ? characters(s) + n : n));
}

static void text_right(sqlite3_context *c, int count, sqlite3_value **args)
{
	sqlite3_int64 n;
	if (any_null(args, 2) || !small(args[1], &n))
		return;
	struct str s = text_of(args[0]);
	give(c, s, bytes_of(s, n < 0 ? -n : characters(s) - n), s.len);
}

/* A count that is none is NULL. */
static void text_count(sqlite3_context *c, int count, sqlite3_value **args)
{
	sqlite3_int64 n;
	if (!any_null(args, 1) && small(args[0], &n) && n >= 0)
		sqlite3_result_int64(c, n);
}

/* --- aggregates ----------------------------------------------------------------------------------- */

struct sum {
	wide total;
	int64_t count;
};

static void sum_step(sqlite3_context *c, int count, sqlite3_value **args)
{
	struct sum *s = sqlite3_aggregate_context(c, sizeof *s);
	if (!s || any_null(args, 1))
		return;
	s->total += sqlite3_value_int64(args[0]);
	s->count++;
}

static void sum_inverse(sqlite3_context *c, int count, sqlite3_value **args)
{
	struct sum *s = sqlite3_aggregate_context(c, sizeof *s);
	if (!s || any_null(args, 1))
		return;
	s->total -= sqlite3_value_int64(args[0]);
	s->count--;
}

static void sum_value(sqlite3_context *c)
{
	struct sum *s = sqlite3_aggregate_context(c, sizeof *s);
	if (s && s->count)
		answer(c, s->total);
}

static void average_value(sqlite3_context *c)
{
	struct sum *s = sqlite3_aggregate_context(c, sizeof *s);
	const int64_t *power = sqlite3_user_data(c);
	wide product;
	if (s && s->count && !__builtin_mul_overflow(s->total, (wide)*power, &product))
		answer(c, product / s->count);
}

/* --- registering ---------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int args;
	void (*run)(sqlite3_context *c, int count, sqlite3_value **args);
} functions[] = {
	{ "checked_add", 2, checked_add }, { "checked_sub", 2, checked_sub }, { "checked_mul", 2, checked_mul },
	{ "checked_div", 3, checked_div }, { "decimal_text", 2, decimal_text }, { "greatest_of", -1, greatest_of },
	{ "least_of", -1, least_of },	   { "text_from", 2, text_from },	{ "text_left", 2, text_left },
	{ "text_right", 2, text_right },   { "text_count", 1, text_count },
};

static const struct average {
	const char *name;
	int64_t power;
} averages[] = {
	{ "checked_avg_0", 1 },	    { "checked_avg_1", 10 },	 { "checked_avg_2", 100 },    { "checked_avg_3", 1000 },
	{ "checked_avg_4", 10000 }, { "checked_avg_5", 100000 }, { "checked_avg_6", 1000000 },
};

int sqlite_functions(sqlite3 *db)
{
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int result = SQLITE_OK;
	for (size_t i = 0; result == SQLITE_OK && i < sizeof functions / sizeof *functions; i++)
		result = sqlite3_create_function_v2(db, functions[i].name, functions[i].args, flags, NULL, functions[i].run, NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_create_window_function(db, "checked_sum", 1, flags, NULL, sum_step, sum_value, sum_value, sum_inverse, NULL);
	for (size_t i = 0; result == SQLITE_OK && i < sizeof averages / sizeof *averages; i++) {
		union {
			const int64_t *given;
			void *taken;
		} power = { .given = &averages[i].power };
		result = sqlite3_create_window_function(db, averages[i].name, 1, flags, power.taken, sum_step, average_value, average_value,
							sum_inverse, NULL);
	}
	return result;
}

/* Dates, times and periods: against calendars counted day by day, tables of good and bad text, and both ends of time.
 * Neighbour: clock.c. */
#include "base/clock.h"
#include "base/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

__extension__ typedef __int128 int128;
#define FIRST_DAY INT64_C(-719528)
#define LAST_DAY INT64_C(2932896)

static bool leap(int y)
{
	return y % 400 == 0 || (y % 4 == 0 && y % 100 != 0);
}

static int month_days(int y, int m)
{
	return m == 2 ? 28 + leap(y) : m == 4 || m == 6 || m == 9 || m == 11 ? 30 : 31;
}

/* Every day of ten thousand years, counted by hand. */
static void test_civil_every_day(void **state)
{
	int64_t days = FIRST_DAY;
	int y = 0, m = 1, d = 1;
	while (y < 10000) {
		int yy, mm, dd;
		date_to_civil(days, &yy, &mm, &dd);
		if (yy != y || mm != m || dd != d || date_from_civil(y, m, d) != days)
			fail_msg("day %lld is %04d-%02d-%02d, not %04d-%02d-%02d", (long long)days, y, m, d, yy, mm, dd);
		days++;
		if (++d > month_days(y, m)) {
			d = 1;
			if (++m > 12) {
				m = 1;
				y++;
			}
		}
	}
	assert_int_equal(days - 1, LAST_DAY);
	for (days = -200000000; days < 200000000; days += 99991) { /* and far outside */
		date_to_civil(days, &y, &m, &d);
		assert_int_equal(date_from_civil(y, m, d), days);
	}
	assert_int_equal(date_from_civil(1970, 1, 1), 0);
	assert_int_equal(date_from_civil(-1, 12, 31), FIRST_DAY - 1);
}

static void test_date_text(void **state)
{
	char out[16];
	for (int64_t days = FIRST_DAY; days <= LAST_DAY; days += 61) {
		int64_t back;
		size_t len = date_format(days, out);
		assert_int_equal(len, 10);
		assert_int_equal(strlen(out), 10);
		assert_true(date_parse((struct str){ out, len }, &back));
		assert_int_equal(back, days);
	}
	static const char *const bad[] = { "", "2026", "2026-11", "2026-1-1", "2026-11-23 ", " 2026-11-23", "2026-00-01",
					   "2026-13-01", "2026-01-00", "2026-01-32", "2026-04-31", "2026-02-29", "1900-02-29",
					   "2100-02-29", "26-11-23", "02026-11-23", "2026/11/23", "2026-11-2x", "-026-11-23",
					   "2026-11-23T", "20261123", "2026-+1-01", "\xd9\xa2\xd9\xa0-11-23", "2026-11-23Z" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t days = 77;
		if (date_parse(str_of(bad[i]), &days) || days != 77)
			fail_msg("'%s' was read", bad[i]);
	}
	int64_t days;
	assert_true(date_parse(STR("2000-02-29"), &days));
	assert_true(date_parse(STR("0000-02-29"), &days));
	assert_false(date_parse(STR_NONE, &days));
	assert_false(date_parse((struct str){ "2026-11-23\0", 11 }, &days));
	static const int64_t outside[] = { INT64_MIN, FIRST_DAY - 1, LAST_DAY + 1, INT64_MAX };
	for (size_t i = 0; i < COUNT(outside); i++) {
		assert_int_equal(date_format(outside[i], out), 10);
		assert_string_equal(out, outside[i] < 0 ? "0000-01-01" : "9999-12-31");
	}
}

static void test_time_text(void **state)
{
	static const struct {
		const char *text, *canonical; /* NULL: must be refused */
	} cases[] = {
		{ "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z" },
		{ "2026-11-23T06:04:05.123456Z", "2026-11-23T06:04:05.123456Z" },
		{ "2026-11-23t06:04:05z", "2026-11-23T06:04:05Z" },
		{ "2026-11-23 06:04:05Z", "2026-11-23T06:04:05Z" },
		{ "2026-11-23T06:04:05.100Z", "2026-11-23T06:04:05.1Z" },
		{ "2026-11-23T06:04:05.000Z", "2026-11-23T06:04:05Z" },
		{ "2026-11-23T06:04:05.0000001Z", "2026-11-23T06:04:05Z" },
		{ "2026-11-23T06:04:05.123456789012345678901234567890Z", "2026-11-23T06:04:05.123456Z" },
		{ "2026-11-23T06:04:05+03:00", "2026-11-23T03:04:05Z" },
		{ "2026-11-23T06:04:05-05:30", "2026-11-23T11:34:05Z" },
		{ "2026-11-23T06:04:05-00:00", "2026-11-23T06:04:05Z" },
		{ "2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00Z" },
		{ "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z" },
		{ "1990-12-31T23:59:60Z", "1990-12-31T23:59:59.999999Z" },
		{ "1990-12-31T15:59:60-08:00", "1990-12-31T23:59:59.999999Z" },
		{ "0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z" },
		{ "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z" },
		{ "0000-01-01T00:00:00+00:01", NULL }, /* before the first year that can be written */
		{ "9999-12-31T23:59:59-00:01", NULL },
		{ "2026-11-23", NULL },
		{ "2026-11-23T", NULL },
		{ "2026-11-23T06:04", NULL },
		{ "2026-11-23T06:04:05", NULL }, /* no offset: whose time is it? */
		{ "2026-11-23T24:00:00Z", NULL },
		{ "2026-11-23T06:60:00Z", NULL },
		{ "2026-11-23T06:04:61Z", NULL },
		{ "2026-11-23T06:04:05.Z", NULL },
		{ "2026-11-23T06:04:05,5Z", NULL },
		{ "2026-11-23T06:04:05ZZ", NULL },
		{ "2026-11-23T06:04:05Z ", NULL },
		{ "2026-11-23T06:04:05+24:00", NULL },
		{ "2026-11-23T06:04:05+03:60", NULL },
		{ "2026-11-23T06:04:05+0300", NULL },
		{ "2026-11-23T06:04:05+03", NULL },
		{ "2026-11-23T06:04:05+3:00", NULL },
		{ "2026-02-30T06:04:05Z", NULL },
		{ "2026-11-23X06:04:05Z", NULL },
		{ "2026-11-23T6:04:05Z", NULL },
		{ "2026-11-23T-6:04:05Z", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t time = 77;
		char out[32];
		bool good = time_parse(str_of(cases[i].text), &time);
		if (good != (cases[i].canonical != NULL) || (!good && time != 77))
			fail_msg("'%s': %d", cases[i].text, good);
		if (!good)
			continue;
		size_t len = time_format(time, out);
		assert_string_equal(out, cases[i].canonical);
		assert_int_equal(len, strlen(out));
	}
}

/* There and back, and the text order is the time order. */
static void test_time_random(void **state)
{
	struct random_seeded r;
	char before[32] = "", out[32];
	int64_t first = FIRST_DAY * DAY, last = LAST_DAY * DAY + DAY - 1, previous = INT64_MIN;
	random_seed(&r, 5);
	for (int i = 0; i < 100000; i++) {
		int64_t time = first + (int64_t)random_below(&r, (uint64_t)(last - first) + 1), back;
		if (i % 3 == 0)
			time -= time % SECOND;
		size_t len = time_format(time, out);
		if (!time_parse((struct str){ out, len }, &back) || back != time)
			fail_msg("%s", out);
		/* whole seconds are shorter, so only what differs before the fraction is comparable as text */
		if (previous != INT64_MIN && date_of_time(previous) != date_of_time(time))
			assert_int_equal(strcmp(before, out) < 0, previous < time);
		memcpy(before, out, sizeof out);
		previous = time;
	}
	static const int64_t outside[] = { INT64_MIN, -62167219200000001, 253402300800000000, INT64_MAX };
	for (size_t i = 0; i < COUNT(outside); i++) {
		time_format(outside[i], out);
		assert_string_equal(out, outside[i] < 0 ? "0000-01-01T00:00:00Z" : "9999-12-31T23:59:59.999999Z");
	}
	assert_int_equal(date_of_time(-1), -1);
	assert_int_equal(date_of_time(0), 0);
	assert_int_equal(date_of_time(DAY - 1), 0);
	assert_int_equal(date_of_time(DAY), 1);
	assert_int_equal(date_of_time(-DAY), -1);
}

static void test_period_text(void **state)
{
	static const struct {
		const char *text;
		bool good;
		struct period p;
	} cases[] = {
		{ "1 second", true, { 0, SECOND } },
		{ "90 days", true, { 0, 90 * DAY } },
		{ "36 hours", true, { 0, 36 * 3600 * SECOND } },
		{ "5 minutes", true, { 0, 300 * SECOND } },
		{ "2 weeks", true, { 0, 14 * DAY } },
		{ "6 months", true, { 6, 0 } },
		{ "2 years", true, { 24, 0 } },
		{ "1 years", true, { 12, 0 } },
		{ "0 days", true, { 0, 0 } },
		{ "  3   days ", true, { 0, 3 * DAY } },
		{ "100000 years", true, { 1200000, 0 } },
		{ "100001 days", false, { 0 } },
		{ "99999999999999999999 days", false, { 0 } },
		{ "-1 days", false, { 0 } },
		{ "-0 days", false, { 0 } },
		{ "+1 days", false, { 0 } },
		{ "1.5 days", false, { 0 } },
		{ "days", false, { 0 } },
		{ "1", false, { 0 } },
		{ "1 ", false, { 0 } },
		{ " ", false, { 0 } },
		{ "", false, { 0 } },
		{ "1days", false, { 0 } },
		{ "1 dayss", false, { 0 } },
		{ "1 s", false, { 0 } },
		{ "1 Day", false, { 0 } },
		{ "1 decade", false, { 0 } },
		{ "1 day 2 hours", false, { 0 } },
		{ "1\tday", false, { 0 } },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct period p = { 77, 77 };
		bool good = period_parse(str_of(cases[i].text), &p);
		if (good != cases[i].good)
			fail_msg("'%s': %d", cases[i].text, good);
		assert_int_equal(p.months, good ? cases[i].p.months : 77);
		assert_int_equal(p.micros, good ? cases[i].p.micros : 77);
	}
	struct period p;
	assert_false(period_parse(STR_NONE, &p));
}

static void test_period_add(void **state)
{
	static const struct {
		const char *from;
		struct period p;
		const char *to;
	} cases[] = {
		{ "2026-01-31T10:00:00Z", { 1, 0 }, "2026-02-28T10:00:00Z" },
		{ "2024-01-31T10:00:00Z", { 1, 0 }, "2024-02-29T10:00:00Z" },
		{ "2024-02-29T10:00:00Z", { 12, 0 }, "2025-02-28T10:00:00Z" },
		{ "2024-02-29T10:00:00Z", { 48, 0 }, "2028-02-29T10:00:00Z" },
		{ "2026-12-15T00:00:00Z", { 1, 0 }, "2027-01-15T00:00:00Z" },
		{ "2026-03-31T00:00:00Z", { -1, 0 }, "2026-02-28T00:00:00Z" },
		{ "2026-01-15T00:00:00Z", { -13, 0 }, "2024-12-15T00:00:00Z" },
		{ "2026-01-31T23:59:59.999999Z", { 1, DAY }, "2026-03-01T23:59:59.999999Z" },
		{ "1969-12-31T23:00:00Z", { 2, 3600 * SECOND }, "1970-03-01T00:00:00Z" },
		{ "2026-05-05T05:05:05Z", { 0, 0 }, "2026-05-05T05:05:05Z" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t from;
		char out[32];
		assert_true(time_parse(str_of(cases[i].from), &from));
		time_format(period_add(from, cases[i].p), out);
		assert_string_equal(out, cases[i].to);
	}
}

static int128 oracle_add(int64_t time, struct period p)
{
	int64_t days = date_of_time(time);
	int y, m, d;
	date_to_civil(days, &y, &m, &d);
	for (int i = 0; i < p.months; i++)
		if (++m > 12) {
			m = 1;
			y++;
		}
	for (int i = 0; i > p.months; i--)
		if (--m < 1) {
			m = 12;
			y--;
		}
	while (d > month_days(y, m))
		d--;
	return (int128)time + ((int128)date_from_civil(y, m, d) - days) * DAY + p.micros;
}

static void test_period_add_everywhere(void **state)
{
	struct random_seeded r;
	random_seed(&r, 6);
	for (int i = 0; i < 20000; i++) {
		int64_t time = (int64_t)random_next(&r) >> random_below(&r, 20);
		struct period p = { (int32_t)random_below(&r, 4000) - 2000, (int64_t)random_next(&r) >> random_below(&r, 64) };
		if (i % 5 == 0)
			time = i % 2 ? INT64_MAX - (int64_t)random_below(&r, 1 << 20) : INT64_MIN + (int64_t)random_below(&r, 1 << 20);
		if (i % 7 == 0)
			p = (struct period){ 0, i % 2 ? 5 : -5 };
		int128 expected = oracle_add(time, p);
		/* the months are added first and held there too */
		int128 middle = oracle_add(time, (struct period){ p.months, 0 });
		if (middle > INT64_MAX || middle < INT64_MIN)
			expected = middle > 0 ? INT64_MAX : INT64_MIN;
		else if (expected > INT64_MAX || expected < INT64_MIN)
			expected = expected > 0 ? INT64_MAX : INT64_MIN;
		if (period_add(time, p) != (int64_t)expected)
			fail_msg("%lld + %d months + %lld", (long long)time, p.months, (long long)p.micros);
	}
	assert_int_equal(period_add(INT64_MAX, (struct period){ INT32_MAX, 0 }), INT64_MAX);
	assert_int_equal(period_add(INT64_MIN, (struct period){ INT32_MIN, 0 }), INT64_MIN);
	assert_int_equal(period_add(INT64_MIN, (struct period){ 0, 0 }), INT64_MIN);
	assert_int_equal(period_add(INT64_MAX, (struct period){ 0, 0 }), INT64_MAX);
}

static void test_clocks(void **state)
{
	int64_t a = clock_monotonic(), b = clock_monotonic(), now = clock_now(&clock_system);
	assert_true(b >= a);
	assert_true(now > INT64_C(1700000000) * SECOND && now < LAST_DAY * DAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_civil_every_day), cmocka_unit_test(test_date_text),	  cmocka_unit_test(test_time_text),
		cmocka_unit_test(test_time_random),	cmocka_unit_test(test_period_text),	  cmocka_unit_test(test_period_add),
		cmocka_unit_test(test_period_add_everywhere), cmocka_unit_test(test_clocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

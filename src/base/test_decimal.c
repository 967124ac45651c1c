/* Decimals and currencies: against arithmetic on digits by hand, and the list of ISO 4217. Neighbour: decimal.c. */
#include "base/decimal.h"
#include "base/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

__extension__ typedef __int128 int128;

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int scale;
		bool good;
		int64_t value;
	} cases[] = {
		{ "12.50", 2, true, 1250 },
		{ "12.5", 2, true, 1250 },
		{ "12", 2, true, 1200 },
		{ "-12.5", 2, true, -1250 },
		{ "-0.01", 2, true, -1 },
		{ "-0", 2, true, 0 },
		{ "0", 0, true, 0 },
		{ "0.000000001", 9, true, 1 },
		{ "007.5", 1, true, 75 },
		{ "9223372036854775807", 0, true, INT64_MAX },
		{ "-9223372036854775808", 0, true, INT64_MIN },
		{ "92233720368547758.07", 2, true, INT64_MAX },
		{ "-92233720368547758.08", 2, true, INT64_MIN },
		{ "-9223372036.854775808", 9, true, INT64_MIN },
		{ "9223372036854775808", 0, false, 0 },
		{ "-9223372036854775809", 0, false, 0 },
		{ "92233720368547758.08", 2, false, 0 },
		{ "92233720368547759", 2, false, 0 },
		{ "12.505", 2, false, 0 },
		{ "12.500", 2, false, 0 }, /* three digits are three digits */
		{ "12.0", 0, false, 0 },
		{ "", 2, false, 0 },
		{ "-", 2, false, 0 },
		{ ".", 2, false, 0 },
		{ "-.", 2, false, 0 },
		{ ".5", 2, false, 0 },
		{ "-.5", 2, false, 0 },
		{ "5.", 2, false, 0 },
		{ "+5", 2, false, 0 },
		{ "--5", 2, false, 0 },
		{ "5-", 2, false, 0 },
		{ "1.2.3", 2, false, 0 },
		{ "1,5", 2, false, 0 },
		{ "1 000", 2, false, 0 },
		{ " 1", 2, false, 0 },
		{ "1 ", 2, false, 0 },
		{ "1e3", 2, false, 0 },
		{ "0x1", 2, false, 0 },
		{ "NaN", 2, false, 0 },
		{ "inf", 2, false, 0 },
		{ "\xd9\xa1", 2, false, 0 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t value = 77;
		bool good = decimal_parse(str_of(cases[i].text), cases[i].scale, &value);
		if (good != cases[i].good || value != (good ? cases[i].value : 77))
			fail_msg("'%s' at %d: %d %lld", cases[i].text, cases[i].scale, good, (long long)value);
	}
	int64_t value;
	assert_false(decimal_parse(STR_NONE, 2, &value));
	assert_false(decimal_parse((struct str){ "1\0", 2 }, 2, &value));
}

static int64_t any_value(struct random_seeded *r)
{
	static const int64_t edges[] = { 0, 1, -1, 9, 10, -10, 99, 100, INT64_MAX, INT64_MIN, INT64_MAX - 1, INT64_MIN + 1 };
	return random_below(r, 8) ? (int64_t)random_next(r) >> random_below(r, 64) : edges[random_below(r, COUNT(edges))];
}

/* The oracle: printf of the two halves of the magnitude. */
static void test_format(void **state)
{
	struct random_seeded r;
	random_seed(&r, 7);
	for (int i = 0; i < 50000; i++) {
		int64_t value = any_value(&r), back, power = 1;
		int scale = (int)random_below(&r, 10);
		for (int k = 0; k < scale; k++)
			power *= 10;
		uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
		char expected[64], out[32];
		int len = snprintf(expected, sizeof expected, "%s%llu", value < 0 ? "-" : "", (unsigned long long)(size / (uint64_t)power));
		if (scale)
			snprintf(expected + len, sizeof expected - (size_t)len, ".%0*llu", scale,
				 (unsigned long long)(size % (uint64_t)power));
		size_t got = decimal_format(value, scale, out);
		assert_string_equal(out, expected);
		assert_int_equal(got, strlen(expected));
		assert_true(decimal_parse((struct str){ out, got }, scale, &back));
		assert_int_equal(back, value);
		/* a wider scale reads the same number, or tells that it does not fit */
		int wider = scale + (int)random_below(&r, (uint64_t)(10 - scale));
		int128 grown = value;
		for (int k = scale; k < wider; k++)
			grown *= 10;
		bool fits = grown <= INT64_MAX && grown >= INT64_MIN;
		assert_int_equal(decimal_parse((struct str){ out, got }, wider, &back), fits);
		assert_true(!fits || back == (int64_t)grown);
	}
}

static void test_from_real(void **state)
{
	static const struct {
		double real;
		int scale;
		bool good;
		int64_t value;
	} cases[] = {
		{ 12.5, 2, true, 1250 },
		{ 0.1, 1, true, 1 },
		{ 0.1 + 0.2, 1, false, 0 }, /* 0.30000000000000004 */
		{ 0.1 + 0.2, 9, false, 0 },
		{ 0.07, 2, true, 7 },
		{ 1.005, 2, false, 0 },
		{ 1.005, 3, true, 1005 },
		{ -0.0, 2, true, 0 },
		{ -19.99, 2, true, -1999 },
		{ 1e-9, 9, true, 1 },
		{ 1e-10, 9, false, 0 },
		{ 5e-324, 9, false, 0 },
		{ 9007199254740991, 0, true, 9007199254740991 },
		{ 9007199254740992, 0, true, 9007199254740992 },
		{ 9007199254740994, 0, false, 0 },
		{ 9007199254740991, 9, false, 0 }, /* does not fit */
		{ 1e300, 0, false, 0 },
		{ NAN, 2, false, 0 },
		{ INFINITY, 2, false, 0 },
		{ -INFINITY, 2, false, 0 },
		{ 4503599627370495.5, 1, true, 45035996273704955 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t value = 77;
		bool good = decimal_from_real(cases[i].real, cases[i].scale, &value);
		if (good != cases[i].good || value != (good ? cases[i].value : 77))
			fail_msg("%.17g at %d: %d %lld", cases[i].real, cases[i].scale, good, (long long)value);
	}
}

/* What was written with few enough digits for a double to hold comes back as written. */
static void test_from_real_random(void **state)
{
	struct random_seeded r;
	random_seed(&r, 8);
	for (int i = 0; i < 50000; i++) {
		int64_t value = (int64_t)random_below(&r, INT64_C(1000000000000000)) >> random_below(&r, 48), back;
		int scale = (int)random_below(&r, 10);
		char out[32];
		value = random_below(&r, 2) ? value : -value;
		decimal_format(value, scale, out);
		if (!decimal_from_real(strtod(out, NULL), scale, &back) || back != value)
			fail_msg("%s", out);
		if (scale && value % 10 && decimal_from_real(strtod(out, NULL), scale - 1, &back))
			fail_msg("%s was cut to %d digits", out, scale - 1);
	}
}

static void test_currencies(void **state)
{
	static const struct {
		const char *code;
		int digits;
	} cases[] = {
		{ "USD", 2 }, { "EUR", 2 },  { "AED", 2 },  { "ZWG", 2 },  { "JPY", 0 },  { "KRW", 0 },	 { "CLP", 0 },	{ "XPF", 0 },
		{ "BIF", 0 }, { "KWD", 3 },  { "BHD", 3 },  { "TND", 3 },  { "IQD", 3 },  { "JOD", 3 },	 { "LYD", 3 },	{ "OMR", 3 },
		{ "CLF", 4 }, { "UYW", 4 },  { "UYI", 0 },  { "XCG", 2 },  { "XAD", 2 },  { "SLE", 2 },	 { "VED", 2 },	{ "XAF", 0 },
		{ "ISK", 0 }, { "MGA", 2 },  { "MRU", 2 },  { "ANG", -1 }, { "BGN", -1 }, { "HRK", -1 }, { "SLL", -1 }, { "ZWL", -1 },
		{ "DEM", -1 }, { "XAU", -1 }, { "XXX", -1 }, { "XTS", -1 }, { "usd", -1 }, { "", -1 },	 { "US", -1 },	{ "USDT", -1 },
		{ "D A", -1 }, { " US", -1 }, { "SD ", -1 }, { "AAA", -1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		if (currency_digits(str_of(cases[i].code)) != cases[i].digits)
			fail_msg("%s", cases[i].code);
	size_t by_digits[5] = { 0 };
	for (char a = 'A'; a <= 'Z'; a++)
		for (char b = 'A'; b <= 'Z'; b++)
			for (char c = 'A'; c <= 'Z'; c++) {
				int digits = currency_digits((struct str){ (char[]){ a, b, c }, 3 });
				if (digits >= 0)
					by_digits[digits]++;
			}
	/* 178 codes are in the list; 13 of them (metals, bond units, drawing rights, test codes) have no minor unit */
	assert_int_equal(by_digits[0], 17);
	assert_int_equal(by_digits[1], 0);
	assert_int_equal(by_digits[3], 7);
	assert_int_equal(by_digits[4], 2);
	assert_int_equal(by_digits[0] + by_digits[2] + by_digits[3] + by_digits[4], 165);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),		 cmocka_unit_test(test_format),	    cmocka_unit_test(test_from_real),
		cmocka_unit_test(test_from_real_random), cmocka_unit_test(test_currencies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

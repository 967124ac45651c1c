/* Views and UTF-8: edges, every code point, hostile bytes. Neighbours: str.c, utf8.c, embed.c. */
#include "base/embed.h"
#include "base/random.h"
#include "base/str.h"
#include "base/utf8.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_compare(void **state)
{
	static const char *const ordered[] = { "", "A", "AA", "AB", "B", "a", "ab", "b", "\xc3\xa9", "\xff" };
	for (size_t i = 0; i < COUNT(ordered); i++)
		for (size_t k = 0; k < COUNT(ordered); k++) {
			struct str a = str_of(ordered[i]), b = str_of(ordered[k]);
			int order = str_cmp(a, b);
			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
			assert_int_equal(str_eq(a, b), i == k);
			assert_int_equal(str_is(a, ordered[k]), i == k);
		}
	assert_true(str_eq(STR_NONE, STR("")));
	assert_int_equal(str_cmp(STR_NONE, STR("")), 0);
	assert_true(str_empty(str_of(NULL)));
	assert_true(str_cmp((struct str){ "a\0b", 3 }, STR("a")) > 0);
	assert_false(str_eq((struct str){ "a\0b", 3 }, (struct str){ "a\0c", 3 }));
	assert_true(str_eq_nocase(STR("Content-TYPE"), STR("content-type")));
	assert_false(str_eq_nocase(STR("a"), STR("ab")));
	assert_false(str_eq_nocase(STR("["), STR("{"))); /* 0x20 apart, but no letters */
	assert_false(str_eq_nocase(STR("@"), STR("`")));
	assert_false(str_eq_nocase(STR("\xc3\x89"), STR("\xc3\xa9")));
}

static void test_parts(void **state)
{
	struct str s = STR("hello world");
	assert_true(str_starts(s, STR("hello")) && str_starts(s, STR("")) && str_starts(s, STR_NONE) && str_starts(s, s));
	assert_false(str_starts(s, STR("world")) || str_starts(STR("h"), s) || str_starts(STR_NONE, STR("a")));
	assert_true(str_ends(s, STR("world")) && str_ends(s, STR("")) && str_ends(STR_NONE, STR_NONE));
	assert_false(str_ends(s, STR("hello")) || str_ends(STR("d"), s));
	assert_int_equal(str_find(s, 'o'), 4);
	assert_int_equal(str_find(s, 'z'), -1);
	assert_int_equal(str_find(STR_NONE, 'z'), -1);
	assert_int_equal(str_find((struct str){ "ab\0c", 4 }, 0), 2);
	assert_int_equal(str_find_str(s, STR("world")), 6);
	assert_int_equal(str_find_str(s, STR("worlds")), -1);
	assert_int_equal(str_find_str(s, STR("")), 0);
	assert_int_equal(str_find_str(STR_NONE, STR("x")), -1);
	assert_true(str_is(str_slice(s, 6, 100), "world"));
	assert_true(str_is(str_slice(s, 0, 0), ""));
	assert_true(str_is(str_slice(s, 100, 200), ""));
	assert_true(str_is(str_slice(s, 5, 2), ""));
	assert_null(str_slice(STR_NONE, 3, 5).data);
	assert_true(str_is(str_trim(STR(" \t\r\n a b \n")), "a b"));
	assert_true(str_is(str_trim(STR(" \n ")), ""));
	assert_true(str_is(str_trim(STR_NONE), ""));
	assert_true(str_is(str_trim(STR("\xc2\xa0x")), "\xc2\xa0x"));
}

static void test_cut(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		const char *parts[4];
	} cases[] = {
		{ "a,b,c", 3, { "a", "b", "c" } }, { "", 1, { "" } },         { ",", 2, { "", "" } },
		{ "a,", 2, { "a", "" } },          { ",a", 2, { "", "a" } },  { "abc", 1, { "abc" } },
		{ "a,,b", 3, { "a", "", "b" } },
	};
	struct str rest = STR_NONE, part;
	assert_false(str_cut(&rest, ',', &part));
	assert_null(str_take(&rest, ',').data);
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = 0;
		rest = str_of(cases[i].text);
		for (; str_cut(&rest, ',', &part); n++)
			assert_true(n < cases[i].count && str_is(part, cases[i].parts[n]));
		assert_int_equal(n, cases[i].count);
	}
}

static void test_int(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int64_t n;
	} cases[] = {
		{ "0", true, 0 }, { "-0", true, 0 }, { "007", true, 7 }, { "-1", true, -1 },
		{ "9223372036854775807", true, INT64_MAX }, { "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 }, { "-9223372036854775809", false, 0 },
		{ "99999999999999999999999999", false, 0 }, { "92233720368547758070", false, 0 },
		{ "", false, 0 }, { "-", false, 0 }, { "--1", false, 0 }, { "+1", false, 0 }, { " 1", false, 0 },
		{ "1 ", false, 0 }, { "1.0", false, 0 }, { "1e3", false, 0 }, { "0x10", false, 0 }, { "1-", false, 0 },
		{ "\xd9\xa1", false, 0 }, { "00000000000000000000000000000000000001", true, 1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t n = 77;
		if (str_int(str_of(cases[i].text), &n) != cases[i].good || n != (cases[i].good ? cases[i].n : 77))
			fail_msg("'%s': %lld", cases[i].text, (long long)n);
	}
	int64_t n;
	assert_false(str_int(STR_NONE, &n));
	assert_false(str_int((struct str){ "1\0", 2 }, &n));
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Equal texts hash alike wherever they stand; texts that differ in one byte or only in length do not, in any
 * length; the low bits spread as well as the whole. */
static void test_hash(void **state)
{
	static char block[80], shifted[90];
	static uint64_t seen[80 * 81];
	size_t n = 0;
	for (size_t len = 0; len <= 80; len++) {
		for (size_t at = 0; at < len; at++) {
			block[at] = 1;
			memcpy(shifted + at % 8, block, len);
			seen[n] = str_hash((struct str){ block, len });
			assert_true(seen[n++] == str_hash((struct str){ shifted + at % 8, len }));
			block[at] = 0;
		}
		seen[n++] = str_hash((struct str){ block, len });
	}
	uint64_t buckets[256] = { 0 };
	for (size_t i = 0; i < n; i++)
		buckets[seen[i] & 255]++;
	for (size_t i = 0; i < 256; i++)
		assert_true(buckets[i] < 4 * n / 256);
	qsort(seen, n, sizeof *seen, by_number);
	for (size_t i = 1; i < n; i++)
		assert_true(seen[i] != seen[i - 1]);
	assert_true(str_hash(STR_NONE) == str_hash(STR("")));
}

/* --- UTF-8 ---------------------------------------------------------------------------------------- */

/* RFC 3629 §4, as a grammar, byte by byte: the slow and obvious way. */
static size_t oracle_sequence(const unsigned char *p, size_t left)
{
	static const struct {
		unsigned char from[4], to[4];
		size_t len;
	} rows[] = {
		{ { 0x00 }, { 0x7f }, 1 },
		{ { 0xc2, 0x80 }, { 0xdf, 0xbf }, 2 },
		{ { 0xe0, 0xa0, 0x80 }, { 0xe0, 0xbf, 0xbf }, 3 },
		{ { 0xe1, 0x80, 0x80 }, { 0xec, 0xbf, 0xbf }, 3 },
		{ { 0xed, 0x80, 0x80 }, { 0xed, 0x9f, 0xbf }, 3 },
		{ { 0xee, 0x80, 0x80 }, { 0xef, 0xbf, 0xbf }, 3 },
		{ { 0xf0, 0x90, 0x80, 0x80 }, { 0xf0, 0xbf, 0xbf, 0xbf }, 4 },
		{ { 0xf1, 0x80, 0x80, 0x80 }, { 0xf3, 0xbf, 0xbf, 0xbf }, 4 },
		{ { 0xf4, 0x80, 0x80, 0x80 }, { 0xf4, 0x8f, 0xbf, 0xbf }, 4 },
	};
	for (size_t r = 0; r < COUNT(rows); r++) {
		size_t i = 0;
		while (i < rows[r].len && i < left && p[i] >= rows[r].from[i] && p[i] <= rows[r].to[i])
			i++;
		if (i == rows[r].len)
			return i;
	}
	return 0;
}

static size_t oracle_prefix(const char *text, size_t len)
{
	size_t i = 0, n;
	while (i < len && (n = oracle_sequence((const unsigned char *)text + i, len - i)) > 0)
		i += n;
	return i;
}

static void test_utf8_every_code_point(void **state)
{
	for (uint32_t cp = 0; cp < 0x110010; cp++) {
		char text[4];
		uint32_t back = 1;
		bool real = cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff);
		struct str s = { text, utf8_encode(cp, text) };
		if (!utf8_valid(s) || oracle_prefix(text, s.len) != s.len || utf8_length(s) != 1)
			fail_msg("U+%X is written wrongly", cp);
		if (!utf8_next(&s, &back) || s.len || back != (real ? cp : 0xfffd))
			fail_msg("U+%X is read as U+%X", cp, back);
	}
}

/* All pairs and triples of interesting bytes behind some ASCII, and random longer ones. */
static void test_utf8_hostile(void **state)
{
	static const unsigned char bytes[] = { 0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
					       0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xfc, 0xfe, 0xff };
	struct random_seeded r;
	random_seed(&r, 3);
	for (size_t round = 0; round < 200000; round++) {
		char *text;
		size_t len = random_below(&r, 24);
		assert_non_null(text = malloc(len + 1)); /* exactly so long, for the sanitizer to watch its end */
		for (size_t i = 0; i < len; i++)
			text[i] = (char)(random_below(&r, 3) ? bytes[random_below(&r, COUNT(bytes))] : 0x41);
		text = realloc(text, len ? len : 1);
		struct str s = { text, len };
		size_t prefix = oracle_prefix(text, len), max = random_below(&r, 26);
		assert_int_equal(utf8_valid(s), prefix == len);
		struct str clip = utf8_clip(s, max);
		assert_int_equal(clip.len, oracle_prefix(text, max < len ? max : len));
		size_t steps = 0;
		uint32_t cp;
		for (struct str left = s; utf8_next(&left, &cp); steps++)
			assert_true(cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff));
		assert_true(steps <= len);
		if (prefix == len)
			assert_int_equal(utf8_length(s), steps);
		free(text);
	}
}

static void test_utf8_tools(void **state)
{
	assert_true(utf8_valid(STR_NONE));
	assert_int_equal(utf8_length(STR_NONE), 0);
	assert_int_equal(utf8_length(STR("a\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80")), 4);
	assert_true(str_is(utf8_clip(STR("a\xc3\xa9"), 2), "a"));
	assert_true(str_is(utf8_clip(STR("a\xc3\xa9"), 3), "a\xc3\xa9"));
	assert_true(str_is(utf8_clip(STR("abc"), 0), ""));
	assert_int_equal(utf8_clip(STR_NONE, 5).len, 0);
	static const struct {
		const char *text;
		bool controls;
	} cases[] = { { "plain \t\r\n text", false }, { "\x01", true },     { "\x1b[0m", true },       { "\x7f", true },
		      { "\xc2\x80", true },           { "\xc2\x9f", true }, { "\xc2\xa0", false },     { "\xe6\xbc\xa2", false },
		      { "", false },                  { "\x0b", true },     { "tail of long text\x02", true } };
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(utf8_has_controls(str_of(cases[i].text)), cases[i].controls);
	assert_true(utf8_has_controls((struct str){ "a\0", 2 }));
}

static void test_embedded(void **state)
{
	static const struct embedded files[] = { { .path = "a" }, { .path = "a/b" }, { .path = "b" }, { .path = "page/x.js" }, { 0 } };
	static const struct embedded none[] = { { 0 } };
	for (size_t i = 0; files[i].path; i++)
		assert_ptr_equal(embedded_find(files, str_of(files[i].path)), &files[i]);
	static const char *const missing[] = { "", "0", "a/", "aa", "c", "page", "page/x.js2", "zzz" };
	for (size_t i = 0; i < COUNT(missing); i++)
		assert_null(embedded_find(files, str_of(missing[i])));
	assert_null(embedded_find(none, STR("a")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_int),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_utf8_every_code_point),
		cmocka_unit_test(test_utf8_hostile),
		cmocka_unit_test(test_utf8_tools),
		cmocka_unit_test(test_embedded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

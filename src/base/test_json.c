/* Reading JSON: the grammar's edges, hostile input, pointers, equality; simdjson held against the plain reader that finds
 * mistakes. Neighbours: json.c, json.cpp, json_fault.c; test_json_write.c reads back what is written. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/random.h"
#include "json_fault.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
/* A view of a literal that may hold NUL. */
#define BYTES(literal) { literal, sizeof(literal) - 1 }

static enum code parse(struct arena *a, struct str text, const struct json **ret, struct error *e)
{
	/* a copy without a byte to spare, so that reading past the end shows */
	char *exact = malloc(text.len ? text.len : 1);
	if (text.len)
		memcpy(exact, text.data, text.len);
	error_init(e, a);
	enum code code = json_parse(a, (struct str){ exact, text.len }, NULL, ret, e);
	free(exact);
	return code;
}

static struct str written(struct arena *a, const struct json *j)
{
	CLEAN_BUF struct buf b;
	struct json_writer w;
	buf_init(&b, 0);
	json_writer_init(&w, &b);
	json_put_tree(&w, j);
	assert_true(buf_ok(&b));
	return arena_copy(a, buf_str(&b));
}

static const struct {
	struct str text, again; /* as the writer writes it */
} accepted[] = {
	{ BYTES("null"), BYTES("null") },
	{ BYTES("true"), BYTES("true") },
	{ BYTES(" \t\r\nfalse\n\r\t "), BYTES("false") },
	{ BYTES("0"), BYTES("0") },
	{ BYTES("-0"), BYTES("0") },
	{ BYTES("-0.0"), BYTES("-0.0") },
	{ BYTES("-1"), BYTES("-1") },
	{ BYTES("9223372036854775807"), BYTES("9223372036854775807") },
	{ BYTES("-9223372036854775808"), BYTES("-9223372036854775808") },
	{ BYTES("1.0"), BYTES("1.0") },
	{ BYTES("1E2"), BYTES("100.0") },
	{ BYTES("1e+2"), BYTES("100.0") },
	{ BYTES("1e-2"), BYTES("0.01") },
	{ BYTES("0e5"), BYTES("0.0") },
	{ BYTES("0.1"), BYTES("0.1") },
	{ BYTES("1e308"), BYTES("1e+308") },
	{ BYTES("1.7976931348623157e308"), BYTES("1.7976931348623157e+308") },
	{ BYTES("17976931348623158e292"), BYTES("1.7976931348623157e+308") }, /* rounds down to the largest */
	{ BYTES("5e-324"), BYTES("5e-324") },
	{ BYTES("1e-400"), BYTES("0.0") },
	{ BYTES("0.1000000000000000055511151231257827021181583404541015625"), BYTES("0.1") },
	{ BYTES("\"\""), BYTES("\"\"") },
	{ BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), BYTES("\"\\\"\\\\/\\b\\f\\n\\r\\t\"") },
	{ BYTES("\"\\u0041\\u00e9\\u20AC\""), BYTES("\"A\xc3\xa9\xe2\x82\xac\"") },
	{ BYTES("\"\\uD834\\udd1e\""), BYTES("\"\xf0\x9d\x84\x9e\"") },
	{ BYTES("\"\\u0000\\u001f\\u007f\""), BYTES("\"\\u0000\\u001f\\u007f\"") },
	{ BYTES("\"\\uFFFF\\uFDD0\""), BYTES("\"\xef\xbf\xbf\xef\xb7\x90\"") },
	{ BYTES("\"\x7f\xc2\x80\xe2\x80\xa8\xf4\x8f\xbf\xbf\""), BYTES("\"\\u007f\xc2\x80\xe2\x80\xa8\xf4\x8f\xbf\xbf\"") },
	{ BYTES("[]"), BYTES("[]") },
	{ BYTES("{}"), BYTES("{}") },
	{ BYTES(" [ 1 , [ ] , { } ] "), BYTES("[1,[],{}]") },
	{ BYTES("{\"b\":1,\"a\":[true,null,\"x\"]}"), BYTES("{\"b\":1,\"a\":[true,null,\"x\"]}") },
	{ BYTES("{\"\":0}"), BYTES("{\"\":0}") },
	{ BYTES("{\"a\\u0000b\":0,\"a\":1}"), BYTES("{\"a\\u0000b\":0,\"a\":1}") },
	{ BYTES("{\"\xd8\xa7\":\"\xe8\xaf\xad\"}"), BYTES("{\"\xd8\xa7\":\"\xe8\xaf\xad\"}") },
	{ BYTES("{\"a\":{\"a\":{\"a\":1}}}"), BYTES("{\"a\":{\"a\":{\"a\":1}}}") },
	/* past int64: real, however long */
	{ BYTES("9223372036854775808"), BYTES("9.223372036854776e+18") },
	{ BYTES("-9223372036854775809"), BYTES("-9.223372036854776e+18") },
	{ BYTES("18446744073709551615"), BYTES("18446744073709552000.0") },
	{ BYTES("18446744073709551616"), BYTES("18446744073709552000.0") },
	{ BYTES("[1,-100000000000000000000,{\"n\":200000000000000000000}]"), BYTES("[1,-100000000000000000000.0,{\"n\":200000000000000000000.0}]") },
};

static void test_accepted(void **state)
{
	for (size_t i = 0; i < COUNT(accepted); i++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		const struct json *j, *again;
		struct error e;
		if (parse(a, accepted[i].text, &j, &e) != OK)
			fail_msg("%.*s: %.*s", STR_ARG(accepted[i].text), STR_ARG(error_text(&e, a)));
		struct str out = written(a, j);
		/* numbers of the same length may be written either way: what they are is what counts */
		if (j->type != JSON_REAL && accepted[i].text.data[0] != '[' && !str_eq(out, accepted[i].again))
			fail_msg("%.*s became %.*s", STR_ARG(accepted[i].text), STR_ARG(out));
		assert_int_equal(parse(a, accepted[i].again, &again, &e), OK);
		assert_true(json_equal(j, again));
		assert_int_equal(parse(a, out, &again, &e), OK);
		assert_true(json_equal(j, again));
	}
}

static const char json_fault_text[] = "not valid JSON", utf8_fault[] = "not valid UTF-8", number_fault[] = "is too large";
static const struct {
	struct str text;
	const char *what;
	int line, column;
} refused[] = {
	{ BYTES(""), json_fault_text, 1, 1 },
	{ BYTES(" \n "), json_fault_text, 2, 2 },
	{ BYTES("nul"), json_fault_text, 1, 4 },
	{ BYTES("nulL"), json_fault_text, 1, 4 },
	{ BYTES("True"), json_fault_text, 1, 1 },
	{ BYTES("NaN"), json_fault_text, 1, 1 },
	{ BYTES("Infinity"), json_fault_text, 1, 1 },
	{ BYTES("-Infinity"), json_fault_text, 1, 2 },
	{ BYTES("\"a"), json_fault_text, 1, 3 },
	{ BYTES("'a'"), json_fault_text, 1, 1 },
	{ BYTES("\"\\x41\""), json_fault_text, 1, 2 },
	{ BYTES("\"\\u12G4\""), json_fault_text, 1, 2 },
	{ BYTES("\"\\u123\""), json_fault_text, 1, 2 },
	{ BYTES("\"\\"), json_fault_text, 1, 2 },
	{ BYTES("\"\\\""), json_fault_text, 1, 4 },
	{ BYTES("\"\\ud800\""), json_fault_text, 1, 2 },
	{ BYTES("\"ab\\udc00\""), json_fault_text, 1, 4 },
	{ BYTES("\"\\ud800\\u0041\""), json_fault_text, 1, 2 },
	{ BYTES("\"\\ud800\\ud800\""), json_fault_text, 1, 2 },
	{ BYTES("\"\\ud800x\\udc00\""), json_fault_text, 1, 2 },
	{ BYTES("\"a\nb\""), json_fault_text, 1, 3 },
	{ BYTES("\"a\tb\""), json_fault_text, 1, 3 },
	{ BYTES("\"a\0b\""), json_fault_text, 1, 3 },
	{ BYTES("1\0"), json_fault_text, 1, 2 },
	{ BYTES("\0"), json_fault_text, 1, 1 },
	{ BYTES("+1"), json_fault_text, 1, 1 },
	{ BYTES("01"), json_fault_text, 1, 2 },
	{ BYTES("-01"), json_fault_text, 1, 3 },
	{ BYTES("-"), json_fault_text, 1, 2 },
	{ BYTES("--1"), json_fault_text, 1, 2 },
	{ BYTES("1."), json_fault_text, 1, 3 },
	{ BYTES(".1"), json_fault_text, 1, 1 },
	{ BYTES("1.e1"), json_fault_text, 1, 3 },
	{ BYTES("1e"), json_fault_text, 1, 3 },
	{ BYTES("1e+"), json_fault_text, 1, 4 },
	{ BYTES("1e1.5"), json_fault_text, 1, 4 },
	{ BYTES("0x10"), json_fault_text, 1, 2 },
	{ BYTES("1 2"), json_fault_text, 1, 3 },
	{ BYTES("1,"), json_fault_text, 1, 2 },
	{ BYTES("[1"), json_fault_text, 1, 3 },
	{ BYTES("[1,]"), json_fault_text, 1, 4 },
	{ BYTES("[,1]"), json_fault_text, 1, 2 },
	{ BYTES("[1 2]"), json_fault_text, 1, 4 },
	{ BYTES("[1}"), json_fault_text, 1, 3 },
	{ BYTES("]"), json_fault_text, 1, 1 },
	{ BYTES("[]]"), json_fault_text, 1, 3 },
	{ BYTES("[\"a\" \"b\"]"), json_fault_text, 1, 6 },
	{ BYTES("{"), json_fault_text, 1, 2 },
	{ BYTES("{\"a\"}"), json_fault_text, 1, 5 },
	{ BYTES("{\"a\":}"), json_fault_text, 1, 6 },
	{ BYTES("{\"a\":1,}"), json_fault_text, 1, 8 },
	{ BYTES("{a:1}"), json_fault_text, 1, 2 },
	{ BYTES("{1:1}"), json_fault_text, 1, 2 },
	{ BYTES("{null:1}"), json_fault_text, 1, 2 },
	{ BYTES("{\"a\":1 \"b\":2}"), json_fault_text, 1, 8 },
	{ BYTES("{\"a\" 1}"), json_fault_text, 1, 6 },
	{ BYTES("{}{}"), json_fault_text, 1, 3 },
	{ BYTES("{\n  \"name\": \"x\",\n  \"size\": 5,,\n}"), json_fault_text, 3, 13 },
	{ BYTES("[\"\xd8\xa7\xd9\x84\", x]"), json_fault_text, 1, 8 }, /* columns are characters */
	{ BYTES("// x\n1"), json_fault_text, 1, 1 },
	{ BYTES("[1] // x"), json_fault_text, 1, 5 },
	{ BYTES("\xef\xbb\xbf{}"), json_fault_text, 1, 1 }, /* RFC 8259 §8.1: no byte order mark */
	{ BYTES("\f1"), json_fault_text, 1, 1 },
	{ BYTES("\xc2\xa0" "1"), json_fault_text, 1, 1 },
	{ BYTES("\"\xff\""), utf8_fault, 1, 2 },
	{ BYTES("\"ab\n\xff\""), json_fault_text, 1, 4 },
	{ BYTES("\"\xc0\xaf\""), utf8_fault, 1, 2 },
	{ BYTES("[\"x\", \"\xe2\x82\"]"), utf8_fault, 1, 8 },
	{ BYTES("\"\xed\xa0\x80\""), utf8_fault, 1, 2 },
	{ BYTES("\"\xf4\x90\x80\x80\""), utf8_fault, 1, 2 },
	{ BYTES("\"\xf8\x88\x80\x80\x80\""), utf8_fault, 1, 2 },
	{ BYTES("{\"\x80\":1}"), utf8_fault, 1, 3 },
	{ BYTES("\xff\xfe{\0}\0"), utf8_fault, 1, 1 },
	{ BYTES("1e400"), number_fault, 1, 1 },
	{ BYTES("1.7976931348623159e308"), number_fault, 1, 1 },
	{ BYTES("[1.7976931348623157e308,-17.976931348623159e307]"), number_fault, 1, 25 },
	{ BYTES("[0.0e999,0.0001e305,0.000e400,0.0001e400]"), number_fault, 1, 31 },
	{ BYTES("[1,\n -1e309]"), number_fault, 2, 2 },
	{ BYTES("[99999999999999999999, 1e99999999999999999999]"), number_fault, 1, 24 },
};

static void test_refused(void **state)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		const struct json *j = NULL;
		struct error e;
		char place[64];
		assert_int_equal(parse(a, refused[i].text, &j, &e), E_INVALID);
		assert_null(j);
		struct str said = error_text(&e, a);
		snprintf(place, sizeof place, "line %d, column %d ", refused[i].line, refused[i].column);
		if (str_find_str(said, str_of(refused[i].what)) < 0 || str_find_str(said, str_of(place)) < 0)
			fail_msg("'%.*s': %.*s; expected %s%s", STR_ARG(refused[i].text), STR_ARG(said), place, refused[i].what);
	}
}

/* A whole number of very many digits is a real one as long as a double reaches that far. */
static void test_long_numbers(void **state)
{
	char digits[400];
	memset(digits, '9', sizeof digits);
	for (size_t n = 1; n <= sizeof digits; n++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		const struct json *j;
		struct error e;
		enum code code = parse(a, (struct str){ digits, n }, &j, &e);
		assert_int_equal(code, n <= 308 ? OK : E_INVALID);
		if (code == OK)
			assert_int_equal(j->type, n <= 18 ? JSON_INT : JSON_REAL);
	}
}

static void test_duplicates(void **state)
{
	static const char *const twice[] = { "{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2,\"\\u0061\":3}", "[0,{\"x\":{\"\":1,\"\":2}}]",
					     "{\"a\":[{\"b\":1,\"c\":{},\"b\":0}]}" };
	for (size_t i = 0; i < COUNT(twice); i++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		const struct json *j;
		struct error e;
		assert_int_equal(parse(a, str_of(twice[i]), &j, &e), E_INVALID);
		assert_true(str_find_str(error_text(&e, a), STR("twice")) >= 0);
	}
	/* every size around the change from comparing to sorting, every place of the second one */
	for (int n = 2; n < 60; n++)
		for (int k = 0; k <= n; k += 7) {
			CLEAN_ARENA struct arena *a = arena_new(0);
			CLEAN_BUF struct buf b;
			struct json_writer w;
			const struct json *j;
			struct error e;
			buf_init(&b, 0);
			json_writer_init(&w, &b);
			json_object(&w);
			for (int i = 0; i < n; i++) {
				char name[16];
				snprintf(name, sizeof name, "n%d", i == n - 1 && k < n - 1 ? k : i);
				json_name(&w, str_of(name));
				json_put_int(&w, i);
			}
			json_object_end(&w);
			assert_int_equal(parse(a, buf_str(&b), &j, &e), k < n - 1 ? E_INVALID : OK);
		}
}

static struct str nested(struct arena *a, size_t depth, bool object)
{
	CLEAN_BUF struct buf b;
	buf_init(&b, 0);
	for (size_t i = 0; i < depth; i++)
		buf_add_text(&b, object ? "{\"a\":" : "[");
	buf_add_text(&b, object ? "1" : "");
	for (size_t i = 0; i < depth; i++)
		buf_add_char(&b, object ? '}' : ']');
	return arena_copy(a, buf_str(&b));
}

static void test_limits(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	static const struct {
		size_t depth, limit;
		bool object;
		enum code code;
	} cases[] = { { 64, 0, false, OK },	   { 65, 0, false, E_LIMIT },	 { 63, 0, true, OK },	      { 64, 0, true, E_LIMIT },
		      { 1, 1, false, OK },	   { 2, 1, false, E_LIMIT },	 { 1000, 1000, false, OK },   { 500, 1000, true, OK },
		      { 1001, 1000, false, E_LIMIT }, { 100000, 0, false, E_LIMIT }, { 100000, 0, true, E_LIMIT } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct json *j = NULL;
		struct error e;
		error_init(&e, a);
		struct str text = nested(a, cases[i].depth, cases[i].object);
		assert_int_equal(json_parse(a, text, &(struct json_limits){ .depth = cases[i].limit }, &j, &e), cases[i].code);
		if (cases[i].code == OK)
			assert_true(str_eq(written(a, j), text)); /* and what was let in can be written */
		/* never closed: whether that or the depth is told first does not matter */
		assert_true(json_parse(a, str_slice(text, 0, text.len - 1), NULL, &j, &e) != OK);
	}
	for (size_t nodes = 1; nodes < 9; nodes++) {
		const struct json *j;
		struct error e;
		error_init(&e, a);
		enum code code = json_parse(a, STR("[1,{\"a\":2,\"b\":[3]},4]"), &(struct json_limits){ .nodes = nodes }, &j, &e);
		assert_int_equal(code, nodes < 7 ? E_LIMIT : OK);
	}
	for (size_t bytes = 1; bytes < 9; bytes++) {
		const struct json *j;
		struct error e;
		error_init(&e, a);
		assert_int_equal(json_parse(a, STR("\"1234\""), &(struct json_limits){ .bytes = bytes }, &j, &e), bytes < 6 ? E_LIMIT : OK);
		if (bytes < 6)
			assert_int_equal(e.detail, DETAIL_TOO_LARGE);
	}
}

static void test_walking(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	const struct json *j, *deep;
	struct error e;
	/* RFC 6901 §5, and what leads nowhere */
	static const struct {
		const char *pointer;
		int64_t found; /* -1: nothing */
	} cases[] = { { "/foo/0", 100 }, { "/", 0 },	   { "/a~1b", 1 },    { "/c%d", 2 },	{ "/e^f", 3 },	{ "/g|h", 4 },	   { "/i\\j", 5 },
		      { "/k\"l", 6 },	 { "/ ", 7 },	   { "/m~0n", 8 },    { "/o~01p", 9 },	{ "/foo/1", 101 }, { "/foo/2", -1 }, { "/foo/-1", -1 },
		      { "/foo/01", -1 }, { "/foo/-0", -1 }, { "/foo/-", -1 },  { "/foo/", -1 }, { "/m~n", -1 }, { "/m~2n", -1 },	   { "/m~", -1 },
		      { "foo", -1 },	 { "/a/b", -1 },   { "/foo/0/x", -1 }, { "/Foo", -1 },	{ "//", -1 },	{ "/foo/18446744073709551616", -1 } };
	assert_int_equal(parse(a,
			       STR("{\"foo\":[100,101],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,"
				   "\"m~n\":8,\"o~1p\":9}"),
			       &j, &e),
			 OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct json *at = json_at(j, str_of(cases[i].pointer));
		if ((at != NULL) != (cases[i].found >= 0) || (at && at->integer != cases[i].found))
			fail_msg("%s", cases[i].pointer);
	}
	assert_ptr_equal(json_at(j, STR("")), j);
	assert_null(json_at(NULL, STR("/a")));
	assert_int_equal(parse(a, STR("[[[{\"x\":[0,{\"y\":true}]}]]]"), &deep, &e), OK);
	assert_true(json_at(deep, STR("/0/0/0/x/1/y"))->boolean);

	assert_int_equal(parse(a, STR("{\"t\":\"x\",\"n\":null,\"i\":7,\"r\":1.5,\"b\":true,\"l\":[]}"), &j, &e), OK);
	assert_true(str_is(json_text(j, STR("t")), "x"));
	assert_null(json_text(j, STR("i")).data);
	assert_null(json_text(j, STR("none")).data);
	assert_int_equal(json_int(j, STR("i"), 3), 7);
	assert_int_equal(json_int(j, STR("r"), 3), 3);
	assert_int_equal(json_int(j, STR("t"), 3), 3);
	assert_true(json_bool(j, STR("b"), false));
	assert_true(json_bool(j, STR("n"), true));
	assert_null(json_get(json_get(j, STR("l")), STR("t")));
	assert_null(json_get(NULL, STR("t")));
	assert_null(json_text(NULL, STR("t")).data);
}

static void test_equal(void **state)
{
	static const struct {
		const char *one, *other;
		bool equal;
	} cases[] = {
		{ "null", "null", true },	    { "true", "false", false },	    { "1", "1", true },
		{ "1", "1.0", false },		    { "0.0", "-0.0", true },	    { "\"a\"", "\"\\u0061\"", true },
		{ "\"a\"", "\"a\\u0000\"", false },   { "[1,2]", "[2,1]", false },    { "[1]", "[1,1]", false },
		{ "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true },		    { "{\"a\":1}", "{\"b\":1}", false },
		{ "{\"a\":1}", "{\"a\":1,\"b\":1}", false },			    { "{\"a\":[{}]}", "{\"a\":[[]]}", false },
		{ "{}", "[]", false },		    { "\"1\"", "1", false },	    { "{\"a\":1,\"b\":2}", "{\"b\":1,\"a\":2}", false },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		const struct json *one, *other;
		struct error e;
		assert_int_equal(parse(a, str_of(cases[i].one), &one, &e) | parse(a, str_of(cases[i].other), &other, &e), OK);
		if (json_equal(one, other) != cases[i].equal || json_equal(other, one) != cases[i].equal)
			fail_msg("%s and %s", cases[i].one, cases[i].other);
	}
}

static const struct json *numbered(struct arena *a, int count, bool backwards, int odd)
{
	CLEAN_BUF struct buf b;
	const struct json *j;
	struct error e;
	buf_init(&b, 0);
	for (int i = 0; i < count; i++) {
		int n = backwards ? count - 1 - i : i;
		buf_format(&b, "%c\"n%d\":%d", i ? ',' : '{', n, n == odd ? -1 : n);
	}
	buf_add_char(&b, '}');
	assert_int_equal(parse(a, buf_str(&b), &j, &e), OK);
	return j;
}

/* Large objects in opposite orders are compared in far less than the square of their size; without memory, still rightly. */
static void test_equal_large(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new((size_t)512 << 20);
	assert_true(json_equal(numbered(a, 200000, false, -1), numbered(a, 200000, true, -1)));
	assert_false(json_equal(numbered(a, 200000, false, -1), numbered(a, 200000, true, 77777)));
	for (int count = 20; count < 30; count++)
		for (int64_t n = -1; n < 2; n++) {
			const struct json *one = numbered(a, count, false, -1), *same = numbered(a, count, true, -1);
			const struct json *other = numbered(a, count, true, count / 2);
			mem_fail_at(n);
			assert_true(json_equal(one, same));
			mem_fail_at(n);
			assert_false(json_equal(one, other));
			mem_fail_at(-1);
		}
}

static const struct str sample = BYTES("{\"name\":\"Printer \\u00e9\\n\",\"tags\":[\"a\",\"b\",{\"x\":-1.5e3}],\"ok\":true,"
				       "\"none\":null,\"big\":12345678901234567890123,\"id\":\"7301\",\"empty\":{},\"list\":[]}");

/* However a document is cut or one byte of it is changed, simdjson and the plain reader say the same. */
static void test_damaged(void **state)
{
	static const unsigned char bytes[] = "\0\"\\{}[],:x0-.eEtu \n\x1f\x7f\x80\xc3\xff";
	char text[512];
	for (size_t i = 0; i <= sample.len; i++)
		for (size_t k = 0; k < sizeof bytes; k++) {
			CLEAN_ARENA struct arena *a = arena_new(0);
			const struct json *j;
			struct error e;
			size_t at, len = i == sample.len ? sample.len : k == 0 ? i : sample.len;
			memcpy(text, sample.data, sample.len);
			if (k)
				text[i < sample.len ? i : 0] = (char)bytes[k - 1];
			enum json_wrong wrong = json_fault((struct str){ text, len }, &at);
			enum code code = parse(a, (struct str){ text, len }, &j, &e);
			bool twice = code == E_INVALID && str_find_str(error_text(&e, a), STR("twice")) >= 0;
			if ((code == OK || twice) != (wrong == WRONG_NOTHING))
				fail_msg("byte %zu as %02x", i, k ? bytes[k - 1] : 0);
			if (k == 0 && i < sample.len && !(i && at == i - 1)) /* cut off: wrong where it ends, or at its last backslash */
				assert_true(at == i || (at < i && memchr(text + at, '\\', i - at)) || wrong == WRONG_UTF8);
		}
}

/* Seeded soups of tokens: mostly nonsense, some of it JSON. */
static void test_soup(void **state)
{
	static const char *const tokens[] = { "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "\"\"", "1", "-2.5", "0", "true", "null", " ", "\n",
					      "\"\\u0041\"", "1e5", "99999999999999999999", "[]", "{}", "\"\xc3\xa9\"", "\"a\":1" };
	struct random_seeded r;
	int good = 0;
	random_seed(&r, 11);
	for (int round = 0; round < 30000; round++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		CLEAN_BUF struct buf b;
		const struct json *j;
		struct error e;
		size_t at;
		buf_init(&b, 0);
		for (uint64_t n = 1 + random_below(&r, 7); n > 0; n--)
			buf_add_text(&b, tokens[random_below(&r, COUNT(tokens))]);
		bool plain = json_fault(buf_str(&b), &at) == WRONG_NOTHING;
		enum code code = parse(a, buf_str(&b), &j, &e);
		bool twice = code == E_INVALID && str_find_str(error_text(&e, a), STR("twice")) >= 0;
		if ((code == OK || twice) != plain)
			fail_msg("%.*s", STR_ARG(buf_str(&b)));
		good += code == OK;
	}
	assert_true(good > 500);
}

/* Each allocation failing, each size of arena: E_NOMEM and nothing else, then the whole tree. */
static void test_memory_fails(void **state)
{
	CLEAN_ARENA struct arena *reader = arena_new(0);
	const struct json *whole;
	struct error e;
	assert_int_equal(parse(reader, sample, &whole, &e), OK);
	bool done = false;
	for (size_t max = 64; !done; max += 48) {
		CLEAN_ARENA struct arena *a = arena_new(max);
		const struct json *j = NULL;
		error_init(&e, a);
		enum code code = json_parse(a, sample, NULL, &j, &e);
		assert_true(code == OK || (code == E_NOMEM && !j));
		done = code == OK;
		if (done)
			assert_true(json_equal(j, whole));
		assert_true(max < 100000);
	}
	done = false;
	for (int64_t n = 0; !done; n++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		const struct json *j = NULL;
		error_init(&e, a);
		mem_fail_at(n);
		enum code code = json_parse(a, sample, NULL, &j, &e);
		done = mem_fail_left() >= 0;
		mem_fail_at(-1);
		assert_true(done ? code == OK && json_equal(j, whole) : code == E_NOMEM && !j);
	}
}

static void *read_often(void *data)
{
	struct random_seeded r;
	random_seed(&r, (uint64_t)(uintptr_t)data);
	for (int round = 0; round < 300; round++) {
		CLEAN_ARENA struct arena *a = arena_new((size_t)256 << 20);
		CLEAN_BUF struct buf b;
		const struct json *j;
		struct error e;
		/* now and then one past what the parser remembers */
		size_t count = random_below(&r, 100) == 0 ? 100000 : random_below(&r, 50);
		buf_init(&b, 0);
		buf_add_char(&b, '[');
		for (size_t i = 0; i < count; i++)
			buf_format(&b, "%s\"%zu\"", i ? "," : "", i);
		buf_add_char(&b, ']');
		if (parse(a, buf_str(&b), &j, &e) != OK || j->list.count != count)
			return data;
		for (size_t i = 0; i < count; i++) {
			int64_t n;
			if (!str_int(j->list.items[i].text, &n) || n != (int64_t)i || j->list.items[i].text.data[j->list.items[i].text.len])
				return data;
		}
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[3];
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_often, (void *)(uintptr_t)(i + 1)), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),   cmocka_unit_test(test_refused),	   cmocka_unit_test(test_long_numbers),
		cmocka_unit_test(test_duplicates), cmocka_unit_test(test_limits),	   cmocka_unit_test(test_walking),
		cmocka_unit_test(test_equal),	   cmocka_unit_test(test_equal_large), cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_soup),	   cmocka_unit_test(test_memory_fails), cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

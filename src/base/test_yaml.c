/* Reading YAML: trees with their places, what is refused and where, ceilings, damage, memory that fails.
 * Neighbours: yaml.c. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/yaml.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BYTES(literal) { literal, sizeof(literal) - 1 }

static enum code parse(struct arena *a, struct str text, const struct yaml **ret, struct error *e)
{
	char *exact = malloc(text.len ? text.len : 1);
	if (text.len)
		memcpy(exact, text.data, text.len);
	error_init(e, a);
	enum code code = yaml_parse(a, STR("x.yaml"), (struct str){ exact, text.len }, ret, e);
	free(exact);
	return code;
}

/* Quoted texts in quotes, plain ones bare, all with line and column when asked for. */
static void show(struct buf *b, const struct yaml *y, bool places)
{
	size_t n = 0;
	if (places)
		buf_format(b, "%u:%u ", y->line, y->column);
	if (y->type == YAML_TEXT) {
		buf_format(b, y->quoted ? "'%.*s'" : "%.*s", STR_ARG(y->text));
		return;
	}
	buf_add_char(b, y->type == YAML_LIST ? '[' : '{');
	for (const struct yaml *c = y->first; c; c = c->next, n++) {
		buf_add_text(b, n ? ", " : "");
		if (y->type == YAML_MAP)
			buf_format(b, "%.*s: ", STR_ARG(c->name));
		show(b, c, places);
	}
	buf_add_char(b, y->type == YAML_LIST ? ']' : '}');
	assert_int_equal(y->count, n);
}

static void test_trees(void **state)
{
	static const struct {
		const char *text, *tree;
		bool places;
	} cases[] = {
		{ "", "{}" },
		{ "# nothing\n", "{}" },
		{ "---\n", "" },
		{ "\xef\xbb\xbf" "a: 1\n", "{a: 1}" },
		{ "x", "x" },
		{ "a: 1\nb: two words # remark\n", "{a: 1, b: two words}" },
		{ "a: 1\r\nb: 2\r\n", "{a: 1, b: 2}" },
		{ "---\na: 1\n...\n", "{a: 1}" },
		{ "%YAML 1.1\n---\na: 1\n", "{a: 1}" },
		{ "a:\nb: ~\nc: null\nd: ''\n", "{a: , b: ~, c: null, d: ''}" },
		{ "- 1\n- - 2\n  - 3\n- {}\n- []\n", "[1, [2, 3], {}, []]" },
		{ "{a: [1, 'b', \"c\"], d: {e: f}}", "{a: [1, 'b', 'c'], d: {e: f}}" },
		{ "a: |\n  one\n  two\nb: >\n  one\n  two\n", "{a: 'one\ntwo\n', b: 'one two\n'}" },
		{ "a: \"\\x41\\u00e9\\t\\\"\"\nb: 'it''s'\n", "{a: 'A\xc3\xa9\t\"', b: 'it's'}" },
		{ "\xd8\xa7: \xe8\xaf\xad\n", "{\xd8\xa7: \xe8\xaf\xad}" },
		{ "<<: x\n", "{<<: x}" },
		{ "a b: c: d\n", NULL },
		{ "yes: no\n1: 0x10\n", "{yes: no, 1: 0x10}" },
		{ "a: 1\nbc:\n  - x\n  - {k: 'v'}\n", "1:1 {a: 1:4 1, bc: 3:3 [3:5 x, 4:5 {k: 4:9 'v'}]}", true },
		{ "\xd8\xa7\xd8\xa8: x", "1:1 {\xd8\xa7\xd8\xa8: 1:5 x}", true },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		CLEAN_BUF struct buf b;
		const struct yaml *y = NULL;
		struct error e;
		enum code code = parse(a, str_of(cases[i].text), &y, &e);
		assert_int_equal(code, cases[i].tree ? OK : E_INVALID);
		buf_init(&b, 0);
		if (code == OK)
			show(&b, y, cases[i].places);
		if (cases[i].tree && !str_is(buf_str(&b), cases[i].tree))
			fail_msg("'%s' became '%.*s'", cases[i].text, STR_ARG(buf_str(&b)));
	}
}

static void test_refused(void **state)
{
	static const struct {
		struct str text;
		const char *said; /* up to the hint, which is libyaml's */
	} cases[] = {
		{ BYTES("a: &x 1\n"), "x.yaml:1:4: expected no anchors or aliases" },
		{ BYTES("b: 2\na: *x\n"), "x.yaml:2:4: expected no anchors or aliases" },
		{ BYTES("- &x [1]\n"), "x.yaml:1:3: expected no anchors or aliases" },
		{ BYTES("a: &x {b: 1}\n"), "x.yaml:1:4: expected no anchors or aliases" },
		{ BYTES("&x a: 1\n"), "x.yaml:1:1: expected no anchors or aliases" },
		{ BYTES("*x : 1\n"), "x.yaml:1:1: expected no anchors or aliases" },
		{ BYTES("a: !!int 5\n"), "x.yaml:1:4: expected no tags" },
		{ BYTES("a: !other 5\n"), "x.yaml:1:4: expected no tags" },
		{ BYTES("- ! 5\n"), "x.yaml:1:3: expected no tags" },
		{ BYTES("a: !!set {b}\n"), "x.yaml:1:4: expected no tags" },
		{ BYTES("!!str a: 1\n"), "x.yaml:1:1: expected no tags" },
		{ BYTES("a: 1\n---\nb: 2\n"), "x.yaml:2:1: expected one document only" },
		{ BYTES("a: 1\n...\nb: 2\n"), "x.yaml:" },
		{ BYTES("a: 1\nb: 2\na: 3\n"), "x.yaml:3:1: expected each name once" },
		{ BYTES("x:\n  - {k: 1, \"k\": 2}\n"), "x.yaml:2:12: expected each name once" },
		{ BYTES("? [1]\n: 2\n"), "x.yaml:1:3: expected a plain name" },
		{ BYTES("{a: 1}: 2\n"), "x.yaml:1:1: expected a plain name" },
		{ BYTES("a: \"\\0\"\n"), "x.yaml:1:4: expected text without NUL" },
		{ BYTES("\"\\0\": a\n"), "x.yaml:1:1: expected text without NUL" },
		{ BYTES("a: [1\nb: 2\n"), "x.yaml:2:2: expected valid YAML" },
		{ BYTES("a: 'open\n"), "x.yaml:2:1: expected valid YAML" },
		{ BYTES("a: b: c\n"), "x.yaml:1:5: expected valid YAML" },
		{ BYTES("a:\n\t- 1\n"), "x.yaml:2:1: expected valid YAML" },
		{ BYTES("a: \"\\q\"\n"), "x.yaml:1:5: expected valid YAML" },
		{ BYTES("a: @x\n"), "x.yaml:1:4: expected valid YAML" },
		{ BYTES("%YAML 3.0\n---\na: 1\n"), "x.yaml:1:1: expected valid YAML" },
		{ BYTES("a: 1\nb: x\x01y\n"), "x.yaml:2:5: expected valid YAML" },
		{ BYTES("a: 1\nb: \xd8\xa7\x7f\n"), "x.yaml:2:5: expected valid YAML" },
		{ BYTES("a: \0\n"), "x.yaml:1:4: expected valid YAML" },
		{ BYTES("a: \xff\n"), "x.yaml is not valid UTF-8" },
		{ BYTES("a: \xed\xa0\x80\n"), "x.yaml is not valid UTF-8" },
		{ BYTES("\xff\xfe" "a\0:\0 \0b\0"), "x.yaml is not valid UTF-8" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		const struct yaml *y = NULL;
		struct error e;
		assert_int_equal(parse(a, cases[i].text, &y, &e), E_INVALID);
		assert_null(y);
		if (!str_starts(error_text(&e, a), str_of(cases[i].said)))
			fail_msg("'%.*s': %.*s instead of %s", STR_ARG(cases[i].text), STR_ARG(error_text(&e, a)), cases[i].said);
	}
}

static void repeated(struct buf *b, const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_add_text(b, text);
}

static void test_ceilings(void **state)
{
	static const struct {
		const char *open, *middle, *close;
		size_t count;
		enum code code;
	} cases[] = {
		{ "[", "", "]", 32, OK },	{ "[", "", "]", 33, E_INVALID }, { "{a: ", "1", "}", 31, OK }, { "{a: ", "1", "}", 32, E_INVALID },
		{ "- ", "x", "", 31, OK },	{ "- ", "x", "", 32, E_INVALID }, { "[", "", "", 100000, E_INVALID }, { "- ", "", "", 100000, E_INVALID },
		{ "{? ", "", "", 100000, E_INVALID }, { "- 1\n", "", "", 199999, OK }, { "- 1\n", "", "", 200000, E_INVALID },
		{ "#23456789012345\n", "a: 1", "", 262144, E_LIMIT }, { "#23456789012345\n", "a: 1", "", 262143, OK },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		CLEAN_BUF struct buf b;
		const struct yaml *y = NULL;
		struct error e;
		buf_init(&b, 0);
		repeated(&b, cases[i].open, cases[i].count);
		buf_add_text(&b, cases[i].middle);
		repeated(&b, cases[i].close, cases[i].count);
		if (parse(a, buf_str(&b), &y, &e) != cases[i].code)
			fail_msg("%zu × '%s': %.*s", cases[i].count, cases[i].open, STR_ARG(error_text(&e, a)));
	}
}

/* Names that stand twice are found whatever the size of the map, and large maps take no square of time. */
static void test_many_names(void **state)
{
	static const int counts[] = { 1, 2, 23, 24, 25, 26, 60, 100000 };
	for (size_t i = 0; i < COUNT(counts); i++)
		for (int place = -1; place < 3; place++) {
			CLEAN_ARENA struct arena *a = arena_new(0);
			CLEAN_BUF struct buf b;
			const struct yaml *y;
			struct error e;
			int twice = place == 0 ? 0 : place == 1 ? counts[i] / 2 : counts[i] - 1;
			buf_init(&b, 0);
			for (int n = 0; n < counts[i]; n++)
				buf_format(&b, "n%d: %d\n", n, n);
			if (place >= 0)
				buf_format(&b, "'n%d': 0\n", twice);
			enum code code = parse(a, buf_str(&b), &y, &e);
			assert_int_equal(code, place >= 0 ? E_INVALID : OK);
			if (place < 0)
				assert_true(str_is(yaml_get(y, "n0")->text, "0") && (int)y->count == counts[i] && !yaml_get(y, "n"));
			else
				assert_true(str_ends(error_text(&e, a), STR(":1: expected each name once")));
		}
}

static const struct str sample = BYTES("pack: assets\nneeds: [core, 'x']\nkinds:\n  device:\n    title: \"Device \\u00e9\"\n    fields:\n"
				       "      - {name: serial, type: text, required: true}\n      - name: note\n        help: |\n          Two\n"
				       "          lines\n    m1: 1\n    m2: 2\n    m3: 3\n    m4: 4\n    m5: 5\n    m6: 6\n    m7: 7\n    m8: 8\n    m9: 9\n"
				       "    a1: 1\n    a2: 2\n    a3: 3\n    a4: 4\n    a5: 5\n    a6: 6\n    a7: 7\n    a8: 8\n    a9: 9\n    b1: 1\n"
				       "    b2: 2\n    b3: 3\n    b4: 4\n    b5: 5\n    b6: 6\n    b7: 7\n    b8: ~\n");

/* Cut anywhere, any byte replaced: a tree or a fault, with a place that is in the text. */
static void test_damaged(void **state)
{
	static const char bytes[] = "\0:-[]{}'\"&*!|>%@#?\n\t \x01\xff,~";
	char text[1024];
	for (size_t i = 0; i < sample.len; i++)
		for (size_t k = 0; k < sizeof bytes; k++) {
			CLEAN_ARENA struct arena *a = arena_new(0);
			const struct yaml *y = NULL;
			struct error e;
			memcpy(text, sample.data, sample.len);
			if (k)
				text[i] = bytes[k - 1];
			enum code code = parse(a, (struct str){ text, k ? sample.len : i }, &y, &e);
			assert_true(code == OK ? y != NULL : code == E_INVALID && !y);
			assert_true(code == OK || str_starts(error_text(&e, a), STR("x.yaml")));
		}
}

static void test_memory_fails(void **state)
{
	CLEAN_BUF struct buf whole;
	buf_init(&whole, 0);
	bool done = false;
	for (int64_t n = 0; !done; n++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		const struct yaml *y = NULL;
		struct error e;
		error_init(&e, a);
		mem_fail_at(n);
		enum code code = yaml_parse(a, STR("f"), sample, &y, &e);
		done = mem_fail_left() >= 0;
		mem_fail_at(-1);
		assert_true(done ? code == OK : code == E_NOMEM && !y);
		if (done)
			show(&whole, y, true);
		assert_true(!done || n > 2);
	}
	done = false;
	for (size_t max = 64; !done; max += 256) {
		CLEAN_ARENA struct arena *a = arena_new(max);
		CLEAN_BUF struct buf b;
		const struct yaml *y = NULL;
		struct error e;
		buf_init(&b, 0);
		error_init(&e, a);
		enum code code = yaml_parse(a, STR("f"), sample, &y, &e);
		assert_true(code == OK || (code == E_NOMEM && !y));
		done = code == OK;
		if (done)
			show(&b, y, true);
		assert_true(!done || str_eq(buf_str(&b), buf_str(&whole)));
		assert_true(max < 1000000);
	}
}

static void test_asking(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	const struct yaml *y;
	struct error e;
	assert_int_equal(parse(a, STR("a: ~\nb: null\nc:\nd: 'null'\ne: \"~\"\nf: ''\ng: []\nh: Null\n"), &y, &e), OK);
	static const bool nulls[] = { true, true, true, false, false, false, false, false };
	size_t i = 0;
	for (const struct yaml *c = y->first; c; c = c->next)
		assert_int_equal(yaml_is_null(c), nulls[i++]);
	assert_false(yaml_is_null(NULL));
	assert_null(yaml_get(y, "z"));
	assert_null(yaml_get(NULL, "a"));
	assert_null(yaml_get(yaml_get(y, "g"), "a"));
	error_clear(&e);
	assert_int_equal(yaml_expected(&e, STR("packs/a.yaml"), yaml_get(y, "d"), "a number"), E_INVALID);
	assert_true(str_is(error_text(&e, a), "packs/a.yaml:4:4: expected a number"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),	   cmocka_unit_test(test_refused), cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_many_names), cmocka_unit_test(test_damaged), cmocka_unit_test(test_memory_fails),
		cmocka_unit_test(test_asking),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

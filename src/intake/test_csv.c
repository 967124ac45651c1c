/* Rows of CSV files as a table of cases, and encodings. Neighbour: csv.c. */
#include "base/buf.h"
#include "intake/csv.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text, *rows; /* cells in brackets, rows ended by / */
	enum code code;
} cases[] = {
	{ "a,b\n1,2\n", "[a][b]/[1][2]/", OK },
	{ "a,b\r\n1,2", "[a][b]/[1][2]/", OK },
	{ "a;b,c;d\n1;2;\n", "[a][b,c][d]/[1][2][]/", OK },
	{ "a\tb\n\n\n\"x\ty\"\t2\n", "[a][b]/[x\ty][2]/", OK },
	{ "\"a\"\"b\",\"c\r\nd\"\n", "[a\"b][c\r\nd]/", OK },
	{ "\"\",\"\"\"\"\n", "[][\"]/", OK },
	{ "a \"b\" c\n", "[a \"b\" c]/", OK },
	{ "a\rb,c\n", "[a\rb][c]/", OK },
	{ ",\n", "[][]/", OK },
	{ "", "", OK },
	{ "a\n\"b", "[a]/", E_INVALID },
	{ "\"a\"b\n", "", E_INVALID },
};

static void reads_rows(void **state)
{
	static struct csv_row row;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEAN_ARENA struct arena *arena = arena_new(0);
		struct error e;
		struct csv csv;
		CLEAN_BUF struct buf got;
		bool more = true;
		enum code code = OK;
		buf_init(&got, 200);
		error_init(&e, arena);
		csv_init(&csv, str_of(cases[i].text), 0);
		while ((code = csv_next(&csv, arena, &row, &more, &e)) == OK && more) {
			for (size_t k = 0; k < row.count; k++) {
				buf_add_char(&got, '[');
				buf_add_str(&got, row.cells[k]);
				buf_add_char(&got, ']');
			}
			buf_add_char(&got, '/');
		}
		assert_int_equal(code, cases[i].code);
		assert_true(str_is(buf_str(&got), cases[i].rows));
	}
}

static void tells_the_line(void **state)
{
	static struct csv_row row;
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct error e;
	struct csv csv;
	bool more;
	error_init(&e, arena);
	csv_init(&csv, STR("a,\"b\nc\"\n\nd,e\n\"f"), 0);
	assert_int_equal(csv_next(&csv, arena, &row, &more, &e), OK);
	assert_int_equal(csv.line, 1);
	assert_int_equal(csv_next(&csv, arena, &row, &more, &e), OK);
	assert_int_equal(csv.line, 4);
	assert_int_equal(csv_next(&csv, arena, &row, &more, &e), E_INVALID);
	assert_true(str_eq(error_text(&e, arena), STR("Line 5: a quote is opened and never closed")));
}

static void refuses_a_million_columns(void **state)
{
	static struct csv_row row;
	static char text[1000000];
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct csv csv;
	bool more;
	memset(text, ',', sizeof text);
	csv_init(&csv, (struct str){ text, sizeof text }, 0);
	assert_int_equal(csv_next(&csv, arena, &row, &more, NULL), E_LIMIT);
	csv_init(&csv, (struct str){ text, CSV_COLUMNS - 1 }, 0);
	assert_int_equal(csv_next(&csv, arena, &row, &more, NULL), OK);
	assert_int_equal(row.count, CSV_COLUMNS);
}

static void decodes(void **state)
{
	static const struct {
		struct str bytes;
		const char *encoding, *text; /* NULL: refused */
	} texts[] = {
		{ { "\xef\xbb\xbfn\xc3\xa9", 6 }, "", "né" },
		{ { "\xff\xfen\0\xe9\0", 6 }, "", "né" },
		{ { "\xfe\xff\0n\0\xe9", 6 }, "", "né" },
		{ { "n\xe9", 2 }, "windows-1252", "né" },
		{ { "\xcf\xcd", 2 }, "Windows-1251", "ПН" },
		{ { "\xe3\xcf\xed\xe4\xc9", 5 }, "windows-1256", "مدينة" },
		{ { "n\xe9", 2 }, "", NULL },
		{ { "\xff\xfen", 3 }, "", NULL },
		{ { "\xff\xfe\0\xd8", 4 }, "", NULL },
		{ { "n", 1 }, "klingon", NULL },
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		CLEAN_ARENA struct arena *arena = arena_new(0);
		struct str got;
		enum code code = csv_decode(texts[i].bytes, str_of(texts[i].encoding), arena, &got, NULL);
		assert_int_equal(code, texts[i].text ? OK : E_INVALID);
		if (texts[i].text)
			assert_true(str_is(got, texts[i].text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_rows), cmocka_unit_test(tells_the_line), cmocka_unit_test(refuses_a_million_columns),
		cmocka_unit_test(decodes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

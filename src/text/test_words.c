/* Words and their forms: Unicode's own test files (when given), ASCII against ICU, Snowball's published samples, and what
 * must be found under what in the six languages. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/random.h"
#include "base/utf8.h"
#include "text/query.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <cmocka.h>

static const char *word_break_test, *normalization_test;
static struct analyser *analyser;
static struct arena *arena;
static struct error fault;

static int setup(void **state)
{
	arena = arena_new((size_t)64 << 20);
	error_init(&fault, arena);
	return analyser_new(&analyser, &fault) == OK ? 0 : -1;
}

static int teardown(void **state)
{
	analyser_free(analyser);
	arena_free(arena);
	return 0;
}

/* Words as "[start,end)" each, without parts and pairs. */
static enum code note_word(void *data, const struct word *w, struct error *e)
{
	if (w->sort == WORD_LETTERS || w->sort == WORD_IDEO)
		buf_format(data, "[%zu,%zu)", w->start, w->end);
	return OK;
}

static struct str cut(struct str text)
{
	CLEAN_BUF struct buf b;
	buf_init(&b, 1 << 20);
	assert_int_equal(words_cut(analyser, text, note_word, &b, &fault), OK);
	return arena_copy(arena, buf_str(&b));
}

/* --- Unicode's word boundaries ---------------------------------------------------------------------- */

/* A segment of the test file is a word when it has a letter or digit of some script. */
static bool is_word(struct str s)
{
	uint32_t c;
	while (utf8_next(&s, &c))
		if (u_isalnum((UChar32)c))
			return true;
	return false;
}

/* "÷ 0041 × 0308 ÷": ÷ is a boundary. */
static void check_line(struct str line)
{
	CLEAN_BUF struct buf text, expected;
	struct str field;
	size_t start = 0;
	buf_init(&text, 1000);
	buf_init(&expected, 1000);
	int64_t comment = str_find(line, '#');
	if (comment >= 0)
		line.len = (size_t)comment;
	line = str_trim(line);
	while (str_cut(&line, ' ', &field)) {
		char bytes[4], digits[16] = "";
		if (str_is(field, "÷")) {
			struct str segment = str_slice(buf_str(&text), start, text.len);
			if (is_word(segment))
				buf_format(&expected, "[%zu,%zu)", start, text.len);
			start = text.len;
		} else if (field.len >= 4 && field.len < sizeof digits && !str_is(field, "×")) {
			memcpy(digits, field.data, field.len);
			buf_add(&text, bytes, utf8_encode((uint32_t)strtoul(digits, NULL, 16), bytes));
		}
	}
	struct str got = cut(buf_str(&text));
	if (!str_eq(got, buf_str(&expected)))
		fail_msg("%.*s: %.*s, not %.*s", STR_ARG(buf_str(&text)), STR_ARG(got), STR_ARG(buf_str(&expected)));
}

static void test_word_break(void **state)
{
	struct str text, line;
	size_t lines = 0;
	if (!word_break_test)
		skip();
	assert_int_equal(file_read(arena, str_of(word_break_test), 8 << 20, &text, &fault), OK);
	while (str_cut(&text, '\n', &line))
		/* a colon joins letters there, but not in most of ICU's releases, and not here */
		if (str_starts(line, STR("÷")) && str_find_str(line, STR(" 003A ")) < 0) {
			check_line(line);
			lines++;
		}
	assert_true(lines > 1000);
}

/* ASCII by our own rules, and the same text by ICU's: a letter from elsewhere in the same chunk makes ICU do it. */
static void test_ascii_as_icu(void **state)
{
	static const char letters[] = "abzAZ059__..'',:;-/@# \"()";
	struct random_seeded r;
	random_seed(&r, 29);
	for (size_t round = 0; round < 50000; round++) {
		char ours[64], icus[96];
		size_t n = 1 + random_below(&r, 20);
		for (size_t i = 0; i < n; i++)
			ours[i] = letters[random_below(&r, sizeof letters - 1)];
		for (size_t i = 0; i < n; i++)
			if (ours[i] == ' ')
				ours[i] = '-';
		/* an arrow is no letter and joins nothing */
		memcpy(icus, ours, n);
		memcpy(icus + n, "\xe2\x86\x92", 3);
		struct str a = cut((struct str){ ours, n }), b = cut((struct str){ icus, n + 3 });
		if (!str_eq(a, b))
			fail_msg("%.*s: ours %.*s, ICU %.*s", (int)n, ours, STR_ARG(a), STR_ARG(b));
		if (round % 1000 == 0)
			arena_reset(arena);
	}
	error_init(&fault, arena);
}

/* --- folding -------------------------------------------------------------------------------------- */

static struct str first_form(struct str word)
{
	struct forms f;
	assert_int_equal(word_forms(analyser, word, WORD_IDEO, LANG_COUNT, &f, &fault), OK);
	return f.count ? arena_copy(arena, f.items[0]) : STR("");
}

static struct str decode(struct str field)
{
	char out[256];
	size_t n = 0;
	struct str digits;
	while (str_cut(&field, ' ', &digits)) {
		char text[16] = "";
		memcpy(text, digits.data, digits.len < 15 ? digits.len : 15);
		n += utf8_encode((uint32_t)strtoul(text, NULL, 16), out + n);
	}
	return arena_copy(arena, (struct str){ out, n });
}

/* What is compatibility-equivalent folds to the same: all five columns of NormalizationTest.txt. */
static void test_normalization(void **state)
{
	struct str text, line, field;
	size_t lines = 0;
	if (!normalization_test)
		skip();
	assert_int_equal(file_read(arena, str_of(normalization_test), 16 << 20, &text, &fault), OK);
	while (str_cut(&text, '\n', &line)) {
		struct str first = STR_NONE;
		if (!line.len || line.data[0] == '#' || line.data[0] == '@')
			continue;
		for (size_t i = 0; i < 5 && str_cut(&line, ';', &field); i++) {
			struct str folded = first_form(decode(field));
			if (i == 0)
				first = folded;
			else if (!str_eq(first, folded))
				fail_msg("line %zu, column %zu: %.*s is not %.*s", lines, i, STR_ARG(folded), STR_ARG(first));
		}
		lines++;
	}
	assert_true(lines > 18000);
}

static void test_folding(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = { { "ÉCOLE", "ecole" }, { "Straße", "strasse" }, { "œuvre", "oeuvre" }, { "ﬁnance", "finance" }, { "Ёлка", "елка" },
		     { "йод", "йод" }, { "أحمد", "احمد" }, { "إسلام", "اسلام" }, { "مدرسة", "مدرسه" }, { "مستشفى", "مستشفي" },
		     { "كـــتاب", "كتاب" }, { "كِتَابٌ", "كتاب" }, { "مسؤول", "مسوول" }, { "١٢٣", "123" }, { "ＡＢＣ", "abc" },
		     { "Ελλάδα", "ελλαδα" }, { "ŁÓDŹ", "lodz" }, { "が", "が" }, { "soft\xc2\xadhyphen", "softhyphen" } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(first_form(str_of(rows[i].from)).data, rows[i].to);
}

/* --- stemming: samples published with each algorithm at snowballstem.org ----------------------------- */

static bool has_stem(const char *word, enum lang lang, const char *stem)
{
	struct forms f;
	char marked[64];
	snprintf(marked, sizeof marked, "%c%s", FORM_STEM, stem);
	assert_int_equal(word_forms(analyser, str_of(word), WORD_LETTERS, lang, &f, &fault), OK);
	for (size_t i = 0; i < f.count; i++)
		if (str_is(f.items[i], marked) || (i == 0 && str_is(f.items[i], stem)))
			return true;
	return false;
}

static void test_stems(void **state)
{
	static const struct {
		enum lang lang;
		const char *word, *stem;
	} rows[] = {
		{ LANG_EN, "consigned", "consign" }, { LANG_EN, "consistency", "consist" }, { LANG_EN, "knackeries", "knackeri" },
		{ LANG_EN, "knightly", "knight" }, { LANG_EN, "kneeling", "kneel" },
		{ LANG_FR, "continuait", "continu" }, { LANG_FR, "continuation", "continu" }, { LANG_FR, "majestueusement", "majestu" },
		{ LANG_FR, "majorité", "major" }, { LANG_ES, "chicharrones", "chicharron" }, { LANG_ES, "toreros", "torer" },
		{ LANG_RU, "важнейшие", "важн" }, { LANG_RU, "падение", "паден" }, { LANG_RU, "образования", "образован" },
		{ LANG_COUNT, "libertés", "libert" }, { LANG_COUNT, "niños", "nin" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!has_stem(rows[i].word, rows[i].lang, rows[i].stem))
			fail_msg("%s has not the stem %s", rows[i].word, rows[i].stem);
	/* light stemming: article, conjunction, preposition, ending */
	assert_true(has_stem("والحقوق", LANG_AR, "حقوق"));
	assert_true(has_stem("بحقوق", LANG_AR, "حقوق"));
	assert_true(has_stem("للتعليم", LANG_AR, "تعليم"));
}

/* --- what is asked, and where it stands -------------------------------------------------------------- */

static void test_query_parts(void **state)
{
	struct query_part parts[8];
	size_t n = query_parts(STR("one \"two three\" -four fiv* si"), parts, 8);
	assert_int_equal(n, 5);
	assert_true(str_is(parts[1].text, "two three") && parts[1].quoted && !parts[1].open);
	assert_true(str_is(parts[2].text, "four") && parts[2].excluded);
	assert_true(str_is(parts[3].text, "fiv") && parts[3].open);
	assert_true(str_is(parts[4].text, "si") && parts[4].open && !parts[0].open);
	assert_int_equal(query_parts(STR("- \"\" * "), parts, 8), 1); /* a lone dash is a text without words */
	assert_int_equal(query_parts(STR("a b c d e f g h i j"), parts, 8), 8);
}

static struct str marked(const char *typed, const char *text)
{
	CLEAN_BUF struct buf b;
	struct search_query q;
	struct match m;
	size_t at = 0;
	buf_init(&b, 10000);
	assert_int_equal(query_compile(analyser, str_of(typed), arena, &q, &fault), OK);
	assert_int_equal(query_match(analyser, &q, str_of(text), LANG_COUNT, arena, &m, &fault), OK);
	for (size_t i = 0; i < m.count; i++) {
		buf_add_str(&b, str_slice(str_of(text), at, m.ranges[i].start));
		buf_format(&b, "<%.*s>", STR_ARG(str_slice(str_of(text), m.ranges[i].start, m.ranges[i].end)));
		at = m.ranges[i].end;
	}
	buf_add_text(&b, text + at);
	return arena_copy(arena, buf_str(&b));
}

static void test_ranges(void **state)
{
	static const struct {
		const char *typed, *text, *shown;
	} rows[] = {
		{ "liberté ", "La liberté, les libertés", "La <liberté>, les <libertés>" },
		{ "l'eau", "L’eau et d'eau", "L’<eau> et d'<eau>" },
		{ "教育", "人人都有受教育的权利", "人人都有受<教育>的权利" },
		{ "rig", "human rights", "human <rights>" },
		{ "www.example.org", "see www.example.org now", "see <www.example.org> now" },
		{ "example ", "see www.example.org now", "see www.<example>.org now" },
		{ "образование ", "об образовании", "об <образовании>" },
		{ "\"rights\"", "right rights", "right <rights>" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(marked(rows[i].typed, rows[i].text).data, rows[i].shown);
}

static void test_distance(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} rows[] = { { "kitten", "sitting", 3 }, { "nairobi", "naiorbi", 1 }, { "свобода", "своода", 1 }, { "a", "", 1 }, { "same", "same", 0 },
		     { "abcd", "badc", 2 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned d = rows[i].distance;
		assert_int_equal(edit_distance(str_of(rows[i].a), str_of(rows[i].b), 3), d);
		assert_int_equal(edit_distance(str_of(rows[i].b), str_of(rows[i].a), 3), d);
		if (d)
			assert_int_equal(edit_distance(str_of(rows[i].a), str_of(rows[i].b), d - 1), d);
	}
}

static void test_ceilings(void **state)
{
	struct search_query q;
	char *many = arena_alloc(arena, 2000);
	memset(many, 'x', 1500);
	assert_int_equal(query_compile(analyser, (struct str){ many, 1500 }, arena, &q, &fault), E_LIMIT);
	for (size_t i = 0; i < 400; i++)
		memcpy(many + i * 2, "y ", 2);
	assert_int_equal(query_compile(analyser, (struct str){ many, 200 }, arena, &q, &fault), E_LIMIT);
	assert_int_equal(query_compile(analyser, STR("-a -b"), arena, &q, &fault), E_INVALID);
	assert_int_equal(query_compile(analyser, STR("... !"), arena, &q, &fault), E_INVALID);
	/* a text without any space is cut between characters, and no word is lost but at the seams */
	CLEAN_BUF struct buf b;
	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < 20000; i++)
		buf_add_text(&b, "自");
	cut(buf_str(&b));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_word_break), cmocka_unit_test(test_ascii_as_icu), cmocka_unit_test(test_normalization),
		cmocka_unit_test(test_folding),	   cmocka_unit_test(test_stems),	cmocka_unit_test(test_query_parts),
		cmocka_unit_test(test_ranges),	   cmocka_unit_test(test_distance),	cmocka_unit_test(test_ceilings),
	};
	if (argc == 3) {
		word_break_test = argv[1];
		normalization_test = argv[2];
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}

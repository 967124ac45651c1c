/* Translations: PO files, plural rules, looking up, choosing a language. Neighbours: catalog.c, po.c, message.c. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/catalog.h"
#include "base/mem.h"
#include "po.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BYTES(literal) { literal, sizeof(literal) - 1 }

/* --- PO files --------------------------------------------------------------------------------------- */

/* One line an entry: line[f] context|id|plural = form|form… */
static enum code show_entry(void *data, const struct po_entry *entry, struct error *e)
{
	struct buf *b = data;
	buf_format(b, "%u%s ", entry->line, entry->fuzzy ? "f" : "");
	if (entry->context.data)
		buf_format(b, "%.*s|", STR_ARG(entry->context));
	buf_add_str(b, entry->id);
	if (entry->plural.data)
		buf_format(b, "|%.*s", STR_ARG(entry->plural));
	for (size_t i = 0; i < PO_FORMS; i++)
		if (entry->forms[i].data)
			buf_format(b, "%s%.*s", i ? "|" : "=", STR_ARG(entry->forms[i]));
	buf_add_char(b, ';');
	return buf_ok(b) ? OK : error_nomem(e);
}

static enum code read_po(struct arena *a, struct str text, struct buf *shown, struct error *e)
{
	char *exact = malloc(text.len ? text.len : 1);
	if (text.len)
		memcpy(exact, text.data, text.len);
	error_init(e, a);
	enum code code = po_parse(a, STR("fr.po"), (struct str){ exact, text.len }, show_entry, shown, e);
	free(exact);
	return code;
}

static void test_po(void **state)
{
	static const struct {
		const char *text, *entries;
	} cases[] = {
		{ "", "" },
		{ "\n\n# only remarks\n", "" },
		{ "msgid \"a\"\nmsgstr \"b\"\n", "1 a=b;" },
		{ "msgid \"a\"\nmsgstr \"b\"", "1 a=b;" },
		{ "\xef\xbb\xbfmsgid \"a\"\r\nmsgstr \"b\"\r\n", "1 a=b;" },
		{ "msgid\t\"a\"\nmsgstr\"b\"\n", "1 a=b;" },
		{ "  msgid   \"a\"  \n\tmsgstr \"b\" \n", "1 a=b;" },
		{ "msgid \"\"\nmsgstr \"\"\n\"Content-Type: text/plain; charset=UTF-8\\n\"\n", "1 =Content-Type: text/plain; charset=UTF-8\n;" },
		{ "msgid \"\"\n\"one \"\n\"two\"\nmsgstr \"\"\n\"un \"\n\"deux\"\n", "1 one two=un deux;" },
		{ "msgid \"a\"\n\nmsgstr \"b\"\n\n\"c\"\n", "1 a=bc;" },
		{ "msgid \"a\"\nmsgstr \"b\"\nmsgid \"c\"\nmsgstr \"d\"\n", "1 a=b;3 c=d;" },
		{ "msgid \"\\\"\\\\\\n\\t\\r\\a\\b\\f\\v\"\nmsgstr \"\"\n", "1 \"\\\n\t\r\a\b\f\v=;" },
		{ "msgctxt \"menu\"\nmsgid \"a\"\nmsgstr \"b\"\nmsgctxt \"\"\nmsgid \"a\"\nmsgstr \"c\"\n", "1 menu|a=b;4 |a=c;" },
		{ "msgid \"a\"\nmsgstr \"b\"\nmsgctxt \"x\"\n# remark\nmsgid \"a\"\nmsgstr \"c\"\n", "1 a=b;3 x|a=c;" },
		{ "msgid \"{n} day\"\nmsgid_plural \"{n} days\"\nmsgstr[0] \"jour\"\nmsgstr[1] \"jours\"\n", "1 {n} day|{n} days=jour|jours;" },
		{ "msgid \"a\"\nmsgid_plural \"b\"\nmsgstr[0] \"0\"\nmsgstr[1] \"1\"\nmsgstr[2] \"2\"\nmsgstr[3] \"3\"\nmsgstr[4] \"4\"\nmsgstr[5] \"5\"\n",
		  "1 a|b=0|1|2|3|4|5;" },
		{ "#, fuzzy\nmsgid \"a\"\nmsgstr \"b\"\n\nmsgid \"c\"\nmsgstr \"d\"\n", "2f a=b;5 c=d;" },
		{ "#, c-format, fuzzy\n#: file.c:3\n#| msgid \"old\"\nmsgid \"a\"\nmsgstr \"b\"\n", "4f a=b;" },
		{ "#, c-format\n#. fuzzy remark\n# fuzzy\nmsgid \"a\"\nmsgstr \"b\"\n", "4 a=b;" },
		{ "#,not-fuzzy, fuzzy-not\nmsgid \"a\"\nmsgstr \"b\"\n", "2 a=b;" },
		{ "msgid \"a\"\nmsgstr \"b\"\n#~ msgid \"old\"\n#~ msgstr \"vieux\"\nmsgid \"c\"\nmsgstr \"d\"\n", "1 a=b;5 c=d;" },
		{ "#, fuzzy\n#~ msgid \"old\"\n#~ msgstr \"vieux\"\n\nmsgid \"c\"\nmsgstr \"d\"\n", "5 c=d;" },
		{ "msgid \"a\"\nmsgstr \"b\"\n#, fuzzy\nmsgid \"c\"\nmsgstr \"d\"\n", "1 a=b;4f c=d;" },
		{ "msgid \"\xd8\xa7\"\nmsgstr \"\xe8\xaf\xad\"\n", "1 \xd8\xa7=\xe8\xaf\xad;" },
		{ "msgid \"a\"\n# between\nmsgstr \"b\"\n", "1 a=b;" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		CLEAN_BUF struct buf b;
		struct error e;
		buf_init(&b, 0);
		if (read_po(a, str_of(cases[i].text), &b, &e) != OK)
			fail_msg("'%s': %.*s", cases[i].text, STR_ARG(error_text(&e, a)));
		if (!str_is(buf_str(&b), cases[i].entries))
			fail_msg("'%s' became '%.*s'", cases[i].text, STR_ARG(buf_str(&b)));
	}
}

static void test_po_refused(void **state)
{
	static const struct {
		struct str text;
		const char *said;
	} cases[] = {
		{ BYTES("msgid a\n"), "fr.po:1: expected a text in quotes" },
		{ BYTES("msgid\n"), "fr.po:1: expected a text in quotes" },
		{ BYTES("msgid \"\n"), "fr.po:1: expected a text in quotes" },
		{ BYTES("msgid \"a\" x\n"), "fr.po:1: expected a text in quotes" },
		{ BYTES("\nmsgid \"a\"b\"\n"), "fr.po:2: a quote inside a text needs a backslash" },
		{ BYTES("msgid \"a\\\"\n"), "fr.po:1: the text ends in a backslash" },
		{ BYTES("msgid \"\\q\"\n"), "fr.po:1: the text has a character or an escape that it may not have" },
		{ BYTES("msgid \"\\x41\"\n"), "fr.po:1: the text has a character or an escape that it may not have" },
		{ BYTES("msgid \"a\0b\"\n"), "fr.po:1: the text has a character or an escape that it may not have" },
		{ BYTES("# x\n\"a\"\n"), "fr.po:2: expected msgid before a text" },
		{ BYTES("msgid \"a\"\nmsgstr \"b\"\n# x\n\"c\"\n"), "fr.po:4: expected msgid before a text" },
		{ BYTES("hello\n"), "fr.po:1: expected msgctxt, msgid, msgid_plural or msgstr" },
		{ BYTES("msgid \"a\"\nmsgstr[6] \"b\"\n"), "fr.po:2: expected msgctxt, msgid, msgid_plural or msgstr" },
		{ BYTES("msgid \"a\"\nmsgstr[0 \"b\"\n"), "fr.po:2: expected msgctxt, msgid, msgid_plural or msgstr" },
		{ BYTES("domain \"x\"\n"), "fr.po:1: expected msgctxt, msgid, msgid_plural or msgstr" },
		{ BYTES("msgstr \"b\"\n"), "fr.po:1: expected msgid before it" },
		{ BYTES("msgid_plural \"b\"\n"), "fr.po:1: expected msgid before it" },
		{ BYTES("msgid \"a\"\nmsgstr \"b\"\nmsgstr \"c\"\n"), "fr.po:3: the entry has this line already" },
		{ BYTES("msgctxt \"a\"\nmsgctxt \"b\"\n"), "fr.po:2: the entry has this line already" },
		{ BYTES("msgid \"a\"\nmsgid \"b\"\n"), "fr.po:2: the entry before has no msgstr" },
		{ BYTES("msgid \"a\"\n"), "fr.po:2: the entry before has no msgstr" },
		{ BYTES("msgctxt \"a\"\n"), "fr.po:2: the entry before has no msgid" },
		{ BYTES("msgid \"\xff\"\n"), "fr.po is not valid UTF-8" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		CLEAN_BUF struct buf b;
		struct error e;
		buf_init(&b, 0);
		assert_int_equal(read_po(a, cases[i].text, &b, &e), E_INVALID);
		if (!str_is(error_text(&e, a), cases[i].said))
			fail_msg("'%.*s': %.*s", STR_ARG(cases[i].text), STR_ARG(error_text(&e, a)));
	}
}

/* Long texts of many lines are read in their own size of memory, and too long ones refused. */
static void test_po_long(void **state)
{
	for (int lines = 6000; lines < 9000; lines += 2500) {
		CLEAN_ARENA struct arena *a = arena_new(1 << 20);
		CLEAN_BUF struct buf po, shown;
		struct error e;
		buf_init(&po, 0);
		buf_init(&shown, 0);
		buf_add_text(&po, "msgid \"a\"\nmsgstr \"\"\n");
		for (int i = 0; i < lines; i++)
			buf_add_text(&po, "\"12345678\"\n");
		enum code code = read_po(a, buf_str(&po), &shown, &e);
		assert_int_equal(code, lines * 8 <= 65536 ? OK : E_INVALID);
		if (code == OK)
			assert_int_equal(shown.len, lines * 8 + 5);
		else
			assert_true(str_is(error_text(&e, a), "fr.po:8195: the text is too long"));
	}
}

static const struct str sample = BYTES("# head\nmsgid \"\"\nmsgstr \"Language: fr\\n\"\n\n#: a.c:1\nmsgid \"No such kind: {kind}\"\n"
				       "msgstr \"Pas de type {kind}\"\n\nmsgctxt \"verb\"\nmsgid \"Open\"\nmsgstr \"Ouvrir\"\n\n"
				       "msgid \"Open\"\nmsgstr \"Ouvert\"\n\n#, fuzzy\nmsgid \"Guess\"\nmsgstr \"Devine\"\n\n"
				       "msgid \"Empty\"\nmsgstr \"\"\n\nmsgid \"{n} day\"\nmsgid_plural \"{n} days\"\n"
				       "msgstr[0] \"{n} jour\"\nmsgstr[1] \"{n} jours\"\n\nmsgid \"Open\"\nmsgstr \"Second\"\n\n"
				       "#~ msgid \"Gone\"\n#~ msgstr \"Parti\"\n");

static void test_po_damaged(void **state)
{
	static const char bytes[] = "\0\"\\#\n m[]~\xff";
	char text[1024];
	for (size_t i = 0; i < sample.len; i++)
		for (size_t k = 0; k < sizeof bytes; k++) {
			CLEAN_ARENA struct arena *a = arena_new(0);
			CLEAN_BUF struct buf b;
			struct error e;
			buf_init(&b, 0);
			memcpy(text, sample.data, sample.len);
			if (k)
				text[i] = bytes[k - 1];
			enum code code = read_po(a, (struct str){ text, k ? sample.len : i }, &b, &e);
			assert_true(code == OK || code == E_INVALID);
			assert_true(code == OK || str_starts(error_text(&e, a), STR("fr.po")));
		}
}

/* --- catalogues -------------------------------------------------------------------------------------- */

static struct catalog *french(struct arena *a)
{
	struct error e;
	error_init(&e, a);
	struct catalog *c = catalog_new();
	assert_int_equal(catalog_add_po(c, LANG_FR, STR("fr.po"), sample, &e), OK);
	return c;
}

static void test_look_up(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct catalog *c = french(a);
	static const struct {
		enum lang lang;
		const char *context, *id, *text;
	} cases[] = {
		{ LANG_FR, NULL, "Open", "Ouvert" },   { LANG_FR, "verb", "Open", "Ouvrir" }, { LANG_FR, "noun", "Open", "Open" },
		{ LANG_FR, "", "Open", "Open" },       { LANG_FR, NULL, "Guess", "Guess" },   { LANG_FR, NULL, "Empty", "Empty" },
		{ LANG_FR, NULL, "Gone", "Gone" },     { LANG_FR, NULL, "", "" },	      { LANG_FR, NULL, "open", "open" },
		{ LANG_EN, NULL, "Open", "Open" },     { LANG_RU, NULL, "Open", "Open" },     { LANG_FR, NULL, "{n} day", "{n} jour" },
		{ LANG_FR, NULL, "verb\4Open", "Ouvrir" },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		if (!str_is(catalog_get(c, cases[i].lang, cases[i].context, str_of(cases[i].id)), cases[i].text))
			fail_msg("%s", cases[i].id);
	assert_int_equal(catalog_count(c, LANG_FR), 4);
	assert_int_equal(catalog_count(c, LANG_ES), 0);
	assert_true(str_is(catalog_get(NULL, LANG_FR, "x", STR("Open")), "Open"));
	assert_non_null(catalog_get(NULL, LANG_FR, NULL, STR_NONE).data);
	assert_true(str_is(catalog_format(c, LANG_FR, "No such kind: {kind}", (struct error_arg[]){ { "kind", STR("x{y}") }, { 0 } }, a),
			   "Pas de type x{y}"));
	assert_true(str_is(catalog_format(NULL, LANG_FR, "No such kind: {kind}", NULL, a), "No such kind: {kind}"));
	struct error e;
	error_init(&e, a);
	error_fail(&e, E_NOT_FOUND, "No such kind: {kind}", { "kind", STR("x") });
	error_hint(&e, STR("secret"));
	error_while(&e, "Open");
	assert_true(str_is(catalog_error(c, LANG_FR, &e, a), "Pas de type x; Ouvert")); /* without what is for the log */
	assert_true(str_is(catalog_error(c, LANG_EN, &e, a), "No such kind: x; Open"));
	catalog_free(c);
	catalog_free(NULL);
}

/* However long context and msgid are. */
static void test_long_keys(void **state)
{
	static const size_t lengths[] = { 1, 127, 128, 253, 254, 255, 256, 257, 511, 512, 5000 };
	for (size_t i = 0; i < COUNT(lengths); i++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		CLEAN_BUF struct buf po;
		struct error e;
		char context[8] = "verb";
		char *id = arena_alloc(a, lengths[i] + 1);
		memset(id, 'x', lengths[i]);
		buf_init(&po, 0);
		buf_format(&po, "msgctxt \"%s\"\nmsgid \"%s\"\nmsgstr \"found\"\n", context, id);
		struct catalog *c = catalog_new();
		error_init(&e, a);
		assert_int_equal(catalog_add_po(c, LANG_RU, STR("f"), buf_str(&po), &e), OK);
		assert_true(str_is(catalog_get(c, LANG_RU, context, str_of(id)), "found"));
		assert_true(str_is(catalog_get(c, LANG_RU, NULL, str_of(id)), id));
		mem_fail_at(0);
		struct str text = catalog_get(c, LANG_RU, context, str_of(id)); /* without memory, English rather than nothing */
		mem_fail_at(-1);
		assert_true(str_is(text, "found") || str_is(text, id));
		catalog_free(c);
	}
}

/* Which form each count takes, by the samples that CLDR's plural rules give for whole numbers. */
static void test_plurals(void **state)
{
	static const struct {
		enum lang lang;
		int64_t counts[12];
		char form;
	} cases[] = {
		{ LANG_FR, { 0, 1, -1 }, '0' },
		{ LANG_FR, { 2, 17, 100, 1000, 1000001, INT64_MAX, INT64_MIN, -2 }, '1' },
		{ LANG_ES, { 1, -1 }, '0' },
		{ LANG_ES, { 0, 2, 16, 21, 101, 1001, INT64_MIN }, '1' },
		{ LANG_ZH, { 0, 1, 2, 15, 100, 1000000, INT64_MIN }, '0' },
		{ LANG_RU, { 1, 21, 31, 41, 51, 61, 71, 81, 101, 1001, -1 }, '0' },
		{ LANG_RU, { 2, 3, 4, 22, 23, 24, 32, 102, 1002, 1004 }, '1' },
		{ LANG_RU, { 0, 5, 10, 11, 12, 14, 19, 20, 25, 100, 111, 1000000 }, '2' },
		{ LANG_AR, { 0 }, '0' },
		{ LANG_AR, { 1, -1 }, '1' },
		{ LANG_AR, { 2, -2 }, '2' },
		{ LANG_AR, { 3, 4, 7, 10, 103, 110, 1003, 1010 }, '3' },
		{ LANG_AR, { 11, 12, 26, 99, 111, 199, 1011 }, '4' },
		{ LANG_AR, { 100, 101, 102, 200, 202, 300, 1000, 10000, 1000000 }, '5' },
	};
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct catalog *c = catalog_new();
	struct error e;
	error_init(&e, a);
	for (unsigned lang = 1; lang < LANG_COUNT; lang++)
		assert_int_equal(catalog_add_po(c, (enum lang)lang, STR("f"),
						STR("msgid \"one\"\nmsgid_plural \"many\"\nmsgstr[0] \"0\"\nmsgstr[1] \"1\"\nmsgstr[2] \"2\"\n"
						    "msgstr[3] \"3\"\nmsgstr[4] \"4\"\nmsgstr[5] \"5\"\n"),
						&e),
				 OK);
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t k = 0; k < 12 && (k == 0 || cases[i].counts[k]); k++) {
			struct str form = catalog_plural(c, cases[i].lang, STR("one"), STR("many"), cases[i].counts[k]);
			if (form.len != 1 || form.data[0] != cases[i].form)
				fail_msg("%s %lld: %.*s", lang_tag(cases[i].lang), (long long)cases[i].counts[k], STR_ARG(form));
		}
	for (int64_t n = -3; n < 30; n++) {
		const char *english = n == 1 || n == -1 ? "one" : "many";
		assert_true(str_is(catalog_plural(c, LANG_EN, STR("one"), STR("many"), n), english));
		assert_true(str_is(catalog_plural(NULL, LANG_RU, STR("one"), STR("many"), n), english));
		assert_true(str_is(catalog_plural(c, LANG_AR, STR("other"), STR("many"), n), n == 1 || n == -1 ? "other" : "many"));
	}
	catalog_free(c);
	/* a language that lacks a form says the English one */
	c = french(a);
	assert_true(str_is(catalog_plural(c, LANG_FR, STR("{n} day"), STR("{n} days"), 5), "{n} jours"));
	assert_true(str_is(catalog_plural(c, LANG_FR, STR("Open"), STR("Opens"), 5), "Opens"));
	catalog_free(c);
}

static void test_languages(void **state)
{
	static const struct {
		const char *accept;
		enum lang lang;
	} cases[] = {
		{ "", LANG_EN },
		{ "fr", LANG_FR },
		{ "FR-ca", LANG_FR },
		{ "zh-Hant-TW", LANG_ZH },
		{ "de", LANG_EN },
		{ "de, ru;q=0.1", LANG_RU },
		{ "fr;q=0.5, es;q=0.8, ru;q=0.7", LANG_ES },
		{ "fr;q=0.5,es;q=0.501", LANG_ES },
		{ "fr, es", LANG_FR },
		{ "es;q=0.9, fr;q=0.9", LANG_ES },
		{ "en;q=0.1, ar", LANG_AR },
		{ "fr;q=0", LANG_EN },
		{ "fr;q=0.000, ru;q=0.001", LANG_RU },
		{ "*", LANG_EN },
		{ "*;q=0.1, zh;q=0.05", LANG_ZH },
		{ " \t fr ; q=0.4 ,\tes ; q=0.6", LANG_ES },
		{ "fr;Q=0.4, es;Q=0.6", LANG_ES },
		{ "fr;q=1.000, es", LANG_FR },
		{ "fr;q=1.001, es;q=0.1", LANG_ES },
		{ "fr;q=2, es;q=0.1", LANG_ES },
		{ "fr;q=, es;q=0.1", LANG_ES },
		{ "fr;q=0.5x, es;q=0.1", LANG_ES },
		{ "fr;q=.9, es;q=0.1", LANG_ES },
		{ "fr;q=0.1234, es;q=0.1", LANG_ES },
		{ "fr;q=-1, es;q=0.1", LANG_ES },
		{ "fr;q=99999999999999999999, es;q=0.1", LANG_ES },
		{ "fr;level=1;q=0.2, es;q=0.1", LANG_FR },
		{ ",,;,fr,", LANG_FR },
		{ ";q=1", LANG_EN },
		{ "french", LANG_EN },
		{ "f", LANG_EN },
		{ "\xff\xfe, es", LANG_ES },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		if (lang_negotiate(str_of(cases[i].accept)) != cases[i].lang)
			fail_msg("'%s' chose %s", cases[i].accept, lang_tag(lang_negotiate(str_of(cases[i].accept))));
	assert_int_equal(lang_negotiate(STR_NONE), LANG_EN);
	for (unsigned i = 0; i < LANG_COUNT; i++) {
		enum lang lang = LANG_COUNT;
		assert_true(lang_parse(str_of(lang_tag((enum lang)i)), &lang) && lang == (enum lang)i);
	}
	enum lang lang = LANG_COUNT;
	assert_false(lang_parse(STR(""), &lang) || lang_parse(STR_NONE, &lang) || lang_parse(STR("xx"), &lang) || lang_parse(STR("-fr"), &lang));
	assert_int_equal(lang, LANG_COUNT);
}

static void test_memory_fails(void **state)
{
	bool done = false;
	for (int64_t n = 0; !done; n++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		struct error e;
		error_init(&e, a);
		mem_fail_at(n);
		struct catalog *c = catalog_new();
		enum code code = c ? catalog_add_po(c, LANG_FR, STR("f"), sample, &e) : E_NOMEM;
		done = mem_fail_left() >= 0;
		mem_fail_at(-1);
		assert_int_equal(code, done ? OK : E_NOMEM);
		if (done)
			assert_int_equal(catalog_count(c, LANG_FR), 4);
		catalog_free(c);
		assert_true(!done || n > 10);
	}
	struct catalog *c = catalog_new();
	for (int64_t n = 0; n < 4; n++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		struct error e;
		error_init(&e, a);
		error_fail(&e, E_BUSY, "Wait for {who}", { "who", STR("Ada") });
		mem_fail_at(n);
		struct str told = catalog_error(c, LANG_FR, &e, a), filled = catalog_format(c, LANG_FR, "Wait", NULL, a);
		mem_fail_at(-1);
		assert_true(str_is(told, "Wait for Ada") || str_is(told, "out of memory"));
		assert_true(str_is(filled, "Wait"));
	}
	catalog_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_po),	   cmocka_unit_test(test_po_refused), cmocka_unit_test(test_po_long),
		cmocka_unit_test(test_po_damaged), cmocka_unit_test(test_look_up),    cmocka_unit_test(test_long_keys),
		cmocka_unit_test(test_plurals),	   cmocka_unit_test(test_languages),  cmocka_unit_test(test_memory_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

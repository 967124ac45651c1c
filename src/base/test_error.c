/* Errors and the log: chains, wrong fields, what is left when memory fails, one line of JSON an event.
 * Neighbours: error.c, message.c, log.c. */
#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "message.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void says(const struct error *e, const char *expected)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct str text = error_text(e, a);
	if (!str_is(text, expected))
		fail_msg("'%.*s' instead of '%s'", STR_ARG(text), expected);
}

static enum code innermost(struct error *e)
{
	char kind[] = "printer";
	enum code code = error_fail(e, E_NOT_FOUND, N_("No such kind: {kind}"), { "kind", str_of(kind) });
	memset(kind, 'x', sizeof kind - 1); /* arguments are copied */
	return code;
}

static enum code middle(struct error *e)
{
	TRY(innermost(e));
	return OK;
}

static void test_chain(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct error e;
	error_init(&e, a);
	says(&e, "");
	assert_int_equal(middle(&e), E_NOT_FOUND);
	says(&e, "No such kind: printer");
	error_hint(&e, STR("row 5"));
	assert_int_equal(error_while(&e, N_("reading {what} of {who}"), { "what", STR("fields") }, { "who", STR("Ada") }), E_NOT_FOUND);
	error_hint(&e, STR("outer"));
	assert_int_equal(error_while(&e, N_("answering")), E_NOT_FOUND);
	says(&e, "No such kind: printer (row 5); reading fields of Ada (outer); answering");
	assert_int_equal(error_detail(&e, DETAIL_TIMEOUT), E_NOT_FOUND);
	assert_int_equal(e.detail, DETAIL_TIMEOUT);
	assert_int_equal(error_fail(&e, E_BUSY, N_("Wait")), E_BUSY);
	assert_int_equal(e.detail, DETAIL_NONE);
	says(&e, "Wait");
	assert_int_equal(error_nomem(&e), E_NOMEM);
	error_while(&e, N_("this finds no room"));
	error_hint(&e, STR("nor this"));
	says(&e, "out of memory");
	error_clear(&e);
	assert_int_equal(e.code, OK);
	assert_ptr_equal(e.arena, a);
	says(&e, "");
}

static void test_nobody_listens(void **state)
{
	assert_int_equal(error_fail(NULL, E_DENIED, "x"), E_DENIED);
	assert_int_equal(error_field(NULL, STR("/a"), "x"), E_INVALID);
	assert_int_equal(error_nomem(NULL), E_NOMEM);
	assert_int_equal(error_errno(NULL, "x", STR("p")), E_IO);
	error_while(NULL, "x");
	error_hint(NULL, STR("x"));
	error_detail(NULL, DETAIL_RATE);
	error_clear(NULL);
}

static void test_fields(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct error e;
	error_init(&e, a);
	assert_int_equal(error_field(&e, STR("/serial"), N_("is required")), E_INVALID);
	assert_int_equal(error_field(&e, STR("/size"), N_("must be at most {max}"), { "max", STR("5") }), E_INVALID);
	assert_int_equal(e.code, E_INVALID);
	assert_int_equal(e.detail, DETAIL_UNPROCESSABLE);
	says(&e, "Some fields are not right\n  /serial is required\n  /size must be at most 5");
	error_fail(&e, E_INVALID, N_("The packs have faults")); /* a better head for the same fields */
	says(&e, "The packs have faults\n  /serial is required\n  /size must be at most 5");
	error_fail(&e, E_BUSY, N_("Wait"));
	says(&e, "Wait");
	assert_int_equal(error_field(&e, STR("/a"), N_("is odd")), E_INVALID);
	says(&e, "Some fields are not right\n  /a is odd");
	error_clear(&e);
	for (int i = 0; i < 1000; i++) {
		char pointer[16];
		snprintf(pointer, sizeof pointer, "/%d", i);
		error_field(&e, str_of(pointer), N_("is wrong"));
	}
	int n = 0;
	for (const struct error_item *item = e.items; item; item = item->next) {
		int64_t number;
		assert_true(str_int(str_slice(item->pointer, 1, 99), &number) && number == n++);
	}
	assert_int_equal(n, 100);
}

static void test_places(void **state)
{
	static const struct error_arg args[] = { { "a", { "1", 1 } }, { "bb", { "{a}", 3 } }, { "none", { 0 } }, { 0 } };
	static const struct {
		const char *text, *filled;
	} cases[] = {
		{ "", "" },		 { "plain", "plain" },	    { "{a}", "1" },	      { "x{a}y{a}z", "x1y1z" },
		{ "{bb}", "{a}" },	 { "{none}", "" },	    { "{unknown}", "{unknown}" }, { "{unknown} {a}", "{unknown} 1" },
		{ "{", "{" },		 { "}", "}" },		    { "} {a}", "} 1" },	      { "{a", "{a" },
		{ "{}", "{}" },		 { "{{a}}", "{1}" },	    { "{ {a}", "{ 1" },	      { "{\"amount\": \"{a}\"}", "{\"amount\": \"1\"}" },
		{ "{a}{", "1{" },	 { "{aa}", "{aa}" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEAN_BUF struct buf out;
		buf_init(&out, 0);
		message_fill(&out, str_of(cases[i].text), args);
		if (!str_is(buf_str(&out), cases[i].filled))
			fail_msg("'%s' became '%.*s'", cases[i].text, STR_ARG(buf_str(&out)));
	}
	CLEAN_BUF struct buf out;
	buf_init(&out, 0);
	message_fill(&out, STR("{a}"), NULL);
	assert_true(str_is(buf_str(&out), "{a}"));
}

static void test_errno_and_names(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct error e;
	error_init(&e, a);
	errno = ENOSPC;
	assert_int_equal(error_errno(&e, N_("writing {path}"), STR("/x/y")), E_IO);
	says(&e, "writing /x/y (No space left on device)");
	static const char *const names[] = { "ok",   "invalid", "denied", "not_found", "conflict",
					     "busy", "limit",	"nomem",  "io",	       "internal" };
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(code_name((enum code)i), names[i]);
	assert_string_equal(code_name((enum code)77), "internal");
}

/* However little memory there is, the code is the right one and there are words. */
static void test_arena_fails(void **state)
{
	CLEAN_ARENA struct arena *reader = arena_new(0);
	for (size_t max = 1; max < 2000; max += 16) {
		CLEAN_ARENA struct arena *a = arena_new(max);
		struct error e;
		error_init(&e, a);
		assert_int_equal(error_fail(&e, E_DENIED, N_("You may not {what}"), { "what", STR("delete it") }), E_DENIED);
		for (int i = 0; i < 5; i++)
			assert_int_equal(error_while(&e, N_("doing {what} in an arena"), { "what", STR("much") }), E_DENIED);
		error_hint(&e, STR("a hint that may find no room either"));
		assert_int_equal(e.code, E_DENIED);
		assert_non_null(e.frame);
		assert_true(error_text(&e, reader).len > 0);
		assert_true(error_text(&e, a).len > 0); /* into the full one: the static words */
		for (int i = 0; i < 20; i++)
			assert_int_equal(error_field(&e, STR("/field"), N_("is {how}"), { "how", STR("wrong") }), E_INVALID);
		assert_int_equal(e.code, E_INVALID);
		assert_int_equal(e.detail, DETAIL_UNPROCESSABLE);
		assert_true(error_text(&e, reader).len > 0);
	}
	struct error bare;
	error_init(&bare, NULL);
	assert_int_equal(error_fail(&bare, E_LIMIT, "x"), E_LIMIT);
	says(&bare, "out of memory");
	assert_int_equal(error_field(&bare, STR("/x"), "x"), E_INVALID);
	mem_fail_at(0);
	assert_true(str_is(error_text(&bare, reader), "out of memory"));
	mem_fail_at(-1);
}

/* --- the log -------------------------------------------------------------------------------------- */

struct capture {
	int real, file;
};

static void capture_begin(struct capture *c)
{
	c->real = dup(STDERR_FILENO);
	c->file = memfd_create("log", MFD_CLOEXEC);
	assert_true(c->real >= 0 && c->file >= 0);
	dup2(c->file, STDERR_FILENO);
}

static struct str capture_end(struct capture *c, struct arena *a)
{
	struct error e;
	struct str text;
	char path[64];
	error_init(&e, a);
	dup2(c->real, STDERR_FILENO);
	close(c->real);
	snprintf(path, sizeof path, "/proc/self/fd/%d", c->file);
	assert_int_equal(file_read(a, str_of(path), 1 << 22, &text, &e), OK);
	close(c->file);
	return text;
}

/* The line as JSON; checks that it is one line. */
static const struct json *line_of(struct str text, struct arena *a)
{
	const struct json *j;
	struct error e;
	error_init(&e, a);
	assert_true(text.len > 1);
	assert_int_equal(str_find(text, '\n'), text.len - 1);
	if (json_parse(a, text, NULL, &j, &e) != OK)
		fail_msg("%.*s", STR_ARG(text));
	assert_true(json_text(j, STR("time")).len >= 20);
	return j;
}

static void test_log_line(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct capture c;
	capture_begin(&c);
	log_write(LOG_INFO, "call failed", { "operation", STR("a\n\"b\"\x01\xc3\xa9") }, { "count", .number = -5 },
		  { "hostile", STR("\xff\xc3(") }, { "empty", STR("") });
	const struct json *j = line_of(capture_end(&c, a), a);
	assert_true(str_is(json_text(j, STR("level")), "info"));
	assert_true(str_is(json_text(j, STR("event")), "call failed"));
	assert_true(str_is(json_text(j, STR("operation")), "a\n\"b\"\x01\xc3\xa9"));
	assert_true(str_is(json_text(j, STR("hostile")), "\xef\xbf\xbd\xef\xbf\xbd("));
	assert_int_equal(json_int(j, STR("count"), 0), -5);
	assert_int_equal(json_get(j, STR("empty"))->type, JSON_TEXT);
}

static void test_log_levels(void **state)
{
	static const struct {
		enum log_level least, level;
		bool written;
	} cases[] = { { LOG_INFO, LOG_DEBUG, false },  { LOG_INFO, LOG_INFO, true },	  { LOG_DEBUG, LOG_DEBUG, true },
		      { LOG_ERROR, LOG_WARNING, false }, { LOG_ERROR, LOG_ERROR, true }, { LOG_WARNING, LOG_WARNING, true } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		struct capture c;
		capture_begin(&c);
		log_level_set(cases[i].least);
		log_write(cases[i].level, "listening");
		struct str text = capture_end(&c, a);
		assert_int_equal(text.len > 0, cases[i].written);
	}
	log_level_set(LOG_INFO);
}

static void test_log_error(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct error e;
	struct capture c;
	error_init(&e, a);
	error_fail(&e, E_CONFLICT, N_("{name} exists"), { "name", STR("pc-5") });
	error_hint(&e, STR("UNIQUE constraint \xe9"));
	capture_begin(&c);
	log_error("call failed", &e);
	const struct json *j = line_of(capture_end(&c, a), a);
	assert_true(str_is(json_text(j, STR("code")), "conflict"));
	assert_true(str_is(json_text(j, STR("error")), "pc-5 exists (UNIQUE constraint \xef\xbf\xbd)"));
}

/* Whichever allocation fails, there is still one line of JSON; once memory holds out, the whole one. */
static void test_log_torture(void **state)
{
	CLEAN_ARENA struct arena *mine = arena_new(0);
	struct error e;
	error_init(&e, mine);
	error_fail(&e, E_IO, N_("writing {path}"), { "path", STR("/x") });
	int64_t n = 0;
	for (bool fired = true; fired; n++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		struct capture c;
		capture_begin(&c);
		mem_fail_at(n);
		log_error("call failed", &e);
		fired = mem_fail_left() < 0;
		mem_fail_at(-1);
		struct str text = capture_end(&c, a);
		assert_true(text.len > 2 && text.data[0] == '{' && str_ends(text, STR("}\n")));
		if (!fired)
			assert_true(str_is(json_text(line_of(text, a), STR("error")), "writing /x"));
	}
	assert_true(n > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain),	     cmocka_unit_test(test_nobody_listens), cmocka_unit_test(test_fields),
		cmocka_unit_test(test_places),	     cmocka_unit_test(test_errno_and_names), cmocka_unit_test(test_arena_fails),
		cmocka_unit_test(test_log_line),     cmocka_unit_test(test_log_levels),	    cmocka_unit_test(test_log_error),
		cmocka_unit_test(test_log_torture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

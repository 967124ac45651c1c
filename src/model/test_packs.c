/* Bad packs are refused with the faults their expect.txt tells; the packs that ship are good. With a folder as
 * argument: prints its faults as an expect.txt would hold them. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/model.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/buf.h"

static const char *root = "."; /* of the source tree */

static enum code load_folder(struct arena *arena, struct str folder, const char *const *extra, const struct model **ret,
			     struct error *e)
{
	struct pack_source *sources;
	size_t count;
	TRY(pack_sources_find(arena, folder, NULL, &sources, &count, e));
	return model_load(sources, count, extra, ret, e);
}

/* One line a fault, with paths below the folder. */
static void write_faults(const struct error *e, struct str folder, struct arena *arena, struct buf *out)
{
	for (const struct error_item *i = e->items; i; i = i->next) {
		struct str pointer = i->pointer;
		if (str_starts(pointer, folder))
			pointer = str_slice(pointer, folder.len + 1, pointer.len);
		struct str text = catalog_format(NULL, LANG_EN, i->msgid, i->args, arena);
		int64_t at = str_find_str(text, folder);
		buf_format(out, "%.*s: ", STR_ARG(pointer));
		buf_add_str(out, str_slice(text, 0, at < 0 ? text.len : (size_t)at));
		if (at >= 0)
			buf_add_str(out, str_slice(text, (size_t)at + folder.len + 1, text.len));
		buf_add_char(out, '\n');
	}
}

static void case_run(struct str folder, const char *const *extra)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	CLEAN_BUF struct buf faults;
	struct error e;
	struct str expect, path = arena_format(arena, "%.*s/expect.txt", STR_ARG(folder));
	const struct model *m = NULL;
	buf_init(&faults, 0);
	error_init(&e, arena);
	assert_int_equal(load_folder(arena, folder, extra, &m, &e), E_INVALID);
	assert_null(m);
	write_faults(&e, folder, arena, &faults);
	struct error read;
	error_init(&read, arena);
	assert_int_equal(file_read(arena, path, 1 << 20, &expect, &read), OK);
	buf_add_char(&faults, 0);
	if (strcmp(faults.data, expect.data) != 0)
		fail_msg("%.*s\n--- expected\n%s--- but was\n%s", STR_ARG(folder), expect.data, faults.data);
}

static void bad_packs(void **state)
{
	static const char *const extra[] = { "report.publish", NULL };
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct error e;
	struct str *names;
	size_t count;
	error_init(&e, arena);
	struct str folder = arena_format(arena, "%s/tests/golden/packs/bad", root);
	assert_int_equal(folder_list(arena, folder, &names, &count, &e), OK);
	assert_true(count >= 30);
	for (size_t i = 0; i < count; i++)
		case_run(arena_format(arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(names[i])), extra);
}

static void own_packs(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	CLEAN_BUF struct buf faults;
	struct error e;
	const struct model *m = NULL;
	error_init(&e, arena);
	buf_init(&faults, 0);
	struct str folder = arena_format(arena, "%s/packs", root);
	enum code code = load_folder(arena, folder, NULL, &m, &e);
	write_faults(&e, folder, arena, &faults);
	if (code != OK)
		fail_msg("the packs that ship are bad:\n%.*s", STR_ARG(buf_str(&faults)));
	assert_true(m->pack_count >= 2);
	assert_string_equal(m->packs[0].name, "core");
	assert_non_null(model_kind(m, STR("entity")));
	model_unref(m);
}

static int print_faults(const char *folder)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	CLEAN_BUF struct buf faults;
	struct error e;
	const char *const extra[] = { "report.publish", NULL };
	const struct model *m = NULL;
	buf_init(&faults, 0);
	error_init(&e, arena);
	enum code code = load_folder(arena, str_of(folder), extra, &m, &e);
	write_faults(&e, str_of(folder), arena, &faults);
	if (faults.len)
		fwrite(faults.data, 1, faults.len, stdout);
	model_unref(m);
	return (int)code;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(bad_packs), cmocka_unit_test(own_packs) };
	struct error e = { 0 };
	if (crypto_init(&e) != OK)
		return 1;
	if (argc > 2 && strcmp(argv[1], "--print") == 0)
		return print_faults(argv[2]);
	if (argc > 1)
		root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

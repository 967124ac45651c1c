/* Files and folders on a real disk: ceilings, hostile paths, what a failed replacement leaves behind, and memory
 * failing. Neighbour: file.c. */
#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

struct rig {
	struct arena *a;
	struct error e;
	char folder[64];
};

static int rig_open(void **state)
{
	struct rig *r = mem_new(sizeof *r);
	r->a = arena_new(0);
	error_init(&r->e, r->a);
	snprintf(r->folder, sizeof r->folder, "/tmp/mandate-file-XXXXXX");
	*state = r;
	return mkdtemp(r->folder) ? 0 : -1;
}

static struct str in(struct rig *r, const char *name)
{
	return arena_format(r->a, "%s/%s", r->folder, name);
}

static void remove_all(struct rig *r, struct str path)
{
	struct str *names;
	size_t count;
	if (folder_list(r->a, path, &names, &count, &r->e) == OK)
		for (size_t i = 0; i < count; i++)
			remove_all(r, arena_format(r->a, "%.*s/%.*s", STR_ARG(path), STR_ARG(names[i])));
	remove(arena_copy(r->a, path).data);
}

static int rig_close(void **state)
{
	struct rig *r = *state;
	remove_all(r, str_of(r->folder));
	arena_free(r->a);
	mem_free(r);
	return 0;
}

static void test_read_and_replace(void **state)
{
	struct rig *r = *state;
	struct str path = in(r, "a.txt"), got;
	static char large[100000];
	memset(large, 'x', sizeof large);
	const struct str contents[] = { STR(""), STR("hello"), { "with\0nul", 8 }, { large, sizeof large }, STR("short again") };
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(file_replace(path, contents[i], 0640, &r->e), OK);
		assert_int_equal(file_read(r->a, path, 1 << 20, &got, &r->e), OK);
		assert_true(str_eq(got, contents[i]));
		assert_int_equal(got.data[got.len], 0);
	}
	struct stat st;
	assert_int_equal(stat(path.data, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0640u, 0);
	struct str *names;
	size_t count;
	assert_int_equal(folder_list(r->a, str_of(r->folder), &names, &count, &r->e), OK);
	assert_int_equal(count, 1); /* no temporary file stays */
}

static void test_read_ceiling(void **state)
{
	struct rig *r = *state;
	struct str path = in(r, "a"), got = STR("untouched");
	assert_int_equal(file_replace(path, STR("0123456789"), 0600, &r->e), OK);
	assert_int_equal(file_read(r->a, path, 9, &got, &r->e), E_LIMIT);
	assert_int_equal(file_read(r->a, path, 0, &got, &r->e), E_LIMIT);
	assert_true(str_is(got, "untouched"));
	assert_int_equal(file_read(r->a, path, 10, &got, &r->e), OK);
	assert_int_equal(got.len, 10);
	assert_int_equal(file_read(r->a, path, SIZE_MAX, &got, &r->e), OK);
	assert_int_equal(got.len, 10);
	/* these tell no size */
	assert_int_equal(file_read(r->a, STR("/proc/self/maps"), 1 << 22, &got, &r->e), OK);
	assert_true(got.len > 4096);
	assert_int_equal(file_read(r->a, STR("/proc/self/maps"), 4096, &got, &r->e), E_LIMIT);
	assert_int_equal(file_read(r->a, STR("/dev/zero"), 100000, &got, &r->e), E_LIMIT);
	assert_int_equal(file_read(r->a, STR("/dev/null"), 0, &got, &r->e), OK);
	assert_int_equal(got.len, 0);
	CLEAN_ARENA struct arena *small = arena_new(64);
	assert_int_equal(file_read(small, STR("/dev/zero"), 100000, &got, &r->e), E_NOMEM);
	/* a huge file is refused before memory is taken for it */
	assert_int_equal(truncate(path.data, INT64_C(1) << 40), 0);
	size_t before = arena_used(r->a);
	assert_int_equal(file_read(r->a, path, 1 << 20, &got, &r->e), E_LIMIT);
	assert_true(arena_used(r->a) - before < 2000);
}

static void test_bad_paths(void **state)
{
	struct rig *r = *state;
	static char endless[5000];
	memset(endless, 'a', sizeof endless);
	const struct str bad[] = { STR_NONE, STR(""), { "/tmp\0/x", 7 }, { endless, sizeof endless } };
	struct str got, *names;
	size_t count;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(file_read(r->a, bad[i], 10, &got, &r->e), E_INVALID);
		assert_int_equal(file_replace(bad[i], STR("x"), 0600, &r->e), E_INVALID);
		assert_int_equal(folder_make(bad[i], 0700, &r->e), E_INVALID);
		assert_int_equal(folder_list(r->a, bad[i], &names, &count, &r->e), E_INVALID);
		assert_false(file_exists(bad[i]));
	}
	assert_int_equal(file_read(r->a, in(r, "missing"), 10, &got, &r->e), E_IO);
	assert_true(str_find_str(error_text(&r->e, r->a), STR("missing (No such file or directory)")) > 0);
	assert_int_equal(file_read(r->a, str_of(r->folder), 10000, &got, &r->e), E_IO);
	assert_int_equal(file_replace(in(r, "no/such/folder"), STR("x"), 0600, &r->e), E_IO);
	assert_int_equal(file_replace(in(r, "slash/"), STR("x"), 0600, &r->e), E_IO);
	assert_int_equal(folder_list(r->a, in(r, "missing"), &names, &count, &r->e), E_IO);
}

/* What cannot be finished leaves the old file whole, no temporary one, and tells the true reason. */
static void test_replace_fails_whole(void **state)
{
	struct rig *r = *state;
	struct str path = in(r, "kept"), got, *names;
	size_t count;
	static char large[1 << 20];
	struct rlimit before, little;
	assert_int_equal(file_replace(path, STR("old"), 0600, &r->e), OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = before;
	little.rlim_cur = 4096;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	enum code code = file_replace(path, (struct str){ large, sizeof large }, 0600, &r->e);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(code, E_IO);
	assert_true(str_find_str(error_text(&r->e, r->a), STR("File too large")) > 0);
	assert_int_equal(folder_make(in(r, "taken/by"), 0700, &r->e), OK);
	assert_int_equal(file_replace(in(r, "taken"), STR("x"), 0600, &r->e), E_IO); /* a folder stands there */
	assert_true(str_find_str(error_text(&r->e, r->a), STR("Is a directory")) > 0);
	assert_int_equal(file_read(r->a, path, 100, &got, &r->e), OK);
	assert_true(str_is(got, "old"));
	assert_int_equal(folder_list(r->a, str_of(r->folder), &names, &count, &r->e), OK);
	assert_int_equal(count, 2);
}

static void test_folders(void **state)
{
	struct rig *r = *state;
	struct str *names;
	size_t count;
	struct stat st;
	assert_int_equal(folder_make(in(r, "a/b//c/"), 0700, &r->e), OK);
	assert_int_equal(folder_make(in(r, "a/b/c"), 0700, &r->e), OK);
	assert_int_equal(folder_make(STR("/"), 0700, &r->e), OK);
	assert_int_equal(stat(in(r, "a/b/c").data, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(file_replace(in(r, "file"), STR("x"), 0600, &r->e), OK);
	assert_int_equal(folder_make(in(r, "file"), 0700, &r->e), E_IO);
	assert_int_equal(folder_make(in(r, "file/below"), 0700, &r->e), E_IO);
	assert_true(file_exists(in(r, "file")) && file_exists(in(r, "a")) && !file_exists(in(r, "b")));
	for (int i = 0; i < 100; i++)
		assert_int_equal(folder_make(arena_format(r->a, "%s/many/%d", r->folder, i), 0700, &r->e), OK);
	assert_int_equal(folder_list(r->a, in(r, "many"), &names, &count, &r->e), OK);
	assert_int_equal(count, 100);
	for (size_t i = 1; i < count; i++)
		assert_true(str_cmp(names[i - 1], names[i]) < 0);
	assert_true(str_is(names[0], "0") && str_is(names[1], "1") && str_is(names[2], "10"));
	assert_int_equal(folder_list(r->a, in(r, "a/b/c"), &names, &count, &r->e), OK);
	assert_int_equal(count, 0);
	assert_int_equal(folder_list(r->a, in(r, "file"), &names, &count, &r->e), E_IO);
}

/* Arenas of growing size until both succeed: before that E_NOMEM and nothing else. */
static void test_memory_fails(void **state)
{
	struct rig *r = *state;
	struct str path = in(r, "f"), got, *names;
	size_t count, max = 16;
	static char text[3000];
	assert_int_equal(file_replace(path, (struct str){ text, sizeof text }, 0600, &r->e), OK);
	for (int i = 0; i < 40; i++)
		assert_int_equal(folder_make(arena_format(r->a, "%s/d/%d", r->folder, i), 0700, &r->e), OK);
	for (bool both = false; !both; max += 200) {
		CLEAN_ARENA struct arena *small = arena_new(max);
		enum code read = file_read(small, path, 1 << 20, &got, &r->e);
		arena_reset(small);
		enum code list = folder_list(small, in(r, "d"), &names, &count, &r->e);
		assert_true(read == OK || read == E_NOMEM);
		assert_true(list == OK || list == E_NOMEM);
		assert_true(read != OK || got.len == sizeof text);
		assert_true(list != OK || count == 40);
		both = read == OK && list == OK;
		assert_true(max < 100000);
	}
	assert_true(max > 3000);
}

int main(void)
{
#define RIG(test) cmocka_unit_test_setup_teardown(test, rig_open, rig_close)
	const struct CMUnitTest tests[] = {
		RIG(test_read_and_replace), RIG(test_read_ceiling), RIG(test_bad_paths),
		RIG(test_replace_fails_whole), RIG(test_folders), RIG(test_memory_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

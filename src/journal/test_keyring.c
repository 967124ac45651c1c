/* Keys per person: sealing and opening, what is pending, what is refused, and that a destroyed key is in no file. */
#include "journal/keyring.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "key_cache.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct keys {
	struct arena *arena;
	struct error e;
	struct str folder, path;
	struct store *store;
	struct conn *c;
	struct keyring *k;
	uint8_t master[AEAD_KEY];
};

static void assert_fine(struct keys *t, enum code code, int line)
{
	if (code == OK)
		return;
	struct str text = error_text(&t->e, t->arena);
	print_error("%s: %.*s\n", code_name(code), STR_ARG(text));
	_assert_int_equal(code, OK, __FILE__, line);
}
#define assert_ok(expr) assert_fine(t, (expr), __LINE__)

static int setup(void **state)
{
	struct keys *t = calloc(1, sizeof *t);
	const char *base = getenv("TMPDIR");
	assert_int_equal(crypto_init(NULL), OK);
	t->arena = arena_new(0);
	error_init(&t->e, t->arena);
	t->folder = arena_format(t->arena, "%s/keyring-test-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp((char *)(uintptr_t)t->folder.data));
	t->path = arena_format(t->arena, "%.*s/keys.db", STR_ARG(t->folder));
	struct store_options o = { .url = arena_format(t->arena, "sqlite:%.*s", STR_ARG(t->path)), .secure_delete = true };
	assert_ok(store_open(&o, &t->store, &t->e));
	assert_ok(conn_open(t->store, CONN_WRITE, &t->c, &t->e));
	random_fill(&random_system, t->master, sizeof t->master);
	assert_ok(keyring_new(t->c, t->master, &random_system, &t->k, &t->e));
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct keys *t = *state;
	struct str *names;
	size_t count;
	keyring_free(t->k);
	conn_close(t->c);
	store_close(t->store);
	assert_ok(folder_list(t->arena, t->folder, &names, &count, &t->e));
	for (size_t i = 0; i < count; i++)
		unlink(arena_format(t->arena, "%.*s/%.*s", STR_ARG(t->folder), STR_ARG(names[i])).data);
	rmdir(t->folder.data);
	arena_free(t->arena);
	free(t);
	return 0;
}

static struct str seal(struct keys *t, int64_t subject, const char *plain)
{
	struct str sealed;
	assert_ok(keyring_seal(t->k, subject, str_of(plain), STR("device.holder 7"), t->arena, &sealed, &t->e));
	return sealed;
}

static enum code open_with(struct keys *t, struct keyring *k, int64_t subject, struct str sealed, const char *expected)
{
	struct str plain;
	enum code code = keyring_open(k, subject, sealed, STR("device.holder 7"), t->arena, &plain, &t->e);
	if (code == OK)
		assert_true(str_is(plain, expected));
	return code;
}

static void test_seal_and_open(void **state)
{
	struct keys *t = *state;
	struct str plain;
	assert_false(keyring_has(t->k, 1));
	struct str a = seal(t, 1, "Amina Diallo"), b = seal(t, 1, "Amina Diallo"), empty = seal(t, 2, "");
	assert_true(keyring_has(t->k, 1));
	assert_false(str_eq(a, b)); /* a fresh nonce each time */
	assert_int_equal(open_with(t, t->k, 1, a, "Amina Diallo"), OK);
	assert_int_equal(open_with(t, t->k, 2, empty, ""), OK);
	assert_int_equal(open_with(t, t->k, 2, a, ""), E_INVALID);
	assert_int_equal(open_with(t, t->k, 3, a, ""), E_NOT_FOUND);
	assert_int_equal(keyring_open(t->k, 1, a, STR("device.holder 8"), t->arena, &plain, &t->e), E_INVALID);
	/* any single changed character, and any cut */
	for (size_t i = 0; i < a.len; i++) {
		struct str changed = arena_copy(t->arena, a);
		((char *)(uintptr_t)changed.data)[i] ^= 1;
		assert_int_not_equal(keyring_open(t->k, 1, changed, STR("device.holder 7"), t->arena, &plain, &t->e), OK);
		assert_int_equal(keyring_open(t->k, 1, str_slice(a, 0, i), STR("device.holder 7"), t->arena, &plain, &t->e),
				 E_INVALID);
	}
}

static void test_commit_and_reopen(void **state)
{
	struct keys *t = *state;
	struct str a = seal(t, 1, "one"), b = seal(t, 2, "two");
	keyring_rollback(t->k); /* both were never stored */
	assert_false(keyring_has(t->k, 1));
	assert_int_equal(open_with(t, t->k, 1, a, ""), E_NOT_FOUND);
	a = seal(t, 1, "one");
	assert_ok(keyring_commit(t->k, &t->e));
	assert_ok(keyring_commit(t->k, &t->e)); /* nothing pending */
	b = seal(t, 2, "two");
	keyring_rollback(t->k);
	assert_int_equal(open_with(t, t->k, 1, a, "one"), OK);
	assert_int_equal(open_with(t, t->k, 2, b, ""), E_NOT_FOUND);

	keyring_free(TAKE(t->k));
	assert_ok(keyring_new(t->c, t->master, &random_system, &t->k, &t->e));
	assert_int_equal(open_with(t, t->k, 1, a, "one"), OK);

	/* keys.db alone opens nothing */
	uint8_t other[AEAD_KEY] = { 1 };
	struct keyring *stranger;
	assert_ok(keyring_new(t->c, other, &random_system, &stranger, &t->e));
	assert_int_equal(open_with(t, stranger, 1, a, ""), E_INVALID);
	keyring_free(stranger);
}

/* A row put under another subject does not open. */
static void test_rows_cannot_be_exchanged(void **state)
{
	struct keys *t = *state;
	struct str a = seal(t, 1, "one");
	assert_ok(keyring_commit(t->k, &t->e));
	keyring_free(TAKE(t->k));
	assert_ok(conn_begin(t->c, &t->e));
	assert_ok(sql_exec(t->c, "UPDATE subject_key SET subject = 2", SQL_NO_PARAMS, NULL, &t->e));
	assert_ok(conn_commit(t->c, &t->e));
	assert_ok(keyring_new(t->c, t->master, &random_system, &t->k, &t->e));
	assert_int_equal(open_with(t, t->k, 2, a, ""), E_INVALID);
}

static void test_destroy(void **state)
{
	struct keys *t = *state;
	struct str sealed;
	struct str a = seal(t, 1, "one"), b = seal(t, 2, "two");
	assert_ok(keyring_commit(t->k, &t->e));

	/* a refused call takes its marks back; new keys stay */
	size_t mark = keyring_marks(t->k);
	struct str c = seal(t, 3, "three");
	assert_ok(keyring_destroy(t->k, 1, &t->e));
	assert_ok(keyring_destroy(t->k, 3, &t->e));
	assert_false(keyring_has(t->k, 1));
	assert_int_equal(open_with(t, t->k, 1, a, ""), E_NOT_FOUND);
	assert_int_equal(keyring_seal(t->k, 1, STR("x"), STR("y"), t->arena, &sealed, &t->e), E_NOT_FOUND);
	keyring_undo(t->k, mark);
	assert_int_equal(open_with(t, t->k, 1, a, "one"), OK);
	assert_int_equal(open_with(t, t->k, 3, c, "three"), OK);
	assert_ok(keyring_destroy_commit(t->k, &t->e)); /* nothing marked */
	assert_int_equal(open_with(t, t->k, 1, a, "one"), OK);

	/* a rolled back one as well */
	assert_ok(keyring_destroy(t->k, 1, &t->e));
	keyring_rollback(t->k);
	assert_int_equal(open_with(t, t->k, 1, a, "one"), OK);

	/* for good: subject 1, a pending one, and one that never had a key */
	c = seal(t, 3, "three");
	assert_ok(keyring_destroy(t->k, 1, &t->e));
	assert_ok(keyring_destroy(t->k, 1, &t->e));
	assert_ok(keyring_destroy(t->k, 3, &t->e));
	assert_ok(keyring_destroy(t->k, 4, &t->e));
	assert_ok(keyring_commit(t->k, &t->e));
	assert_ok(keyring_destroy_commit(t->k, &t->e));
	for (int again = 0; again < 2; again++) {
		static const int64_t gone[] = { 1, 3, 4 };
		for (size_t i = 0; i < 3; i++) {
			assert_false(keyring_has(t->k, gone[i]));
			assert_int_equal(open_with(t, t->k, gone[i], a, ""), E_NOT_FOUND);
			assert_int_equal(keyring_seal(t->k, gone[i], STR("x"), STR("y"), t->arena, &sealed, &t->e), E_NOT_FOUND);
		}
		assert_int_equal(open_with(t, t->k, 2, b, "two"), OK);
		keyring_free(TAKE(t->k));
		assert_ok(keyring_new(t->c, t->master, &random_system, &t->k, &t->e));
	}
}

/* A reader that has the key in its cache loses it when the writer destroys it. */
static void test_readers_forget(void **state)
{
	struct keys *t = *state;
	struct conn *rc;
	struct keyring *reader;
	struct str a = seal(t, 1, "one"), b = seal(t, 2, "two");
	assert_ok(keyring_commit(t->k, &t->e));
	assert_ok(conn_open(t->store, CONN_READ, &rc, &t->e));
	assert_ok(keyring_new(rc, t->master, &random_system, &reader, &t->e));
	assert_int_equal(open_with(t, reader, 1, a, "one"), OK);
	assert_int_equal(open_with(t, reader, 2, b, "two"), OK);
	assert_ok(keyring_destroy(t->k, 1, &t->e));
	assert_ok(keyring_destroy_commit(t->k, &t->e));
	assert_int_equal(open_with(t, reader, 1, a, ""), E_NOT_FOUND);
	assert_int_equal(open_with(t, reader, 2, b, "two"), OK);
	seal(t, 5, "five");
	assert_ok(keyring_commit(t->k, &t->e)); /* commits without destruction keep the cache */
	assert_int_equal(open_with(t, reader, 2, b, "two"), OK);
	assert_true(keyring_has(reader, 5));
	keyring_free(reader);
	conn_close(rc);
}

/* Two writers that make a key for the same person: the second is told to try again, and then uses the first's. */
static void test_two_writers(void **state)
{
	struct keys *t = *state;
	struct keyring *second;
	assert_ok(keyring_new(t->c, t->master, &random_system, &second, &t->e));
	struct str a = seal(t, 1, "one"), b;
	assert_ok(keyring_seal(second, 1, STR("two"), STR("device.holder 7"), t->arena, &b, &t->e));
	assert_ok(keyring_commit(t->k, &t->e));
	assert_int_equal(keyring_commit(second, &t->e), E_BUSY);
	keyring_rollback(second);
	assert_int_equal(open_with(t, second, 1, a, "one"), OK);
	assert_ok(keyring_seal(second, 1, STR("two"), STR("device.holder 7"), t->arena, &b, &t->e));
	assert_ok(keyring_commit(second, &t->e));
	assert_int_equal(open_with(t, t->k, 1, b, "two"), OK);
	keyring_free(second);
}

/* Is the byte string in any file of the folder? */
static bool found_in_files(struct keys *t, struct str needle)
{
	struct str *names;
	size_t count;
	CLEAN_ARENA struct arena *arena = arena_new(0);
	assert_ok(folder_list(arena, t->folder, &names, &count, &t->e));
	for (size_t i = 0; i < count; i++) {
		struct str bytes;
		struct str path = arena_format(arena, "%.*s/%.*s", STR_ARG(t->folder), STR_ARG(names[i]));
		assert_ok(file_read(arena, path, 64 << 20, &bytes, &t->e));
		if (memmem(bytes.data, bytes.len, needle.data, needle.len))
			return true;
	}
	return false;
}

static struct str wrapped_of(struct keys *t, int64_t subject)
{
	struct rows *rows;
	bool row;
	assert_ok(sql_query(t->c, "SELECT wrapped FROM subject_key WHERE subject = ?1", SQL_PARAMS(SQL_I(subject)), &rows, &t->e));
	assert_ok(rows_next(rows, &row, &t->e));
	assert_true(row);
	struct str copy = arena_copy(t->arena, rows_blob(rows, 0));
	rows_close(rows);
	return copy;
}

/* The raw files, write-ahead log included, hold not even half of the wrapped key afterwards. */
static void test_nothing_left_in_files(void **state)
{
	struct keys *t = *state;
	struct conn *rc;
	struct keyring *reader;
	for (int64_t subject = 1; subject <= 3000; subject++) {
		seal(t, subject * 7919 % 10007, "name"); /* scattered, so that pages split and rows move */
		if (subject % 500 == 0)
			assert_ok(keyring_commit(t->k, &t->e));
	}
	assert_ok(conn_open(t->store, CONN_READ, &rc, &t->e));
	assert_ok(keyring_new(rc, t->master, &random_system, &reader, &t->e));
	static const int64_t victims[] = { 1 * 7919 % 10007, 1500 * 7919 % 10007, 3000 * 7919 % 10007 };
	for (size_t i = 0; i < 3; i++) {
		struct str wrapped = wrapped_of(t, victims[i]);
		assert_int_equal(wrapped.len, AEAD_KEY + AEAD_OVERHEAD);
		assert_true(found_in_files(t, wrapped)); /* the search itself works */
		assert_true(keyring_has(reader, victims[i]));
		assert_ok(keyring_destroy(t->k, victims[i], &t->e));
		assert_ok(keyring_destroy_commit(t->k, &t->e));
		for (size_t at = 0; at + 16 <= wrapped.len; at += 8)
			assert_false(found_in_files(t, str_slice(wrapped, at, at + 16)));
		assert_false(keyring_has(reader, victims[i]));
	}
	assert_true(keyring_has(t->k, 2 * 7919 % 10007));
	keyring_free(reader);
	conn_close(rc);
}

static void test_cache_is_bounded(void **state)
{
	struct key_cache *cache = key_cache_new();
	uint8_t key[AEAD_KEY] = { 0 };
	size_t capacity = key_cache_capacity(), kept = 0;
	for (int64_t i = 1; i <= (int64_t)capacity * 3; i++) {
		memcpy(key, &i, sizeof i);
		assert_memory_equal(key_cache_put(cache, i, key), key, sizeof key);
	}
	for (int64_t i = 1; i <= (int64_t)capacity * 3; i++) {
		const uint8_t *got = key_cache_get(cache, i);
		kept += got != NULL;
		if (got)
			assert_memory_equal(got, &i, sizeof i);
	}
	assert_true(kept <= capacity && kept > capacity / 2);
	assert_non_null(key_cache_get(cache, (int64_t)capacity * 3)); /* the newest is there */
	key_cache_drop(cache, (int64_t)capacity * 3);
	assert_null(key_cache_get(cache, (int64_t)capacity * 3));
	key_cache_clear(cache);
	assert_null(key_cache_get(cache, (int64_t)capacity * 3 - 1));
	key_cache_free(cache);
	key_cache_free(NULL);
}

static void test_master_file(void **state)
{
	struct keys *t = *state;
	uint8_t a[AEAD_KEY], b[AEAD_KEY];
	struct str path = arena_format(t->arena, "%.*s/master.key", STR_ARG(t->folder));
	assert_ok(keyring_master_load(path, &random_system, a, &t->e));
	assert_ok(keyring_master_load(path, &random_system, b, &t->e));
	assert_memory_equal(a, b, sizeof a);
	static const char *const bad[] = { "", "mandate-master-key/v1", "mandate-master-key/v1 ", "mandate-log-key/v1 AAAA",
					   "mandate-master-key/v1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
					   "mandate-master-key/v1 !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!=" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_ok(file_replace(path, str_of(bad[i]), 0600, &t->e));
		assert_int_equal(keyring_master_load(path, &random_system, b, &t->e), E_INVALID);
	}
}

/* Each allocation fails in turn; afterwards everything still works. */
static void test_allocation_failures(void **state)
{
	struct keys *t = *state;
	struct str kept = seal(t, 1, "kept");
	assert_ok(keyring_commit(t->k, &t->e));
	for (int64_t n = 0, more = 1; more; n++) {
		CLEAN_ARENA struct arena *arena = arena_new(0);
		struct keyring *k = NULL;
		struct str sealed;
		mem_fail_at(n);
		enum code code = keyring_new(t->c, t->master, &random_system, &k, NULL);
		for (int64_t i = 0; i < 20 && code == OK; i++)
			code = keyring_seal(k, 100 + n * 100 + i, STR("x"), STR("c"), arena, &sealed, NULL);
		if (code == OK)
			code = keyring_destroy(k, 100 + n * 100, NULL);
		if (code == OK)
			code = keyring_commit(k, NULL);
		if (code == OK)
			code = keyring_destroy_commit(k, NULL);
		more = mem_fail_left() < 0;
		mem_fail_at(-1);
		assert_true(code == OK || code == E_NOMEM || code == E_BUSY || code == E_IO);
		keyring_free(k);
	}
	assert_false(conn_in_transaction(t->c));
	assert_int_equal(open_with(t, t->k, 1, kept, "kept"), OK);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		ROW(test_seal_and_open), ROW(test_commit_and_reopen), ROW(test_rows_cannot_be_exchanged),
		ROW(test_destroy),	 ROW(test_readers_forget),    ROW(test_two_writers),
		ROW(test_nothing_left_in_files), ROW(test_cache_is_bounded), ROW(test_master_file),
		ROW(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

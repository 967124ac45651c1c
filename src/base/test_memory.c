/* Memory: the fault switch, arenas, buffers, arrays; at their ceilings and with each allocation failing in turn.
 * Neighbours: mem.c, arena.c, buf.c, vec.c. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/vec.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_mem(void **state)
{
	unsigned char *p = mem_new(100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	memset(p, 7, 100);
	p = mem_grow(p, 1000);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(p[i], 7);
	mem_free(p);
	mem_free(NULL);
	assert_null(mem_array(SIZE_MAX / 2, 3));
	assert_null(mem_array(2, SIZE_MAX));
	assert_null(mem_copy_text("", SIZE_MAX));
	void *none = mem_new(0);
	assert_non_null(none);
	mem_free(none);
	char *copy = mem_copy_text("hello", 3);
	assert_string_equal(copy, "hel");
	char *taken = TAKE(copy);
	assert_null(copy);
	mem_free(taken);
}

static void test_fault_fires_once(void **state)
{
	mem_fail_at(2);
	assert_int_equal(mem_fail_left(), 2);
	void *a = mem_new(1), *b = mem_grow(NULL, 1), *c = mem_new(1), *d = mem_new(1);
	assert_non_null(a);
	assert_non_null(b);
	assert_null(c);
	assert_non_null(d);
	assert_true(mem_fail_left() < 0);
	mem_fail_at(0);
	assert_null(mem_grow(a, 100)); /* and `a` is untouched */
	mem_free(a);
	mem_free(b);
	mem_free(d);
	mem_fail_at(0);
	mem_fail_at(-1);
	a = mem_new(1);
	assert_non_null(a);
	mem_free(a);
}

static void *allocate_elsewhere(void *data)
{
	void *p = mem_new(8);
	*(bool *)data = p != NULL;
	mem_free(p);
	return NULL;
}

static void test_fault_is_of_its_thread(void **state)
{
	pthread_t other;
	bool good = false;
	mem_fail_at(0);
	assert_int_equal(pthread_create(&other, NULL, allocate_elsewhere, &good), 0);
	pthread_join(other, NULL);
	assert_true(good);
	assert_int_equal(mem_fail_left(), 0);
	mem_fail_at(-1);
}

/* --- arenas --------------------------------------------------------------------------------------- */

/* Pieces of random sizes, each filled with its own pattern, must be aligned, zeroed and never overlap. */
static void test_arena_random(void **state)
{
	enum { PIECES = 3000 };
	static struct {
		unsigned char *p;
		size_t size;
	} pieces[PIECES];
	struct random_seeded r;
	CLEAN_ARENA struct arena *a = arena_new(256 << 20);
	random_seed(&r, 1);
	for (int round = 0; round < 3; round++) {
		size_t asked = 0;
		for (size_t i = 0; i < PIECES; i++) {
			size_t size = random_below(&r, 100) == 0 ? random_below(&r, 300000) : random_below(&r, 200);
			unsigned char *p = arena_alloc(a, size);
			assert_non_null(p);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t k = 0; k < size; k++)
				if (p[k])
					fail_msg("piece %zu is not zeroed at %zu", i, k);
			memset(p, (int)(i % 251) + 1, size);
			pieces[i].p = p;
			pieces[i].size = size;
			asked += size;
		}
		for (size_t i = 0; i < PIECES; i++)
			for (size_t k = 0; k < pieces[i].size; k++)
				if (pieces[i].p[k] != i % 251 + 1)
					fail_msg("piece %zu was written over at %zu", i, k);
		assert_true(arena_used(a) >= asked);
		arena_reset(a);
		assert_int_equal(arena_used(a), 0);
	}
}

static void test_arena_ceiling(void **state)
{
	static const size_t ceilings[] = { 1, 100, 4096, 8192, 8193, 20000, 1 << 20, (3 << 20) + 5 };
	static const size_t sizes[] = { 1, 16, 100, 5000, 70000, 2 << 20 };
	for (size_t c = 0; c < sizeof ceilings / sizeof *ceilings; c++)
		for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
			CLEAN_ARENA struct arena *a = arena_new(ceilings[c]);
			size_t got = 0, taken = 0; /* taken: with what goes to alignment, and to gaps under a sanitizer */
			for (; arena_alloc(a, sizes[s]); taken += sizes[s] + 47)
				got += sizes[s];
			if (got > ceilings[c])
				fail_msg("%zu bytes from an arena of %zu", got, ceilings[c]);
			if (sizes[s] <= ceilings[c] / 4 && ceilings[c] >= 8192 && taken < ceilings[c] / 2)
				fail_msg("only %zu bytes in pieces of %zu from an arena of %zu", got, sizes[s], ceilings[c]);
			assert_null(arena_alloc(a, ceilings[c] + 1));
			arena_reset(a);
			assert_true(sizes[s] > ceilings[c] / 4 || arena_alloc(a, sizes[s]));
		}
	CLEAN_ARENA struct arena *a = arena_new(0);
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_alloc(a, SIZE_MAX - 15));
	assert_null(arena_alloc(a, SIZE_MAX - 64));
	assert_null(arena_array(a, SIZE_MAX / 2, 4));
	assert_null(arena_alloc(a, (64 << 20) + 1));
	assert_null(arena_copy(a, (struct str){ "", SIZE_MAX }).data);
	CLEAN_ARENA struct arena *endless = arena_new(SIZE_MAX);
	assert_null(arena_alloc(endless, SIZE_MAX - 100));
	assert_non_null(arena_alloc(endless, 100));
}

/* A large piece must not cost the rest of the block in use, nor take the first block's place. */
static void test_arena_large_between_small(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	char *before = arena_alloc(a, 16), *large = arena_alloc(a, 5 << 20), *after = arena_alloc(a, 16);
	assert_non_null(large);
	memset(large, 1, 5 << 20);
	assert_true(after > before && after - before < 64);
	arena_reset(a);
	assert_ptr_equal(arena_alloc(a, 16), before);
}

static void test_arena_text(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct str s = arena_copy(a, (struct str){ "a\0b", 3 });
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.data, "a\0b", 4);
	s = arena_copy(a, STR_NONE);
	assert_non_null(s.data);
	assert_int_equal(s.len, 0);
	s = arena_format(a, "%d-%s-%.*s", 42, "x", STR_ARG(STR("yz")));
	assert_string_equal(s.data, "42-x-yz");
	assert_int_equal(s.len, 7);
	s = arena_format(a, "%*s", 100000, "");
	assert_int_equal(s.len, 100000);
	assert_int_equal(strlen(s.data), 100000);
	CLEAN_ARENA struct arena *small = arena_new(64);
	assert_null(arena_format(small, "%*s", 100, "").data);
	assert_null(arena_copy(small, s).data);
	arena_free(NULL);
}

static bool arena_work(void)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	if (!a)
		return false;
	bool good = true;
	for (size_t i = 0; i < 40; i++) {
		char *p = arena_alloc(a, i * 1000);
		if (!p)
			good = false; /* and the arena stays usable */
		else
			memset(p, 1, i * 1000);
	}
	arena_reset(a);
	return arena_alloc(a, 100) && good;
}

/* --- buffers -------------------------------------------------------------------------------------- */

static void test_buf(void **state)
{
	CLEAN_BUF struct buf b;
	buf_init(&b, 0);
	assert_int_equal(buf_str(&b).len, 0);
	buf_add(&b, NULL, 0);
	buf_add_str(&b, STR_NONE);
	assert_null(b.data); /* no memory before the first byte */
	buf_add_text(&b, "one ");
	buf_add_str(&b, STR("two"));
	buf_add_char(&b, ' ');
	buf_add_int(&b, 0);
	buf_add_char(&b, ' ');
	buf_add_int(&b, INT64_MIN);
	buf_add_char(&b, ' ');
	buf_add_int(&b, INT64_MAX);
	buf_format(&b, " %s %d", "x", 5);
	assert_true(buf_ok(&b));
	assert_true(str_is(buf_str(&b), "one two 0 -9223372036854775808 9223372036854775807 x 5"));
	size_t len;
	char *taken = buf_take(&b, &len);
	assert_int_equal(len, 54);
	assert_int_equal(b.len, 0);
	assert_null(b.data);
	mem_free(taken);
	buf_add_text(&b, "again");
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	assert_non_null(buf_room(&b, 0));
}

/* Against the plainest oracle: a big array. */
static void test_buf_random(void **state)
{
	static char expected[200000];
	for (uint64_t seed = 0; seed < 20; seed++) {
		CLEAN_BUF struct buf b;
		struct random_seeded r;
		size_t len = 0;
		random_seed(&r, seed);
		buf_init(&b, sizeof expected);
		while (len < sizeof expected - 1200) {
			char piece[1000];
			size_t n = random_below(&r, random_below(&r, 4) ? 10 : sizeof piece);
			memset(piece, 'a' + (int)random_below(&r, 26), n);
			memcpy(expected + len, piece, n);
			if (random_below(&r, 3) == 0 && n) {
				buf_format(&b, "%.*s", (int)n, piece);
			} else if (random_below(&r, 3) == 0) {
				char *room = buf_room(&b, n + 50);
				memcpy(room, piece, n);
				b.len += n;
			} else {
				buf_add(&b, piece, n);
			}
			len += n;
			if (buf_ok(&b) && b.len != len)
				fail_msg("length %zu instead of %zu", b.len, len);
		}
		assert_true(buf_ok(&b));
		assert_memory_equal(b.data, expected, len);
	}
}

static void test_buf_ceiling(void **state)
{
	for (size_t max = 1; max < 1100; max += max < 20 ? 1 : 97) {
		CLEAN_BUF struct buf b;
		buf_init(&b, max);
		for (size_t i = 0; i < max; i++)
			buf_add_char(&b, 'x');
		assert_true(buf_ok(&b));
		assert_int_equal(b.len, max);
		buf_add(&b, "", 0);
		assert_true(buf_ok(&b));
		buf_add_char(&b, 'y');
		assert_false(buf_ok(&b));
		buf_clear(&b);
		buf_format(&b, "%*s", (int)max, ""); /* exactly full */
		assert_true(buf_ok(&b));
		assert_int_equal(b.len, max);
		buf_clear(&b);
		buf_format(&b, "%*s", (int)max + 1, "");
		assert_false(buf_ok(&b));
		assert_null(buf_room(&b, 1));
		buf_add_text(&b, "x"); /* the failure sticks */
		assert_int_equal(b.len, 0);
		buf_clear(&b);
		assert_null(buf_room(&b, SIZE_MAX));
	}
	CLEAN_BUF struct buf b;
	buf_init(&b, SIZE_MAX);
	buf_add_text(&b, "x");
	assert_true(buf_ok(&b));
	buf_room(&b, SIZE_MAX - 1);
	assert_false(buf_ok(&b));
	buf_done(&b);
	buf_done(&b);
}

static bool buf_work(void)
{
	CLEAN_BUF struct buf b;
	buf_init(&b, 0);
	for (int i = 0; i < 2000; i++)
		buf_format(&b, "%d,", i);
	if (!buf_ok(&b))
		return false;
	assert_int_equal(b.len, 10 * 2 + 90 * 3 + 900 * 4 + 1000 * 5);
	return true;
}

/* --- arrays --------------------------------------------------------------------------------------- */

static bool vec_work(void)
{
	VEC(int64_t) numbers = { 0 };
	bool good = true;
	for (int64_t i = 0; i < 1000; i++) {
		int64_t *n = VEC_ADD(&numbers);
		if (!n) {
			good = false;
			break;
		}
		assert_int_equal(*n, 0);
		*n = i;
	}
	for (size_t i = 0; i < numbers.count; i++)
		assert_int_equal(numbers.items[i], i);
	VEC_CLEAR(&numbers);
	if (good)
		assert_int_equal(*(int64_t *)VEC_ADD(&numbers), 0); /* zeroed again */
	VEC_DONE(&numbers);
	assert_null(numbers.items);
	return good;
}

static void test_vec_overflow(void **state)
{
	struct {
		void *items;
		size_t count, cap;
	} v = { NULL, SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 1 };
	assert_null(vec_add_(&v.items, &v.count, &v.cap, 1));
	v.count = v.cap = SIZE_MAX / 8;
	assert_null(vec_add_(&v.items, &v.count, &v.cap, 16));
}

static void test_torture(void **state)
{
	static bool (*const works[])(void) = { arena_work, buf_work, vec_work };
	for (size_t w = 0; w < sizeof works / sizeof *works; w++) {
		int64_t n = 0;
		for (bool fired = true; fired; n++) {
			mem_fail_at(n);
			bool good = works[w]();
			fired = mem_fail_left() < 0;
			mem_fail_at(-1);
			if (good == fired)
				fail_msg("work %zu, allocation %d: %s", w, (int)n, good ? "a failure was not told" : "failed for nothing");
		}
		assert_true(n > 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mem),
		cmocka_unit_test(test_fault_fires_once),
		cmocka_unit_test(test_fault_is_of_its_thread),
		cmocka_unit_test(test_arena_random),
		cmocka_unit_test(test_arena_ceiling),
		cmocka_unit_test(test_arena_large_between_small),
		cmocka_unit_test(test_arena_text),
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_buf_random),
		cmocka_unit_test(test_buf_ceiling),
		cmocka_unit_test(test_vec_overflow),
		cmocka_unit_test(test_torture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

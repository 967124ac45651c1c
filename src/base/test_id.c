/* Ids: their order under every sort of clock, their parts, many threads; and seeded randomness.
 * Neighbours: id.c, random.c. */
#include "base/id.h"
#include "base/mem.h"
#include "base/random.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EPOCH (INT64_C(1704067200) * SECOND)

struct fake {
	int64_t time;
};

static int64_t fake_now(void *data)
{
	return ((struct fake *)data)->time;
}

static void test_parts(void **state)
{
	static const unsigned nodes[] = { 0, 1, 511, 1023 };
	struct fake fake = { EPOCH + 123456 * SECOND + 789123 };
	struct clock clock = { fake_now, &fake };
	for (size_t n = 0; n < 4; n++)
		for (unsigned worker = 0; worker < 16; worker++) {
			struct id_source *s = id_source_new(nodes[n], worker, &clock);
			int64_t id = id_next(s);
			assert_true(id > 0);
			assert_int_equal(id_node(id), nodes[n]);
			assert_int_equal(id_time(id), EPOCH + 123456 * SECOND + 789000);
			assert_int_equal(id >> 8 & 15, worker);
			id_worker(s, worker ^ 5);
			int64_t next = id_next(s);
			assert_int_equal(next >> 8 & 15, worker ^ 5);
			assert_int_equal(next & 255, (id & 255) + 1);
			id_source_free(s);
		}
	id_source_free(NULL);
	mem_fail_at(0);
	assert_null(id_source_new(1, 0, &clock));
	mem_fail_at(-1);
}

/* A program that starts with its clock behind goes on after the newest id that is kept. */
static void test_floor(void **state)
{
	struct fake ahead = { EPOCH + 5 * DAY }, behind = { EPOCH + DAY }, before = { -DAY };
	struct fake *fakes[] = { &behind, &before, &ahead };
	struct clock clock = { fake_now, &ahead };
	struct id_source *s = id_source_new(3, 1, &clock), *other = id_source_new(4, 1, &clock), *worker = id_source_new(3, 9, &clock);
	int64_t newest = 0, elsewhere = id_next(other), first, last;
	for (int i = 0; i < 1000; i++) /* into milliseconds that have not come yet */
		newest = id_next(s);
	id_range(3, &first, &last);
	assert_true(first < newest && newest < last && last < elsewhere && first == last - ((INT64_C(1) << 53) - 1));
	int64_t of_worker = id_next(worker);
	for (size_t i = 0; i < 3; i++) {
		struct clock late = { fake_now, fakes[i] };
		for (unsigned w = 0; w < 16; w++) {
			struct id_source *again = id_source_new(3, w, &late);
			id_floor(again, elsewhere); /* another node's: nothing to do with this one */
			id_floor(again, newest);
			id_floor(again, of_worker); /* an earlier one lowers nothing */
			id_floor(again, 0);
			int64_t next = id_next(again);
			assert_true(next > newest && next < last);
			assert_true(id_next(again) > next);
			id_source_free(again);
		}
	}
	id_source_free(s);
	id_source_free(other);
	id_source_free(worker);
}

/* Sources of different nodes and workers never meet, though all ask at once. */
static void test_sources_never_meet(void **state)
{
	struct fake fake = { EPOCH + DAY };
	struct clock clock = { fake_now, &fake };
	struct id_source *sources[6];
	static int64_t ids[6][1000];
	for (unsigned i = 0; i < 6; i++)
		sources[i] = id_source_new(i / 3, i % 3, &clock);
	for (size_t k = 0; k < 1000; k++)
		for (unsigned i = 0; i < 6; i++)
			ids[i][k] = id_next(sources[i]);
	for (unsigned i = 0; i < 6; i++) {
		for (unsigned j = 0; j < i; j++)
			for (size_t a = 0, b = 0; a < 1000 && b < 1000;) { /* both are in order */
				assert_true(ids[i][a] != ids[j][b]);
				if (ids[i][a] < ids[j][b])
					a++;
				else
					b++;
			}
		id_source_free(sources[i]);
	}
}

/* The clock stands still, steps back by years, jumps on, is before the epoch: ids only grow, and never drift from
 * the clock further than what was asked in one millisecond explains. */
static void test_order_under_any_clock(void **state)
{
	struct random_seeded r;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct fake fake = { seed == 0 ? 0 : seed == 1 ? INT64_MIN : EPOCH + DAY };
		struct clock clock = { fake_now, &fake };
		struct id_source *s = id_source_new(5, 3, &clock);
		int64_t last = 0, latest = EPOCH;
		random_seed(&r, seed);
		for (int i = 0; i < 20000; i++) {
			if (seed > 1 && random_below(&r, 300) == 0)
				fake.time += (int64_t)random_below(&r, 4) * 1000 - (random_below(&r, 10) == 0 ? DAY * 400 : 0);
			if (fake.time > latest)
				latest = fake.time;
			int64_t id = id_next(s);
			if (id <= last)
				fail_msg("%lld after %lld", (long long)id, (long long)last);
			assert_int_equal(id_node(id), 5);
			assert_int_equal(id >> 8 & 15, 3);
			assert_true(id_time(id) >= latest / 1000 * 1000);
			assert_true(id_time(id) <= latest + (i / 256 + 1) * 1000);
			last = id;
		}
		id_source_free(s);
	}
}

static void test_more_than_a_millisecond_holds(void **state)
{
	struct fake fake = { EPOCH + DAY };
	struct clock clock = { fake_now, &fake };
	struct id_source *s = id_source_new(1, 0, &clock);
	for (int i = 0; i < 256; i++)
		assert_int_equal(id_time(id_next(s)), fake.time);
	assert_int_equal(id_time(id_next(s)), fake.time + 1000); /* borrowed */
	fake.time += 1000;
	assert_int_equal(id_time(id_next(s)), fake.time);
	fake.time += 1000;
	assert_int_equal(id_time(id_next(s)), fake.time);
	fake.time = INT64_MAX; /* the node keeps its place whatever the clock says */
	assert_int_equal(id_node(id_next(s)), 1);
	assert_true(id_next(s) > 0);
	id_source_free(s);
}

enum { THREADS = 4, EACH = 100000 };

struct worker {
	pthread_t thread;
	struct id_source *source;
	pthread_barrier_t *start;
	int64_t *ids;
	bool ordered;
};

static void *take_ids(void *data)
{
	struct worker *w = data;
	w->ordered = true;
	pthread_barrier_wait(w->start);
	for (size_t i = 0; i < EACH; i++) {
		w->ids[i] = id_next(w->source);
		w->ordered &= i == 0 || w->ids[i] > w->ids[i - 1];
	}
	return NULL;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void test_threads(void **state)
{
	static int64_t ids[THREADS * EACH];
	struct worker workers[THREADS];
	pthread_barrier_t start;
	struct id_source *s = id_source_new(1, 0, &clock_system);
	pthread_barrier_init(&start, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .source = s, .start = &start, .ids = ids + i * EACH };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, take_ids, &workers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		assert_true(workers[i].ordered);
	}
	pthread_barrier_destroy(&start);
	qsort(ids, THREADS * EACH, sizeof *ids, by_number);
	for (size_t i = 1; i < THREADS * EACH; i++)
		assert_true(ids[i] != ids[i - 1]);
	id_source_free(s);
}

static void test_parse(void **state)
{
	static const char *const bad[] = { "", "0", "-1", "01", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "x", "-0", "1e3" };
	int64_t id = 77;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (id_parse(str_of(bad[i]), &id) || id != 77)
			fail_msg("'%s' was read", bad[i]);
	assert_false(id_parse(STR_NONE, &id));
	assert_false(id_parse((struct str){ "1\0", 2 }, &id));
	assert_true(id_parse(STR("1"), &id) && id == 1);
	assert_true(id_parse(STR("9223372036854775807"), &id) && id == INT64_MAX);
}

/* --- randomness ----------------------------------------------------------------------------------- */

/* xoshiro256** as its authors' reference gives it for the state 1, 2, 3, 4. */
static void test_reference_values(void **state)
{
	static const uint64_t expected[] = { 11520, 0, 1509978240, 1215971899390074240 };
	struct random_seeded r = { { 1, 2, 3, 4 } };
	for (size_t i = 0; i < 4; i++)
		assert_true(random_next(&r) == expected[i]);
}

static void test_seeded(void **state)
{
	struct random_seeded a, b;
	random_seed(&a, 42);
	random_seed(&b, 42);
	for (int i = 0; i < 100; i++)
		assert_true(random_next(&a) == random_next(&b));
	random_seed(&b, 43);
	assert_true(random_next(&a) != random_next(&b));
	random_seed(&a, 0);
	assert_true(a.state[0] | a.state[1] | a.state[2] | a.state[3]);
	struct random_source source = random_seeded_source(&a);
	unsigned char out[20] = { 0 };
	for (size_t len = 0; len <= 13; len++) {
		memset(out, 0, sizeof out);
		random_fill(&source, out, len);
		for (size_t i = len; i < sizeof out; i++)
			assert_int_equal(out[i], 0);
	}
	unsigned char first[32], second[32];
	random_fill(&random_system, first, sizeof first);
	random_fill(&random_system, second, sizeof second);
	assert_memory_not_equal(first, second, sizeof first);
}

static void test_below_is_uniform(void **state)
{
	static const uint64_t bounds[] = { 1, 2, 3, 7, 10 };
	struct random_seeded r;
	random_seed(&r, 9);
	for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++) {
		size_t seen[10] = { 0 };
		for (int i = 0; i < 20000; i++) {
			uint64_t n = random_below(&r, bounds[b]);
			assert_true(n < bounds[b]);
			seen[n]++;
		}
		for (size_t i = 0; i < bounds[b]; i++)
			assert_true(seen[i] > 18000 / bounds[b] && seen[i] < 22000 / bounds[b] + 1);
	}
	/* just above 2^63 a plain remainder would give the lower half of the range twice as often */
	uint64_t bound = (UINT64_C(1) << 63) + (UINT64_C(1) << 62);
	size_t low = 0;
	for (int i = 0; i < 30000; i++) {
		uint64_t n = random_below(&r, bound);
		assert_true(n < bound);
		low += n < bound / 3;
	}
	assert_true(low > 9500 && low < 10500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts), cmocka_unit_test(test_floor),
		cmocka_unit_test(test_sources_never_meet),
		cmocka_unit_test(test_order_under_any_clock),
		cmocka_unit_test(test_more_than_a_millisecond_holds),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_reference_values),
		cmocka_unit_test(test_seeded),
		cmocka_unit_test(test_below_is_uniform),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

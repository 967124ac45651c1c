/* Maps: random operations against the plainest oracle, hostile keys, each allocation failing. Neighbour: map.c. */
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { KEYS = 300 };

/* The oracle: keys in the order they came, removed ones taken out. */
struct oracle {
	size_t order[KEYS], count;
	void *values[KEYS];
	bool has[KEYS];
};

static void oracle_put(struct oracle *o, size_t key, void *value)
{
	if (!o->has[key])
		o->order[o->count++] = key;
	o->has[key] = true;
	o->values[key] = value;
}

static bool oracle_remove(struct oracle *o, size_t key)
{
	if (!o->has[key])
		return false;
	o->has[key] = false;
	size_t i = 0;
	while (o->order[i] != key)
		i++;
	memmove(o->order + i, o->order + i + 1, (--o->count - i) * sizeof *o->order);
	return true;
}

static void same_order(const struct map *m, const struct oracle *o, const struct str *keys)
{
	size_t n = 0;
	for (size_t i = 0; i < map_slots(m); i++) {
		struct str key;
		void *value;
		if (!map_at(m, i, &key, &value))
			continue;
		assert_true(n < o->count);
		assert_true(str_eq(key, keys[o->order[n]]));
		assert_ptr_equal(value, o->values[o->order[n]]);
		n++;
	}
	assert_int_equal(n, o->count);
}

static void make_keys(char texts[KEYS][24], struct str keys[KEYS])
{
	for (size_t i = 0; i < KEYS; i++) /* the empty text is a key too */
		keys[i] = (struct str){ texts[i], i ? (size_t)snprintf(texts[i], 24, "k%zu%s", i, i % 3 ? "" : "-longer-tail") : 0 };
}

static void test_map_random(void **state)
{
	static char texts[KEYS][24], values[1000];
	struct str keys[KEYS];
	make_keys(texts, keys);
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct oracle o = { 0 };
		struct random_seeded r;
		struct map *m = map_new();
		random_seed(&r, seed);
		for (int step = 0; step < 3000; step++) {
			size_t key = random_below(&r, seed % 2 ? KEYS : 20);
			char copy[24]; /* looked up by equal bytes elsewhere */
			memcpy(copy, texts[key], sizeof copy);
			struct str probe = { copy, keys[key].len };
			void *value = &values[random_below(&r, 1000)];
			switch (random_below(&r, 3)) {
			case 0:
				assert_true(map_put(m, keys[key], value));
				oracle_put(&o, key, value);
				break;
			case 1:
				assert_int_equal(map_remove(m, probe), oracle_remove(&o, key));
				break;
			default:
				assert_int_equal(map_has(m, probe), o.has[key]);
				assert_ptr_equal(map_get(m, probe), o.has[key] ? o.values[key] : NULL);
			}
			assert_int_equal(map_count(m), o.count);
			if (step % 100 == 0)
				same_order(m, &o, keys);
		}
		same_order(m, &o, keys);
		map_free(m);
	}
}

static void test_map_edges(void **state)
{
	struct map *m = map_new();
	struct str key;
	void *value;
	assert_null(map_get(m, STR("x")));
	assert_false(map_remove(m, STR("x")));
	assert_false(map_at(m, 0, &key, &value));
	assert_true(map_put(m, STR_NONE, m));
	assert_true(map_has(m, STR("")) && map_has(m, STR_NONE));
	assert_true(map_put(m, (struct str){ "a\0b", 3 }, m));
	assert_false(map_has(m, STR("a")));
	assert_true(map_put(m, STR("null"), NULL)); /* there, though its value is NULL */
	assert_true(map_has(m, STR("null")));
	assert_null(map_get(m, STR("null")));
	assert_true(map_remove(m, STR("")));
	assert_false(map_at(m, 0, &key, &value)); /* the place stays */
	assert_true(map_at(m, 1, &key, &value));
	map_free(m);
	map_free(NULL);
}

/* Putting and removing without end must not make it grow without end. */
static void test_map_churn(void **state)
{
	struct map *m = map_new();
	static char texts[64][8];
	for (size_t i = 0; i < 200000; i++) {
		char *text = texts[i % 64];
		if (i >= 10) {
			const char *old = texts[(i - 10) % 64];
			assert_true(map_remove(m, str_of(old)));
		}
		snprintf(text, 8, "%zx", i);
		assert_true(map_put(m, str_of(text), text));
		assert_true(map_slots(m) <= 64);
	}
	assert_int_equal(map_count(m), 10);
	map_free(m);
}

static bool map_work(void)
{
	static char texts[KEYS][24];
	struct str keys[KEYS];
	struct map *m = map_new();
	bool good = m != NULL;
	make_keys(texts, keys);
	for (size_t i = 0; m && i < KEYS; i++) {
		bool put = map_put(m, keys[i], texts[i]);
		assert_int_equal(map_has(m, keys[i]), put);
		good &= put;
	}
	for (size_t i = 0; m && i < KEYS; i++) /* what was there before the failure is still there */
		assert_true(!map_has(m, keys[i]) || map_get(m, keys[i]) == texts[i]);
	map_free(m);
	return good;
}

static bool idmap_work(void)
{
	struct idmap *m = idmap_new();
	bool good = m != NULL;
	int64_t value;
	for (int64_t i = 0; m && i < 500; i++) {
		bool put = idmap_put(m, i * i - 200, i);
		assert_int_equal(idmap_get(m, i * i - 200, &value), put);
		assert_true(!put || value == i);
		good &= put;
	}
	idmap_free(m);
	return good;
}

static void test_torture(void **state)
{
	static bool (*const works[])(void) = { map_work, idmap_work };
	for (size_t w = 0; w < 2; w++) {
		int64_t n = 0;
		for (bool fired = true; fired; n++) {
			mem_fail_at(n);
			bool good = works[w]();
			fired = mem_fail_left() < 0;
			mem_fail_at(-1);
			if (good == fired)
				fail_msg("work %zu, allocation %d: told %d", w, (int)n, good);
		}
		assert_true(n > 5);
	}
}

/* Ids as they come: in a row, far apart, equal in their low bits (of many nodes), negative. So many that a map which
 * they make walk along its table would not be done before the test's time is. */
static void test_idmap(void **state)
{
	static const int64_t steps[] = { 1, 256, INT64_C(1) << 12, INT64_C(1) << 32, INT64_C(1) << 53, -7 };
	for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
		struct idmap *m = idmap_new();
		int64_t value = 5, count = steps[s] == INT64_C(1) << 53 ? 1000 : 300000;
		assert_false(idmap_get(m, 0, &value));
		for (int64_t i = 0; i < count; i++)
			assert_true(idmap_put(m, i * steps[s], i));
		assert_int_equal(idmap_count(m), count);
		for (int64_t i = 0; i < count; i++) {
			assert_true(idmap_get(m, i * steps[s], &value));
			assert_int_equal(value, i);
			assert_true(idmap_put(m, i * steps[s], -i));
		}
		assert_int_equal(idmap_count(m), count);
		value = 5;
		assert_false(idmap_get(m, steps[s] == 1 ? count : 3 * steps[s] + 2, &value));
		assert_int_equal(value, 5);
		assert_true(idmap_get(m, 7 * steps[s], &value));
		assert_int_equal(value, -7);
		idmap_free(m);
	}
	idmap_free(NULL);
}

/* Replacing in a full map takes no memory, so it cannot fail. */
static void test_replace_needs_no_memory(void **state)
{
	struct idmap *ids = idmap_new();
	struct map *m = map_new();
	static char texts[16][4];
	for (int i = 0; i < 16; i++) {
		snprintf(texts[i], 4, "%d", i);
		assert_true(map_put(m, str_of(texts[i]), ids));
	}
	for (int64_t i = 0; i < 8; i++)
		assert_true(idmap_put(ids, i, i));
	mem_fail_at(0);
	assert_true(idmap_put(ids, 3, 9));
	assert_true(map_put(m, STR("3"), m));
	assert_int_equal(mem_fail_left(), 0);
	assert_false(idmap_put(ids, 100, 1));
	mem_fail_at(0);
	assert_false(map_put(m, STR("new"), m));
	mem_fail_at(-1);
	assert_int_equal(idmap_count(ids), 8);
	assert_int_equal(map_count(m), 16);
	assert_true(map_put(m, STR("new"), m));
	map_free(m);
	idmap_free(ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map_random),
		cmocka_unit_test(test_map_edges),
		cmocka_unit_test(test_map_churn),
		cmocka_unit_test(test_torture),
		cmocka_unit_test(test_idmap),
		cmocka_unit_test(test_replace_needs_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

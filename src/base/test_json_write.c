/* Writing JSON: commas and nesting, every byte escaped or not, numbers that come back, random trees there and back.
 * Neighbours: json_write.c; json.c reads back. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/utf8.h"
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct json *read_back(struct arena *a, const struct buf *b)
{
	const struct json *j;
	struct error e;
	error_init(&e, a);
	assert_true(buf_ok(b));
	if (json_parse(a, buf_str(b), NULL, &j, &e) != OK)
		fail_msg("%.*s: %.*s", STR_ARG(buf_str(b)), STR_ARG(error_text(&e, a)));
	return j;
}

static void write_all(struct json_writer *w, struct arena *a)
{
	const struct json *tree;
	assert_int_equal(json_parse(a, STR("[{\"k\":[]},2.5]"), NULL, &tree, NULL), OK);
	json_object(w);
	json_member_text(w, "text", STR("a\"b"));
	json_member_int(w, "int", INT64_MIN);
	json_member_id(w, "id", INT64_MAX);
	json_member_bool(w, "yes", true);
	json_member_bool(w, "no", false);
	json_name(w, STR("null"));
	json_put_null(w);
	json_name(w, STR("list"));
	json_list(w);
	json_list(w);
	json_list_end(w);
	json_object(w);
	json_object_end(w);
	json_put_int(w, 0);
	json_put_real(w, 5);
	json_put_real(w, NAN);
	json_put_real(w, -INFINITY);
	json_list_end(w);
	json_name(w, STR("raw"));
	json_put_raw(w, STR("{\"x\":[1]}"));
	json_name(w, STR("tree"));
	json_put_tree(w, tree);
	json_name(w, STR("bytes"));
	json_put_base64(w, "\xff\xfe", 2);
	json_name(w, STR("no\nbytes"));
	json_put_base64(w, "", 0);
	json_object_end(w);
}

static void test_everything(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	CLEAN_BUF struct buf b;
	struct json_writer w;
	buf_init(&b, 0);
	json_writer_init(&w, &b);
	write_all(&w, a);
	assert_int_equal(w.depth, 0);
	buf_add_char(&b, 0);
	assert_string_equal(b.data, "{\"text\":\"a\\\"b\",\"int\":-9223372036854775808,\"id\":\"9223372036854775807\",\"yes\":true,\"no\":false,"
				    "\"null\":null,\"list\":[[],{},0,5.0,null,null],\"raw\":{\"x\":[1]},\"tree\":[{\"k\":[]},2.5],"
				    "\"bytes\":\"//4=\",\"no\\nbytes\":\"\"}");
	/* more than one value behind the other: the caller's own lines */
	buf_clear(&b);
	json_writer_init(&w, &b);
	json_put_int(&w, 1);
	assert_true(str_is(buf_str(&b), "1"));
}

/* Each byte alone, at the start, in the middle and at the end of a text; as text and as name. */
static void test_escapes(void **state)
{
	for (unsigned c = 0; c < 128; c++)
		for (int place = 0; place < 4; place++) {
			CLEAN_ARENA struct arena *a = arena_new(0);
			CLEAN_BUF struct buf b;
			struct json_writer w;
			char text[8] = "abcde";
			size_t len = place == 3 ? 1 : 5;
			text[place == 3 ? 0 : place * 2] = (char)c;
			buf_init(&b, 0);
			json_writer_init(&w, &b);
			json_object(&w);
			json_name(&w, (struct str){ text, len });
			json_put_text(&w, (struct str){ text, len });
			json_object_end(&w);
			for (size_t i = 0; i < b.len; i++)
				assert_true((unsigned char)b.data[i] >= 0x20 && b.data[i] != 0x7f);
			const struct json *j = read_back(a, &b);
			assert_true(str_eq(j->object.members[0].name, (struct str){ text, len }));
			assert_true(str_eq(j->object.members[0].value.text, (struct str){ text, len }));
			bool longer = c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
			assert_int_equal(b.len > 2 * len + 7, longer);
		}
	CLEAN_BUF struct buf b;
	struct json_writer w;
	buf_init(&b, 0);
	json_writer_init(&w, &b);
	json_put_text(&w, STR_NONE);
	assert_true(str_is(buf_str(&b), "\"\""));
}

static void real_comes_back(double n)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	CLEAN_BUF struct buf b;
	struct json_writer w;
	buf_init(&b, 0);
	json_writer_init(&w, &b);
	json_put_real(&w, n);
	const struct json *j = read_back(a, &b);
	if (j->type != JSON_REAL || memcmp(&j->real, &n, sizeof n) != 0)
		fail_msg("%a became %.*s", n, STR_ARG(buf_str(&b)));
	assert_true(b.len <= 27);
}

static void test_reals(void **state)
{
	static const double known[] = { 0.0, -0.0, 1, -1, 5, 0.1, 1.0 / 3, 1e15, 1e16, 1e21, 1e22, 123456789012345680.0, 9007199254740993.0,
					DBL_MAX, -DBL_MAX, DBL_MIN, DBL_TRUE_MIN, DBL_EPSILON, 9223372036854775808.0, -9223372036854775808.0, 1e-7 };
	struct random_seeded r;
	random_seed(&r, 3);
	for (size_t i = 0; i < COUNT(known); i++)
		real_comes_back(known[i]);
	for (int i = 0; i < 5000; i++) {
		uint64_t bits = random_next(&r);
		double n;
		memcpy(&n, &bits, sizeof n);
		if (isfinite(n))
			real_comes_back(n);
		real_comes_back((double)(int64_t)(random_next(&r) % 2000000) / 100);
	}
}

/* --- random trees: they come back equal, and are written the same the second time --------------------- */

static struct str random_text(struct random_seeded *r, struct arena *a)
{
	char *text = arena_alloc(a, 80);
	size_t len = 0;
	for (uint64_t n = random_below(r, 16); n > 0; n--) {
		static const uint32_t bounds[] = { 0x20, 0x80, 0x80, 0x800, 0x10000, 0x110000 };
		char bytes[4];
		size_t size = utf8_encode((uint32_t)random_below(r, bounds[random_below(r, COUNT(bounds))]), bytes);
		memcpy(text + len, bytes, size);
		len += size;
	}
	return (struct str){ text, len };
}

static void random_tree(struct random_seeded *r, struct arena *a, unsigned depth, struct json *to)
{
	uint64_t bits = random_next(r);
	size_t count = random_below(r, 6);
	struct json_member *members;
	struct json *items;
	to->type = (enum json_type)random_below(r, depth ? 7 : 5);
	switch (to->type) {
	case JSON_NULL:
		break;
	case JSON_BOOL:
		to->boolean = bits & 1;
		break;
	case JSON_INT:
		to->integer = (int64_t)bits >> random_below(r, 64);
		break;
	case JSON_REAL:
		memcpy(&to->real, &bits, sizeof to->real);
		if (!isfinite(to->real))
			to->real = 0.5;
		break;
	case JSON_TEXT:
		to->text = random_text(r, a);
		break;
	case JSON_LIST:
		to->list.items = items = ARENA_ARRAY(a, count, struct json);
		to->list.count = count;
		for (size_t i = 0; i < count; i++)
			random_tree(r, a, depth - 1, &items[i]);
		break;
	case JSON_OBJECT:
		if (random_below(r, 8) == 0)
			count = 20 + random_below(r, 20);
		to->object.members = members = ARENA_ARRAY(a, count, struct json_member);
		to->object.count = count;
		for (size_t i = 0; i < count; i++) {
			struct str text = random_text(r, a);
			members[i].name = arena_format(a, "%zu:%.*s", i, STR_ARG(text)); /* up to a NUL */
			random_tree(r, a, depth - 1, &members[i].value);
		}
		break;
	}
}

static void test_random_trees(void **state)
{
	for (uint64_t seed = 0; seed < 1500; seed++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		CLEAN_BUF struct buf one, two;
		struct random_seeded r;
		struct json_writer w;
		struct json tree = { 0 };
		random_seed(&r, seed);
		random_tree(&r, a, 5, &tree);
		buf_init(&one, 0);
		buf_init(&two, 0);
		json_writer_init(&w, &one);
		json_put_tree(&w, &tree);
		const struct json *again = read_back(a, &one);
		if (!json_equal(&tree, again))
			fail_msg("seed %lu: %.*s", (unsigned long)seed, STR_ARG(buf_str(&one)));
		json_writer_init(&w, &two);
		json_put_tree(&w, again);
		assert_true(str_eq(buf_str(&one), buf_str(&two)));
	}
}

/* A full buffer or failing memory: the buffer says so, nothing is written past its end, and with room all is there. */
static void test_no_room(void **state)
{
	CLEAN_ARENA struct arena *a = arena_new(0);
	CLEAN_BUF struct buf whole;
	struct json_writer w;
	buf_init(&whole, 0);
	json_writer_init(&w, &whole);
	write_all(&w, a);
	for (size_t max = 1; max < whole.len + 40; max++) {
		CLEAN_BUF struct buf b;
		buf_init(&b, max);
		json_writer_init(&w, &b);
		write_all(&w, a);
		assert_true(b.len <= max);
		if (max < whole.len)
			assert_false(buf_ok(&b));
		if (buf_ok(&b))
			assert_true(str_eq(buf_str(&b), buf_str(&whole)));
		if (max > whole.len) /* base64 asks for the NUL that its encoder writes */
			assert_true(buf_ok(&b));
	}
	for (int64_t n = 0, left = -1; left < 0; n++) {
		CLEAN_BUF struct buf b;
		CLEAN_ARENA struct arena *mine = arena_new(0);
		buf_init(&b, 0);
		json_writer_init(&w, &b);
		mem_fail_at(n);
		write_all(&w, mine);
		left = mem_fail_left();
		mem_fail_at(-1);
		assert_int_equal(buf_ok(&b), left >= 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything), cmocka_unit_test(test_escapes), cmocka_unit_test(test_reals),
		cmocka_unit_test(test_random_trees), cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

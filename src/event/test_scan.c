/* The search for many literals against the slow, obvious one: what memmem finds, and nothing else. Neighbours: sigma/scan.c. */
#include "base/mem.h"
#include "sigma/internal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { LITERALS_MOST = 60, TEXT_MOST = 200, ROUNDS = 4000 };

static bool seen[LITERALS_MOST];

static void note(void *data, unsigned atom)
{
	((bool *)data)[atom] = true;
}

/* Numbers that are the same in every run. */
static unsigned next(uint64_t *state, unsigned below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(*state >> 33) % below;
}

/* Each text in memory of just its length, so that a read past its end shows. */
static char *letters(uint64_t *state, size_t len, unsigned kinds)
{
	char *text = mem_array(len ? len : 1, 1);
	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + next(state, kinds));
	return text;
}

static void compare(const struct literal *literals, size_t count, struct str text)
{
	struct scanner *s = scanner_new(literals, count);
	assert_non_null(s);
	memset(seen, 0, sizeof seen);
	scanner_run(s, text, note, seen);
	scanner_free(s);
	for (size_t i = 0; i < count; i++) {
		bool there = memmem(text.data, text.len, literals[i].text.data, literals[i].text.len) != NULL;
		if (there != seen[i])
			fail_msg("%.*s in %.*s: %d, not %d", STR_ARG(literals[i].text), STR_ARG(text), seen[i], there);
	}
}

static void oracle_test(void **state)
{
	uint64_t seed = 6;
	for (int round = 0; round < ROUNDS; round++) {
		struct literal literals[LITERALS_MOST];
		char *owned[LITERALS_MOST];
		size_t count = 1 + next(&seed, LITERALS_MOST), least = 2 + next(&seed, 12); /* so that every stride has its turn */
		unsigned kinds = 2 + next(&seed, 3); /* few letters, so that much is found */
		for (size_t i = 0; i < count; i++) {
			size_t len = least + next(&seed, 8);
			owned[i] = letters(&seed, len, kinds);
			literals[i] = (struct literal){ { owned[i], len }, (unsigned)i };
		}
		size_t len = next(&seed, TEXT_MOST);
		char *text = letters(&seed, len, kinds);
		compare(literals, count, (struct str){ text, len });
		mem_free(text);
		for (size_t i = 0; i < count; i++)
			mem_free(owned[i]);
	}
	(void)state;
}

/* A literal of each length at each place, odd and even, up to the very end. */
static void place_test(void **state)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t len = 2; len <= 16; len++) {
		struct literal one = { { digits, len }, 0 };
		for (size_t before = 0; before < 18; before++)
			for (size_t after = 0; after < 5; after++) {
				char *text = mem_array(before + len + after, 1);
				assert_non_null(text);
				memset(text, '.', before + len + after);
				memcpy(text + before, digits, len);
				compare(&one, 1, (struct str){ text, before + len + after });
				mem_free(text);
			}
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(place_test), cmocka_unit_test(oracle_test) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

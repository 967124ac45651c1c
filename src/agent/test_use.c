/* Use of a machine, out of log-on records: what counts, how long, and on which day. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "use.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define NOW (100 * DAY + 12 * HOUR) /* noon of day 100: the window is days 71 to 100 */
#define AT(day, hour) ((day) * DAY + (hour) * HOUR)

static bool is_person(void *data, struct str user)
{
	return !str_is(user, "gdm");
}
static const struct use_people people = { is_person, NULL };

#define IN(line, user, time) { LOGIN_BEGIN, { line, sizeof(line) - 1 }, { user, sizeof(user) - 1 }, time }
#define OUT(line, time) { LOGIN_END, { line, sizeof(line) - 1 }, { 0 }, time }
#define BOOT(time) { LOGIN_BOOT, { 0 }, { 0 }, time }
#define DOWN(time) { LOGIN_SHUTDOWN, { 0 }, { 0 }, time }

static const struct use_case {
	const char *what;
	struct login logins[8]; /* ends with time 0 */
	struct {
		int64_t day, minutes;
	} days[5];
	int64_t last_logon;
	const char *last_user;
} use_cases[] = {
	{ "nothing", { { 0 } }, { { 0 } }, 0, NULL },
	{ "one session", { IN("a", "ana", AT(90, 9)), OUT("a", AT(90, 11)) }, { { 90, 120 } }, AT(90, 9), "ana" },
	{ "over midnight",
	  { IN("a", "ana", AT(90, 23)), OUT("a", AT(91, 2)) },
	  { { 90, 60 }, { 91, 120 } },
	  AT(90, 23),
	  "ana" },
	{ "two at once count once",
	  { IN("a", "ana", AT(90, 9)), IN("b", "ben", AT(90, 10)), OUT("a", AT(90, 11)), OUT("b", AT(90, 12)) },
	  { { 90, 180 } },
	  AT(90, 10),
	  "ben" },
	{ "one within the other",
	  { IN("a", "ana", AT(90, 9)), IN("b", "ben", AT(90, 10)), OUT("b", AT(90, 11)), OUT("a", AT(90, 13)) },
	  { { 90, 240 } },
	  AT(90, 10),
	  "ben" },
	{ "still there", { IN("a", "ana", AT(100, 9)) }, { { 100, 180 } }, AT(100, 9), "ana" },
	{ "shut down", { IN("a", "ana", AT(90, 9)), DOWN(AT(90, 10)), BOOT(AT(95, 9)) }, { { 90, 60 } }, AT(90, 9), "ana" },
	{ "crashed: until the last that is known",
	  { IN("a", "ana", AT(90, 9)), IN("b", "ben", AT(90, 11)), BOOT(AT(95, 9)) },
	  { { 90, 120 } },
	  AT(90, 11),
	  "ben" },
	{ "a line used again without an end",
	  { IN("a", "ana", AT(90, 9)), IN("a", "ben", AT(90, 10)), OUT("a", AT(90, 11)) },
	  { { 90, 120 } },
	  AT(90, 10),
	  "ben" },
	{ "not people", { IN(":0", "gdm", AT(90, 9)), OUT(":0", AT(90, 11)) }, { { 0 } }, 0, NULL },
	{ "an end without a beginning", { OUT("a", AT(90, 11)), OUT("a", AT(90, 12)) }, { { 0 } }, 0, NULL },
	{ "before the window", { IN("a", "ana", AT(60, 9)), OUT("a", AT(60, 11)) }, { { 0 } }, AT(60, 9), "ana" },
	{ "into the window", { IN("a", "ana", AT(70, 23)), OUT("a", AT(71, 1)) }, { { 71, 60 } }, AT(70, 23), "ana" },
	{ "the clock went back", { IN("a", "ana", AT(90, 9)), OUT("a", AT(90, 8)) }, { { 0 } }, AT(90, 9), "ana" },
	{ "after now", { IN("a", "ana", AT(100, 14)), OUT("a", AT(100, 15)) }, { { 0 } }, AT(100, 14), "ana" },
	{ "a whole day", { IN("a", "ana", AT(80, 12)), OUT("a", AT(82, 12)) }, { { 80, 720 }, { 81, 1440 }, { 82, 720 } }, AT(80, 12), "ana" },
};

static void use_test(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	for (size_t i = 0; i < sizeof use_cases / sizeof *use_cases; i++) {
		const struct use_case *c = &use_cases[i];
		struct use u;
		size_t n = 0, in_use = 0, want = 0;
		while (n < 8 && c->logins[n].time)
			n++;
		assert_true(use_measure(c->logins, n, people, NOW, arena, &u));
		assert_int_equal(u.first_day, 71);
		for (; want < 5 && c->days[want].day; want++)
			if (u.minutes[c->days[want].day - u.first_day] != c->days[want].minutes)
				fail_msg("%s: %d minutes", c->what, (int)u.minutes[c->days[want].day - u.first_day]);
		for (size_t d = 0; d < USE_DAYS; d++)
			in_use += u.minutes[d] != 0;
		if (in_use != want || u.last_logon != c->last_logon || !str_eq(u.last_user, str_of(c->last_user)))
			fail_msg("%s", c->what);
	}
}

/* Against minutes ticked off one by one: sessions that begin and end on whole minutes, on few lines. */
static void random_test(void **state)
{
	enum { LOGINS = 60, MINUTES = 40 * 24 * 60 };
	static bool on[MINUTES];
	CLEAN_ARENA struct arena *arena = arena_new(0);
	static const char *const lines[] = { "a", "b", "c" };
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct login logins[LOGINS] = { 0 };
		int64_t open[3] = { -1, -1, -1 }, minute = 0, start = NOW / DAY * DAY - 35 * DAY;
		struct random_seeded r;
		struct use u;
		random_seed(&r, seed);
		memset(on, 0, sizeof on);
		for (size_t i = 0; i < LOGINS; i++) {
			size_t line = random_below(&r, 3);
			bool ends = random_below(&r, 2);
			minute += (int64_t)random_below(&r, 1500);
			if (minute >= MINUTES)
				minute = MINUTES - 1;
			logins[i] = (struct login){ ends ? LOGIN_END : LOGIN_BEGIN, str_of(lines[line]), STR("ana"), start + minute * MINUTE };
			for (int64_t m = open[line]; m >= 0 && m < minute; m++)
				on[m] = true;
			open[line] = ends ? -1 : minute;
		}
		for (size_t line = 0; line < 3; line++)
			for (int64_t m = open[line]; m >= 0 && m < MINUTES; m++)
				on[m] = true;
		assert_true(use_measure(logins, LOGINS, people, NOW, arena, &u));
		for (int64_t d = 0; d < USE_DAYS; d++) {
			int64_t minutes = 0, first = ((u.first_day + d) * DAY - start) / MINUTE;
			for (int64_t m = first; m < first + 24 * 60; m++)
				minutes += on[m] && start + m * MINUTE < NOW;
			if (u.minutes[d] != minutes)
				fail_msg("seed %d, day %d: %d, not %d", (int)seed, (int)d, (int)u.minutes[d], (int)minutes);
		}
		arena_reset(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(use_test), cmocka_unit_test(random_test) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

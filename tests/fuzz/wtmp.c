/* Log-on records and the sessions made of them: no day has more minutes than it has, whatever the records say.
 * Neighbours: src/agent/parse/wtmp.c, src/agent/use.c. */
#include "../../src/agent/use.h"
#include "base/arena.h"
#include "base/clock.h"
#include <stdlib.h>
#include <string.h>
#include <utmp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_person(void *data, struct str user)
{
	return user.len && user.data[0] != '_';
}

static void measure(struct str rest, int64_t now, struct arena *arena)
{
	struct use_people people = { is_person, NULL };
	struct login *logins = ARENA_ARRAY(arena, rest.len / sizeof(struct utmp) + 1, struct login);
	struct use u;
	size_t count = 0;
	while (logins && login_next(&rest, &logins[count]))
		count++;
	if (!logins || !use_measure(logins, count, people, now, arena, &u))
		return;
	if (u.first_day != date_of_time(now) - (USE_DAYS - 1))
		abort();
	for (size_t i = 0; i < USE_DAYS; i++)
		if (u.minutes[i] < 0 || u.minutes[i] > 24 * 60)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct str rest = { (const char *)data, size };
	uint32_t now = 0;
	if (!arena || size < sizeof now)
		return 0;
	memcpy(&now, data, sizeof now);
	lastlog_parse(rest);
	measure(str_slice(rest, sizeof now, size), (int64_t)now * SECOND, arena);
	return 0;
}

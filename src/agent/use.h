/* How much a machine is used, from its log-on records: sessions, merged where they overlap, told by day.
 * Pure. Neighbours: parse/wtmp.c reads the records, people.c asks. */
#pragma once
#include "parse/parse.h"

#define USE_DAYS 30

struct use {
	int64_t first_day;         /* days since 1970 (UTC) of minutes[0]; the last one is today */
	int64_t minutes[USE_DAYS]; /* with somebody logged on */
	int64_t known_from;        /* time of the oldest record: before it nothing is known. 0: there are no records */
	int64_t last_logon;        /* 0: none known */
	struct str last_user;
};

/* `logins` in the order they were written; `is_person` tells people from the system's own accounts. Sessions that
 * were never closed last until the machine's next start, or until now. False when out of memory. */
struct use_people {
	bool (*is_person)(void *data, struct str user);
	void *data;
};
bool use_measure(const struct login *logins, size_t count, struct use_people people, int64_t now, struct arena *arena,
		 struct use *ret);

/* Sessions out of log-on records. A line (a terminal, a seat) holds one session at a time; the machine's start and
 * shutdown end all of them. After a crash nobody knows when a session ended: the last record before the next start
 * counts, so that use is rather told too low. */
#include "use.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include <stdlib.h>

struct interval {
	int64_t from, to; /* to: INT64_MAX while it is open */
};

struct sessions {
	struct interval *items;
	size_t count;
	size_t oldest_open; /* all before are closed */
	struct map *lines;  /* line → its open interval */
};

static void close_line(struct sessions *s, struct str line, int64_t time)
{
	struct interval *open = map_get(s->lines, line);
	if (open && open->to == INT64_MAX)
		open->to = time;
	map_remove(s->lines, line);
}

static void close_all(struct sessions *s, int64_t time)
{
	for (; s->oldest_open < s->count; s->oldest_open++)
		if (s->items[s->oldest_open].to == INT64_MAX)
			s->items[s->oldest_open].to = time;
}

static bool open_line(struct sessions *s, const struct login *l)
{
	struct interval *fresh = &s->items[s->count];
	close_line(s, l->line, l->time);
	*fresh = (struct interval){ l->time, INT64_MAX };
	if (!map_put(s->lines, l->line, fresh))
		return false;
	s->count++;
	return true;
}

static bool gather(const struct login *logins, size_t count, struct use_people people, struct sessions *s, struct use *u)
{
	int64_t last = 0; /* time of the record before */
	for (size_t i = 0; i < count; i++) {
		const struct login *l = &logins[i];
		if (!u->known_from || l->time < u->known_from)
			u->known_from = l->time;
		if (l->type == LOGIN_END)
			close_line(s, l->line, l->time);
		if (l->type == LOGIN_SHUTDOWN)
			close_all(s, l->time);
		if (l->type == LOGIN_BOOT)
			close_all(s, last);
		last = l->time;
		if (l->type != LOGIN_BEGIN || !people.is_person(people.data, l->user))
			continue;
		if (!open_line(s, l))
			return false;
		if (l->time >= u->last_logon) {
			u->last_logon = l->time;
			u->last_user = l->user;
		}
	}
	return true;
}

static int by_from(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;
	return (x->from > y->from) - (x->from < y->from);
}

/* Adds [from, to) to its days, in microseconds. */
static void spread(struct interval span, int64_t days[USE_DAYS], int64_t first_day)
{
	for (int64_t i = 0; i < USE_DAYS; i++) {
		int64_t start = (first_day + i) * DAY, end = start + DAY;
		int64_t from = span.from > start ? span.from : start, to = span.to < end ? span.to : end;
		if (from < to)
			days[i] += to - from;
	}
}

static void merge(struct sessions *s, int64_t now, struct use *u)
{
	int64_t days[USE_DAYS] = { 0 };
	struct interval whole = { 0, 0 };
	if (s->count)
		qsort(s->items, s->count, sizeof *s->items, by_from);
	for (size_t i = 0; i < s->count; i++) {
		struct interval next = s->items[i];
		if (next.to > now) /* still open, or the clock was wrong */
			next.to = now;
		if (next.from <= whole.to) {
			whole.to = next.to > whole.to ? next.to : whole.to;
		} else {
			spread(whole, days, u->first_day);
			whole = next;
		}
	}
	spread(whole, days, u->first_day);
	for (size_t i = 0; i < USE_DAYS; i++)
		u->minutes[i] = days[i] / (60 * SECOND);
}

bool use_measure(const struct login *logins, size_t count, struct use_people people, int64_t now, struct arena *arena,
		 struct use *ret)
{
	struct sessions s = { .items = ARENA_ARRAY(arena, count + 1, struct interval), .lines = map_new() };
	*ret = (struct use){ .first_day = date_of_time(now) - (USE_DAYS - 1) };
	bool good = s.items && s.lines && gather(logins, count, people, &s, ret);
	if (good)
		merge(&s, now, ret);
	map_free(s.lines);
	return good;
}

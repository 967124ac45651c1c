/* Time-ordered ids without locks. Neighbours: clock.h; every record and journal entry takes one. */
#include "base/id.h"
#include "base/mem.h"
#include <stdatomic.h>

#define EPOCH_MS INT64_C(1704067200000) /* 2024-01-01T00:00Z */
#define COUNT_BITS 8
#define WORKER_BITS 4
#define TIME_BITS 41
#define TIME_MOST ((INT64_C(1) << TIME_BITS) - 1) /* September 2093 */
#define NODE_SHIFT (TIME_BITS + WORKER_BITS + COUNT_BITS)

struct id_source {
	_Atomic int64_t last; /* milliseconds << COUNT_BITS | count */
	int64_t node;
	_Atomic int64_t worker;
	const struct clock *clock;
};

struct id_source *id_source_new(unsigned node, unsigned worker, const struct clock *clock)
{
	struct id_source *s = mem_new(sizeof *s);
	if (!s)
		return NULL;
	s->node = node & 0x3ff;
	s->worker = worker & 0xf;
	s->clock = clock;
	return s;
}

void id_source_free(struct id_source *s)
{
	mem_free(s);
}

void id_worker(struct id_source *s, unsigned worker)
{
	atomic_store(&s->worker, worker & 0xf);
}

int64_t id_next(struct id_source *s)
{
	int64_t ms = clock_now(s->clock) / 1000 - EPOCH_MS;
	ms = ms < 0 ? 0 : ms > TIME_MOST ? TIME_MOST : ms;
	int64_t fresh = ms << COUNT_BITS, last = atomic_load_explicit(&s->last, memory_order_relaxed), next;
	/* when the count runs over it borrows from the next millisecond; when the clock steps back the last one goes on */
	do
		next = fresh > last ? fresh : last + 1;
	while (!atomic_compare_exchange_weak_explicit(&s->last, &last, next, memory_order_relaxed, memory_order_relaxed));
	int64_t count = next & ((1 << COUNT_BITS) - 1), time = next >> COUNT_BITS;
	int64_t worker = atomic_load_explicit(&s->worker, memory_order_relaxed);
	return s->node << NODE_SHIFT | time << (WORKER_BITS + COUNT_BITS) | worker << COUNT_BITS | count;
}

/* Ids of other workers count too: the last of the millisecond, so that the next one is a later millisecond's. */
void id_floor(struct id_source *s, int64_t id)
{
	if (id <= 0 || (int64_t)id_node(id) != s->node)
		return;
	int64_t ms = id >> (WORKER_BITS + COUNT_BITS) & TIME_MOST, floor = ms << COUNT_BITS | ((1 << COUNT_BITS) - 1);
	int64_t last = atomic_load_explicit(&s->last, memory_order_relaxed);
	while (floor > last && !atomic_compare_exchange_weak_explicit(&s->last, &last, floor, memory_order_relaxed, memory_order_relaxed))
		;
}

void id_range(unsigned node, int64_t *ret_first, int64_t *ret_last)
{
	*ret_first = (int64_t)(node & 0x3ff) << NODE_SHIFT;
	*ret_last = *ret_first | ((INT64_C(1) << NODE_SHIFT) - 1);
}

unsigned id_node(int64_t id)
{
	return (unsigned)(id >> NODE_SHIFT);
}

int64_t id_time(int64_t id)
{
	int64_t ms = id >> (WORKER_BITS + COUNT_BITS) & TIME_MOST;
	return (ms + EPOCH_MS) * 1000;
}

bool id_parse(struct str s, int64_t *ret)
{
	int64_t id;
	if (s.len == 0 || s.data[0] == '-' || (s.len > 1 && s.data[0] == '0') || !str_int(s, &id) || id <= 0)
		return false;
	*ret = id;
	return true;
}

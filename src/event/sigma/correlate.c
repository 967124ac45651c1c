/* Running correlations: for each group the events of the timespan, oldest first; each new event asks whether the condition holds.
 * Neighbours: correlate_read.c made the correlations, whoever reads events feeds them in the order of time. */
#include "base/mem.h"
#include "correlate.h"
#include "event/correlate.h"
#include "scratch.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MOST 65536
#define GROUPS_MOST 200000
#define CHAIN_MOST 16 /* correlations of correlations of … */

struct happened {
	int64_t time;
	uint32_t input;
	uint64_t value;  /* hash of the values counted, 0: none */
	double number;   /* NaN: none */
};
struct group {
	char *key;
	VEC(struct happened) events;
	size_t first; /* those before are too old */
};
struct state { /* of one correlation */
	struct map *groups;
	size_t count;
};
struct correlations {
	const struct sigma_rules *set;
	struct arena *arena;
	struct captures *captures; /* by rule */
	struct state *states;      /* by rule; only of correlations */
	size_t forgotten;
};

/* --- what a rule's events must carry --------------------------------------------------------------------------------------- */

static bool slot_wanted(struct captures *c, struct arena *arena, unsigned slot)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->slots[i] == slot)
			return true;
	unsigned *more = ARENA_ARRAY(arena, c->count + 1, unsigned);
	if (!more)
		return false;
	if (c->count)
		memcpy(more, c->slots, c->count * sizeof *more);
	more[c->count++] = slot;
	c->slots = more;
	return true;
}

/* Everything that correlations above `rule` look at, however far above. */
static bool gather(struct correlations *c, struct captures *into, unsigned rule, unsigned depth)
{
	for (const struct follower *f = c->captures[rule].followers; f && depth < CHAIN_MOST; f = f->next) {
		const struct correlation *k = f->correlation;
		for (size_t i = 0; i < k->group_count; i++)
			if (k->inputs[f->input].group[i] != UINT_MAX && !slot_wanted(into, c->arena, k->inputs[f->input].group[i]))
				return false;
		for (size_t i = 0; i < k->field_count; i++)
			if (!slot_wanted(into, c->arena, k->fields[i]))
				return false;
		if (!gather(c, into, k->index, depth + 1))
			return false;
	}
	return true;
}

static bool captures_make(struct correlations *c)
{
	const struct sigma_rules *s = c->set;
	for (size_t i = 0; i < s->rules.count; i++) {
		const struct correlation *k = s->rules.items[i].correlation;
		for (size_t j = 0; k && j < k->input_count; j++) {
			struct captures *of = &c->captures[k->inputs[j].rule];
			struct follower *f = ARENA_NEW(c->arena, struct follower);
			if (!f)
				return false;
			*f = (struct follower){ k, j, of->followers };
			of->followers = f;
		}
	}
	for (size_t i = 0; i < s->rules.count; i++)
		if (!gather(c, &c->captures[i], (unsigned)i, 0))
			return false;
	return true;
}

struct correlations *correlations_new(const struct sigma_rules *s)
{
	struct correlations *c = mem_new(sizeof *c);
	if (!c)
		return NULL;
	c->set = s;
	c->arena = arena_new(0);
	c->captures = mem_array(s->rules.count + 1, sizeof *c->captures);
	c->states = mem_array(s->rules.count + 1, sizeof *c->states);
	if (c->arena && c->captures && c->states && captures_make(c))
		return c;
	correlations_free(c);
	return NULL;
}

static void group_free(struct group *g)
{
	VEC_DONE(&g->events);
	mem_free(g->key);
	mem_free(g);
}

static void state_done(struct state *s)
{
	struct str key;
	void *value;
	for (size_t i = 0; s->groups && i < map_slots(s->groups); i++)
		if (map_at(s->groups, i, &key, &value))
			group_free(value);
	map_free(s->groups);
	*s = (struct state){ 0 };
}

void correlations_free(struct correlations *c)
{
	if (!c)
		return;
	for (size_t i = 0; c->states && i < c->set->rules.count; i++)
		state_done(&c->states[i]);
	mem_free(c->states);
	mem_free(c->captures);
	arena_free(c->arena);
	mem_free(c);
}

size_t correlations_captures(const struct correlations *c, unsigned rule)
{
	return c->captures[rule].followers ? c->captures[rule].count : SIZE_MAX;
}

enum code correlations_capture(const struct correlations *c, struct sigma_scratch *x, unsigned rule, struct arena *arena, struct str *ret, struct error *e)
{
	for (size_t i = 0; i < c->captures[rule].count; i++) {
		struct str text = slot_text(x, c->captures[rule].slots[i], false);
		ret[i] = text.data ? arena_copy(arena, text) : STR_NONE;
		if (text.data && !ret[i].data)
			return error_nomem(e);
	}
	return OK;
}

/* --- groups ----------------------------------------------------------------------------------------------------------------------- */

static struct str captured_of(const struct captures *c, const struct str *captured, unsigned slot)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->slots[i] == slot)
			return captured[i];
	return STR_NONE;
}

/* False: the event has not all fields of the group. */
static bool group_key(const struct captures *c, const struct str *captured, const struct correlation *k, size_t input, struct buf *ret)
{
	for (size_t i = 0; i < k->group_count; i++) {
		unsigned slot = k->inputs[input].group[i];
		struct str text = slot == UINT_MAX ? STR_NONE : captured_of(c, captured, slot);
		if (!text.data)
			return false;
		buf_format(ret, "%zu:", text.len);
		buf_add_str(ret, text);
	}
	return true;
}

/* Groups whose newest event is too old are let go. */
static void groups_sweep(struct correlations *c, struct state *s, const struct correlation *k, int64_t now)
{
	struct str key;
	void *value;
	for (size_t i = 0; i < map_slots(s->groups); i++) {
		if (!map_at(s->groups, i, &key, &value))
			continue;
		struct group *g = value;
		bool old = !g->events.count || g->events.items[g->events.count - 1].time < now - k->span;
		if (!old && s->count < GROUPS_MOST)
			continue;
		c->forgotten += !old;
		map_remove(s->groups, key);
		group_free(g);
		s->count--;
	}
}

static struct group *group_of(struct correlations *c, struct state *s, const struct correlation *k, struct str key, int64_t now)
{
	if (!s->groups)
		s->groups = map_new();
	struct group *g = s->groups ? map_get(s->groups, key) : NULL;
	if (g || !s->groups)
		return g;
	if (s->count >= GROUPS_MOST)
		groups_sweep(c, s, k, now);
	g = mem_new(sizeof *g);
	if (!g)
		return NULL;
	g->key = mem_copy_text(key.data ? key.data : "", key.len);
	if (!g->key || !map_put(s->groups, (struct str){ g->key, key.len }, g)) {
		group_free(g);
		return NULL;
	}
	s->count++;
	return g;
}

static bool group_put(struct correlations *c, struct group *g, const struct happened *h)
{
	if (g->events.count - g->first >= EVENTS_MOST) {
		g->first++;
		c->forgotten++;
	}
	if (g->first > 64 && g->first > g->events.count / 2) {
		memmove(g->events.items, g->events.items + g->first, (g->events.count - g->first) * sizeof *g->events.items);
		g->events.count -= g->first;
		g->first = 0;
	}
	struct happened *place = VEC_ADD(&g->events);
	if (place)
		*place = *h;
	return place;
}

/* --- measuring -------------------------------------------------------------------------------------------------------------------- */

static bool inside(const struct happened *h, const struct happened *now, int64_t span)
{
	return h->time >= now->time - span && h->time <= now->time;
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static bool count_values(const struct group *g, const struct happened *now, int64_t span, double *ret)
{
	CLEAN_MEM uint64_t *values = mem_array(g->events.count - g->first + 1, sizeof *values);
	size_t n = 0, different = 0;
	if (!values)
		return false;
	for (size_t i = g->first; i < g->events.count; i++)
		if (g->events.items[i].value && inside(&g->events.items[i], now, span))
			values[n++] = g->events.items[i].value;
	qsort(values, n, sizeof *values, by_value);
	for (size_t i = 0; i < n; i++)
		different += i == 0 || values[i] != values[i - 1];
	*ret = (double)different;
	return true;
}

static bool measure_numbers(const struct correlation *k, const struct group *g, const struct happened *now, double *ret)
{
	CLEAN_MEM double *numbers = mem_array(g->events.count - g->first + 1, sizeof *numbers);
	size_t n = 0;
	double sum = 0;
	if (!numbers)
		return false;
	for (size_t i = g->first; i < g->events.count; i++) {
		const struct happened *h = &g->events.items[i];
		if (h->number == h->number && inside(h, now, k->span)) {
			numbers[n++] = h->number;
			sum += h->number;
		}
	}
	if (!n)
		return false;
	*ret = k->type == VALUE_SUM ? sum : sum / (double)n;
	if (k->type != VALUE_PERCENTILE)
		return true;
	qsort(numbers, n, sizeof *numbers, by_number);
	double exact = k->percentile * (double)n / 100;
	size_t rank = exact > 0 ? (size_t)exact + ((double)(size_t)exact < exact) : 0; /* nearest rank */
	*ret = numbers[rank < 1 ? 0 : rank > n ? n - 1 : rank - 1];
	return true;
}

/* Different rules in the window; for the ordered kind, how many of them, from the first on, one after the other. */
static double count_rules(const struct correlation *k, const struct group *g, const struct happened *now)
{
	uint64_t seen[16] = { 0 };
	size_t next = 0, different = 0;
	for (size_t i = g->first; i < g->events.count; i++) {
		const struct happened *h = &g->events.items[i];
		if (!inside(h, now, k->span))
			continue;
		next += next < k->input_count && k->inputs[h->input].rule == k->inputs[next].rule;
		uint64_t bit = UINT64_C(1) << (h->input & 63), *word = &seen[h->input >> 6 & 15];
		different += !(*word & bit);
		*word |= bit;
	}
	return (double)(k->type == TEMPORAL ? different : next);
}

static bool measure(const struct correlation *k, const struct group *g, const struct happened *now, double *ret)
{
	size_t n = 0;
	switch (k->type) {
	case EVENT_COUNT:
		for (size_t i = g->first; i < g->events.count; i++)
			n += inside(&g->events.items[i], now, k->span);
		*ret = (double)n;
		return true;
	case VALUE_COUNT:
		return count_values(g, now, k->span, ret);
	case TEMPORAL:
	case TEMPORAL_ORDERED:
		*ret = count_rules(k, g, now);
		return true;
	default:
		return measure_numbers(k, g, now, ret);
	}
}

static bool meets(const struct correlation *k, double measured)
{
	for (size_t i = 0; i < k->test_count; i++) {
		double wanted = k->tests[i].number;
		const bool answers[] = { [TEST_EQ] = measured == wanted, [TEST_NEQ] = measured != wanted, [TEST_LT] = measured < wanted,
					 [TEST_LTE] = measured <= wanted, [TEST_GT] = measured > wanted, [TEST_GTE] = measured >= wanted };
		if (!answers[k->tests[i].how])
			return false;
	}
	return true;
}

/* --- feeding ---------------------------------------------------------------------------------------------------------------------- */

static void fill_values(const struct correlation *k, const struct captures *from, const struct str *captured, struct happened *h)
{
	uint64_t all = UINT64_C(0x9e3779b97f4a7c15);
	h->number = __builtin_nan("");
	for (size_t i = 0; i < k->field_count; i++) {
		struct str text = captured_of(from, captured, k->fields[i]);
		if (!text.data)
			return;
		all = (all ^ str_hash(text)) * UINT64_C(0xff51afd7ed558ccd);
	}
	h->value = k->field_count ? all | 1 : 0;
	struct decimal_text ignored;
	struct str text = k->field_count ? str_trim(captured_of(from, captured, k->fields[0])) : STR_NONE;
	char copy[128];
	if (k->type < VALUE_SUM || !decimal_text_parse(text, &ignored) || text.len >= sizeof copy)
		return;
	memcpy(copy, text.data, text.len);
	copy[text.len] = 0;
	h->number = strtod(copy, NULL);
}

struct feeding {
	struct correlations *c;
	const struct captures *from; /* of the rule that held: what was captured */
	const struct str *captured;
	int64_t time;
	correlation_fired *fired;
	void *data;
};

static enum code feed(const struct feeding *f, unsigned rule, unsigned depth, struct error *e);

static enum code take(const struct feeding *f, const struct correlation *k, size_t input, unsigned depth, struct error *e)
{
	CLEAN_BUF struct buf key;
	struct happened now = { .time = f->time, .input = (uint32_t)input };
	double measured;
	buf_init(&key, 0);
	if (!group_key(f->from, f->captured, k, input, &key))
		return OK;
	if (!buf_ok(&key))
		return error_nomem(e);
	fill_values(k, f->from, f->captured, &now);
	struct group *g = group_of(f->c, &f->c->states[k->index], k, buf_str(&key), f->time);
	if (!g || !group_put(f->c, g, &now))
		return error_nomem(e);
	while (g->first + 1 < g->events.count && g->events.items[g->first].time < f->time - k->span)
		g->first++;
	if (!measure(k, g, &now, &measured) || !meets(k, measured))
		return OK;
	TRY(f->fired(f->data, k->index, e));
	return feed(f, k->index, depth + 1, e);
}

static enum code feed(const struct feeding *f, unsigned rule, unsigned depth, struct error *e)
{
	if (depth >= CHAIN_MOST)
		return OK; /* correlations that name each other in a circle */
	for (const struct follower *one = f->c->captures[rule].followers; one; one = one->next)
		TRY(take(f, one->correlation, one->input, depth, e));
	return OK;
}

enum code correlations_feed(struct correlations *c, unsigned rule, int64_t time, const struct str *captured, correlation_fired *fired, void *data,
			    struct error *e)
{
	const struct feeding f = { c, &c->captures[rule], captured, time, fired, data };
	return feed(&f, rule, 0, e);
}

size_t correlations_forgotten(const struct correlations *c)
{
	return c->forgotten;
}

/* visible() and holders(): the same rules as decide(), asked of all entities or of all people at once. What a person
 * holds is a few intervals of places; lists of ids come from a bit per rank, so they are sorted without sorting.
 * Neighbours: decide.c; the random test holds the two to each other. */
#include "base/arena.h"
#include "world.h"

struct span { /* places [first, last) */
	uint32_t first, last;
};

struct spans { /* by place, neither touching nor overlapping; room for all there can be */
	struct span *items;
	size_t count;
};

/* Spans come in order of `first`, so only the last can touch the new one. */
static void span_add(struct spans *s, uint32_t first, uint32_t last)
{
	struct span *end = s->count ? &s->items[s->count - 1] : NULL;
	if (first >= last)
		return;
	if (end && first <= end->last)
		end->last = last > end->last ? last : end->last;
	else
		s->items[s->count++] = (struct span){ first, last };
}

struct holding {
	struct spans full, own;
};

struct section { /* places that one placement governs, or none does */
	uint32_t low, high;
	const struct placed *placed;
};

/* All intervals of a section where the subject holds the function. */
static void gather_section(const struct world *w, int64_t at, const struct subject *who, unsigned function, const struct section *s,
			   struct holding *h)
{
	size_t i, end;
	if (w->everyone >= 0 && role_grants(w, (size_t)w->everyone, function))
		span_add(&h->full, s->low, s->high);
	if (w->everyone >= 0 && role_grants_own(w, (size_t)w->everyone, function))
		span_add(&h->own, s->low, s->high);
	person_assignments(w, who->person, &i, &end);
	for (; i < end; i++) {
		const struct assignment *a = &w->assignments[i];
		uint32_t first = a->first > s->low ? a->first : s->low, last = a->last < s->high ? a->last : s->high;
		if (!assignment_runs(a, at) || (a->depth && who->direct) || (s->placed && !placement_lets(w, s->placed, a, -1)))
			continue;
		if (role_grants(w, a->role, function))
			span_add(&h->full, first, last);
		else if (role_grants_own(w, a->role, function))
			span_add(&h->own, first, last);
	}
}

/* Section by section in order of places, so that the spans come in order too; cut to what the token leaves. */
static void gather(const struct world *w, int64_t at, const struct subject *who, unsigned function, struct holding *h)
{
	uint32_t low = 0, high = (uint32_t)w->entity_count;
	if (who->only_entity) {
		if (!place_of(w, who->only_entity, &low))
			return;
		high = w->ends[low];
	}
	while (low < high) {
		uint32_t end = w->groups && w->group_ends[low] < high ? w->group_ends[low] : high;
		struct section s = { low, end, placement_of(w, function, low, at) };
		gather_section(w, at, who, function, &s, h);
		low = end;
	}
}

/* Each assignment and everyone's role leave a span in each section at most; spans that do not touch are fewer than half the
 * places. */
static size_t spans_most(const struct world *w, size_t assignments)
{
	size_t most = assignments + 1, sections = 2 * (size_t)w->group_count + 1;
	if (__builtin_mul_overflow(most, sections, &most) || most > w->entity_count / 2 + 1)
		most = w->entity_count / 2 + 1;
	return most;
}

static size_t words_of(const struct world *w)
{
	return w->entity_count / 64 + 1;
}

static uint64_t *mark(const struct world *w, const struct spans *s, struct arena *arena)
{
	uint64_t *bits = ARENA_ARRAY(arena, words_of(w), uint64_t);
	for (size_t i = 0; bits && i < s->count; i++)
		for (uint32_t place = s->items[i].first; place < s->items[i].last; place++)
			bit_set(bits, w->ranks[place]);
	return bits;
}

static size_t count_bits(const struct world *w, const uint64_t *bits)
{
	size_t n = 0;
	for (size_t i = 0; i < words_of(w); i++)
		n += (size_t)__builtin_popcountll(bits[i]);
	return n;
}

static bool list(const struct world *w, const uint64_t *bits, size_t count, struct arena *arena, const int64_t **ret, size_t *ret_count)
{
	int64_t *ids = ARENA_ARRAY(arena, count + 1, int64_t);
	size_t n = 0;
	if (!ids)
		return false;
	for (size_t i = 0; i < words_of(w) && n < count; i++)
		for (uint64_t word = bits[i]; word; word &= word - 1)
			ids[n++] = w->sorted[i * 64 + (size_t)__builtin_ctzll(word)];
	*ret = ids;
	*ret_count = n;
	return true;
}

static size_t spans_total(const struct spans *s)
{
	size_t total = 0;
	for (size_t i = 0; i < s->count; i++)
		total += s->items[i].last - s->items[i].first;
	return total;
}

static bool tell(const struct world *w, const struct holding *h, struct arena *arena, struct entity_set *ret)
{
	size_t full = spans_total(&h->full);
	ret->all = full > 0 && full == w->entity_count;
	if (ret->all || (!h->full.count && !h->own.count))
		return true;
	ret->own = spans_total(&h->own) == w->entity_count; /* the usual case of everyone's role: no need to look closer */
	if (!full && ret->own)
		return true;
	uint64_t *full_bits = mark(w, &h->full, arena);
	if (!full_bits || (full && !list(w, full_bits, full, arena, &ret->ids, &ret->count)))
		return false;
	if (!h->own.count || ret->own)
		return true;
	uint64_t *own_bits = mark(w, &h->own, arena);
	if (!own_bits)
		return false;
	for (size_t i = 0; i < words_of(w); i++)
		own_bits[i] &= ~full_bits[i];
	size_t own = count_bits(w, own_bits);
	ret->own = own > 0 && own + full == w->entity_count;
	return ret->own || own == 0 || list(w, own_bits, own, arena, &ret->own_ids, &ret->own_count);
}

bool visible(const struct world *w, int64_t at, const struct subject *who, unsigned function, struct arena *arena,
	     struct entity_set *ret)
{
	struct holding h = { 0 };
	size_t first, end;
	*ret = (struct entity_set){ .all = who->system };
	if (who->system || !who->person || function >= w->function_count || !token_covers(w, who, function))
		return true;
	person_assignments(w, who->person, &first, &end);
	h.full.items = ARENA_ARRAY(arena, spans_most(w, end - first), struct span);
	h.own.items = ARENA_ARRAY(arena, spans_most(w, end - first), struct span);
	if (!h.full.items || !h.own.items)
		return false;
	gather(w, at, who, function, &h);
	return tell(w, &h, arena, ret);
}

/* --- sets ------------------------------------------------------------------------------------------ */

static bool has(const int64_t *ids, size_t count, int64_t id)
{
	size_t low = 0;
	while (low < count) {
		size_t middle = low + (count - low) / 2;
		if (ids[middle] == id)
			return true;
		if (ids[middle] < id)
			low = middle + 1;
		else
			count = middle;
	}
	return false;
}

bool entity_set_has(const struct entity_set *s, int64_t entity)
{
	return s->all || has(s->ids, s->count, entity);
}

bool entity_set_has_own(const struct entity_set *s, int64_t entity)
{
	return s->own || entity_set_has(s, entity) || has(s->own_ids, s->own_count, entity);
}

bool entity_set_empty(const struct entity_set *s)
{
	return !s->all && !s->own && !s->count && !s->own_count;
}

bool entity_set_covers(const struct entity_set *outer, const struct entity_set *inner)
{
	if (outer->all)
		return true;
	/* every entity at once is never told as a list, so a list cannot cover it */
	if (inner->all || (inner->own && !outer->own))
		return false;
	for (size_t i = 0; i < inner->count; i++)
		if (!has(outer->ids, outer->count, inner->ids[i]))
			return false;
	for (size_t i = 0; i < inner->own_count; i++)
		if (!entity_set_has_own(outer, inner->own_ids[i]))
			return false;
	return true;
}

/* --- people ---------------------------------------------------------------------------------------- */

struct office { /* a function at a place */
	int64_t at;
	const struct placed *placed;
	unsigned function;
	uint32_t place;
};

static bool holds(const struct world *w, const struct assignment *a, const struct office *o)
{
	return assignment_reaches(a, o->place) && assignment_runs(a, o->at) && role_grants(w, a->role, o->function) &&
	       (!o->placed || placement_lets(w, o->placed, a, -1));
}

static bool office_of(const struct world *w, int64_t at, unsigned function, int64_t entity, struct office *ret)
{
	*ret = (struct office){ .at = at, .function = function };
	if (function >= w->function_count || !place_of(w, entity, &ret->place))
		return false;
	ret->placed = placement_of(w, function, ret->place, at);
	return true;
}

bool held(const struct world *w, int64_t at, unsigned function, int64_t entity)
{
	struct office o;
	bool found = false;
	bool known = office_of(w, at, function, entity, &o);
	for (size_t i = 0; known && !found && i < w->assignment_count; i++)
		found = holds(w, &w->assignments[i], &o);
	return found;
}

bool holders(const struct world *w, int64_t at, unsigned function, int64_t entity, struct arena *arena, int64_t **ret,
	     size_t *ret_count)
{
	size_t most = 0, n = 0;
	struct office o;
	bool known = office_of(w, at, function, entity, &o);
	for (size_t i = 0; known && i < w->assignment_count; i++)
		most += holds(w, &w->assignments[i], &o);
	int64_t *people = ARENA_ARRAY(arena, most + 1, int64_t);
	if (!people)
		return false;
	/* assignments stand by person: sorted, and doubles side by side */
	for (size_t i = 0; most && i < w->assignment_count; i++) {
		const struct assignment *a = &w->assignments[i];
		if (holds(w, a, &o) && (!n || people[n - 1] != a->person))
			people[n++] = a->person;
	}
	*ret = people;
	*ret_count = n;
	return true;
}

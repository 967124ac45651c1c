/* visible() and holders(): the same rules as decide(), asked of all entities or all people at once.
 * Neighbours: decide.c; the random test holds the two to each other. */
#include "base/arena.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

struct span {
	uint32_t first, last;
};

static int by_first(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	return x->first != y->first ? (x->first < y->first ? -1 : 1) : (x->last > y->last) - (x->last < y->last);
}

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Merges overlapping spans; answers how many are left. */
static size_t spans_merge(struct span *spans, size_t n)
{
	size_t kept = 0;
	qsort(spans, n, sizeof *spans, by_first);
	for (size_t i = 0; i < n; i++) {
		if (kept && spans[i].first <= spans[kept - 1].last) {
			if (spans[i].last > spans[kept - 1].last)
				spans[kept - 1].last = spans[i].last;
		} else {
			spans[kept++] = spans[i];
		}
	}
	return kept;
}

static bool spans_to_set(const struct world *w, const struct span *spans, size_t n, struct arena *arena, struct entity_set *ret)
{
	size_t total = 0;
	for (size_t i = 0; i < n; i++)
		total += spans[i].last - spans[i].first;
	ret->all = total == w->entity_count && total > 0;
	if (ret->all || total == 0)
		return true;
	int64_t *ids = ARENA_ARRAY(arena, total, int64_t);
	if (!ids)
		return false;
	for (size_t i = 0; i < n; i++)
		for (uint32_t p = spans[i].first; p < spans[i].last; p++)
			ids[ret->count++] = w->order[p];
	qsort(ids, total, sizeof *ids, by_id);
	ret->ids = ids;
	return true;
}

/* What a token's entity leaves of the spans. */
static size_t spans_narrow(struct span *spans, size_t n, uint32_t first, uint32_t last)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		struct span s = spans[i];
		s.first = s.first < first ? first : s.first;
		s.last = s.last > last ? last : s.last;
		if (s.first < s.last)
			spans[kept++] = s;
	}
	return kept;
}

bool visible(const struct world *w, int64_t at, const struct subject *who, unsigned function, struct arena *arena,
	     struct entity_set *ret)
{
	size_t i, end, n = 0;
	uint32_t only = 0;
	*ret = (struct entity_set){ 0 };
	if (who->system) {
		ret->all = true;
		return true;
	}
	if (function >= w->function_count || !token_covers(w, who, function))
		return true;
	if (who->only_entity && !place_of(w, who->only_entity, &only))
		return true;
	person_assignments(w, who->person, &i, &end);
	struct span *spans = ARENA_ARRAY(arena, end - i + 1, struct span);
	if (!spans)
		return false;
	for (; i < end; i++) {
		const struct assignment *a = &w->assignments[i];
		const struct role *r = &w->roles[a->role];
		if (at < a->from || at >= a->until)
			continue;
		if (bit_get(r->grants, function))
			spans[n++] = (struct span){ a->first, a->last };
		else if (bit_get(r->own, function))
			ret->own = true;
	}
	if (w->everyone && who->person) {
		const struct role *r = &w->roles[w->everyone - 1];
		ret->own |= bit_get(r->own, function);
		if (bit_get(r->grants, function))
			spans[n++] = (struct span){ 0, (uint32_t)w->entity_count };
	}
	n = spans_merge(spans, n);
	if (who->only_entity) {
		/* own records may lie anywhere; a token held to one entity sees only what lies there */
		n = spans_narrow(spans, n, only, w->ends[only]);
		ret->own = false;
	}
	return spans_to_set(w, spans, n, arena, ret);
}

bool entity_set_has(const struct entity_set *s, int64_t entity)
{
	return s->all || (s->count && bsearch(&entity, s->ids, s->count, sizeof *s->ids, by_id));
}

bool entity_set_covers(const struct entity_set *outer, const struct entity_set *inner)
{
	if (outer->all)
		return true;
	if (inner->all || (inner->own && !outer->own))
		return false;
	for (size_t i = 0; i < inner->count; i++)
		if (!entity_set_has(outer, inner->ids[i]))
			return false;
	return true;
}

bool holders(const struct world *w, int64_t at, unsigned function, int64_t entity, struct arena *arena, int64_t **ret,
	     size_t *ret_count)
{
	int64_t *people = ARENA_ARRAY(arena, w->assignment_count + 1, int64_t);
	size_t n = 0;
	uint32_t place;
	*ret = people;
	*ret_count = 0;
	if (!people)
		return false;
	if (function >= w->function_count || !place_of(w, entity, &place))
		return true;
	for (size_t i = 0; i < w->assignment_count; i++) {
		const struct assignment *a = &w->assignments[i];
		bool covers = place >= a->first && place < a->last && at >= a->from && at < a->until;
		if (covers && bit_get(w->roles[a->role].grants, function) && (n == 0 || people[n - 1] != a->person))
			people[n++] = a->person;
	}
	*ret_count = n;
	return true;
}

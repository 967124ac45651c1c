/* Placements: which one governs a function at a place. For each entity that has placements of its own a row tells for each
 * function where to begin to look, so that a question usually costs two look-ups, however many placements there are.
 * Neighbours: build.c gathers the rows; decide.c and visible.c ask what an assignment is worth under them. */
#include "model/model.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

static const char *const mode_names[] = { [PLACED_LOCAL] = "local", [PLACED_DELEGATED] = "delegated", [PLACED_CENTRAL] = "central" };

const char *placement_mode_name(enum placement_mode mode)
{
	return mode_names[mode];
}

bool placement_mode_of(struct str name, enum placement_mode *ret)
{
	for (size_t i = 0; i < sizeof mode_names / sizeof *mode_names; i++) {
		if (str_is(name, mode_names[i])) {
			*ret = (enum placement_mode)i;
			return true;
		}
	}
	return false;
}

/* By place; there the one that governs comes first. */
static int by_rank(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	if (x->mode != y->mode)
		return x->mode > y->mode ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static bool lay_rows(struct world *w, const struct placed *items, size_t count, const uint64_t *bits)
{
	w->placed = mem_array(count, sizeof *w->placed);
	w->placed_bits = mem_array(count, w->words * sizeof *w->placed_bits);
	w->group_starts = mem_array(count + 1, sizeof *w->group_starts);
	w->group_outers = mem_array(count, sizeof *w->group_outers);
	if (!w->placed || !w->placed_bits || !w->group_starts || !w->group_outers)
		return false;
	memcpy(w->placed, items, count * sizeof *items);
	qsort(w->placed, count, sizeof *w->placed, by_rank);
	for (size_t i = 0; i < count; i++) {
		struct placed *p = &w->placed[i];
		memcpy(w->placed_bits + i * w->words, bits + p->row * w->words, w->words * sizeof *bits);
		if (!i || p->place != p[-1].place)
			w->group_starts[w->group_count++] = (uint32_t)i;
		p->row = (uint32_t)i;
		p->group = w->group_count - 1;
	}
	w->group_starts[w->group_count] = (uint32_t)count;
	w->placed_count = count;
	return w->group_count <= GROUPS_MOST;
}

/* Places stand in preorder: the nearest group is the last that was entered and not yet left. */
static bool lay_groups(struct world *w)
{
	uint32_t group = NODE_NONE, next = 0;
	w->groups = mem_array(w->entity_count, sizeof *w->groups);
	w->group_ends = mem_array(w->entity_count, sizeof *w->group_ends);
	if (!w->groups || !w->group_ends)
		return false;
	for (uint32_t place = 0; place < w->entity_count; place++) {
		while (group != NODE_NONE && place >= w->ends[w->placed[w->group_starts[group]].place])
			group = w->group_outers[group];
		if (next < w->group_count && w->placed[w->group_starts[next]].place == place) {
			w->group_outers[next] = group;
			group = next++;
		}
		w->groups[place] = group;
	}
	for (uint32_t place = (uint32_t)w->entity_count; place-- > 0;) {
		bool same = place + 1 < w->entity_count && w->groups[place + 1] == w->groups[place];
		w->group_ends[place] = same ? w->group_ends[place + 1] : place + 1;
	}
	return true;
}

/* Outer groups come before inner ones, which start from what those say. */
static bool lay_governing(struct world *w)
{
	size_t width = w->function_count;
	w->governing = mem_array(w->group_count, (width + 1) * sizeof *w->governing);
	for (size_t g = 0; w->governing && g < w->group_count; g++) {
		uint32_t *row = w->governing + g * width, outer = w->group_outers[g];
		for (size_t f = 0; f < width; f++)
			row[f] = outer == NODE_NONE ? NODE_NONE : w->governing[outer * width + f];
		for (uint32_t i = w->group_starts[g + 1]; i-- > w->group_starts[g];)
			for (size_t f = 0; f < width; f++)
				if (bit_get(w->placed_bits + i * w->words, f))
					row[f] = i;
	}
	return w->governing != NULL;
}

bool placements_lay(struct world *w, const struct placed *items, size_t count, const uint64_t *bits)
{
	return !count || (lay_rows(w, items, count, bits) && lay_groups(w) && lay_governing(w));
}

const struct placed *placement_of(const struct world *w, unsigned function, uint32_t place, int64_t at)
{
	uint32_t group = w->groups ? w->groups[place] : NODE_NONE;
	while (group != NODE_NONE) {
		uint32_t i = w->governing[group * w->function_count + function];
		if (i == NODE_NONE)
			return NULL;
		group = w->placed[i].group;
		for (; i < w->group_starts[group + 1]; i++) {
			const struct placed *p = &w->placed[i];
			if (at >= p->from && at < p->until && bit_get(w->placed_bits + i * w->words, function))
				return p;
		}
		group = w->group_outers[group];
	}
	return NULL;
}

enum placement_mode placement_for(const struct placed *p, int64_t amount)
{
	return p->ceiling >= 0 && amount > p->ceiling ? PLACED_CENTRAL : p->mode;
}

bool placement_lets(const struct world *w, const struct placed *p, const struct assignment *a, int64_t amount)
{
	enum placement_mode mode = placement_for(p, amount);
	if (mode == PLACED_LOCAL)
		return true;
	return (mode == PLACED_DELEGATED || !a->depth) && p->place >= a->origin && p->place < w->ends[a->origin];
}

bool placement_at(const struct world *w, int64_t at, unsigned function, int64_t entity, struct placement *ret)
{
	uint32_t place;
	const struct placed *p = function < w->function_count && place_of(w, entity, &place) ? placement_of(w, function, place, at) : NULL;
	if (p)
		*ret = (struct placement){ p->id, w->order[p->place], p->ceiling, p->mode };
	return p != NULL;
}

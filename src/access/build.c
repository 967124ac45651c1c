/* From plain rows to a world: rows are gathered in a builder, then laid out flat.
 * Neighbours: tree.c lays out the entities, decide.c and visible.c read the result. */
#include "base/vec.h"
#include "model/model.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

struct world_builder {
	struct world *world;
	VEC(struct node) nodes;
	struct role_rows rows;
	struct idmap *role_places;
	VEC(struct assignment) assignments; /* `role` and the interval are found in world_build() */
	VEC(struct target) targets;         /* and this is where from, item by item */
	VEC(struct delegation) delegations;
	VEC(int64_t) scopes;                /* their entities, item by item */
	VEC(uint64_t) delegated;            /* their functions, a row of words each */
	VEC(struct placed) placements;
	VEC(int64_t) placement_scopes;
	VEC(uint64_t) placement_bits;
	int64_t everyone;
};

struct target {
	int64_t role, entity;
};

/* --- rows ------------------------------------------------------------------------------------------ */

static bool functions_copy(struct world *w, const char *const *functions, size_t count)
{
	size_t len = 0;
	for (size_t i = 0; i < count; i++)
		len += strlen(functions[i]) + 1;
	w->functions = mem_array(count + 1, sizeof *w->functions);
	w->names = mem_new(len);
	if (!w->functions || !w->names)
		return false;
	w->function_count = count;
	w->words = count / 64 + 1;
	char *to = w->names;
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(functions[i]) + 1;
		memcpy(to, functions[i], n);
		w->functions[i] = to;
		to += n;
	}
	return true;
}

struct world_builder *world_builder_new(const char *const *functions, size_t count)
{
	struct world_builder *b = mem_new(sizeof *b);
	if (!b)
		return NULL;
	b->world = mem_new(sizeof *b->world);
	b->role_places = idmap_new();
	if (b->world)
		*b->world = (struct world){ .users = 1, .everyone = -1 };
	if (!b->world || !b->role_places || !functions_copy(b->world, functions, count)) {
		world_builder_free(b);
		return NULL;
	}
	b->rows.words = b->world->words;
	return b;
}

void world_builder_free(struct world_builder *b)
{
	if (!b)
		return;
	VEC_DONE(&b->nodes);
	VEC_DONE(&b->rows.ids);
	VEC_DONE(&b->assignments);
	VEC_DONE(&b->targets);
	VEC_DONE(&b->delegations);
	VEC_DONE(&b->scopes);
	VEC_DONE(&b->delegated);
	VEC_DONE(&b->placements);
	VEC_DONE(&b->placement_scopes);
	VEC_DONE(&b->placement_bits);
	mem_free(b->rows.bits);
	idmap_free(b->role_places);
	world_unref(b->world);
	mem_free(b);
}

bool world_add_entity(struct world_builder *b, int64_t id, int64_t parent)
{
	struct node *n = b->nodes.count < NODE_NONE ? VEC_ADD(&b->nodes) : NULL;
	if (n)
		*n = (struct node){ .id = id, .parent_id = parent };
	return n != NULL;
}

/* Room for the bit sets of one more role. */
static bool bits_grow(struct role_rows *rows)
{
	size_t per_role = 2 * rows->words, room = rows->room ? rows->room * 2 : 16, size;
	if (rows->ids.count < rows->room)
		return true;
	if (__builtin_mul_overflow(room, per_role * sizeof *rows->bits, &size))
		return false;
	uint64_t *bits = mem_grow(rows->bits, size);
	if (!bits)
		return false;
	memset(bits + rows->room * per_role, 0, (room - rows->room) * per_role * sizeof *bits);
	rows->bits = bits;
	rows->room = room;
	return true;
}

bool role_rows_add(struct role_rows *rows, int64_t role, uint32_t *ret)
{
	int64_t *id = bits_grow(rows) ? VEC_ADD(&rows->ids) : NULL;
	if (!id)
		return false;
	*id = role;
	*ret = (uint32_t)(rows->ids.count - 1);
	return true;
}

bool world_add_role(struct world_builder *b, int64_t role)
{
	int64_t there;
	if (idmap_get(b->role_places, role, &there))
		return true;
	uint32_t row;
	return role_rows_add(&b->rows, role, &row) && idmap_put(b->role_places, role, row);
}

static void match(const struct world *w, struct str pattern, uint64_t *set)
{
	for (size_t i = 0; i < w->function_count; i++)
		if (function_matches(pattern, str_of(w->functions[i])))
			bit_set(set, i);
}

/* Patterns are matched here, once for all decisions. */
bool world_add_grant(struct world_builder *b, int64_t role, struct str pattern, bool own)
{
	const struct world *w = b->world;
	int64_t place;
	if (!idmap_get(b->role_places, role, &place))
		return true;
	match(w, pattern, b->rows.bits + (2 * (size_t)place + own) * w->words);
	return true;
}

bool world_add_assignment(struct world_builder *b, int64_t id, int64_t person, int64_t role, int64_t entity, int64_t from,
			  int64_t until, int64_t ceiling)
{
	struct assignment *a = VEC_ADD(&b->assignments);
	struct target *t = a ? VEC_ADD(&b->targets) : NULL;
	if (!t)
		return false;
	*t = (struct target){ role, entity };
	*a = (struct assignment){ .id = id, .person = person, .from = from, .until = until ? until : INT64_MAX,
				  .ceiling = ceiling < 0 ? -1 : ceiling };
	return true;
}

bool world_add_delegation(struct world_builder *b, const struct delegation_row *row)
{
	struct delegation *d = VEC_ADD(&b->delegations);
	int64_t *scope = d ? VEC_ADD(&b->scopes) : NULL;
	if (!scope)
		return false;
	*scope = row->entity;
	*d = (struct delegation){ .id = row->id, .giver = row->giver, .taker = row->taker, .from = row->from,
				  .until = row->until ? row->until : INT64_MAX, .row = b->delegations.count - 1,
				  .ceiling = row->ceiling < 0 ? -1 : row->ceiling, .onward = row->onward };
	for (size_t i = 0; i < b->world->words; i++)
		if (!VEC_ADD(&b->delegated))
			return false;
	return true;
}

bool world_add_delegated(struct world_builder *b, struct str pattern)
{
	if (b->delegations.count)
		match(b->world, pattern, b->delegated.items + (b->delegations.count - 1) * b->world->words);
	return true;
}

/* A name says more than a pattern, a long pattern more than a short one. */
static uint32_t pattern_weight(struct str pattern)
{
	bool name = true;
	for (size_t i = 0; i < pattern.len; i++)
		name &= pattern.data[i] != '*';
	return name ? UINT32_MAX : pattern.len < UINT32_MAX ? (uint32_t)pattern.len : UINT32_MAX - 1;
}

bool world_add_placement(struct world_builder *b, const struct placement_row *row, struct str pattern)
{
	struct placed *p = b->placements.count < NODE_NONE ? VEC_ADD(&b->placements) : NULL;
	int64_t *scope = p ? VEC_ADD(&b->placement_scopes) : NULL;
	if (!scope)
		return false;
	*scope = row->entity;
	*p = (struct placed){ .id = row->id, .from = row->from, .until = row->until ? row->until : INT64_MAX,
			      .ceiling = row->ceiling < 0 ? -1 : row->ceiling, .weight = pattern_weight(pattern), .mode = row->mode,
			      .row = (uint32_t)(b->placements.count - 1) };
	for (size_t i = 0; i < b->world->words; i++)
		if (!VEC_ADD(&b->placement_bits))
			return false;
	match(b->world, pattern, b->placement_bits.items + p->row * b->world->words);
	return true;
}

bool world_set_everyone(struct world_builder *b, int64_t role)
{
	b->everyone = role;
	return true;
}

/* --- the layout ------------------------------------------------------------------------------------ */

/* By place, so that intervals come sorted: an outer one before those it contains. At one place what was
 * given directly comes before what was delegated. */
static int by_person(const void *a, const void *b)
{
	const struct assignment *x = a, *y = b;
	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->chain > y->chain) - (x->chain < y->chain);
}

static int grant_by_person(const void *a, const void *b)
{
	return by_person(&((const struct grant *)a)->grant, &((const struct grant *)b)->grant);
}

/* Those whose role and entity are known, in an order of their own: the same rows give the same chains. */
static bool place_assignments(struct world_builder *b, struct grants *g)
{
	struct world *w = b->world;
	for (size_t i = 0; i < b->assignments.count; i++) {
		struct assignment *a = &b->assignments.items[i];
		int64_t role;
		if (!a->person || !idmap_get(b->role_places, b->targets.items[i].role, &role) ||
		    !place_of(w, b->targets.items[i].entity, &a->first))
			continue;
		a->role = (uint32_t)role;
		a->last = w->ends[a->first];
		a->origin = a->first;
		struct grant *to = VEC_ADD(g);
		if (!to)
			return false;
		*to = (struct grant){ .grant = *a, .above = NODE_NONE, .onward = true };
	}
	if (g->count)
		qsort(g->items, g->count, sizeof *g->items, grant_by_person);
	return true;
}

static bool place_delegations(struct world_builder *b, struct grants *g)
{
	struct world *w = b->world;
	struct delegations d = { .items = b->delegations.items, .bits = b->delegated.items, .ends = b->world->ends };
	for (size_t i = 0; i < b->delegations.count; i++) {
		struct delegation *from = &b->delegations.items[i];
		if (!from->giver || !from->taker || !place_of(w, b->scopes.items[i], &from->first))
			continue;
		from->last = w->ends[from->first];
		d.items[d.count++] = *from;
	}
	bool good = delegations_resolve(&d, &b->rows, g, &w->faults);
	w->chains = d.chains.items;
	return good;
}

/* One at an unknown entity governs nothing. */
static bool place_placements(struct world_builder *b)
{
	size_t known = 0;
	for (size_t i = 0; i < b->placements.count; i++) {
		struct placed *p = &b->placements.items[i];
		if (place_of(b->world, b->placement_scopes.items[i], &p->place))
			b->placements.items[known++] = *p;
	}
	return placements_lay(b->world, b->placements.items, known, b->placement_bits.items);
}

static bool lay_assignments(struct world_builder *b)
{
	struct world *w = b->world;
	struct grants g = { 0 };
	bool good = place_assignments(b, &g) && place_delegations(b, &g);
	w->assignments = good ? mem_array(g.count + 1, sizeof *w->assignments) : NULL;
	w->people = idmap_new();
	for (size_t i = 0; w->assignments && i < g.count; i++)
		w->assignments[w->assignment_count++] = g.items[i].grant;
	VEC_DONE(&g);
	if (!w->assignments || !w->people)
		return false;
	qsort(w->assignments, w->assignment_count, sizeof *w->assignments, by_person);
	for (size_t i = w->assignment_count; i-- > 0;)
		if (!idmap_put(w->people, w->assignments[i].person, (int64_t)i))
			return false;
	return true;
}

enum code world_build(struct world_builder *b, struct world **ret, struct error *e)
{
	struct world *w = b->world;
	bool good = tree_build(w, b->nodes.items, b->nodes.count) && place_placements(b) && lay_assignments(b);
	if (good) {
		w->role_count = b->rows.ids.count;
		w->role_ids = TAKE(b->rows.ids.items);
		w->bits = TAKE(b->rows.bits);
		if (b->everyone && !idmap_get(b->role_places, b->everyone, &w->everyone))
			w->everyone = -1;
		*ret = TAKE(b->world);
	}
	world_builder_free(b);
	return good ? OK : error_nomem(e);
}

struct world *world_ref(struct world *w)
{
	if (w)
		atomic_fetch_add_explicit(&w->users, 1, memory_order_relaxed);
	return w;
}

void world_unref(struct world *w)
{
	if (!w || atomic_fetch_sub(&w->users, 1) != 1)
		return;
	mem_free(w->functions);
	mem_free(w->names);
	mem_free(w->order);
	mem_free(w->ends);
	mem_free(w->ranks);
	mem_free(w->sorted);
	idmap_free(w->places);
	mem_free(w->role_ids);
	mem_free(w->bits);
	mem_free(w->assignments);
	mem_free(w->chains);
	mem_free(w->placed);
	mem_free(w->placed_bits);
	mem_free(w->group_starts);
	mem_free(w->group_outers);
	mem_free(w->groups);
	mem_free(w->group_ends);
	mem_free(w->governing);
	idmap_free(w->people);
	mem_free(w);
}

size_t world_faults(const struct world *w)
{
	return w->faults;
}

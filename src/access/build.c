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
	VEC(int64_t) roles;
	uint64_t *bits; /* as in the world; room for `bits_room` roles */
	size_t bits_room;
	struct idmap *role_places;
	VEC(struct assignment) assignments; /* `role` and the interval are found in world_build() */
	VEC(struct target) targets;         /* and this is where from, item by item */
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
	return b;
}

void world_builder_free(struct world_builder *b)
{
	if (!b)
		return;
	VEC_DONE(&b->nodes);
	VEC_DONE(&b->roles);
	VEC_DONE(&b->assignments);
	VEC_DONE(&b->targets);
	mem_free(b->bits);
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
static bool bits_grow(struct world_builder *b)
{
	size_t per_role = 2 * b->world->words, room = b->bits_room ? b->bits_room * 2 : 16, size;
	if (b->roles.count < b->bits_room)
		return true;
	if (__builtin_mul_overflow(room, per_role * sizeof *b->bits, &size))
		return false;
	uint64_t *bits = mem_grow(b->bits, size);
	if (!bits)
		return false;
	memset(bits + b->bits_room * per_role, 0, (room - b->bits_room) * per_role * sizeof *bits);
	b->bits = bits;
	b->bits_room = room;
	return true;
}

bool world_add_role(struct world_builder *b, int64_t role)
{
	int64_t there;
	if (idmap_get(b->role_places, role, &there))
		return true;
	if (!bits_grow(b) || !idmap_put(b->role_places, role, (int64_t)b->roles.count))
		return false;
	int64_t *r = VEC_ADD(&b->roles);
	if (r)
		*r = role;
	return r != NULL;
}

/* Patterns are matched here, once for all decisions. */
bool world_add_grant(struct world_builder *b, int64_t role, struct str pattern, bool own)
{
	const struct world *w = b->world;
	int64_t place;
	if (!idmap_get(b->role_places, role, &place))
		return true;
	uint64_t *set = b->bits + (2 * (size_t)place + own) * w->words;
	for (size_t i = 0; i < w->function_count; i++)
		if (function_matches(pattern, str_of(w->functions[i])))
			bit_set(set, i);
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

bool world_set_everyone(struct world_builder *b, int64_t role)
{
	b->everyone = role;
	return true;
}

/* --- the layout ------------------------------------------------------------------------------------ */

/* By place, so that intervals come sorted: an outer one before those it contains. */
static int by_person(const void *a, const void *b)
{
	const struct assignment *x = a, *y = b;
	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static bool lay_assignments(struct world_builder *b)
{
	struct world *w = b->world;
	size_t n = 0;
	w->assignments = mem_array(b->assignments.count + 1, sizeof *w->assignments);
	w->people = idmap_new();
	if (!w->assignments || !w->people)
		return false;
	for (size_t i = 0; i < b->assignments.count; i++) {
		struct assignment *a = &b->assignments.items[i];
		int64_t role;
		if (!a->person || !idmap_get(b->role_places, b->targets.items[i].role, &role) ||
		    !place_of(w, b->targets.items[i].entity, &a->first))
			continue;
		a->role = (uint32_t)role;
		a->last = w->ends[a->first];
		w->assignments[n++] = *a;
	}
	w->assignment_count = n;
	qsort(w->assignments, n, sizeof *w->assignments, by_person);
	for (size_t i = n; i-- > 0;)
		if (!idmap_put(w->people, w->assignments[i].person, (int64_t)i))
			return false;
	return true;
}

enum code world_build(struct world_builder *b, struct world **ret, struct error *e)
{
	struct world *w = b->world;
	bool good = tree_build(w, b->nodes.items, b->nodes.count) && lay_assignments(b);
	if (good) {
		w->role_count = b->roles.count;
		w->role_ids = TAKE(b->roles.items);
		w->bits = TAKE(b->bits);
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
	idmap_free(w->people);
	mem_free(w);
}

size_t world_faults(const struct world *w)
{
	return w->faults;
}

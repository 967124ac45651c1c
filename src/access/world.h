/* The world's inside: flat arrays, made once by build.c, read by decide.c and visible.c. */
#pragma once
#include "access/access.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include <stdatomic.h>

struct assignment {
	int64_t id, person, role_id, entity, from, until, ceiling;
	uint32_t role;        /* place in roles */
	uint32_t first, last; /* the entity's subtree, as places in preorder: [first, last) */
};

struct role {
	int64_t id;
	uint64_t *grants, *own; /* bit sets over functions */
};

struct world {
	_Atomic unsigned users;
	size_t function_count, words;
	char **functions;
	int64_t *order;        /* entity ids in preorder */
	uint32_t *ends;        /* by place: one past the last below it */
	size_t entity_count;
	struct idmap *places;  /* entity id → place */
	struct role *roles;
	size_t role_count;
	struct assignment *assignments; /* sorted by person */
	size_t assignment_count;
	struct idmap *people; /* person → first assignment */
	int64_t everyone;     /* place of everyone's role + 1, 0: none */
	size_t faults;
};

static inline bool bit_get(const uint64_t *set, unsigned bit)
{
	return set[bit / 64] >> (bit % 64) & 1;
}
static inline bool place_of(const struct world *w, int64_t entity, uint32_t *ret)
{
	int64_t place;
	if (!idmap_get(w->places, entity, &place))
		return false;
	*ret = (uint32_t)place;
	return true;
}
/* The assignments of a person: [*ret_first, *ret_end). */
void person_assignments(const struct world *w, int64_t person, size_t *ret_first, size_t *ret_end);
/* Did the token get this function? */
bool token_covers(const struct world *w, const struct subject *who, unsigned function);

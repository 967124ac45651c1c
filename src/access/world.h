/* The world's inside: flat arrays, made once by build.c and tree.c, read by decide.c and visible.c.
 * Entities stand in preorder, so that a subtree is an interval of places and "within" is two comparisons. */
#pragma once
#include "access/access.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include <stdatomic.h>

struct assignment { /* fits a cache line */
	int64_t id, person, from, until, ceiling;
	uint32_t role;        /* place in role_ids */
	uint32_t first, last; /* its entity's subtree: places [first, last) */
	uint32_t chain, depth; /* the delegations it came by: chains[chain … chain + depth); 0 deep: given directly */
	uint32_t origin;       /* place where the assignment stands that it came from; its own */
};

struct world {
	_Atomic unsigned users;
	size_t function_count;
	const char **functions;
	char *names; /* what they point into */

	size_t entity_count;
	int64_t *order;       /* entity ids in preorder */
	uint32_t *ends;       /* by place: one past the last below it */
	uint32_t *ranks;      /* by place: where its id stands in `sorted` */
	int64_t *sorted;      /* entity ids by size */
	struct idmap *places; /* entity id → place */
	size_t faults;

	size_t role_count, words; /* words: of a bit set over the functions */
	int64_t *role_ids;
	uint64_t *bits; /* by role: `words` of grants, then `words` of own */

	struct assignment *assignments; /* by person, then place, then id */
	size_t assignment_count;
	struct idmap *people; /* person → first assignment */
	int64_t everyone;     /* place of everyone's role, -1: none */
	int64_t *chains;      /* ids of delegations, chain after chain */

	struct placed *placed; /* by place; at one place the one that governs before the others */
	uint64_t *placed_bits; /* the functions of each: a row of words */
	size_t placed_count;
	uint32_t group_count;   /* placements that stand at one place are a group */
	uint32_t *group_starts; /* by group, and one past the last: its first placement */
	uint32_t *group_outers; /* by group: the next one above, NODE_NONE */
	uint32_t *groups;       /* by place: the nearest group, NODE_NONE; NULL: there are no placements */
	uint32_t *group_ends;   /* by place: up to where that stays the same */
	uint32_t *governing;    /* by group and function: the first placement to look at, in the group or above */
};

#define NODE_NONE UINT32_MAX

static inline bool bit_get(const uint64_t *set, size_t bit)
{
	return set[bit / 64] >> (bit % 64) & 1;
}
static inline void bit_set(uint64_t *set, size_t bit)
{
	set[bit / 64] |= UINT64_C(1) << (bit % 64);
}
static inline bool role_grants(const struct world *w, size_t role, size_t function)
{
	return bit_get(w->bits + 2 * role * w->words, function);
}
static inline bool role_grants_own(const struct world *w, size_t role, size_t function)
{
	return bit_get(w->bits + (2 * role + 1) * w->words, function);
}
static inline bool assignment_runs(const struct assignment *a, int64_t at)
{
	return at >= a->from && at < a->until;
}
static inline bool assignment_reaches(const struct assignment *a, uint32_t place)
{
	return place >= a->first && place < a->last;
}

/* --- place.c --- */
struct placed {
	int64_t id, from, until, ceiling;
	uint32_t place, group;
	uint32_t weight; /* of its pattern; the heavier governs */
	uint32_t row;    /* of its functions in `placed_bits`; while they are gathered, in the builder's */
	enum placement_mode mode;
};
#define GROUPS_MOST 65536 /* entities with placements of their own */
/* Lays out placements whose places are known; `bits` has a row for each. False when out of memory, or when there are more
 * than one table can hold: no world is better than one that lets through. */
bool placements_lay(struct world *w, const struct placed *items, size_t count, const uint64_t *bits);
/* What governs at a place; NULL: nothing. */
const struct placed *placement_of(const struct world *w, unsigned function, uint32_t place, int64_t at);
enum placement_mode placement_for(const struct placed *p, int64_t amount);
/* May the assignment be used where this governs? */
bool placement_lets(const struct world *w, const struct placed *p, const struct assignment *a, int64_t amount);

bool place_of(const struct world *w, int64_t entity, uint32_t *ret);
/* The assignments of a person: [*ret_first, *ret_end). */
void person_assignments(const struct world *w, int64_t person, size_t *ret_first, size_t *ret_end);
/* Was the token given this function? */
bool token_covers(const struct world *w, const struct subject *who, unsigned function);

/* --- tree.c --- */
struct node {
	int64_t id, parent_id;
	uint32_t parent;         /* places among the nodes sorted by id; NODE_NONE */
	uint32_t child, sibling; /* the first below it, the next beside it */
};
/* Fills the world's tree from nodes of any order; they are sorted and linked in place. False when out of memory. */
bool tree_build(struct world *w, struct node *nodes, size_t count);

/* --- delegate.c --- */
#define CHAIN_MOST 8            /* delegations in a chain */
#define DERIVED_MOST (1u << 20) /* grants that delegations make; more are not made, and counted as a fault */

#define DERIVED_EACH 256        /* of them for one person, none of which is part of another */

struct delegation {
	int64_t id, giver, taker, from, until, ceiling;
	size_t row;           /* of its functions in `bits` */
	uint32_t first, last; /* places */
	bool onward;          /* the taker may give it on */
};
struct delegations {
	struct delegation *items; /* those whose entity is known */
	size_t count;
	const uint64_t *bits;
	const uint32_t *ends; /* by place, of the world */
	VEC(int64_t) chains;
};
struct grant {
	struct assignment grant;
	uint32_t above; /* the grant it was made of; NODE_NONE: an assignment */
	uint32_t older; /* another of the same person, made before; NODE_NONE */
	bool onward;
};
struct grants {
	struct grant *items;
	size_t count, cap;
};
struct role_rows { /* sets of functions: those of the roles, then what delegations left of them */
	VEC(int64_t) ids;
	uint64_t *bits; /* as in the world; room for `room` rows */
	size_t room, words;
};
/* One more row, empty. */
bool role_rows_add(struct role_rows *rows, int64_t role, uint32_t *ret);
/* Adds to the assignments what delegations make of them. False when out of memory. */
bool delegations_resolve(struct delegations *d, struct role_rows *rows, struct grants *g, size_t *io_faults);

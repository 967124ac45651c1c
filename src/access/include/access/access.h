/* Who may do what, where. The world is an immutable snapshot of entity tree, roles and assignments;
 * decide() answers with its whole derivation, visible() gives the set of entities for lists. Pure: it is
 * built from plain rows, knows no SQL and no clock (`at` is passed in).
 *
 * Invariants: nothing is allowed without an assignment that covers it; archived or expired assignments cover
 * nothing; whoever holds by delegation holds no more than whoever gave it holds at that same moment; what a placement
 * keeps from an entity nobody holds by an assignment of that entity's own; a world never changes after world_build(). */
#pragma once
#include "base/error.h"

struct arena;
struct world;
struct world_builder;

/* --- building ----------------------------------------------------------------------------------- */
/* `functions`: names by dense index, as in the model; copied. Adding answers false when out of memory; the builder is
 * then only good for world_builder_free(). Order does not matter, except that the first of two equal ids wins. */
struct world_builder *world_builder_new(const char *const *functions, size_t count);
void world_builder_free(struct world_builder *b);
bool world_add_entity(struct world_builder *b, int64_t id, int64_t parent /* 0: a root */);
/* `grants`/`own`: patterns such as "device.*", given one by one; `own` ones hold only for records whose
 * owner is the caller. */
bool world_add_role(struct world_builder *b, int64_t role);
/* After its role; of a role that was not added it is passed over. */
bool world_add_grant(struct world_builder *b, int64_t role, struct str pattern, bool own);
/* `from`/`until` in microseconds, until itself is past it; until 0: open. The entity and all below it. ceiling -1:
 * none, else minor units in the organisation's currency. One to nobody (0) or of an unknown role or entity covers nothing. */
bool world_add_assignment(struct world_builder *b, int64_t id, int64_t person, int64_t role, int64_t entity,
			  int64_t from, int64_t until, int64_t ceiling);
/* What one person lets another do in their place: of what `giver` holds by assignments, or by delegations that let it be
 * given on (`onward`), the named functions, at `entity` and below, within the dates and under the ceiling; times and
 * ceiling as with assignments. Functions on own records stay with their owner. At most eight follow one another. */
struct delegation_row {
	int64_t id, giver, taker, entity, from, until, ceiling;
	bool onward;
};
bool world_add_delegation(struct world_builder *b, const struct delegation_row *row);
/* Patterns of functions, one by one, of the delegation added last. */
bool world_add_delegated(struct world_builder *b, struct str pattern);
/* Where a function is decided, for an entity and all below it. Of the placements that run and name the function the one
 * of the nearest entity governs; of several there the one with the longest pattern, then the strictest, then the least id.
 * Above its ceiling (minor units; -1: none) a function counts as central whatever its mode; times as with assignments.
 * A function that nothing governs is local. */
enum placement_mode {
	PLACED_LOCAL,     /* any assignment that reaches the entity suffices */
	PLACED_DELEGATED, /* one that stands where the placement stands or above, or a delegation chain that starts at one */
	PLACED_CENTRAL    /* one that stands where the placement stands or above, held by the person it was given to */
};
struct placement_row {
	int64_t id, entity, from, until, ceiling;
	enum placement_mode mode;
};
/* Of several patterns: once for each. */
bool world_add_placement(struct world_builder *b, const struct placement_row *row, struct str pattern);
/* Everybody who signs in has this role at every entity (own records, reference data), wherever a function is placed. */
bool world_set_everyone(struct world_builder *b, int64_t role);
/* Consumes the builder, also on failure (E_NOMEM). An entity whose parent is unknown becomes a root, and of a cycle
 * the one with the least id; world_faults() counts them. */
enum code world_build(struct world_builder *b, struct world **ret, struct error *e);
struct world *world_ref(struct world *w);
void world_unref(struct world *w);
size_t world_faults(const struct world *w);

/* --- the entity tree ---------------------------------------------------------------------------- */
bool world_entity_known(const struct world *w, int64_t entity);
/* Is `below` the same as `above` or under it? */
bool world_entity_within(const struct world *w, int64_t below, int64_t above);
/* `entity` and all below it, parents before children; the array lives as long as the world. */
void world_entity_subtree(const struct world *w, int64_t entity, const int64_t **ret, size_t *ret_count);

/* --- deciding ----------------------------------------------------------------------------------- */
/* Who asks. A token narrows what its person may do: `functions` (patterns, NULL-ended; NULL: no narrowing)
 * and `entity` (0: everywhere). `system` is the program itself (loading packs, jobs): everything is allowed. */
struct subject {
	int64_t person;
	const char *const *only;
	int64_t only_entity;
	bool system;
	bool direct; /* only what was assigned, not what was delegated, counts (who gives roles to others) */
};

struct resource { /* what it is about; zero values: nothing in particular */
	int64_t owner; /* person whose own record it is */
};

enum decision_reason {
	DECISION_ALLOWED,
	DECISION_NO_ASSIGNMENT, /* nobody gave this function */
	DECISION_ELSEWHERE,     /* held, but for other entities */
	DECISION_EXPIRED,       /* held once, or not yet */
	DECISION_CEILING,       /* amount above the ceiling */
	DECISION_NOT_OWN,       /* held for own records only */
	DECISION_PLACED,        /* held here, but the function is placed above: see `placement` */
	DECISION_TOKEN          /* the token was not given this */
};

/* "allowed", "no_assignment" …: stable, as the journal and the API have it. */
const char *decision_reason_name(enum decision_reason reason);
/* "local", "delegated", "central". */
const char *placement_mode_name(enum placement_mode mode);
/* By its name; false: there is none such. */
bool placement_mode_of(struct str name, enum placement_mode *ret);

/* The derivation, kept in the journal with the change. Of a refusal it names the assignment that came nearest to a
 * yes (with the highest ceiling, where that was the obstacle), if there is one. */
struct decision {
	bool allowed;
	enum decision_reason reason;
	int64_t assignment; /* 0: everyone's role, or the system */
	int64_t role;
	int64_t entity;     /* where the assignment stands */
	unsigned function;
	int64_t ceiling;    /* -1: none; the least along the chain */
	const int64_t *chain; /* delegations it came by, from the assignment's holder on; lives as long as the world */
	unsigned chain_count; /* 0: `assignment` is the person's own */
	int64_t placement;    /* what governs the function here; 0: nothing, it is local */
	enum placement_mode mode; /* as it is for this amount */
};

/* `amount` in minor units, -1: none. `resource` may be NULL. Never fails; millions a second per core. Thread-safe.
 * An entity the world does not know is nobody's, except for the system. */
struct decision decide(const struct world *w, int64_t at, const struct subject *who, unsigned function,
		       int64_t entity, const struct resource *resource, int64_t amount);

/* Where someone holds a function: at `all` entities or at `ids`; and for records whose owner is the caller, besides,
 * at every entity (`own`) or at `own_ids`. Minimal: what is in `ids` is not repeated in `own_ids`, and a list that
 * would name every entity is told as `all` or `own` instead. */
struct entity_set {
	bool all;               /* every entity: no row predicate needed */
	bool own;               /* own records, wherever they are */
	const int64_t *ids;     /* sorted */
	size_t count;
	const int64_t *own_ids; /* own records of these entities only; sorted */
	size_t own_count;
};
/* For lists: where `who` holds `function` at `at`; the same answer as decide() for each entity, owner or not, with no
 * amount. False when out of memory. */
bool visible(const struct world *w, int64_t at, const struct subject *who, unsigned function,
	     struct arena *arena, struct entity_set *ret);
/* Whoever's record it is: own ones do not count here. */
bool entity_set_has(const struct entity_set *s, int64_t entity);
/* The same of the caller's own records. */
bool entity_set_has_own(const struct entity_set *s, int64_t entity);
/* Nothing at all, not even own records? */
bool entity_set_empty(const struct entity_set *s);
/* Does `outer` contain all of `inner` (including own)? Both from the same world. */
bool entity_set_covers(const struct entity_set *outer, const struct entity_set *inner);

/* What governs a function at an entity; false: nothing does, or the entity is unknown. */
struct placement {
	int64_t id, entity, ceiling;
	enum placement_mode mode;
};
bool placement_at(const struct world *w, int64_t at, unsigned function, int64_t entity, struct placement *ret);

/* The people who hold `function` at `entity` (who could give what a refusal lacks), for any owner and up to some
 * ceiling; sorted, complete. Everyone's role names nobody in particular and is left out. */
bool holders(const struct world *w, int64_t at, unsigned function, int64_t entity, struct arena *arena,
	     int64_t **ret, size_t *ret_count);
/* Does anybody in particular? */
bool held(const struct world *w, int64_t at, unsigned function, int64_t entity);
/* Writes the derivation as the journal and the API show it. */
struct json_writer;
void decision_write(const struct world *w, const struct decision *d, struct json_writer *out);

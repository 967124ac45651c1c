/* The fast world against a slow, obvious oracle, over thousands of small random worlds made from a seed: the oracle keeps
 * the rows as they are and reads them from the start for every question. A failure names the seed to repeat it with. */
#include "access/access.h"
#include "base/arena.h"
#include "base/random.h"
#include "model/model.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define WORLDS 4000 /* a LONG=1 run: 250 times as many */
#define MOST 40
#define TIMES 10 /* times run from 0 to this */

static const char *const functions[] = { "a.read", "a.write", "b.read", "b.write", "b.pay", "c.read" };
#define FUNCTIONS (sizeof functions / sizeof *functions)
static const char *const patterns[] = { "*", "a.*", "b.*", "*.read", "*.write", "b.pay", "c.read", "none", "*.*" };
#define PATTERNS (sizeof patterns / sizeof *patterns)

struct rows {
	size_t entities, roles, grants, assignments, delegations, placements;
	struct {
		int64_t id, parent;
	} entity[MOST];
	int64_t role[MOST];
	struct {
		int64_t role;
		const char *pattern;
		bool own;
	} grant[MOST];
	struct {
		int64_t id, person, role, entity, from, until, ceiling;
	} assignment[MOST];
	struct {
		struct delegation_row row;
		const char *pattern;
	} delegation[MOST];
	struct {
		struct placement_row row;
		const char *pattern;
	} placement[MOST];
	int64_t everyone;
};

static int64_t pick(struct random_seeded *r, int64_t below)
{
	return (int64_t)random_below(r, (uint64_t)below);
}

/* Few ids, so that doubles, cycles and unknown ones come up; a third of the worlds are clean trees. */
static void make_rows(struct random_seeded *r, struct rows *rows)
{
	int64_t clean = pick(r, 3) == 0, ids = 1 + pick(r, MOST), roles = 1 + pick(r, 6), people = 1 + pick(r, 6);
	*rows = (struct rows){ .entities = (size_t)pick(r, MOST), .roles = (size_t)roles, .grants = (size_t)pick(r, 12),
			       .assignments = (size_t)pick(r, MOST), .everyone = pick(r, 3) ? 0 : 1 + pick(r, roles + 1) };
	for (size_t i = 0; i < rows->entities; i++) {
		rows->entity[i].id = clean ? (int64_t)i + 1 : 1 + pick(r, ids);
		rows->entity[i].parent = clean ? (i ? pick(r, (int64_t)i + 1) : 0) : pick(r, ids + 2);
	}
	for (size_t i = 0; i < rows->roles; i++)
		rows->role[i] = 1 + pick(r, roles);
	for (size_t i = 0; i < rows->grants; i++) {
		rows->grant[i].role = 1 + pick(r, roles);
		rows->grant[i].pattern = patterns[pick(r, PATTERNS)];
		rows->grant[i].own = pick(r, 2);
	}
	for (size_t i = 0; i < rows->assignments; i++) {
		rows->assignment[i].id = (int64_t)i + 1;
		rows->assignment[i].person = pick(r, people + 1);
		rows->assignment[i].role = 1 + pick(r, roles + 1);
		rows->assignment[i].entity = 1 + pick(r, clean ? (int64_t)rows->entities + 1 : ids);
		rows->assignment[i].from = pick(r, TIMES) - TIMES / 2;
		rows->assignment[i].until = pick(r, 2) ? 0 : pick(r, TIMES);
		rows->assignment[i].ceiling = pick(r, 2) ? -1 : pick(r, 5);
	}
	rows->delegations = (size_t)pick(r, 15);
	for (size_t i = 0; i < rows->delegations; i++) {
		rows->delegation[i].row = (struct delegation_row){
			.id = 1000 + (int64_t)i, .giver = pick(r, people + 1), .taker = pick(r, people + 2),
			.entity = pick(r, 3) ? 1 : 1 + pick(r, MOST), .from = pick(r, TIMES) - TIMES, .until = pick(r, 3) ? 0 : pick(r, TIMES),
			.ceiling = pick(r, 3) ? -1 : pick(r, 5), .onward = pick(r, 3) };
		rows->delegation[i].pattern = pick(r, 3) ? "*" : patterns[pick(r, PATTERNS)];
	}
	rows->placements = pick(r, 3) ? (size_t)pick(r, 12) : 0;
	for (size_t i = 0; i < rows->placements; i++) {
		rows->placement[i].row = (struct placement_row){
			.id = 2000 + (int64_t)i, .entity = pick(r, 3) ? 1 + pick(r, 4) : 1 + pick(r, MOST), .from = pick(r, TIMES) - TIMES,
			.until = pick(r, 3) ? 0 : pick(r, TIMES), .ceiling = pick(r, 2) ? -1 : pick(r, 5), .mode = (enum placement_mode)pick(r, 3) };
		rows->placement[i].pattern = patterns[pick(r, PATTERNS)];
	}
}

/* Everything at all times without ceilings: what differs is only who stands where, and what was given on. */
static void make_plain(struct rows *rows)
{
	for (size_t i = 0; i < rows->grants; i++)
		rows->grant[i].pattern = "*";
	for (size_t i = 0; i < rows->assignments; i++) {
		rows->assignment[i].from = -TIMES;
		rows->assignment[i].until = 0;
		rows->assignment[i].ceiling = -1;
		rows->assignment[i].role = rows->grants ? rows->grant[0].role : 1;
	}
	rows->assignments = rows->assignments > 4 ? 4 : rows->assignments; /* or everybody holds everything */
	for (size_t i = 0; i < rows->delegations; i++) {
		rows->delegation[i].pattern = "*";
		rows->delegation[i].row.from = -TIMES;
		rows->delegation[i].row.until = 0;
		rows->delegation[i].row.ceiling = -1;
		if (rows->assignments) /* so that what is given on lies within what the taker holds */
			rows->delegation[i].row.entity = rows->assignment[i % rows->assignments].entity;
	}
	for (size_t i = 0; i < rows->placements; i++)
		rows->placement[i].row.until = 0;
	rows->everyone = 0;
}

static struct world *build(const struct rows *rows)
{
	struct world_builder *b = world_builder_new(functions, FUNCTIONS);
	struct world *w = NULL;
	for (size_t i = 0; i < rows->entities; i++)
		world_add_entity(b, rows->entity[i].id, rows->entity[i].parent);
	for (size_t i = 0; i < rows->roles; i++)
		world_add_role(b, rows->role[i]);
	for (size_t i = 0; i < rows->grants; i++)
		world_add_grant(b, rows->grant[i].role, str_of(rows->grant[i].pattern), rows->grant[i].own);
	for (size_t i = 0; i < rows->assignments; i++)
		world_add_assignment(b, rows->assignment[i].id, rows->assignment[i].person, rows->assignment[i].role,
				     rows->assignment[i].entity, rows->assignment[i].from, rows->assignment[i].until,
				     rows->assignment[i].ceiling);
	for (size_t i = 0; i < rows->delegations; i++) {
		world_add_delegation(b, &rows->delegation[i].row);
		world_add_delegated(b, str_of(rows->delegation[i].pattern));
	}
	for (size_t i = 0; i < rows->placements; i++)
		world_add_placement(b, &rows->placement[i].row, str_of(rows->placement[i].pattern));
	world_set_everyone(b, rows->everyone);
	assert_int_equal(world_build(b, &w, NULL), OK);
	return w;
}

/* --- the oracle ------------------------------------------------------------------------------------ */

static bool known(const struct rows *rows, int64_t entity)
{
	for (size_t i = 0; i < rows->entities; i++)
		if (rows->entity[i].id == entity)
			return true;
	return false;
}

static int64_t parent_row(const struct rows *rows, int64_t entity)
{
	for (size_t i = 0; i < rows->entities; i++)
		if (rows->entity[i].id == entity)
			return known(rows, rows->entity[i].parent) ? rows->entity[i].parent : 0;
	return 0;
}

/* The parent, with each cycle cut at its least id. */
static int64_t parent_of(const struct rows *rows, int64_t entity)
{
	int64_t at = parent_row(rows, entity), least = entity;
	for (size_t steps = 0; at && steps <= rows->entities; steps++, at = parent_row(rows, at)) {
		if (at == entity)
			return least == entity ? 0 : parent_row(rows, entity);
		least = at < least ? at : least;
	}
	return parent_row(rows, entity);
}

static bool within(const struct rows *rows, int64_t below, int64_t above)
{
	if (!known(rows, below) || !known(rows, above))
		return false;
	for (; below; below = parent_of(rows, below))
		if (below == above)
			return true;
	return false;
}

static bool role_known(const struct rows *rows, int64_t role)
{
	for (size_t i = 0; i < rows->roles; i++)
		if (rows->role[i] == role)
			return true;
	return false;
}

static bool role_gives(const struct rows *rows, int64_t role, unsigned function, bool own)
{
	for (size_t i = 0; role_known(rows, role) && i < rows->grants; i++)
		if (rows->grant[i].role == role && rows->grant[i].own == own &&
		    function_matches(str_of(rows->grant[i].pattern), str_of(functions[function])))
			return true;
	return false;
}

static bool token_lets(const struct rows *rows, const struct subject *who, unsigned function, int64_t entity)
{
	bool named = !who->only;
	for (size_t i = 0; who->only && who->only[i]; i++)
		named |= function_matches(str_of(who->only[i]), str_of(functions[function]));
	return named && (!who->only_entity || within(rows, entity, who->only_entity));
}

struct question {
	int64_t at, entity, amount;
	unsigned function;
	bool own;
};

/* --- what governs: from the entity upwards, at each the best of the rows that stand there ------------- */

static bool better(const struct rows *rows, size_t a, size_t b)
{
	const char *x = rows->placement[a].pattern, *y = rows->placement[b].pattern;
	bool x_name = !strchr(x, '*'), y_name = !strchr(y, '*');
	if (x_name != y_name)
		return x_name;
	if (!x_name && strlen(x) != strlen(y))
		return strlen(x) > strlen(y);
	if (rows->placement[a].row.mode != rows->placement[b].row.mode)
		return rows->placement[a].row.mode > rows->placement[b].row.mode;
	return rows->placement[a].row.id < rows->placement[b].row.id;
}

static int governing(const struct rows *rows, const struct question *q)
{
	for (int64_t e = known(rows, q->entity) ? q->entity : 0; e; e = parent_of(rows, e)) {
		int best = -1;
		for (size_t i = 0; i < rows->placements; i++) {
			const struct placement_row *p = &rows->placement[i].row;
			if (p->entity == e && p->from <= q->at && (!p->until || q->at < p->until) &&
			    function_matches(str_of(rows->placement[i].pattern), str_of(functions[q->function])) &&
			    (best < 0 || better(rows, i, (size_t)best)))
				best = (int)i;
		}
		if (best >= 0)
			return best;
	}
	return -1;
}

static enum placement_mode mode_for(const struct placement_row *p, int64_t amount)
{
	return p->ceiling >= 0 && amount > p->ceiling ? PLACED_CENTRAL : p->mode;
}

/* May authority that began at `standing` be used, given on or not? */
static bool placed_here(const struct rows *rows, const struct question *q, int64_t standing, bool given_on)
{
	int i = governing(rows, q);
	if (i < 0 || mode_for(&rows->placement[i].row, q->amount) == PLACED_LOCAL)
		return true;
	if (given_on && mode_for(&rows->placement[i].row, q->amount) == PLACED_CENTRAL)
		return false;
	return within(rows, rows->placement[i].row.entity, standing);
}

static bool assignment_gives(const struct rows *rows, size_t i, const struct question *q)
{
	int64_t role = rows->assignment[i].role;
	return rows->assignment[i].from <= q->at && (!rows->assignment[i].until || q->at < rows->assignment[i].until) &&
	       within(rows, q->entity, rows->assignment[i].entity) &&
	       (role_gives(rows, role, q->function, false) || (q->own && role_gives(rows, role, q->function, true))) &&
	       (rows->assignment[i].ceiling < 0 || q->amount <= rows->assignment[i].ceiling);
}

static bool delegation_gives(const struct rows *rows, size_t i, const struct question *q)
{
	const struct delegation_row *d = &rows->delegation[i].row;
	return d->from <= q->at && (!d->until || q->at < d->until) && within(rows, q->entity, d->entity) &&
	       function_matches(str_of(rows->delegation[i].pattern), str_of(functions[q->function])) &&
	       (d->ceiling < 0 || q->amount <= d->ceiling);
}

/* Whatever stands on a chain was held before: each person is asked once on the way up (bit set `asked`). */
static bool may_delegate(const struct rows *rows, int64_t person, const struct question *q, unsigned asked)
{
	struct question full = *q;
	full.own = false;
	for (size_t i = 0; i < rows->assignments; i++)
		if (rows->assignment[i].person == person && assignment_gives(rows, i, &full) &&
		    placed_here(rows, q, rows->assignment[i].entity, true))
			return true;
	for (size_t i = 0; i < rows->delegations; i++) {
		const struct delegation_row *d = &rows->delegation[i].row;
		if (d->taker == person && d->onward && d->giver && !(asked >> d->giver & 1) && delegation_gives(rows, i, q) &&
		    may_delegate(rows, d->giver, q, asked | 1u << d->giver))
			return true;
	}
	return false;
}

static bool by_delegation(const struct rows *rows, int64_t person, const struct question *q)
{
	for (size_t i = 0; i < rows->delegations; i++) {
		const struct delegation_row *d = &rows->delegation[i].row;
		if (d->taker == person && d->giver && d->giver != person && delegation_gives(rows, i, q) &&
		    may_delegate(rows, d->giver, q, 1u << person | 1u << d->giver))
			return true;
	}
	return false;
}

static bool may(const struct rows *rows, const struct subject *who, const struct question *q)
{
	if (who->system)
		return true;
	if (!who->person || !known(rows, q->entity) || !token_lets(rows, who, q->function, q->entity))
		return false;
	if (rows->everyone && (role_gives(rows, rows->everyone, q->function, false) ||
			       (q->own && role_gives(rows, rows->everyone, q->function, true))))
		return true;
	for (size_t i = 0; i < rows->assignments; i++)
		if (rows->assignment[i].person == who->person && assignment_gives(rows, i, q) &&
		    placed_here(rows, q, rows->assignment[i].entity, false))
			return true;
	return !who->direct && by_delegation(rows, who->person, q);
}

/* --- the questions --------------------------------------------------------------------------------- */

struct trial {
	uint64_t seed;
	const struct rows *rows;
	const struct world *world;
	struct random_seeded *random;
	struct arena *arena;
};

static struct subject make_subject(struct trial *t, const char *only[3])
{
	struct random_seeded *r = t->random;
	struct subject who = { .person = pick(r, 8), .system = pick(r, 40) == 0, .direct = pick(r, 6) == 0 };
	only[0] = pick(r, 3) ? patterns[pick(r, PATTERNS)] : NULL;
	only[1] = only[0] && pick(r, 2) ? patterns[pick(r, PATTERNS)] : NULL;
	only[2] = NULL;
	if (pick(r, 3) == 0)
		who.only = only;
	if (pick(r, 3) == 0)
		who.only_entity = 1 + pick(r, MOST);
	return who;
}

/* From the assignment's holder to who asks, each link by itself good now and, but the last, to be given on. */
static void check_chain(struct trial *t, const struct decision *d, const struct subject *who, const struct question *q)
{
	int64_t holder = t->rows->assignment[d->assignment - 1].person;
	for (unsigned i = 0; i < d->chain_count; i++) {
		size_t n = (size_t)d->chain[i] - 1000;
		const struct delegation_row *link = &t->rows->delegation[n].row;
		if (link->giver != holder || !delegation_gives(t->rows, n, q) || (i + 1 < d->chain_count && !link->onward))
			fail_msg("seed %llu: chain", (unsigned long long)t->seed);
		holder = link->taker;
	}
	if (holder != who->person || (who->direct && d->chain_count))
		fail_msg("seed %llu: another's assignment", (unsigned long long)t->seed);
	if (d->ceiling >= 0 && q->amount > d->ceiling)
		fail_msg("seed %llu: ceiling of a chain", (unsigned long long)t->seed);
}

static void check_decide(struct trial *t)
{
	const char *only[3];
	struct subject who = make_subject(t, only);
	struct question q = { pick(t->random, TIMES) - 2, pick(t->random, MOST + 2), pick(t->random, 7) - 1,
			      (unsigned)pick(t->random, FUNCTIONS), false };
	struct resource resource = { pick(t->random, 3) ? who.person : pick(t->random, 8) };
	q.own = resource.owner && resource.owner == who.person;
	struct decision d = decide(t->world, q.at, &who, q.function, q.entity, &resource, q.amount);
	if (d.allowed != may(t->rows, &who, &q) || d.allowed != (d.reason == DECISION_ALLOWED))
		fail_msg("seed %llu: decide", (unsigned long long)t->seed);
	/* the derivation must be one that allows by itself */
	if (d.allowed && d.assignment && (!assignment_gives(t->rows, (size_t)d.assignment - 1, &q) ||
					  !placed_here(t->rows, &q, t->rows->assignment[d.assignment - 1].entity, d.chain_count)))
		fail_msg("seed %llu: derivation", (unsigned long long)t->seed);
	if (d.allowed && d.assignment)
		check_chain(t, &d, &who, &q);
	int placed = governing(t->rows, &q);
	struct placement p = { 0 };
	bool governed = placement_at(t->world, q.at, q.function, q.entity, &p);
	if (governed != (placed >= 0) || (governed && p.id != t->rows->placement[placed].row.id))
		fail_msg("seed %llu: what governs", (unsigned long long)t->seed);
	/* a token learns nothing, the program needs nothing */
	if (governed && who.person && !who.system && d.reason != DECISION_TOKEN &&
	    (d.placement != p.id || d.mode != mode_for(&t->rows->placement[placed].row, q.amount)))
		fail_msg("seed %llu: placement of the derivation", (unsigned long long)t->seed);
}

static bool sorted(const int64_t *ids, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (ids[i - 1] >= ids[i])
			return false;
	return true;
}

/* Every entity with and without owner: the list says what the oracle and decide() say. */
static void check_visible(struct trial *t, struct entity_set *set, bool full[MOST + 2], bool own[MOST + 2])
{
	const char *only[3];
	struct subject who = make_subject(t, only);
	struct question q = { .at = pick(t->random, TIMES) - 2, .function = (unsigned)pick(t->random, FUNCTIONS), .amount = -1 };
	bool every = t->rows->entities > 0, every_own = every;
	assert_true(visible(t->world, q.at, &who, q.function, t->arena, set));
	bool good = sorted(set->ids, set->count) && sorted(set->own_ids, set->own_count);
	for (q.entity = 1; q.entity < MOST + 2; q.entity++) {
		full[q.entity] = own[q.entity] = false;
		if (!known(t->rows, q.entity)) {
			good &= set->all || !entity_set_has(set, q.entity);
			continue;
		}
		q.own = false;
		full[q.entity] = may(t->rows, &who, &q);
		q.own = true;
		own[q.entity] = may(t->rows, &who, &q);
		struct resource mine = { who.person };
		good &= entity_set_has(set, q.entity) == full[q.entity] && entity_set_has_own(set, q.entity) == own[q.entity];
		good &= decide(t->world, q.at, &who, q.function, q.entity, NULL, -1).allowed == full[q.entity];
		good &= !who.person ||
			decide(t->world, q.at, &who, q.function, q.entity, &mine, -1).allowed == own[q.entity];
		every &= full[q.entity];
		every_own &= own[q.entity];
	}
	good &= who.system || (set->all == every && set->own == (every_own && !every));
	good &= !set->all || (!set->count && !set->own_count && !set->own);
	if (!good)
		fail_msg("seed %llu: visible", (unsigned long long)t->seed);
}

static void check_covers(struct trial *t)
{
	struct entity_set set[2];
	bool full[2][MOST + 2], own[2][MOST + 2], inside = true;
	for (int i = 0; i < 2; i++)
		check_visible(t, &set[i], full[i], own[i]);
	for (int64_t e = 1; e < MOST + 2; e++)
		inside &= (full[0][e] || !full[1][e]) && (own[0][e] || !own[1][e]);
	if (t->rows->entities && entity_set_covers(&set[0], &set[1]) != inside)
		fail_msg("seed %llu: covers", (unsigned long long)t->seed);
}

static void check_holders(struct trial *t)
{
	struct question q = { pick(t->random, TIMES) - 2, pick(t->random, MOST + 2), -1, (unsigned)pick(t->random, FUNCTIONS), false };
	struct rows rows = *t->rows;
	int64_t *people;
	size_t count, n = 0;
	rows.everyone = 0;
	assert_true(holders(t->world, q.at, q.function, q.entity, t->arena, &people, &count));
	for (int64_t person = 1; person < 10; person++)
		if (may(&rows, &(struct subject){ person }, &q) && (n >= count || people[n++] != person))
			fail_msg("seed %llu: holders", (unsigned long long)t->seed);
	assert_int_equal(n, count);
	assert_int_equal(held(t->world, q.at, q.function, q.entity), count > 0);
}

static void check_tree(struct trial *t)
{
	for (int64_t above = 0; above < MOST + 2; above++) {
		const int64_t *below;
		size_t count, n = 0;
		world_entity_subtree(t->world, above, &below, &count);
		for (int64_t e = 0; e < MOST + 2; e++) {
			bool is = within(t->rows, e, above);
			n += is;
			if (world_entity_within(t->world, e, above) != is || world_entity_known(t->world, e) != known(t->rows, e))
				fail_msg("seed %llu: tree", (unsigned long long)t->seed);
		}
		assert_int_equal(n, count);
	}
}

static void random_test(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const char *more = getenv("LONG");
	uint64_t worlds = more && *more ? 250 * WORLDS : WORLDS;
	for (uint64_t seed = 1; seed <= worlds; seed++) {
		struct random_seeded random;
		struct rows rows;
		random_seed(&random, seed);
		make_rows(&random, &rows);
		if (seed % 4 == 0)
			make_plain(&rows);
		struct world *w = build(&rows);
		struct trial t = { seed, &rows, w, &random, arena };
		check_tree(&t);
		for (int i = 0; i < 40; i++)
			check_decide(&t);
		for (int i = 0; i < 4; i++) {
			check_covers(&t);
			check_holders(&t);
		}
		arena_reset(arena);
		world_unref(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(random_test) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

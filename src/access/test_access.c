/* The rules of access told as tables over one small organisation: every reason, every way to narrow, trees that are
 * wrong, and what is written down. Neighbours: test_access_random.c holds the fast code to a slow oracle. */
#include "access/access.h"
#include "base/arena.h"
#include "base/json_write.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/*  1 house            9 annexe
 *  ├ 2 north          └ 10 store
 *  │ ├ 4 desk
 *  │ └ 5 bureau ─ 6 counter
 *  └ 3 south                                                                                              */
enum { HOUSE = 1, NORTH, SOUTH, DESK, BUREAU, COUNTER, ANNEXE = 9, STORE };
static const int64_t tree[][2] = { { STORE, ANNEXE }, { COUNTER, BUREAU }, { HOUSE, 0 },	 { NORTH, HOUSE }, { SOUTH, HOUSE },
				   { DESK, NORTH },   { BUREAU, NORTH },   { ANNEXE, 0 },	 { NORTH, ANNEXE } /* a double */ };

enum function { READ, UPDATE, WRITE_OFF, TASK_READ, TASK_UPDATE, PAY, FUNCTIONS };
static const char *const functions[FUNCTIONS] = { "device.read", "device.update", "device.write_off",
						  "task.read",	 "task.update",	  "purchase.pay" };

enum { STEWARD = 100, READER, BUYER, OWNER, EVERYONE };
enum { ADA = 1000, BEN, CYD, DAN, EVE };

static const struct {
	int64_t id, person, role, entity, from, until, ceiling;
} assignments[] = {
	{ 1, ADA, STEWARD, NORTH, 0, 0, -1 },	  { 2, BEN, READER, HOUSE, 0, 0, -1 },
	{ 3, BEN, STEWARD, COUNTER, 100, 200, -1 }, { 4, CYD, BUYER, HOUSE, 0, 0, 500 },
	{ 5, CYD, BUYER, SOUTH, 0, 0, 9000 },	  { 6, DAN, OWNER, NORTH, 0, 0, -1 },
	{ 7, DAN, BUYER, DESK, 0, 300, 10 },	  { 8, ADA, 999 /* no such role */, ANNEXE, 0, 0, -1 },
	{ 9, ADA, STEWARD, 777 /* no such entity */, 0, 0, -1 }, { 10, 0, STEWARD, HOUSE, 0, 0, -1 },
};

static struct world *make(void)
{
	struct world_builder *b = world_builder_new(functions, FUNCTIONS);
	struct world *w = NULL;
	for (size_t i = 0; i < sizeof tree / sizeof *tree; i++)
		assert_true(world_add_entity(b, tree[i][0], tree[i][1]));
	for (int64_t role = STEWARD; role <= EVERYONE; role++)
		assert_true(world_add_role(b, role));
	assert_true(world_add_grant(b, STEWARD, STR("device.*"), false));
	assert_true(world_add_grant(b, READER, STR("*.read"), false));
	assert_true(world_add_grant(b, BUYER, STR("purchase.pay"), false));
	assert_true(world_add_grant(b, OWNER, STR("device.update"), true));
	assert_true(world_add_grant(b, EVERYONE, STR("task.*"), true));
	assert_true(world_add_grant(b, EVERYONE, STR("task.read"), false));
	assert_true(world_add_grant(b, 555 /* no such role */, STR("*"), false));
	assert_true(world_add_role(b, STEWARD)); /* again: changes nothing */
	for (size_t i = 0; i < sizeof assignments / sizeof *assignments; i++)
		assert_true(world_add_assignment(b, assignments[i].id, assignments[i].person, assignments[i].role,
						 assignments[i].entity, assignments[i].from, assignments[i].until,
						 assignments[i].ceiling));
	assert_true(world_set_everyone(b, EVERYONE));
	assert_int_equal(world_build(b, &w, NULL), OK);
	assert_int_equal(world_faults(w), 0);
	return w;
}

static const char *const only_devices[] = { "device.*", NULL }, *const only_read[] = { "*.read", "purchase.pay", NULL },
			 *const only_nothing[] = { NULL }, *const only_all[] = { "*", NULL };

#define YES DECISION_ALLOWED
static const struct decide_case {
	const char *what;
	struct subject who;
	enum function function;
	int64_t at, entity, owner, amount;
	enum decision_reason reason;
	int64_t assignment, role, standing, ceiling; /* the derivation */
} decide_cases[] = {
	{ "where it stands", { ADA }, UPDATE, 50, NORTH, 0, -1, YES, 1, STEWARD, NORTH, -1 },
	{ "far below", { ADA }, WRITE_OFF, 50, COUNTER, 0, -1, YES, 1, STEWARD, NORTH, -1 },
	{ "above", { ADA }, UPDATE, 50, HOUSE, 0, -1, DECISION_ELSEWHERE, 1, STEWARD, NORTH, -1 },
	{ "beside", { ADA }, UPDATE, 50, SOUTH, 0, -1, DECISION_ELSEWHERE, 1, STEWARD, NORTH, -1 },
	{ "in another tree", { ADA }, UPDATE, 50, STORE, 0, -1, DECISION_ELSEWHERE, 1, STEWARD, NORTH, -1 },
	{ "not in the role", { ADA }, PAY, 50, NORTH, 0, -1, DECISION_NO_ASSIGNMENT, 0, 0, 0, -1 },
	{ "a stranger", { EVE }, READ, 50, NORTH, 0, -1, DECISION_NO_ASSIGNMENT, 0, 0, 0, -1 },
	{ "nobody", { 0 }, READ, 50, NORTH, 0, -1, DECISION_NO_ASSIGNMENT, 0, 0, 0, -1 },
	{ "nobody and everyone's role", { 0 }, TASK_READ, 50, NORTH, 0, -1, DECISION_NO_ASSIGNMENT, 0, 0, 0, -1 },
	{ "an unknown entity", { ADA }, UPDATE, 50, 777, 0, -1, DECISION_NO_ASSIGNMENT, 0, 0, 0, -1 },
	{ "no entity", { ADA }, UPDATE, 50, 0, 0, -1, DECISION_NO_ASSIGNMENT, 0, 0, 0, -1 },

	{ "not yet", { BEN }, UPDATE, 99, COUNTER, 0, -1, DECISION_EXPIRED, 3, STEWARD, COUNTER, -1 },
	{ "from the first moment", { BEN }, UPDATE, 100, COUNTER, 0, -1, YES, 3, STEWARD, COUNTER, -1 },
	{ "to the last", { BEN }, UPDATE, 199, COUNTER, 0, -1, YES, 3, STEWARD, COUNTER, -1 },
	{ "past it", { BEN }, UPDATE, 200, COUNTER, 0, -1, DECISION_EXPIRED, 3, STEWARD, COUNTER, -1 },
	{ "past it and elsewhere", { BEN }, UPDATE, 200, DESK, 0, -1, DECISION_ELSEWHERE, 3, STEWARD, COUNTER, -1 },
	{ "two that allow: the outer one", { BEN }, READ, 150, COUNTER, 0, -1, YES, 2, READER, HOUSE, -1 },
	{ "the time before time", { ADA }, UPDATE, -1, NORTH, 0, -1, DECISION_EXPIRED, 1, STEWARD, NORTH, -1 },

	{ "no amount in question", { CYD }, PAY, 50, NORTH, 0, -1, YES, 4, BUYER, HOUSE, 500 },
	{ "at the ceiling", { CYD }, PAY, 50, NORTH, 0, 500, YES, 4, BUYER, HOUSE, 500 },
	{ "above it", { CYD }, PAY, 50, NORTH, 0, 501, DECISION_CEILING, 4, BUYER, HOUSE, 500 },
	{ "above one, under the other", { CYD }, PAY, 50, SOUTH, 0, 501, YES, 5, BUYER, SOUTH, 9000 },
	{ "above both: the higher is told", { CYD }, PAY, 50, SOUTH, 0, 9001, DECISION_CEILING, 5, BUYER, SOUTH, 9000 },
	{ "a ceiling of old", { DAN }, PAY, 300, DESK, 0, 5, DECISION_EXPIRED, 7, BUYER, DESK, 10 },
	{ "nothing costs nothing", { DAN }, PAY, 299, DESK, 0, 0, YES, 7, BUYER, DESK, 10 },

	{ "an own record", { DAN }, UPDATE, 50, BUREAU, DAN, -1, YES, 6, OWNER, NORTH, -1 },
	{ "another's", { DAN }, UPDATE, 50, BUREAU, ADA, -1, DECISION_NOT_OWN, 6, OWNER, NORTH, -1 },
	{ "nobody's", { DAN }, UPDATE, 50, BUREAU, 0, -1, DECISION_NOT_OWN, 6, OWNER, NORTH, -1 },
	{ "an own record elsewhere", { DAN }, UPDATE, 50, SOUTH, DAN, -1, DECISION_ELSEWHERE, 6, OWNER, NORTH, -1 },
	{ "an own record, function not given", { DAN }, WRITE_OFF, 50, BUREAU, DAN, -1, DECISION_NO_ASSIGNMENT, 0, 0, 0, -1 },

	{ "everyone", { EVE }, TASK_READ, 50, STORE, 0, -1, YES, 0, EVERYONE, 0, -1 },
	{ "everyone, own", { EVE }, TASK_UPDATE, 50, STORE, EVE, -1, YES, 0, EVERYONE, 0, -1 },
	{ "everyone, another's", { EVE }, TASK_UPDATE, 50, STORE, ADA, -1, DECISION_NOT_OWN, 0, EVERYONE, 0, -1 },
	{ "everyone, at an unknown entity", { EVE }, TASK_READ, 50, 777, 0, -1, DECISION_NO_ASSIGNMENT, 0, 0, 0, -1 },
	{ "everyone and an assignment of one's own", { BEN }, TASK_READ, 50, DESK, 0, -1, YES, 2, READER, HOUSE, -1 },

	{ "token with the function", { ADA, only_devices }, UPDATE, 50, DESK, 0, -1, YES, 1, STEWARD, NORTH, -1 },
	{ "token without", { ADA, only_read }, UPDATE, 50, DESK, 0, -1, DECISION_TOKEN, 0, 0, 0, -1 },
	{ "token gives nothing by itself", { EVE, only_all }, UPDATE, 50, DESK, 0, -1, DECISION_NO_ASSIGNMENT, 0, 0, 0, -1 },
	{ "token with nothing", { ADA, only_nothing }, UPDATE, 50, DESK, 0, -1, DECISION_TOKEN, 0, 0, 0, -1 },
	{ "token's second pattern", { CYD, only_read }, PAY, 50, DESK, 0, -1, YES, 4, BUYER, HOUSE, 500 },
	{ "token held to an entity, there", { ADA, NULL, BUREAU }, UPDATE, 50, BUREAU, 0, -1, YES, 1, STEWARD, NORTH, -1 },
	{ "below it", { ADA, NULL, BUREAU }, UPDATE, 50, COUNTER, 0, -1, YES, 1, STEWARD, NORTH, -1 },
	{ "above it", { ADA, NULL, BUREAU }, UPDATE, 50, NORTH, 0, -1, DECISION_TOKEN, 0, 0, 0, -1 },
	{ "wider than the assignment", { ADA, NULL, HOUSE }, UPDATE, 50, SOUTH, 0, -1, DECISION_ELSEWHERE, 1, STEWARD, NORTH, -1 },
	{ "held to an unknown entity", { ADA, NULL, 777 }, UPDATE, 50, NORTH, 0, -1, DECISION_TOKEN, 0, 0, 0, -1 },
	{ "narrows everyone's role too", { EVE, NULL, SOUTH }, TASK_READ, 50, NORTH, 0, -1, DECISION_TOKEN, 0, 0, 0, -1 },

	{ "the program", { .system = true }, PAY, 50, STORE, 0, INT64_MAX, YES, 0, 0, 0, -1 },
	{ "the program, anywhere", { .system = true }, PAY, 50, 777, 0, -1, YES, 0, 0, 0, -1 },
	{ "no such function", { ADA }, FUNCTIONS, 50, NORTH, 0, -1, DECISION_NO_ASSIGNMENT, 0, 0, 0, -1 },
};

static void decide_test(void **state)
{
	struct world *w = make();
	for (size_t i = 0; i < sizeof decide_cases / sizeof *decide_cases; i++) {
		const struct decide_case *c = &decide_cases[i];
		struct resource resource = { c->owner };
		struct decision d = decide(w, c->at, &c->who, c->function, c->entity, c->owner ? &resource : NULL, c->amount);
		bool good = d.reason == c->reason && d.allowed == (c->reason == YES) && d.assignment == c->assignment &&
			    d.role == c->role && d.entity == c->standing && d.ceiling == c->ceiling &&
			    d.function == (unsigned)c->function;
		if (!good)
			fail_msg("%s: %s by %lld", c->what, decision_reason_name(d.reason), (long long)d.assignment);
	}
	world_unref(w);
}

/* Lists end with 0. */
static const struct visible_case {
	const char *what;
	struct subject who;
	enum function function;
	int64_t at;
	bool all, own;
	int64_t ids[9], own_ids[9];
} visible_cases[] = {
	{ "one subtree", { ADA }, UPDATE, 50, false, false, { NORTH, DESK, BUREAU, COUNTER } },
	{ "nested: told once", { BEN }, READ, 150, false, false, { HOUSE, NORTH, SOUTH, DESK, BUREAU, COUNTER } },
	{ "only while it runs", { BEN }, UPDATE, 150, false, false, { COUNTER } },
	{ "not before", { BEN }, UPDATE, 99, false, false },
	{ "ceilings do not hide", { DAN }, PAY, 50, false, false, { DESK } },
	{ "own within", { DAN }, UPDATE, 50, false, false, { 0 }, { NORTH, DESK, BUREAU, COUNTER } },
	{ "own everywhere", { EVE }, TASK_UPDATE, 50, false, true },
	{ "everyone, everywhere", { EVE }, TASK_READ, 50, true, false },
	{ "nothing", { EVE }, UPDATE, 50, false, false },
	{ "nobody", { 0 }, TASK_READ, 50, false, false },
	{ "no such function", { ADA }, FUNCTIONS, 50, false, false },
	{ "the program", { .system = true }, UPDATE, 50, true, false },
	{ "a token without the function", { ADA, only_read }, UPDATE, 50, false, false },
	{ "a token held below", { ADA, NULL, BUREAU }, UPDATE, 50, false, false, { BUREAU, COUNTER } },
	{ "a token held above", { ADA, NULL, HOUSE }, UPDATE, 50, false, false, { NORTH, DESK, BUREAU, COUNTER } },
	{ "a token held beside", { ADA, NULL, SOUTH }, UPDATE, 50, false, false },
	{ "a token held nowhere", { ADA, NULL, 777 }, UPDATE, 50, false, false },
	{ "a token cuts `all`", { EVE, NULL, ANNEXE }, TASK_READ, 50, false, false, { ANNEXE, STORE } },
	{ "a token cuts `own`", { EVE, NULL, ANNEXE }, TASK_UPDATE, 50, false, false, { 0 }, { ANNEXE, STORE } },
	{ "a token cuts own within", { DAN, NULL, DESK }, UPDATE, 50, false, false, { 0 }, { DESK } },
};

static bool same_ids(const int64_t *ids, size_t count, const int64_t *want)
{
	size_t n = 0;
	while (want[n])
		n++;
	return n == count && (!n || memcmp(ids, want, n * sizeof *ids) == 0);
}

static void visible_test(void **state)
{
	struct world *w = make();
	CLEAN_ARENA struct arena *arena = arena_new(0);
	for (size_t i = 0; i < sizeof visible_cases / sizeof *visible_cases; i++) {
		const struct visible_case *c = &visible_cases[i];
		struct entity_set set;
		assert_true(visible(w, c->at, &c->who, c->function, arena, &set));
		if (set.all != c->all || set.own != c->own || !same_ids(set.ids, set.count, c->ids) ||
		    !same_ids(set.own_ids, set.own_count, c->own_ids))
			fail_msg("%s", c->what);
		assert_int_equal(entity_set_empty(&set), !c->all && !c->own && !c->ids[0] && !c->own_ids[0]);
	}
	world_unref(w);
}

/* Full and own at once: what is held in full is not repeated, and together they may be everything. */
static void own_beside_full_test(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct world_builder *b = world_builder_new(functions, FUNCTIONS);
	struct entity_set set;
	struct world *w;
	for (size_t i = 0; i < sizeof tree / sizeof *tree; i++)
		world_add_entity(b, tree[i][0], tree[i][1]);
	world_add_role(b, READER);
	world_add_role(b, OWNER);
	world_add_grant(b, READER, STR("device.read"), false);
	world_add_grant(b, OWNER, STR("device.read"), true);
	world_add_assignment(b, 1, ADA, OWNER, HOUSE, 0, 0, -1);
	world_add_assignment(b, 2, ADA, READER, BUREAU, 0, 0, -1);
	world_add_assignment(b, 3, BEN, READER, BUREAU, 0, 0, -1);
	world_add_assignment(b, 4, BEN, OWNER, HOUSE, 0, 0, -1);
	world_add_assignment(b, 5, BEN, OWNER, ANNEXE, 0, 0, -1);
	world_add_assignment(b, 6, CYD, READER, ANNEXE, 0, 0, -1);
	world_add_assignment(b, 7, CYD, READER, HOUSE, 0, 0, -1);
	assert_int_equal(world_build(b, &w, NULL), OK);
	assert_true(visible(w, 1, &(struct subject){ ADA }, READ, arena, &set));
	assert_true(same_ids(set.ids, set.count, (int64_t[]){ BUREAU, COUNTER, 0 }));
	assert_true(same_ids(set.own_ids, set.own_count, (int64_t[]){ HOUSE, NORTH, SOUTH, DESK, 0 }));
	assert_true(entity_set_has(&set, COUNTER) && !entity_set_has(&set, DESK));
	assert_true(entity_set_has_own(&set, COUNTER) && entity_set_has_own(&set, DESK) && !entity_set_has_own(&set, STORE));
	assert_true(visible(w, 1, &(struct subject){ BEN }, READ, arena, &set));
	assert_true(set.own && !set.all && !set.own_count);
	assert_true(same_ids(set.ids, set.count, (int64_t[]){ BUREAU, COUNTER, 0 }));
	assert_true(visible(w, 1, &(struct subject){ CYD }, READ, arena, &set));
	assert_true(set.all && !set.own && !set.count); /* both trees: everything */
	world_unref(w);
}

/* --- trees ----------------------------------------------------------------------------------------- */

static const struct tree_case {
	const char *what;
	int64_t rows[8][2]; /* ends with id 0 */
	size_t faults;
	int64_t order[8]; /* of the tree asked at `top` */
	int64_t top;
} tree_cases[] = {
	{ "nothing", { { 0 } }, 0, { 0 }, 1 },
	{ "a root", { { 5, 0 } }, 0, { 5 }, 5 },
	{ "children in order of id", { { 4, 1 }, { 3, 1 }, { 1, 0 }, { 2, 3 } }, 0, { 1, 3, 2, 4 }, 1 },
	{ "its own parent", { { 1, 1 }, { 2, 1 } }, 1, { 1, 2 }, 1 },
	{ "an unknown parent", { { 2, 9 }, { 3, 2 } }, 1, { 2, 3 }, 2 },
	{ "a pair", { { 7, 4 }, { 4, 7 } }, 1, { 4, 7 }, 4 },
	{ "a ring with a tail met first", { { 1, 5 }, { 5, 3 }, { 3, 4 }, { 4, 5 } }, 1, { 3, 5, 1, 4 }, 3 },
	{ "a ring and its tail", { { 2, 3 }, { 3, 4 }, { 4, 2 }, { 9, 4 } }, 1, { 2, 4, 3, 9 }, 2 },
	{ "two rings", { { 1, 2 }, { 2, 1 }, { 3, 4 }, { 4, 3 } }, 2, { 3, 4 }, 3 },
	{ "the first of two rows", { { 1, 0 }, { 2, 1 }, { 1, 2 } }, 0, { 1, 2 }, 1 },
	{ "negative ids are ids", { { -3, 0 }, { -5, -3 } }, 0, { -3, -5 }, -3 },
};

static void trees_test(void **state)
{
	for (size_t i = 0; i < sizeof tree_cases / sizeof *tree_cases; i++) {
		const struct tree_case *c = &tree_cases[i];
		struct world_builder *b = world_builder_new(functions, FUNCTIONS);
		const int64_t *below;
		size_t count, want = 0;
		struct world *w;
		for (size_t r = 0; c->rows[r][0]; r++)
			world_add_entity(b, c->rows[r][0], c->rows[r][1]);
		assert_int_equal(world_build(b, &w, NULL), OK);
		world_entity_subtree(w, c->top, &below, &count);
		while (c->order[want])
			want++;
		if (world_faults(w) != c->faults || count != want || (count && memcmp(below, c->order, count * sizeof *below) != 0))
			fail_msg("%s: %zu faults, %zu entities", c->what, world_faults(w), count);
		world_unref(w);
	}
}

static void within_test(void **state)
{
	struct world *w = make();
	const struct {
		int64_t below, above;
		bool is;
	} cases[] = { { COUNTER, HOUSE, true }, { COUNTER, COUNTER, true }, { HOUSE, COUNTER, false }, { DESK, BUREAU, false },
		      { STORE, HOUSE, false },  { 777, HOUSE, false },	    { HOUSE, 777, false },     { 0, 0, false } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(world_entity_within(w, cases[i].below, cases[i].above), cases[i].is);
	assert_true(world_entity_known(w, STORE));
	assert_false(world_entity_known(w, 777));
	world_unref(w);
}

/* Rows may be wrong in any amount: a chain of 200,000, closed to a ring, takes no stack and no square of time. */
static void deep_test(void **state)
{
	const int64_t deep = 200000;
	for (int ring = 0; ring < 2; ring++) {
		struct world_builder *b = world_builder_new(functions, FUNCTIONS);
		const int64_t *below;
		size_t count;
		struct world *w;
		for (int64_t i = deep; i > 0; i--)
			assert_true(world_add_entity(b, i, i == 1 ? ring * deep : i - 1));
		assert_int_equal(world_build(b, &w, NULL), OK);
		assert_int_equal(world_faults(w), ring);
		world_entity_subtree(w, 1, &below, &count);
		assert_int_equal(count, deep);
		assert_true(world_entity_within(w, deep, 2) && !world_entity_within(w, 2, 3));
		world_unref(w);
	}
}

/* --- the rest -------------------------------------------------------------------------------------- */

static void holders_test(void **state)
{
	struct world *w = make();
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const struct {
		enum function function;
		int64_t at, entity, people[4];
	} cases[] = { { READ, 150, COUNTER, { ADA, BEN } }, { UPDATE, 150, COUNTER, { ADA, BEN } }, { UPDATE, 50, COUNTER, { ADA } },
		      { PAY, 50, SOUTH, { CYD } },	    { PAY, 50, DESK, { CYD, DAN } },	  { UPDATE, 50, HOUSE, { 0 } },
		      { READ, 50, 777, { 0 } },		    { FUNCTIONS, 50, HOUSE, { 0 } },	  { TASK_READ, 50, STORE, { 0 } } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t *people;
		size_t count;
		assert_true(holders(w, cases[i].at, cases[i].function, cases[i].entity, arena, &people, &count));
		assert_true(same_ids(people, count, cases[i].people));
	}
	world_unref(w);
}

static void covers_test(void **state)
{
	const int64_t one[] = { 3 }, two[] = { 3, 5 }, other[] = { 5 };
	const struct entity_set nothing = { 0 }, all = { .all = true }, own = { .own = true }, a = { .ids = one, .count = 1 },
				ab = { .ids = two, .count = 2 }, a_own = { .own = true, .ids = one, .count = 1 },
				own_b = { .own_ids = other, .own_count = 1 },
				a_own_b = { .ids = one, .count = 1, .own_ids = other, .own_count = 1 };
	const struct {
		const struct entity_set *outer, *inner;
		bool is;
	} cases[] = {
		{ &nothing, &nothing, true }, { &nothing, &a, false },	{ &nothing, &own, false }, { &nothing, &own_b, false },
		{ &a, &nothing, true },	      { &all, &all, true },	{ &all, &a_own, true },	   { &a, &all, false },
		{ &ab, &all, false },	      { &ab, &a, true },	{ &a, &ab, false },	   { &own, &a, false },
		{ &a, &own, false },	      { &a_own, &own, true },	{ &a_own, &a, true },	   { &a_own, &ab, false },
		{ &ab, &own_b, true },	      { &a, &own_b, false },	{ &own_b, &ab, false },	   { &own, &own_b, true },
		{ &a_own, &a_own_b, true },   { &ab, &a_own_b, true },	{ &a_own_b, &ab, false },  { &a_own_b, &own, false },
		{ &own_b, &own_b, true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (entity_set_covers(cases[i].outer, cases[i].inner) != cases[i].is)
			fail_msg("case %zu", i);
}

/* One builder with a placement or two over the same organisation; `more` adds a delegation from ADA to EVE at the desk. */
static struct world *make_placed(const struct placement_row *rows, const char *const *patterns, size_t count, bool more)
{
	struct world_builder *b = world_builder_new(functions, FUNCTIONS);
	struct world *w = NULL;
	for (size_t i = 0; i < sizeof tree / sizeof *tree; i++)
		assert_true(world_add_entity(b, tree[i][0], tree[i][1]));
	for (int64_t role = STEWARD; role <= EVERYONE; role++)
		assert_true(world_add_role(b, role));
	assert_true(world_add_grant(b, STEWARD, STR("device.*"), false));
	assert_true(world_add_grant(b, BUYER, STR("purchase.pay"), false));
	assert_true(world_add_grant(b, EVERYONE, STR("task.read"), false));
	assert_true(world_add_assignment(b, 1, ADA, STEWARD, NORTH, 0, 0, -1));
	assert_true(world_add_assignment(b, 2, BEN, STEWARD, BUREAU, 0, 0, -1));
	assert_true(world_add_assignment(b, 3, CYD, BUYER, HOUSE, 0, 0, -1));
	assert_true(world_add_assignment(b, 4, DAN, BUYER, DESK, 0, 0, 5000));
	assert_true(world_set_everyone(b, EVERYONE));
	struct delegation_row d = { .id = 7, .giver = ADA, .taker = EVE, .entity = BUREAU, .ceiling = -1 };
	assert_true(!more || (world_add_delegation(b, &d) && world_add_delegated(b, STR("device.*"))));
	for (size_t i = 0; i < count; i++)
		assert_true(world_add_placement(b, &rows[i], str_of(patterns[i])));
	assert_int_equal(world_build(b, &w, NULL), OK);
	return w;
}

static void placed_test(void **state)
{
	static const struct placement_row rows[] = {
		{ 50, NORTH, 0, 0, -1, PLACED_CENTRAL },   { 51, NORTH, 0, 0, -1, PLACED_LOCAL },  { 52, BUREAU, 0, 100, -1, PLACED_LOCAL },
		{ 53, HOUSE, 0, 0, 1000, PLACED_LOCAL },   { 54, HOUSE, 0, 0, -1, PLACED_CENTRAL }, { 55, 777, 0, 0, -1, PLACED_CENTRAL },
		{ 56, NORTH, 0, 0, -1, PLACED_DELEGATED }, { 57, HOUSE, 0, 0, -1, PLACED_CENTRAL },
	};
	static const char *const patterns[] = { "device.update", "device.*", "device.update", "purchase.*", "task.*", "*", "device.write_off", "*" };
	static const struct {
		const char *what;
		int64_t person;
		enum function function;
		int64_t at, entity, amount;
		enum decision_reason reason;
		int64_t assignment, placement;
		enum placement_mode mode;
	} cases[] = {
		{ "central, where it stands", ADA, UPDATE, 200, COUNTER, -1, YES, 1, 50, PLACED_CENTRAL },
		{ "central, below", BEN, UPDATE, 200, COUNTER, -1, DECISION_PLACED, 2, 50, PLACED_CENTRAL },
		{ "central, by delegation", EVE, UPDATE, 200, COUNTER, -1, DECISION_PLACED, 1, 50, PLACED_CENTRAL },
		{ "a nearer one, in its time", BEN, UPDATE, 99, COUNTER, -1, YES, 2, 52, PLACED_LOCAL },
		{ "and past it", BEN, UPDATE, 100, COUNTER, -1, DECISION_PLACED, 2, 50, PLACED_CENTRAL },
		{ "a pattern, where a name does not say otherwise", BEN, READ, 200, COUNTER, -1, YES, 2, 51, PLACED_LOCAL },
		{ "delegated, to whom it was", EVE, WRITE_OFF, 200, COUNTER, -1, YES, 1, 56, PLACED_DELEGATED },
		{ "delegated, to whom it was not", BEN, WRITE_OFF, 200, COUNTER, -1, DECISION_PLACED, 2, 56, PLACED_DELEGATED },
		{ "delegated, by whom", ADA, WRITE_OFF, 200, COUNTER, -1, YES, 1, 56, PLACED_DELEGATED },
		{ "up to the ceiling of the placement", DAN, PAY, 200, DESK, 1000, YES, 4, 53, PLACED_LOCAL },
		{ "above it", DAN, PAY, 200, DESK, 1001, DECISION_PLACED, 4, 53, PLACED_CENTRAL },
		{ "above it, at the centre", CYD, PAY, 200, DESK, 1001, YES, 3, 53, PLACED_CENTRAL },
		{ "no amount in question", DAN, PAY, 200, DESK, -1, YES, 4, 53, PLACED_LOCAL },
		{ "everyone's, wherever it is placed", BEN, TASK_READ, 200, DESK, -1, YES, 0, 54, PLACED_CENTRAL },
		{ "nothing to be had by placing", DAN, UPDATE, 200, DESK, -1, DECISION_NO_ASSIGNMENT, 0, 50, PLACED_CENTRAL },
		{ "another tree", ADA, UPDATE, 200, STORE, -1, DECISION_ELSEWHERE, 1, 0, PLACED_LOCAL },
	};
	struct world *w = make_placed(rows, patterns, sizeof rows / sizeof *rows, true);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct subject who = { .person = cases[i].person };
		struct decision d = decide(w, cases[i].at, &who, cases[i].function, cases[i].entity, NULL, cases[i].amount);
		if (d.reason != cases[i].reason || d.assignment != cases[i].assignment || d.placement != cases[i].placement ||
		    d.mode != cases[i].mode)
			fail_msg("%s: %s, assignment %lld, placement %lld", cases[i].what, decision_reason_name(d.reason),
				 (long long)d.assignment, (long long)d.placement);
	}
	world_unref(w);
}

/* What a delegation passes on stands where its giver stands, even when the taker holds as much on their own. */
static void placed_beside_own_test(void **state)
{
	struct world_builder *b = world_builder_new(functions, FUNCTIONS);
	struct world *w = NULL;
	struct delegation_row d = { .id = 7, .giver = ADA, .taker = BEN, .entity = BUREAU, .ceiling = -1 };
	struct placement_row p = { 50, NORTH, 0, 0, -1, PLACED_DELEGATED };
	for (size_t i = 0; i < sizeof tree / sizeof *tree; i++)
		assert_true(world_add_entity(b, tree[i][0], tree[i][1]));
	assert_true(world_add_role(b, STEWARD) && world_add_grant(b, STEWARD, STR("device.*"), false));
	assert_true(world_add_assignment(b, 1, ADA, STEWARD, NORTH, 0, 0, -1) && world_add_assignment(b, 2, BEN, STEWARD, BUREAU, 0, 0, -1));
	assert_true(world_add_delegation(b, &d) && world_add_delegated(b, STR("device.*")) && world_add_placement(b, &p, STR("device.*")));
	assert_int_equal(world_build(b, &w, NULL), OK);
	struct decision got = decide(w, 1, &(struct subject){ .person = BEN }, UPDATE, COUNTER, NULL, -1);
	assert_true(got.allowed && got.assignment == 1 && got.chain_count == 1 && got.chain[0] == 7);
	world_unref(w);
}

static void write_test(void **state)
{
	struct world *w = make();
	const struct {
		struct subject who;
		enum function function;
		int64_t amount;
		const char *json;
	} cases[] = {
		{ { CYD }, PAY, 5, "{\"function\":\"purchase.pay\",\"assignment\":\"4\",\"role\":\"102\",\"entity\":\"1\",\"ceiling\":500}" },
		{ { ADA }, UPDATE, -1, "{\"function\":\"device.update\",\"assignment\":\"1\",\"role\":\"100\",\"entity\":\"2\"}" },
		{ { EVE }, TASK_READ, -1, "{\"function\":\"task.read\",\"role\":\"104\",\"by\":\"everyone\"}" },
		{ { .system = true }, UPDATE, -1, "{\"function\":\"device.update\",\"by\":\"program\"}" },
		{ { EVE }, UPDATE, -1, "{\"function\":\"device.update\",\"refused\":\"no_assignment\"}" },
		{ { CYD }, PAY, 501, "{\"function\":\"purchase.pay\",\"refused\":\"ceiling\",\"assignment\":\"4\",\"role\":\"102\","
				     "\"entity\":\"1\",\"ceiling\":500}" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEAN_BUF struct buf out;
		struct json_writer writer;
		buf_init(&out, 0);
		json_writer_init(&writer, &out);
		struct decision d = decide(w, 50, &cases[i].who, cases[i].function, NORTH, NULL, cases[i].amount);
		decision_write(w, &d, &writer);
		buf_add_char(&out, 0);
		assert_true(buf_ok(&out));
		assert_string_equal(out.data, cases[i].json);
	}
	world_unref(w);
}

/* Every allocation fails in turn: an answer or a refusal, never a half world, and nothing leaks (the sanitizer looks). */
static bool try_build(struct world **ret)
{
	struct world_builder *b = world_builder_new(functions, FUNCTIONS);
	if (!b)
		return false;
	bool good = world_set_everyone(b, EVERYONE);
	for (int64_t i = 1; good && i < 40; i++)
		good = world_add_entity(b, i, i / 2) && world_add_role(b, i + EVERYONE) &&
		       world_add_grant(b, i + EVERYONE, STR("*"), i % 2) &&
		       world_add_assignment(b, i, i, i + EVERYONE, i, 0, 0, -1) &&
		       (i % 5 != 3 || world_add_placement(b, &(struct placement_row){ .id = i, .entity = i, .ceiling = -1 }, STR("*.read")));
	if (good)
		return world_build(b, ret, NULL) == OK;
	world_builder_free(b);
	return false;
}

static void torture_test(void **state)
{
	struct world *w = NULL;
	for (int64_t n = 0; !w; n++) {
		mem_fail_at(n);
		bool good = try_build(&w);
		assert_int_equal(good, mem_fail_left() >= 0);
		mem_fail_at(-1);
	}
	struct arena *arena = NULL;
	for (int64_t n = 0, done = 0; !done; n++) {
		struct entity_set set;
		int64_t *people;
		size_t count;
		mem_fail_at(n);
		arena = arena_new(0);
		done = arena && visible(w, 1, &(struct subject){ 2 }, READ, arena, &set) &&
		       holders(w, 1, READ, 4, arena, &people, &count);
		mem_fail_at(-1);
		arena_free(arena);
	}
	for (size_t room = 16; room < 4096; room += 16) { /* and at the ceiling of the call's arena */
		struct entity_set set;
		arena = arena_new(room);
		if (visible(w, 1, &(struct subject){ 3 }, READ, arena, &set))
			assert_true(set.own_count == 15 && !set.own);
		arena_free(arena);
	}
	struct world *second = world_ref(w);
	world_unref(w);
	assert_true(world_entity_known(second, 1));
	world_unref(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decide_test), cmocka_unit_test(visible_test), cmocka_unit_test(own_beside_full_test),
		cmocka_unit_test(trees_test),  cmocka_unit_test(within_test),  cmocka_unit_test(deep_test),
		cmocka_unit_test(holders_test), cmocka_unit_test(covers_test), cmocka_unit_test(write_test),
		cmocka_unit_test(placed_test), cmocka_unit_test(placed_beside_own_test),
		cmocka_unit_test(torture_test),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

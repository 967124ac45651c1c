/* How many decisions and lists of visible entities one core makes a second, in a world as large as the organisation the
 * program is made for. Prints one JSON line a figure. Neighbours: src/access; run by `make bench`. */
#include "access/access.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include <inttypes.h>
#include <stdio.h>

#define ROOTS 60
#define PER_ROOT 300
#define PEOPLE 40000
#define ROLES 60
#define FUNCTIONS 500
#define ASSIGNMENTS 60000
#define DELEGATIONS 10000
#define PLACEMENTS 400
#define QUESTIONS 65536
#define SPAN (SECOND / 2)

struct question {
	struct subject who;
	unsigned function;
	int64_t entity;
};

static int64_t pick(struct random_seeded *r, int64_t below)
{
	return (int64_t)random_below(r, (uint64_t)below);
}

/* Ids as the program makes them look: large, in no order of the tree. */
static int64_t entity_id(int64_t n)
{
	return (n * 7919) % (ROOTS * PER_ROOT) * 4096 + (INT64_C(1) << 40);
}

static bool fill(struct world_builder *b, struct random_seeded *r)
{
	bool good = world_set_everyone(b, 1);
	for (int64_t i = 0; good && i < ROOTS * PER_ROOT; i++) {
		int64_t root = i / PER_ROOT * PER_ROOT, in = i % PER_ROOT;
		good = world_add_entity(b, entity_id(i), in ? entity_id(root + pick(r, in)) : 0);
	}
	for (int64_t role = 1; good && role <= ROLES; role++) {
		good = world_add_role(b, role) && world_add_grant(b, role, STR("*.read"), role == 1);
		for (int i = 0; good && i < 8; i++) {
			char pattern[32];
			int n = snprintf(pattern, sizeof pattern, "kind%" PRId64 ".*", pick(r, FUNCTIONS / 5));
			good = world_add_grant(b, role, (struct str){ pattern, (size_t)n }, pick(r, 4) == 0);
		}
	}
	for (int64_t i = 1; good && i <= ASSIGNMENTS; i++)
		good = world_add_assignment(b, i, 1 + pick(r, PEOPLE), 2 + pick(r, ROLES - 1), entity_id(pick(r, ROOTS * PER_ROOT)),
					    0, pick(r, 10) ? 0 : pick(r, 2 * SECOND), pick(r, 4) ? -1 : pick(r, 1000000));
	for (int64_t i = 1; good && i <= DELEGATIONS; i++) {
		struct delegation_row d = { .id = i, .giver = 1 + pick(r, PEOPLE), .taker = 1 + pick(r, PEOPLE),
					    .entity = entity_id(pick(r, ROOTS) * PER_ROOT), .ceiling = -1, .onward = pick(r, 2) };
		good = world_add_delegation(b, &d) && world_add_delegated(b, STR("*"));
	}
	for (int64_t i = 1; good && i <= PLACEMENTS; i++) {
		char pattern[32];
		int n = snprintf(pattern, sizeof pattern, "kind%" PRId64 ".*", pick(r, FUNCTIONS / 5));
		struct placement_row p = { .id = i, .entity = entity_id(pick(r, ROOTS) * PER_ROOT), .ceiling = -1, .mode = (enum placement_mode)pick(r, 3) };
		good = world_add_placement(b, &p, (struct str){ pattern, (size_t)n });
	}
	return good;
}

static struct world *make(struct random_seeded *r)
{
	static const char *const verbs[] = { "read", "create", "update", "archive", "approve" };
	static char names[FUNCTIONS][24];
	const char *functions[FUNCTIONS];
	struct world *w = NULL;
	for (int i = 0; i < FUNCTIONS; i++) {
		snprintf(names[i], sizeof names[i], "kind%d.%s", i / 5, verbs[i % 5]);
		functions[i] = names[i];
	}
	struct world_builder *b = world_builder_new(functions, FUNCTIONS);
	if (b && fill(b, r))
		return world_build(b, &w, NULL) == OK ? w : NULL;
	world_builder_free(b);
	return NULL;
}

static void report(const char *name, double value, const char *unit)
{
	printf("{\"name\":\"%s\",\"value\":%.0f,\"unit\":\"%s\"}\n", name, value, unit);
}

/* Half of the questions are about where the person has an assignment, as in life. */
static void make_questions(const struct world *w, struct random_seeded *r, struct arena *arena, struct question *questions)
{
	for (int i = 0; i < QUESTIONS; i++) {
		struct question *q = &questions[i];
		struct entity_set set;
		*q = (struct question){ { .person = 1 + pick(r, PEOPLE) }, (unsigned)pick(r, FUNCTIONS), entity_id(pick(r, ROOTS * PER_ROOT)) };
		if (i % 2 && visible(w, SECOND, &q->who, q->function, arena, &set) && set.count)
			q->entity = set.ids[pick(r, (int64_t)set.count)];
		arena_reset(arena);
	}
}

static void bench_decide(const struct world *w, const struct question *questions)
{
	int64_t start = clock_monotonic(), spent;
	uint64_t done = 0, allowed = 0;
	do {
		for (int i = 0; i < QUESTIONS; i++)
			allowed += decide(w, SECOND, &questions[i].who, questions[i].function, questions[i].entity, NULL, 100).allowed;
		done += QUESTIONS;
		spent = clock_monotonic() - start;
	} while (spent < SPAN);
	report("decide", (double)done * SECOND / (double)spent, "1/s");
	report("decide allowed", 100.0 * (double)allowed / (double)done, "%");
}

static void bench_visible(const struct world *w, const struct question *questions, struct arena *arena)
{
	int64_t start = clock_monotonic(), spent;
	uint64_t done = 0;
	do {
		for (int i = 0; i < QUESTIONS / 64; i++) {
			struct entity_set set;
			if (!visible(w, SECOND, &questions[i].who, questions[i].function / 5 * 5, arena, &set))
				return;
			arena_reset(arena);
		}
		done += QUESTIONS / 64;
		spent = clock_monotonic() - start;
	} while (spent < SPAN);
	report("visible", (double)done * SECOND / (double)spent, "1/s");
}

int main(void)
{
	static struct question questions[QUESTIONS];
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct random_seeded random;
	random_seed(&random, 1);
	int64_t start = clock_monotonic();
	struct world *w = make(&random);
	if (!w || !arena)
		return 1;
	report("world build", (double)(clock_monotonic() - start), "us");
	make_questions(w, &random, arena, questions);
	bench_decide(w, questions);
	bench_visible(w, questions, arena);
	world_unref(w);
	return 0;
}

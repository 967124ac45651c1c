/* Nobody gives more than they hold: who assigns a role, writes one, or makes a sign-in link for an account must hold every
 * function that goes with it, at the same place and up to the same ceiling. Checked after the row is written, inside the
 * savepoint, so that whatever way the change came it is undone when refused. What was only delegated to them does not count:
 * it ends with its delegation, a role would not. Whoever delegates what is their own gives nothing away that they lack,
 * since access/ cuts a delegation to what its giver holds; only who delegates for another is checked here.
 * Neighbours: writer.c plugs this in; modules that judge are asked after it; account_operations.c asks for links. */
#include "base/arena.h"
#include "internal.h"
#include "kernel.sql.h"
#include <stdio.h>

struct gift { /* what is being given */
	struct str patterns[2]; /* of functions, and of functions on own records; lines of text */
	int64_t scope;          /* 0: everywhere */
	int64_t ceiling;        /* -1: none */
};

static bool in_patterns(const struct gift *g, struct str function)
{
	for (size_t i = 0; i < 2; i++) {
		struct str rest = g->patterns[i], line, word;
		while (str_cut(&rest, '\n', &line))
			while (str_cut(&line, ' ', &word))
				if (str_trim(word).len && function_matches(str_trim(word), function))
					return true;
	}
	return false;
}

/* Does the caller hold this function wherever the gift is good, and as far? */
static enum code holds(struct call *c, const struct gift *g, unsigned function, bool *ret, struct error *e)
{
	const struct record_context *x = &c->record;
	struct subject who = c->principal.subject;
	struct entity_set set;
	who.direct = true;
	if (g->scope) {
		struct decision d = decide(x->world, x->now, &who, function, g->scope, NULL, -1);
		*ret = d.allowed && (d.ceiling < 0 || (g->ceiling >= 0 && g->ceiling <= d.ceiling));
		return OK;
	}
	if (!visible(x->world, x->now, &who, function, c->arena, &set))
		return error_nomem(e);
	*ret = set.all;
	return OK;
}

static enum code check_gift(struct call *c, const struct gift *g, struct error *e)
{
	const struct model *m = registry_model(c->registry);
	for (size_t i = 0; i < m->function_count; i++) {
		struct str name = str_of(m->functions[i].name);
		bool held = true;
		if (in_patterns(g, name))
			TRY(holds(c, g, m->functions[i].index, &held, e));
		if (!held)
			return error_fail(e, E_DENIED, N_("You cannot give {function}: you do not hold it there yourself, or not as far"),
					  { "function", name });
	}
	return OK;
}

static enum code read_role(struct call *c, int64_t role, struct gift *g, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(c->record.conn, SQL_ROLE_GRANTS, SQL_PARAMS(SQL_I(role)), &rows, e));
	TRY(rows_next(rows, &row, e));
	for (size_t i = 0; row && i < 2; i++) {
		g->patterns[i] = rows_null(rows, i) ? STR("") : arena_copy(c->arena, rows_text(rows, i));
		if (!g->patterns[i].data)
			return error_nomem(e);
	}
	return OK;
}

#define GIFTS_MOST 1000 /* roles of one person */

/* All that a statement's assignments (role, scope, ceiling, its currency) give. */
static enum code check_assignments(struct call *c, const char *sql, int64_t id, struct error *e)
{
	struct {
		int64_t role;
		struct gift gift;
	} *found = ARENA_ARRAY(c->arena, GIFTS_MOST, __typeof__(*found));
	size_t n = 0;
	if (!found)
		return error_nomem(e);
	{
		CLEAN_ROWS struct rows *rows = NULL;
		bool row;
		TRY(sql_query(c->record.conn, sql, SQL_PARAMS(SQL_I(id)), &rows, e));
		while (n < GIFTS_MOST) {
			TRY(rows_next(rows, &row, e));
			if (!row)
				break;
			found[n].role = rows_int(rows, 0);
			/* a ceiling in another currency is not compared: it counts as none */
			bool own = str_eq(rows_text(rows, 3), c->record.currency);
			found[n++].gift = (struct gift){ .scope = rows_int(rows, 1), .ceiling = rows_null(rows, 2) || !own ? -1 : rows_int(rows, 2) };
		}
	}
	for (size_t i = 0; i < n; i++) {
		TRY(read_role(c, found[i].role, &found[i].gift, e));
		TRY(check_gift(c, &found[i].gift, e));
	}
	return OK;
}

/* All that a statement's delegations (delegator, functions, scope, ceiling, its currency) give. With `own` those of the
 * caller's own pass, unless it comes with a token that was given less than its person holds. */
static enum code check_delegations(struct call *c, const char *sql, int64_t id, bool own, struct error *e)
{
	const struct subject *who = &c->principal.subject;
	struct gift *gifts = ARENA_ARRAY(c->arena, GIFTS_MOST, struct gift);
	size_t n = 0;
	if (!gifts)
		return error_nomem(e);
	{
		CLEAN_ROWS struct rows *rows = NULL;
		bool row;
		TRY(sql_query(c->record.conn, sql, SQL_PARAMS(SQL_I(id)), &rows, e));
		for (;;) {
			TRY(rows_next(rows, &row, e));
			if (!row)
				break;
			if (own && rows_int(rows, 0) == who->person && !who->only && !who->only_entity)
				continue;
			if (n == GIFTS_MOST)
				return error_fail(e, E_LIMIT, N_("Too many delegations to one person to check them all"));
			struct gift *g = &gifts[n++];
			bool comparable = str_eq(rows_text(rows, 4), c->record.currency);
			*g = (struct gift){ .patterns = { arena_copy(c->arena, rows_text(rows, 1)), STR("") }, .scope = rows_int(rows, 2),
					    .ceiling = rows_null(rows, 3) || !comparable ? -1 : rows_int(rows, 3) };
			if (!g->patterns[0].data)
				return error_nomem(e);
		}
	}
	for (size_t i = 0; i < n; i++)
		TRY(check_gift(c, &gifts[i], e));
	return OK;
}

#define PLACED_MOST 4096 /* entities with placements of their own: each has a row in the world */

static enum code check_placed(struct call *c, struct error *e)
{
	int64_t count;
	bool found;
	TRY(sql_int(c->record.conn, SQL_PLACED_ENTITIES, SQL_NO_PARAMS, &count, &found, e));
	return count <= PLACED_MOST ? OK : error_fail(e, E_LIMIT, N_("At most 4,096 entities can have placements of their own"));
}

enum code authority_judge(void *data, struct conn *conn, const struct kind *k, int64_t id, struct arena *arena, struct error *e)
{
	struct call *c = data;
	struct kernel *kernel = c->kernel;
	struct gift everywhere = { .ceiling = -1 };
	(void)conn, (void)arena;
	if (!c->record.who.system && k->index == kernel->access_kinds[2])
		TRY(check_assignments(c, SQL_ASSIGNMENT_GIVES, id, e));
	if (!c->record.who.system && k->index == kernel->access_kinds[1]) {
		TRY(read_role(c, id, &everywhere, e));
		TRY(check_gift(c, &everywhere, e));
	}
	if (!c->record.who.system && k->index == kernel->access_kinds[3])
		TRY(check_delegations(c, SQL_DELEGATION_GIVES, id, true, e));
	if (k->index == kernel->access_kinds[4])
		TRY(check_placed(c, e));
	for (size_t i = 0; kernel->modules[i]; i++)
		if (kernel->modules[i]->judge)
			TRY(kernel->modules[i]->judge(c, kernel->states[i], k, id, e));
	return OK;
}

enum code authority_over_person(struct call *c, int64_t person, struct error *e)
{
	if (c->principal.subject.system || person == c->principal.person)
		return OK;
	TRY(check_assignments(c, SQL_PERSON_GIVES, person, e));
	return check_delegations(c, SQL_PERSON_DELEGATED, person, false, e);
}

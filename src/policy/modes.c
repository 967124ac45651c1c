/* How strictly an entity takes a policy, and who is excused from it. Settings and exceptions are few beside records; they are
 * read when something is out of line, so that nothing has to be kept up with them.
 * Neighbours: guard.c and evaluate.c ask, operations.c sets. */
#include "internal.h"
#include "policy.sql.h"
#include <string.h>

static enum policy_mode mode_named(struct str name)
{
	for (int i = 0; policy_mode_names[i]; i++)
		if (str_is(name, policy_mode_names[i]))
			return (enum policy_mode)i;
	return POLICY_REPORT;
}

enum code mode_at(struct conn *c, const struct world *w, const struct rule *r, int64_t entity, enum policy_mode *ret, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	int64_t nearest = 0;
	bool row;
	*ret = r->policy->mode;
	TRY(sql_query(c, SQL_SETTINGS_OF, SQL_PARAMS(SQL_T(str_of(r->policy->name))), &rows, e));
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		int64_t at = rows_int(rows, 0);
		if (!world_entity_within(w, entity, at) || (nearest && !world_entity_within(w, at, nearest)))
			continue;
		nearest = at;
		*ret = mode_named(rows_text(rows, 1));
	}
	if (r->policy->fixed && *ret < r->policy->mode)
		*ret = r->policy->mode;
	return OK;
}

void rule_strict(struct policies *s, struct rule *r, bool strict)
{
	if (atomic_exchange(&r->strict, strict) != strict)
		atomic_fetch_add(&s->strict_version, 1);
}

enum code modes_read(struct policies *s, struct conn *c, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	CLEAN_ROWS struct rows *rows = NULL;
	bool row, *strict = arena ? ARENA_ARRAY(arena, s->count + 1, bool) : NULL;
	if (!strict)
		return error_nomem(e);
	TRY(sql_query(c, SQL_STRICT_SETTINGS, SQL_NO_PARAMS, &rows, e));
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		for (size_t i = 0; i < s->count; i++)
			strict[i] |= str_is(rows_text(rows, 0), s->rules[i].policy->name);
	}
	for (size_t i = 0; i < s->count; i++)
		rule_strict(s, &s->rules[i], strict[i] || s->rules[i].policy->mode != POLICY_REPORT);
	return OK;
}

/* --- exceptions ----------------------------------------------------------------------------------- */

static bool grow(struct arena *arena, int64_t **io, size_t count, int64_t value)
{
	if ((count & (count - 1)) == 0) { /* grown at powers of two */
		int64_t *more = ARENA_ARRAY(arena, count ? count * 2 : 1, int64_t);
		if (!more)
			return false;
		if (count)
			memcpy(more, *io, count * sizeof *more);
		*io = more;
	}
	(*io)[count] = value;
	return true;
}

enum code excuses_read(struct conn *c, const struct rule *r, int64_t now, struct arena *arena, struct excuses *ret, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	*ret = (struct excuses){ 0 };
	TRY(sql_query(c, SQL_EXCEPTIONS, SQL_PARAMS(SQL_I(atomic_load(&r->record)), SQL_I(now / DAY)), &rows, e));
	for (;;) {
		int64_t id;
		TRY(rows_next(rows, &row, e));
		if (!row)
			return OK;
		bool one = !rows_null(rows, 0) && rows_text(rows, 0).len;
		if (one && !id_parse(rows_text(rows, 0), &id))
			continue;
		bool put = one ? grow(arena, &ret->records, ret->record_count++, id) : grow(arena, &ret->entities, ret->entity_count++, rows_int(rows, 1));
		if (!put)
			return error_nomem(e);
	}
}

bool excused(const struct excuses *x, const struct world *w, int64_t record, int64_t entity)
{
	for (size_t i = 0; i < x->record_count; i++)
		if (x->records[i] == record)
			return true;
	for (size_t i = 0; i < x->entity_count; i++)
		if (world_entity_within(w, entity, x->entities[i]))
			return true;
	return false;
}

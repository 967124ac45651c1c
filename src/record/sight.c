/* What a caller sees of a kind: rows by entity or as own, fields by their functions; and asking for authority.
 * Neighbours: access/ decides; select.c and rows.c obey. */
#include "internal.h"
#include <stdio.h>
#include <string.h>

int function_index(const struct record_context *x, const struct kind *k, const char *verb)
{
	char name[96];
	int len = snprintf(name, sizeof name, "%s.%s", k->name, verb);
	const struct function *f = model_function(x->model, (struct str){ name, (size_t)len });
	return f ? (int)f->index : -1;
}

/* An unknown function is held by nobody but the program. */
static enum code see(struct record_context *x, int function, struct entity_set *ret, struct error *e)
{
	*ret = (struct entity_set){ 0 };
	if (function < 0) {
		ret->all = x->who.system;
		return OK;
	}
	return visible(x->world, x->now, &x->who, (unsigned)function, x->arena, ret) ? OK : error_nomem(e);
}

enum code sight_make(struct record_context *x, const struct kind *k, struct sight *ret, struct error *e)
{
	*ret = (struct sight){ .kind = k };
	TRY(see(x, function_index(x, k, "read"), &ret->rows, e));
	if ((k->flags & KIND_SHARED) && x->who.person && !x->who.only)
		ret->rows.all = true;
	if (x->who.system)
		return OK;
	for (const struct field *f = k->fields; f->name; f++) {
		if (!f->function)
			continue;
		if (!ret->fields) {
			ret->fields = ARENA_ARRAY(x->arena, k->field_count, struct entity_set);
			if (!ret->fields)
				return error_nomem(e);
		}
		/* neighbours often share a function: ask once */
		const struct field *before = f;
		while (before > k->fields && !((--before)->function && strcmp(before->function, f->function) == 0))
			;
		if (before != f && before->function && strcmp(before->function, f->function) == 0) {
			ret->fields[f->index] = ret->fields[before->index];
			continue;
		}
		const struct function *guard = model_function(x->model, str_of(f->function));
		TRY(see(x, guard ? (int)guard->index : -1, &ret->fields[f->index], e));
	}
	return OK;
}

int64_t row_owner(const struct kind *k, const struct record_row *row)
{
	if (k->flags & KIND_SUBJECT)
		return row->id;
	const struct field *f = k->owner ? kind_field(k, str_of(k->owner)) : NULL;
	return f && row->values && row->values[f->index].set && !row->values[f->index].null ? row->values[f->index].integer : 0;
}

static bool set_has(const struct entity_set *set, const struct record_context *x, int64_t entity, int64_t owner)
{
	return entity_set_has(set, entity) || (owner && owner == x->who.person && entity_set_has_own(set, entity));
}

bool sight_place(const struct sight *s, const struct record_context *x, int64_t entity, int64_t owner)
{
	return set_has(&s->rows, x, entity, owner);
}

bool sight_row(const struct sight *s, const struct record_context *x, const struct record_row *row)
{
	return set_has(&s->rows, x, row->entity, row_owner(s->kind, row));
}

bool sight_field(const struct sight *s, const struct record_context *x, const struct record_row *row, const struct field *f)
{
	return !f->function || !s->fields || set_has(&s->fields[f->index], x, row->entity, row_owner(s->kind, row));
}

bool sight_field_everywhere(const struct sight *s, const struct field *f)
{
	return !f->function || !s->fields || entity_set_covers(&s->fields[f->index], &s->rows);
}

static void where_entities(struct statement *s, const int64_t *ids, size_t count)
{
	buf_add_text(&s->sql, "t.entity = ANY(");
	statement_param(s, SQL_LIST(ids, count));
	buf_add_char(&s->sql, ')');
}

void sight_where(struct statement *s, const struct sight *sight, const struct record_context *x)
{
	const struct entity_set *set = &sight->rows;
	const struct kind *k = sight->kind;
	const char *owner = k->flags & KIND_SUBJECT ? "id" : k->owner;
	bool own = (set->own || set->own_count) && owner && x->who.person;
	if (set->all)
		return;
	if (!set->count && !own) {
		buf_add_text(&s->sql, " AND 1 = 0");
		return;
	}
	buf_add_text(&s->sql, " AND (");
	if (set->count)
		where_entities(s, set->ids, set->count);
	if (own) {
		buf_format(&s->sql, "%st.%s = ", set->count ? " OR " : "", owner);
		statement_param(s, SQL_I(x->who.person));
		if (!set->own) {
			buf_add_text(&s->sql, " AND ");
			where_entities(s, set->own_ids, set->own_count);
		}
	}
	buf_add_char(&s->sql, ')');
}

static const char *reason_msgid(enum decision_reason reason)
{
	switch (reason) {
	case DECISION_ELSEWHERE:
		return N_("You hold {function}, but not for this entity");
	case DECISION_EXPIRED:
		return N_("Your authority for {function} is not in force today");
	case DECISION_CEILING:
		return N_("The amount is above the ceiling of your authority for {function}");
	case DECISION_NOT_OWN:
		return N_("You hold {function} for your own records only");
	case DECISION_TOKEN:
		return N_("This access token was not given {function}");
	default:
		return N_("You do not hold {function}");
	}
}

enum code record_decide(struct record_context *x, const char *function, int64_t entity, int64_t owner, int64_t amount, struct error *e)
{
	const struct function *f = model_function(x->model, str_of(function));
	const struct resource resource = { .owner = owner };
	if (!f)
		return x->who.system ? OK : error_fail(e, E_DENIED, reason_msgid(DECISION_NO_ASSIGNMENT), { "function", str_of(function) });
	struct decision d = decide(x->world, x->now, &x->who, f->index, entity, &resource, amount);
	if (!d.allowed)
		return error_fail(e, E_DENIED, reason_msgid(d.reason), { "function", str_of(function) });
	return !x->changes || changes_authority(x->changes, &d) ? OK : error_nomem(e);
}

enum code record_decide_verb(struct record_context *x, const struct kind *k, const char *verb, int64_t entity, int64_t owner,
			     struct error *e)
{
	char name[96];
	snprintf(name, sizeof name, "%s.%s", k->name, verb);
	return record_decide(x, name, entity, owner, -1, e);
}

enum code record_not_found(const struct kind *k, int64_t id, struct error *e)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%lld", (long long)id);
	return error_fail(e, E_NOT_FOUND, N_("There is no {kind} with the id {id}"), { "kind", str_of(k->name) }, { "id", str_of(digits) });
}

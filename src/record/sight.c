/* What a caller sees of a kind: rows by entity or as own, fields by their functions; and asking for authority.
 * Neighbours: access/ decides; select.c and rows.c obey. */
#include "past.h"
#include <stdio.h>
#include <string.h>

/* --- functions of a kind -------------------------------------------------------------------------- */

static const char *const verbs[VERB_COUNT] = { "read", "create", "update", "archive", "erase" };

static int verb_function(const struct model *m, const struct kind *k, enum verb verb)
{
	char name[96];
	int len = snprintf(name, sizeof name, "%s.%s", k->name, verbs[verb]);
	const struct function *f = model_function(m, (struct str){ name, (size_t)len });
	return f ? (int)f->index : NO_FUNCTION;
}

size_t kind_access_size(const struct kind *k)
{
	return sizeof(struct kind_access) + k->field_count * (sizeof(int) + sizeof(uint8_t));
}

/* Fields that share a function share a group: it is asked about once. */
void kind_access_fill(const struct model *m, const struct kind *k, struct kind_access *a)
{
	int *functions = (int *)(void *)a->rest;
	uint8_t *groups = (uint8_t *)(functions + k->field_count);
	*a = (struct kind_access){ .functions = functions, .groups = groups };
	for (enum verb v = 0; v < VERB_COUNT; v++)
		a->verbs[v] = verb_function(m, k, v);
	a->owner = k->owner ? kind_field(k, str_of(k->owner)) : NULL;
	for (const struct field *f = k->fields; f->name; f++) {
		const struct function *guard = f->function ? model_function(m, str_of(f->function)) : NULL;
		int function = guard ? (int)guard->index : NO_FUNCTION;
		unsigned g = 0;
		while (g < a->group_count && functions[g] != function)
			g++;
		if (f->function && g == a->group_count)
			functions[a->group_count++] = function;
		groups[f->index] = f->function ? (uint8_t)(g + 1) : 0;
	}
}

/* --- seeing --------------------------------------------------------------------------------------- */

/* An unknown function is held by nobody but the program. */
static enum code see(struct record_context *x, int function, struct entity_set *ret, struct error *e)
{
	*ret = (struct entity_set){ 0 };
	if (function == NO_FUNCTION) {
		ret->all = x->who.system;
		return OK;
	}
	return visible(x->world, x->now, &x->who, (unsigned)function, x->arena, ret) ? OK : error_nomem(e);
}

enum code sight_make_rows(struct record_context *x, const struct kind *k, struct sight *ret, struct error *e)
{
	*ret = (struct sight){ .kind = k };
	TRY(texts_access(x, k, &ret->access, e));
	TRY(see(x, ret->access->verbs[VERB_READ], &ret->rows, e));
	if ((k->flags & KIND_SHARED) && x->who.person && !x->who.only)
		ret->rows.all = true;
	return OK;
}

enum code sight_make(struct record_context *x, const struct kind *k, struct sight *ret, struct error *e)
{
	TRY(sight_make_rows(x, k, ret, e));
	if (x->who.system || !ret->access->group_count)
		return OK;
	ret->groups = ARENA_ARRAY(x->arena, ret->access->group_count, struct entity_set);
	if (!ret->groups)
		return error_nomem(e);
	for (unsigned g = 0; g < ret->access->group_count; g++)
		TRY(see(x, ret->access->functions[g], &ret->groups[g], e));
	return OK;
}

static int64_t owner_in(const struct kind *k, const struct field *owner, const struct record_row *row)
{
	if (k->flags & KIND_SUBJECT)
		return row->id;
	return owner && row->values && value_given(&row->values[owner->index]) ? row->values[owner->index].integer : 0;
}

int64_t row_owner(const struct kind *k, const struct record_row *row)
{
	return owner_in(k, k->owner ? kind_field(k, str_of(k->owner)) : NULL, row);
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
	return set_has(&s->rows, x, row->entity, owner_in(s->kind, s->access->owner, row));
}

/* The set that a field needs; NULL: none, or the program asks. */
enum code sight_load(struct record_context *x, const struct kind *k, int64_t id, struct sight *ret, struct record_row *ret_row,
		     struct error *e)
{
	TRY(sight_make(x, k, ret, e));
	TRY(row_load(x, k, id, false, ret_row, e));
	return sight_row(ret, x, ret_row) ? OK : record_not_found(k, id, e);
}

static const struct entity_set *group_of(const struct sight *s, const struct field *f)
{
	return f->function && s->groups ? &s->groups[s->access->groups[f->index] - 1] : NULL;
}

bool sight_field_place(const struct sight *s, const struct record_context *x, int64_t entity, int64_t owner, const struct field *f)
{
	const struct entity_set *group = group_of(s, f);
	return !group || set_has(group, x, entity, owner);
}

bool sight_field(const struct sight *s, const struct record_context *x, const struct record_row *row, const struct field *f)
{
	return sight_field_place(s, x, row->entity, owner_in(s->kind, s->access->owner, row), f);
}

bool sight_field_everywhere(const struct sight *s, const struct field *f)
{
	const struct entity_set *group = group_of(s, f);
	return !group || entity_set_covers(group, &s->rows);
}

static void where_entities(struct statement *s, const int64_t *ids, size_t count)
{
	buf_add_text(&s->sql, "t.entity = ANY(");
	statement_param(s, SQL_LIST(ids, count));
	buf_add_char(&s->sql, ')');
}

/* Does the set reach records because they are the caller's own? */
static bool set_owns(const struct sight *sight, const struct entity_set *set, const struct record_context *x)
{
	return (set->own || set->own_count) && (sight->kind->flags & KIND_SUBJECT || sight->kind->owner) && x->who.person;
}

/* "It is the caller's own": a past version may hold its owner sealed, and then names nobody else than its subject. */
static enum code where_own(struct statement *s, const struct sight *sight, struct record_context *x, struct error *e)
{
	const struct field *owner = sight->kind->flags & KIND_SUBJECT ? NULL : sight->access->owner;
	if (!s->history || !owner || !(owner->personal || (owner->flags & FIELD_NO_HISTORY))) {
		buf_format(&s->sql, "t.%s = ", owner ? owner->name : "id");
		statement_param(s, SQL_I(x->who.person));
		return OK;
	}
	if (past_names_subject(owner))
		return past_subject(x, s, owner, x->who.person, e);
	buf_add_text(&s->sql, "1 = 0");
	return OK;
}

static enum code where_set(struct statement *s, const struct sight *sight, const struct entity_set *set, struct record_context *x,
			   struct error *e)
{
	bool own = set_owns(sight, set, x);
	if (set->all || (!set->count && !own)) {
		buf_add_text(&s->sql, set->all ? "1 = 1" : "1 = 0");
		return OK;
	}
	buf_add_char(&s->sql, '(');
	if (set->count)
		where_entities(s, set->ids, set->count);
	if (own) {
		buf_add_text(&s->sql, set->count ? " OR " : "");
		TRY(where_own(s, sight, x, e));
		if (!set->own) {
			buf_add_text(&s->sql, " AND ");
			where_entities(s, set->own_ids, set->own_count);
		}
	}
	buf_add_char(&s->sql, ')');
	return OK;
}

enum code sight_where(struct statement *s, const struct sight *sight, struct record_context *x, struct error *e)
{
	if (sight->rows.all)
		return OK;
	buf_add_text(&s->sql, " AND ");
	return where_set(s, sight, &sight->rows, x, e);
}

enum code sight_column(struct statement *s, const struct sight *sight, const struct field *f, const char *column, struct record_context *x,
		       struct error *e)
{
	if (sight_field_everywhere(sight, f)) {
		buf_format(&s->sql, "t.%s", column);
		return OK;
	}
	buf_add_text(&s->sql, "CASE WHEN ");
	TRY(where_set(s, sight, group_of(sight, f), x, e));
	buf_format(&s->sql, " THEN t.%s END AS %s", column, column);
	return OK;
}

enum code sight_refuse(const struct field *f, struct error *e)
{
	return error_fail(e, E_DENIED, N_("You may not filter, sort or count by {field}: some of its values are hidden from you"),
			  { "field", str_of(f->name) });
}

const char *refusal_msgid(enum decision_reason reason)
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
	case DECISION_PLACED:
		return N_("{function} is not decided here: it is placed above this entity");
	case DECISION_TOKEN:
		return N_("This access token was not given {function}");
	default:
		return N_("You do not hold {function}");
	}
}

static enum code decide_index(struct record_context *x, int function, const char *name, int64_t entity, int64_t owner, int64_t amount,
			      struct error *e)
{
	const struct resource resource = { .owner = owner };
	if (function == NO_FUNCTION)
		return x->who.system ? OK : error_fail(e, E_DENIED, refusal_msgid(DECISION_NO_ASSIGNMENT), { "function", str_of(name) });
	struct decision d = decide(x->world, x->now, &x->who, (unsigned)function, entity, &resource, amount);
	if (!d.allowed)
		return error_fail(e, E_DENIED, refusal_msgid(d.reason), { "function", str_of(x->model->functions[function].name) });
	return !x->changes || changes_authority(x->changes, &d) ? OK : error_nomem(e);
}

enum code record_decide(struct record_context *x, const char *function, int64_t entity, int64_t owner, int64_t amount, struct error *e)
{
	const struct function *f = model_function(x->model, str_of(function));
	return decide_index(x, f ? (int)f->index : NO_FUNCTION, function, entity, owner, amount, e);
}

enum code record_decide_verb(struct record_context *x, const struct kind *k, enum verb verb, int64_t entity, int64_t owner, struct error *e)
{
	const struct kind_access *access = NULL;
	TRY(texts_access(x, k, &access, e));
	if (access->verbs[verb] != NO_FUNCTION || x->who.system)
		return decide_index(x, access->verbs[verb], verbs[verb], entity, owner, -1, e);
	char name[96]; /* no such function: the kind is not changed so by people */
	snprintf(name, sizeof name, "%s.%s", k->name, verbs[verb]);
	return decide_index(x, NO_FUNCTION, name, entity, owner, -1, e);
}

enum code record_not_found(const struct kind *k, int64_t id, struct error *e)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%lld", (long long)id);
	return error_fail(e, E_NOT_FOUND, N_("There is no {kind} with the id {id}"), { "kind", str_of(k->name) }, { "id", str_of(digits) });
}

/* The write path: validate → decide → guard → write → journal. Each step happens here, once, whatever asked for it.
 * Neighbours: references.c checks what is referred to, versions.c stores, changes.c notes what happened; erase.c and
 * upsert.c build on these. */
#include "internal.h"
#include "record.sql.h"
#include "references.h"
#include <string.h>

/* --- checks --------------------------------------------------------------------------------------- */

static enum code fault(struct record_context *x, const char *field, const char *msgid, struct error *e)
{
	struct str pointer = arena_format(x->arena, "/%s", field);
	return pointer.data ? error_field_(e, pointer, msgid, &(struct error_arg){ 0 }) : error_nomem(e);
}

static bool lacks(const struct field *f, const struct value *v)
{
	return !value_given(v) || (f->type == FIELD_REFS && !v->refs.count);
}

/* `changed` NULL: a new record. Of an old one only what the change clears is told: a field that became required later may
 * stay empty until somebody fills it. */
static enum code check_required(struct record_context *x, const struct kind *k, const bool *changed, const struct value *values,
				struct error *e)
{
	enum code code = OK;
	for (const struct field *f = k->fields; f->name; f++)
		if ((f->flags & FIELD_REQUIRED) && (!changed || changed[f->index]) && lacks(f, &values[f->index]))
			code = fault(x, f->name, N_("is required"), e);
	return code;
}

/* Required fields and references: everything that is wrong at once. */
static enum code check_values(struct record_context *x, const struct kind *k, int64_t id, const bool *changed, const struct value *values,
			      struct error *e)
{
	enum code required = check_required(x, k, changed, values, e);
	if (required != OK && required != E_INVALID)
		return required;
	enum code references = references_check(x, k, id, changed, values, e);
	return references != OK ? references : required;
}

static enum code writable(const struct kind *k, struct error *e)
{
	if (!(k->flags & KIND_VIEW))
		return OK;
	return error_fail(e, E_INVALID, N_("{kind} is computed from other records and cannot be changed"), { "kind", str_of(k->name) });
}

enum code record_judge(struct record_context *x, const struct kind *k, int64_t id, struct error *e)
{
	return x->guard ? x->guard->judge(x->guard->data, x->conn, k, id, x->arena, e) : OK;
}

/* --- where a record belongs ----------------------------------------------------------------------- */

static int64_t owner_of(const struct kind *k, int64_t id, const struct value *values)
{
	const struct record_row row = { .id = id, .values = (struct value *)(uintptr_t)values };
	return row_owner(k, &row);
}

/* The entity above one of the entity tree; 0: it is a root. */
static int64_t parent_of(const struct kind *k, const struct value *values)
{
	for (const struct field *f = k->fields; f->name; f++)
		if (f->flags & FIELD_TREE)
			return value_given(&values[f->index]) ? values[f->index].integer : 0;
	return 0;
}

/* record_settle() sees to it that the entity is still there when this is committed. */
static enum code enter(struct record_context *x, int64_t entity, struct error *e)
{
	return !x->changes || changes_enter(x->changes, entity) ? OK : error_nomem(e);
}

/* Without a named entity a record goes to that of the person who makes it. */
static enum code default_entity(struct record_context *x, int64_t *io_entity, struct error *e)
{
	bool found = false;
	if (*io_entity)
		return world_entity_known(x->world, *io_entity) || x->who.system ? OK : fault(x, "entity", N_("is no entity that exists"), e);
	if (x->who.person)
		TRY(sql_int(x->conn, SQL_PERSON_ENTITY, SQL_PARAMS(SQL_I(x->who.person)), io_entity, &found, e));
	return found ? OK : fault(x, "entity", N_("is required"), e);
}

static enum code only_program_makes_roots(struct error *e)
{
	return error_fail(e, E_DENIED, N_("An entity needs one above it; only the program makes the root"));
}

/* An entity belongs to itself; who makes one below another needs the right there. */
static enum code place_record(struct record_context *x, const struct kind *k, int64_t id, const struct value *values, int64_t *io_entity,
			      struct error *e)
{
	int64_t authority;
	if (!(k->flags & KIND_ENTITY_TREE)) {
		TRY(default_entity(x, io_entity, e));
		authority = *io_entity;
	} else {
		*io_entity = id;
		authority = parent_of(k, values);
		if (!authority)
			return x->who.system ? OK : only_program_makes_roots(e);
	}
	TRY(enter(x, authority, e));
	return record_decide_verb(x, k, VERB_CREATE, authority, owner_of(k, id, values), e);
}

/* Leaving one entity takes the right to change the record there, coming to another the right to make one there. */
static enum code may_move(struct record_context *x, const struct kind *k, const struct record_row *row, int64_t entity,
			  const struct value *after, struct error *e)
{
	if (k->flags & KIND_ENTITY_TREE) {
		int64_t parent = parent_of(k, after);
		if (entity != row->entity)
			return fault(x, "entity", N_("of an entity is the entity itself; change its parent instead"), e);
		if (parent == parent_of(k, row->values))
			return OK;
		if (!parent)
			return x->who.system ? OK : only_program_makes_roots(e);
		TRY(enter(x, parent, e));
		return record_decide_verb(x, k, VERB_CREATE, parent, 0, e);
	}
	if (entity == row->entity)
		return OK;
	if (!world_entity_known(x->world, entity) && !x->who.system)
		return fault(x, "entity", N_("is no entity that exists"), e);
	TRY(enter(x, entity, e));
	return record_decide_verb(x, k, VERB_CREATE, entity, owner_of(k, row->id, after), e);
}

/* --- create --------------------------------------------------------------------------------------- */

/* The values with defaults where none were given; the same array when there is nothing to fill. */
static enum code fill_defaults(struct record_context *x, const struct kind *k, const struct value **io_values, struct error *e)
{
	struct value *filled = NULL;
	for (const struct field *f = k->fields; f->name; f++) {
		if (!f->otherwise || (*io_values)[f->index].set)
			continue;
		if (!filled) {
			filled = ARENA_ARRAY(x->arena, k->field_count + 1, struct value);
			if (!filled)
				return error_nomem(e);
			memcpy(filled, *io_values, k->field_count * sizeof *filled);
		}
		TRY(value_default(f, x->now, x->arena, &filled[f->index], e));
	}
	if (filled)
		*io_values = filled;
	return OK;
}

enum code record_create(struct record_context *x, const struct kind *k, int64_t entity, const struct value *values,
			struct record_ref *ret, struct error *e)
{
	struct record_ref ref = { .id = id_next(x->ids), .version = 1, .entity = entity };
	struct str state = k->state_count ? str_of(k->states[0].name) : STR_NONE, number = STR_NONE;
	TRY(writable(k, e));
	TRY(fill_defaults(x, k, &values, e));
	TRY(place_record(x, k, ref.id, values, &ref.entity, e));
	TRY(check_values(x, k, ref.id, NULL, values, e));
	if (k->number)
		TRY(numbers_next(x->numbers, x->conn, str_of(k->name), str_of(k->number), x->arena, &number, e));
	TRY(row_insert(x, k, &ref, state, number, values, e));
	TRY(record_judge(x, k, ref.id, e));
	TRY(changes_add(x, k, &ref, "create", NULL, values, NULL, state.data, e));
	changes_number(x->changes, number);
	*ret = ref;
	return OK;
}

enum code record_create_many(struct record_context *x, const struct kind *k, const int64_t *entities,
			     const struct value *const *values, size_t count, struct record_ref *ret, struct error *e)
{
	for (size_t i = 0; i < count; i++)
		TRY(record_create(x, k, entities[i], values[i], &ret[i], e));
	return OK;
}

/* --- change --------------------------------------------------------------------------------------- */

enum code record_lock(struct record_context *x, const struct kind *k, int64_t id, int64_t expect, const struct sight *sight,
		      struct record_row *ret, struct error *e)
{
	TRY(writable(k, e));
	TRY(row_load(x, k, id, true, ret, e));
	if (!sight_row(sight, x, ret))
		return record_not_found(k, id, e);
	if (!expect || expect == ret->version)
		return OK;
	error_fail(e, E_CONFLICT, N_("The record has changed since you read it; look at it again"));
	return error_detail(e, DETAIL_PRECONDITION);
}

static enum code not_archived(const struct record_row *row, struct error *e)
{
	return row->archived ? error_fail(e, E_CONFLICT, N_("The record is archived; restore it first")) : OK;
}

struct merged { /* a patch over the present values */
	struct value *after;
	bool *changed; /* by field index */
	bool any;
};

static enum code merge(struct record_context *x, const struct kind *k, const struct record_row *row, const struct value *patch,
		       struct merged *ret, struct error *e)
{
	ret->after = ARENA_ARRAY(x->arena, k->field_count + 1, struct value);
	ret->changed = ARENA_ARRAY(x->arena, k->field_count + 1, bool);
	ret->any = false;
	if (!ret->after || !ret->changed)
		return error_nomem(e);
	for (size_t i = 0; i < k->field_count; i++) {
		ret->after[i] = patch[i].set ? patch[i] : row->values[i];
		ret->changed[i] = patch[i].set && !value_equal(&k->fields[i], &row->values[i], &patch[i]);
		ret->any |= ret->changed[i];
	}
	return OK;
}

/* Who may not read a field may not overwrite it either. Asked of every field given, changed or not: the difference
 * between "refused" and "nothing to change" would tell the value. */
static enum code may_write_fields(struct record_context *x, const struct sight *sight, const struct record_row *row,
				  const struct value *patch, struct error *e)
{
	for (const struct field *f = sight->kind->fields; f->name; f++)
		if (patch[f->index].set && !sight_field(sight, x, row, f))
			return error_fail(e, E_DENIED, N_("You may not change {field}: you may not read it"), { "field", str_of(f->name) });
	return OK;
}

enum code record_update(struct record_context *x, const struct kind *k, int64_t id, int64_t expect, int64_t entity,
			const struct value *values, struct record_ref *ret, struct error *e)
{
	struct record_row row;
	struct sight sight;
	struct merged m;
	TRY(sight_make(x, k, &sight, e));
	TRY(record_lock(x, k, id, expect, &sight, &row, e));
	TRY(not_archived(&row, e));
	TRY(record_decide_verb(x, k, VERB_UPDATE, row.entity, row_owner(k, &row), e));
	TRY(may_write_fields(x, &sight, &row, values, e));
	TRY(merge(x, k, &row, values, &m, e));
	if (!entity)
		entity = row.entity;
	TRY(may_move(x, k, &row, entity, m.after, e));
	if (!m.any && entity == row.entity) {
		*ret = (struct record_ref){ row.id, row.version, row.entity };
		return OK;
	}
	TRY(check_values(x, k, id, m.changed, m.after, e));
	return row_write(x, k, &(struct row_change){ &row, m.after, entity, 0, row.state, "update" }, ret, e);
}

/* --- transitions ---------------------------------------------------------------------------------- */

static enum code check_state(const struct record_row *row, const struct transition *t, struct error *e)
{
	for (const char *const *from = t->from; *from; from++)
		if (str_is(row->state, *from))
			return OK;
	return error_fail(e, E_CONFLICT, N_("{transition} is not possible while the record is in the state {state}"),
			  { "transition", str_of(t->name) }, { "state", row->state });
}

/* What the authority must cover. Another currency is not compared with the ceiling: whoever acts must have none. */
static int64_t amount_of(const struct record_context *x, const struct value *v)
{
	if (!value_given(v))
		return -1;
	if (!str_eq(str_of(v->money.currency), x->currency) || v->money.minor == INT64_MIN)
		return INT64_MAX;
	return v->money.minor < 0 ? -v->money.minor : v->money.minor;
}

/* The larger of before and after: nobody comes below a ceiling by changing the amount in the same step. */
static int64_t ceiling_amount(const struct record_context *x, const struct kind *k, const struct transition *t,
			      const struct record_row *row, const struct value *after)
{
	const struct field *f = t->ceiling ? kind_field(k, str_of(t->ceiling)) : NULL;
	if (!f)
		return -1;
	int64_t was = amount_of(x, &row->values[f->index]), becomes = amount_of(x, &after[f->index]);
	return was > becomes ? was : becomes;
}

static bool is_evidence(const struct transition *t, const struct field *f)
{
	for (const char *const *name = t->evidence; name && *name; name++)
		if (strcmp(*name, f->name) == 0)
			return true;
	return false;
}

static enum code check_evidence(struct record_context *x, const struct kind *k, const struct transition *t, const struct value *after,
				struct error *e)
{
	enum code code = OK;
	for (const struct field *f = k->fields; f->name; f++) {
		struct str pointer = arena_format(x->arena, "/%s", f->name);
		if (!pointer.data)
			return error_nomem(e);
		if (is_evidence(t, f) && lacks(f, &after[f->index]))
			code = error_field(e, pointer, N_("is needed as evidence for {transition}"), { "transition", str_of(t->name) });
	}
	return code;
}

/* Evidence may be given with the step; whatever else changes needs the right to change the record. */
static enum code may_change_beside(struct record_context *x, const struct kind *k, const struct transition *t, const struct record_row *row,
				   const struct merged *m, struct error *e)
{
	bool beyond = false;
	for (const struct field *f = k->fields; f->name; f++)
		beyond |= m->changed[f->index] && !is_evidence(t, f);
	if (!beyond || (k->flags & KIND_SYSTEM))
		return OK;
	return record_decide_verb(x, k, VERB_UPDATE, row->entity, row_owner(k, row), e);
}

enum code record_transition(struct record_context *x, const struct kind *k, int64_t id, int64_t expect, const struct transition *t,
			    const struct value *values, struct record_ref *ret, struct error *e)
{
	struct record_row row;
	struct sight sight;
	struct merged m;
	TRY(sight_make(x, k, &sight, e));
	TRY(record_lock(x, k, id, expect, &sight, &row, e));
	TRY(not_archived(&row, e));
	TRY(merge(x, k, &row, values, &m, e));
	TRY(record_decide(x, t->function, row.entity, row_owner(k, &row), ceiling_amount(x, k, t, &row, m.after), e));
	TRY(check_state(&row, t, e));
	TRY(may_change_beside(x, k, t, &row, &m, e));
	TRY(may_write_fields(x, &sight, &row, values, e));
	if (k->flags & KIND_ENTITY_TREE)
		TRY(may_move(x, k, &row, row.entity, m.after, e));
	enum code evidence = check_evidence(x, k, t, m.after, e);
	enum code rest = evidence == OK || evidence == E_INVALID ? check_values(x, k, id, m.changed, m.after, e) : evidence;
	if (evidence != OK || rest != OK)
		return rest != OK ? rest : evidence;
	return row_write(x, k, &(struct row_change){ &row, m.after, row.entity, 0, str_of(t->to), "transition" }, ret, e);
}

/* --- archive -------------------------------------------------------------------------------------- */

/* An entity that is archived is unknown to the world: whatever is in it would be lost from sight. */
static enum code entity_is_empty(struct record_context *x, int64_t entity, struct error *e)
{
	for (size_t i = 0; i < x->model->kind_count; i++) {
		const struct kind *k = x->model->kinds[i];
		const char *column = "entity";
		CLEAN_STATEMENT struct statement s;
		CLEAN_ROWS struct rows *rows = NULL;
		bool row;
		if (k->flags & KIND_VIEW)
			continue;
		for (const struct field *f = k->fields; (k->flags & KIND_ENTITY_TREE) && f->name; f++)
			column = f->flags & FIELD_TREE ? f->name : column;
		statement_init(&s);
		buf_format(&s.sql, "SELECT 1 FROM %s WHERE %s = ?1 AND archived IS NULL LIMIT 1", k->name, column);
		TRY(statement_ok(&s, e));
		TRY(sql_query_built(x->conn, buf_str(&s.sql), SQL_PARAMS(SQL_I(entity)), &rows, e));
		TRY(rows_next(rows, &row, e));
		if (row)
			return error_fail(e, E_CONFLICT, N_("The entity still has records of the kind {kind}; move or archive them first"),
					  { "kind", str_of(k->name) });
	}
	return OK;
}

/* An archived entity has no authority of its own: that of the one above it counts. */
static int64_t archive_authority(const struct kind *k, const struct record_row *row)
{
	int64_t parent = (k->flags & KIND_ENTITY_TREE) && row->archived ? parent_of(k, row->values) : 0;
	return parent ? parent : row->entity;
}

enum code record_archive(struct record_context *x, const struct kind *k, int64_t id, int64_t expect, bool back, struct record_ref *ret,
			 struct error *e)
{
	struct record_row row;
	struct sight sight;
	TRY(sight_make(x, k, &sight, e));
	TRY(record_lock(x, k, id, expect, &sight, &row, e));
	TRY(record_decide_verb(x, k, VERB_ARCHIVE, archive_authority(k, &row), row_owner(k, &row), e));
	if (back == !row.archived) {
		*ret = (struct record_ref){ row.id, row.version, row.entity };
		return OK;
	}
	if (!back && (k->flags & KIND_ENTITY_TREE)) {
		TRY(hold_entity(x, id, e));
		TRY(entity_is_empty(x, id, e));
	}
	if (back && archive_authority(k, &row) != id)
		TRY(enter(x, archive_authority(k, &row), e));
	int64_t archived = back ? 0 : x->now;
	return row_write(x, k, &(struct row_change){ &row, row.values, row.entity, archived, row.state, back ? "restore" : "archive" }, ret, e);
}

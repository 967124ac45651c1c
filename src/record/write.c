/* The write path: validate → decide → guard → write → journal. Neighbours: references.c checks what is referred to,
 * erase.c and upsert.c build on row_write(), changes.c notes what happened. */
#include "internal.h"
#include "references.h"
#include <string.h>

/* --- rows ----------------------------------------------------------------------------------------- */

static enum code insert_links(struct record_context *x, const struct kind *k, const struct field *f, int64_t id, const struct value *v,
			      struct error *e)
{
	for (size_t i = 0; i < v->refs.count; i++) {
		CLEAN_STATEMENT struct statement s;
		statement_init(&s);
		buf_add_text(&s.sql, "INSERT INTO ");
		link_table(&s.sql, k, f);
		buf_add_text(&s.sql, " (id, position, target) VALUES (?1, ?2, ?3)");
		TRY(statement_ok(&s, e));
		TRY(sql_exec_built(x->conn, buf_str(&s.sql), SQL_PARAMS(SQL_I(id), SQL_I((int64_t)i), SQL_I(v->refs.ids[i])), NULL, e));
	}
	return OK;
}

static enum code replace_links(struct record_context *x, const struct kind *k, const struct field *f, int64_t id, const struct value *v,
			       struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	statement_init(&s);
	buf_add_text(&s.sql, "DELETE FROM ");
	link_table(&s.sql, k, f);
	buf_add_text(&s.sql, " WHERE id = ?1");
	TRY(statement_ok(&s, e));
	TRY(sql_exec_built(x->conn, buf_str(&s.sql), SQL_PARAMS(SQL_I(id)), NULL, e));
	return insert_links(x, k, f, id, v, e);
}

/* A broken UNIQUE is told by field, unless the caller may not read that field. */
static enum code explain_conflict(struct record_context *x, const struct kind *k, enum code code, struct error *e)
{
	struct str index = conn_conflict(x->conn), kind = str_of(k->name);
	struct sight sight;
	if (code != E_CONFLICT || !index.len)
		return code;
	TRY(sight_make(x, k, &sight, e));
	for (const struct field *f = k->fields; f->name; f++) {
		struct str name = arena_format(x->arena, "%s_%s_key", k->name, f->name);
		if (!str_eq(name, index) || !sight_field_everywhere(&sight, f))
			continue;
		error_field(e, arena_format(x->arena, "/%s", f->name), N_("is already used by another record"));
		return error_fail(e, E_CONFLICT, N_("Another {kind} already has this {field}"), { "kind", kind }, { "field", str_of(f->name) });
	}
	return error_fail(e, E_CONFLICT, N_("Another {kind} with the same identification exists already"), { "kind", kind });
}

static enum code insert_row(struct record_context *x, const struct kind *k, const struct record_ref *ref, struct str state,
			    struct str number, const struct value *values, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	statement_init(&s);
	buf_format(&s.sql, "INSERT INTO %s (id, entity, version, state, number, since, entry", k->name);
	columns_add(&s.sql, k, "");
	buf_add_text(&s.sql, ") VALUES (");
	statement_param(&s, SQL_I(ref->id));
	const struct sql_value system[] = { SQL_I(ref->entity), SQL_I(ref->version), state.len ? SQL_T(state) : SQL_N,
					    number.len ? SQL_T(number) : SQL_N, SQL_I(x->now), SQL_I(x->entry) };
	for (size_t i = 0; i < sizeof system / sizeof *system; i++) {
		buf_add_text(&s.sql, ", ");
		statement_param(&s, system[i]);
	}
	for (size_t i = 0; i < k->field_count; i++)
		field_bind(&s, &k->fields[i], &values[i], ", ");
	buf_add_char(&s.sql, ')');
	TRY(statement_ok(&s, e));
	enum code code = sql_exec_built(x->conn, buf_str(&s.sql), s.params, s.count, NULL, e);
	if (code != OK)
		return explain_conflict(x, k, code, e);
	for (const struct field *f = k->fields; f->name; f++)
		if (f->type == FIELD_REFS && values[f->index].refs.count && values[f->index].set && !values[f->index].null)
			TRY(insert_links(x, k, f, ref->id, &values[f->index], e));
	return OK;
}

/* A field's cell in history: personal ones sealed, lists as JSON. */
static enum code history_value(struct record_context *x, const struct kind *k, const struct field *f, const struct record_row *row,
			       struct sql_value *ret, struct error *e)
{
	const struct value *v = &row->values[f->index];
	struct str text;
	*ret = SQL_N;
	if (!v->set || v->null)
		return OK;
	int64_t subject = f->personal ? personal_subject(k, f, row->id, row->values) : 0;
	if (subject) {
		enum code code = personal_seal(x, k, f, row->id, subject, v, &text, e);
		if (code == E_NOT_FOUND) { /* erased already */
			error_clear(e);
			return OK;
		}
		TRY(code);
		*ret = SQL_T(text);
		return OK;
	}
	if (f->type != FIELD_REFS && !f->personal) {
		*ret = field_sql(f, v);
		return OK;
	}
	CLEAN_BUF struct buf json;
	struct json_writer w;
	buf_init(&json, 0);
	json_writer_init(&w, &json);
	value_to_json(f, v, &w);
	text = buf_ok(&json) ? arena_copy(x->arena, buf_str(&json)) : STR_NONE;
	*ret = SQL_T(text);
	return text.data ? OK : error_nomem(e);
}

static enum code insert_history(struct record_context *x, const struct kind *k, const struct record_row *row, struct error *e)
{
	CLEAN_STATEMENT struct statement s, v;
	statement_init(&s);
	statement_init(&v);
	const struct sql_value system[] = { SQL_I(row->id), SQL_I(row->version), SQL_I(row->entity), row->state.data ? SQL_T(row->state) : SQL_N,
					    row->number.data ? SQL_T(row->number) : SQL_N, SQL_I(row->since), SQL_I(x->now), SQL_I(row->entry),
					    SQL_I(x->entry), row->archived ? SQL_I(row->archived) : SQL_N };
	buf_format(&s.sql, "INSERT INTO %s_history (id, version, entity, state, number, since, until, entry, until_entry, archived", k->name);
	for (size_t i = 0; i < sizeof system / sizeof *system; i++) {
		buf_add_text(&v.sql, i ? ", " : "");
		statement_param(&v, system[i]);
	}
	for (const struct field *f = k->fields; f->name; f++) {
		struct sql_value cell;
		if (!field_in_history(f))
			continue;
		TRY(history_value(x, k, f, row, &cell, e));
		buf_format(&s.sql, ", %s", f->name);
		buf_add_text(&v.sql, ", ");
		statement_param(&v, cell);
		if (f->type == FIELD_MONEY && !f->personal) {
			buf_format(&s.sql, ", %s_currency", f->name);
			buf_add_text(&v.sql, ", ");
			statement_param(&v, cell.type == SQL_NULL ? SQL_N : SQL_T(str_of(row->values[f->index].money.currency)));
		}
	}
	buf_add_text(&s.sql, ") VALUES (");
	buf_add_str(&s.sql, buf_str(&v.sql));
	buf_add_char(&s.sql, ')');
	TRY(statement_ok(&s, e));
	TRY(statement_ok(&v, e));
	return sql_exec_built(x->conn, buf_str(&s.sql), v.params, v.count, NULL, e);
}

static enum code update_row(struct record_context *x, const struct kind *k, const struct row_change *c, int64_t version, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	statement_init(&s);
	buf_format(&s.sql, "UPDATE %s SET version = ", k->name);
	statement_param(&s, SQL_I(version));
	buf_add_text(&s.sql, ", since = ");
	statement_param(&s, SQL_I(x->now));
	buf_add_text(&s.sql, ", entry = ");
	statement_param(&s, SQL_I(x->entry));
	if (c->entity != c->before->entity) {
		buf_add_text(&s.sql, ", entity = ");
		statement_param(&s, SQL_I(c->entity));
	}
	if (!str_eq(c->state, c->before->state)) {
		buf_add_text(&s.sql, ", state = ");
		statement_param(&s, SQL_T(c->state));
	}
	if (c->archived != c->before->archived) {
		buf_add_text(&s.sql, ", archived = ");
		statement_param(&s, c->archived ? SQL_I(c->archived) : SQL_N);
	}
	for (const struct field *f = k->fields; f->name; f++) {
		if (f->type == FIELD_REFS || value_equal(f, &c->before->values[f->index], &c->after[f->index]))
			continue;
		buf_format(&s.sql, ", %s = ", f->name);
		statement_param(&s, field_sql(f, &c->after[f->index]));
		if (f->type == FIELD_MONEY) {
			const struct value *v = &c->after[f->index];
			buf_format(&s.sql, ", %s_currency = ", f->name);
			statement_param(&s, v->null || !v->set ? SQL_N : SQL_T(str_of(v->money.currency)));
		}
	}
	buf_add_text(&s.sql, " WHERE id = ");
	statement_param(&s, SQL_I(c->before->id));
	TRY(statement_ok(&s, e));
	enum code code = sql_exec_built(x->conn, buf_str(&s.sql), s.params, s.count, NULL, e);
	return code == OK ? OK : explain_conflict(x, k, code, e);
}

static const char *state_text(struct record_context *x, struct str state)
{
	return state.len ? arena_copy(x->arena, state).data : NULL;
}

static enum code judge(struct record_context *x, const struct kind *k, int64_t id, struct error *e)
{
	return x->guard ? x->guard->judge(x->guard->data, x->conn, k, id, x->arena, e) : OK;
}

enum code row_write(struct record_context *x, const struct kind *k, const struct row_change *c, struct record_ref *ret, struct error *e)
{
	struct record_ref ref = { .id = c->before->id, .version = c->before->version + 1, .entity = c->entity };
	TRY(insert_history(x, k, c->before, e));
	TRY(update_row(x, k, c, ref.version, e));
	for (const struct field *f = k->fields; f->name; f++)
		if (f->type == FIELD_REFS && !value_equal(f, &c->before->values[f->index], &c->after[f->index]))
			TRY(replace_links(x, k, f, ref.id, &c->after[f->index], e));
	TRY(judge(x, k, ref.id, e));
	TRY(changes_add(x, k, &ref, c->action, c->before->values, c->after, state_text(x, c->before->state), state_text(x, c->state), e));
	*ret = ref;
	return OK;
}

/* --- checks --------------------------------------------------------------------------------------- */

static enum code check_required(struct record_context *x, const struct kind *k, const struct value *values, struct error *e)
{
	bool missing = false;
	for (const struct field *f = k->fields; f->name; f++) {
		const struct value *v = &values[f->index];
		if (!(f->flags & FIELD_REQUIRED) || (v->set && !v->null))
			continue;
		missing = true;
		error_field(e, arena_format(x->arena, "/%s", f->name), N_("is required"));
	}
	return missing ? E_INVALID : OK;
}

static enum code writable(const struct kind *k, struct error *e)
{
	if (!(k->flags & KIND_VIEW))
		return OK;
	return error_fail(e, E_INVALID, N_("{kind} is computed from other records and cannot be changed"), { "kind", str_of(k->name) });
}

/* Where a record without a named entity goes: to the entity of the person who makes it. */
static enum code default_entity(struct record_context *x, int64_t *io_entity, struct error *e)
{
	bool found = false;
	if (*io_entity)
		return world_entity_known(x->world, *io_entity) || x->who.system
			       ? OK
			       : error_field(e, STR("/entity"), N_("is no entity that exists"));
	if (x->who.person)
		TRY(sql_int(x->conn, "SELECT entity FROM person WHERE id = ?1", SQL_PARAMS(SQL_I(x->who.person)), io_entity, &found, e));
	return found ? OK : error_field(e, STR("/entity"), N_("is required"));
}

/* An entity belongs to itself; who makes one below another needs the right there. */
static enum code place_record(struct record_context *x, const struct kind *k, int64_t id, const struct value *values, int64_t *io_entity,
			      int64_t *ret_authority, struct error *e)
{
	if (!(k->flags & KIND_ENTITY_TREE)) {
		TRY(default_entity(x, io_entity, e));
		*ret_authority = *io_entity;
		return OK;
	}
	*io_entity = id;
	*ret_authority = 0;
	for (const struct field *f = k->fields; f->name; f++)
		if ((f->flags & FIELD_TREE) && values[f->index].set && !values[f->index].null)
			*ret_authority = values[f->index].integer;
	if (*ret_authority || x->who.system)
		return OK;
	return error_fail(e, E_DENIED, N_("A new entity needs a parent; only the program makes the root"));
}

static int64_t owner_of(const struct kind *k, int64_t id, const struct value *values)
{
	const struct record_row row = { .id = id, .values = (struct value *)(uintptr_t)values };
	return row_owner(k, &row);
}

/* --- create --------------------------------------------------------------------------------------- */

enum code record_create(struct record_context *x, const struct kind *k, int64_t entity, const struct value *values,
			struct record_ref *ret, struct error *e)
{
	struct record_ref ref = { .id = id_next(x->ids), .version = 1, .entity = entity };
	struct str state = k->state_count ? str_of(k->states[0].name) : STR_NONE, number = STR_NONE;
	int64_t authority;
	TRY(writable(k, e));
	TRY(check_required(x, k, values, e));
	TRY(place_record(x, k, ref.id, values, &ref.entity, &authority, e));
	if (authority)
		TRY(record_decide_verb(x, k, "create", authority, owner_of(k, ref.id, values), e));
	TRY(references_check(x, k, ref.id, NULL, values, e));
	if (k->number)
		TRY(numbers_next(x->numbers, x->conn, str_of(k->name), str_of(k->number), x->arena, &number, e));
	TRY(insert_row(x, k, &ref, state, number, values, e));
	TRY(judge(x, k, ref.id, e));
	TRY(changes_add(x, k, &ref, "create", NULL, values, NULL, state.len ? k->states[0].name : NULL, e));
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

/* The row as it is, when the caller may see it and it is the version expected. */
static enum code load_for_change(struct record_context *x, const struct kind *k, int64_t id, int64_t expect, struct record_row *ret,
				 struct error *e)
{
	struct sight sight;
	TRY(writable(k, e));
	TRY(sight_make(x, k, &sight, e));
	TRY(row_load(x, k, id, true, ret, e));
	if (!sight_row(&sight, x, ret))
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

/* The patch over the present values; *ret_changed by field index. */
static enum code merge(struct record_context *x, const struct kind *k, const struct record_row *row, const struct value *patch,
		       struct value **ret, bool **ret_changed, bool *ret_any, struct error *e)
{
	struct value *after = ARENA_ARRAY(x->arena, k->field_count + 1, struct value);
	bool *changed = ARENA_ARRAY(x->arena, k->field_count + 1, bool);
	if (!after || !changed)
		return error_nomem(e);
	*ret_any = false;
	for (size_t i = 0; i < k->field_count; i++) {
		after[i] = patch[i].set ? patch[i] : row->values[i];
		changed[i] = patch[i].set && !value_equal(&k->fields[i], &row->values[i], &patch[i]);
		*ret_any |= changed[i];
	}
	*ret = after;
	*ret_changed = changed;
	return OK;
}

/* Who may not read a field may not overwrite it either. */
static enum code may_change_fields(struct record_context *x, const struct kind *k, const struct record_row *row, const bool *changed,
				   struct error *e)
{
	struct sight sight;
	TRY(sight_make(x, k, &sight, e));
	for (const struct field *f = k->fields; f->name; f++)
		if (changed[f->index] && !sight_field(&sight, x, row, f))
			return error_fail(e, E_DENIED, N_("You may not change {field}: you may not read it"), { "field", str_of(f->name) });
	return OK;
}

static enum code may_move(struct record_context *x, const struct kind *k, const struct record_row *row, int64_t entity, struct error *e)
{
	if (entity == row->entity)
		return OK;
	if (k->flags & KIND_ENTITY_TREE)
		return error_field(e, STR("/entity"), N_("of an entity is the entity itself; change its parent instead"));
	if (!world_entity_known(x->world, entity))
		return error_field(e, STR("/entity"), N_("is no entity that exists"));
	return record_decide_verb(x, k, "create", entity, 0, e);
}

enum code record_update(struct record_context *x, const struct kind *k, int64_t id, int64_t expect, int64_t entity,
			const struct value *values, struct record_ref *ret, struct error *e)
{
	struct record_row row;
	struct value *after;
	bool *changed, any;
	TRY(load_for_change(x, k, id, expect, &row, e));
	TRY(not_archived(&row, e));
	TRY(record_decide_verb(x, k, "update", row.entity, row_owner(k, &row), e));
	if (!entity)
		entity = row.entity;
	TRY(may_move(x, k, &row, entity, e));
	TRY(merge(x, k, &row, values, &after, &changed, &any, e));
	if (!any && entity == row.entity) {
		*ret = (struct record_ref){ row.id, row.version, row.entity };
		return OK;
	}
	TRY(may_change_fields(x, k, &row, changed, e));
	TRY(check_required(x, k, after, e));
	TRY(references_check(x, k, id, changed, after, e));
	return row_write(x, k, &(struct row_change){ &row, after, entity, 0, row.state, "update" }, ret, e);
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

/* Another currency is not compared with the ceiling: whoever acts must have none. */
static int64_t ceiling_amount(const struct record_context *x, const struct kind *k, const struct transition *t, const struct value *after)
{
	const struct field *f = t->ceiling ? kind_field(k, str_of(t->ceiling)) : NULL;
	if (!f || !after[f->index].set || after[f->index].null)
		return -1;
	const struct value *v = &after[f->index];
	return str_eq(str_of(v->money.currency), x->currency) ? v->money.minor : INT64_MAX;
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
	bool missing = false;
	for (const char *const *name = t->evidence; name && *name; name++) {
		const struct field *f = kind_field(k, str_of(*name));
		const struct value *v = f ? &after[f->index] : NULL;
		if (v && v->set && !v->null && (f->type != FIELD_REFS || v->refs.count))
			continue;
		missing = true;
		error_field(e, arena_format(x->arena, "/%s", *name), N_("is needed as evidence for {transition}"), { "transition", str_of(t->name) });
	}
	return missing ? E_INVALID : OK;
}

enum code record_transition(struct record_context *x, const struct kind *k, int64_t id, int64_t expect, const struct transition *t,
			    const struct value *values, struct record_ref *ret, struct error *e)
{
	struct record_row row;
	struct value *after;
	bool *changed, any, beyond = false;
	TRY(load_for_change(x, k, id, expect, &row, e));
	TRY(not_archived(&row, e));
	TRY(check_state(&row, t, e));
	TRY(merge(x, k, &row, values, &after, &changed, &any, e));
	TRY(record_decide(x, t->function, row.entity, row_owner(k, &row), ceiling_amount(x, k, t, after), e));
	for (const struct field *f = k->fields; f->name; f++)
		beyond |= changed[f->index] && !is_evidence(t, f);
	if (beyond && !(k->flags & KIND_SYSTEM))
		TRY(record_decide_verb(x, k, "update", row.entity, row_owner(k, &row), e));
	TRY(may_change_fields(x, k, &row, changed, e));
	TRY(check_required(x, k, after, e));
	TRY(check_evidence(x, k, t, after, e));
	TRY(references_check(x, k, id, changed, after, e));
	return row_write(x, k, &(struct row_change){ &row, after, row.entity, 0, str_of(t->to), "transition" }, ret, e);
}

enum code record_archive(struct record_context *x, const struct kind *k, int64_t id, int64_t expect, bool back, struct record_ref *ret,
			 struct error *e)
{
	struct record_row row;
	TRY(load_for_change(x, k, id, expect, &row, e));
	TRY(record_decide_verb(x, k, "archive", row.entity, row_owner(k, &row), e));
	if (back == !row.archived) {
		*ret = (struct record_ref){ row.id, row.version, row.entity };
		return OK;
	}
	int64_t archived = back ? 0 : x->now;
	return row_write(x, k, &(struct row_change){ &row, row.values, row.entity, archived, row.state, back ? "restore" : "archive" }, ret, e);
}

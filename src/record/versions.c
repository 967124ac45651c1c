/* How versions of a row are stored: a new row; the next version of one, with the old one put into history; links.
 * Neighbours: write.c and erase.c decide what is stored, texts.c has the SQL, changes.c notes it for the journal. */
#include "internal.h"
#include "layout.h"
#include <string.h>

/* --- links ---------------------------------------------------------------------------------------- */

static enum code insert_links(struct record_context *x, const struct kind *k, const struct field *f, int64_t id, const struct value *v,
			      struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	statement_init(&s);
	buf_add_text(&s.sql, "INSERT INTO ");
	link_table(&s.sql, k, f);
	buf_add_text(&s.sql, " (id, position, target) VALUES (?1, ?2, ?3)");
	TRY(statement_ok(&s, e));
	for (size_t i = 0; i < v->refs.count; i++)
		TRY(sql_exec_built(x->conn, buf_str(&s.sql), SQL_PARAMS(SQL_I(id), SQL_I((int64_t)i), SQL_I(v->refs.ids[i])), NULL, e));
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
	return value_given(v) ? insert_links(x, k, f, id, v, e) : OK;
}

/* --- rows ----------------------------------------------------------------------------------------- */

/* A broken UNIQUE is told by field, unless the caller may not read that field. */
static enum code explain_conflict(struct record_context *x, const struct kind *k, enum code code, struct error *e)
{
	struct str index = conn_conflict(x->conn), kind = str_of(k->name);
	struct sight sight;
	if (code != E_CONFLICT || !index.len)
		return code;
	TRY(sight_make(x, k, &sight, e));
	for (const struct field *f = k->fields; f->name; f++) {
		struct str name = layout_index_name(x->arena, k->name, f->name, true);
		struct str pointer = arena_format(x->arena, "/%s", f->name);
		if (!name.data || !pointer.data)
			return error_nomem(e);
		if (!str_eq(name, index) || !sight_field_everywhere(&sight, f))
			continue;
		error_fail(e, E_CONFLICT, N_("Another {kind} already has this {field}"), { "kind", kind }, { "field", str_of(f->name) });
		error_field(e, pointer, N_("is already used by another record"));
		return E_CONFLICT;
	}
	return error_fail(e, E_CONFLICT, N_("Another {kind} with the same identification exists already"), { "kind", kind });
}

static struct sql_value text_or_null(struct str s)
{
	return s.len ? SQL_T(s) : SQL_N;
}

enum code row_insert(struct record_context *x, const struct kind *k, const struct record_ref *ref, struct str state, struct str number,
		     const struct value *values, struct error *e)
{
	struct sql_value params[PARAMS_MOST];
	size_t n = 0;
	params[n++] = SQL_I(ref->id);
	params[n++] = SQL_I(ref->entity);
	params[n++] = SQL_I(ref->version);
	params[n++] = text_or_null(state);
	params[n++] = text_or_null(number);
	params[n++] = SQL_I(x->now);
	params[n++] = SQL_I(x->entry);
	for (const struct field *f = k->fields; f->name; f++)
		n += field_params(f, &values[f->index], &params[n]);
	enum code code = text_exec(x, k, TEXT_INSERT, params, n, e);
	if (code != OK)
		return explain_conflict(x, k, code, e);
	for (const struct field *f = k->fields; f->name; f++)
		if (f->type == FIELD_REFS && value_given(&values[f->index]))
			TRY(insert_links(x, k, f, ref->id, &values[f->index], e));
	return OK;
}

/* Personal cells as the journal has them, lists as JSON, the rest as in the live row. */
static enum code history_params(struct record_context *x, const struct kind *k, const struct field *f, const struct record_row *row,
				struct sql_value *params, struct error *e)
{
	const struct value *v = &row->values[f->index];
	if (f->type != FIELD_REFS && !f->personal) {
		field_params(f, v, params);
		return OK;
	}
	params[0] = SQL_N;
	if (!value_given(v) || (f->type == FIELD_REFS && !v->refs.count))
		return OK;
	CLEAN_BUF struct buf json;
	struct json_writer w;
	buf_init(&json, 0);
	json_writer_init(&w, &json);
	if (f->personal)
		TRY(personal_write(x, k, f, row->id, row->values, &w, e));
	else
		value_to_json(f, v, &w);
	struct str text = buf_ok(&json) ? arena_copy(x->arena, buf_str(&json)) : STR_NONE;
	params[0] = SQL_T(text);
	return text.data ? OK : error_nomem(e);
}

static enum code history_insert(struct record_context *x, const struct kind *k, const struct record_row *row, struct error *e)
{
	struct sql_value params[PARAMS_MOST];
	size_t n = 0;
	params[n++] = SQL_I(row->id);
	params[n++] = SQL_I(row->version);
	params[n++] = SQL_I(row->entity);
	params[n++] = text_or_null(row->state);
	params[n++] = text_or_null(row->number);
	params[n++] = SQL_I(row->since);
	params[n++] = SQL_I(x->now);
	params[n++] = SQL_I(row->entry);
	params[n++] = SQL_I(x->entry);
	params[n++] = row->archived ? SQL_I(row->archived) : SQL_N;
	for (const struct field *f = k->fields; f->name; f++) {
		size_t columns = field_history_columns(f);
		if (columns)
			TRY(history_params(x, k, f, row, &params[n], e));
		n += columns;
	}
	return text_exec(x, k, TEXT_HISTORY, params, n, e);
}

static void set_column(struct statement *s, const char *name, const char *suffix, struct sql_value v)
{
	buf_format(&s->sql, ", %s%s = ", name, suffix);
	statement_param(s, v);
}

/* Only what changes is named, so that indexes over other columns are not touched. */
static enum code row_update(struct record_context *x, const struct kind *k, const struct row_change *c, int64_t version, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	statement_init(&s);
	buf_format(&s.sql, "UPDATE %s SET version = ", k->name);
	statement_param(&s, SQL_I(version));
	set_column(&s, "since", "", SQL_I(x->now));
	set_column(&s, "entry", "", SQL_I(x->entry));
	if (c->entity != c->before->entity)
		set_column(&s, "entity", "", SQL_I(c->entity));
	if (!str_eq(c->state, c->before->state))
		set_column(&s, "state", "", text_or_null(c->state));
	if (c->archived != c->before->archived)
		set_column(&s, "archived", "", c->archived ? SQL_I(c->archived) : SQL_N);
	for (const struct field *f = k->fields; f->name; f++) {
		struct sql_value cells[2];
		if (f->type == FIELD_REFS || value_equal(f, &c->before->values[f->index], &c->after[f->index]))
			continue;
		size_t n = field_params(f, &c->after[f->index], cells);
		set_column(&s, f->name, "", cells[0]);
		if (n > 1)
			set_column(&s, f->name, "_currency", cells[1]);
	}
	buf_add_text(&s.sql, " WHERE id = ");
	statement_param(&s, SQL_I(c->before->id));
	TRY(statement_ok(&s, e));
	enum code code = sql_exec_built(x->conn, buf_str(&s.sql), s.params, s.count, NULL, e);
	return code == OK ? OK : explain_conflict(x, k, code, e);
}

enum code row_write(struct record_context *x, const struct kind *k, const struct row_change *c, struct record_ref *ret, struct error *e)
{
	struct record_ref ref = { .id = c->before->id, .version = c->before->version + 1, .entity = c->entity };
	TRY(history_insert(x, k, c->before, e));
	TRY(row_update(x, k, c, ref.version, e));
	for (const struct field *f = k->fields; f->name; f++)
		if (f->type == FIELD_REFS && !value_equal(f, &c->before->values[f->index], &c->after[f->index]))
			TRY(replace_links(x, k, f, ref.id, &c->after[f->index], e));
	TRY(record_judge(x, k, ref.id, e));
	TRY(changes_add(x, k, &ref, c->action, c->before->values, c->after, c->before->state.data, c->state.data, e));
	*ret = ref;
	return OK;
}

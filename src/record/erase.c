/* Erasing a person: the live values are overwritten in every kind that holds them, then the key is destroyed that
 * history and journal are sealed under. What the kernel keeps of past requests (stored answers, inputs of proposals) it
 * forgets itself, in the same call. Neighbours: versions.c writes, layout.h knows what was set aside, journal/keyring. */
#include "internal.h"
#include "layout.h"
#include <string.h>

#define ROWS_AT_ONCE 200

struct erasure {
	struct record_context *x;
	int64_t person;
	struct layout layout; /* knows the columns set aside, which may hold plain personal values too */
};

static bool about_self(const struct field *f)
{
	return strcmp(f->personal->subject, "self") == 0;
}

enum code erased_value(const struct field *f, int64_t id, struct arena *arena, struct value *ret, struct error *e)
{
	bool needed = f->flags & (FIELD_REQUIRED | FIELD_TITLE);
	*ret = (struct value){ .set = true, .null = true };
	if (!needed || (f->type != FIELD_TEXT && f->type != FIELD_LOCAL))
		return OK;
	ret->null = false;
	if (f->type == FIELD_LOCAL)
		ret->text = STR("{\"en\":\"(erased)\"}");
	else if (f->flags & FIELD_UNIQUE)
		ret->text = arena_format(arena, "(erased %lld)", (long long)id);
	else
		ret->text = STR("(erased)");
	return ret->text.data ? OK : error_nomem(e);
}

/* The row's personal cells in columns set aside, of the live row or of history. */
static enum code forget_aside(struct erasure *r, struct str table, int64_t id, struct error *e)
{
	const struct layout_table *t = layout_table_find(&r->layout, table);
	CLEAN_STATEMENT struct statement s;
	bool any = false;
	statement_init(&s);
	buf_format(&s.sql, "UPDATE %.*s SET ", STR_ARG(table));
	for (size_t i = 0; t && i < t->column_count; i++) {
		if (!t->columns[i].of.len || !t->columns[i].personal)
			continue;
		buf_format(&s.sql, "%s%s = NULL", any ? ", " : "", t->columns[i].name.data);
		any = true;
	}
	buf_add_text(&s.sql, " WHERE id = ?1");
	TRY(statement_ok(&s, e));
	return any ? sql_exec_built(r->x->conn, buf_str(&s.sql), SQL_PARAMS(SQL_I(id)), NULL, e) : OK;
}

static enum code erase_row(struct erasure *r, const struct kind *k, struct record_row *row, struct record_ref *ret, struct error *e)
{
	struct record_context *x = r->x;
	struct value *after = ARENA_ARRAY(x->arena, k->field_count + 1, struct value);
	struct str history = arena_format(x->arena, "%s_history", k->name);
	if (!after || !history.data)
		return error_nomem(e);
	for (const struct field *f = k->fields; f->name; f++) {
		after[f->index] = row->values[f->index];
		if (f->personal && value_given(&row->values[f->index]) && personal_subject(k, f, row->id, row->values) == r->person)
			TRY(erased_value(f, row->id, x->arena, &after[f->index], e));
	}
	TRY(forget_aside(r, str_of(k->name), row->id, e));
	TRY(forget_aside(r, history, row->id, e));
	return row_write(x, k, &(struct row_change){ row, after, row->entity, row->archived, row->state, "erase" }, ret, e);
}

/* The next rows of a kind in which a reference field that is somebody's subject names the person. */
static enum code rows_naming(struct record_context *x, const struct kind *k, const char *subject, int64_t person, int64_t after,
			     int64_t *ret_ids, size_t *ret_count, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	size_t n = 0;
	statement_init(&s);
	buf_format(&s.sql, "SELECT id FROM %s WHERE %s = ?1 AND id > ?2 ORDER BY id LIMIT %d", k->name, subject, ROWS_AT_ONCE);
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), SQL_PARAMS(SQL_I(person), SQL_I(after)), &rows, e));
	while (n < ROWS_AT_ONCE) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		ret_ids[n++] = rows_int(rows, 0);
	}
	*ret_count = n;
	return OK;
}

static enum code erase_naming(struct erasure *r, const struct kind *k, const char *subject, struct error *e)
{
	int64_t ids[ROWS_AT_ONCE], after = 0;
	size_t n;
	do {
		TRY(rows_naming(r->x, k, subject, r->person, after, ids, &n, e));
		for (size_t i = 0; i < n; i++) {
			struct record_row row;
			struct record_ref ref;
			TRY(row_load(r->x, k, ids[i], true, &row, e));
			TRY(erase_row(r, k, &row, &ref, e));
			after = ids[i];
		}
	} while (n == ROWS_AT_ONCE);
	return OK;
}

static enum code erase_elsewhere(struct erasure *r, struct error *e)
{
	for (size_t i = 0; i < r->x->model->kind_count; i++) {
		const struct kind *k = r->x->model->kinds[i];
		if (k->flags & KIND_VIEW)
			continue;
		for (const struct field *f = k->fields; f->name; f++) {
			if (!f->personal || about_self(f))
				continue;
			bool first = true; /* each subject field once */
			for (const struct field *b = k->fields; b < f; b++)
				first &= !(b->personal && strcmp(b->personal->subject, f->personal->subject) == 0);
			if (first)
				TRY(erase_naming(r, k, f->personal->subject, e));
		}
	}
	return OK;
}

enum code record_erase(struct record_context *x, const struct kind *k, int64_t id, struct record_ref *ret, struct error *e)
{
	struct erasure r = { .x = x, .person = id };
	struct record_row row;
	struct sight sight;
	if (!(k->flags & KIND_SUBJECT))
		return error_fail(e, E_INVALID, N_("Only records of persons can be erased"));
	TRY(sight_make(x, k, &sight, e));
	TRY(record_lock(x, k, id, 0, &sight, &row, e));
	TRY(record_decide_verb(x, k, VERB_ERASE, row.entity, 0, e));
	TRY(schema_layout(x->conn, x->arena, &r.layout, e));
	TRY(erase_row(&r, k, &row, ret, e));
	TRY(erase_elsewhere(&r, e));
	return keyring_destroy(x->keyring, id, e);
}

/* Erasing a person: the live values are overwritten in every kind that holds them, then the key is destroyed that
 * history and journal are sealed under. Neighbours: write.c (row_write), journal/keyring. */
#include "internal.h"
#include <string.h>

#define ROWS_AT_ONCE 200

static bool about_self(const struct field *f)
{
	return f->personal && strcmp(f->personal->subject, "self") == 0;
}

/* Is the value, on this row, about the person? */
static bool about_person(const struct kind *k, const struct field *f, const struct record_row *row, int64_t person)
{
	return f->personal && personal_subject(k, f, row->id, row->values) == person;
}

/* A required text stays a text; everything else becomes unknown. */
static enum code erase_row(struct record_context *x, const struct kind *k, struct record_row *row, int64_t person, struct record_ref *ret,
			   struct error *e)
{
	struct value *after = ARENA_ARRAY(x->arena, k->field_count + 1, struct value);
	if (!after)
		return error_nomem(e);
	for (const struct field *f = k->fields; f->name; f++) {
		after[f->index] = row->values[f->index];
		if (!about_person(k, f, row, person) || row->values[f->index].null)
			continue;
		bool text = f->type == FIELD_TEXT && (f->flags & (FIELD_REQUIRED | FIELD_TITLE));
		after[f->index] = text ? (struct value){ .set = true, .text = STR("(erased)") } : (struct value){ .set = true, .null = true };
	}
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

static enum code erase_naming(struct record_context *x, const struct kind *k, const char *subject, int64_t person, struct error *e)
{
	int64_t ids[ROWS_AT_ONCE], after = 0;
	size_t n;
	do {
		TRY(rows_naming(x, k, subject, person, after, ids, &n, e));
		for (size_t i = 0; i < n; i++) {
			struct record_row row;
			struct record_ref ref;
			TRY(row_load(x, k, ids[i], true, &row, e));
			TRY(erase_row(x, k, &row, person, &ref, e));
			after = ids[i];
		}
	} while (n == ROWS_AT_ONCE);
	return OK;
}

static enum code erase_elsewhere(struct record_context *x, int64_t person, struct error *e)
{
	for (size_t i = 0; i < x->model->kind_count; i++) {
		const struct kind *k = x->model->kinds[i];
		if (k->flags & KIND_VIEW)
			continue;
		for (const struct field *f = k->fields; f->name; f++) {
			if (!f->personal || about_self(f))
				continue;
			bool first = true; /* each subject field once */
			for (const struct field *b = k->fields; b < f; b++)
				first &= !(b->personal && strcmp(b->personal->subject, f->personal->subject) == 0);
			if (first)
				TRY(erase_naming(x, k, f->personal->subject, person, e));
		}
	}
	return OK;
}

enum code record_erase(struct record_context *x, const struct kind *k, int64_t id, struct record_ref *ret, struct error *e)
{
	struct record_row row;
	if (!(k->flags & KIND_SUBJECT))
		return error_fail(e, E_INVALID, N_("Only records of persons can be erased"));
	TRY(row_load(x, k, id, true, &row, e));
	TRY(record_decide_verb(x, k, "erase", row.entity, 0, e));
	TRY(erase_row(x, k, &row, id, ret, e));
	TRY(erase_elsewhere(x, id, e));
	return keyring_destroy(x->keyring, id, e);
}

/* Rows to values. Neighbours: columns.c knows the columns, list.c and write.c ask for rows. */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

void row_columns_add(struct buf *sql, const struct kind *k, const bool *wanted)
{
	buf_add_text(sql, k->flags & KIND_VIEW ? "t.id, t.entity" : "t.id, t.entity, t.version, t.state, t.number, t.since, t.entry, t.archived");
	columns_add(sql, k, "t.", wanted);
}

enum code row_read(const struct rows *rows, const struct kind *k, const bool *wanted, struct arena *arena, struct record_row *ret,
		   struct error *e)
{
	size_t column = 2;
	*ret = (struct record_row){ .id = rows_int(rows, 0), .entity = rows_int(rows, 1) };
	ret->values = ARENA_ARRAY(arena, k->field_count + 1, struct value);
	if (!ret->values)
		return error_nomem(e);
	if (!(k->flags & KIND_VIEW)) {
		ret->version = rows_int(rows, 2);
		ret->state = rows_null(rows, 3) ? STR_NONE : arena_copy(arena, rows_text(rows, 3));
		ret->number = rows_null(rows, 4) ? STR_NONE : arena_copy(arena, rows_text(rows, 4));
		ret->since = rows_int(rows, 5);
		ret->entry = rows_int(rows, 6);
		ret->archived = rows_null(rows, 7) ? 0 : rows_int(rows, 7);
		column = 8;
	}
	for (size_t i = 0; i < k->field_count; i++)
		if (!wanted || wanted[i])
			TRY(field_read(rows, &column, &k->fields[i], arena, &ret->values[i], e));
	return OK;
}

static int row_order(const void *a, const void *b)
{
	int64_t x = (*(struct record_row *const *)a)->id, y = (*(struct record_row *const *)b)->id;
	return (x > y) - (x < y);
}

static struct record_row *row_find(struct record_row **sorted, size_t count, int64_t id)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (sorted[middle]->id == id)
			return sorted[middle];
		if (sorted[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

#define LINKS_MOST 1000 /* of one record and field: value_from_json allows no more */

/* The rows come ordered by id, so one record's targets stand together. */
static enum code read_links(struct record_context *x, const struct kind *k, const struct field *f, struct record_row **sorted,
			    size_t count, const int64_t *ids, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	int64_t targets[LINKS_MOST], id = 0;
	size_t n = 0;
	bool row = true;
	statement_init(&s);
	buf_add_text(&s.sql, "SELECT id, target FROM ");
	link_table(&s.sql, k, f);
	buf_add_text(&s.sql, " WHERE id = ANY(");
	statement_param(&s, SQL_LIST(ids, count));
	buf_add_text(&s.sql, ") ORDER BY id, position");
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
	while (row) {
		TRY(rows_next(rows, &row, e));
		if (n && (!row || rows_int(rows, 0) != id)) {
			struct record_row *r = row_find(sorted, count, id);
			int64_t *own = ARENA_ARRAY(x->arena, n, int64_t);
			if (!own)
				return error_nomem(e);
			memcpy(own, targets, n * sizeof *own);
			if (r) {
				r->values[f->index].refs.ids = own;
				r->values[f->index].refs.count = n;
			}
			n = 0;
		}
		if (row && n < LINKS_MOST) {
			id = rows_int(rows, 0);
			targets[n++] = rows_int(rows, 1);
		}
	}
	return OK;
}

enum code rows_read_links(struct record_context *x, const struct kind *k, struct record_row *rows, size_t count,
			  const bool *wanted, struct error *e)
{
	struct record_row **sorted = NULL;
	int64_t *ids = NULL;
	for (const struct field *f = k->fields; count && f->name; f++) {
		if (f->type != FIELD_REFS || (wanted && !wanted[f->index]) || (k->flags & KIND_VIEW))
			continue;
		if (!sorted) {
			sorted = ARENA_ARRAY(x->arena, count, struct record_row *);
			ids = ARENA_ARRAY(x->arena, count, int64_t);
			if (!sorted || !ids)
				return error_nomem(e);
			for (size_t i = 0; i < count; i++)
				sorted[i] = &rows[i];
			qsort(sorted, count, sizeof *sorted, row_order);
			for (size_t i = 0; i < count; i++)
				ids[i] = sorted[i]->id;
		}
		TRY(read_links(x, k, f, sorted, count, ids, e));
	}
	return OK;
}

enum code row_load(struct record_context *x, const struct kind *k, int64_t id, bool lock, struct record_row *ret, struct error *e)
{
	{
		CLEAN_ROWS struct rows *rows = NULL;
		bool row;
		TRY(text_query(x, k, lock ? TEXT_LOCK : TEXT_LOAD, SQL_PARAMS(SQL_I(id)), &rows, e));
		TRY(rows_next(rows, &row, e));
		if (!row)
			return record_not_found(k, id, e);
		TRY(row_read(rows, k, NULL, x->arena, ret, e));
	}
	return rows_read_links(x, k, ret, 1, NULL, e);
}

enum code record_load(struct record_context *x, const struct kind *k, int64_t id, struct value *ret_values, struct record_ref *ret,
		      struct error *e)
{
	struct record_row row;
	TRY(row_load(x, k, id, false, &row, e));
	memcpy(ret_values, row.values, k->field_count * sizeof *ret_values);
	*ret = (struct record_ref){ .id = row.id, .version = row.version, .entity = row.entity };
	return OK;
}

/* Values of one type told as text and read as another: what cannot be read stays where it was, aside.
 * Neighbours: plan.c, which set the old column aside. */
#include "convert.h"
#include "internal.h"

#define BATCH 500

struct cell {
	int64_t id, version;
	struct value from, old;
};

struct conversion {
	struct conn *conn;
	struct field from, to;
	struct str select, update;
	bool has_old;
};

bool converts(const struct layout_column *from, const struct layout_column *to)
{
	struct field f;
	return layout_convertible(from, &f) && layout_convertible(to, &f);
}

/* "12.00" → "12": a number, whatever the digits it was kept with. */
static struct str without_noughts(struct str text)
{
	if (str_find(text, '.') < 0)
		return text;
	while (text.len && text.data[text.len - 1] == '0')
		text.len--;
	if (text.len && text.data[text.len - 1] == '.')
		text.len--;
	return text;
}

/* Unset when it cannot be read so. */
static enum code reread(const struct field *from, const struct value *v, const struct field *to, struct arena *arena, struct value *ret,
			struct error *e)
{
	struct error ignored;
	*ret = (struct value){ 0 };
	if (!value_given(v))
		return OK;
	error_init(&ignored, arena);
	struct str text = value_to_text(from, v, arena);
	if (!text.data)
		return error_nomem(e);
	if (from->type == FIELD_DECIMAL && to->type != FIELD_TEXT)
		text = without_noughts(text);
	enum code code = value_from_text(to, text, STR(""), STR_NONE, arena, ret, &ignored);
	if (code == E_NOMEM)
		return error_nomem(e);
	if (code != OK)
		*ret = (struct value){ 0 };
	return OK;
}

static enum code settle(const struct conversion *c, const struct cell *cell, struct arena *arena, struct value *ret, struct error *e)
{
	struct value expected;
	TRY(reread(&c->to, &cell->old, &c->from, arena, &expected, e));
	bool was = value_given(&expected), is = value_given(&cell->from);
	if (c->has_old && was == is && (!is || value_equal(&c->from, &expected, &cell->from))) {
		*ret = cell->old;
		return OK;
	}
	return reread(&c->from, &cell->from, &c->to, arena, ret, e);
}

static enum code read_batch(const struct conversion *c, const struct cell *last, struct arena *arena, struct cell *cells, size_t *ret_count,
			    struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	size_t n = 0;
	bool row;
	TRY(sql_query_built(c->conn, c->select, SQL_PARAMS(SQL_I(last->id), SQL_I(last->version)), &rows, e));
	while (n < BATCH) {
		size_t column = 2;
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		cells[n].id = rows_int(rows, 0);
		cells[n].version = rows_int(rows, 1);
		TRY(field_read(rows, &column, &c->from, arena, &cells[n].from, e));
		if (c->has_old)
			TRY(field_read(rows, &column, &c->to, arena, &cells[n].old, e));
		else
			cells[n].old = (struct value){ 0 };
		n++;
	}
	*ret_count = n;
	return OK;
}

static enum code convert_batch(const struct conversion *c, struct cell *io_last, struct cell *cells, size_t *ret_count, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	if (!arena)
		return error_nomem(e);
	TRY(read_batch(c, io_last, arena, cells, ret_count, e));
	for (size_t i = 0; i < *ret_count; i++) {
		struct value v;
		TRY(settle(c, &cells[i], arena, &v, e));
		if (value_given(&v))
			TRY(sql_exec_built(c->conn, c->update, SQL_PARAMS(field_sql(&c->to, &v), SQL_I(cells[i].id), SQL_I(cells[i].version)), NULL, e));
		*io_last = cells[i];
	}
	return OK;
}

enum code convert(struct conn *conn, struct str table, const struct layout_column *from, const struct layout_column *old,
		  const struct layout_column *to, struct arena *arena, struct error *e)
{
	struct conversion c = { .conn = conn, .has_old = old != NULL };
	struct cell last = { .id = INT64_MIN, .version = INT64_MIN }, *cells = ARENA_ARRAY(arena, BATCH, struct cell);
	const char *first = from->name.data, *second = old ? old->name.data : first;
	size_t n = BATCH;
	layout_convertible(from, &c.from);
	layout_convertible(to, &c.to);
	/* live and history rows both have a version; one that has nothing in it has nothing to convert */
	c.select = arena_format(arena, "SELECT id, version, %s, %s FROM %s WHERE id >= ?1 AND (id > ?1 OR version > ?2) "
				       "AND (%s IS NOT NULL OR %s IS NOT NULL) ORDER BY id, version LIMIT %d",
				first, second, table.data, first, second, BATCH);
	c.update = arena_format(arena, "UPDATE %s SET %s = ?1 WHERE id = ?2 AND version = ?3", table.data, to->name.data);
	if (!cells || !c.select.data || !c.update.data)
		return error_nomem(e);
	while (n == BATCH)
		TRY(convert_batch(&c, &last, cells, &n, e));
	return OK;
}

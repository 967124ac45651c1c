/* What records are called: one query per kind for all ids a page shows; names the caller may not see stay out.
 * Neighbours: list.c and links.c show references with them. */
#include "internal.h"
#include "base/map.h"

struct titles {
	struct arena *arena;
	const struct kind *kind;
	struct idmap *places;
	struct title {
		int64_t id;
		struct str number;
		struct value value;
		bool hidden;
	} *items;
	size_t count;
};

static enum code read_all(struct record_context *x, struct titles *t, const int64_t *ids, size_t count, struct error *e)
{
	const struct kind *k = t->kind;
	const struct field *title = &k->fields[k->title_field];
	struct sight sight;
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sight_make(x, k, &sight, e));
	statement_init(&s);
	buf_add_text(&s.sql, "SELECT ");
	bool *wanted = ARENA_ARRAY(x->arena, k->field_count + 1, bool);
	if (!wanted)
		return error_nomem(e);
	wanted[k->title_field] = true;
	if (k->owner && kind_field(k, str_of(k->owner)))
		wanted[kind_field(k, str_of(k->owner))->index] = true;
	row_columns_add(&s.sql, k, wanted);
	buf_format(&s.sql, " FROM %s t WHERE t.id = ANY(", k->name);
	statement_param(&s, SQL_LIST(ids, count));
	buf_add_char(&s.sql, ')');
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
	while (t->count < count) {
		struct record_row r;
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		TRY(row_read(rows, k, wanted, x->arena, &r, e));
		bool seen = sight_row(&sight, x, &r) && sight_field(&sight, x, &r, title);
		t->items[t->count] = (struct title){ r.id, sight_row(&sight, x, &r) ? r.number : STR_NONE, r.values[title->index], !seen };
		if (!idmap_put(t->places, r.id, (int64_t)t->count++))
			return error_nomem(e);
	}
	return OK;
}

enum code titles_read(struct record_context *x, const struct kind *k, const int64_t *ids, size_t count, struct titles **ret,
		      struct error *e)
{
	struct titles *t = ARENA_NEW(x->arena, struct titles);
	if (!t)
		return error_nomem(e);
	t->kind = k;
	t->places = idmap_new();
	t->items = ARENA_ARRAY(x->arena, count + 1, struct title);
	enum code code = t->places && t->items ? OK : error_nomem(e);
	if (code == OK && count)
		code = read_all(x, t, ids, count, e);
	if (code != OK) {
		titles_free(t);
		return code;
	}
	*ret = t;
	return OK;
}

void titles_write(const struct titles *t, int64_t id, struct json_writer *out)
{
	int64_t place;
	json_object(out);
	json_member_id(out, "id", id);
	if (idmap_get(t->places, id, &place)) {
		const struct title *title = &t->items[place];
		if (!title->hidden) {
			json_name(out, STR("title"));
			value_to_json(&t->kind->fields[t->kind->title_field], &title->value, out);
		}
		if (title->number.len)
			json_member_text(out, "number", title->number);
	}
	json_object_end(out);
}

void titles_free(struct titles *t)
{
	if (t)
		idmap_free(t->places);
}

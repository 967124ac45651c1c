/* What records are called: one query per kind for all ids a page shows; names the caller may not see stay out.
 * Neighbours: list.c and links.c show references with them. */
#include "past.h"
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

/* What a title takes: the field, and whose the record is, which says who may see it. */
static enum code wanted_fields(struct record_context *x, const struct kind *k, const bool **ret, struct error *e)
{
	const struct field *owner = k->owner ? kind_field(k, str_of(k->owner)) : NULL;
	bool *wanted = ARENA_ARRAY(x->arena, k->field_count + 1, bool);
	if (!wanted)
		return error_nomem(e);
	wanted[k->title_field] = true;
	if (owner)
		wanted[owner->index] = true;
	*ret = wanted;
	return OK;
}

static enum code live_rows(struct record_context *x, const struct kind *k, const int64_t *ids, size_t count, const bool *wanted,
			   struct record_row *ret, size_t *ret_count, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row = true;
	size_t n = 0;
	statement_init(&s);
	buf_add_text(&s.sql, "SELECT ");
	row_columns_add(&s.sql, k, wanted);
	buf_format(&s.sql, " FROM %s t WHERE t.id = ANY(", k->name);
	statement_param(&s, SQL_LIST(ids, count));
	buf_add_char(&s.sql, ')');
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
	while (n < count) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		TRY(row_read(rows, k, wanted, x->arena, &ret[n++], e));
	}
	*ret_count = n;
	return OK;
}

static enum code read_all(struct record_context *x, struct titles *t, const struct moment *m, const int64_t *ids, size_t count, struct error *e)
{
	const struct kind *k = t->kind;
	const struct field *title = &k->fields[k->title_field];
	struct record_row *rows = ARENA_ARRAY(x->arena, count, struct record_row);
	struct sight sight;
	const bool *wanted;
	size_t n;
	if (!rows)
		return error_nomem(e);
	TRY(sight_make(x, k, &sight, e));
	TRY(wanted_fields(x, k, &wanted, e));
	if (m && moment_past(m) && !(k->flags & KIND_VIEW)) {
		TRY(past_turn(x, &sight, m, e));
		TRY(past_rows(x, &sight, ids, count, wanted, rows, &n, e));
	} else {
		TRY(live_rows(x, k, ids, count, wanted, rows, &n, e));
	}
	for (size_t i = 0; i < n; i++) {
		const struct record_row *r = &rows[i];
		bool row = sight_row(&sight, x, r), lost = r->lost && r->lost[title->index];
		t->items[i] = (struct title){ r->id, row ? r->number : STR_NONE, r->values[title->index],
					      lost || !row || !sight_field(&sight, x, r, title) };
		if (!idmap_put(t->places, r->id, (int64_t)i))
			return error_nomem(e);
	}
	t->count = n;
	return OK;
}

enum code titles_read(struct record_context *x, const struct kind *k, const struct moment *m, const int64_t *ids, size_t count,
		      struct titles **ret, struct error *e)
{
	struct titles *t = ARENA_NEW(x->arena, struct titles);
	if (!t)
		return error_nomem(e);
	t->kind = k;
	t->places = idmap_new();
	t->items = ARENA_ARRAY(x->arena, count + 1, struct title);
	enum code code = t->places && t->items ? OK : error_nomem(e);
	if (code == OK && count)
		code = read_all(x, t, m, ids, count, e);
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

/* Lists, single records and counts: filter → see → mask → encode. Of the past the live table and that of the past versions are
 * read each by itself, and put together here.
 * Neighbours: facets.c; select.c makes the SQL, rows.c and past.c read rows, titles.c names references. */
#include "past.h"
#include <string.h>

struct expansion { /* titles by the field that refers to them */
	struct titles **by_field;
	size_t count;
};

static void expansion_free(struct expansion *x)
{
	for (size_t i = 0; i < x->count; i++)
		titles_free(x->by_field[i]);
}

static size_t gather_ids(const struct field *f, const struct record_row *rows, size_t count, int64_t *out)
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		const struct value *v = &rows[i].values[f->index];
		if (f->type == FIELD_REF && v->set && !v->null) {
			if (out)
				out[n] = v->integer;
			n++;
		}
		for (size_t k = 0; f->type == FIELD_REFS && k < v->refs.count; k++) {
			if (out)
				out[n] = v->refs.ids[k];
			n++;
		}
	}
	return n;
}

static enum code expand(struct record_context *x, const struct kind *k, const bool *wanted, const struct moment *m,
			const struct record_row *rows, size_t count, struct expansion *ret, struct error *e)
{
	*ret = (struct expansion){ 0 };
	if (!wanted)
		return OK;
	ret->by_field = ARENA_ARRAY(x->arena, k->field_count + 1, struct titles *);
	if (!ret->by_field)
		return error_nomem(e);
	ret->count = k->field_count;
	for (const struct field *f = k->fields; f->name; f++) {
		const struct kind *to = wanted[f->index] && f->to ? model_kind(x->model, str_of(f->to)) : NULL;
		if (!to)
			continue;
		size_t n = gather_ids(f, rows, count, NULL);
		int64_t *ids = ARENA_ARRAY(x->arena, n + 1, int64_t);
		if (!ids)
			return error_nomem(e);
		gather_ids(f, rows, count, ids);
		TRY(titles_read(x, to, m, ids, n, &ret->by_field[f->index], e));
	}
	return OK;
}

static void write_reference(const struct field *f, const struct value *v, const struct titles *t, struct json_writer *out)
{
	if (f->type == FIELD_REFS) {
		json_list(out);
		for (size_t i = 0; i < v->refs.count; i++)
			titles_write(t, v->refs.ids[i], out);
		json_list_end(out);
	} else if (v->set && !v->null) {
		titles_write(t, v->integer, out);
	} else {
		json_put_null(out);
	}
}

static void write_time(struct json_writer *out, const char *name, int64_t time)
{
	static const struct field f = { .name = "time", .type = FIELD_TIME };
	const struct value v = { .set = true, .integer = time };
	json_name(out, str_of(name));
	value_to_json(&f, &v, out);
}

static void write_system(const struct kind *k, const struct record_row *row, struct json_writer *out)
{
	json_member_id(out, "id", row->id);
	json_member_text(out, "kind", str_of(k->name));
	json_member_id(out, "entity", row->entity);
	if (k->flags & KIND_VIEW)
		return;
	json_member_int(out, "version", row->version);
	if (row->state.data)
		json_member_text(out, "state", row->state);
	if (row->number.data)
		json_member_text(out, "number", row->number);
	write_time(out, "since", row->since);
	if (row->until)
		write_time(out, "until", row->until);
	if (row->archived)
		write_time(out, "archived", row->archived);
}

/* Names of the fields asked for that are not told, for one reason. */
static void write_untold(const struct record_context *x, const struct sight *sight, const struct record_row *row,
			 const struct record_select *select, const char *name, bool masked, enum lost lost, struct json_writer *out)
{
	bool any = false;
	for (const struct field *f = sight->kind->fields; f->name; f++) {
		bool seen = sight_field(sight, x, row, f), is = masked ? !seen : seen && row->lost && row->lost[f->index] == lost;
		if (!is || (select->fields && !select->fields[f->index]))
			continue;
		if (!any) {
			json_name(out, str_of(name));
			json_list(out);
		}
		any = true;
		json_put_text(out, str_of(f->name));
	}
	if (any)
		json_list_end(out);
}

static void write_row(const struct record_context *x, const struct sight *sight, const struct record_row *row,
		      const struct record_select *select, const struct expansion *expansion, struct json_writer *out)
{
	const struct kind *k = sight->kind;
	bool untold = false;
	json_object(out);
	write_system(k, row, out);
	for (const struct field *f = k->fields; f->name; f++) {
		if (select->fields && !select->fields[f->index] && !(select->expand && select->expand[f->index]))
			continue;
		if (!sight_field(sight, x, row, f) || (row->lost && row->lost[f->index])) {
			untold = true;
			continue;
		}
		json_name(out, str_of(f->name));
		if (expansion->by_field && expansion->by_field[f->index])
			write_reference(f, &row->values[f->index], expansion->by_field[f->index], out);
		else
			value_to_json(f, &row->values[f->index], out);
	}
	if (untold) {
		write_untold(x, sight, row, select, "masked", true, LOST_NOT, out);
		write_untold(x, sight, row, select, "forgotten", false, LOST_ERASED, out);
		write_untold(x, sight, row, select, "unkept", false, LOST_UNKEPT, out);
	}
	json_object_end(out);
}

static enum code write_rows(struct record_context *x, const struct sight *sight, struct record_row *rows, size_t count,
			    const struct record_select *select, const struct moment *m, struct json_writer *out, struct error *e)
{
	struct expansion expansion;
	if (!sight->past.on)
		TRY(rows_read_links(x, sight->kind, rows, count, select->fields, e));
	/* when a version ended is told as it is known now, or not at all */
	for (size_t i = 0; sight->past.known != KNOWN_ALL && i < count; i++)
		rows[i].until = 0;
	enum code code = expand(x, sight->kind, select->expand, m, rows, count, &expansion, e);
	for (size_t i = 0; code == OK && i < count; i++)
		write_row(x, sight, &rows[i], select, &expansion, out);
	expansion_free(&expansion);
	return code;
}

/* The version that held; E_NOT_FOUND when there was none. */
static enum code load_past(struct record_context *x, const struct kind *k, int64_t id, const struct moment *m, struct sight *ret,
			   struct record_row *ret_row, struct error *e)
{
	size_t count;
	TRY(sight_make(x, k, ret, e));
	TRY(past_turn(x, ret, m, e));
	TRY(past_rows(x, ret, &id, 1, NULL, ret_row, &count, e));
	return count && sight_row(ret, x, ret_row) ? OK : record_not_found(k, id, e);
}

enum code record_get(struct record_context *x, const struct kind *k, int64_t id, const struct moment *m, const struct record_select *select,
		     struct json_writer *out, int64_t *ret_version, struct error *e)
{
	struct record_row row;
	struct sight sight;
	bool past = m && moment_past(m);
	TRY(past ? load_past(x, k, id, m, &sight, &row, e) : sight_load(x, k, id, &sight, &row, e));
	*ret_version = row.version;
	return write_rows(x, &sight, &row, 1, select, m, out, e);
}

static enum code count_table(struct record_context *x, const struct sight *sight, const struct record_query *q, bool history, int64_t *ret,
			     struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	statement_init(&s);
	s.history = history;
	buf_format(&s.sql, "SELECT count(*) FROM %s%s t", sight->kind->name, history ? "_history" : "");
	TRY(select_where(x, &s, sight, q, false, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
	TRY(rows_next(rows, &row, e));
	*ret = row ? rows_int(rows, 0) : 0;
	return OK;
}

enum code count_rows(struct record_context *x, const struct sight *sight, const struct record_query *q, int64_t *ret, struct error *e)
{
	int64_t before = 0;
	TRY(count_table(x, sight, q, false, ret, e));
	if (sight->past.on)
		TRY(count_table(x, sight, q, true, &before, e));
	*ret += before;
	return OK;
}

/* What a page must read: what is shown, what it is sorted by (for the cursor), and whose it is. NULL: everything. */
static enum code wanted_fields(struct record_context *x, const struct kind *k, const struct record_query *q, const bool **ret, struct error *e)
{
	*ret = NULL;
	if (!q->select.fields)
		return OK;
	bool *wanted = ARENA_ARRAY(x->arena, k->field_count + 1, bool);
	const struct field *owner = k->owner ? kind_field(k, str_of(k->owner)) : NULL;
	if (!wanted)
		return error_nomem(e);
	for (size_t i = 0; i < k->field_count; i++)
		wanted[i] = q->select.fields[i] || (q->select.expand && q->select.expand[i]);
	for (size_t i = 0; i < q->order_count; i++)
		if (q->order[i].column == COL_FIELD)
			wanted[q->order[i].field->index] = true;
	if (owner)
		wanted[owner->index] = true;
	*ret = wanted;
	return OK;
}

/* The first rows of one of the kind's tables, and one more, which tells whether there is a next page. */
static enum code read_table(struct record_context *x, const struct sight *sight, const struct record_query *q, const bool *wanted, bool history,
			    struct record_row *ret_rows, size_t *ret_count, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	const struct kind *k = sight->kind;
	bool row = true;
	size_t n = 0;
	statement_init(&s);
	s.history = history;
	buf_add_text(&s.sql, "SELECT ");
	if (history)
		past_columns_add(&s.sql, k, wanted);
	else
		row_columns_add(&s.sql, k, wanted);
	buf_format(&s.sql, " FROM %s%s t", k->name, history ? "_history" : "");
	TRY(select_where(x, &s, sight, q, true, e));
	TRY(select_order(&s, q, e));
	buf_add_text(&s.sql, " LIMIT ");
	statement_param(&s, SQL_I(q->limit + 1));
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		struct record_row *r = &ret_rows[n++];
		TRY(history ? past_row_read(x, rows, k, wanted, r, e) : row_read(rows, k, wanted, x->arena, r, e));
	}
	*ret_count = n;
	return OK;
}

/* Both tables' first rows hold the first of all. */
static enum code read_past(struct record_context *x, const struct sight *sight, const struct record_query *q, const bool *wanted,
			   struct record_row *ret_rows, size_t *ret_count, struct error *e)
{
	size_t most = (size_t)q->limit + 1, live_count, before_count, i = 0, j = 0, n = 0;
	struct record_row *live = ARENA_ARRAY(x->arena, most, struct record_row), *before = ARENA_ARRAY(x->arena, most, struct record_row);
	if (!live || !before)
		return error_nomem(e);
	TRY(read_table(x, sight, q, wanted, false, live, &live_count, e));
	TRY(rows_read_links(x, sight->kind, live, live_count, wanted, e));
	TRY(read_table(x, sight, q, wanted, true, before, &before_count, e));
	while (n < most && (i < live_count || j < before_count)) {
		bool first = j == before_count || (i < live_count && select_compare(q, &live[i], &before[j]) < 0);
		ret_rows[n++] = first ? live[i++] : before[j++];
	}
	*ret_count = n;
	return OK;
}

static enum code read_page(struct record_context *x, const struct sight *sight, const struct record_query *q,
			   struct record_row *ret_rows, size_t *ret_count, struct error *e)
{
	const bool *wanted;
	TRY(wanted_fields(x, sight->kind, q, &wanted, e));
	return sight->past.on ? read_past(x, sight, q, wanted, ret_rows, ret_count, e)
			      : read_table(x, sight, q, wanted, false, ret_rows, ret_count, e);
}

enum code record_list(struct record_context *x, const struct kind *k, const struct record_query *q, struct json_writer *out,
		      struct error *e)
{
	struct sight sight;
	size_t count;
	int64_t total = 0;
	struct record_row *rows = ARENA_ARRAY(x->arena, (size_t)q->limit + 1, struct record_row);
	if (!rows)
		return error_nomem(e);
	TRY(sight_make(x, k, &sight, e));
	TRY(past_turn(x, &sight, &q->moment, e));
	TRY(read_page(x, &sight, q, rows, &count, e));
	if (q->count)
		TRY(count_rows(x, &sight, q, &total, e));
	bool more = count > (size_t)q->limit;
	if (more)
		count--;
	json_object(out);
	json_name(out, STR("items"));
	json_list(out);
	TRY(write_rows(x, &sight, rows, count, &q->select, &q->moment, out, e));
	json_list_end(out);
	json_name(out, STR("next"));
	if (more) {
		struct str cursor = select_cursor(x, q, &rows[count - 1]);
		if (!cursor.data)
			return error_nomem(e);
		json_put_text(out, cursor);
	} else {
		json_put_null(out);
	}
	if (q->count)
		json_member_int(out, "count", total);
	json_object_end(out);
	return OK;
}

enum code record_count(struct record_context *x, const struct kind *k, const struct record_query *q, struct json_writer *out,
		       struct error *e)
{
	struct sight sight;
	int64_t total;
	TRY(sight_make(x, k, &sight, e));
	TRY(past_turn(x, &sight, &q->moment, e));
	TRY(count_rows(x, &sight, q, &total, e));
	json_object(out);
	json_member_int(out, "count", total);
	json_object_end(out);
	return OK;
}

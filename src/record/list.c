/* Lists, single records, counts and facets: filter → see → mask → encode.
 * Neighbours: select.c makes the SQL, rows.c reads rows, titles.c names references. */
#include "internal.h"
#include <string.h>

#define FACET_VALUES_MOST 200

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

static enum code expand(struct record_context *x, const struct kind *k, const bool *wanted, const struct record_row *rows, size_t count,
			struct expansion *ret, struct error *e)
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
		TRY(titles_read(x, to, ids, n, &ret->by_field[f->index], e));
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
	if (row->archived)
		write_time(out, "archived", row->archived);
}

static void write_row(const struct record_context *x, const struct sight *sight, const struct record_row *row,
		      const struct record_select *select, const struct expansion *expansion, struct json_writer *out)
{
	const struct kind *k = sight->kind;
	bool masked = false;
	json_object(out);
	write_system(k, row, out);
	for (const struct field *f = k->fields; f->name; f++) {
		if (select->fields && !select->fields[f->index] && !(select->expand && select->expand[f->index]))
			continue;
		if (!sight_field(sight, x, row, f)) {
			masked = true;
			continue;
		}
		json_name(out, str_of(f->name));
		if (expansion->by_field && expansion->by_field[f->index])
			write_reference(f, &row->values[f->index], expansion->by_field[f->index], out);
		else
			value_to_json(f, &row->values[f->index], out);
	}
	if (masked) {
		json_name(out, STR("masked"));
		json_list(out);
		for (const struct field *f = k->fields; f->name; f++)
			if ((!select->fields || select->fields[f->index]) && !sight_field(sight, x, row, f))
				json_put_text(out, str_of(f->name));
		json_list_end(out);
	}
	json_object_end(out);
}

static enum code write_rows(struct record_context *x, const struct sight *sight, struct record_row *rows, size_t count,
			    const struct record_select *select, struct json_writer *out, struct error *e)
{
	struct expansion expansion;
	TRY(rows_read_links(x, sight->kind, rows, count, select->fields, e));
	enum code code = expand(x, sight->kind, select->expand, rows, count, &expansion, e);
	for (size_t i = 0; code == OK && i < count; i++)
		write_row(x, sight, &rows[i], select, &expansion, out);
	expansion_free(&expansion);
	return code;
}

enum code record_get(struct record_context *x, const struct kind *k, int64_t id, const struct record_select *select,
		     struct json_writer *out, int64_t *ret_version, struct error *e)
{
	struct record_row row;
	struct sight sight;
	TRY(sight_load(x, k, id, &sight, &row, e));
	*ret_version = row.version;
	return write_rows(x, &sight, &row, 1, select, out, e);
}

static enum code count_rows(struct record_context *x, const struct sight *sight, const struct record_query *q, int64_t *ret,
			    struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	statement_init(&s);
	buf_format(&s.sql, "SELECT count(*) FROM %s t", sight->kind->name);
	TRY(select_where(x, &s, sight, q, false, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
	TRY(rows_next(rows, &row, e));
	*ret = row ? rows_int(rows, 0) : 0;
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

static enum code read_page(struct record_context *x, const struct sight *sight, const struct record_query *q,
			   struct record_row *ret_rows, size_t *ret_count, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	const bool *wanted;
	bool row = true;
	size_t n = 0;
	statement_init(&s);
	TRY(wanted_fields(x, sight->kind, q, &wanted, e));
	buf_add_text(&s.sql, "SELECT ");
	row_columns_add(&s.sql, sight->kind, wanted);
	buf_format(&s.sql, " FROM %s t", sight->kind->name);
	TRY(select_where(x, &s, sight, q, true, e));
	TRY(select_order(&s, q, e));
	buf_add_text(&s.sql, " LIMIT ");
	statement_param(&s, SQL_I(q->limit + 1)); /* one more tells whether there is a next page */
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		TRY(row_read(rows, sight->kind, wanted, x->arena, &ret_rows[n++], e));
	}
	*ret_count = n;
	return OK;
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
	TRY(read_page(x, &sight, q, rows, &count, e));
	if (q->count)
		TRY(count_rows(x, &sight, q, &total, e));
	bool more = count > (size_t)q->limit;
	if (more)
		count--;
	json_object(out);
	json_name(out, STR("items"));
	json_list(out);
	TRY(write_rows(x, &sight, rows, count, &q->select, out, e));
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
	TRY(count_rows(x, &sight, q, &total, e));
	json_object(out);
	json_member_int(out, "count", total);
	json_object_end(out);
	return OK;
}

/* --- facets --------------------------------------------------------------------------------------- */

static void write_facet_value(const struct field *f, struct sql_value v, struct json_writer *out)
{
	struct value value = { .set = true, .null = v.type == SQL_NULL };
	json_name(out, STR("value"));
	if (v.type == SQL_TEXT)
		value.text = v.text;
	else if (v.type == SQL_INT)
		value.integer = v.integer;
	if (f && f->type != FIELD_MONEY)
		value_to_json(f, &value, out);
	else if (v.type == SQL_TEXT)
		json_put_text(out, v.text);
	else if (v.type == SQL_INT)
		json_put_int(out, v.integer);
	else
		json_put_null(out);
}

static enum code write_facet(struct record_context *x, const struct sight *sight, const struct record_query *q, const char *column,
			     const struct field *f, struct json_writer *out, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row = true;
	statement_init(&s);
	buf_format(&s.sql, "SELECT t.%s, count(*) FROM %s t", column, sight->kind->name);
	TRY(select_where(x, &s, sight, q, false, e));
	buf_format(&s.sql, " GROUP BY t.%s ORDER BY count(*) DESC, t.%s NULLS LAST LIMIT %d", column, column, FACET_VALUES_MOST);
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
	json_name(out, str_of(column));
	json_list(out);
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		json_object(out);
		write_facet_value(f, rows_value(rows, 0), out);
		json_member_int(out, "count", rows_int(rows, 1));
		json_object_end(out);
	}
	json_list_end(out);
	return OK;
}

/* --- facets of few values, all in one pass ---------------------------------------------------------- */

#define TOGETHER_MOST 4    /* columns grouped by at once */
#define GROUPS_MOST 20000  /* combinations of their values; more are counted one by one */
#define FEW_VALUES 64      /* of one column */

struct tally { /* of one column */
	const char *column;
	const struct field *field; /* NULL: the state */
	struct {
		struct str text; /* data == NULL: none */
		int64_t count;
	} values[FEW_VALUES];
	size_t count;
};

static bool tally_add(struct record_context *x, struct tally *t, struct sql_value v, int64_t count)
{
	struct str text = v.type == SQL_TEXT ? v.text : STR_NONE;
	for (size_t i = 0; i < t->count; i++)
		if (!text.data == !t->values[i].text.data && str_eq(text, t->values[i].text)) {
			t->values[i].count += count;
			return true;
		}
	if (t->count == FEW_VALUES)
		return false;
	t->values[t->count].text = text.data ? arena_copy(x->arena, text) : STR_NONE;
	t->values[t->count++].count = count;
	return true;
}

static void tally_write(struct tally *t, struct json_writer *out)
{
	json_name(out, str_of(t->column));
	json_list(out);
	for (size_t written = 0; written < t->count; written++) {
		size_t best = 0; /* most first; few enough to look through each time */
		for (size_t i = 1; i < t->count; i++) {
			int64_t a = t->values[i].count, b = t->values[best].count;
			bool before = !t->values[best].text.data || (t->values[i].text.data && str_cmp(t->values[i].text, t->values[best].text) < 0);
			if (a > b || (a == b && before))
				best = i;
		}
		struct str text = t->values[best].text;
		json_object(out);
		write_facet_value(t->field, text.data ? SQL_T(text) : SQL_N, out);
		json_member_int(out, "count", t->values[best].count);
		json_object_end(out);
		t->values[best].count = -1;
	}
	json_list_end(out);
}

/* Groups by all the columns at once and adds up: one walk of an index instead of one a column and one for the count.
 * *ret_done false: there are too many values; nothing was written. */
static enum code write_together(struct record_context *x, const struct sight *sight, const struct record_query *q, struct tally *tallies,
				size_t count, int64_t *ret_total, bool *ret_done, struct json_writer *out, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row = true;
	*ret_done = false;
	*ret_total = 0;
	statement_init(&s);
	buf_add_text(&s.sql, "SELECT count(*)");
	for (size_t i = 0; i < count; i++)
		buf_format(&s.sql, ", t.%s", tallies[i].column);
	buf_format(&s.sql, " FROM %s t", sight->kind->name);
	TRY(select_where(x, &s, sight, q, false, e));
	for (size_t i = 0; i < count; i++)
		buf_format(&s.sql, "%st.%s", i ? ", " : " GROUP BY ", tallies[i].column);
	buf_format(&s.sql, " LIMIT %d", GROUPS_MOST + 1);
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
	for (size_t n = 0;; n++) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		if (n == GROUPS_MOST)
			return OK;
		*ret_total += rows_int(rows, 0);
		for (size_t i = 0; i < count; i++)
			if (!tally_add(x, &tallies[i], rows_value(rows, i + 1), rows_int(rows, 0)))
				return OK;
	}
	for (size_t i = 0; i < count; i++)
		tally_write(&tallies[i], out);
	*ret_done = true;
	return OK;
}

/* When only the state and choices are asked for, which have few values. */
static enum code try_together(struct record_context *x, const struct sight *sight, const struct record_query *q, int64_t *ret_total,
			      bool *ret_done, struct json_writer *out, struct error *e)
{
	bool state = q->facet_state && sight->kind->state_count;
	size_t count = q->facet_count + state;
	*ret_done = false;
	if (q->facet_entity || count < 1 || count > TOGETHER_MOST)
		return OK;
	for (size_t i = 0; i < q->facet_count; i++)
		if (q->facets[i]->type != FIELD_CHOICE || !sight_field_everywhere(sight, q->facets[i]))
			return OK;
	struct tally *tallies = ARENA_ARRAY(x->arena, count, struct tally);
	if (!tallies)
		return error_nomem(e);
	if (state)
		tallies[0].column = "state";
	for (size_t i = 0; i < q->facet_count; i++) {
		tallies[state + i].column = q->facets[i]->name;
		tallies[state + i].field = q->facets[i];
	}
	return write_together(x, sight, q, tallies, count, ret_total, ret_done, out, e);
}

/* Without `by`: the state, and every field the pack offers as a facet that the caller sees everywhere. */
static enum code write_default_facets(struct record_context *x, const struct sight *sight, const struct record_query *q,
				      struct json_writer *out, struct error *e)
{
	const struct kind *k = sight->kind;
	if (k->state_count)
		TRY(write_facet(x, sight, q, "state", NULL, out, e));
	for (const struct field *f = k->fields; f->name; f++)
		if ((f->flags & FIELD_FACET) && f->type != FIELD_REFS && sight_field_everywhere(sight, f))
			TRY(write_facet(x, sight, q, f->name, f, out, e));
	return OK;
}

enum code record_facets(struct record_context *x, const struct kind *k, const struct record_query *q, struct json_writer *out,
			struct error *e)
{
	static const struct field entity_field = { .name = "entity", .type = FIELD_ID };
	struct sight sight;
	int64_t total;
	bool done;
	TRY(sight_make(x, k, &sight, e));
	json_object(out);
	json_name(out, STR("facets"));
	json_object(out);
	TRY(try_together(x, &sight, q, &total, &done, out, e));
	if (done) {
		json_object_end(out);
		json_member_int(out, "count", total);
		json_object_end(out);
		return OK;
	}
	if (!q->facet_count && !q->facet_state && !q->facet_entity)
		TRY(write_default_facets(x, &sight, q, out, e));
	if (q->facet_state && k->state_count)
		TRY(write_facet(x, &sight, q, "state", NULL, out, e));
	if (q->facet_entity)
		TRY(write_facet(x, &sight, q, "entity", &entity_field, out, e));
	for (size_t i = 0; i < q->facet_count; i++) {
		if (!sight_field_everywhere(&sight, q->facets[i]))
			return error_fail(e, E_DENIED, N_("You may not filter, sort or count by {field}: some of its values are hidden from you"),
					  { "field", str_of(q->facets[i]->name) });
		TRY(write_facet(x, &sight, q, q->facets[i]->name, q->facets[i], out, e));
	}
	json_object_end(out);
	TRY(count_rows(x, &sight, q, &total, e));
	json_member_int(out, "count", total);
	json_object_end(out);
	return OK;
}

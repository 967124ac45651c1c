/* Counts by value. Of the past both tables are grouped, and their groups added up.
 * Neighbours: list.c counts, select.c makes the conditions. */
#include "past.h"

#define FACET_VALUES_MOST 200

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

static enum code group_table(struct record_context *x, struct statement *s, const struct sight *sight, const struct record_query *q,
			     const char *column, struct error *e)
{
	buf_format(&s->sql, "SELECT t.%s AS v, count(*) AS n FROM %s%s t", column, sight->kind->name, s->history ? "_history" : "");
	TRY(select_where(x, s, sight, q, false, e));
	buf_format(&s->sql, " GROUP BY t.%s", column);
	return OK;
}

static enum code write_facet(struct record_context *x, const struct sight *sight, const struct record_query *q, const char *column,
			     const struct field *f, struct json_writer *out, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row = true;
	statement_init(&s);
	if (sight->past.on && f)
		TRY(past_comparable(f, e));
	buf_add_text(&s.sql, sight->past.on ? "SELECT v, CAST(sum(n) AS BIGINT) FROM (" : "");
	TRY(group_table(x, &s, sight, q, column, e));
	if (sight->past.on) {
		buf_add_text(&s.sql, " UNION ALL ");
		s.history = true;
		TRY(group_table(x, &s, sight, q, column, e));
		buf_add_text(&s.sql, ") g GROUP BY v");
	}
	buf_format(&s.sql, " ORDER BY 2 DESC, v NULLS LAST LIMIT %d", FACET_VALUES_MOST);
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

/* *ret_done false: there are too many values. */
static enum code tally_table(struct record_context *x, const struct sight *sight, const struct record_query *q, bool history,
			     struct tally *tallies, size_t count, int64_t *io_total, bool *ret_done, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row = true;
	*ret_done = false;
	statement_init(&s);
	s.history = history;
	buf_add_text(&s.sql, "SELECT count(*)");
	for (size_t i = 0; i < count; i++)
		buf_format(&s.sql, ", t.%s", tallies[i].column);
	buf_format(&s.sql, " FROM %s%s t", sight->kind->name, history ? "_history" : "");
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
		*io_total += rows_int(rows, 0);
		for (size_t i = 0; i < count; i++)
			if (!tally_add(x, &tallies[i], rows_value(rows, i + 1), rows_int(rows, 0)))
				return OK;
	}
	*ret_done = true;
	return OK;
}

/* Groups by all the columns at once and adds up: one walk of an index instead of one a column and one for the count.
 * *ret_done false: there are too many values; nothing was written. */
static enum code write_together(struct record_context *x, const struct sight *sight, const struct record_query *q, struct tally *tallies,
				size_t count, int64_t *ret_total, bool *ret_done, struct json_writer *out, struct error *e)
{
	*ret_total = 0;
	TRY(tally_table(x, sight, q, false, tallies, count, ret_total, ret_done, e));
	if (*ret_done && sight->past.on)
		TRY(tally_table(x, sight, q, true, tallies, count, ret_total, ret_done, e));
	for (size_t i = 0; *ret_done && i < count; i++)
		tally_write(&tallies[i], out);
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
		if (q->facets[i]->type != FIELD_CHOICE || !sight_field_everywhere(sight, q->facets[i]) ||
		    (sight->past.on && !past_kept(q->facets[i])))
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
		if ((f->flags & FIELD_FACET) && f->type != FIELD_REFS && sight_field_everywhere(sight, f) &&
		    (!sight->past.on || past_kept(f)))
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
	TRY(past_turn(x, &sight, &q->moment, e));
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
			return sight_refuse(q->facets[i], e);
		TRY(write_facet(x, &sight, q, q->facets[i]->name, q->facets[i], out, e));
	}
	json_object_end(out);
	TRY(count_rows(x, &sight, q, &total, e));
	json_member_int(out, "count", total);
	json_object_end(out);
	return OK;
}

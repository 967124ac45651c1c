/* Rows in bulk, as a caller sees them. Neighbours: sight.c says what is seen, rows.c reads; include/record/reading.h is
 * the contract. */
#include "record/reading.h"
#include "internal.h"
#include <stdio.h>

struct record_sight {
	struct sight sight;
};

enum code record_sight_make(struct record_context *x, const struct kind *k, const struct record_sight **ret, struct error *e)
{
	struct record_sight *s = ARENA_NEW(x->arena, struct record_sight);
	if (!s)
		return error_nomem(e);
	TRY(sight_make(x, k, &s->sight, e));
	*ret = s;
	return OK;
}

bool record_sight_place(const struct record_sight *s, const struct record_context *x, int64_t entity, bool own)
{
	return sight_place(&s->sight, x, entity, own ? x->who.person : 0);
}

bool record_sight_field(const struct record_sight *s, const struct record_context *x, int64_t entity, bool own, const struct field *f)
{
	return sight_field_place(&s->sight, x, entity, own ? x->who.person : 0, f);
}

bool record_sight_everywhere(const struct record_sight *s, const struct field *f)
{
	return sight_field_everywhere(&s->sight, f);
}

static enum code relation_text(struct statement *s, const struct sight *sight, const bool *wanted, struct record_context *x, struct error *e)
{
	const struct kind *k = sight->kind;
	bool view = k->flags & KIND_VIEW;
	buf_add_text(&s->sql, view ? "SELECT t.id, t.entity" : "SELECT t.id, t.entity, t.state, t.number, t.version, t.since");
	for (const struct field *f = k->fields; f->name; f++) {
		if (f->type == FIELD_REFS || !wanted[f->index])
			continue;
		buf_add_text(&s->sql, ", ");
		TRY(sight_column(s, sight, f, f->name, x, e));
		if (f->type == FIELD_MONEY) {
			char currency[128];
			snprintf(currency, sizeof currency, "%s_currency", f->name);
			buf_add_text(&s->sql, ", ");
			TRY(sight_column(s, sight, f, currency, x, e));
		}
	}
	buf_format(&s->sql, " FROM %s t WHERE %s", k->name, view ? "1 = 1" : "t.archived IS NULL");
	return sight_where(s, sight, x, e);
}

enum code record_relation(struct record_context *x, const struct record_sight *s, const bool *wanted, struct buf *sql,
			  struct sql_value *params, size_t *io_count, size_t room, struct error *e)
{
	CLEAN_STATEMENT struct statement part;
	statement_init(&part);
	part.count = *io_count;
	TRY(relation_text(&part, &s->sight, wanted, x, e));
	TRY(statement_ok(&part, e));
	if (part.count > room)
		return error_fail(e, E_LIMIT, N_("The request has more conditions than one query may hold"));
	for (size_t i = *io_count; i < part.count; i++)
		params[i] = part.params[i];
	*io_count = part.count;
	buf_add_str(sql, buf_str(&part.sql));
	return OK;
}

struct reading {
	struct record_context *x;
	struct sight sight;
	const bool *wanted; /* and the owner, which says what is seen */
	record_visit *visit;
	void *data;
	int64_t last;
	size_t count;
};

static enum code reading_init(struct reading *r, struct record_context *x, const struct kind *k, const bool *wanted, struct error *e)
{
	const struct field *owner = k->owner ? kind_field(k, str_of(k->owner)) : NULL;
	r->x = x;
	TRY(sight_make(x, k, &r->sight, e));
	if (!wanted || !owner)
		r->wanted = wanted;
	else {
		bool *more = ARENA_ARRAY(x->arena, k->field_count + 1, bool);
		if (!more)
			return error_nomem(e);
		for (size_t i = 0; i < k->field_count; i++)
			more[i] = wanted[i] || i == owner->index;
		r->wanted = more;
	}
	return OK;
}

static enum code tell(struct reading *r, struct record_row *row, struct error *e)
{
	const struct kind *k = r->sight.kind;
	if (!sight_row(&r->sight, r->x, row))
		return OK;
	const int64_t owner = row_owner(k, row);
	for (const struct field *f = k->fields; f->name; f++)
		if (row->values[f->index].set && !sight_field(&r->sight, r->x, row, f))
			row->values[f->index] = (struct value){ 0 };
	const struct record_seen seen = { row->id, row->entity, row->version, row->archived, owner, row->state, row->number, row->values };
	return r->visit(r->data, &seen, e);
}

static enum code read_all(struct reading *r, struct statement *s, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row = true;
	TRY(statement_ok(s, e));
	TRY(sql_query_built(r->x->conn, buf_str(&s->sql), s->params, s->count, &rows, e));
	for (;;) {
		struct record_row one;
		TRY(rows_next(rows, &row, e));
		if (!row)
			return OK;
		TRY(row_read(rows, r->sight.kind, r->wanted, r->x->arena, &one, e));
		r->last = one.id;
		r->count++;
		TRY(tell(r, &one, e));
	}
}

static void select_rows(struct statement *s, const struct reading *r)
{
	statement_init(s);
	buf_add_text(&s->sql, "SELECT ");
	row_columns_add(&s->sql, r->sight.kind, r->wanted);
	buf_format(&s->sql, " FROM %s t", r->sight.kind->name);
}

enum code record_see(struct record_context *x, const struct kind *k, const bool *wanted, const int64_t *ids, size_t count,
		     record_visit *visit, void *data, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	struct reading r = { .visit = visit, .data = data };
	statement_init(&s);
	TRY(reading_init(&r, x, k, wanted, e));
	select_rows(&s, &r);
	buf_add_text(&s.sql, " WHERE t.id = ANY(");
	statement_param(&s, SQL_LIST(ids, count));
	buf_add_char(&s.sql, ')');
	return count ? read_all(&r, &s, e) : OK;
}

enum code record_scan(struct record_context *x, const struct kind *k, const bool *wanted, int64_t after, size_t most,
		      record_visit *visit, void *data, int64_t *ret_last, bool *ret_more, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	struct reading r = { .visit = visit, .data = data, .last = after };
	statement_init(&s);
	TRY(reading_init(&r, x, k, wanted, e));
	select_rows(&s, &r);
	buf_add_text(&s.sql, " WHERE t.id > ");
	statement_param(&s, SQL_I(after));
	buf_add_text(&s.sql, " ORDER BY t.id LIMIT ");
	statement_param(&s, SQL_I((int64_t)most));
	TRY(read_all(&r, &s, e));
	*ret_last = r.last;
	*ret_more = r.count == most;
	return OK;
}

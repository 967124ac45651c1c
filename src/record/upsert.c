/* "The same thing": a record is found by the kind's identification sets and updated, or created.
 * Neighbours: write.c; the agents' intake and imports use this. */
#include "internal.h"

static bool set_given(const struct kind *k, const char *const *names, const struct value *values)
{
	for (; *names; names++) {
		const struct field *f = kind_field(k, str_of(*names));
		if (!f || !values[f->index].set || values[f->index].null)
			return false;
	}
	return true;
}

static enum code find_by(struct record_context *x, const struct kind *k, const char *const *names, const struct value *values,
			 int64_t *ret, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	statement_init(&s);
	buf_format(&s.sql, "SELECT id FROM %s WHERE archived IS NULL", k->name);
	for (; *names; names++) {
		const struct field *f = kind_field(k, str_of(*names));
		buf_format(&s.sql, " AND %s = ", f->name);
		statement_param(&s, field_sql(f, &values[f->index]));
	}
	buf_add_text(&s.sql, " ORDER BY id LIMIT 1");
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
	TRY(rows_next(rows, &row, e));
	*ret = row ? rows_int(rows, 0) : 0;
	return OK;
}

enum code record_upsert(struct record_context *x, const struct kind *k, int64_t entity, const struct value *values,
			struct record_ref *ret, bool *ret_created, struct error *e)
{
	int64_t id = 0;
	*ret_created = false;
	for (const char *const *const *set = k->identify; set && *set && !id; set++)
		if (set_given(k, *set, values))
			TRY(find_by(x, k, *set, values, &id, e));
	if (id)
		return record_update(x, k, id, 0, 0, values, ret, e);
	struct value *fresh = ARENA_ARRAY(x->arena, k->field_count + 1, struct value);
	if (!fresh)
		return error_nomem(e);
	for (size_t i = 0; i < k->field_count; i++) {
		fresh[i] = values[i];
		if (!fresh[i].set)
			TRY(value_default(&k->fields[i], x->now, x->arena, &fresh[i], e));
	}
	TRY(record_create(x, k, entity, fresh, ret, e));
	*ret_created = true;
	return OK;
}

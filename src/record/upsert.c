/* "The same thing": a record is found by the kind's identification sets and updated, or created.
 * Neighbours: write.c; the agents' intake and imports use this. */
#include "internal.h"

static bool set_given(const struct kind *k, const char *const *names, const struct value *values)
{
	for (; *names; names++) {
		const struct field *f = kind_field(k, str_of(*names));
		if (!f || !value_given(&values[f->index]))
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

/* Who may not see the record that is the same thing is told no more than that there is one. */
static enum code hide(const struct kind *k, enum code code, struct error *e)
{
	if (code != E_NOT_FOUND)
		return code;
	return error_fail(e, E_CONFLICT, N_("Another {kind} with the same identification exists already"), { "kind", str_of(k->name) });
}

enum code record_same(struct record_context *x, const struct kind *k, const struct value *values, int64_t *ret, struct error *e)
{
	int64_t id = 0;
	TRY(hold_same(x, k, values, e));
	for (const char *const *const *set = k->identify; set && *set && !id; set++)
		if (set_given(k, *set, values))
			TRY(find_by(x, k, *set, values, &id, e));
	*ret = id;
	return OK;
}

enum code record_upsert(struct record_context *x, const struct kind *k, int64_t entity, const struct value *values,
			struct record_ref *ret, bool *ret_created, struct error *e)
{
	int64_t id;
	TRY(record_same(x, k, values, &id, e));
	TRY(id ? hide(k, record_update(x, k, id, 0, 0, values, ret, e), e) : record_create(x, k, entity, values, ret, e));
	*ret_created = id == 0;
	return OK;
}

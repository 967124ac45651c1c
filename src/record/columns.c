/* How fields lie in SQL columns, and statements being built. Neighbours: schema.c makes these columns, rows.c and
 * write.c read and write them. */
#include "internal.h"
#include <string.h>

void statement_init(struct statement *s)
{
	buf_init(&s->sql, 1 << 20);
	s->count = 0;
	s->full = false;
	s->history = false;
}

void statement_done(struct statement *s)
{
	buf_done(&s->sql);
}

void statement_param(struct statement *s, struct sql_value v)
{
	if (s->count == PARAMS_MOST) {
		s->full = true;
		return;
	}
	s->params[s->count++] = v;
	buf_add_char(&s->sql, '?');
	buf_add_int(&s->sql, (int64_t)s->count);
}

enum code statement_ok(const struct statement *s, struct error *e)
{
	if (s->full)
		return error_fail(e, E_LIMIT, N_("The request has more conditions than one query may hold"));
	return buf_ok(&s->sql) ? OK : error_nomem(e);
}

size_t field_columns(const struct field *f)
{
	return f->type == FIELD_REFS ? 0 : f->type == FIELD_MONEY ? 2 : 1;
}

enum column_type field_column_type(const struct field *f)
{
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_CHOICE:
	case FIELD_GEO:
	case FIELD_FILE:
	case FIELD_JSON:
	case FIELD_LOCAL:
		return COLUMN_TEXT;
	default:
		return COLUMN_INT;
	}
}

size_t field_history_columns(const struct field *f)
{
	if (f->flags & FIELD_NO_HISTORY)
		return 0;
	return f->type == FIELD_MONEY && !f->personal ? 2 : 1;
}

void columns_add(struct buf *sql, const struct kind *k, const char *prefix, const bool *wanted)
{
	for (const struct field *f = k->fields; f->name; f++) {
		if (f->type == FIELD_REFS || (wanted && !wanted[f->index]))
			continue;
		buf_add_text(sql, ", ");
		buf_add_text(sql, prefix);
		buf_add_text(sql, f->name);
		if (f->type == FIELD_MONEY) {
			buf_add_text(sql, ", ");
			buf_add_text(sql, prefix);
			buf_add_text(sql, f->name);
			buf_add_text(sql, "_currency");
		}
	}
}

struct sql_value field_sql(const struct field *f, const struct value *v)
{
	if (!value_given(v))
		return SQL_N;
	if (f->type == FIELD_MONEY)
		return SQL_I(v->money.minor);
	return field_column_type(f) == COLUMN_TEXT ? SQL_T(v->text) : SQL_I(v->integer);
}

size_t field_params(const struct field *f, const struct value *v, struct sql_value *ret)
{
	if (f->type == FIELD_REFS)
		return 0;
	ret[0] = field_sql(f, v);
	if (f->type != FIELD_MONEY)
		return 1;
	ret[1] = value_given(v) ? SQL_T(str_of(v->money.currency)) : SQL_N;
	return 2;
}

enum code field_read(const struct rows *rows, size_t *io_column, const struct field *f, struct arena *arena, struct value *ret,
		     struct error *e)
{
	*ret = (struct value){ .set = true };
	if (f->type == FIELD_REFS)
		return OK; /* read apart: rows_read_links */
	struct sql_value v = rows_value(rows, (*io_column)++);
	struct str currency = f->type == FIELD_MONEY ? rows_text(rows, (*io_column)++) : STR_NONE;
	ret->null = v.type == SQL_NULL;
	if (ret->null)
		return OK;
	if (f->type == FIELD_MONEY) {
		ret->money.minor = v.integer;
		memcpy(ret->money.currency, currency.data ? currency.data : "", currency.len < 3 ? currency.len : 3);
		ret->money.currency[3] = 0;
	} else if (field_column_type(f) == COLUMN_TEXT) {
		ret->text = arena_copy(arena, v.type == SQL_TEXT ? v.text : STR_NONE);
		return ret->text.data ? OK : error_nomem(e);
	} else {
		ret->integer = v.type == SQL_REAL ? (int64_t)v.real : v.integer;
	}
	return OK;
}

void link_table(struct buf *sql, const struct kind *k, const struct field *f)
{
	buf_format(sql, "%s_%s", k->name, f->name);
}

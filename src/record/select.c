/* From a checked list request to SQL: conditions, order, cursor. Everything people wrote is a parameter; only names
 * from the model stand in the text. Neighbours: query.c read the request, sight.c says what may be seen. */
#include "base/crypto.h"
#include "past.h"
#include <string.h>

static const char *const system_columns[] = { [COL_ID] = "id",           [COL_ENTITY] = "entity", [COL_STATE] = "state",
					      [COL_VERSION] = "version", [COL_NUMBER] = "number", [COL_SINCE] = "since",
					      [COL_ARCHIVED] = "archived" };

static const char *column_name(enum system_column column, const struct field *f)
{
	return column == COL_FIELD ? f->name : system_columns[column];
}

static enum code may_use(const struct sight *sight, enum system_column column, const struct field *f, struct error *e)
{
	if (column != COL_FIELD || sight_field_everywhere(sight, f))
		return column == COL_FIELD && sight->past.on ? past_comparable(f, e) : OK;
	return sight_refuse(f, e);
}

/* A filter by a personal reference may ask the past who was named: of sealed cells only that is told. */
static enum code may_filter(const struct sight *sight, const struct filter *f, struct error *e)
{
	bool given = f->op == FILTER_IS_NULL, same = f->op == FILTER_EQ || f->op == FILTER_NEQ || f->op == FILTER_IN;
	if (f->column != COL_FIELD || !sight->past.on || (f->field->flags & FIELD_NO_HISTORY) ||
	    !(given || (same && past_names_subject(f->field))))
		return may_use(sight, f->column, f->field, e);
	return sight_field_everywhere(sight, f->field) ? OK : sight_refuse(f->field, e);
}

/* '*' is the wildcard people write; what SQL takes for wildcards is escaped. */
static struct str like_pattern(struct record_context *x, struct str text)
{
	char *out = arena_alloc(x->arena, text.len * 2 + 1);
	size_t n = 0;
	if (!out)
		return STR_NONE;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (c == '%' || c == '_' || c == '\\')
			out[n++] = '\\';
		out[n++] = c == '*' ? '%' : c;
	}
	return (struct str){ out, n };
}

static enum code add_like(struct record_context *x, struct statement *s, const struct filter *f, struct error *e)
{
	const char *name = column_name(f->column, f->field);
	struct str pattern = like_pattern(x, f->values[0].text);
	if (!pattern.data)
		return error_nomem(e);
	buf_format(&s->sql, f->op == FILTER_ILIKE ? "lower(t.%s) LIKE lower(" : "t.%s LIKE ", name);
	statement_param(s, SQL_T(pattern));
	buf_add_text(&s->sql, f->op == FILTER_ILIKE ? ") ESCAPE '\\'" : " ESCAPE '\\'");
	return OK;
}

/* A past version holds its list as JSON: ["1","2"]. */
static enum code add_contained(struct record_context *x, struct statement *s, const struct filter *f, struct error *e)
{
	for (size_t i = 0; i < f->value_count; i++) {
		struct str quoted = arena_format(x->arena, "%%\"%lld\"%%", (long long)f->values[i].integer);
		if (!quoted.data)
			return error_nomem(e);
		buf_format(&s->sql, "%scoalesce(t.%s, '') LIKE ", i ? " AND " : "", f->field->name);
		statement_param(s, SQL_T(quoted));
	}
	return OK;
}

static void add_contains(struct statement *s, const struct kind *k, const struct filter *f)
{
	for (size_t i = 0; i < f->value_count; i++) {
		buf_add_text(&s->sql, i ? " AND EXISTS (SELECT 1 FROM " : "EXISTS (SELECT 1 FROM ");
		link_table(&s->sql, k, f->field);
		buf_add_text(&s->sql, " l WHERE l.id = t.id AND l.target = ");
		statement_param(s, SQL_I(f->values[i].integer));
		buf_add_char(&s->sql, ')');
	}
}

static struct sql_value filter_value(const struct filter *f, size_t i)
{
	return field_sql(f->field, &f->values[i]);
}

/* Whom a past version names in a personal reference. */
static enum code add_subject(struct record_context *x, struct statement *s, const struct filter *f, struct error *e)
{
	buf_add_text(&s->sql, f->op == FILTER_NEQ ? "NOT (" : "(");
	for (size_t i = 0; i < f->value_count; i++) {
		if (i)
			buf_add_text(&s->sql, " OR ");
		TRY(past_subject(x, s, f->field, f->values[i].integer, e));
	}
	buf_add_char(&s->sql, ')');
	return OK;
}

static void add_in(struct statement *s, const struct filter *f)
{
	buf_format(&s->sql, "t.%s IN (", column_name(f->column, f->field));
	for (size_t i = 0; i < f->value_count; i++) {
		if (i)
			buf_add_text(&s->sql, ", ");
		statement_param(s, filter_value(f, i));
	}
	buf_add_char(&s->sql, ')');
}

static void add_comparison(struct statement *s, const struct filter *f)
{
	static const char *const signs[] = { [FILTER_EQ] = "=",  [FILTER_NEQ] = "<>", [FILTER_GT] = ">",
					     [FILTER_GTE] = ">=", [FILTER_LT] = "<",  [FILTER_LTE] = "<=" };
	const char *name = column_name(f->column, f->field);
	buf_format(&s->sql, "t.%s %s ", name, signs[f->op]);
	statement_param(s, filter_value(f, 0));
	if (f->field->type == FIELD_MONEY) {
		buf_format(&s->sql, " AND t.%s_currency = ", name);
		statement_param(s, SQL_T(str_of(f->values[0].money.currency)));
	}
}

/* What a past version holds in another form than the live row. */
static bool stored_otherwise(const struct statement *s, const struct filter *f)
{
	return s->history && f->column == COL_FIELD && f->field->personal && f->op != FILTER_IS_NULL;
}

static enum code add_filter(struct record_context *x, struct statement *s, const struct sight *sight, const struct filter *f,
			    struct error *e)
{
	bool group = f->op == FILTER_AND || f->op == FILTER_OR;
	if (!group)
		TRY(may_filter(sight, f, e));
	buf_add_text(&s->sql, f->negated ? "NOT (" : "(");
	if (!group && stored_otherwise(s, f)) {
		TRY(add_subject(x, s, f, e));
		buf_add_char(&s->sql, ')');
		return OK;
	}
	switch (f->op) {
	case FILTER_AND:
	case FILTER_OR:
		for (size_t i = 0; i < f->part_count; i++) {
			if (i)
				buf_add_text(&s->sql, f->op == FILTER_AND ? " AND " : " OR ");
			TRY(add_filter(x, s, sight, f->parts[i], e));
		}
		break;
	case FILTER_LIKE:
	case FILTER_ILIKE:
		TRY(add_like(x, s, f, e));
		break;
	case FILTER_IN:
		add_in(s, f);
		break;
	case FILTER_IS_NULL:
		buf_format(&s->sql, "t.%s IS NULL", column_name(f->column, f->field));
		break;
	case FILTER_CONTAINS:
		if (s->history)
			TRY(add_contained(x, s, f, e));
		else
			add_contains(s, sight->kind, f);
		break;
	default:
		add_comparison(s, f);
	}
	buf_add_char(&s->sql, ')');
	return OK;
}

/* --- order and cursor ----------------------------------------------------------------------------- */

static bool never_null(const struct order_by *o)
{
	if (o->column == COL_FIELD)
		return (o->field->flags & FIELD_REQUIRED) != 0;
	return o->column == COL_ID || o->column == COL_ENTITY || o->column == COL_VERSION || o->column == COL_SINCE;
}

enum code select_order(struct statement *s, const struct record_query *q, struct error *e)
{
	bool descending = true;
	buf_add_text(&s->sql, " ORDER BY ");
	for (size_t i = 0; i < q->order_count; i++) {
		const struct order_by *o = &q->order[i];
		buf_format(&s->sql, "t.%s%s", column_name(o->column, o->field), o->descending ? " DESC" : "");
		if (!never_null(o))
			buf_add_text(&s->sql, o->nulls_first ? " NULLS FIRST" : " NULLS LAST");
		buf_add_text(&s->sql, ", ");
		descending = o->descending;
	}
	buf_add_text(&s->sql, descending ? "t.id DESC" : "t.id");
	return statement_ok(s, e);
}

/* The direction of the tie-breaking id: that of the last column. */
static bool id_descends(const struct record_query *q)
{
	return q->order_count == 0 || q->order[q->order_count - 1].descending;
}

static const struct value *order_value(const struct order_by *o, const struct record_row *row, struct value *scratch)
{
	*scratch = (struct value){ .set = true };
	switch (o->column) {
	case COL_FIELD:
		return &row->values[o->field->index];
	case COL_STATE:
	case COL_NUMBER:
		scratch->text = o->column == COL_STATE ? row->state : row->number;
		scratch->null = !scratch->text.data;
		return scratch;
	case COL_ID:
		scratch->integer = row->id;
		return scratch;
	case COL_ENTITY:
		scratch->integer = row->entity;
		return scratch;
	case COL_VERSION:
		scratch->integer = row->version;
		return scratch;
	case COL_SINCE:
		scratch->integer = row->since;
		return scratch;
	default:
		scratch->integer = row->archived;
		scratch->null = !row->archived;
		return scratch;
	}
}

static struct sql_value order_sql(const struct order_by *o, const struct record_row *row)
{
	struct value scratch;
	return field_sql(o->field, order_value(o, row, &scratch));
}

/* As ORDER BY has it. */
int select_compare(const struct record_query *q, const struct record_row *a, const struct record_row *b)
{
	for (size_t i = 0; i < q->order_count; i++) {
		const struct order_by *o = &q->order[i];
		struct sql_value v = order_sql(o, a), w = order_sql(o, b);
		bool none = v.type == SQL_NULL, nothing = w.type == SQL_NULL;
		if (none && nothing)
			continue;
		if (none || nothing)
			return none == o->nulls_first ? -1 : 1;
		int order = v.type == SQL_TEXT ? str_cmp(v.text, w.text) : (v.integer > w.integer) - (v.integer < w.integer);
		if (order)
			return o->descending ? -order : order;
	}
	int order = (a->id > b->id) - (a->id < b->id);
	return id_descends(q) ? -order : order;
}

/* A cursor is the last row's sort values and id, as JSON, as base64url: opaque, and valid whatever is inserted. */
struct str select_cursor(struct record_context *x, const struct record_query *q, const struct record_row *last)
{
	CLEAN_BUF struct buf text;
	struct json_writer w;
	buf_init(&text, 1 << 16);
	json_writer_init(&w, &text);
	json_list(&w);
	for (size_t i = 0; i < q->order_count; i++) {
		struct sql_value sql = order_sql(&q->order[i], last);
		if (sql.type == SQL_NULL)
			json_put_null(&w);
		else if (sql.type == SQL_TEXT)
			json_put_text(&w, sql.text);
		else
			json_put_int(&w, sql.integer);
	}
	json_put_id(&w, last->id);
	json_list_end(&w);
	char *out = buf_ok(&text) ? arena_alloc(x->arena, text.len * 4 / 3 + 8) : NULL;
	return out ? (struct str){ out, base64url_encode(text.data, text.len, out) } : STR_NONE;
}

static enum code bad_cursor(struct error *e)
{
	return error_field(e, STR("after"), N_("is no cursor of this list"));
}

static enum code read_cursor(struct record_context *x, const struct record_query *q, const struct json **ret, int64_t *ret_id,
			     struct error *e)
{
	size_t len;
	uint8_t *raw = arena_alloc(x->arena, q->after.len + 8);
	struct error inner;
	const struct json *j;
	if (!raw)
		return error_nomem(e);
	error_init(&inner, x->arena);
	if (!base64url_decode(q->after, raw, &len) ||
	    json_parse(x->arena, (struct str){ (char *)raw, len }, NULL, &j, &inner) != OK || j->type != JSON_LIST ||
	    j->list.count != q->order_count + 1)
		return bad_cursor(e);
	const struct json *id = &j->list.items[q->order_count];
	if (id->type != JSON_TEXT || !id_parse(id->text, ret_id))
		return bad_cursor(e);
	*ret = j;
	return OK;
}

static struct sql_value cursor_value(const struct json *j)
{
	return j->type == JSON_TEXT ? SQL_T(j->text) : j->type == JSON_INT ? SQL_I(j->integer) : SQL_N;
}

/* "comes after v" for one column, nulls counted. */
static void add_after(struct statement *s, const struct order_by *o, struct sql_value v)
{
	const char *name = column_name(o->column, o->field);
	if (v.type == SQL_NULL) {
		buf_format(&s->sql, o->nulls_first ? "t.%s IS NOT NULL" : "t.%s IS NULL AND 1 = 0", name);
		return;
	}
	buf_format(&s->sql, "(t.%s %s ", name, o->descending ? "<" : ">");
	statement_param(s, v);
	if (!o->nulls_first && !never_null(o))
		buf_format(&s->sql, " OR t.%s IS NULL", name);
	buf_add_char(&s->sql, ')');
}

static void add_same(struct statement *s, const struct order_by *o, struct sql_value v)
{
	const char *name = column_name(o->column, o->field);
	if (v.type == SQL_NULL) {
		buf_format(&s->sql, "t.%s IS NULL AND ", name);
		return;
	}
	buf_format(&s->sql, "t.%s = ", name);
	statement_param(s, v);
	buf_add_text(&s->sql, " AND ");
}

/* (a after A) OR (a = A AND b after B) OR … OR (all same AND id after ID) */
static enum code add_cursor(struct record_context *x, struct statement *s, const struct record_query *q, struct error *e)
{
	const struct json *j;
	int64_t id;
	TRY(read_cursor(x, q, &j, &id, e));
	buf_add_text(&s->sql, " AND (");
	for (size_t i = 0; i <= q->order_count; i++) {
		buf_add_text(&s->sql, i ? " OR (" : "(");
		for (size_t k = 0; k < i; k++)
			add_same(s, &q->order[k], cursor_value(&j->list.items[k]));
		if (i < q->order_count) {
			add_after(s, &q->order[i], cursor_value(&j->list.items[i]));
		} else {
			buf_add_text(&s->sql, id_descends(q) ? "t.id < " : "t.id > ");
			statement_param(s, SQL_I(id));
		}
		buf_add_char(&s->sql, ')');
	}
	buf_add_char(&s->sql, ')');
	return OK;
}

enum code select_where(struct record_context *x, struct statement *s, const struct sight *sight, const struct record_query *q,
		       bool with_cursor, struct error *e)
{
	const struct kind *k = sight->kind;
	buf_add_text(&s->sql, k->flags & KIND_VIEW || q->archived ? " WHERE 1 = 1" : " WHERE t.archived IS NULL");
	if (sight->past.on)
		past_where(s, &sight->past);
	TRY(sight_where(s, sight, x, e));
	for (size_t i = 0; i < q->filter_count; i++) {
		buf_add_text(&s->sql, " AND ");
		TRY(add_filter(x, s, sight, q->filters[i], e));
	}
	for (size_t i = 0; i < q->order_count; i++)
		TRY(may_use(sight, q->order[i].column, q->order[i].field, e));
	if (q->within) {
		const int64_t *ids;
		size_t count;
		world_entity_subtree(x->world, q->within, &ids, &count);
		buf_add_text(&s->sql, " AND t.entity = ANY(");
		statement_param(s, SQL_LIST(ids, count));
		buf_add_char(&s->sql, ')');
	}
	if (with_cursor && q->after.len)
		TRY(add_cursor(x, s, q, e));
	return statement_ok(s, e);
}

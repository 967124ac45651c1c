/* Links of a record in both directions: what it refers to, and what refers to it, one query per kind and field.
 * Neighbours: titles.c names both ends. */
#include "internal.h"

static void begin_group(struct json_writer *out, const struct field *f, const struct kind *k)
{
	json_object(out);
	json_member_text(out, "field", str_of(f->name));
	json_member_text(out, "kind", str_of(k->name));
	json_name(out, STR("items"));
	json_list(out);
}

static void end_group(struct json_writer *out)
{
	json_list_end(out);
	json_object_end(out);
}

static enum code write_ids(struct record_context *x, const struct kind *to, const struct field *f, const struct kind *named,
			   const int64_t *ids, size_t count, struct json_writer *out, struct error *e)
{
	struct titles *titles;
	TRY(titles_read(x, to, NULL, ids, count, &titles, e));
	begin_group(out, f, named);
	for (size_t i = 0; i < count; i++)
		titles_write(titles, ids[i], out);
	end_group(out);
	titles_free(titles);
	return OK;
}

static enum code links_out(struct record_context *x, const struct sight *sight, const struct record_row *row, struct json_writer *out,
			   struct error *e)
{
	const struct kind *k = sight->kind;
	for (const struct field *f = k->fields; f->name; f++) {
		const struct value *v = &row->values[f->index];
		const struct kind *to = f->to ? model_kind(x->model, str_of(f->to)) : NULL;
		if (!to || !sight_field(sight, x, row, f))
			continue;
		if (f->type == FIELD_REF && v->set && !v->null)
			TRY(write_ids(x, to, f, to, &v->integer, 1, out, e));
		if (f->type == FIELD_REFS && v->refs.count)
			TRY(write_ids(x, to, f, to, v->refs.ids, v->refs.count, out, e));
	}
	return OK;
}

/* The records of `k` whose field `f` names the target and that the caller may see. */
static enum code links_in_field(struct record_context *x, const struct kind *k, const struct field *f, int64_t target,
				const struct record_query *q, struct json_writer *out, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	struct sight sight;
	int64_t *ids = ARENA_ARRAY(x->arena, (size_t)q->limit, int64_t);
	size_t n = 0;
	bool row = true;
	if (!ids)
		return error_nomem(e);
	TRY(sight_make(x, k, &sight, e));
	if (!sight_field_everywhere(&sight, f))
		return OK;
	statement_init(&s);
	if (f->type == FIELD_REFS) {
		buf_format(&s.sql, "SELECT t.id FROM %s t WHERE t.archived IS NULL AND t.id IN (SELECT l.id FROM ", k->name);
		link_table(&s.sql, k, f);
		buf_add_text(&s.sql, " l WHERE l.target = ");
		statement_param(&s, SQL_I(target));
		buf_add_char(&s.sql, ')');
	} else {
		buf_format(&s.sql, "SELECT t.id FROM %s t WHERE t.archived IS NULL AND t.%s = ", k->name, f->name);
		statement_param(&s, SQL_I(target));
	}
	TRY(sight_where(&s, &sight, x, e));
	buf_add_text(&s.sql, " ORDER BY t.id DESC LIMIT ");
	statement_param(&s, SQL_I(q->limit));
	TRY(statement_ok(&s, e));
	{
		CLEAN_ROWS struct rows *rows = NULL;
		TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
		while (n < (size_t)q->limit) {
			TRY(rows_next(rows, &row, e));
			if (!row)
				break;
			ids[n++] = rows_int(rows, 0);
		}
	}
	return n ? write_ids(x, k, f, k, ids, n, out, e) : OK;
}

static enum code links_in(struct record_context *x, const struct kind *to, int64_t target, const struct record_query *q,
			  struct json_writer *out, struct error *e)
{
	for (size_t i = 0; i < x->model->kind_count; i++) {
		const struct kind *k = x->model->kinds[i];
		if (k->flags & KIND_VIEW)
			continue;
		for (const struct field *f = k->fields; f->name; f++)
			if (f->to && str_is(str_of(f->to), to->name) && (f->type == FIELD_REF || f->type == FIELD_REFS))
				TRY(links_in_field(x, k, f, target, q, out, e));
	}
	return OK;
}

enum code record_links(struct record_context *x, const struct kind *k, int64_t id, const struct record_query *q,
		       struct json_writer *out, struct error *e)
{
	struct record_row row;
	struct sight sight;
	TRY(sight_load(x, k, id, &sight, &row, e));
	json_object(out);
	json_name(out, STR("from"));
	json_list(out);
	TRY(links_out(x, &sight, &row, out, e));
	json_list_end(out);
	json_name(out, STR("to"));
	json_list(out);
	TRY(links_in(x, k, id, q, out, e));
	json_list_end(out);
	json_object_end(out);
	return OK;
}

/* References: one query per kind referred to, whatever the number of fields. Neighbour: write.c. */
#include "references.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

#define TREE_DEPTH_MOST 64

struct wanted { /* ids of one target kind */
	const struct kind *kind;
	int64_t *ids;
	size_t count;
};

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static bool refers(const struct field *f, const bool *changed, const struct value *values)
{
	const struct value *v = &values[f->index];
	if (f->type != FIELD_REF && f->type != FIELD_REFS)
		return false;
	return v->set && !v->null && (!changed || changed[f->index]);
}

static size_t gather(const struct kind *k, const char *to, const bool *changed, const struct value *values, int64_t *out)
{
	size_t n = 0;
	for (const struct field *f = k->fields; f->name; f++) {
		if (!refers(f, changed, values) || strcmp(f->to, to) != 0)
			continue;
		const struct value *v = &values[f->index];
		const int64_t *ids = f->type == FIELD_REF ? &v->integer : v->refs.ids;
		size_t count = f->type == FIELD_REF ? 1 : v->refs.count;
		if (out)
			memcpy(out + n, ids, count * sizeof *ids);
		n += count;
	}
	return n;
}

/* Keeps in `found` (sorted) the ids that exist and may be seen. */
static enum code find_targets(struct record_context *x, const struct wanted *w, int64_t *found, size_t *ret_count, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	struct sight sight;
	bool row;
	size_t n = 0;
	TRY(sight_make(x, w->kind, &sight, e));
	statement_init(&s);
	buf_format(&s.sql, "SELECT t.id FROM %s t WHERE ", w->kind->name);
	if (w->count == 1) {
		buf_add_text(&s.sql, "t.id = ");
		statement_param(&s, SQL_I(w->ids[0]));
	} else {
		buf_add_text(&s.sql, "t.id = ANY(");
		statement_param(&s, SQL_LIST(w->ids, w->count));
		buf_add_char(&s.sql, ')');
	}
	if (!(w->kind->flags & KIND_VIEW))
		buf_add_text(&s.sql, " AND t.archived IS NULL");
	sight_where(&s, &sight, x);
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
	while (n < w->count) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		found[n++] = rows_int(rows, 0);
	}
	qsort(found, n, sizeof *found, by_id);
	*ret_count = n;
	return OK;
}

static enum code tell_missing(struct record_context *x, const struct kind *k, const char *to, const bool *changed,
			      const struct value *values, const int64_t *found, size_t count, struct error *e)
{
	enum code code = OK;
	for (const struct field *f = k->fields; f->name; f++) {
		if (!refers(f, changed, values) || strcmp(f->to, to) != 0)
			continue;
		const struct value *v = &values[f->index];
		size_t n = f->type == FIELD_REF ? 1 : v->refs.count;
		for (size_t i = 0; i < n; i++) {
			int64_t id = f->type == FIELD_REF ? v->integer : v->refs.ids[i];
			if (!bsearch(&id, found, count, sizeof *found, by_id))
				code = error_field(e, arena_format(x->arena, "/%s", f->name), N_("refers to no {kind} that exists"),
						   { "kind", str_of(to) });
		}
	}
	return code;
}

static enum code check_kind(struct record_context *x, const struct kind *k, const struct kind *to, const bool *changed,
			    const struct value *values, struct error *e)
{
	struct wanted w = { .kind = to };
	size_t count = gather(k, to->name, changed, values, NULL);
	w.ids = ARENA_ARRAY(x->arena, count, int64_t);
	int64_t *found = ARENA_ARRAY(x->arena, count, int64_t);
	if (!w.ids || !found)
		return error_nomem(e);
	gather(k, to->name, changed, values, w.ids);
	qsort(w.ids, count, sizeof *w.ids, by_id);
	for (size_t i = 0; i < count; i++)
		if (w.count == 0 || w.ids[i] != w.ids[w.count - 1])
			w.ids[w.count++] = w.ids[i];
	TRY(find_targets(x, &w, found, &count, e));
	return count == w.count ? OK : tell_missing(x, k, to->name, changed, values, found, count, e);
}

/* Walks up from the new parent: meeting the record itself would close a circle. */
static enum code check_tree(struct record_context *x, const struct kind *k, const struct field *f, int64_t id, int64_t parent, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	statement_init(&s);
	buf_format(&s.sql, "SELECT %s FROM %s WHERE id = ?1", f->name, k->name);
	TRY(statement_ok(&s, e));
	for (int depth = 0; parent; depth++) {
		CLEAN_ROWS struct rows *rows = NULL;
		bool row;
		if (parent == id || depth == TREE_DEPTH_MOST)
			return error_field(e, arena_format(x->arena, "/%s", f->name), N_("would make a circle"));
		TRY(sql_query_built(x->conn, buf_str(&s.sql), SQL_PARAMS(SQL_I(parent)), &rows, e));
		TRY(rows_next(rows, &row, e));
		parent = row && !rows_null(rows, 0) ? rows_int(rows, 0) : 0;
	}
	return OK;
}

enum code references_check(struct record_context *x, const struct kind *k, int64_t id, const bool *changed, const struct value *values,
			   struct error *e)
{
	enum code worst = OK;
	for (const struct field *f = k->fields; f->name; f++) {
		bool first = refers(f, changed, values);
		for (const struct field *b = k->fields; first && b < f; b++)
			first = !(refers(b, changed, values) && strcmp(b->to, f->to) == 0);
		const struct kind *to = first ? model_kind(x->model, str_of(f->to)) : NULL;
		if (to) {
			enum code code = check_kind(x, k, to, changed, values, e);
			if (code != OK && code != E_INVALID)
				return code;
			worst = code != OK ? code : worst;
		}
		if ((f->flags & FIELD_TREE) && refers(f, changed, values) && changed)
			TRY(check_tree(x, k, f, id, values[f->index].integer, e));
	}
	return worst;
}

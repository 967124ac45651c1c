/* References: one query per kind referred to, whatever the number of fields, and none for what this call has found
 * already. Neighbours: write.c asks; changes.c remembers for the call. */
#include "references.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

#define TREE_DEPTH_MOST 64
#define FIELDS_MOST 200 /* of a kind, as the pack language has it */

struct wanted { /* ids of one target kind, sorted, each once */
	const struct kind *kind;
	int64_t *ids;
	size_t count;
};

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

struct referring { /* the fields of a record that refer to something and are to be checked */
	const struct field *fields[FIELDS_MOST];
	size_t count;
	const struct value *values;
};

static bool refers(const struct field *f, const bool *changed, const struct value *values)
{
	return (f->type == FIELD_REF || f->type == FIELD_REFS) && value_given(&values[f->index]) && (!changed || changed[f->index]);
}

static void collect(const struct kind *k, const bool *changed, const struct value *values, struct referring *ret)
{
	ret->count = 0;
	ret->values = values;
	for (const struct field *f = k->fields; f->name; f++)
		if (refers(f, changed, values) && ret->count < FIELDS_MOST)
			ret->fields[ret->count++] = f;
}

static const int64_t *ids_of(const struct referring *r, size_t i, size_t *ret_count)
{
	const struct value *v = &r->values[r->fields[i]->index];
	bool one = r->fields[i]->type == FIELD_REF;
	*ret_count = one ? 1 : v->refs.count;
	return one ? &v->integer : v->refs.ids;
}

/* The ids of all fields that refer to the kind and were not found before; `out` NULL: only counts. */
static size_t gather(struct record_context *x, const struct referring *r, const struct kind *to, int64_t *out)
{
	size_t n = 0, count;
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->fields[i]->to, to->name) != 0)
			continue;
		const int64_t *ids = ids_of(r, i, &count);
		for (size_t j = 0; j < count; j++) {
			if (x->changes && changes_knows(x->changes, x, to, ids[j]))
				continue;
			if (out)
				out[n] = ids[j];
			n++;
		}
	}
	return n;
}

/* Keeps in `found` (sorted) the ids that exist, are not archived and may be seen. */
static enum code find_targets(struct record_context *x, const struct wanted *w, int64_t *found, size_t *ret_count, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	struct sight sight;
	bool row, one = w->count == 1;
	size_t n = 0;
	TRY(sight_make_rows(x, w->kind, &sight, e));
	TRY(text_query(x, w->kind, one ? TEXT_SEEK : TEXT_SEEK_MANY, SQL_PARAMS(one ? SQL_I(w->ids[0]) : SQL_LIST(w->ids, w->count)), &rows, e));
	while (n < w->count) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		if (!sight_place(&sight, x, rows_int(rows, 1), rows_int(rows, 2)))
			continue;
		found[n++] = rows_int(rows, 0);
		if (x->changes)
			changes_learn(x->changes, x, w->kind, found[n - 1]);
	}
	qsort(found, n, sizeof *found, by_id);
	*ret_count = n;
	return OK;
}

static enum code tell_missing(struct record_context *x, const struct referring *r, const struct wanted *w, const int64_t *found,
			      size_t found_count, struct error *e)
{
	enum code code = OK;
	size_t count;
	for (size_t i = 0; i < r->count; i++) {
		const struct field *f = r->fields[i];
		if (strcmp(f->to, w->kind->name) != 0)
			continue;
		const int64_t *ids = ids_of(r, i, &count);
		for (size_t j = 0; j < count; j++) {
			if (!bsearch(&ids[j], w->ids, w->count, sizeof *ids, by_id) || bsearch(&ids[j], found, found_count, sizeof *ids, by_id))
				continue;
			struct str pointer = f->type == FIELD_REF ? arena_format(x->arena, "/%s", f->name)
								  : arena_format(x->arena, "/%s/%zu", f->name, j);
			if (!pointer.data)
				return error_nomem(e);
			code = error_field(e, pointer, N_("refers to no {kind} that exists"), { "kind", str_of(w->kind->name) });
		}
	}
	return code;
}

static enum code check_kind(struct record_context *x, const struct referring *r, const struct kind *to, struct error *e)
{
	struct wanted w = { .kind = to };
	int64_t single[2];
	size_t count = gather(x, r, to, NULL), n;
	if (!count)
		return OK;
	w.ids = count == 1 ? &single[0] : ARENA_ARRAY(x->arena, count, int64_t);
	int64_t *found = count == 1 ? &single[1] : ARENA_ARRAY(x->arena, count, int64_t);
	if (!w.ids || !found)
		return error_nomem(e);
	gather(x, r, to, w.ids);
	qsort(w.ids, count, sizeof *w.ids, by_id);
	for (size_t i = 0; i < count; i++)
		if (w.count == 0 || w.ids[i] != w.ids[w.count - 1])
			w.ids[w.count++] = w.ids[i];
	TRY(find_targets(x, &w, found, &n, e));
	return n == w.count ? OK : tell_missing(x, r, &w, found, n, e);
}

/* Walks up from the new parent: meeting the record itself would close a circle. */
static enum code check_tree(struct record_context *x, const struct kind *k, const struct field *f, int64_t id, int64_t parent, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	struct str pointer = arena_format(x->arena, "/%s", f->name);
	statement_init(&s);
	buf_format(&s.sql, "SELECT %s FROM %s WHERE id = ?1", f->name, k->name);
	TRY(statement_ok(&s, e));
	for (int depth = 0; parent; depth++) {
		CLEAN_ROWS struct rows *rows = NULL;
		bool row;
		if (!pointer.data)
			return error_nomem(e);
		if (parent == id)
			return error_field(e, pointer, N_("would make a circle"));
		if (depth == TREE_DEPTH_MOST - 1)
			return error_field(e, pointer, N_("would lie more than 64 levels deep"));
		TRY(sql_query_built(x->conn, buf_str(&s.sql), SQL_PARAMS(SQL_I(parent)), &rows, e));
		TRY(rows_next(rows, &row, e));
		parent = row && !rows_null(rows, 0) ? rows_int(rows, 0) : 0;
	}
	return OK;
}

static bool kind_before(const struct referring *r, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(r->fields[j]->to, r->fields[i]->to) == 0)
			return true;
	return false;
}

enum code references_check(struct record_context *x, const struct kind *k, int64_t id, const bool *changed, const struct value *values,
			   struct error *e)
{
	struct referring r;
	enum code worst = OK;
	collect(k, changed, values, &r);
	for (size_t i = 0; i < r.count; i++) {
		const struct field *f = r.fields[i];
		const struct kind *to = kind_before(&r, i) ? NULL : model_kind(x->model, str_of(f->to));
		enum code code = to ? check_kind(x, &r, to, e) : OK;
		/* nothing is below a record being made, but the line above it may be too long */
		if ((code == OK || code == E_INVALID) && (f->flags & FIELD_TREE)) {
			worst = code != OK ? code : worst;
			TRY(hold_tree(x, k, !changed, e));
			code = check_tree(x, k, f, id, values[f->index].integer, e);
		}
		if (code != OK && code != E_INVALID)
			return code;
		worst = code != OK ? code : worst;
	}
	return worst;
}

/* The past of a kind: which rows of its two tables held at a moment, and how past versions are read.
 * Neighbours: select.c puts the conditions into queries, list.c and titles.c read both tables and put them together. */
#pragma once
#include "internal.h"

enum lost { LOST_NOT, LOST_ERASED, LOST_UNKEPT }; /* why a past value cannot be told: its person was erased; it is not kept */

/* Finds what the moment means in this database; from then on queries made with the sight are about it. Now: no change. */
enum code past_turn(struct record_context *x, struct sight *sight, const struct moment *m, struct error *e);
/* Adds " AND …": of the table that the statement reads (s->history: the past versions) the rows that held. */
void past_where(struct statement *s, const struct past *p);

/* How a past version names the person of a personal reference: those whose `subject` is the field itself. */
bool past_names_subject(const struct field *f);
/* Adds "t.holder LIKE …": the past version names that person; who was erased is named by none. */
enum code past_subject(struct record_context *x, struct statement *s, const struct field *f, int64_t person, struct error *e);
/* Do past versions hold it as the live row does? Else comparing and sorting by it is refused. */
static inline bool past_kept(const struct field *f)
{
	return !f->personal && !(f->flags & FIELD_NO_HISTORY);
}
enum code past_comparable(const struct field *f, struct error *e);

/* "t.id, …" of past versions, and reading them. `wanted` by field index, NULL: all. */
void past_columns_add(struct buf *sql, const struct kind *k, const bool *wanted);
enum code past_row_read(struct record_context *x, const struct rows *rows, const struct kind *k, const bool *wanted,
			struct record_row *ret, struct error *e);
/* A side of a change, or a cell of a past version, as it was before it was sealed; *ret_erased: nobody can open it. */
enum code past_open(struct record_context *x, const struct kind *k, const struct field *f, int64_t id, const struct json *j,
		    const struct json **ret, bool *ret_erased, struct error *e);

/* Those of `ids` that were there at the sight's moment, each once, in no order; lists of references too. `ret` has room for `count`. */
enum code past_rows(struct record_context *x, const struct sight *sight, const int64_t *ids, size_t count, const bool *wanted,
		    struct record_row *ret, size_t *ret_count, struct error *e);

/* Reading many records for those who show them in their own way, or keep something derived from them (the search
 * index): what a caller sees of a kind, rows by id as the caller sees them, all rows of a kind page by page. */
#pragma once
#include "record/record.h"

/* What the caller of a context sees of a kind; lives in the context's arena. */
struct record_sight;
enum code record_sight_make(struct record_context *x, const struct kind *k, const struct record_sight **ret, struct error *e);
/* Are records at that entity seen, and a field of theirs? `own`: of those whose owner is the caller. */
bool record_sight_place(const struct record_sight *s, const struct record_context *x, int64_t entity, bool own);
bool record_sight_field(const struct record_sight *s, const struct record_context *x, int64_t entity, bool own, const struct field *f);
/* May the caller filter, sort or compute by it: does no record seen hide it? */
bool record_sight_everywhere(const struct record_sight *s, const struct field *f);

/* A kind as the relation that SQL written by people reads: "SELECT id, entity, state …, <wanted fields> FROM …", the rows seen that are
 * not archived, what is hidden as NULL; money as two columns. `params` has room for `room`, *io_count are taken, and the text names
 * the next ones by number. Lists of references are left out. */
enum code record_relation(struct record_context *x, const struct record_sight *s, const bool *wanted, struct buf *sql,
			  struct sql_value *params, size_t *io_count, size_t room, struct error *e);

struct record_seen { /* one live row */
	int64_t id, entity, version, archived; /* archived 0: not */
	int64_t owner;                         /* person whose own record it is, 0: nobody's */
	struct str state, number;
	const struct value *values; /* by field index; hidden ones, and those not wanted, are unset */
};
typedef enum code record_visit(void *data, const struct record_seen *row, struct error *e);
/* The rows among `ids` (at most 1,000) that the caller sees, in no order. `wanted` by field index, NULL: all; lists of
 * references are not read. */
enum code record_see(struct record_context *x, const struct kind *k, const bool *wanted, const int64_t *ids, size_t count,
		     record_visit *visit, void *data, struct error *e);
/* Rows with id > after, by id, at most `most`, as the caller sees them; *ret_last: the last id looked at, *ret_more:
 * there may be others. Not for kinds that are views. */
enum code record_scan(struct record_context *x, const struct kind *k, const bool *wanted, int64_t after, size_t most,
		      record_visit *visit, void *data, int64_t *ret_last, bool *ret_more, struct error *e);

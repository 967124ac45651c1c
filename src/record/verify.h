/* What proving the rows is made of.
 *   verify.c          walks the tables, version by version      verify_cells.c   one value against what the journal tells
 *   verify_entries.c  finds what an entry tells of a version */
#pragma once
#include "internal.h"
#include "record/verify.h"

/* --- verify_entries.c ----------------------------------------------------------------------------- */

struct told { /* what an entry tells of one version; lives until the next told_find() */
	const struct json *change, *fields; /* NULL: nothing */
	int64_t time;
};
struct entries; /* parsed entries, bounded */
struct entries *entries_new(struct conn *c, size_t bytes);
void entries_free(struct entries *s);
/* .change is NULL when the entry does not exist or tells nothing of this version. */
enum code told_find(struct entries *s, int64_t entry, const struct kind *k, int64_t id, int64_t version, struct told *ret,
		    struct error *e);
/* Visits every change of every entry, in the order of the entries' ids. */
typedef enum code change_visit(void *data, struct str kind, int64_t id, int64_t version, struct error *e);
enum code changes_each(struct conn *c, change_visit *visit, void *data, struct error *e);

/* --- verify_cells.c ------------------------------------------------------------------------------- */

enum cell_is {
	CELL_EMPTY,
	CELL_VALUE,
	CELL_DIGEST, /* of a field without history: only its digest is known */
	CELL_UNKNOWN /* its person was erased */
};
struct cell {
	enum cell_is is;
	const struct json *json; /* CELL_VALUE from the journal or from history's JSON; else `value` */
	struct value value;
	struct str digest, salt; /* CELL_DIGEST, hexadecimal */
};
struct cells { /* what comparing cells works with */
	struct keyring *keyring;
	struct buf one, other; /* texts being compared */
};
void cells_init(struct cells *c);
void cells_done(struct cells *c);
/* A side of a change as the payload has it. */
enum code cell_from_journal(struct cells *c, const struct kind *k, const struct field *f, int64_t id, const struct json *side,
			    struct arena *arena, struct cell *ret, struct error *e);
/* The text of a personal value or of a list in history. */
enum code cell_from_history(struct cells *c, const struct kind *k, const struct field *f, int64_t id, struct str text,
			    struct arena *arena, struct cell *ret, struct error *e);
/* Is what stands there what is told? True when either is unknown. */
enum code cell_holds(struct cells *c, const struct field *f, const struct cell *is, const struct cell *told, struct arena *arena,
		     bool *ret, struct error *e);

/* Proving the rows: what the tables of the kinds hold is compared with what the payloads of the journal rebuild, version by
 * version: the live rows, every version in history, the lists of references. Every version must be told of by an entry,
 * and every version an entry tells of must be there; so a row changed, added or deleted by hand is found and named.
 *
 * Prove the journal first (journal_verify) in the same snapshot: its entries are believed here. Memory is bounded whatever
 * the size of the estate. Values of erased people can be compared by nobody any more; they are counted. */
#pragma once
#include "record/record.h"

struct record_proof {
	const struct model *model; /* what the schema in force was made of */
	struct conn *conn;         /* holds one snapshot: conn_begin() */
	struct keyring *keyring;   /* NULL: sealed values are counted as unknown */
	const char *const *elsewhere; /* kinds whose rows are proven by other means; ends with NULL */
	size_t cache_bytes;        /* of entries kept parsed; 0: 16 MiB */
};

struct record_report {
	int64_t records, versions; /* compared */
	int64_t unknown;           /* values that could not be, since their person was erased */
	struct str fault;          /* msgid of the first thing that was wrong; empty: all is well */
	struct str kind, field;    /* of it; the field may be empty */
	int64_t id, version;
};
/* OK with a fault in the report, or the error that kept it from looking. Texts of the report live in `arena`. */
enum code record_verify(const struct record_proof *p, struct arena *arena, struct record_report *ret, struct error *e);

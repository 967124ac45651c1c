/* Human numbers ("DEV-000123"): taken from the database in blocks, given out from memory; gaps are allowed. */
#pragma once
#include "store/store.h"

struct arena;
struct numbers; /* one per writer, as long as its connection; keeps the SQL of the kinds it writes, too */
struct numbers *numbers_new(void);
void numbers_free(struct numbers *n);
/* The next number of a pattern with {seq:N} (zero-padded to N digits); `series` names the counter. */
enum code numbers_next(struct numbers *n, struct conn *c, struct str series, struct str pattern, struct arena *arena,
		       struct str *ret, struct error *e);
/* To be told when a transaction or a savepoint was rolled back: blocks reserved in it are no longer. Others stay, so that
 * refused calls do not use numbers up. */
void numbers_rolled_back(struct numbers *n);
/* The transaction is committed: blocks taken in it are ours. */
void numbers_committed(struct numbers *n);

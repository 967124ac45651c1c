/* Human numbers ("DEV-000123"): taken from the database in blocks, given out from memory; gaps are allowed. */
#pragma once
#include "store/store.h"

struct arena;
struct numbers; /* one per writer */
struct numbers *numbers_new(void);
void numbers_free(struct numbers *n);
/* The next number of a pattern with {seq:N} (zero-padded to N digits); `series` names the counter. */
enum code numbers_next(struct numbers *n, struct conn *c, struct str series, struct str pattern, struct arena *arena,
		       struct str *ret, struct error *e);
/* Blocks taken in a transaction that was rolled back are forgotten. */
void numbers_rolled_back(struct numbers *n);

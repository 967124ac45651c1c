/* Moving values from a column of one type to one of another. */
#pragma once
#include "layout.h"

/* Can values of the one be told as text and read as the other? */
bool converts(const struct layout_column *from, const struct layout_column *to);
/* Row by row, in batches, into `to`, which is empty. `from` is the column that was in use, now aside. `old` (NULL: none) is
 * one of `to`'s own type that was in use before it: its values stand where they still mean the same as what was in use. */
enum code convert(struct conn *c, struct str table, const struct layout_column *from, const struct layout_column *old,
		  const struct layout_column *to, struct arena *arena, struct error *e);

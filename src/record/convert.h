/* Moving values from a column of one type to one of another. */
#pragma once
#include "layout.h"

/* Can values of the one be told as text and read as the other? */
bool converts(const struct layout_column *from, const struct layout_column *to);
/* Row by row, in batches. `from` is the column set aside (under its new name). `returned`: `to` is an old column come back:
 * its values stand where they still mean the same as what is there now; elsewhere the present value counts. */
enum code convert(struct conn *c, struct str table, const struct layout_column *from, const struct layout_column *to, bool returned,
		  struct arena *arena, struct error *e);

/* Which known name is nearest to a misspelt one. */
#pragma once
#include "base/str.h"

struct nearest {
	struct str word;
	const char *best; /* NULL: nothing near */
	unsigned distance;
};
void nearest_offer(struct nearest *n, const char *candidate);

/* A view: segments as they stood at a commit. Neighbours: index.c makes them, find.c reads them. */
#pragma once
#include "segment.h"

struct dead { /* documents of one segment that are dead; never changes once shared */
	_Atomic int64_t refs;
	size_t count;
	int64_t words; /* in them */
	uint8_t bits[];
};
struct part {
	struct segment *segment;
	struct dead *dead; /* NULL: none */
};
struct index_view {
	size_t count;
	int64_t documents; /* alive */
	int64_t words;     /* in them: for the mean length */
	struct part parts[];
};
struct dead *dead_new(const struct dead *like, uint64_t documents);
void dead_unref(struct dead *d);

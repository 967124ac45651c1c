/* Which versions a journal payload tells of, without building a tree of it. Pure. Neighbours: changes.c writes payloads,
 * verify_entries.c counts what they tell. */
#pragma once
#include "base/str.h"

struct payload_scan { /* where reading stands */
	const char *at, *end;
};
struct payload_change {
	struct str kind; /* a view into the payload */
	int64_t id, version;
};
/* Finds the list of changes. False when the payload has none, or is not in the form that changes.c writes: compact, and
 * with nothing escaped in the names that matter. */
bool payload_scan_begin(struct str payload, struct payload_scan *ret);
/* The next change; *ret_more is false behind the last. False when it is not in that form. */
bool payload_scan_next(struct payload_scan *s, struct payload_change *ret, bool *ret_more);

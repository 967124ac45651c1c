/* Shapes a text may have to follow: each one checks and, where one thing has several spellings, gives the one
 * that is kept. Neighbours: value_read.c applies them, field_read.c knows their names, schema.c documents them. */
#pragma once
#include "base/str.h"

struct arena;

struct pattern {
	const char *name; /* NULL ends the table */
	const char *msgid; /* what is expected, said to the person who typed something else */
	const char *schema_format; /* JSON Schema's "format", or NULL */
	const char *schema_pattern; /* or a regular expression (ECMA-262), or NULL */
	bool (*fits)(struct str s);
	/* Rewrites `s` (at most s.len + 8 bytes into out, answering how many); NULL: kept as it is. */
	size_t (*normal)(struct str s, char *out);
};
extern const struct pattern patterns[];
const struct pattern *pattern_find(const char *name);

/* Writing the project's own report (docs/inventory-report.md) from a message in native shape. Pure.
 * Neighbours: native.h says where things lie; fleet's inventory.report takes what is written here. */
#pragma once
#include "base/buf.h"
#include "native.h"

/* The report as JSON into `out`. Sections the message does not have are left out; each section has its digest. `entity`: of a
 * device nobody knows yet, 0: the caller's own. */
enum code inventory_report_write(const struct native *n, int64_t entity, struct arena *arena, struct buf *out, struct error *e);

/* --- parts of report.c in files of their own ------------------------------------------------------ */
struct member { /* one member of a section: where it comes from and what it is */
	const char *name; /* NULL ends a table */
	enum { MEMBER_TEXT, MEMBER_COUNT, MEMBER_MEBIBYTES, MEMBER_MEGABYTES, MEMBER_FLAG } type;
	const char *paths;
	size_t most; /* bytes of a text, 0: 300 */
};
struct json_writer;
void members_write(const struct member *m, const struct json *from, struct arena *arena, struct json_writer *w);
/* Writes the whole section's object; false when the message does not have it. */
bool network_write(const struct native *n, struct arena *arena, struct json_writer *w);
bool packages_write(const struct native *n, struct arena *arena, struct json_writer *w);
/* A name of `names` by what is found in `known`, without regard to case; NULL when it is not there. */
struct word {
	const char *known, *name;
};
const char *word_find(const struct word *words, struct str s);

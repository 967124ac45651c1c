/* Reading gettext PO files, entry by entry; pure, fuzzed on its own. Neighbour: catalog.c keeps what is read. */
#pragma once
#include "base/error.h"

#define PO_FORMS 6

struct po_entry {
	unsigned line;
	bool fuzzy;
	struct str context, id, plural; /* data == NULL: absent */
	struct str forms[PO_FORMS];     /* msgstr, or msgstr[n] */
};

struct arena;
/* What is visited stays in `arena`. */
typedef enum code po_visit(void *data, const struct po_entry *entry, struct error *e);
/* Obsolete entries are passed over. E_INVALID with file and line. */
enum code po_parse(struct arena *arena, struct str file, struct str text, po_visit *visit, void *data, struct error *e);

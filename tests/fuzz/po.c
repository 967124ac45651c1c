/* Any bytes as a PO file: entries that are found again, or an error that names the file.
 * Neighbours: src/base/po.c, catalog.c. */
#include "../../src/base/po.h"
#include "base/arena.h"
#include "base/catalog.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

struct looking {
	const struct catalog *catalog;
	unsigned line;
};

static enum code look_up(void *data, const struct po_entry *entry, struct error *e)
{
	struct looking *l = data;
	must(entry->id.data && entry->forms[0].data && entry->line > l->line);
	must(utf8_valid(entry->id) && utf8_valid(entry->forms[0]) && !memchr(entry->id.data, 0, entry->id.len));
	l->line = entry->line;
	if (entry->fuzzy || !entry->id.len || !entry->forms[0].len)
		return OK;
	/* the first definition wins, so this or another text is there, never nothing */
	must(catalog_get(l->catalog, LANG_AR, entry->context.data, entry->id).len > 0);
	for (int64_t n = 0; n < 12; n++)
		must(catalog_plural(l->catalog, LANG_AR, entry->id, STR("many"), n * n).len > 0);
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct catalog *c = catalog_new();
	struct str text = { (const char *)data, size };
	struct looking looking = { .catalog = c };
	struct error e;
	error_init(&e, arena);
	if (catalog_add_po(c, LANG_AR, STR("ar.po"), text, &e) != OK)
		must(str_starts(error_text(&e, arena), STR("ar.po")));
	else
		must(po_parse(arena, STR("ar.po"), text, look_up, &looking, &e) == OK);
	catalog_free(c);
	return 0;
}

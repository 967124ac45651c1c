/* Any bytes as a PO file. */
#include "base/arena.h"
#include "base/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct catalog *c = catalog_new();
	struct error e;
	error_init(&e, arena);
	if (c && catalog_add_po(c, LANG_AR, STR("ar.po"), (struct str){ (const char *)data, size }, &e) == OK)
		catalog_plural(c, LANG_AR, STR("one"), STR("many"), 11);
	catalog_free(c);
	return 0;
}

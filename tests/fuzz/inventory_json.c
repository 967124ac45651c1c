/* Any bytes as GLPI's native JSON: what the rules let through becomes a report that is valid JSON; what they refuse has its places.
 * Neighbours: src/adapters/inventory/check.c, native.c, report.c. */
#include "native.h"
#include "report.h"
#include "base/arena.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new((size_t)192 << 20);
	CLEAN_BUF struct buf out;
	const struct json *tree, *report;
	struct native n;
	struct error e;
	error_init(&e, arena);
	buf_init(&out, 0);
	if (json_parse(arena, (struct str){ (const char *)data, size }, NULL, &tree, &e) != OK)
		return 0;
	enum code code = native_of_json(tree, arena, &n, &e);
	must(code == OK || e.items || error_text(&e, arena).len);
	if (code != OK || n.message != NATIVE_INVENTORY)
		return 0;
	must(inventory_report_write(&n, 7, arena, &out, &e) == OK);
	must(json_parse(arena, buf_str(&out), NULL, &report, &e) == OK);
	return 0;
}

/* Any bytes as a packed or plain XML message: what is refused says why, what is taken becomes a report that is valid JSON and is the same
 * the second time. Neighbours: src/adapters/inventory/inflate.c, xml.c, native.c, report.c. */
#include "inflate.h"
#include "native.h"
#include "report.h"
#include "xml.h"
#include "base/arena.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static enum code read_message(struct str body, struct arena *arena, struct buf *out, struct error *e)
{
	CLEAN_BUF struct buf room;
	struct str text, root;
	const struct json *tree;
	struct native n;
	bool packed;
	buf_init(&room, 4 << 20);
	TRY(inflate_body(body, &room, &text, &packed, e));
	TRY(xml_parse(arena, text, &root, &tree, e));
	TRY(native_of_xml(root, tree, STR("OCS-NG"), &n, e));
	return n.message == NATIVE_INVENTORY ? inventory_report_write(&n, 0, arena, out, e) : OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new((size_t)192 << 20);
	CLEAN_BUF struct buf one, two;
	const struct json *report;
	struct error e;
	error_init(&e, arena);
	buf_init(&one, 0);
	buf_init(&two, 0);
	enum code code = read_message((struct str){ (const char *)data, size }, arena, &one, &e);
	must(code == OK || error_text(&e, arena).len);
	if (code != OK || !one.len)
		return 0;
	must(json_parse(arena, buf_str(&one), NULL, &report, &e) == OK);
	must(read_message((struct str){ (const char *)data, size }, arena, &two, &e) == OK && str_eq(buf_str(&one), buf_str(&two)));
	return 0;
}

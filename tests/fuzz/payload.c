/* Payloads of journal entries: whatever the scanner reads to the end of a sound document, the ordinary reader reads the
 * same. Neighbours: src/record/payload_scan.c. */
#include "base/arena.h"
#include "base/id.h"
#include "base/json.h"
#include "payload_scan.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const struct json *changes, size_t i, const struct payload_change *c)
{
	int64_t id;
	if (!changes || changes->type != JSON_LIST || i >= changes->list.count)
		abort();
	const struct json *change = &changes->list.items[i];
	if (!id_parse(json_text(change, STR("id")), &id) || id != c->id || json_int(change, STR("version"), -1) != c->version ||
	    !str_eq(json_text(change, STR("kind")), c->kind))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const struct str text = { (const char *)data, size };
	struct payload_scan s;
	struct payload_change change;
	const struct json *tree = NULL;
	bool more = true, read = payload_scan_begin(text, &s);
	size_t count = 0;
	if (!arena)
		return 0;
	bool sound = json_parse(arena, text, NULL, &tree, NULL) == OK;
	const struct json *changes = sound ? json_get(tree, STR("changes")) : NULL;
	while (read && more) {
		read = payload_scan_next(&s, &change, &more);
		if (read && more && sound)
			compare(changes, count, &change);
		count += read && more;
	}
	if (read && sound && (!changes || count != changes->list.count))
		abort();
	return 0;
}

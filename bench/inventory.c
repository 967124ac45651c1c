/* How quickly a packed message of an agent becomes a report, without anything else: bench_inventory FILE
 * Neighbours: src/adapters/inventory does the work; bench/inventory.py sets the whole way beside this. */
#include "../src/adapters/inventory/inflate.h"
#include "../src/adapters/inventory/native.h"
#include "../src/adapters/inventory/report.h"
#include "../src/adapters/inventory/xml.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include <stdio.h>
#include <time.h>

static int64_t processor_time(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static enum code once(struct str packed, struct arena *arena, struct error *e)
{
	CLEAN_BUF struct buf room, out;
	struct str text, root;
	const struct json *tree;
	struct native n;
	bool was_packed;
	buf_init(&room, INVENTORY_MOST + (1 << 20));
	buf_init(&out, INVENTORY_MOST);
	TRY(inflate_body(packed, &room, &text, &was_packed, e));
	TRY(xml_parse(arena, text, &root, &tree, e));
	TRY(native_of_xml(root, tree, STR(""), &n, e));
	return inventory_report_write(&n, 0, arena, &out, e);
}

int main(int argc, char **argv)
{
	CLEAN_ARENA struct arena *arena = arena_new(0), *kept = arena_new(0);
	struct str packed;
	struct error e;
	error_init(&e, kept);
	if (argc != 2 || file_read(kept, str_of(argv[1]), 32 << 20, &packed, &e) != OK)
		return 2;
	int64_t start = processor_time(), rounds = 0;
	for (; processor_time() - start < 2 * SECOND; rounds++) {
		if (once(packed, arena, &e) != OK) {
			fprintf(stderr, "%.*s\n", STR_ARG(error_text(&e, kept)));
			return 1;
		}
		arena_reset(arena);
	}
	printf("%.1f 1/s\n", (double)rounds * (double)SECOND / (double)(processor_time() - start));
	return 0;
}

/* Any bytes as JSON: parsed or refused, and what was parsed is written and read again as the same. */
#include "base/arena.h"
#include "base/json.h"
#include "base/json_write.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	CLEAN_BUF struct buf out;
	const struct json *first, *second;
	struct json_writer w;
	struct error e;
	error_init(&e, arena);
	buf_init(&out, 0);
	if (json_parse(arena, (struct str){ (const char *)data, size }, NULL, &first, &e) != OK)
		return 0;
	json_writer_init(&w, &out);
	json_put_tree(&w, first);
	if (!buf_ok(&out) || json_parse(arena, buf_str(&out), NULL, &second, &e) != OK || !json_equal(first, second))
		abort();
	return 0;
}

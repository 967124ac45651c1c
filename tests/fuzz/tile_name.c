/* Paths of tiles and entry bundles. What is read must be written back as the same bytes: each resource has one address.
 * Neighbours: src/journal/tile_name.c. */
#include "journal/tree.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tile_name t;
	char text[128];
	if (!tile_name_parse((struct str){ (const char *)data, size }, &t))
		return 0;
	if (t.level < -1 || t.level > 63 || t.index < 0 || t.width < 1 || t.width > TILE_WIDTH)
		abort();
	if (tile_name_format(&t, text) != size || memcmp(text, data, size) != 0)
		abort();
	if (tile_width(t.level, t.index, INT64_MAX) > TILE_WIDTH || tile_width(t.level, t.index, 0) != 0)
		abort();
	return 0;
}

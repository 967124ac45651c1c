/* The table of mounts; a container chooses what stands in its own. Neighbours: src/agent/parse/mounts.c. */
#include "../../src/agent/parse/parse.h"
#include "base/arena.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct str rest = { (const char *)data, size };
	struct mount m;
	while (arena && mount_next(&rest, arena, &m))
		if (!m.at.len || m.at.len > size || m.source.len > size || str_find(m.type, ' ') >= 0)
			abort();
	return 0;
}

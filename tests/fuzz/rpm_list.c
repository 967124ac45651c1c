/* What a program called rpm printed. Neighbours: src/agent/parse/rpm.c. */
#include "../../src/agent/parse/parse.h"
#include "base/arena.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct str rest = { (const char *)data, size };
	struct package p;
	while (arena && rpm_next(&rest, arena, &p)) {
		const struct str fields[] = { p.name, p.version, p.architecture, p.publisher, p.source, p.source_version };
		if (!p.name.len || !p.version.len)
			abort();
		for (size_t i = 0; i < 6; i++)
			if (str_find(fields[i], '\n') >= 0 || str_find(fields[i], '\t') >= 0)
				abort();
	}
	return 0;
}

/* os-release: values are never longer than what they were read from. Neighbours: src/agent/parse/os_release.c. */
#include "../../src/agent/parse/parse.h"
#include "base/arena.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct os_release os;
	if (!arena || !os_release_parse((struct str){ (const char *)data, size }, arena, &os))
		return 0;
	const struct str values[] = { os.id, os.name, os.version, os.codename, os.build, os.pretty };
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		if (values[i].len > size || str_find(values[i], '\n') >= 0)
			abort();
	return 0;
}

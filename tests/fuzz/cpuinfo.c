/* /proc/cpuinfo: sockets have cores and cores have threads. Neighbours: src/agent/parse/cpuinfo.c. */
#include "../../src/agent/parse/parse.h"
#include "base/arena.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct cpuinfo c;
	if (!arena || !cpuinfo_parse((struct str){ (const char *)data, size }, arena, &c))
		return 0;
	if (c.sockets < 0 || c.sockets > c.cores || c.cores > c.threads || (c.threads && !c.sockets) || c.mhz < -1)
		abort();
	return 0;
}

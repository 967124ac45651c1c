/* /proc/meminfo: a number of bytes, or not known. Neighbours: src/agent/parse/meminfo.c. */
#include "../../src/agent/parse/parse.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct meminfo m;
	meminfo_parse((struct str){ (const char *)data, size }, &m);
	if (m.total < -1 || m.available < -1 || m.swap_total < -1 || m.swap_free < -1)
		abort();
	return 0;
}

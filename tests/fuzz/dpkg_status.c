/* dpkg's status file, as anybody with root on a host could have left it. What is read lies within the bytes and is an
 * installed package. Neighbours: src/agent/parse/dpkg.c. */
#include "../../src/agent/parse/parse.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(struct str part, struct str whole)
{
	return !part.len || (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str whole = { (const char *)data, size };
	struct str rest = whole;
	struct package p;
	while (dpkg_next(&rest, &p)) {
		if (!p.name.len || !p.version.len)
			abort();
		if (!within(p.name, whole) || !within(p.version, whole) || !within(p.architecture, whole) || !within(p.publisher, whole) ||
		    !within(p.source, whole) || !within(p.source_version, whole) || !within(rest, whole))
			abort();
		if (str_find(p.name, '\n') >= 0 || str_find(p.publisher, '<') >= 0)
			abort();
	}
	return 0;
}

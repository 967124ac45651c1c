/* /etc/passwd: names and numbers of accounts. Neighbours: src/agent/parse/accounts.c. */
#include "../../src/agent/parse/parse.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct account a;
	while (account_next(&rest, &a))
		if (!a.name.len || a.uid < 0 || a.uid > UINT32_MAX || str_find(a.name, ':') >= 0 || str_find(a.name, '\n') >= 0)
			abort();
	return 0;
}

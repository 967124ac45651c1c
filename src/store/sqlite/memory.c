/* How much memory SQLite holds for the work of one thread, with a ceiling for single queries: sorting and materialising live in
 * memory, and a query of someone's own must not take all of it. A connection belongs to one thread at a time, so what the
 * thread took since the ceiling was set is the query's. Neighbours: sqlite.c, statements.c. */
#include "sqlite.h"
#include <malloc.h>
#include <stdlib.h>

struct taken {
	int64_t bytes, most; /* most 0: no ceiling */
	bool refused;
};
static _Thread_local struct taken taken;

static bool fits(int size)
{
	if (!taken.most || taken.bytes + size <= taken.most)
		return true;
	taken.refused = true;
	return false;
}

static int size_of(void *block)
{
	return (int)malloc_usable_size(block);
}

static void *counted_malloc(int size)
{
	void *block = fits(size) ? malloc((size_t)size) : NULL;
	taken.bytes += block ? size_of(block) : 0;
	return block;
}

static void counted_free(void *block)
{
	taken.bytes -= block ? size_of(block) : 0;
	free(block);
}

static void *counted_realloc(void *block, int size)
{
	int before = block ? size_of(block) : 0;
	void *grown = size <= before || fits(size - before) ? realloc(block, (size_t)size) : NULL;
	taken.bytes += grown ? size_of(grown) - before : 0;
	return grown;
}

static int round_up(int size)
{
	return (size + 7) & ~7;
}

static int begin(void *data)
{
	return SQLITE_OK;
}

static void end(void *data)
{
}

void sqlite_memory_setup(void)
{
	static const sqlite3_mem_methods counted = { counted_malloc, counted_free, counted_realloc, size_of, round_up, begin, end, NULL };
	sqlite3_config(SQLITE_CONFIG_MALLOC, &counted);
}

void sqlite_memory_ceiling(int64_t bytes)
{
	taken.most = bytes ? taken.bytes + bytes : 0;
	taken.refused = false;
}

bool sqlite_memory_refused(void)
{
	return taken.refused;
}

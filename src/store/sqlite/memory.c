/* How much memory SQLite holds for the work of one thread, with a ceiling for single queries: sorting and materialising live in
 * memory, and a query of someone's own must not take all of it. A connection belongs to one thread at a time, so what the
 * thread took since the ceiling was set is the query's. Neighbours: sqlite.c, statements.c. */
#include "sqlite.h"

struct taken {
	int64_t bytes, most; /* most 0: no ceiling */
	bool refused;
};
static _Thread_local struct taken taken;
/* SQLite's own, asked for once before anything runs. */
static sqlite3_mem_methods usual;

static bool fits(int size)
{
	if (!taken.most || taken.bytes + size <= taken.most)
		return true;
	taken.refused = true;
	return false;
}

static void *counted_malloc(int size)
{
	void *block = fits(size) ? usual.xMalloc(size) : NULL;
	taken.bytes += block ? usual.xSize(block) : 0;
	return block;
}

static void counted_free(void *block)
{
	taken.bytes -= block ? usual.xSize(block) : 0;
	usual.xFree(block);
}

static void *counted_realloc(void *block, int size)
{
	int before = block ? usual.xSize(block) : 0;
	void *grown = size <= before || fits(size - before) ? usual.xRealloc(block, size) : NULL;
	if (grown)
		taken.bytes += usual.xSize(grown) - before;
	return grown;
}

void sqlite_memory_setup(void)
{
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual) != SQLITE_OK || !usual.xMalloc)
		return;
	sqlite3_mem_methods counted = usual;
	counted.xMalloc = counted_malloc;
	counted.xFree = counted_free;
	counted.xRealloc = counted_realloc;
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

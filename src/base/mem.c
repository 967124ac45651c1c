/* Heap memory with the torture switch. Neighbours: arena.c and everything with a life of its own. */
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

static _Thread_local int64_t fail_left = -1;

void mem_fail_at(int64_t n)
{
	fail_left = n;
}

int64_t mem_fail_left(void)
{
	return fail_left;
}

static int refuse(void)
{
	return fail_left >= 0 && fail_left-- == 0;
}

void *mem_new(size_t size)
{
	return refuse() ? NULL : calloc(1, size ? size : 1);
}

void *mem_array(size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return mem_new(total);
}

void *mem_grow(void *old, size_t size)
{
	return refuse() ? NULL : realloc(old, size ? size : 1);
}

void mem_free(void *block)
{
	free(block);
}

char *mem_copy_text(const char *text, size_t len)
{
	char *copy = len < SIZE_MAX ? mem_new(len + 1) : NULL;
	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

/* Arenas: blocks that double in size, handed out from front to back, freed whole.
 * Neighbours: mem.c gives the blocks. */
#include "base/arena.h"
#include "base/mem.h"
#include <stdio.h>
#include <string.h>

#define FIRST_BLOCK (8u << 10)
#define LARGEST_BLOCK (1u << 20)
#define MAX_DEFAULT ((size_t)64 << 20)
#define ALIGN 16u

struct block {
	struct block *older;
	size_t size, used; /* of the bytes behind this head */
	_Alignas(ALIGN) char bytes[];
};

struct arena {
	struct block *newest;
	size_t max, total, handed;
};

static struct block *block_new(size_t size)
{
	struct block *b = mem_grow(NULL, sizeof *b + size);
	if (b)
		*b = (struct block){ .size = size };
	return b;
}

struct arena *arena_new(size_t max)
{
	struct arena *a = mem_new(sizeof *a);
	if (!a)
		return NULL;
	a->max = max ? max : MAX_DEFAULT;
	a->newest = block_new(FIRST_BLOCK);
	if (!a->newest) {
		mem_free(a);
		return NULL;
	}
	a->total = FIRST_BLOCK;
	return a;
}

static void blocks_free(struct block *b)
{
	while (b) {
		struct block *older = b->older;
		mem_free(b);
		b = older;
	}
}

void arena_free(struct arena *a)
{
	if (a)
		blocks_free(a->newest);
	mem_free(a);
}

void arena_reset(struct arena *a)
{
	struct block *first = a->newest;
	while (first->older) {
		struct block *older = first->older;
		mem_free(first);
		first = older;
	}
	first->used = 0;
	a->newest = first;
	a->total = first->size;
	a->handed = 0;
}

size_t arena_used(const struct arena *a)
{
	return a->handed;
}

static struct block *block_add(struct arena *a, size_t size)
{
	size_t want = a->newest->size * 2;
	if (want > LARGEST_BLOCK)
		want = LARGEST_BLOCK;
	if (want < size)
		want = size;
	if (want > a->max - a->total)
		want = size;
	if (want > a->max || a->total > a->max - want)
		return NULL;
	struct block *b = block_new(want);
	if (!b)
		return NULL;
	b->older = a->newest;
	a->newest = b;
	a->total += want;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	if (size > SIZE_MAX - ALIGN)
		return NULL;
	size_t need = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	struct block *b = a->newest;
	if (need > b->size - b->used) {
		b = block_add(a, need);
		if (!b)
			return NULL;
	}
	void *p = b->bytes + b->used;
	b->used += need;
	a->handed += need;
	return memset(p, 0, need);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t total;
	return __builtin_mul_overflow(count, size, &total) ? NULL : arena_alloc(a, total);
}

struct str arena_copy(struct arena *a, struct str s)
{
	char *copy = s.len < SIZE_MAX ? arena_alloc(a, s.len + 1) : NULL;
	if (!copy)
		return STR_NONE;
	if (s.len)
		memcpy(copy, s.data, s.len);
	return (struct str){ copy, s.len };
}

struct str arena_format(struct arena *a, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = len < 0 ? NULL : arena_alloc(a, (size_t)len + 1);
	if (!text)
		return STR_NONE;
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return (struct str){ text, (size_t)len };
}

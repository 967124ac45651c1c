/* Arenas: blocks that double in size, handed out from front to back, freed whole. Under AddressSanitizer what is not
 * handed out is poisoned, with a gap after each piece. Neighbours: mem.c gives the blocks. */
#include "base/arena.h"
#include "base/mem.h"
#include <stdio.h>
#include <string.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define GAP 16u
#define HIDE(p, size) __asan_poison_memory_region((p), (size))
#define SHOW(p, size) __asan_unpoison_memory_region((p), (size))
#else
#define GAP 0u
#define HIDE(p, size) ((void)0)
#define SHOW(p, size) ((void)0)
#endif

#define FIRST_BLOCK ((size_t)8 << 10)
#define LARGEST_BLOCK ((size_t)1 << 20)
#define MAX_DEFAULT ((size_t)64 << 20)
#define ALIGN 16u

struct block {
	struct block *older;
	size_t size, used; /* of the bytes behind this head */
	_Alignas(ALIGN) char bytes[];
};

struct arena {
	struct block *first, *newest;
	size_t max, total, handed; /* total: the sizes of all blocks */
};

static struct block *block_new(size_t size)
{
	struct block *b = size <= SIZE_MAX - sizeof *b ? mem_grow(NULL, sizeof *b + size) : NULL;
	if (!b)
		return NULL;
	*b = (struct block){ .size = size };
	HIDE(b->bytes, size);
	return b;
}

static void block_free(struct block *b)
{
	SHOW(b->bytes, b->size);
	mem_free(b);
}

struct arena *arena_new(size_t max)
{
	struct arena *a = mem_new(sizeof *a);
	if (!a)
		return NULL;
	a->max = max ? max : MAX_DEFAULT;
	a->total = a->max < FIRST_BLOCK ? a->max : FIRST_BLOCK;
	a->first = a->newest = block_new(a->total);
	if (!a->first) {
		mem_free(a);
		return NULL;
	}
	return a;
}

static void blocks_free(struct arena *a, const struct block *but)
{
	for (struct block *b = a->newest, *older; b; b = older) {
		older = b->older;
		if (b != but)
			block_free(b);
	}
}

void arena_free(struct arena *a)
{
	if (a)
		blocks_free(a, NULL);
	mem_free(a);
}

void arena_reset(struct arena *a)
{
	blocks_free(a, a->first);
	a->newest = a->first;
	a->first->older = NULL;
	a->first->used = 0;
	a->total = a->first->size;
	a->handed = 0;
	HIDE(a->first->bytes, a->first->size);
}

size_t arena_used(const struct arena *a)
{
	return a->handed;
}

/* A block with room for `size` bytes. What would fill most of a block gets one of its own, behind the newest, so that
 * the rest of the newest is not lost. */
static struct block *block_add(struct arena *a, size_t size)
{
	size_t left = a->max - a->total, want = a->newest->size * 2;
	if (size > left)
		return NULL;
	if (want > LARGEST_BLOCK)
		want = LARGEST_BLOCK;
	bool alone = size > want / 2 || want > left;
	struct block *b = block_new(alone ? size : want);
	if (!b)
		return NULL;
	a->total += b->size;
	if (alone) {
		b->older = a->newest->older;
		a->newest->older = b;
	} else {
		b->older = a->newest;
		a->newest = b;
	}
	return b;
}

void *arena_room(struct arena *a, size_t size)
{
	if (size > SIZE_MAX - ALIGN - GAP)
		return NULL;
	size_t need = (size + ALIGN + GAP - 1) & ~(size_t)(ALIGN - 1);
	struct block *b = a->newest;
	if (need > b->size - b->used) {
		b = block_add(a, need);
		if (!b)
			return NULL;
	}
	void *p = b->bytes + b->used;
	b->used += need;
	a->handed += need;
	SHOW(p, size);
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p = arena_room(a, size);
	return p ? memset(p, 0, size) : NULL;
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
	char most_fit[256];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(most_fit, sizeof most_fit, format, args);
	va_end(args);
	char *text = len < 0 ? NULL : arena_alloc(a, (size_t)len + 1);
	if (!text)
		return STR_NONE;
	if ((size_t)len < sizeof most_fit) {
		memcpy(text, most_fit, (size_t)len + 1);
		return (struct str){ text, (size_t)len };
	}
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return (struct str){ text, (size_t)len };
}

/* Human numbers in blocks: one database step for a hundred numbers. Neighbours: write.c asks for one per record. */
#include "record/numbers.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

#define BLOCK 100

struct block {
	int64_t next, left;
	char *series;
};

struct numbers {
	struct map *blocks;
};

struct numbers *numbers_new(void)
{
	struct numbers *n = mem_new(sizeof *n);
	if (n && !(n->blocks = map_new())) {
		mem_free(n);
		return NULL;
	}
	return n;
}

static void blocks_clear(struct numbers *n)
{
	struct str key;
	void *value;
	for (size_t i = 0; i < map_slots(n->blocks); i++)
		if (map_at(n->blocks, i, &key, &value)) {
			struct block *b = value;
			mem_free(b->series);
			mem_free(b);
		}
}

void numbers_free(struct numbers *n)
{
	if (!n)
		return;
	blocks_clear(n);
	map_free(n->blocks);
	mem_free(n);
}

void numbers_rolled_back(struct numbers *n)
{
	struct str key;
	void *value;
	for (size_t i = 0; i < map_slots(n->blocks); i++)
		if (map_at(n->blocks, i, &key, &value))
			((struct block *)value)->left = 0;
}

static enum code block_find(struct numbers *n, struct str series, struct block **ret, struct error *e)
{
	struct block *b = map_get(n->blocks, series);
	if (!b) {
		b = mem_new(sizeof *b);
		if (b)
			b->series = mem_copy_text(series.data, series.len);
		if (!b || !b->series || !map_put(n->blocks, (struct str){ b->series, series.len }, b)) {
			if (b)
				mem_free(b->series);
			mem_free(b);
			return error_nomem(e);
		}
	}
	*ret = b;
	return OK;
}

enum code numbers_next(struct numbers *n, struct conn *c, struct str series, struct str pattern, struct arena *arena,
		       struct str *ret, struct error *e)
{
	struct block *b;
	TRY(block_find(n, series, &b, e));
	if (b->left == 0) {
		TRY(conn_number(c, series, BLOCK, &b->next, e));
		b->left = BLOCK;
	}
	int64_t number = b->next++, digits = 1;
	b->left--;
	int64_t open = str_find_str(pattern, STR("{seq")), close = open < 0 ? -1 : str_find(str_slice(pattern, (size_t)open, pattern.len), '}');
	if (open < 0 || close < 0) {
		*ret = arena_format(arena, "%.*s%lld", STR_ARG(pattern), (long long)number);
	} else {
		struct str inner = str_slice(pattern, (size_t)open + 4, (size_t)(open + close));
		if (inner.len > 1 && (!str_int(str_slice(inner, 1, inner.len), &digits) || digits < 1 || digits > 18))
			digits = 1;
		*ret = arena_format(arena, "%.*s%0*lld%.*s", (int)open, pattern.data, (int)digits, (long long)number,
				    STR_ARG(str_slice(pattern, (size_t)(open + close + 1), pattern.len)));
	}
	return ret->data ? OK : error_nomem(e);
}

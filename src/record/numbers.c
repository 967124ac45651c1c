/* Human numbers in blocks: one database step for a hundred numbers. Neighbours: write.c asks for one per record;
 * texts.c keeps the writer's SQL beside them. */
#include "base/map.h"
#include "base/mem.h"
#include "internal.h"
#include <string.h>

/* PostgreSQL's sequences step by the count they were made with: this number stays. */

#define BLOCK 100

struct block {
	int64_t next, left;
	bool pending; /* taken in a transaction that is not committed yet */
	char *series;
};

struct numbers {
	struct map *blocks;
	struct texts *texts;
};

struct numbers *numbers_new(void)
{
	struct numbers *n = mem_new(sizeof *n);
	if (!n)
		return NULL;
	n->blocks = map_new();
	n->texts = texts_new();
	if (n->blocks && n->texts)
		return n;
	numbers_free(n);
	return NULL;
}

struct texts *numbers_texts(struct numbers *n)
{
	return n->texts;
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
	if (n->blocks)
		blocks_clear(n);
	map_free(n->blocks);
	texts_free(n->texts);
	mem_free(n);
}

void numbers_rolled_back(struct numbers *n)
{
	struct str key;
	void *value;
	for (size_t i = 0; i < map_slots(n->blocks); i++)
		if (map_at(n->blocks, i, &key, &value) && ((struct block *)value)->pending)
			((struct block *)value)->left = 0;
}

void numbers_committed(struct numbers *n)
{
	struct str key;
	void *value;
	for (size_t i = 0; i < map_slots(n->blocks); i++)
		if (map_at(n->blocks, i, &key, &value))
			((struct block *)value)->pending = false;
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

#define DIGITS_MOST 18

/* By hand, since printf would be dearer than all else that is done for a number. */
static struct str number_write(struct str before, int64_t number, int64_t least, struct str after, struct arena *arena)
{
	char digits[24];
	size_t at = sizeof digits;
	for (; number > 0 || least > 0; number /= 10, least--)
		digits[--at] = (char)('0' + number % 10);
	char *out = arena_alloc(arena, before.len + (sizeof digits - at) + after.len);
	if (!out)
		return STR_NONE;
	char *end = mempcpy(mempcpy(mempcpy(out, before.data, before.len), digits + at, sizeof digits - at), after.data, after.len);
	return (struct str){ out, (size_t)(end - out) };
}

/* "DEV-{seq:6}" → "DEV-000123"; without a place the number stands at the end. */
static struct str number_format(struct str pattern, int64_t number, struct arena *arena)
{
	int64_t open = str_find_str(pattern, STR("{seq")), digits = 1;
	struct str rest = open < 0 ? STR_NONE : str_slice(pattern, (size_t)open + 4, pattern.len);
	int64_t close = str_find(rest, '}');
	if (open < 0 || close < 0)
		return number_write(pattern, number, 1, STR(""), arena);
	if (close > 1 && (!str_int(str_slice(rest, 1, (size_t)close), &digits) || digits < 1 || digits > DIGITS_MOST))
		digits = 1;
	return number_write(str_slice(pattern, 0, (size_t)open), number, digits, str_slice(rest, (size_t)close + 1, rest.len), arena);
}

enum code numbers_next(struct numbers *n, struct conn *c, struct str series, struct str pattern, struct arena *arena,
		       struct str *ret, struct error *e)
{
	struct block *b = NULL;
	TRY(block_find(n, series, &b, e));
	if (b->left == 0) {
		TRY(conn_number(c, series, BLOCK, &b->next, e));
		b->left = BLOCK;
		b->pending = true;
	}
	struct str text = number_format(pattern, b->next, arena);
	if (!text.data)
		return error_nomem(e);
	b->next++;
	b->left--;
	*ret = text;
	return OK;
}

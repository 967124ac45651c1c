/* Tiles in memory (the growing end of the tree) and in table journal_tile; subtree roots out of stored tiles.
 * Neighbours: tree.c computes; integrate.c writes, proof.c and succession.c read, verify.c compares. */
#include "internal.h"
#include "journal.sql.h"
#include <assert.h>
#include <string.h>

#define LEVEL_SHIFT(level) (TILE_HEIGHT * (unsigned)(level))

static const uint8_t (*tile_hashes(const struct tile_stack *s, int level))[SHA256_SIZE]
{
	return s->levels[level].hashes;
}

/* A filled tile's root is the next hash one level up. */
enum code tile_stack_add(struct tile_stack *s, const uint8_t leaf[SHA256_SIZE], tile_sink *sink, void *data, struct error *e)
{
	uint8_t hash[SHA256_SIZE];
	memcpy(hash, leaf, SHA256_SIZE);
	for (int level = 0; level < TILE_LEVELS; level++) {
		unsigned *width = &s->levels[level].width;
		memcpy(s->levels[level].hashes[(*width)++], hash, SHA256_SIZE);
		s->levels[level].grown = true;
		if (*width < TILE_WIDTH)
			break;
		assert(level + 1 < TILE_LEVELS); /* sizes end at 2^63 */
		struct tile_name name = { level, s->size >> LEVEL_SHIFT(level + 1), TILE_WIDTH };
		TRY(sink(data, &name, tile_hashes(s, level), e));
		tree_root(tile_hashes(s, level), TILE_WIDTH, hash);
		*width = 0;
		s->levels[level].grown = false;
	}
	s->size++;
	return OK;
}

enum code tile_stack_flush(struct tile_stack *s, tile_sink *sink, void *data, struct error *e)
{
	for (int level = 0; level < TILE_LEVELS; level++) {
		if (!s->levels[level].grown)
			continue;
		struct tile_name name = { level, s->size >> LEVEL_SHIFT(level) >> TILE_HEIGHT, s->levels[level].width };
		TRY(sink(data, &name, tile_hashes(s, level), e));
		s->levels[level].grown = false;
	}
	return OK;
}

void tile_stack_edge(const struct tile_stack *s, struct tree_edge *ret)
{
	ret->size = s->size;
	ret->count = 0;
	for (unsigned bit = 63; bit-- > 0;) {
		if (!(s->size >> bit & 1))
			continue;
		unsigned level = bit / TILE_HEIGHT, within = bit % TILE_HEIGHT;
		/* the last perfect subtree of that height begins where the bits above end */
		size_t start = (size_t)((s->size >> bit) - 1) << within & (TILE_WIDTH - 1);
		tree_root(tile_hashes(s, (int)level) + start, (size_t)1 << within, ret->hashes[ret->count++]);
	}
}

enum code tile_stack_load(struct tile_stack *s, struct conn *c, int64_t size, struct error *e)
{
	s->size = size;
	for (int level = 0; level < TILE_LEVELS; level++) {
		int64_t hashes = size >> LEVEL_SHIFT(level);
		struct tile_name name = { level, hashes >> TILE_HEIGHT, (unsigned)(hashes & (TILE_WIDTH - 1)) };
		s->levels[level].width = name.width;
		s->levels[level].grown = false;
		if (name.width)
			TRY(tile_read(c, &name, s->levels[level].hashes, e));
	}
	return OK;
}

static enum code tile_missing(const struct tile_name *name, struct error *e)
{
	char text[128];
	size_t len = tile_name_format(name, text);
	return error_fail(e, E_IO, N_("The journal's stored tree lacks {tile}; run mandate verify and restore a backup"),
			  { "tile", { text, len } });
}

enum code tile_read(struct conn *c, const struct tile_name *name, uint8_t (*out)[SHA256_SIZE], struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool found;
	TRY(sql_query(c, SQL_TILE_GET, SQL_PARAMS(SQL_I(name->level), SQL_I(name->index)), &rows, e));
	TRY(rows_next(rows, &found, e));
	struct str data = found ? rows_blob(rows, 0) : STR_NONE;
	if (data.len < (size_t)name->width * SHA256_SIZE)
		return tile_missing(name, e);
	memcpy(out, data.data, (size_t)name->width * SHA256_SIZE);
	return OK;
}

enum code tile_store(void *data, const struct tile_name *name, const uint8_t (*hashes)[SHA256_SIZE], struct error *e)
{
	struct conn *c = data;
	int64_t changed;
	TRY(sql_exec(c, SQL_TILE_PUT,
		     SQL_PARAMS(SQL_I(name->level), SQL_I(name->index), SQL_I(name->width),
				SQL_B(hashes, (size_t)name->width * SHA256_SIZE)), &changed, e));
	return changed == 1 ? OK :
			      error_fail(e, E_IO, N_("The journal's stored tree is larger than its state says; run mandate "
						     "verify and restore a backup"));
}

/* Root of the perfect subtree of 2^height leaves, the index-th of its kind. */
static enum code perfect_root(struct conn *c, unsigned height, int64_t index, uint8_t out[SHA256_SIZE], struct error *e)
{
	uint8_t hashes[TILE_WIDTH][SHA256_SIZE];
	unsigned within = height % TILE_HEIGHT, count = 1U << within;
	int64_t first = index << within; /* at the tile's level */
	unsigned start = (unsigned)(first & (TILE_WIDTH - 1));
	struct tile_name name = { (int)(height / TILE_HEIGHT), first >> TILE_HEIGHT, start + count };
	TRY(tile_read(c, &name, hashes, e));
	tree_root((const uint8_t(*)[SHA256_SIZE])(hashes + start), count, out);
	return OK;
}

enum code tile_range_root(struct conn *c, struct tree_range range, uint8_t out[SHA256_SIZE], struct error *e)
{
	struct tree_edge edge = { 0 };
	int64_t from = range.from, count = range.to - range.from;
	for (unsigned height = 63; height-- > 0;) {
		if (!(count >> height & 1))
			continue;
		TRY(perfect_root(c, height, from >> height, edge.hashes[edge.count++], e));
		from += INT64_C(1) << height;
	}
	tree_edge_root(&edge, out);
	return OK;
}

/* Proofs for those who do not want to read tiles: audit paths and consistency proofs out of the stored tree.
 * Neighbours: tree.c says which subtrees make a proof and checks it; tiles.c finds their roots. */
#include "base/arena.h"
#include "internal.h"

static enum code proof_of(struct conn *c, struct arena *arena, const struct tree_range *ranges, size_t count,
			  uint8_t (**ret)[SHA256_SIZE], size_t *ret_count, struct error *e)
{
	uint8_t(*path)[SHA256_SIZE] = arena_array(arena, count + 1, sizeof *path);
	if (!path)
		return error_nomem(e);
	for (size_t i = 0; i < count; i++)
		TRY(tile_range_root(c, ranges[i], path[i], e));
	*ret = path;
	*ret_count = count;
	return OK;
}

enum code journal_inclusion(struct conn *c, struct arena *arena, int64_t leaf, int64_t size, uint8_t (**ret)[SHA256_SIZE],
			    size_t *ret_count, struct error *e)
{
	struct tree_range ranges[TREE_PROOF_MAX];
	int64_t integrated;
	TRY(state_size(c, &integrated, e));
	if (size > integrated)
		return error_fail(e, E_NOT_FOUND, N_("The log is not that large yet"));
	if (leaf < 0 || leaf >= size)
		return error_fail(e, E_INVALID, N_("A tree of that size does not hold that entry"));
	return proof_of(c, arena, ranges, tree_inclusion_ranges(leaf, size, ranges), ret, ret_count, e);
}

enum code journal_consistency(struct conn *c, struct arena *arena, int64_t from, int64_t to,
			      uint8_t (**ret)[SHA256_SIZE], size_t *ret_count, struct error *e)
{
	struct tree_range ranges[TREE_PROOF_MAX];
	int64_t integrated;
	TRY(state_size(c, &integrated, e));
	if (to > integrated)
		return error_fail(e, E_NOT_FOUND, N_("The log is not that large yet"));
	if (from < 0 || from > to)
		return error_fail(e, E_INVALID, N_("The first size must not be larger than the second"));
	return proof_of(c, arena, ranges, tree_consistency_ranges(from, to, ranges), ret, ret_count, e);
}

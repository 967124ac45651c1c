/* Arithmetic of the Merkle tree: hashing, the right edge, which subtrees make a proof, checking proofs.
 * Neighbours: tile_name.c names tiles; tiles.c stores them; proof.c and verify.c use this over stored tiles.
 * Sources: RFC 6962 §2.1, RFC 9162 §2.1. */
#include "journal/tree.h"
#include <assert.h>
#include <string.h>

void tree_leaf_hash(struct str data, uint8_t out[SHA256_SIZE])
{
	const struct str pieces[] = { { "\0", 1 }, data };
	sha256_pieces(pieces, 2, out);
}

void tree_node_hash(const uint8_t left[SHA256_SIZE], const uint8_t right[SHA256_SIZE], uint8_t out[SHA256_SIZE])
{
	uint8_t node[1 + 2 * SHA256_SIZE] = { 1 };
	memcpy(node + 1, left, SHA256_SIZE);
	memcpy(node + 1 + SHA256_SIZE, right, SHA256_SIZE);
	sha256(node, sizeof node, out);
}

/* A new leaf completes one perfect subtree for every trailing one bit of the old size. */
void tree_edge_add(struct tree_edge *edge, const uint8_t leaf[SHA256_SIZE])
{
	uint8_t hash[SHA256_SIZE];
	memcpy(hash, leaf, SHA256_SIZE);
	for (int64_t size = edge->size; size & 1; size >>= 1) {
		edge->count--;
		tree_node_hash(edge->hashes[edge->count], hash, hash);
	}
	memcpy(edge->hashes[edge->count++], hash, SHA256_SIZE);
	edge->size++;
}

void tree_edge_root(const struct tree_edge *edge, uint8_t out[SHA256_SIZE])
{
	if (edge->count == 0) {
		sha256("", 0, out);
		return;
	}
	memcpy(out, edge->hashes[edge->count - 1], SHA256_SIZE);
	for (unsigned i = edge->count - 1; i > 0; i--)
		tree_node_hash(edge->hashes[i - 1], out, out);
}

void tree_root(const uint8_t (*hashes)[SHA256_SIZE], size_t count, uint8_t out[SHA256_SIZE])
{
	struct tree_edge edge;
	edge.size = 0;
	edge.count = 0;
	for (size_t i = 0; i < count; i++)
		tree_edge_add(&edge, hashes[i]);
	tree_edge_root(&edge, out);
}

/* Largest power of two smaller than n; n ≥ 2. */
static int64_t split_point(int64_t n)
{
	return INT64_C(1) << (63 - __builtin_clzll((uint64_t)n - 1));
}

static void ranges_reverse(struct tree_range *ranges, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct tree_range swap = ranges[i];
		ranges[i] = ranges[count - 1 - i];
		ranges[count - 1 - i] = swap;
	}
}

size_t tree_inclusion_ranges(int64_t index, int64_t size, struct tree_range out[TREE_PROOF_MAX])
{
	assert(index >= 0 && index < size);
	int64_t from = 0, to = size;
	size_t count = 0;
	while (to - from > 1) {
		int64_t middle = from + split_point(to - from);
		if (index < middle) {
			out[count++] = (struct tree_range){ middle, to };
			to = middle;
		} else {
			out[count++] = (struct tree_range){ from, middle };
			from = middle;
		}
	}
	ranges_reverse(out, count);
	return count;
}

size_t tree_consistency_ranges(int64_t old_size, int64_t size, struct tree_range out[TREE_PROOF_MAX])
{
	assert(old_size >= 0 && old_size <= size);
	if (old_size == 0)
		return 0;
	int64_t from = 0, to = size;
	size_t count = 0;
	while (old_size != to) {
		int64_t middle = from + split_point(to - from);
		if (old_size <= middle) {
			out[count++] = (struct tree_range){ middle, to };
			to = middle;
		} else {
			out[count++] = (struct tree_range){ from, middle };
			from = middle;
		}
	}
	if (from > 0) /* a subtree the verifier does not know as a whole */
		out[count++] = (struct tree_range){ from, to };
	ranges_reverse(out, count);
	return count;
}

bool tree_inclusion_holds(const uint8_t leaf[SHA256_SIZE], int64_t index, int64_t size,
			  const uint8_t (*path)[SHA256_SIZE], size_t count, const uint8_t root[SHA256_SIZE])
{
	if (index < 0 || index >= size)
		return false;
	int64_t node = index, last = size - 1;
	uint8_t hash[SHA256_SIZE];
	memcpy(hash, leaf, SHA256_SIZE);
	for (size_t i = 0; i < count; i++) {
		if (last == 0)
			return false;
		if ((node & 1) || node == last) {
			tree_node_hash(path[i], hash, hash);
			while (!(node & 1) && node != 0) {
				node >>= 1;
				last >>= 1;
			}
		} else {
			tree_node_hash(hash, path[i], hash);
		}
		node >>= 1;
		last >>= 1;
	}
	return last == 0 && secret_equal(hash, root, SHA256_SIZE);
}

/* RFC 9162 §2.1.4.2, steps 3–7: `first` and `second` grow to both roots at once. */
static bool consistency_walk(int64_t from, int64_t to, const uint8_t (*path)[SHA256_SIZE], size_t count,
			     uint8_t first[SHA256_SIZE], uint8_t second[SHA256_SIZE])
{
	int64_t node = from - 1, last = to - 1;
	while (node & 1) {
		node >>= 1;
		last >>= 1;
	}
	for (size_t i = 0; i < count; i++) {
		if (last == 0)
			return false;
		if ((node & 1) || node == last) {
			tree_node_hash(path[i], first, first);
			tree_node_hash(path[i], second, second);
			while (!(node & 1) && node != 0) {
				node >>= 1;
				last >>= 1;
			}
		} else {
			tree_node_hash(second, path[i], second);
		}
		node >>= 1;
		last >>= 1;
	}
	return last == 0;
}

bool tree_consistency_holds(int64_t from, const uint8_t from_root[SHA256_SIZE], int64_t to,
			    const uint8_t to_root[SHA256_SIZE], const uint8_t (*path)[SHA256_SIZE], size_t count)
{
	uint8_t first[SHA256_SIZE], second[SHA256_SIZE];
	if (from < 0 || from > to)
		return false;
	if (from == 0) {
		sha256("", 0, first);
		return count == 0 && secret_equal(first, from_root, SHA256_SIZE) &&
		       (to > 0 || secret_equal(first, to_root, SHA256_SIZE));
	}
	if (from == to)
		return count == 0 && secret_equal(from_root, to_root, SHA256_SIZE);
	bool known = (from & (from - 1)) == 0; /* a perfect tree: its root is where the walk starts */
	if (!known && count == 0)
		return false;
	memcpy(first, known ? from_root : path[0], SHA256_SIZE);
	memcpy(second, first, SHA256_SIZE);
	if (!known) {
		path++;
		count--;
	}
	return consistency_walk(from, to, path, count, first, second) &&
	       secret_equal(first, from_root, SHA256_SIZE) && secret_equal(second, to_root, SHA256_SIZE);
}

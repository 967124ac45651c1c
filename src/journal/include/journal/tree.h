/* The Merkle tree of RFC 6962 over tiles of height 8 (C2SP tlog-tiles), pure arithmetic: no storage, no
 * signatures. Neighbours: journal.h stores what this computes. */
#pragma once
#include "base/crypto.h"

/* SHA-256(0x00 ‖ data), SHA-256(0x01 ‖ left ‖ right) */
void tree_leaf_hash(struct str data, uint8_t out[SHA256_SIZE]);
void tree_node_hash(const uint8_t left[SHA256_SIZE], const uint8_t right[SHA256_SIZE], uint8_t out[SHA256_SIZE]);

/* The right edge: roots of the perfect subtrees that make up a tree of `size` leaves, biggest first. */
struct tree_edge {
	int64_t size;
	unsigned count;
	uint8_t hashes[64][SHA256_SIZE];
};
void tree_edge_add(struct tree_edge *edge, const uint8_t leaf[SHA256_SIZE]);
/* Root of the whole; of the empty tree SHA-256(""). */
void tree_edge_root(const struct tree_edge *edge, uint8_t out[SHA256_SIZE]);
/* Root of a tree over node hashes; count ≥ 1. For a power of two: the perfect subtree above them. */
void tree_root(const uint8_t (*hashes)[SHA256_SIZE], size_t count, uint8_t out[SHA256_SIZE]);

/* The subtrees whose roots make up a proof, in the order of the proof: leaves [from, to), where `from` is a multiple of
 * the largest power of two within. At most TREE_PROOF_MAX; answers how many. */
#define TREE_PROOF_MAX 64
struct tree_range {
	int64_t from, to;
};
/* RFC 6962 §2.1.1; 0 ≤ index < size. */
size_t tree_inclusion_ranges(int64_t index, int64_t size, struct tree_range out[TREE_PROOF_MAX]);
/* RFC 6962 §2.1.2; 0 ≤ from ≤ to. Every tree continues the empty one: no ranges. */
size_t tree_consistency_ranges(int64_t from, int64_t to, struct tree_range out[TREE_PROOF_MAX]);

/* Verifying proofs (RFC 9162 §2.1.3.2 and §2.1.4.2). From the empty tree: an empty proof and the empty root. */
bool tree_inclusion_holds(const uint8_t leaf[SHA256_SIZE], int64_t index, int64_t size,
			  const uint8_t (*path)[SHA256_SIZE], size_t count, const uint8_t root[SHA256_SIZE]);
bool tree_consistency_holds(int64_t from, const uint8_t from_root[SHA256_SIZE], int64_t to,
			    const uint8_t to_root[SHA256_SIZE], const uint8_t (*path)[SHA256_SIZE], size_t count);

/* "tile/3/x001/x234/067.p/12": parses and formats the path after the prefix. level -1: entries. Only the one way
 * to write a name is read (no leading zeros, no width of 256), so each resource has one address. */
#define TILE_HEIGHT 8
#define TILE_WIDTH 256
#define TILE_LEVELS 8 /* levels that 63-bit sizes can fill */
struct tile_name {
	int level;
	int64_t index;
	unsigned width; /* 1–256 */
};
bool tile_name_parse(struct str path, struct tile_name *ret);
/* Writes a NUL; answers the length without it. */
size_t tile_name_format(const struct tile_name *t, char out[128]);
/* How many hashes (entries for level -1) tile `index` of `level` has in a tree of `size` leaves: 0–256. */
unsigned tile_width(int level, int64_t index, int64_t size);

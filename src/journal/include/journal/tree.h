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

/* Verifying proofs (RFC 9162 §2.1.3.2 and §2.1.4.2). */
bool tree_inclusion_holds(const uint8_t leaf[SHA256_SIZE], int64_t index, int64_t size,
			  const uint8_t (*path)[SHA256_SIZE], size_t count, const uint8_t root[SHA256_SIZE]);
bool tree_consistency_holds(int64_t from, const uint8_t from_root[SHA256_SIZE], int64_t to,
			    const uint8_t to_root[SHA256_SIZE], const uint8_t (*path)[SHA256_SIZE], size_t count);

/* "tile/3/x001/x234/067.p/12": parses and formats the path after the prefix. level -1: entries. */
struct tile_name {
	int level;
	int64_t index;
	unsigned width; /* 1–256 */
};
bool tile_name_parse(struct str path, struct tile_name *ret);
size_t tile_name_format(const struct tile_name *t, char out[128]);

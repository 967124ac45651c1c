/* The mixing step that text hashes and id tables share: the two halves of a 128-bit product, folded.
 * Neighbours: str.c hashes text with it, map.c ids. */
#pragma once
#include <stdint.h>

__extension__ typedef unsigned __int128 uint128;

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	uint128 product = (uint128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

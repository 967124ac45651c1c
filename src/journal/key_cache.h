/* Unwrapped keys in memory: a bounded set-associative cache that forgets the least recently used of a set, and
 * wipes what it forgets. Private to the module. Neighbours: keyring.c. */
#pragma once
#include "base/crypto.h"

struct key_cache;
struct key_cache *key_cache_new(void);
void key_cache_free(struct key_cache *cache); /* wiped */
/* The key, or NULL; valid until the next put. */
const uint8_t *key_cache_get(struct key_cache *cache, int64_t subject);
/* Answers where it stands; NULL when out of memory. */
const uint8_t *key_cache_put(struct key_cache *cache, int64_t subject, const uint8_t key[AEAD_KEY]);
void key_cache_drop(struct key_cache *cache, int64_t subject);
void key_cache_clear(struct key_cache *cache);
/* How many it can hold. */
size_t key_cache_capacity(void);

/* The cache of unwrapped keys: fixed in size, so that a list of every person there is cannot grow it.
 * Neighbours: key_cache.h; keyring.c fills it. */
#include "key_cache.h"
#include "base/mem.h"
#include <string.h>

#define SETS 2048 /* a power of two */
#define WAYS 8

struct slot {
	int64_t subject;
	uint64_t used; /* 0: empty */
	uint8_t key[AEAD_KEY];
};

struct key_cache {
	uint64_t uses;
	struct slot (*sets)[WAYS]; /* NULL until there is a key to hold: most threads never read a person */
};

struct key_cache *key_cache_new(void)
{
	return mem_new(sizeof(struct key_cache));
}

void key_cache_free(struct key_cache *cache)
{
	if (!cache)
		return;
	key_cache_clear(cache);
	mem_free(cache->sets);
	mem_free(cache);
}

/* Ids share their high bits and often their low ones; multiplication spreads them (Knuth, TAOCP 3, §6.4). */
static struct slot *set_of(struct key_cache *cache, int64_t subject)
{
	uint64_t hash = (uint64_t)subject * UINT64_C(0x9e3779b97f4a7c15);
	return cache->sets[hash >> 53 & (SETS - 1)];
}

static struct slot *slot_of(struct key_cache *cache, int64_t subject)
{
	struct slot *set = cache->sets ? set_of(cache, subject) : NULL;
	for (size_t i = 0; set && i < WAYS; i++)
		if (set[i].used && set[i].subject == subject)
			return &set[i];
	return NULL;
}

const uint8_t *key_cache_get(struct key_cache *cache, int64_t subject)
{
	struct slot *slot = slot_of(cache, subject);
	if (!slot)
		return NULL;
	slot->used = ++cache->uses;
	return slot->key;
}

const uint8_t *key_cache_put(struct key_cache *cache, int64_t subject, const uint8_t key[AEAD_KEY])
{
	if (!cache->sets)
		cache->sets = mem_array(SETS, sizeof *cache->sets);
	if (!cache->sets)
		return NULL;
	struct slot *slot = slot_of(cache, subject);
	if (!slot) {
		struct slot *set = set_of(cache, subject);
		slot = &set[0];
		for (size_t i = 1; i < WAYS; i++)
			if (set[i].used < slot->used)
				slot = &set[i];
	}
	slot->subject = subject;
	slot->used = ++cache->uses;
	memcpy(slot->key, key, AEAD_KEY);
	return slot->key;
}

void key_cache_drop(struct key_cache *cache, int64_t subject)
{
	struct slot *slot = slot_of(cache, subject);
	if (slot)
		crypto_wipe(slot, sizeof *slot);
}

void key_cache_clear(struct key_cache *cache)
{
	if (cache->sets)
		crypto_wipe(cache->sets, SETS * sizeof *cache->sets);
	cache->uses = 0;
}

size_t key_cache_capacity(void)
{
	return (size_t)SETS * WAYS;
}

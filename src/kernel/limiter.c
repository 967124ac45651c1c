/* Token buckets by key, in a table of fixed size: a flood of new keys evicts old buckets, it never grows memory.
 * Neighbours: dispatch.c (requests by address), session_operations.c (sign-ins by address). */
#include "base/crypto.h"
#include "base/mem.h"
#include "internal.h"

#define BUCKETS 16384
#define WAYS 4

struct bucket {
	uint64_t key;
	int64_t level; /* millionths of a token */
	int64_t at;
};

struct limiter {
	pthread_mutex_t lock;
	uint64_t seed;
	struct bucket buckets[BUCKETS];
};

struct limiter *limiter_new(const struct random_source *r)
{
	struct limiter *l = mem_new(sizeof *l);
	if (!l)
		return NULL;
	random_fill(r, &l->seed, sizeof l->seed);
	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void limiter_free(struct limiter *l)
{
	if (l)
		pthread_mutex_destroy(&l->lock);
	mem_free(l);
}

/* The bucket of the key, else the one of its set that was used longest ago. */
static struct bucket *bucket_find(struct limiter *l, uint64_t key)
{
	struct bucket *set = &l->buckets[(key % (BUCKETS / WAYS)) * WAYS], *oldest = set;
	for (int i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].at < oldest->at)
			oldest = &set[i];
	}
	return oldest;
}

bool limiter_take(struct limiter *l, struct str key, int64_t now, int64_t per_minute, int64_t burst)
{
	uint64_t hash = (str_hash(key) ^ l->seed) | 1;
	pthread_mutex_lock(&l->lock);
	struct bucket *b = bucket_find(l, hash);
	if (b->key != hash)
		*b = (struct bucket){ .key = hash, .level = burst * SECOND, .at = now };
	int64_t passed = now > b->at ? now - b->at : 0;
	if (passed > 60 * SECOND)
		passed = 60 * SECOND;
	b->level += passed * per_minute / 60;
	if (b->level > burst * SECOND)
		b->level = burst * SECOND;
	b->at = now;
	bool enough = b->level >= SECOND;
	if (enough)
		b->level -= SECOND;
	pthread_mutex_unlock(&l->lock);
	return enough;
}

/* Randomness: the system's, and a seeded generator (xoshiro256**, seeded by splitmix64) for what must repeat. */
#include "base/random.h"
#include <assert.h>
#include <sodium.h>
#include <string.h>

static void system_fill(void *data, void *out, size_t len)
{
	randombytes_buf(out, len);
}

const struct random_source random_system = { system_fill, NULL };

void random_seed(struct random_seeded *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		r->state[i] = z ^ z >> 31;
	}
}

static uint64_t rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t random_next(struct random_seeded *r)
{
	uint64_t *s = r->state, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

uint64_t random_below(struct random_seeded *r, uint64_t bound)
{
	assert(bound > 0);
	uint64_t least = (0 - bound) % bound, n; /* 2^64 mod bound: below it the values are one too many */
	do
		n = random_next(r);
	while (n < least);
	return n % bound;
}

static void seeded_fill(void *data, void *out, size_t len)
{
	unsigned char *p = out;
	while (len) {
		uint64_t n = random_next(data);
		size_t part = len < sizeof n ? len : sizeof n;
		memcpy(p, &n, part);
		p += part;
		len -= part;
	}
}

struct random_source random_seeded_source(struct random_seeded *r)
{
	return (struct random_source){ seeded_fill, r };
}

/* Randomness is passed in, so that tests and the sample organisation are repeatable. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct random_source {
	void (*fill)(void *data, void *out, size_t len);
	void *data;
};

/* The operating system's (getrandom through libsodium). */
extern const struct random_source random_system;
static inline void random_fill(const struct random_source *r, void *out, size_t len) { r->fill(r->data, out, len); }

/* Deterministic by seed (xoshiro256**, Blackman & Vigna 2018); not for secrets. */
struct random_seeded {
	uint64_t state[4];
};
void random_seed(struct random_seeded *r, uint64_t seed);
uint64_t random_next(struct random_seeded *r);
/* Uniform in [0, bound). bound > 0. */
uint64_t random_below(struct random_seeded *r, uint64_t bound);
struct random_source random_seeded_source(struct random_seeded *r);

/* Many literals looked for in one pass: each is filed under four of its bytes (two when it is shorter), those that the fewest others
 * share; a filter of one bit a hash tells at nearly every place of the text that none begins there. Built in microseconds, so
 * that each log source can have its own. Neighbours: match.c makes one for each field that rules of a log source look at. */
#include "base/mem.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

#define FILTER_BITS 15
#define SHORT_FILTER 65536

struct entry { /* a literal under its gram */
	uint32_t gram, next; /* next: place + 1 of another with the same bucket */
	struct str text;
	unsigned atom, offset;
};

struct scanner {
	struct entry *entries;
	size_t count, long_count; /* those of four bytes and more come first */
	uint32_t *buckets, *short_buckets;
	uint32_t mask;
	uint64_t filter[(1u << FILTER_BITS) / 64];
	uint64_t *short_filter; /* NULL: none is so short */
};

static uint32_t gram_at(const char *p)
{
	uint32_t g;
	memcpy(&g, p, sizeof g);
	return g;
}

static uint32_t hash(uint32_t gram)
{
	return gram * UINT32_C(0x9e3779b1);
}

static uint32_t pair_at(const char *p)
{
	return (uint32_t)(unsigned char)p[0] | (uint32_t)(unsigned char)p[1] << 8;
}

static int by_length(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	return (x->text.len < 4) - (y->text.len < 4);
}

/* Letters are common in logs, other bytes less so. */
static unsigned commonness(const char *p)
{
	unsigned n = 0;
	for (int i = 0; i < 4; i++)
		n += p[i] == 'e' || p[i] == 'x' || p[i] == '.' || p[i] == '\\' || p[i] == ' ' ? 3 : p[i] >= 'a' && p[i] <= 'z' ? 1 : 0;
	return n;
}

/* The gram that the fewest literals have, counted by its hash. */
static void choose_grams(struct scanner *s)
{
	uint16_t *seen = mem_array((size_t)1 << FILTER_BITS, sizeof *seen);
	for (size_t i = 0; seen && i < s->long_count; i++)
		for (size_t at = 0; at + 4 <= s->entries[i].text.len; at++) {
			uint16_t *n = &seen[hash(gram_at(s->entries[i].text.data + at)) >> (32 - FILTER_BITS)];
			*n += *n < UINT16_MAX;
		}
	for (size_t i = 0; i < s->long_count; i++) {
		struct entry *x = &s->entries[i];
		unsigned best = UINT32_MAX;
		for (size_t at = 0; at + 4 <= x->text.len; at++) {
			const char *p = x->text.data + at;
			unsigned cost = (seen ? seen[hash(gram_at(p)) >> (32 - FILTER_BITS)] : 0u) * 4 + commonness(p);
			if (cost < best) {
				best = cost;
				x->offset = (unsigned)at;
				x->gram = gram_at(p);
			}
		}
	}
	mem_free(seen);
}

static void file_entries(struct scanner *s)
{
	choose_grams(s);
	for (size_t i = 0; i < s->long_count; i++) {
		struct entry *x = &s->entries[i];
		uint32_t h = hash(x->gram);
		s->filter[h >> (32 - FILTER_BITS) >> 6] |= UINT64_C(1) << (h >> (32 - FILTER_BITS) & 63);
		x->next = s->buckets[h & s->mask];
		s->buckets[h & s->mask] = (uint32_t)i + 1;
	}
	for (size_t i = s->long_count; i < s->count; i++) {
		struct entry *x = &s->entries[i];
		x->gram = pair_at(x->text.data);
		s->short_filter[x->gram >> 6] |= UINT64_C(1) << (x->gram & 63);
		x->next = s->short_buckets[x->gram & s->mask];
		s->short_buckets[x->gram & s->mask] = (uint32_t)i + 1;
	}
}

struct scanner *scanner_new(const struct literal *literals, size_t count)
{
	struct scanner *s = mem_new(sizeof *s);
	size_t buckets = 16;
	if (!s)
		return NULL;
	while (buckets < count * 2)
		buckets *= 2;
	s->mask = (uint32_t)buckets - 1;
	s->count = count;
	s->entries = mem_array(count + 1, sizeof *s->entries);
	s->buckets = mem_array(buckets, sizeof *s->buckets);
	if (!s->entries || !s->buckets) {
		scanner_free(s);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		s->entries[i] = (struct entry){ .text = literals[i].text, .atom = literals[i].atom };
		s->long_count += literals[i].text.len >= 4;
	}
	qsort(s->entries, count, sizeof *s->entries, by_length);
	if (s->long_count < count) {
		s->short_filter = mem_array(SHORT_FILTER / 64, sizeof *s->short_filter);
		s->short_buckets = mem_array(buckets, sizeof *s->short_buckets);
		if (!s->short_filter || !s->short_buckets) {
			scanner_free(s);
			return NULL;
		}
	}
	file_entries(s);
	return s;
}

void scanner_free(struct scanner *s)
{
	if (!s)
		return;
	mem_free(s->entries);
	mem_free(s->buckets);
	mem_free(s->short_buckets);
	mem_free(s->short_filter);
	mem_free(s);
}

static void look(const struct scanner *s, uint32_t at, uint32_t gram, struct str text, size_t place, scan_found *found, void *data)
{
	for (; at; at = s->entries[at - 1].next) {
		const struct entry *x = &s->entries[at - 1];
		if (x->gram != gram || x->offset > place || x->text.len > text.len - (place - x->offset))
			continue;
		if (memcmp(text.data + place - x->offset, x->text.data, x->text.len) == 0)
			found(data, x->atom);
	}
}

void scanner_run(const struct scanner *s, struct str text, scan_found *found, void *data)
{
	if (s->long_count)
		for (size_t i = 0; i + 4 <= text.len; i++) {
			uint32_t gram = gram_at(text.data + i), h = hash(gram), bit = h >> (32 - FILTER_BITS);
			if (s->filter[bit >> 6] >> (bit & 63) & 1)
				look(s, s->buckets[h & s->mask], gram, text, i, found, data);
		}
	if (s->short_filter)
		for (size_t i = 0; i + 2 <= text.len; i++) {
			uint32_t gram = pair_at(text.data + i);
			if (s->short_filter[gram >> 6] >> (gram & 63) & 1)
				look(s, s->short_buckets[gram & s->mask], gram, text, i, found, data);
		}
}

/* Many literals looked for in one pass that takes strides: with a stride of n each literal is filed under n neighbouring grams of its
 * bytes, those that the fewest others share, so that one of them begins at a place looked at wherever the literal stands; a filter of
 * one bit a hash tells at nearly all places that nothing is there. The shortest literal sets the stride. A gram has four bytes, or
 * three where some literal has only four; literals below four bytes are looked for at every place by their first two. Built in
 * microseconds, so that each log source can have its own. Neighbours: match.c makes one for each field that rules look at. */
#include "base/mem.h"
#include "internal.h"
#include <string.h>

#define COUNT_BITS 15              /* of the hashes under which grams are counted */
#define FILTER_LEAST 10            /* bits of a hash in the filter, at least and at most */
#define FILTER_MOST 17             /* 16 KiB: more would push the events out of the nearest cache */
#define FILTER_SPARE 16            /* bits of the filter for each gram */
#define SHORT_FILTER 65536
#define LONG_LEAST 4               /* bytes of a literal with grams */
#define STRIDE_MOST 8
#define GRAMS_MOST 8192            /* as many as the largest filter has room for */

struct entry { /* a literal under one gram */
	uint32_t gram, next; /* next: place + 1 of another with the same bucket */
	struct str text;
	unsigned atom, offset;
};

struct scanner {
	struct entry *entries;    /* a long literal has `stride` of them, one behind the other */
	size_t count, long_count; /* entries; those of literals of four bytes and more come first */
	uint32_t *buckets, *short_buckets;
	uint32_t mask, gram_mask; /* gram_mask: which bytes of four make a gram */
	unsigned gram_len, stride, shift; /* shift: of a hash, to its bit in the filter */
	uint64_t *filter;
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

/* Letters are common in logs, other bytes less so. */
static unsigned commonness(const char *p, size_t len)
{
	unsigned n = 0;
	for (size_t i = 0; i < len; i++)
		n += p[i] == 'e' || p[i] == 'x' || p[i] == '.' || p[i] == '\\' || p[i] == ' ' ? 3 : p[i] >= 'a' && p[i] <= 'z' ? 1 : 0;
	return n;
}

static uint32_t gram_of(const struct scanner *s, const char *p)
{
	uint32_t gram = 0;
	memcpy(&gram, p, s->gram_len); /* the last bytes of a literal: nothing may be read behind them */
	return gram;
}

static uint16_t *count_grams(const struct scanner *s)
{
	uint16_t *seen = mem_array((size_t)1 << COUNT_BITS, sizeof *seen);
	for (size_t i = 0; seen && i < s->long_count; i += s->stride)
		for (size_t at = 0; at + s->gram_len <= s->entries[i].text.len; at++) {
			uint16_t *n = &seen[hash(gram_of(s, s->entries[i].text.data + at)) >> (32 - COUNT_BITS)];
			*n += *n < UINT16_MAX;
		}
	return seen;
}

/* The neighbouring grams that the fewest literals have, counted by their hashes. */
static void choose_grams(struct scanner *s)
{
	CLEAN_MEM uint16_t *seen = count_grams(s); /* without memory for it: by the letters alone */
	for (size_t i = 0; i < s->long_count; i += s->stride) {
		struct entry *x = &s->entries[i];
		unsigned best = UINT32_MAX, window = s->stride + s->gram_len - 1, place = 0;
		for (unsigned at = 0; at + window <= x->text.len; at++) {
			unsigned cost = commonness(x->text.data + at, window);
			for (unsigned k = 0; seen && k < s->stride; k++)
				cost += seen[hash(gram_of(s, x->text.data + at + k)) >> (32 - COUNT_BITS)] * 2u;
			place = cost < best ? at : place;
			best = cost < best ? cost : best;
		}
		for (unsigned k = 0; k < s->stride; k++) {
			x[k].offset = place + k;
			x[k].gram = gram_of(s, x->text.data + place + k);
		}
	}
}

static void file_entries(struct scanner *s)
{
	choose_grams(s);
	for (size_t i = 0; i < s->long_count; i++) {
		struct entry *x = &s->entries[i];
		uint32_t h = hash(x->gram), bit = h >> s->shift;
		s->filter[bit >> 6] |= UINT64_C(1) << (bit & 63);
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

/* Grams of which length, and how many places apart they are looked for. */
static void choose_stride(struct scanner *s, const struct literal *literals, size_t count)
{
	size_t shortest = STRIDE_MOST + 3, grams = 0;
	for (size_t i = 0; i < count; i++)
		if (literals[i].text.len >= LONG_LEAST) {
			grams++;
			shortest = literals[i].text.len < shortest ? literals[i].text.len : shortest;
		}
	s->gram_len = shortest == LONG_LEAST ? 3 : 4;
	s->stride = (unsigned)(shortest - s->gram_len + 1);
	while (s->stride > 2 && grams * s->stride > GRAMS_MOST)
		s->stride--;
	memset(&s->gram_mask, 0xff, s->gram_len);
}

/* Long ones first, each as often as the stride asks. */
static void entries_fill(struct scanner *s, const struct literal *literals, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned k = 0; k < s->stride && literals[i].text.len >= LONG_LEAST; k++)
			s->entries[s->count++] = (struct entry){ .text = literals[i].text, .atom = literals[i].atom };
	s->long_count = s->count;
	for (size_t i = 0; i < count; i++)
		if (literals[i].text.len < LONG_LEAST)
			s->entries[s->count++] = (struct entry){ .text = literals[i].text, .atom = literals[i].atom };
}

struct scanner *scanner_new(const struct literal *literals, size_t count)
{
	struct scanner *s = mem_new(sizeof *s);
	size_t buckets = 16;
	unsigned bits = FILTER_LEAST;
	if (!s)
		return NULL;
	choose_stride(s, literals, count);
	while (buckets < count * s->stride * 2)
		buckets *= 2;
	while (bits < FILTER_MOST && ((size_t)1 << bits) < count * s->stride * FILTER_SPARE)
		bits++;
	s->mask = (uint32_t)buckets - 1;
	s->shift = 32 - bits;
	s->entries = mem_array(count * s->stride + 1, sizeof *s->entries);
	s->buckets = mem_array(buckets, sizeof *s->buckets);
	s->filter = mem_array((size_t)1 << bits >> 6, sizeof *s->filter);
	bool good = s->entries && s->buckets && s->filter;
	if (good)
		entries_fill(s, literals, count);
	if (good && s->long_count < s->count) {
		s->short_filter = mem_array(SHORT_FILTER / 64, sizeof *s->short_filter);
		s->short_buckets = mem_array(buckets, sizeof *s->short_buckets);
		good = s->short_filter && s->short_buckets;
	}
	if (!good) {
		scanner_free(s);
		return NULL;
	}
	file_entries(s);
	return s;
}

void scanner_free(struct scanner *s)
{
	if (!s)
		return;
	mem_free(s->entries);
	mem_free(s->filter);
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

static void look_long(const struct scanner *s, uint32_t gram, struct str text, size_t place, scan_found *found, void *data)
{
	uint32_t h = hash(gram), bit = h >> s->shift;
	if (s->filter[bit >> 6] >> (bit & 63) & 1)
		look(s, s->buckets[h & s->mask], gram, text, place, found, data);
}

void scanner_run(const struct scanner *s, struct str text, scan_found *found, void *data)
{
	size_t i = 0;
	for (; s->long_count && i + 4 <= text.len; i += s->stride)
		look_long(s, gram_at(text.data + i) & s->gram_mask, text, i, found, data);
	if (s->long_count && i + s->gram_len <= text.len) /* three bytes are left, and are a gram */
		look_long(s, gram_of(s, text.data + i), text, i, found, data);
	if (s->short_filter)
		for (i = 0; i + 2 <= text.len; i++) {
			uint32_t gram = pair_at(text.data + i);
			if (s->short_filter[gram >> 6] >> (gram & 63) & 1)
				look(s, s->short_buckets[gram & s->mask], gram, text, i, found, data);
		}
}

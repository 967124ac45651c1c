/* String views. Neighbours: utf8.c for what is inside, arena.c for copies. */
#include "base/str.h"
#include "base/random.h"
#include "hash.h"
#include <stdatomic.h>
#include <string.h>

#define MIX_A UINT64_C(0x9e3779b97f4a7c15) /* the golden ratio and the square root of two, as fractions of 2^64 */
#define MIX_B UINT64_C(0x6a09e667f3bcc909)

/* Read once from the system; 0 until then. Nobody outside can know which texts share a hash. */
static _Atomic uint64_t seed;

struct str str_of(const char *text)
{
	return (struct str){ text, text ? strlen(text) : 0 };
}

bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool str_is(struct str a, const char *text)
{
	return str_eq(a, str_of(text));
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	return true;
}

int str_cmp(struct str a, struct str b)
{
	size_t least = a.len < b.len ? a.len : b.len;
	int order = least ? memcmp(a.data, b.data, least) : 0;
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len && (suffix.len == 0 || memcmp(s.data + s.len - suffix.len, suffix.data, suffix.len) == 0);
}

int64_t str_find(struct str s, char c)
{
	const char *at = s.len ? memchr(s.data, c, s.len) : NULL;
	return at ? at - s.data : -1;
}

int64_t str_find_str(struct str s, struct str needle)
{
	if (needle.len == 0)
		return 0;
	const char *at = s.len ? memmem(s.data, s.len, needle.data, needle.len) : NULL;
	return at ? at - s.data : -1;
}

struct str str_slice(struct str s, size_t from, size_t to)
{
	if (to > s.len)
		to = s.len;
	if (from > to)
		from = to;
	return (struct str){ s.data ? s.data + from : NULL, to - from };
}

static bool space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str str_trim(struct str s)
{
	while (s.len && space(s.data[0])) {
		s.data++;
		s.len--;
	}
	while (s.len && space(s.data[s.len - 1]))
		s.len--;
	return s;
}

bool str_cut(struct str *rest, char separator, struct str *ret_part)
{
	if (!rest->data)
		return false;
	int64_t at = str_find(*rest, separator);
	if (at < 0) {
		*ret_part = *rest;
		*rest = STR_NONE;
		return true;
	}
	*ret_part = str_slice(*rest, 0, (size_t)at);
	*rest = str_slice(*rest, (size_t)at + 1, rest->len);
	return true;
}

struct str str_take(struct str *rest, char separator)
{
	struct str part;
	return str_cut(rest, separator, &part) ? part : STR_NONE;
}

bool str_int(struct str s, int64_t *ret)
{
	size_t i = s.len > 0 && s.data[0] == '-';
	bool negative = i == 1;
	int64_t n = 0;
	if (i == s.len)
		return false;
	for (; i < s.len; i++) {
		char c = s.data[i];
		if (c < '0' || c > '9' || __builtin_mul_overflow(n, 10, &n))
			return false;
		if (negative ? __builtin_sub_overflow(n, c - '0', &n) : __builtin_add_overflow(n, c - '0', &n))
			return false;
	}
	*ret = n;
	return true;
}

static uint64_t seed_read(void)
{
	uint64_t fresh = 0, none = 0;
	while (fresh == 0)
		random_fill(&random_system, &fresh, sizeof fresh);
	return atomic_compare_exchange_strong(&seed, &none, fresh) ? fresh : none;
}

static uint64_t load(const char *from, size_t len)
{
	uint64_t word = 0;
	memcpy(&word, from, len);
	return word;
}

/* The last word overlaps the one before it, so that there is no loop over single bytes; the length tells them apart. */
uint64_t str_hash(struct str s)
{
	uint64_t secret = atomic_load_explicit(&seed, memory_order_relaxed);
	if (!secret)
		secret = seed_read();
	uint64_t h = hash_fold(secret ^ MIX_A, s.len ^ MIX_B);
	const char *p = s.data;
	size_t left = s.len;
	for (; left > 16; left -= 16, p += 16)
		h = hash_fold(load(p, 8) ^ secret, load(p + 8, 8) ^ h);
	uint64_t low = 0, high = 0;
	if (left >= 8) {
		low = load(p, 8);
		high = load(p + left - 8, 8);
	} else if (left >= 4) {
		low = load(p, 4);
		high = load(p + left - 4, 4);
	} else if (left) {
		low = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[left / 2] << 8 | (unsigned char)p[left - 1];
	}
	h = hash_fold(low ^ secret, high ^ h);
	return hash_fold(h ^ MIX_A, secret ^ MIX_B);
}

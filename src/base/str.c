/* String views. Neighbours: utf8.c for what is inside, arena.c for copies. */
#include "base/str.h"
#include <string.h>

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

/* Mixes eight bytes at a time by multiplication and rotation; seeded where it matters (map.c). */
uint64_t str_hash(struct str s)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ s.len, word;
	size_t i = 0;
	for (; i + 8 <= s.len; i += 8) {
		memcpy(&word, s.data + i, 8);
		h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	if (i < s.len) {
		word = 0;
		memcpy(&word, s.data + i, s.len - i);
		h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

/* UTF-8 (RFC 3629): checking, walking, writing. Neighbours: json.cpp and value checks lean on it. */
#include "base/utf8.h"
#include <string.h>

/* Length of the sequence at `p`, its code point in *ret; 0 when it is not valid. */
static size_t sequence(const unsigned char *p, size_t left, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80 ? 1 : (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : (p[0] & 0xf8) == 0xf0 ? 4 : 0;
	if (len == 0 || len > left)
		return 0;
	uint32_t cp = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*ret = cp;
	return len;
}

/* Length of the longest valid prefix of at most `max` bytes; plain ASCII goes eight bytes at a time. */
static size_t valid_prefix(struct str s, size_t max)
{
	const unsigned char *p = (const unsigned char *)s.data;
	size_t i = 0, left = s.len < max ? s.len : max;
	uint64_t word;
	uint32_t cp;
	for (size_t len; left > 0; i += len, left -= len) {
		for (; left >= 8; i += 8, left -= 8) {
			memcpy(&word, p + i, 8);
			if (word & UINT64_C(0x8080808080808080))
				break;
		}
		len = left ? sequence(p + i, left, &cp) : 0;
		if (len == 0)
			break;
	}
	return i;
}

bool utf8_valid(struct str s)
{
	return valid_prefix(s, s.len) == s.len;
}

size_t utf8_length(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.data[i] & 0xc0) != 0x80;
	return n;
}

bool utf8_next(struct str *s, uint32_t *ret)
{
	if (s->len == 0)
		return false;
	size_t len = sequence((const unsigned char *)s->data, s->len, ret);
	if (len == 0) {
		*ret = 0xfffd;
		len = 1;
	}
	*s = str_slice(*s, len, s->len);
	return true;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		cp = 0xfffd;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

bool utf8_has_controls(struct str s)
{
	uint32_t cp;
	while (utf8_next(&s, &cp))
		if ((cp < 0x20 && cp != '\t' && cp != '\n' && cp != '\r') || (cp >= 0x7f && cp < 0xa0))
			return true;
	return false;
}

struct str utf8_clip(struct str s, size_t max)
{
	return str_slice(s, 0, valid_prefix(s, max));
}

/* Case folding and classes of characters, by ICU's tables. Neighbours: pattern.c compares what is folded here. */
#include "base/utf8.h"
#include "internal.h"
#include <string.h>
#include <unicode/uchar.h>

int32_t fold_point(int32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c + 32 : c;
	return u_foldCase(c, U_FOLD_CASE_DEFAULT);
}

bool is_word(int32_t c)
{
	return c == '_' || u_isalnum(c) || u_charType(c) == U_OTHER_NUMBER || u_charType(c) == U_LETTER_NUMBER;
}

/* Eight letters of ASCII at once ("Bit Twiddling Hacks": a byte between m and n). */
static uint64_t fold_eight(uint64_t w)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t at_least_a = w + ones * (0x80 - 'A'), past_z = w + ones * (0x7f - 'Z');
	return w | (((at_least_a & ~past_z) & (ones << 7)) >> 2);
}

size_t fold_text(struct str s, char *out)
{
	size_t n = 0;
	while (s.len) {
		uint64_t eight;
		while (s.len >= sizeof eight && (memcpy(&eight, s.data, sizeof eight), !(eight & UINT64_C(0x8080808080808080)))) {
			eight = fold_eight(eight);
			memcpy(out + n, &eight, sizeof eight);
			n += sizeof eight;
			s = (struct str){ s.data + sizeof eight, s.len - sizeof eight };
		}
		if (!s.len)
			break;
		unsigned char c = (unsigned char)*s.data;
		if (c < 0x80) {
			out[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
			s = (struct str){ s.data + 1, s.len - 1 };
			continue;
		}
		uint32_t point;
		utf8_next(&s, &point);
		n += utf8_encode((uint32_t)fold_point((int32_t)point), out + n);
	}
	out[n] = 0;
	return n;
}

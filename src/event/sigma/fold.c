/* Case folding and classes of characters, by ICU's tables. Neighbours: pattern.c compares what is folded here. */
#include "base/utf8.h"
#include "internal.h"
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

size_t fold_text(struct str s, char *out)
{
	size_t n = 0;
	while (s.len) {
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

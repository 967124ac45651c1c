/* The grammar of RFC 8259 once more, slow and plain, without recursion: finds the place of a mistake, which simdjson
 * does not tell, and the whole numbers that it cannot hold. Neighbours: json.c asks; the fuzzer sets it against json.cpp. */
#include "json_fault.h"
#include "base/utf8.h"
#include "json_shim.h"
#include <string.h>

#define LEVELS_MOST 1024
#define DOUBLE_DIGITS 309 /* the largest double has so many before its point; with fewer, no number is too large */

enum expect { A_VALUE, FIRST_VALUE, A_NAME, FIRST_NAME, AFTER };

struct scan {
	const char *at, *end;
	const char *large; /* the first number past every double */
	struct buf *wide;  /* where json_widen() writes; NULL for json_fault() */
	const char *copied;
	enum expect expect;
	size_t depth;
	bool objects[LEVELS_MOST]; /* by level: object or list */
};

static char here(const struct scan *s)
{
	return s->at < s->end ? *s->at : 0; /* a NUL is wrong wherever it stands */
}

static bool digit(const struct scan *s)
{
	return here(s) >= '0' && here(s) <= '9';
}

static bool take(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static void skip_spaces(struct scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

static bool read_word(struct scan *s, const char *word)
{
	for (; *word; word++)
		if (!take(s, *word))
			return false;
	return true;
}

/* Four hexadecimal digits as a number, -1 when there are none. */
static int read_unit(struct scan *s)
{
	int unit = 0;
	for (int i = 0; i < 4; i++, s->at++) {
		char c = here(s);
		if (digit(s))
			unit = unit * 16 + c - '0';
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			unit = unit * 16 + (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return unit;
}

/* Behind the backslash. On a fault the place is the backslash. */
static bool read_escape(struct scan *s)
{
	const char *start = s->at - 1;
	bool good = here(s) && strchr("\"\\/bfnrtu", here(s));
	if (good && *s->at++ == 'u') {
		int unit = read_unit(s);
		good = unit >= 0 && (unit < 0xdc00 || unit > 0xdfff);
		if (good && unit >= 0xd800 && unit < 0xdc00) {
			int low = take(s, '\\') && take(s, 'u') ? read_unit(s) : -1;
			good = low >= 0xdc00 && low <= 0xdfff;
		}
	}
	if (!good)
		s->at = start;
	return good;
}

static bool read_text(struct scan *s)
{
	if (!take(s, '"'))
		return false;
	while (s->at < s->end && (unsigned char)*s->at >= 0x20) {
		char c = *s->at++;
		if (c == '"')
			return true;
		if (c == '\\' && !read_escape(s))
			return false;
	}
	return false;
}

static size_t read_digits(struct scan *s)
{
	const char *start = s->at;
	while (digit(s))
		s->at++;
	return (size_t)(s->at - start);
}

/* The power of ten of an exponent; far ones are all alike. */
static bool read_exponent(struct scan *s, int64_t *ret)
{
	bool minus = take(s, '-');
	if (!minus)
		take(s, '+');
	const char *start = s->at;
	if (read_digits(s) == 0)
		return false;
	*ret = 0;
	for (const char *p = start; p < s->at && *ret < 1000000000; p++)
		*ret = *ret * 10 + (*p - '0');
	if (minus)
		*ret = -*ret;
	return true;
}

static bool read_number(struct scan *s)
{
	const char *start = s->at;
	int64_t exponent = 0, whole, unused;
	take(s, '-');
	bool zero = take(s, '0');
	whole = zero ? 0 : (int64_t)read_digits(s);
	if (!zero && whole == 0)
		return false;
	const char *end = s->at;
	if (take(s, '.') && read_digits(s) == 0)
		return false;
	if (zero) /* 0.00123e9: how far the first digit that counts is behind the point */
		for (const char *p = end + 1; p < s->at && *p == '0'; p++)
			whole--;
	if ((take(s, 'e') || take(s, 'E')) && !read_exponent(s, &exponent))
		return false;
	bool nothing = zero;
	for (const char *p = start; p < s->at && (*p | 0x20) != 'e' && nothing; p++)
		nothing = *p < '1' || *p > '9';
	if (!nothing && !s->large && whole + exponent >= DOUBLE_DIGITS && shim_overflows(start, (size_t)(s->at - start)))
		s->large = start;
	if (s->wide && s->at == end && !str_int((struct str){ start, (size_t)(end - start) }, &unused)) {
		buf_add(s->wide, s->copied, (size_t)(end - s->copied));
		buf_add_text(s->wide, "e0");
		s->copied = end;
	}
	return true;
}

static bool open_level(struct scan *s, bool object)
{
	if (s->depth == LEVELS_MOST)
		return false;
	s->at++;
	s->objects[s->depth++] = object;
	s->expect = object ? FIRST_NAME : FIRST_VALUE;
	return true;
}

static bool close_level(struct scan *s)
{
	s->at++;
	s->depth--;
	s->expect = AFTER;
	return true;
}

static bool read_value(struct scan *s)
{
	char c = here(s);
	if (c == '{' || c == '[')
		return open_level(s, c == '{');
	bool good = c == '"'   ? read_text(s)
		    : c == 't' ? read_word(s, "true")
		    : c == 'f' ? read_word(s, "false")
		    : c == 'n' ? read_word(s, "null")
			       : read_number(s);
	if (good)
		s->expect = AFTER;
	return good;
}

static bool read_name(struct scan *s)
{
	if (!read_text(s))
		return false;
	skip_spaces(s);
	s->expect = A_VALUE;
	return take(s, ':');
}

static bool read_after(struct scan *s)
{
	bool object = s->depth && s->objects[s->depth - 1];
	if (!s->depth)
		return false; /* the end, or more than one value */
	if (here(s) == (object ? '}' : ']'))
		return close_level(s);
	s->expect = object ? A_NAME : A_VALUE;
	return take(s, ',');
}

static bool step(struct scan *s)
{
	skip_spaces(s);
	switch (s->expect) {
	case FIRST_NAME:
		return here(s) == '}' ? close_level(s) : read_name(s);
	case A_NAME:
		return read_name(s);
	case FIRST_VALUE:
		return here(s) == ']' ? close_level(s) : read_value(s);
	case A_VALUE:
		return read_value(s);
	case AFTER:
		return read_after(s);
	}
	return false;
}

/* True when the whole text is one value; else s->at is where it ceases to be. */
static bool scan_all(struct scan *s, struct str text)
{
	s->at = s->copied = text.data;
	s->end = text.data + text.len;
	s->expect = A_VALUE;
	while (step(s))
		;
	return s->depth == 0 && s->expect == AFTER && s->at == s->end;
}

enum json_wrong json_fault(struct str text, size_t *ret_at)
{
	struct scan s = { 0 };
	struct str all = text.data ? text : STR("");
	bool good = scan_all(&s, all);
	size_t valid = utf8_clip(all, all.len).len;
	*ret_at = (size_t)(s.at - all.data);
	if (valid < all.len && (good || valid <= *ret_at)) {
		*ret_at = valid;
		return WRONG_UTF8;
	}
	if (!good)
		return WRONG_SYNTAX;
	if (s.large)
		*ret_at = (size_t)(s.large - all.data);
	return s.large ? WRONG_NUMBER : WRONG_NOTHING;
}

bool json_widen(struct str text, struct buf *out)
{
	struct scan s = { .wide = out };
	if (!text.len || !scan_all(&s, text))
		return false;
	buf_add(out, s.copied, (size_t)(s.end - s.copied));
	return true;
}

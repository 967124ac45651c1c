/* Names of tiles and entry bundles, as C2SP tlog-tiles writes them: "tile/<level>/<index>[.p/<width>]", the index in
 * groups of three digits, all but the last behind an "x". Pure: bytes in, struct out.
 * Neighbours: read.c serves what these name; tree.c does the arithmetic. */
#include "journal/tree.h"
#include <inttypes.h>
#include <stdio.h>

/* Digits without needless zeros, at most `most`. */
static bool small_number(struct str s, unsigned most, unsigned *ret)
{
	if (s.len == 0 || s.len > 3 || (s.len > 1 && s.data[0] == '0'))
		return false;
	unsigned n = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		n = n * 10 + (unsigned)(s.data[i] - '0');
	}
	if (n > most)
		return false;
	*ret = n;
	return true;
}

static bool three_digits(struct str s, int64_t *index)
{
	if (s.len != 3)
		return false;
	int64_t n = 0;
	for (size_t i = 0; i < 3; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		n = n * 10 + (s.data[i] - '0');
	}
	return !__builtin_mul_overflow(*index, 1000, index) && !__builtin_add_overflow(*index, n, index);
}

/* "x001/x234/067", up to the last group; *rest is what follows a "/" after it (data == NULL: nothing). */
static bool index_parse(struct str *rest, struct tile_name *t, bool *ret_partial)
{
	struct str part;
	bool first = true;
	while (str_cut(rest, '/', &part)) {
		bool more = part.len > 0 && part.data[0] == 'x';
		*ret_partial = !more && str_ends(part, STR(".p"));
		if (more)
			part = str_slice(part, 1, part.len);
		if (*ret_partial)
			part = str_slice(part, 0, part.len - 2);
		if (first && more && str_is(part, "000"))
			return false;
		if (!three_digits(part, &t->index))
			return false;
		if (!more)
			return true;
		first = false;
	}
	return false;
}

bool tile_name_parse(struct str path, struct tile_name *ret)
{
	struct tile_name t = { .width = TILE_WIDTH };
	struct str rest = path, part;
	unsigned level = 0;
	bool partial = false;
	if (!str_cut(&rest, '/', &part) || !str_is(part, "tile") || !str_cut(&rest, '/', &part))
		return false;
	if (str_is(part, "entries"))
		t.level = -1;
	else if (small_number(part, 63, &level))
		t.level = (int)level;
	else
		return false;
	if (!index_parse(&rest, &t, &partial))
		return false;
	if (partial && (!rest.data || !small_number(rest, TILE_WIDTH - 1, &t.width) || t.width == 0))
		return false;
	if (!partial && rest.data)
		return false;
	*ret = t;
	return true;
}

size_t tile_name_format(const struct tile_name *t, char out[128])
{
	size_t room = 128;
	int len = t->level < 0 ? snprintf(out, room, "tile/entries") : snprintf(out, room, "tile/%d", t->level);
	int64_t scale = 1;
	while (t->index / scale >= 1000)
		scale *= 1000;
	for (; scale > 0; scale /= 1000)
		len += snprintf(out + len, room - (size_t)len, scale > 1 ? "/x%03" PRId64 : "/%03" PRId64,
				t->index / scale % 1000);
	if (t->width < TILE_WIDTH)
		len += snprintf(out + len, room - (size_t)len, ".p/%u", t->width);
	return (size_t)len;
}

unsigned tile_width(int level, int64_t index, int64_t size)
{
	if (level >= TILE_LEVELS || index < 0 || index > INT64_MAX / TILE_WIDTH)
		return 0;
	int64_t hashes = level > 0 ? size >> (TILE_HEIGHT * level) : size;
	int64_t left = hashes - index * TILE_WIDTH;
	return left <= 0 ? 0 : left >= TILE_WIDTH ? TILE_WIDTH : (unsigned)left;
}

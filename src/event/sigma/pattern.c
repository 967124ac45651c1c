/* Strings with wildcards: compiled into literal pieces between stars, matched from left to right; each star takes as little
 * as it can, so the work grows with the value times the number of pieces at most. Neighbours: item.c has the parts. */
#include "base/utf8.h"
#include "internal.h"
#include <string.h>

static bool literal(int32_t part)
{
	return part >= 0;
}

/* Bytes of text without meaning in UTF-8 (made by encodings) stand for themselves as U+DC80…U+DCFF, which no event has. */
static size_t encode(int32_t c, char out[4])
{
	if (c >= 0xdc80 && c <= 0xdcff) {
		out[0] = (char)0xff;
		out[1] = (char)(c - 0xdc00);
		return 2;
	}
	return utf8_encode((uint32_t)c, out);
}

static enum code pieces_make(const int32_t *parts, size_t count, bool cased, struct arena *arena, struct segment *ret, struct str *io_longest,
			     struct error *e)
{
	struct piece *pieces = ARENA_ARRAY(arena, count + 1, struct piece);
	char *bytes = arena_alloc(arena, count * 4 + 1);
	size_t used = 0, n = 0;
	if (!pieces || !bytes)
		return error_nomem(e);
	for (size_t i = 0; i < count; n++) {
		struct piece *p = &pieces[n];
		if (!literal(parts[i])) {
			p->special = parts[i++];
			continue;
		}
		p->text.data = bytes + used;
		for (; i < count && literal(parts[i]); i++)
			used += encode(cased ? parts[i] : fold_point(parts[i]), bytes + used);
		p->text.len = (size_t)(bytes + used - p->text.data);
		if (p->text.len > io_longest->len)
			*io_longest = p->text;
	}
	*ret = (struct segment){ pieces, n };
	return OK;
}

enum code pattern_make(const int32_t *parts, size_t count, bool cased, struct arena *arena, struct pattern *ret, struct error *e)
{
	struct segment *segments = ARENA_ARRAY(arena, count + 1, struct segment);
	struct pattern p = { .segments = segments };
	bool special = false;
	if (!segments)
		return error_nomem(e);
	p.any_first = count && parts[0] == PART_ANY;
	p.any_last = count && parts[count - 1] == PART_ANY;
	for (size_t i = 0; i < count;) {
		size_t end = i;
		while (end < count && parts[end] != PART_ANY) {
			special |= !literal(parts[end]);
			end++;
		}
		if (end > i)
			TRY(pieces_make(parts + i, end - i, cased, arena, &segments[p.count++], &p.longest, e));
		special |= end < count;
		i = end + 1;
	}
	p.exact = !special;
	*ret = p;
	return OK;
}

/* One character of the class at the front of *io; false when it is none. */
static bool take_special(int32_t special, struct str *io)
{
	uint32_t c;
	if (!utf8_next(io, &c))
		return false;
	return special == PART_ONE || c == '-' || c == '/' || (c >= 0x2013 && c <= 0x2015);
}

/* Does the segment stand at the front? *io moves past it. */
static bool segment_at(const struct segment *s, struct str *io)
{
	struct str rest = *io;
	for (size_t i = 0; i < s->count; i++) {
		const struct piece *p = &s->pieces[i];
		if (p->special) {
			if (!take_special(p->special, &rest))
				return false;
			continue;
		}
		if (rest.len < p->text.len || memcmp(rest.data, p->text.data, p->text.len) != 0)
			return false;
		rest = (struct str){ rest.data + p->text.len, rest.len - p->text.len };
	}
	*io = rest;
	return true;
}

static bool segment_find(const struct segment *s, struct str *io)
{
	struct str rest = *io;
	for (;;) {
		if (!s->pieces[0].special) {
			const char *at = memmem(rest.data, rest.len, s->pieces[0].text.data, s->pieces[0].text.len);
			if (!at)
				return false;
			rest = (struct str){ at, rest.len - (size_t)(at - rest.data) };
		}
		struct str after = rest;
		if (segment_at(s, &after)) {
			*io = after;
			return true;
		}
		uint32_t skipped;
		if (!utf8_next(&rest, &skipped))
			return false;
	}
}

/* The segment at the very end: as many characters as it has are counted off the end. */
static bool segment_ends(const struct segment *s, struct str rest)
{
	for (size_t i = s->count; i-- > 0;) {
		const struct piece *p = &s->pieces[i];
		if (!p->special) {
			if (rest.len < p->text.len || memcmp(rest.data + rest.len - p->text.len, p->text.data, p->text.len) != 0)
				return false;
			rest.len -= p->text.len;
			continue;
		}
		size_t start = rest.len;
		while (start > 0 && ((unsigned char)rest.data[start - 1] & 0xc0) == 0x80)
			start--;
		if (start == 0)
			return false;
		struct str last = { rest.data + start - 1, rest.len - start + 1 };
		if (!take_special(p->special, &last))
			return false;
		rest.len = start - 1;
	}
	return true;
}

bool pattern_matches(const struct pattern *p, struct str value)
{
	size_t first = 0, last = p->count;
	if (p->count == 0)
		return p->any_first || value.len == 0;
	if (!p->any_first && !segment_at(&p->segments[first++], &value))
		return false;
	if (first == last)
		return p->any_last || value.len == 0;
	if (!p->any_last)
		last--;
	for (; first < last; first++)
		if (!segment_find(&p->segments[first], &value))
			return false;
	return p->any_last || segment_ends(&p->segments[last], value);
}

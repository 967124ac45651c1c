/* What the parsers of lines share. Neighbours: line.h. */
#include "format/line.h"
#include "base/vec.h"
#include <stdio.h>
#include <string.h>

enum code line_limit(const struct line *l)
{
	return error_fail(l->error, E_LIMIT, N_("A line of {format} is too long or has too many fields"), { "format", str_of(l->format) });
}

enum code line_pair(struct line *l, struct str name, struct str value)
{
	struct event_pair *p;
	if (l->pairs->count >= EVENT_PAIRS_MOST)
		return line_limit(l);
	p = vec_add_((void **)&l->pairs->items, &l->pairs->count, &l->pairs->cap, sizeof *p);
	if (!p)
		return l->error ? error_nomem(l->error) : E_NOMEM;
	*p = (struct event_pair){ name, value };
	return OK;
}

enum code line_pair_unless_nil(struct line *l, struct str name, struct str value)
{
	return value.len == 0 || str_is(value, "-") ? OK : line_pair(l, name, value);
}

enum code line_fault(const struct line *l, size_t at, const char *expected)
{
	char place[24];
	if (!l->error)
		return E_INVALID;
	snprintf(place, sizeof place, "%zu", at);
	return error_fail(l->error, E_INVALID, N_("Not {format}: {expected} expected at byte {offset}"), { "format", str_of(l->format) },
			  { "expected", str_of(expected) }, { "offset", str_of(place) });
}

void line_blanks(struct line *l)
{
	while (line_peek(l) == ' ' || line_peek(l) == '\t')
		l->at++;
}

struct str line_word(struct line *l)
{
	size_t from = l->at;
	while (!line_end(l) && line_peek(l) != ' ' && line_peek(l) != '\t')
		l->at++;
	return line_from(l, from);
}

char *scratch_room(struct event_pairs *pairs, size_t len)
{
	return len <= pairs->scratch_cap - pairs->scratch_used ? pairs->scratch + pairs->scratch_used : NULL;
}

static char unescaped(char c)
{
	return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
}

bool line_quoted(struct line *l, char quote, enum quoting quoting, char also, struct str *ret)
{
	const char *text = l->text.data;
	size_t from = l->at, at = from, n = 0;
	bool plain = true;
	for (; at < l->text.len && text[at] != quote; at++) {
		if (text[at] == '\\' && at + 1 < l->text.len) {
			plain = false;
			at++;
		}
	}
	if (at >= l->text.len)
		return false;
	l->at = at + 1;
	if (plain) {
		*ret = (struct str){ text + from, at - from };
		return true;
	}
	char *out = scratch_room(l->pairs, at - from);
	if (!out)
		return false;
	for (size_t i = from; i < at; i++) {
		char c = text[i];
		if (c == '\\' && i + 1 < at) {
			char next = text[i + 1];
			if (quoting == QUOTING_LETTERS)
				c = unescaped(text[++i]);
			else if (next == quote || next == '\\' || (also && next == also))
				c = text[++i];
		}
		out[n++] = c;
	}
	l->pairs->scratch_used += n;
	*ret = (struct str){ out, n };
	return true;
}

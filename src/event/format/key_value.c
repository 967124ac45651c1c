/* logfmt, and the looser key=value that firewalls and kernels write. Neighbours: line.h. */
#include "format/line.h"
#include "base/utf8.h"
#include <string.h>

/* A \u escape of logfmt, which quotes as JSON and Go do: 4 hexadecimal digits at `at`. */
static bool code_unit(struct str s, size_t at, uint32_t *ret)
{
	uint32_t value = 0;
	if (at + 4 > s.len)
		return false;
	for (size_t i = at; i < at + 4; i++) {
		char c = s.data[i], low = (char)(c | 0x20);
		if (c >= '0' && c <= '9')
			value = value * 16 + (uint32_t)(c - '0');
		else if (low >= 'a' && low <= 'f')
			value = value * 16 + (uint32_t)(low - 'a' + 10);
		else
			return false;
	}
	*ret = value;
	return true;
}

/* The text of a quoted value of logfmt: what stands between the quotes, escapes meant as in JSON. */
static bool logfmt_value(struct line *l, struct str *ret)
{
	size_t from = l->at, at = from, n = 0;
	uint32_t unit, low;
	while (at < l->text.len && l->text.data[at] != '"')
		at += l->text.data[at] == '\\' ? 2 : 1;
	if (at >= l->text.len)
		return false;
	struct str raw = str_slice(l->text, from, at);
	l->at = at + 1;
	*ret = raw;
	if (str_find(raw, '\\') < 0)
		return true;
	char *out = scratch_room(l->pairs, raw.len);
	for (size_t i = 0; out && i < raw.len; i++) {
		if (raw.data[i] != '\\') {
			out[n++] = raw.data[i];
			continue;
		}
		char c = raw.data[++i];
		if (c == 'u' && code_unit(raw, i + 1, &unit)) {
			i += 4;
			if (unit >= 0xD800 && unit < 0xDC00 && i + 2 < raw.len && raw.data[i + 1] == '\\' && raw.data[i + 2] == 'u' &&
			    code_unit(raw, i + 3, &low) && low >= 0xDC00 && low < 0xE000) {
				unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
				i += 6;
			}
			n += utf8_encode(unit, out + n);
		} else {
			out[n++] = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
		}
	}
	l->pairs->scratch_used += n;
	*ret = (struct str){ out, n };
	return out != NULL;
}

enum code logfmt_parse(struct line *l)
{
	for (;;) {
		line_blanks(l);
		if (line_end(l))
			return OK;
		size_t from = l->at;
		while (!line_end(l) && (unsigned char)line_peek(l) > ' ' && line_peek(l) != '=' && line_peek(l) != '"')
			l->at++;
		struct str name = line_from(l, from), value = STR("true");
		if (!name.len)
			return line_fault(l, l->at, "key");
		if (line_peek(l) == '=') {
			l->at++;
			if (line_peek(l) == '"') {
				l->at++;
				if (!logfmt_value(l, &value))
					return line_fault(l, l->text.len, "\"");
			} else {
				value = line_word(l);
			}
		}
		if (!line_end(l) && (unsigned char)line_peek(l) > ' ')
			return line_fault(l, l->at, "SP");
		/* a control character that is no blank would stop here for ever */
		if (!line_end(l) && line_peek(l) != ' ' && line_peek(l) != '\t')
			l->at++;
		TRY(line_pair(l, name, value));
	}
}

static bool between(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '|';
}

static bool in_key(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_.-/:@", c) != NULL || (unsigned char)c >= 0x80;
}

/* A comma or semicolon ends a value before a blank, the end or the next pair; else it is part of it ("ports=80,443"). */
static bool ends_value(const struct line *l, size_t at)
{
	char c = l->text.data[at];
	if (c == ' ' || c == '\t')
		return true;
	if (c != ',' && c != ';')
		return false;
	if (at + 1 == l->text.len || between(l->text.data[at + 1]))
		return true;
	while (++at < l->text.len && l->text.data[at] != '\0' && in_key(l->text.data[at]))
		;
	return at < l->text.len && l->text.data[at] == '=';
}

/* The value after an '='. A quote that is never closed is an ordinary character. */
static struct str loose_value(struct line *l)
{
	struct str value;
	char quote = line_peek(l);
	size_t from = l->at;
	if (quote == '"' || quote == '\'') {
		l->at++;
		if (line_quoted(l, quote, QUOTING_PLAIN, '\0', &value))
			return value;
		l->at = from;
	}
	while (!line_end(l) && !ends_value(l, l->at))
		l->at++;
	return line_from(l, from);
}

enum code key_value_parse(struct line *l)
{
	while (!line_end(l)) {
		size_t from = l->at;
		while (!line_end(l) && line_peek(l) != '\0' && in_key(line_peek(l)))
			l->at++;
		struct str name = line_from(l, from);
		if (name.len && line_peek(l) == '=') {
			l->at++;
			struct str value = loose_value(l);
			TRY(line_pair(l, name, value));
			continue;
		}
		/* no pair: on to what follows the next separator, or one character further after a bracket and the like */
		if (name.len && !line_end(l) && !between(line_peek(l)))
			while (!line_end(l) && !between(line_peek(l)) && line_peek(l) != '[' && line_peek(l) != '(')
				l->at++;
		l->at += !line_end(l);
	}
	return l->pairs->count ? OK : line_fault(l, 0, "key=value");
}

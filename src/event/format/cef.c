/* Common Event Format, "CEF:0|vendor|product|version|class|name|severity|extension", alone or carried by syslog.
 * The extension is key=value with blanks inside values: a key is the last word before an '='. Neighbours: line.h, syslog.c. */
#include "format/line.h"

int64_t cef_find(struct str text)
{
	for (size_t i = 0; i + 4 < text.len; i++)
		if (text.data[i] == 'C' && str_starts(str_slice(text, i, i + 4), STR("CEF:")) && text.data[i + 4] >= '0' && text.data[i + 4] <= '9' &&
		    (i == 0 || text.data[i - 1] == ' ' || (unsigned char)text.data[i - 1] == 0xBF))
			return (int64_t)i;
	return -1;
}

static char escape(char c, bool extension)
{
	if (extension && c == 'n')
		return '\n';
	if (extension && c == 'r')
		return '\r';
	return c == '\\' || c == (extension ? '=' : '|') ? c : '\0';
}

/* The text from `from` to `to` without its backslashes; one that escapes nothing stays. */
static enum code value_of(struct line *l, size_t from, size_t to, bool extension, struct str *ret)
{
	struct str raw = str_slice(l->text, from, to);
	size_t n = 0;
	*ret = raw;
	if (str_find(raw, '\\') < 0)
		return OK;
	char *out = scratch_room(l->pairs, raw.len);
	if (!out)
		return line_limit(l);
	for (size_t i = 0; i < raw.len; i++) {
		char meant = raw.data[i] == '\\' && i + 1 < raw.len ? escape(raw.data[i + 1], extension) : '\0';
		out[n++] = meant ? meant : raw.data[i];
		i += meant != '\0';
	}
	l->pairs->scratch_used += n;
	*ret = (struct str){ out, n };
	return OK;
}

/* Seven fields, each ended by a '|' of its own; the last one may end the line when there is no extension. */
static enum code header(struct line *l)
{
	static const char *const names[] = { "cefVersion", "deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId", "name",
					     "severity" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t from = l->at;
		struct str value;
		while (!line_end(l) && line_peek(l) != '|')
			l->at += line_peek(l) == '\\' && l->at + 1 < l->text.len ? 2 : 1;
		if (line_end(l) && i + 1 < sizeof names / sizeof *names)
			return line_fault(l, l->text.len, "|");
		TRY(value_of(l, from, l->at, false, &value));
		if (value.len)
			TRY(line_pair(l, str_of(names[i]), value));
		l->at += !line_end(l);
	}
	return OK;
}

static bool in_key(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' || c == '[' || c == ']';
}

/* Where the key before the '=' at `equals` begins: a word of key characters at the start or after a blank; or `equals`. */
static size_t key_start(const struct line *l, size_t first, size_t equals)
{
	size_t at = equals;
	while (at > first && in_key(l->text.data[at - 1]))
		at--;
	return at == first || l->text.data[at - 1] == ' ' ? at : equals;
}

static enum code extension(struct line *l)
{
	struct str name = STR_NONE, value;
	size_t first = l->at, begun = first;
	for (size_t at = first; at < l->text.len; at++) {
		if (l->text.data[at] == '\\') {
			at++;
			continue;
		}
		if (l->text.data[at] != '=')
			continue;
		size_t key = key_start(l, begun, at);
		if (key == at)
			continue;
		if (name.len) {
			TRY(value_of(l, begun, key > begun ? key - 1 : begun, true, &value));
			TRY(line_pair(l, name, value));
		}
		name = str_slice(l->text, key, at);
		begun = at + 1;
	}
	if (!name.len)
		return str_trim(str_slice(l->text, first, l->text.len)).len ? line_fault(l, first, "key=value") : OK;
	TRY(value_of(l, begun, l->text.len, true, &value));
	return line_pair(l, name, value);
}

enum code cef_parse(struct line *l)
{
	int64_t at = cef_find(l->text);
	if (at < 0)
		return line_fault(l, 0, "CEF:");
	if (at > 0) {
		struct line head = *l;
		head.text = str_slice(l->text, 0, (size_t)at);
		TRY(syslog_parse_as(&head, "pri_severity"));
	}
	l->at = (size_t)at + 4;
	TRY(header(l));
	return extension(l);
}

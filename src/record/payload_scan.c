/* Skipping through a payload. Its texts are passed over from quote to quote, everything else by counting brackets.
 * Neighbours: payload_scan.h; tests/fuzz/payload.c holds it against the ordinary reader. */
#include "payload_scan.h"
#include "base/id.h"
#include <string.h>

static bool take(struct payload_scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* From behind the opening quote to behind the closing one. */
static bool skip_text(struct payload_scan *s)
{
	while (s->at < s->end) {
		const char *quote = memchr(s->at, '"', (size_t)(s->end - s->at));
		if (!quote)
			return false;
		size_t slashes = 0;
		while (quote - slashes > s->at && quote[-1 - (ptrdiff_t)slashes] == '\\')
			slashes++;
		s->at = quote + 1;
		if (slashes % 2 == 0)
			return true;
	}
	return false;
}

static bool plain_text(struct payload_scan *s, struct str *ret)
{
	const char *from = s->at;
	if (!take(s, '"') || !skip_text(s))
		return false;
	*ret = (struct str){ from + 1, (size_t)(s->at - from) - 2 };
	return !memchr(ret->data, '\\', ret->len);
}

/* Past one value of any kind, up to the comma or bracket behind it. */
static bool skip_value(struct payload_scan *s)
{
	size_t depth = 0;
	while (s->at < s->end) {
		char c = *s->at;
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			return true;
		s->at++;
		if (c == '"' && !skip_text(s))
			return false;
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
	}
	return false;
}

static bool number(struct payload_scan *s, int64_t *ret)
{
	const char *from = s->at;
	return skip_value(s) && str_int((struct str){ from, (size_t)(s->at - from) }, ret);
}

static bool member(struct payload_scan *s, struct str *ret_name)
{
	return plain_text(s, ret_name) && take(s, ':');
}

bool payload_scan_begin(struct str payload, struct payload_scan *ret)
{
	struct payload_scan s = { payload.data, payload.data + payload.len };
	struct str name;
	if (!take(&s, '{'))
		return false;
	do {
		if (!member(&s, &name))
			return false;
		if (str_is(name, "changes")) {
			*ret = s;
			return take(ret, '[');
		}
		if (!skip_value(&s))
			return false;
	} while (take(&s, ','));
	return false;
}

/* The value of one member of a change, noted when it is one of the three. */
static bool change_member(struct payload_scan *s, struct str name, struct payload_change *ret, unsigned *io_seen)
{
	struct str id;
	if (str_is(name, "kind")) {
		*io_seen |= 1;
		return plain_text(s, &ret->kind);
	}
	if (str_is(name, "id")) {
		*io_seen |= 2;
		return plain_text(s, &id) && id_parse(id, &ret->id);
	}
	if (str_is(name, "version")) {
		*io_seen |= 4;
		return number(s, &ret->version);
	}
	return skip_value(s);
}

bool payload_scan_next(struct payload_scan *s, struct payload_change *ret, bool *ret_more)
{
	struct str name;
	unsigned seen = 0;
	*ret_more = false;
	if (take(s, ']'))
		return true;
	take(s, ',');
	if (!take(s, '{'))
		return false;
	do
		if (!member(s, &name) || !change_member(s, name, ret, &seen))
			return false;
	while (take(s, ','));
	*ret_more = true;
	return seen == 7 && take(s, '}');
}

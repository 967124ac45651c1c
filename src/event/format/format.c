/* Lines of logs by format: the table of parsers, guessing, the repair of what is not UTF-8. Neighbours: line.h and the parsers
 * beside this file; event/format.h says what they give. */
#include "base/mem.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "format/line.h"
#include <string.h>

/* What composed names (<SD-ID>.<PARAM-NAME>, 32 + 1 + 32 bytes in the RFC) take of the scratch at most. */
#define NAMES_ROOM ((size_t)EVENT_PAIRS_MOST * 68)

static const struct {
	const char *name;
	enum code (*parse)(struct line *l);
} formats[EVENT_FORMATS] = {
	[EVENT_JSON] = { "json", NULL },
	[EVENT_SYSLOG] = { "syslog", syslog_parse },
	[EVENT_CEF] = { "cef", cef_parse },
	[EVENT_LOGFMT] = { "logfmt", logfmt_parse },
	[EVENT_KEY_VALUE] = { "key-value", key_value_parse },
	[EVENT_AUDITD] = { "auditd", auditd_parse },
};

const char *event_format_name(enum event_format format)
{
	return formats[format].name;
}

bool event_format_named(struct str name, enum event_format *ret)
{
	for (size_t i = 0; i < EVENT_FORMATS; i++)
		if (str_is(name, formats[i].name)) {
			*ret = (enum event_format)i;
			return true;
		}
	return false;
}

void event_pairs_init(struct event_pairs *pairs)
{
	*pairs = (struct event_pairs){ 0 };
}

void event_pairs_done(struct event_pairs *pairs)
{
	vec_done_((void **)&pairs->items, &pairs->count, &pairs->cap);
	mem_free(pairs->scratch);
	*pairs = (struct event_pairs){ 0 };
}

/* Room for the repaired line (three bytes for one) and for decoding all of that (three for two). */
static bool scratch_reserve(struct event_pairs *pairs, size_t line)
{
	size_t need = line * 8 + NAMES_ROOM;
	pairs->scratch_used = 0;
	if (need <= pairs->scratch_cap)
		return true;
	char *grown = mem_grow(pairs->scratch, need * 2);
	if (!grown)
		return false;
	pairs->scratch = grown;
	pairs->scratch_cap = need * 2;
	return true;
}

static struct str repaired(struct event_pairs *pairs, struct str line)
{
	char *out = scratch_room(pairs, line.len * 3), *to = out;
	uint32_t c;
	while (out && utf8_next(&line, &c))
		to += utf8_encode(c, to);
	pairs->scratch_used += (size_t)(to - out);
	return (struct str){ out, (size_t)(to - out) };
}

enum code event_format_parse(enum event_format format, struct str line, struct event_pairs *pairs, struct error *e)
{
	struct line l = { line, 0, formats[format].name, pairs, e };
	pairs->count = 0;
	if (line.len > EVENT_LINE_MOST)
		return line_limit(&l);
	if (!formats[format].parse || line.len == 0)
		return line_fault(&l, 0, formats[format].name);
	if (!scratch_reserve(pairs, line.len))
		return e ? error_nomem(e) : E_NOMEM;
	if (!utf8_valid(line))
		l.text = repaired(pairs, line);
	TRY(formats[format].parse(&l));
	return pairs->count ? OK : line_fault(&l, 0, formats[format].name);
}

/* A name of logfmt, '=' and something: the first word of such a line. */
static bool begins_with_pair(struct str line)
{
	size_t n = 0;
	while (n < line.len && (unsigned char)line.data[n] > ' ' && line.data[n] != '=' && line.data[n] != '"' && line.data[n] != ',' &&
	       line.data[n] != '<' && line.data[n] != '|')
		n++;
	return n > 0 && n < line.len && line.data[n] == '=';
}

/* logfmt has blanks between its words and nothing after a closing quote; key=value may have commas or semicolons there. */
static bool all_logfmt(struct str line)
{
	bool quoted = false;
	for (size_t i = 0; i < line.len; i++) {
		char c = line.data[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '\'' || ((c == ',' || c == ';') && (i + 1 == line.len || line.data[i + 1] == ' '))))
			return false;
	}
	return !quoted;
}

enum event_format event_format_guess(struct str line)
{
	struct str start = utf8_clip(line, 4096);
	if (start.len == 0)
		start = str_slice(line, 0, 4096);
	line = str_trim(start);
	if (str_starts(line, STR("\xEF\xBB\xBF")))
		line = str_trim(str_slice(line, 3, line.len));
	if (line.len && (line.data[0] == '{' || line.data[0] == '['))
		return EVENT_JSON;
	if (cef_find(line) >= 0)
		return EVENT_CEF;
	if (auditd_find(line) >= 0)
		return EVENT_AUDITD;
	if ((line.len && line.data[0] == '<') || syslog_time_bsd(line) || syslog_time_iso(line))
		return EVENT_SYSLOG;
	if (begins_with_pair(line))
		return all_logfmt(line) ? EVENT_LOGFMT : EVENT_KEY_VALUE;
	return str_find(line, '=') > 0 ? EVENT_KEY_VALUE : EVENT_SYSLOG;
}

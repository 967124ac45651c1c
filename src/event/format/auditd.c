/* Records of the Linux audit daemon: "type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e …", raw or enriched, alone or
 * carried by syslog. What the kernel could not write plainly stands in hexadecimal. Neighbours: line.h, syslog.c. */
#include "base/utf8.h"
#include "format/line.h"
#include <string.h>

/* The fields the kernel and the daemons write with audit_log_untrustedstring(): quoted, or hexadecimal when that cannot be. */
static const struct str untrusted[] = {
	{ "acct", 4 }, { "cgroup", 6 }, { "cmd", 3 }, { "comm", 4 }, { "cwd", 3 }, { "data", 4 }, { "device", 6 },
	{ "dir", 3 }, { "exe", 3 }, { "file", 4 }, { "grp", 3 }, { "key", 3 }, { "name", 4 }, { "new_group", 9 },
	{ "ocomm", 5 }, { "path", 4 }, { "proctitle", 9 }, { "sw", 2 }, { "vm", 2 }, { "watch", 5 },
};

int64_t auditd_find(struct str text)
{
	for (size_t i = 0; i + 5 < text.len && i < 1024; i++) {
		struct str rest = str_slice(text, i, text.len);
		if ((i == 0 || text.data[i - 1] == ' ') && (rest.data[0] == 't' || rest.data[0] == 'n') &&
		    (str_starts(rest, STR("type=")) || str_starts(rest, STR("node=")))) {
			int64_t audit = str_find_str(str_slice(rest, 0, 512), STR(" msg=audit("));
			if (audit >= 0)
				return (int64_t)i;
		}
	}
	return -1;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The kernel writes upper case, two digits a byte. */
static bool is_hex(struct str s)
{
	if (s.len < 2 || s.len % 2)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (digit(s.data[i]) < 0)
			return false;
	return true;
}

/* `aN` of EXECVE; also its pieces "aN[M]", then *ret_base is the "aN". */
static bool is_argument(struct str name, struct str *ret_base)
{
	size_t i = 1;
	if (name.len < 2 || name.data[0] != 'a')
		return false;
	while (i < name.len && digit(name.data[i]) >= 0 && digit(name.data[i]) < 10)
		i++;
	*ret_base = str_slice(name, 0, i);
	return i > 1 && (i == name.len || (name.data[i] == '[' && name.data[name.len - 1] == ']'));
}

static bool is_untrusted(struct str name)
{
	for (size_t i = 0; i < sizeof untrusted / sizeof *untrusted; i++)
		if (name.len == untrusted[i].len && name.data[0] == untrusted[i].data[0] && str_eq(name, untrusted[i]))
			return true;
	return false;
}

/* Two digits a byte; bytes that are not UTF-8 become U+FFFD, the NULs of a title blanks. */
static enum code decoded(struct line *l, struct str hex, bool title, struct str *ret)
{
	size_t bytes = hex.len / 2;
	char *out = scratch_room(l->pairs, bytes * 4), *raw, *to;
	uint32_t c;
	if (!out)
		return line_limit(l);
	raw = out + bytes * 3; /* read from behind where it is written: four times the room, never overtaken */
	for (size_t i = 0; i < bytes; i++) {
		char byte = (char)(digit(hex.data[2 * i]) << 4 | digit(hex.data[2 * i + 1]));
		raw[i] = title && byte == '\0' ? ' ' : byte;
	}
	to = out;
	for (struct str rest = { raw, bytes }; utf8_next(&rest, &c);)
		to += utf8_encode(c, to);
	l->pairs->scratch_used += (size_t)(to - out);
	*ret = (struct str){ out, (size_t)(to - out) };
	return OK;
}

/* A piece joins the piece before it; both stand side by side in the scratch. */
static enum code piece(struct line *l, struct str name, struct str value)
{
	struct event_pair *last = l->pairs->count ? &l->pairs->items[l->pairs->count - 1] : NULL;
	if (value.len && !(value.data >= l->pairs->scratch && value.data < l->pairs->scratch + l->pairs->scratch_cap)) {
		char *copy = scratch_room(l->pairs, value.len);
		if (!copy)
			return line_limit(l);
		memcpy(copy, value.data, value.len);
		l->pairs->scratch_used += value.len;
		value.data = copy;
	}
	if (last && str_eq(last->name, name) && value.len && last->value.data + last->value.len == value.data) {
		last->value.len += value.len;
		return OK;
	}
	return line_pair(l, name, value);
}

/* The value after '=': quoted, or up to a blank (or the quote that closes msg='…'). */
static enum code field(struct line *l, struct str name, bool execve, char closing)
{
	struct str value, base;
	bool argument = execve && is_argument(name, &base), quoted = false;
	size_t from = l->at;
	if (line_peek(l) == '"') {
		const char *close = memchr(l->text.data + from + 1, '"', l->text.len - from - 1);
		quoted = close != NULL;
		if (close) {
			value = (struct str){ l->text.data + from + 1, (size_t)(close - l->text.data) - from - 1 };
			l->at = (size_t)(close - l->text.data) + 1;
		}
	}
	if (!quoted) {
		while (!line_end(l) && (unsigned char)line_peek(l) > ' ' && (!closing || line_peek(l) != closing))
			l->at++;
		value = line_from(l, from);
	}
	if (!quoted && is_hex(value) && (argument || is_untrusted(name)))
		TRY(decoded(l, value, str_is(name, "proctitle"), &value));
	else if (!quoted && str_is(value, "(null)"))
		return OK;
	return argument && base.len < name.len ? piece(l, base, value) : line_pair(l, name, value);
}

/* Fields up to the end, or to `closing`. 0x1D stands before what auditd enriched a record with. */
static enum code fields(struct line *l, bool execve, char closing)
{
	while (!line_end(l)) {
		char c = line_peek(l);
		if (closing && c == closing) {
			l->at++;
			return OK;
		}
		if ((unsigned char)c <= ' ' || c == ',') {
			l->at++;
			continue;
		}
		size_t from = l->at;
		while (!line_end(l) && (unsigned char)line_peek(l) > ' ' && line_peek(l) != '=' && (!closing || line_peek(l) != closing))
			l->at++;
		struct str name = line_from(l, from);
		if (line_peek(l) != '=')
			continue; /* words such as "op=PAM: authentication" of old daemons: the pair ends at the blank */
		l->at++;
		if (!closing && str_is(name, "msg") && line_peek(l) == '\'') {
			l->at++;
			TRY(fields(l, false, '\''));
		} else if (name.len) {
			TRY(field(l, name, execve, closing));
		}
	}
	return OK;
}

/* "audit(" seconds "." milliseconds ":" serial "):" */
static enum code stamp(struct line *l)
{
	size_t from = l->at + 6;
	if (!str_starts(str_slice(l->text, l->at, l->text.len), STR("audit(")))
		return line_fault(l, l->at, "audit(");
	struct str rest = str_slice(l->text, from, l->text.len);
	int64_t colon = str_find(rest, ':'), close = str_find(rest, ')');
	if (colon <= 0 || close <= colon + 1)
		return line_fault(l, from, "seconds.milliseconds:serial)");
	TRY(line_pair(l, STR("timestamp"), str_slice(rest, 0, (size_t)colon)));
	TRY(line_pair(l, STR("serial"), str_slice(rest, (size_t)colon + 1, (size_t)close)));
	l->at = from + (size_t)close + 1;
	l->at += line_peek(l) == ':';
	return OK;
}

enum code auditd_parse(struct line *l)
{
	int64_t found = auditd_find(l->text);
	bool execve = false;
	if (found < 0)
		return line_fault(l, 0, "type=… msg=audit(…)");
	if (found > 0) {
		struct line head = *l;
		head.text = str_slice(l->text, 0, (size_t)found);
		TRY(syslog_parse_as(&head, "severity"));
	}
	l->at = (size_t)found;
	for (;;) {
		line_blanks(l);
		size_t from = l->at;
		while (!line_end(l) && line_peek(l) != '=' && line_peek(l) != ' ')
			l->at++;
		struct str name = line_from(l, from);
		if (!name.len || line_peek(l) != '=')
			return line_fault(l, l->at, "=");
		l->at++;
		if (str_is(name, "msg"))
			break;
		struct str value = line_word(l);
		execve = execve || (str_is(name, "type") && str_is(value, "EXECVE"));
		TRY(line_pair(l, name, value));
	}
	TRY(stamp(l));
	return fields(l, execve, '\0');
}

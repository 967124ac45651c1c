/* syslog lines: RFC 5424 with structured data, and RFC 3164 as it is really written (with or without priority, BSD or ISO 8601
 * times). Neighbours: line.h; cef.c and auditd.c use the header for lines carried by syslog. */
#include "format/line.h"
#include <string.h>

/* RFC 5424, 6.2.1, by the names syslog.conf(5) uses. */
static const char *const facilities[24] = { "kern",   "user",	"mail",	  "daemon", "auth",   "syslog", "lpr",	  "news",
					    "uucp",   "cron",	"authpriv", "ftp",  "ntp",    "audit",	"alert",  "clock",
					    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7" };
static const char *const severities[8] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 'd' a digit, 'a' a letter, 'b' a digit or a blank; the rest as it stands. */
static bool shaped(struct str text, const char *shape)
{
	size_t n = strlen(shape);
	if (text.len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = text.data[i], s = shape[i], low = (char)(c | 0x20);
		if (s == 'd' ? !is_digit(c) : s == 'a' ? low < 'a' || low > 'z' : s == 'b' ? c != ' ' && !is_digit(c) : c != s)
			return false;
	}
	return true;
}

bool syslog_time_bsd(struct str text)
{
	return shaped(text, "aaa bd dd:dd:dd");
}

bool syslog_time_iso(struct str text)
{
	return shaped(text, "dddd-dd-ddTdd:dd:dd");
}

/* "<" PRIVAL ">" with a value of 0 to 191 and no leading zero; without one the line begins with the header (RFC 3164, 4.3.3). */
static enum code priority(struct line *l, const char *severity, bool *ret)
{
	size_t at = l->at + 1, n = 0;
	unsigned value = 0;
	*ret = false;
	while (n < 3 && at + n < l->text.len && is_digit(l->text.data[at + n]))
		value = value * 10 + (unsigned)(l->text.data[at + n++] - '0');
	if (line_peek(l) != '<' || n == 0 || value > 191 || (n > 1 && l->text.data[at] == '0') || at + n >= l->text.len ||
	    l->text.data[at + n] != '>')
		return OK;
	*ret = true;
	l->at = at + n + 1;
	TRY(line_pair(l, STR("pri"), (struct str){ l->text.data + at, n }));
	TRY(line_pair(l, STR("facility"), str_of(facilities[value / 8])));
	return line_pair(l, str_of(severity), str_of(severities[value % 8]));
}

/* VERSION SP and a time or nil: what RFC 3164 never has there. */
static bool has_version(const struct line *l)
{
	size_t at = l->at, n = 0;
	while (n < 3 && at + n < l->text.len && is_digit(l->text.data[at + n]))
		n++;
	if (n == 0 || l->text.data[at] == '0' || at + n + 1 >= l->text.len || l->text.data[at + n] != ' ')
		return false;
	struct str rest = str_slice(l->text, at + n + 1, l->text.len);
	return syslog_time_iso(rest) || str_starts(rest, STR("- ")) || str_is(rest, "-");
}

static bool in_name(char c)
{
	return c > ' ' && c < 127 && c != '=' && c != ']' && c != '"';
}

static struct str sd_name(struct line *l)
{
	size_t from = l->at;
	while (in_name(line_peek(l)))
		l->at++;
	return line_from(l, from);
}

/* SP PARAM-NAME "=" %d34 PARAM-VALUE %d34 */
static enum code sd_param(struct line *l, struct str id)
{
	struct str value, name = sd_name(l);
	if (!name.len)
		return line_fault(l, l->at, "PARAM-NAME");
	if (line_peek(l) != '=')
		return line_fault(l, l->at, "=");
	l->at++;
	if (line_peek(l) != '"')
		return line_fault(l, l->at, "\"");
	l->at++;
	char *composed = scratch_room(l->pairs, id.len + 1 + name.len);
	if (!composed)
		return line_limit(l);
	memcpy(composed, id.data, id.len);
	composed[id.len] = '.';
	memcpy(composed + id.len + 1, name.data, name.len);
	l->pairs->scratch_used += id.len + 1 + name.len;
	if (!line_quoted(l, '"', QUOTING_PLAIN, ']', &value))
		return line_fault(l, l->text.len, "\"");
	return line_pair(l, (struct str){ composed, id.len + 1 + name.len }, value);
}

/* NILVALUE / 1*("[" SD-ID *(SP SD-PARAM) "]") */
static enum code structured_data(struct line *l)
{
	if (line_peek(l) == '-') {
		l->at++;
		return OK;
	}
	if (line_peek(l) != '[')
		return line_fault(l, l->at, "STRUCTURED-DATA");
	while (line_peek(l) == '[') {
		l->at++;
		struct str id = sd_name(l);
		if (!id.len)
			return line_fault(l, l->at, "SD-ID");
		while (line_peek(l) == ' ') {
			l->at++;
			TRY(sd_param(l, id));
		}
		if (line_peek(l) != ']')
			return line_fault(l, l->at, "]");
		l->at++;
	}
	return OK;
}

static struct str rest_of(struct line *l)
{
	struct str rest = str_slice(l->text, l->at, l->text.len);
	l->at = l->text.len;
	return rest;
}

/* VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA [SP MSG]; lengths and the digits of the time
 * are not held against a sender: a line refused is a line no rule sees. */
static enum code rfc5424(struct line *l)
{
	static const char *const names[] = { "version", "timestamp", "hostname", "app_name", "proc_id", "msg_id" };
	static const char *const terms[] = { "VERSION", "TIMESTAMP", "HOSTNAME", "APP-NAME", "PROCID", "MSGID" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct str word = line_word(l);
		if (!word.len)
			return line_fault(l, l->at, terms[i]);
		if (line_peek(l) != ' ')
			return line_fault(l, l->at, "SP");
		l->at++;
		TRY(line_pair_unless_nil(l, str_of(names[i]), word));
	}
	TRY(structured_data(l));
	if (line_end(l))
		return OK;
	if (line_peek(l) != ' ')
		return line_fault(l, l->at, "SP");
	l->at++;
	struct str message = rest_of(l);
	if (str_starts(message, STR("\xEF\xBB\xBF")))
		message = str_slice(message, 3, message.len);
	return message.len ? line_pair(l, STR("message"), message) : OK;
}

/* TAG with its [PID] and the colon; what is not one stays part of the message. */
static enum code tag(struct line *l)
{
	size_t from = l->at, at = from, end, pid = 0, pid_end = 0;
	const char *text = l->text.data;
	while (at < l->text.len && (unsigned char)text[at] > ' ' && text[at] != ':' && text[at] != '[' && at - from < 64)
		at++;
	end = at;
	if (at < l->text.len && text[at] == '[') {
		for (pid = pid_end = at + 1; pid_end < l->text.len && text[pid_end] != ']' && text[pid_end] != ' ';)
			pid_end++;
		if (pid_end >= l->text.len || text[pid_end] != ']')
			return OK;
		at = pid_end + 1;
	}
	if (end == from || at >= l->text.len || text[at] != ':')
		return OK;
	l->at = at + 1;
	TRY(line_pair(l, STR("app_name"), (struct str){ text + from, end - from }));
	if (pid_end > pid)
		TRY(line_pair(l, STR("proc_id"), (struct str){ text + pid, pid_end - pid }));
	return OK;
}

/* TIMESTAMP SP HOSTNAME SP TAG CONTENT. Devices put a year or a zone after the time, or leave the host out: a word that ends
 * with ':' or has a [PID] is a tag, not a host. */
static enum code rfc3164(struct line *l)
{
	struct str rest = str_slice(l->text, l->at, l->text.len);
	bool bsd = syslog_time_bsd(rest);
	if (bsd || syslog_time_iso(rest)) {
		size_t from = l->at;
		if (bsd)
			l->at += 15;
		struct str tail = line_word(l); /* ".123", or the whole of an ISO time */
		TRY(line_pair(l, STR("timestamp"), bsd && tail.len && tail.data[0] != '.' ? (struct str){ l->text.data + from, 15 }
											  : line_from(l, from)));
		line_blanks(l);
		from = l->at;
		struct str host = line_word(l);
		if (!host.len || host.data[host.len - 1] == ':' || str_find(host, '[') >= 0)
			l->at = from;
		else
			TRY(line_pair_unless_nil(l, STR("hostname"), host));
		line_blanks(l);
		TRY(tag(l));
		line_blanks(l);
	}
	struct str message = rest_of(l);
	return message.len ? line_pair(l, STR("message"), message) : OK;
}

enum code syslog_parse_as(struct line *l, const char *severity)
{
	bool found;
	TRY(priority(l, severity, &found));
	return found && has_version(l) ? rfc5424(l) : rfc3164(l);
}

enum code syslog_parse(struct line *l)
{
	return syslog_parse_as(l, "severity");
}

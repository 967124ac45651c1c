/* What the parsers of lines share: adding pairs, the scratch for decoded values, faults told with their place.
 * Neighbours: format.c chooses among the parsers; each has a file of its own. */
#pragma once
#include "event/format.h"

/* One line being read. */
struct line {
	struct str text; /* valid UTF-8, without its line end */
	size_t at;       /* how far it has been read */
	const char *format;
	struct event_pairs *pairs;
	struct error *error; /* or NULL */
};

enum code line_pair(struct line *l, struct str name, struct str value);
/* As line_pair, but an empty value or the nil "-" of syslog gives nothing. */
enum code line_pair_unless_nil(struct line *l, struct str name, struct str value);
/* E_INVALID: `expected` (a term of the format's own grammar) did not stand at byte `at`. */
enum code line_fault(const struct line *l, size_t at, const char *expected);
enum code line_limit(const struct line *l);

static inline bool line_end(const struct line *l) { return l->at >= l->text.len; }
static inline char line_peek(const struct line *l) { return l->at < l->text.len ? l->text.data[l->at] : '\0'; }
static inline struct str line_from(const struct line *l, size_t from)
{
	return (struct str){ l->text.data + from, l->at - from };
}
void line_blanks(struct line *l);
/* Everything up to the next blank or the end. */
struct str line_word(struct line *l);

/* Room at the end of the scratch, at least what the format can still need of it; NULL when it is used up. The writer adds
 * what it wrote to scratch_used. */
char *scratch_room(struct event_pairs *pairs, size_t len);
/* Reads what follows an opening quote up to the same quote into *ret, without its backslashes (\n \r \t become what they
 * mean when `escapes`, else the backslash stays unless a quote, a backslash or `also` follows). False when it is never closed:
 * then l->at stays. */
enum quoting { QUOTING_LETTERS, QUOTING_PLAIN };
bool line_quoted(struct line *l, char quote, enum quoting quoting, char also, struct str *ret);

enum code syslog_parse(struct line *l);
/* The header alone with `severity` as the name of the severity, for formats carried by syslog. */
enum code syslog_parse_as(struct line *l, const char *severity);
/* True when the text begins as RFC 3164 writes a time. */
bool syslog_time_bsd(struct str text);
/* True for "2003-10-11T22:14:15…" */
bool syslog_time_iso(struct str text);
enum code cef_parse(struct line *l);
/* Where "CEF:" and a digit stand, or -1. */
int64_t cef_find(struct str text);
enum code logfmt_parse(struct line *l);
enum code key_value_parse(struct line *l);
enum code auditd_parse(struct line *l);
/* Where "type=" of a record or a "node=" before it stands, or -1. */
int64_t auditd_find(struct str text);

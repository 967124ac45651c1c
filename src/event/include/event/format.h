/* Lines of logs that are not JSON, read into named values: bytes in, pairs out, nothing else touched. Each format has its
 * parser in format/ and takes one line without its line end. Neighbours: rules read the pairs by name; JSON has its own
 * reader that looks only at the members some rule wants.
 *
 * Names of the pairs, by format (a value that the line leaves out or writes as nil gives no pair):
 *   syslog     pri facility severity version timestamp hostname app_name proc_id msg_id message, and for structured data
 *              <SD-ID>.<PARAM-NAME>; facility and severity are the words of the RFCs (auth, crit). RFC 5424 and 3164 are told
 *              apart by the version after the priority; what follows neither (RFC 3164, 4.3.3) is all message.
 *   CEF        cefVersion deviceVendor deviceProduct deviceVersion deviceEventClassId name severity, then the keys of the
 *              extension as they stand; a syslog header before "CEF:" gives the names of syslog (but pri_severity).
 *   logfmt     the keys; a key without a value has the value "true".
 *   key=value  the keys; words between that are not pairs are passed over (iptables, FortiGate and their like).
 *   auditd     type timestamp serial and the fields, those inside msg='…' included; what the kernel wrote in hexadecimal
 *              because of blanks or quotes is decoded; proctitle has blanks for its NULs; the pieces aN[0] aN[1] … of one long
 *              argument are joined as aN. */
#pragma once
#include "base/error.h"
#include "base/str.h"

/* One named value of an event, both views into the line or the scratch. */
struct event_pair {
	struct str name;
	struct str value;
};

/* What one line gave, in its order; a name can be there more than once. One per thread, used line after line. */
struct event_pairs {
	struct event_pair *items;
	size_t count, cap;
	char *scratch; /* decoded values and composed names of this line */
	size_t scratch_used, scratch_cap;
};

enum event_format { EVENT_JSON, EVENT_SYSLOG, EVENT_CEF, EVENT_LOGFMT, EVENT_KEY_VALUE, EVENT_AUDITD };
#define EVENT_FORMATS 6
/* Ceilings of a line: reaching one is E_LIMIT. */
#define EVENT_PAIRS_MOST 4096
#define EVENT_LINE_MOST ((size_t)16 << 20)

void event_pairs_init(struct event_pairs *pairs);
void event_pairs_done(struct event_pairs *pairs);

/* Reads one line, without allocating once the longest line has been seen. Bytes that are not UTF-8 read as U+FFFD, so that one
 * such byte does not hide a line from the rules. The pairs live until the next call with the same `pairs` or the line's end of life. E_INVALID with
 * what was expected where, E_LIMIT at a ceiling; `e` may be NULL, which costs nothing on bad lines. EVENT_JSON is not for here: E_INVALID. */
enum code event_format_parse(enum event_format format, struct str line, struct event_pairs *pairs, struct error *e);
/* Tells a line's format from its first bytes. */
enum event_format event_format_guess(struct str line);
/* "json", "syslog", "cef", "logfmt", "key-value", "auditd". */
const char *event_format_name(enum event_format format);
/* The format of that name; false when there is none. */
bool event_format_named(struct str name, enum event_format *ret);

/* Errors as a chain: the first frame fixes the code, each caller may add what it was doing. Messages
 * are msgids with named places ("{field} must be at most {max}"), so that they can be told in the
 * reader's language later (catalog.h). Callers branch on the code, never on text.
 *
 * Use:  return error_fail(e, E_INVALID, N_("No such kind: {kind}"), {"kind", name});
 *       TRY(store_exec(...));                       passes a failure on
 *       error_field(e, STR("/serial"), N_("is required"));  collects, all at once
 */
#pragma once
#include "base/str.h"

struct arena;

enum code {
	OK,
	E_INVALID,   /* what was asked makes no sense as it stands: 400/422, exit 2 */
	E_DENIED,    /* not allowed, or not signed in: 403/401, exit 3 */
	E_NOT_FOUND, /* 404, exit 4 */
	E_CONFLICT,  /* changed meanwhile, or already there: 409/412, exit 5 */
	E_BUSY,      /* try again later: 503, exit 6 */
	E_LIMIT,     /* a ceiling was reached: 413/429/504, exit 7 */
	E_NOMEM,     /* 503, exit 8 */
	E_IO,        /* disk, network or database failed: 503, exit 8 */
	E_INTERNAL   /* our bug: 500, exit 9 */
};

/* "invalid", "denied" …; stable, used in problem types and metrics. */
const char *code_name(enum code code);

/* Marks a text for translation; tools/messages collects these. */
#define N_(msgid) msgid

struct error_arg {
	const char *name;
	struct str value; /* copied */
};

struct error_frame {
	const struct error_frame *next; /* what the caller was doing, outermost last */
	const char *msgid;
	const struct error_arg *args; /* ends with name == NULL */
	struct str hint;              /* internal detail for the log only, never shown to people */
};

struct error_item { /* one wrong field */
	const struct error_item *next;
	struct str pointer; /* JSON Pointer (RFC 6901) into the input */
	const char *msgid;
	const struct error_arg *args;
};

/* Owned by whoever starts the work; memory comes from `arena`, which must outlive it. */
struct error {
	struct arena *arena;
	enum code code;
	unsigned detail;                 /* finer meaning within a code: enum error_detail */
	const struct error_frame *frame; /* first (innermost) frame */
	const struct error_item *items;  /* in the order found */
};

enum error_detail { /* what HTTP needs to tell apart within a code */
	DETAIL_NONE,
	DETAIL_UNAUTHENTICATED, /* E_DENIED: sign in first (401) */
	DETAIL_PRECONDITION,    /* E_CONFLICT: If-Match failed (412) */
	DETAIL_TOO_LARGE,       /* E_LIMIT: 413 */
	DETAIL_RATE,            /* E_LIMIT: 429 */
	DETAIL_TIMEOUT,         /* E_LIMIT: 504 */
	DETAIL_UNPROCESSABLE,   /* E_INVALID: well-formed but wrong fields (422) */
	DETAIL_METHOD,          /* E_INVALID: 405 */
	DETAIL_MEDIA_TYPE       /* E_INVALID: 415 */
};

void error_init(struct error *e, struct arena *arena);
/* Forgets everything said so far (memory stays with the arena). */
void error_clear(struct error *e);

/* Starts the chain; answers `code`, so it can be returned. When the chain was already started the
 * old one is replaced; wrong fields noted so far stay only under E_INVALID. `e` may be NULL: then only the
 * code is answered. When memory is short the code stands and the words are "out of memory". */
enum code error_fail_(struct error *e, enum code code, const char *msgid, const struct error_arg *args);
#define ERROR_ARGS_(...) ((const struct error_arg[]){ __VA_ARGS__ __VA_OPT__(, ) { 0 } })
#define error_fail(e, code, msgid, ...) error_fail_((e), (code), (msgid), ERROR_ARGS_(__VA_ARGS__))
/* Adds what the caller was doing; answers the chain's code. */
enum code error_while_(struct error *e, const char *msgid, const struct error_arg *args);
#define error_while(e, msgid, ...) error_while_((e), (msgid), ERROR_ARGS_(__VA_ARGS__))
/* Notes a wrong field and sets the code to E_INVALID / DETAIL_UNPROCESSABLE (a chain that says E_CONFLICT keeps that); at most 100 are kept.
 * Answers E_INVALID. */
enum code error_field_(struct error *e, struct str pointer, const char *msgid, const struct error_arg *args);
#define error_field(e, pointer, msgid, ...) error_field_((e), (pointer), (msgid), ERROR_ARGS_(__VA_ARGS__))
/* Sets the finer meaning; answers the code. */
enum code error_detail(struct error *e, enum error_detail detail);
/* Attaches internal detail (an SQL message, errno text) for the log to the newest frame. */
enum code error_hint(struct error *e, struct str hint);
enum code error_nomem(struct error *e);
/* E_IO with strerror(errno) as hint and the path as an argument of the message. */
enum code error_errno(struct error *e, const char *doing_msgid, struct str path);

/* English text of the whole chain with hints, for logs and command lines without a catalogue. */
struct str error_text(const struct error *e, struct arena *arena);

#define TRY(expr)                                                                                  \
	do {                                                                                       \
		enum code code_ = (expr);                                                          \
		if (code_ != OK)                                                                   \
			return code_;                                                              \
	} while (0)

/* Reading JSON (RFC 8259, restricted as I-JSON, RFC 7493: no duplicate names, valid UTF-8). simdjson
 * behind a small C face; the result is an immutable tree in the caller's arena. */
#pragma once
#include "base/error.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_INT, JSON_REAL, JSON_TEXT, JSON_LIST, JSON_OBJECT };

struct json_member;

struct json {
	enum json_type type;
	union {
		bool boolean;
		int64_t integer; /* whole numbers outside int64 come as JSON_REAL */
		double real;
		struct str text;
		struct {
			const struct json *items;
			size_t count;
		} list;
		struct {
			const struct json_member *members; /* in input order */
			size_t count;
		} object;
	};
};

struct json_member {
	struct str name;
	struct json value;
};

struct json_limits {
	size_t bytes; /* 0: 8 MiB */
	size_t depth; /* 0: 64; at most 1,024 */
	size_t nodes; /* 0: 1,000,000 */
};

/* Parses one document. Errors: E_INVALID with line and column (a number past every double is one, a name that stands
 * twice another); E_LIMIT. `text` need not be padded or outlive the call. Texts in the tree are NUL-terminated, and may
 * hold NUL themselves. Thread-safe (a parser per thread is kept inside). */
enum code json_parse(struct arena *arena, struct str text, const struct json_limits *limits,
		     const struct json **ret, struct error *e);
/* NULL when `j` is no object or has no such member. */
const struct json *json_get(const struct json *j, struct str name);
/* Follows a JSON Pointer (RFC 6901); NULL when it leads nowhere. */
const struct json *json_at(const struct json *j, struct str pointer);
/* Text of a member, or STR_NONE. */
struct str json_text(const struct json *j, struct str name);
int64_t json_int(const struct json *j, struct str name, int64_t otherwise);
bool json_bool(const struct json *j, struct str name, bool otherwise);
/* The order of names does not matter; 1 and 1.0 differ. */
bool json_equal(const struct json *a, const struct json *b);

/* Writing JSON into a buffer. Commas are the writer's business; nesting is checked by assertion.
 * The output is compact, names in the order written, text escaped as RFC 8259 asks. */
#pragma once
#include "base/buf.h"

struct json;

struct json_writer {
	struct buf *out;
	size_t depth;    /* objects and lists open */
	bool comma;      /* the next name or value needs one before it */
	bool after_name;
};

void json_writer_init(struct json_writer *w, struct buf *out);
void json_object(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_list(struct json_writer *w);
void json_list_end(struct json_writer *w);
/* `name` is written escaped. */
void json_name(struct json_writer *w, struct str name);
void json_put_text(struct json_writer *w, struct str s);
void json_put_int(struct json_writer *w, int64_t n);
/* A 64-bit id as a decimal string, since JavaScript's numbers stop at 2^53. */
void json_put_id(struct json_writer *w, int64_t id);
/* The shortest digits that read back as the same number, and as JSON_REAL: 5.0 stays "5.0". NaN and infinities become
 * null. */
void json_put_real(struct json_writer *w, double n);
void json_put_bool(struct json_writer *w, bool b);
void json_put_null(struct json_writer *w);
/* Bytes that already are one JSON value. */
void json_put_raw(struct json_writer *w, struct str json);
/* At any depth that json_parse() lets in. */
void json_put_tree(struct json_writer *w, const struct json *j);
/* Bytes as base64 text (RFC 4648 §4). */
void json_put_base64(struct json_writer *w, const void *data, size_t len);
/* name + value at once, for string literals. */
#define json_member_text(w, name, s) (json_name((w), STR(name)), json_put_text((w), (s)))
#define json_member_int(w, name, n) (json_name((w), STR(name)), json_put_int((w), (n)))
#define json_member_id(w, name, n) (json_name((w), STR(name)), json_put_id((w), (n)))
#define json_member_bool(w, name, b) (json_name((w), STR(name)), json_put_bool((w), (b)))

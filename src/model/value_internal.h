/* What decoding from JSON and from text share. Neighbours: value_json.c, value_text.c, value_shapes.c. */
#pragma once
#include "base/arena.h"
#include "model/value.h"
#include "pattern.h"

/* Where a value stands: a chain that becomes a JSON Pointer only when there is a fault to tell. */
struct place {
	const struct place *up;
	struct str pointer; /* of the outermost place */
	struct str name;    /* of a member; data == NULL: an item, see index */
	size_t index;
};

struct decoder {
	struct arena *arena;
	struct error *e;
};

/* Notes a wrong value at the place; answers E_INVALID, or E_NOMEM. */
enum code value_fault_(struct decoder *d, const struct place *at, const char *msgid, const struct error_arg *args);
#define value_fault(d, at, msgid, ...) value_fault_((d), (at), (msgid), ERROR_ARGS_(__VA_ARGS__))

/* From text to the value of each type; the text is trimmed, not empty and valid UTF-8. */
enum code text_decode(struct decoder *d, const struct field *f, struct str s, const struct place *at, struct value *ret);
enum code choice_decode(struct decoder *d, const struct field *f, struct str s, const struct place *at, struct value *ret);
enum code id_decode(struct decoder *d, struct str s, const struct place *at, int64_t *ret);
enum code range_check(struct decoder *d, const struct field *f, int64_t n, const struct place *at);
enum code refs_check(struct decoder *d, const int64_t *ids, size_t count, const struct place *at);
enum code money_decode(struct decoder *d, const struct field *f, struct str amount, struct str currency,
		       const struct place *at, struct value *ret);

/* value_shapes.c: values that are JSON themselves; the result is compact text in the arena. */
enum code geo_decode(struct decoder *d, const struct json *j, const struct place *at, struct value *ret);
enum code file_decode(struct decoder *d, const struct json *j, const struct place *at, struct value *ret);
enum code json_decode(struct decoder *d, const struct field *f, const struct json *j, const struct place *at,
		      struct value *ret);
enum code local_decode(struct decoder *d, const struct field *f, const struct json *j, const struct place *at,
		       struct value *ret);
/* Deeper than `most` levels of lists and objects? */
bool json_deeper(const struct json *j, unsigned most);
/* A member no table knows: a fault at its place. */
enum code fault_member(struct decoder *d, const struct place *at, struct str name);

enum code value_decode(struct decoder *d, const struct field *f, const struct json *j, const struct place *at,
		       struct value *ret);

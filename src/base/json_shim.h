/* The seam between json.c and json.cpp: plain structs laid out as struct json of base/json.h (checked in json.c).
 * C++ cannot read that header's anonymous members the way C does, so they are named again here. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shim_type { SHIM_NULL, SHIM_BOOL, SHIM_INT, SHIM_REAL, SHIM_TEXT, SHIM_LIST, SHIM_OBJECT };
enum shim_fault { SHIM_OK, SHIM_SYNTAX, SHIM_NUMBER, SHIM_DEPTH, SHIM_NODES, SHIM_NOMEM };

struct shim_member;
struct shim_json {
	int type;
	union {
		bool boolean;
		int64_t integer;
		double real;
		struct {
			const char *data;
			size_t len;
		} text;
		struct {
			const struct shim_json *items;
			size_t count;
		} list;
		struct {
			const struct shim_member *members;
			size_t count;
		} object;
	};
};
struct shim_member {
	const char *name;
	size_t name_len;
	struct shim_json value;
};

#ifdef __cplusplus
extern "C" {
#endif
struct arena;
/* Answers an enum shim_fault. SHIM_NUMBER: a number is malformed, or one that simdjson cannot hold. */
int shim_parse(struct arena *arena, const char *text, size_t len, size_t depth, size_t nodes, struct shim_json *ret);
/* The shortest digits that read back as the same finite number, whatever the locale; at most 25 bytes, no NUL. */
size_t shim_real(double n, char out[32]);
/* Is a number, written as JSON has it and not near 0, past every double? */
bool shim_overflows(const char *text, size_t len);
#ifdef __cplusplus
}
#endif

/* String views: a pointer and a length, owned by someone else. NUL-terminated text exists only at
 * a library's door. All text inside the program is UTF-8, validated on the way in (utf8.h). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *data;
	size_t len;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_NONE ((struct str){ 0 })
/* For printf: "%.*s", STR_ARG(s) */
#define STR_ARG(s) (int)(s).len, (s).data

/* View of a NUL-terminated text; NULL gives an empty view. */
struct str str_of(const char *text);
static inline bool str_empty(struct str s) { return s.len == 0; }
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *text);
/* ASCII only. */
bool str_eq_nocase(struct str a, struct str b);
/* Bytewise order, as memcmp then length: <0, 0, >0. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Index of the first `c`, or -1. */
int64_t str_find(struct str s, char c);
int64_t str_find_str(struct str s, struct str needle);
struct str str_slice(struct str s, size_t from, size_t to);
struct str str_trim(struct str s);
/* Takes the part before the first `separator` off the front of *rest (all of it when there is
 * none) into *ret_part. False when *rest was already used up (data == NULL). */
bool str_cut(struct str *rest, char separator, struct str *ret_part) __attribute__((warn_unused_result));
/* The same for who takes what there is: the part, or STR_NONE when *rest was used up. */
struct str str_take(struct str *rest, char separator);
/* Whole view must be the number: optional '-', digits, in range. */
bool str_int(struct str s, int64_t *ret);
/* Differs from one run of the program to the next, so that nobody can choose texts that collide: never store it. */
uint64_t str_hash(struct str s);

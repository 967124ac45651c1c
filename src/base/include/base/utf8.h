/* UTF-8 (RFC 3629): checked once on the way in, then trusted. */
#pragma once
#include "base/str.h"

/* Rejects overlong forms, surrogates, values past U+10FFFF. */
bool utf8_valid(struct str s);
/* Code points in valid text. */
size_t utf8_length(struct str s);
/* Takes the first code point off *s; false at the end. On invalid bytes *ret is U+FFFD and one byte goes. */
bool utf8_next(struct str *s, uint32_t *ret);
/* Writes 1–4 bytes, answers how many. What is no code point is written as U+FFFD. */
size_t utf8_encode(uint32_t code_point, char out[4]);
/* True when the text has C0/C1 control characters other than tab, newline, carriage return. */
bool utf8_has_controls(struct str s);
/* The longest valid prefix of at most `max` bytes that does not cut a code point. */
struct str utf8_clip(struct str s, size_t max);

/* A growing byte buffer with a ceiling. Its failure is sticky: append as much as you like, then ask
 * buf_ok() once. Neighbours: json_write.h writes into one. */
#pragma once
#include "base/str.h"

struct buf {
	char *data;
	size_t len, cap, max; /* max: ceiling in bytes */
	bool failed;          /* out of memory or past the ceiling; contents are then incomplete */
	bool full;            /* of a failure: it was the ceiling */
};

/* No memory is taken until the first append. max 0 means 64 MiB. */
void buf_init(struct buf *b, size_t max);
void buf_done(struct buf *b);
/* Empties, keeps the memory, forgets a failure. */
void buf_clear(struct buf *b);
static inline bool buf_ok(const struct buf *b) { return !b->failed; }
static inline struct str buf_str(const struct buf *b) { return (struct str){ b->data, b->len }; }
void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_str(struct buf *b, struct str s);
void buf_add_text(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_add_int(struct buf *b, int64_t n);
void buf_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `len` more bytes at data+len (caller then adds to len); NULL on failure. */
char *buf_room(struct buf *b, size_t len);
/* Takes the bytes as heap memory (mem_free); the buffer is empty after. */
char *buf_take(struct buf *b, size_t *ret_len);

static inline void buf_cleanup_(struct buf *b) { buf_done(b); }
#define CLEAN_BUF __attribute__((cleanup(buf_cleanup_)))

/* Memory by lifetime: one arena per call, freed whole. Never ambient, always passed.
 * Neighbours: mem.h gives the blocks, str.h the views that point into it. */
#pragma once
#include "base/str.h"
#include <stdarg.h>

struct arena;

/* An arena that refuses to grow past `max` bytes (0: 64 MiB). NULL when out of memory. */
struct arena *arena_new(size_t max);
void arena_free(struct arena *a);
/* Empties it and keeps its first block, for the next call. */
void arena_reset(struct arena *a);
/* Bytes handed out since it was made or reset. */
size_t arena_used(const struct arena *a);

/* Zeroed, aligned to 16 bytes. NULL at the ceiling or when out of memory: turn that into
 * error_nomem(). */
void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t count, size_t size);
/* The same, but not zeroed: for what is written at once, as texts are. */
void *arena_room(struct arena *a, size_t size);
#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, count, type) ((type *)arena_array((a), (count), sizeof(type)))

/* Copies; the copy is also NUL-terminated. On failure the view's data is NULL. */
struct str arena_copy(struct arena *a, struct str s);
/* printf into the arena; on failure data is NULL. */
struct str arena_format(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void arena_cleanup_(struct arena **a) { arena_free(*a); }
#define CLEAN_ARENA __attribute__((cleanup(arena_cleanup_)))

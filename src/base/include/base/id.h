/* Record ids: 63 bits, time-ordered, prefixed by the node, so that nodes never collide and indexes grow
 * at their right edge:  node (10 bits) | milliseconds since 2024-01-01 (41) | worker and count (12).
 * In JSON and URLs an id is its decimal digits as text. */
#pragma once
#include "base/clock.h"

struct id_source; /* thread-safe */

/* `worker` (0–15) tells apart processes that share a node's database. */
struct id_source *id_source_new(unsigned node, unsigned worker, const struct clock *clock);
void id_source_free(struct id_source *s);
/* Goes on under another worker number; see to id_floor() first. */
void id_worker(struct id_source *s, unsigned worker);
/* Strictly increasing within a source, also when the clock steps back. Never fails. */
int64_t id_next(struct id_source *s);
/* From now on every id is later than `id`, whatever the clock says: told of the newest id that is kept, a program whose
 * clock stands behind repeats none. Ids of another node change nothing. */
void id_floor(struct id_source *s, int64_t id);
/* The first and the last id that a node can make. */
void id_range(unsigned node, int64_t *ret_first, int64_t *ret_last);
unsigned id_node(int64_t id);
int64_t id_time(int64_t id); /* microseconds since 1970, to the millisecond */
bool id_parse(struct str s, int64_t *ret);

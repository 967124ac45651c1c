/* Hash map from text to pointer. Keys are views: the caller keeps their bytes alive. Iteration is in
 * insertion order, so that everything generated from a map is deterministic. Seeded, so that hostile
 * keys cannot make it slow. */
#pragma once
#include "base/str.h"

struct map;
struct map *map_new(void);
void map_free(struct map *m); /* values are the caller's */
size_t map_count(const struct map *m);
/* NULL when absent. */
void *map_get(const struct map *m, struct str key);
bool map_has(const struct map *m, struct str key);
/* Puts or replaces; false when out of memory. */
bool map_put(struct map *m, struct str key, void *value);
/* True when it was there. The place stays, so iteration indexes do not shift; a later map_put() of a new key may close
 * removed places up, keeping the order. */
bool map_remove(struct map *m, struct str key);
/* Iteration: i from 0 up to map_slots(); removed places answer false. */
size_t map_slots(const struct map *m);
bool map_at(const struct map *m, size_t i, struct str *ret_key, void **ret_value);

/* The same from 64-bit id to 64-bit number or index. */
struct idmap;
struct idmap *idmap_new(void);
void idmap_free(struct idmap *m);
size_t idmap_count(const struct idmap *m);
bool idmap_get(const struct idmap *m, int64_t id, int64_t *ret);
bool idmap_put(struct idmap *m, int64_t id, int64_t value);

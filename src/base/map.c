/* Hash maps: entries in insertion order, and an open-addressed table of places in them, at most half full.
 * Hashes are seeded from the operating system (str.c), so that nobody can choose keys that collide. */
#include "base/map.h"
#include "base/mem.h"
#include "hash.h"
#include <string.h>

struct entry {
	struct str key; /* data == NULL: removed */
	uint64_t hash;
	void *value;
};

struct map {
	struct entry *entries;
	uint32_t *table; /* place in entries + 1; 0: free */
	size_t slots, room, live, mask;
};

struct map *map_new(void)
{
	return mem_new(sizeof(struct map));
}

void map_free(struct map *m)
{
	if (!m)
		return;
	mem_free(m->entries);
	mem_free(m->table);
	mem_free(m);
}

size_t map_count(const struct map *m)
{
	return m->live;
}

static struct entry *find(const struct map *m, struct str key, uint64_t hash)
{
	if (!m->table)
		return NULL;
	for (size_t i = hash & m->mask; m->table[i]; i = (i + 1) & m->mask) {
		struct entry *e = &m->entries[m->table[i] - 1];
		if (e->hash == hash && e->key.data && str_eq(e->key, key))
			return e;
	}
	return NULL;
}

void *map_get(const struct map *m, struct str key)
{
	struct entry *e = find(m, key, str_hash(key));
	return e ? e->value : NULL;
}

bool map_has(const struct map *m, struct str key)
{
	return find(m, key, str_hash(key)) != NULL;
}

static void table_put(struct map *m, size_t place)
{
	size_t i = m->entries[place].hash & m->mask;
	while (m->table[i])
		i = (i + 1) & m->mask;
	m->table[i] = (uint32_t)place + 1;
}

/* Closes up the places of removed entries and puts the rest into the (empty) table. */
static void close_up(struct map *m)
{
	size_t kept = 0;
	for (size_t i = 0; i < m->slots; i++)
		if (m->entries[i].key.data)
			m->entries[kept++] = m->entries[i];
	m->slots = kept;
	for (size_t i = 0; i < kept; i++)
		table_put(m, i);
}

/* Makes room for one more; where half of the entries are removed ones, that is room enough. */
static bool grow(struct map *m)
{
	if (m->room && m->live <= m->room / 2) {
		memset(m->table, 0, (m->mask + 1) * sizeof *m->table);
		close_up(m);
		return true;
	}
	size_t room = m->room ? m->room * 2 : 16;
	if (room > UINT32_MAX / 4)
		return false;
	struct entry *entries = mem_grow(m->entries, room * sizeof *entries);
	if (!entries)
		return false;
	m->entries = entries;
	uint32_t *table = mem_array(room * 2, sizeof *table);
	if (!table)
		return false;
	mem_free(m->table);
	m->table = table;
	m->room = room;
	m->mask = room * 2 - 1;
	close_up(m);
	return true;
}

bool map_put(struct map *m, struct str key, void *value)
{
	uint64_t hash = str_hash(key);
	struct entry *e = find(m, key, hash);
	if (e) {
		e->value = value;
		return true;
	}
	if (m->slots == m->room && !grow(m))
		return false;
	if (!key.data)
		key.data = "";
	m->entries[m->slots] = (struct entry){ key, hash, value };
	table_put(m, m->slots++);
	m->live++;
	return true;
}

bool map_remove(struct map *m, struct str key)
{
	struct entry *e = find(m, key, str_hash(key));
	if (!e)
		return false;
	e->key = STR_NONE;
	e->value = NULL;
	m->live--;
	return true;
}

size_t map_slots(const struct map *m)
{
	return m->slots;
}

bool map_at(const struct map *m, size_t i, struct str *ret_key, void **ret_value)
{
	if (i >= m->slots || !m->entries[i].key.data)
		return false;
	*ret_key = m->entries[i].key;
	*ret_value = m->entries[i].value;
	return true;
}

/* --- ids ------------------------------------------------------------------------------------------ */

struct idmap {
	struct pair {
		int64_t id, value;
		bool used;
	} *pairs;
	size_t count, room;
	uint64_t seed;
};

struct idmap *idmap_new(void)
{
	struct idmap *m = mem_new(sizeof *m);
	if (m)
		m->seed = str_hash(STR("idmap"));
	return m;
}

void idmap_free(struct idmap *m)
{
	if (m)
		mem_free(m->pairs);
	mem_free(m);
}

size_t idmap_count(const struct idmap *m)
{
	return m->count;
}

static struct pair *place_of(const struct idmap *m, int64_t id)
{
	size_t i = hash_fold((uint64_t)id ^ m->seed, UINT64_C(0x9fb21c651e98df25)) & (m->room - 1);
	while (m->pairs[i].used && m->pairs[i].id != id)
		i = (i + 1) & (m->room - 1);
	return &m->pairs[i];
}

bool idmap_get(const struct idmap *m, int64_t id, int64_t *ret)
{
	if (!m->room)
		return false;
	struct pair *p = place_of(m, id);
	if (p->used)
		*ret = p->value;
	return p->used;
}

static bool idmap_grow(struct idmap *m)
{
	struct idmap bigger = { .room = m->room ? m->room * 2 : 16, .seed = m->seed };
	bigger.pairs = mem_array(bigger.room, sizeof *bigger.pairs);
	if (!bigger.pairs)
		return false;
	for (size_t i = 0; i < m->room; i++)
		if (m->pairs[i].used)
			*place_of(&bigger, m->pairs[i].id) = m->pairs[i];
	mem_free(m->pairs);
	m->pairs = bigger.pairs;
	m->room = bigger.room;
	return true;
}

bool idmap_put(struct idmap *m, int64_t id, int64_t value)
{
	struct pair *p = m->room ? place_of(m, id) : NULL;
	if (!p || (!p->used && m->count * 2 >= m->room)) {
		if (!idmap_grow(m))
			return false;
		p = place_of(m, id);
	}
	m->count += !p->used;
	*p = (struct pair){ id, value, true };
	return true;
}

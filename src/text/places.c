/* Places: each pair of kind and entity once, numbered as they come. Neighbours: build.c and merge.c number documents' places. */
#include "base/mem.h"
#include "segment.h"

static uint64_t hash_place(const struct segment_place *p)
{
	uint64_t n = ((uint64_t)p->entity * 1021 + (uint64_t)p->kind) * UINT64_C(0x9e3779b97f4a7c15);
	return n ^ n >> 32;
}

void places_done(struct places *p)
{
	mem_free(p->items);
	mem_free(p->table);
	*p = (struct places){ 0 };
}

void places_clear(struct places *p)
{
	for (size_t i = 0; i < p->room; i++)
		p->table[i] = 0;
	p->count = 0;
}

static bool grow(struct places *p)
{
	size_t room = p->room ? p->room * 2 : 64;
	uint32_t *table = mem_array(room, sizeof *table);
	struct segment_place *items = mem_grow(p->items, room / 2 * sizeof *items);
	if (items)
		p->items = items;
	if (!table || !items) {
		mem_free(table);
		return false;
	}
	for (size_t i = 0; i < p->count; i++) {
		size_t at = hash_place(&p->items[i]) & (room - 1);
		while (table[at])
			at = (at + 1) & (room - 1);
		table[at] = (uint32_t)i + 1;
	}
	mem_free(p->table);
	p->table = table;
	p->room = room;
	return true;
}

bool places_number(struct places *p, const struct segment_place *place, uint32_t *ret)
{
	if (p->count * 2 >= p->room && !grow(p))
		return false;
	size_t at = hash_place(place) & (p->room - 1);
	for (; p->table[at]; at = (at + 1) & (p->room - 1)) {
		const struct segment_place *q = &p->items[p->table[at] - 1];
		if (q->entity == place->entity && q->kind == place->kind) {
			*ret = p->table[at] - 1;
			return true;
		}
	}
	p->items[p->count++] = *place;
	p->table[at] = (uint32_t)p->count;
	*ret = (uint32_t)p->count - 1;
	return true;
}

/* Delegations become grants of those they were given to, once, when the world is built: what a chain of delegations
 * leaves of an assignment is again one subtree, one span of time, one set of functions and one ceiling.
 * Neighbours: build.c calls it; decide.c and visible.c see grants only, and need not know how they came about. */
#include "world.h"
#include "base/map.h"
#include <stdlib.h>

static int by_giver(const void *a, const void *b)
{
	const struct delegation *x = a, *y = b;
	if (x->giver != y->giver)
		return x->giver < y->giver ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* The first delegation of this giver, or where it would stand. */
static size_t first_of(const struct delegations *d, int64_t giver)
{
	size_t low = 0, high = d->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (d->items[middle].giver < giver)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Has this person held it already on the way? Giving it back adds nothing, and a circle would never end. */
static bool held_before(const struct grants *g, uint32_t at, int64_t person)
{
	for (; at != NODE_NONE; at = g->items[at].above)
		if (g->items[at].grant.person == person)
			return true;
	return false;
}

static int64_t lesser_ceiling(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* What is left of a grant under a delegation; false: nothing. Two subtrees lie one in the other, or apart. */
static bool narrow(const struct assignment *from, const struct delegation *d, struct assignment *ret)
{
	*ret = *from;
	ret->person = d->taker;
	ret->first = d->first > from->first ? d->first : from->first;
	ret->last = d->last < from->last ? d->last : from->last;
	ret->from = d->from > from->from ? d->from : from->from;
	ret->until = d->until < from->until ? d->until : from->until;
	ret->ceiling = lesser_ceiling(from->ceiling, d->ceiling);
	ret->depth = from->depth + 1;
	return ret->first < ret->last && ret->from < ret->until;
}

/* The functions of both as a new row of bits; NODE_NONE: none in common. Functions on own records are not given on. */
static bool common_functions(struct role_rows *rows, uint32_t role, const uint64_t *given, uint32_t *ret)
{
	uint64_t any = 0, *bits;
	for (size_t i = 0; i < rows->words; i++)
		any |= rows->bits[2 * role * rows->words + i] & given[i];
	*ret = NODE_NONE;
	if (!any)
		return true;
	if (!role_rows_add(rows, rows->ids.items[role], ret))
		return false;
	bits = rows->bits + 2 * (size_t)*ret * rows->words;
	for (size_t i = 0; i < rows->words; i++)
		bits[i] = rows->bits[2 * role * rows->words + i] & given[i];
	return true;
}

/* The chain above, and this delegation at its end. */
static bool chain_write(struct delegations *d, const struct assignment *above, int64_t id, uint32_t *ret)
{
	size_t start = d->chains.count;
	for (size_t i = 0; i <= above->depth; i++) {
		int64_t link = i < above->depth ? d->chains.items[above->chain + i] : id;
		int64_t *to = VEC_ADD(&d->chains);
		if (!to)
			return false;
		*to = link;
	}
	*ret = (uint32_t)start;
	return true;
}

/* Does the taker hold all of it already, by a way no longer? Then the grant would decide nothing. */
static bool covered_by(const struct role_rows *rows, const uint32_t *ends, const struct grant *held, const struct grant *made, const uint64_t *given)
{
	const struct assignment *h = &held->grant, *m = &made->grant;
	if ((made->onward && !held->onward) || h->depth > m->depth || h->first > m->first || h->last < m->last || h->from > m->from || h->until < m->until)
		return false;
	/* a placement may let through only what comes from above it */
	if (m->origin < h->origin || m->origin >= ends[h->origin])
		return false;
	if (h->ceiling >= 0 && (m->ceiling < 0 || h->ceiling < m->ceiling))
		return false;
	for (size_t i = 0; i < rows->words; i++)
		if (rows->bits[2 * (size_t)m->role * rows->words + i] & given[i] & ~rows->bits[2 * (size_t)h->role * rows->words + i])
			return false;
	return true;
}

/* Among people who give everything on to each other the chains would be without number; what they come to is not. */
static bool worth_giving(const struct role_rows *rows, const uint32_t *ends, const struct grants *g, uint32_t newest, const struct grant *made, const uint64_t *given,
			 size_t *io_faults)
{
	size_t derived = 0;
	for (uint32_t at = newest; at != NODE_NONE; at = g->items[at].older) {
		if (covered_by(rows, ends, &g->items[at], made, given))
			return false;
		derived += g->items[at].above != NODE_NONE;
	}
	*io_faults += derived >= DERIVED_EACH;
	return derived < DERIVED_EACH;
}

static bool give(struct delegations *d, struct role_rows *rows, struct grants *g, uint32_t above, size_t which, struct idmap *newest, size_t *io_faults)
{
	const struct delegation *by = &d->items[which];
	struct grant made = { .above = above, .onward = by->onward, .older = NODE_NONE };
	uint32_t role;
	int64_t known;
	if (held_before(g, above, by->taker) || !narrow(&g->items[above].grant, by, &made.grant))
		return true;
	if (idmap_get(newest, by->taker, &known))
		made.older = (uint32_t)known;
	if (!worth_giving(rows, d->ends, g, made.older, &made, d->bits + by->row * rows->words, io_faults))
		return true;
	if (!common_functions(rows, made.grant.role, d->bits + by->row * rows->words, &role))
		return false;
	if (role == NODE_NONE)
		return true;
	made.grant.role = role;
	if (!chain_write(d, &g->items[above].grant, by->id, &made.grant.chain))
		return false;
	struct grant *to = VEC_ADD(g);
	if (!to)
		return false;
	*to = made;
	return idmap_put(newest, by->taker, (int64_t)g->count - 1);
}

static bool note_direct(struct grants *g, struct idmap *newest)
{
	for (size_t i = 0; i < g->count; i++) {
		int64_t known;
		g->items[i].older = idmap_get(newest, g->items[i].grant.person, &known) ? (uint32_t)known : NODE_NONE;
		if (!idmap_put(newest, g->items[i].grant.person, (int64_t)i))
			return false;
	}
	return true;
}

static bool resolve(struct delegations *d, struct role_rows *rows, struct grants *g, struct idmap *newest, size_t *io_faults)
{
	size_t direct = g->count;
	for (size_t at = 0; at < g->count; at++) { /* grants made on the way are met in their turn */
		const struct assignment *a = &g->items[at].grant;
		int64_t giver = a->person;
		if (!g->items[at].onward || a->depth >= CHAIN_MOST)
			continue;
		for (size_t i = first_of(d, giver); i < d->count && d->items[i].giver == giver; i++) {
			if (g->count - direct >= DERIVED_MOST) { /* what does not fit is not given */
				++*io_faults;
				return true;
			}
			if (!give(d, rows, g, (uint32_t)at, i, newest, io_faults))
				return false;
		}
	}
	return true;
}

bool delegations_resolve(struct delegations *d, struct role_rows *rows, struct grants *g, size_t *io_faults)
{
	if (!d->count)
		return true;
	qsort(d->items, d->count, sizeof *d->items, by_giver);
	struct idmap *newest = idmap_new();
	bool good = newest && note_direct(g, newest) && resolve(d, rows, g, newest, io_faults);
	idmap_free(newest);
	return good;
}

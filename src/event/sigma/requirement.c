/* What a rule cannot hold without: the cheapest set of literals of which one must be in the event. Rules for which there is none are
 * judged for every event of their log source. Neighbours: match.c looks for the literals, scan.c finds many at once. */
#include "internal.h"
#include <string.h>

#define LITERAL_LEAST 2 /* bytes: a shorter one is everywhere */
#define UNKNOWN ((struct requirement){ .known = false })

/* How often a literal of this length is met by chance, roughly; an exact value is rarer than its length says. */
static double cost_of(const struct atom *a)
{
	double length = (double)(a->text.len > 24 ? 24 : a->text.len);
	return (a->exact ? 1.0 : 4.0) / (length * length);
}

static enum code atom_of(struct sigma_rules *s, unsigned slot, const struct pattern *p, unsigned *ret, struct error *e)
{
	struct str text = p->exact ? p->segments[0].pieces[0].text : p->longest;
	struct str key = arena_format(s->arena, "%u %d %.*s", slot, p->exact, STR_ARG(text));
	if (!key.data)
		return error_nomem(e);
	uintptr_t known = (uintptr_t)map_get(s->atom_keys, key);
	if (!known) {
		struct atom *a = VEC_ADD(&s->atoms);
		if (!a)
			return error_nomem(e);
		*a = (struct atom){ slot, p->exact, text };
		known = s->atoms.count;
		if (!map_put(s->atom_keys, key, (void *)known))
			return error_nomem(e);
	}
	*ret = (unsigned)known - 1;
	return OK;
}

/* All alternatives of one wanted value. A cased pattern is looked for as it would be folded. */
static enum code wanted_requires(struct sigma_rules *s, const struct item *item, const struct wanted *w, struct requirement *ret, struct error *e)
{
	struct requirement r = { .known = true, .atoms = ARENA_ARRAY(s->arena, w->count + 1, unsigned) };
	if (!r.atoms)
		return error_nomem(e);
	for (size_t i = 0; i < w->count; i++) {
		const struct test *t = &w->tests[i];
		bool good = t->kind == TEST_STRING && !t->cased && (t->pattern.exact ? t->pattern.count == 1 : t->pattern.longest.len >= LITERAL_LEAST);
		if (!good) {
			*ret = UNKNOWN;
			return OK;
		}
		TRY(atom_of(s, item->slot, &t->pattern, &r.atoms[r.count], e));
		r.cost += cost_of(&s->atoms.items[r.atoms[r.count++]]);
	}
	*ret = r;
	return OK;
}

static enum code join(struct sigma_rules *s, struct requirement *io, const struct requirement *more, struct error *e)
{
	if (!io->known || !more->known) {
		*io = UNKNOWN;
		return OK;
	}
	unsigned *both = ARENA_ARRAY(s->arena, io->count + more->count + 1, unsigned);
	if (!both)
		return error_nomem(e);
	if (io->count)
		memcpy(both, io->atoms, io->count * sizeof *both);
	if (more->count)
		memcpy(both + io->count, more->atoms, more->count * sizeof *both);
	*io = (struct requirement){ both, io->count + more->count, io->cost + more->cost, true };
	return OK;
}

static void better(struct requirement *io, const struct requirement *other)
{
	if (other->known && (!io->known || other->cost < io->cost))
		*io = *other;
}

static enum code item_requires(struct sigma_rules *s, const struct item *item, struct requirement *ret, struct error *e)
{
	struct requirement r = { .known = !item->all };
	if (item->neq || item->exists >= 0) {
		*ret = UNKNOWN;
		return OK;
	}
	for (size_t i = 0; i < item->count; i++) {
		struct requirement one;
		TRY(wanted_requires(s, item, &item->wanted[i], &one, e));
		if (item->all)
			better(&r, &one);
		else
			TRY(join(s, &r, &one, e));
	}
	*ret = r;
	return OK;
}

static enum code node_requires(struct sigma_rules *s, const struct node *n, struct requirement *ret, struct error *e)
{
	struct requirement r = { .known = n->kind == NODE_OR };
	if (n->kind == NODE_ITEM)
		return item_requires(s, &s->items.items[n->item], ret, e);
	for (size_t i = 0; i < n->count && n->kind != NODE_NOT; i++) {
		struct requirement one;
		TRY(node_requires(s, n->parts[i], &one, e));
		if (n->kind == NODE_AND)
			better(&r, &one);
		else
			TRY(join(s, &r, &one, e));
	}
	*ret = r;
	return OK;
}

enum code requirements_make(struct sigma_rules *s, struct error *e)
{
	s->required = ARENA_ARRAY(s->arena, s->rules.count + 1, struct requirement);
	if (!s->required)
		return error_nomem(e);
	for (size_t i = 0; i < s->rules.count; i++)
		if (s->rules.items[i].root)
			TRY(node_requires(s, s->rules.items[i].root, &s->required[i], e));
	return OK;
}

/* The entity tree: rows in any order become places in preorder. All linear in the number of entities (after one sort)
 * and without recursion, since the rows may be wrong: cycles, missing parents, chains of any depth.
 * Neighbours: build.c calls it, world.h shows what comes out. */
#include "world.h"
#include <stdlib.h>
#include <string.h>

static int by_id(const void *a, const void *b)
{
	const struct node *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

/* Drops later nodes of an id that is there already; answers how many are left. `nodes` are sorted, and equal ones
 * stand as they were added (parent still holds that number). */
static size_t drop_doubles(struct node *nodes, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (kept && nodes[kept - 1].id == nodes[i].id) {
			if (nodes[i].parent < nodes[kept - 1].parent)
				nodes[kept - 1] = nodes[i];
		} else {
			nodes[kept++] = nodes[i];
		}
	}
	return kept;
}

static void find_parents(struct world *w, struct node *nodes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct node key = { .id = nodes[i].parent_id };
		const struct node *up = key.id ? bsearch(&key, nodes, count, sizeof *nodes, by_id) : NULL;
		nodes[i].parent = up ? (uint32_t)(up - nodes) : NODE_NONE;
		nodes[i].child = nodes[i].sibling = NODE_NONE;
		w->faults += key.id && !up;
	}
}

/* Cuts each cycle at its least id: the nodes are sorted, so at its least place. */
static void cut_cycle(struct world *w, struct node *nodes, uint32_t on_it)
{
	uint32_t least = on_it;
	for (uint32_t i = nodes[on_it].parent; i != on_it; i = nodes[i].parent)
		least = i < least ? i : least;
	nodes[least].parent = NODE_NONE;
	w->faults++;
}

/* Follows each node up to one that was met before: met on this same walk, it is on a cycle. */
static bool cut_cycles(struct world *w, struct node *nodes, size_t count)
{
	CLEAN_MEM uint32_t *walks = mem_array(count + 1, sizeof *walks); /* by node: which walk met it, 0: none yet */
	for (uint32_t i = 0; walks && i < count; i++) {
		uint32_t at = i;
		for (; at != NODE_NONE && !walks[at]; at = nodes[at].parent)
			walks[at] = i + 1;
		if (at != NODE_NONE && walks[at] == i + 1)
			cut_cycle(w, nodes, at);
	}
	return walks != NULL;
}

static void link_children(struct node *nodes, size_t count)
{
	for (size_t i = count; i-- > 0;) { /* from the back, so that children stand in order of id */
		if (nodes[i].parent == NODE_NONE)
			continue;
		nodes[i].sibling = nodes[nodes[i].parent].child;
		nodes[nodes[i].parent].child = (uint32_t)i;
	}
}

static bool enter(struct world *w, const struct node *nodes, uint32_t at, uint32_t *places)
{
	uint32_t place = (uint32_t)w->entity_count++;
	places[at] = place;
	w->order[place] = w->sorted[at] = nodes[at].id;
	w->ranks[place] = at;
	return idmap_put(w->places, nodes[at].id, place);
}

/* Down to the first child while there is one, else closing upwards until there is a sibling. */
static bool walk(struct world *w, const struct node *nodes, uint32_t root, uint32_t *places)
{
	uint32_t at = root;
	for (;;) {
		if (!enter(w, nodes, at, places))
			return false;
		if (nodes[at].child != NODE_NONE) {
			at = nodes[at].child;
			continue;
		}
		w->ends[places[at]] = (uint32_t)w->entity_count;
		while (at != root && nodes[at].sibling == NODE_NONE) {
			at = nodes[at].parent;
			w->ends[places[at]] = (uint32_t)w->entity_count;
		}
		if (at == root)
			return true;
		at = nodes[at].sibling;
	}
}

bool tree_build(struct world *w, struct node *nodes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		nodes[i].parent = (uint32_t)i; /* until find_parents(): when it was added */
	if (count)
		qsort(nodes, count, sizeof *nodes, by_id);
	count = drop_doubles(nodes, count);
	find_parents(w, nodes, count);
	CLEAN_MEM uint32_t *places = mem_array(count + 1, sizeof *places);
	w->order = mem_array(count + 1, sizeof *w->order);
	w->sorted = mem_array(count + 1, sizeof *w->sorted);
	w->ends = mem_array(count + 1, sizeof *w->ends);
	w->ranks = mem_array(count + 1, sizeof *w->ranks);
	w->places = idmap_new();
	if (!places || !w->order || !w->sorted || !w->ends || !w->ranks || !w->places || !cut_cycles(w, nodes, count))
		return false;
	link_children(nodes, count);
	for (size_t i = 0; i < count; i++)
		if (nodes[i].parent == NODE_NONE && !walk(w, nodes, (uint32_t)i, places))
			return false;
	return true;
}

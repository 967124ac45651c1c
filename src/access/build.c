/* From plain rows to a world: preorder of the tree, bit sets of roles, assignments grouped by person.
 * Neighbours: decide.c and visible.c read it. */
#include "model/model.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

struct node {
	int64_t id, parent;
	int64_t first_child, next_sibling; /* places, -1: none */
	bool root;
};

struct world_builder {
	struct world *world;
	VEC(struct node) nodes;
	VEC(struct role) roles;
	VEC(struct assignment) assignments;
	struct idmap *node_places, *role_places;
	int64_t everyone;
};

static bool functions_copy(struct world *w, const char *const *functions, size_t count)
{
	w->function_count = count;
	w->words = count / 64 + 1;
	w->functions = mem_array(count + 1, sizeof *w->functions);
	for (size_t i = 0; w->functions && i < count; i++)
		if (!(w->functions[i] = mem_copy_text(functions[i], strlen(functions[i]))))
			return false;
	return w->functions != NULL;
}

struct world_builder *world_builder_new(const char *const *functions, size_t count)
{
	struct world_builder *b = mem_new(sizeof *b);
	if (!b)
		return NULL;
	b->world = mem_new(sizeof *b->world);
	b->node_places = idmap_new();
	b->role_places = idmap_new();
	if (!b->world || !b->node_places || !b->role_places || !functions_copy(b->world, functions, count)) {
		world_builder_free(b);
		return NULL;
	}
	b->world->users = 1;
	return b;
}

static void roles_free(struct role *roles, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mem_free(roles[i].grants);
		mem_free(roles[i].own);
	}
}

void world_builder_free(struct world_builder *b)
{
	if (!b)
		return;
	roles_free(b->roles.items, b->roles.count);
	VEC_DONE(&b->nodes);
	VEC_DONE(&b->roles);
	VEC_DONE(&b->assignments);
	idmap_free(b->node_places);
	idmap_free(b->role_places);
	world_unref(b->world);
	mem_free(b);
}

bool world_add_entity(struct world_builder *b, int64_t id, int64_t parent)
{
	int64_t there;
	if (idmap_get(b->node_places, id, &there))
		return true;
	struct node *n = VEC_ADD(&b->nodes);
	if (!n)
		return false;
	*n = (struct node){ id, parent, -1, -1, false };
	return idmap_put(b->node_places, id, (int64_t)b->nodes.count - 1);
}

bool world_add_role(struct world_builder *b, int64_t role)
{
	struct role *r = VEC_ADD(&b->roles);
	if (!r)
		return false;
	r->id = role;
	r->grants = mem_array(b->world->words, sizeof *r->grants);
	r->own = mem_array(b->world->words, sizeof *r->own);
	return r->grants && r->own && idmap_put(b->role_places, role, (int64_t)b->roles.count - 1);
}

bool world_add_grant(struct world_builder *b, int64_t role, struct str pattern, bool own)
{
	int64_t place;
	const struct world *w = b->world;
	if (!idmap_get(b->role_places, role, &place))
		return true;
	uint64_t *set = own ? b->roles.items[place].own : b->roles.items[place].grants;
	for (size_t i = 0; i < w->function_count; i++)
		if (function_matches(pattern, str_of(w->functions[i])))
			set[i / 64] |= UINT64_C(1) << (i % 64);
	return true;
}

bool world_add_assignment(struct world_builder *b, int64_t id, int64_t person, int64_t role, int64_t entity, int64_t from,
			  int64_t until, int64_t ceiling)
{
	struct assignment *a = VEC_ADD(&b->assignments);
	if (!a)
		return false;
	*a = (struct assignment){ .id = id, .person = person, .role_id = role, .entity = entity, .from = from,
				  .until = until ? until : INT64_MAX, .ceiling = ceiling };
	return true;
}

bool world_set_everyone(struct world_builder *b, int64_t role)
{
	b->everyone = role;
	return true;
}

/* --- the tree ------------------------------------------------------------------------------------- */

/* Does the chain of parents come back to the node? Marked nodes are known to end in a root. */
static void find_roots(struct world_builder *b)
{
	size_t n = b->nodes.count;
	for (size_t i = 0; i < n; i++) {
		struct node *node = &b->nodes.items[i];
		int64_t parent = 0, at;
		node->root = !node->parent || !idmap_get(b->node_places, node->parent, &parent);
		if (node->root && node->parent)
			b->world->faults++;
		at = parent;
		for (size_t steps = 0; !node->root && steps <= n; steps++) {
			struct node *up = &b->nodes.items[at];
			if (up == node || steps == n) {
				node->root = true; /* the first of a cycle that is met opens it */
				b->world->faults++;
			}
			if (up->root || !up->parent || !idmap_get(b->node_places, up->parent, &at))
				break;
		}
	}
	/* children in order of id: linked from the back */
	for (size_t i = n; i-- > 0;) {
		struct node *node = &b->nodes.items[i];
		int64_t parent;
		if (node->root || !idmap_get(b->node_places, node->parent, &parent))
			continue;
		node->next_sibling = b->nodes.items[parent].first_child;
		b->nodes.items[parent].first_child = (int64_t)i;
	}
}

/* Preorder without recursion: hostile trees may be deep. */
static bool walk_tree(struct world_builder *b)
{
	struct world *w = b->world;
	size_t n = b->nodes.count, depth = 0;
	w->order = mem_array(n + 1, sizeof *w->order);
	w->ends = mem_array(n + 1, sizeof *w->ends);
	w->places = idmap_new();
	int64_t *stack = mem_array(n + 1, sizeof *stack);
	uint32_t *open = mem_array(n + 1, sizeof *open);
	bool good = w->order && w->ends && w->places && stack && open;
	for (size_t i = 0; good && i < n; i++) {
		if (!b->nodes.items[i].root)
			continue;
		int64_t at = (int64_t)i;
		while (good && at >= 0) {
			uint32_t place = (uint32_t)w->entity_count++;
			w->order[place] = b->nodes.items[at].id;
			good = idmap_put(w->places, w->order[place], place);
			stack[depth] = at;
			open[depth++] = place;
			int64_t next = b->nodes.items[at].first_child;
			while (next < 0 && depth > 0) {
				w->ends[open[--depth]] = (uint32_t)w->entity_count;
				next = b->nodes.items[stack[depth]].root ? -1 : b->nodes.items[stack[depth]].next_sibling;
				if (b->nodes.items[stack[depth]].root)
					break;
			}
			at = next;
		}
	}
	mem_free(stack);
	mem_free(open);
	return good;
}

static int by_person(const void *a, const void *b)
{
	const struct assignment *x = a, *y = b;
	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Assignments to roles or entities that do not exist cover nothing and are left out. */
static bool place_assignments(struct world_builder *b)
{
	struct world *w = b->world;
	size_t n = 0;
	w->assignments = mem_array(b->assignments.count + 1, sizeof *w->assignments);
	w->people = idmap_new();
	if (!w->assignments || !w->people)
		return false;
	for (size_t i = 0; i < b->assignments.count; i++) {
		struct assignment a = b->assignments.items[i];
		int64_t role;
		uint32_t place;
		if (!idmap_get(b->role_places, a.role_id, &role) || !place_of(w, a.entity, &place))
			continue;
		a.role = (uint32_t)role;
		a.first = place;
		a.last = w->ends[place];
		w->assignments[n++] = a;
	}
	w->assignment_count = n;
	qsort(w->assignments, n, sizeof *w->assignments, by_person);
	for (size_t i = n; i-- > 0;)
		if (!idmap_put(w->people, w->assignments[i].person, (int64_t)i))
			return false;
	return true;
}

enum code world_build(struct world_builder *b, struct world **ret, struct error *e)
{
	struct world *w = b->world;
	int64_t place;
	find_roots(b);
	bool good = walk_tree(b) && place_assignments(b);
	if (good) {
		if (b->everyone && idmap_get(b->role_places, b->everyone, &place))
			w->everyone = place + 1;
		w->roles = b->roles.items;
		w->role_count = b->roles.count;
		b->roles.items = NULL;
		b->roles.count = 0;
		*ret = TAKE(b->world);
	}
	world_builder_free(b);
	return good ? OK : error_nomem(e);
}

struct world *world_ref(struct world *w)
{
	if (w)
		atomic_fetch_add(&w->users, 1);
	return w;
}

void world_unref(struct world *w)
{
	if (!w || atomic_fetch_sub(&w->users, 1) != 1)
		return;
	roles_free(w->roles, w->role_count);
	mem_free(w->roles);
	for (size_t i = 0; w->functions && i < w->function_count; i++)
		mem_free(w->functions[i]);
	mem_free(w->functions);
	mem_free(w->order);
	mem_free(w->ends);
	idmap_free(w->places);
	mem_free(w->assignments);
	idmap_free(w->people);
	mem_free(w);
}

size_t world_faults(const struct world *w)
{
	return w->faults;
}

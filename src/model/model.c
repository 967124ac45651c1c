/* A loaded model: its life by references, and looking things up in it. Neighbours: load.c makes it; everybody
 * above reads it. */
#include "base/mem.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

struct model_held *model_held_new(void)
{
	struct model_held *held = mem_new(sizeof *held);
	if (!held)
		return NULL;
	atomic_init(&held->refs, 1);
	held->arena = arena_new(0);
	held->kinds = map_new();
	held->catalog = catalog_new();
	if (held->arena && held->kinds && held->catalog)
		return held;
	model_unref(&held->model);
	return NULL;
}

static struct model_held *held_of(const struct model *m)
{
	return (struct model_held *)(uintptr_t)m; /* `model` is its first member; only the count changes */
}

const struct model *model_ref(const struct model *m)
{
	if (m)
		atomic_fetch_add_explicit(&held_of(m)->refs, 1, memory_order_relaxed);
	return m;
}

void model_unref(const struct model *m)
{
	if (!m || atomic_fetch_sub_explicit(&held_of(m)->refs, 1, memory_order_acq_rel) != 1)
		return;
	struct model_held *held = held_of(m);
	catalog_free(held->catalog);
	map_free(held->kinds);
	arena_free(held->arena);
	mem_free(held);
}

const struct kind *model_kind(const struct model *m, struct str name)
{
	return map_get(held_of(m)->kinds, name);
}

const struct field *kind_field(const struct kind *k, struct str name)
{
	for (size_t i = 0; i < k->field_count; i++)
		if (str_is(name, k->fields[i].name))
			return &k->fields[i];
	return NULL;
}

const struct state *kind_state(const struct kind *k, struct str name)
{
	for (size_t i = 0; i < k->state_count; i++)
		if (str_is(name, k->states[i].name))
			return &k->states[i];
	return NULL;
}

const struct transition *kind_transition(const struct kind *k, struct str name)
{
	for (size_t i = 0; i < k->transition_count; i++)
		if (str_is(name, k->transitions[i].name))
			return &k->transitions[i];
	return NULL;
}

static int function_compare(const void *key, const void *item)
{
	return str_cmp(*(const struct str *)key, str_of(((const struct function *)item)->name));
}

const struct function *model_function(const struct model *m, struct str name)
{
	return bsearch(&name, m->functions, m->function_count, sizeof *m->functions, function_compare);
}

const struct policy *model_policy(const struct model *m, struct str name)
{
	for (size_t i = 0; i < m->policy_count; i++)
		if (str_is(name, m->policies[i].name))
			return &m->policies[i];
	return NULL;
}

bool function_matches(struct str pattern, struct str function)
{
	if (str_is(pattern, "*"))
		return true;
	if (str_ends(pattern, STR(".*")))
		return str_starts(function, str_slice(pattern, 0, pattern.len - 1)) && function.len > pattern.len - 1;
	if (str_starts(pattern, STR("*.")))
		return str_ends(function, str_slice(pattern, 1, pattern.len)) && function.len > pattern.len - 1;
	return str_eq(pattern, function);
}

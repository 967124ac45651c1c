/* Goes through a rule with the items of a pipeline: copies it, asks the conditions, puts what each item becomes in its place.
 * Neighbours: transform.c says what an item becomes. */
#include "base/arena.h"
#include "pipeline/pipeline_internal.h"
#include <string.h>

struct yaml *node_new(struct run *r, enum yaml_type type, struct str name)
{
	struct node *n = ++r->nodes > NODES_MOST ? NULL : ARENA_NEW(r->arena, struct node);
	if (!n)
		return NULL;
	n->y = (struct yaml){ .type = type, .name = name, .line = r->item ? r->item->at->line : 0, .column = r->item ? r->item->at->column : 0 };
	return &n->y;
}

struct yaml *node_text(struct run *r, struct str text)
{
	struct yaml *y = node_new(r, YAML_TEXT, STR_NONE);
	if (y) {
		y->text = text;
		y->quoted = true;
	}
	return y;
}

void node_add(struct yaml *parent, struct yaml *child)
{
	struct yaml **to = &parent->first;
	while (*to)
		to = &(*to)->next;
	*to = child;
	child->next = NULL;
	parent->count++;
}

/* Depth is bounded by what yaml_parse() lets through. */
struct yaml *node_copy(struct run *r, const struct yaml *from)
{
	struct yaml *to = node_new(r, from->type, from->name), **last;
	if (!to)
		return NULL;
	struct bits applied = { 0 };
	*to = *from;
	((struct node *)(void *)to)->applied = applied;
	to->next = NULL;
	last = &to->first;
	for (const struct yaml *y = from->first; y; y = y->next, last = &(*last)->next) {
		*last = node_copy(r, y);
		if (!*last)
			return NULL;
	}
	return to;
}

struct yaml *node_put(struct run *r, struct yaml *map, struct str name, struct yaml *child)
{
	struct yaml **at = &map->first;
	child->name = name;
	while (*at && !str_eq((*at)->name, name))
		at = &(*at)->next;
	if (*at)
		child->next = (*at)->next;
	else
		map->count++;
	*at = child;
	return child;
}

enum code choice_add(struct run *r, struct choice **choices, struct yaml *items)
{
	struct choice *c = ARENA_NEW(r->arena, struct choice), **last = choices;
	if (!c)
		return error_nomem(r->error);
	c->items = items;
	while (*last)
		last = &(*last)->next;
	*last = c;
	return OK;
}

const struct yaml *detection_of(const struct yaml *rule)
{
	const struct yaml *y = yaml_get(rule, "detection");
	if (!y)
		y = yaml_get(rule, "filter");
	return y && y->type == YAML_MAP ? y : NULL;
}

bool is_search(const struct yaml *member)
{
	return !str_is(member->name, "condition") && !str_is(member->name, "timeframe") && !str_is(member->name, "rules");
}

static void visit_body(const struct yaml *body, void (*visit)(const struct yaml *item, void *context), void *context)
{
	for (const struct yaml *y = body->first; y; y = y->next)
		if (body->type == YAML_MAP)
			visit(y, context);
		else
			visit_body(y, visit, context);
}

void walk_items(const struct yaml *rule, void (*visit)(const struct yaml *item, void *context), void *context)
{
	const struct yaml *detection = detection_of(rule);
	for (const struct yaml *y = detection ? detection->first : NULL; y; y = y->next)
		if (is_search(y))
			visit_body(y, visit, context);
}

static enum code too_large(struct run *r)
{
	return error_fail(r->error, E_LIMIT, N_("A pipeline makes this rule too large"));
}

/* What one item becomes; itself, alone, when the conditions do not hold. */
static enum code choices_of(struct run *r, struct yaml *item, struct choice **ret)
{
	*ret = NULL;
	if (r->item->kind->values || r->item->on[ON_ITEM].count)
		TRY(item_fold(r, item));
	item->next = NULL;
	if (item_fits(r, item)) {
		TRY(r->item->kind->on(r, item, ret));
		for (struct choice *c = *ret; c; c = c->next)
			for (struct yaml *y = c->items; y; y = y->next)
				bits_add(&((struct node *)(void *)y)->applied, &r->item->self);
	}
	return *ret ? OK : choice_add(r, ret, item);
}

/* One map with every combination of the choices of its items, as maps in a list (in `to`). */
struct product {
	struct choice **choices; /* one list an item */
	size_t count, made;
	struct yaml *list;
	const struct yaml *map;
};

static enum code combine(struct run *r, struct product *p)
{
	struct choice **at = arena_array(r->arena, p->count + 1, sizeof(struct choice *));
	if (!at)
		return error_nomem(r->error);
	for (size_t i = 0; i < p->count; i++)
		at[i] = p->choices[i];
	for (;;) {
		struct yaml *map = node_new(r, YAML_MAP, STR_NONE);
		if (!map || ++p->made > MAPS_MOST)
			return too_large(r);
		map->line = p->map->line;
		map->column = p->map->column;
		for (size_t i = 0; i < p->count; i++)
			for (const struct yaml *y = at[i]->items; y; y = y->next) {
				struct yaml *copy = node_copy(r, y);
				if (!copy)
					return too_large(r);
				((struct node *)(void *)copy)->applied = ((const struct node *)(const void *)y)->applied;
				node_add(map, copy);
			}
		node_add(p->list, map);
		size_t i = 0;
		while (i < p->count && !at[i]->next) {
			at[i] = p->choices[i];
			i++;
		}
		if (i == p->count)
			return OK;
		at[i] = at[i]->next;
	}
}

static enum code transform_map(struct run *r, struct yaml *map, struct yaml *list)
{
	struct product p = { .choices = arena_array(r->arena, map->count + 1, sizeof(struct choice *)), .list = list, .map = map };
	if (!p.choices)
		return error_nomem(r->error);
	for (struct yaml *y = map->first, *next; y; y = next) {
		next = y->next;
		TRY(choices_of(r, y, &p.choices[p.count++]));
	}
	return combine(r, &p);
}

/* Keywords of a list are one item without a field. */
static enum code transform_keywords(struct run *r, struct yaml *keywords, struct yaml *list)
{
	struct choice *choices;
	TRY(choices_of(r, keywords, &choices));
	for (struct choice *c = choices; c; c = c->next)
		for (struct yaml *y = c->items, *next; y; y = next) {
			next = y->next;
			if (item_field(y).data) { /* mapped to a field: a map of its own in the list */
				struct yaml *map = node_new(r, YAML_MAP, STR_NONE);
				if (!map)
					return too_large(r);
				node_add(map, y);
				node_add(list, map);
				continue;
			}
			for (struct yaml *word = y->type == YAML_LIST ? y->first : NULL, *after; word; word = after) {
				after = word->next;
				((struct node *)(void *)word)->applied = ((struct node *)(void *)y)->applied;
				node_add(list, word);
			}
			if (y->type == YAML_TEXT)
				node_add(list, y);
		}
	return OK;
}

static enum code transform_body(struct run *r, struct yaml *body, struct yaml *list)
{
	struct yaml *keywords = NULL;
	if (body->type == YAML_MAP)
		return transform_map(r, body, list);
	if (body->type == YAML_TEXT)
		return transform_keywords(r, body, list);
	for (struct yaml *y = body->first, *next; y; y = next) {
		next = y->next;
		if (y->type != YAML_TEXT) {
			TRY(transform_body(r, y, list));
			continue;
		}
		if (!keywords && !(keywords = node_new(r, YAML_LIST, STR(""))))
			return too_large(r);
		((struct node *)(void *)keywords)->applied = ((struct node *)(void *)y)->applied;
		node_add(keywords, y);
	}
	return keywords ? transform_keywords(r, keywords, list) : OK;
}

static enum code transform_search(struct run *r, struct yaml **at)
{
	struct yaml *body = *at, *next = body->next, *list = node_new(r, YAML_LIST, body->name), *one;
	struct str name = body->name;
	if (!list)
		return too_large(r);
	list->line = body->line;
	list->column = body->column;
	bool map = body->type == YAML_MAP, scalar = body->type == YAML_TEXT;
	body->name = scalar ? STR("") : body->name;
	TRY(transform_body(r, body, list));
	one = (map || scalar) && list->count == 1 ? list->first : list;
	for (struct yaml *y = list->first; y; y = y->next)
		if (y->type == YAML_MAP && y->count == 0)
			return error_fail(r->error, E_INVALID, N_("The pipeline leaves nothing of {name}"), { "name", name });
	if (list->count == 0)
		return error_fail(r->error, E_INVALID, N_("The pipeline leaves nothing of {name}"), { "name", name });
	one->name = name;
	one->next = next;
	*at = one;
	return OK;
}

static enum code transform_detection(struct run *r)
{
	for (struct yaml *y = r->rule->first; y; y = y->next) {
		if (y->type != YAML_MAP || !(str_is(y->name, "detection") || str_is(y->name, "filter")))
			continue;
		for (struct yaml **at = &y->first; *at; at = &(*at)->next)
			if (is_search(*at))
				TRY(transform_search(r, at));
	}
	return OK;
}

enum code walk_apply(struct run *r, const struct item *items, size_t count)
{
	struct subject none = { 0 };
	for (size_t i = 0; i < count; i++) {
		r->item = &items[i];
		if (!conditions_hold(r, &items[i].on[ON_RULE], &none))
			continue;
		if (items[i].kind->rule)
			TRY(items[i].kind->rule(r));
		r->item = &items[i];
		if (items[i].kind->on)
			TRY(transform_detection(r));
		bits_add(&r->applied, &items[i].self);
	}
	return OK;
}

static void run_done(struct run *r)
{
	pcre2_match_data_free(r->match);
	pcre2_match_context_free(r->limits);
}

enum code pipeline_apply(const struct pipeline *p, const struct yaml *document, struct arena *arena, const struct yaml **ret,
			 struct error *e)
{
	__attribute__((cleanup(run_done))) struct run r = { .p = p, .arena = arena, .error = e, .match = pcre2_match_data_create(100, NULL),
							    .limits = pcre2_match_context_create(NULL) };
	if (!r.match || !r.limits)
		return error_nomem(e);
	pcre2_set_match_limit(r.limits, 1000000);
	pcre2_set_heap_limit(r.limits, 8192);
	if (document->type != YAML_MAP) {
		*ret = document;
		return OK;
	}
	r.rule = node_copy(&r, document);
	if (!r.rule)
		return too_large(&r);
	TRY(walk_apply(&r, p->items, p->count));
	*ret = r.rule;
	return OK;
}

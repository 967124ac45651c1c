/* Search identifiers and the condition that joins them: or < and < not < x of < ( ). Neighbours: item.c reads what stands in a search
 * identifier, rule.c calls. */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST 64

static int cheaper(const void *a, const void *b)
{
	const struct node *x = *(const struct node *const *)a, *y = *(const struct node *const *)b;
	return x->cost < y->cost ? -1 : x->cost > y->cost;
}

/* Cheapest first: nothing has effects, so the order changes only what is spared. */
enum code node_join(struct sigma_rules *s, enum node_kind kind, const struct node **parts, size_t count, const struct node **ret, struct error *e)
{
	if (count == 1 && kind != NODE_NOT) {
		*ret = parts[0];
		return OK;
	}
	struct node *n = ARENA_NEW(s->arena, struct node);
	const struct node **kept = ARENA_ARRAY(s->arena, count + 1, const struct node *);
	if (!n || !kept)
		return error_nomem(e);
	memcpy(kept, parts, count * sizeof *kept);
	qsort(kept, count, sizeof *kept, cheaper);
	*n = (struct node){ .kind = kind, .parts = kept, .count = count };
	for (size_t i = 0; i < count; i++)
		n->cost += kept[i]->cost < 1000000 ? kept[i]->cost : 1000000;
	*ret = n;
	return OK;
}

/* --- search identifiers -------------------------------------------------------------------------------------------- */

static enum code read_all(struct reading *r, const struct yaml *y, enum node_kind kind, const struct node **ret)
{
	size_t n = 0;
	const struct node **parts = ARENA_ARRAY(r->set->arena, y->count + 1, const struct node *);
	if (!parts)
		return error_nomem(r->e);
	for (const struct yaml *one = y->first; one; one = one->next, n++) {
		bool list = y->type == YAML_LIST;
		TRY(!list ? item_read(r, one, false, &parts[n]) : one->type == YAML_TEXT ? item_read(r, one, true, &parts[n]) : search_read(r, one, &parts[n]));
	}
	return node_join(r->set, kind, parts, n, ret, r->e);
}

/* Maps join with AND, lists with OR; a list's texts are keywords. */
enum code search_read(struct reading *r, const struct yaml *y, const struct node **ret)
{
	if (y->type == YAML_TEXT && yaml_is_null(y))
		return refuse(r, y, N_("a search identifier without content: {what}"), y->name);
	if (y->type == YAML_TEXT)
		return item_read(r, y, true, ret);
	return read_all(r, y, y->type == YAML_MAP ? NODE_AND : NODE_OR, ret);
}

/* --- the condition ----------------------------------------------------------------------------------------------------- */

struct conditions {
	struct reading *r;
	const struct yaml *at;
	struct str rest, token; /* token: the next one; empty at the end */
	unsigned depth;
};

static void advance(struct conditions *c)
{
	size_t i = 0, end;
	while (i < c->rest.len && strchr(" \t\r\n", c->rest.data[i]))
		i++;
	end = i;
	if (end < c->rest.len && (c->rest.data[end] == '(' || c->rest.data[end] == ')'))
		end++;
	else
		while (end < c->rest.len && !strchr(" \t\r\n()", c->rest.data[end]))
			end++;
	c->token = str_slice(c->rest, i, end);
	c->rest = str_slice(c->rest, end, c->rest.len);
}

static bool next_is(const struct conditions *c, const char *word)
{
	return str_eq_nocase(c->token, str_of(word));
}

/* A name with stars against a name. */
static bool name_fits(struct str wanted, struct str name)
{
	size_t star = SIZE_MAX, back = 0, i = 0, j = 0;
	while (j < name.len) {
		if (i < wanted.len && wanted.data[i] == '*') {
			star = i++;
			back = j;
		} else if (i < wanted.len && wanted.data[i] == name.data[j]) {
			i++;
			j++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			j = ++back;
		} else {
			return false;
		}
	}
	while (i < wanted.len && wanted.data[i] == '*')
		i++;
	return i == wanted.len;
}

static enum code read_of(struct conditions *c, bool all, const struct node **ret)
{
	struct reading *r = c->r;
	struct str wanted = str_eq_nocase(c->token, STR("them")) ? STR("*") : c->token, name;
	size_t n = 0;
	void *value;
	if (!wanted.len)
		return refuse(r, c->at, N_("the condition ends too early"), STR(""));
	const struct node **parts = ARENA_ARRAY(r->set->arena, map_slots(r->searches) + 1, const struct node *);
	if (!parts)
		return error_nomem(r->e);
	for (size_t i = 0; i < map_slots(r->searches); i++)
		if (map_at(r->searches, i, &name, &value) && name_fits(wanted, name) && (wanted.data[0] == '_' || name.data[0] != '_'))
			parts[n++] = value;
	if (!n)
		return refuse(r, c->at, N_("condition: nothing is named {what}"), c->token);
	advance(c);
	return node_join(r->set, all ? NODE_AND : NODE_OR, parts, n, ret, r->e);
}

static enum code read_either(struct conditions *c, const struct node **ret);

static enum code read_one(struct conditions *c, const struct node **ret)
{
	struct reading *r = c->r;
	struct str token = c->token;
	if (!token.len)
		return refuse(r, c->at, N_("the condition ends too early"), STR(""));
	advance(c);
	if (str_is(token, "(")) {
		if (++c->depth > DEPTH_MOST)
			return refuse(r, c->at, N_("the condition is nested too deeply"), STR(""));
		TRY(read_either(c, ret));
		c->depth--;
		if (!next_is(c, ")"))
			return refuse(r, c->at, N_("condition: ) expected before {what}"), c->token);
		advance(c);
		return OK;
	}
	bool all = str_eq_nocase(token, STR("all"));
	if ((all || str_is(token, "1") || str_eq_nocase(token, STR("any"))) && next_is(c, "of")) {
		advance(c);
		return read_of(c, all, ret);
	}
	const struct node *found = map_get(r->searches, token);
	if (!found)
		return refuse(r, c->at, N_("condition: {what} is not defined"), token);
	*ret = found;
	return OK;
}

static enum code read_negated(struct conditions *c, const struct node **ret)
{
	bool negated = false;
	while (next_is(c, "not")) {
		negated = !negated;
		advance(c);
	}
	TRY(read_one(c, ret));
	return negated ? node_join(c->r->set, NODE_NOT, ret, 1, ret, c->r->e) : OK;
}

static enum code read_sides(struct conditions *c, const char *word, enum node_kind kind, enum code (*side)(struct conditions *, const struct node **),
			    const struct node **ret)
{
	VEC(const struct node *) sides = { 0 };
	enum code code;
	for (;;) {
		const struct node *one, **slot;
		code = side(c, &one);
		slot = code == OK ? VEC_ADD(&sides) : NULL;
		if (code == OK && !slot)
			code = error_nomem(c->r->e);
		if (code != OK)
			break;
		*slot = one;
		if (!next_is(c, word))
			break;
		advance(c);
	}
	if (code == OK)
		code = node_join(c->r->set, kind, sides.items, sides.count, ret, c->r->e);
	VEC_DONE(&sides);
	return code;
}

static enum code read_both(struct conditions *c, const struct node **ret)
{
	return read_sides(c, "and", NODE_AND, read_negated, ret);
}

static enum code read_either(struct conditions *c, const struct node **ret)
{
	return read_sides(c, "or", NODE_OR, read_both, ret);
}

enum code condition_read(struct reading *r, const struct yaml *at, struct str text, const struct node **ret)
{
	struct conditions c = { .r = r, .at = at, .rest = text };
	advance(&c);
	if (!c.token.len)
		return refuse(r, at, N_("an empty condition"), STR(""));
	TRY(read_either(&c, ret));
	return c.token.len ? refuse(r, at, N_("condition: {what} was not expected"), c.token) : OK;
}

/* FROM: kinds, subqueries, joins. Neighbours: scope.c finds names in it, select.c. */
#include "internal.h"

#define RELATIONS_MOST 32

static enum code rename_columns(struct resolver *r, struct source *src, const struct json *alias, size_t place)
{
	const struct json *names = json_get(alias, STR("colnames"));
	if (node_count(names) > src->column_count)
		return FAULT(r, place, E_INVALID, N_("There are more names than columns"));
	for (size_t i = 0; i < node_count(names); i++)
		TRY(keep_text(r, node_string(node_item(names, i)), &src->columns[i].name));
	return OK;
}

static enum code source_add(struct resolver *r, struct scope *s, struct source *src, const struct json *alias, size_t place, struct from **ret)
{
	if (json_get(alias, STR("aliasname")))
		TRY(keep_text(r, json_text(alias, STR("aliasname")), &src->name));
	TRY(rename_columns(r, src, alias, place));
	for (const struct source *other = s->sources; other; other = other->next)
		if (str_eq(other->name, src->name))
			return FAULT(r, place, E_INVALID, N_("{table} is named twice"), { "table", src->name });
	if (++r->sources > RELATIONS_MOST)
		return FAULT(r, place, E_LIMIT, N_("The query names too many tables"));
	src->number = ++r->numbers;
	src->next = s->sources;
	s->sources = src;
	FAULT_NEW(r, *ret, struct from);
	(*ret)->source = src;
	return OK;
}

static enum code resolve_item(struct resolver *r, struct scope *s, const struct json *node, struct from **ret);

static enum code resolve_named(struct resolver *r, struct scope *s, const struct json *m, struct from **ret)
{
	struct source *src;
	FAULT_NEW(r, src, struct source);
	TRY(keep_text(r, json_text(m, STR("relname")), &src->name));
	TRY(scope_relation(r, s, src, src->name, node_place(m)));
	return source_add(r, s, src, json_get(m, STR("alias")), node_place(m), ret);
}

static enum code resolve_subselect(struct resolver *r, struct scope *s, const struct json *m, struct from **ret)
{
	struct scope blind = { .outer = s->outer, .with = s->with };
	struct source *src;
	const struct json *stmt;
	FAULT_NEW(r, src, struct source);
	if (!str_is(node_type(json_get(m, STR("subquery")), &stmt), "SelectStmt"))
		return FAULT(r, 0, E_INVALID, N_("Only SELECT can be asked"));
	if (!json_get(m, STR("alias")))
		return FAULT(r, 0, E_INVALID, N_("A subquery in FROM needs a name: (SELECT …) AS name"));
	r->query->nested = true;
	TRY(resolve_select(r, &blind, stmt, &src->select));
	TRY(source_of_select(r, src, src->select));
	return source_add(r, s, src, json_get(m, STR("alias")), 0, ret);
}

/* --- joins ---------------------------------------------------------------------------------------- */

static struct source *holder(struct source *from, const struct source *until, struct str name, size_t *ret_column)
{
	struct source *found = NULL;
	for (struct source *src = from; src != until; src = src->next) {
		size_t i = source_find(src, name);
		if (i != SIZE_MAX && !src->columns[i].merged) {
			found = src;
			*ret_column = i;
		}
	}
	return found;
}

/* USING (a, b): equal on both sides, and then one column: the left one's. */
static enum code join_using(struct resolver *r, struct scope *s, const struct json *names, struct source *left, struct source *until,
			    struct expr **ret)
{
	TRY(expr_new(r, EXPR_AND, QUERY_BOOL, 0, node_count(names), ret));
	for (size_t i = 0; i < node_count(names); i++) {
		struct str name = node_string(node_item(names, i));
		size_t a, b;
		struct source *on_left = holder(left, until, name, &a), *on_right = holder(s->sources, left, name, &b);
		struct expr *x, *y;
		if (!on_left || !on_right)
			return FAULT(r, 0, E_INVALID, N_("There is no column {column}"), { "column", name });
		TRY(source_expr(r, on_left, a, 0, true, &x));
		TRY(source_expr(r, on_right, b, 0, true, &y));
		TRY(compare(r, FORM_EQ, x, y, 0, &(*ret)->args[i]));
		on_right->columns[b].merged = true;
	}
	return OK;
}

static enum code join_kind_of(struct resolver *r, struct str type, bool condition, enum join_kind *ret)
{
	if (str_is(type, "JOIN_LEFT") && condition)
		*ret = JOIN_LEFT;
	else if (str_is(type, "JOIN_INNER"))
		*ret = condition ? JOIN_INNER : JOIN_CROSS;
	else
		return FAULT(r, 0, E_INVALID, N_("Of joins there are JOIN, LEFT JOIN and CROSS JOIN"));
	return OK;
}

static enum code resolve_join(struct resolver *r, struct scope *s, const struct json *m, struct from **ret)
{
	const struct json *on = json_get(m, STR("quals")), *names = json_get(m, STR("usingClause"));
	struct source *until = s->sources, *left;
	struct from *f;
	FAULT_NEW(r, f, struct from);
	TRY(resolve_item(r, s, json_get(m, STR("larg")), &f->left));
	left = s->sources;
	TRY(resolve_item(r, s, json_get(m, STR("rarg")), &f->right));
	TRY(join_kind_of(r, json_text(m, STR("jointype")), on || names, &f->kind));
	if (on) {
		struct scope both = { .outer = s->outer, .sources = s->sources, .until = until, .with = s->with, .select = s->select, .clause = CLAUSE_ON };
		TRY(resolve_condition(r, &both, on, &f->on));
	} else if (names) {
		TRY(join_using(r, s, names, left, until, &f->on));
	}
	*ret = f;
	return OK;
}

static enum code resolve_item(struct resolver *r, struct scope *s, const struct json *node, struct from **ret)
{
	const struct json *m;
	struct str type = node_type(node, &m);
	if (str_is(type, "RangeVar"))
		return resolve_named(r, s, m, ret);
	if (str_is(type, "RangeSubselect"))
		return resolve_subselect(r, s, m, ret);
	if (str_is(type, "JoinExpr"))
		return resolve_join(r, s, m, ret);
	return FAULT(r, 0, E_INVALID, N_("Queries cannot use {what}"), { "what", type.len ? type : STR("this") });
}

enum code resolve_from(struct resolver *r, struct scope *s, const struct json *list, struct from **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < node_count(list); i++) {
		struct from *one, *both;
		TRY(resolve_item(r, s, node_item(list, i), &one));
		if (!*ret) {
			*ret = one;
			continue;
		}
		FAULT_NEW(r, both, struct from);
		*both = (struct from){ .kind = JOIN_CROSS, .left = *ret, .right = one };
		*ret = both;
	}
	return OK;
}

/* Names: columns of what stands in FROM, of this SELECT and of those around it; kinds and their columns; what is read of
 * them is noted. Neighbours: select.c fills scopes, group.c looks at what subqueries take from outside. */
#include "internal.h"
#include "model/nearest.h"

/* --- columns of kinds ----------------------------------------------------------------------------- */

static enum query_type field_query_type(enum field_type type)
{
	switch (type) {
	case FIELD_TEXT:
	case FIELD_CHOICE:
		return QUERY_TEXT;
	case FIELD_INT:
		return QUERY_INT;
	case FIELD_DECIMAL:
		return QUERY_DECIMAL;
	case FIELD_MONEY:
		return QUERY_MONEY;
	case FIELD_DATE:
		return QUERY_DATE;
	case FIELD_TIME:
		return QUERY_TIME;
	case FIELD_BOOL:
		return QUERY_BOOL;
	case FIELD_REF:
	case FIELD_ID:
		return QUERY_ID;
	default:
		return QUERY_JSON;
	}
}

static void add_system(struct source *src, const char *name, enum query_type type)
{
	src->columns[src->column_count++] =
		(struct source_column){ .name = str_of(name), .own = name, .type = type, .bound = type_bound(type), .kind = src->table->kind };
}

static enum code kind_columns(struct resolver *r, struct source *src)
{
	const struct kind *k = src->table->kind;
	src->columns = ARENA_ARRAY(r->arena, k->field_count + 7, struct source_column);
	if (!src->columns)
		return error_nomem(r->e);
	add_system(src, "id", QUERY_ID);
	add_system(src, "entity", QUERY_ID);
	if (!(k->flags & KIND_VIEW)) {
		if (k->state_count)
			add_system(src, "state", QUERY_TEXT);
		if (k->number)
			add_system(src, "number", QUERY_TEXT);
		add_system(src, "version", QUERY_INT);
		add_system(src, "since", QUERY_TIME);
	}
	for (const struct field *f = k->fields; f->name; f++) {
		enum query_type type = field_query_type(f->type); /* its range is no bound: a pack may have narrowed it over values that stand */
		if (f->type == FIELD_REFS)
			continue;
		src->columns[src->column_count++] = (struct source_column){ .name = str_of(f->name), .own = f->name, .type = type,
									     .scale = type == QUERY_DECIMAL ? f->scale : 0,
									     .bound = type_bound(type), .field = f, .kind = k };
	}
	return OK;
}

static enum code no_kind(struct resolver *r, struct str name, size_t place)
{
	struct nearest near = { .word = name };
	for (size_t i = 0; i < r->model->kind_count; i++)
		nearest_offer(&near, r->model->kinds[i]->name);
	if (near.best)
		return FAULT(r, place, E_INVALID, N_("There is no kind {kind}; did you mean {near}?"), { "kind", name },
			     { "near", str_of(near.best) });
	return FAULT(r, place, E_INVALID, N_("There is no kind {kind}"), { "kind", name });
}

static enum code table_of(struct resolver *r, const struct kind *k, struct table_use **ret)
{
	struct table_use **at = &r->tables;
	while (*at && (*at)->kind != k)
		at = &(*at)->next;
	if (!*at) {
		struct table_use *t;
		FAULT_NEW(r, t, struct table_use);
		t->kind = k;
		t->columns = ARENA_ARRAY(r->arena, k->field_count + 7, struct query_column);
		if (!t->columns)
			return error_nomem(r->e);
		*at = t;
		r->table_count++;
	}
	*ret = *at;
	return OK;
}

enum code source_of_select(struct resolver *r, struct source *src, const struct select *sel)
{
	src->columns = ARENA_ARRAY(r->arena, sel->output_count + 1, struct source_column);
	if (!src->columns)
		return error_nomem(r->e);
	src->column_count = sel->output_count;
	for (size_t i = 0; i < sel->output_count; i++) {
		const struct expr *x = sel->outputs[i].expr;
		src->columns[i] = (struct source_column){ .name = sel->outputs[i].name, .type = x->type, .scale = x->scale, .bound = x->bound };
		if (x->kind == EXPR_COLUMN && sel->operation == SET_NONE && x->source->columns[x->column].type == x->type) {
			src->columns[i].field = x->source->columns[x->column].field;
			src->columns[i].kind = x->source->columns[x->column].kind;
		}
	}
	return OK;
}

enum code scope_relation(struct resolver *r, struct scope *s, struct source *src, struct str name, size_t place)
{
	for (struct common *c = s->with; c; c = c->next)
		if (str_eq(c->name, name)) {
			src->common = c;
			return source_of_select(r, src, c->select);
		}
	const struct kind *k = model_kind(r->model, name);
	if (!k)
		return no_kind(r, name, place);
	r->relations++;
	TRY(table_of(r, k, &src->table));
	return kind_columns(r, src);
}

/* --- what is read --------------------------------------------------------------------------------- */

static void note_use(struct resolver *r, struct table_use *t, const struct source_column *c, size_t place, bool named)
{
	for (size_t i = 0; i < t->count; i++)
		if (str_is(str_of(c->own), t->columns[i].name)) {
			if (named && !t->columns[i].named)
				t->columns[i].place = text_place(r->sql, place);
			t->columns[i].named |= named;
			return;
		}
	t->columns[t->count++] = (struct query_column){ .name = c->own, .field = c->field, .named = named,
							.place = text_place(r->sql, place) };
}

static void note_column(struct resolver *r, const struct source *src, size_t column, size_t place, bool named);

/* Who names a column of a subquery that it has by "*" names the one below. */
static void note_output(struct resolver *r, const struct select *sel, size_t output, size_t place)
{
	if (sel->operation != SET_NONE) {
		note_output(r, sel->left, output, place);
		note_output(r, sel->right, output, place);
		return;
	}
	const struct expr *x = sel->outputs[output].expr;
	if (x->kind == EXPR_COLUMN && sel->outputs[output].starred)
		note_column(r, x->source, x->column, place, true);
}

static void note_column(struct resolver *r, const struct source *src, size_t column, size_t place, bool named)
{
	const struct source_column *c = &src->columns[column];
	if (src->table) {
		note_use(r, src->table, c, place, named);
	} else if (named) {
		note_output(r, src->select ? src->select : src->common->select, column, place);
	}
}

/* --- finding -------------------------------------------------------------------------------------- */

size_t source_find(const struct source *src, struct str name)
{
	for (size_t i = 0; i < src->column_count; i++)
		if (str_eq(src->columns[i].name, name))
			return i;
	return SIZE_MAX;
}

enum code source_expr(struct resolver *r, struct source *src, size_t column, size_t place, bool named, struct expr **ret)
{
	const struct source_column *c = &src->columns[column];
	TRY(expr_new(r, EXPR_COLUMN, c->type, place, 0, ret));
	(*ret)->scale = c->scale;
	(*ret)->bound = c->bound;
	(*ret)->source = src;
	(*ret)->column = column;
	note_column(r, src, column, place, named);
	return OK;
}

/* How many columns of the SELECT's own FROM have the name; *ret_column the last. */
static size_t find_column(const struct scope *s, struct str name, struct source **ret, size_t *ret_column)
{
	size_t found = 0;
	for (struct source *src = s->sources; src != s->until; src = src->next)
		for (size_t i = 0; i < src->column_count; i++)
			if (str_eq(src->columns[i].name, name) && !src->columns[i].merged) {
				*ret = src;
				*ret_column = i;
				found++;
			}
	return found;
}

bool scope_has(const struct scope *s, struct str name)
{
	struct source *src;
	size_t column;
	return find_column(s, name, &src, &column) > 0;
}

/* A grouped SELECT has a value for its subqueries only in what it groups by: looked at when all of it is known. */
static enum code found_at(struct resolver *r, struct scope *s, struct scope *at, struct source *src, size_t column, size_t place,
			  struct expr **ret)
{
	struct outside *o;
	TRY(source_expr(r, src, column, place, true, ret));
	if (at == s || !at->select || at->clause == CLAUSE_WHERE || at->clause == CLAUSE_ON || at->clause == CLAUSE_AGGREGATE ||
	    at->clause == CLAUSE_GROUP)
		return OK;
	FAULT_NEW(r, o, struct outside);
	*o = (struct outside){ *ret, at->select->outside };
	at->select->outside = o;
	return OK;
}

static enum code no_column(struct resolver *r, const struct scope *s, struct str table, struct str name, size_t place)
{
	struct nearest near = { .word = name };
	for (; s; s = s->outer)
		for (struct source *src = s->sources; src != s->until; src = src->next)
			for (size_t i = 0; i < src->column_count; i++)
				if (src->columns[i].name.data && (!table.len || str_eq(src->name, table)))
					nearest_offer(&near, arena_copy(r->arena, src->columns[i].name).data);
	if (near.best)
		return FAULT(r, place, E_INVALID, N_("There is no column {column}; did you mean {near}?"), { "column", name },
			     { "near", str_of(near.best) });
	return FAULT(r, place, E_INVALID, N_("There is no column {column}"), { "column", name });
}

static enum code plain_column(struct resolver *r, struct scope *s, struct str name, size_t place, struct expr **ret)
{
	for (struct scope *at = s; at; at = at->outer) {
		struct source *src;
		size_t column, found = find_column(at, name, &src, &column);
		if (found > 1)
			return FAULT(r, place, E_INVALID, N_("{column} could be of several tables: write table.{column}"), { "column", name });
		if (found)
			return found_at(r, s, at, src, column, place, ret);
	}
	return no_column(r, s, STR_NONE, name, place);
}

static bool named_twice(const struct source *src, size_t column)
{
	for (size_t i = column + 1; i < src->column_count; i++)
		if (str_eq(src->columns[i].name, src->columns[column].name))
			return true;
	return false;
}

static enum code qualified_column(struct resolver *r, struct scope *s, struct str table, struct str name, size_t place, struct expr **ret)
{
	for (struct scope *at = s; at; at = at->outer)
		for (struct source *src = at->sources; src != at->until; src = src->next) {
			if (!str_eq(src->name, table))
				continue;
			size_t column = source_find(src, name);
			if (column == SIZE_MAX)
				return no_column(r, at, table, name, place);
			if (named_twice(src, column))
				return FAULT(r, place, E_INVALID, N_("{table} has several columns {column}"), { "table", table }, { "column", name });
			return found_at(r, s, at, src, column, place, ret);
		}
	return FAULT(r, place, E_INVALID, N_("There is no {table} in FROM"), { "table", table });
}

enum code scope_column(struct resolver *r, struct scope *s, const struct json *fields, size_t place, struct expr **ret)
{
	size_t count = node_count(fields);
	struct str last = count ? node_string(node_item(fields, count - 1)) : STR_NONE;
	if (!last.len)
		return FAULT(r, place, E_INVALID, N_("“*” cannot stand here"));
	if (count == 1)
		return plain_column(r, s, last, place, ret);
	if (count == 2)
		return qualified_column(r, s, node_string(node_item(fields, 0)), last, place, ret);
	return FAULT(r, place, E_INVALID, N_("A column is named as column or table.column"));
}

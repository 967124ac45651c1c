/* From the layout in force to the one wanted, step by step, told or carried out. Nothing is dropped: a column that goes is
 * renamed aside and comes back when it is wanted again; one of another type is set aside, and what its values mean in the
 * new type is converted. Neighbours: layout.h, schema.c; convert.c moves values. */
#include "convert.h"
#include "internal.h"
#include "layout.h"
#include <string.h>

#define STEPS_MOST 5000

static enum code note(struct planning *p, const char *msgid, struct str table, struct str what, struct str sql, struct error *e)
{
	if (p->count == STEPS_MOST)
		return error_fail(e, E_LIMIT, N_("The packs change more than 5,000 things at once"));
	struct error_arg *args = ARENA_ARRAY(p->arena, 3, struct error_arg);
	if (!args || !sql.data)
		return error_nomem(e);
	args[0] = (struct error_arg){ "table", table };
	args[1] = (struct error_arg){ "what", what };
	p->steps[p->count++] = (struct schema_step){ .msgid = msgid, .args = args, .sql = sql, .reversible = true };
	return OK;
}

static struct str aside_name(struct planning *p, struct str name)
{
	return arena_format(p->arena, "%.*s__v%lld", STR_ARG(name), (long long)p->version);
}

/* --- columns -------------------------------------------------------------------------------------- */

static enum code rename_column(struct planning *p, const char *msgid, struct layout_table *t, struct str what, struct str from, struct str to,
			       struct error *e)
{
	TRY(note(p, msgid, t->name, what,
		 arena_format(p->arena, "ALTER TABLE %s RENAME COLUMN %s TO %s", t->name.data, from.data, to.data), e));
	return p->apply ? column_rename(p->conn, t->name, from, to, e) : OK;
}

/* What was plain stays plain aside: erasing a person must find it there when the field has become personal. */
static enum code set_aside(struct planning *p, struct layout_table *t, struct layout_column *c, bool personal, struct error *e)
{
	struct str name = aside_name(p, c->name);
	if (!name.data)
		return error_nomem(e);
	TRY(rename_column(p, N_("set {what} of {table} aside; nothing is lost"), t, c->name, c->name, name, e));
	c->personal |= personal;
	c->of = c->name;
	c->name = name;
	return OK;
}

static enum code bring_back(struct planning *p, struct layout_table *t, struct layout_column *c, const struct layout_column *wanted,
			    struct error *e)
{
	TRY(rename_column(p, N_("bring {what} of {table} back"), t, wanted->name, c->name, wanted->name, e));
	*c = *wanted;
	return OK;
}

static enum code add_column(struct planning *p, struct layout_table *t, const struct layout_column *wanted, struct error *e)
{
	struct column_def def = { .name = wanted->name.data, .type = layout_column_type(wanted) };
	TRY(note(p, N_("add {what} to {table}"), t->name, wanted->name,
		 arena_format(p->arena, "ALTER TABLE %s ADD COLUMN %s", t->name.data, def.name), e));
	if (p->apply)
		TRY(column_add(p->conn, t->name, &def, e));
	t->columns[t->column_count++] = *wanted;
	return OK;
}

/* The newest column set aside under the name: of the same type, or any that converts. */
static struct layout_column *find_aside(const struct layout_table *t, const struct layout_column *wanted, bool same)
{
	struct layout_column *best = NULL;
	int64_t newest = -1, version;
	for (size_t i = 0; i < t->column_count; i++) {
		struct layout_column *c = &t->columns[i];
		if (!str_eq(c->of, wanted->name) || !str_int(str_slice(c->name, c->of.len + 3, c->name.len), &version) || version <= newest)
			continue;
		if (same ? !layout_same(c, wanted) : !converts(c, wanted))
			continue;
		newest = version;
		best = c;
	}
	return best;
}

/* `old`: a column of the wanted type from before, or NULL. */
static enum code move_values(struct planning *p, const struct layout_table *t, const struct layout_column *from,
			     const struct layout_column *old, const struct layout_column *to, struct error *e)
{
	if (!converts(from, to))
		return OK;
	TRY(note(p, N_("convert {what} of {table} where its values allow"), t->name, to->name, STR(""), e));
	return p->apply ? convert(p->conn, t->name, from, old, to, p->arena, e) : OK;
}

/* A column of the wanted type comes back as it is, unless newer values of another type can be read: then both go into a
 * new one, and both stay. */
static enum code want_column(struct planning *p, struct layout_table *t, const struct layout_column *wanted, struct error *e)
{
	struct layout_column *present = layout_column_find(t, wanted->name), *old = find_aside(t, wanted, true);
	if (present && layout_same(present, wanted)) {
		*present = *wanted;
		return OK;
	}
	if (present)
		TRY(set_aside(p, t, present, wanted->personal || str_is(wanted->type, "sealed"), e));
	if (old && !(present && converts(present, wanted)))
		return bring_back(p, t, old, wanted, e);
	struct layout_column *source = present ? present : find_aside(t, wanted, false);
	TRY(add_column(p, t, wanted, e));
	return source ? move_values(p, t, source, old, wanted, e) : OK;
}

/* Columns that will not be the same object afterwards. */
static bool column_moves(const struct layout_table *old, const struct layout_table *next, const struct layout_column *c)
{
	const struct layout_column *before = layout_column_find(old, c->name), *after = layout_column_find(next, c->name);
	return !before || !after || !layout_same(before, after);
}

/* --- indexes -------------------------------------------------------------------------------------- */

static bool index_stays(const struct layout_table *old, const struct layout_table *next, const struct index_def *index)
{
	if (!layout_index_same(old, index) || !layout_index_same(next, index))
		return false;
	for (size_t i = 0; i < old->column_count; i++)
		if (!old->columns[i].of.len && layout_index_mentions(index, old->columns[i].name) && column_moves(old, next, &old->columns[i]))
			return false;
	return true;
}

static enum code drop_index(struct planning *p, struct str table, const struct index_def *index, struct error *e)
{
	TRY(note(p, N_("drop the index {what} of {table}"), table, str_of(index->name), arena_format(p->arena, "DROP INDEX %s", index->name), e));
	return p->apply ? index_drop(p->conn, str_of(index->name), e) : OK;
}

static enum code make_index(struct planning *p, struct str table, const struct index_def *index, struct error *e)
{
	struct str columns = str_of(index->columns);
	TRY(note(p, N_("index {table} by {what}"), table, columns,
		 arena_format(p->arena, "CREATE %sINDEX %s ON %s (%s)%s%s", index->unique ? "UNIQUE " : "", index->name, table.data, index->columns,
			      index->where ? " WHERE " : "", index->where ? index->where : ""), e));
	enum code code = p->apply ? index_ensure(p->conn, table, index, e) : OK;
	if (code != E_CONFLICT)
		return code;
	return error_fail(e, E_CONFLICT, N_("{table} has records with the same {what}; make them different first"), { "table", table },
			  { "what", columns });
}

/* --- tables --------------------------------------------------------------------------------------- */

static struct layout_table *result_add(struct planning *p, const struct layout_table *t, size_t more_columns, struct error *e)
{
	struct layout_table *r = &p->result.tables[p->result.table_count++];
	*r = *t;
	r->columns = ARENA_ARRAY(p->arena, t->column_count + more_columns + 1, struct layout_column);
	if (!r->columns) {
		error_nomem(e);
		return NULL;
	}
	if (t->column_count)
		memcpy(r->columns, t->columns, t->column_count * sizeof *r->columns);
	return r;
}

static enum code make_table(struct planning *p, const struct layout_table *t, struct error *e)
{
	struct table_def def;
	bool there = false;
	/* a view of this name made way already; in a preview it still stands */
	if (!layout_view_find(p->old, t->name))
		TRY(table_exists(p->conn, t->name, &there, e));
	if (there)
		return error_fail(e, E_INVALID, N_("The program has a table {table} of its own; the kind needs another name"), { "table", t->name });
	TRY(layout_table_def(t, p->arena, &def, e));
	TRY(note(p, N_("create the table {table}"), t->name, STR(""), table_ddl(store_type(conn_store(p->conn)), &def, p->arena), e));
	if (p->apply)
		TRY(table_ensure(p->conn, &def, e));
	return result_add(p, t, 0, e) ? OK : E_NOMEM;
}

static enum code change_table(struct planning *p, const struct layout_table *old, const struct layout_table *next, struct error *e)
{
	struct layout_table *t = result_add(p, old, next->column_count, e);
	if (!t)
		return E_NOMEM;
	if (t->away)
		TRY(note(p, N_("take {table} up again"), t->name, STR(""), STR(""), e));
	t->away = false;
	for (size_t i = 0; i < old->index_count; i++)
		if (!index_stays(old, next, &old->indexes[i]))
			TRY(drop_index(p, t->name, &old->indexes[i], e));
	for (size_t i = 0; i < t->column_count; i++)
		if (!t->columns[i].of.len && !layout_column_find(next, t->columns[i].name))
			TRY(set_aside(p, t, &t->columns[i], false, e));
	for (size_t i = 0; i < next->column_count; i++)
		TRY(want_column(p, t, &next->columns[i], e));
	t->indexes = next->indexes;
	t->index_count = next->index_count;
	for (size_t i = 0; i < next->index_count; i++)
		if (!index_stays(old, next, &next->indexes[i]))
			TRY(make_index(p, t->name, &next->indexes[i], e));
	return OK;
}

/* A list that names another kind now: its rows mean nothing there, so the whole table steps aside. */
static enum code set_table_aside(struct planning *p, const struct layout_table *old, struct error *e)
{
	struct layout_table *t = result_add(p, old, 0, e);
	struct str name = aside_name(p, old->name);
	if (!t || !name.data)
		return error_nomem(e);
	for (size_t i = 0; i < old->index_count; i++)
		TRY(drop_index(p, old->name, &old->indexes[i], e));
	TRY(note(p, N_("set the list {table} aside; nothing is lost"), old->name, STR(""),
		 arena_format(p->arena, "ALTER TABLE %s RENAME TO %s", old->name.data, name.data), e));
	if (p->apply)
		TRY(table_rename(p->conn, old->name, name, e));
	t->of = t->name;
	t->name = name;
	t->away = true;
	t->index_count = 0;
	return OK;
}

static bool links_same(const struct layout_table *a, const struct layout_table *b)
{
	const struct layout_column *x = layout_column_find(a, STR("target")), *y = layout_column_find(b, STR("target"));
	return x && y && layout_same(x, y);
}

static enum code bring_table_back(struct planning *p, const struct layout_table *aside, const struct layout_table *next, struct error *e)
{
	TRY(note(p, N_("bring the list {table} back"), next->name, STR(""),
		 arena_format(p->arena, "ALTER TABLE %s RENAME TO %s", aside->name.data, next->name.data), e));
	if (p->apply)
		TRY(table_rename(p->conn, aside->name, next->name, e));
	for (size_t i = 0; i < next->index_count; i++)
		TRY(make_index(p, next->name, &next->indexes[i], e));
	return result_add(p, next, 0, e) ? OK : E_NOMEM;
}

static const struct layout_table *list_aside(const struct layout *l, const struct layout_table *next)
{
	const struct layout_table *best = NULL;
	for (size_t i = 0; next->links && i < l->table_count; i++)
		if (str_eq(l->tables[i].of, next->name) && links_same(&l->tables[i], next))
			best = &l->tables[i];
	return best;
}

static enum code want_table(struct planning *p, const struct layout_table *next, struct error *e)
{
	const struct layout_table *old = layout_table_find(p->old, next->name), *aside = list_aside(p->old, next);
	if (old && (!next->links || (old->links && links_same(old, next))))
		return change_table(p, old, next, e);
	if (old)
		TRY(set_table_aside(p, old, e));
	return aside ? bring_table_back(p, aside, next, e) : make_table(p, next, e);
}

/* What the packs no longer declare stays, and is remembered. */
static enum code keep_table(struct planning *p, const struct layout_table *old, struct error *e)
{
	if (!old->of.len && layout_table_find(p->next, old->name))
		return OK;
	if (old->of.len) {
		const struct layout_table *next = layout_table_find(p->next, old->of);
		const struct layout_table *now = layout_table_find(p->old, old->of);
		bool returned = next && !(now && (!next->links || links_same(now, next))) && list_aside(p->old, next) == old;
		return returned || result_add(p, old, 0, e) ? OK : E_NOMEM;
	}
	struct layout_table *t = result_add(p, old, 0, e);
	if (!t)
		return E_NOMEM;
	if (!t->away)
		TRY(note(p, N_("leave {table} as it is: the packs no longer declare it"), t->name, STR(""), STR(""), e));
	t->away = true;
	return OK;
}

/* --- views ---------------------------------------------------------------------------------------- */

/* A view holds on to columns that may be renamed: all go first, and what is wanted is made anew at the end. */
static enum code drop_views(struct planning *p, struct error *e)
{
	for (size_t i = 0; i < p->old->view_count; i++) {
		const struct layout_view *v = &p->old->views[i];
		if (!layout_view_find(p->next, v->name))
			TRY(note(p, N_("remove the view {table}; what it shows stays"), v->name, STR(""), arena_format(p->arena, "DROP VIEW %s", v->name.data), e));
		if (p->apply)
			TRY(view_drop(p->conn, v->name, e));
	}
	return OK;
}

static enum code make_views(struct planning *p, struct error *e)
{
	for (size_t i = 0; i < p->next->view_count; i++) {
		const struct layout_view *v = &p->next->views[i], *before = layout_view_find(p->old, v->name);
		bool there = false;
		if (!before)
			TRY(table_exists(p->conn, v->name, &there, e));
		if (there)
			return error_fail(e, E_INVALID, N_("{table} has records of its own and cannot become a view; give the view another name"),
					  { "table", v->name });
		if (!before || !str_eq(before->select, v->select))
			TRY(note(p, N_("define {table} as a view"), v->name, STR(""), v->select, e));
		if (p->apply)
			TRY(view_ensure(p->conn, v->name, v->select, e));
	}
	p->result.views = p->next->views;
	p->result.view_count = p->next->view_count;
	return OK;
}

enum code plan_run(struct planning *p, struct error *e)
{
	/* a list set aside stands in the result twice: as it was renamed, and as it is made anew */
	size_t most = 2 * p->old->table_count + p->next->table_count + 1;
	p->steps = ARENA_ARRAY(p->arena, STEPS_MOST, struct schema_step);
	p->result = (struct layout){ .tables = ARENA_ARRAY(p->arena, most, struct layout_table) };
	if (!p->steps || !p->result.tables)
		return error_nomem(e);
	TRY(drop_views(p, e));
	for (size_t i = 0; i < p->next->table_count; i++)
		TRY(want_table(p, &p->next->tables[i], e));
	for (size_t i = 0; i < p->old->table_count; i++)
		TRY(keep_table(p, &p->old->tables[i], e));
	return make_views(p, e);
}

/* Tables of kinds, versioned. The layout in force is kept as JSON with each version; a plan is the difference between
 * two layouts. Nothing is dropped: what goes is renamed aside and comes back when it is wanted again.
 * Neighbours: layout.c turns a model into a layout and back from JSON; store/schema.h makes the single steps. */
#include "internal.h"
#include "layout.h"
#include <stdio.h>
#include <string.h>

static const struct table_def version_table = {
	.name = "schema_version",
	.columns = (const struct column_def[]){ { "version", COLUMN_INT, true, NULL }, { "applied", COLUMN_INT, true, NULL },
						{ "layout", COLUMN_TEXT, true, NULL }, { "steps", COLUMN_TEXT, true, NULL }, { 0 } },
	.primary_key = "version",
};

#define STEPS_MOST 5000

struct planning {
	struct conn *conn;
	struct arena *arena;
	bool apply;             /* carry out while planning */
	int64_t version;        /* the one being made */
	struct schema_step *steps;
	size_t count;
};

static enum code note(struct planning *p, const char *msgid, struct str table, struct str what, struct str sql, struct error *e)
{
	if (p->count == STEPS_MOST)
		return error_fail(e, E_LIMIT, N_("The packs change more than 5,000 things at once"));
	struct error_arg *args = ARENA_ARRAY(p->arena, 3, struct error_arg);
	if (!args)
		return error_nomem(e);
	args[0] = (struct error_arg){ "table", table };
	args[1] = (struct error_arg){ "what", what };
	p->steps[p->count++] = (struct schema_step){ .msgid = msgid, .args = args, .sql = sql, .reversible = true };
	return OK;
}

static struct column_def column_of(const struct layout_column *c)
{
	return (struct column_def){ .name = c->name.data, .type = layout_column_type(c) };
}

static struct str aside_name(struct planning *p, struct str column)
{
	return arena_format(p->arena, "%.*s__v%lld", STR_ARG(column), (long long)p->version);
}

/* --- steps ---------------------------------------------------------------------------------------- */

static enum code step_table(struct planning *p, const struct layout_table *t, struct error *e)
{
	struct table_def def;
	TRY(layout_table_def(t, p->arena, &def, e));
	TRY(note(p, N_("create the table {table}"), t->name, STR(""), table_ddl(store_type(conn_store(p->conn)), &def, p->arena), e));
	return p->apply ? table_ensure(p->conn, &def, e) : OK;
}

static enum code step_aside(struct planning *p, struct str table, struct str column, struct error *e)
{
	struct str name = aside_name(p, column);
	TRY(note(p, N_("set {what} of {table} aside; nothing is lost"), table, column,
		 arena_format(p->arena, "ALTER TABLE %.*s RENAME COLUMN %.*s TO %.*s", STR_ARG(table), STR_ARG(column), STR_ARG(name)), e));
	return p->apply ? column_rename(p->conn, table, column, name, e) : OK;
}

static enum code step_add(struct planning *p, struct str table, const struct layout_column *c, struct error *e)
{
	struct column_def def = column_of(c);
	TRY(note(p, N_("add {what} to {table}"), table, c->name, arena_format(p->arena, "ALTER TABLE %.*s ADD COLUMN %.*s", STR_ARG(table), STR_ARG(c->name)), e));
	return p->apply ? column_add(p->conn, table, &def, e) : OK;
}

static enum code step_back(struct planning *p, struct str table, struct str column, struct str aside, struct error *e)
{
	TRY(note(p, N_("bring {what} of {table} back"), table, column,
		 arena_format(p->arena, "ALTER TABLE %.*s RENAME COLUMN %.*s TO %.*s", STR_ARG(table), STR_ARG(aside), STR_ARG(column)), e));
	return p->apply ? column_rename(p->conn, table, aside, column, e) : OK;
}

/* Values of the old type that mean something in the new one move over; the others stay in the column set aside. */
static enum code convert_rows(struct planning *p, const struct layout_table *t, const struct layout_column *from, struct str aside,
			      const struct layout_column *to, struct error *e)
{
	struct field old_field = layout_field(from), new_field = layout_field(to);
	struct str select = arena_format(p->arena, "SELECT id, %.*s FROM %.*s WHERE id > ?1 AND %.*s IS NOT NULL ORDER BY id LIMIT 500",
					 STR_ARG(aside), STR_ARG(t->name), STR_ARG(aside));
	struct str update = arena_format(p->arena, "UPDATE %.*s SET %.*s = ?1 WHERE id = ?2", STR_ARG(t->name), STR_ARG(to->name));
	int64_t last = 0;
	for (bool more = true; more;) {
		CLEAN_ARENA struct arena *arena = arena_new(0);
		struct {
			int64_t id;
			struct value value;
		} found[500];
		size_t n = 0;
		if (!arena || !select.data || !update.data)
			return error_nomem(e);
		CLEAN_ROWS struct rows *rows = NULL;
		TRY(sql_query_built(p->conn, select, SQL_PARAMS(SQL_I(last)), &rows, e));
		for (bool row = true; row && n < 500;) {
			size_t column = 1;
			TRY(rows_next(rows, &row, e));
			if (!row)
				break;
			found[n].id = rows_int(rows, 0);
			TRY(field_read(rows, &column, &old_field, arena, &found[n++].value, e));
		}
		rows_close(rows);
		rows = NULL;
		for (size_t i = 0; i < n; i++) {
			struct value v;
			struct error ignored;
			error_init(&ignored, arena);
			struct str text = value_to_text(&old_field, &found[i].value, arena);
			if (value_from_text(&new_field, text, STR(""), STR("USD"), arena, &v, &ignored) == OK && v.set && !v.null)
				TRY(sql_exec_built(p->conn, update, SQL_PARAMS(field_sql(&new_field, &v), SQL_I(found[i].id)), NULL, e));
			last = found[i].id;
		}
		more = n == 500;
	}
	return OK;
}

static enum code step_convert(struct planning *p, const struct layout_table *t, const struct layout_column *from,
			      const struct layout_column *to, struct error *e)
{
	struct str aside = aside_name(p, from->name);
	TRY(step_aside(p, t->name, from->name, e));
	TRY(step_add(p, t->name, to, e));
	if (t->history || !layout_convertible(from) || !layout_convertible(to))
		return OK;
	TRY(note(p, N_("convert {what} of {table} where its values allow"), t->name, to->name, STR(""), e));
	return p->apply ? convert_rows(p, t, from, aside, to, e) : OK;
}

/* --- comparing ------------------------------------------------------------------------------------ */

/* The newest column set aside under this name, of the same stored type; STR_NONE when there is none. */
static struct str find_aside(const struct column_def *columns, size_t count, const struct layout_column *wanted)
{
	struct str best = STR_NONE;
	int64_t newest = -1;
	for (size_t i = 0; i < count; i++) {
		struct str name = str_of(columns[i].name), rest;
		int64_t version;
		if (!str_starts(name, wanted->name))
			continue;
		rest = str_slice(name, wanted->name.len, name.len);
		if (str_starts(rest, STR("__v")) && str_int(str_slice(rest, 3, rest.len), &version) && version > newest &&
		    columns[i].type == layout_column_type(wanted)) {
			newest = version;
			best = name;
		}
	}
	return best;
}

static enum code plan_missing(struct planning *p, const struct layout_table *t, const struct layout_column *c, struct error *e)
{
	struct column_def *columns;
	size_t count;
	TRY(table_columns(p->conn, p->arena, t->name, &columns, &count, e));
	struct str aside = find_aside(columns, count, c);
	return aside.data ? step_back(p, t->name, c->name, aside, e) : step_add(p, t->name, c, e);
}

static enum code plan_columns(struct planning *p, const struct layout_table *old, const struct layout_table *next, struct error *e)
{
	for (size_t i = 0; i < old->column_count; i++)
		if (!layout_column_find(next, old->columns[i].name))
			TRY(step_aside(p, old->name, old->columns[i].name, e));
	for (size_t i = 0; i < next->column_count; i++) {
		const struct layout_column *c = &next->columns[i], *before = layout_column_find(old, c->name);
		if (!before)
			TRY(plan_missing(p, next, c, e));
		else if (!layout_same(before, c))
			TRY(step_convert(p, next, before, c, e));
	}
	return OK;
}

static enum code plan_indexes(struct planning *p, const struct layout_table *old, const struct layout_table *next, struct error *e)
{
	for (size_t i = 0; old && i < old->index_count; i++)
		if (!layout_index_same(next, &old->indexes[i])) {
			struct str name = str_of(old->indexes[i].name);
			TRY(note(p, N_("drop the index {what} of {table}"), next->name, name, arena_format(p->arena, "DROP INDEX %.*s", STR_ARG(name)), e));
			if (p->apply)
				TRY(index_drop(p->conn, name, e));
		}
	for (size_t i = 0; i < next->index_count; i++)
		if (old && !layout_index_same(old, &next->indexes[i])) {
			TRY(note(p, N_("index {table} by {what}"), next->name, str_of(next->indexes[i].columns), STR(""), e));
			if (p->apply)
				TRY(index_ensure(p->conn, next->name, &next->indexes[i], e));
		}
	return OK;
}

static enum code plan_table(struct planning *p, const struct layout *old, const struct layout_table *next, struct error *e)
{
	const struct layout_table *before = layout_table_find(old, next->name);
	bool there;
	TRY(table_exists(p->conn, next->name, &there, e));
	if (!there)
		return step_table(p, next, e);
	if (!before) {
		/* the kind was away for some versions: its table stayed; compare with what it really has */
		static const struct layout_table nothing = { 0 };
		for (size_t i = 0; i < next->column_count; i++) {
			struct column_def *columns;
			size_t count, k = 0;
			TRY(table_columns(p->conn, p->arena, next->name, &columns, &count, e));
			while (k < count && !str_is(next->columns[i].name, columns[k].name))
				k++;
			if (k == count)
				TRY(plan_missing(p, next, &next->columns[i], e));
		}
		return plan_indexes(p, &nothing, next, e);
	}
	TRY(plan_columns(p, before, next, e));
	return plan_indexes(p, before, next, e);
}

static enum code plan_views(struct planning *p, const struct layout *old, const struct layout *next, struct error *e)
{
	for (size_t i = 0; i < next->view_count; i++) {
		const struct layout_view *v = &next->views[i], *before = layout_view_find(old, v->name);
		bool there;
		TRY(table_exists(p->conn, v->name, &there, e));
		if (there && before && str_eq(before->select, v->select))
			continue;
		TRY(note(p, N_("define {table} as a view"), v->name, STR(""), v->select, e));
		if (p->apply)
			TRY(view_ensure(p->conn, v->name, v->select, e));
	}
	return OK;
}

/* A view would hold on to columns that are renamed: those that change go first. */
static enum code drop_views(struct planning *p, const struct layout *old, const struct layout *next, struct error *e)
{
	for (size_t i = 0; p->apply && i < old->view_count; i++)
		TRY(view_drop(p->conn, old->views[i].name, e));
	return OK;
}

static bool layouts_equal(const struct layout *a, const struct layout *b, struct arena *arena)
{
	struct str x = layout_to_json(a, arena), y = layout_to_json(b, arena);
	return x.data && y.data && str_eq(x, y);
}

static enum code plan(struct planning *p, const struct layout *old, const struct layout *next, struct error *e)
{
	p->steps = ARENA_ARRAY(p->arena, STEPS_MOST, struct schema_step);
	if (!p->steps)
		return error_nomem(e);
	if (layouts_equal(old, next, p->arena))
		return OK;
	TRY(drop_views(p, old, next, e));
	for (size_t i = 0; i < next->table_count; i++)
		TRY(plan_table(p, old, &next->tables[i], e));
	return plan_views(p, p->apply ? &(struct layout){ 0 } : old, next, e);
}

/* --- versions ------------------------------------------------------------------------------------- */

static enum code read_version(struct conn *c, struct arena *arena, int64_t which, int64_t *ret_version, struct layout *ret, struct error *e)
{
	static const char newest[] = "SELECT version, layout FROM schema_version ORDER BY version DESC LIMIT 1";
	static const char one[] = "SELECT version, layout FROM schema_version WHERE version = ?1";
	bool there, row;
	*ret = (struct layout){ 0 };
	*ret_version = 0;
	TRY(table_exists(c, STR("schema_version"), &there, e));
	if (!there)
		return OK;
	CLEAN_ROWS struct rows *rows = NULL;
	TRY(sql_query(c, which ? one : newest, SQL_PARAMS(SQL_I(which)), &rows, e));
	TRY(rows_next(rows, &row, e));
	if (!row)
		return OK;
	*ret_version = rows_int(rows, 0);
	return layout_from_json(rows_text(rows, 1), arena, ret, e);
}

static enum code store_version(struct planning *p, const struct layout *next, int64_t now, struct error *e)
{
	CLEAN_BUF struct buf steps;
	struct json_writer w;
	struct str layout = layout_to_json(next, p->arena);
	buf_init(&steps, 0);
	json_writer_init(&w, &steps);
	json_list(&w);
	for (size_t i = 0; i < p->count; i++)
		json_put_text(&w, catalog_format(NULL, LANG_EN, p->steps[i].msgid, p->steps[i].args, p->arena));
	json_list_end(&w);
	if (!layout.data || !buf_ok(&steps))
		return error_nomem(e);
	return sql_exec(p->conn, "INSERT INTO schema_version (version, applied, layout, steps) VALUES (?1, ?2, ?3, ?4)",
			SQL_PARAMS(SQL_I(p->version), SQL_I(now), SQL_T(layout), SQL_T(buf_str(&steps))), NULL, e);
}

enum code schema_plan(struct conn *c, const struct model *next, struct arena *arena, struct schema_step **ret, size_t *ret_count,
		      struct error *e)
{
	struct planning p = { .conn = c, .arena = arena };
	struct layout old, wanted;
	TRY(read_version(c, arena, 0, &p.version, &old, e));
	p.version++;
	TRY(layout_of_model(next, arena, &wanted, e));
	TRY(plan(&p, &old, &wanted, e));
	*ret = p.steps;
	*ret_count = p.count;
	return OK;
}

static enum code apply_layout(struct planning *p, const struct layout *old, const struct layout *wanted, int64_t now,
			      int64_t *ret_version, struct error *e)
{
	int64_t before = p->version++;
	TRY(plan(p, old, wanted, e));
	if (!p->count) {
		*ret_version = before;
		return OK;
	}
	TRY(store_version(p, wanted, now, e));
	*ret_version = p->version;
	return OK;
}

enum code schema_apply(struct conn *c, const struct model *next, int64_t now, int64_t *ret_version, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct planning p = { .conn = c, .arena = arena, .apply = true };
	struct layout old, wanted;
	if (!arena)
		return error_nomem(e);
	TRY(table_ensure(c, &version_table, e));
	TRY(read_version(c, arena, 0, &p.version, &old, e));
	TRY(layout_of_model(next, arena, &wanted, e));
	return apply_layout(&p, &old, &wanted, now, ret_version, e);
}

enum code schema_version(struct conn *c, int64_t *ret, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct layout layout;
	return arena ? read_version(c, arena, 0, ret, &layout, e) : error_nomem(e);
}

enum code schema_revert(struct conn *c, int64_t now, int64_t *ret_version, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct planning p = { .conn = c, .arena = arena, .apply = true };
	struct layout old, wanted;
	int64_t previous;
	if (!arena)
		return error_nomem(e);
	TRY(read_version(c, arena, 0, &p.version, &old, e));
	if (p.version < 2)
		return error_fail(e, E_NOT_FOUND, N_("There is no earlier version of the schema"));
	TRY(read_version(c, arena, p.version - 1, &previous, &wanted, e));
	return apply_layout(&p, &old, &wanted, now, ret_version, e);
}

/* Tables as data to DDL, in the common subset. Neighbours: store.h; record/ plans changes with the single steps. */
#include "base/buf.h"
#include "internal.h"
#include <string.h>

static enum code exec_buf(struct conn *c, struct buf *sql, struct error *e)
{
	enum code code = buf_ok(sql) ? sql_exec_built(c, buf_str(sql), SQL_NO_PARAMS, NULL, e) : error_nomem(e);
	buf_done(sql);
	return code;
}

static void add_column(struct buf *sql, const struct backend *b, const struct column_def *c)
{
	buf_format(sql, "%s %s", c->name, b->column_types[c->type]);
	if (c->not_null)
		buf_add_text(sql, " NOT NULL");
	if (c->otherwise)
		buf_format(sql, " DEFAULT %s", c->otherwise);
}

static void add_table(struct buf *sql, const struct backend *b, const struct table_def *t)
{
	buf_format(sql, "CREATE TABLE IF NOT EXISTS %s (", t->name);
	bool single = t->primary_key && !strchr(t->primary_key, ',');
	for (const struct column_def *c = t->columns; c->name; c++) {
		if (c != t->columns)
			buf_add_text(sql, ", ");
		/* in SQLite "INTEGER PRIMARY KEY" is the row id itself */
		if (single && c->type == COLUMN_INT && strcmp(c->name, t->primary_key) == 0 && !t->without_rowid)
			buf_format(sql, "%s %s PRIMARY KEY", c->name, b->column_types[COLUMN_INT]);
		else
			add_column(sql, b, c);
	}
	bool inside = single && !t->without_rowid;
	for (const struct column_def *c = t->columns; c->name && inside; c++)
		if (strcmp(c->name, t->primary_key) == 0)
			inside = c->type == COLUMN_INT;
	if (t->primary_key && !inside)
		buf_format(sql, ", PRIMARY KEY (%s)", t->primary_key);
	buf_format(sql, ")%s", t->without_rowid ? b->table_suffix : "");
}

static void add_index(struct buf *sql, const struct backend *b, const char *table, const struct index_def *i)
{
	static const struct str is_null = { " IS NULL", 8 };
	struct str where = i->where ? str_of(i->where) : STR("");
	buf_format(sql, "CREATE %sINDEX IF NOT EXISTS %s ON %s (", i->unique ? "UNIQUE " : "", i->name, table);
	const char *last = strrchr(i->columns, ',');
	if (i->covers && !b->partial_covers && last && str_ends(where, is_null)) {
		buf_format(sql, "%.*s, %.*s%s)", (int)(last - i->columns), i->columns, (int)(where.len - is_null.len), where.data, last);
		return;
	}
	buf_format(sql, "%s)", i->columns);
	if (i->where)
		buf_format(sql, " WHERE %s", i->where);
}

struct str table_ddl(enum store_type type, const struct table_def *t, struct arena *arena)
{
	const struct backend *b = type == STORE_SQLITE ? &sqlite_backend : &postgres_backend;
	CLEAN_BUF struct buf sql;
	buf_init(&sql, 0);
	add_table(&sql, b, t);
	for (const struct index_def *i = t->indexes; i && i->name; i++) {
		buf_add_text(&sql, ";\n");
		add_index(&sql, b, t->name, i);
	}
	return buf_ok(&sql) ? arena_copy(arena, buf_str(&sql)) : STR_NONE;
}

enum code index_ensure(struct conn *c, struct str table, const struct index_def *index, struct error *e)
{
	struct buf sql;
	CLEAN_ARENA struct arena *arena = arena_new(1 << 16);
	struct str name = arena ? arena_copy(arena, table) : STR_NONE;
	if (!name.data)
		return error_nomem(e);
	buf_init(&sql, 0);
	add_index(&sql, c->store->backend, name.data, index);
	return exec_buf(c, &sql, e);
}

enum code table_exists(struct conn *c, struct str table, bool *ret, struct error *e)
{
	int64_t n = 0;
	bool found;
	TRY(sql_int(c, c->store->backend->table_exists_sql, SQL_PARAMS(SQL_T(table)), &n, &found, e));
	*ret = n > 0;
	return OK;
}

enum code table_columns(struct conn *c, struct arena *arena, struct str table, struct column_def **ret, size_t *ret_count,
			struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	size_t n = 0, room = 400;
	bool row;
	struct column_def *columns = ARENA_ARRAY(arena, room + 1, struct column_def);
	if (!columns)
		return error_nomem(e);
	TRY(sql_query(c, c->store->backend->columns_sql, SQL_PARAMS(SQL_T(table)), &rows, e));
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		if (n == room)
			return error_fail(e, E_LIMIT, N_("The table {table} has too many columns"), { "table", table });
		struct str name = arena_copy(arena, rows_text(rows, 0)), type = rows_text(rows, 1);
		if (!name.data)
			return error_nomem(e);
		columns[n].name = name.data;
		columns[n].type = COLUMN_TEXT;
		for (unsigned t = COLUMN_INT; t <= COLUMN_BLOB; t++)
			if (str_starts(str_of(c->store->backend->column_types[t]), type))
				columns[n].type = (enum column_type)t;
		n++;
	}
	*ret = columns;
	*ret_count = n;
	return OK;
}

enum code column_add(struct conn *c, struct str table, const struct column_def *column, struct error *e)
{
	struct buf sql;
	buf_init(&sql, 0);
	buf_format(&sql, "ALTER TABLE %.*s ADD COLUMN ", STR_ARG(table));
	add_column(&sql, c->store->backend, column);
	return exec_buf(c, &sql, e);
}

enum code table_ensure(struct conn *c, const struct table_def *t, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(1 << 20);
	struct buf sql;
	struct column_def *there;
	size_t count;
	if (!arena)
		return error_nomem(e);
	buf_init(&sql, 0);
	add_table(&sql, c->store->backend, t);
	TRY(exec_buf(c, &sql, e));
	TRY(table_columns(c, arena, str_of(t->name), &there, &count, e));
	for (const struct column_def *column = t->columns; column->name; column++) {
		size_t i = 0;
		while (i < count && strcmp(there[i].name, column->name) != 0)
			i++;
		if (i == count)
			TRY(column_add(c, str_of(t->name), column, e));
	}
	for (const struct index_def *i = t->indexes; i && i->name; i++)
		TRY(index_ensure(c, str_of(t->name), i, e));
	return OK;
}

enum code tables_ensure(struct conn *c, const struct table_def *const *tables, size_t count, struct error *e)
{
	for (size_t i = 0; i < count; i++)
		TRY(table_ensure(c, tables[i], e));
	return OK;
}

enum code table_rename(struct conn *c, struct str from, struct str to, struct error *e)
{
	struct buf sql;
	buf_init(&sql, 0);
	buf_format(&sql, "ALTER TABLE %.*s RENAME TO %.*s", STR_ARG(from), STR_ARG(to));
	return exec_buf(c, &sql, e);
}

enum code column_rename(struct conn *c, struct str table, struct str from, struct str to, struct error *e)
{
	struct buf sql;
	buf_init(&sql, 0);
	buf_format(&sql, "ALTER TABLE %.*s RENAME COLUMN %.*s TO %.*s", STR_ARG(table), STR_ARG(from), STR_ARG(to));
	return exec_buf(c, &sql, e);
}

enum code index_drop(struct conn *c, struct str index, struct error *e)
{
	struct buf sql;
	buf_init(&sql, 0);
	buf_format(&sql, "DROP INDEX IF EXISTS %.*s", STR_ARG(index));
	return exec_buf(c, &sql, e);
}

enum code view_drop(struct conn *c, struct str name, struct error *e)
{
	struct buf sql;
	buf_init(&sql, 0);
	buf_format(&sql, "DROP VIEW IF EXISTS %.*s", STR_ARG(name));
	return exec_buf(c, &sql, e);
}

enum code view_ensure(struct conn *c, struct str name, struct str select, struct error *e)
{
	struct buf sql;
	TRY(view_drop(c, name, e));
	buf_init(&sql, 0);
	buf_format(&sql, "CREATE VIEW %.*s AS %.*s", STR_ARG(name), STR_ARG(select));
	return exec_buf(c, &sql, e);
}

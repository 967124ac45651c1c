/* Tables as data: what a store must hold, independent of its dialect. The record module turns kinds into
 * these; journal, kernel and others declare their own tables as const data. */
#pragma once
#include "store/store.h"

enum column_type { COLUMN_INT, COLUMN_REAL, COLUMN_TEXT, COLUMN_BLOB };

struct column_def {
	const char *name;
	enum column_type type;
	bool not_null;
	const char *otherwise; /* SQL literal default, or NULL */
};

struct index_def {
	const char *name;
	const char *columns; /* "holder, id" — as SQL */
	bool unique;
	const char *where; /* partial index condition, or NULL */
	/* Queries are to be answered from it alone, in its order. SQLite does not do so from a partial index: there the column of
	 * `where` "<column> IS NULL" becomes one of the index, before the last. */
	bool covers;
};

struct table_def {
	const char *name;
	const struct column_def *columns; /* ends with name == NULL */
	const char *primary_key;          /* "id" or "a, b"; a single COLUMN_INT is the row id in SQLite */
	const struct index_def *indexes;  /* ends with name == NULL; may be NULL */
	bool without_rowid;               /* SQLite: clustered on the primary key */
};

/* Creates the table and its indexes when absent; adds columns that are absent (not_null needs a default). */
enum code table_ensure(struct conn *c, const struct table_def *t, struct error *e);
enum code tables_ensure(struct conn *c, const struct table_def *const *tables, size_t count, struct error *e);

/* Single steps, for planned changes of kinds. All run inside the caller's transaction on both stores. */
enum code table_exists(struct conn *c, struct str table, bool *ret, struct error *e);
enum code table_rename(struct conn *c, struct str from, struct str to, struct error *e);
enum code table_columns(struct conn *c, struct arena *arena, struct str table, struct column_def **ret,
			size_t *ret_count, struct error *e);
enum code column_add(struct conn *c, struct str table, const struct column_def *column, struct error *e);
enum code column_rename(struct conn *c, struct str table, struct str from, struct str to, struct error *e);
enum code index_ensure(struct conn *c, struct str table, const struct index_def *index, struct error *e);
enum code index_drop(struct conn *c, struct str index, struct error *e);
/* Creates or replaces a view; `select` is in the common subset. */
enum code view_ensure(struct conn *c, struct str name, struct str select, struct error *e);
enum code view_drop(struct conn *c, struct str name, struct error *e);

/* The DDL text table_ensure would run, for previews. */
struct str table_ddl(enum store_type type, const struct table_def *t, struct arena *arena);

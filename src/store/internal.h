/* The seam between the store's face (store.c, schema.c) and its two backends: one const struct of functions each.
 * A backend's connection begins with struct conn, its rows with struct rows. */
#pragma once
#include "base/arena.h"
#include "base/mem.h"
#include "store/schema.h"
#include <pthread.h>
#include <stdatomic.h>

struct backend {
	enum store_type type;
	bool single_writer;
	bool partial_covers; /* queries are answered from a partial index alone */
	enum code (*open)(struct store *s, const struct store_options *o, struct error *e);
	void (*close)(struct store *s);
	enum code (*conn_open)(struct store *s, enum conn_mode mode, struct conn **ret, struct error *e);
	void (*conn_close)(struct conn *c);
	enum code (*begin)(struct conn *c, struct error *e);
	enum code (*commit)(struct conn *c, struct error *e);
	void (*rollback)(struct conn *c);
	void (*undone)(struct conn *c); /* a savepoint was; may be NULL */
	bool (*in_transaction)(const struct conn *c); /* may be NULL: it ends only when told to */
	int64_t (*changes)(const struct conn *c);
	enum code (*refresh)(struct conn *c, struct error *e);
	void (*rest)(struct conn *c); /* may be NULL */
	void (*deadline)(struct conn *c, int64_t monotonic);
	void (*ceiling)(struct conn *c, int64_t bytes); /* may be NULL: the server has its own */
	/* `stable`: the text lives as long as the connection, so its address is its name. `ret` NULL: no rows wanted. */
	enum code (*run)(struct conn *c, struct str sql, bool stable, const struct sql_value *params, size_t count,
			 struct rows **ret, int64_t *ret_changed, struct error *e);
	enum code (*next)(struct rows *r, bool *ret_row, struct error *e);
	void (*rows_close)(struct rows *r);
	size_t (*columns)(const struct rows *r);
	struct str (*column_name)(const struct rows *r, size_t column);
	struct sql_value (*value)(const struct rows *r, size_t column);
	enum code (*lease)(struct conn *c, const char *name, bool *ret_got, struct error *e);
	bool (*kept)(struct conn *c); /* may be NULL: leases cannot be lost */
	/* may be NULL: one writer */
	enum code (*hold)(struct conn *c, const int64_t *keys, size_t count, bool shared, struct error *e);
	enum code (*announce)(struct conn *c, unsigned topic, struct error *e);
	enum code (*number)(struct conn *c, struct str name, int64_t count, int64_t *ret_first, struct error *e);
	enum code (*compact)(struct store *s, struct error *e);
	enum code (*copy)(struct store *s, struct str path, struct error *e);
	enum code (*size)(struct store *s, int64_t *ret, struct error *e);
	const char *const *column_types; /* by enum column_type, for DDL */
	const char *table_suffix;        /* of tables without a row id */
	/* Lists a table's columns; the same shape on both: name, type. */
	const char *columns_sql, *table_exists_sql;
};

struct store {
	const struct backend *backend;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	_Atomic uint64_t commits;
	_Atomic uint64_t heard[STORE_TOPICS];
	void *own; /* the backend's */
};

struct conn {
	struct store *store;
	enum conn_mode mode;
	bool in_transaction;
	unsigned depth; /* savepoints open */
	char conflict[256];
};

struct rows {
	struct conn *conn;
};

extern const struct backend sqlite_backend, postgres_backend;

/* Something was committed, here or elsewhere. */
void store_moved(struct store *s);
/* Notes the name of a violated constraint for conn_conflict(). */
void conn_set_conflict(struct conn *c, struct str name);

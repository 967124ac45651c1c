/* What the two files of the SQLite backend share. */
#pragma once
#include "../internal.h"
#include "base/buf.h"
#include <sqlite3.h>

#define BUSY_TIMEOUT_MS 10000
#define BUILT_MOST 128 /* statements kept that were built at run time */

struct sqlite_store {
	char *path;
	bool secure_delete, memory;
	size_t cache_bytes;
	struct conn *keeper; /* keeps the WAL open; compacts and copies */
	pthread_mutex_t lock; /* over the list of readers */
	struct sqlite_conn *readers;
};

struct statement {
	sqlite3_stmt *stmt;
	const char *address; /* of a literal; NULL for built text */
	char *text;          /* of built text */
	size_t len;
	uint64_t hash, used;
	bool busy;
};

struct sqlite_rows {
	struct rows rows;
	struct statement *statement;
	bool own;     /* prepared for this once: finalised on close */
	bool stepped; /* the first step was taken by run */
	bool first_row, done;
	struct sqlite_rows *next_free;
};

struct sqlite_conn {
	struct conn conn;
	sqlite3 *db;
	int64_t deadline;
	uint64_t snapshot; /* store_commits() when the read transaction began */
	pthread_mutex_t use; /* of a reader: held from refresh to rest, so that a checkpoint may end a snapshot nobody uses */
	bool used;           /* the thread that owns it holds `use` */
	struct sqlite_conn *next_reader;
	int wal_pages, checkpoint_at; /* of a writer: pages in the log after its last commit; when to take them into the file */
	struct statement *statements;
	uint32_t *table; /* by hash; place + 1 */
	size_t count, room, mask;
	size_t built;
	uint64_t ticks;
	struct sqlite_rows *free_rows;
};

enum code sqlite_conn_new(struct store *s, enum conn_mode mode, struct conn **ret, struct error *e);
enum code sqlite_fault(struct sqlite_conn *c, int result, struct error *e);
void sqlite_note_conflict(struct sqlite_conn *c, const char *message);

/* functions.c: answers an SQLite code */
int sqlite_functions(sqlite3 *db);

/* memory.c: `setup` before SQLite is initialised; the ceiling is over what this thread takes from now on, 0: none. */
void sqlite_memory_setup(void);
void sqlite_memory_ceiling(int64_t bytes);
/* Was anything refused since the ceiling was set? */
bool sqlite_memory_refused(void);

/* checkpoint.c */
void checkpoint_watch(struct sqlite_conn *writer);
void checkpoint_due(struct sqlite_conn *writer);
void reader_join(struct sqlite_conn *c);
void reader_leave(struct sqlite_conn *c);
enum code sqlite_refresh(struct conn *conn, struct error *e);
void sqlite_rest(struct conn *conn);

/* statements.c */
bool statements_init(struct sqlite_conn *c);
void statements_done(struct sqlite_conn *c);
void statements_reset(struct sqlite_conn *c);
enum code sqlite_run(struct conn *conn, struct str sql, bool stable, const struct sql_value *params, size_t count,
		     struct rows **ret, int64_t *ret_changed, struct error *e);
enum code sqlite_next(struct rows *r, bool *ret_row, struct error *e);
void sqlite_rows_close(struct rows *r);
size_t sqlite_columns(const struct rows *r);
struct str sqlite_column_name(const struct rows *r, size_t column);
struct sql_value sqlite_value(const struct rows *r, size_t column);

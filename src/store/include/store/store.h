/* SQL behind one small interface: SQLite embedded, PostgreSQL beside. Everything that differs between
 * the two ends here.
 *
 * The SQL that callers write is the common subset, with these settled by the backend:
 *   ?1 ?2 …          parameters, by number                      (PostgreSQL: $1 $2 …)
 *   = ANY(?1)        membership in an SQL_INTS parameter        (SQLite: IN (SELECT value FROM json_each(?1)))
 *   … FOR UPDATE     at the end of a SELECT                     (SQLite: dropped; there is one writer)
 *   LIKE             case-sensitive on both; text compares bytewise on both; ORDER BY always says NULLS FIRST/LAST
 * Booleans are 0/1, dates days, times microseconds, decimals scaled integers, ids bigint: all SQL_INT.
 *
 * Invariants: a connection belongs to one thread at a time. Statements are prepared once per connection
 * and text (the text must be immutable for the connection's life: a literal or an interned string;
 * see sql_query_once for built text). Codes: E_CONFLICT for a broken UNIQUE (with constraint name, see
 * conn_conflict), E_BUSY when the database is locked, gone or restarting, E_LIMIT past the deadline,
 * E_IO on disk full or corruption, E_INTERNAL for bad SQL (our bug). */
#pragma once
#include "base/error.h"

struct arena;
struct store;
struct conn;
struct rows;

enum store_type { STORE_SQLITE, STORE_POSTGRES };

struct store_options {
	struct str url;      /* "sqlite:/path/to/file" | "sqlite::memory:" (tests) | "postgres://…" */
	bool secure_delete;  /* SQLite: overwrite deleted content with zeros */
	size_t cache_bytes;  /* SQLite page cache per connection; 0: 32 MiB for the writer, 8 MiB for readers */
};

/* Opens (SQLite: creates, mode 0600, WAL, synchronous FULL). */
enum code store_open(const struct store_options *o, struct store **ret, struct error *e);
void store_close(struct store *s); /* after all connections are closed */
enum store_type store_type(const struct store *s);
/* One writer only (SQLite), so the order of writing is the order of commit. */
bool store_single_writer(const struct store *s);

/* Commits seen so far by this process (PostgreSQL: also those announced by others, conn_announce).
 * Readers renew their snapshot when it moved. */
uint64_t store_commits(const struct store *s);
/* Waits until store_commits() differs from `seen` or `timeout` microseconds passed; answers the counter. */
uint64_t store_wait(struct store *s, uint64_t seen, int64_t timeout);

enum conn_mode { CONN_READ, CONN_WRITE };
enum code conn_open(struct store *s, enum conn_mode mode, struct conn **ret, struct error *e);
void conn_close(struct conn *c);
struct store *conn_store(const struct conn *c);

/* --- transactions ------------------------------------------------------------------------------- */
enum code conn_begin(struct conn *c, struct error *e);
/* After OK it is on disk. On failure everything is rolled back. */
enum code conn_commit(struct conn *c, struct error *e);
void conn_rollback(struct conn *c);
/* Also false when the database undid the transaction by itself, as SQLite does on a full disk. */
bool conn_in_transaction(const struct conn *c);
/* Moves when this connection wrote a row, or met a fault that its transaction must be undone for. */
int64_t conn_changes(const struct conn *c);
/* Savepoints nest; each save is ended by exactly one keep or undo. */
enum code conn_save(struct conn *c, struct error *e);
enum code conn_keep(struct conn *c, struct error *e);
void conn_undo(struct conn *c);
/* Readers: holds one snapshot over many requests; renews it when store_commits() moved since. On
 * PostgreSQL each statement sees the newest state and this does nothing. */
enum code conn_refresh(struct conn *c, struct error *e);
/* The reader's thread will not touch it until its next conn_refresh(), so that a snapshot which nobody uses cannot keep
 * the database from tidying its log. */
void conn_rest(struct conn *c);
/* Statements running past this clock_monotonic() moment stop with E_LIMIT/DETAIL_TIMEOUT; 0: no limit. */
void conn_deadline(struct conn *c, int64_t monotonic);
/* Until it is taken off (0), this thread's statements may take so much memory more, else E_LIMIT. PostgreSQL: work_mem of the
 * server holds. Rows must be closed before it is taken off. */
void conn_ceiling(struct conn *c, int64_t bytes);

/* --- statements --------------------------------------------------------------------------------- */
enum sql_type { SQL_NULL, SQL_INT, SQL_REAL, SQL_TEXT, SQL_BLOB, SQL_INTS };
struct sql_value {
	enum sql_type type;
	union {
		int64_t integer;
		double real;
		struct str text; /* SQL_TEXT, SQL_BLOB; must live until the call returns */
		struct {
			const int64_t *items;
			size_t count;
		} ints;
	};
};
#define SQL_N ((struct sql_value){ .type = SQL_NULL })
#define SQL_I(n) ((struct sql_value){ .type = SQL_INT, .integer = (n) })
#define SQL_R(n) ((struct sql_value){ .type = SQL_REAL, .real = (n) })
#define SQL_T(s) ((struct sql_value){ .type = SQL_TEXT, .text = (s) })
#define SQL_B(d, n) ((struct sql_value){ .type = SQL_BLOB, .text = { (const char *)(d), (n) } })
#define SQL_LIST(p, n) ((struct sql_value){ .type = SQL_INTS, .ints = { (p), (n) } })

/* Runs a statement that answers no rows. `ret_changed` may be NULL. */
enum code sql_exec(struct conn *c, const char *sql, const struct sql_value *params, size_t count,
		   int64_t *ret_changed, struct error *e);
/* Starts a statement that answers rows; close with rows_close (also after an error in rows_next). */
enum code sql_query(struct conn *c, const char *sql, const struct sql_value *params, size_t count,
		    struct rows **ret, struct error *e);
/* For text built at run time: cached by content (a bounded LRU per connection), so a list query of the same
 * shape is prepared once. */
enum code sql_query_built(struct conn *c, struct str sql, const struct sql_value *params, size_t count,
			  struct rows **ret, struct error *e);
enum code sql_exec_built(struct conn *c, struct str sql, const struct sql_value *params, size_t count,
			 int64_t *ret_changed, struct error *e);
#define SQL_PARAMS(...) (const struct sql_value[]){ __VA_ARGS__ }, (sizeof((const struct sql_value[]){ __VA_ARGS__ }) / sizeof(struct sql_value))
#define SQL_NO_PARAMS NULL, 0

/* *ret_row false at the end. Views from the current row live until the next rows_next/rows_close. */
enum code rows_next(struct rows *r, bool *ret_row, struct error *e);
void rows_close(struct rows *r);
size_t rows_columns(const struct rows *r);
struct str rows_column_name(const struct rows *r, size_t column);
bool rows_null(const struct rows *r, size_t column);
int64_t rows_int(const struct rows *r, size_t column);
double rows_real(const struct rows *r, size_t column);
struct str rows_text(const struct rows *r, size_t column);
struct str rows_blob(const struct rows *r, size_t column);
struct sql_value rows_value(const struct rows *r, size_t column);
static inline void rows_cleanup_(struct rows **r) { rows_close(*r); }
#define CLEAN_ROWS __attribute__((cleanup(rows_cleanup_)))

/* Reads one integer of the first row; *ret_found false when there is none. */
enum code sql_int(struct conn *c, const char *sql, const struct sql_value *params, size_t count,
		  int64_t *ret, bool *ret_found, struct error *e);

/* After E_CONFLICT: "table.column[,column]" or the index name that was violated; else empty. */
struct str conn_conflict(const struct conn *c);

/* --- coordination between processes ------------------------------------------------------------- */
/* Session-wide lease, freed when the connection closes or dies. SQLite: always granted. */
enum code conn_lease(struct conn *c, const char *name, bool *ret_got, struct error *e);
/* Does this connection still have the session of its last conn_lease()? Asks the socket, not the server. Told false, take
 * the leases anew: that connects again, and they may be another's by now. SQLite: always. */
bool conn_kept(struct conn *c);
/* Until the transaction ends no other one holds any of these keys (shared: unless it shares too); waits for who does.
 * Two that wait for each other: E_BUSY for one. Keys of several at once are taken in one order. SQLite: nothing to do,
 * there is one writer. */
enum code conn_hold(struct conn *c, const int64_t *keys, size_t count, bool shared, struct error *e);
/* Tells other processes on this database, once this transaction commits, that something happened (PostgreSQL NOTIFY).
 * Their commit counters move, and what they heard of the topic; what a topic means is the callers' affair. */
#define STORE_TOPICS 4
#define TOPIC_ANY 0u
enum code conn_announce(struct conn *c, unsigned topic, struct error *e);
/* How often another process announced the topic, or may have while nobody listened. SQLite: never. */
uint64_t store_heard(const struct store *s, unsigned topic);
/* Next number of a named counter; gaps are allowed. Reserves `count` numbers and answers the first. */
enum code conn_number(struct conn *c, struct str name, int64_t count, int64_t *ret_first, struct error *e);

/* Leaves no deleted content behind: SQLite: checkpoint, VACUUM, truncate the WAL; PostgreSQL: VACUUM FULL. */
enum code store_compact(struct store *s, struct error *e);
/* A consistent copy: SQLite: VACUUM INTO; PostgreSQL: E_INVALID (pg_dump does it). */
enum code store_copy(struct store *s, struct str path, struct error *e);
/* Bytes of the database. */
enum code store_size(struct store *s, int64_t *ret, struct error *e);

/* SQLite behind the store's face: WAL, synchronous FULL, one writer, readers that hold a snapshot until something was
 * committed. Neighbours: statements.c keeps prepared statements, checkpoint.c lets readers rest and tidies the log,
 * store.c shares savepoints and counters. */
#include "sqlite.h"
#include "base/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define STEPS_BETWEEN_LOOKS 10000 /* virtual machine steps between looks at the deadline */

static pthread_once_t setup_once = PTHREAD_ONCE_INIT;

static void setup(void)
{
	/* the memory statistics take a global lock on every allocation: two readers would be slower than one */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	sqlite_memory_setup();
	sqlite3_initialize();
}

enum code sqlite_fault(struct sqlite_conn *c, int result, struct error *e)
{
	int extended = c->db ? sqlite3_extended_errcode(c->db) : result;
	const char *message = c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(result);
	enum code code;
	switch (result & 0xff) {
	case SQLITE_NOMEM:
		if (sqlite_memory_refused())
			return error_fail(e, E_LIMIT, N_("The query needs more memory than allowed; ask for less"));
		return error_nomem(e);
	case SQLITE_CONSTRAINT:
		code = extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ? E_CONFLICT : E_INVALID;
		error_fail(e, code, code == E_CONFLICT ? N_("Such a record exists already") : N_("The database refused a value"));
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		code = error_fail(e, E_BUSY, N_("The database is busy; try again"));
		break;
	case SQLITE_INTERRUPT:
		error_fail(e, E_LIMIT, N_("The query took longer than allowed; ask for less"));
		code = error_detail(e, DETAIL_TIMEOUT);
		code = E_LIMIT;
		break;
	case SQLITE_FULL:
		code = error_fail(e, E_IO, N_("The disk is full"));
		break;
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_SCHEMA:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		code = error_fail(e, E_INTERNAL, N_("The database did not understand the program"));
		break;
	default:
		code = error_fail(e, E_IO, N_("The database could not read or write its files"));
		break;
	}
	error_hint(e, str_of(message));
	if (code == E_CONFLICT)
		sqlite_note_conflict(c, message); /* last: it asks the database, and the message is gone then */
	return code;
}

static int look_at_deadline(void *data)
{
	struct sqlite_conn *c = data;
	return c->deadline && clock_monotonic() > c->deadline;
}

static enum code sqlite_open(struct store *s, const struct store_options *o, struct error *e)
{
	struct sqlite_store *own = mem_new(sizeof *own);
	s->own = own;
	if (!own)
		return error_nomem(e);
	pthread_once(&setup_once, setup);
	struct str path = str_slice(o->url, strlen("sqlite:"), o->url.len);
	own->path = mem_copy_text(path.data, path.len);
	if (!own->path || pthread_mutex_init(&own->lock, NULL))
		return error_nomem(e);
	own->secure_delete = o->secure_delete;
	own->cache_bytes = o->cache_bytes;
	own->memory = str_is(path, ":memory:");
	if (own->memory) {
		/* every connection of one in-memory store shares it under a name of its own */
		char name[64];
		snprintf(name, sizeof name, "file:memory-%p?mode=memory&cache=shared", (void *)s);
		mem_free(own->path);
		own->path = mem_copy_text(name, strlen(name));
		if (!own->path)
			return error_nomem(e);
	}
	return sqlite_conn_new(s, CONN_WRITE, &own->keeper, e);
}

static void sqlite_close(struct store *s)
{
	struct sqlite_store *own = s->own;
	if (!own)
		return;
	if (own->keeper)
		conn_close(own->keeper);
	pthread_mutex_destroy(&own->lock);
	mem_free(own->path);
	mem_free(own);
}

static enum code pragma(struct sqlite_conn *c, const char *text, struct error *e)
{
	int result = sqlite3_exec(c->db, text, NULL, NULL, NULL);
	return result == SQLITE_OK ? OK : sqlite_fault(c, result, e);
}

static enum code configure(struct sqlite_conn *c, struct error *e)
{
	struct sqlite_store *own = c->conn.store->own;
	char cache[64];
	size_t bytes = own->cache_bytes ? own->cache_bytes : c->conn.mode == CONN_WRITE ? (size_t)64 << 20 : (size_t)16 << 20;
	snprintf(cache, sizeof cache, "PRAGMA cache_size = -%zu", bytes >> 10);
	sqlite3_busy_timeout(c->db, BUSY_TIMEOUT_MS);
	sqlite3_extended_result_codes(c->db, 1);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_progress_handler(c->db, STEPS_BETWEEN_LOOKS, look_at_deadline, c);
	int result = sqlite_functions(c->db);
	if (result != SQLITE_OK)
		return sqlite_fault(c, result, e);
	if (c->conn.mode == CONN_WRITE) {
		if (!own->memory)
			TRY(pragma(c, "PRAGMA journal_mode = WAL", e));
		TRY(pragma(c, "PRAGMA synchronous = FULL", e));
		checkpoint_watch(c);
	}
	TRY(pragma(c, own->secure_delete ? "PRAGMA secure_delete = ON" : "PRAGMA secure_delete = OFF", e));
	TRY(pragma(c, "PRAGMA temp_store = MEMORY", e));
	TRY(pragma(c, "PRAGMA trusted_schema = OFF", e));
	TRY(pragma(c, "PRAGMA cell_size_check = ON", e));
	TRY(pragma(c, "PRAGMA case_sensitive_like = ON", e));
	return pragma(c, cache, e);
}

enum code sqlite_conn_new(struct store *s, enum conn_mode mode, struct conn **ret, struct error *e)
{
	struct sqlite_store *own = s->own;
	struct sqlite_conn *c = mem_new(sizeof *c);
	if (!c)
		return error_nomem(e);
	c->conn.store = s;
	c->conn.mode = mode;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | (mode == CONN_WRITE ? SQLITE_OPEN_CREATE : 0);
	mode_t before = umask(0077);
	int result = sqlite3_open_v2(own->path, &c->db, flags, NULL);
	umask(before);
	enum code code = result == SQLITE_OK ? configure(c, e) : sqlite_fault(c, result, e);
	if (code == OK && mode == CONN_READ && !own->memory)
		code = pragma(c, "PRAGMA query_only = ON", e);
	if (code == OK && !statements_init(c))
		code = error_nomem(e);
	reader_join(c);
	if (code != OK) {
		conn_close(&c->conn);
		return error_while(e, N_("opening the database {path}"), { "path", str_of(own->path) });
	}
	*ret = &c->conn;
	return OK;
}

static void sqlite_conn_close(struct conn *conn)
{
	struct sqlite_conn *c = (struct sqlite_conn *)conn;
	reader_leave(c);
	statements_done(c);
	sqlite3_close(c->db);
	mem_free(c);
}

static enum code simple(struct conn *conn, const char *text, struct error *e)
{
	return sqlite_run(conn, str_of(text), true, NULL, 0, NULL, NULL, e);
}

static void sqlite_rollback(struct conn *conn)
{
	struct sqlite_conn *c = (struct sqlite_conn *)conn;
	statements_reset(c);
	if (!sqlite3_get_autocommit(c->db))
		simple(conn, "ROLLBACK", NULL);
}

static enum code sqlite_begin(struct conn *conn, struct error *e)
{
	struct sqlite_conn *c = (struct sqlite_conn *)conn;
	if (!sqlite3_get_autocommit(c->db)) /* the last one could not be rolled back for want of memory */
		sqlite_rollback(conn);
	if (conn->mode == CONN_WRITE)
		checkpoint_due(c);
	return simple(conn, conn->mode == CONN_WRITE ? "BEGIN IMMEDIATE" : "BEGIN", e);
}

static enum code sqlite_commit(struct conn *conn, struct error *e)
{
	enum code code = simple(conn, "COMMIT", e);
	if (code != OK)
		sqlite_rollback(conn);
	return code;
}

static bool sqlite_in_transaction(const struct conn *conn)
{
	return !sqlite3_get_autocommit(((const struct sqlite_conn *)conn)->db);
}

static int64_t sqlite_changes(const struct conn *conn)
{
	return sqlite3_total_changes64(((const struct sqlite_conn *)conn)->db);
}

static void sqlite_deadline(struct conn *conn, int64_t monotonic)
{
	((struct sqlite_conn *)conn)->deadline = monotonic;
}

static void sqlite_ceiling(struct conn *conn, int64_t bytes)
{
	sqlite_memory_ceiling(bytes);
}

static enum code sqlite_lease(struct conn *conn, const char *name, bool *ret_got, struct error *e)
{
	*ret_got = true;
	return OK;
}

static enum code sqlite_announce(struct conn *conn, unsigned topic, struct error *e)
{
	return OK;
}

static enum code sqlite_number(struct conn *c, struct str name, int64_t count, int64_t *ret_first, struct error *e)
{
	static const struct column_def columns[] = { { "name", COLUMN_TEXT, true, NULL }, { "value", COLUMN_INT, true, NULL }, { 0 } };
	static const struct table_def table = { .name = "number_series", .columns = columns, .primary_key = "name", .without_rowid = true };
	static const char next[] = "INSERT INTO number_series (name, value) VALUES (?1, ?2) "
				   "ON CONFLICT (name) DO UPDATE SET value = number_series.value + ?2 RETURNING value";
	bool found = false, there;
	TRY(table_exists(c, str_of(table.name), &there, e));
	if (!there)
		TRY(table_ensure(c, &table, e));
	TRY(sql_int(c, next, SQL_PARAMS(SQL_T(name), SQL_I(count)), ret_first, &found, e));
	*ret_first = *ret_first - count + 1;
	return OK;
}

/* secure_delete has overwritten what was deleted; the WAL and the free pages still hold copies. */
static enum code sqlite_compact(struct store *s, struct error *e)
{
	struct sqlite_store *own = s->own;
	struct sqlite_conn *c = (struct sqlite_conn *)own->keeper;
	int64_t busy = 0, tables;
	bool found;
	/* a connection that has not read the schema yet would wait for itself */
	TRY(sql_int(own->keeper, "SELECT count(*) FROM sqlite_schema", SQL_NO_PARAMS, &tables, &found, e));
	statements_reset(c);
	TRY(sql_int(own->keeper, "PRAGMA wal_checkpoint(TRUNCATE)", SQL_NO_PARAMS, &busy, &found, e));
	if (!busy)
		TRY(pragma(c, "VACUUM", e));
	if (!busy)
		TRY(sql_int(own->keeper, "PRAGMA wal_checkpoint(TRUNCATE)", SQL_NO_PARAMS, &busy, &found, e));
	return busy ? error_fail(e, E_BUSY, N_("The database is in use; compact it when nobody works on it")) : OK;
}

static enum code sqlite_copy(struct store *s, struct str path, struct error *e)
{
	return sqlite_run(((struct sqlite_store *)s->own)->keeper, STR("VACUUM INTO ?1"), true, SQL_PARAMS(SQL_T(path)), NULL, NULL, e);
}

static enum code sqlite_size(struct store *s, int64_t *ret, struct error *e)
{
	bool found;
	return sql_int(((struct sqlite_store *)s->own)->keeper,
		       "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()", SQL_NO_PARAMS, ret, &found, e);
}

static const char *const column_types[] = { "INTEGER", "REAL", "TEXT", "BLOB" };

const struct backend sqlite_backend = {
	.type = STORE_SQLITE,
	.single_writer = true,
	.open = sqlite_open,
	.close = sqlite_close,
	.conn_open = sqlite_conn_new,
	.conn_close = sqlite_conn_close,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.in_transaction = sqlite_in_transaction,
	.changes = sqlite_changes,
	.refresh = sqlite_refresh,
	.rest = sqlite_rest,
	.deadline = sqlite_deadline,
	.ceiling = sqlite_ceiling,
	.run = sqlite_run,
	.next = sqlite_next,
	.rows_close = sqlite_rows_close,
	.columns = sqlite_columns,
	.column_name = sqlite_column_name,
	.value = sqlite_value,
	.lease = sqlite_lease,
	.announce = sqlite_announce,
	.number = sqlite_number,
	.compact = sqlite_compact,
	.copy = sqlite_copy,
	.size = sqlite_size,
	.column_types = column_types,
	.table_suffix = " WITHOUT ROWID",
	.columns_sql = "SELECT name, type FROM pragma_table_info(?1) ORDER BY cid",
	.table_exists_sql = "SELECT count(*) FROM sqlite_schema WHERE name = ?1",
};

/* Takes the write-ahead log back into the file, so that it stays small. SQLite can begin the log anew only when no reader
 * needs a page of it, and readers hold their snapshots over many requests: so each reader lends its connection out while
 * it rests, and a checkpoint ends the snapshots that nobody uses. (SQLite's own automatic checkpoint would run again at
 * every commit, and never finish.) Neighbours: sqlite.c calls checkpoint_due() before each write transaction. */
#include "sqlite.h"
#include <time.h>

#define CHECKPOINT_PAGES 8000 /* 32 MiB of log, two segments of its index */
#define RETRY_PAGES 1000      /* after a checkpoint that readers at work prevented */
#define POLLS 40              /* looks, one a half millisecond, for readers at work to finish */
#define POLLS_LARGE 2000      /* the same once the log is more than twice as large as it should be: writers wait, so that it has an end */

void reader_join(struct sqlite_conn *c)
{
	struct sqlite_store *own = c->conn.store->own;
	pthread_mutex_init(&c->use, NULL);
	if (c->conn.mode != CONN_READ)
		return;
	pthread_mutex_lock(&own->lock);
	c->next_reader = own->readers;
	own->readers = c;
	pthread_mutex_unlock(&own->lock);
}

void reader_leave(struct sqlite_conn *c)
{
	struct sqlite_store *own = c->conn.store->own;
	pthread_mutex_lock(&own->lock);
	for (struct sqlite_conn **at = &own->readers; *at; at = &(*at)->next_reader)
		if (*at == c) {
			*at = c->next_reader;
			break;
		}
	pthread_mutex_unlock(&own->lock);
	sqlite_rest(&c->conn);
	pthread_mutex_destroy(&c->use);
}

static enum code end_snapshot(struct sqlite_conn *c, struct error *e)
{
	c->snapshot = 0;
	if (sqlite3_get_autocommit(c->db))
		return OK;
	statements_reset(c);
	return sqlite_run(&c->conn, STR("COMMIT"), true, NULL, 0, NULL, NULL, e);
}

/* A reader keeps its transaction, and so its snapshot, until something was committed. */
enum code sqlite_refresh(struct conn *conn, struct error *e)
{
	struct sqlite_conn *c = (struct sqlite_conn *)conn;
	struct sqlite_store *own = conn->store->own;
	uint64_t now = store_commits(conn->store);
	if (conn->mode != CONN_READ || own->memory)
		return OK;
	if (!c->used)
		pthread_mutex_lock(&c->use);
	c->used = true;
	if (c->snapshot && c->snapshot == now && !sqlite3_get_autocommit(c->db))
		return OK;
	TRY(end_snapshot(c, e));
	TRY(sqlite_run(conn, STR("BEGIN"), true, NULL, 0, NULL, NULL, e));
	c->snapshot = now;
	return OK;
}

void sqlite_rest(struct conn *conn)
{
	struct sqlite_conn *c = (struct sqlite_conn *)conn;
	if (!c->used)
		return;
	c->used = false;
	pthread_mutex_unlock(&c->use);
}

static void end_resting_snapshots(struct sqlite_store *own)
{
	pthread_mutex_lock(&own->lock);
	for (struct sqlite_conn *c = own->readers; c; c = c->next_reader) {
		if (pthread_mutex_trylock(&c->use))
			continue;
		end_snapshot(c, NULL);
		pthread_mutex_unlock(&c->use);
	}
	pthread_mutex_unlock(&own->lock);
}

/* Called by SQLite while a reader at work keeps the log from beginning anew. */
static int wait_for_readers(void *data, int calls)
{
	struct sqlite_conn *writer = data;
	if (calls >= (writer->wal_pages > 2 * CHECKPOINT_PAGES ? POLLS_LARGE : POLLS))
		return 0;
	if (calls)
		nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
	end_resting_snapshots(writer->conn.store->own);
	return 1;
}

static int note_pages(void *data, sqlite3 *db, const char *name, int pages)
{
	((struct sqlite_conn *)data)->wal_pages = pages;
	return SQLITE_OK;
}

void checkpoint_watch(struct sqlite_conn *writer)
{
	writer->checkpoint_at = CHECKPOINT_PAGES;
	sqlite3_wal_hook(writer->db, note_pages, writer); /* also ends the automatic checkpoint */
}

void checkpoint_due(struct sqlite_conn *writer)
{
	struct sqlite_store *own = writer->conn.store->own;
	if (writer->wal_pages < writer->checkpoint_at || own->memory)
		return;
	end_resting_snapshots(own);
	sqlite3_busy_handler(writer->db, wait_for_readers, writer);
	int result = sqlite3_wal_checkpoint_v2(writer->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	sqlite3_busy_timeout(writer->db, BUSY_TIMEOUT_MS);
	/* what could not be done now is tried again a little later; a full disk is told by the write that meets it */
	writer->checkpoint_at = result == SQLITE_OK ? CHECKPOINT_PAGES : writer->wal_pages + RETRY_PAGES;
	writer->wal_pages = result == SQLITE_OK ? 0 : writer->wal_pages;
}

/* The face of the store: dispatch to the backend, and what both share (commit counter, savepoints, numbers).
 * Neighbours: sqlite/, postgres/ do the work; schema.c makes tables. */
#include "base/clock.h"
#include "internal.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum code store_open(const struct store_options *o, struct store **ret, struct error *e)
{
	bool sqlite = str_starts(o->url, STR("sqlite:"));
	if (!sqlite && !str_starts(o->url, STR("postgres://")) && !str_starts(o->url, STR("postgresql://")))
		return error_fail(e, E_INVALID, N_("The database address must begin with sqlite: or postgres://"));
	struct store *s = mem_new(sizeof *s);
	if (!s)
		return error_nomem(e);
	s->backend = sqlite ? &sqlite_backend : &postgres_backend;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&s->moved, &attributes);
	pthread_condattr_destroy(&attributes);
	atomic_store(&s->commits, 1);
	enum code code = s->backend->open(s, o, e);
	if (code != OK) {
		store_close(s);
		return code;
	}
	*ret = s;
	return OK;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	s->backend->close(s);
	pthread_cond_destroy(&s->moved);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

enum store_type store_type(const struct store *s)
{
	return s->backend->type;
}

bool store_single_writer(const struct store *s)
{
	return s->backend->single_writer;
}

void store_moved(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	atomic_fetch_add(&s->commits, 1);
	pthread_cond_broadcast(&s->moved);
	pthread_mutex_unlock(&s->lock);
}

uint64_t store_commits(const struct store *s)
{
	return atomic_load_explicit(&s->commits, memory_order_acquire);
}

uint64_t store_wait(struct store *s, uint64_t seen, int64_t timeout)
{
	int64_t until = clock_monotonic() + timeout;
	struct timespec t = { .tv_sec = until / SECOND, .tv_nsec = until % SECOND * 1000 };
	pthread_mutex_lock(&s->lock);
	while (atomic_load(&s->commits) == seen)
		if (pthread_cond_timedwait(&s->moved, &s->lock, &t))
			break;
	pthread_mutex_unlock(&s->lock);
	return store_commits(s);
}

enum code conn_open(struct store *s, enum conn_mode mode, struct conn **ret, struct error *e)
{
	return s->backend->conn_open(s, mode, ret, e);
}

void conn_close(struct conn *c)
{
	if (c)
		c->store->backend->conn_close(c);
}

struct store *conn_store(const struct conn *c)
{
	return c->store;
}

enum code conn_begin(struct conn *c, struct error *e)
{
	TRY(c->store->backend->begin(c, e));
	c->in_transaction = true;
	c->depth = 0;
	return OK;
}

enum code conn_commit(struct conn *c, struct error *e)
{
	enum code code = c->store->backend->commit(c, e);
	c->in_transaction = false;
	if (code == OK)
		store_moved(c->store);
	return code;
}

void conn_rollback(struct conn *c)
{
	if (c->in_transaction)
		c->store->backend->rollback(c);
	c->in_transaction = false;
}

bool conn_in_transaction(const struct conn *c)
{
	return c->in_transaction && (!c->store->backend->in_transaction || c->store->backend->in_transaction(c));
}

int64_t conn_changes(const struct conn *c)
{
	return c->store->backend->changes(c);
}

#define DEPTH_MOST 8
#define SAVEPOINT(verb) { verb " s0", verb " s1", verb " s2", verb " s3", verb " s4", verb " s5", verb " s6", verb " s7" }

enum code conn_save(struct conn *c, struct error *e)
{
	static const char *const texts[DEPTH_MOST] = SAVEPOINT("SAVEPOINT");
	if (c->depth == DEPTH_MOST)
		return error_fail(e, E_LIMIT, N_("Calls are nested too deeply"));
	TRY(sql_exec(c, texts[c->depth], SQL_NO_PARAMS, NULL, e));
	c->depth++;
	return OK;
}

enum code conn_keep(struct conn *c, struct error *e)
{
	static const char *const texts[DEPTH_MOST] = SAVEPOINT("RELEASE SAVEPOINT");
	return sql_exec(c, texts[--c->depth], SQL_NO_PARAMS, NULL, e);
}

void conn_undo(struct conn *c)
{
	static const char *const back[DEPTH_MOST] = SAVEPOINT("ROLLBACK TO SAVEPOINT");
	static const char *const release[DEPTH_MOST] = SAVEPOINT("RELEASE SAVEPOINT");
	c->depth--;
	if (c->store->backend->undone)
		c->store->backend->undone(c);
	/* when even this fails the transaction is broken, and its commit will say so */
	if (sql_exec(c, back[c->depth], SQL_NO_PARAMS, NULL, NULL) == OK)
		sql_exec(c, release[c->depth], SQL_NO_PARAMS, NULL, NULL);
}

enum code conn_refresh(struct conn *c, struct error *e)
{
	return c->store->backend->refresh(c, e);
}

void conn_rest(struct conn *c)
{
	if (c->store->backend->rest)
		c->store->backend->rest(c);
}

void conn_ceiling(struct conn *c, int64_t bytes)
{
	if (c->store->backend->ceiling)
		c->store->backend->ceiling(c, bytes);
}

void conn_deadline(struct conn *c, int64_t monotonic)
{
	c->store->backend->deadline(c, monotonic);
}

static enum code run(struct conn *c, struct str sql, bool stable, const struct sql_value *params, size_t count,
		     struct rows **ret, int64_t *ret_changed, struct error *e)
{
	c->conflict[0] = 0;
	return c->store->backend->run(c, sql, stable, params, count, ret, ret_changed, e);
}

enum code sql_exec(struct conn *c, const char *sql, const struct sql_value *params, size_t count, int64_t *ret_changed,
		   struct error *e)
{
	return run(c, str_of(sql), true, params, count, NULL, ret_changed, e);
}

enum code sql_query(struct conn *c, const char *sql, const struct sql_value *params, size_t count, struct rows **ret, struct error *e)
{
	return run(c, str_of(sql), true, params, count, ret, NULL, e);
}

enum code sql_exec_built(struct conn *c, struct str sql, const struct sql_value *params, size_t count, int64_t *ret_changed,
			 struct error *e)
{
	return run(c, sql, false, params, count, NULL, ret_changed, e);
}

enum code sql_query_built(struct conn *c, struct str sql, const struct sql_value *params, size_t count, struct rows **ret,
			  struct error *e)
{
	return run(c, sql, false, params, count, ret, NULL, e);
}

enum code rows_next(struct rows *r, bool *ret_row, struct error *e)
{
	return r->conn->store->backend->next(r, ret_row, e);
}

void rows_close(struct rows *r)
{
	if (r)
		r->conn->store->backend->rows_close(r);
}

size_t rows_columns(const struct rows *r)
{
	return r->conn->store->backend->columns(r);
}

struct str rows_column_name(const struct rows *r, size_t column)
{
	return r->conn->store->backend->column_name(r, column);
}

struct sql_value rows_value(const struct rows *r, size_t column)
{
	return r->conn->store->backend->value(r, column);
}

bool rows_null(const struct rows *r, size_t column)
{
	return rows_value(r, column).type == SQL_NULL;
}

int64_t rows_int(const struct rows *r, size_t column)
{
	struct sql_value v = rows_value(r, column);
	return v.type == SQL_INT ? v.integer : v.type == SQL_REAL ? (int64_t)v.real : 0;
}

double rows_real(const struct rows *r, size_t column)
{
	struct sql_value v = rows_value(r, column);
	return v.type == SQL_REAL ? v.real : v.type == SQL_INT ? (double)v.integer : 0;
}

struct str rows_text(const struct rows *r, size_t column)
{
	struct sql_value v = rows_value(r, column);
	return v.type == SQL_TEXT || v.type == SQL_BLOB ? v.text : STR_NONE;
}

struct str rows_blob(const struct rows *r, size_t column)
{
	return rows_text(r, column);
}

enum code sql_int(struct conn *c, const char *sql, const struct sql_value *params, size_t count, int64_t *ret, bool *ret_found,
		  struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	TRY(sql_query(c, sql, params, count, &rows, e));
	TRY(rows_next(rows, ret_found, e));
	if (*ret_found)
		*ret = rows_int(rows, 0);
	return OK;
}

struct str conn_conflict(const struct conn *c)
{
	return str_of(c->conflict);
}

void conn_set_conflict(struct conn *c, struct str name)
{
	size_t n = name.len < sizeof c->conflict - 1 ? name.len : sizeof c->conflict - 1;
	if (n)
		memcpy(c->conflict, name.data, n);
	c->conflict[n] = 0;
}

enum code conn_lease(struct conn *c, const char *name, bool *ret_got, struct error *e)
{
	return c->store->backend->lease(c, name, ret_got, e);
}

bool conn_kept(struct conn *c)
{
	return !c->store->backend->kept || c->store->backend->kept(c);
}

enum code conn_hold(struct conn *c, const int64_t *keys, size_t count, bool shared, struct error *e)
{
	return c->store->backend->hold ? c->store->backend->hold(c, keys, count, shared, e) : OK;
}

enum code conn_announce(struct conn *c, unsigned topic, struct error *e)
{
	return c->store->backend->announce(c, topic, e);
}

uint64_t store_heard(const struct store *s, unsigned topic)
{
	return atomic_load_explicit(&s->heard[topic], memory_order_acquire);
}

enum code conn_number(struct conn *c, struct str name, int64_t count, int64_t *ret_first, struct error *e)
{
	return c->store->backend->number(c, name, count, ret_first, e);
}

enum code store_compact(struct store *s, struct error *e)
{
	return s->backend->compact(s, e);
}

enum code store_copy(struct store *s, struct str path, struct error *e)
{
	return s->backend->copy(s, path, e);
}

enum code store_size(struct store *s, int64_t *ret, struct error *e)
{
	return s->backend->size(s, ret, e);
}

/* PostgreSQL behind the store's face, by libpq: prepared statements per connection, parameters and results in binary,
 * reconnecting when the server was restarted. Neighbours: result.c reads rows, store.c shares savepoints. */
#include "postgres.h"
#include "base/clock.h"
#include "base/random.h"
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENTS_MOST 256
#define PARAMS_MOST 600

enum { OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25, OID_FLOAT8 = 701, OID_INT8_LIST = 1016 };

/* --- faults --------------------------------------------------------------------------------------- */

static bool state_is(const char *state, const char *prefix)
{
	return state && strncmp(state, prefix, strlen(prefix)) == 0;
}

/* By SQLSTATE (PostgreSQL manual, appendix A). */
enum code pg_fault(struct pg_conn *c, const PGresult *r, struct error *e)
{
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	const char *message = r ? PQresultErrorMessage(r) : PQerrorMessage(c->pg);
	enum code code;
	if (state_is(state, "23505")) {
		conn_set_conflict(&c->conn, str_of(PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME)));
		code = error_fail(e, E_CONFLICT, N_("Such a record exists already"));
	} else if (state_is(state, "23") || state_is(state, "22")) {
		code = error_fail(e, E_INVALID, N_("The database refused a value"));
	} else if (state_is(state, "57014")) {
		error_fail(e, E_LIMIT, N_("The query took longer than allowed; ask for less"));
		error_detail(e, DETAIL_TIMEOUT);
		code = E_LIMIT;
	} else if (state_is(state, "53")) {
		code = error_fail(e, E_IO, N_("The disk is full"));
	} else if (state_is(state, "0A000")) { /* the plan was made before the schema changed */
		c->stale = true;
		code = error_fail(e, E_BUSY, N_("The database is busy; try again"));
	} else if (!state || state_is(state, "40") || state_is(state, "08") || state_is(state, "57") || state_is(state, "55P03") ||
		   state_is(state, "25P02")) {
		code = error_fail(e, E_BUSY, N_("The database is busy; try again"));
	} else if (state_is(state, "58") || state_is(state, "XX")) {
		code = error_fail(e, E_IO, N_("The database could not read or write its files"));
	} else {
		code = error_fail(e, E_INTERNAL, N_("The database did not understand the program"));
	}
	error_hint(e, str_of(message));
	c->written++; /* the transaction can only be undone now */
	c->gone |= !state || state_is(state, "57P0"); /* without a state it is libpq who speaks: nothing came from the server */
	return code;
}

static bool lost(const struct pg_conn *c)
{
	return c->gone || PQstatus(c->pg) != CONNECTION_OK;
}

/* --- connections ---------------------------------------------------------------------------------- */

static void no_notices(void *data, const PGresult *r)
{
}

static void statements_forget(struct pg_conn *c)
{
	for (size_t i = 0; i < c->count; i++)
		mem_free(c->statements[i].text);
	c->count = 0;
}

static enum code connect_now(struct pg_conn *c, struct error *e)
{
	struct pg_store *own = c->conn.store->own;
	if (c->pg)
		PQfinish(c->pg);
	statements_forget(c);
	c->limit = 0;
	c->gone = false;
	c->sessions++;
	c->pg = PQconnectdb(own->url);
	if (!c->pg || PQstatus(c->pg) != CONNECTION_OK) {
		error_fail(e, E_BUSY, N_("The database cannot be reached"));
		if (c->pg)
			error_hint(e, str_of(PQerrorMessage(c->pg)));
		return E_BUSY;
	}
	PQsetNoticeReceiver(c->pg, no_notices, NULL);
	PQclear(PQexec(c->pg, "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SET synchronous_commit = on; "
			      "SET search_path = public"));
	return OK;
}

static enum code pg_conn_open(struct store *s, enum conn_mode mode, struct conn **ret, struct error *e)
{
	struct pg_conn *c = mem_new(sizeof *c);
	if (!c)
		return error_nomem(e);
	c->conn.store = s;
	c->conn.mode = mode;
	c->statements = mem_array(STATEMENTS_MOST, sizeof *c->statements);
	enum code code = c->statements ? connect_now(c, e) : error_nomem(e);
	if (code != OK) {
		conn_close(&c->conn);
		return code;
	}
	*ret = &c->conn;
	return OK;
}

static void pg_conn_close(struct conn *conn)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	if (c->statements)
		statements_forget(c);
	mem_free(c->statements);
	if (c->pg)
		PQfinish(c->pg);
	mem_free(c);
}

/* --- statements ----------------------------------------------------------------------------------- */

/* "?12" → "$12" outside quotes. */
static char *rewrite(struct str sql)
{
	char *text = mem_copy_text(sql.data, sql.len);
	bool quoted = false;
	for (size_t i = 0; text && i < sql.len; i++) {
		if (text[i] == '\'')
			quoted = !quoted;
		else if (text[i] == '?' && !quoted)
			text[i] = '$';
	}
	return text;
}

struct params {
	Oid types[PARAMS_MOST];
	const char *values[PARAMS_MOST];
	int lengths[PARAMS_MOST], formats[PARAMS_MOST];
	char numbers[PARAMS_MOST][8];
	struct arena *arena; /* for lists of ids; NULL until one is needed */
};

static void put_big_endian(char *out, uint64_t n, int len)
{
	for (int i = 0; i < len; i++)
		out[i] = (char)(n >> (8 * (len - 1 - i)));
}

/* An int8[] in binary: dimensions, no nulls, element type, size, lower bound, then length and value of each. */
static bool put_list(struct params *p, size_t i, const struct sql_value *v)
{
	if (!p->arena)
		p->arena = arena_new(0);
	size_t len = 20 + 12 * v->ints.count;
	char *out = p->arena ? arena_alloc(p->arena, len) : NULL;
	if (!out)
		return false;
	put_big_endian(out, v->ints.count ? 1 : 0, 4);
	put_big_endian(out + 8, OID_INT8, 4);
	put_big_endian(out + 12, v->ints.count, 4);
	put_big_endian(out + 16, 1, 4);
	for (size_t n = 0; n < v->ints.count; n++) {
		put_big_endian(out + 20 + 12 * n, 8, 4);
		put_big_endian(out + 24 + 12 * n, (uint64_t)v->ints.items[n], 8);
	}
	p->types[i] = OID_INT8_LIST;
	p->values[i] = out;
	p->lengths[i] = (int)(v->ints.count ? len : 12);
	return true;
}

static bool put_param(struct params *p, size_t i, const struct sql_value *v)
{
	uint64_t bits;
	p->formats[i] = 1;
	switch (v->type) {
	case SQL_NULL:
		p->types[i] = 0;
		p->values[i] = NULL;
		return true;
	case SQL_INT:
	case SQL_REAL:
		bits = (uint64_t)v->integer;
		if (v->type == SQL_REAL)
			memcpy(&bits, &v->real, sizeof bits);
		put_big_endian(p->numbers[i], bits, 8);
		p->types[i] = v->type == SQL_INT ? OID_INT8 : OID_FLOAT8;
		p->values[i] = p->numbers[i];
		p->lengths[i] = 8;
		return true;
	case SQL_TEXT:
	case SQL_BLOB:
		p->types[i] = v->type == SQL_TEXT ? OID_TEXT : OID_BYTEA;
		p->values[i] = v->text.data ? v->text.data : "";
		p->lengths[i] = (int)v->text.len;
		return v->text.len < INT32_MAX;
	case SQL_INTS:
		return put_list(p, i, v);
	}
	return false;
}

/* A statement is prepared for the types its parameters had the first time; a null's type is the server's guess, so
 * the types are part of its name. */
static uint64_t statement_hash(struct str sql, const struct params *p, size_t count)
{
	uint64_t h = str_hash(sql);
	for (size_t i = 0; i < count; i++)
		h = (h ^ p->types[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return h;
}

static struct pg_statement *statement_find(struct pg_conn *c, struct str sql, uint64_t hash)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->statements[i].hash == hash && str_eq((struct str){ c->statements[i].text, c->statements[i].len }, sql))
			return &c->statements[i];
	return NULL;
}

/* Room for one more: the least recently used one is let go on the server too. */
static struct pg_statement *statement_place(struct pg_conn *c)
{
	if (c->count < STATEMENTS_MOST)
		return &c->statements[c->count++];
	struct pg_statement *oldest = &c->statements[0];
	for (size_t i = 1; i < c->count; i++)
		if (c->statements[i].used < oldest->used)
			oldest = &c->statements[i];
	char text[40];
	snprintf(text, sizeof text, "DEALLOCATE s%u", oldest->number);
	PQclear(PQexec(c->pg, text));
	mem_free(oldest->text);
	return oldest;
}

static enum code statement_prepare(struct pg_conn *c, struct str sql, const struct params *p, size_t count,
				   struct pg_statement **ret, struct error *e)
{
	uint64_t hash = statement_hash(sql, p, count);
	struct pg_statement *s = statement_find(c, sql, hash);
	if (!s) {
		char name[24];
		CLEAN_MEM char *text = rewrite(sql);
		char *copy = mem_copy_text(sql.data, sql.len);
		if (!text || !copy) {
			mem_free(copy);
			return error_nomem(e);
		}
		unsigned number = ++c->numbers;
		snprintf(name, sizeof name, "s%u", number);
		PGresult *r = PQprepare(c->pg, name, text, (int)count, p->types);
		if (PQresultStatus(r) != PGRES_COMMAND_OK) {
			enum code code = pg_fault(c, r, e);
			PQclear(r);
			mem_free(copy);
			return code;
		}
		PQclear(r);
		s = statement_place(c);
		*s = (struct pg_statement){ .text = copy, .len = sql.len, .hash = hash, .number = number };
	}
	s->used = ++c->ticks;
	*ret = s;
	return OK;
}

/* Outside a transaction a lost connection is made anew; inside, the call fails and the transaction with it. */
static enum code revive(struct pg_conn *c, struct error *e)
{
	if (c->stale && !c->conn.in_transaction) {
		PQclear(PQexec(c->pg, "DEALLOCATE ALL"));
		statements_forget(c);
		c->stale = false;
	}
	if (!lost(c))
		return OK;
	if (c->conn.in_transaction)
		return error_fail(e, E_BUSY, N_("The database was restarted; try again"));
	return connect_now(c, e);
}

/* The server's statement_timeout costs a round trip to set: it is left as it is while it fits within an eighth, and a
 * reader keeps the last one. */
static enum code apply_deadline(struct pg_conn *c, struct error *e)
{
	char text[64];
	int64_t left = c->deadline ? (c->deadline - clock_monotonic()) / 1000 : 0;
	if (c->deadline && left < 1)
		left = 1;
	if (!c->deadline && (!c->limit || c->conn.mode == CONN_READ))
		return OK;
	if (c->deadline && left <= c->limit && left >= c->limit - c->limit / 8)
		return OK;
	snprintf(text, sizeof text, "SET statement_timeout = %lld", (long long)left);
	PGresult *r = PQexec(c->pg, text);
	enum code code = PQresultStatus(r) == PGRES_COMMAND_OK ? OK : pg_fault(c, r, e);
	PQclear(r);
	c->limit = code == OK ? left : 0;
	return code;
}

static enum code execute_once(struct pg_conn *c, struct str sql, struct params *p, size_t count, PGresult **ret, struct error *e)
{
	struct pg_statement *s;
	char name[24];
	TRY(revive(c, e));
	TRY(apply_deadline(c, e));
	TRY(statement_prepare(c, sql, p, count, &s, e));
	snprintf(name, sizeof name, "s%u", s->number);
	PGresult *r = PQexecPrepared(c->pg, name, (int)count, p->values, p->lengths, p->formats, 1);
	ExecStatusType status = PQresultStatus(r);
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
		*ret = r;
		return OK;
	}
	enum code code = pg_fault(c, r, e);
	PQclear(r);
	return code;
}

/* Outside a transaction it is asked once more what was planned before the schema changed; and what only reads, when the
 * connection turned out to be lost. revive() forgets the old plans, or connects anew. */
static enum code execute(struct pg_conn *c, struct str sql, struct params *p, size_t count, PGresult **ret, struct error *e)
{
	enum code code = execute_once(c, sql, p, count, ret, e);
	bool again = c->stale || (c->conn.mode == CONN_READ && lost(c));
	if (code == OK || !again || c->conn.in_transaction)
		return code;
	error_clear(e);
	return execute_once(c, sql, p, count, ret, e);
}

static enum code pg_run(struct conn *conn, struct str sql, bool stable, const struct sql_value *params, size_t count,
			struct rows **ret, int64_t *ret_changed, struct error *e)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	CLEAN_MEM struct params *p = count ? mem_new(sizeof *p) : NULL;
	struct params none = { .arena = NULL };
	PGresult *result = NULL;
	bool good = count <= PARAMS_MOST && (!count || p);
	for (size_t i = 0; good && i < count; i++) {
		good = put_param(p, i, &params[i]);
		if (params[i].type == SQL_TEXT && params[i].text.len && memchr(params[i].text.data, 0, params[i].text.len)) {
			if (p->arena)
				arena_free(p->arena);
			return error_fail(e, E_INVALID, N_("A text must not contain a NUL character"));
		}
	}
	enum code code = good ? execute(c, sql, p ? p : &none, count, &result, e) : error_nomem(e);
	if (p && p->arena)
		arena_free(p->arena);
	TRY(code);
	int64_t changed = strtoll(PQcmdTuples(result), NULL, 10);
	c->written += str_starts(str_of(PQcmdStatus(result)), STR("SELECT")) ? 0 : changed;
	if (ret_changed)
		*ret_changed = changed;
	if (!ret) {
		PQclear(result);
		return OK;
	}
	struct pg_rows *r = mem_new(sizeof *r);
	if (!r) {
		PQclear(result);
		return error_nomem(e);
	}
	*r = (struct pg_rows){ .rows = { conn }, .result = result, .row = -1 };
	*ret = &r->rows;
	return OK;
}

/* --- transactions --------------------------------------------------------------------------------- */

static enum code simple(struct pg_conn *c, const char *text, struct error *e)
{
	PGresult *r = PQexec(c->pg, text);
	enum code code = PQresultStatus(r) == PGRES_COMMAND_OK ? OK : pg_fault(c, r, e);
	PQclear(r);
	return code;
}

static enum code pg_begin(struct conn *conn, struct error *e)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	TRY(revive(c, e));
	return simple(c, conn->mode == CONN_READ ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN", e);
}

static void pg_undone(struct conn *conn)
{
	((struct pg_conn *)conn)->sequence_count = 0;
}

static void pg_rollback(struct conn *conn)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	pg_undone(conn);
	if (PQstatus(c->pg) == CONNECTION_OK)
		simple(c, "ROLLBACK", NULL);
}

static int64_t pg_changes(const struct conn *conn)
{
	return ((const struct pg_conn *)conn)->written;
}

static enum code pg_commit(struct conn *conn, struct error *e)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	PGresult *r = PQexec(c->pg, "COMMIT");
	/* a failed transaction answers COMMIT with ROLLBACK, politely */
	bool done = PQresultStatus(r) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(r), "COMMIT") == 0;
	enum code code = done ? OK : PQresultStatus(r) == PGRES_COMMAND_OK ? error_fail(e, E_BUSY, N_("The change was rolled back; try again"))
									   : pg_fault(c, r, e);
	PQclear(r);
	return code;
}

static enum code pg_refresh(struct conn *conn, struct error *e)
{
	return revive((struct pg_conn *)conn, e);
}

static void pg_deadline(struct conn *conn, int64_t monotonic)
{
	((struct pg_conn *)conn)->deadline = monotonic;
}

/* --- coordination --------------------------------------------------------------------------------- */

static enum code pg_lease(struct conn *conn, const char *name, bool *ret_got, struct error *e)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	int64_t got;
	bool found;
	TRY(sql_int(conn, "SELECT CAST(pg_try_advisory_lock(hashtextextended(?1, 7)) AS int)", SQL_PARAMS(SQL_T(str_of(name))), &got, &found, e));
	*ret_got = got == 1;
	c->leased = c->sessions;
	return OK;
}

/* Nothing comes unasked on such a connection but its end: locks are let go after the server's last words and before the
 * socket closes. A session that goes on in spite of them gets what it holds once more. */
static bool pg_kept(struct conn *conn)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	if (c->leased != c->sessions || lost(c))
		return false;
	struct pollfd p = { .fd = PQsocket(c->pg), .events = POLLIN };
	return poll(&p, 1, 0) == 0;
}

/* The payload: whose announcement it is, so that nobody hears himself, and the topic. */
static enum code pg_hold(struct conn *conn, const int64_t *keys, size_t count, bool shared, struct error *e)
{
	int64_t got;
	bool found;
	return sql_int(conn, shared ? "SELECT count(*) FROM (SELECT pg_advisory_xact_lock_shared(k) FROM "
				      "(SELECT k FROM unnest(?1) AS k ORDER BY k) s) l"
				    : "SELECT count(*) FROM (SELECT pg_advisory_xact_lock(k) FROM "
				      "(SELECT k FROM unnest(?1) AS k ORDER BY k) s) l",
		       SQL_PARAMS(SQL_LIST(keys, count)), &got, &found, e);
}

static enum code pg_announce(struct conn *conn, unsigned topic, struct error *e)
{
	char text[64];
	struct pg_store *own = conn->store->own;
	snprintf(text, sizeof text, "NOTIFY mandate, '%016" PRIx64 " %u'", own->name, topic);
	return simple((struct pg_conn *)conn, text, e);
}

/* Does the sequence exist? Remembered until a rollback, which may undo its making. */
static enum code sequence_ensure(struct pg_conn *c, struct str sequence, int64_t step, struct arena *arena, struct error *e)
{
	uint64_t name = str_hash(sequence);
	int64_t there = 0, got;
	bool found;
	for (size_t i = 0; i < c->sequence_count; i++)
		if (c->sequences[i] == name)
			return OK;
	TRY(sql_int(&c->conn, "SELECT count(*) FROM pg_class WHERE relkind = 'S' AND relname = ?1", SQL_PARAMS(SQL_T(sequence)), &there, &found, e));
	if (!there) {
		struct str make = arena_format(arena, "CREATE SEQUENCE IF NOT EXISTS %s INCREMENT BY %lld", sequence.data, (long long)step);
		if (!make.data)
			return error_nomem(e);
		/* two that make it at once would collide in the catalogue */
		TRY(sql_int(&c->conn, "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7)) l", SQL_NO_PARAMS, &got, &found, e));
		TRY(simple(c, make.data, e));
	}
	if (c->sequence_count < SEQUENCES_KNOWN)
		c->sequences[c->sequence_count++] = name;
	return OK;
}

/* A sequence: nobody waits for anybody, gaps are allowed. One sequence steps by one count, so callers keep to theirs. */
static enum code pg_number(struct conn *conn, struct str name, int64_t count, int64_t *ret_first, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(1 << 16);
	struct str sequence = arena ? arena_format(arena, "number_%.*s", STR_ARG(name)) : STR_NONE;
	bool found;
	if (!sequence.data)
		return error_nomem(e);
	for (size_t i = 0; i < sequence.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", sequence.data[i]))
			return error_fail(e, E_INTERNAL, N_("{name} is no name for a series of numbers"), { "name", name });
	TRY(sequence_ensure((struct pg_conn *)conn, sequence, count, arena, e));
	return sql_int(conn, "SELECT nextval(CAST(CAST(?1 AS text) AS regclass))", SQL_PARAMS(SQL_T(sequence)), ret_first, &found, e);
}

/* Something may have been missed while nobody listened. */
static PGconn *listen_anew(struct store *s, PGconn *lost)
{
	struct pg_store *own = s->own;
	if (lost)
		PQfinish(lost);
	PGconn *pg = PQconnectdb(own->url);
	if (!pg || PQstatus(pg) != CONNECTION_OK) {
		poll(NULL, 0, 200);
		return pg;
	}
	PQclear(PQexec(pg, "LISTEN mandate"));
	for (unsigned topic = 0; topic < STORE_TOPICS; topic++)
		atomic_fetch_add(&s->heard[topic], 1);
	store_moved(s);
	return pg;
}

static bool hear(struct store *s, const char *payload)
{
	struct pg_store *own = s->own;
	uint64_t name;
	unsigned topic;
	if (sscanf(payload, "%" SCNx64 " %u", &name, &topic) != 2 || name == own->name || topic >= STORE_TOPICS)
		return false;
	atomic_fetch_add(&s->heard[topic], 1);
	return true;
}

/* Raises the counters when another process announces something; reconnects by itself. */
static void *listen_thread(void *data)
{
	struct store *s = data;
	struct pg_store *own = s->own;
	PGconn *pg = NULL;
	while (!atomic_load(&own->stop)) {
		bool heard = false;
		if (!pg || PQstatus(pg) != CONNECTION_OK) {
			pg = listen_anew(s, pg);
			continue;
		}
		struct pollfd p = { .fd = PQsocket(pg), .events = POLLIN };
		if (poll(&p, 1, 100) > 0)
			PQconsumeInput(pg);
		for (PGnotify *n = PQnotifies(pg); n; n = PQnotifies(pg)) {
			heard |= hear(s, n->extra);
			PQfreemem(n);
		}
		if (heard)
			store_moved(s);
	}
	if (pg)
		PQfinish(pg);
	return NULL;
}

static enum code pg_open(struct store *s, const struct store_options *o, struct error *e)
{
	struct pg_store *own = mem_new(sizeof *own);
	struct conn *probe;
	s->own = own;
	if (!own)
		return error_nomem(e);
	own->url = mem_copy_text(o->url.data, o->url.len);
	if (!own->url)
		return error_nomem(e);
	random_fill(&random_system, &own->name, sizeof own->name);
	TRY(pg_conn_open(s, CONN_READ, &probe, e)); /* says at once when the address is wrong */
	conn_close(probe);
	if (pthread_create(&own->listener, NULL, listen_thread, s))
		return error_nomem(e);
	own->listening = true;
	return OK;
}

static void pg_close(struct store *s)
{
	struct pg_store *own = s->own;
	if (!own)
		return;
	atomic_store(&own->stop, true);
	if (own->listening)
		pthread_join(own->listener, NULL);
	mem_free(own->url);
	mem_free(own);
}

static enum code pg_compact(struct store *s, struct error *e)
{
	struct conn *c;
	TRY(pg_conn_open(s, CONN_WRITE, &c, e));
	enum code code = simple((struct pg_conn *)c, "VACUUM FULL", e);
	conn_close(c);
	return code;
}

static enum code pg_copy(struct store *s, struct str path, struct error *e)
{
	return error_fail(e, E_INVALID, N_("A PostgreSQL database is copied with pg_dump"));
}

static enum code pg_size(struct store *s, int64_t *ret, struct error *e)
{
	struct conn *c;
	bool found;
	TRY(pg_conn_open(s, CONN_READ, &c, e));
	enum code code = sql_int(c, "SELECT pg_database_size(current_database())", SQL_NO_PARAMS, ret, &found, e);
	conn_close(c);
	return code;
}

static const char *const column_types[] = { "bigint", "double precision", "text COLLATE \"C\"", "bytea" };

const struct backend postgres_backend = {
	.type = STORE_POSTGRES,
	.single_writer = false,
	.partial_covers = true,
	.open = pg_open,
	.close = pg_close,
	.conn_open = pg_conn_open,
	.conn_close = pg_conn_close,
	.begin = pg_begin,
	.commit = pg_commit,
	.rollback = pg_rollback,
	.undone = pg_undone,
	.changes = pg_changes,
	.refresh = pg_refresh,
	.deadline = pg_deadline,
	.run = pg_run,
	.next = pg_next,
	.rows_close = pg_rows_close,
	.columns = pg_columns,
	.column_name = pg_column_name,
	.value = pg_value,
	.lease = pg_lease,
	.kept = pg_kept,
	.hold = pg_hold,
	.announce = pg_announce,
	.number = pg_number,
	.compact = pg_compact,
	.copy = pg_copy,
	.size = pg_size,
	.column_types = column_types,
	.table_suffix = "",
	.columns_sql = "SELECT CAST(column_name AS text), CAST(data_type AS text) FROM information_schema.columns "
		       "WHERE table_schema = 'public' AND table_name = ?1 ORDER BY ordinal_position",
	.table_exists_sql = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_name = ?1",
};

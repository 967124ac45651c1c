/* Which ids this process makes: on a database that several share each has a worker number of its own, guarded by a lease.
 * Neighbours: base/id.c makes the ids; kernel.c starts with a number, writer.c asks before each transaction's first id. */
#include "base/arena.h"
#include "base/log.h"
#include "internal.h"
#include <stdio.h>

#define PROCESSES 16 /* on one PostgreSQL database: the worker numbers of ids (base/id.h) */

/* The one held before comes first: after a restart of the database everybody goes on as he was, unless a new process was
 * quicker. */
static enum code number_take(struct kernel *k, unsigned first, unsigned *ret, struct error *e)
{
	bool got = false;
	for (unsigned i = 0; i < PROCESSES && !got; i++) {
		char name[32];
		*ret = (first + i) % PROCESSES;
		snprintf(name, sizeof name, "ids %u", *ret);
		TRY(conn_lease(k->id_lease, name, &got, e));
	}
	return got ? OK : error_fail(e, E_LIMIT, N_("16 processes already work on this database"));
}

enum code ids_open(struct kernel *k, struct error *e)
{
	TRY(conn_open(k->store, CONN_READ, &k->id_lease, e));
	TRY(number_take(k, 0, &k->id_worker, e));
	int64_t node = config_int(k->config, "node");
	if (node < 0 || node > 1023)
		return error_fail(e, E_INVALID, N_("node must be between 0 and 1023"));
	k->ids = id_source_new((unsigned)node, k->id_worker, k->clock);
	return k->ids ? OK : error_nomem(e);
}

static enum code newest_id(struct kernel *k, struct conn *c, const char *table, int64_t first, int64_t last, struct error *e)
{
	int64_t id = 0;
	bool found;
	CLEAN_BUF struct buf sql;
	CLEAN_ROWS struct rows *rows = NULL;
	buf_init(&sql, 0);
	buf_format(&sql, "SELECT max(id) FROM %s WHERE id BETWEEN ?1 AND ?2", table);
	if (!buf_ok(&sql))
		return error_nomem(e);
	TRY(sql_query_built(c, buf_str(&sql), SQL_PARAMS(SQL_I(first), SQL_I(last)), &rows, e));
	TRY(rows_next(rows, &found, e));
	if (found && !rows_null(rows, 0))
		id = rows_int(rows, 0);
	id_floor(k->ids, id);
	return OK;
}

/* A clock that stands behind the newest id would make the same ids again: they go on after what is kept. */
enum code ids_settle(struct kernel *k, struct error *e)
{
	const struct model *m = registry_model(k->registry);
	int64_t first, last;
	struct conn *c;
	id_range((unsigned)config_int(k->config, "node"), &first, &last);
	TRY(conn_open(k->store, CONN_READ, &c, e));
	enum code code = newest_id(k, c, "journal_entry", first, last, e);
	for (size_t i = 0; code == OK && i < m->kind_count; i++)
		if (!(m->kinds[i]->flags & KIND_VIEW))
			code = newest_id(k, c, m->kinds[i]->name, first, last, e);
	conn_close(c);
	return code;
}

/* Whoever had another number before us may have had another clock too. */
static enum code number_again(struct kernel *k, struct error *e)
{
	unsigned worker;
	TRY(number_take(k, k->id_worker, &worker, e));
	if (worker == k->id_worker)
		return OK;
	log_write(LOG_INFO, "ids go on under another worker number", { "worker", STR_NONE, worker });
	id_worker(k->ids, worker);
	k->id_worker = worker;
	return ids_settle(k, e);
}

/* Inside the transaction that the ids are for: a restart that comes later takes the transaction with it. */
enum code ids_guard(struct kernel *k, struct error *e)
{
	enum code code = OK;
	pthread_mutex_lock(&k->id_lock);
	if (!conn_kept(k->id_lease))
		code = number_again(k, e);
	pthread_mutex_unlock(&k->id_lock);
	return code;
}

/* Background work: one thread runs every module's jobs, on time or when something was committed; leased ones in
 * one process at a time. Neighbours: kernel/module.h declares jobs; the kernel's own are at the end. */
#include "auth.sql.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "internal.h"
#include <stdlib.h>

#define TICK (50 * 1000)          /* how often time is looked at, microseconds */
#define INTEGRATE_MOST 4096       /* entries in one batch of the sequencer */

struct job {
	const struct job_spec *spec;
	void *state;
	struct conn *conn;
	bool leased;      /* this process holds it */
	int64_t next;     /* clock_monotonic of the next run */
	uint64_t seen;    /* commits seen at the last run */
};

struct jobs {
	struct kernel *kernel;
	pthread_t thread;
	bool running;
	_Atomic bool stop;
	struct job *items;
	size_t count;
	struct arena *arena;
};

static enum code job_ready(struct job *j, struct error *e)
{
	if (!j->spec->leased || (j->leased && conn_kept(j->conn)))
		return OK;
	return conn_lease(j->conn, j->spec->name, &j->leased, e);
}

/* Runs until nothing is left or the kernel stops. */
static void job_run(struct jobs *js, struct job *j)
{
	struct error e;
	bool again = true;
	arena_reset(js->arena);
	error_init(&e, js->arena);
	enum code code = job_ready(j, &e);
	if (code == OK && j->spec->leased && !j->leased)
		return;
	while (code == OK && again && !atomic_load(&js->stop)) {
		again = false;
		code = conn_refresh(j->conn, &e);
		if (code == OK)
			code = j->spec->run(js->kernel, j->conn, j->state, &again, &e);
	}
	conn_rest(j->conn);
	if (code != OK) {
		metrics_add(js->kernel->metrics, GAUGE_JOB_FAILED, 1);
		log_write(LOG_WARNING, "job failed", { "job", str_of(j->spec->name), 0 });
		log_error("job failed", &e);
		j->leased = false; /* the connection may have lost it */
		j->next = clock_monotonic() + SECOND;
	}
}

static void *jobs_thread(void *data)
{
	struct jobs *js = data;
	uint64_t commits = store_commits(js->kernel->store);
	while (!atomic_load(&js->stop)) {
		int64_t now = clock_monotonic();
		for (size_t i = 0; i < js->count && !atomic_load(&js->stop); i++) {
			struct job *j = &js->items[i];
			bool woken = j->spec->every == 0 && j->seen != commits;
			if (now < j->next || (!woken && j->spec->every == 0))
				continue;
			j->seen = commits;
			j->next = j->spec->every ? now + j->spec->every : 0;
			job_run(js, j);
		}
		commits = store_wait(js->kernel->store, commits, TICK);
	}
	return NULL;
}

static enum code job_add(struct jobs *js, const struct job_spec *spec, void *state, struct error *e)
{
	struct job *j = &js->items[js->count++];
	*j = (struct job){ .spec = spec, .state = state, .seen = UINT64_MAX };
	return conn_open(js->kernel->store, spec->writes ? CONN_WRITE : CONN_READ, &j->conn, e);
}

enum code jobs_start(struct kernel *k, struct error *e)
{
	struct jobs *js = k->jobs = mem_new(sizeof *js);
	size_t most = 0;
	if (!js)
		return error_nomem(e);
	js->kernel = k;
	js->arena = arena_new(0);
	for (size_t i = 0; k->modules[i]; i++)
		for (const struct job_spec *s = k->modules[i]->jobs; s && s->name; s++)
			most++;
	js->items = mem_array(most + 1, sizeof *js->items);
	if (!js->items || !js->arena)
		return error_nomem(e);
	for (size_t i = 0; k->modules[i]; i++)
		for (const struct job_spec *s = k->modules[i]->jobs; s && s->name; s++)
			TRY(job_add(js, s, k->states[i], e));
	if (pthread_create(&js->thread, NULL, jobs_thread, js))
		return error_nomem(e);
	js->running = true;
	return OK;
}

void jobs_stop(struct kernel *k)
{
	struct jobs *js = TAKE(k->jobs);
	if (!js)
		return;
	atomic_store(&js->stop, true);
	if (js->running)
		pthread_join(js->thread, NULL);
	for (size_t i = 0; i < js->count; i++)
		conn_close(js->items[i].conn);
	arena_free(js->arena);
	mem_free(js->items);
	mem_free(js);
}

/* --- the kernel's own jobs ------------------------------------------------------------------------ */

enum code journal_sequence(struct kernel *k, struct conn *c, bool *ret_again, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(1 << 20);
	struct journal_head head;
	if (!arena)
		return error_nomem(e);
	TRY(journal_integrate(k->journal, c, INTEGRATE_MOST, ret_again, e));
	TRY(journal_head(c, arena, &head, e));
	metrics_set(k->metrics, GAUGE_JOURNAL_LEAVES, head.size);
	return OK;
}

/* On a single-writer store the writer does this itself between groups (writer.c). */
static enum code run_sequencer(struct kernel *k, struct conn *c, void *state, bool *ret_again, struct error *e)
{
	return store_single_writer(k->store) ? OK : journal_sequence(k, c, ret_again, e);
}

static enum code run_follow_access(struct kernel *k, struct conn *c, void *state, bool *ret_again, struct error *e)
{
	world_heard(k);
	return OK;
}

static enum code run_expire(struct kernel *k, struct conn *c, void *state, bool *ret_again, struct error *e)
{
	int64_t now = clock_now(k->clock);
	TRY(conn_begin(c, e));
	enum code code = sql_exec(c, SQL_SESSION_EXPIRE, SQL_PARAMS(SQL_I(now)), NULL, e);
	if (code == OK)
		code = sql_exec(c, SQL_LINK_EXPIRE, SQL_PARAMS(SQL_I(now)), NULL, e);
	if (code == OK)
		code = idempotency_forget(c, now - DAY, e);
	if (code == OK)
		return conn_commit(c, e);
	conn_rollback(c);
	return code;
}

static const struct job_spec kernel_jobs[] = {
	{ .name = "journal", .help = N_("Extend and sign the journal"), .every = 0, .leased = true, .writes = true, .run = run_sequencer },
	{ .name = "access", .help = N_("Notice what other processes changed"), .every = 0, .run = run_follow_access },
	{ .name = "expire", .help = N_("Forget what has expired"), .every = 60 * SECOND, .leased = true, .writes = true, .run = run_expire },
	{ 0 },
};

/* The kernel is a module like others; its operations stand in several files. */
const struct module kernel_modules[] = {
	{ .name = "kernel", .tables = auth_tables, .jobs = kernel_jobs, .operations = session_operations },
	{ .name = "accounts", .operations = account_operations },
	{ .name = "batch", .operations = batch_operations },
	{ .name = "proposals", .operations = proposal_operations },
	{ .name = "log", .operations = log_operations },
	{ .name = "authority", .operations = authority_operations },
	{ .name = "meta", .operations = meta_operations },
	{ 0 },
};

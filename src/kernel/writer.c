/* The write queue and the threads that drain it. SQLite: one writer takes what waits, runs it in one transaction
 * (in savepoints when a call must be undone alone), commits once, then answers all. PostgreSQL: several writers, each with
 * a few calls a transaction, and call by call when one was refused or lost against another writer.
 * Neighbours: dispatch.c queues calls here and runs them through call_invoke(); idempotency.c replays. */
#include "base/arena.h"
#include "base/log.h"
#include "internal.h"
#include "record/changes.h"
#include "record/numbers.h"
#include <time.h>

#define GROUP_MOST 256     /* calls in one commit */
#define GROUP_SEVERAL 16   /* when several writers share what waits: long transactions would wait for each other */
#define GATHER_LEAST (SECOND / 10000) /* shortest and longest pause before a group, microseconds: below the first the pause */
#define GATHER_MOST (SECOND / 2000)   /* itself would cost more than it saves */
#define INTEGRATE_EVERY (SECOND / 20)
#define PAYLOAD_KEPT ((size_t)1 << 20) /* bytes of the last entry's buffer */
#define RETRIES 5          /* of a PostgreSQL transaction that lost against another */

enum code queue_init(struct queue *q, size_t max, struct error *e)
{
	*q = (struct queue){ .max = max };
	if (pthread_mutex_init(&q->lock, NULL) || pthread_cond_init(&q->filled, NULL))
		return error_nomem(e);
	return OK;
}

void queue_done(struct queue *q)
{
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->filled);
}

bool queue_push(struct queue *q, struct call *c)
{
	pthread_mutex_lock(&q->lock);
	bool room = !q->closed && q->count < q->max;
	if (room) {
		c->next = NULL;
		if (q->last)
			q->last->next = c;
		else
			q->first = c;
		q->last = c;
		q->count++;
		pthread_cond_signal(&q->filled);
	}
	pthread_mutex_unlock(&q->lock);
	return room;
}

void queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->filled);
	pthread_mutex_unlock(&q->lock);
}

/* Waits for a call, or until `timeout` microseconds passed (0: for ever). */
static void queue_wait(struct queue *q, int64_t timeout)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout / SECOND;
	until.tv_nsec += timeout % SECOND * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (!q->first && !q->closed)
		if (timeout == 0)
			pthread_cond_wait(&q->filled, &q->lock);
		else if (pthread_cond_timedwait(&q->filled, &q->lock, &until))
			return;
}

struct call *queue_take(struct queue *q, size_t most, int64_t timeout, bool *ret_closed, size_t *ret_count)
{
	size_t n = 0;
	pthread_mutex_lock(&q->lock);
	queue_wait(q, timeout);
	struct call *first = q->first, *last = NULL;
	for (struct call *c = first; c && n < most; c = c->next, n++)
		last = c;
	if (last) {
		q->first = last->next;
		if (!q->first)
			q->last = NULL;
		last->next = NULL;
		q->count -= n;
	}
	*ret_closed = q->closed && !first;
	pthread_mutex_unlock(&q->lock);
	*ret_count = n;
	return first;
}

static enum code writer_context(struct writer *w, struct call *c, struct error *e)
{
	struct kernel *k = w->kernel;
	struct record_context *x = &c->record;
	x->model = registry_model(c->registry);
	x->conn = w->conn;
	x->journal = k->journal;
	x->keyring = w->keyring;
	x->ids = k->ids;
	x->random = k->random;
	x->arena = c->arena;
	x->numbers = w->numbers;
	c->guard = (struct record_guard){ authority_judge, c };
	x->guard = &c->guard;
	x->who = c->principal.subject;
	x->now = clock_now(k->clock);
	x->entry = id_next(k->ids);
	x->currency = config_text(k->config, "currency");
	x->changes = changes_new(c->arena);
	return x->changes ? OK : error_nomem(e);
}

/* The journal entry of what the call changed; nothing when it changed nothing. */
static enum code writer_journal(struct writer *w, struct call *c, struct error *e)
{
	if (changes_count(c->record.changes) == 0 && !(c->operation->flags & OP_OWN_ENTRY))
		return OK;
	struct buf *payload = &w->payload;
	buf_clear(payload);
	struct journal_entry entry = { .id = c->record.entry, .leaf = -1, .time = c->record.now,
				       .actor = c->principal.person, .entity = c->made.entity ? c->made.entity : c->entity,
				       .operation = str_of(c->operation->name) };
	TRY(changes_write(&c->record, entry.operation, entry.entity, payload, e));
	entry.payload = buf_str(payload);
	TRY(journal_append(w->kernel->journal, w->conn, &entry, e));
	w->entries++;
	if (payload->cap > PAYLOAD_KEPT)
		buf_done(payload);
	return OK;
}

static enum code writer_preview(struct call *c, struct error *e)
{
	struct str answer = { NULL, 0 };
	if (c->out.len)
		answer = arena_copy(c->arena, buf_str(&c->out));
	buf_clear(&c->out);
	json_writer_init(&c->json, &c->out);
	json_object(&c->json);
	json_member_bool(&c->json, "dry_run", true);
	json_name(&c->json, STR("changes"));
	TRY(changes_preview(&c->record, &c->json, e));
	json_name(&c->json, STR("answer"));
	if (answer.data)
		json_put_raw(&c->json, answer);
	else
		json_put_null(&c->json);
	json_object_end(&c->json);
	c->created = false;
	return OK;
}

/* One call inside its savepoint. */
static enum code writer_run(struct writer *w, struct call *c, struct error *e)
{
	bool replayed = false;
	TRY(writer_context(w, c, e));
	if (c->idempotency_key.len) {
		TRY(idempotency_find(c, &replayed, e));
		if (replayed)
			return OK;
	}
	TRY(call_invoke(c, e));
	if (c->dry_run)
		return writer_preview(c, e);
	TRY(record_settle(&c->record, e));
	TRY(writer_journal(w, c, e));
	if (!buf_ok(&c->out))
		return call_overflow(c, e);
	if (c->idempotency_key.len)
		TRY(idempotency_keep(c, e));
	return OK;
}

/* A call in a savepoint of its own: a refusal undoes it alone. */
static void writer_one_saved(struct writer *w, struct call *c)
{
	size_t marks = keyring_marks(w->keyring);
	c->code = conn_save(w->conn, &c->error);
	if (c->code != OK)
		return;
	c->code = writer_run(w, c, &c->error);
	if ((c->code == OK && !c->dry_run) || c->refused_kept) {
		enum code kept = conn_keep(w->conn, &c->error);
		if (kept != OK)
			c->code = kept;
	} else {
		conn_undo(w->conn);
		keyring_undo(w->keyring, marks);
		/* an append that was undone, and numbers taken in it, must be read anew */
		numbers_rolled_back(w->numbers);
		journal_rolled_back(w->kernel->journal);
	}
}

/* A savepoint costs a copy of every page that its call touches, and few calls are refused after they wrote: so a group
 * runs without them first. False when a call was refused that had written, which cannot be undone alone. */
static bool writer_one_bare(struct writer *w, struct call *c)
{
	size_t marks = keyring_marks(w->keyring);
	int64_t before = conn_changes(w->conn);
	c->code = writer_run(w, c, &c->error);
	if (c->code == OK || c->refused_kept)
		return true;
	keyring_undo(w->keyring, marks);
	return conn_changes(w->conn) == before;
}

static void group_undo(struct writer *w)
{
	conn_rollback(w->conn);
	keyring_rollback(w->keyring);
	numbers_rolled_back(w->numbers);
	journal_rolled_back(w->kernel->journal);
}

/* Everything is on disk before anybody hears of it: first new keys, then the estate. */
static enum code group_commit(struct writer *w, struct error *e)
{
	int64_t began = clock_monotonic();
	enum code code = keyring_commit(w->keyring, e);
	if (code == OK)
		code = conn_commit(w->conn, e);
	w->commit_took = clock_monotonic() - began;
	if (code != OK)
		group_undo(w);
	return code;
}

static void group_fail(struct call *first, enum code code)
{
	for (struct call *c = first; c; c = c->next)
		if (c->code == OK || c->refused_kept)
			c->code = error_fail(&c->error, code, N_("The change could not be stored; nothing was changed"));
}

/* Before a call runs again from the start. */
static void call_rewind(struct call *c)
{
	buf_clear(&c->out);
	json_writer_init(&c->json, &c->out);
	error_clear(&c->error);
	c->code = OK;
	c->version = 0;
	c->created = false;
	c->refused_kept = false;
	c->made = (struct record_ref){ 0 };
}

/* One transaction over all. *ret_spoiled: a bare call was refused after it had written, and everything was undone. */
static enum code group_try(struct writer *w, struct call *first, bool saved, bool *ret_spoiled, struct error *e)
{
	*ret_spoiled = false;
	w->entries = 0;
	TRY(conn_begin(w->conn, e));
	enum code guarded = ids_guard(w->kernel, e);
	if (guarded != OK) {
		group_undo(w);
		return guarded;
	}
	for (struct call *c = first; c; c = c->next) {
		if (saved || c->dry_run)
			writer_one_saved(w, c);
		else if (!writer_one_bare(w, c))
			*ret_spoiled = true;
		if (*ret_spoiled) {
			group_undo(w);
			return OK;
		}
		if (!conn_in_transaction(w->conn)) { /* a full disk makes SQLite undo all of it by itself */
			group_undo(w);
			return error_fail(e, E_IO, N_("The database could not read or write its files"));
		}
	}
	for (struct call *c = first; c; c = c->next) {
		enum code told = world_announce(w->kernel, w->conn, c, e);
		if (told != OK) {
			group_undo(w);
			return told;
		}
	}
	return group_commit(w, e);
}

/* What follows a commit, in memory and in the keys. */
static void group_settle(struct writer *w, struct call *first, size_t count)
{
	struct kernel *k = w->kernel;
	CLEAN_ARENA struct arena *arena = arena_new(1 << 20);
	struct error e;
	error_init(&e, arena);
	numbers_committed(w->numbers);
	metrics_add(k->metrics, GAUGE_JOURNAL_ENTRIES, w->entries);
	metrics_add(k->metrics, GAUGE_COMMITS, 1);
	metrics_add(k->metrics, GAUGE_COMMIT_CALLS, (int64_t)count);
	for (struct call *c = first; c; c = c->next)
		if (c->code == OK && !c->dry_run)
			world_note(k, c);
	/* destroyed keys go after the estate's commit: a crash in between leaves a key without data, not the reverse */
	if (keyring_destroy_commit(w->keyring, &e) != OK)
		log_error("destroying a key failed; erase the person again", &e);
}

/* *ret_spoiled: nothing was committed, and no call has its answer yet (one alone: its refusal is the answer). */
static enum code group_run(struct writer *w, struct call *first, size_t count, bool saved, bool *ret_spoiled)
{
	CLEAN_ARENA struct arena *arena = arena_new(1 << 20);
	struct error e;
	*ret_spoiled = false;
	error_init(&e, arena);
	enum code code = arena ? group_try(w, first, saved, ret_spoiled, &e) : E_NOMEM;
	if (code == OK) {
		if (!*ret_spoiled)
			group_settle(w, first, count);
		return OK;
	}
	if (code != E_BUSY)
		log_error("commit failed", &e);
	group_fail(first, code);
	return code;
}

static void group_rewind(struct call *first)
{
	for (struct call *c = first; c; c = c->next)
		call_rewind(c);
}

/* One writer: a spoiled group runs again with savepoints, and then each refusal stands for itself. */
static void group_serve(struct writer *w, struct call *first, size_t count)
{
	bool spoiled;
	group_run(w, first, count, false, &spoiled);
	if (!spoiled || count == 1)
		return;
	group_rewind(first);
	group_run(w, first, count, true, &spoiled);
}

/* Several writers: a transaction may lose against another one, and is run again from the start. */
static void alone_serve(struct writer *w, struct call *c)
{
	bool spoiled;
	struct call *next = c->next;
	c->next = NULL;
	group_run(w, c, 1, false, &spoiled);
	for (unsigned tries = 0; c->code == E_BUSY && tries < RETRIES; tries++) {
		call_rewind(c);
		group_run(w, c, 1, false, &spoiled);
	}
	c->next = next;
}

static void several_serve(struct writer *w, struct call *first, size_t count)
{
	bool spoiled;
	if (count > 1 && group_run(w, first, count, false, &spoiled) == OK && !spoiled)
		return;
	if (count > 1)
		group_rewind(first);
	for (struct call *c = first; c; c = c->next)
		alone_serve(w, c);
}

static void group_answer(struct call *first)
{
	for (struct call *c = first, *next; c; c = next) {
		next = c->next;
		call_finish(c, c->code);
	}
}

/* On a single-writer store the writer also extends the signed tree, between groups, so that nobody competes for the
 * write lock: at the latest INTEGRATE_EVERY after an entry. PostgreSQL: the leased job of jobs.c. */
static void integrate(struct writer *w, int64_t *io_last, bool *io_behind)
{
	struct kernel *k = w->kernel;
	if (!*io_behind || clock_monotonic() - *io_last < INTEGRATE_EVERY)
		return;
	CLEAN_ARENA struct arena *arena = arena_new(1 << 20);
	struct error e;
	error_init(&e, arena);
	if (!arena || journal_sequence(k, w->conn, io_behind, &e) != OK)
		log_error("journal not extended", &e);
	*io_last = clock_monotonic();
}

/* Callers who were just answered together come back together, but not at the same instant. A pause of an eighth of what a
 * commit takes lets most of them into the next group, so that a slow disk is waited for half as often. A lone caller
 * never waits, and nobody does on a fast disk. */
static void gather(size_t answered, int64_t commit)
{
	int64_t pause = commit / 8 < GATHER_MOST ? commit / 8 : GATHER_MOST;
	if (answered < 2 || pause < GATHER_LEAST)
		return;
	nanosleep(&(struct timespec){ .tv_nsec = pause * 1000 }, NULL);
}

static void *writer_thread(void *data)
{
	struct writer *w = data;
	struct kernel *k = w->kernel;
	bool single = store_single_writer(k->store), closed = false, behind = single;
	size_t most = single ? GROUP_MOST : GROUP_SEVERAL, count = 0;
	int64_t integrated = 0;
	while (!closed) {
		struct call *first = queue_take(&k->writes, most, behind ? INTEGRATE_EVERY : 0, &closed, &count);
		if (first) {
			metrics_set(k->metrics, GAUGE_QUEUE, (int64_t)k->writes.count);
			(single ? group_serve : several_serve)(w, first, count);
			group_answer(first);
			behind = single;
			integrate(w, &integrated, &behind);
			if (single)
				gather(count, w->commit_took);
		} else {
			integrate(w, &integrated, &behind);
		}
	}
	integrated = 0;
	integrate(w, &integrated, &behind);
	return NULL;
}

/* The slow pool: heavy preparation (password hashing), then the write queue. */
static void *slow_thread(void *data)
{
	struct kernel *k = data;
	size_t count;
	bool closed = false;
	while (!closed) {
		struct call *c = queue_take(&k->slow, 1, 0, &closed, &count);
		if (!c)
			continue;
		enum code code = c->operation->prepare(c, &c->error);
		kernel_rest(k);
		if (code != OK)
			call_finish(c, code);
		else if (!queue_push(&k->writes, c))
			call_finish(c, error_fail(&c->error, E_BUSY, N_("The server is shutting down or overloaded; try again")));
	}
	return NULL;
}

static enum code writer_open(struct kernel *k, struct writer *w, struct error *e)
{
	w->kernel = k;
	buf_init(&w->payload, 0);
	TRY(conn_open(k->store, CONN_WRITE, &w->conn, e));
	TRY(conn_open(k->keys, CONN_WRITE, &w->keys, e));
	TRY(keyring_new(w->keys, k->master, k->random, &w->keyring, e));
	w->numbers = numbers_new();
	if (!w->numbers)
		return error_nomem(e);
	if (pthread_create(&w->thread, NULL, writer_thread, w))
		return error_nomem(e);
	w->running = true;
	return OK;
}

enum code writers_start(struct kernel *k, struct error *e)
{
	k->writer_count = store_single_writer(k->store) ? 1 : (size_t)config_int(k->config, "writers");
	if (k->writer_count < 1 || k->writer_count > WRITERS_MAX)
		return error_fail(e, E_INVALID, N_("writers must be between 1 and {most}"), { "most", STR("16") });
	for (size_t i = 0; i < k->writer_count; i++)
		TRY(writer_open(k, &k->writers[i], e));
	for (size_t i = 0; i < sizeof k->slow_threads / sizeof *k->slow_threads; i++, k->slow_count++)
		if (pthread_create(&k->slow_threads[i], NULL, slow_thread, k))
			return error_nomem(e);
	return OK;
}

void writers_stop(struct kernel *k)
{
	queue_close(&k->slow);
	for (size_t i = 0; i < k->slow_count; i++)
		pthread_join(k->slow_threads[i], NULL);
	queue_close(&k->writes);
	for (size_t i = 0; i < k->writer_count; i++) {
		struct writer *w = &k->writers[i];
		if (w->running)
			pthread_join(w->thread, NULL);
		buf_done(&w->payload);
		numbers_free(w->numbers);
		keyring_free(w->keyring);
		conn_close(w->keys);
		conn_close(w->conn);
		*w = (struct writer){ 0 };
	}
}

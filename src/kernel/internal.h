/* What the kernel's own files share: the running kernel, its threads' workers and its writers.
 * kernel.c starts and stops it, dispatch.c takes calls, writer.c commits them, world.c and auth.c keep the
 * snapshots, jobs.c runs background work. */
#pragma once
#include "base/map.h"
#include "kernel/kernel.h"
#include <pthread.h>
#include <stdatomic.h>

#define WRITERS_MAX 16
#define AUTH_CACHE 512 /* places per thread, direct-mapped by the credential's digest */

struct auth_entry { /* one credential this thread has seen */
	uint8_t digest[SHA256_SIZE];
	uint64_t stamp;  /* kernel.auth_stamp when read */
	int64_t read_at; /* clock_now() */
	int64_t expires;
	struct arena *arena; /* holds what principal points to */
	struct principal principal;
};

struct worker { /* one per thread that reads; belongs to the kernel */
	struct kernel *kernel;
	struct conn *reader;
	struct conn *keys;
	struct keyring *keyring;
	struct numbers *numbers; /* for its SQL texts; readers take no numbers */
	struct world *world;
	uint64_t world_stamp;
	struct auth_entry auth[AUTH_CACHE];
	struct worker *next;
};

struct writer { /* one thread with a write connection */
	struct kernel *kernel;
	pthread_t thread;
	bool running;
	struct conn *conn;
	struct conn *keys;
	struct keyring *keyring;
	struct numbers *numbers;
	struct buf payload;  /* of the entry being written */
	int64_t entries;     /* of the journal, written by the group at work */
	int64_t commit_took; /* microseconds the last commit waited for the disk */
};

struct queue { /* calls waiting; bounded */
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct call *first, *last;
	_Atomic size_t count; /* changed under the lock, looked at without it */
	size_t max;
	bool closed;
};

struct limiter;
struct jobs;

struct kernel {
	const struct config *config;
	const struct clock *clock;
	const struct random_source *random;
	bool serving;
	const struct module *const *modules;
	void **states; /* by place in modules */
	struct registry *registry;
	struct store *store, *keys; /* the estate; the keyring's store */
	struct journal_options journal_options;
	struct journal *journal;
	uint8_t master[AEAD_KEY];
	struct id_source *ids;
	struct conn *id_lease; /* holds this process's worker number on PostgreSQL */
	unsigned id_worker;
	pthread_mutex_t id_lock; /* guards the two */
	struct metrics *metrics;
	struct limiter *limiter;
	struct jobs *jobs;
	struct arena *arena; /* for what lives as long as the kernel */
	struct str data;
	int lock_fd;

	struct writer writers[WRITERS_MAX];
	size_t writer_count;
	struct queue writes, slow;
	pthread_t slow_threads[2];
	size_t slow_count;

	pthread_key_t worker_key;
	bool worker_key_made;
	pthread_mutex_t lock; /* guards world, workers, scratch writer use */
	struct worker *workers;
	struct world *world;
	_Atomic uint64_t world_stamp;  /* moves when entities, roles or assignments changed */
	uint64_t world_built;          /* the stamp `world` was read at */
	_Atomic uint64_t auth_stamp;   /* moves when accounts, tokens or sessions changed */
	uint64_t access_heard;         /* of TOPIC_ACCESS, when the stamps moved last for it */
	unsigned access_kinds[5];      /* kind indexes of entity, role, assignment, delegation, placement */
};

/* ids.c */
enum code ids_open(struct kernel *k, struct error *e);
enum code ids_settle(struct kernel *k, struct error *e);
/* Before the first id of a transaction: takes a worker number anew when the lease on the last one was lost. */
enum code ids_guard(struct kernel *k, struct error *e);

/* worker.c */
enum code worker_get(struct kernel *k, struct worker **ret, struct error *e);
void worker_free(struct worker *w);
/* Fills c->record for reading with this thread's worker. */
enum code worker_context(struct worker *w, struct call *c, struct error *e);

/* world.c */
enum code world_current(struct kernel *k, struct conn *reader, struct world **io_world, uint64_t *io_stamp, struct error *e);
/* Who may do what, or who someone is, changed: before the commit other processes are told, after it this one notes it. */
#define TOPIC_ACCESS 1u
enum code world_announce(struct kernel *k, struct conn *conn, const struct call *c, struct error *e);
void world_note(struct kernel *k, const struct call *c);
/* Another process changed it; called by one job only. */
void world_heard(struct kernel *k);
/* Makes the packs' roles records of kind `role` and the root entity exist; a write call's body. */
enum code world_seed(struct call *c, struct error *e);

/* dispatch.c */
enum code call_decode(struct call *c, struct error *e);
/* Why the answer of a call could not be held. */
enum code call_overflow(const struct call *c, struct error *e);
void call_finish(struct call *c, enum code code);
enum code call_invoke(struct call *c, struct error *e);

/* writer.c */
enum code queue_init(struct queue *q, size_t max, struct error *e);
void queue_done(struct queue *q);
bool queue_push(struct queue *q, struct call *c);
void queue_close(struct queue *q);
/* Waits up to `timeout` microseconds (0: for ever); takes up to `most` calls as a list. *ret_closed: closed and empty. */
struct call *queue_take(struct queue *q, size_t most, int64_t timeout, bool *ret_closed, size_t *ret_count);
enum code writers_start(struct kernel *k, struct error *e);
void writers_stop(struct kernel *k);

/* auth.c */
extern const struct table_def *const auth_tables[];
enum code auth_principal(struct worker *w, struct call *c, struct error *e);
/* The CSRF token that belongs to a session's secret; false when out of memory. */
bool auth_csrf(struct str session, struct arena *arena, struct str *ret);
void auth_entry_clear(struct auth_entry *entry);
/* session_operations.c: rate limit of sign-ins; using up a one-time link, which says who the caller is. */
enum code link_prepare(struct call *c, struct error *e);
enum code link_use(struct call *c, struct str secret, struct error *e);
extern const struct operation session_operations[], account_operations[];

/* account_operations.c: a new secret and the digest that is stored of it. */
enum code secret_make(struct call *c, const char *prefix, uint8_t digest[SHA256_SIZE], struct str *ret, struct error *e);

/* authority.c: nobody gives more than they hold. A record_guard whose data is the call. */
enum code authority_judge(void *data, struct conn *conn, const struct kind *k, int64_t id, struct arena *arena, struct error *e);
/* May the caller act on what lets somebody be this person? */
enum code authority_over_person(struct call *c, int64_t person, struct error *e);

/* limiter.c: token buckets by key (peer address, login), bounded memory. */
struct limiter *limiter_new(const struct random_source *r);
void limiter_free(struct limiter *l);
/* Takes one from the bucket that refills `per_minute`, holds `burst`; false when empty. */
bool limiter_take(struct limiter *l, struct str key, int64_t now, int64_t per_minute, int64_t burst);

/* Operations of the kernel itself: batch.c, proposal.c, meta.c, journal_operations.c */
extern const struct operation batch_operations[], proposal_operations[], meta_operations[], log_operations[], authority_operations[];
extern const struct module kernel_modules[]; /* ends with name == NULL */
/* Clears the stored inputs of proposals about a record (erasing). */
enum code proposal_forget(struct call *c, int64_t target, struct error *e);
/* Stores the call as a proposal instead of running it (c->propose). */
enum code proposal_store(struct call *c, struct error *e);

/* idempotency.c */
extern const struct table_def idempotency_table;
enum code idempotency_find(struct call *c, bool *ret_replayed, struct error *e);
enum code idempotency_keep(struct call *c, struct error *e);
enum code idempotency_forget(struct conn *c, int64_t older_than, struct error *e);

/* kind_operations.c */
size_t kind_operations_count(const struct kind *k);
void kind_operations(const struct kind *k, struct arena *arena, struct operation *ret, bool *ret_failed);

/* jobs.c */
/* One batch of the journal's tree, with its gauge. */
enum code journal_sequence(struct kernel *k, struct conn *c, bool *ret_more, struct error *e);
enum code jobs_start(struct kernel *k, struct error *e);
void jobs_stop(struct kernel *k);

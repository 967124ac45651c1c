/* The kernel: authenticates a call, decodes its input, decides, runs it on a snapshot or through the writer, and
 * gives it back. Holds what many threads read (model, registry, world) as snapshots that are replaced whole.
 *
 * A read runs on the calling thread with that thread's own connection. A write is queued: on SQLite one writer
 * commits in groups, each call in a savepoint of its own; on PostgreSQL a pool of writers, one transaction each.
 * `done` is called when the group is on disk. */
#pragma once
#include "kernel/call.h"
#include "kernel/config.h"
#include "kernel/metrics.h"
#include "kernel/module.h"

struct kernel_options {
	const struct config *config;
	struct str data;     /* folder: keys, log head, lock, and the SQLite files */
	struct str database; /* "postgres://…", or empty: SQLite in `data` */
	const struct pack_source *packs;
	size_t pack_count;
	const struct module *const *modules; /* ends with NULL */
	const struct clock *clock;
	const struct random_source *random;
	bool serving; /* engines follow the journal; false: a command that does one thing and ends */
};

/* Opens or creates everything: lock, stores, schema (planned changes are applied and logged), journal, packs'
 * roles, then writers and jobs. */
enum code kernel_start(const struct kernel_options *o, struct kernel **ret, struct error *e);
/* Finishes queued writes, stops jobs, closes. */
void kernel_stop(struct kernel *k);

/* Takes the call over; `done` may be called before this returns. */
void kernel_call(struct kernel *k, struct call *c);
/* The same, waiting for the answer; for the command line and tests. Answers c->code. */
enum code kernel_call_wait(struct kernel *k, struct call *c);

const struct config *kernel_config(const struct kernel *k);
struct metrics *kernel_metrics(struct kernel *k);
struct registry *kernel_registry(struct kernel *k); /* referenced: registry_unref */
const struct clock *kernel_clock(const struct kernel *k);
struct store *kernel_store(struct kernel *k);
/* The folder of this process's own files; what can be rebuilt lies in folders of its own there. */
struct str kernel_data(const struct kernel *k);
const struct journal_options *kernel_journal_options(const struct kernel *k);
/* Is this a server? Only then engines keep threads that follow the journal. */
bool kernel_serving(const struct kernel *k);
/* A module's state, as its start() gave it; NULL when it has none. */
void *kernel_state(struct kernel *k, const char *module);
/* This thread's read connection, refreshed to see what was committed; belongs to the kernel. */
enum code kernel_reader(struct kernel *k, struct conn **ret, struct error *e);
/* This thread is done with its read connection for now; kernel_call() says so by itself. */
void kernel_rest(struct kernel *k);
/* Who the credentials stand for; E_DENIED/DETAIL_UNAUTHENTICATED. */
enum code kernel_authenticate(struct kernel *k, struct call *c, struct error *e);
/* Takes one of the `per_minute` that `key` may have, in memory of a fixed size; false: too many. For faces that work before a call. */
bool kernel_admits(struct kernel *k, struct str key, int64_t per_minute);
/* Makes `c` run as the program itself (loading, jobs, the local command line). */
void call_as_system(struct call *c);
/* Runs a write of the program's own, with memory of its own, and waits until it is on disk; it finds `state` as face_state. */
enum code kernel_run_own(struct kernel *k, const struct operation *op, void *state, struct error *e);
/* Prepares c->record for reading on this thread (for faces that stream, such as the change feed). */
enum code kernel_read_context(struct kernel *k, struct call *c, struct error *e);
/* First start: a one-time sign-in link's secret for the administrator, who has no password yet. Empty when an
 * account can already sign in, unless `again`. */
enum code kernel_first_link(struct kernel *k, struct arena *arena, bool again, struct str *ret, struct error *e);
/* An access token of the administrator's for a program on this machine, narrowed to `functions` (patterns). */
enum code kernel_first_token(struct kernel *k, struct arena *arena, struct str name, struct str functions, struct str *ret,
			     struct error *e);

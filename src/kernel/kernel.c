/* Starting and stopping: lock, keys, stores, packs, schema, journal, world, writers, jobs; in that order, and back.
 * Neighbours: app/ gives the options; everything else in this folder runs on what is made here. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "auth.sql.h"
#include "internal.h"
#include "record/changes.h"
#include "record/numbers.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static struct str data_path(struct kernel *k, const char *name)
{
	return arena_format(k->arena, "%.*s/%s", STR_ARG(k->data), name);
}

/* One process per data folder: two writers would give the same leaf twice. */
static enum code lock_data(struct kernel *k, struct error *e)
{
	struct str path = data_path(k, "lock");
	TRY(folder_make(k->data, 0700, e));
	k->lock_fd = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (k->lock_fd < 0)
		return error_errno(e, N_("opening {path}"), path);
	if (flock(k->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return error_fail(e, E_BUSY, N_("Another mandate process uses {path}"), { "path", k->data });
	return OK;
}

static enum code open_stores(struct kernel *k, struct str database, struct error *e)
{
	bool postgres = database.len > 0;
	struct store_options estate = { .url = postgres ? database : arena_format(k->arena, "sqlite:%.*s/estate.db", STR_ARG(k->data)),
					.secure_delete = true };
	struct store_options keys = { .url = postgres ? database : arena_format(k->arena, "sqlite:%.*s/keys.db", STR_ARG(k->data)),
				      .secure_delete = true };
	if (!estate.url.data || !keys.url.data)
		return error_nomem(e);
	TRY(store_open(&estate, &k->store, e));
	return store_open(&keys, &k->keys, e);
}

static enum code open_keys(struct kernel *k, struct error *e)
{
	TRY(journal_key_load(data_path(k, "journal.key"), k->random, &k->journal_options, e));
	k->journal_options.origin = config_text(k->config, "origin");
	k->journal_options.clock = k->clock;
	k->journal_options.random = k->random;
	if (store_type(k->store) == STORE_SQLITE)
		k->journal_options.head_path = data_path(k, "log.head");
	return keyring_master_load(data_path(k, "master.key"), k->random, k->master, e);
}

static enum code load_packs(struct kernel *k, const struct kernel_options *o, struct error *e)
{
	const char *const *extra;
	const struct model *m = NULL;
	TRY(registry_functions(o->modules, k->arena, &extra, e));
	TRY(model_load(o->packs, o->pack_count, extra, &m, e));
	enum code code = registry_build(o->modules, m, &k->registry, e);
	model_unref(m);
	TRY(code);
	static const char *const needed[] = { "entity", "role", "assignment", "delegation", "placement" };
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		const struct kind *kind = model_kind(m, str_of(needed[i]));
		if (!kind)
			return error_fail(e, E_INVALID, N_("The pack core is missing: there is no kind {kind}"), { "kind", str_of(needed[i]) });
		k->access_kinds[i] = kind->index;
	}
	return OK;
}

static enum code ensure_tables(struct kernel *k, struct conn *c, struct error *e)
{
	for (size_t i = 0; k->modules[i]; i++)
		for (const struct table_def *const *t = k->modules[i]->tables; t && *t; t++)
			TRY(table_ensure(c, *t, e));
	return OK;
}

/* Brings the database to what the packs declare; several processes may start at once, one does it. */
static enum code ensure_schema(struct kernel *k, struct error *e)
{
	struct conn *c;
	int64_t version = 0;
	TRY(conn_open(k->store, CONN_WRITE, &c, e));
	enum code code = conn_begin(c, e);
	if (code == OK) {
		code = ensure_tables(k, c, e);
		if (code == OK)
			code = schema_apply(c, registry_model(k->registry), clock_now(k->clock), &version, e);
		if (code == OK)
			code = conn_commit(c, e);
		else
			conn_rollback(c);
	}
	if (code == OK)
		code = journal_open(&k->journal_options, c, &k->journal, e);
	conn_close(c);
	if (code == OK)
		log_write(LOG_INFO, "schema ready", { "version", STR_NONE, version });
	return code;
}

static enum code start_modules(struct kernel *k, struct error *e)
{
	for (size_t i = 0; k->modules[i]; i++)
		if (k->modules[i]->start)
			TRY(k->modules[i]->start(k, &k->states[i], e));
	return OK;
}

/* The kernel's own modules first, then those of the program. */
static enum code gather_modules(struct kernel *k, const struct module *const *given, struct error *e)
{
	size_t own = 0, more = 0;
	while (kernel_modules[own].name)
		own++;
	while (given[more])
		more++;
	const struct module **all = ARENA_ARRAY(k->arena, own + more + 1, const struct module *);
	k->states = ARENA_ARRAY(k->arena, own + more + 1, void *);
	if (!all || !k->states)
		return error_nomem(e);
	for (size_t i = 0; i < own; i++)
		all[i] = &kernel_modules[i];
	for (size_t i = 0; i < more; i++)
		all[own + i] = given[i];
	k->modules = all;
	return OK;
}

const struct module *const *kernel_all_modules(struct arena *arena, const struct module *const *given)
{
	struct kernel k = { .arena = arena };
	return gather_modules(&k, given, NULL) == OK ? k.modules : NULL;
}

/* Roles, framework and root entity, through the ordinary write path, so that the journal has them. */
static enum code seed(struct kernel *k, struct error *e)
{
	static const struct operation seed_operation = { .name = "estate.seed", .help = N_("Make the root entity, the packs' roles and their framework"),
							 .access = OP_WRITE, .run = world_seed, .function_index = -1,
							 .index = UINT32_MAX };
	enum code code = kernel_run_own(k, &seed_operation, NULL, e);
	return code == OK ? OK : error_while(e, N_("storing the packs' roles"));
}

static enum code start(struct kernel *k, const struct kernel_options *o, struct error *e)
{
	struct kernel_options own = *o;
	k->data = arena_copy(k->arena, o->data);
	if (!k->data.data)
		return error_nomem(e);
	TRY(gather_modules(k, o->modules, e));
	own.modules = k->modules;
	TRY(lock_data(k, e));
	TRY(load_packs(k, &own, e));
	TRY(open_stores(k, o->database, e));
	TRY(open_keys(k, e));
	TRY(ids_open(k, e));
	k->metrics = metrics_new(registry_count(k->registry));
	k->limiter = limiter_new(k->random);
	if (!k->metrics || !k->limiter)
		return error_nomem(e);
	TRY(ensure_schema(k, e));
	TRY(ids_settle(k, e));
	if (pthread_key_create(&k->worker_key, NULL))
		return error_nomem(e);
	k->worker_key_made = true;
	TRY(writers_start(k, e));
	TRY(seed(k, e));
	TRY(start_modules(k, e));
	return jobs_start(k, e);
}

enum code kernel_start(const struct kernel_options *o, struct kernel **ret, struct error *e)
{
	struct kernel *k = mem_new(sizeof *k);
	if (!k)
		return error_nomem(e);
	k->lock_fd = -1;
	k->config = o->config;
	k->clock = o->clock;
	k->serving = o->serving;
	k->random = o->random;
	k->world_stamp = 1;
	k->auth_stamp = 1;
	pthread_mutex_init(&k->lock, NULL);
	pthread_mutex_init(&k->id_lock, NULL);
	enum code code = queue_init(&k->writes, (size_t)config_int(o->config, "max-queue"), e);
	if (code == OK)
		code = queue_init(&k->slow, 256, e);
	k->arena = arena_new(0);
	if (!k->arena)
		code = error_nomem(e);
	if (code == OK)
		code = start(k, o, e);
	if (code != OK) {
		kernel_stop(k);
		return code;
	}
	*ret = k;
	return OK;
}

void kernel_stop(struct kernel *k)
{
	if (!k)
		return;
	jobs_stop(k);
	writers_stop(k);
	for (size_t i = 0; k->states && k->modules && k->modules[i]; i++)
		if (k->modules[i]->stop && k->states[i])
			k->modules[i]->stop(k->states[i]);
	for (struct worker *w = k->workers, *next; w; w = next) {
		next = w->next;
		worker_free(w);
	}
	if (k->worker_key_made)
		pthread_key_delete(k->worker_key);
	world_unref(k->world);
	journal_close(k->journal);
	conn_close(k->id_lease);
	id_source_free(k->ids);
	store_close(k->keys);
	store_close(k->store);
	limiter_free(k->limiter);
	metrics_free(k->metrics);
	registry_unref(k->registry);
	queue_done(&k->writes);
	queue_done(&k->slow);
	pthread_mutex_destroy(&k->lock);
	pthread_mutex_destroy(&k->id_lock);
	crypto_wipe(k->master, sizeof k->master);
	crypto_wipe(&k->journal_options, sizeof k->journal_options);
	if (k->lock_fd >= 0)
		close(k->lock_fd);
	arena_free(k->arena);
	mem_free(k);
}

const struct config *kernel_config(const struct kernel *k)
{
	return k->config;
}

struct metrics *kernel_metrics(struct kernel *k)
{
	return k->metrics;
}

struct registry *kernel_registry(struct kernel *k)
{
	return registry_ref(k->registry);
}

const struct clock *kernel_clock(const struct kernel *k)
{
	return k->clock;
}

bool kernel_serving(const struct kernel *k)
{
	return k->serving;
}

struct str kernel_data(const struct kernel *k)
{
	return k->data;
}

struct store *kernel_store(struct kernel *k)
{
	return k->store;
}

const struct journal_options *kernel_journal_options(const struct kernel *k)
{
	return &k->journal_options;
}

void *kernel_state(struct kernel *k, const char *module)
{
	for (size_t i = 0; k->modules[i]; i++)
		if (strcmp(k->modules[i]->name, module) == 0)
			return k->states[i];
	return NULL;
}

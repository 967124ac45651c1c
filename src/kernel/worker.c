/* What each reading thread keeps: a read connection with its snapshot, a keyring, the world it saw last, and the
 * credentials it has checked. Neighbours: dispatch.c asks for it on every call; kernel.c frees them all. */
#include "base/mem.h"
#include "internal.h"
#include "record/numbers.h"

static void worker_link(struct kernel *k, struct worker *w)
{
	pthread_mutex_lock(&k->lock);
	w->next = k->workers;
	k->workers = w;
	pthread_mutex_unlock(&k->lock);
}

static enum code worker_new(struct kernel *k, struct worker **ret, struct error *e)
{
	struct worker *w = mem_new(sizeof *w);
	if (!w)
		return error_nomem(e);
	w->kernel = k;
	enum code code = conn_open(k->store, CONN_READ, &w->reader, e);
	if (code == OK)
		code = conn_open(k->keys, CONN_READ, &w->keys, e);
	if (code == OK)
		code = keyring_new(w->keys, k->master, k->random, &w->keyring, e);
	w->numbers = numbers_new();
	if (code == OK && !w->numbers)
		code = error_nomem(e);
	if (code != OK || pthread_setspecific(k->worker_key, w)) {
		worker_free(w);
		return code != OK ? code : error_nomem(e);
	}
	worker_link(k, w);
	*ret = w;
	return OK;
}

enum code worker_get(struct kernel *k, struct worker **ret, struct error *e)
{
	struct worker *w = pthread_getspecific(k->worker_key);
	if (!w)
		TRY(worker_new(k, &w, e));
	TRY(conn_refresh(w->reader, e));
	*ret = w;
	return OK;
}

void kernel_rest(struct kernel *k)
{
	struct worker *w = pthread_getspecific(k->worker_key);
	if (w)
		conn_rest(w->reader);
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < AUTH_CACHE; i++)
		auth_entry_clear(&w->auth[i]);
	world_unref(w->world);
	numbers_free(w->numbers);
	keyring_free(w->keyring);
	conn_close(w->keys);
	conn_close(w->reader);
	mem_free(w);
}

enum code worker_context(struct worker *w, struct call *c, struct error *e)
{
	struct kernel *k = w->kernel;
	TRY(world_current(k, w->reader, &w->world, &w->world_stamp, e));
	c->record = (struct record_context){
		.model = registry_model(c->registry),
		.world = world_ref(w->world),
		.conn = w->reader,
		.keyring = w->keyring,
		.numbers = w->numbers,
		.ids = k->ids,
		.random = k->random,
		.arena = c->arena,
		.who = c->principal.subject,
		.now = clock_now(k->clock),
		.currency = config_text(k->config, "currency"),
	};
	return OK;
}

enum code kernel_reader(struct kernel *k, struct conn **ret, struct error *e)
{
	struct worker *w;
	TRY(worker_get(k, &w, e));
	*ret = w->reader;
	return OK;
}

enum code kernel_authenticate(struct kernel *k, struct call *c, struct error *e)
{
	struct worker *w;
	TRY(worker_get(k, &w, e));
	TRY(auth_principal(w, c, e));
	if (c->principal.account)
		return OK;
	error_fail(e, E_DENIED, N_("Sign in first"));
	return error_detail(e, DETAIL_UNAUTHENTICATED);
}

enum code kernel_read_context(struct kernel *k, struct call *c, struct error *e)
{
	struct worker *w;
	TRY(worker_get(k, &w, e));
	world_unref(c->record.world);
	c->record.world = NULL;
	return worker_context(w, c, e);
}

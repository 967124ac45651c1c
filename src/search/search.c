/* The module: starting and stopping. Neighbours: follow.c is its thread, find.c its operation. */
#include "base/mem.h"
#include "internal.h"

static void search_stop(void *state)
{
	struct search *s = state;
	if (s->running) {
		atomic_store(&s->stop, true);
		pthread_join(s->thread, NULL);
	}
	index_close(s->index);
	while (s->spare_count)
		analyser_free(s->spare[--s->spare_count]);
	plan_done(&s->plan);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

static enum code search_start(struct kernel *k, void **ret_state, struct error *e)
{
	struct search *s = mem_new(sizeof *s);
	if (!s)
		return error_nomem(e);
	s->kernel = k;
	pthread_mutex_init(&s->lock, NULL);
	struct registry *r = kernel_registry(k);
	enum code code = plan_make(registry_model(r), &s->plan, e);
	registry_unref(r);
	s->running = code == OK && kernel_serving(k);
	if (s->running && pthread_create(&s->thread, NULL, follow_thread, s)) {
		s->running = false;
		code = error_nomem(e);
	}
	if (code != OK) {
		search_stop(s);
		return code;
	}
	*ret_state = s;
	return OK;
}

const struct module search_module = { .name = "search", .operations = search_operations, .start = search_start, .stop = search_stop };

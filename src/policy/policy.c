/* The module: reads the policies of the model when the program starts and keeps the judging thread. A model without the kinds of
 * the governance pack has no policies to keep. Neighbours: internal.h says who does what. */
#include "base/mem.h"
#include "internal.h"

static enum code refuse_without_kinds(const struct model *m, struct error *e)
{
	if (!m->policy_count)
		return OK;
	return error_fail(e, E_INVALID, N_("The policy {policy} needs the pack governance"), { "policy", str_of(m->policies[0].name) });
}

static enum code compile_own(struct kernel *k, struct policies *s, struct error *e)
{
	struct registry *r = kernel_registry(k);
	s->model = model_ref(registry_model(r));
	registry_unref(r);
	s->policy_kind = model_kind(s->model, STR("policy"));
	s->setting_kind = model_kind(s->model, STR("policy_setting"));
	s->finding_kind = model_kind(s->model, STR("finding"));
	s->exception_kind = model_kind(s->model, STR("policy_exception"));
	if (!s->policy_kind || !s->setting_kind || !s->finding_kind || !s->exception_kind)
		return refuse_without_kinds(s->model, e);
	TRY(rules_compile(s->model, s->arena, &s->rules, e));
	s->count = s->model->policy_count;
	s->guards = ARENA_ARRAY(s->arena, s->model->kind_count + 1, struct guard_text *);
	if (!s->guards)
		return error_nomem(e);
	return OK;
}

static void stop(void *state)
{
	struct policies *s = state;
	if (!s)
		return;
	atomic_store(&s->stop, true);
	if (s->running)
		pthread_join(s->thread, NULL);
	guards_free(s);
	pthread_mutex_destroy(&s->guard_lock);
	model_unref(s->model);
	arena_free(s->arena);
	mem_free(s);
}

static enum code start(struct kernel *k, void **ret_state, struct error *e)
{
	struct policies *s = mem_new(sizeof *s);
	if (!s)
		return error_nomem(e);
	s->kernel = k;
	pthread_mutex_init(&s->guard_lock, NULL);
	s->arena = arena_new(0);
	enum code code = s->arena ? compile_own(k, s, e) : error_nomem(e);
	if (code == OK && s->count && kernel_serving(k)) {
		s->running = pthread_create(&s->thread, NULL, policy_thread, s) == 0;
		code = s->running ? OK : error_nomem(e);
	}
	if (code == OK)
		*ret_state = s;
	else
		stop(s);
	return code;
}

const struct module policy_module = { .name = "policy", .operations = policy_operations, .start = start, .stop = stop, .judge = policy_judge };

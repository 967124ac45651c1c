/* A call's own life, and what run functions need of it: authority and calls within calls.
 * Neighbours: dispatch.c carries calls, kernel/call.h is the contract. */
#include "base/arena.h"
#include "internal.h"
#include "record/changes.h"
#include <assert.h>

struct call *call_new(struct kernel *k, struct arena *arena)
{
	struct call *c = ARENA_NEW(arena, struct call);
	if (!c)
		return NULL;
	c->kernel = k;
	c->arena = arena;
	c->registry = registry_ref(k->registry);
	error_init(&c->error, arena);
	buf_init(&c->out, (size_t)config_int(k->config, "max-answer"));
	json_writer_init(&c->json, &c->out);
	return c;
}

void call_done(struct call *c)
{
	if (!c)
		return;
	if (c->operation && c->operation->release)
		c->operation->release(c);
	buf_done(&c->out);
	world_unref(c->record.world);
	registry_unref(c->registry);
	c->record.world = NULL;
	c->registry = NULL;
}

void call_as_system(struct call *c)
{
	c->principal = (struct principal){ .subject = { .system = true } };
}

enum code call_authorise(struct call *c, int function_index, int64_t entity, struct error *e)
{
	const struct record_context *x = &c->record;
	const struct model *m = registry_model(c->registry);
	struct str name = str_of(m->functions[function_index].name);
	struct entity_set set;
	if (entity) {
		struct decision d = decide(x->world, x->now, &c->principal.subject, (unsigned)function_index, entity, NULL, -1);
		if (d.allowed)
			return x->changes && !changes_authority(x->changes, &d) ? error_nomem(e) : OK;
		return error_fail(e, E_DENIED, refusal_msgid(d.reason), { "function", name });
	}
	if (!visible(x->world, x->now, &c->principal.subject, (unsigned)function_index, c->arena, &set))
		return error_nomem(e);
	if (!entity_set_empty(&set))
		return OK;
	return error_fail(e, E_DENIED, refusal_msgid(DECISION_NO_ASSIGNMENT), { "function", name });
}

enum code call_within(struct call *outer, const struct operation *op, int64_t target, int64_t expect,
		      const struct json *input, struct call **ret, struct error *e)
{
	assert(op->access == OP_READ || outer->record.changes);
	struct call *c = call_new(outer->kernel, outer->arena);
	if (!c)
		return error_nomem(e);
	c->operation = op;
	c->lang = outer->lang;
	c->target = target;
	c->expect = expect;
	c->input_json = input;
	c->principal = outer->principal;
	c->record = outer->record;
	world_ref(c->record.world);
	enum code code = call_decode(c, e);
	if (code == OK && op->prepare)
		code = op->prepare(c, e);
	if (code == OK)
		code = call_invoke(c, e);
	if (code != OK) {
		call_done(c);
		return code;
	}
	*ret = c;
	return OK;
}

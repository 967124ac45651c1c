/* The way of a call: authenticate → decode → prepare → run on a snapshot, or queue for the writer → finish.
 * Neighbours: auth.c says who it is, writer.c runs writes, call.c has the helpers that run functions use. */
#include "base/arena.h"
#include "base/log.h"
#include "internal.h"
#include "record/changes.h"

/* The member "entity" says where a new record belongs; it is no field of the kind, so it is taken out first. */
static enum code take_entity(struct call *c, const struct json **io_input, struct error *e)
{
	static const struct field entity_field = { .name = "entity", .type = FIELD_ID, .title = N_("Entity") };
	const struct json *input = *io_input, *given = json_get(input, STR("entity"));
	struct value v = { 0 };
	if (!given)
		return OK;
	TRY(value_from_json(&entity_field, given, STR("/entity"), c->arena, &v, e));
	c->entity = v.null ? 0 : v.integer;
	struct json_member *rest = ARENA_ARRAY(c->arena, input->object.count, struct json_member);
	struct json *copy = ARENA_NEW(c->arena, struct json);
	if (!rest || !copy)
		return error_nomem(e);
	size_t n = 0;
	for (size_t i = 0; i < input->object.count; i++)
		if (!str_is(input->object.members[i].name, "entity"))
			rest[n++] = input->object.members[i];
	copy->type = JSON_OBJECT;
	copy->object.members = rest;
	copy->object.count = n;
	*io_input = copy;
	return OK;
}

static struct json pair_value(const struct field *f, struct str text)
{
	struct json j = { .type = JSON_TEXT, .text = text };
	int64_t n;
	if (f && f->type == FIELD_INT && str_int(text, &n))
		j = (struct json){ .type = JSON_INT, .integer = n };
	else if (f && f->type == FIELD_BOOL && (str_is(text, "true") || str_is(text, "false")))
		j = (struct json){ .type = JSON_BOOL, .boolean = str_is(text, "true") };
	return j;
}

/* The parameters of a GET as the object a body would hold. */
static enum code pairs_as_input(struct call *c, const struct json **ret, struct error *e)
{
	struct json *object = ARENA_NEW(c->arena, struct json);
	struct json_member *members = ARENA_ARRAY(c->arena, c->query_count + 1, struct json_member);
	if (!object || !members)
		return error_nomem(e);
	for (size_t i = 0; i < c->query_count; i++) {
		const struct field *f = c->operation->input;
		while (f->name && !str_is(c->query[i].name, f->name))
			f++;
		for (size_t k = 0; k < i; k++)
			if (str_eq(members[k].name, c->query[i].name))
				return error_fail(e, E_INVALID, N_("The parameter {name} stands twice"), { "name", c->query[i].name });
		members[i] = (struct json_member){ c->query[i].name, pair_value(f->name ? f : NULL, c->query[i].text) };
	}
	*object = (struct json){ .type = JSON_OBJECT, .object = { members, c->query_count } };
	*ret = object;
	return OK;
}

bool operation_input_in_address(const struct operation *op)
{
	return op->input && !op->kind && !(op->flags & OP_QUERY) && str_is(str_of(op->method), "GET");
}

static enum code decode_input(struct call *c, struct error *e)
{
	const struct operation *op = c->operation;
	static const struct json nothing = { .type = JSON_OBJECT };
	const struct json *input = c->input_json;
	if (!input && c->body.len) {
		const struct json_limits limits = { .bytes = (size_t)config_int(c->kernel->config, "max-body") };
		TRY(json_parse(c->arena, c->body, &limits, &input, e));
	}
	if (!input && operation_input_in_address(op) && c->query_count)
		TRY(pairs_as_input(c, &input, e));
	if (!input)
		input = &nothing;
	if (input->type != JSON_OBJECT)
		return error_fail(e, E_INVALID, N_("The body must be a JSON object"));
	c->input_json = input;
	if (!op->input)
		return input->object.count == 0 ? OK : error_fail(e, E_INVALID, N_("{operation} takes no input"), { "operation", str_of(op->name) });
	if (op->kind)
		TRY(take_entity(c, &input, e));
	size_t count = op->kind ? op->kind->field_count : fields_count(op->input);
	c->in = ARENA_ARRAY(c->arena, count + 1, struct value);
	if (!c->in)
		return error_nomem(e);
	return values_from_json(op->input, input, (op->flags & OP_PATCH) != 0, clock_now(c->kernel->clock), c->arena, c->in, e);
}

enum code call_decode(struct call *c, struct error *e)
{
	const struct operation *op = c->operation;
	if ((op->flags & OP_TARGET) && c->target <= 0)
		return error_fail(e, E_INVALID, N_("{operation} needs the id of a record"), { "operation", str_of(op->name) });
	if (op->flags & OP_QUERY) {
		c->list = ARENA_NEW(c->arena, struct record_query);
		if (!c->list)
			return error_nomem(e);
		TRY(record_query_parse(registry_model(c->registry), op->kind, c->query, c->query_count,
				       config_text(c->kernel->config, "currency"), c->arena, c->list, e));
	}
	return decode_input(c, e);
}

/* The kernel checks functions of operations that are about nothing in particular; record/ decides for records. */
static enum code authorise(struct call *c, struct error *e)
{
	const struct operation *op = c->operation;
	if (op->function_index < 0)
		return OK;
	if (!(op->flags & OP_ROOT))
		return call_authorise(c, op->function_index, 0, e);
	struct entity_set set;
	if (!visible(c->record.world, c->record.now, &c->principal.subject, (unsigned)op->function_index, c->arena, &set))
		return error_nomem(e);
	if (set.all)
		return OK;
	return error_fail(e, E_DENIED, N_("{function} must be held for the whole organisation"), { "function", str_of(op->function) });
}

enum code call_invoke(struct call *c, struct error *e)
{
	if (c->propose)
		return proposal_store(c, e);
	TRY(authorise(c, e));
	return c->operation->run(c, e);
}

static enum code check_csrf(const struct call *c, struct error *e)
{
	const struct principal *p = &c->principal;
	if (c->operation->access == OP_READ || (c->operation->flags & OP_PUBLIC) || !p->csrf.len)
		return OK;
	if (c->csrf.len == p->csrf.len && secret_equal(c->csrf.data, p->csrf.data, p->csrf.len))
		return OK;
	return error_fail(e, E_DENIED, N_("The request does not carry this session's X-CSRF-Token; reload the page"));
}

bool kernel_admits(struct kernel *k, struct str key, int64_t per_minute)
{
	return limiter_take(k->limiter, key, clock_now(k->clock), per_minute, per_minute);
}

static enum code limit_rate(struct kernel *k, const struct call *c, struct error *e)
{
	int64_t rate = config_int(k->config, "rate");
	if (!rate || !c->address.len || limiter_take(k->limiter, c->address, clock_now(k->clock), rate, rate))
		return OK;
	error_fail(e, E_LIMIT, N_("Too many requests from {address}; wait a minute"), { "address", c->address });
	return error_detail(e, DETAIL_RATE);
}

static enum code call_admit(struct kernel *k, struct call *c, struct worker **ret, struct error *e)
{
	TRY(limit_rate(k, c, e));
	TRY(worker_get(k, ret, e));
	if (!c->principal.subject.system) {
		TRY(auth_principal(*ret, c, e));
		if (!c->principal.account && !(c->operation->flags & OP_PUBLIC)) {
			error_fail(e, E_DENIED, N_("Sign in first"));
			return error_detail(e, DETAIL_UNAUTHENTICATED);
		}
		TRY(check_csrf(c, e));
	}
	if (c->propose && (c->operation->access == OP_READ || (c->operation->flags & OP_NO_PROPOSAL)))
		return error_fail(e, E_INVALID, N_("{operation} cannot be proposed"), { "operation", str_of(c->operation->name) });
	if (c->operation->flags & OP_SECRET)
		c->idempotency_key = STR_NONE;
	return call_decode(c, e);
}

enum code call_overflow(const struct call *c, struct error *e)
{
	if (!c->out.full)
		return error_nomem(e);
	return error_fail(e, E_LIMIT, N_("The answer is larger than this server gives; ask for less"));
}

static enum code call_read(struct worker *w, struct call *c, struct error *e)
{
	conn_deadline(w->reader, clock_monotonic() + config_int(c->kernel->config, "read-timeout"));
	enum code code = call_invoke(c, e);
	conn_deadline(w->reader, 0);
	return code == OK && !buf_ok(&c->out) ? call_overflow(c, e) : code;
}

void call_finish(struct call *c, enum code code)
{
	c->code = code;
	metrics_call(c->kernel->metrics, c->operation->index, code, clock_monotonic() - c->started);
	if (code == E_INTERNAL || code == E_IO || code == E_NOMEM)
		log_error("call failed", &c->error);
	c->done(c);
}

/* The call may be gone when this returns true. */
static bool call_enqueue(struct kernel *k, struct call *c)
{
	return queue_push(c->operation->flags & OP_SLOW ? &k->slow : &k->writes, c);
}

void kernel_call(struct kernel *k, struct call *c)
{
	struct error *e = &c->error;
	struct worker *w = NULL;
	c->started = clock_monotonic();
	enum code code = call_admit(k, c, &w, e);
	if (code == OK)
		code = worker_context(w, c, e);
	if (code == OK && c->operation->prepare && !(c->operation->flags & OP_SLOW))
		code = c->operation->prepare(c, e);
	if (code == OK && c->operation->access == OP_WRITE) {
		/* the writer makes its own context; the world snapshot stays with the call */
		kernel_rest(k);
		if (call_enqueue(k, c))
			return;
		code = error_fail(e, E_BUSY, N_("Too many changes are waiting; try again in a moment"));
	} else if (code == OK) {
		code = call_read(w, c, e);
	}
	kernel_rest(k);
	call_finish(c, code);
}

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool finished;
};

static void waiting_done(struct call *c)
{
	struct waiting *w = c->face;
	pthread_mutex_lock(&w->lock);
	w->finished = true;
	pthread_cond_signal(&w->done);
	pthread_mutex_unlock(&w->lock);
}

enum code kernel_call_wait(struct kernel *k, struct call *c)
{
	struct waiting w = { .finished = false };
	pthread_mutex_init(&w.lock, NULL);
	pthread_cond_init(&w.done, NULL);
	c->done = waiting_done;
	c->face = &w;
	kernel_call(k, c);
	pthread_mutex_lock(&w.lock);
	while (!w.finished)
		pthread_cond_wait(&w.done, &w.lock);
	pthread_mutex_unlock(&w.lock);
	pthread_cond_destroy(&w.done);
	pthread_mutex_destroy(&w.lock);
	return c->code;
}

enum code kernel_run_own(struct kernel *k, const struct operation *op, void *state, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new((size_t)256 << 20);
	struct call *c = arena ? call_new(k, arena) : NULL;
	if (!c)
		return error_nomem(e);
	c->operation = op;
	c->face_state = state;
	call_as_system(c);
	enum code code = kernel_call_wait(k, c);
	if (code != OK)
		code = error_fail(e, code, N_("{text}"), { "text", error_text(&c->error, arena) });
	call_done(c);
	return code;
}

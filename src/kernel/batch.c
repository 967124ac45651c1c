/* Many calls in one: all in one transaction and one journal entry, all or nothing.
 * Inputs are decoded on the request thread, before the queue. Neighbour: dispatch.c decodes each part. */
#include "base/arena.h"
#include "internal.h"
#include "record/changes.h"

#define BATCH_MOST 1000 /* records in one journal entry */

enum { BATCH_CALLS };
static const struct field part_fields[] = {
	{ .name = "operation", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Name of the operation") },
	{ .name = "target", .type = FIELD_ID, .title = N_("Record it is about") },
	{ .name = "expect", .type = FIELD_INT, .title = N_("Version expected of it") },
	{ .name = "input", .type = FIELD_JSON, .title = N_("Its input") },
	{ 0 },
};
static const struct field calls_item[] = { { .name = "call", .type = FIELD_OBJECT, .title = N_("Call"), .fields = part_fields }, { 0 } };
static const struct field batch_input[] = {
	{ .name = "calls", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("Calls to run, in order"), .fields = calls_item },
	{ 0 },
};
static const struct field answers_item[] = { { .name = "answer", .type = FIELD_JSON, .title = N_("Answer of a call") }, { 0 } };
static const struct field batch_output[] = {
	{ .name = "answers", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("The answers, in order"), .fields = answers_item },
	{ 0 },
};

struct batch {
	struct call **parts;
	size_t count;
};

/* Puts /calls/<n> before the pointers of a part's field errors, and names the part. */
static enum code part_failed(struct call *c, size_t n, struct error *e)
{
	for (const struct error_item *item = e->items; item; item = item->next) {
		struct error_item *own = (struct error_item *)(uintptr_t)item; /* items live in our own arena */
		own->pointer = arena_format(c->arena, "/calls/%zu/input%.*s", n, STR_ARG(item->pointer));
	}
	struct str place = arena_format(c->arena, "%zu", n);
	return error_while(e, N_("in call {number} of the batch"), { "number", place });
}

static enum code part_decode(struct call *c, const struct json *j, struct call **ret, struct error *e)
{
	struct str name = json_text(j, STR("operation"));
	const struct operation *op = registry_find(c->registry, name);
	if (!op || op->access != OP_WRITE || (op->flags & (OP_SECRET | OP_SLOW | OP_PUBLIC)) || op->run == c->operation->run)
		return error_fail(e, E_INVALID, N_("{operation} is no change that a batch can hold"), { "operation", name });
	struct call *part = call_new(c->kernel, c->arena);
	const struct json *target = json_get(j, STR("target"));
	if (!part)
		return error_nomem(e);
	*ret = part; /* released with the batch, decoded or not */
	part->operation = op;
	part->lang = c->lang;
	part->principal = c->principal;
	part->expect = json_int(j, STR("expect"), 0);
	part->input_json = json_get(j, STR("input"));
	if (target && target->type == JSON_TEXT && !id_parse(target->text, &part->target))
		return error_fail(e, E_INVALID, N_("{target} is no record id"), { "target", target->text });
	if (target && target->type == JSON_INT)
		part->target = target->integer;
	return call_decode(part, e);
}

static enum code batch_prepare(struct call *c, struct error *e)
{
	const struct json *list = c->in[BATCH_CALLS].json;
	struct batch *b = ARENA_NEW(c->arena, struct batch);
	if (list->list.count == 0 || list->list.count > BATCH_MOST)
		return error_field(e, STR("/calls"), N_("must hold between 1 and 1,000 calls"));
	if (!b || !(b->parts = ARENA_ARRAY(c->arena, list->list.count, struct call *)))
		return error_nomem(e);
	c->scratch = b;
	for (size_t i = 0; i < list->list.count; i++) {
		enum code code = part_decode(c, &list->list.items[i], &b->parts[i], e);
		b->count += b->parts[i] != NULL;
		if (code != OK)
			return part_failed(c, i, e);
	}
	return OK;
}

static enum code batch_run(struct call *c, struct error *e)
{
	struct batch *b = c->scratch;
	json_object(&c->json);
	json_name(&c->json, STR("answers"));
	json_list(&c->json);
	for (size_t i = 0; i < b->count; i++) {
		struct call *part = b->parts[i];
		buf_clear(&part->out); /* PostgreSQL may run the batch again */
		json_writer_init(&part->json, &part->out);
		part->record = c->record;
		enum code code = call_invoke(part, e);
		part->record.world = NULL; /* the batch's own reference */
		if (code != OK)
			return part_failed(c, i, e);
		json_put_raw(&c->json, buf_str(&part->out));
		if (changes_count(c->record.changes) > BATCH_MOST)
			return error_fail(e, E_LIMIT, N_("A batch may change at most 1,000 records"));
	}
	json_list_end(&c->json);
	json_object_end(&c->json);
	return OK;
}

static void batch_release(struct call *c)
{
	struct batch *b = c->scratch;
	for (size_t i = 0; b && i < b->count; i++)
		call_done(b->parts[i]);
}

const struct operation batch_operations[] = {
	{ .name = "batch.run", .help = N_("Run many changes as one: all or nothing"), .access = OP_WRITE, .input = batch_input,
	  .output = batch_output, .prepare = batch_prepare, .run = batch_run, .release = batch_release, .method = "POST",
	  .path = "/api/batch" },
	{ 0 },
};

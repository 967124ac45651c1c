/* The operations every kind brings: create, get, list, count, facets, update, archive, restore, history, links,
 * erase, and one per transition. Each is a few lines over record/, which does the work.
 * Neighbours: registry.c asks for the rows; dispatch.c has decoded c->in, c->entity and c->list by then. */
#include "base/arena.h"
#include "internal.h"

static const struct field ref_output[] = {
	{ .name = "id", .type = FIELD_ID, .title = N_("Record"), .flags = FIELD_REQUIRED },
	{ .name = "kind", .type = FIELD_TEXT, .title = N_("Kind"), .flags = FIELD_REQUIRED },
	{ .name = "entity", .type = FIELD_ID, .title = N_("Entity"), .flags = FIELD_REQUIRED },
	{ .name = "version", .type = FIELD_INT, .title = N_("Version"), .flags = FIELD_REQUIRED },
	{ 0 },
};

static const struct field count_output[] = {
	{ .name = "count", .type = FIELD_INT, .title = N_("How many"), .flags = FIELD_REQUIRED },
	{ 0 },
};

/* Answers a write: the reference, or with Prefer: return=representation the whole record. */
static enum code answer_ref(struct call *c, const struct record_ref *ref, struct error *e)
{
	const struct kind *k = c->operation->kind;
	c->version = ref->version;
	if (c->represent) {
		const struct record_select all = { 0 };
		return record_get(&c->record, k, ref->id, NULL, &all, &c->json, &c->version, e);
	}
	json_object(&c->json);
	json_member_id(&c->json, "id", ref->id);
	json_member_text(&c->json, "kind", str_of(k->name));
	json_member_id(&c->json, "entity", ref->entity);
	json_member_int(&c->json, "version", ref->version);
	json_object_end(&c->json);
	return OK;
}

static enum code kind_create(struct call *c, struct error *e)
{
	TRY(record_create(&c->record, c->operation->kind, c->entity, c->in, &c->made, e));
	c->created = true;
	return answer_ref(c, &c->made, e);
}

static enum code kind_update(struct call *c, struct error *e)
{
	struct record_ref ref = { 0 };
	TRY(record_update(&c->record, c->operation->kind, c->target, c->expect, c->entity, c->in, &ref, e));
	return answer_ref(c, &ref, e);
}

static enum code kind_transition_run(struct call *c, struct error *e)
{
	struct record_ref ref = { 0 };
	TRY(record_transition(&c->record, c->operation->kind, c->target, c->expect, c->operation->transition, c->in, &ref, e));
	return answer_ref(c, &ref, e);
}

static enum code kind_archive(struct call *c, struct error *e)
{
	struct record_ref ref = { 0 };
	TRY(record_archive(&c->record, c->operation->kind, c->target, c->expect, false, &ref, e));
	return answer_ref(c, &ref, e);
}

static enum code kind_restore(struct call *c, struct error *e)
{
	struct record_ref ref = { 0 };
	TRY(record_archive(&c->record, c->operation->kind, c->target, c->expect, true, &ref, e));
	return answer_ref(c, &ref, e);
}

static enum code kind_erase(struct call *c, struct error *e)
{
	struct record_ref ref = { 0 };
	TRY(record_erase(&c->record, c->operation->kind, c->target, &ref, e));
	TRY(idempotency_forget(c->record.conn, INT64_MAX, e)); /* stored answers may hold what was just erased */
	TRY(proposal_forget(c, c->target, e));
	return answer_ref(c, &ref, e);
}

static enum code kind_get(struct call *c, struct error *e)
{
	return record_get(&c->record, c->operation->kind, c->target, &c->list->moment, &c->list->select, &c->json, &c->version, e);
}

static enum code kind_list(struct call *c, struct error *e)
{
	return record_list(&c->record, c->operation->kind, c->list, &c->json, e);
}

static enum code kind_count(struct call *c, struct error *e)
{
	return record_count(&c->record, c->operation->kind, c->list, &c->json, e);
}

static enum code kind_facets(struct call *c, struct error *e)
{
	return record_facets(&c->record, c->operation->kind, c->list, &c->json, e);
}

/* Versions and links are of what there is now. */
static enum code of_now(const struct call *c, struct error *e)
{
	if (!moment_past(&c->list->moment))
		return OK;
	return error_fail(e, E_INVALID, N_("{operation} cannot be asked of the past"), { "operation", str_of(c->operation->name) });
}

static enum code kind_history(struct call *c, struct error *e)
{
	TRY(of_now(c, e));
	return record_history(&c->record, c->operation->kind, c->target, c->list, &c->json, e);
}

static enum code kind_links(struct call *c, struct error *e)
{
	TRY(of_now(c, e));
	return record_links(&c->record, c->operation->kind, c->target, c->list, &c->json, e);
}

enum verb_when { ALWAYS, WHEN_LISTED, WHEN_WRITABLE, WHEN_STORED, WHEN_SUBJECT };

static const struct verb {
	const char *name, *help, *method, *path; /* path after /api/<kind> */
	enum verb_when when;
	enum op_access access;
	unsigned flags;
	bool takes_fields;
	const struct field *output;
	enum code (*run)(struct call *c, struct error *e);
} verbs[] = {
	{ "list", N_("List records, filtered, sorted, page by page"), "GET", "", ALWAYS, OP_READ, OP_QUERY, false, NULL, kind_list },
	{ "count", N_("Count records"), "GET", "/count", ALWAYS, OP_READ, OP_QUERY, false, count_output, kind_count },
	{ "facets", N_("Count records by the values of some fields"), "GET", "/facets", ALWAYS, OP_READ, OP_QUERY, false, NULL, kind_facets },
	{ "get", N_("Show one record"), "GET", "/{id}", WHEN_LISTED, OP_READ, OP_TARGET | OP_QUERY, false, NULL, kind_get },
	{ "history", N_("Show the versions of a record: who changed what, when, under which authority"), "GET",
	  "/{id}/history", WHEN_STORED, OP_READ, OP_TARGET | OP_QUERY, false, NULL, kind_history },
	{ "links", N_("Show what a record refers to and what refers to it"), "GET", "/{id}/links", WHEN_STORED, OP_READ,
	  OP_TARGET | OP_QUERY, false, NULL, kind_links },
	{ "create", N_("Create a record"), "POST", "", WHEN_WRITABLE, OP_WRITE, 0, true, ref_output, kind_create },
	{ "update", N_("Change fields of a record"), "PATCH", "/{id}", WHEN_WRITABLE, OP_WRITE, OP_TARGET | OP_PATCH, true,
	  ref_output, kind_update },
	{ "archive", N_("Archive a record"), "DELETE", "/{id}", WHEN_WRITABLE, OP_WRITE, OP_TARGET, false, ref_output, kind_archive },
	{ "restore", N_("Bring an archived record back"), "POST", "/{id}/restore", WHEN_WRITABLE, OP_WRITE, OP_TARGET, false,
	  ref_output, kind_restore },
	{ "erase", N_("Erase a person: overwrite the personal data and destroy the key that history is sealed under"), "POST",
	  "/{id}/erase", WHEN_SUBJECT, OP_WRITE, OP_TARGET | OP_NO_PROPOSAL, false, ref_output, kind_erase },
};

static bool verb_fits(const struct verb *v, const struct kind *k)
{
	switch (v->when) {
	case ALWAYS:
		return true;
	case WHEN_LISTED:
		return !k->ask_by; /* a row of so large a question is found by what it is asked by, not by its place */
	case WHEN_STORED:
		return !(k->flags & KIND_VIEW);
	case WHEN_WRITABLE:
		return !(k->flags & (KIND_VIEW | KIND_SYSTEM));
	case WHEN_SUBJECT:
		return (k->flags & KIND_SUBJECT) != 0;
	}
	return false;
}

size_t kind_operations_count(const struct kind *k)
{
	size_t n = k->flags & (KIND_VIEW | KIND_SYSTEM) ? 0 : k->transition_count;
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		n += verb_fits(&verbs[i], k);
	return n;
}

static void operation_put(struct operation op, const char *verb, const char *path, struct arena *arena,
			  struct operation *ret, bool *ret_failed)
{
	struct str name = arena_format(arena, "%s.%s", op.kind->name, verb);
	struct str full = arena_format(arena, "/api/%s%s", op.kind->name, path);
	op.name = name.data;
	op.path = full.data;
	*ret_failed |= !name.data || !full.data;
	*ret = op;
}

void kind_operations(const struct kind *k, struct arena *arena, struct operation *ret, bool *ret_failed)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		const struct verb *v = &verbs[i];
		if (verb_fits(v, k))
			operation_put((struct operation){ .help = v->help, .access = v->access, .flags = v->flags,
							  .input = v->takes_fields ? k->fields : NULL, .output = v->output,
							  .run = v->run, .kind = k, .method = v->method },
				      v->name, v->path, arena, ret++, ret_failed);
	}
	if (k->flags & (KIND_VIEW | KIND_SYSTEM))
		return;
	for (size_t i = 0; i < k->transition_count; i++) {
		const struct transition *t = &k->transitions[i];
		struct str path = arena_format(arena, "/{id}/%s", t->name);
		*ret_failed |= !path.data;
		operation_put((struct operation){ .help = t->title, .access = OP_WRITE, .flags = OP_TARGET | OP_PATCH,
						  .input = k->fields, .output = ref_output, .run = kind_transition_run,
						  .kind = k, .transition = t, .method = "POST" },
			      t->name, path.data ? path.data : "", arena, ret++, ret_failed);
	}
}

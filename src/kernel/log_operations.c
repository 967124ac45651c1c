/* The journal as operations: entries one may see, an entry with its payload, proofs. The log's public files (tiles,
 * checkpoint) are served by http as they are. Neighbours: journal/ reads; record/ decides who sees what. */
#include "base/arena.h"
#include "internal.h"
#include "kernel/log.h"

enum { LIST_AFTER, LIST_MOST };
static const struct field list_input[] = {
	{ .name = "after", .type = FIELD_INT, .title = N_("First leaf wanted"), .max = INT64_MAX },
	{ .name = "most", .type = FIELD_INT, .title = N_("Entries wanted at most"), .min = 1, .max = 1000 },
	{ 0 },
};
static const struct field entry_fields[] = {
	{ .name = "id", .type = FIELD_ID, .title = N_("Entry"), .flags = FIELD_REQUIRED },
	{ .name = "leaf", .type = FIELD_INT, .title = N_("Place in the log"), .flags = FIELD_REQUIRED },
	{ .name = "time", .type = FIELD_TIME, .title = N_("When"), .flags = FIELD_REQUIRED },
	{ .name = "actor", .type = FIELD_ID, .title = N_("Person who did it") },
	{ .name = "entity", .type = FIELD_ID, .title = N_("For which entity") },
	{ .name = "operation", .type = FIELD_TEXT, .title = N_("Operation"), .flags = FIELD_REQUIRED },
	{ .name = "payload", .type = FIELD_JSON, .title = N_("What changed, and under which authority") },
	{ 0 },
};
static const struct field entry_item[] = { { .name = "entry", .type = FIELD_OBJECT, .title = N_("Entry"), .fields = entry_fields }, { 0 } };
static const struct field list_output[] = {
	{ .name = "items", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("Entries, oldest first"), .fields = entry_item },
	{ .name = "next", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Leaf to go on with") },
	{ 0 },
};

void log_entry_write(const struct journal_entry *entry, bool payload, struct json_writer *w)
{
	static const struct field time_field = { .name = "time", .type = FIELD_TIME };
	const struct value when = { .set = true, .integer = entry->time };
	json_object(w);
	json_member_id(w, "id", entry->id);
	json_member_int(w, "leaf", entry->leaf);
	json_name(w, STR("time"));
	value_to_json(&time_field, &when, w);
	if (entry->actor)
		json_member_id(w, "actor", entry->actor);
	if (entry->entity)
		json_member_id(w, "entity", entry->entity);
	json_member_text(w, "operation", entry->operation);
	if (payload) {
		json_name(w, STR("payload"));
		json_put_raw(w, entry->payload);
	}
	json_object_end(w);
}

struct listing {
	struct call *call;
	struct entity_set seen;
};

static enum code list_visit(void *data, const struct journal_entry *entry, struct error *e)
{
	struct listing *l = data;
	if (l->seen.all || entity_set_has(&l->seen, entry->entity))
		log_entry_write(entry, true, &l->call->json);
	return OK;
}

static enum code log_list(struct call *c, struct error *e)
{
	struct listing l = { .call = c };
	int64_t next;
	if (!visible(c->record.world, c->record.now, &c->principal.subject, (unsigned)c->operation->function_index, c->arena, &l.seen))
		return error_nomem(e);
	json_object(&c->json);
	json_name(&c->json, STR("items"));
	json_list(&c->json);
	TRY(journal_follow(c->record.conn, call_int(c, LIST_AFTER, 0), (size_t)call_int(c, LIST_MOST, 100), list_visit, &l, &next, e));
	json_list_end(&c->json);
	json_member_int(&c->json, "next", next);
	json_object_end(&c->json);
	return OK;
}

static enum code log_get(struct call *c, struct error *e)
{
	struct journal_entry entry;
	TRY(journal_entry_get(c->record.conn, c->arena, c->target, &entry, e));
	TRY(call_authorise(c, c->operation->function_index, entry.entity, e));
	log_entry_write(&entry, true, &c->json);
	return OK;
}

enum { PROOF_LEAF, PROOF_SIZE };
static const struct field proof_input[] = {
	{ .name = "leaf", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Place in the log"), .max = INT64_MAX },
	{ .name = "size", .type = FIELD_INT, .title = N_("Size of the tree; the newest when left out"), .max = INT64_MAX },
	{ 0 },
};
static const struct field proof_output[] = {
	{ .name = "leaf", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Place in the log") },
	{ .name = "size", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Size of the tree") },
	{ .name = "path", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("Audit path (RFC 6962), base64") },
	{ .name = "checkpoint", .type = FIELD_TEXT, .title = N_("The signed checkpoint") },
	{ 0 },
};

static enum code log_proof(struct call *c, struct error *e)
{
	struct journal_head head;
	uint8_t(*path)[SHA256_SIZE];
	size_t count;
	int64_t leaf = call_int(c, PROOF_LEAF, 0);
	TRY(journal_head(c->record.conn, c->arena, &head, e));
	int64_t size = call_int(c, PROOF_SIZE, head.size);
	if (leaf < 0 || size > head.size || leaf >= size)
		return error_fail(e, E_NOT_FOUND, N_("There is no such leaf in a tree of that size"));
	TRY(journal_inclusion(c->record.conn, c->arena, leaf, size, &path, &count, e));
	json_object(&c->json);
	json_member_int(&c->json, "leaf", leaf);
	json_member_int(&c->json, "size", size);
	json_name(&c->json, STR("path"));
	json_list(&c->json);
	for (size_t i = 0; i < count; i++)
		json_put_base64(&c->json, path[i], SHA256_SIZE);
	json_list_end(&c->json);
	if (size == head.size)
		json_member_text(&c->json, "checkpoint", head.checkpoint);
	json_object_end(&c->json);
	return OK;
}

const struct operation log_operations[] = {
	{ .name = "log.list", .help = N_("Read the journal: who did what, when, under which authority"), .function = "log.read",
	  .access = OP_READ, .input = list_input, .output = list_output, .run = log_list, .method = "POST", .path = "/api/log" },
	{ .name = "log.get", .help = N_("Show one journal entry"), .function = "log.read", .access = OP_READ,
	  .flags = OP_TARGET, .output = entry_fields, .run = log_get, .method = "GET", .path = "/api/log/{id}" },
	{ .name = "log.proof", .help = N_("Prove that an entry is in the signed journal"), .access = OP_READ, .input = proof_input,
	  .output = proof_output, .run = log_proof, .method = "POST", .path = "/api/log/proof" },
	{ 0 },
};

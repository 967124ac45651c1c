/* The queue of unknown devices: what comes in, and deciding about it. A decision is remembered with the record, so that the same thing seen
 * again is not asked about again. Neighbours: report.c and neighbours.c fill it; packs/assets/kinds/unknown_device.yaml declares it. */
#include "base/arena.h"
#include "base/utf8.h"
#include "identity.h"
#include "fleet/fleet.h"
#include "intake.h"
#include <assert.h>

static void set_text(const struct kind *k, struct value *v, const char *field, struct str text)
{
	const struct field *f = kind_field(k, str_of(field));
	assert(f);
	if (text.len)
		v[f->index] = (struct value){ .set = true, .text = utf8_clip(text, f->max ? (size_t)f->max : 300) };
}

static void set_number(const struct kind *k, struct value *v, const char *field, int64_t n)
{
	v[kind_field(k, str_of(field))->index] = (struct value){ .set = true, .integer = n };
}

static struct str text_in(const struct kind *k, const struct value *v, const char *field)
{
	const struct value *found = &v[kind_field(k, str_of(field))->index];
	return found->set && !found->null ? found->text : STR_NONE;
}

static struct str first_of(struct str a, struct str b, struct str c, struct str otherwise)
{
	return a.len ? a : b.len ? b : c.len ? c : otherwise;
}

static enum code unknown_put(struct intake *in, struct value *v, struct error *e)
{
	const struct kind *k = model_kind(in->program.model, STR("unknown_device"));
	bool created;
	set_number(k, v, "last_seen", in->program.now);
	set_text(k, v, "label", first_of(text_in(k, v, "hostname"), text_in(k, v, "product"), text_in(k, v, "mac"),
					 first_of(text_in(k, v, "ip"), text_in(k, v, "serial"), text_in(k, v, "source_id"), STR("?"))));
	return record_upsert(&in->program, k, in->call->entity, v, &in->unknown, &created, e);
}

enum code unknown_store(struct intake *in, struct error *e)
{
	static const char *const same[] = { "class", "maker", "product", "serial", "uuid", "ip", "hostname" };
	const struct kind *k = model_kind(in->program.model, STR("unknown_device"));
	const struct evidence *ev = &in->evidence;
	struct value *v = ARENA_ARRAY(in->call->arena, k->field_count + 1, struct value);
	if (!v)
		return error_nomem(e);
	if (!ev->source_id.len && !ev->uuid.len && !ev->serial.len && !ev->mac_count &&
	    !(text_in(in->kind, in->values, "ip").len && text_in(in->kind, in->values, "hostname").len))
		return error_fail(e, E_INVALID, N_("Nothing in the report tells this device from others: no serial number, UUID, hardware address or named address"));
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		set_text(k, v, same[i], text_in(in->kind, in->values, same[i]));
	set_text(k, v, "description", json_text(section(in->call, "identity"), STR("description")));
	set_text(k, v, "source", ev->source);
	set_text(k, v, "source_id", ev->source_id);
	if (ev->mac_count)
		set_text(k, v, "mac", ev->macs[0]);
	return unknown_put(in, v, e);
}

enum code unknown_seen(struct intake *in, const struct stranger *s, struct error *e)
{
	const struct kind *k = model_kind(in->program.model, STR("unknown_device"));
	struct value *v = ARENA_ARRAY(in->call->arena, k->field_count + 1, struct value);
	const struct field *ip = kind_field(k, STR("ip"));
	struct record_ref about = in->unknown;
	struct error ignored;
	if (!v)
		return error_nomem(e);
	error_init(&ignored, in->call->arena);
	set_text(k, v, "mac", s->mac);
	set_text(k, v, "hostname", s->name);
	set_text(k, v, "product", s->product);
	set_text(k, v, "source", STR("network"));
	set_text(k, v, "seen_port", s->port);
	if (s->seen_at)
		set_number(k, v, "seen_at", s->seen_at);
	if (s->ip.len && value_from_text(ip, s->ip, STR(""), STR("USD"), in->call->arena, &v[ip->index], &ignored) != OK)
		v[ip->index] = (struct value){ 0 };
	enum code code = unknown_put(in, v, e);
	in->unknown = about; /* the report itself is about something known */
	return code;
}

/* --- decisions ------------------------------------------------------------------------------------- */

enum { IN_DEVICE, IN_REASON };
enum { ADOPT_NAME, ADOPT_CLASS, ADOPT_ENTITY, ADOPT_REASON };
enum { PERSONAL_HOLDER, PERSONAL_REASON };

struct decision_made {
	struct call *call;
	const struct kind *kind;
	struct record_context program;
	struct value *values;  /* of the unknown device */
	struct value *changed; /* what the decision writes */
	struct record_ref ref;
};

static enum code decision_begin(struct call *c, struct decision_made *d, struct error *e)
{
	*d = (struct decision_made){ .call = c, .kind = model_kind(c->record.model, STR("unknown_device")), .program = c->record };
	d->values = ARENA_ARRAY(c->arena, d->kind->field_count + 1, struct value);
	d->changed = ARENA_ARRAY(c->arena, d->kind->field_count + 1, struct value);
	if (!d->values || !d->changed)
		return error_nomem(e);
	TRY(record_load(&c->record, d->kind, c->target, d->values, &d->ref, e));
	TRY(call_authorise(c, c->operation->function_index, d->ref.entity, e));
	d->program.who = (struct subject){ .person = c->principal.person, .system = true };
	set_number(d->kind, d->changed, "decided", c->record.now);
	return OK;
}

static enum code decision_end(struct decision_made *d, const char *transition, struct str reason, struct error *e)
{
	struct json_writer *w = &d->call->json;
	const struct value *device = &d->changed[kind_field(d->kind, STR("device"))->index];
	set_text(d->kind, d->changed, "reason", reason);
	TRY(record_transition(&d->program, d->kind, d->call->target, d->call->expect, kind_transition(d->kind, str_of(transition)), d->changed, &d->ref, e));
	d->call->version = d->ref.version;
	json_object(w);
	json_member_id(w, "id", d->ref.id);
	if (device->set)
		json_member_id(w, "device", device->integer);
	json_member_int(w, "version", d->ref.version);
	json_object_end(w);
	return OK;
}

/* The device that the unknown one is, so that its next report finds it: by what the program calls it, or by its hardware address. */
static enum code recognise(struct decision_made *d, int64_t device, int64_t entity, struct error *e)
{
	const struct kind *k = model_kind(d->program.model, STR("network_interface"));
	struct str mac = text_in(d->kind, d->values, "mac"), id = text_in(d->kind, d->values, "source_id");
	struct value *v = ARENA_ARRAY(d->call->arena, k->field_count + 1, struct value);
	int64_t known;
	struct record_ref ref;
	if (!v)
		return error_nomem(e);
	set_number(d->kind, d->changed, "device", device);
	TRY(sighting_put(&d->program, device, text_in(d->kind, d->values, "source"), id, e));
	if (!mac.len)
		return OK;
	TRY(device_find_mac(d->program.conn, mac, &known, e));
	if (known == device)
		return OK;
	set_number(k, v, "device", device);
	set_text(k, v, "name", mac);
	set_text(k, v, "mac", mac);
	set_text(k, v, "source", STR("discovery"));
	return record_create(&d->program, k, entity, v, &ref, e);
}

/* A device out of what is known, under the caller's own authority to make devices. */
static enum code device_make(struct decision_made *d, struct str name, struct str class, int64_t entity, int64_t holder, struct error *e)
{
	static const char *const same[] = { "maker", "product", "serial", "uuid", "mac", "ip", "hostname" };
	struct call *c = d->call;
	const struct kind *k = model_kind(c->record.model, STR("device"));
	struct value *v = ARENA_ARRAY(c->arena, k->field_count + 1, struct value), *none = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	struct record_ref device;
	if (!v || !none)
		return error_nomem(e);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		set_text(k, v, same[i], text_in(d->kind, d->values, same[i]));
	set_text(k, v, "name", name.len ? name : text_in(d->kind, d->values, "label"));
	set_text(k, v, "class", first_of(class, text_in(d->kind, d->values, "class"), STR("other"), STR("other")));
	set_text(k, v, "source", STR("discovery"));
	set_number(k, v, "first_seen", d->values[kind_field(d->kind, STR("first_seen"))->index].integer);
	if (holder) {
		set_text(k, v, "ownership", STR("personal"));
		set_number(k, v, "personal_device", 1);
		set_number(k, v, "holder", holder);
	}
	TRY(record_create(&c->record, k, entity ? entity : d->ref.entity, v, &device, e));
	TRY(record_transition(&d->program, k, device.id, 0, kind_transition(k, STR("find")), none, &device, e));
	return recognise(d, device.id, device.entity, e);
}

static enum code inventory_adopt(struct call *c, struct error *e)
{
	struct decision_made d;
	TRY(decision_begin(c, &d, e));
	TRY(device_make(&d, call_text(c, ADOPT_NAME), call_text(c, ADOPT_CLASS), call_int(c, ADOPT_ENTITY, 0), 0, e));
	return decision_end(&d, "adopt", call_text(c, ADOPT_REASON), e);
}

static enum code inventory_link(struct call *c, struct error *e)
{
	const struct kind *k = model_kind(c->record.model, STR("device"));
	struct value *v = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	struct decision_made d;
	struct record_ref device;
	if (!v)
		return error_nomem(e);
	TRY(decision_begin(c, &d, e));
	TRY(record_load(&c->record, k, call_int(c, IN_DEVICE, 0), v, &device, e));
	TRY(call_authorise(c, c->operation->function_index, device.entity, e));
	TRY(recognise(&d, device.id, device.entity, e));
	return decision_end(&d, "link", call_text(c, IN_REASON), e);
}

static enum code inventory_personal(struct call *c, struct error *e)
{
	struct decision_made d;
	TRY(decision_begin(c, &d, e));
	if (call_int(c, PERSONAL_HOLDER, 0))
		TRY(device_make(&d, STR_NONE, STR_NONE, 0, call_int(c, PERSONAL_HOLDER, 0), e));
	return decision_end(&d, "personal", call_text(c, PERSONAL_REASON), e);
}

static enum code inventory_reject(struct call *c, struct error *e)
{
	struct decision_made d;
	TRY(decision_begin(c, &d, e));
	return decision_end(&d, "reject", call_text(c, 0), e);
}

static enum code inventory_reopen(struct call *c, struct error *e)
{
	struct decision_made d;
	TRY(decision_begin(c, &d, e));
	return decision_end(&d, "reopen", call_text(c, 0), e);
}

#define REASON { .name = "reason", .type = FIELD_TEXT, .flags = FIELD_MULTILINE, .title = N_("Reason"), .max = 1000 }
static const struct field link_input[] = {
	[IN_DEVICE] = { .name = "device", .type = FIELD_REF, .to = "device", .flags = FIELD_REQUIRED, .title = N_("Device it belongs to") },
	[IN_REASON] = REASON,
	{ 0 },
};
static const struct field adopt_input[] = {
	[ADOPT_NAME] = { .name = "name", .type = FIELD_TEXT, .title = N_("Name"), .max = 200 },
	[ADOPT_CLASS] = { .name = "class", .type = FIELD_TEXT, .title = N_("Class of device"), .max = 40 },
	[ADOPT_ENTITY] = { .name = "entity", .type = FIELD_ID, .title = N_("Entity that gets it") },
	[ADOPT_REASON] = REASON,
	{ 0 },
};
static const struct field personal_input[] = {
	[PERSONAL_HOLDER] = { .name = "holder", .type = FIELD_REF, .to = "person", .title = N_("Person it belongs to; with it the device goes on record") },
	[PERSONAL_REASON] = REASON,
	{ 0 },
};
static const struct field reason_input[] = { REASON, { 0 } };
static const struct field decision_output[] = {
	{ .name = "id", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Record") },
	{ .name = "device", .type = FIELD_ID, .title = N_("Device") },
	{ .name = "version", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Version") },
	{ 0 },
};

#define DECISION(verb, text, in_fields, function_of)                                                                      \
	{ .name = "inventory." verb, .help = text, .function = "inventory.decide", .access = OP_WRITE, .flags = OP_TARGET,  \
	  .input = in_fields, .output = decision_output, .run = function_of, .method = "POST", .path = "/api/unknown_device/{id}/" verb }
static const struct operation unknown_operations[] = {
	DECISION("adopt", N_("Take an unknown device on record as a new one"), adopt_input, inventory_adopt),
	DECISION("link", N_("Say that an unknown device is one on record"), link_input, inventory_link),
	DECISION("personal", N_("Mark an unknown device as somebody's own"), personal_input, inventory_personal),
	DECISION("reject", N_("Say that an unknown device does not belong here"), reason_input, inventory_reject),
	DECISION("reopen", N_("Take a decision about an unknown device back"), reason_input, inventory_reopen),
	{ 0 },
};

const struct module fleet_unknown_module = { .name = "fleet_unknown", .operations = unknown_operations };

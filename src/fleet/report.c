/* inventory.report: an agent's report (docs/inventory-report.md) becomes a device and its parts, in one operation and
 * one journal entry. What a report leaves out is left alone; what did not change costs nothing.
 * Neighbours: mapping.c says which member of a report is which field; packages.c stores package sets. */
#include "base/arena.h"
#include "fleet/fleet.h"
#include "fleet/packages.h"
#include "identity.h"
#include "intake.h"
#include "mapping.h"
#include "report.sql.h"
#include <assert.h>
#include <string.h>

#define SECTION_MOST (8 << 20) /* bytes: a switch with 500 ports and their neighbours */

enum { IN_FORMAT, IN_ID, IN_AGENT, IN_TAKEN, IN_ENTITY, IN_SOURCE, IN_SOURCE_ID, IN_DISCOVERY, IN_DIGESTS, IN_SECTIONS };

static const struct field text_item[] = { { .name = "text", .type = FIELD_TEXT, .title = N_("Text"), .max = 300 }, { 0 } };
/* A package is [name, version, architecture, publisher, source, source version]; the last two may be missing. */
static const struct field package_item[] = { { .name = "item", .type = FIELD_LIST, .title = N_("Package"), .max = 6, .fields = text_item }, { 0 } };
static const struct field packages_fields[] = {
	{ .name = "format", .type = FIELD_TEXT, .title = N_("Kind of packages"), .max = 40 },
	{ .name = "list", .type = FIELD_LIST, .title = N_("Packages"), .fields = package_item, .max = PACKAGES_MOST },
	{ 0 },
};

/* One row a section; the rest of the program reads sections by name. */
static const struct field report_input[] = {
	[IN_FORMAT] = { .name = "format", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Format of the report"), .min = 1, .max = 1 },
	[IN_ID] = { .name = "id", .type = FIELD_TEXT, .title = N_("Id of the report"), .max = 64 },
	[IN_AGENT] = { .name = "agent", .type = FIELD_JSON, .title = N_("Name and version of the agent") },
	[IN_TAKEN] = { .name = "taken", .type = FIELD_TIME, .title = N_("When the inventory was taken") },
	[IN_ENTITY] = { .name = "entity", .type = FIELD_ID, .title = N_("Entity of a device that is not known yet") },
	[IN_SOURCE] = { .name = "source", .type = FIELD_TEXT, .title = N_("Program that took the inventory"), .max = 40 },
	[IN_SOURCE_ID] = { .name = "source_id", .type = FIELD_TEXT, .title = N_("How that program calls the device"), .max = 300 },
	[IN_DISCOVERY] = { .name = "discovery", .type = FIELD_BOOL, .title = N_("All that is known is that something answers") },
	[IN_DIGESTS] = { .name = "digests", .type = FIELD_JSON, .title = N_("Digest of each section") },
	[IN_SECTIONS] = { .name = "identity", .type = FIELD_JSON, .title = N_("What tells the device from others") },
	{ .name = "os", .type = FIELD_JSON, .title = N_("Operating system") },
	{ .name = "cpu", .type = FIELD_JSON, .title = N_("Processor") },
	{ .name = "memory", .type = FIELD_JSON, .title = N_("Memory") },
	{ .name = "disks", .type = FIELD_JSON, .title = N_("Disks"), .max = SECTION_MOST },
	{ .name = "filesystems", .type = FIELD_JSON, .title = N_("File systems"), .max = SECTION_MOST },
	{ .name = "network", .type = FIELD_JSON, .title = N_("Network"), .max = SECTION_MOST },
	{ .name = "packages", .type = FIELD_OBJECT, .title = N_("Packages"), .fields = packages_fields },
	{ .name = "components", .type = FIELD_JSON, .title = N_("Components with serial numbers"), .max = SECTION_MOST },
	{ .name = "supplies", .type = FIELD_JSON, .title = N_("Supplies of a printer") },
	{ .name = "printer", .type = FIELD_JSON, .title = N_("Pages printed") },
	{ .name = "users", .type = FIELD_JSON, .title = N_("Local accounts") },
	{ .name = "use", .type = FIELD_JSON, .title = N_("Use") },
	{ .name = "state", .type = FIELD_JSON, .title = N_("State at the moment") },
	{ 0 },
};
static const struct field report_output[] = {
	{ .name = "device", .type = FIELD_ID, .title = N_("Device") },
	{ .name = "unknown", .type = FIELD_ID, .title = N_("Its place in the queue of unknown devices, when nobody knows it") },
	{ .name = "created", .type = FIELD_BOOL, .flags = FIELD_REQUIRED, .title = N_("It was not known before") },
	{ .name = "version", .type = FIELD_INT, .title = N_("Version of the device's record") },
	{ .name = "want", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("Sections to send, which the server does not have") },
	{ 0 },
};

static const struct table_def digest_table = {
	.name = "inventory_digest",
	.columns = (const struct column_def[]){ { "device", COLUMN_INT, true, NULL }, { "section", COLUMN_TEXT, true, NULL },
						{ "digest", COLUMN_TEXT, true, NULL }, { 0 } },
	.primary_key = "device, section",
	.without_rowid = true,
};
static const struct table_def *const fleet_tables[] = { &digest_table, &sighting_table, NULL };

const struct json *section(const struct call *c, const char *name)
{
	return json_get(c->input_json, str_of(name));
}

/* --- the device ----------------------------------------------------------------------------------- */

/* Without hardware identity the operating system's own machine id stands for it (machine-id(5): 32 hex digits). */
static enum code identify_by_machine(struct intake *in, struct error *e)
{
	const struct field *uuid = kind_field(in->kind, STR("uuid"));
	struct str id = json_text(section(in->call, "identity"), STR("machine_id"));
	if (in->values[uuid->index].set || id.len != 32)
		return OK;
	struct str text = arena_format(in->call->arena, "%.8s-%.4s-%.4s-%.4s-%.12s", id.data, id.data + 8, id.data + 12, id.data + 16, id.data + 20);
	struct error ignored;
	error_init(&ignored, in->call->arena);
	if (value_from_text(uuid, text, STR(""), STR("USD"), in->call->arena, &in->values[uuid->index], &ignored) != OK)
		in->values[uuid->index] = (struct value){ 0 };
	return text.data ? OK : error_nomem(e);
}

static void put(struct intake *in, const char *field, struct value v)
{
	const struct field *f = kind_field(in->kind, str_of(field));
	assert(f);
	v.set = true;
	in->values[f->index] = v;
}

/* The first interface that is up and has a hardware address of its own stands for the device. */
static enum code put_primary_interface(struct intake *in, struct error *e)
{
	const struct json *list = json_at(section(in->call, "network"), STR("/interfaces"));
	for (size_t i = 0; list && list->type == JSON_LIST && i < list->list.count; i++) {
		const struct json *one = &list->list.items[i];
		char mac[18];
		if (!identity_mac(json_text(one, STR("mac")), mac) || !json_bool(one, STR("up"), false))
			continue;
		TRY(mapping_apply(primary_interface_mapping, one, in->kind, in->values, in->call->arena, e));
		const struct json *addresses = json_get(one, STR("addresses"));
		struct value address[2];
		mapping_addresses(addresses, in->call->arena, address);
		if (address[0].set || address[1].set)
			put(in, "ip", address[0].set ? address[0] : address[1]);
		return OK;
	}
	return OK;
}

static void put_use(struct intake *in)
{
	const struct json *use = section(in->call, "use");
	int64_t minutes = json_int(use, STR("minutes_per_day"), -1);
	if (minutes >= 0 && minutes <= 1440)
		put(in, "hours_in_use", (struct value){ .integer = (minutes + 3) / 6 }); /* tenths of an hour */
}

static enum code put_disks(struct intake *in, struct error *e)
{
	const struct json *list = json_at(section(in->call, "disks"), STR("/list"));
	int64_t total = 0;
	for (size_t i = 0; list && list->type == JSON_LIST && i < list->list.count; i++)
		if (!json_bool(&list->list.items[i], STR("removable"), false) &&
		    __builtin_add_overflow(total, json_int(&list->list.items[i], STR("size"), 0), &total))
			return error_field(e, STR("/disks"), N_("is larger than any disk"));
	if (list && total > 0)
		put(in, "disk_size", (struct value){ .integer = total });
	return OK;
}

/* What firmware leaves unfilled says nothing, and would make one device of many. */
static void drop_junk(struct intake *in)
{
	const struct field *serial = kind_field(in->kind, STR("serial")), *uuid = kind_field(in->kind, STR("uuid")),
			   *mac = kind_field(in->kind, STR("mac")), *tag = kind_field(in->kind, STR("inventory_number"));
	struct value *v = in->values;
	char own[18];
	if (v[serial->index].set && !identity_serial_good(v[serial->index].text))
		v[serial->index] = (struct value){ 0 };
	if (v[tag->index].set && !identity_serial_good(v[tag->index].text))
		v[tag->index] = (struct value){ 0 };
	if (v[uuid->index].set && !identity_uuid_good(v[uuid->index].text))
		v[uuid->index] = (struct value){ 0 };
	if (v[mac->index].set && !identity_mac(v[mac->index].text, own))
		v[mac->index] = (struct value){ 0 };
}

static enum code gather_device(struct intake *in, struct error *e)
{
	struct call *c = in->call;
	bool network = str_is(in->source, "network");
	TRY(mapping_apply(device_mapping, c->input_json, in->kind, in->values, c->arena, e));
	drop_junk(in);
	TRY(identify_by_machine(in, e));
	TRY(put_primary_interface(in, e));
	TRY(put_disks(in, e));
	put_use(in);
	put(in, "source", (struct value){ .text = network ? STR("discovery") : str_is(in->source, "agent") ? STR("agent") : STR("inventory") });
	if (!network)
		put(in, "management", (struct value){ .text = STR("managed") });
	put(in, "last_seen", (struct value){ .integer = call_int(c, IN_TAKEN, c->record.now) });
	return OK;
}

static struct str given(const struct intake *in, const char *field)
{
	const struct value *v = &in->values[kind_field(in->kind, str_of(field))->index];
	return v->set && !v->null ? v->text : STR_NONE;
}

static enum code evidence_mac(struct intake *in, struct str mac, struct error *e)
{
	struct evidence *v = &in->evidence;
	char own[18];
	if (v->mac_count == EVIDENCE_MACS || !identity_mac(mac, own))
		return OK;
	for (size_t i = 0; i < v->mac_count; i++)
		if (str_is(v->macs[i], own))
			return OK;
	struct str copy = arena_copy(in->call->arena, str_of(own));
	if (!copy.data)
		return error_nomem(e);
	v->macs[v->mac_count++] = copy;
	return OK;
}

static enum code gather_evidence(struct intake *in, struct error *e)
{
	const struct json *list = json_at(section(in->call, "network"), STR("/interfaces"));
	in->evidence = (struct evidence){ .source = in->source, .source_id = call_text(in->call, IN_SOURCE_ID), .serial = given(in, "serial"),
					  .maker = given(in, "maker"), .uuid = given(in, "uuid") };
	TRY(evidence_mac(in, given(in, "mac"), e));
	for (size_t i = 0; list && list->type == JSON_LIST && i < list->list.count; i++)
		TRY(evidence_mac(in, json_text(&list->list.items[i], STR("mac")), e));
	return OK;
}

/* --- packages ------------------------------------------------------------------------------------- */

static const char *package_format(struct str name)
{
	static const char *const known[] = { "deb", "rpm", "apk", "msi", "appx", "pkg", "flatpak", "snap", "mobile_app" };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_is(name, known[i]))
			return known[i];
	return "other";
}

static struct str item_text(const struct json *item, size_t place)
{
	bool there = item->type == JSON_LIST && place < item->list.count && item->list.items[place].type == JSON_TEXT;
	return there ? item->list.items[place].text : STR("");
}

/* NULL when the report has none. */
static enum code list_packages(struct call *c, struct conn *conn, struct package_list **ret, struct error *e)
{
	const struct json *packages = section(c, "packages"), *list = json_get(packages, STR("list"));
	*ret = NULL;
	if (!list || list->type != JSON_LIST)
		return OK;
	const char *format = package_format(json_text(packages, STR("format")));
	struct fleet_package *p = ARENA_ARRAY(c->arena, list->list.count + 1, struct fleet_package);
	struct package_list *made = ARENA_NEW(c->arena, struct package_list);
	if (!p || !made)
		return error_nomem(e);
	for (size_t i = 0; i < list->list.count; i++) {
		const struct json *item = &list->list.items[i];
		struct str name = item_text(item, 0);
		if (!name.len || name.len > 300 || item_text(item, 1).len > 200 || item_text(item, 2).len > 40)
			return error_field(e, arena_format(c->arena, "/packages/list/%zu", i), N_("must be [name, version, architecture, publisher]"));
		p[i] = (struct fleet_package){ name, item_text(item, 1), item_text(item, 2), item_text(item, 3), format };
	}
	TRY(package_list_make(conn, c->arena, p, list->list.count, made, e));
	*ret = made;
	return OK;
}

/* What was made ready before the call waited for its turn, or is made now when it then looked unchanged. */
static enum code store_packages(struct intake *in, struct error *e)
{
	struct call *c = in->call;
	struct package_list *list = c->scratch;
	int64_t set;
	bool fresh;
	if (!list)
		TRY(list_packages(c, in->program.conn, &list, e));
	if (!list)
		return OK;
	TRY(package_set_store(&in->program, c->entity, list, json_text(section(c, "os"), STR("title")), &set, &fresh, e));
	put(in, "package_set", (struct value){ .integer = set });
	return OK;
}

/* --- sections one has ----------------------------------------------------------------------------- */

/* The key of a section's digest: each source has sections of its own. */
static struct str digest_key(const struct intake *in, struct str name)
{
	return str_is(in->source, "agent") ? name : arena_format(in->call->arena, "%.*s/%.*s", STR_ARG(in->source), STR_ARG(name));
}

static enum code read_digests(struct intake *in, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(in->program.conn, SQL_DIGESTS, SQL_PARAMS(SQL_I(in->device.id)), &rows, e));
	TRY(rows_next(rows, &row, e));
	while (row && in->known_count < KNOWN_MOST) {
		struct known_section *k = &in->known[in->known_count++];
		k->name = arena_copy(in->call->arena, rows_text(rows, 0));
		k->digest = arena_copy(in->call->arena, rows_text(rows, 1));
		if (!k->name.data || !k->digest.data)
			return error_nomem(e);
		TRY(rows_next(rows, &row, e));
	}
	return OK;
}

static bool digest_known(const struct intake *in, struct str key, struct str digest)
{
	for (size_t i = 0; i < in->known_count; i++)
		if (str_eq(in->known[i].name, key) && str_eq(in->known[i].digest, digest))
			return true;
	return false;
}

bool section_changed(const struct intake *in, const char *name)
{
	const struct json *digests = json_get(in->call->input_json, STR("digests"));
	struct str digest = json_text(digests, str_of(name));
	return section(in->call, name) && !(digest.len && digest_known(in, digest_key(in, str_of(name)), digest));
}

static bool is_cut(const struct intake *in, struct str name)
{
	for (size_t i = 0; i < in->cut_count; i++)
		if (str_is(name, in->cut[i]))
			return true;
	return false;
}

void section_cut(struct intake *in, const char *name)
{
	if (is_cut(in, str_of(name)))
		return;
	assert(in->cut_count < SECTIONS_CUT_MOST);
	in->cut[in->cut_count++] = name;
}

/* Remembers the digests of what came and was stored whole; writes the names of the others that are not here. */
static enum code keep_digests(struct intake *in, struct json_writer *w, struct error *e)
{
	const struct json *digests = json_get(in->call->input_json, STR("digests"));
	for (size_t i = 0; digests && digests->type == JSON_OBJECT && i < digests->object.count; i++) {
		const struct json_member *m = &digests->object.members[i];
		if (m->value.type != JSON_TEXT || m->value.text.len > 64 || m->name.len > 40)
			return error_field(e, STR("/digests"), N_("must give a digest for each section"));
		struct str key = digest_key(in, m->name);
		if (!key.data)
			return error_nomem(e);
		if (digest_known(in, key, m->value.text))
			continue;
		if (json_get(in->call->input_json, m->name) && !is_cut(in, m->name))
			TRY(sql_exec(in->program.conn, SQL_DIGEST_PUT, SQL_PARAMS(SQL_I(in->device.id), SQL_T(key), SQL_T(m->value.text)), NULL, e));
		else
			json_put_text(w, m->name);
	}
	return OK;
}

/* --- the operation -------------------------------------------------------------------------------- */

static enum code report_entity(struct call *c, struct error *e)
{
	int64_t entity = call_int(c, IN_ENTITY, 0);
	bool found = false;
	if (!entity)
		entity = c->principal.subject.only_entity;
	if (!entity && c->principal.person)
		TRY(sql_int(c->record.conn, "SELECT entity FROM person WHERE id = ?1", SQL_PARAMS(SQL_I(c->principal.person)), &entity, &found, e));
	if (!entity)
		return error_field(e, STR("/entity"), N_("is required"));
	c->entity = entity;
	return call_authorise(c, c->operation->function_index, entity, e);
}

/* A device that reports itself is in use, whatever its papers say. */
static enum code take_on(struct intake *in, struct error *e)
{
	const struct transition *find = kind_transition(in->kind, STR("find"));
	struct value *none = ARENA_ARRAY(in->call->arena, in->kind->field_count + 1, struct value);
	if (!in->created || !find)
		return OK;
	if (!none)
		return error_nomem(e);
	return record_transition(&in->program, in->kind, in->device.id, 0, find, none, &in->device, e);
}

static bool may_enrol(const struct intake *in)
{
	const struct call *c = in->call;
	const struct function *f = model_function(in->program.model, STR("inventory.enrol"));
	return f && decide(c->record.world, c->record.now, &c->principal.subject, f->index, c->entity, NULL, -1).allowed;
}

/* What is known already is not unlearnt: "other" says nothing, and what merely answers changes no more than when it was seen. */
static void spare_known(struct intake *in)
{
	const struct field *class = kind_field(in->kind, STR("class")), *seen = kind_field(in->kind, STR("last_seen"));
	if (str_is(given(in, "class"), "other"))
		in->values[class->index] = (struct value){ 0 };
	for (size_t i = 0; in->discovery && i < in->kind->field_count; i++)
		if (i != seen->index)
			in->values[i] = (struct value){ 0 };
}

static enum code update_device(struct intake *in, int64_t id, struct error *e)
{
	struct call *c = in->call;
	int64_t entity;
	bool found;
	TRY(sql_int(in->program.conn, SQL_DEVICE_ENTITY, SQL_PARAMS(SQL_I(id)), &entity, &found, e));
	/* who may report for one entity may not change what another one owns */
	TRY(call_authorise(c, c->operation->function_index, entity, e));
	in->device = (struct record_ref){ .id = id, .entity = entity };
	TRY(read_digests(in, e));
	spare_known(in);
	if (section_changed(in, "packages"))
		TRY(store_packages(in, e));
	return record_update(&in->program, in->kind, id, 0, 0, in->values, &in->device, e);
}

static enum code create_device(struct intake *in, struct error *e)
{
	const struct field *name = kind_field(in->kind, STR("name"));
	if (!in->values[name->index].set)
		put(in, "name", (struct value){ .text = STR("unnamed") });
	put(in, "first_seen", (struct value){ .integer = call_int(in->call, IN_TAKEN, in->call->record.now) });
	in->created = true;
	TRY(store_packages(in, e));
	TRY(record_create(&in->program, in->kind, in->call->entity, in->values, &in->device, e));
	return take_on(in, e);
}

static enum code report_store(struct intake *in, struct error *e)
{
	int64_t id;
	TRY(gather_device(in, e));
	TRY(gather_evidence(in, e));
	TRY(device_find(in->program.conn, &in->evidence, &id, e));
	if (!id) { /* another process may be making it */
		TRY(record_hold(&in->program, STR("device"), e));
		TRY(device_find(in->program.conn, &in->evidence, &id, e));
	}
	if (!id && (in->discovery || !may_enrol(in)))
		return unknown_store(in, e);
	TRY(id ? update_device(in, id, e) : create_device(in, e));
	TRY(sighting_put(&in->program, in->device.id, in->source, call_text(in->call, IN_SOURCE_ID), e));
	if (in->discovery)
		return OK;
	TRY(store_parts(in, e));
	return store_neighbours(in, e);
}

static enum code answer(struct intake *in, struct error *e)
{
	struct json_writer *w = &in->call->json;
	json_object(w);
	if (in->device.id)
		json_member_id(w, "device", in->device.id);
	if (in->unknown.id)
		json_member_id(w, "unknown", in->unknown.id);
	json_member_bool(w, "created", in->created);
	if (in->device.id)
		json_member_int(w, "version", in->device.version);
	json_name(w, STR("want"));
	json_list(w);
	if (in->device.id)
		TRY(keep_digests(in, w, e));
	json_list_end(w);
	json_object_end(w);
	return OK;
}

static enum code intake_begin(struct call *c, struct intake **ret, struct error *e)
{
	struct intake *in = ARENA_NEW(c->arena, struct intake);
	if (!in)
		return error_nomem(e);
	*in = (struct intake){ .call = c, .program = c->record, .kind = model_kind(c->record.model, STR("device")),
			       .source = call_text(c, IN_SOURCE), .discovery = call_int(c, IN_DISCOVERY, 0) != 0 };
	assert(in->kind);
	if (!in->source.len)
		in->source = STR("agent");
	in->program.who = (struct subject){ .person = c->principal.person, .system = true };
	in->values = ARENA_ARRAY(c->arena, in->kind->field_count + 1, struct value);
	*ret = in;
	return in->values ? OK : error_nomem(e);
}

/* Looking up a thousand packages needs no writer: it is done here, for a section that seems to have changed. */
static enum code report_prepare(struct call *c, struct error *e)
{
	struct intake *in;
	struct package_list *list = NULL;
	TRY(intake_begin(c, &in, e));
	if (!section(c, "packages"))
		return OK;
	TRY(gather_device(in, e));
	TRY(gather_evidence(in, e));
	TRY(device_find(in->program.conn, &in->evidence, &in->device.id, e));
	if (in->device.id)
		TRY(read_digests(in, e));
	if (section_changed(in, "packages"))
		TRY(list_packages(c, c->record.conn, &list, e));
	c->scratch = list;
	return OK;
}

static enum code inventory_report(struct call *c, struct error *e)
{
	struct intake *in;
	TRY(intake_begin(c, &in, e));
	TRY(report_entity(c, e));
	TRY(report_store(in, e));
	return answer(in, e);
}

static const struct operation fleet_operations[] = {
	{ .name = "inventory.report", .help = N_("Take in an agent's inventory of a device"), .function = "inventory.submit",
	  .access = OP_WRITE, .flags = OP_NO_PROPOSAL, .input = report_input, .output = report_output, .prepare = report_prepare,
	  .run = inventory_report,
	  .method = "POST", .path = "/api/inventory/report" },
	{ 0 },
};

const struct module fleet_module = { .name = "fleet", .operations = fleet_operations, .tables = fleet_tables };

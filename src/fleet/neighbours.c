/* What network equipment tells of others: who is cabled to a port (LLDP, CDP) and which hardware addresses were seen behind it. Known ones
 * were seen by one source more, and get their cable; the rest goes to the queue of unknown devices.
 * Neighbours: report.c calls this last; unknown.c keeps the queue. */
#include "base/arena.h"
#include "identity.h"
#include "intake.h"
#include "network.sql.h"
#include "record/changes.h"
#include <assert.h>

struct end { /* of a cable */
	int64_t device;
	struct str port;
};

static void set_text(const struct kind *k, struct value *v, const char *field, struct str text)
{
	if (text.len)
		v[kind_field(k, str_of(field))->index] = (struct value){ .set = true, .text = text };
}

static void set_id(const struct kind *k, struct value *v, const char *field, int64_t id)
{
	v[kind_field(k, str_of(field))->index] = (struct value){ .set = true, .integer = id };
}

static enum code number_of(struct intake *in, int64_t device, struct str *ret, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(in->program.conn, SQL_DEVICE_NUMBER, SQL_PARAMS(SQL_I(device)), &rows, e));
	TRY(rows_next(rows, &row, e));
	*ret = arena_copy(in->call->arena, row ? rows_text(rows, 0) : STR(""));
	return ret->data ? OK : error_nomem(e);
}

/* What the port was cabled to before, by the same kind of evidence. */
static enum code unplug(struct intake *in, const struct kind *k, const struct end *end, struct error *e)
{
	int64_t ids[8];
	size_t count = 0;
	bool row;
	struct record_ref ref;
	struct value *none = ARENA_ARRAY(in->call->arena, k->field_count + 1, struct value);
	CLEAN_ROWS struct rows *rows = NULL;
	if (!none)
		return error_nomem(e);
	TRY(sql_query(in->program.conn, SQL_CABLES_AT, SQL_PARAMS(SQL_I(end->device), SQL_T(end->port)), &rows, e));
	TRY(rows_next(rows, &row, e));
	while (row && count < sizeof ids / sizeof *ids) {
		ids[count++] = rows_int(rows, 0);
		TRY(rows_next(rows, &row, e));
	}
	rows_close(rows);
	rows = NULL;
	for (size_t i = 0; i < count; i++)
		TRY(record_transition(&in->program, k, ids[i], 0, kind_transition(k, STR("remove")), none, &ref, e));
	return OK;
}

static enum code plug(struct intake *in, const struct kind *k, const struct end *a, const struct end *b, struct error *e)
{
	struct arena *arena = in->call->arena;
	struct value *v = ARENA_ARRAY(arena, k->field_count + 1, struct value), *none = ARENA_ARRAY(arena, k->field_count + 1, struct value);
	struct str one, other;
	struct record_ref ref;
	if (!v || !none)
		return error_nomem(e);
	TRY(number_of(in, a->device, &one, e));
	TRY(number_of(in, b->device, &other, e));
	struct str label = arena_format(arena, "%.*s:%.*s – %.*s:%.*s", STR_ARG(one), (int)(a->port.len < 40 ? a->port.len : 40), a->port.data,
					STR_ARG(other), (int)(b->port.len < 40 ? b->port.len : 40), b->port.data);
	if (!label.data)
		return error_nomem(e);
	set_text(k, v, "label", label);
	set_id(k, v, "a_device", a->device);
	set_text(k, v, "a_port", a->port);
	set_id(k, v, "b_device", b->device);
	set_text(k, v, "b_port", b->port);
	set_text(k, v, "source", STR("discovery"));
	TRY(record_create(&in->program, k, in->device.entity, v, &ref, e));
	return record_transition(&in->program, k, ref.id, 0, kind_transition(k, STR("connect")), none, &ref, e);
}

/* The end with the smaller id is A, so that both ends tell of one cable. */
static enum code store_cable(struct intake *in, struct str port, int64_t other, struct str other_port, struct error *e)
{
	const struct kind *k = model_kind(in->program.model, STR("cable"));
	const struct end here = { in->device.id, port }, there = { other, other_port };
	const struct end *a = here.device < there.device ? &here : &there, *b = a == &here ? &there : &here;
	int64_t id;
	bool found;
	assert(k);
	if (other == in->device.id || port.len > 60 || other_port.len > 60)
		return OK;
	TRY(sql_int(in->program.conn, SQL_CABLE_BETWEEN, SQL_PARAMS(SQL_I(a->device), SQL_I(b->device), SQL_T(a->port), SQL_T(b->port)), &id, &found, e));
	if (found)
		return OK;
	TRY(unplug(in, k, &here, e));
	return plug(in, k, a, b, e);
}

static bool room_left(const struct intake *in)
{
	return changes_count(in->program.changes) < RECORDS_MOST;
}

/* In the call's memory, since the journal is written when this has returned; empty: it is no address of one card alone. */
static enum code own_mac(struct intake *in, struct str given, struct str *ret, struct error *e)
{
	char own[18];
	*ret = STR_NONE;
	if (!identity_mac(given, own))
		return OK;
	*ret = arena_copy(in->call->arena, str_of(own));
	return ret->data ? OK : error_nomem(e);
}

static enum code store_neighbour(struct intake *in, struct str port, const struct json *n, struct error *e)
{
	struct stranger s = { .name = json_text(n, STR("name")), .ip = json_text(n, STR("ip")), .product = json_text(n, STR("product")),
			      .seen_at = in->device.id, .port = port };
	int64_t other = 0;
	TRY(own_mac(in, json_text(n, STR("mac")), &s.mac, e));
	if (s.mac.len)
		TRY(device_find_mac(in->program.conn, s.mac, &other, e));
	if (!other && s.ip.len)
		TRY(device_find_ip(in->program.conn, s.ip, &other, e));
	if (!other)
		return s.mac.len ? unknown_seen(in, &s, e) : OK; /* a name alone is not enough to know it again */
	TRY(sighting_put(&in->program, other, STR("network"), STR_NONE, e));
	return store_cable(in, port, other, json_text(n, STR("port")), e);
}

static enum code store_station(struct intake *in, struct str port, struct str given, struct error *e)
{
	struct stranger s = { .seen_at = in->device.id, .port = port };
	int64_t other;
	TRY(own_mac(in, given, &s.mac, e));
	if (!s.mac.len)
		return OK;
	TRY(device_find_mac(in->program.conn, s.mac, &other, e));
	if (!other)
		return unknown_seen(in, &s, e);
	return other == in->device.id ? OK : sighting_put(&in->program, other, STR("network"), STR_NONE, e);
}

enum code store_neighbours(struct intake *in, struct error *e)
{
	const struct json *list = json_at(section(in->call, "network"), STR("/interfaces"));
	for (size_t i = 0; list && list->type == JSON_LIST && i < list->list.count && room_left(in); i++) {
		const struct json *one = &list->list.items[i], *neighbour = json_get(one, STR("neighbour")), *stations = json_get(one, STR("stations"));
		struct str port = json_text(one, STR("name"));
		if (neighbour && neighbour->type == JSON_OBJECT)
			TRY(store_neighbour(in, port, neighbour, e));
		for (size_t k = 0; stations && stations->type == JSON_LIST && k < stations->list.count && room_left(in); k++)
			if (stations->list.items[k].type == JSON_TEXT)
				TRY(store_station(in, port, stations->list.items[k].text, e));
	}
	return OK;
}

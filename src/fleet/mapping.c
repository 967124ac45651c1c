/* The mapping tables, and applying them. Neighbours: report.c; docs/inventory-report.md describes the left side,
 * packs/assets the right. */
#include "mapping.h"
#include "base/arena.h"
#include "base/utf8.h"

const struct mapping device_mapping[] = {
	{ "/identity/hostname", "name" },
	{ "/identity/hostname", "hostname" },
	{ "/identity/class", "class" },
	{ "/identity/maker", "maker" },
	{ "/identity/product", "product" },
	{ "/identity/serial", "serial" },
	{ "/identity/uuid", "uuid" },
	{ "/identity/chassis", "chassis" },
	{ "/identity/firmware", "firmware" },
	{ "/identity/virtualisation", "virtualisation" },
	{ "/identity/secure_boot", "secure_boot" },
	{ "/identity/asset_tag", "inventory_number" },
	{ "/identity/imei", "imei" },
	{ "/identity/mac", "mac" },
	{ "/identity/ip", "ip" },
	{ "/os/name", "os_name" },
	{ "/os/version", "os_version" },
	{ "/os/build", "os_build" },
	{ "/os/kernel", "kernel" },
	{ "/os/architecture", "os_architecture" },
	{ "/os/time_zone", "time_zone" },
	{ "/cpu/model", "cpu_model" },
	{ "/cpu/sockets", "cpu_count" },
	{ "/cpu/cores", "cpu_cores" },
	{ "/cpu/threads", "cpu_threads" },
	{ "/cpu/mhz", "cpu_speed" },
	{ "/memory/total", "memory" },
	{ "/network/gateway", "gateway" },
	{ "/use/days_in_use", "days_in_use" },
	{ "/use/last_logon", "last_logon" },
	{ "/use/last_user", "last_user" },
	{ "/state/booted", "last_boot" },
	{ "/state/battery_health", "battery_health" },
	{ "/agent/version", "agent_version" },
	{ "/printer/pages", "pages" },
	{ "/printer/pages_colour", "pages_colour" },
	{ 0 },
};
const struct mapping primary_interface_mapping[] = { { "/mac", "mac" }, { 0 } };

static const struct mapping interface_mapping[] = {
	{ "/name", "name" }, { "/type", "type" }, { "/mac", "mac" }, { "/speed", "speed" }, { "/mtu", "mtu" }, { "/duplex", "duplex" },
	{ "/up", "link_up" }, { "/driver", "driver" }, { "/description", "description" }, { "/enabled", "enabled" }, { "/vlan", "vlan" },
	{ "/trunk_vlans", "trunk_vlans" }, { "/ssid", "ssid" }, { "/management", "management" }, { "/neighbour/text", "neighbour" }, { 0 },
};
static const struct mapping component_mapping[] = {
	{ "/name", "name" }, { "/type", "type" }, { "/maker", "maker" }, { "/product", "product" }, { "/serial", "serial" },
	{ "/firmware", "firmware" }, { 0 },
};
static const struct mapping supply_mapping[] = { { "/name", "name" }, { "/level", "level" }, { "/status", "status" }, { 0 } };
static const struct mapping volume_mapping[] = {
	{ "/mount", "mount" }, { "/source", "source_path" }, { "/type", "filesystem" }, { "/size", "size" }, { "/free", "free" },
	{ "/uuid", "uuid" }, { "/label", "label" }, { "/network", "network" }, { 0 },
};
static const struct mapping disk_mapping[] = {
	{ "/name", "name" }, { "/maker", "maker" }, { "/product", "product" }, { "/serial", "serial" }, { "/firmware", "firmware" },
	{ "/size", "size" }, { "/technology", "technology" }, { "/interface", "interface" }, { "/removable", "removable" }, { 0 },
};
const struct part_mapping part_mappings[] = {
	{ "network", "interfaces", "network_interface", "name", "mac", interface_mapping, true, 600 },
	{ "filesystems", "list", "volume", "mount", NULL, volume_mapping, false, 200 },
	{ "disks", "list", "disk", "name", "serial", disk_mapping, false, 200 },
	{ "components", "list", "component", "name", "serial", component_mapping, false, 300 },
	{ "supplies", "list", "printer_supply", "name", NULL, supply_mapping, false, 200 },
	{ 0 },
};

static struct json clipped(const struct field *f, const struct json *j)
{
	struct json copy = *j;
	size_t most = f->max ? (size_t)f->max : 4000;
	if (f->type == FIELD_TEXT && copy.type == JSON_TEXT)
		copy.text = utf8_clip(copy.text, most);
	return copy;
}

enum code mapping_apply(const struct mapping *m, const struct json *from, const struct kind *k, struct value *values,
			struct arena *arena, struct error *e)
{
	for (; m->field; m++) {
		const struct json *j = json_at(from, str_of(m->pointer));
		const struct field *f = kind_field(k, str_of(m->field));
		struct error ignored;
		struct value v;
		if (!j || j->type == JSON_NULL || !f || (j->type == JSON_TEXT && !j->text.len))
			continue;
		struct json copy = clipped(f, j);
		error_init(&ignored, arena);
		enum code code = value_from_json(f, &copy, STR(""), arena, &v, &ignored);
		if (code == E_NOMEM)
			return error_nomem(e);
		if (code == OK)
			values[f->index] = v;
	}
	return OK;
}

void mapping_addresses(const struct json *addresses, struct arena *arena, struct value ret[2])
{
	ret[0] = ret[1] = (struct value){ 0 };
	for (size_t i = 0; addresses && addresses->type == JSON_LIST && i < addresses->list.count; i++) {
		struct str rest = addresses->list.items[i].type == JSON_TEXT ? addresses->list.items[i].text : STR_NONE, address;
		if (!str_cut(&rest, '/', &address) || !address.len)
			continue;
		struct value *place = &ret[str_find(address, ':') >= 0];
		if (!place->set)
			*place = (struct value){ .set = true, .text = arena_copy(arena, address) };
	}
}

void mapping_put_addresses(const struct json *addresses, const struct kind *k, struct value *values, struct arena *arena)
{
	static const char *const names[] = { "ipv4", "ipv6" };
	struct value found[2];
	mapping_addresses(addresses, arena, found);
	for (size_t i = 0; i < 2; i++) {
		const struct field *f = kind_field(k, str_of(names[i]));
		if (f && found[i].set && found[i].text.data)
			values[f->index] = found[i];
	}
}

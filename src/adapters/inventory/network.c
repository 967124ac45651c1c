/* The section of network interfaces: of the host itself, where agents tell one address a row, or the ports of what was asked over the
 * network, with their neighbours. Neighbours: report.c puts sections together. */
#include "report.h"
#include "base/arena.h"
#include "base/json_write.h"
#include <arpa/inet.h>
#include <string.h>

#define INTERFACES_MOST 600
#define STATIONS_MOST 8 /* a port with more hardware addresses behind it leads to another switch */

static const struct word type_words[] = {
	{ "ethernet", "ethernet" }, { "ether", "ethernet" }, { "wifi", "wifi" }, { "loopback", "loopback" }, { "bridge", "bridge" },
	{ "aggregate", "bond" }, { "bluetooth", "bluetooth" }, { "dialup", "serial" }, { "fibrechannel", "fibre" }, { "infiniband", "fibre" },
	{ "alias", "virtual" }, { 0 },
};
static const struct {
	int type; /* ifType of the IANA */
	const char *name;
} port_types[] = {
	{ 6, "ethernet" }, { 62, "ethernet" }, { 69, "ethernet" }, { 117, "ethernet" }, { 7, "ethernet" }, { 22, "serial" }, { 23, "serial" },
	{ 24, "loopback" }, { 53, "virtual" }, { 56, "fibre" }, { 71, "wifi" }, { 131, "tunnel" }, { 135, "vlan" }, { 136, "vlan" },
	{ 150, "tunnel" }, { 161, "bond" }, { 209, "bridge" }, { 243, "cellular" }, { 244, "cellular" },
};

/* Bits set in a mask; -1 when it is none. */
static int prefix_of(int family, struct str mask)
{
	unsigned char bytes[16];
	int bits = 0;
	if (!mask.len || inet_pton(family, mask.data, bytes) != 1)
		return -1;
	for (size_t i = 0; i < (family == AF_INET ? 4u : 16u); i++)
		bits += __builtin_popcount(bytes[i]);
	return bits;
}

static bool is_address(int family, struct str s)
{
	unsigned char bytes[16];
	return s.len && s.len < 46 && inet_pton(family, s.data, bytes) == 1;
}

static struct str copied(struct arena *arena, struct str s)
{
	struct str copy = arena_copy(arena, s); /* inet_pton wants an end */
	return copy.data ? copy : STR("");
}

static void put_address(const struct json *row, int family, const char *address_path, const char *mask_path, struct arena *arena, struct json_writer *w)
{
	struct str address = copied(arena, native_text(row, address_path, 60, arena));
	int prefix = prefix_of(family, copied(arena, native_text(row, mask_path, 60, arena)));
	if (!is_address(family, address))
		return;
	struct str text = arena_format(arena, "%.*s/%d", STR_ARG(address), prefix > 0 ? prefix : family == AF_INET ? 32 : 128);
	if (text.data)
		json_put_text(w, text);
}

/* "100", "1000 Mbps", "1 Gb/s" in Mbit/s; 0: not known. */
static int64_t speed_of(struct str s)
{
	struct str rest = s, number;
	int64_t n;
	number = str_take(&rest, ' ');
	if (!str_int(number, &n) || n < 0 || n > 10000000)
		return 0;
	return str_starts(str_trim(rest), STR("G")) && n < 10000 ? n * 1000 : n;
}

static bool hardware_address(struct str s)
{
	return s.len >= 12 && s.len <= 17 && !str_is(s, "00:00:00:00:00:00");
}

/* --- interfaces of the host itself ------------------------------------------------------------------ */

static struct str interface_name(const struct json *row, struct arena *arena)
{
	return native_text(row, "/description|/name", 120, arena);
}

static void interface_write(struct items rows, size_t first, struct str name, struct arena *arena, struct json_writer *w)
{
	const struct json *row = &rows.items[first];
	struct str type = native_text(row, "/type", 40, arena), mac = native_text(row, "/macaddr|/mac", 20, arena), ssid;
	const char *known = word_find(type_words, type);
	bool virtual = false, up = false;
	int64_t speed = speed_of(native_text(row, "/speed", 40, arena));
	native_bool(row, "/virtualdev", &virtual);
	json_object(w);
	json_member_text(w, "name", name);
	json_member_text(w, "type", str_of(known ? known : virtual ? "virtual" : "other"));
	if (hardware_address(mac))
		json_member_text(w, "mac", mac);
	json_member_bool(w, "up", native_bool(row, "/status", &up) && up);
	if (speed)
		json_member_int(w, "speed", speed);
	if ((ssid = native_text(row, "/wifi_ssid", 64, arena)).len)
		json_member_text(w, "ssid", ssid);
	if ((ssid = native_text(row, "/driver", 120, arena)).len)
		json_member_text(w, "driver", ssid);
	json_name(w, STR("addresses"));
	json_list(w);
	for (size_t i = first; i < rows.count; i++) {
		if (!str_eq(interface_name(&rows.items[i], arena), name))
			continue;
		put_address(&rows.items[i], AF_INET, "/ipaddress", "/ipmask", arena, w);
		put_address(&rows.items[i], AF_INET6, "/ipaddress6", "/ipmask6", arena, w);
	}
	json_list_end(w);
	json_object_end(w);
}

static void interfaces_write(struct items rows, struct arena *arena, struct json_writer *w)
{
	if (rows.count > INTERFACES_MOST)
		rows.count = INTERFACES_MOST; /* rows are compared with each other */
	for (size_t i = 0; i < rows.count; i++) {
		struct str name = interface_name(&rows.items[i], arena);
		bool before = !name.len;
		for (size_t k = 0; k < i && !before; k++)
			before = str_eq(interface_name(&rows.items[k], arena), name);
		if (!before)
			interface_write(rows, i, name, arena, w);
	}
}

/* --- ports of what was asked over the network -------------------------------------------------------- */

static const struct member port_members[] = {
	{ "description", MEMBER_TEXT, "/ifalias|/ifdescr", 300 }, { "mac", MEMBER_TEXT, "/mac", 20 }, { "mtu", MEMBER_COUNT, "/ifmtu", 0 }, { 0 },
};
static const struct member neighbour_members[] = {
	{ "name", MEMBER_TEXT, "/sysname", 200 }, { "mac", MEMBER_TEXT, "/sysmac", 20 }, { "ip", MEMBER_TEXT, "/ip", 60 },
	{ "port", MEMBER_TEXT, "/ifdescr|/ifname", 60 }, { "product", MEMBER_TEXT, "/model", 200 }, { 0 },
};

static const char *port_type(const struct json *port)
{
	int64_t type;
	if (!native_number(port, "/iftype", &type))
		return "other";
	for (size_t i = 0; i < sizeof port_types / sizeof *port_types; i++)
		if (port_types[i].type == type)
			return port_types[i].name;
	return "other";
}

static void vlans_write(const struct json *port, struct arena *arena, struct json_writer *w)
{
	struct items vlans = native_items(port, "/vlans");
	bool trunk = false;
	int64_t number;
	CLEAN_BUF struct buf all;
	buf_init(&all, 1000);
	if (vlans.count == 1 && json_get(vlans.items, STR("vlan")))
		vlans = native_items(port, "/vlans/vlan");
	native_bool(port, "/trunk", &trunk);
	for (size_t i = 0; i < vlans.count; i++)
		if (native_number(&vlans.items[i], "/number|/id", &number) && number > 0 && number < 4095 && all.len < 900)
			buf_format(&all, all.len ? " %lld" : "%lld", (long long)number);
	if (!all.len)
		return;
	if (vlans.count == 1 && !trunk && native_number(vlans.items, "/number|/id", &number))
		json_member_int(w, "vlan", number);
	else
		json_member_text(w, "trunk_vlans", buf_str(&all));
}

/* Hardware addresses seen behind the port: one text, or a list of them, in one connection or in several. */
static void stations_write(struct items connections, struct json_writer *w)
{
	size_t count = 0;
	for (size_t i = 0; i < connections.count; i++) {
		const struct json *mac = json_get(&connections.items[i], STR("mac"));
		count += mac && mac->type == JSON_LIST ? mac->list.count : mac ? 1 : 0;
	}
	if (!count || count > STATIONS_MOST)
		return;
	json_name(w, STR("stations"));
	json_list(w);
	for (size_t i = 0; i < connections.count; i++) {
		const struct json *mac = json_get(&connections.items[i], STR("mac"));
		if (mac && mac->type == JSON_TEXT)
			json_put_text(w, mac->text);
		for (size_t k = 0; mac && mac->type == JSON_LIST && k < mac->list.count; k++)
			if (mac->list.items[k].type == JSON_TEXT)
				json_put_text(w, mac->list.items[k].text);
	}
	json_list_end(w);
}

static void neighbours_write(const struct json *port, struct arena *arena, struct json_writer *w)
{
	struct items connections = native_items(port, "/connections");
	if (connections.count == 1 && json_get(connections.items, STR("connection")))
		connections = native_items(port, "/connections/connection");
	stations_write(connections, w);
	for (size_t i = 0; i < connections.count; i++) {
		if (!native_text(&connections.items[i], "/sysname|/sysmac", 60, arena).len)
			continue;
		json_name(w, STR("neighbour"));
		json_object(w);
		json_member_text(w, "text", arena_format(arena, "%.*s %.*s", STR_ARG(native_text(&connections.items[i], "/sysname|/sysmac", 200, arena)),
							 STR_ARG(native_text(&connections.items[i], "/ifdescr|/ifname", 60, arena))));
		members_write(neighbour_members, &connections.items[i], arena, w);
		json_object_end(w);
		return; /* what a port is cabled to speaks for itself; others behind it are stations */
	}
}

static void port_write(const struct json *port, size_t place, struct arena *arena, struct json_writer *w)
{
	struct str name = native_text(port, "/ifname|/ifdescr", 120, arena);
	int64_t n;
	if (!name.len)
		name = native_number(port, "/ifnumber", &n) ? arena_format(arena, "port %lld", (long long)n) : arena_format(arena, "port #%zu", place);
	json_object(w);
	json_member_text(w, "name", name.data ? name : STR("port"));
	json_member_text(w, "type", str_of(port_type(port)));
	members_write(port_members, port, arena, w);
	json_member_bool(w, "up", native_number(port, "/ifstatus", &n) && n == 1);
	if (native_number(port, "/ifinternalstatus", &n))
		json_member_bool(w, "enabled", n == 1);
	if (native_number(port, "/ifspeed", &n) && n >= 1000000 && n / 1000000 <= 10000000)
		json_member_int(w, "speed", n / 1000000);
	if (native_number(port, "/ifportduplex", &n) && (n == 2 || n == 3))
		json_member_text(w, "duplex", n == 3 ? STR("full") : STR("half"));
	vlans_write(port, arena, w);
	json_name(w, STR("addresses"));
	json_list(w);
	put_address(port, AF_INET, "/ip|/ips/ip|/ips", "/ipmask", arena, w);
	json_list_end(w);
	neighbours_write(port, arena, w);
	json_object_end(w);
}

/* The address it was asked at, when no port tells it. */
static void management_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	struct str ip = native_text(n->info, "/ips/ip|/ips|/ip", 60, arena);
	for (size_t i = 0; i < n->ports.count; i++)
		if (str_eq(native_text(&n->ports.items[i], "/ip|/ips/ip|/ips", 60, arena), ip))
			return;
	if (!is_address(AF_INET, copied(arena, ip)) || str_starts(ip, STR("127.")))
		return;
	json_object(w);
	json_member_text(w, "name", STR("management"));
	json_member_text(w, "type", STR("other"));
	json_member_bool(w, "management", true);
	json_member_bool(w, "up", true);
	json_name(w, STR("addresses"));
	json_list(w);
	put_address(n->info, AF_INET, "/ips/ip|/ips|/ip", "/ipmask", arena, w);
	json_list_end(w);
	json_object_end(w);
}

bool network_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	struct items rows = native_items(n->content, "/networks");
	struct str gateway = n->info ? STR("") : native_text(n->content, "/hardware/defaultgateway|/networks/ipgateway", 60, arena);
	if (!rows.count && !n->ports.count)
		return false;
	json_object(w);
	if (is_address(AF_INET, copied(arena, gateway)))
		json_member_text(w, "gateway", gateway);
	json_name(w, STR("interfaces"));
	json_list(w);
	interfaces_write(rows, arena, w);
	for (size_t i = 0; i < n->ports.count && i < INTERFACES_MOST; i++)
		port_write(&n->ports.items[i], i + 1, arena, w);
	if (n->info)
		management_write(n, arena, w);
	json_list_end(w);
	json_object_end(w);
	return true;
}

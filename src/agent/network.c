/* Network interfaces: what sysfs says of the card, and the addresses the kernel has for it.
 * Neighbours: host.h. Addresses are only known of this machine, not of a tree of files. */
#include "host.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>

static size_t prefix_of(const struct sockaddr *mask)
{
	const uint8_t *bytes = (const uint8_t *)&((const struct sockaddr_in *)(const void *)mask)->sin_addr;
	size_t len = 4, bits = 0;
	if (mask->sa_family == AF_INET6) {
		bytes = (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)mask)->sin6_addr;
		len = 16;
	}
	for (size_t i = 0; i < len; i++)
		bits += (size_t)__builtin_popcount(bytes[i]);
	return bits;
}

static void write_address(struct host *h, struct json_writer *w, const struct ifaddrs *a)
{
	char text[INET6_ADDRSTRLEN];
	const void *address = &((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr;
	if (a->ifa_addr->sa_family == AF_INET6)
		address = &((const struct sockaddr_in6 *)(const void *)a->ifa_addr)->sin6_addr;
	if (!a->ifa_netmask || !inet_ntop(a->ifa_addr->sa_family, address, text, sizeof text))
		return;
	struct str whole = arena_format(h->arena, "%s/%zu", text, prefix_of(a->ifa_netmask));
	h->failed |= !whole.data;
	json_put_text(w, whole);
}

static void write_addresses(struct host *h, struct json_writer *w, const struct ifaddrs *all, struct str name)
{
	json_name(w, STR("addresses"));
	json_list(w);
	for (const struct ifaddrs *a = all; a; a = a->ifa_next)
		if (a->ifa_addr && (a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6) &&
		    str_is(name, a->ifa_name))
			write_address(h, w, a);
	json_list_end(w);
}

/* The kind as the record of an interface has it. */
static struct str type_of(struct host *h, struct str name)
{
	static const struct {
		const char *sign, *type;
	} signs[] = { { "wireless", "wifi" }, { "phy80211", "wifi" }, { "bridge", "bridge" }, { "bonding", "bond" }, { "tun_flags", "tunnel" } };
	int64_t arp = host_int(h, "/sys/class/net/%.*s/type", STR_ARG(name));
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (host_has(h, "/sys/class/net/%.*s/%s", STR_ARG(name), signs[i].sign))
			return str_of(signs[i].type);
	if (host_has(h, "/proc/net/vlan/%.*s", STR_ARG(name)))
		return STR("vlan");
	if (arp == ARPHRD_LOOPBACK)
		return STR("loopback");
	if (arp == ARPHRD_TUNNEL || arp == ARPHRD_TUNNEL6 || arp == ARPHRD_SIT || arp == ARPHRD_IPGRE || arp == ARPHRD_NONE)
		return STR("tunnel");
	if (arp == ARPHRD_ETHER)
		return host_has(h, "/sys/class/net/%.*s/device", STR_ARG(name)) ? STR("ethernet") : STR("virtual");
	return STR("other");
}

static void write_interface(struct host *h, struct json_writer *w, const struct ifaddrs *all, struct str name)
{
	struct str mac = host_text(h, "/sys/class/net/%.*s/address", STR_ARG(name));
	struct str state = host_text(h, "/sys/class/net/%.*s/operstate", STR_ARG(name));
	struct str duplex = host_text(h, "/sys/class/net/%.*s/duplex", STR_ARG(name));
	json_object(w);
	put_text(w, "name", host_clean(h, name, 120));
	put_text(w, "type", type_of(h, name));
	if (mac.len == 17 && !str_is(mac, "00:00:00:00:00:00"))
		put_text(w, "mac", mac);
	put_int(w, "speed", host_int(h, "/sys/class/net/%.*s/speed", STR_ARG(name))); /* -1 where there is none */
	put_int(w, "mtu", host_int(h, "/sys/class/net/%.*s/mtu", STR_ARG(name)));
	if (str_is(duplex, "full") || str_is(duplex, "half"))
		put_text(w, "duplex", duplex);
	json_member_bool(w, "up", str_is(state, "up") || (str_is(state, "unknown") && str_is(name, "lo")));
	put_text(w, "driver", host_link(h, "/sys/class/net/%.*s/device/driver", STR_ARG(name)));
	write_addresses(h, w, all, name);
	json_object_end(w);
}

/* /proc/net/route: the default route's gateway, an address in hexadecimal as the machine holds it. */
static void write_gateway(struct host *h, struct json_writer *w)
{
	struct str rest = host_file(h, "/proc/net/route"), line;
	char text[INET_ADDRSTRLEN];
	while (str_cut(&rest, '\n', &line)) {
		struct str fields[3] = { 0 };
		uint32_t address = 0;
		for (size_t i = 0; i < 3; i++)
			fields[i] = str_take(&line, '\t');
		if (!str_is(fields[1], "00000000") || fields[2].len != 8 || str_is(fields[2], "00000000"))
			continue;
		for (size_t i = 0; i < 8; i++) {
			const char *digits = "0123456789ABCDEF", *at = memchr(digits, fields[2].data[i], 16);
			address = address << 4 | (at ? (uint32_t)(at - digits) : 0);
		}
		if (inet_ntop(AF_INET, &(struct in_addr){ address }, text, sizeof text))
			put_text(w, "gateway", arena_copy(h->arena, str_of(text)));
		return;
	}
}

bool write_network(struct host *h, struct json_writer *w, uint8_t digest[32], bool *ret_has_digest)
{
	struct host_names names = host_list(h, "/sys/class/net");
	struct ifaddrs *all = NULL;
	size_t written = 0;
	if (!h->root.len && getifaddrs(&all) != 0)
		all = NULL;
	json_object(w);
	write_gateway(h, w);
	json_name(w, STR("interfaces"));
	json_list(w);
	for (size_t i = 0; i < names.count && written < LIST_MOST; i++) {
		/* ends of container links come and go by the hour */
		if (str_starts(names.items[i], STR("veth")) || !host_has(h, "/sys/class/net/%.*s/type", STR_ARG(names.items[i])))
			continue;
		write_interface(h, w, all, names.items[i]);
		written++;
	}
	json_list_end(w);
	json_object_end(w);
	if (all)
		freeifaddrs(all);
	return written > 0;
}

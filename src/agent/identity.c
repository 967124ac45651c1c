/* What machine this is: names, numbers and kind. Firmware texts come from DMI (SMBIOS 3.7), from the device tree on
 * boards without it; serial numbers there are for root only, and then simply missing.
 * Neighbours: hardware.c for what is inside. */
#include "host.h"
#include "parse/parse.h"

/* What makers leave in fields they never filled. Compared without case. */
static const char *const fillers[] = { "to be filled by o.e.m.", "default string", "none", "not specified", "not applicable",
				       "n/a", "unknown", "oem", "o.e.m.", "system manufacturer", "system product name",
				       "system version", "system serial number", "chassis serial number", "base board serial number",
				       "no asset tag", "asset-1234567890", "0123456789", "123456789", "1234567890", "invalid",
				       "undefined", "empty", "no enclosure", "00000000-0000-0000-0000-000000000000",
				       "ffffffff-ffff-ffff-ffff-ffffffffffff", "03000200-0400-0500-0006-000700080009" };

static struct str meaningful(struct str s)
{
	bool same = s.len > 0; /* "00000000", "........" */
	for (size_t i = 1; i < s.len; i++)
		same &= s.data[i] == s.data[0];
	if (same && s.len > 1)
		return STR_NONE;
	for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++)
		if (str_eq_nocase(s, str_of(fillers[i])))
			return STR_NONE;
	return s;
}

static struct str dmi(struct host *h, const char *name)
{
	return meaningful(host_text(h, "/sys/class/dmi/id/%s", name));
}

/* --- what it runs in ------------------------------------------------------------------------------- */

/* Virtual machines by what their firmware says (any of the three texts). */
static const struct {
	const char *says, *is;
} hypervisors[] = { { "QEMU", "kvm" },
		    { "KVM", "kvm" },
		    { "VMware", "vmware" },
		    { "VirtualBox", "virtualbox" },
		    { "innotek", "virtualbox" },
		    { "Xen", "xen" },
		    { "Virtual Machine", "hyper-v" },
		    { "Amazon EC2", "amazon" },
		    { "Google Compute Engine", "google" },
		    { "OpenStack", "openstack" },
		    { "Parallels", "parallels" },
		    { "BHYVE", "bhyve" },
		    { "Bochs", "bochs" },
		    { "Alibaba Cloud", "alibaba" },
		    { "Apple Virtualization", "apple" } };

static struct str by_firmware(struct host *h)
{
	const struct str texts[] = { dmi(h, "sys_vendor"), dmi(h, "product_name"), dmi(h, "bios_vendor") };
	/* machines of a cloud that are rented whole say its name too */
	if (str_find_str(texts[1], STR("metal")) >= 0)
		return STR_NONE;
	for (size_t i = 0; i < sizeof hypervisors / sizeof *hypervisors; i++)
		for (size_t j = 0; j < sizeof texts / sizeof *texts; j++)
			if (str_find_str(texts[j], str_of(hypervisors[i].says)) >= 0)
				return str_of(hypervisors[i].is);
	return STR_NONE;
}

static struct str container(struct host *h)
{
	struct str told = host_text(h, "/run/systemd/container");
	if (told.len)
		return told;
	if (host_has(h, "/run/.containerenv"))
		return STR("podman");
	if (host_has(h, "/.dockerenv"))
		return STR("docker");
	if (host_has(h, "/proc/vz") && !host_has(h, "/proc/bc"))
		return STR("openvz");
	if (str_find_str(host_text(h, "/proc/sys/kernel/osrelease"), STR("icrosoft")) >= 0)
		return STR("wsl");
	return STR_NONE;
}

struct str host_virtualisation(struct host *h)
{
	struct cpuinfo cpu = { 0 };
	struct str is = container(h);
	if (!is.len)
		is = by_firmware(h);
	if (!is.len)
		is = host_text(h, "/sys/hypervisor/type");
	if (!is.len && cpuinfo_parse(host_file(h, "/proc/cpuinfo"), h->arena, &cpu) && cpu.hypervisor)
		is = STR("vm");
	return is;
}

/* --- what kind ------------------------------------------------------------------------------------- */

/* SMBIOS 3.7, table 17: chassis types, and the class of device each stands for. */
static const struct {
	const char *title, *class;
} chassis_types[] = { [1] = { "Other", "other" },
		      [3] = { "Desktop", "desktop" },
		      [4] = { "Low profile desktop", "desktop" },
		      [5] = { "Pizza box", "desktop" },
		      [6] = { "Mini tower", "desktop" },
		      [7] = { "Tower", "desktop" },
		      [8] = { "Portable", "laptop" },
		      [9] = { "Laptop", "laptop" },
		      [10] = { "Notebook", "laptop" },
		      [11] = { "Hand held", "mobile" },
		      [12] = { "Docking station", "peripheral" },
		      [13] = { "All in one", "desktop" },
		      [14] = { "Sub notebook", "laptop" },
		      [15] = { "Space-saving", "desktop" },
		      [16] = { "Lunch box", "desktop" },
		      [17] = { "Main server chassis", "server" },
		      [18] = { "Expansion chassis", "server" },
		      [19] = { "Sub chassis", "server" },
		      [20] = { "Bus expansion chassis", "server" },
		      [21] = { "Peripheral chassis", "peripheral" },
		      [22] = { "RAID chassis", "storage" },
		      [23] = { "Rack mount chassis", "server" },
		      [24] = { "Sealed-case PC", "desktop" },
		      [25] = { "Multi-system chassis", "server" },
		      [26] = { "Compact PCI", "server" },
		      [27] = { "Advanced TCA", "server" },
		      [28] = { "Blade", "server" },
		      [29] = { "Blade enclosure", "server" },
		      [30] = { "Tablet", "tablet" },
		      [31] = { "Convertible", "laptop" },
		      [32] = { "Detachable", "tablet" },
		      [33] = { "IoT gateway", "network" },
		      [34] = { "Embedded PC", "other" },
		      [35] = { "Mini PC", "desktop" },
		      [36] = { "Stick PC", "desktop" } };

static bool has_battery(struct host *h)
{
	struct host_names names = host_list(h, "/sys/class/power_supply");
	for (size_t i = 0; i < names.count; i++)
		if (str_starts(names.items[i], STR("BAT")))
			return true;
	return false;
}

static void write_kind(struct host *h, struct json_writer *w)
{
	struct str virtualisation = host_virtualisation(h);
	int64_t type = host_int(h, "/sys/class/dmi/id/chassis_type");
	bool known = type > 0 && type < (int64_t)(sizeof chassis_types / sizeof *chassis_types) && chassis_types[type].title;
	const char *class = known ? chassis_types[type].class : has_battery(h) ? "laptop" : "other";
	put_int(w, "chassis_type", type);
	if (known)
		put_text(w, "chassis", str_of(chassis_types[type].title));
	put_text(w, "virtualisation", virtualisation);
	put_text(w, "class", virtualisation.len ? STR("virtual") : str_of(class));
}

/* The variable's bytes: four of attributes, then its value. */
static void write_secure_boot(struct host *h, struct json_writer *w)
{
	struct str v = host_file(h, "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
	if (v.len == 5)
		json_member_bool(w, "secure_boot", v.data[4] == 1);
}

static struct str lower_case(struct host *h, struct str s)
{
	char *out = arena_alloc(h->arena, s.len + 1);
	for (size_t i = 0; out && i < s.len; i++)
		out[i] = s.data[i] >= 'A' && s.data[i] <= 'Z' ? (char)(s.data[i] + 32) : s.data[i];
	return (struct str){ out, out ? s.len : 0 };
}

bool write_identity(struct host *h, struct json_writer *w, uint8_t digest[32], bool *ret_has_digest)
{
	static const struct {
		const char *name, *file;
	} texts[] = { { "maker", "sys_vendor" },	 { "product", "product_name" },	    { "product_version", "product_version" },
		      { "product_sku", "product_sku" }, { "serial", "product_serial" },    { "asset_tag", "chassis_asset_tag" },
		      { "board_maker", "board_vendor" }, { "board", "board_name" },	    { "board_serial", "board_serial" },
		      { "chassis_serial", "chassis_serial" }, { "firmware", "bios_version" }, { "firmware_maker", "bios_vendor" },
		      { "firmware_date", "bios_date" } };
	struct cpuinfo cpu = { 0 };
	bool has_dmi = host_has(h, "/sys/class/dmi/id");
	json_object(w);
	put_text(w, "machine_id", host_text(h, "/etc/machine-id"));
	put_text(w, "hostname", host_text(h, "/proc/sys/kernel/hostname"));
	for (size_t i = 0; has_dmi && i < sizeof texts / sizeof *texts; i++)
		put_text(w, texts[i].name, dmi(h, texts[i].file));
	put_text(w, "uuid", lower_case(h, dmi(h, "product_uuid")));
	if (!has_dmi) {
		struct str serial = host_text(h, "/sys/firmware/devicetree/base/serial-number");
		if (!serial.len && cpuinfo_parse(host_file(h, "/proc/cpuinfo"), h->arena, &cpu))
			serial = host_clean(h, cpu.serial, 120);
		put_text(w, "product", host_text(h, "/sys/firmware/devicetree/base/model"));
		put_text(w, "serial", meaningful(serial));
	}
	write_kind(h, w);
	write_secure_boot(h, w);
	json_object_end(w);
	return true;
}

/* Sections of a report by tables: which member comes from where. Neighbours: network.c and packages.c write the two sections that
 * take more than a table; serve.c hands the result to inventory.report. */
#include "report.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/json_write.h"

static const struct member identity_members[] = {
	{ "hostname", MEMBER_TEXT, "/hardware/name|/operatingsystem/fqdn", 0 },
	{ "maker", MEMBER_TEXT, "/bios/smanufacturer|/bios/mmanufacturer|/bios/bmanufacturer", 200 },
	{ "product", MEMBER_TEXT, "/bios/smodel|/bios/mmodel", 200 },
	{ "product_sku", MEMBER_TEXT, "/bios/skunumber", 0 },
	{ "serial", MEMBER_TEXT, "/bios/ssn|/bios/enclosureserial|/bios/biosserial", 120 },
	{ "uuid", MEMBER_TEXT, "/hardware/uuid", 40 },
	{ "board_serial", MEMBER_TEXT, "/bios/msn", 120 },
	{ "asset_tag", MEMBER_TEXT, "/bios/assettag", 60 },
	{ "firmware", MEMBER_TEXT, "/bios/bversion", 120 },
	{ "firmware_date", MEMBER_TEXT, "/bios/bdate", 40 },
	{ "chassis", MEMBER_TEXT, "/hardware/chassis_type|/bios/type", 60 },
	{ "imei", MEMBER_TEXT, "/modems/imei|/simcards/imei", 20 },
	{ 0 },
};
static const struct member asked_members[] = { /* of a device that was asked over the network */
	{ "hostname", MEMBER_TEXT, "/name|/snmphostname|/dnshostname|/netbiosname", 0 },
	{ "maker", MEMBER_TEXT, "/manufacturer", 200 },
	{ "product", MEMBER_TEXT, "/model", 200 },
	{ "serial", MEMBER_TEXT, "/serial", 120 },
	{ "asset_tag", MEMBER_TEXT, "/assettag", 60 },
	{ "firmware", MEMBER_TEXT, "/firmware", 120 },
	{ "description", MEMBER_TEXT, "/description|/comments", 300 },
	{ "mac", MEMBER_TEXT, "/mac", 20 },
	{ "ip", MEMBER_TEXT, "/ip|/ips/ip|/ips", 60 },
	{ 0 },
};
static const struct member os_members[] = {
	{ "name", MEMBER_TEXT, "/operatingsystem/name|/hardware/osname", 200 },
	{ "version", MEMBER_TEXT, "/operatingsystem/version|/hardware/osversion", 120 },
	{ "title", MEMBER_TEXT, "/operatingsystem/full_name|/hardware/osname", 120 },
	{ "build", MEMBER_TEXT, "/operatingsystem/service_pack", 120 },
	{ "kernel", MEMBER_TEXT, "/operatingsystem/kernel_version", 200 },
	{ "architecture", MEMBER_TEXT, "/operatingsystem/arch|/hardware/arch|/cpus/cpuarch", 40 },
	{ 0 },
};
static const struct member memory_members[] = {
	{ "total", MEMBER_MEBIBYTES, "/hardware/memory", 0 }, { "swap", MEMBER_MEBIBYTES, "/hardware/swap", 0 }, { 0 },
};
static const struct member use_members[] = { { "last_user", MEMBER_TEXT, "/hardware/lastloggeduser|/users/login", 200 }, { 0 } };
static const struct member printer_members[] = {
	{ "pages", MEMBER_COUNT, "/pagecounters/total|/pagecounters/printtotal", 0 },
	{ "pages_colour", MEMBER_COUNT, "/pagecounters/color|/pagecounters/printcolor", 0 },
	{ 0 },
};
static const struct member disk_members[] = {
	{ "name", MEMBER_TEXT, "/name|/model|/description", 120 }, { "maker", MEMBER_TEXT, "/manufacturer", 120 },
	{ "product", MEMBER_TEXT, "/model", 200 },                 { "serial", MEMBER_TEXT, "/serial|/serialnumber", 120 },
	{ "firmware", MEMBER_TEXT, "/firmware", 60 },              { "size", MEMBER_MEGABYTES, "/disksize", 0 },
	{ 0 },
};
static const struct member drive_members[] = {
	{ "mount", MEMBER_TEXT, "/type|/letter|/volumn|/label", 500 }, { "source", MEMBER_TEXT, "/volumn", 500 },
	{ "type", MEMBER_TEXT, "/filesystem", 40 },                    { "uuid", MEMBER_TEXT, "/serial", 64 },
	{ "label", MEMBER_TEXT, "/label", 120 },                       { "size", MEMBER_MEBIBYTES, "/total", 0 },
	{ 0 },
};

#define MEBIBYTE (INT64_C(1) << 20)
#define MEGABYTE INT64_C(1000000)

void members_write(const struct member *m, const struct json *from, struct arena *arena, struct json_writer *w)
{
	for (; m->name; m++) {
		int64_t n, unit = m->type == MEMBER_MEBIBYTES ? MEBIBYTE : m->type == MEMBER_MEGABYTES ? MEGABYTE : 1;
		bool flag;
		struct str text = m->type == MEMBER_TEXT ? native_text(from, m->paths, m->most ? m->most : 300, arena) : STR_NONE;
		if (m->type == MEMBER_TEXT && text.len) {
			json_name(w, str_of(m->name));
			json_put_text(w, text);
		} else if (m->type == MEMBER_FLAG && native_bool(from, m->paths, &flag)) {
			json_name(w, str_of(m->name));
			json_put_bool(w, flag);
		} else if (m->type != MEMBER_TEXT && m->type != MEMBER_FLAG && native_number(from, m->paths, &n) &&
			   !__builtin_mul_overflow(n, unit, &n)) {
			json_name(w, str_of(m->name));
			json_put_int(w, n);
		}
	}
}

const char *word_find(const struct word *words, struct str s)
{
	for (; words->known; words++)
		if (str_eq_nocase(s, str_of(words->known)))
			return words->name;
	return NULL;
}

/* --- what it is ----------------------------------------------------------------------------------- */

static const struct word chassis_words[] = { /* SMBIOS 3.7, table 17, as agents spell it */
	{ "laptop", "laptop" }, { "notebook", "laptop" }, { "portable", "laptop" }, { "sub notebook", "laptop" },
	{ "convertible", "laptop" }, { "detachable", "laptop" }, { "hand held", "mobile" }, { "tablet", "tablet" },
	{ "desktop", "desktop" }, { "low profile desktop", "desktop" }, { "pizza box", "desktop" }, { "mini tower", "desktop" },
	{ "tower", "desktop" }, { "all in one", "desktop" }, { "space-saving", "desktop" }, { "mini pc", "desktop" },
	{ "stick pc", "desktop" }, { "lunch box", "desktop" }, { "rack mount chassis", "server" }, { "main server chassis", "server" },
	{ "main system chassis", "server" }, { "blade", "server" }, { "blade enclosure", "server" }, { "multi-system", "server" },
	{ "raid chassis", "storage" }, { 0 },
};
static const struct word type_words[] = {
	{ "networking", "network" }, { "printer", "printer" }, { "storage", "storage" }, { "power", "power" }, { "phone", "telephone" },
	{ "video", "camera" }, { "kvm", "peripheral" }, { "networkequipment", "network" }, { 0 },
};

/* Bare hardware, or what it runs in. */
static struct str machine_of(const struct native *n, struct arena *arena)
{
	struct str vm = native_text(n->content, "/hardware/vmsystem", 60, arena);
	return str_eq_nocase(vm, STR("Physical")) ? STR("") : vm;
}

static const char *class_of(const struct native *n, struct arena *arena)
{
	const char *found = word_find(type_words, n->info ? native_text(n->info, "/type", 40, arena) : STR(""));
	if (!found)
		found = word_find(type_words, n->item_type);
	if (found && !str_eq_nocase(n->item_type, STR("Phone")))
		return found;
	if (str_eq_nocase(n->item_type, STR("Phone")) || str_starts(n->device_id, STR("android-")))
		return "mobile";
	if (machine_of(n, arena).len)
		return "virtual";
	found = word_find(chassis_words, native_text(n->content, "/hardware/chassis_type|/bios/type", 60, arena));
	return found ? found : "other";
}

/* Android agents write what is no UUID where one belongs. */
static bool identity_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	struct str machine = machine_of(n, arena), secure = native_text(n->content, "/bios/secure_boot", 20, arena);
	json_object(w);
	if (n->info)
		members_write(asked_members, n->info, arena, w);
	else
		members_write(identity_members, n->content, arena, w);
	if (machine.len)
		json_member_text(w, "virtualisation", machine);
	if (str_is(secure, "enabled") || str_is(secure, "disabled"))
		json_member_bool(w, "secure_boot", str_is(secure, "enabled"));
	json_member_text(w, "class", str_of(class_of(n, arena)));
	json_object_end(w);
	return true;
}

/* --- sections that are tables ---------------------------------------------------------------------- */

static bool table_write(const struct member *m, const struct native *n, struct arena *arena, struct json_writer *w)
{
	size_t before;
	json_object(w);
	before = w->out->len;
	members_write(m, n->content, arena, w);
	bool any = w->out->len > before;
	json_object_end(w);
	return any;
}

static bool os_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	return !n->info && table_write(os_members, n, arena, w);
}

static bool memory_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	return !n->info && table_write(memory_members, n, arena, w);
}

static bool use_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	return !n->info && table_write(use_members, n, arena, w);
}

static bool printer_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	return table_write(printer_members, n, arena, w);
}

/* One entry a socket with FusionInventory and GLPI; OCS says how many sockets there are. */
static bool cpu_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	struct items cpus = native_items(n->content, "/cpus");
	int64_t sockets = 0, cores = 0, threads = 0, mhz = 0, m;
	if (!cpus.count || n->info)
		return false;
	for (size_t i = 0; i < cpus.count && i < 1024; i++) {
		sockets += native_number(&cpus.items[i], "/nbsocket", &m) && m < 4096 ? m : 1;
		cores += native_number(&cpus.items[i], "/core|/cores|/corecount", &m) && m < 65536 ? m : 1;
		threads += native_number(&cpus.items[i], "/logical_cpus|/thread|/threads", &m) && m < 65536 ? m : 1;
		if (native_number(&cpus.items[i], "/speed", &m) && m < 1000000 && m > mhz)
			mhz = m;
	}
	json_object(w);
	struct str model = native_text(&cpus.items[0], "/name|/type|/familyname", 200, arena);
	if (model.len)
		json_member_text(w, "model", model);
	json_member_int(w, "sockets", sockets);
	json_member_int(w, "cores", cores);
	json_member_int(w, "threads", threads < cores ? cores : threads);
	if (mhz)
		json_member_int(w, "mhz", mhz);
	json_object_end(w);
	return true;
}

/* --- lists ----------------------------------------------------------------------------------------- */

#define LIST_MOST 200

static const char *technology_of(const struct json *disk, struct arena *arena)
{
	struct str all = arena_format(arena, "%.*s %.*s", STR_ARG(native_text(disk, "/model|/description", 200, arena)),
				      STR_ARG(native_text(disk, "/name", 60, arena)));
	if (str_find_str(all, STR("NVMe")) >= 0 || str_find_str(all, STR("nvme")) >= 0)
		return "nvme";
	return str_find_str(all, STR("SSD")) >= 0 ? "ssd" : NULL;
}

static bool disks_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	struct items list = native_items(n->content, "/storages");
	if (!list.count)
		return false;
	json_object(w);
	json_name(w, STR("list"));
	json_list(w);
	for (size_t i = 0, kept = 0; i < list.count && kept < LIST_MOST; i++) {
		struct str type = native_text(&list.items[i], "/type", 60, arena), medium = native_text(&list.items[i], "/model|/description", 200, arena);
		const char *technology = technology_of(&list.items[i], arena);
		if (str_find_str(type, STR("cd")) >= 0 || str_find_str(medium, STR("DVD")) >= 0)
			continue; /* readers are no disks */
		json_object(w);
		members_write(disk_members, &list.items[i], arena, w);
		if (technology)
			json_member_text(w, "technology", str_of(technology));
		json_object_end(w);
		kept++;
	}
	json_list_end(w);
	json_object_end(w);
	return true;
}

/* What is free changes all the time; it is told in steps of a twentieth of the size, so that a section stays the same while nothing
 * has changed that anyone would act on. */
static void free_write(const struct json *drive, struct json_writer *w)
{
	int64_t size, left;
	if (!native_number(drive, "/free", &left) || !native_number(drive, "/total", &size) || left > size || size < 20 || size > INT64_MAX / MEBIBYTE)
		return;
	json_member_int(w, "free", (left / (size / 20)) * (size / 20) * MEBIBYTE);
}

static bool drives_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	struct items list = native_items(n->content, "/drives");
	if (!list.count || n->info)
		return false;
	json_object(w);
	json_name(w, STR("list"));
	json_list(w);
	for (size_t i = 0; i < list.count && i < LIST_MOST; i++) {
		struct str encrypted = native_text(&list.items[i], "/encrypt_status", 20, arena);
		json_object(w);
		members_write(drive_members, &list.items[i], arena, w);
		free_write(&list.items[i], w);
		if (encrypted.len)
			json_member_bool(w, "encrypted", str_eq_nocase(encrypted, STR("Yes")));
		json_object_end(w);
	}
	json_list_end(w);
	json_object_end(w);
	return true;
}

static const struct member component_members[] = {
	{ "name", MEMBER_TEXT, "/name|/description|/caption|/model|/designation", 200 },
	{ "maker", MEMBER_TEXT, "/manufacturer", 200 },
	{ "product", MEMBER_TEXT, "/model|/partnum", 200 },
	{ "serial", MEMBER_TEXT, "/serial|/serialnumber|/iccid", 120 },
	{ "firmware", MEMBER_TEXT, "/firmware|/version", 120 },
	{ 0 },
};
static const struct { /* what has a serial number of its own, by where a message tells of it */
	const char *path, *type;
} component_sections[] = {
	{ "/memories", "memory" }, { "/batteries", "battery" }, { "/monitors", "monitor" }, { "/powersupplies", "power" },
	{ "/simcards", "sim" }, { "/modems", "modem" }, { NULL, NULL },
};
static const struct word component_words[] = {
	{ "chassis", "chassis" }, { "stack", "chassis" }, { "module", "module" }, { "powersupply", "power" }, { "powerSupply", "power" },
	{ "fan", "fan" }, { "port", "transceiver" }, { "container", "module" }, { "cpu", "module" }, { 0 },
};
#define COMPONENTS_MOST 300

static size_t components_of(struct items list, const char *type, size_t already, struct arena *arena, struct json_writer *w)
{
	size_t kept = already;
	for (size_t i = 0; i < list.count && kept < COMPONENTS_MOST; i++) {
		const struct json *one = &list.items[i];
		if (!native_text(one, "/serial|/serialnumber|/iccid", 120, arena).len)
			continue;
		const char *known = type ? type : word_find(component_words, native_text(one, "/type", 40, arena));
		json_object(w);
		members_write(component_members, one, arena, w);
		json_member_text(w, "type", str_of(known ? known : "other"));
		json_object_end(w);
		kept++;
	}
	return kept;
}

static bool components_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	size_t kept = 0;
	json_object(w);
	json_name(w, STR("list"));
	json_list(w);
	for (size_t i = 0; component_sections[i].path; i++)
		kept = components_of(native_items(n->content, component_sections[i].path), component_sections[i].type, kept, arena, w);
	kept = components_of(n->components, NULL, kept, arena, w);
	json_list_end(w);
	json_object_end(w);
	return kept > 0;
}

/* {"tonerblack": "71", "drumcyan": "WARNING"}: a level where it is a number, else the words. */
static bool supplies_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	struct items list = native_items(n->content, "/cartridges");
	size_t kept = 0;
	json_object(w);
	json_name(w, STR("list"));
	json_list(w);
	for (size_t i = 0; i < list.count && list.items[i].type == JSON_OBJECT; i++)
		for (size_t k = 0; k < list.items[i].object.count && kept < LIST_MOST; k++, kept++) {
			const struct json_member *m = &list.items[i].object.members[k];
			struct str value = native_text(&m->value, "", 60, arena);
			int64_t level;
			json_object(w);
			json_member_text(w, "name", native_line(m->name, 120, arena));
			if (str_int(value, &level) && level >= 0 && level <= 100)
				json_member_int(w, "level", level);
			else if (value.len)
				json_member_text(w, "status", value);
			json_object_end(w);
		}
	json_list_end(w);
	json_object_end(w);
	return kept > 0;
}

/* --- the whole ------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	bool (*write)(const struct native *n, struct arena *arena, struct json_writer *w);
} sections[] = {
	{ "identity", identity_write }, { "os", os_write },           { "cpu", cpu_write },
	{ "memory", memory_write },     { "disks", disks_write },     { "filesystems", drives_write },
	{ "network", network_write },   { "packages", packages_write }, { "components", components_write },
	{ "supplies", supplies_write }, { "printer", printer_write }, { "use", use_write },
};
#define SECTIONS (sizeof sections / sizeof *sections)

static void head_write(const struct native *n, int64_t entity, char (*digests)[65], const struct str *texts, struct json_writer *w)
{
	json_member_int(w, "format", 1);
	json_member_text(w, "source", str_of(n->source));
	if (n->device_id.len)
		json_member_text(w, "source_id", n->device_id);
	if (n->discovery)
		json_member_bool(w, "discovery", true);
	if (entity)
		json_member_id(w, "entity", entity);
	json_name(w, STR("agent"));
	json_object(w);
	json_member_text(w, "name", str_of(n->source));
	if (n->version.len)
		json_member_text(w, "version", n->version);
	json_object_end(w);
	json_name(w, STR("digests"));
	json_object(w);
	for (size_t i = 0; i < SECTIONS; i++)
		if (texts[i].len) {
			json_name(w, str_of(sections[i].name));
			json_put_text(w, str_of(digests[i]));
		}
	json_object_end(w);
}

enum code inventory_report_write(const struct native *n, int64_t entity, struct arena *arena, struct buf *out, struct error *e)
{
	CLEAN_BUF struct buf section;
	struct str texts[SECTIONS] = { 0 };
	char digests[SECTIONS][65];
	struct json_writer w;
	for (size_t i = 0; i < SECTIONS; i++) {
		uint8_t digest[SHA256_SIZE];
		buf_init(&section, 0);
		json_writer_init(&w, &section);
		bool there = sections[i].write(n, arena, &w);
		if (!buf_ok(&section))
			return error_nomem(e);
		sha256(section.data, section.len, digest);
		hex_encode(digest, sizeof digest, digests[i]);
		texts[i] = there ? arena_copy(arena, buf_str(&section)) : STR_NONE;
		buf_done(&section);
		if (there && !texts[i].data)
			return error_nomem(e);
	}
	buf_init(&section, 0);
	json_writer_init(&w, out);
	json_object(&w);
	head_write(n, entity, digests, texts, &w);
	for (size_t i = 0; i < SECTIONS; i++)
		if (texts[i].len) {
			json_name(&w, str_of(sections[i].name));
			json_put_raw(&w, texts[i]);
		}
	json_object_end(&w);
	return buf_ok(out) ? OK : error_nomem(e);
}

/* Processor, memory, disks. Neighbours: identity.c for the machine as a whole, storage.c for file systems. */
#include "host.h"
#include "parse/parse.h"

bool write_cpu(struct host *h, struct json_writer *w, uint8_t digest[32], bool *ret_has_digest)
{
	struct cpuinfo cpu = { 0 };
	if (!cpuinfo_parse(host_file(h, "/proc/cpuinfo"), h->arena, &cpu)) {
		h->failed = true;
		return false;
	}
	/* the speed it is made for, in kHz; what cpuinfo shows is this moment's */
	int64_t most = host_int(h, "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
	if (!cpu.threads)
		return false;
	json_object(w);
	put_text(w, "model", host_clean(h, cpu.model, 200));
	put_text(w, "maker", host_clean(h, cpu.maker, 120));
	put_int(w, "sockets", cpu.sockets);
	put_int(w, "cores", cpu.cores);
	put_int(w, "threads", cpu.threads);
	put_int(w, "mhz", most > 0 ? most / 1000 : (cpu.mhz + 50) / 100 * 100); /* rounded: it sways */
	json_object_end(w);
	return true;
}

bool write_memory(struct host *h, struct json_writer *w, uint8_t digest[32], bool *ret_has_digest)
{
	struct meminfo m;
	meminfo_parse(host_file(h, "/proc/meminfo"), &m);
	if (m.total < 0)
		return false;
	json_object(w);
	put_int(w, "total", m.total);
	put_int(w, "swap", m.swap_total);
	json_object_end(w);
	return true;
}

/* --- disks ----------------------------------------------------------------------------------------- */

/* Names that are no drives: loops, memory, mappings, arrays, parts of a multipath. */
static bool is_drive(struct str name)
{
	static const char *const others[] = { "loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd", "drbd", "rbd", "zd" };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (str_starts(name, str_of(others[i])))
			return false;
	return str_find_str(name, STR("boot")) < 0; /* mmcblk0boot0 */
}

static const struct {
	const char *begins, *technology, *interface;
} drives[] = { { "nvme", "nvme", "pcie" },
	       { "vd", "virtual", "virtio" },
	       { "xvd", "virtual", "other" },
	       { "mmcblk", "flash", "emmc" } };

static void write_technology(struct host *h, struct json_writer *w, struct str disk)
{
	int64_t rotational = host_int(h, "/sys/block/%.*s/queue/rotational", STR_ARG(disk));
	for (size_t i = 0; i < sizeof drives / sizeof *drives; i++)
		if (str_starts(disk, str_of(drives[i].begins))) {
			put_text(w, "technology", str_of(drives[i].technology));
			put_text(w, "interface", str_of(drives[i].interface));
			return;
		}
	if (str_starts(disk, STR("sd")) || str_starts(disk, STR("hd")))
		put_text(w, "technology", rotational == 0 ? STR("ssd") : rotational == 1 ? STR("hdd") : STR("unknown"));
	/* libata's disks call themselves by this maker */
	if (str_is(host_text(h, "/sys/block/%.*s/device/vendor", STR_ARG(disk)), "ATA"))
		put_text(w, "interface", STR("sata"));
	if (rotational >= 0)
		json_member_bool(w, "rotational", rotational == 1);
}

static void write_disk(struct host *h, struct json_writer *w, struct str disk)
{
	int64_t sectors = host_int(h, "/sys/block/%.*s/size", STR_ARG(disk)); /* of 512 bytes, always */
	struct str maker = host_text(h, "/sys/block/%.*s/device/vendor", STR_ARG(disk));
	struct str serial = host_text(h, "/sys/block/%.*s/device/serial", STR_ARG(disk));
	if (!serial.len)
		serial = host_text(h, "/sys/block/%.*s/serial", STR_ARG(disk));
	json_object(w);
	put_text(w, "name", host_clean(h, disk, 120));
	if (!str_starts(maker, STR("0x")) && !str_is(maker, "ATA"))
		put_text(w, "maker", maker);
	put_text(w, "product", host_text(h, "/sys/block/%.*s/device/model", STR_ARG(disk)));
	put_text(w, "serial", serial);
	put_text(w, "firmware", host_text(h, "/sys/block/%.*s/device/firmware_rev", STR_ARG(disk)));
	put_int(w, "size", sectors > INT64_MAX / 512 ? -1 : sectors < 0 ? -1 : sectors * 512);
	write_technology(h, w, disk);
	put_true(w, "removable", host_int(h, "/sys/block/%.*s/removable", STR_ARG(disk)) == 1);
	json_object_end(w);
}

bool write_disks(struct host *h, struct json_writer *w, uint8_t digest[32], bool *ret_has_digest)
{
	struct host_names names = host_list(h, "/sys/block");
	size_t written = 0;
	json_object(w);
	json_name(w, STR("list"));
	json_list(w);
	for (size_t i = 0; i < names.count && written < LIST_MOST; i++) {
		/* a reader without a card has no size */
		if (!is_drive(names.items[i]) || host_int(h, "/sys/block/%.*s/size", STR_ARG(names.items[i])) <= 0)
			continue;
		write_disk(h, w, names.items[i]);
		written++;
	}
	json_list_end(w);
	json_object_end(w);
	return written > 0;
}

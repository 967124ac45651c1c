/* File systems as they are mounted: size, use, and whether what they lie on is encrypted.
 * Neighbours: parse/mounts.c reads the table, hardware.c has the disks beneath. */
#include "host.h"
#include "parse/parse.h"
#include <sys/statvfs.h>

/* Types that hold files of people or programs. All others are the kernel's own or memory. */
static const char *const local_types[] = { "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "vfat",
					   "exfat", "ntfs", "ntfs3", "hfsplus", "bcachefs", "ufs", "overlay", "fuseblk" };
static const char *const network_types[] = { "nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "afs", "9p", "fuse.sshfs",
					     "fuse.glusterfs", "lustre", "gpfs" };

static bool is_one_of(struct str type, const char *const *types, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(type, types[i]))
			return true;
	return false;
}
#define ONE_OF(type, types) is_one_of(type, types, sizeof(types) / sizeof *(types))

/* A mapping made by cryptsetup, or one that lies on such a mapping. */
static bool is_encrypted(struct host *h, struct str device, unsigned depth)
{
	if (str_starts(host_text(h, "/sys/class/block/%.*s/dm/uuid", STR_ARG(device)), STR("CRYPT-")))
		return true;
	struct host_names below = host_list(h, "/sys/class/block/%.*s/slaves", STR_ARG(device));
	for (size_t i = 0; depth < 8 && i < below.count; i++)
		if (is_encrypted(h, below.items[i], depth + 1))
			return true;
	return false;
}

/* "/dev/mapper/root" is a link to "../dm-0". */
static struct str device_of(struct host *h, struct str source)
{
	struct str target = host_link(h, "%.*s", STR_ARG(source)), part = STR_NONE;
	if (target.len)
		return target;
	while (str_cut(&source, '/', &part))
		;
	return part;
}

/* The name in /dev/disk/by-uuid (or by-label) of the link that leads to the device. */
static struct str name_by(struct host *h, const char *folder, struct str device)
{
	struct host_names names = host_list(h, "/dev/disk/%s", folder);
	for (size_t i = 0; i < names.count; i++)
		if (str_eq(host_link(h, "/dev/disk/%s/%.*s", folder, STR_ARG(names.items[i])), device))
			return names.items[i];
	return STR_NONE;
}

static void write_space(struct host *h, struct json_writer *w, const struct mount *m)
{
	struct statvfs s;
	const char *at = host_path(h, "%.*s", STR_ARG(m->at));
	if (!at || statvfs(at, &s) != 0)
		return;
	int64_t unit = (int64_t)(s.f_frsize ? s.f_frsize : s.f_bsize), size, used;
	if (__builtin_mul_overflow(unit, (int64_t)s.f_blocks, &size) ||
	    __builtin_mul_overflow(unit, (int64_t)(s.f_blocks - s.f_bfree), &used))
		return;
	put_int(w, "size", size);
	put_int(w, "used", used);
	put_int(w, "free", (int64_t)s.f_bavail * unit); /* what is left for ordinary users */
}

static void write_filesystem(struct host *h, struct json_writer *w, const struct mount *m, bool network)
{
	struct str device = device_of(h, m->source);
	bool block = str_starts(m->source, STR("/dev/"));
	json_object(w);
	put_text(w, "mount", host_clean(h, m->at, 500));
	put_text(w, "source", host_clean(h, m->source, 500));
	put_text(w, "type", host_clean(h, m->type, 40));
	if (!network) /* asking a server that is gone would hang the agent */
		write_space(h, w, m);
	if (block) {
		put_text(w, "uuid", host_clean(h, name_by(h, "by-uuid", device), 64));
		put_text(w, "label", host_clean(h, name_by(h, "by-label", device), 120));
		json_member_bool(w, "encrypted", is_encrypted(h, device, 0));
	}
	put_true(w, "network", network);
	put_true(w, "read_only", m->read_only);
	json_object_end(w);
}

/* Bind mounts show a device again; the first place it is mounted at counts. */
static bool seen_before(const struct str *sources, size_t count, struct str source)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(sources[i], source))
			return true;
	return false;
}

bool write_filesystems(struct host *h, struct json_writer *w, uint8_t digest[32], bool *ret_has_digest)
{
	struct str rest = host_file(h, "/proc/self/mounts");
	struct str *sources = ARENA_ARRAY(h->arena, LIST_MOST, struct str);
	struct mount m;
	size_t count = 0;
	h->failed |= !sources;
	json_object(w);
	json_name(w, STR("list"));
	json_list(w);
	while (sources && count < LIST_MOST && mount_next(&rest, h->arena, &m)) {
		bool network = ONE_OF(m.type, network_types);
		bool overlay = str_is(m.type, "overlay") && !str_is(m.at, "/"); /* layers of containers */
		if (overlay || (!network && !ONE_OF(m.type, local_types)) || seen_before(sources, count, m.source))
			continue;
		sources[count++] = m.source;
		write_filesystem(h, w, &m, network);
	}
	json_list_end(w);
	json_object_end(w);
	return count > 0;
}

/* Taking stock of trees of files whose every fact is known, of nothing at all, and of this machine.
 *
 * A fixture is one text: "=== PATH" begins a file, the lines up to the next such line are its content; "=== PATH ->TARGET"
 * is a link. It is unpacked into a temporary folder. */
#include "agent/agent.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "parse/parse.h"
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utmp.h>
#include <cmocka.h>

#define NOW (INT64_C(1732370400) * SECOND) /* 2024-11-23T14:00:00Z */
static int64_t fixed_now(void *data)
{
	return NOW;
}
static const struct clock fixed = { fixed_now, NULL };

struct ground { /* what the tests stand on */
	struct arena *arena;
	const char *fixtures;
	struct str root;
};
static struct ground ground;

/* --- fixtures -------------------------------------------------------------------------------------- */

static struct str at_root(struct str path)
{
	return arena_format(ground.arena, "%.*s%.*s", STR_ARG(ground.root), STR_ARG(path));
}

static void make_folder_of(struct str path)
{
	size_t len = path.len;
	while (len > 1 && path.data[len - 1] != '/')
		len--;
	assert_int_equal(folder_make(arena_copy(ground.arena, str_slice(path, 0, len - 1)), 0700, NULL), OK);
}

static void put_file(struct str path, struct str content)
{
	struct str target = path;
	int64_t arrow = str_find_str(path, STR(" ->"));
	path = at_root(arrow >= 0 ? str_slice(path, 0, (size_t)arrow) : path);
	make_folder_of(path);
	if (arrow >= 0)
		assert_int_equal(symlink(str_slice(target, (size_t)arrow + 3, target.len).data, path.data), 0);
	else
		assert_int_equal(file_replace(path, content, 0600, NULL), OK);
}

static void unpack(const char *name)
{
	struct str text, line, path = STR_NONE;
	assert_int_equal(file_read(ground.arena, arena_format(ground.arena, "%s/%s.txt", ground.fixtures, name), 1 << 20, &text, NULL), OK);
	const char *start = text.data;
	while (line_next(&text, &line)) {
		if (!str_starts(line, STR("=== ")) && text.data)
			continue;
		if (path.data)
			put_file(arena_copy(ground.arena, path), (struct str){ start, (size_t)(line.data - start) });
		path = str_slice(line, 4, line.len);
		start = line.data + line.len + 1;
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

static int set_up(void **state)
{
	char name[] = "/tmp/mandate-agent-XXXXXX";
	ground.arena = arena_new((size_t)1 << 30);
	if (!ground.arena || !mkdtemp(name))
		return -1;
	ground.root = arena_copy(ground.arena, str_of(name));
	return 0;
}

static int tear_down(void **state)
{
	nftw(ground.root.data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(ground.arena);
	return 0;
}

static const struct json *collect(const struct agent_options *o)
{
	CLEAN_BUF struct buf b;
	const struct json *report;
	buf_init(&b, 0);
	assert_int_equal(agent_collect(o, &b, NULL), OK);
	assert_true(utf8_valid(buf_str(&b)));
	assert_int_equal(json_parse(ground.arena, buf_str(&b), NULL, &report, NULL), OK);
	return report;
}

struct fact {
	const char *at, *text; /* NULL: it must not be there */
	int64_t number;        /* when text is "#" */
};

static void check(const struct json *report, const struct fact *facts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct json *j = json_at(report, str_of(facts[i].at));
		const char *text = facts[i].text;
		bool good = !text ? !j
				  : j && (strcmp(text, "#") == 0 ? j->type == JSON_INT && j->integer == facts[i].number
					  : strcmp(text, "true") == 0	? j->type == JSON_BOOL && j->boolean
					  : strcmp(text, "false") == 0	? j->type == JSON_BOOL && !j->boolean
									: j->type == JSON_TEXT && str_is(j->text, text));
		if (!good)
			fail_msg("%s is %.*s", facts[i].at, j && j->type == JSON_TEXT ? (int)j->text.len : 12,
				 !j ? "not there   " : j->type == JSON_TEXT ? j->text.data : "another type");
	}
}

/* --- a laptop -------------------------------------------------------------------------------------- */

static void add_login(struct buf *b, short type, const char *line, const char *user, int64_t time)
{
	struct utmp u = { .ut_type = type };
	memcpy(u.ut_line, line, strlen(line));
	memcpy(u.ut_user, user, strlen(user));
	u.ut_tv.tv_sec = (int32_t)(time / SECOND);
	buf_add(b, &u, sizeof u);
}

static void put_logins(void)
{
	CLEAN_BUF struct buf older;
	CLEAN_BUF struct buf newer;
	buf_init(&older, 0);
	buf_init(&newer, 0);
	add_login(&older, BOOT_TIME, "~", "reboot", NOW - 20 * DAY);
	add_login(&older, USER_PROCESS, ":0", "gdm", NOW - 20 * DAY); /* the greeter is nobody */
	add_login(&older, USER_PROCESS, "tty2", "ana", NOW - 10 * DAY);
	add_login(&newer, DEAD_PROCESS, "tty2", "", NOW - 10 * DAY + 3 * 3600 * SECOND); /* in the next file */
	add_login(&newer, USER_PROCESS, "pts/0", "directory-user", NOW - 3600 * SECOND);
	put_file(STR("/var/log/wtmp.1"), buf_str(&older));
	put_file(STR("/var/log/wtmp"), buf_str(&newer));
	char lastlog[LASTLOG_SIZE] = { 0 };
	uint32_t when = (uint32_t)(NOW / SECOND - 86400);
	memcpy(lastlog, &when, sizeof when);
	put_file(STR("/var/log/lastlog"), (struct str){ lastlog, sizeof lastlog }); /* root's alone */
}

static const struct fact laptop[] = {
	{ "/format", "#", 1 },
	{ "/taken", "2024-11-23T14:00:00Z" },
	{ "/agent/version", AGENT_VERSION },
	{ "/identity/machine_id", "0123456789abcdef0123456789abcdef" },
	{ "/identity/hostname", "lt-0042" },
	{ "/identity/maker", "LENOVO" },
	{ "/identity/serial", "PF3ABCDE" },
	{ "/identity/uuid", "4c4c4544-0042-3510-8052-b4c04f4d5332" },
	{ "/identity/asset_tag", NULL }, /* fillers are no facts */
	{ "/identity/chassis_serial", NULL },
	{ "/identity/board_serial", NULL },
	{ "/identity/chassis", "Notebook" },
	{ "/identity/class", "laptop" },
	{ "/identity/virtualisation", NULL },
	{ "/os/id", "debian" },
	{ "/os/version", "12.8" },
	{ "/os/codename", "bookworm" },
	{ "/os/kernel", "6.1.0-28-amd64" },
	{ "/os/architecture", "x86_64" },
	{ "/os/time_zone", "Africa/Nairobi" },
	{ "/cpu/model", "11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz" },
	{ "/cpu/cores", "#", 1 },
	{ "/cpu/threads", "#", 2 },
	{ "/cpu/mhz", "#", 4700 },
	{ "/memory/total", "#", INT64_C(16014280) * 1024 },
	{ "/disks/list/0/name", "nvme0n1" },
	{ "/disks/list/0/product", "SAMSUNG MZVLB512HBJQ-000L7" },
	{ "/disks/list/0/serial", "S4ENNX0R123456" },
	{ "/disks/list/0/size", "#", INT64_C(1000215216) * 512 },
	{ "/disks/list/0/technology", "nvme" },
	{ "/disks/list/1", NULL }, /* an empty reader, a loop and a mapping are no disks */
	{ "/filesystems/list/0/mount", "/" },
	{ "/filesystems/list/0/encrypted", "true" }, /* a volume on an encrypted one */
	{ "/filesystems/list/0/uuid", "11111111-2222-3333-4444-555555555555" },
	{ "/filesystems/list/1/mount", "/boot/efi" },
	{ "/filesystems/list/1/encrypted", "false" },
	{ "/filesystems/list/1/label", "EFI" },
	{ "/filesystems/list/2/mount", "/net/home dirs" },
	{ "/filesystems/list/2/network", "true" },
	{ "/filesystems/list/2/size", NULL }, /* a server is not asked */
	{ "/filesystems/list/3", NULL },
	{ "/network/gateway", "192.168.0.1" },
	{ "/network/interfaces/0/name", "enp0s31f6" },
	{ "/network/interfaces/0/type", "ethernet" },
	{ "/network/interfaces/0/up", "false" },
	{ "/network/interfaces/0/speed", NULL },
	{ "/network/interfaces/1/name", "lo" },
	{ "/network/interfaces/1/mac", NULL },
	{ "/network/interfaces/2/type", "wifi" },
	{ "/network/interfaces/2/mac", "a4:b1:c1:00:11:22" },
	{ "/network/interfaces/2/mtu", "#", 1500 },
	{ "/network/interfaces/2/driver", "iwlwifi" },
	{ "/network/interfaces/3", NULL }, /* not the container's end of a pair */
	{ "/packages/format", "deb" },
	{ "/packages/list/0/0", "bash" },
	{ "/packages/list/0/1", "5.2.15-2+b7" },
	{ "/packages/list/0/2", "amd64" },
	{ "/packages/list/0/3", "Matthias Klose" },
	{ "/packages/list/0/4", "bash" },
	{ "/packages/list/0/5", "5.2.15-2" },
	{ "/packages/list/1/0", "zlib1g" },
	{ "/packages/list/1/4", "zlib" },
	{ "/packages/list/2", NULL },
	{ "/users/list/0/name", "root" },
	{ "/users/list/0/last_logon", "2024-11-22T14:00:00Z" },
	{ "/users/list/1/name", "ana" },
	{ "/users/list/1/uid", "#", 1000 },
	{ "/users/list/1/can_log_in", "true" },
	{ "/users/list/1/last_logon", "2024-11-13T14:00:00Z" },
	{ "/users/list/2", NULL },
	{ "/use/days/0/0", "2024-11-13" },
	{ "/use/days/0/1", "#", 180 },
	{ "/use/days/1/0", "2024-11-23" },
	{ "/use/days/1/1", "#", 60 },
	{ "/use/days/2", NULL },
	{ "/use/days_known", "#", 21 },
	{ "/use/days_in_use", "#", 2 },
	{ "/use/minutes_per_day", "#", 240 / 21 },
	{ "/use/last_user", "directory-user" },
	{ "/use/known_from", "2024-11-03T14:00:00Z" },
	{ "/state/uptime", "#", 86400 },
	{ "/state/booted", "2024-11-22T14:00:00Z" },
	{ "/state/battery_health", "#", 60 },
	{ "/state/restart_required", "true" },
};

static void laptop_test(void **state)
{
	unpack("laptop");
	put_logins();
	const struct json *report = collect(&(struct agent_options){ .root = ground.root, .clock = &fixed });
	check(report, laptop, sizeof laptop / sizeof *laptop);
	assert_int_equal(json_text(report, STR("id")).len, 32);
	assert_true(json_at(report, STR("/state/load/2"))->type == JSON_REAL || json_at(report, STR("/state/load/2"))->integer == 10);
	assert_non_null(json_at(report, STR("/filesystems/list/0/size")));
	/* the digest of packages is defined over the list, as docs/inventory-report.md says */
	static const char list[] = "deb\nbash\t5.2.15-2+b7\tamd64\tMatthias Klose\nzlib1g\t1:1.2.13.dfsg-1\tamd64\tMark Brown\n";
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	sha256(list, sizeof list - 1, digest);
	hex_encode(digest, sizeof digest, hex);
	assert_true(str_is(json_at(report, STR("/digests/packages"))->text, hex));
}

/* --- a board, and nothing -------------------------------------------------------------------------- */

static const struct fact board[] = {
	{ "/identity/hostname", "caf\xc3\xa9\xef\xbf\xbd kiosk" }, /* bad bytes are marked, controls are blanks */
	{ "/identity/product", "Raspberry Pi 4 Model B Rev 1.4" },
	{ "/identity/serial", "10000000abcdef01" },
	{ "/identity/virtualisation", "podman" },
	{ "/identity/class", "virtual" },
	{ "/os/id", "fedora" },
	{ "/os/name", "Fedora Linux" },
	{ "/os/version", "41" },
	{ "/cpu/cores", "#", 2 },
	{ "/memory", NULL },
	{ "/digests/memory", NULL },
	{ "/disks/list/0/name", "mmcblk0" },
	{ "/disks/list/0/technology", "flash" },
	{ "/disks/list/1/name", "sda" },
	{ "/disks/list/1/technology", "hdd" },
	{ "/disks/list/1/rotational", "true" },
	{ "/disks/list/1/interface", "sata" },
	{ "/disks/list/1/maker", NULL },
	{ "/disks/list/2", NULL },
	{ "/packages/format", "rpm" },
	{ "/packages/list/0/0", "bash" },
	{ "/packages/list/1/0", "glibc" },
	{ "/packages/list/1/1", "1:2.40-3.fc41" },
	{ "/packages/list/2", NULL },
	{ "/users", NULL },
	{ "/use", NULL }, /* not known is not "none" */
};

static void board_test(void **state)
{
	static const char script[] =
		"#!/bin/sh\n[ \"$1 $2\" = '-qa --qf' ] || exit 1\n"
		"printf 'glibc\\t1\\t2.40-3.fc41\\taarch64\\tFedora Project\\tglibc-2.40-3.fc41.src.rpm\\n'\n"
		"printf 'glibc\\t1\\t2.40-3.fc41\\taarch64\\tFedora Project\\tglibc-2.40-3.fc41.src.rpm\\n'\n"
		"printf 'bash\\t0\\t5.2.32-1.fc41\\taarch64\\tFedora Project\\tbash-5.2.32-1.fc41.src.rpm\\n'\n";
	unpack("board");
	put_file(STR("/bin/rpm"), str_of(script));
	struct str rpm = at_root(STR("/bin/rpm"));
	assert_int_equal(chmod(rpm.data, 0700), 0);
	const struct json *report = collect(&(struct agent_options){ .root = ground.root, .clock = &fixed, .rpm = rpm });
	check(report, board, sizeof board / sizeof *board);
	/* a program that fails gives no packages rather than some */
	put_file(STR("/bin/rpm"), STR("#!/bin/sh\nprintf 'a\\t0\\t1\\tx\\tV\\t\\n'\nexit 1\n"));
	chmod(rpm.data, 0700);
	report = collect(&(struct agent_options){ .root = ground.root, .clock = &fixed, .rpm = rpm });
	assert_null(json_at(report, STR("/packages")));
}

static void nothing_test(void **state)
{
	const struct json *report = collect(&(struct agent_options){ .root = ground.root, .clock = &fixed });
	assert_non_null(json_at(report, STR("/identity")));
	assert_null(json_at(report, STR("/identity/serial")));
	assert_null(json_at(report, STR("/packages")));
	assert_null(json_at(report, STR("/cpu")));
}

/* Files of noise everywhere: a report comes out, and it is JSON. */
static void noise_test(void **state)
{
	static const char *const paths[] = { "/etc/os-release",	 "/proc/cpuinfo",  "/proc/meminfo", "/proc/self/mounts", "/proc/net/route",
					     "/proc/uptime",	 "/proc/loadavg",  "/etc/passwd",   "/var/log/wtmp",	 "/var/log/lastlog",
					     "/var/lib/dpkg/status", "/etc/machine-id", "/sys/class/dmi/id/chassis_type",
					     "/sys/class/dmi/id/product_serial", "/sys/block/sda/size", "/sys/class/net/eth0/type" };
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct random_seeded r;
		char noise[3000];
		random_seed(&r, seed);
		for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
			for (size_t n = 0; n < sizeof noise; n++)
				noise[n] = (char)(random_below(&r, 3) ? random_below(&r, 256) : (uint64_t)"\n:= \t\"0"[random_below(&r, 7)]);
			put_file(str_of(paths[i]), (struct str){ noise, random_below(&r, sizeof noise) });
		}
		collect(&(struct agent_options){ .root = ground.root, .clock = &fixed });
	}
}

/* --- this machine ---------------------------------------------------------------------------------- */

static void here_test(void **state)
{
	const struct json *report = collect(&(struct agent_options){ 0 }), *again = collect(&(struct agent_options){ 0 });
	static const char *const there[] = { "/identity/class", "/identity/hostname", "/os/kernel",   "/cpu/threads",
					     "/memory/total",	"/state/uptime",      "/digests/os", "/network/interfaces/0/name" };
	static const char *const steady[] = { "/digests/identity", "/digests/os", "/digests/cpu", "/digests/memory", "/digests/disks",
					      "/digests/packages", "/digests/users" };
	for (size_t i = 0; i < sizeof there / sizeof *there; i++)
		/* a container may have no /sys, and then nothing is known of the network */
		if (!json_at(report, str_of(there[i])) && (strncmp(there[i], "/network", 8) != 0 || file_exists(STR("/sys/class/net"))))
			fail_msg("no %s", there[i]);
	for (size_t i = 0; i < sizeof steady / sizeof *steady; i++) {
		const struct json *one = json_at(report, str_of(steady[i])), *two = json_at(again, str_of(steady[i]));
		if ((one != NULL) != (two != NULL) || (one && !json_equal(one, two)))
			fail_msg("%s changed from one moment to the next", steady[i]);
	}
	if (file_exists(STR("/var/lib/dpkg/status")))
		assert_true(json_at(report, STR("/packages/list"))->list.count > 50);
}

/* Every allocation fails in turn: an honest error, or the whole report. */
static void torture_test(void **state)
{
	unpack("laptop");
	put_logins();
	bool done = false;
	for (int64_t n = 0; !done; n++) {
		CLEAN_BUF struct buf b;
		buf_init(&b, 0);
		mem_fail_at(n);
		enum code code = agent_collect(&(struct agent_options){ .root = ground.root, .clock = &fixed }, &b, NULL);
		done = mem_fail_left() >= 0;
		mem_fail_at(-1);
		if (code != (done ? OK : E_NOMEM))
			fail_msg("allocation %d", (int)n);
		const struct json *report;
		CLEAN_ARENA struct arena *arena = arena_new(0);
		if (code == OK)
			assert_int_equal(json_parse(arena, buf_str(&b), NULL, &report, NULL), OK);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(laptop_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(board_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(noise_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(here_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(torture_test, set_up, tear_down),
	};
	if (argc < 2 || crypto_init(NULL) != OK)
		return 1;
	ground.fixtures = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

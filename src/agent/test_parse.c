/* The parsers of the agent: what hosts really write, what they might, and what nobody should. */
#include "base/arena.h"
#include "base/clock.h"
#include "parse/parse.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utmp.h>
#include <cmocka.h>

static struct arena *arena;

static void same(const char *what, struct str is, const char *want)
{
	if (!str_is(is, want))
		fail_msg("%s: \"%.*s\", not \"%s\"", what, STR_ARG(is), want);
}

static void os_release_test(void **state)
{
	const struct {
		const char *text, *id, *name, *version;
	} cases[] = {
		{ "ID=debian\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n", "debian", "Debian GNU/Linux", "12" },
		{ "", "", "", "" },
		{ "ID=arch", "arch", "", "" },
		{ "# ID=no\n\n  ID='rocky'\r\nNAME=Rocky\\ Linux\r\n", "rocky", "Rocky Linux", "" },
		{ "NAME=\"a \\\"b\\\" \\$c\"\nVERSION_ID='a\\b'\n", "", "a \"b\" $c", "a\\b" },
		{ "ID=one\nID=two\n", "two", "", "" },
		{ "ID", "", "", "" },
		{ "=x\nID=\"open\nNAME=", "open", "", "" },
		{ "ID=x\\", "x\\", "", "" },
		{ "MY_ID=x\nID_LIKE=y\n", "", "", "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct os_release os;
		assert_true(os_release_parse(str_of(cases[i].text), arena, &os));
		same(cases[i].text, os.id, cases[i].id);
		same(cases[i].text, os.name, cases[i].name);
		same(cases[i].text, os.version, cases[i].version);
	}
	CLEAN_ARENA struct arena *small = arena_new(1);
	struct os_release os;
	assert_false(os_release_parse(STR("NAME=0123456789012345678901234567890123456789"), small, &os));
}

static void meminfo_test(void **state)
{
	const struct {
		const char *text;
		int64_t total, available, swap;
	} cases[] = {
		{ "MemTotal:       24684096 kB\nMemFree: 1 kB\nMemAvailable:   5 kB\nSwapTotal: 0 kB\n", 25276514304, 5120, 0 },
		{ "", -1, -1, -1 },
		{ "MemTotal: 17\n", 17, -1, -1 },
		{ "MemTotal: -17 kB\nSwapTotal: x kB\n", -1, -1, -1 },
		{ "MemTotal: 9223372036854775807 kB\n", -1, -1, -1 },
		{ "MemTotal:\nMemTotal", -1, -1, -1 },
		{ "MemTotal: kB\n kB: 4", -1, -1, -1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct meminfo m;
		meminfo_parse(str_of(cases[i].text), &m);
		if (m.total != cases[i].total || m.available != cases[i].available || m.swap_total != cases[i].swap)
			fail_msg("%s", cases[i].text);
	}
}

#define THREAD(n, socket, core) "processor\t: " #n "\nmodel name\t: Some CPU\nphysical id\t: " #socket "\ncore id\t\t: " #core "\n"
static void cpuinfo_test(void **state)
{
	const struct {
		const char *text, *model, *maker;
		int64_t sockets, cores, threads, mhz;
		bool hypervisor;
	} cases[] = {
		{ "", "", "", 0, 0, 0, -1, false },
		{ THREAD(0, 0, 0) THREAD(1, 0, 1) THREAD(2, 0, 0) THREAD(3, 0, 1), "Some CPU", "", 1, 2, 4, -1, false },
		{ THREAD(0, 0, 0) THREAD(1, 1, 0) THREAD(2, 0, 4) THREAD(3, 1, 4), "Some CPU", "", 2, 4, 4, -1, false },
		{ "vendor_id : AuthenticAMD\nprocessor : 0\ncpu MHz : 2596.146\nflags : fpu hypervisor lm\n\nprocessor : 1\ncpu MHz : 3000.9\n",
		  "", "AuthenticAMD", 1, 2, 2, 3000, true },
		/* a board: no sockets told, one name at the end */
		{ "processor\t: 0\nBogoMIPS\t: 38.40\nprocessor\t: 1\n\nHardware\t: BCM2711\nModel\t\t: Raspberry Pi 4\n", "BCM2711", "", 1, 2, 2,
		  -1, false },
		{ "flags : nohypervisors\nprocessor: 0", "", "", 1, 1, 1, -1, false },
		{ "processor\t: 0\ncore id : -5\nphysical id: 99999999999999999999\ncpu MHz : nan\n", "", "", 1, 1, 1, -1, false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cpuinfo c;
		assert_true(cpuinfo_parse(str_of(cases[i].text), arena, &c));
		same(cases[i].text, c.model, cases[i].model);
		same(cases[i].text, c.maker, cases[i].maker);
		if (c.sockets != cases[i].sockets || c.cores != cases[i].cores || c.threads != cases[i].threads || c.mhz != cases[i].mhz ||
		    c.hypervisor != cases[i].hypervisor)
			fail_msg("%s: %d sockets, %d cores", cases[i].text, (int)c.sockets, (int)c.cores);
	}
}

static const char *told(const struct package *p)
{
	return arena_format(arena, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s", STR_ARG(p->name), STR_ARG(p->version), STR_ARG(p->architecture),
			    STR_ARG(p->publisher), STR_ARG(p->source), STR_ARG(p->source_version))
		.data;
}

#define HEAD "Package: a\nStatus: install ok installed\nVersion: 1\n"
static void dpkg_test(void **state)
{
	const struct {
		const char *text, *want[3];
	} cases[] = {
		{ HEAD "Architecture: all\nMaintainer: The Team <team@example.org>\n", { "a|1|all|The Team||" } },
		{ "Package: b\nStatus: deinstall ok config-files\nVersion: 1\n\n" HEAD, { "a|1||||" } },
		{ "Package: b\nStatus: install ok half-installed\nVersion: 1\n", { 0 } },
		{ "Package: b\nStatus: hold ok installed\nVersion: 2:1~rc-3\nSource: src\n", { "b|2:1~rc-3|||src|2:1~rc-3" } },
		{ HEAD "Source: src (9:8-7)\n", { "a|1|||src|9:8-7" } },
		{ HEAD "Source: src (9\n", { "a|1|||src|9" } },
		{ "\n\n\n" HEAD "\n\n" HEAD, { "a|1||||", "a|1||||" } },
		{ HEAD "Description: x\n Version: 7\n\tPackage: c\n .\n", { "a|1||||" } },
		{ "package: a\nSTATUS: install ok installed\nversion: 1\n", { "a|1||||" } },
		{ "Status: install ok installed\nVersion: 1\n", { 0 } },
		{ "Package: a\nStatus: install ok installed\n", { 0 } },
		{ "Package\nStatus\nVersion\n", { 0 } },
		{ "", { 0 } },
		{ HEAD "Maintainer: <only@mail>\n", { "a|1||||" } },
		{ HEAD "Maintainer: No Mail", { "a|1||No Mail||" } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str rest = str_of(cases[i].text);
		struct package p;
		size_t n = 0;
		for (; dpkg_next(&rest, &p); n++)
			if (n >= 3 || !cases[i].want[n] || strcmp(told(&p), cases[i].want[n]) != 0)
				fail_msg("%s: %s", cases[i].text, told(&p));
		assert_true(n == 3 || !cases[i].want[n]);
	}
}

static void rpm_test(void **state)
{
	const struct {
		const char *text, *want[3];
	} cases[] = {
		{ "bash\t0\t5.2-3.el9\tx86_64\tRocky\tbash-5.2-3.el9.src.rpm\n", { "bash|5.2-3.el9|x86_64|Rocky|bash|5.2-3.el9" } },
		{ "a\t1\t2-3\tnoarch\t(none)\t(none)\nb\t\t2-3\tnoarch\t\t\n", { "a|1:2-3|noarch|||", "b|2-3|noarch|||" } },
		{ "gpg-pubkey\t0\t1-2\t(none)\t(none)\t(none)\n", { 0 } },
		{ "a\t0\t1\n\n\t\t\t\t\t\n", { 0 } },
		{ "my-lib\t0\t1-1\tx\tV\tmy-src-lib-1.0-1.nosrc.rpm", { "my-lib|1-1|x|V|my-src-lib|1.0-1" } },
		{ "a\t0\t1-1\tx\tV\tnodash", { "a|1-1|x|V||" } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str rest = str_of(cases[i].text);
		struct package p;
		size_t n = 0;
		for (; rpm_next(&rest, arena, &p); n++)
			if (n >= 3 || !cases[i].want[n] || strcmp(told(&p), cases[i].want[n]) != 0)
				fail_msg("%s: %s", cases[i].text, told(&p));
		assert_true(n == 3 || !cases[i].want[n]);
	}
}

static void login_test(void **state)
{
	struct utmp records[5] = { 0 };
	const enum login_type want[5] = { LOGIN_BEGIN, LOGIN_END, LOGIN_BOOT, LOGIN_SHUTDOWN, LOGIN_END };
	records[0].ut_type = USER_PROCESS;
	memset(records[0].ut_line, 'l', sizeof records[0].ut_line); /* full: no NUL at the end */
	memset(records[0].ut_user, 'u', sizeof records[0].ut_user);
	records[0].ut_tv.tv_sec = (int32_t)4000000000; /* after 2038 */
	records[0].ut_tv.tv_usec = 250000;
	records[1].ut_type = DEAD_PROCESS;
	records[1].ut_tv.tv_usec = -1; /* nonsense is left out */
	records[2].ut_type = BOOT_TIME;
	records[3].ut_type = RUN_LVL;
	snprintf(records[3].ut_user, sizeof records[3].ut_user, "shutdown");
	records[4].ut_type = USER_PROCESS; /* nobody's session */
	struct str rest = { (const char *)records, sizeof records };
	struct login l;
	for (size_t i = 0; i < 5; i++) {
		assert_true(login_next(&rest, &l));
		assert_int_equal(l.type, want[i]);
		if (i == 0) {
			assert_int_equal(l.line.len, sizeof records[0].ut_line);
			assert_int_equal(l.user.len, sizeof records[0].ut_user);
			assert_int_equal(l.time, 4000000000 * SECOND + 250000);
		}
	}
	assert_false(login_next(&rest, &l));
	rest = (struct str){ (const char *)records, sizeof *records - 1 };
	assert_false(login_next(&rest, &l));
	unsigned char record[LASTLOG_SIZE] = { 1, 1 };
	assert_int_equal(lastlog_parse((struct str){ (char *)record, sizeof record }), 257 * SECOND);
	assert_int_equal(lastlog_parse((struct str){ (char *)record, sizeof record - 1 }), 0);
}

static void account_test(void **state)
{
	struct str rest = STR("root:x:0:0:root:/root:/bin/bash\n+nis::::::\nbad:x:-1:0:::/bin/sh\nshort:x:1\n#c:x:5:5:::\n:x:7:7:::\n"
			      "huge:x:99999999999:0:::/bin/sh\nana:x:1000:1000:Ana, Room 4:/home/ana:/usr/sbin/nologin\r\n");
	const struct {
		const char *name, *shell;
		int64_t uid;
	} want[] = { { "root", "/bin/bash", 0 }, { "ana", "/usr/sbin/nologin", 1000 } };
	struct account a;
	for (size_t i = 0; i < 2; i++) {
		assert_true(account_next(&rest, &a));
		same("name", a.name, want[i].name);
		same("shell", a.shell, want[i].shell);
		assert_int_equal(a.uid, want[i].uid);
	}
	assert_false(account_next(&rest, &a));
}

static void mount_test(void **state)
{
	struct str rest = STR("/dev/sda1 / ext4 rw,relatime 0 0\nbad line\n\n//srv/a\\040b /mnt/x\\134y\\040z cifs ro,nosuid 0 0\n"
			      "x /a\\9\\04 t rw,error=ro\ny /\\777\\04");
	const struct {
		const char *source, *at, *type;
		bool read_only;
	} want[] = { { "/dev/sda1", "/", "ext4", false }, { "//srv/a b", "/mnt/x\\y z", "cifs", true }, { "x", "/a\\9\\04", "t", false } };
	struct mount m;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		assert_true(mount_next(&rest, arena, &m));
		same("source", m.source, want[i].source);
		same("at", m.at, want[i].at);
		same("type", m.type, want[i].type);
		assert_int_equal(m.read_only, want[i].read_only);
	}
	assert_false(mount_next(&rest, arena, &m));
}

static int set_up(void **state)
{
	arena = arena_new(0);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(os_release_test), cmocka_unit_test(meminfo_test), cmocka_unit_test(cpuinfo_test),
		cmocka_unit_test(dpkg_test),	   cmocka_unit_test(rpm_test),	   cmocka_unit_test(login_test),
		cmocka_unit_test(account_test),	   cmocka_unit_test(mount_test),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}

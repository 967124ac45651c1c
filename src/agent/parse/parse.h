/* What a Linux host says about itself in files, read into plain structs. Pure: bytes in, struct out, any bytes; what
 * is missing is empty (text) or -1 (numbers). Views point into the input. Each parser has a fuzz target.
 * Neighbours: the collectors beside this folder read the files and write the report. */
#pragma once
#include "base/str.h"

struct arena;

/* Takes a line off *rest, without its line break; false at the end. */
bool line_next(struct str *rest, struct str *ret);

/* --- os-release(5) --- */
struct os_release {
	struct str id, name, version, codename, build, pretty;
};
/* Values may be quoted as in a shell. False when out of memory. */
bool os_release_parse(struct str text, struct arena *arena, struct os_release *ret);

/* --- proc_meminfo(5), in bytes --- */
struct meminfo {
	int64_t total, available, swap_total, swap_free;
};
void meminfo_parse(struct str text, struct meminfo *ret);

/* --- /proc/cpuinfo: x86 and ARM name things differently --- */
struct cpuinfo {
	struct str model, maker;
	struct str serial; /* boards without DMI have it here */
	int64_t sockets, cores, threads, mhz;
	bool hypervisor; /* the processor says that it is a virtual one */
};
/* False when out of memory. */
bool cpuinfo_parse(struct str text, struct arena *arena, struct cpuinfo *ret);

/* --- installed packages --- */
struct package {
	struct str name, version, architecture, publisher;
	struct str source, source_version; /* what it was built from; empty where it is the same */
};
/* The next installed package of a dpkg status file (deb822); others are passed over. */
bool dpkg_next(struct str *rest, struct package *ret);
/* The format dpkg's own query has for rpm, that rpm_next() reads: fields parted by tabs, a package a line. */
#define RPM_FORMAT "%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{VENDOR}\\t%{SOURCERPM}\\n"
/* False at the end. Versions have their epoch in front where it is not 0; they are put together in the arena. */
bool rpm_next(struct str *rest, struct arena *arena, struct package *ret);

/* --- log-ons: utmp(5) records as glibc writes them on this machine --- */
enum login_type {
	LOGIN_OTHER,
	LOGIN_BEGIN,   /* a user's session on a line */
	LOGIN_END,     /* the line is free again */
	LOGIN_BOOT,
	LOGIN_SHUTDOWN
};
struct login {
	enum login_type type;
	struct str line, user;
	int64_t time; /* microseconds */
};
/* False when less than a record is left. */
bool login_next(struct str *rest, struct login *ret);
#define LASTLOG_SIZE 292 /* of a record of lastlog(8), at uid * LASTLOG_SIZE */
/* Microseconds, 0: never. */
int64_t lastlog_parse(struct str record);

/* --- passwd(5) --- */
struct account {
	struct str name, shell;
	int64_t uid;
};
/* Lines that are none are passed over. */
bool account_next(struct str *rest, struct account *ret);

/* --- proc_pid_mounts(5) --- */
struct mount {
	struct str source, at, type;
	bool read_only;
};
/* Escapes (\040) are undone in the arena; a line that does not fit there is passed over. */
bool mount_next(struct str *rest, struct arena *arena, struct mount *ret);

/* Looking at a Linux host: its files below a root (another one in tests), cleaned to text that can be reported.
 * Whatever cannot be read is simply not known: STR_NONE, or -1. Neighbours: the collectors of sections. */
#pragma once
#include "base/arena.h"
#include "base/json_write.h"

struct host {
	struct str root; /* put before every path; empty: this machine itself */
	struct str rpm;  /* the program to ask for rpm packages; empty: none */
	struct arena *arena;
	int64_t now;
	bool failed; /* out of memory: the report is incomplete */
};

#define HOST_PATH __attribute__((format(printf, 2, 3)))
/* One short text (a sysfs attribute): its first line, trimmed, valid UTF-8 without controls, at most 300 bytes. */
HOST_PATH struct str host_text(struct host *h, const char *path, ...);
/* A whole file of at most 64 MiB, as it is. */
HOST_PATH struct str host_file(struct host *h, const char *path, ...);
/* A whole number, at least 0. */
HOST_PATH int64_t host_int(struct host *h, const char *path, ...);
HOST_PATH bool host_has(struct host *h, const char *path, ...);
/* The last part of where a link points to. */
HOST_PATH struct str host_link(struct host *h, const char *path, ...);
/* Names in a folder, sorted. */
struct host_names {
	struct str *items;
	size_t count;
};
HOST_PATH struct host_names host_list(struct host *h, const char *path, ...);
/* The path with the root before it, for calls of one's own; NULL when out of memory. */
HOST_PATH const char *host_path(struct host *h, const char *path, ...);
/* Text fit for the report: valid UTF-8, controls as blanks, trimmed, at most `max` bytes. */
struct str host_clean(struct host *h, struct str s, size_t max);

/* Members of the report: what is not known is left out. */
void put_text(struct json_writer *w, const char *name, struct str s);
void put_int(struct json_writer *w, const char *name, int64_t n);
void put_time(struct json_writer *w, const char *name, int64_t time); /* 0: not known */
void put_true(struct json_writer *w, const char *name, bool is);      /* false is left out */

/* --- sections --------------------------------------------------------------------------------------- */
/* Each writes one JSON object; false: there is nothing to tell. `digest` is for packages, whose digest is defined
 * over the list itself; all others leave it empty. */
typedef bool section_writer(struct host *h, struct json_writer *w, uint8_t digest[32], bool *ret_has_digest);
struct section {
	const char *name;
	section_writer *write;
	bool always; /* the server tells by it which host this is, so it is never left out */
};
#define LIST_MOST 200 /* items of a list of parts: more are made by programs, and the server takes no more */
extern const struct section sections[]; /* ends with name == NULL */

section_writer write_identity, write_os, write_cpu, write_memory, write_disks, write_filesystems, write_network, write_packages,
	write_users, write_use, write_state;

/* What it runs in: "" on bare hardware, else "docker", "kvm" … (hardware.c) */
struct str host_virtualisation(struct host *h);

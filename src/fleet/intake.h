/* One report on its way in. Neighbours: report.c is the operation; parts.c, neighbours.c, sighting.c and unknown.c each take a part of it. */
#pragma once
#include "find.h"
#include "kernel/call.h"

#define KNOWN_MOST 96
#define SECTIONS_CUT_MOST 8
#define RECORDS_MOST 900 /* of one report; a call may change 1,000 */

struct known_section { /* a section the server has, by its key and digest */
	struct str name, digest;
};

struct intake {
	struct call *call;
	struct record_context program; /* acts for the agent, whose authority was checked */
	const struct kind *kind;       /* device */
	struct value *values;
	struct str source; /* "agent" for our own */
	bool discovery;
	struct evidence evidence;
	struct record_ref device, unknown; /* one of both */
	bool created;
	struct known_section known[KNOWN_MOST];
	size_t known_count;
	const char *cut[SECTIONS_CUT_MOST]; /* sections that were not stored whole: their digests are not kept */
	size_t cut_count;
};

/* report.c */
const struct json *section(const struct call *c, const char *name);
/* It came, and not with the digest that the server has already. */
bool section_changed(const struct intake *in, const char *name);
/* There was no room for all of it: it is wanted again. */
void section_cut(struct intake *in, const char *name);

/* parts.c: lists of a section become records of a kind, found again by device and name. */
enum code store_parts(struct intake *in, struct error *e);

/* neighbours.c: what is cabled to the ports, and what was seen behind them. */
enum code store_neighbours(struct intake *in, struct error *e);

/* sighting.c: which source has seen which device, first and last; what estimates of completeness are made of. */
extern const struct table_def sighting_table;
enum code sighting_put(struct record_context *x, int64_t device, struct str source, struct str source_id, struct error *e);

/* unknown.c: what nobody knows waits there for a decision. */
enum code unknown_store(struct intake *in, struct error *e);
struct stranger { /* all that is known of something seen on the network */
	struct str mac, name, ip, product, port;
	int64_t seen_at; /* the device it was seen at, 0: none */
};
enum code unknown_seen(struct intake *in, const struct stranger *s, struct error *e);

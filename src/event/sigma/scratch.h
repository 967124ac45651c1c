/* What one thread keeps while it judges events. Neighbours: event.c fills the fields, match.c judges, explain.c tells. */
#pragma once
#include "internal.h"

struct value { /* one value of a field; next: of the same field, place + 1 */
	bool null, boolean;
	uint32_t next;
	struct str text, folded; /* folded.data NULL until it is asked for */
};
struct slot {
	uint32_t first, last; /* place + 1 in values */
	uint32_t epoch;       /* of the event it was filled for */
	bool present;         /* the event has the field, be it empty */
};
struct member { /* of the object that rules see as the event */
	struct str name;
	const struct json *value;
};
#define NAME_MOST 40
#define NAMES_KNOWN 1024
struct known_name { /* a member's name met before, and what rules read of it */
	unsigned char len; /* 0: free */
	bool blanks;
	unsigned slot; /* + 1 */
	const struct dotted *dotted;
	char text[NAME_MOST];
};
struct judged {
	uint32_t epoch;
	bool holds;
};

struct sigma_scratch {
	const struct sigma_rules *set;
	bool all_sources;
	uint32_t epoch;
	struct arena *arena; /* folded texts, numbers as text; emptied for each event */
	struct slot *slots;
	VEC(struct value) values;
	VEC(struct member) members;
	VEC(unsigned) filled; /* slots the event has */
	struct known_name *known; /* NAMES_KNOWN of them, each at the place of its hash; a newer name takes the place */
	const struct json *raw;
	const struct event_pairs *pairs;
	bool everything; /* SLOT_EVERYTHING is filled */
	struct judged *judged;      /* by item */
	uint32_t *candidate;        /* by rule: the epoch it was chosen for */
	VEC(unsigned) chosen, hits;
	struct route *route;
	VEC(struct route *) routes;
	struct map *route_names;
	pcre2_match_data *matches;
	pcre2_match_context *limits;
	size_t given_up;
	bool nomem;
	unsigned channel, number, provider, source_name;
	unsigned times[8];
	size_t time_count;
};

/* event.c */
bool fill_everything(struct sigma_scratch *x);
struct str value_folded(struct sigma_scratch *x, struct value *v);
static inline struct value *value_at(struct sigma_scratch *x, uint32_t place) { return place ? &x->values.items[place - 1] : NULL; }
static inline uint32_t slot_first(const struct sigma_scratch *x, unsigned slot) { return x->slots[slot].epoch == x->epoch ? x->slots[slot].first : 0; }
struct str slot_text(struct sigma_scratch *x, unsigned slot, bool folded);
/* match.c */
bool item_holds(struct sigma_scratch *x, unsigned item);
bool node_holds(struct sigma_scratch *x, const struct node *n);

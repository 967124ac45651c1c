/* Package sets, content-addressed: devices with exactly the same packages share one set, found by its digest.
 *
 * A set, its packages and its items are written once and never changed. The set is an ordinary record with its journal
 * entry; its digest there vouches for the items, which are rows without entries of their own. */
#pragma once
#include "record/record.h"

struct fleet_package {
	struct str name, release, architecture, publisher;
	const char *format; /* a choice of package.format: "deb", "rpm" … */
};

#define PACKAGES_MOST 100000 /* the view of installations numbers them below this */

struct package_list { /* made ready to be stored: all that needs no write connection */
	struct fleet_package *packages; /* sorted, no two equal */
	size_t count;
	struct str digest;
	int64_t set;        /* known already; 0: was not when this was made ready */
	const int64_t *ids; /* of packages that were known, 0: of the others; NULL when the set is known */
};

/* Sorts `packages` in place, drops doubles, looks up what is known. On any connection; memory from the arena. */
enum code package_list_make(struct conn *c, struct arena *arena, struct fleet_package *packages, size_t count, struct package_list *ret,
			    struct error *e);
/* Finds or writes the set; entity: for which it is recorded. *ret_new: it was not known before. */
enum code package_set_store(struct record_context *x, int64_t entity, const struct package_list *list, struct str platform, int64_t *ret_set,
			    bool *ret_new, struct error *e);

/* --- proving -------------------------------------------------------------------------------------- */

/* The kinds whose rows a set vouches for; ends with NULL. */
extern const char *const package_kinds[];
struct package_report {
	int64_t sets, items;
	struct str fault; /* msgid of the first thing that was wrong; empty: all is well */
	const char *kind;
	int64_t id;
};
/* Computes every set's digest again and looks for rows that are in no set. The sets themselves are records like any
 * other, proven by record_verify(). */
enum code package_sets_verify(struct conn *c, struct arena *arena, struct package_report *ret, struct error *e);

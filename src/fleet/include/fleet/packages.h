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

/* Sorts `packages` in place, drops doubles, finds or writes the set; entity: for which the set is recorded.
 * *ret_new: it was not known before. */
enum code package_set_store(struct record_context *x, int64_t entity, struct fleet_package *packages, size_t count,
			    struct str platform, int64_t *ret_set, bool *ret_new, struct error *e);

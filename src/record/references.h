/* Checking what a record refers to. */
#pragma once
#include "record/record.h"

/* Every reference among the changed fields (`changed` NULL: all that are set) must exist, not be archived, and be
 * visible to the caller: what one may not see is told as not existing. Trees must not get a cycle. */
enum code references_check(struct record_context *x, const struct kind *k, int64_t id, const bool *changed, const struct value *values,
			   struct error *e);

/* Which member of an inventory report is which field of which kind: data, read by report.c. */
#pragma once
#include "base/json.h"
#include "model/value.h"

struct mapping {
	const char *pointer; /* JSON Pointer into the report, or into the item */
	const char *field;   /* NULL ends a table */
};
extern const struct mapping device_mapping[], primary_interface_mapping[];

struct part_mapping { /* a list of a section becomes records of a kind, found again by device and name */
	const char *section, *list, *kind, *name_field;
	const char *sign; /* field that tells a part whose name has changed, or NULL */
	const struct mapping *fields;
	bool addresses; /* its "addresses" fill ipv4 and ipv6 */
	size_t most;
};
extern const struct part_mapping part_mappings[];

/* Sets the fields that the document has. Texts too long are clipped, values that a field does not take are passed over:
 * what an endpoint says about itself is evidence, not input to be corrected by anyone. */
enum code mapping_apply(const struct mapping *m, const struct json *from, const struct kind *k, struct value *values,
			struct arena *arena, struct error *e);
/* The first IPv4 and IPv6 address of a list of "address/prefix". */
void mapping_addresses(const struct json *addresses, struct arena *arena, struct value ret[2]);
void mapping_put_addresses(const struct json *addresses, const struct kind *k, struct value *values, struct arena *arena);

/* Which device a report is about. Neighbours: identity.h says what counts as evidence, report.c gathers it. */
#pragma once
#include "record/record.h"

#define EVIDENCE_MACS 32

struct evidence { /* only what is good, in its one spelling; empty: not known */
	struct str source, source_id; /* how a program calls the device it runs on */
	struct str serial, maker, uuid;
	struct str macs[EVIDENCE_MACS];
	size_t mac_count;
};

/* *ret 0: nobody knows it. By what is strongest first: UUID, serial number with its maker, what the program said before, hardware addresses.
 * A weaker sign never overrules a stronger one that says otherwise, and an address that two devices have is no sign at all. */
enum code device_find(struct conn *c, const struct evidence *v, int64_t *ret, struct error *e);
/* The one device with this hardware address, on itself or one of its interfaces; 0: none, or several. */
enum code device_find_mac(struct conn *c, struct str mac, int64_t *ret, struct error *e);
/* The one device with an interface of this IPv4 address. */
enum code device_find_ip(struct conn *c, struct str ip, int64_t *ret, struct error *e);

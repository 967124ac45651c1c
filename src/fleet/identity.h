/* What tells one device from another, and what only looks as if it did. Pure: texts in, answers out.
 * Neighbours: find.c looks for the device that a report is about. */
#pragma once
#include "base/str.h"

struct arena;

/* A serial number or asset tag that a maker really gave: not "To be filled by O.E.M.", not 0000, not 123456789. */
bool identity_serial_good(struct str serial);
/* In lower case with hyphens; not all the same digit, not one that a maker put into a whole series. */
bool identity_uuid_good(struct str uuid);
/* "aa:bb:cc:dd:ee:ff" or another spelling into that one; false when it is no address that belongs to one card alone: all-zero,
 * broadcast, multicast, locally administered (IEEE 802 §8.4: anyone may choose those), or given to every host by some driver. */
bool identity_mac(struct str given, char ret[18]);
/* SMBIOS before 2.6 had no rule for the byte order of a UUID's first three parts, so two programs on one host may tell it in both. */
void identity_uuid_swapped(struct str uuid, char ret[37]);
/* The same maker, as far as one can tell: "Dell Inc." and "DELL", or one of both unknown. */
bool identity_maker_same(struct str a, struct str b);

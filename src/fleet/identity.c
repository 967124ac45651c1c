/* Junk values, as firmware and drivers really give them. Neighbours: identity.h is the contract; test_identity.c has the cases. */
#include "identity.h"
#include <ctype.h>
#include <string.h>

static const char *const junk_texts[] = {
	"to be filled by o.e.m.", "to be filled by oem", "o.e.m.", "oem", "default string", "system serial number", "chassis serial number",
	"base board serial number", "serial number", "not applicable", "not available", "not specified", "not present", "none", "null",
	"unknown", "invalid", "n/a", "na", "empty", "no asset tag", "no asset information", "asset tag", "asset-1234567890", "0123456789",
	"123456789", "1234567890", "012345678", "12345678", "0123456789abcdef", "sn#", "ssn", "tbd", "oem_serial", "default", "undefined",
	"release-keys", "test-keys", "$serial_number$", "overlayblk", "eval", "xxxxxxxxxx", "sys-1234567890", "mb-1234567890", "not settable",
	"filled by oem", "standard", "system manufacturer", "system product name",
};
static const char *const junk_uuids[] = {
	"03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009", "12345678-1234-5678-90ab-cddeefaabbcc",
	"12345678-1234-1234-1234-123456789abc", "01234567-8910-1112-1314-151617181920", "4c4c4544-0000-2010-8020-80c04f202020",
	"fefefefe-fefe-fefe-fefe-fefefefefefe", "00000000-0000-0000-0000-00000000ffff",
};
/* Globally administered, and yet on many hosts at once. */
static const char *const shared_macs[] = {
	"00:50:56:c0:00:01", "00:50:56:c0:00:08", "00:05:9a:3c:7a:00", "00:05:9a:3c:78:00", "20:41:53:59:4e:ff", "50:50:54:50:30:30",
	"00:09:0f:fe:00:01", "00:09:0f:aa:00:01", "00:00:5e:00:01:01", "00:10:18:00:00:00", "00:1b:11:de:ad:00", "00:11:22:33:44:55",
	"00:00:00:00:00:01",
};

static bool among(struct str s, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(s, str_of(list[i])))
			return true;
	return false;
}

/* "0000000", "xxxxxx", "------": letters and digits of it are all the same. */
static bool same_throughout(struct str s)
{
	char first = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = (char)tolower((unsigned char)s.data[i]);
		if (!isalnum((unsigned char)c))
			continue;
		if (first && c != first)
			return false;
		first = c;
	}
	return true;
}

bool identity_serial_good(struct str serial)
{
	struct str s = str_trim(serial);
	return s.len >= 3 && !same_throughout(s) && !among(s, junk_texts, sizeof junk_texts / sizeof *junk_texts);
}

bool identity_uuid_good(struct str uuid)
{
	return uuid.len == 36 && !same_throughout(uuid) && !among(uuid, junk_uuids, sizeof junk_uuids / sizeof *junk_uuids);
}

bool identity_mac(struct str given, char ret[18])
{
	char digits[12];
	size_t n = 0;
	for (size_t i = 0; i < given.len; i++) {
		unsigned char c = (unsigned char)given.data[i];
		if (c == ':' || c == '-' || c == '.' || c == ' ')
			continue;
		if (!isxdigit(c) || n == sizeof digits)
			return false;
		digits[n++] = (char)tolower(c);
	}
	if (n != sizeof digits || strchr("13579bdf2367abef", digits[1])) /* multicast or locally administered: bits 0 and 1 of the first byte */
		return false;
	for (size_t i = 0; i < 6; i++) {
		memcpy(ret + 3 * i, digits + 2 * i, 2);
		ret[3 * i + 2] = i < 5 ? ':' : 0;
	}
	struct str mac = { ret, 17 };
	return !same_throughout(mac) && !among(mac, shared_macs, sizeof shared_macs / sizeof *shared_macs);
}

void identity_uuid_swapped(struct str uuid, char ret[37])
{
	static const unsigned char from[8] = { 3, 2, 1, 0, 5, 4, 7, 6 }, at[8] = { 0, 2, 4, 6, 9, 11, 14, 16 };
	memcpy(ret, uuid.data, 36);
	ret[36] = 0;
	for (size_t i = 0; i < 8; i++)
		memcpy(ret + at[i], uuid.data + at[from[i]], 2);
}

static struct str first_word(struct str s)
{
	size_t n = 0;
	while (n < s.len && isalnum((unsigned char)s.data[n]))
		n++;
	return str_slice(s, 0, n);
}

bool identity_maker_same(struct str a, struct str b)
{
	if (!str_trim(a).len || !str_trim(b).len)
		return true;
	struct str x = first_word(str_trim(a)), y = first_word(str_trim(b));
	return str_eq_nocase(x, y) || (str_eq_nocase(x, STR("HP")) && str_eq_nocase(y, STR("Hewlett"))) ||
	       (str_eq_nocase(x, STR("Hewlett")) && str_eq_nocase(y, STR("HP")));
}

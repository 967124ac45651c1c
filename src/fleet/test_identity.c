/* What counts as a sign of a device. Neighbours: identity.h. */
#include "identity.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void serials(void **state)
{
	static const char *const good[] = { "5XKPL22", "CNU1234ABC", "VMware-42 1f 03", "000012", "1234567" };
	static const char *const bad[] = { "", "  ", "0", "00000000", "To be filled by O.E.M.", "TO BE FILLED BY OEM", "Default string", "None",
					   "123456789", "xxxxxxx", "-------", "System Serial Number", "N/A", ".........." };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(identity_serial_good(str_of(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(identity_serial_good(str_of(bad[i])));
}

static void uuids(void **state)
{
	char swapped[37];
	assert_true(identity_uuid_good(STR("4c4c4544-0058-4b10-8050-b5c04f4c3232")));
	assert_false(identity_uuid_good(STR("00000000-0000-0000-0000-000000000000")));
	assert_false(identity_uuid_good(STR("ffffffff-ffff-ffff-ffff-ffffffffffff")));
	assert_false(identity_uuid_good(STR("03000200-0400-0500-0006-000700080009")));
	assert_false(identity_uuid_good(STR("af8d3fcfa6fe4784")));
	identity_uuid_swapped(STR("00112233-4455-6677-8899-aabbccddeeff"), swapped);
	assert_string_equal(swapped, "33221100-5544-7766-8899-aabbccddeeff"); /* the example of SMBIOS 3.7, §7.2.1 */
	identity_uuid_swapped(str_of(swapped), swapped);
}

static void addresses(void **state)
{
	static const struct {
		const char *given, *own;
	} cases[] = {
		{ "00:1B:21:AA:BB:01", "00:1b:21:aa:bb:01" }, { "001b.21aa.bb01", "00:1b:21:aa:bb:01" }, { "00-1b-21-aa-bb-01", "00:1b:21:aa:bb:01" },
		{ "00:00:00:00:00:00", NULL }, { "ff:ff:ff:ff:ff:ff", NULL }, { "01:00:5e:00:00:01", NULL }, { "02:00:4c:4f:4f:50", NULL },
		{ "9e:d3:00:a2:d2:d1", NULL }, { "00:50:56:c0:00:08", NULL }, { "b53d:dc:44:af:e9", NULL }, { "d5:c9:gh:81:cf:80", NULL },
		{ "", NULL }, { "00:1b:21:aa:bb:01:02", NULL },
	};
	char own[18];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(identity_mac(str_of(cases[i].given), own), cases[i].own != NULL);
		if (cases[i].own)
			assert_string_equal(own, cases[i].own);
	}
}

static void makers(void **state)
{
	assert_true(identity_maker_same(STR("Dell Inc."), STR("DELL")));
	assert_true(identity_maker_same(STR("HP"), STR("Hewlett-Packard")));
	assert_true(identity_maker_same(STR(""), STR("LENOVO")));
	assert_false(identity_maker_same(STR("Dell Inc."), STR("LENOVO")));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(serials), cmocka_unit_test(uuids), cmocka_unit_test(addresses), cmocka_unit_test(makers) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

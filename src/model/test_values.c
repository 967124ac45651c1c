/* Every value type: what is accepted and how it is kept, what is refused and why. Values go JSON → value → JSON and
 * text → value → text; one table row is one claim. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "model/value.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const struct choice colours[] = { { "red", "Red" }, { "dark_red", "Dark red" }, { 0 } };
static const struct field
	text = { .name = "text", .type = FIELD_TEXT }, short_text = { .name = "text", .type = FIELD_TEXT, .max = 5 },
	needed = { .name = "text", .type = FIELD_TEXT, .flags = FIELD_REQUIRED },
	lines = { .name = "text", .type = FIELD_TEXT, .flags = FIELD_MULTILINE }, whole = { .name = "n", .type = FIELD_INT },
	small = { .name = "n", .type = FIELD_INT, .min = -5, .max = 10 },
	positive = { .name = "n", .type = FIELD_INT, .min = 0, .max = INT64_MAX },
	decimal = { .name = "d", .type = FIELD_DECIMAL, .scale = 2 },
	share = { .name = "d", .type = FIELD_DECIMAL, .scale = 2, .min = 0, .max = 10000 },
	money = { .name = "m", .type = FIELD_MONEY },
	price = { .name = "m", .type = FIELD_MONEY, .min = 0, .max = INT64_MAX }, date = { .name = "d", .type = FIELD_DATE },
	moment = { .name = "t", .type = FIELD_TIME }, truth = { .name = "b", .type = FIELD_BOOL },
	colour = { .name = "c", .type = FIELD_CHOICE, .choices = colours }, ref = { .name = "r", .type = FIELD_REF, .to = "thing" },
	refs = { .name = "r", .type = FIELD_REFS, .to = "thing" },
	needed_refs = { .name = "r", .type = FIELD_REFS, .to = "thing", .flags = FIELD_REQUIRED }, geo = { .name = "g", .type = FIELD_GEO },
	file = { .name = "f", .type = FIELD_FILE }, free_json = { .name = "j", .type = FIELD_JSON },
	local = { .name = "l", .type = FIELD_LOCAL, .max = 20 };

#define PATTERN(p) \
	static const struct field p##_text = { .name = #p, .type = FIELD_TEXT, .pattern = #p }
PATTERN(email);
PATTERN(hostname);
PATTERN(mac);
PATTERN(ip);
PATTERN(cidr);
PATTERN(uri);
PATTERN(currency);
PATTERN(country);
PATTERN(lang);
PATTERN(uuid);
PATTERN(hex);

#define SUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* `out` NULL: refused, and `why` is the msgid (its beginning); "null": no value. `pointer` below /x. */
static const struct json_case {
	const struct field *field;
	const char *in, *out, *why, *pointer;
} json_cases[] = {
	{ &text, "\"  Ünïcode ☂ \"", "\"Ünïcode ☂\"" },
	{ &text, "\"\"", "null" },
	{ &text, "\"  \\t\\n\"", "null" },
	{ &text, "null", "null" },
	{ &text, "12", NULL, "must be a text", "" },
	{ &text, "[\"a\"]", NULL, "must be a text", "" },
	{ &text, "\"a\\u0007b\"", NULL, "must not hold control", "" },
	{ &text, "\"a\\u0000b\"", NULL, "must not hold control", "" },
	{ &text, "\"a\\nb\"", NULL, "must be a single line", "" },
	{ &lines, "\"a\\nb\\tc\"", "\"a\\nb\\tc\"" },
	{ &short_text, "\"abcde\"", "\"abcde\"" },
	{ &short_text, "\" abcde \"", "\"abcde\"" },
	{ &short_text, "\"abcdef\"", NULL, "must be at most {max} bytes", "" },
	{ &short_text, "\"ééé\"", NULL, "must be at most {max} bytes", "" },
	{ &needed, "null", NULL, "is required", "" },
	{ &needed, "\" \"", NULL, "is required", "" },
	{ &whole, "0", "0" },
	{ &whole, "-9223372036854775808", "-9223372036854775808" },
	{ &whole, "9223372036854775807", "9223372036854775807" },
	{ &whole, "9223372036854775808", NULL, "must be a whole number", "" },
	{ &whole, "1.5", NULL, "must be a whole number", "" },
	{ &whole, "\"1\"", NULL, "must be a whole number", "" },
	{ &whole, "true", NULL, "must be a whole number", "" },
	{ &small, "-5", "-5" },
	{ &small, "10", "10" },
	{ &small, "-6", NULL, "must be at least {min}", "" },
	{ &small, "11", NULL, "must be at most {max}", "" },
	{ &positive, "0", "0" },
	{ &positive, "-1", NULL, "must be at least {min}", "" },
	{ &decimal, "12.5", "\"12.50\"" },
	{ &decimal, "\"12.50\"", "\"12.50\"" },
	{ &decimal, "12", "\"12.00\"" },
	{ &decimal, "0.1", "\"0.10\"" },
	{ &decimal, "-0.07", "\"-0.07\"" },
	{ &decimal, "\"92233720368547758.07\"", "\"92233720368547758.07\"" },
	{ &decimal, "\"92233720368547758.08\"", NULL, "must be a number", "" },
	{ &decimal, "0.005", NULL, "must be a number", "" },
	{ &decimal, "\"1e3\"", NULL, "must be a number", "" },
	{ &decimal, "\"1,5\"", NULL, "must be a number", "" },
	{ &decimal, "1e300", NULL, "must be a number", "" },
	{ &decimal, "[]", NULL, "must be a number", "" },
	{ &share, "100", "\"100.00\"" },
	{ &share, "100.01", NULL, "must be at most {max}", "" },
	{ &money, "{\"amount\":\"12.50\",\"currency\":\"USD\"}", "{\"amount\":\"12.50\",\"currency\":\"USD\"}" },
	{ &money, "{\"amount\":12.5,\"currency\":\"USD\"}", "{\"amount\":\"12.50\",\"currency\":\"USD\"}" },
	{ &money, "{\"currency\":\"JPY\",\"amount\":1200}", "{\"amount\":\"1200\",\"currency\":\"JPY\"}" },
	{ &money, "{\"amount\":\"1.234\",\"currency\":\"KWD\"}", "{\"amount\":\"1.234\",\"currency\":\"KWD\"}" },
	{ &money, "{\"amount\":\"-3\",\"currency\":\"EUR\"}", "{\"amount\":\"-3.00\",\"currency\":\"EUR\"}" },
	{ &money, "{\"amount\":\"12.5\",\"currency\":\"JPY\"}", NULL, "must be an amount with no more", "" },
	{ &money, "{\"amount\":12.345,\"currency\":\"USD\"}", NULL, "must be an amount with no more", "" },
	{ &money, "{\"amount\":\"12\",\"currency\":\"XXQ\"}", NULL, "needs the code of a currency", "" },
	{ &money, "{\"amount\":12.5,\"currency\":\"XXQ\"}", NULL, "needs the code of a currency", "" },
	{ &money, "{\"amount\":\"12\"}", NULL, "needs the code of a currency", "" },
	{ &money, "{\"currency\":\"USD\"}", NULL, "must be an amount with no more", "" },
	{ &money, "{\"amount\":\"12\",\"currency\":\"USD\",\"x\":1}", NULL, "is not known here", "/x" },
	{ &money, "{\"amount\":\"99999999999999999999\",\"currency\":\"USD\"}", NULL, "must be an amount with no more", "" },
	{ &money, "12", NULL, "must be an amount and a currency", "" },
	{ &price, "{\"amount\":\"0\",\"currency\":\"USD\"}", "{\"amount\":\"0.00\",\"currency\":\"USD\"}" },
	{ &price, "{\"amount\":\"-0.01\",\"currency\":\"USD\"}", NULL, "must not be negative", "" },
	{ &date, "\"2024-02-29\"", "\"2024-02-29\"" },
	{ &date, "\"2023-02-29\"", NULL, "must be a date", "" },
	{ &date, "\"2024-13-01\"", NULL, "must be a date", "" },
	{ &date, "\"24-01-01\"", NULL, "must be a date", "" },
	{ &date, "\"2024-02-29T00:00:00Z\"", NULL, "must be a date", "" },
	{ &date, "20240229", NULL, "must be a text", "" },
	{ &moment, "\"2026-11-23T06:04:05Z\"", "\"2026-11-23T06:04:05Z\"" },
	{ &moment, "\"2026-11-23T06:04:05.25+03:00\"", "\"2026-11-23T03:04:05.25Z\"" },
	{ &moment, "\"2026-11-23 06:04\"", NULL, "must be a time", "" },
	{ &moment, "\"2026-11-23T25:04:05Z\"", NULL, "must be a time", "" },
	{ &truth, "true", "true" },
	{ &truth, "false", "false" },
	{ &truth, "1", NULL, "must be true or false", "" },
	{ &truth, "\"true\"", NULL, "must be true or false", "" },
	{ &colour, "\"dark_red\"", "\"dark_red\"" },
	{ &colour, "\"dark\"", NULL, "must be one of {choices}", "" },
	{ &colour, "\"Red\"", NULL, "must be one of {choices}", "" },
	{ &colour, "1", NULL, "must be a text", "" },
	{ &ref, "\"123\"", "\"123\"" },
	{ &ref, "{\"id\":\"123\",\"title\":\"X\"}", "\"123\"" },
	{ &ref, "123", NULL, "must be the id of a record, written", "" },
	{ &ref, "\"0\"", NULL, "must be the id", "" },
	{ &ref, "\"-1\"", NULL, "must be the id", "" },
	{ &ref, "\"12x\"", NULL, "must be the id", "" },
	{ &ref, "\"99999999999999999999\"", NULL, "must be the id", "" },
	{ &ref, "{\"title\":\"X\"}", NULL, "must be the id", "" },
	{ &refs, "[]", "[]" },
	{ &needed_refs, "[]", NULL, "is required", "" },
	{ &refs, "[\"3\",{\"id\":\"1\"},\"2\"]", "[\"3\",\"1\",\"2\"]" },
	{ &refs, "[\"3\",\"x\"]", NULL, "must be the id", "/1" },
	{ &refs, "[\"3\",\"1\",\"3\"]", NULL, "must not name a record twice", "" },
	{ &refs, "\"3\"", NULL, "must be a list of ids", "" },
	{ &geo, "{\"type\":\"Point\",\"coordinates\":[36.8,-1.3]}", "{\"type\":\"Point\",\"coordinates\":[36.8,-1.3]}" },
	{ &geo, "{\"type\":\"Point\",\"coordinates\":[180,-90,1650]}", "{\"type\":\"Point\",\"coordinates\":[180,-90,1650]}" },
	{ &geo, "{\"type\":\"Point\",\"coordinates\":[181,0]}", NULL, "must have a longitude", "/coordinates" },
	{ &geo, "{\"type\":\"Point\",\"coordinates\":[0,91]}", NULL, "must have a latitude", "/coordinates" },
	{ &geo, "{\"type\":\"Point\",\"coordinates\":[0]}", NULL, "must be a position", "/coordinates" },
	{ &geo, "{\"type\":\"Point\",\"coordinates\":[\"0\",0]}", NULL, "must be a position", "/coordinates" },
	{ &geo, "{\"type\":\"Point\"}", NULL, "is required", "/coordinates" },
	{ &geo, "{\"type\":\"Point\",\"coordinates\":[0,0],\"crs\":{}}", NULL, "is not known here", "/crs" },
	{ &geo, "{\"type\":\"Circle\",\"coordinates\":[0,0]}", NULL, "must be Point", "/type" },
	{ &geo, "{\"coordinates\":[0,0]}", NULL, "must be Point", "/type" },
	{ &geo, "[0,0]", NULL, "must be a GeoJSON geometry", "" },
	{ &geo, "{\"type\":\"LineString\",\"coordinates\":[[0,0],[1,1]]}", "{\"type\":\"LineString\",\"coordinates\":[[0,0],[1,1]]}" },
	{ &geo, "{\"type\":\"LineString\",\"coordinates\":[[0,0]]}", NULL, "must be a list of at least two", "/coordinates" },
	{ &geo, "{\"type\":\"MultiPoint\",\"coordinates\":[[0,0],[1,200]]}", NULL, "must have a latitude", "/coordinates/1" },
	{ &geo, "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]}",
	  "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]}" },
	{ &geo, "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,1]]]}", NULL, "must be a closed ring", "/coordinates/0" },
	{ &geo, "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[0,0]]]}", NULL, "must be a ring of at least four", "/coordinates/0" },
	{ &geo, "{\"type\":\"Polygon\",\"coordinates\":[]}", NULL, "must be a list of rings", "/coordinates" },
	{ &geo, "{\"type\":\"MultiPolygon\",\"coordinates\":[[[[0,0],[1,0],[1,1],[0,0]]]]}",
	  "{\"type\":\"MultiPolygon\",\"coordinates\":[[[[0,0],[1,0],[1,1],[0,0]]]]}" },
	{ &geo, "{\"type\":\"MultiLineString\",\"coordinates\":[[[0,0],[1,0]],[[0,0]]]}", NULL, "must be a list of at least two",
	  "/coordinates/1" },
	{ &geo, "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":[0,0]}]}",
	  "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":[0,0]}]}" },
	{ &geo, "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":[0]}]}", NULL, "must be a position",
	  "/geometries/0/coordinates" },
	{ &geo, "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":"
		"\"GeometryCollection\",\"geometries\":[{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":"
		"\"GeometryCollection\",\"geometries\":[]}]}]}]}]}", NULL, "must be a list of geometries",
	  "/geometries/0/geometries/0/geometries/0/geometries/0/geometries" },
	{ &file, "{\"sha256\":\"" SUM "\",\"name\":\"a b.pdf\",\"size\":0,\"type\":\"application/pdf\"}",
	  "{\"name\":\"a b.pdf\",\"type\":\"application/pdf\",\"size\":0,\"sha256\":\"" SUM "\"}" },
	{ &file, "{\"name\":\"../x\",\"type\":\"a/b\",\"size\":0,\"sha256\":\"" SUM "\"}", NULL, "must be the name of a file", "/name" },
	{ &file, "{\"name\":\"..\",\"type\":\"a/b\",\"size\":0,\"sha256\":\"" SUM "\"}", NULL, "must be the name of a file", "/name" },
	{ &file, "{\"name\":\"x\",\"type\":\"pdf\",\"size\":0,\"sha256\":\"" SUM "\"}", NULL, "must be a media type", "/type" },
	{ &file, "{\"name\":\"x\",\"type\":\"a/b\",\"size\":-1,\"sha256\":\"" SUM "\"}", NULL, "must be the number of bytes", "/size" },
	{ &file, "{\"name\":\"x\",\"type\":\"a/b\",\"size\":1,\"sha256\":\"E3\"}", NULL, "must be a SHA-256", "/sha256" },
	{ &file, "{\"name\":\"x\",\"type\":\"a/b\",\"size\":1,\"sha256\":\"" SUM "\",\"path\":\"/etc\"}", NULL, "is not known here", "/path" },
	{ &file, "\"x\"", NULL, "must be a file", "" },
	{ &free_json, "{\"b\": [1, 2.5, null, \"x\"], \"a\": {}}", "{\"b\":[1,2.5,null,\"x\"],\"a\":{}}" },
	{ &free_json, "\"\"", "\"\"" },
	{ &free_json, "false", "false" },
	{ &free_json, "null", "null" },
	{ &free_json, "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]" },
	{ &free_json, "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", NULL, "must not be nested more than 16", "" },
	{ &local, "{\"fr\":\" Imprimante \",\"en\":\"Printer\"}", "{\"en\":\"Printer\",\"fr\":\"Imprimante\"}" },
	{ &local, "{\"ar\":\"طابعة\"}", "{\"ar\":\"طابعة\"}" },
	{ &local, "{\"en\":\"Printer\",\"fr\":null}", "{\"en\":\"Printer\"}" },
	{ &local, "{}", NULL, "must have a text in at least one", "" },
	{ &local, "{\"en\":\" \"}", NULL, "must have a text in at least one", "" },
	{ &local, "{\"de\":\"Drucker\"}", NULL, "must be one of the languages", "/de" },
	{ &local, "{\"en\":1}", NULL, "must be a text", "/en" },
	{ &local, "{\"en\":\"a text longer than that\"}", NULL, "must be at most {max} bytes", "/en" },
	{ &local, "\"Printer\"", NULL, "must be a text by language", "" },
};

struct pattern_case {
	const struct field *field;
	const char *in, *out; /* out NULL: refused */
};
static const struct pattern_case pattern_cases[] = {
	{ &email_text, "ann@example.org", "ann@example.org" },
	{ &email_text, "a.b+c'd@sub.example.org", "a.b+c'd@sub.example.org" },
	{ &email_text, "юля@example.org", "юля@example.org" },
	{ &email_text, "ann@localhost", "ann@localhost" },
	{ &email_text, "ann", NULL },
	{ &email_text, "@example.org", NULL },
	{ &email_text, "ann@", NULL },
	{ &email_text, "a..b@example.org", NULL },
	{ &email_text, ".a@example.org", NULL },
	{ &email_text, "a b@example.org", NULL },
	{ &email_text, "a@b@example.org", NULL },
	{ &email_text, "ann@-example.org", NULL },
	{ &email_text, "a234567890123456789012345678901234567890123456789012345678901234x@example.org", NULL },
	{ &hostname_text, "files-1.example.org", "files-1.example.org" },
	{ &hostname_text, "h", "h" },
	{ &hostname_text, "a_b.example.org", NULL },
	{ &hostname_text, "-a.org", NULL },
	{ &hostname_text, "a-.org", NULL },
	{ &hostname_text, "a..org", NULL },
	{ &hostname_text, "a.org.", NULL },
	{ &hostname_text, "a234567890123456789012345678901234567890123456789012345678901234.org", NULL },
	{ &mac_text, "00:1B:44:11:3A:B7", "00:1b:44:11:3a:b7" },
	{ &mac_text, "00-1B-44-11-3A-B7", "00:1b:44:11:3a:b7" },
	{ &mac_text, "001b.4411.3ab7", "00:1b:44:11:3a:b7" },
	{ &mac_text, "001B44113AB7", "00:1b:44:11:3a:b7" },
	{ &mac_text, "0200aabbccddeeff", "02:00:aa:bb:cc:dd:ee:ff" },
	{ &mac_text, "00:1b:44:11:3a", NULL },
	{ &mac_text, "00:1b:44:11:3a:b7:", NULL },
	{ &mac_text, "00:1b-44:11:3a:b7", NULL },
	{ &mac_text, "0:1b:44:11:3a:b7c", NULL },
	{ &mac_text, "00:1b:44:11:3a:bg", NULL },
	{ &mac_text, "001b:4411:3ab7", NULL },
	{ &ip_text, "192.0.2.7", "192.0.2.7" },
	{ &ip_text, "2001:DB8:0:0::7", "2001:db8::7" },
	{ &ip_text, "::ffff:ffff", "::255.255.255.255" },
	{ &ip_text, "::ffff:192.0.2.7", "::ffff:192.0.2.7" },
	{ &ip_text, "192.0.2.256", NULL },
	{ &ip_text, "192.0.2", NULL },
	{ &ip_text, "192.0.02.1", NULL },
	{ &ip_text, "2001:db8::7::1", NULL },
	{ &ip_text, "fe80::1%eth0", NULL },
	{ &cidr_text, "192.0.2.0/24", "192.0.2.0/24" },
	{ &cidr_text, "2001:DB8::/32", "2001:db8::/32" },
	{ &cidr_text, "0.0.0.0/0", "0.0.0.0/0" },
	{ &cidr_text, "192.0.2.0/33", NULL },
	{ &cidr_text, "192.0.2.0/024", NULL },
	{ &cidr_text, "192.0.2.0/", NULL },
	{ &cidr_text, "192.0.2.0/-1", NULL },
	{ &cidr_text, "192.0.2.0", NULL },
	{ &cidr_text, "2001:db8::/129", NULL },
	{ &uri_text, "https://example.org/a?b=c#d", "https://example.org/a?b=c#d" },
	{ &uri_text, "urn:isbn:0451450523", "urn:isbn:0451450523" },
	{ &uri_text, "https://example.org/%41é", "https://example.org/%41é" },
	{ &uri_text, "mailto:ann@example.org", "mailto:ann@example.org" },
	{ &uri_text, "javascript:alert(1)", NULL },
	{ &uri_text, "JavaScript:alert(1)", NULL },
	{ &uri_text, "data:text/html,x", NULL },
	{ &uri_text, "https:///x", NULL },
	{ &uri_text, "https:x", NULL },
	{ &uri_text, "example.org", NULL },
	{ &uri_text, "https://example.org/a b", NULL },
	{ &uri_text, "https://example.org/%4", NULL },
	{ &uri_text, "https://example.org/<x>", NULL },
	{ &uri_text, "1x:y", NULL },
	{ &currency_text, "usd", "USD" },
	{ &currency_text, "US", NULL },
	{ &currency_text, "QQQ", NULL },
	{ &country_text, "ke", "KE" },
	{ &country_text, "SS", "SS" },
	{ &country_text, "XX", NULL },
	{ &country_text, "KEN", NULL },
	{ &lang_text, "fr", "fr" },
	{ &lang_text, "zh-Hant-TW", "zh-Hant-TW" },
	{ &lang_text, "de-CH-1901", "de-CH-1901" },
	{ &lang_text, "en-x-private", "en-x-private" },
	{ &lang_text, "f", NULL },
	{ &lang_text, "fr-", NULL },
	{ &lang_text, "fr_FR", NULL },
	{ &lang_text, "en-x", NULL },
	{ &lang_text, "a1", NULL },
	{ &uuid_text, "123E4567-E89B-12D3-A456-426614174000", "123e4567-e89b-12d3-a456-426614174000" },
	{ &uuid_text, "123e4567e89b12d3a456426614174000", NULL },
	{ &uuid_text, "{123e4567-e89b-12d3-a456-426614174000}", NULL },
	{ &uuid_text, "123e4567-e89b-12d3-a456-42661417400g", NULL },
	{ &hex_text, "00FFaa", "00ffaa" },
	{ &hex_text, "0x00", NULL },
};

/* `out` NULL: refused; "": null. */
static const struct pattern_case text_cases[] = {
	{ &text, "  hello ", "hello" }, { &text, "   ", "" }, { &text, "a\x01", NULL }, { &text, "a\xff", NULL },
	{ &whole, "-12", "-12" }, { &whole, "1.0", NULL }, { &whole, "+1", NULL }, { &whole, "12x", NULL }, { &small, "11", NULL },
	{ &decimal, "1.5", "1.50" }, { &decimal, "-0.01", "-0.01" }, { &decimal, "1.005", NULL }, { &decimal, ".", NULL },
	{ &money, "1000 USD", "1000.00 USD" }, { &money, "12.5", "12.50 CHF" }, { &money, "12  JPY", "12 JPY" },
	{ &money, "12.5 JPY", NULL }, { &money, "USD 12", NULL }, { &money, "12 usd", NULL }, { &price, "-1", NULL },
	{ &date, "2026-11-23", "2026-11-23" }, { &date, "23.11.2026", NULL }, { &moment, "2026-11-23T06:04:05Z", "2026-11-23T06:04:05Z" },
	{ &truth, "YES", "true" }, { &truth, "0", "false" }, { &truth, "True", "true" }, { &truth, "2", NULL }, { &truth, "oui", NULL },
	{ &colour, "red", "red" }, { &colour, "green", NULL }, { &ref, "17", "17" }, { &ref, "0", NULL },
	{ &refs, "3, 1,2", "3,1,2" }, { &refs, "3,,2", NULL }, { &refs, "3,3", NULL }, { &refs, "3,", NULL },
	{ &geo, "{\"type\":\"Point\",\"coordinates\":[1,2]}", "{\"type\":\"Point\",\"coordinates\":[1,2]}" }, { &geo, "1,2", NULL },
	{ &local, "Printer", "{\"en\":\"Printer\"}" }, { &local, "{\"fr\":\"Imprimante\"}", "{\"fr\":\"Imprimante\"}" },
	{ &local, "{\"fr\":", NULL }, { &free_json, "[1, 2]", "[1,2]" }, { &free_json, "{", NULL }, { &needed, "", NULL },
};

static void fault_is(const struct error *e, const char *why, const char *pointer, const char *in)
{
	assert_non_null(e->items);
	struct str full = e->items->pointer;
	if (strncmp(e->items->msgid, why, strlen(why)) != 0)
		fail_msg("%s: expected '%s', got '%s'", in, why, e->items->msgid);
	if (full.len < 2 || strncmp(full.data, "/x", 2) != 0 || strcmp(full.data + 2, pointer) != 0)
		fail_msg("%s: expected pointer /x%s, got %s", in, pointer, full.data);
}

static struct str json_of(const struct field *f, const struct value *v, struct buf *b)
{
	struct json_writer w;
	json_writer_init(&w, b);
	value_to_json(f, v, &w);
	buf_add_char(b, 0);
	assert_true(buf_ok(b));
	return (struct str){ b->data, b->len - 1 };
}

static void from_json(void **state)
{
	for (size_t i = 0; i < sizeof json_cases / sizeof *json_cases; i++) {
		const struct json_case *c = &json_cases[i];
		CLEAN_ARENA struct arena *arena = arena_new(0);
		CLEAN_BUF struct buf b;
		struct error e;
		const struct json *j;
		struct value v = { 0 }, again = { 0 };
		buf_init(&b, 0);
		error_init(&e, arena);
		assert_int_equal(json_parse(arena, str_of(c->in), NULL, &j, &e), OK);
		enum code code = value_from_json(c->field, j, STR("/x"), arena, &v, &e);
		if (!c->out) {
			if (code != E_INVALID)
				fail_msg("%s should be refused: %s", c->in, c->why);
			assert_false(v.set);
			fault_is(&e, c->why, c->pointer, c->in);
			continue;
		}
		if (code != OK)
			fail_msg("%s refused: %s", c->in, e.items ? e.items->msgid : "");
		assert_string_equal(json_of(c->field, &v, &b).data, c->out);
		/* what is written is read back as the same */
		assert_int_equal(json_parse(arena, str_of(c->out), NULL, &j, &e), OK);
		assert_int_equal(value_from_json(c->field, j, STR("/x"), arena, &again, &e), OK);
		assert_true(value_equal(c->field, &v, &again));
	}
}

static void text_case_run(const struct pattern_case *c, bool through_json)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct error e;
	struct value v = { 0 }, again = { 0 };
	struct json j = { .type = JSON_TEXT, .text = str_of(c->in) };
	error_init(&e, arena);
	enum code code = through_json ? value_from_json(c->field, &j, STR("/x"), arena, &v, &e)
				      : value_from_text(c->field, str_of(c->in), STR("/x"), STR("CHF"), arena, &v, &e);
	if ((code == OK) != (c->out != NULL))
		fail_msg("'%s' of %s: %s", c->in, c->field->name, code == OK ? "accepted" : e.items->msgid);
	if (!c->out)
		return;
	struct str out = value_to_text(c->field, &v, arena);
	if (!str_is(out, c->out))
		fail_msg("'%s': expected '%s', got '%.*s'", c->in, c->out, STR_ARG(out));
	assert_int_equal(value_from_text(c->field, out, STR("/x"), STR_NONE, arena, &again, &e), OK);
	assert_true(value_equal(c->field, &v, &again));
}

static void from_text(void **state)
{
	for (size_t i = 0; i < sizeof text_cases / sizeof *text_cases; i++)
		text_case_run(&text_cases[i], false);
}

static void patterns_fit(void **state)
{
	for (size_t i = 0; i < sizeof pattern_cases / sizeof *pattern_cases; i++) {
		text_case_run(&pattern_cases[i], true);
		text_case_run(&pattern_cases[i], false);
	}
}

static void equality(void **state)
{
	const int64_t ids[] = { 1, 2, 3 };
	struct value one = { .set = true, .integer = 1 }, two = { .set = true, .integer = 2 }, unset = { 0 };
	struct value null = { .set = true, .null = true };
	struct value usd = { .set = true, .money = { 100, "USD" } }, eur = { .set = true, .money = { 100, "EUR" } };
	struct value a = { .set = true, .refs = { ids, 2 } }, b = { .set = true, .refs = { ids, 3 } },
		     c = { .set = true, .refs = { ids + 1, 2 } };
	assert_true(value_equal(&whole, &one, &one));
	assert_false(value_equal(&whole, &one, &two));
	assert_true(value_equal(&truth, &one, &two)); /* both true */
	assert_true(value_equal(&whole, &unset, &null));
	assert_false(value_equal(&whole, &one, &null));
	assert_false(value_equal(&money, &usd, &eur));
	assert_true(value_equal(&money, &usd, &usd));
	assert_false(value_equal(&refs, &a, &b));
	assert_false(value_equal(&refs, &a, &c));
	assert_true(value_equal(&refs, &a, &a));
	struct value none = { .set = true };
	assert_true(value_equal(&refs, &none, &null));
	assert_false(value_equal(&refs, &none, &a));
}

static void ceilings(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	CLEAN_BUF struct buf b;
	struct error e;
	const struct json *j;
	struct value v = { 0 };
	buf_init(&b, 0);
	error_init(&e, arena);
	buf_add_char(&b, '[');
	for (int i = 1; i <= 1001; i++)
		buf_format(&b, "%s\"%d\"", i > 1 ? "," : "", i);
	buf_add_char(&b, ']');
	assert_int_equal(json_parse(arena, buf_str(&b), NULL, &j, &e), OK);
	assert_int_equal(value_from_json(&refs, j, STR("/x"), arena, &v, &e), E_INVALID);
	fault_is(&e, "must name at most 1,000 records", "", "1001 refs");
	error_clear(&e);
	assert_int_equal(value_from_json(&free_json, j, STR("/x"), arena, &v, &e), OK);
	buf_clear(&b);
	buf_add_char(&b, '"');
	for (int i = 0; i < 65535; i++)
		buf_add_char(&b, 'x');
	buf_add_char(&b, '"');
	assert_int_equal(json_parse(arena, buf_str(&b), NULL, &j, &e), OK);
	assert_int_equal(value_from_json(&free_json, j, STR("/x"), arena, &v, &e), E_INVALID);
	fault_is(&e, "is too large", "", "64 KiB of JSON");
}

/* --- whole objects ---------------------------------------------------------------------------------- */

static const struct field part[] = { { .name = "id", .type = FIELD_ID, .flags = FIELD_REQUIRED },
				     { .name = "input", .type = FIELD_JSON }, { 0 } };
static const struct field part_item[] = { { .name = "part", .type = FIELD_OBJECT, .fields = part }, { 0 } };
static const struct field record[] = {
	{ .name = "name", .type = FIELD_TEXT, .flags = FIELD_REQUIRED },
	{ .name = "class", .type = FIELD_CHOICE, .choices = colours, .otherwise = "red" },
	{ .name = "cost", .type = FIELD_MONEY },
	{ .name = "bought", .type = FIELD_DATE, .otherwise = "today" },
	{ .name = "seen", .type = FIELD_TIME, .otherwise = "now" },
	{ .name = "found", .type = FIELD_TEXT, .flags = FIELD_READ_ONLY | FIELD_REQUIRED },
	{ .name = "parts", .type = FIELD_LIST, .fields = part_item },
	{ 0 },
};
#define NOW (INT64_C(20780) * DAY + 5 * SECOND)

static const struct object_case {
	const char *in;
	bool partial;
	const char *faults; /* "pointer msgid-begin" lines in order; NULL: good */
} object_cases[] = {
	{ "{\"name\":\"A\"}", false, NULL },
	{ "{}", true, NULL },
	{ "{\"cost\":null}", true, NULL },
	{ "{}", false, "/name is required\n" },
	{ "{\"name\":null}", true, "/name is required\n" },
	{ "{\"name\":1}", false, "/name must be a text\n" },
	{ "{\"nmae\":\"A\",\"class\":\"blue\",\"cost\":1,\"a/b~c\":1}", false,
	  "/nmae is not known here\n/class must be one of {choices}\n/cost must be an amount\n/a~1b~0c is not known here\n/name is required\n" },
	{ "{\"name\":\"A\",\"found\":\"x\"}", false, "/found is set by the program\n" },
	{ "{\"name\":\"A\",\"parts\":[{\"id\":\"1\",\"input\":{\"a\":1}},{\"input\":null},{\"id\":1,\"x\":2},3]}", false,
	  "/parts/1/id is required\n/parts/2/id must be the id\n/parts/2/x is not known here\n/parts/3 must be an object\n" },
	{ "[]", false, " must be an object\n" },
};

static void faults_are(const struct error *e, const char *expected, const char *in)
{
	struct str rest = str_of(expected), line;
	const struct error_item *item = e->items;
	for (; str_cut(&rest, '\n', &line) && line.len; item = item->next) {
		size_t split = (size_t)str_find(line, ' ');
		struct str msgid = str_slice(line, split + 1, line.len);
		if (!item)
			fail_msg("%s: missing '%.*s'", in, STR_ARG(line));
		if (!str_eq(item->pointer, str_slice(line, 0, split)) || !str_starts(str_of(item->msgid), msgid))
			fail_msg("%s: expected '%.*s', got '%.*s %s'", in, STR_ARG(line), STR_ARG(item->pointer), item->msgid);
	}
	if (item)
		fail_msg("%s: and also '%s'", in, item->msgid);
}

static void objects(void **state)
{
	for (size_t i = 0; i < sizeof object_cases / sizeof *object_cases; i++) {
		const struct object_case *c = &object_cases[i];
		CLEAN_ARENA struct arena *arena = arena_new(0);
		struct value values[7];
		struct error e;
		const struct json *j;
		error_init(&e, arena);
		assert_int_equal(fields_count(record), 7);
		assert_int_equal(json_parse(arena, str_of(c->in), NULL, &j, &e), OK);
		enum code code = values_from_json(record, j, c->partial, NOW, arena, values, &e);
		assert_int_equal(code, c->faults ? E_INVALID : OK);
		if (c->faults)
			faults_are(&e, c->faults, c->in);
	}
}

static void defaults(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct value values[7];
	struct error e;
	const struct json *j;
	error_init(&e, arena);
	assert_int_equal(json_parse(arena, STR("{\"name\":\"A\",\"seen\":null}"), NULL, &j, &e), OK);
	assert_int_equal(values_from_json(record, j, false, NOW, arena, values, &e), OK);
	assert_true(str_is(values[1].text, "red"));
	assert_false(values[2].set);
	assert_int_equal(values[3].integer, 20780);
	assert_true(values[4].set && values[4].null); /* said to be nothing: no default */
	assert_int_equal(values_from_json(record, j, true, NOW, arena, values, &e), OK);
	assert_false(values[1].set);
	struct value v;
	assert_int_equal(value_default(&record[4], NOW, arena, &v, &e), OK);
	assert_true(v.integer == NOW);
	assert_int_equal(value_default(&record[0], NOW, arena, &v, &e), OK);
	assert_false(v.set);
}

/* Each allocation fails once while a record with every costly type is read. */
static void out_of_memory(void **state)
{
	static const struct field all[] = {
		{ .name = "a", .type = FIELD_TEXT },  { .name = "b", .type = FIELD_TEXT, .pattern = "mac" },
		{ .name = "c", .type = FIELD_REFS },  { .name = "d", .type = FIELD_GEO },
		{ .name = "e", .type = FIELD_LOCAL }, { .name = "f", .type = FIELD_JSON },
		{ .name = "g", .type = FIELD_CHOICE, .choices = colours }, { 0 },
	};
	CLEAN_ARENA struct arena *input = arena_new(0);
	struct error e;
	const struct json *j;
	error_init(&e, input);
	const char *record_text = "{\"a\":\"x\",\"b\":\"001b44113ab7\",\"c\":[\"1\",\"2\"],\"d\":{\"type\":\"Point\",\"coordinates\":[1,2]},"
			   "\"e\":{\"en\":\"x\"},\"f\":[1],\"g\":\"blue\"}";
	assert_int_equal(json_parse(input, str_of(record_text), NULL, &j, &e), OK);
	int64_t n = 0;
	for (bool done = false; !done; n++) {
		struct value values[7];
		CLEAN_ARENA struct arena *arena = arena_new(0);
		error_init(&e, arena);
		mem_fail_at(n);
		enum code code = values_from_json(all, j, false, 0, arena, values, &e);
		done = mem_fail_left() >= 0;
		mem_fail_at(-1);
		/* the words of a fault may be lost, the refusal never */
		assert_true(done ? code == E_INVALID : code == E_NOMEM || code == E_INVALID);
	}
	assert_true(n > 3);
}

/* --- schemas ---------------------------------------------------------------------------------------- */

static void schemas(void **state)
{
	static const struct {
		const struct field *field;
		const char *schema;
	} cases[] = {
		{ &short_text, "{\"type\":[\"string\",\"null\"],\"maxLength\":5}" },
		{ &needed, "{\"type\":\"string\",\"maxLength\":4000,\"minLength\":1}" },
		{ &small, "{\"type\":[\"integer\",\"null\"],\"format\":\"int64\",\"minimum\":-5,\"maximum\":10}" },
		{ &positive, "{\"type\":[\"integer\",\"null\"],\"format\":\"int64\",\"minimum\":0}" },
		{ &share, "{\"type\":[\"string\",\"number\",\"null\"],\"format\":\"decimal\",\"x-scale\":2,\"minimum\":0.00,\"maximum\":100.00}" },
		{ &colour, "{\"oneOf\":[{\"const\":\"red\",\"title\":\"Red\"},{\"const\":\"dark_red\",\"title\":\"Dark red\"},{\"type\":\"null\"}]}" },
		{ &email_text, "{\"type\":[\"string\",\"null\"],\"maxLength\":4000,\"format\":\"email\",\"x-pattern\":\"email\"}" },
		{ &ref, "{\"type\":[\"string\",\"null\"],\"pattern\":\"^[0-9]{1,19}$\",\"format\":\"id\",\"x-to\":\"thing\"}" },
		{ &free_json, "{}" },
		{ &record[1], "{\"oneOf\":[{\"const\":\"red\",\"title\":\"Red\"},{\"const\":\"dark_red\",\"title\":\"Dark red\"},{\"type\":\"null\"}],"
			      "\"default\":\"red\"}" },
		{ &record[3], "{\"type\":[\"string\",\"null\"],\"format\":\"date\",\"x-default\":\"today\"}" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEAN_BUF struct buf b;
		struct json_writer w;
		buf_init(&b, 0);
		json_writer_init(&w, &b);
		field_schema(cases[i].field, NULL, LANG_EN, &w);
		buf_add_char(&b, 0);
		assert_string_equal(b.data, cases[i].schema);
	}
}

static void object_schema(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	CLEAN_BUF struct buf b;
	struct json_writer w;
	struct error e;
	const struct json *j;
	buf_init(&b, 0);
	error_init(&e, arena);
	json_writer_init(&w, &b);
	fields_schema(record, false, NULL, LANG_EN, &w);
	assert_int_equal(json_parse(arena, buf_str(&b), NULL, &j, &e), OK);
	assert_int_equal(json_get(j, STR("required"))->list.count, 1);
	assert_int_equal(json_get(j, STR("properties"))->object.count, 7);
	assert_false(json_bool(j, STR("additionalProperties"), true));
	assert_true(json_bool(json_at(j, STR("/properties/found")), STR("readOnly"), false));
	assert_non_null(json_at(j, STR("/properties/parts/items/properties/id")));
	assert_int_equal(json_at(j, STR("/properties/parts/items/required"))->list.count, 1);
	buf_clear(&b);
	json_writer_init(&w, &b);
	fields_schema(record, true, NULL, LANG_EN, &w);
	assert_int_equal(json_parse(arena, buf_str(&b), NULL, &j, &e), OK);
	assert_null(json_get(j, STR("required")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_json), cmocka_unit_test(from_text), cmocka_unit_test(patterns_fit), cmocka_unit_test(equality),
		cmocka_unit_test(ceilings),  cmocka_unit_test(objects),	  cmocka_unit_test(defaults),	  cmocka_unit_test(schemas),
		cmocka_unit_test(object_schema), cmocka_unit_test(out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

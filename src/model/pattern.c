/* The shapes a text field may declare. Pure: bytes in, yes or no out, and the spelling that is kept.
 * Sources: RFC 5321/6531 (mail), RFC 1123 (hosts), RFC 3986 (URIs), RFC 5646 (languages), RFC 5952 (IPv6 text),
 * RFC 9562 (UUIDs), ISO 4217 and ISO 3166-1 (codes). */
#include "pattern.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/utf8.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }
static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool is_in(char c, const char *set) { return c && strchr(set, c); }
static char to_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }
static char to_upper(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c; }

static size_t lower(struct str s, char *out)
{
	for (size_t i = 0; i < s.len; i++)
		out[i] = to_lower(s.data[i]);
	return s.len;
}

static size_t upper(struct str s, char *out)
{
	for (size_t i = 0; i < s.len; i++)
		out[i] = to_upper(s.data[i]);
	return s.len;
}

static bool fits_label(struct str s)
{
	if (s.len == 0 || s.len > 63 || s.data[0] == '-' || s.data[s.len - 1] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_alnum(s.data[i]) && s.data[i] != '-')
			return false;
	return true;
}

static bool fits_hostname(struct str s)
{
	if (s.len == 0 || s.len > 253 || s.data[s.len - 1] == '.')
		return false;
	struct str rest = s, label;
	while (str_cut(&rest, '.', &label))
		if (!fits_label(label))
			return false;
	return true;
}

static bool fits_email(struct str s)
{
	int64_t at = str_find(s, '@');
	if (s.len > 254 || at < 1 || at > 64 || s.data[0] == '.' || s.data[at - 1] == '.')
		return false;
	for (int64_t i = 0; i < at; i++) {
		char c = s.data[i];
		if (c == '.' && s.data[i + 1] == '.')
			return false;
		if (!is_alnum(c) && !((unsigned char)c & 0x80) && !is_in(c, "!#$%&'*+/=?^_`{|}~-."))
			return false;
	}
	return fits_hostname(str_slice(s, (size_t)at + 1, s.len));
}

/* Pairs of hex digits: aa:bb:…, aa-bb-…, aabb.ccdd.…, or none between; six bytes or eight. */
static bool fits_mac(struct str s)
{
	size_t digits = 0, step = 0;
	char separator = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (is_hex(c)) {
			digits++;
			step++;
			continue;
		}
		if (!is_in(c, ":-.") || (separator && c != separator) || step != (c == '.' ? 4u : 2u))
			return false;
		separator = c;
		step = 0;
	}
	return (digits == 12 || digits == 16) && (!separator || step == (separator == '.' ? 4u : 2u));
}

static size_t normal_mac(struct str s, char *out)
{
	size_t n = 0, digits = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (!is_hex(s.data[i]))
			continue;
		if (digits && digits % 2 == 0)
			out[n++] = ':';
		out[n++] = to_lower(s.data[i]);
		digits++;
	}
	return n;
}

/* 4, 6, or 0 when it is no address. */
static int address_read(struct str s, unsigned char address[16])
{
	char text[INET6_ADDRSTRLEN];
	if (s.len >= sizeof text || memchr(s.data, 0, s.len))
		return 0;
	memcpy(text, s.data, s.len);
	text[s.len] = 0;
	if (inet_pton(AF_INET, text, address) == 1)
		return 4;
	return inet_pton(AF_INET6, text, address) == 1 ? 6 : 0;
}

static bool fits_ip(struct str s)
{
	unsigned char address[16];
	return address_read(s, address) != 0;
}

static size_t normal_ip(struct str s, char *out)
{
	unsigned char address[16];
	char text[INET6_ADDRSTRLEN];
	if (!inet_ntop(address_read(s, address) == 4 ? AF_INET : AF_INET6, address, text, sizeof text))
		return lower(s, out);
	size_t n = strlen(text);
	memcpy(out, text, n);
	return n;
}

static bool fits_cidr(struct str s)
{
	unsigned char address[16];
	int64_t slash = str_find(s, '/'), bits;
	if (slash < 0)
		return false;
	struct str prefix = str_slice(s, (size_t)slash + 1, s.len);
	int version = address_read(str_slice(s, 0, (size_t)slash), address);
	return version && is_digit(prefix.len ? prefix.data[0] : 0) && (prefix.len == 1 || prefix.data[0] != '0') &&
	       str_int(prefix, &bits) && bits <= (version == 4 ? 32 : 128);
}

static size_t normal_cidr(struct str s, char *out)
{
	size_t slash = (size_t)str_find(s, '/'), n = normal_ip(str_slice(s, 0, slash), out);
	memcpy(out + n, s.data + slash, s.len - slash);
	return n + s.len - slash;
}

static bool uri_characters(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (c == '%' && !(i + 2 < s.len && is_hex(s.data[i + 1]) && is_hex(s.data[i + 2])))
			return false;
		if (!is_alnum(c) && !((unsigned char)c & 0x80) && !is_in(c, "-._~:/?#[]@!$&'()*+,;=%"))
			return false;
	}
	return true;
}

/* Schemes a browser would run as a program are refused, since the page makes links of these texts. */
static bool fits_uri(struct str s)
{
	int64_t colon = str_find(s, ':');
	if (colon < 1 || s.len > 8000 || !is_alpha(s.data[0]) || !uri_characters(s))
		return false;
	struct str scheme = str_slice(s, 0, (size_t)colon), rest = str_slice(s, (size_t)colon + 1, s.len);
	for (size_t i = 1; i < scheme.len; i++)
		if (!is_alnum(scheme.data[i]) && !is_in(scheme.data[i], "+-."))
			return false;
	if (str_eq_nocase(scheme, STR("javascript")) || str_eq_nocase(scheme, STR("vbscript")) ||
	    str_eq_nocase(scheme, STR("data")))
		return false;
	if (!str_eq_nocase(scheme, STR("http")) && !str_eq_nocase(scheme, STR("https")))
		return rest.len > 0;
	return str_starts(rest, STR("//")) && rest.len > 2 && !is_in(rest.data[2], "/?#:");
}

static bool fits_currency(struct str s)
{
	char code[3];
	if (s.len != 3)
		return false;
	upper(s, code);
	return currency_digits((struct str){ code, 3 }) >= 0;
}

/* ISO 3166-1 alpha-2, officially assigned. */
static const char countries[] =
	"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR "
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO "
	"JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR "
	"MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO "
	"RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV "
	"TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW ";

static bool fits_country(struct str s)
{
	char code[2];
	if (s.len != 2)
		return false;
	upper(s, code);
	for (const char *c = countries; *c; c += 3)
		if (c[0] == code[0] && c[1] == code[1])
			return true;
	return false;
}

/* Well-formed by RFC 5646 §2.1, without asking the registry. */
static bool fits_lang(struct str s)
{
	struct str rest = s, part;
	size_t n = 0, after_single = 1;
	if (s.len == 0 || s.len > 35 || s.data[s.len - 1] == '-')
		return false;
	for (; str_cut(&rest, '-', &part); n++) {
		if (part.len == 0 || part.len > 8)
			return false;
		for (size_t i = 0; i < part.len; i++)
			if (n == 0 ? !is_alpha(part.data[i]) : !is_alnum(part.data[i]))
				return false;
		if (n == 0 && part.len < 2 && !is_in(part.data[0], "xXiI"))
			return false;
		if (part.len == 1 && !after_single)
			return false;
		after_single = part.len > 1;
	}
	return after_single != 0;
}

static bool fits_uuid(struct str s)
{
	if (s.len != 36)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? s.data[i] != '-' : !is_hex(s.data[i]))
			return false;
	return true;
}

static bool fits_hex(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_hex(s.data[i]))
			return false;
	return s.len > 0;
}

const struct pattern patterns[] = {
	{ "email", N_("must be a mail address, such as ann@example.org"), "email", NULL, fits_email, NULL },
	{ "hostname", N_("must be a host name, such as files.example.org"), "hostname", NULL, fits_hostname, NULL },
	{ "mac", N_("must be a hardware address, such as 00:1b:44:11:3a:b7"), NULL,
	  "^([0-9A-Fa-f]{2}[:-]?){5}([0-9A-Fa-f]{2}|[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){2})$|^([0-9A-Fa-f]{4}\\.){2,3}[0-9A-Fa-f]{4}$",
	  fits_mac, normal_mac },
	{ "ip", N_("must be an IP address, such as 192.0.2.7 or 2001:db8::7"), NULL, NULL, fits_ip, normal_ip },
	{ "cidr", N_("must be a network, such as 192.0.2.0/24 or 2001:db8::/32"), NULL, NULL, fits_cidr, normal_cidr },
	{ "uri", N_("must be a web address or another URI, such as https://example.org/"), "iri", NULL, fits_uri, NULL },
	{ "currency", N_("must be the code of a currency, such as USD (ISO 4217)"), NULL, "^[A-Za-z]{3}$", fits_currency, upper },
	{ "country", N_("must be the code of a country, such as KE (ISO 3166-1)"), NULL, "^[A-Za-z]{2}$", fits_country, upper },
	{ "lang", N_("must be the tag of a language, such as fr or pt-BR (BCP 47)"), NULL, "^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$",
	  fits_lang, NULL },
	{ "uuid", N_("must be a UUID, such as 123e4567-e89b-12d3-a456-426614174000"), "uuid", NULL, fits_uuid, lower },
	{ "hex", N_("must be hexadecimal digits"), NULL, "^[0-9A-Fa-f]+$", fits_hex, lower },
	{ 0 },
};

const struct pattern *pattern_find(const char *name)
{
	for (const struct pattern *p = patterns; name && p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

/* Networks of IPv4 and IPv6 (RFC 4632, RFC 4291). Neighbours: item.c reads them, match.c asks. */
#include "internal.h"
#include <arpa/inet.h>
#include <string.h>

static bool address_parse(struct str s, unsigned char out[16], bool *ret_six)
{
	char text[INET6_ADDRSTRLEN + 1];
	int64_t zone = str_find(s, '%');
	if (zone >= 0)
		s = str_slice(s, 0, (size_t)zone);
	if (s.len == 0 || s.len >= sizeof text)
		return false;
	memcpy(text, s.data, s.len);
	text[s.len] = 0;
	*ret_six = str_find(s, ':') >= 0;
	return inet_pton(*ret_six ? AF_INET6 : AF_INET, text, out) == 1;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	if (memcmp(a, b, bits / 8) != 0)
		return false;
	unsigned char mask = bits % 8 ? (unsigned char)(0xff << (8 - bits % 8)) : 0;
	return !mask || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0;
}

bool network_parse(struct str s, struct test *ret)
{
	struct test t = { .kind = TEST_CIDR };
	struct str address = s, length = STR_NONE;
	int64_t bits, slash = str_find(s, '/');
	if (slash >= 0) {
		address = str_slice(s, 0, (size_t)slash);
		length = str_slice(s, (size_t)slash + 1, s.len);
	}
	if (!address_parse(address, t.network.address, &t.network.six))
		return false;
	bits = t.network.six ? 128 : 32;
	if (slash >= 0 && (!str_int(length, &bits) || bits < 0 || bits > (t.network.six ? 128 : 32)))
		return false;
	t.network.bits = (unsigned)bits;
	*ret = t;
	return true;
}

bool network_has(const struct test *t, struct str address)
{
	unsigned char bytes[16];
	bool six;
	return address_parse(str_trim(address), bytes, &six) && six == t->network.six && same_bits(bytes, t->network.address, t->network.bits);
}

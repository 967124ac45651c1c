/* Decimal numbers as scaled integers. Neighbours: values of kinds FIELD_DECIMAL and FIELD_MONEY. */
#include "base/decimal.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool decimal_parse(struct str s, int scale, int64_t *ret)
{
	bool negative = s.len && s.data[0] == '-', any = false;
	int64_t n = 0;
	int fraction = -1;
	assert(scale >= 0 && scale <= 9);
	for (size_t i = negative; i < s.len; i++) {
		char c = s.data[i];
		if (c == '.' && fraction < 0 && any) {
			fraction = 0;
			continue;
		}
		if (c < '0' || c > '9' || (fraction >= 0 && ++fraction > scale))
			return false;
		any = true;
		if (__builtin_mul_overflow(n, 10, &n) ||
		    (negative ? __builtin_sub_overflow(n, c - '0', &n) : __builtin_add_overflow(n, c - '0', &n)))
			return false;
	}
	if (!any || fraction == 0)
		return false;
	for (int i = fraction < 0 ? 0 : fraction; i < scale; i++)
		if (__builtin_mul_overflow(n, 10, &n))
			return false;
	*ret = n;
	return true;
}

size_t decimal_format(int64_t value, int scale, char out[32])
{
	char reversed[32];
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	size_t n = 0, len = 0;
	assert(scale >= 0 && scale <= 9);
	for (int place = 0; rest || place <= scale; place++) {
		if (place == scale && scale > 0)
			reversed[n++] = '.';
		reversed[n++] = (char)('0' + rest % 10);
		rest /= 10;
	}
	if (value < 0)
		out[len++] = '-';
	while (n)
		out[len++] = reversed[--n];
	out[len] = 0;
	return len;
}

bool decimal_from_real(double real, int scale, int64_t *ret)
{
	char text[64];
	assert(scale >= 0 && scale <= 9);
	if (!isfinite(real) || fabs(real) > 0x1p53)
		return false;
	/* the shortest form that reads back as the same number is what its author wrote */
	for (int digits = 0; digits <= scale; digits++) {
		int len = snprintf(text, sizeof text, "%.*f", digits, real);
		double back = 0;
		if (len > 0 && sscanf(text, "%lf", &back) == 1 && back == real)
			return decimal_parse((struct str){ text, (size_t)len }, scale, ret);
	}
	return false;
}

/* ISO 4217, table A.1: the active codes by minor-unit digits, as of January 2026 (lev and Antillean
 * guilder gone). Metals and others without minor units are no money here. */
static const char two[] = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
			  "CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
			  "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA "
			  "MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR "
			  "RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD "
			  "TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG";
static const char zero[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
static const char three[] = "BHD IQD JOD KWD LYD OMR TND";
static const char four[] = "CLF UYW";

int currency_digits(struct str code)
{
	static const struct {
		const char *codes;
		int digits;
	} lists[] = { { two, 2 }, { zero, 0 }, { three, 3 }, { four, 4 } };
	if (code.len != 3)
		return -1;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (const char *p = lists[i].codes; *p; p += p[3] ? 4 : 3)
			if (memcmp(p, code.data, 3) == 0)
				return lists[i].digits;
	return -1;
}

/* The first byte picks a parser of dates, times, decimals, periods or numbers, the rest is its text. What is accepted
 * must be in range, come back from its written form, and leave every byte outside unread.
 * Neighbours: src/base/clock.c, decimal.c, id.c, str.c. */
#include "base/clock.h"
#include "base/decimal.h"
#include "base/id.h"
#include "base/utf8.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void try_date(struct str s)
{
	int64_t days;
	char out[16];
	int y, m, d;
	if (!date_parse(s, &days))
		return;
	must(str_eq((struct str){ out, date_format(days, out) }, s)); /* a date has one form */
	date_to_civil(days, &y, &m, &d);
	must(y >= 0 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 && d <= 31 && date_from_civil(y, m, d) == days);
	must(date_of_time(days * DAY) == days && date_of_time(days * DAY + DAY - 1) == days);
}

static void try_time(struct str s)
{
	int64_t time, back;
	char out[32];
	if (!time_parse(s, &time))
		return;
	size_t len = time_format(time, out);
	must(len >= 20 && len <= 27 && out[len - 1] == 'Z');
	must(time_parse((struct str){ out, len }, &back) && back == time);
}

static void try_period(struct str s)
{
	static const int64_t times[] = { INT64_MIN, -DAY, 0, INT64_C(1795000000) * SECOND, INT64_MAX };
	struct period p;
	if (!period_parse(s, &p))
		return;
	must(p.months >= 0 && p.micros >= 0 && (p.months == 0 || p.micros == 0));
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		must(period_add(times[i], p) >= times[i]);
		must(period_add(times[i], (struct period){ -p.months, -p.micros }) <= times[i]);
	}
}

static void try_decimal(struct str s)
{
	int64_t value, back;
	char out[32], *end;
	for (int scale = 0; scale <= 9; scale++) {
		if (!decimal_parse(s, scale, &value))
			continue;
		size_t len = decimal_format(value, scale, out);
		must(decimal_parse((struct str){ out, len }, scale, &back) && back == value);
		/* a double holds fifteen digits: there the way through one gives the same number */
		if (value < INT64_C(1000000000000000) && value > -INT64_C(1000000000000000))
			must(decimal_from_real(strtod(out, &end), scale, &back) && back == value && end == out + len);
	}
}

static void try_number(struct str s)
{
	int64_t n, id;
	char out[32];
	if (id_parse(s, &id))
		must(str_int(s, &n) && n == id && n > 0 && str_eq((struct str){ out, decimal_format(n, 0, out) }, s));
	if (str_int(s, &n))
		must(decimal_parse(s, 0, &id) && id == n);
	if (currency_digits(s) >= 0)
		must(s.len == 3 && currency_digits(s) <= 4);
}

static void try_utf8(struct str s)
{
	bool valid = utf8_valid(s);
	uint32_t point;
	for (size_t max = 0; max <= s.len && max < 64; max++)
		must(utf8_valid(utf8_clip(s, max)));
	for (struct str left = s, before = s; utf8_next(&left, &point); before = left) {
		char bytes[4];
		struct str written = { bytes, utf8_encode(point, bytes) };
		must(!valid || str_starts(before, written));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(struct str) = { try_date, try_time, try_period, try_decimal, try_number, try_utf8 };
	if (size == 0)
		return 0;
	parsers[data[0] % (sizeof parsers / sizeof *parsers)]((struct str){ (const char *)data + 1, size - 1 });
	return 0;
}

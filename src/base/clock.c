/* Time as numbers: civil dates by the days-from-civil arithmetic of the proleptic Gregorian calendar, RFC 3339 in and
 * out. Neighbours: id.c takes milliseconds from here, values their dates. */
#include "base/clock.h"
#include <time.h>

/* 0000-01-01 and 9999-12-31: what four digits of a year can say. */
#define FIRST_DAY INT64_C(-719528)
#define LAST_DAY INT64_C(2932896)

static int64_t read_clock(clockid_t which)
{
	struct timespec t;
	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static int64_t system_now(void *data)
{
	return read_clock(CLOCK_REALTIME);
}

const struct clock clock_system = { system_now, NULL };

int64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t date_from_civil(int year, int month, int day)
{
	/* years start in March, so that the leap day is the last of its year */
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = floor_div(y, 400), of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void date_to_civil(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	int64_t z = days + 719468, era = floor_div(z, 146097), of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
	*ret_day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*ret_month = (int)(m < 10 ? m + 3 : m - 9);
	*ret_year = (int)(y + era * 400 + (*ret_month <= 2));
}

int64_t date_of_time(int64_t time)
{
	return floor_div(time, DAY);
}

static char *put_digits(char *out, int64_t n, int count)
{
	for (int i = count; i-- > 0; n /= 10)
		out[i] = (char)('0' + n % 10);
	return out + count;
}

size_t date_format(int64_t days, char out[16])
{
	int y, m, d;
	char *at = out;
	date_to_civil(days < FIRST_DAY ? FIRST_DAY : days > LAST_DAY ? LAST_DAY : days, &y, &m, &d);
	at = put_digits(at, y, 4);
	*at++ = '-';
	at = put_digits(at, m, 2);
	*at++ = '-';
	at = put_digits(at, d, 2);
	*at = 0;
	return (size_t)(at - out);
}

size_t time_format(int64_t time, char out[32])
{
	int64_t first = FIRST_DAY * DAY, last = LAST_DAY * DAY + (DAY - 1);
	time = time < first ? first : time > last ? last : time;
	int64_t days = date_of_time(time), left = time - days * DAY, seconds = left / SECOND, fraction = left % SECOND;
	char *at = out + date_format(days, out);
	*at++ = 'T';
	at = put_digits(at, seconds / 3600, 2);
	*at++ = ':';
	at = put_digits(at, seconds / 60 % 60, 2);
	*at++ = ':';
	at = put_digits(at, seconds % 60, 2);
	if (fraction) {
		*at++ = '.';
		at = put_digits(at, fraction, 6);
		while (at[-1] == '0')
			at--;
	}
	*at++ = 'Z';
	*at = 0;
	return (size_t)(at - out);
}

/* Takes exactly `count` digits off the front. */
static bool digits(struct str *s, int count, int *ret)
{
	int n = 0;
	if (s->len < (size_t)count)
		return false;
	for (int i = 0; i < count; i++) {
		char c = s->data[i];
		if (c < '0' || c > '9')
			return false;
		n = n * 10 + (c - '0');
	}
	*s = str_slice(*s, (size_t)count, s->len);
	*ret = n;
	return true;
}

static bool literal(struct str *s, char c)
{
	if (s->len == 0 || s->data[0] != c)
		return false;
	*s = str_slice(*s, 1, s->len);
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(struct str *s, int64_t *ret)
{
	int y, m, d;
	if (!digits(s, 4, &y) || !literal(s, '-') || !digits(s, 2, &m) || !literal(s, '-') || !digits(s, 2, &d))
		return false;
	if (m < 1 || m > 12 || d < 1 || d > days_in_month(y, m))
		return false;
	*ret = date_from_civil(y, m, d);
	return true;
}

bool date_parse(struct str s, int64_t *ret_days)
{
	int64_t days;
	if (!take_date(&s, &days) || s.len)
		return false;
	*ret_days = days;
	return true;
}

static bool take_fraction(struct str *s, int64_t *ret_micros)
{
	int64_t micros = 0, scale = SECOND;
	*ret_micros = 0;
	if (!literal(s, '.'))
		return true;
	int digit;
	if (!digits(s, 1, &digit))
		return false;
	do {
		scale /= 10;
		micros += digit * scale;
	} while (digits(s, 1, &digit));
	*ret_micros = micros;
	return true;
}

static bool take_offset(struct str *s, int64_t *ret_seconds)
{
	int h, m;
	*ret_seconds = 0;
	if (literal(s, 'Z') || literal(s, 'z'))
		return true;
	int sign = literal(s, '+') ? 1 : literal(s, '-') ? -1 : 0;
	if (!sign || !digits(s, 2, &h) || !literal(s, ':') || !digits(s, 2, &m) || h > 23 || m > 59)
		return false;
	*ret_seconds = sign * (h * 3600 + m * 60);
	return true;
}

bool time_parse(struct str s, int64_t *ret)
{
	int64_t days, micros, offset;
	int h, m, sec;
	if (!take_date(&s, &days) || (!literal(&s, 'T') && !literal(&s, 't') && !literal(&s, ' ')))
		return false;
	if (!digits(&s, 2, &h) || !literal(&s, ':') || !digits(&s, 2, &m) || !literal(&s, ':') || !digits(&s, 2, &sec))
		return false;
	if (h > 23 || m > 59 || sec > 60 || !take_fraction(&s, &micros) || !take_offset(&s, &offset) || s.len)
		return false;
	if (sec == 60) {
		sec = 59;
		micros = SECOND - 1;
	}
	int64_t time = days * DAY + ((int64_t)h * 3600 + m * 60 + sec - offset) * SECOND + micros;
	int64_t day = date_of_time(time);
	if (day < FIRST_DAY || day > LAST_DAY) /* an offset led out of the years that can be written */
		return false;
	*ret = time;
	return true;
}

bool period_parse(struct str s, struct period *ret)
{
	static const struct {
		const char *unit;
		int32_t months;
		int64_t micros;
	} units[] = { { "second", 0, SECOND }, { "minute", 0, 60 * SECOND }, { "hour", 0, 3600 * SECOND }, { "day", 0, DAY },
		      { "week", 0, 7 * DAY },  { "month", 1, 0 },            { "year", 12, 0 } };
	struct str rest = str_trim(s), number;
	int64_t n;
	if (!str_cut(&rest, ' ', &number) || !str_int(number, &n) || number.data[0] == '-' || n > 100000)
		return false;
	rest = str_trim(rest);
	if (rest.len > 1 && rest.data[rest.len - 1] == 's')
		rest.len--;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (str_is(rest, units[i].unit)) {
			*ret = (struct period){ (int32_t)n * units[i].months, n * units[i].micros };
			return true;
		}
	return false;
}

int64_t period_add(int64_t time, struct period p)
{
	int64_t days = date_of_time(time), of_day = time % DAY + (time % DAY < 0 ? DAY : 0), sum;
	if (p.months) {
		int y, m, d;
		date_to_civil(days, &y, &m, &d);
		int64_t months = (int64_t)y * 12 + (m - 1) + p.months;
		y = (int)floor_div(months, 12);
		m = (int)(months - (int64_t)y * 12) + 1;
		if (d > days_in_month(y, m))
			d = days_in_month(y, m);
		days = date_from_civil(y, m, d);
	}
	/* in two steps, since a day near either end of time may begin before it */
	bool early = days < 0;
	if (__builtin_mul_overflow(days + early, DAY, &sum) || __builtin_add_overflow(sum, of_day - early * DAY, &sum))
		return days < 0 ? INT64_MIN : INT64_MAX;
	return __builtin_add_overflow(sum, p.micros, &sum) ? p.micros < 0 ? INT64_MIN : INT64_MAX : sum;
}

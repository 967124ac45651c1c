/* Numbers of any length compared digit by digit, and parts of dates. Neighbours: item.c reads them in rules, match.c in events. */
#include "internal.h"
#include <string.h>
#include <time.h>

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool exponent_parse(struct str s, int64_t *ret)
{
	bool minus = s.len && s.data[0] == '-';
	int64_t n = 0;
	if (s.len && (s.data[0] == '-' || s.data[0] == '+'))
		s = str_slice(s, 1, s.len);
	if (s.len == 0 || s.len > 9)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!digit(s.data[i]))
			return false;
		n = n * 10 + (s.data[i] - '0');
	}
	*ret = minus ? -n : n;
	return true;
}

bool decimal_text_parse(struct str s, struct decimal_text *ret)
{
	struct decimal_text d = { .count = 0 };
	bool point = false, any = false;
	int64_t shift = 0;
	s = str_trim(s);
	if (s.len && (s.data[0] == '-' || s.data[0] == '+')) {
		d.negative = s.data[0] == '-';
		s = str_slice(s, 1, s.len);
	}
	size_t i = 0;
	for (; i < s.len && (digit(s.data[i]) || (s.data[i] == '.' && !point)); i++) {
		if (s.data[i] == '.') {
			point = true;
			continue;
		}
		any = true;
		bool leading = d.count == 0 && s.data[i] == '0';
		if (!leading && d.count < DIGITS_MOST)
			d.digits[d.count++] = s.data[i];
		if (!point && !leading)
			d.exponent++;
		else if (point && leading)
			d.exponent--;
	}
	if (!any || (i < s.len && s.data[i] != 'e' && s.data[i] != 'E'))
		return false;
	if (i < s.len && !exponent_parse(str_slice(s, i + 1, s.len), &shift))
		return false;
	while (d.count && d.digits[d.count - 1] == '0')
		d.count--;
	d.exponent = d.count ? d.exponent + shift : 0;
	d.negative &= d.count > 0;
	*ret = d;
	return true;
}

static int magnitude_cmp(const struct decimal_text *a, const struct decimal_text *b)
{
	if (!a->count || !b->count)
		return (a->count > 0) - (b->count > 0);
	if (a->exponent != b->exponent)
		return a->exponent < b->exponent ? -1 : 1;
	return str_cmp((struct str){ a->digits, a->count }, (struct str){ b->digits, b->count });
}

int decimal_text_cmp(const struct decimal_text *a, const struct decimal_text *b)
{
	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	int order = magnitude_cmp(a, b);
	return a->negative ? -order : order;
}

static bool digits_at(struct str s, size_t at, size_t count, int *ret)
{
	int n = 0;
	if (at + count > s.len)
		return false;
	for (size_t i = at; i < at + count; i++) {
		if (!digit(s.data[i]))
			return false;
		n = n * 10 + (s.data[i] - '0');
	}
	*ret = n;
	return true;
}

struct moment {
	int year, month, day, hour, minute; /* hour -1: only a date */
};

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

static bool moment_parse(struct str s, struct moment *ret)
{
	struct moment m = { .hour = -1 };
	if (!digits_at(s, 0, 4, &m.year) || s.len < 10 || s.data[4] != '-' || !digits_at(s, 5, 2, &m.month) || s.data[7] != '-' ||
	    !digits_at(s, 8, 2, &m.day))
		return false;
	if (m.year < 1 || m.month < 1 || m.month > 12 || m.day < 1 || m.day > days_in(m.year, m.month))
		return false;
	int hour, minute;
	if (s.len >= 16 && (s.data[10] == 'T' || s.data[10] == ' ') && s.data[13] == ':' && digits_at(s, 11, 2, &hour) && digits_at(s, 14, 2, &minute)) {
		if (hour > 23 || minute > 59)
			return false;
		m.hour = hour;
		m.minute = minute;
	}
	*ret = m;
	return true;
}

/* Days since 1970 of a date in the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* ISO 8601: the week that holds the year's first Thursday is the first. */
static int64_t iso_week(const struct moment *m)
{
	int64_t day = days_of(m->year, m->month, m->day), thursday = day - ((day + 3) % 7 + 7) % 7 + 3;
	int year = m->year;
	if (thursday < days_of(year, 1, 1))
		year--;
	else if (thursday >= days_of(year + 1, 1, 1))
		year++;
	return (thursday - days_of(year, 1, 1)) / 7 + 1;
}

bool time_part_of(struct str text, enum time_part part, int64_t *ret)
{
	struct moment m;
	if (!moment_parse(text, &m) || ((part == TIME_HOUR || part == TIME_MINUTE) && m.hour < 0))
		return false;
	const int64_t parts[] = { [TIME_MINUTE] = m.minute, [TIME_HOUR] = m.hour, [TIME_DAY] = m.day, [TIME_MONTH] = m.month, [TIME_YEAR] = m.year };
	*ret = part == TIME_WEEK ? iso_week(&m) : parts[part];
	return true;
}

/* "+02:00", "-0530", "Z" or nothing; seconds east of Greenwich. */
static int64_t offset_of(struct str s)
{
	int hours, minutes;
	s = str_trim(s);
	if (s.len < 5 || (s.data[0] != '+' && s.data[0] != '-') || !digits_at(s, 1, 2, &hours) || !digits_at(s, s.data[3] == ':' ? 4 : 3, 2, &minutes))
		return 0;
	int64_t seconds = hours * 3600 + minutes * 60;
	return s.data[0] == '-' ? -seconds : seconds;
}

static bool epoch_of(struct str text, int64_t *ret)
{
	int64_t n;
	struct str whole = text;
	int64_t point = str_find(text, '.');
	if (point > 0)
		whole = str_slice(text, 0, (size_t)point);
	if (!str_int(whole, &n) || n < 0)
		return false;
	*ret = n < INT64_C(100000000000) ? n * 1000000 : n < INT64_C(100000000000000) ? n * 1000 : n < INT64_C(100000000000000000) ? n : n / 1000;
	return true;
}

bool time_of_text(struct str text, int64_t *ret)
{
	struct moment m;
	int second = 0;
	if (!moment_parse(text, &m))
		return epoch_of(text, ret);
	int64_t micros = 0, unit = 100000;
	size_t at = 16;
	if (m.hour >= 0 && text.len >= 19 && text.data[16] == ':' && digits_at(text, 17, 2, &second))
		at = 19;
	if (at < text.len && (text.data[at] == '.' || text.data[at] == ','))
		for (at++; at < text.len && digit(text.data[at]); at++, unit /= 10)
			micros += (text.data[at] - '0') * unit;
	int64_t east = at < text.len ? offset_of(str_slice(text, at, text.len)) : 0;
	int64_t seconds = days_of(m.year, m.month, m.day) * 86400 + (m.hour < 0 ? 0 : m.hour * 3600 + m.minute * 60) + second - east;
	*ret = seconds * 1000000 + micros;
	return true;
}

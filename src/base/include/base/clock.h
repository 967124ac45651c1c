/* Time: microseconds since 1970-01-01T00:00Z in int64_t; dates as days since 1970-01-01. The clock is
 * passed in, so tests decide what time it is. Formats: RFC 3339. */
#pragma once
#include "base/error.h"

struct clock {
	int64_t (*now)(void *data); /* microseconds, UTC */
	void *data;
};

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

extern const struct clock clock_system;
static inline int64_t clock_now(const struct clock *c) { return c->now(c->data); }
/* Never goes back; for measuring only. */
int64_t clock_monotonic(void);

/* "2026-11-23T06:04:05.123456Z" without needless zeros in the fraction; `out` has room for 32 bytes. Outside
 * the years 0000–9999 the nearest time inside is written; the same holds for dates. */
size_t time_format(int64_t time, char out[32]);
/* Offsets are honoured; leap second 60 is read as 59.999999; digits past the microsecond are dropped. */
bool time_parse(struct str s, int64_t *ret);
/* "2026-11-23" */
size_t date_format(int64_t days, char out[16]);
bool date_parse(struct str s, int64_t *ret_days);
int64_t date_of_time(int64_t time);
void date_to_civil(int64_t days, int *ret_year, int *ret_month, int *ret_day);
int64_t date_from_civil(int year, int month, int day);

/* "90 days", "2 years", "6 months", "36 hours": a count up to 100000 and a unit from second to year. */
struct period {
	int32_t months;
	int64_t micros;
};
bool period_parse(struct str s, struct period *ret);
/* Adds to a time; the day of month is held to the month's last (31 January + 1 month = 28 February). Held at
 * INT64_MIN and INT64_MAX. */
int64_t period_add(int64_t time, struct period p);

/* Reading moments. Pure: text in, struct out. Neighbours: query.c and the engines that take as_of and known_at. */
#include "record/moment.h"

static bool read_time(struct str text, int64_t *ret)
{
	int64_t day;
	if (time_parse(text, ret))
		return true;
	if (!date_parse(text, &day))
		return false;
	*ret = (day + 1) * DAY - 1; /* four digits of a year: far from overflow */
	return true;
}

enum code moment_as_of(struct moment *m, struct str text, struct str pointer, struct error *e)
{
	int64_t at;
	if (!read_time(text, &at))
		return error_field(e, pointer, N_("is no day or time, such as 2026-03-01 or 2026-03-01T12:00:00Z: {value}"), { "value", text });
	m->as_of_given = true;
	m->at = at;
	return OK;
}

enum code moment_known_at(struct moment *m, struct str text, struct str pointer, struct error *e)
{
	int64_t limit;
	bool size = str_int(text, &limit) && limit >= 0;
	if (!size && !read_time(text, &limit))
		return error_field(e, pointer, N_("is no day, time or size of the journal, such as 2026-03-01 or 1200: {value}"), { "value", text });
	m->known = size ? KNOWN_SIZE : KNOWN_TIME;
	m->limit = limit;
	return OK;
}

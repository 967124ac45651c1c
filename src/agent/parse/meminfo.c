/* /proc/meminfo: "Name:  1234 kB" lines. Neighbours: hardware.c reads the file. */
#include "parse/parse.h"

static int64_t bytes_of(struct str s)
{
	int64_t n;
	s = str_trim(s);
	int64_t unit = str_ends(s, STR(" kB")) ? 1024 : 1;
	if (unit > 1)
		s = str_trim(str_slice(s, 0, s.len - 3));
	if (!str_int(s, &n) || n < 0 || __builtin_mul_overflow(n, unit, &n))
		return -1;
	return n;
}

void meminfo_parse(struct str text, struct meminfo *ret)
{
	struct meminfo m = { -1, -1, -1, -1 };
	const struct {
		const char *name;
		int64_t *to;
	} places[] = { { "MemTotal", &m.total },
		       { "MemAvailable", &m.available },
		       { "SwapTotal", &m.swap_total },
		       { "SwapFree", &m.swap_free } };
	struct str line, name;
	while (line_next(&text, &line)) {
		if (!str_cut(&line, ':', &name))
			continue;
		for (size_t i = 0; i < sizeof places / sizeof *places; i++)
			if (str_is(str_trim(name), places[i].name))
				*places[i].to = bytes_of(line);
	}
	*ret = m;
}

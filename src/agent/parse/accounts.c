/* /etc/passwd: name:password:uid:gid:gecos:home:shell. Neighbours: people.c. */
#include "parse/parse.h"

bool account_next(struct str *rest, struct account *ret)
{
	struct str line;
	while (line_next(rest, &line)) {
		struct str fields[7] = { 0 };
		int64_t uid;
		size_t n = 0;
		while (n < 7 && str_cut(&line, ':', &fields[n]))
			n++;
		/* "+user" and "-user" are old NIS entries */
		if (n < 7 || !fields[0].len || fields[0].data[0] == '+' || fields[0].data[0] == '-' || fields[0].data[0] == '#' ||
		    !str_int(fields[2], &uid) || uid < 0 || uid > UINT32_MAX)
			continue;
		*ret = (struct account){ fields[0], str_trim(fields[6]), uid };
		return true;
	}
	return false;
}

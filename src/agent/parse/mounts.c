/* /proc/self/mounts: source, place, type and options, blanks within written as \040. Neighbours: storage.c. */
#include "base/arena.h"
#include "parse/parse.h"

static bool octal(char c)
{
	return c >= '0' && c <= '7';
}

static struct str unescape(struct str s, struct arena *arena)
{
	size_t n = 0;
	if (str_find(s, '\\') < 0)
		return s;
	char *out = arena_alloc(arena, s.len + 1);
	for (size_t i = 0; out && i < s.len; i++) {
		char c = s.data[i];
		if (c == '\\' && i + 3 < s.len && octal(s.data[i + 1]) && octal(s.data[i + 2]) && octal(s.data[i + 3])) {
			c = (char)(((s.data[i + 1] - '0') << 6 | (s.data[i + 2] - '0') << 3 | (s.data[i + 3] - '0')) & 0xff);
			i += 3;
		}
		out[n++] = c;
	}
	return (struct str){ out, out ? n : 0 };
}

static bool has_option(struct str options, const char *option)
{
	struct str one;
	while (str_cut(&options, ',', &one))
		if (str_is(one, option))
			return true;
	return false;
}

bool mount_next(struct str *rest, struct arena *arena, struct mount *ret)
{
	struct str line;
	while (line_next(rest, &line)) {
		struct str fields[4] = { 0 };
		size_t n = 0;
		while (n < 4 && str_cut(&line, ' ', &fields[n]))
			n++;
		if (n < 4 || !fields[1].len)
			continue;
		*ret = (struct mount){ unescape(fields[0], arena), unescape(fields[1], arena), fields[2], has_option(fields[3], "ro") };
		if (ret->source.data && ret->at.data)
			return true;
	}
	return false;
}

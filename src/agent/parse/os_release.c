/* os-release(5): NAME=value lines, quoted as a shell would. Neighbours: os.c reads the file. */
#include "base/arena.h"
#include "parse/parse.h"

bool line_next(struct str *rest, struct str *ret)
{
	if (!str_cut(rest, '\n', ret))
		return false;
	if (ret->len && ret->data[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

/* Takes quotes and backslashes away; within '' nothing is special. */
static bool unquote(struct str s, struct arena *arena, struct str *ret)
{
	char quote = 0;
	size_t n = 0;
	char *out = arena_alloc(arena, s.len + 1);
	if (!out)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? 0 : c;
			continue;
		}
		if (c == '\\' && quote != '\'' && i + 1 < s.len)
			c = s.data[++i];
		out[n++] = c;
	}
	*ret = (struct str){ out, n };
	return true;
}

bool os_release_parse(struct str text, struct arena *arena, struct os_release *ret)
{
	struct os_release os = { 0 };
	const struct {
		const char *name;
		struct str *to;
	} places[] = { { "ID", &os.id },		      { "NAME", &os.name },	    { "VERSION_ID", &os.version },
		       { "VERSION_CODENAME", &os.codename }, { "BUILD_ID", &os.build }, { "PRETTY_NAME", &os.pretty } };
	struct str line, name;
	while (line_next(&text, &line)) {
		line = str_trim(line);
		if (!line.len || line.data[0] == '#' || str_find(line, '=') < 0 || !str_cut(&line, '=', &name))
			continue;
		for (size_t i = 0; i < sizeof places / sizeof *places; i++)
			if (str_is(name, places[i].name) && !unquote(line, arena, places[i].to))
				return false;
	}
	*ret = os;
	return true;
}

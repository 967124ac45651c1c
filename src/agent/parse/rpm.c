/* What `rpm -qa --qf RPM_FORMAT` prints. Neighbours: software.c asks it. */
#include "base/arena.h"
#include "parse/parse.h"

/* rpm writes "(none)" for what a package does not have. */
static struct str value(struct str s)
{
	s = str_trim(s);
	return str_is(s, "(none)") ? STR("") : s;
}

/* "bash-5.2.15-3.el9.src.rpm": name and version are parted by the second dash from the right. */
static void split_source(struct str file, struct package *p)
{
	static const char *const ends[] = { ".src.rpm", ".nosrc.rpm" };
	size_t dashes = 0;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (str_ends(file, str_of(ends[i])))
			file = str_slice(file, 0, file.len - str_of(ends[i]).len);
	for (size_t i = file.len; i-- > 0;)
		if (file.data[i] == '-' && ++dashes == 2) {
			p->source = str_slice(file, 0, i);
			p->source_version = str_slice(file, i + 1, file.len);
			return;
		}
}

bool rpm_next(struct str *rest, struct arena *arena, struct package *ret)
{
	struct str line;
	while (line_next(rest, &line)) {
		struct str fields[6] = { 0 };
		size_t n = 0;
		while (n < 6 && str_cut(&line, '\t', &fields[n]))
			n++;
		for (size_t i = 0; i < n; i++)
			fields[i] = value(fields[i]);
		/* the keys that sign packages are listed as packages too */
		if (n < 6 || !fields[0].len || !fields[2].len || str_is(fields[0], "gpg-pubkey"))
			continue;
		*ret = (struct package){ .name = fields[0], .version = fields[2], .architecture = fields[3], .publisher = fields[4] };
		split_source(fields[5], ret);
		if (fields[1].len && !str_is(fields[1], "0"))
			ret->version = arena_format(arena, "%.*s:%.*s", STR_ARG(fields[1]), STR_ARG(fields[2]));
		if (ret->version.data)
			return true;
	}
	return false;
}

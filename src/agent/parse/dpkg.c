/* dpkg's status file: stanzas of "Field: value" (deb822), a blank line between them. It is read as it stands, since
 * asking dpkg-query for it takes longer than everything else the agent does. Neighbours: software.c. */
#include "parse/parse.h"

struct stanza {
	struct str name, status, version, architecture, maintainer, source;
};

static bool stanza_next(struct str *rest, struct stanza *ret)
{
	struct stanza s = { 0 };
	const struct {
		const char *name;
		struct str *to;
	} places[] = { { "Package", &s.name },		     { "Status", &s.status },	      { "Version", &s.version },
		       { "Architecture", &s.architecture }, { "Maintainer", &s.maintainer }, { "Source", &s.source } };
	struct str line, name;
	bool any = false;
	while (line_next(rest, &line)) {
		if (!str_trim(line).len) {
			if (any)
				break;
			continue;
		}
		any = true;
		if (line.data[0] == ' ' || line.data[0] == '\t' || !str_cut(&line, ':', &name))
			continue; /* a field's further lines: none we want has any */
		for (size_t i = 0; i < sizeof places / sizeof *places; i++)
			if (str_eq_nocase(name, str_of(places[i].name)))
				*places[i].to = str_trim(line);
	}
	*ret = s;
	return any;
}

/* "want flag status", such as "hold ok installed". */
static bool installed(struct str status)
{
	return str_ends(status, STR(" installed"));
}

/* "Name <mail>": the name alone; people's addresses stay where they are. */
static struct str publisher_of(struct str maintainer)
{
	int64_t at = str_find(maintainer, '<');
	return at >= 0 ? str_trim(str_slice(maintainer, 0, (size_t)at)) : maintainer;
}

bool dpkg_next(struct str *rest, struct package *ret)
{
	struct stanza s;
	do {
		if (!stanza_next(rest, &s))
			return false;
	} while (!s.name.len || !s.version.len || !installed(s.status));
	*ret = (struct package){ .name = s.name, .version = s.version, .architecture = s.architecture,
				 .publisher = publisher_of(s.maintainer) };
	if (s.source.len) { /* "gcc-12" or "gcc-12 (12.2.0-14)" */
		int64_t at = str_find(s.source, '(');
		ret->source = at >= 0 ? str_trim(str_slice(s.source, 0, (size_t)at)) : s.source;
		ret->source_version = at >= 0 ? str_slice(s.source, (size_t)at + 1, s.source.len) : s.version;
		if (str_ends(ret->source_version, STR(")")))
			ret->source_version.len--;
	}
	return true;
}

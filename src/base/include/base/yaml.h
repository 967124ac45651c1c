/* Reading YAML 1.1 (libyaml) into a tree that remembers where everything stood, so that a bad pack
 * is refused with file, line and what was expected. Anchors, aliases and tags are refused; a mapping's
 * names are unique. At most 4 MiB (E_LIMIT), 32 levels and 200,000 values (E_INVALID with the place). */
#pragma once
#include "base/error.h"

enum yaml_type { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_type type;
	unsigned line, column; /* from 1 */
	struct str text;       /* YAML_TEXT: the scalar as written */
	bool quoted;           /* YAML_TEXT: 'x' or "x" or a block; plain ~, null and empty are null */
	struct str name;       /* the name under which it stands in its map */
	struct yaml *first;    /* YAML_LIST, YAML_MAP: children in order */
	struct yaml *next;
	size_t count;
};

/* One document; an empty file is an empty map. `file` is named in errors as "file:line:column". */
enum code yaml_parse(struct arena *arena, struct str file, struct str text, const struct yaml **ret,
		     struct error *e);
const struct yaml *yaml_get(const struct yaml *map, const char *name);
bool yaml_is_null(const struct yaml *y);
/* "file:line:column: expected {expected}"; answers E_INVALID. */
enum code yaml_expected(struct error *e, struct str file, const struct yaml *at, const char *expected);

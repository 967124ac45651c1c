/* Any bytes as YAML: a tree within its ceilings, whose places are in the text and in order, or an error that names the file.
 * Neighbours: src/base/yaml.c. */
#include "base/arena.h"
#include "base/yaml.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct yaml *y, unsigned depth, size_t lines, unsigned *line)
{
	size_t n = 0;
	must(depth <= 32 && y->line >= *line && y->line <= lines && y->column >= 1);
	*line = y->line;
	must(y->type == YAML_TEXT || (!y->quoted && !y->text.data));
	for (const struct yaml *c = y->first; c; c = c->next, n++) {
		must(y->type != YAML_TEXT && (y->type == YAML_MAP) == (c->name.data != NULL));
		check(c, depth + 1, lines, line);
	}
	must(n == y->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const struct yaml *root;
	struct error e;
	size_t lines = 2;
	unsigned line = 1;
	error_init(&e, arena);
	if (yaml_parse(arena, STR("fuzz.yaml"), (struct str){ (const char *)data, size }, &root, &e) != OK) {
		must(str_starts(error_text(&e, arena), STR("fuzz.yaml")));
		return 0;
	}
	for (size_t i = 0; i < size; i++) /* YAML breaks lines at CR, LF, NEL, LS and PS */
		lines += data[i] == '\n' || data[i] == '\r' || data[i] == 0x85 || data[i] == 0xa8 || data[i] == 0xa9;
	check(root, 1, lines, &line);
	for (const struct yaml *c = root->type == YAML_MAP ? root->first : NULL; c; c = c->next)
		if (str_is(c->name, "kind"))
			must(yaml_get(root, "kind") == c);
	return 0;
}

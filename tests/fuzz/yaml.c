/* Any bytes as YAML: a tree or an error with a place, never more than the ceilings. */
#include "base/arena.h"
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const struct yaml *root;
	struct error e;
	error_init(&e, arena);
	if (yaml_parse(arena, STR("fuzz.yaml"), (struct str){ (const char *)data, size }, &root, &e) == OK)
		yaml_get(root, "kind");
	return 0;
}

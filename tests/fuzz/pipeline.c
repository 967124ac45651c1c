/* A pipeline and the rule it rewrites, apart by a line of dashes; both are files other people wrote. Neighbours: src/event/pipeline/. */
#include "base/arena.h"
#include "base/yaml.h"
#include "event/pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	int64_t at = str_find_str(text, STR("\n---\n"));
	CLEAN_ARENA struct arena *arena = arena_new(0);
	CLEAN_PIPELINE struct pipeline *p = NULL;
	const struct yaml *rule, *result;
	struct error e;
	if (!arena || at < 0)
		return 0;
	error_init(&e, arena);
	struct pipeline_source source = { STR("p"), str_slice(text, 0, (size_t)at) };
	if (pipeline_new(&source, 1, &p, &e) == OK && yaml_parse(arena, STR("r"), str_slice(text, (size_t)at + 5, size), &rule, &e) == OK)
		(void)pipeline_apply(p, rule, arena, &result, &e);
	return 0;
}

/* Rules and an event, apart by a line of percent signs: what the search for candidates leaves out must hold for no rule, so each rule is
 * judged by itself too, and both must agree. Neighbours: src/event/sigma/. */
#include "base/arena.h"
#include "base/json.h"
#include "sigma/scratch.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(struct sigma_rules *s, struct str text, struct arena *arena, struct error *e)
{
	struct sigma_scratch *x = sigma_scratch_new(s, true);
	const struct json *event;
	const unsigned *hits;
	size_t count, next = 0;
	if (x && json_parse(arena, text, NULL, &event, e) == OK && sigma_event_json(x, event, e) == OK && sigma_match(x, &hits, &count, e) == OK)
		for (size_t i = 0; i < s->rules.count; i++) {
			bool told = next < count && hits[next] == i;
			next += told;
			if (s->rules.items[i].root && node_holds(x, s->rules.items[i].root) != told)
				abort();
		}
	sigma_scratch_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	int64_t at = str_find_str(text, STR("\n%%%\n"));
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct sigma_rules *s;
	struct error e;
	if (!arena || at < 0)
		return 0;
	error_init(&e, arena);
	if (sigma_rules_new(&s, &e) != OK)
		return 0;
	if (sigma_rules_add(s, STR("r"), str_slice(text, 0, (size_t)at), NULL, &e) == OK && sigma_rules_ready(s, &e) == OK)
		judge(s, str_slice(text, (size_t)at + 5, size), arena, &e);
	sigma_rules_free(s);
	return 0;
}

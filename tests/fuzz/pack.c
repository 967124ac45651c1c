/* Any text as the file of a kind: it becomes a model, or faults with places. Neighbours: src/model. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "model/value.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_OF(path, text) { path, { text, sizeof(text) - 1 }, { "", 0 } }

/* Whatever was accepted must be describable. */
static void describe(const struct model *m, struct arena *arena, struct error *e)
{
	const struct kind *k = model_kind(m, STR("thing"));
	CLEAN_BUF struct buf b;
	struct json_writer w;
	const struct json *j;
	if (!k || k->title_field >= k->field_count || k->fields[k->field_count].name)
		abort();
	for (size_t i = 0; i < k->transition_count; i++)
		if (!kind_state(k, str_of(k->transitions[i].to)) || !model_function(m, str_of(k->transitions[i].function)))
			abort();
	buf_init(&b, 0);
	json_writer_init(&w, &b);
	fields_schema(k->fields, false, m->catalog, LANG_FR, &w);
	if (!buf_ok(&b) || json_parse(arena, buf_str(&b), NULL, &j, e) != OK)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const extra[] = { "report.publish", NULL };
	struct embedded files[] = {
		FILE_OF("packs/fuzz/kinds/person.yaml",
			"kind: person\nflags: [subject]\nfields: {name: {type: text, required: true}, at: {type: geo}}\n"),
		{ "packs/fuzz/kinds/thing.yaml", { (const char *)data, size }, { "", 0 } },
		FILE_OF("packs/fuzz/pack.yaml", "pack: fuzz\ntitle: Fuzz\nversion: 1\n"),
		{ 0 },
	};
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct error e;
	struct pack_source *sources;
	size_t count;
	const struct model *m = NULL;
	error_init(&e, arena);
	if (!arena || pack_sources_find(arena, STR_NONE, files, &sources, &count, &e) != OK)
		return 0;
	enum code code = model_load(sources, count, extra, &m, &e);
	if (code == OK)
		describe(m, arena, &e);
	else if (code == E_INVALID && !e.items)
		abort();
	model_unref(m);
	return 0;
}

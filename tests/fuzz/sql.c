/* Any text as a question: a typed query with places inside the text, or a reason; and SQL for both stores that names no table but those the
 * relations name. Neighbours: src/query. */
#include "base/arena.h"
#include "query/query.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_OF(path, text) { path, { text, sizeof(text) - 1 }, { "", 0 } }
static const struct embedded files[] = {
	FILE_OF("packs/yard/kinds/site.yaml", "kind: site\ntitle: Site\nfields:\n  title: {type: text, required: true}\n"),
	FILE_OF("packs/yard/kinds/thing.yaml", "kind: thing\ntitle: Thing\nnumber: \"T-{seq:3}\"\nfields:\n"
					       "  name: {type: text, required: true}\n  size: {type: int}\n  cost: {type: money}\n"
					       "  bought: {type: date}\n  seen: {type: time}\n  class: {type: choice, of: [laptop, server]}\n"
					       "  part_of: {type: ref, to: thing}\n  load: {type: decimal, scale: 2}\n  usable: {type: bool}\n"
					       "states:\n  new: {start: used}\n  used: {stop: new}\ntransitions:\n  start: {}\n  stop: {}\n"),
	FILE_OF("packs/yard/pack.yaml", "pack: yard\ntitle: Yard\nversion: 1\n"),
	{ 0 },
};

static enum code relation(void *data, const struct query_table *table, struct query_text *out, struct error *e)
{
	buf_format(&out->sql, "SELECT * FROM visible_%s WHERE entity = ", table->kind->name);
	query_text_param(out, SQL_I(7));
	return OK;
}

static void emit(const struct query *q, enum store_type store, struct arena *arena, struct error *e)
{
	CLEAN_QUERY_TEXT struct query_text text;
	const struct query_emission how = { .store = store, .today = 20000, .now = 1, .limit = 10, .relation = relation, .arena = arena };
	query_text_init(&text);
	enum code code = query_emit(q, &how, &text, e);
	if (code != OK && code != E_LIMIT && code != E_NOMEM)
		abort();
	struct str sql = buf_str(&text.sql);
	if (code == OK && (str_find_str(sql, STR("FROM thing")) >= 0 || str_find_str(sql, STR("JOIN thing")) >= 0 || str_find(sql, ';') >= 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct model *model; /* loaded once; the fuzzer has one thread */
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct pack_source *sources;
	struct query_place place = { 0 };
	const struct query *q;
	struct error e;
	size_t count;
	error_init(&e, arena);
	if (!model && (pack_sources_find(arena, STR_NONE, files, &sources, &count, &e) != OK || model_load(sources, count, NULL, &model, &e) != OK))
		abort();
	enum code code = query_parse(model, (struct str){ (const char *)data, size }, arena, &q, &place, &e);
	if (code == OK) {
		emit(q, STORE_SQLITE, arena, &e);
		emit(q, STORE_POSTGRES, arena, &e);
	} else if (place.offset > size || (code != E_INVALID && code != E_LIMIT && code != E_NOMEM)) {
		abort();
	}
	return 0;
}

/* Any bytes as the parameters of a list, against a kind with every sort of field. */
#include "base/arena.h"
#include "record/query.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct choice choices[] = { { "a", "A" }, { "b", "B" }, { 0 } };
static const struct field fields[] = {
	{ .name = "name", .type = FIELD_TEXT, .title = "Name", .max = 100, .index = 0 },
	{ .name = "size", .type = FIELD_INT, .title = "Size", .index = 1 },
	{ .name = "cost", .type = FIELD_MONEY, .title = "Cost", .index = 2 },
	{ .name = "bought", .type = FIELD_DATE, .title = "Bought", .index = 3 },
	{ .name = "seen", .type = FIELD_TIME, .title = "Seen", .index = 4 },
	{ .name = "class", .type = FIELD_CHOICE, .title = "Class", .choices = choices, .index = 5 },
	{ .name = "site", .type = FIELD_REF, .title = "Site", .to = "thing", .index = 6 },
	{ .name = "tags", .type = FIELD_REFS, .title = "Tags", .to = "thing", .index = 7 },
	{ .name = "load", .type = FIELD_DECIMAL, .title = "Load", .scale = 2, .index = 8 },
	{ 0 },
};

/* One pair a line, name and text parted by '='. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct kind kind = { .name = "thing", .title = "Thing", .pack = "fuzz", .fields = fields, .field_count = 9 };
	static const struct kind *const kinds[] = { &kind };
	static const struct model model = { .kinds = kinds, .kind_count = 1 };
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct str rest = { (const char *)data, size }, line, name;
	struct query_pair pairs[128];
	struct record_query q;
	struct error e;
	size_t n = 0;
	error_init(&e, arena);
	while (n < 128 && str_cut(&rest, '\n', &line))
		if (str_cut(&line, '=', &name))
			pairs[n++] = (struct query_pair){ name, line.data ? line : STR("") };
	record_query_parse(&model, &kind, pairs, n, STR("USD"), arena, &q, &e);
	return 0;
}

/* The first byte picks a field, the rest is its value, as JSON and as text. What is accepted must come back the same
 * through both. Neighbours: src/model/value_*.c. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "model/value.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct choice choices[] = { { "red", "Red" }, { "green", "Green" }, { 0 } };
static const struct field fields[] = {
	{ .name = "text", .type = FIELD_TEXT },
	{ .name = "lines", .type = FIELD_TEXT, .flags = FIELD_MULTILINE, .max = 50 },
	{ .name = "int", .type = FIELD_INT, .min = -10, .max = 1000 },
	{ .name = "decimal", .type = FIELD_DECIMAL, .scale = 3 },
	{ .name = "money", .type = FIELD_MONEY },
	{ .name = "date", .type = FIELD_DATE },
	{ .name = "time", .type = FIELD_TIME },
	{ .name = "bool", .type = FIELD_BOOL },
	{ .name = "choice", .type = FIELD_CHOICE, .choices = choices },
	{ .name = "ref", .type = FIELD_REF, .to = "thing" },
	{ .name = "refs", .type = FIELD_REFS, .to = "thing" },
	{ .name = "geo", .type = FIELD_GEO },
	{ .name = "file", .type = FIELD_FILE },
	{ .name = "json", .type = FIELD_JSON },
	{ .name = "local", .type = FIELD_LOCAL },
	{ .name = "email", .type = FIELD_TEXT, .pattern = "email" },
	{ .name = "hostname", .type = FIELD_TEXT, .pattern = "hostname" },
	{ .name = "mac", .type = FIELD_TEXT, .pattern = "mac" },
	{ .name = "ip", .type = FIELD_TEXT, .pattern = "ip" },
	{ .name = "cidr", .type = FIELD_TEXT, .pattern = "cidr" },
	{ .name = "uri", .type = FIELD_TEXT, .pattern = "uri" },
	{ .name = "lang", .type = FIELD_TEXT, .pattern = "lang" },
	{ .name = "uuid", .type = FIELD_TEXT, .pattern = "uuid" },
	{ .name = "hex", .type = FIELD_TEXT, .pattern = "hex" },
};

/* JSON's negative zero is written as -0, which is a whole number and reads as 0. */
static bool has_negative_zero(const struct field *f, const struct value *v)
{
	return (f->type == FIELD_JSON || f->type == FIELD_GEO) && !v->null && str_find_str(v->text, STR("-0")) >= 0;
}

static void same_through_json(const struct field *f, const struct value *v, struct arena *arena, struct error *e)
{
	CLEAN_BUF struct buf b;
	struct json_writer w;
	const struct json *j;
	struct value again;
	buf_init(&b, 0);
	if (has_negative_zero(f, v))
		return;
	json_writer_init(&w, &b);
	value_to_json(f, v, &w);
	if (!buf_ok(&b) || json_parse(arena, buf_str(&b), NULL, &j, e) != OK ||
	    value_from_json(f, j, STR("/x"), arena, &again, e) != OK || !value_equal(f, v, &again))
		abort();
}

static void same_through_text(const struct field *f, const struct value *v, struct arena *arena, struct error *e)
{
	struct value again;
	if (has_negative_zero(f, v))
		return;
	struct str text = value_to_text(f, v, arena);
	if (value_from_text(f, text, STR("/x"), STR_NONE, arena, &again, e) != OK || !value_equal(f, v, &again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const struct field *f = &fields[data[0] % (sizeof fields / sizeof *fields)];
	struct str input = { (const char *)data + 1, size - 1 };
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct error e;
	const struct json *j;
	struct value v;
	error_init(&e, arena);
	if (!arena)
		return 0;
	if (json_parse(arena, input, NULL, &j, &e) == OK && value_from_json(f, j, STR("/x"), arena, &v, &e) == OK) {
		same_through_json(f, &v, arena, &e);
		same_through_text(f, &v, arena, &e);
	}
	if (value_from_text(f, input, STR("/x"), STR("USD"), arena, &v, &e) == OK) {
		same_through_json(f, &v, arena, &e);
		same_through_text(f, &v, arena, &e);
	}
	return 0;
}

/* YAML by libyaml's events into a tree with positions. Neighbours: model/ reads packs, kernel/ its configuration. */
#include "base/yaml.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/utf8.h"
#include <string.h>
#include <yaml.h>

#define BYTES_MOST (4u << 20)
#define DEPTH_MOST 32
#define NODES_MOST 200000
#define FEW_NAMES 24 /* up to here comparing with each is quicker than a map */

struct reading {
	yaml_parser_t parser;
	struct arena *arena;
	struct str file, text;
	struct error *error;
	size_t nodes;
};

static enum code fault(struct reading *r, const yaml_mark_t *at, const char *expected)
{
	struct yaml here = { .line = (unsigned)at->line + 1, .column = (unsigned)at->column + 1 };
	return yaml_expected(r->error, r->file, &here, expected);
}

enum code yaml_expected(struct error *e, struct str file, const struct yaml *at, const char *expected)
{
	char line[16], column[16];
	snprintf(line, sizeof line, "%u", at->line);
	snprintf(column, sizeof column, "%u", at->column);
	return error_fail(e, E_INVALID, N_("{file}:{line}:{column}: expected {expected}"), { "file", file },
			  { "line", str_of(line) }, { "column", str_of(column) }, { "expected", str_of(expected) });
}

/* For a byte that no YAML may hold, libyaml knows the offset only. */
static yaml_mark_t mark_of(struct str text, size_t offset)
{
	size_t start = 0, line = 0;
	for (size_t i = 0; i < offset && i < text.len; i++)
		if (text.data[i] == '\n') {
			line++;
			start = i + 1;
		}
	return (yaml_mark_t){ .line = line, .column = utf8_length(str_slice(text, start, offset)) };
}

static enum code next_event(struct reading *r, yaml_event_t *ret)
{
	if (yaml_parser_parse(&r->parser, ret))
		return OK;
	if (r->parser.error == YAML_MEMORY_ERROR)
		return error_nomem(r->error);
	yaml_mark_t at = r->parser.error == YAML_READER_ERROR ? mark_of(r->text, r->parser.problem_offset) : r->parser.problem_mark;
	fault(r, &at, N_("valid YAML"));
	return error_hint(r->error, str_of(r->parser.problem));
}

static enum code read_node(struct reading *r, const yaml_event_t *event, unsigned depth, struct yaml *y);

static enum code check_plain(struct reading *r, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;
	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (event->type == YAML_ALIAS_EVENT || anchor)
		return fault(r, &event->start_mark, N_("no anchors or aliases"));
	return tag ? fault(r, &event->start_mark, N_("no tags")) : OK;
}

static enum code add_child(struct reading *r, struct yaml *parent, struct yaml **last, struct yaml **ret)
{
	struct yaml *y = ARENA_NEW(r->arena, struct yaml);
	if (!y)
		return error_nomem(r->error);
	if (*last)
		(*last)->next = y;
	else
		parent->first = y;
	*last = y;
	parent->count++;
	*ret = y;
	return OK;
}

static enum code read_list(struct reading *r, unsigned depth, struct yaml *y)
{
	struct yaml *last = NULL, *child;
	for (;;) {
		yaml_event_t event;
		TRY(next_event(r, &event));
		bool end = event.type == YAML_SEQUENCE_END_EVENT;
		enum code code = end ? OK : add_child(r, y, &last, &child);
		if (code == OK && !end)
			code = read_node(r, &event, depth + 1, child);
		yaml_event_delete(&event);
		if (code != OK || end)
			return code;
	}
}

/* The names of one map so far. Few are compared one by one; many are kept in a map of their own. */
struct names {
	const struct yaml *map;
	struct map *many;
};

static void names_done(struct names *n)
{
	map_free(n->many);
}

static bool names_many(struct names *n)
{
	n->many = map_new();
	bool good = n->many != NULL;
	for (const struct yaml *y = n->map->first; y && good; y = y->next)
		good = map_put(n->many, y->name, NULL);
	return good;
}

static bool names_have(const struct names *n, struct str name)
{
	if (n->many)
		return map_has(n->many, name);
	for (const struct yaml *y = n->map->first; y; y = y->next)
		if (str_eq(y->name, name))
			return true;
	return false;
}

static enum code read_name(struct reading *r, const yaml_event_t *event, struct names *names, struct str *ret)
{
	TRY(check_plain(r, event));
	if (event->type != YAML_SCALAR_EVENT)
		return fault(r, &event->start_mark, N_("a plain name"));
	struct str name = arena_copy(r->arena, (struct str){ (const char *)event->data.scalar.value, event->data.scalar.length });
	if (!name.data || (names->map->count == FEW_NAMES && !names_many(names)))
		return error_nomem(r->error);
	if (memchr(name.data, 0, name.len))
		return fault(r, &event->start_mark, N_("text without NUL"));
	if (names_have(names, name))
		return fault(r, &event->start_mark, N_("each name once"));
	if (names->many && !map_put(names->many, name, NULL))
		return error_nomem(r->error);
	*ret = name;
	return OK;
}

static enum code read_member(struct reading *r, unsigned depth, struct yaml *map, struct yaml **last, struct str name)
{
	struct yaml *child;
	yaml_event_t event;
	TRY(next_event(r, &event));
	enum code code = add_child(r, map, last, &child);
	if (code == OK) {
		child->name = name;
		code = read_node(r, &event, depth + 1, child);
	}
	yaml_event_delete(&event);
	return code;
}

static enum code read_map(struct reading *r, unsigned depth, struct yaml *y)
{
	__attribute__((cleanup(names_done))) struct names names = { .map = y };
	struct yaml *last = NULL;
	for (;;) {
		struct str name;
		yaml_event_t event;
		TRY(next_event(r, &event));
		bool end = event.type == YAML_MAPPING_END_EVENT;
		enum code code = end ? OK : read_name(r, &event, &names, &name);
		yaml_event_delete(&event);
		if (code != OK || end)
			return code;
		TRY(read_member(r, depth, y, &last, name));
	}
}

static enum code read_node(struct reading *r, const yaml_event_t *event, unsigned depth, struct yaml *y)
{
	y->line = (unsigned)event->start_mark.line + 1;
	y->column = (unsigned)event->start_mark.column + 1;
	if (depth > DEPTH_MOST)
		return fault(r, &event->start_mark, N_("less deep nesting"));
	if (++r->nodes > NODES_MOST)
		return fault(r, &event->start_mark, N_("a smaller file"));
	TRY(check_plain(r, event));
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		y->type = YAML_TEXT;
		y->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		y->text = arena_copy(r->arena, (struct str){ (const char *)event->data.scalar.value, event->data.scalar.length });
		if (!y->text.data)
			return error_nomem(r->error);
		return memchr(y->text.data, 0, y->text.len) ? fault(r, &event->start_mark, N_("text without NUL")) : OK;
	case YAML_SEQUENCE_START_EVENT:
		y->type = YAML_LIST;
		return read_list(r, depth, y);
	case YAML_MAPPING_START_EVENT:
		y->type = YAML_MAP;
		return read_map(r, depth, y);
	default:
		return fault(r, &event->start_mark, N_("a value"));
	}
}

/* Takes events up to and including one of the wanted type; nothing else may come. */
static enum code expect_event(struct reading *r, yaml_event_type_t wanted, const char *expected)
{
	yaml_event_t event;
	TRY(next_event(r, &event));
	enum code code = event.type == wanted ? OK : fault(r, &event.start_mark, expected);
	yaml_event_delete(&event);
	return code;
}

static enum code read_stream(struct reading *r, struct yaml *root)
{
	yaml_event_t event;
	TRY(expect_event(r, YAML_STREAM_START_EVENT, N_("valid YAML")));
	TRY(next_event(r, &event));
	bool document = event.type == YAML_DOCUMENT_START_EVENT;
	yaml_event_delete(&event);
	root->line = root->column = 1;
	if (!document) { /* an empty file is an empty map */
		root->type = YAML_MAP;
		return OK;
	}
	TRY(next_event(r, &event));
	enum code code = read_node(r, &event, 1, root);
	yaml_event_delete(&event);
	TRY(code);
	TRY(expect_event(r, YAML_DOCUMENT_END_EVENT, N_("the end of the document")));
	return expect_event(r, YAML_STREAM_END_EVENT, N_("one document only"));
}

enum code yaml_parse(struct arena *arena, struct str file, struct str text, const struct yaml **ret, struct error *e)
{
	struct reading r = { .arena = arena, .file = file, .text = text, .error = e };
	struct yaml *root = ARENA_NEW(arena, struct yaml);
	if (!root)
		return error_nomem(e);
	if (text.len > BYTES_MOST)
		return error_fail(e, E_LIMIT, N_("{file} is larger than allowed"), { "file", file });
	if (!utf8_valid(text))
		return error_fail(e, E_INVALID, N_("{file} is not valid UTF-8"), { "file", file });
	if (!yaml_parser_initialize(&r.parser))
		return error_nomem(e);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.data ? text.data : ""), text.len);
	enum code code = read_stream(&r, root);
	yaml_parser_delete(&r.parser);
	if (code == OK)
		*ret = root;
	return code;
}

const struct yaml *yaml_get(const struct yaml *map, const char *name)
{
	if (!map || map->type != YAML_MAP)
		return NULL;
	for (const struct yaml *y = map->first; y; y = y->next)
		if (str_is(y->name, name))
			return y;
	return NULL;
}

bool yaml_is_null(const struct yaml *y)
{
	return y && y->type == YAML_TEXT && !y->quoted && (y->text.len == 0 || str_is(y->text, "~") || str_is(y->text, "null"));
}

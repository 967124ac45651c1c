/* Any bytes as JSON. What is refused has a mistake where the slow reader finds one, and what is parsed has none; it is
 * written and read again as the same, and every place of the tree is where its pointer leads.
 * Neighbours: src/base/json.c, json.cpp, json_fault.c, json_write.c. */
#include "../../src/base/json_fault.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/json_write.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void comes_back(const struct json *first, struct arena *arena, struct error *e)
{
	CLEAN_BUF struct buf one, two;
	const struct json *second;
	struct json_writer w;
	buf_init(&one, 0);
	buf_init(&two, 0);
	json_writer_init(&w, &one);
	json_put_tree(&w, first);
	must(buf_ok(&one) && json_parse(arena, buf_str(&one), NULL, &second, e) == OK && json_equal(first, second));
	json_writer_init(&w, &two);
	json_put_tree(&w, second);
	must(str_eq(buf_str(&one), buf_str(&two)));
}

/* A step down an object by its name, escaped as RFC 6901 asks. */
static void pointers_lead_there(const struct json *j)
{
	for (size_t i = 0; j->type == JSON_OBJECT && i < j->object.count; i++) {
		CLEAN_BUF struct buf pointer;
		struct str name = j->object.members[i].name;
		buf_init(&pointer, 0);
		buf_add_char(&pointer, '/');
		for (size_t k = 0; k < name.len; k++)
			if (name.data[k] == '~' || name.data[k] == '/')
				buf_add_text(&pointer, name.data[k] == '~' ? "~0" : "~1");
			else
				buf_add_char(&pointer, name.data[k]);
		must(json_at(j, buf_str(&pointer)) == &j->object.members[i].value);
		must(json_get(j, name) == &j->object.members[i].value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct str text = { (const char *)data, size };
	const struct json *tree;
	struct error e;
	size_t at;
	error_init(&e, arena);
	enum code code = json_parse(arena, text, NULL, &tree, &e);
	enum json_wrong wrong = json_fault(text, &at);
	must(at <= size);
	if (code == E_LIMIT)
		return 0;
	bool twice = code == E_INVALID && str_find_str(error_text(&e, arena), STR("twice")) >= 0;
	must((code == OK || twice) == (wrong == WRONG_NOTHING));
	if (code != OK)
		return 0;
	comes_back(tree, arena, &e);
	pointers_lead_there(tree);
	return 0;
}

/* Printing answers: tables for lists, name and value for records. Programs ask for --json instead.
 * Neighbours: request.c has the answer. */
#include "base/utf8.h"
#include "internal.h"
#include <stdio.h>
#include <string.h>

#define CELL_MOST 40

/* What stands in a cell. */
static struct str cell_text(const struct cli *c, const struct json *j)
{
	if (!j || j->type == JSON_NULL)
		return STR("");
	switch (j->type) {
	case JSON_TEXT:
		return j->text;
	case JSON_BOOL:
		return j->boolean ? STR("true") : STR("false");
	case JSON_INT:
		return arena_format(c->arena, "%lld", (long long)j->integer);
	case JSON_OBJECT:
		if (json_get(j, STR("title")))
			return cell_text(c, json_get(j, STR("title")));
		if (json_get(j, STR("amount")))
			return arena_format(c->arena, "%.*s %.*s", STR_ARG(cell_text(c, json_get(j, STR("amount")))),
					    STR_ARG(json_text(j, STR("currency"))));
		break;
	default:
		break;
	}
	struct buf text;
	struct json_writer w;
	buf_init(&text, 1 << 20);
	json_writer_init(&w, &text);
	json_put_tree(&w, j);
	struct str copy = arena_copy(c->arena, buf_str(&text));
	buf_done(&text);
	return copy;
}

/* One line, no control characters: what a record holds must not steer the terminal. */
static struct str printable(const struct cli *c, struct str text)
{
	char *out = arena_alloc(c->arena, text.len + 1);
	if (!out)
		return STR("");
	for (size_t i = 0; i < text.len; i++)
		out[i] = (unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f ? ' ' : text.data[i];
	return (struct str){ out, text.len };
}

static void print_padded(struct str text, size_t width)
{
	size_t len = utf8_length(text);
	printf("%.*s", STR_ARG(text));
	for (; len < width; len++)
		putchar(' ');
}

struct table {
	struct str names[COLUMNS_MOST], titles[COLUMNS_MOST];
	size_t widths[COLUMNS_MOST], count;
};

static void add_column(struct table *t, struct str name, struct str title)
{
	if (t->count == COLUMNS_MOST)
		return;
	t->names[t->count] = name;
	t->titles[t->count] = title;
	t->widths[t->count++] = utf8_length(title);
}

/* Of a list of objects with names, as the description has them, the one called so; NULL. */
static const struct json *named(const struct json *list, struct str name)
{
	for (size_t i = 0; list && list->type == JSON_LIST && i < list->list.count; i++)
		if (str_eq(json_text(&list->list.items[i], STR("name")), name))
			return &list->list.items[i];
	return NULL;
}

static struct str title_of(const struct json *list, struct str name)
{
	const struct json *found = named(list, name);
	struct str title = found ? json_text(found, STR("title")) : STR("");
	return title.len ? title : name;
}

/* What an operation's items consist of, as its output says; NULL. */
static const struct json *item_fields(const struct json *op)
{
	const struct json *items = named(json_get(op, STR("output")), STR("items"));
	return items ? json_at(items, STR("/fields/0/fields")) : NULL;
}

/* What is beside a kind's own fields. */
static const struct {
	const char *name, *title;
} system_titles[] = { { "entity", N_("Entity") }, { "kind", N_("Kind") },       { "version", N_("Version") }, { "state", N_("State") },
		      { "number", N_("Number") }, { "since", N_("Since") },     { "entry", N_("Journal entry") },
		      { "archived", N_("Archived") }, { "value", N_("Value") }, { "count", N_("Count") } };

static struct str field_title(const struct cli *c, const struct json *fields, struct str name)
{
	if (named(fields, name))
		return title_of(fields, name);
	for (size_t i = 0; i < sizeof system_titles / sizeof *system_titles; i++)
		if (str_is(name, system_titles[i].name))
			return say(c, system_titles[i].title);
	return name;
}

/* A choice or a state by what it is called. */
static struct str value_text(const struct cli *c, const struct json *kind, struct str field, const struct json *value)
{
	struct str text = cell_text(c, value);
	if (!kind || !value || value->type != JSON_TEXT)
		return text;
	if (str_is(field, "state"))
		return title_of(json_get(kind, STR("states")), text);
	const struct json *found = named(json_get(kind, STR("fields")), field);
	return found ? title_of(json_get(found, STR("choices")), text) : text;
}

size_t show_columns(const struct cli *c, const struct json *op, struct str *ret)
{
	const struct json *kind = kind_find(c, json_text(op, STR("kind")));
	const struct json *list = kind && str_ends(json_text(op, STR("name")), STR(".list")) ? json_at(kind, STR("/view/list")) : NULL;
	size_t n = 0;
	if (!list)
		return 0;
	for (size_t i = 0; i < c->word_count; i++) {
		struct str rest = c->words[i], name;
		if (!str_cut(&rest, '=', &name) || !str_is(name, "select"))
			continue;
		while (n < COLUMNS_MOST && str_cut(&rest, ',', &name))
			ret[n++] = str_trim(name);
		return n;
	}
	ret[n++] = STR("id");
	for (size_t i = 0; i < list->list.count && n < COLUMNS_MOST; i++)
		ret[n++] = list->list.items[i].text;
	return n;
}

/* What was asked for, else what the operation says that its items have, else what the first item has. Lists and objects do not
 * go into cells. */
static void choose_columns(const struct cli *c, const struct json *op, const struct json *first, struct table *t)
{
	const struct json *kind = kind_find(c, json_text(op, STR("kind"))), *fields = item_fields(op);
	struct str asked[COLUMNS_MOST];
	size_t count = show_columns(c, op, asked);
	for (size_t i = 0; i < count; i++)
		add_column(t, asked[i], field_title(c, json_get(kind, STR("fields")), asked[i]));
	for (size_t i = 0; !count && fields && i < fields->list.count; i++) {
		struct str type = json_text(&fields->list.items[i], STR("type")), name = json_text(&fields->list.items[i], STR("name"));
		if (!str_is(type, "list") && !str_is(type, "object"))
			add_column(t, name, field_title(c, fields, name));
	}
	if (t->count || !first || first->type != JSON_OBJECT)
		return;
	for (size_t i = 0; i < first->object.count; i++)
		add_column(t, first->object.members[i].name, field_title(c, NULL, first->object.members[i].name));
}

/* `facet`: the field whose values stand in the column "value"; else empty. */
static void show_table(const struct cli *c, const struct json *op, struct str facet, const struct json *items)
{
	const struct json *kind = kind_find(c, json_text(op, STR("kind")));
	struct table t = { .count = 0 };
	size_t rows = items->list.count;
	choose_columns(c, op, rows ? &items->list.items[0] : NULL, &t);
	struct str *cells = ARENA_ARRAY(c->arena, rows * t.count + 1, struct str);
	if (!cells)
		return;
	for (size_t r = 0; r < rows; r++)
		for (size_t i = 0; i < t.count; i++) {
			bool counted = facet.len && str_is(t.names[i], "value");
			struct str text = printable(c, value_text(c, kind, counted ? facet : t.names[i], json_get(&items->list.items[r], t.names[i])));
			if (utf8_length(text) > CELL_MOST)
				text = utf8_clip(text, CELL_MOST);
			cells[r * t.count + i] = text;
			if (utf8_length(text) > t.widths[i])
				t.widths[i] = utf8_length(text);
		}
	for (size_t i = 0; i < t.count; i++) {
		print_padded(t.titles[i], t.widths[i]);
		printf(i + 1 < t.count ? "  " : "\n");
	}
	for (size_t r = 0; r < rows; r++)
		for (size_t i = 0; i < t.count; i++) {
			print_padded(cells[r * t.count + i], t.widths[i]);
			printf(i + 1 < t.count ? "  " : "\n");
		}
}

static void show_object(const struct cli *c, const struct json *op, const struct json *j)
{
	const struct json *kind = kind_find(c, json_text(op, STR("kind"))), *output = json_get(op, STR("output"));
	const struct json *fields = output ? output : json_get(kind, STR("fields"));
	size_t width = 0;
	for (size_t i = 0; i < j->object.count; i++) {
		size_t len = utf8_length(field_title(c, fields, j->object.members[i].name));
		width = len > width ? len : width;
	}
	for (size_t i = 0; i < j->object.count; i++) {
		const struct json_member *m = &j->object.members[i];
		if (m->value.type == JSON_NULL)
			continue;
		print_padded(field_title(c, fields, m->name), width);
		printf("  %.*s\n", STR_ARG(printable(c, value_text(c, kind, m->name, &m->value))));
	}
}

void show_answer(const struct cli *c, const struct json *op, const struct json *answer)
{
	const struct json *items = json_get(answer, STR("items")), *facets = json_get(answer, STR("facets"));
	if (items && items->type == JSON_LIST) {
		show_table(c, op, STR(""), items);
		struct str next = json_text(answer, STR("next"));
		if (json_get(answer, STR("count")))
			printf("(%lld)\n", (long long)json_int(answer, STR("count"), 0));
		if (next.len)
			printf("after=%.*s\n", STR_ARG(next));
		if (json_bool(answer, STR("truncated"), false))
			printf("…\n");
	} else if (facets && facets->type == JSON_OBJECT) {
		for (size_t i = 0; i < facets->object.count; i++) {
			struct str name = facets->object.members[i].name;
			printf("%.*s\n", STR_ARG(field_title(c, json_get(kind_find(c, json_text(op, STR("kind"))), STR("fields")), name)));
			show_table(c, op, name, &facets->object.members[i].value);
		}
	} else if (answer->type == JSON_OBJECT) {
		show_object(c, op, answer);
	}
}

static enum code code_of_status(int status)
{
	switch (status) {
	case 401:
	case 403:
		return E_DENIED;
	case 404:
		return E_NOT_FOUND;
	case 409:
	case 412:
		return E_CONFLICT;
	case 413:
	case 429:
	case 504:
		return E_LIMIT;
	case 503:
		return E_BUSY;
	default:
		return status >= 500 ? E_INTERNAL : E_INVALID;
	}
}

enum code show_problem(struct cli *c, int status, struct str body, struct error *e)
{
	const struct json *j = NULL;
	struct error ignored;
	error_init(&ignored, c->arena);
	if (json_parse(c->arena, body, NULL, &j, &ignored) != OK || j->type != JSON_OBJECT)
		return error_fail(e, code_of_status(status), N_("The server answered with status {status}"),
				  { "status", arena_format(c->arena, "%d", status) });
	enum code code = error_fail(e, code_of_status(status), N_("{text}"), { "text", json_text(j, STR("detail")) });
	const struct json *errors = json_get(j, STR("errors"));
	for (size_t i = 0; errors && errors->type == JSON_LIST && i < errors->list.count; i++) {
		struct str pointer = json_text(&errors->list.items[i], STR("pointer"));
		if (!pointer.len)
			pointer = json_text(&errors->list.items[i], STR("parameter"));
		fprintf(stderr, "  %.*s %.*s\n", STR_ARG(printable(c, pointer)),
			STR_ARG(printable(c, json_text(&errors->list.items[i], STR("detail")))));
	}
	return code;
}

/* From a model to a layout, and to and from the JSON kept with each schema version. Neighbour: schema.c compares. */
#include "layout.h"
#include "internal.h"
#include <string.h>

#define COLUMNS_MOST 400
#define INDEXES_MOST 60

static const struct type_row {
	const char *name;
	enum field_type type;
	bool convertible;
} types[] = {
	{ "text", FIELD_TEXT, true },   { "integer", FIELD_INT, true },   { "decimal", FIELD_DECIMAL, true }, { "money", FIELD_MONEY, false },
	{ "date", FIELD_DATE, true },   { "time", FIELD_TIME, true },     { "boolean", FIELD_BOOL, true },    { "choice", FIELD_CHOICE, true },
	{ "ref", FIELD_REF, false },    { "geometry", FIELD_GEO, false }, { "file", FIELD_FILE, false },      { "json", FIELD_JSON, false },
	{ "local", FIELD_LOCAL, false }, { "id", FIELD_ID, false },
};

static const struct type_row *type_find(struct str name)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_is(name, types[i].name))
			return &types[i];
	return NULL;
}

static const char *type_name(enum field_type type)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].type == type)
			return types[i].name;
	return "text";
}

enum column_type layout_column_type(const struct layout_column *c)
{
	const struct type_row *t = type_find(c->type);
	struct field f = { .type = t ? t->type : FIELD_TEXT }; /* "currency", "sealed" and lists are text */
	return field_column_type(&f);
}

struct field layout_field(const struct layout_column *c)
{
	const struct type_row *t = type_find(c->type);
	enum field_type type = t && t->type != FIELD_CHOICE ? t->type : FIELD_TEXT;
	return (struct field){ .name = c->name.data, .type = type, .scale = (int)c->scale, .max = type == FIELD_TEXT ? 1 << 20 : 0 };
}

bool layout_convertible(const struct layout_column *c)
{
	const struct type_row *t = type_find(c->type);
	return t && t->convertible;
}

bool layout_same(const struct layout_column *a, const struct layout_column *b)
{
	/* a choice is stored as text: nothing changes between the two */
	bool words = (str_is(a->type, "choice") || str_is(a->type, "text")) && (str_is(b->type, "choice") || str_is(b->type, "text"));
	return words || (str_eq(a->type, b->type) && a->scale == b->scale);
}

const struct layout_table *layout_table_find(const struct layout *l, struct str name)
{
	for (size_t i = 0; i < l->table_count; i++)
		if (str_eq(l->tables[i].name, name))
			return &l->tables[i];
	return NULL;
}

const struct layout_column *layout_column_find(const struct layout_table *t, struct str name)
{
	for (size_t i = 0; i < t->column_count; i++)
		if (str_eq(t->columns[i].name, name))
			return &t->columns[i];
	return NULL;
}

const struct layout_view *layout_view_find(const struct layout *l, struct str name)
{
	for (size_t i = 0; i < l->view_count; i++)
		if (str_eq(l->views[i].name, name))
			return &l->views[i];
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

bool layout_index_same(const struct layout_table *t, const struct index_def *index)
{
	for (size_t i = 0; i < t->index_count; i++) {
		const struct index_def *x = &t->indexes[i];
		if (same_text(x->name, index->name) && same_text(x->columns, index->columns) && same_text(x->where, index->where) &&
		    x->unique == index->unique)
			return true;
	}
	return false;
}

/* --- of a model ----------------------------------------------------------------------------------- */

static void column(struct layout_table *t, const char *name, const char *type, int64_t scale)
{
	if (t->column_count < COLUMNS_MOST)
		t->columns[t->column_count++] = (struct layout_column){ str_of(name), str_of(type), scale };
}

static void index_by(struct layout_table *t, struct arena *arena, const char *tag, const char *columns, bool unique, const char *where)
{
	struct str name = arena_format(arena, "%s_%s", t->name.data, tag);
	if (t->index_count < INDEXES_MOST && name.data)
		t->indexes[t->index_count++] = (struct index_def){ name.data, columns, unique, where };
}

static enum code table_begin(struct layout *l, struct arena *arena, struct str name, const char *primary_key, struct layout_table **ret,
			     struct error *e)
{
	struct layout_table *t = &l->tables[l->table_count++];
	*t = (struct layout_table){ .name = name, .primary_key = primary_key };
	t->columns = ARENA_ARRAY(arena, COLUMNS_MOST, struct layout_column);
	t->indexes = ARENA_ARRAY(arena, INDEXES_MOST, struct index_def);
	*ret = t;
	return name.data && t->columns && t->indexes ? OK : error_nomem(e);
}

static void field_indexes(struct layout_table *t, const struct kind *k, struct arena *arena)
{
	for (const struct field *f = k->fields; f->name; f++) {
		if (f->type == FIELD_REFS)
			continue;
		if (f->flags & FIELD_UNIQUE) {
			struct str tag = arena_format(arena, "%s_key", f->name);
			index_by(t, arena, tag.data ? tag.data : f->name, f->name, true, "archived IS NULL");
		} else if (f->type == FIELD_REF || (f->flags & FIELD_INDEXED)) {
			/* empty references are not worth a place in the index */
			struct str where = arena_format(arena, "%s IS NOT NULL", f->name);
			index_by(t, arena, f->name, f->name, false, where.data);
		}
	}
}

static bool is_indexed(const struct layout_table *t, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < t->index_count; i++)
		if (strncmp(t->indexes[i].columns, name, len) == 0 && (t->indexes[i].columns[len] == 0 || t->indexes[i].columns[len] == ','))
			return true;
	return false;
}

static void declared_indexes(struct layout_table *t, const struct kind *k, struct arena *arena)
{
	size_t n = 0;
	for (const char *const *columns = k->indexes; columns && *columns; columns++) {
		struct str tag = arena_format(arena, "by%zu", n++);
		if (tag.data)
			index_by(t, arena, tag.data, *columns, false, NULL);
	}
	/* things are looked up by what identifies them */
	for (const char *const *const *set = k->identify; set && *set; set++)
		if (**set && !is_indexed(t, **set)) {
			struct str where = arena_format(arena, "%s IS NOT NULL", **set);
			index_by(t, arena, **set, **set, false, where.data);
		}
}

static enum code live_table(struct layout *l, const struct kind *k, struct arena *arena, struct error *e)
{
	static const char *const system[][2] = { { "id", "id" },         { "entity", "id" },  { "version", "integer" }, { "state", "text" },
						 { "number", "text" },   { "since", "time" }, { "entry", "id" },        { "archived", "time" } };
	struct layout_table *t;
	TRY(table_begin(l, arena, str_of(k->name), "id", &t, e));
	for (size_t i = 0; i < sizeof system / sizeof *system; i++)
		column(t, system[i][0], system[i][1], 0);
	for (const struct field *f = k->fields; f->name; f++) {
		if (f->type == FIELD_REFS)
			continue;
		column(t, f->name, type_name(f->type), f->scale);
		if (f->type == FIELD_MONEY) {
			struct str name = arena_format(arena, "%s_currency", f->name);
			column(t, name.data ? name.data : f->name, "currency", 0);
		}
	}
	index_by(t, arena, "entity", "entity, id", false, NULL);
	if (k->number)
		index_by(t, arena, "number", "number", true, NULL);
	field_indexes(t, k, arena);
	declared_indexes(t, k, arena);
	return OK;
}

static enum code history_table(struct layout *l, const struct kind *k, struct arena *arena, struct error *e)
{
	static const char *const system[][2] = { { "id", "id" },       { "version", "integer" }, { "entity", "id" }, { "state", "text" },
						 { "number", "text" }, { "since", "time" },      { "until", "time" }, { "entry", "id" },
						 { "until_entry", "id" }, { "archived", "time" } };
	struct layout_table *t;
	TRY(table_begin(l, arena, arena_format(arena, "%s_history", k->name), "id, version", &t, e));
	t->history = true;
	t->clustered = true;
	for (size_t i = 0; i < sizeof system / sizeof *system; i++)
		column(t, system[i][0], system[i][1], 0);
	for (const struct field *f = k->fields; f->name; f++) {
		if (!field_in_history(f))
			continue;
		column(t, f->name, f->personal ? "sealed" : f->type == FIELD_REFS ? "refs" : type_name(f->type), f->scale);
		if (f->type == FIELD_MONEY && !f->personal) {
			struct str name = arena_format(arena, "%s_currency", f->name);
			column(t, name.data ? name.data : f->name, "currency", 0);
		}
	}
	return OK;
}

static enum code link_tables(struct layout *l, const struct kind *k, struct arena *arena, struct error *e)
{
	for (const struct field *f = k->fields; f->name; f++) {
		struct layout_table *t;
		if (f->type != FIELD_REFS)
			continue;
		TRY(table_begin(l, arena, arena_format(arena, "%s_%s", k->name, f->name), "id, position", &t, e));
		t->clustered = true;
		column(t, "id", "id", 0);
		column(t, "position", "integer", 0);
		column(t, "target", "id", 0);
		index_by(t, arena, "target", "target, id", false, NULL);
	}
	return OK;
}

enum code layout_of_model(const struct model *m, struct arena *arena, struct layout *ret, struct error *e)
{
	size_t tables = 0;
	for (size_t i = 0; i < m->kind_count; i++) {
		tables += 2;
		for (const struct field *f = m->kinds[i]->fields; f->name; f++)
			tables += f->type == FIELD_REFS;
	}
	*ret = (struct layout){ 0 };
	ret->tables = ARENA_ARRAY(arena, tables + 1, struct layout_table);
	ret->views = ARENA_ARRAY(arena, m->kind_count + 1, struct layout_view);
	if (!ret->tables || !ret->views)
		return error_nomem(e);
	for (size_t i = 0; i < m->kind_count; i++) {
		const struct kind *k = m->kinds[i];
		if (k->flags & KIND_VIEW) {
			ret->views[ret->view_count++] = (struct layout_view){ str_of(k->name), str_of(k->select) };
			continue;
		}
		TRY(live_table(ret, k, arena, e));
		TRY(history_table(ret, k, arena, e));
		TRY(link_tables(ret, k, arena, e));
	}
	return OK;
}

enum code layout_table_def(const struct layout_table *t, struct arena *arena, struct table_def *ret, struct error *e)
{
	struct column_def *columns = ARENA_ARRAY(arena, t->column_count + 1, struct column_def);
	struct index_def *indexes = ARENA_ARRAY(arena, t->index_count + 1, struct index_def);
	if (!columns || !indexes)
		return error_nomem(e);
	for (size_t i = 0; i < t->column_count; i++)
		columns[i] = (struct column_def){ .name = t->columns[i].name.data, .type = layout_column_type(&t->columns[i]) };
	for (size_t i = 0; i < t->index_count; i++)
		indexes[i] = t->indexes[i];
	for (size_t i = 0; i < t->column_count; i++)
		columns[i].not_null = str_is(t->columns[i].name, "id") || str_is(t->columns[i].name, "version");
	*ret = (struct table_def){ .name = t->name.data, .columns = columns, .primary_key = t->primary_key, .indexes = indexes,
				   .without_rowid = t->clustered };
	return OK;
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static void put_text(struct json_writer *w, const char *name, const char *text)
{
	json_name(w, str_of(name));
	if (text)
		json_put_text(w, str_of(text));
	else
		json_put_null(w);
}

static void table_to_json(const struct layout_table *t, struct json_writer *w)
{
	json_object(w);
	json_member_text(w, "name", t->name);
	json_member_bool(w, "history", t->history);
	json_member_bool(w, "clustered", t->clustered);
	put_text(w, "key", t->primary_key);
	json_name(w, STR("columns"));
	json_list(w);
	for (size_t i = 0; i < t->column_count; i++) {
		json_list(w);
		json_put_text(w, t->columns[i].name);
		json_put_text(w, t->columns[i].type);
		json_put_int(w, t->columns[i].scale);
		json_list_end(w);
	}
	json_list_end(w);
	json_name(w, STR("indexes"));
	json_list(w);
	for (size_t i = 0; i < t->index_count; i++) {
		json_object(w);
		put_text(w, "name", t->indexes[i].name);
		put_text(w, "columns", t->indexes[i].columns);
		put_text(w, "where", t->indexes[i].where);
		json_member_bool(w, "unique", t->indexes[i].unique);
		json_object_end(w);
	}
	json_list_end(w);
	json_object_end(w);
}

struct str layout_to_json(const struct layout *l, struct arena *arena)
{
	CLEAN_BUF struct buf text;
	struct json_writer w;
	buf_init(&text, 0);
	json_writer_init(&w, &text);
	json_object(&w);
	json_name(&w, STR("tables"));
	json_list(&w);
	for (size_t i = 0; i < l->table_count; i++)
		table_to_json(&l->tables[i], &w);
	json_list_end(&w);
	json_name(&w, STR("views"));
	json_list(&w);
	for (size_t i = 0; i < l->view_count; i++) {
		json_object(&w);
		json_member_text(&w, "name", l->views[i].name);
		json_member_text(&w, "select", l->views[i].select);
		json_object_end(&w);
	}
	json_list_end(&w);
	json_object_end(&w);
	return buf_ok(&text) ? arena_copy(arena, buf_str(&text)) : STR_NONE;
}

static size_t items_of(const struct json *j, const char *name, const struct json **ret)
{
	const struct json *list = json_get(j, str_of(name));
	*ret = list && list->type == JSON_LIST ? list->list.items : NULL;
	return *ret ? list->list.count : 0;
}

static enum code table_from_json(const struct json *j, struct arena *arena, struct layout_table *t, struct error *e)
{
	const struct json *columns, *indexes;
	size_t column_count = items_of(j, "columns", &columns), index_count = items_of(j, "indexes", &indexes);
	*t = (struct layout_table){ .name = json_text(j, STR("name")), .history = json_bool(j, STR("history"), false),
				    .clustered = json_bool(j, STR("clustered"), false), .primary_key = json_text(j, STR("key")).data };
	t->columns = ARENA_ARRAY(arena, column_count + 1, struct layout_column);
	t->indexes = ARENA_ARRAY(arena, index_count + 1, struct index_def);
	if (!t->columns || !t->indexes)
		return error_nomem(e);
	for (size_t i = 0; i < column_count; i++) {
		const struct json *c = columns[i].type == JSON_LIST && columns[i].list.count == 3 ? columns[i].list.items : NULL;
		if (c)
			t->columns[t->column_count++] = (struct layout_column){ c[0].text, c[1].text, c[2].integer };
	}
	for (size_t i = 0; i < index_count; i++)
		t->indexes[t->index_count++] = (struct index_def){ json_text(&indexes[i], STR("name")).data, json_text(&indexes[i], STR("columns")).data,
								   json_bool(&indexes[i], STR("unique"), false), json_text(&indexes[i], STR("where")).data };
	return OK;
}

enum code layout_from_json(struct str text, struct arena *arena, struct layout *ret, struct error *e)
{
	const struct json *j, *tables, *views;
	*ret = (struct layout){ 0 };
	TRY(json_parse(arena, text, NULL, &j, e));
	size_t table_count = items_of(j, "tables", &tables), view_count = items_of(j, "views", &views);
	ret->tables = ARENA_ARRAY(arena, table_count + 1, struct layout_table);
	ret->views = ARENA_ARRAY(arena, view_count + 1, struct layout_view);
	if (!ret->tables || !ret->views)
		return error_nomem(e);
	for (size_t i = 0; i < table_count; i++)
		TRY(table_from_json(&tables[i], arena, &ret->tables[ret->table_count++], e));
	for (size_t i = 0; i < view_count; i++)
		ret->views[ret->view_count++] = (struct layout_view){ json_text(&views[i], STR("name")), json_text(&views[i], STR("select")) };
	return OK;
}

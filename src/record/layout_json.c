/* Layouts as JSON, as each version of the schema keeps them:
 *   {"tables":[{"name","history"?,"links"?,"clustered"?,"away"?,"of"?,"key","columns":[[name,type,scale?,personal?,of?]],
 *               "indexes":[{"name","columns","where"?,"unique"?}]}],"views":[{"name","select"}]}
 * Neighbours: layout.h, schema.c. */
#include "internal.h"
#include "layout.h"

static void put_flag(struct json_writer *w, struct str name, bool set)
{
	if (!set)
		return;
	json_name(w, name);
	json_put_bool(w, true);
}

static void put_optional(struct json_writer *w, struct str name, const char *text)
{
	if (!text || !*text)
		return;
	json_name(w, name);
	json_put_text(w, str_of(text));
}

static void column_to_json(const struct layout_column *c, struct json_writer *w)
{
	json_list(w);
	json_put_text(w, c->name);
	json_put_text(w, c->type);
	json_put_int(w, c->scale);
	json_put_bool(w, c->personal);
	if (c->of.len)
		json_put_text(w, c->of);
	json_list_end(w);
}

static void table_to_json(const struct layout_table *t, struct json_writer *w)
{
	json_object(w);
	json_member_text(w, "name", t->name);
	put_flag(w, STR("history"), t->history);
	put_flag(w, STR("links"), t->links);
	put_flag(w, STR("clustered"), t->clustered);
	put_flag(w, STR("away"), t->away);
	put_optional(w, STR("of"), t->of.len ? t->of.data : NULL);
	json_member_text(w, "key", str_of(t->primary_key));
	json_name(w, STR("columns"));
	json_list(w);
	for (size_t i = 0; i < t->column_count; i++)
		column_to_json(&t->columns[i], w);
	json_list_end(w);
	json_name(w, STR("indexes"));
	json_list(w);
	for (size_t i = 0; i < t->index_count; i++) {
		json_object(w);
		json_member_text(w, "name", str_of(t->indexes[i].name));
		json_member_text(w, "columns", str_of(t->indexes[i].columns));
		put_optional(w, STR("where"), t->indexes[i].where);
		put_flag(w, STR("unique"), t->indexes[i].unique);
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

/* --- back ----------------------------------------------------------------------------------------- */

struct reading {
	struct arena *arena;
	bool failed; /* out of memory */
};

static struct str copy(struct reading *r, struct str s)
{
	struct str copied = s.data ? arena_copy(r->arena, s) : STR_NONE;
	r->failed |= s.data && !copied.data;
	return copied;
}

static struct str text(struct reading *r, const struct json *j, struct str name)
{
	return copy(r, json_text(j, name));
}

static size_t items_of(const struct json *j, struct str name, const struct json **ret)
{
	const struct json *list = json_get(j, name);
	*ret = list && list->type == JSON_LIST ? list->list.items : NULL;
	return *ret ? list->list.count : 0;
}

static bool column_from_json(struct reading *r, const struct json *j, struct layout_column *ret)
{
	const struct json *items = j->type == JSON_LIST ? j->list.items : NULL;
	size_t n = items ? j->list.count : 0;
	if (n < 4 || items[0].type != JSON_TEXT || items[1].type != JSON_TEXT || items[2].type != JSON_INT || items[3].type != JSON_BOOL)
		return false;
	*ret = (struct layout_column){ .name = copy(r, items[0].text), .type = copy(r, items[1].text), .scale = items[2].integer,
				       .personal = items[3].boolean };
	if (n > 4 && items[4].type == JSON_TEXT)
		ret->of = copy(r, items[4].text);
	return true;
}

static bool table_from_json(struct reading *r, const struct json *j, struct layout_table *t)
{
	const struct json *columns, *indexes;
	size_t column_count = items_of(j, STR("columns"), &columns), index_count = items_of(j, STR("indexes"), &indexes);
	*t = (struct layout_table){ .name = text(r, j, STR("name")), .history = json_bool(j, STR("history"), false),
				    .links = json_bool(j, STR("links"), false), .clustered = json_bool(j, STR("clustered"), false),
				    .away = json_bool(j, STR("away"), false), .of = text(r, j, STR("of")),
				    .primary_key = text(r, j, STR("key")).data };
	t->columns = ARENA_ARRAY(r->arena, column_count + 1, struct layout_column);
	t->indexes = ARENA_ARRAY(r->arena, index_count + 1, struct index_def);
	r->failed |= !t->columns || !t->indexes;
	if (r->failed || !t->name.data || !t->primary_key)
		return false;
	for (size_t i = 0; i < column_count; i++)
		if (!column_from_json(r, &columns[i], &t->columns[t->column_count++]))
			return false;
	for (size_t i = 0; i < index_count; i++) {
		struct index_def *x = &t->indexes[t->index_count++];
		*x = layout_index(text(r, &indexes[i], STR("name")).data, text(r, &indexes[i], STR("columns")).data,
				  json_bool(&indexes[i], STR("unique"), false), text(r, &indexes[i], STR("where")).data);
		if (!x->name || !x->columns)
			return false;
	}
	return true;
}

enum code layout_from_json(struct str json, struct arena *arena, struct layout *ret, struct error *e)
{
	struct reading r = { arena, false };
	const struct json *j, *tables, *views;
	struct layout l = { 0 };
	TRY(json_parse(arena, json, NULL, &j, e));
	size_t table_count = items_of(j, STR("tables"), &tables), view_count = items_of(j, STR("views"), &views);
	l.tables = ARENA_ARRAY(arena, table_count + 1, struct layout_table);
	l.views = ARENA_ARRAY(arena, view_count + 1, struct layout_view);
	bool good = l.tables && l.views;
	r.failed = !good;
	for (size_t i = 0; good && i < table_count; i++)
		good = table_from_json(&r, &tables[i], &l.tables[l.table_count++]);
	for (size_t i = 0; good && i < view_count; i++)
		l.views[l.view_count++] = (struct layout_view){ text(&r, &views[i], STR("name")), text(&r, &views[i], STR("select")) };
	if (r.failed)
		return error_nomem(e);
	if (!good)
		return error_fail(e, E_IO, N_("The description of the tables is damaged; restore a backup"));
	*ret = l;
	return OK;
}

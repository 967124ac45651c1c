/* Which column of a file is which field: as told, or by its name, or by its title in any language.
 * Neighbours: stage.c asks once a file; rows.c reads cells by the answer. */
#include "internal.h"
#include <string.h>

static const struct field *by_name(const struct kind *k, struct str header)
{
	for (const struct field *f = k->fields; f->name; f++)
		if (str_eq_nocase(header, str_of(f->name)))
			return f;
	return NULL;
}

static const struct field *by_title(const struct model *m, const struct kind *k, struct str header)
{
	for (const struct field *f = k->fields; f->name; f++)
		for (int lang = 0; lang < LANG_COUNT; lang++)
			if (str_eq_nocase(header, catalog_get(m->catalog, (enum lang)lang, NULL, str_of(f->title))))
				return f;
	return NULL;
}

static bool system_column(struct str name, struct column *ret)
{
	static const struct {
		const char *name;
		enum column_is is;
	} columns[] = { { "id", COLUMN_IS_ID }, { "entity", COLUMN_IS_ENTITY }, { "kind", COLUMN_UNUSED }, { "number", COLUMN_UNUSED },
			{ "state", COLUMN_UNUSED }, { "version", COLUMN_UNUSED }, { "since", COLUMN_UNUSED }, { "archived", COLUMN_UNUSED } };
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		if (str_is(name, columns[i].name)) {
			ret->is = columns[i].is;
			ret->why = WHY_NAME;
			return true;
		}
	return false;
}

static void guess(const struct model *m, const struct kind *k, struct column *ret)
{
	ret->field = by_name(k, ret->header);
	ret->why = WHY_NAME;
	if (!ret->field && system_column(ret->header, ret))
		return;
	if (!ret->field) {
		ret->field = by_title(m, k, ret->header);
		ret->why = ret->field ? WHY_TITLE : WHY_NONE;
	}
	if (ret->field && (ret->field->flags & FIELD_READ_ONLY)) { /* the program's own; an export holds them too */
		ret->field = NULL;
		ret->why = WHY_NONE;
	}
	ret->is = ret->field ? COLUMN_IS_FIELD : COLUMN_UNUSED;
}

static enum code as_told(const struct kind *k, const struct json *told, struct column *ret, struct error *e)
{
	ret->why = WHY_GIVEN;
	if (told->type == JSON_NULL)
		return OK;
	struct str name = told->type == JSON_TEXT ? told->text : STR_NONE;
	ret->field = name.len ? by_name(k, name) : NULL;
	if (ret->field && !(ret->field->flags & FIELD_READ_ONLY))
		ret->is = COLUMN_IS_FIELD;
	else if (!name.len || !system_column(name, ret) || ret->is == COLUMN_UNUSED)
		return error_field(e, STR("/mapping"), N_("{kind} has no field {field} that can be written"), { "kind", str_of(k->name) },
				   { "field", name });
	ret->why = WHY_GIVEN;
	return OK;
}

static enum code only_once(const struct column *columns, size_t i, struct error *e)
{
	for (size_t k = 0; k < i; k++)
		if (columns[k].is != COLUMN_UNUSED && columns[k].is == columns[i].is && columns[k].field == columns[i].field)
			return error_field(e, STR("/mapping"), N_("The columns {first} and {second} are the same field"),
					   { "first", columns[k].header }, { "second", columns[i].header });
	return OK;
}

enum code columns_find(const struct model *m, const struct kind *k, const struct json *mapping, const struct str *headers, size_t count,
		       struct arena *arena, struct column *ret, struct error *e)
{
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		ret[i] = (struct column){ .header = str_trim(headers[i]) };
		const struct json *told = json_get(mapping, ret[i].header);
		if (told)
			TRY(as_told(k, told, &ret[i], e));
		else
			guess(m, k, &ret[i]);
		TRY(only_once(ret, i, e));
		any |= ret[i].is == COLUMN_IS_FIELD;
	}
	return any ? OK : error_field(e, STR("/mapping"), N_("No column of the file is a field of {kind}"), { "kind", str_of(k->name) });
}

void columns_tell(const struct column *columns, size_t count, struct json_writer *w)
{
	static const char *const why[] = { "none", "given", "name", "title" };
	json_list(w);
	for (size_t i = 0; i < count; i++) {
		json_object(w);
		json_member_text(w, "column", columns[i].header);
		json_name(w, STR("field"));
		if (columns[i].field)
			json_put_text(w, str_of(columns[i].field->name));
		else if (columns[i].is != COLUMN_UNUSED)
			json_put_text(w, columns[i].is == COLUMN_IS_ID ? STR("id") : STR("entity"));
		else
			json_put_null(w);
		json_member_text(w, "by", str_of(why[columns[i].why]));
		json_object_end(w);
	}
	json_list_end(w);
}

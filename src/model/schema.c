/* JSON Schema (2020-12) from the same field tables that decode: what OpenAPI 3.1 and forms read. Choices come as
 * `oneOf` with their titles in the reader's language; what JSON Schema has no word for stands under x-.
 * Neighbours: value_json.c enforces what is promised here. */
#include "base/decimal.h"
#include "internal.h"
#include "model/value.h"
#include "pattern.h"

struct schema {
	const struct catalog *catalog;
	enum lang lang;
	struct json_writer *w;
	bool partial; /* a merge patch: nothing is required, everything but the required may be null */
};

static void put_translated(struct schema *s, const char *name, const char *msgid)
{
	if (!msgid)
		return;
	json_name(s->w, str_of(name));
	json_put_text(s->w, s->catalog ? catalog_get(s->catalog, s->lang, NULL, str_of(msgid)) : str_of(msgid));
}

static void put_type(struct schema *s, const struct field *f, struct str type)
{
	json_name(s->w, STR("type"));
	if (f->flags & FIELD_REQUIRED) {
		json_put_text(s->w, type);
		return;
	}
	json_list(s->w);
	json_put_text(s->w, type);
	json_put_text(s->w, STR("null"));
	json_list_end(s->w);
}

static void put_text(struct schema *s, const struct field *f)
{
	const struct pattern *p = pattern_find(f->pattern);
	put_type(s, f, STR("string"));
	json_member_int(s->w, "maxLength", f->max > 0 ? f->max : TEXT_MAX_DEFAULT);
	if (f->flags & FIELD_REQUIRED)
		json_member_int(s->w, "minLength", 1);
	if (p && p->schema_format)
		json_member_text(s->w, "format", str_of(p->schema_format));
	if (p && p->schema_pattern)
		json_member_text(s->w, "pattern", str_of(p->schema_pattern));
	if (f->pattern)
		json_member_text(s->w, "x-pattern", str_of(f->pattern));
	if (f->flags & FIELD_MULTILINE)
		json_member_bool(s->w, "x-multiline", true);
}

static void put_bound(struct schema *s, const char *name, int64_t bound, int scale)
{
	char text[32];
	if (bound == INT64_MIN || bound == INT64_MAX)
		return;
	json_name(s->w, str_of(name));
	json_put_raw(s->w, (struct str){ text, decimal_format(bound, scale, text) });
}

static void put_number(struct schema *s, const struct field *f)
{
	bool ranged = f->min || f->max;
	if (f->type == FIELD_INT) {
		put_type(s, f, STR("integer"));
		json_member_text(s->w, "format", STR("int64"));
		if (ranged) {
			put_bound(s, "minimum", f->min, 0);
			put_bound(s, "maximum", f->max, 0);
		}
		return;
	}
	json_name(s->w, STR("type")); /* text keeps every digit; a number is read too */
	json_list(s->w);
	json_put_text(s->w, STR("string"));
	json_put_text(s->w, STR("number"));
	if (!(f->flags & FIELD_REQUIRED))
		json_put_text(s->w, STR("null"));
	json_list_end(s->w);
	json_member_text(s->w, "format", STR("decimal"));
	json_member_int(s->w, "x-scale", f->scale);
	if (ranged) {
		put_bound(s, "minimum", f->min, f->scale);
		put_bound(s, "maximum", f->max, f->scale);
	}
}

static void put_members(struct schema *s, const char *const *names, const char *const *types, size_t count)
{
	json_name(s->w, STR("properties"));
	json_object(s->w);
	for (size_t i = 0; i < count; i++) {
		json_name(s->w, str_of(names[i]));
		json_object(s->w);
		json_member_text(s->w, "type", str_of(types[i]));
		json_object_end(s->w);
	}
	json_object_end(s->w);
	json_name(s->w, STR("required"));
	json_list(s->w);
	for (size_t i = 0; i < count; i++)
		json_put_text(s->w, str_of(names[i]));
	json_list_end(s->w);
	json_member_bool(s->w, "additionalProperties", false);
}

static void put_money(struct schema *s, const struct field *f)
{
	static const char *const names[] = { "amount", "currency" }, *const types[] = { "string", "string" };
	put_type(s, f, STR("object"));
	json_member_text(s->w, "format", STR("money"));
	put_members(s, names, types, 2);
}

static void put_file(struct schema *s, const struct field *f)
{
	static const char *const names[] = { "name", "type", "size", "sha256" };
	static const char *const types[] = { "string", "string", "integer", "string" };
	put_type(s, f, STR("object"));
	json_member_text(s->w, "format", STR("file"));
	put_members(s, names, types, 4);
}

static void put_choices(struct schema *s, const struct field *f)
{
	json_name(s->w, STR("oneOf"));
	json_list(s->w);
	for (const struct choice *c = f->choices; c && c->name; c++) {
		json_object(s->w);
		json_member_text(s->w, "const", str_of(c->name));
		put_translated(s, "title", c->title);
		json_object_end(s->w);
	}
	if (!(f->flags & FIELD_REQUIRED)) {
		json_object(s->w);
		json_member_text(s->w, "type", STR("null"));
		json_object_end(s->w);
	}
	json_list_end(s->w);
}

static void put_id(struct schema *s)
{
	json_member_text(s->w, "pattern", STR("^[0-9]{1,19}$"));
	json_member_text(s->w, "format", STR("id"));
}

static void put_refs(struct schema *s, const struct field *f)
{
	put_type(s, f, STR("array"));
	json_member_int(s->w, "maxItems", REFS_MOST);
	json_member_bool(s->w, "uniqueItems", true);
	json_name(s->w, STR("items"));
	json_object(s->w);
	json_member_text(s->w, "type", STR("string"));
	put_id(s);
	json_object_end(s->w);
}

static void put_local(struct schema *s, const struct field *f)
{
	put_type(s, f, STR("object"));
	json_member_text(s->w, "format", STR("local"));
	json_member_int(s->w, "minProperties", 1);
	json_name(s->w, STR("properties"));
	json_object(s->w);
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		json_name(s->w, str_of(lang_tag((enum lang)lang)));
		json_object(s->w);
		json_member_text(s->w, "type", STR("string"));
		json_member_int(s->w, "maxLength", f->max > 0 ? f->max : TEXT_MAX_DEFAULT);
		json_object_end(s->w);
	}
	json_object_end(s->w);
	json_member_bool(s->w, "additionalProperties", false);
}

static void put_field(struct schema *s, const struct field *f);
static void put_object(struct schema *s, const struct field *fields);

static void put_shape(struct schema *s, const struct field *f)
{
	switch (f->type) {
	case FIELD_TEXT:
		put_text(s, f);
		break;
	case FIELD_INT:
	case FIELD_DECIMAL:
		put_number(s, f);
		break;
	case FIELD_MONEY:
		put_money(s, f);
		break;
	case FIELD_DATE:
	case FIELD_TIME:
		put_type(s, f, STR("string"));
		json_member_text(s->w, "format", f->type == FIELD_DATE ? STR("date") : STR("date-time"));
		break;
	case FIELD_BOOL:
		put_type(s, f, STR("boolean"));
		break;
	case FIELD_CHOICE:
		put_choices(s, f);
		break;
	case FIELD_REF:
	case FIELD_ID:
		put_type(s, f, STR("string"));
		put_id(s);
		break;
	case FIELD_REFS:
		put_refs(s, f);
		break;
	case FIELD_GEO:
		put_type(s, f, STR("object"));
		json_member_text(s->w, "format", STR("geojson-geometry"));
		break;
	case FIELD_FILE:
		put_file(s, f);
		break;
	case FIELD_JSON: /* anything */
		break;
	case FIELD_LOCAL:
		put_local(s, f);
		break;
	case FIELD_OBJECT:
		put_type(s, f, STR("object"));
		if (f->fields)
			put_object(s, f->fields);
		break;
	case FIELD_LIST:
		put_type(s, f, STR("array"));
		if (f->fields) {
			json_name(s->w, STR("items"));
			put_field(s, &f->fields[0]);
		}
		break;
	}
}

static void put_default(struct schema *s, const struct field *f)
{
	int64_t number;
	if (!f->otherwise)
		return;
	struct str text = str_of(f->otherwise);
	bool moment = str_is(text, "today") || str_is(text, "now");
	if (f->type == FIELD_MONEY || ((f->type == FIELD_DATE || f->type == FIELD_TIME) && moment)) {
		json_member_text(s->w, "x-default", text);
		return;
	}
	json_name(s->w, STR("default"));
	if (f->type == FIELD_BOOL)
		json_put_bool(s->w, str_is(text, "true") || str_is(text, "yes") || str_is(text, "1"));
	else if (f->type == FIELD_INT && str_int(text, &number))
		json_put_int(s->w, number);
	else
		json_put_text(s->w, text);
}

static void put_field(struct schema *s, const struct field *f)
{
	static const char *const classes[] = { "public", "internal", "confidential", "strict" };
	json_object(s->w);
	put_translated(s, "title", f->title);
	put_translated(s, "description", f->help);
	put_shape(s, f);
	put_default(s, f);
	if (f->flags & FIELD_READ_ONLY)
		json_member_bool(s->w, "readOnly", true);
	if (f->to)
		json_member_text(s->w, "x-to", str_of(f->to));
	if (f->classification != CLASS_PUBLIC && f->classification != CLASS_INTERNAL)
		json_member_text(s->w, "x-class", str_of(classes[f->classification]));
	if (f->personal)
		put_translated(s, "x-personal", f->personal->purpose);
	json_object_end(s->w);
}

static void put_object(struct schema *s, const struct field *fields)
{
	bool any = false;
	json_name(s->w, STR("properties"));
	json_object(s->w);
	for (const struct field *f = fields; f->name; f++) {
		json_name(s->w, str_of(f->name));
		put_field(s, f);
		any |= (f->flags & FIELD_REQUIRED) && !(f->flags & FIELD_READ_ONLY) && !f->otherwise;
	}
	json_object_end(s->w);
	json_member_bool(s->w, "additionalProperties", false);
	if (!any || s->partial)
		return;
	json_name(s->w, STR("required"));
	json_list(s->w);
	for (const struct field *f = fields; f->name; f++)
		if ((f->flags & FIELD_REQUIRED) && !(f->flags & FIELD_READ_ONLY) && !f->otherwise)
			json_put_text(s->w, str_of(f->name));
	json_list_end(s->w);
}

void field_schema(const struct field *f, const struct catalog *c, enum lang lang, struct json_writer *w)
{
	struct schema s = { .catalog = c, .lang = lang, .w = w };
	put_field(&s, f);
}

void fields_schema(const struct field *fields, bool partial, const struct catalog *c, enum lang lang,
		   struct json_writer *w)
{
	struct schema s = { .catalog = c, .lang = lang, .w = w, .partial = partial };
	json_object(w);
	json_member_text(w, "type", STR("object"));
	put_object(&s, fields);
	json_object_end(w);
}

/* OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0) read off the table of operations: every path, parameter, body and
 * answer, in the caller's language. Neighbour: model/value.h writes the schemas of fields. */
#include "internal.h"
#include <string.h>

struct writing {
	struct json_writer w;
	const struct registry *registry;
	const struct catalog *catalog;
	enum lang lang;
	struct arena *arena;
};

static void text(struct writing *o, const char *name, const char *msgid)
{
	json_name(&o->w, str_of(name));
	json_put_text(&o->w, catalog_get(o->catalog, o->lang, NULL, str_of(msgid)));
}

static void raw(struct writing *o, const char *name, const char *json)
{
	json_name(&o->w, str_of(name));
	json_put_raw(&o->w, str_of(json));
}

static void raw_item(struct writing *o, const char *json)
{
	json_put_raw(&o->w, str_of(json));
}

static void reference(struct writing *o, const char *section, const char *name, const char *suffix)
{
	struct str path = arena_format(o->arena, "#/components/%s/%s%s", section, name, suffix);
	json_object(&o->w);
	json_member_text(&o->w, "$ref", path);
	json_object_end(&o->w);
}

/* --- parameters ----------------------------------------------------------------------------------- */

static void parameter(struct writing *o, const char *name, const char *in, bool required, const char *msgid, const char *schema)
{
	json_object(&o->w);
	json_member_text(&o->w, "name", str_of(name));
	json_member_text(&o->w, "in", str_of(in));
	if (required)
		json_member_bool(&o->w, "required", true);
	text(o, "description", msgid);
	raw(o, "schema", schema);
	json_object_end(&o->w);
}

static void query_parameters(struct writing *o, const struct operation *op)
{
	static const char *const one_record[] = { "select", "expand", "as_of", "known_at" };
	bool list = !(op->flags & OP_TARGET);
	for (const struct query_parameter *p = record_query_parameters; p->name; p++) {
		bool single = false;
		for (size_t i = 0; i < sizeof one_record / sizeof *one_record; i++)
			single |= strcmp(p->name, one_record[i]) == 0;
		if (p->name[0] != '<' && (list || single || strcmp(p->name, "limit") == 0))
			parameter(o, p->name, "query", false, p->help,
				  strcmp(p->name, "limit") == 0 ? "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000}" : "{\"type\":\"string\"}");
	}
	for (const struct field *f = op->kind->fields; list && f->name; f++)
		parameter(o, f->name, "query", false, record_query_parameters[0].help, "{\"type\":\"string\"}");
}

static void input_parameters(struct writing *o, const struct operation *op)
{
	for (const struct field *f = op->input; f->name; f++) {
		json_object(&o->w);
		json_member_text(&o->w, "name", str_of(f->name));
		json_member_text(&o->w, "in", STR("query"));
		if (f->flags & FIELD_REQUIRED)
			json_member_bool(&o->w, "required", true);
		text(o, "description", f->title);
		json_name(&o->w, STR("schema"));
		field_schema(f, o->catalog, o->lang, &o->w);
		json_object_end(&o->w);
	}
}

static void parameters(struct writing *o, const struct operation *op)
{
	json_name(&o->w, STR("parameters"));
	json_list(&o->w);
	if (op->flags & OP_TARGET)
		parameter(o, "id", "path", true, N_("Id of the record"), "{\"type\":\"string\",\"pattern\":\"^[1-9][0-9]{0,18}$\"}");
	if ((op->flags & OP_QUERY) && op->kind)
		query_parameters(o, op);
	if (operation_input_in_address(op))
		input_parameters(o, op);
	if (op->access == OP_WRITE) {
		parameter(o, "dry_run", "query", false, N_("Run, tell what would change, undo"), "{\"type\":\"boolean\"}");
		if (!(op->flags & OP_NO_PROPOSAL))
			parameter(o, "propose", "query", false, N_("Store as a proposal instead of running"), "{\"type\":\"boolean\"}");
		if (!(op->flags & OP_SECRET))
			parameter(o, "Idempotency-Key", "header", false, N_("The same key with the same request gives the first answer again"),
				  "{\"type\":\"string\",\"maxLength\":255}");
		if (op->flags & OP_TARGET)
			parameter(o, "If-Match", "header", false, N_("The version expected, as given in ETag"), "{\"type\":\"string\"}");
	}
	json_list_end(&o->w);
}

/* --- bodies --------------------------------------------------------------------------------------- */

static void body(struct writing *o, const struct operation *op)
{
	bool patch = (op->flags & OP_PATCH) != 0;
	if (!op->input || operation_input_in_address(op))
		return;
	json_name(&o->w, STR("requestBody"));
	json_object(&o->w);
	json_member_bool(&o->w, "required", !patch);
	json_name(&o->w, STR("content"));
	json_object(&o->w);
	json_name(&o->w, patch && !op->transition ? STR("application/merge-patch+json") : STR("application/json"));
	json_object(&o->w);
	json_name(&o->w, STR("schema"));
	if (op->kind)
		reference(o, "schemas", op->kind->name, patch ? ".patch" : ".new");
	else
		fields_schema(op->input, patch, o->catalog, o->lang, &o->w);
	json_object_end(&o->w);
	json_object_end(&o->w);
	json_object_end(&o->w);
}

/* What an operation answers: its own output table, or for those of kinds the shapes that record/ writes. */
static void answer_schema(struct writing *o, const struct operation *op)
{
	static const struct {
		const char *verb, *suffix;
	} shapes[] = { { ".list", ".list" }, { ".get", "" }, { ".facets", ".facets" }, { ".history", ".history" }, { ".links", ".links" } };
	if (op->output) {
		fields_schema(op->output, false, o->catalog, o->lang, &o->w);
		return;
	}
	for (size_t i = 0; op->kind && i < sizeof shapes / sizeof *shapes; i++)
		if (str_ends(str_of(op->name), str_of(shapes[i].verb))) {
			if (i < 2)
				reference(o, "schemas", op->kind->name, shapes[i].suffix);
			else
				reference(o, "schemas", shapes[i].suffix + 1, "");
			return;
		}
	json_put_raw(&o->w, STR("{\"type\":\"object\"}"));
}

static void answers(struct writing *o, const struct operation *op)
{
	bool creates = op->kind && str_ends(str_of(op->name), STR(".create"));
	json_name(&o->w, STR("responses"));
	json_object(&o->w);
	json_name(&o->w, creates || strstr(op->name, ".create") ? STR("201") : STR("200"));
	json_object(&o->w);
	text(o, "description", op->help);
	json_name(&o->w, STR("content"));
	json_object(&o->w);
	json_name(&o->w, STR("application/json"));
	json_object(&o->w);
	json_name(&o->w, STR("schema"));
	answer_schema(o, op);
	json_object_end(&o->w);
	json_object_end(&o->w);
	json_object_end(&o->w);
	json_name(&o->w, STR("default"));
	reference(o, "responses", "problem", "");
	json_object_end(&o->w);
}

static void operation(struct writing *o, const struct operation *op)
{
	char method[8] = { 0 };
	for (size_t i = 0; op->method[i] && i < sizeof method - 1; i++)
		method[i] = (char)(op->method[i] + ('a' - 'A'));
	json_name(&o->w, str_of(method));
	json_object(&o->w);
	json_member_text(&o->w, "operationId", str_of(op->name));
	text(o, "summary", op->help);
	json_name(&o->w, STR("tags"));
	json_list(&o->w);
	struct str rest = str_of(op->name), tag;
	tag = str_take(&rest, '.');
	json_put_text(&o->w, tag);
	json_list_end(&o->w);
	if (op->flags & OP_PUBLIC)
		raw(o, "security", "[]");
	parameters(o, op);
	body(o, op);
	answers(o, op);
	json_object_end(&o->w);
}

/* Operations of one path stand together, whatever their order by name. */
static void paths(struct writing *o)
{
	size_t count = registry_count(o->registry);
	json_name(&o->w, STR("paths"));
	json_object(&o->w);
	for (size_t i = 0; i < count; i++) {
		const struct operation *op = registry_at(o->registry, i);
		bool first = true;
		for (size_t k = 0; k < i && first; k++)
			first = strcmp(registry_at(o->registry, k)->path, op->path) != 0;
		if (!first)
			continue;
		json_name(&o->w, str_of(op->path));
		json_object(&o->w);
		for (size_t k = i; k < count; k++)
			if (strcmp(registry_at(o->registry, k)->path, op->path) == 0)
				operation(o, registry_at(o->registry, k));
		json_object_end(&o->w);
	}
	json_object_end(&o->w);
}

/* --- components ----------------------------------------------------------------------------------- */

static void schema_name(struct writing *o, const char *name, const char *suffix)
{
	struct str full = arena_format(o->arena, "%s%s", name, suffix);
	json_name(&o->w, full);
}

/* A record as it is read: what every record has, and its fields; masked ones may be missing. */
static void record_schema(struct writing *o, const struct kind *k)
{
	schema_name(o, k->name, "");
	json_object(&o->w);
	text(o, "title", k->title);
	raw(o, "type", "\"object\"");
	raw(o, "required", "[\"id\",\"kind\",\"entity\"]");
	json_name(&o->w, STR("properties"));
	json_object(&o->w);
	raw(o, "id", "{\"type\":\"string\"}");
	raw(o, "kind", "{\"type\":\"string\"}");
	raw(o, "entity", "{\"type\":\"string\"}");
	raw(o, "version", "{\"type\":\"integer\"}");
	raw(o, "state", "{\"type\":\"string\"}");
	raw(o, "number", "{\"type\":\"string\"}");
	raw(o, "since", "{\"type\":\"string\",\"format\":\"date-time\"}");
	raw(o, "archived", "{\"type\":\"string\",\"format\":\"date-time\"}");
	raw(o, "masked", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}");
	for (const struct field *f = k->fields; f->name; f++) {
		json_name(&o->w, str_of(f->name));
		json_object(&o->w);
		json_name(&o->w, STR("anyOf"));
		json_list(&o->w);
		field_schema(f, o->catalog, o->lang, &o->w);
		raw_item(o, f->type == FIELD_REF || f->type == FIELD_REFS ? "{\"type\":[\"object\",\"array\",\"null\"]}" : "{\"type\":\"null\"}");
		json_list_end(&o->w);
		json_object_end(&o->w);
	}
	json_object_end(&o->w);
	json_object_end(&o->w);
}

/* What a new record, or a patch of one, takes: the fields people may set, and the entity it belongs to. */
static void input_schema(struct writing *o, const struct kind *k, bool patch)
{
	schema_name(o, k->name, patch ? ".patch" : ".new");
	json_object(&o->w);
	raw(o, "type", "\"object\"");
	raw(o, "additionalProperties", "false");
	json_name(&o->w, STR("required"));
	json_list(&o->w);
	for (const struct field *f = k->fields; !patch && f->name; f++)
		if ((f->flags & FIELD_REQUIRED) && !f->otherwise)
			json_put_text(&o->w, str_of(f->name));
	json_list_end(&o->w);
	json_name(&o->w, STR("properties"));
	json_object(&o->w);
	raw(o, "entity", "{\"type\":[\"string\",\"integer\"]}");
	for (const struct field *f = k->fields; f->name; f++) {
		if (f->flags & FIELD_READ_ONLY)
			continue;
		json_name(&o->w, str_of(f->name));
		if (!patch) {
			field_schema(f, o->catalog, o->lang, &o->w);
			continue;
		}
		json_object(&o->w);
		json_name(&o->w, STR("anyOf"));
		json_list(&o->w);
		field_schema(f, o->catalog, o->lang, &o->w);
		raw_item(o, "{\"type\":\"null\"}");
		json_list_end(&o->w);
		json_object_end(&o->w);
	}
	json_object_end(&o->w);
	json_object_end(&o->w);
}

static void kind_schemas(struct writing *o, const struct kind *k)
{
	record_schema(o, k);
	schema_name(o, k->name, ".list");
	json_object(&o->w);
	raw(o, "type", "\"object\"");
	raw(o, "required", "[\"items\",\"next\"]");
	json_name(&o->w, STR("properties"));
	json_object(&o->w);
	json_name(&o->w, STR("items"));
	json_object(&o->w);
	raw(o, "type", "\"array\"");
	json_name(&o->w, STR("items"));
	reference(o, "schemas", k->name, "");
	json_object_end(&o->w);
	raw(o, "next", "{\"type\":[\"string\",\"null\"]}");
	raw(o, "count", "{\"type\":\"integer\"}");
	json_object_end(&o->w);
	json_object_end(&o->w);
	if (k->flags & (KIND_VIEW | KIND_SYSTEM))
		return;
	input_schema(o, k, false);
	input_schema(o, k, true);
}

static void shared_schemas(struct writing *o)
{
	raw(o, "facets", "{\"type\":\"object\",\"required\":[\"facets\",\"count\"],\"properties\":{\"facets\":{\"type\":\"object\"},\"count\":{\"type\":\"integer\"}}}");
	raw(o, "history", "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
			  "\"required\":[\"version\",\"since\",\"entry\",\"operation\",\"changes\"]}}}}");
	raw(o, "links", "{\"type\":\"object\",\"required\":[\"from\",\"to\"],\"properties\":{\"from\":{\"type\":\"array\"},\"to\":{\"type\":\"array\"}}}");
	raw(o, "problem", "{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\"],\"properties\":{\"type\":{\"type\":\"string\"},"
			  "\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},\"instance\":{\"type\":\"string\"},"
			  "\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"pointer\":{\"type\":\"string\"},"
			  "\"parameter\":{\"type\":\"string\"},\"detail\":{\"type\":\"string\"}}}}}}");
}

static void components(struct writing *o)
{
	const struct model *m = registry_model(o->registry);
	json_name(&o->w, STR("components"));
	json_object(&o->w);
	json_name(&o->w, STR("schemas"));
	json_object(&o->w);
	shared_schemas(o);
	for (size_t i = 0; i < m->kind_count; i++)
		kind_schemas(o, m->kinds[i]);
	json_object_end(&o->w);
	json_name(&o->w, STR("responses"));
	json_object(&o->w);
	json_name(&o->w, STR("problem"));
	json_object(&o->w);
	text(o, "description", N_("Problem details (RFC 9457)"));
	raw(o, "content", "{\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/problem\"}}}");
	json_object_end(&o->w);
	json_object_end(&o->w);
	raw(o, "securitySchemes", "{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"},\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"mandate\"}}");
	json_object_end(&o->w);
}

enum code openapi_write(const struct registry *r, enum lang lang, struct str server_url, struct buf *out, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	if (!arena)
		return error_nomem(e);
	struct writing o = { .registry = r, .catalog = registry_model(r)->catalog, .lang = lang, .arena = arena };
	json_writer_init(&o.w, out);
	json_object(&o.w);
	json_member_text(&o.w, "openapi", STR("3.1.0"));
	json_name(&o.w, STR("info"));
	json_object(&o.w);
	json_member_text(&o.w, "title", STR("Mandate"));
	json_member_text(&o.w, "version", STR("0.1.0"));
	raw(&o, "license", "{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}");
	json_object_end(&o.w);
	json_name(&o.w, STR("servers"));
	json_list(&o.w);
	json_object(&o.w);
	json_member_text(&o.w, "url", server_url);
	json_object_end(&o.w);
	json_list_end(&o.w);
	raw(&o, "security", "[{\"token\":[]},{\"session\":[]}]");
	paths(&o);
	components(&o);
	json_object_end(&o.w);
	return buf_ok(out) ? OK : error_nomem(e);
}

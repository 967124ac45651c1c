/* The program describes itself: kinds with their fields, states and views, and all operations, in the caller's
 * language. The page draws forms from it, the command line its verbs. Neighbour: http makes OpenAPI of the same. */
#include "base/arena.h"
#include "internal.h"
#include "kernel/meta.h"

struct telling { /* where texts go, in which language */
	struct json_writer *w;
	const struct catalog *catalog;
	enum lang lang;
};

static const char *const type_names[] = {
	[FIELD_TEXT] = "text",   [FIELD_INT] = "integer", [FIELD_DECIMAL] = "decimal", [FIELD_MONEY] = "money",
	[FIELD_DATE] = "date",   [FIELD_TIME] = "time",   [FIELD_BOOL] = "boolean",    [FIELD_CHOICE] = "choice",
	[FIELD_REF] = "ref",     [FIELD_REFS] = "refs",   [FIELD_GEO] = "geometry",    [FIELD_FILE] = "file",
	[FIELD_JSON] = "json",   [FIELD_LOCAL] = "local", [FIELD_ID] = "id",           [FIELD_OBJECT] = "object",
	[FIELD_LIST] = "list",
};

static void tell(const struct telling *t, const char *name, const char *msgid)
{
	if (!msgid)
		return;
	json_name(t->w, str_of(name));
	json_put_text(t->w, catalog_get(t->catalog, t->lang, NULL, str_of(msgid)));
}

static void tell_names(const struct telling *t, const char *name, const char *const *names)
{
	if (!names)
		return;
	json_name(t->w, str_of(name));
	json_list(t->w);
	for (; *names; names++)
		json_put_text(t->w, str_of(*names));
	json_list_end(t->w);
}

static void tell_flag(const struct telling *t, const char *name, bool on)
{
	if (!on)
		return;
	json_name(t->w, str_of(name));
	json_put_bool(t->w, true);
}

static void tell_fields(const struct telling *t, const struct field *fields);

static void tell_field(const struct telling *t, const struct field *f)
{
	struct json_writer *w = t->w;
	json_object(w);
	json_member_text(w, "name", str_of(f->name));
	json_member_text(w, "type", str_of(type_names[f->type]));
	tell(t, "title", f->title);
	tell(t, "help", f->help);
	if (f->to)
		json_member_text(w, "to", str_of(f->to));
	if (f->pattern)
		json_member_text(w, "pattern", str_of(f->pattern));
	if (f->max)
		json_member_int(w, "max", f->max);
	if (f->scale)
		json_member_int(w, "scale", f->scale);
	tell_flag(t, "required", f->flags & FIELD_REQUIRED);
	tell_flag(t, "unique", f->flags & FIELD_UNIQUE);
	tell_flag(t, "read_only", f->flags & FIELD_READ_ONLY);
	tell_flag(t, "facet", f->flags & FIELD_FACET);
	tell_flag(t, "multiline", f->flags & FIELD_MULTILINE);
	tell_flag(t, "personal", f->personal != NULL);
	if (f->choices) {
		json_name(w, STR("choices"));
		json_list(w);
		for (const struct choice *ch = f->choices; ch->name; ch++) {
			json_object(w);
			json_member_text(w, "name", str_of(ch->name));
			tell(t, "title", ch->title);
			json_object_end(w);
		}
		json_list_end(w);
	}
	if (f->fields) {
		json_name(w, STR("fields"));
		tell_fields(t, f->fields);
	}
	json_object_end(w);
}

static void tell_fields(const struct telling *t, const struct field *fields)
{
	json_list(t->w);
	for (const struct field *f = fields; f && f->name; f++)
		tell_field(t, f);
	json_list_end(t->w);
}

static void tell_states(const struct telling *t, const struct kind *k)
{
	struct json_writer *w = t->w;
	json_name(w, STR("states"));
	json_list(w);
	for (size_t i = 0; i < k->state_count; i++) {
		json_object(w);
		json_member_text(w, "name", str_of(k->states[i].name));
		tell(t, "title", k->states[i].title);
		tell_flag(t, "final", k->states[i].final);
		json_object_end(w);
	}
	json_list_end(w);
	json_name(w, STR("transitions"));
	json_list(w);
	for (size_t i = 0; i < k->transition_count; i++) {
		const struct transition *tr = &k->transitions[i];
		json_object(w);
		json_member_text(w, "name", str_of(tr->name));
		tell(t, "title", tr->title);
		tell_names(t, "from", tr->from);
		json_member_text(w, "to", str_of(tr->to));
		json_member_text(w, "function", str_of(tr->function));
		tell_names(t, "evidence", tr->evidence);
		json_object_end(w);
	}
	json_list_end(w);
}

static void tell_kind(const struct telling *t, const struct kind *k)
{
	struct json_writer *w = t->w;
	json_object(w);
	json_member_text(w, "name", str_of(k->name));
	json_member_text(w, "pack", str_of(k->pack));
	tell(t, "title", k->title);
	tell(t, "plural", k->plural);
	tell(t, "help", k->help);
	tell_names(t, "ask_by", k->ask_by);
	json_member_text(w, "title_field", str_of(k->fields[k->title_field].name));
	tell_flag(t, "read_only", k->flags & (KIND_VIEW | KIND_SYSTEM));
	json_name(w, STR("fields"));
	tell_fields(t, k->fields);
	if (k->state_count)
		tell_states(t, k);
	json_name(w, STR("view"));
	json_object(w);
	tell_names(t, "list", k->view.list);
	if (k->view.board_by)
		json_member_text(w, "board", str_of(k->view.board_by));
	if (k->view.calendar_at)
		json_member_text(w, "calendar", str_of(k->view.calendar_at));
	if (k->view.map_at)
		json_member_text(w, "map", str_of(k->view.map_at));
	json_object_end(w);
	json_object_end(w);
}

static void tell_operation(const struct telling *t, const struct operation *op)
{
	struct json_writer *w = t->w;
	json_object(w);
	json_member_text(w, "name", str_of(op->name));
	tell(t, "help", op->help);
	json_member_text(w, "method", str_of(op->method));
	json_member_text(w, "path", str_of(op->path));
	if (op->kind)
		json_member_text(w, "kind", str_of(op->kind->name));
	if (op->function)
		json_member_text(w, "function", str_of(op->function));
	tell_flag(t, "write", op->access == OP_WRITE);
	tell_flag(t, "target", op->flags & OP_TARGET);
	tell_flag(t, "patch", op->flags & OP_PATCH);
	tell_flag(t, "query", op->flags & OP_QUERY);
	tell_flag(t, "public", op->flags & OP_PUBLIC);
	if (op->input && !op->kind) {
		json_name(w, STR("input"));
		tell_fields(t, op->input);
	}
	tell_flag(t, "fields", op->input && op->kind); /* input: the kind's fields */
	if (op->output) {
		json_name(w, STR("output"));
		tell_fields(t, op->output);
	}
	json_object_end(w);
}

void meta_write(const struct registry *r, enum lang lang, struct json_writer *w)
{
	const struct model *m = registry_model(r);
	const struct telling t = { w, m->catalog, lang };
	char digest[65];
	hex_encode(m->digest, sizeof m->digest, digest);
	json_object(w);
	json_member_text(w, "digest", str_of(digest));
	json_member_text(w, "lang", str_of(lang_tag(lang)));
	json_name(w, STR("packs"));
	json_list(w);
	for (size_t i = 0; i < m->pack_count; i++) {
		json_object(w);
		json_member_text(w, "name", str_of(m->packs[i].name));
		tell(&t, "title", m->packs[i].title);
		json_member_text(w, "version", str_of(m->packs[i].version));
		json_object_end(w);
	}
	json_list_end(w);
	json_name(w, STR("kinds"));
	json_list(w);
	for (size_t i = 0; i < m->kind_count; i++)
		tell_kind(&t, m->kinds[i]);
	json_list_end(w);
	json_name(w, STR("operations"));
	json_list(w);
	for (size_t i = 0; i < registry_count(r); i++)
		tell_operation(&t, registry_at(r, i));
	json_list_end(w);
	json_name(w, STR("query"));
	json_list(w);
	for (const struct query_parameter *p = record_query_parameters; p->name; p++) {
		json_object(w);
		json_member_text(w, "name", str_of(p->name));
		tell(&t, "help", p->help);
		json_object_end(w);
	}
	json_list_end(w);
	json_object_end(w);
}

static enum code meta_get(struct call *c, struct error *e)
{
	meta_write(c->registry, c->lang, &c->json);
	return OK;
}

static const struct field meta_output[] = {
	{ .name = "digest", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Digest of the packs") },
	{ .name = "lang", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Language of the texts") },
	{ .name = "packs", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("Packs with their titles and versions") },
	{ .name = "kinds", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("Kinds with fields, states and views") },
	{ .name = "operations", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("All operations") },
	{ .name = "query", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("Parameters of lists") },
	{ 0 },
};

const struct operation meta_operations[] = {
	{ .name = "meta.get", .help = N_("Describe all kinds and operations"), .access = OP_READ, .flags = OP_PUBLIC,
	  .output = meta_output, .run = meta_get, .method = "GET", .path = "/api/meta" },
	{ 0 },
};

/* Help, manual pages and completion, all read off the same description of kinds and operations.
 * Neighbours: kernel/meta.h makes it without a server, GET /api/meta with one. */
#include "base/file.h"
#include "internal.h"
#include "kernel/meta.h"
#include "kernel/module.h"
#include <stdio.h>
#include <string.h>

static const struct json_limits meta_limits = { .bytes = (size_t)32 << 20, .nodes = 2000000 };

enum code meta_from_server(struct cli *c, struct error *e)
{
	struct http_answer answer;
	TRY(client_open(c, e));
	TRY(http_client_send(c->client, "GET", STR("/api/meta"), STR_NONE, STR_NONE, NULL, &answer, e));
	enum code code = answer.status == 200 ? json_parse(c->arena, buf_str(&answer.body), &meta_limits, &c->meta, e)
					      : show_problem(c, answer.status, buf_str(&answer.body), e);
	buf_done(&answer.body);
	return code;
}

enum code meta_built_in(struct cli *c, struct error *e)
{
	CLEAN_BUF struct buf text;
	struct json_writer w;
	struct pack_source *sources;
	const struct model *m;
	const char *const *extra;
	struct registry *r;
	size_t count;
	const struct module *const *modules = kernel_all_modules(c->arena, c->options->modules);
	if (!modules)
		return error_nomem(e);
	TRY(pack_sources_find(c->arena, STR_NONE, c->options->files, &sources, &count, e));
	TRY(registry_functions(modules, c->arena, &extra, e));
	TRY(model_load(sources, count, extra, &m, e));
	enum code code = registry_build(modules, m, &r, e);
	model_unref(m);
	TRY(code);
	buf_init(&text, (size_t)32 << 20);
	json_writer_init(&w, &text);
	meta_write(r, c->lang, &w);
	registry_unref(r);
	return buf_ok(&text) ? json_parse(c->arena, buf_str(&text), &meta_limits, &c->meta, e) : error_nomem(e);
}

static const struct json *list_of(const struct json *j, const char *name)
{
	static const struct json none = { .type = JSON_LIST };
	const struct json *list = json_get(j, str_of(name));
	return list && list->type == JSON_LIST ? list : &none;
}

const struct json *kind_find(const struct cli *c, struct str name)
{
	const struct json *kinds = list_of(c->meta, "kinds");
	for (size_t i = 0; name.len && i < kinds->list.count; i++)
		if (str_eq(json_text(&kinds->list.items[i], STR("name")), name))
			return &kinds->list.items[i];
	return NULL;
}

/* "device list" and "device.list" both name device.list. */
const struct json *operation_find(const struct cli *c, size_t *ret_used)
{
	const struct json *operations = list_of(c->meta, "operations");
	for (size_t words = c->word_count < 3 ? c->word_count : 3; words > 0; words--) {
		struct str name = c->words[0];
		for (size_t i = 1; i < words; i++)
			name = arena_format(c->arena, "%.*s.%.*s", STR_ARG(name), STR_ARG(c->words[i]));
		for (size_t i = 0; i < operations->list.count; i++)
			if (str_eq(json_text(&operations->list.items[i], STR("name")), name)) {
				*ret_used = words;
				return &operations->list.items[i];
			}
	}
	return NULL;
}

static struct str verb_of(struct str name, struct str *ret_group)
{
	struct str rest = name;
	*ret_group = str_take(&rest, '.');
	return rest;
}

struct str say(const struct cli *c, const char *msgid)
{
	return catalog_get(c->catalog, c->lang, NULL, str_of(msgid));
}

/* --- help ----------------------------------------------------------------------------------------- */

void describe_all(const struct cli *c)
{
	const struct json *operations = list_of(c->meta, "operations");
	struct str before = STR(""), group;
	for (size_t i = 0; i < operations->list.count; i++) {
		struct str verb = verb_of(json_text(&operations->list.items[i], STR("name")), &group);
		if (!str_eq(group, before)) {
			const struct json *kind = kind_find(c, group);
			printf("%s%.*s", i ? "\n" : "", STR_ARG(group));
			if (kind)
				printf(" (%.*s)", STR_ARG(json_text(kind, STR("title"))));
			printf("\n   ");
		}
		printf(" %.*s", STR_ARG(verb));
		before = group;
	}
	printf("\n");
}

void describe_group(const struct cli *c, struct str wanted)
{
	const struct json *operations = list_of(c->meta, "operations");
	const struct json *kind = kind_find(c, wanted);
	struct str group;
	if (kind)
		printf("%.*s\n%.*s\n\n", STR_ARG(json_text(kind, STR("plural"))), STR_ARG(json_text(kind, STR("help"))));
	for (size_t i = 0; i < operations->list.count; i++) {
		struct str verb = verb_of(json_text(&operations->list.items[i], STR("name")), &group);
		if (str_eq(group, wanted))
			printf("  mandate %.*s %.*s\n      %.*s\n", STR_ARG(group), STR_ARG(verb),
			       STR_ARG(json_text(&operations->list.items[i], STR("help"))));
	}
}

static const struct json *operation_fields(const struct cli *c, const struct json *op)
{
	const struct json *kind = kind_find(c, json_text(op, STR("kind")));
	if (json_bool(op, STR("fields"), false) || json_bool(op, STR("query"), false))
		return kind ? list_of(kind, "fields") : list_of(op, "input");
	return list_of(op, "input");
}

void describe_operation(const struct cli *c, const struct json *op)
{
	struct str group, verb = verb_of(json_text(op, STR("name")), &group);
	const struct json *fields = operation_fields(c, op), *query = list_of(c->meta, "query");
	printf("mandate %.*s %.*s%s%s\n    %.*s\n", STR_ARG(group), STR_ARG(verb), json_bool(op, STR("target"), false) ? " ID" : "",
	       fields->list.count ? " name=value …" : "", STR_ARG(json_text(op, STR("help"))));
	for (size_t i = 0; i < fields->list.count; i++) {
		const struct json *f = &fields->list.items[i];
		printf("  %-18.*s %-9.*s %.*s%s\n", STR_ARG(json_text(f, STR("name"))), STR_ARG(json_text(f, STR("type"))),
		       STR_ARG(json_text(f, STR("title"))), json_bool(f, STR("required"), false) && !json_bool(op, STR("query"), false) ? " *" : "");
	}
	for (size_t i = 0; json_bool(op, STR("query"), false) && i < query->list.count; i++)
		printf("  %-18.*s           %.*s\n", STR_ARG(json_text(&query->list.items[i], STR("name"))),
		       STR_ARG(json_text(&query->list.items[i], STR("help"))));
	printf("  --json, --input FILE, --server URL, --token TOKEN, --lang LANG");
	if (json_bool(op, STR("write"), false))
		printf(", --dry-run, --propose, --if-match VERSION");
	printf("\n");
}

/* --- completion ----------------------------------------------------------------------------------- */

static void complete(const struct cli *c)
{
	const struct json *operations = list_of(c->meta, "operations");
	size_t done = c->word_count - 2; /* words already whole */
	struct str group, before = STR_NONE, typed = c->word_count > 2 ? c->words[2] : STR_NONE;
	for (size_t i = 0; i < operations->list.count; i++) {
		const struct json *op = &operations->list.items[i];
		struct str verb = verb_of(json_text(op, STR("name")), &group);
		if (done == 0 && !str_eq(group, before))
			printf("%.*s\n", STR_ARG(group));
		else if (done == 1 && str_eq(group, typed))
			printf("%.*s\n", STR_ARG(verb));
		else if (done >= 2 && str_eq(group, typed) && str_eq(verb, c->words[3])) {
			const struct json *fields = operation_fields(c, op);
			for (size_t k = 0; k < fields->list.count; k++)
				printf("%.*s=\n", STR_ARG(json_text(&fields->list.items[k], STR("name"))));
		}
		before = group;
	}
}

/* mandate completion bash prints the script; the script asks `mandate completion words …`. */
enum code completion_run(struct cli *c, struct error *e)
{
	static const char script[] =
		"_mandate() {\n"
		"  local IFS=$'\\n' words\n"
		"  words=$(mandate completion words \"${COMP_WORDS[@]:1:COMP_CWORD-1}\" 2>/dev/null)\n"
		"  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
		"  [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
		"}\n"
		"complete -F _mandate mandate\n";
	if (c->word_count < 2 || str_is(c->words[1], "bash")) {
		fputs(script, stdout);
		return OK;
	}
	if (!str_is(c->words[1], "words"))
		return error_fail(e, E_INVALID, N_("mandate completion takes bash"));
	TRY(meta_built_in(c, e));
	complete(c);
	return OK;
}

/* --- manual pages --------------------------------------------------------------------------------- */

/* roff: a leading dot or quote would be a request, a backslash an escape. */
static void roff(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char ch = text.data[i];
		if ((i == 0 || text.data[i - 1] == '\n') && (ch == '.' || ch == '\''))
			buf_add_text(out, "\\&");
		if (ch == '\\')
			buf_add_text(out, "\\e");
		else if (ch == '-')
			buf_add_text(out, "\\-");
		else
			buf_add_char(out, ch);
	}
}

static void roff_line(struct buf *out, const char *request, struct str text)
{
	buf_add_text(out, request);
	roff(out, text);
	buf_add_char(out, '\n');
}

static void man_operation(const struct cli *c, struct buf *out, const struct json *op)
{
	struct str group, verb = verb_of(json_text(op, STR("name")), &group);
	const struct json *fields = operation_fields(c, op);
	roff_line(out, ".SS ", arena_format(c->arena, "mandate %.*s %.*s%s", STR_ARG(group), STR_ARG(verb),
					    json_bool(op, STR("target"), false) ? " ID" : ""));
	roff_line(out, "", json_text(op, STR("help")));
	roff_line(out, ".br\n", arena_format(c->arena, "HTTP: %.*s %.*s", STR_ARG(json_text(op, STR("method"))), STR_ARG(json_text(op, STR("path")))));
	for (size_t i = 0; json_bool(op, STR("write"), false) && i < fields->list.count; i++) {
		const struct json *f = &fields->list.items[i];
		buf_add_text(out, ".TP\n");
		roff_line(out, ".B ", arena_format(c->arena, "%.*s=%.*s", STR_ARG(json_text(f, STR("name"))), STR_ARG(json_text(f, STR("type")))));
		roff_line(out, "", json_text(f, STR("title")));
		if (json_text(f, STR("help")).len)
			roff_line(out, "", json_text(f, STR("help")));
	}
}

static void man_begin(const struct cli *c, struct buf *out, struct str name, struct str summary)
{
	buf_format(out, ".TH \"%.*s\" 1 \"\" \"Mandate\"\n.SH ", STR_ARG(name));
	roff(out, say(c, N_("NAME")));
	buf_add_char(out, '\n');
	roff_line(out, "", arena_format(c->arena, "%.*s - %.*s", STR_ARG(name), STR_ARG(summary)));
}

static enum code man_page(const struct cli *c, struct str folder, struct str group, size_t first, size_t *ret_next, struct error *e)
{
	CLEAN_BUF struct buf out;
	const struct json *operations = list_of(c->meta, "operations"), *kind = kind_find(c, group);
	struct str name = arena_format(c->arena, "mandate-%.*s", STR_ARG(group)), other;
	size_t i = first;
	buf_init(&out, 0);
	man_begin(c, &out, name, kind ? json_text(kind, STR("plural")) : group);
	if (kind && json_text(kind, STR("help")).len) {
		roff_line(&out, ".SH ", say(c, N_("DESCRIPTION")));
		roff_line(&out, "", json_text(kind, STR("help")));
	}
	roff_line(&out, ".SH ", say(c, N_("OPERATIONS")));
	for (; i < operations->list.count; i++) {
		verb_of(json_text(&operations->list.items[i], STR("name")), &other);
		if (!str_eq(other, group))
			break;
		man_operation(c, &out, &operations->list.items[i]);
	}
	*ret_next = i;
	struct str path = arena_format(c->arena, "%.*s/%.*s.1", STR_ARG(folder), STR_ARG(name));
	return buf_ok(&out) && path.data ? file_replace(path, buf_str(&out), 0644, e) : error_nomem(e);
}

enum code cli_man(const struct cli_options *o, struct str folder, struct error *e)
{
	struct cli *c = cli_new(o);
	if (!c)
		return error_nomem(e);
	TRY(meta_built_in(c, e));
	TRY(folder_make(folder, 0755, e));
	const struct json *operations = list_of(c->meta, "operations");
	for (size_t i = 0; i < operations->list.count;) {
		struct str group;
		verb_of(json_text(&operations->list.items[i], STR("name")), &group);
		TRY(man_page(c, folder, group, i, &i, e));
	}
	return OK;
}

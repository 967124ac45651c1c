/* From words to a request: the target, list parameters, or a JSON body typed by the fields' description.
 * Neighbours: cli.c found the operation, show.c prints the answer. */
#include "base/file.h"
#include "internal.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void add_percent(struct buf *out, struct str text)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~,()*:{}";
	for (size_t i = 0; i < text.len; i++)
		if (memchr(safe, text.data[i], sizeof safe - 1))
			buf_add_char(out, text.data[i]);
		else
			buf_format(out, "%%%02X", (unsigned char)text.data[i]);
}

static bool has_operator(struct str text)
{
	static const char *const operators[] = { "eq.", "neq.", "gt.", "gte.", "lt.", "lte.", "like.", "ilike.", "in.", "is.", "cs.", "not." };
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (str_starts(text, str_of(operators[i])))
			return true;
	return false;
}

static bool is_list_parameter(const struct cli *c, struct str name)
{
	const struct json *query = json_get(c->meta, STR("query"));
	for (size_t i = 0; query && i < query->list.count; i++)
		if (str_eq(json_text(&query->list.items[i], STR("name")), name))
			return true;
	return false;
}

/* state=in_use is state=eq.in_use. */
static void add_pair(const struct cli *c, struct buf *url, struct str name, struct str value)
{
	buf_add_char(url, str_find(buf_str(url), '?') < 0 ? '?' : '&');
	add_percent(url, name);
	buf_add_char(url, '=');
	if (!is_list_parameter(c, name) && !has_operator(value))
		buf_add_text(url, "eq.");
	add_percent(url, value);
}

static const struct json *field_find(const struct cli *c, const struct json *op, struct str name)
{
	const struct json *fields = json_get(op, STR("input"));
	if (!fields) {
		const struct json *kind = kind_find(c, json_text(op, STR("kind")));
		fields = kind ? json_get(kind, STR("fields")) : NULL;
	}
	for (size_t i = 0; fields && i < fields->list.count; i++)
		if (str_eq(json_text(&fields->list.items[i], STR("name")), name))
			return &fields->list.items[i];
	return NULL;
}

/* Money is "12.50 USD", references of a list are separated by commas, JSON is JSON. */
static enum code add_member(const struct cli *c, struct json_writer *w, const struct json *field, struct str value, struct error *e)
{
	struct str type = json_text(field, STR("type")), rest = value, part;
	int64_t n;
	if (!value.len) {
		json_put_null(w);
	} else if (str_is(type, "integer") && str_int(value, &n)) {
		json_put_int(w, n);
	} else if (str_is(type, "boolean") && (str_is(value, "true") || str_is(value, "false"))) {
		json_put_bool(w, str_is(value, "true"));
	} else if (str_is(type, "money")) {
		part = str_take(&rest, ' ');
		json_object(w);
		json_member_text(w, "amount", part);
		if (rest.data)
			json_member_text(w, "currency", str_trim(rest));
		json_object_end(w);
	} else if (str_is(type, "refs")) {
		json_list(w);
		while (str_cut(&rest, ',', &part))
			json_put_text(w, str_trim(part));
		json_list_end(w);
	} else if (str_is(type, "json") || str_is(type, "geometry") || str_is(type, "file") || str_is(type, "local") ||
		   str_is(type, "list") || str_is(type, "object")) {
		const struct json *j;
		TRY(json_parse(c->arena, value, NULL, &j, e));
		json_put_tree(w, j);
	} else {
		json_put_text(w, value);
	}
	return OK;
}

static enum code read_input(const struct cli *c, struct buf *body, struct error *e)
{
	struct str text;
	char part[4096];
	ssize_t n;
	if (!str_is(c->input, "-")) {
		TRY(file_read(c->arena, c->input, (size_t)256 << 20, &text, e));
		buf_add_str(body, text);
		return buf_ok(body) ? OK : error_nomem(e);
	}
	while ((n = read(STDIN_FILENO, part, sizeof part)) > 0)
		buf_add(body, part, (size_t)n);
	return buf_ok(body) ? OK : error_nomem(e);
}

static enum code make_url(struct cli *c, const struct json *op, size_t *io_used, struct buf *url, struct error *e)
{
	struct str path = json_text(op, STR("path"));
	int64_t place = str_find_str(path, STR("{id}"));
	if (place < 0) {
		buf_add_str(url, path);
		return OK;
	}
	int64_t id;
	if (*io_used >= c->word_count || !str_int(c->words[*io_used], &id))
		return error_fail(e, E_INVALID, N_("{verb} needs the id of a record"), { "verb", json_text(op, STR("name")) });
	buf_add_str(url, str_slice(path, 0, (size_t)place));
	buf_add_str(url, c->words[(*io_used)++]);
	buf_add_str(url, str_slice(path, (size_t)place + 4, path.len));
	return OK;
}

/* For people references are shown by name: those that show.c will print. */
static void add_expand(const struct cli *c, const struct json *op, struct buf *url)
{
	const struct json *kind = kind_find(c, json_text(op, STR("kind")));
	const struct json *fields = json_get(kind, STR("fields"));
	struct str columns[COLUMNS_MOST];
	size_t count = show_columns(c, op, columns);
	bool any = false;
	if (!kind || (!count && !str_ends(json_text(op, STR("name")), STR(".get"))))
		return;
	for (size_t i = 0; fields && i < fields->list.count; i++) {
		struct str name = json_text(&fields->list.items[i], STR("name")), type = json_text(&fields->list.items[i], STR("type"));
		bool wanted = !count;
		for (size_t j = 0; j < count && !wanted; j++)
			wanted = str_eq(columns[j], name);
		if (!wanted || (!str_is(type, "ref") && !str_is(type, "refs")))
			continue;
		buf_add_text(url, any ? "," : str_find(buf_str(url), '?') < 0 ? "?expand=" : "&expand=");
		buf_add_str(url, name);
		any = true;
	}
}

static enum code make_arguments(struct cli *c, const struct json *op, size_t used, struct buf *url, struct buf *body, struct error *e)
{
	struct json_writer w;
	bool query = json_bool(op, STR("query"), false), any = false, expand = query && !c->json;
	json_writer_init(&w, body);
	if (c->input.len)
		TRY(read_input(c, body, e));
	for (size_t i = used; i < c->word_count; i++) {
		struct str rest = c->words[i], name;
		if (!str_cut(&rest, '=', &name) || !rest.data)
			return error_fail(e, E_INVALID, N_("{argument} should read name=value"), { "argument", c->words[i] });
		if (query) {
			add_pair(c, url, name, rest);
			expand &= !str_is(name, "expand");
			continue;
		}
		const struct json *field = field_find(c, op, name);
		if (!field && !(str_is(name, "entity") && json_text(op, STR("kind")).len))
			return error_fail(e, E_INVALID, N_("{verb} takes no {name}"), { "verb", json_text(op, STR("name")) }, { "name", name });
		if (str_is(json_text(op, STR("method")), "GET")) {
			buf_add_char(url, str_find(buf_str(url), '?') < 0 ? '?' : '&');
			add_percent(url, name);
			buf_add_char(url, '=');
			add_percent(url, rest);
			continue;
		}
		if (!any)
			json_object(&w);
		any = true;
		json_name(&w, name);
		TRY(add_member(c, &w, field, rest, e));
	}
	if (any)
		json_object_end(&w);
	if (expand)
		add_expand(c, op, url);
	return buf_ok(url) && buf_ok(body) ? OK : error_nomem(e);
}

enum code request_run(struct cli *c, const struct json *op, size_t used, struct error *e)
{
	CLEAN_BUF struct buf url, body;
	struct str headers[3] = { { 0 } };
	struct http_answer answer;
	const struct json *j = NULL;
	buf_init(&url, 1 << 20);
	buf_init(&body, (size_t)256 << 20);
	TRY(make_url(c, op, &used, &url, e));
	TRY(make_arguments(c, op, used, &url, &body, e));
	if (c->dry_run)
		buf_add_text(&url, "?dry_run=true");
	if (c->propose)
		buf_add_text(&url, "?propose=true");
	if (c->if_match.len)
		headers[0] = arena_format(c->arena, "If-Match: \"%.*s\"", STR_ARG(c->if_match));
	struct str method = arena_copy(c->arena, json_text(op, STR("method")));
	struct str type = body.len ? STR("application/json") : STR_NONE;
	struct str sent = body.len || str_is(method, "POST") ? (struct str){ body.data ? body.data : "", body.len } : STR_NONE;
	TRY(http_client_send(c->client, method.data, buf_str(&url), type, sent, headers, &answer, e));
	enum code code = OK;
	if (answer.status >= 400)
		code = show_problem(c, answer.status, buf_str(&answer.body), e);
	else if (c->json)
		printf("%.*s\n", (int)answer.body.len, answer.body.data ? answer.body.data : "");
	else if (answer.body.len) {
		const struct json_limits limits = { .bytes = (size_t)256 << 20, .nodes = 20000000 };
		code = json_parse(c->arena, buf_str(&answer.body), &limits, &j, e);
		if (code == OK)
			show_answer(c, op, j);
	}
	buf_done(&answer.body);
	return code;
}

/* Where the server is and with which token: options, then the environment, then the file `mandate login` wrote.
 * Neighbours: cli.c, base/http_client.h. */
#include "base/file.h"
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>

static struct str client_file(const struct cli *c)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (config && *config)
		return arena_format(c->arena, "%s/mandate/client.json", config);
	return home && *home ? arena_format(c->arena, "%s/.config/mandate/client.json", home) : STR_NONE;
}

enum code client_read(struct cli *c, struct error *e)
{
	struct str path = client_file(c), text;
	const struct json *j = NULL;
	if (!c->server.len)
		c->server = str_of(getenv("MANDATE_SERVER"));
	if (!c->token.len)
		c->token = str_of(getenv("MANDATE_TOKEN"));
	if ((c->server.len && c->token.len) || !path.len || !file_exists(path))
		return OK;
	TRY(file_read(c->arena, path, 1 << 16, &text, e));
	TRY(json_parse(c->arena, text, NULL, &j, e));
	struct str known = json_text(j, STR("server"));
	/* a token belongs to its server and goes to no other */
	if (!c->token.len && (!c->server.len || str_eq(c->server, known)))
		c->token = json_text(j, STR("token"));
	if (!c->server.len)
		c->server = known;
	if (!c->ca_file.len)
		c->ca_file = json_text(j, STR("ca_file"));
	return OK;
}

enum code client_open(struct cli *c, struct error *e)
{
	if (!c->server.len)
		return error_fail(e, E_INVALID, N_("Say which server: --server URL, MANDATE_SERVER, or mandate login once"));
	if (c->client)
		return OK;
	struct http_client_options o = { .base_url = c->server, .token = c->token, .ca_file = c->ca_file, .language = str_of(lang_tag(c->lang)),
					 .max_answer = (size_t)256 << 20 };
	return http_client_new(&o, &c->client, e);
}

static enum code keep(struct cli *c, struct str token, struct error *e)
{
	CLEAN_BUF struct buf text;
	struct json_writer w;
	struct str path = client_file(c);
	if (!path.len)
		return error_fail(e, E_INVALID, N_("HOME is not set; use --token or MANDATE_TOKEN"));
	size_t slash = path.len;
	while (slash > 0 && path.data[slash - 1] != '/')
		slash--;
	TRY(folder_make(arena_copy(c->arena, str_slice(path, 0, slash - 1)), 0700, e));
	buf_init(&text, 1 << 16);
	json_writer_init(&w, &text);
	json_object(&w);
	json_member_text(&w, "server", c->server);
	json_member_text(&w, "token", token);
	json_member_text(&w, "ca_file", c->ca_file);
	json_object_end(&w);
	return buf_ok(&text) ? file_replace(path, buf_str(&text), 0600, e) : error_nomem(e);
}

/* mandate login LINK [--token-only]: the one-time link becomes an access token of this account. */
enum code login_run(struct cli *c, struct error *e)
{
	CLEAN_BUF struct buf body;
	struct json_writer w;
	struct http_answer answer;
	const struct json *j;
	if (c->word_count < 2)
		return error_fail(e, E_INVALID, N_("Say the one-time link: mandate login LINK"));
	struct str link = c->words[1];
	int64_t mark = str_find_str(link, STR("/#link="));
	if (mark >= 0) {
		c->server = str_slice(link, 0, (size_t)mark);
		link = str_slice(link, (size_t)mark + 7, link.len);
	}
	c->token = STR_NONE;
	TRY(client_open(c, e));
	buf_init(&body, 1 << 16);
	json_writer_init(&w, &body);
	json_object(&w);
	json_member_text(&w, "link", link);
	json_member_text(&w, "name", STR("mandate login"));
	json_object_end(&w);
	TRY(http_client_send(c->client, "POST", STR("/api/access_token/link"), STR("application/json"), buf_str(&body), NULL, &answer, e));
	enum code code = answer.status == 201 ? json_parse(c->arena, buf_str(&answer.body), NULL, &j, e)
					      : show_problem(c, answer.status, buf_str(&answer.body), e);
	buf_done(&answer.body);
	TRY(code);
	struct str secret = json_text(j, STR("secret"));
	if (c->json) {
		printf("{\"server\":\"%.*s\",\"token\":\"%.*s\"}\n", STR_ARG(c->server), STR_ARG(secret));
		return OK;
	}
	TRY(keep(c, secret, e));
	struct str done = catalog_format(c->catalog, c->lang, N_("Signed in to {server}"), ERROR_ARGS_({ "server", c->server }), c->arena);
	printf("%.*s\n", STR_ARG(done));
	return OK;
}

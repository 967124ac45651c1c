/* Options and verbs. Neighbours: request.c makes the call, describe.c tells what there is. */
#include "internal.h"
#include <stdio.h>
#include <string.h>

static bool take_option(struct cli *c, struct str word, int *io_at, const char *name, struct str *ret)
{
	const struct cli_options *o = c->options;
	struct str n = str_of(name);
	if (!str_starts(word, STR("--")))
		return false;
	struct str rest = str_slice(word, 2, word.len);
	if (!str_starts(rest, n))
		return false;
	if (rest.len == n.len && *io_at + 1 < o->argc) {
		*ret = str_of(o->argv[++*io_at]);
		return true;
	}
	if (rest.len > n.len && rest.data[n.len] == '=') {
		*ret = str_slice(rest, n.len + 1, rest.len);
		return true;
	}
	return false;
}

static bool take_flag(struct cli *c, struct str word)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = { { "--json", &c->json }, { "--dry-run", &c->dry_run }, { "--propose", &c->propose }, { "--help", &c->help }, { "-h", &c->help } };
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (str_is(word, flags[i].name)) {
			*flags[i].flag = true;
			return true;
		}
	return false;
}

static enum code read_words(struct cli *c, struct error *e)
{
	const struct cli_options *o = c->options;
	for (int i = 0; i < o->argc; i++) {
		struct str word = str_of(o->argv[i]), lang;
		if (take_flag(c, word) || take_option(c, word, &i, "server", &c->server) || take_option(c, word, &i, "token", &c->token) ||
		    take_option(c, word, &i, "ca-file", &c->ca_file) || take_option(c, word, &i, "if-match", &c->if_match) ||
		    take_option(c, word, &i, "input", &c->input))
			continue;
		if (take_option(c, word, &i, "lang", &lang)) {
			if (!lang_parse(lang, &c->lang))
				return error_fail(e, E_INVALID, N_("{lang} is none of the six languages"), { "lang", lang });
			continue;
		}
		if (str_starts(word, STR("--")) && str_find(word, '=') < 0)
			return error_fail(e, E_INVALID, N_("{argument} is not understood here; --help tells what is"), { "argument", word });
		/* --limit=5 is limit=5 */
		if (str_starts(word, STR("--")))
			word = str_slice(word, 2, word.len);
		if (c->word_count < sizeof c->words / sizeof *c->words)
			c->words[c->word_count++] = word;
	}
	return OK;
}

static enum code run_help(struct cli *c, struct error *e)
{
	TRY(client_read(c, e));
	if (!c->server.len || meta_from_server(c, NULL) != OK)
		TRY(meta_built_in(c, e));
	if (c->word_count == 0 || str_is(c->words[0], "help")) {
		describe_all(c);
		return OK;
	}
	size_t used;
	const struct json *op = operation_find(c, &used);
	if (op)
		describe_operation(c, op);
	else
		describe_group(c, c->words[0]);
	return OK;
}

/* mandate ask 'SELECT …' is query ask sql='SELECT …'; what follows stays. */
static enum code expand_ask(struct cli *c, struct error *e)
{
	if (c->word_count < 2 || !str_is(c->words[0], "ask") || c->word_count + 1 > sizeof c->words / sizeof *c->words)
		return OK;
	struct str sql = arena_format(c->arena, "sql=%.*s", STR_ARG(c->words[1]));
	if (!sql.data)
		return error_nomem(e);
	for (size_t i = c->word_count++; i > 2; i--)
		c->words[i] = c->words[i - 1];
	c->words[0] = STR("query");
	c->words[1] = STR("ask");
	c->words[2] = sql;
	return OK;
}

static enum code run_verb(struct cli *c, struct error *e)
{
	size_t used;
	TRY(expand_ask(c, e));
	TRY(client_read(c, e));
	TRY(client_open(c, e));
	TRY(meta_from_server(c, e));
	const struct json *op = operation_find(c, &used);
	if (op)
		return request_run(c, op, used, e);
	if (c->word_count == 1 && kind_find(c, c->words[0])) {
		describe_group(c, c->words[0]);
		return OK;
	}
	return error_fail(e, E_INVALID, N_("There is no verb {verb}; mandate help lists all"), { "verb", c->words[0] });
}

struct cli *cli_new(const struct cli_options *o)
{
	struct cli *c = ARENA_NEW(o->arena, struct cli);
	if (c)
		*c = (struct cli){ .options = o, .arena = o->arena, .lang = o->lang, .catalog = o->catalog };
	return c;
}

enum code cli_run(const struct cli_options *o, struct error *e)
{
	struct cli *c = cli_new(o);
	if (!c)
		return error_nomem(e);
	enum code code = read_words(c, e);
	if (code != OK)
		return code;
	if (c->help || c->word_count == 0 || str_is(c->words[0], "help"))
		code = run_help(c, e);
	else if (str_is(c->words[0], "login"))
		code = login_run(c, e);
	else if (str_is(c->words[0], "completion"))
		code = completion_run(c, e);
	else
		code = run_verb(c, e);
	http_client_free(c->client);
	return code;
}

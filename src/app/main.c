/* The one binary: reads the common options, then runs a verb of its own (commands) or one of the server's (cli/).
 * Neighbours: command.c has the options, serve.c … the verbs, modules.c the engines. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/log.h"
#include "cli/cli.h"
#include "command.h"
#include "modules.h"
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

const struct command commands[] = {
	{ "serve", "[--data DIR] [--listen ADDRESS:PORT] [--db postgres://…]", N_("Run the server"), command_serve },
	{ "agent", "--once|--daemon [--server URL] [--token-file FILE]", N_("Take the inventory of this machine and send it"), command_agent },
	{ "verify", "[--data DIR] [--db ADDRESS] [--packs DIR]", N_("Prove a data folder: every journal entry, the tree, the signatures, and every record against them"), command_verify },
	{ "compact", "[--data DIR]", N_("Leave nothing of what was deleted or erased in the database files"), command_compact },
	{ "copy", "[--data DIR] FOLDER", N_("Write a consistent copy of the data folder"), command_copy },
	{ "pack", "check DIR | plan [--data DIR] | revert [--data DIR]", N_("Check packs, preview or take back changes of the schema"), command_pack },
	{ "sample", "[--data DIR] --scale S --seed N [--sets N]", N_("Fill an empty data folder with a sample organisation"), command_sample },
	{ "link", "[--data DIR]", N_("Make a one-time sign-in link for the administrator"), command_link },
	{ "token", "[--data DIR] [--name NAME] [--functions 'PATTERN …']", N_("Make an access token for a program on this machine"), command_token },
	{ "detect", "--rules DIR… [--pipeline FILE…] [--threads N] [--no-event] [--format json|table] [--format-in FORMAT] [--explain RULE FILE:LINE] FILE…",
	  N_("Find in logs what Sigma's rules describe"), command_detect },
	{ "rules", "check DIR… | coverage DIR…", N_("Tell which rules load, and which ATT&CK techniques they cover"), command_rules },
	{ "man", "FOLDER", N_("Write the manual pages"), command_man },
	{ 0 },
};

static enum lang terminal_language(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	enum lang lang = LANG_EN;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct str value = str_of(getenv(names[i])), tag = STR_NONE;
		if (value.len) {
			tag = str_take(&value, '_');
			lang_parse(tag, &lang);
			break;
		}
	}
	return lang;
}

static const struct catalog *own_catalog(struct arena *arena)
{
	struct catalog *c = catalog_new();
	struct error ignored;
	error_init(&ignored, arena);
	for (unsigned lang = 0; c && lang < LANG_COUNT; lang++) {
		struct str path = arena_format(arena, "po/%s.po", lang_tag((enum lang)lang));
		const struct embedded *file = path.data ? embedded_find(embedded_files, path) : NULL;
		if (file)
			catalog_add_po(c, (enum lang)lang, path, file->data, &ignored);
	}
	return c;
}

static enum code usage(struct command_line *l)
{
	printf("mandate %s\n\n", MANDATE_VERSION);
	for (const struct command *c = commands; c->name; c++) {
		struct str help = catalog_get(l->catalog, l->lang, NULL, str_of(c->help));
		printf("  mandate %s %s\n      %.*s\n", c->name, c->arguments, STR_ARG(help));
	}
	printf("\n");
	command_say(l, N_("Every operation of a server is a verb too: mandate <kind> <verb>; mandate help lists them."));
	return OK;
}

static enum code run(struct command_line *l, struct error *e)
{
	TRY(crypto_init(e));
	TRY(config_read_environment(l->config, environ, e));
	struct str data = str_of(getenv("MANDATE_DATA")), database = str_of(getenv("MANDATE_DB"));
	l->data = data.len ? data : STR("var");
	l->database = database;
	if (l->argc == 0 || strcmp(l->argv[0], "--help") == 0 || strcmp(l->argv[0], "-h") == 0)
		return usage(l);
	if (strcmp(l->argv[0], "--version") == 0) {
		printf("mandate %s\n", MANDATE_VERSION);
		return OK;
	}
	for (const struct command *c = commands; c->name; c++) {
		if (strcmp(l->argv[0], c->name) != 0)
			continue;
		l->argc--;
		l->argv++;
		if (command_flag(l, "help")) {
			struct str help = catalog_get(l->catalog, l->lang, NULL, str_of(c->help));
			printf("mandate %s %s\n    %.*s\n", c->name, c->arguments, STR_ARG(help));
			return OK;
		}
		return c->run(l, e);
	}
	return cli_run(&(struct cli_options){ .argc = l->argc, .argv = l->argv, .lang = l->lang, .catalog = l->catalog, .arena = l->arena,
					      .files = embedded_files, .modules = app_modules }, e);
}

/* One place turns codes into exit statuses (base/error.h). */
static int exit_status(enum code code)
{
	static const int statuses[] = { [OK] = 0,     [E_INVALID] = 2, [E_DENIED] = 3, [E_NOT_FOUND] = 4, [E_CONFLICT] = 5,
					[E_BUSY] = 6, [E_LIMIT] = 7,   [E_NOMEM] = 8,  [E_IO] = 8,        [E_INTERNAL] = 9 };
	return statuses[code];
}

int main(int argc, char **argv)
{
	struct command_line l = { .argc = argc - 1, .argv = argv + 1, .lang = terminal_language() };
	struct error e;
	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	l.arena = arena_new(0);
	l.config = config_new();
	if (!l.arena || !l.config)
		return exit_status(E_NOMEM);
	error_init(&e, l.arena);
	struct catalog *catalog = (struct catalog *)(uintptr_t)own_catalog(l.arena);
	l.catalog = catalog;
	enum code code = run(&l, &e);
	if (code != OK && e.frame) {
		struct str text = catalog_error(l.catalog, l.lang, &e, l.arena);
		fprintf(stderr, "mandate: %.*s\n", STR_ARG(text));
		for (const struct error_item *i = e.items; i; i = i->next) {
			struct str detail = catalog_format(l.catalog, l.lang, i->msgid, i->args, l.arena);
			fprintf(stderr, "  %.*s %.*s\n", STR_ARG(i->pointer), STR_ARG(detail));
		}
		if (code == E_IO || code == E_INTERNAL)
			log_error("failed", &e);
	}
	fflush(stdout);
	catalog_free(catalog);
	config_free(l.config);
	arena_free(l.arena);
	curl_global_cleanup();
	return code == OK ? l.status : l.trouble ? l.trouble : exit_status(code);
}

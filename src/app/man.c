/* mandate man FOLDER: the manual pages, made of the table of operations. Neighbour: cli/describe.c. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "cli/cli.h"
#include "command.h"
#include "modules.h"
#include <stdio.h>

static enum code main_page(struct command_line *l, struct str folder, struct error *e)
{
	CLEAN_BUF struct buf out;
	buf_init(&out, 0);
	buf_format(&out, ".TH MANDATE 1 \"\" \"Mandate %s\"\n.SH NAME\nmandate \\- the technology of a federated organisation\n.SH SYNOPSIS\n", MANDATE_VERSION);
	for (const struct command *c = commands; c->name; c++)
		buf_format(&out, ".B mandate %s\n%s\n.br\n", c->name, c->arguments);
	buf_add_text(&out, ".SH COMMANDS\n");
	for (const struct command *c = commands; c->name; c++) {
		struct str help = catalog_get(l->catalog, l->lang, NULL, str_of(c->help));
		buf_format(&out, ".TP\n.B %s\n%.*s\n", c->name, STR_ARG(help));
	}
	buf_add_text(&out, ".SH SETTINGS\n");
	for (const struct setting *s = settings; s->name; s++) {
		struct str help = catalog_get(l->catalog, l->lang, NULL, str_of(s->help));
		buf_format(&out, ".TP\n.B \\-\\-%s\n%.*s (%s)\n", s->name, STR_ARG(help), s->otherwise);
	}
	buf_add_text(&out, ".SH EXIT STATUS\n0 done; 2 not right; 3 not allowed; 4 not found; 5 changed meanwhile; 6 busy; 7 a limit; 8 input, "
			   "output or memory; 9 a fault of the program.\n.SH FILES\n<data>/mandate.yaml, $HOME/.config/mandate/client.json\n");
	struct str path = arena_format(l->arena, "%.*s/mandate.1", STR_ARG(folder));
	return buf_ok(&out) && path.data ? file_replace(path, buf_str(&out), 0644, e) : error_nomem(e);
}

enum code command_man(struct command_line *l, struct error *e)
{
	if (l->argc != 1)
		return error_fail(e, E_INVALID, N_("Say which folder the manual pages go to"));
	struct str folder = str_of(l->argv[0]);
	TRY(folder_make(folder, 0755, e));
	TRY(main_page(l, folder, e));
	return cli_man(&(struct cli_options){ .lang = l->lang, .catalog = l->catalog, .arena = l->arena, .files = embedded_files, .modules = app_modules },
		       folder, e);
}

/* The command line's other half: every operation of a server as a verb, `mandate device list state=in_use`. Nothing
 * is known in advance: verbs, fields and help come from the server's description of itself (GET /api/meta). */
#pragma once
#include "base/catalog.h"
#include "base/embed.h"

struct arena;
struct module;

struct cli_options {
	int argc; /* without the program's name */
	char **argv;
	enum lang lang;
	const struct catalog *catalog;
	struct arena *arena;
	const struct embedded *files;         /* built-in packs, for help and manual pages without a server */
	const struct module *const *modules;
};

/* Runs a verb: against the server of --server, MANDATE_SERVER or the file that `mandate login` wrote. */
enum code cli_run(const struct cli_options *o, struct error *e);
/* Writes mandate.1 and a page per group of operations into a folder. */
enum code cli_man(const struct cli_options *o, struct str folder, struct error *e);

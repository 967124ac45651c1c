/* Options and what the verbs share. Neighbours: main.c, serve.c, maintain.c. */
#include "command.h"
#include "base/arena.h"
#include "modules.h"
#include <stdio.h>
#include <string.h>

static void drop(struct command_line *l, int at, int count)
{
	memmove(&l->argv[at], &l->argv[at + count], (size_t)(l->argc - at - count) * sizeof *l->argv);
	l->argc -= count;
}

bool command_option(struct command_line *l, const char *name, struct str *ret)
{
	size_t len = strlen(name);
	for (int i = 0; i < l->argc; i++) {
		const char *a = l->argv[i];
		if (strncmp(a, "--", 2) != 0 || strncmp(a + 2, name, len) != 0)
			continue;
		if (a[2 + len] == '=') {
			*ret = str_of(a + 3 + len);
			drop(l, i, 1);
			return true;
		}
		if (a[2 + len] == 0 && i + 1 < l->argc) {
			*ret = str_of(l->argv[i + 1]);
			drop(l, i, 2);
			return true;
		}
	}
	return false;
}

bool command_flag(struct command_line *l, const char *name)
{
	for (int i = 0; i < l->argc; i++)
		if (strncmp(l->argv[i], "--", 2) == 0 && strcmp(l->argv[i] + 2, name) == 0) {
			drop(l, i, 1);
			return true;
		}
	return false;
}

enum code command_end(const struct command_line *l, struct error *e)
{
	if (l->argc == 0)
		return OK;
	return error_fail(e, E_INVALID, N_("{argument} is not understood here; --help tells what is"), { "argument", str_of(l->argv[0]) });
}

void command_say_(const struct command_line *l, const char *msgid, const struct error_arg *args)
{
	struct str text = catalog_format(l->catalog, l->lang, msgid, args, l->arena);
	printf("%.*s\n", STR_ARG(text));
	fflush(stdout);
}

enum code command_packs(struct command_line *l, struct pack_source **ret, size_t *ret_count, struct error *e)
{
	command_option(l, "packs", &l->packs);
	return pack_sources_find(l->arena, l->packs, l->packs.len ? NULL : embedded_files, ret, ret_count, e);
}

/* Every setting may be given on the command line. */
static enum code take_settings(struct command_line *l, struct error *e)
{
	struct str path = STR_NONE;
	command_option(l, "data", &l->data);
	command_option(l, "db", &l->database);
	path = arena_format(l->arena, "%.*s/mandate.yaml", STR_ARG(l->data));
	TRY(config_read_file(l->config, l->arena, path, e));
	for (const struct setting *s = settings; s->name; s++) {
		struct str value, origin = arena_format(l->arena, "--%s", s->name);
		if (command_option(l, s->name, &value))
			TRY(config_set(l->config, str_of(s->name), value, origin, e));
	}
	return OK;
}

enum code command_kernel(struct command_line *l, bool serving, struct kernel **ret, struct error *e)
{
	struct pack_source *packs;
	size_t count;
	TRY(take_settings(l, e));
	TRY(command_packs(l, &packs, &count, e));
	TRY(command_end(l, e));
	const struct kernel_options o = { .config = l->config, .data = l->data, .database = l->database, .packs = packs, .pack_count = count,
					  .modules = app_modules, .clock = &clock_system, .random = &random_system, .serving = serving };
	return kernel_start(&o, ret, e);
}

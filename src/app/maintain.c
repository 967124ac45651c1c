/* Verbs that look after a data folder: compact, copy, pack. Neighbours: verify.c proves, store/ compacts, record/ plans the
 * schema. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/file.h"
#include "command.h"
#include "journal/journal.h"
#include "modules.h"
#include "policy/policy.h"
#include "record/record.h"
#include <stdio.h>
#include <string.h>

static struct str number_text(struct command_line *l, int64_t n)
{
	return arena_format(l->arena, "%lld", (long long)n);
}

enum code command_estate(struct command_line *l, struct store **ret, struct conn **ret_conn, struct error *e)
{
	struct store_options o = { .secure_delete = true };
	command_option(l, "data", &l->data);
	command_option(l, "db", &l->database);
	struct str file = arena_format(l->arena, "%.*s/estate.db", STR_ARG(l->data));
	o.url = l->database.len ? l->database : arena_format(l->arena, "sqlite:%.*s", STR_ARG(file));
	if (!l->database.len && !file_exists(file))
		return error_fail(e, E_NOT_FOUND, N_("There is no data folder at {path}"), { "path", l->data });
	TRY(store_open(&o, ret, e));
	enum code code = conn_open(*ret, CONN_READ, ret_conn, e);
	if (code != OK)
		store_close(*ret);
	return code;
}

static enum code compact_one(struct str url, struct error *e)
{
	struct store *s;
	TRY(store_open(&(struct store_options){ .url = url, .secure_delete = true }, &s, e));
	enum code code = store_compact(s, e);
	store_close(s);
	return code;
}

enum code command_compact(struct command_line *l, struct error *e)
{
	static const char *const files[] = { "estate.db", "keys.db" };
	command_option(l, "data", &l->data);
	command_option(l, "db", &l->database);
	TRY(command_end(l, e));
	if (l->database.len)
		return compact_one(l->database, e);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct str path = arena_format(l->arena, "%.*s/%s", STR_ARG(l->data), files[i]);
		if (!file_exists(path))
			return error_fail(e, E_NOT_FOUND, N_("There is no data folder at {path}"), { "path", l->data });
		TRY(compact_one(arena_format(l->arena, "sqlite:%.*s", STR_ARG(path)), e));
	}
	command_say(l, N_("Compacted; what was deleted or erased is nowhere in the files"));
	return OK;
}

static enum code copy_small(struct command_line *l, const char *name, struct str folder, struct error *e)
{
	struct str from = arena_format(l->arena, "%.*s/%s", STR_ARG(l->data), name), to = arena_format(l->arena, "%.*s/%s", STR_ARG(folder), name);
	struct str data;
	if (!file_exists(from))
		return OK;
	TRY(file_read(l->arena, from, 1 << 20, &data, e));
	return file_replace(to, data, 0600, e);
}

/* The keyring is copied first: a key too many opens nothing, a key too few would lose what was just written. The keys'
 * copy must not outlive the erasures: it has a backup cycle of its own (SECURITY.md). */
enum code command_copy(struct command_line *l, struct error *e)
{
	static const char *const stores[] = { "keys.db", "estate.db" };
	static const char *const small[] = { "journal.key", "master.key", "mandate.yaml" };
	command_option(l, "data", &l->data);
	if (l->argc != 1)
		return error_fail(e, E_INVALID, N_("Say which folder to copy to"));
	struct str folder = str_of(l->argv[0]);
	TRY(folder_make(folder, 0700, e));
	for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
		struct store *s;
		struct str from = arena_format(l->arena, "sqlite:%.*s/%s", STR_ARG(l->data), stores[i]);
		struct str to = arena_format(l->arena, "%.*s/%s", STR_ARG(folder), stores[i]);
		if (file_exists(to))
			return error_fail(e, E_CONFLICT, N_("{path} exists already"), { "path", to });
		TRY(store_open(&(struct store_options){ .url = from, .secure_delete = true }, &s, e));
		enum code code = store_copy(s, to, e);
		store_close(s);
		TRY(code);
	}
	for (size_t i = 0; i < sizeof small / sizeof *small; i++)
		TRY(copy_small(l, small[i], folder, e));
	command_say(l, N_("Copied to {path}"), { "path", folder });
	return OK;
}

/* --- packs ---------------------------------------------------------------------------------------- */

static enum code load(struct command_line *l, const struct pack_source *sources, size_t count, const struct model **ret, struct error *e)
{
	const char *const *extra;
	const struct module *const *all = kernel_all_modules(l->arena, app_modules);
	if (!all)
		return error_nomem(e);
	TRY(registry_functions(all, l->arena, &extra, e));
	return model_load(sources, count, extra, ret, e);
}

/* The packs of the folder beside the built-in ones that it needs and does not itself hold. */
static enum code join_sources(struct command_line *l, struct pack_source *own, size_t count, struct pack_source **ret, size_t *ret_count,
			      struct error *e)
{
	struct pack_source *built_in, *all;
	size_t more, n = 0;
	TRY(pack_sources_find(l->arena, STR_NONE, embedded_files, &built_in, &more, e));
	all = ARENA_ARRAY(l->arena, count + more, struct pack_source);
	if (!all)
		return error_nomem(e);
	for (size_t i = 0; i < more; i++) {
		bool replaced = false;
		for (size_t k = 0; k < count; k++)
			replaced |= str_eq(built_in[i].name, own[k].name);
		if (!replaced)
			all[n++] = built_in[i];
	}
	for (size_t k = 0; k < count; k++)
		all[n++] = own[k];
	*ret = all;
	*ret_count = n;
	return OK;
}

static enum code pack_check(struct command_line *l, struct error *e)
{
	struct pack_source *sources;
	const struct model *m;
	size_t count;
	if (l->argc != 1)
		return error_fail(e, E_INVALID, N_("Say which folder of packs to check"));
	TRY(pack_sources_find(l->arena, str_of(l->argv[0]), NULL, &sources, &count, e));
	TRY(join_sources(l, sources, count, &sources, &count, e));
	TRY(load(l, sources, count, &m, e));
	enum code code = policies_check(m, e);
	if (code == OK)
		command_say(l, N_("The packs are good: {packs} packs, {kinds} kinds, {functions} functions, {policies} policies"),
			    { "packs", number_text(l, (int64_t)m->pack_count) }, { "kinds", number_text(l, (int64_t)m->kind_count) },
			    { "functions", number_text(l, (int64_t)m->function_count) }, { "policies", number_text(l, (int64_t)m->policy_count) });
	model_unref(m);
	return code;
}

static enum code pack_plan(struct command_line *l, struct error *e)
{
	struct pack_source *sources;
	const struct model *m;
	struct schema_step *steps;
	struct store *s;
	struct conn *c;
	size_t count, step_count = 0;
	TRY(command_packs(l, &sources, &count, e));
	TRY(load(l, sources, count, &m, e));
	enum code code = command_estate(l, &s, &c, e);
	if (code == OK) {
		code = schema_plan(c, m, l->arena, &steps, &step_count, e);
		for (size_t i = 0; code == OK && i < step_count; i++)
			command_say_(l, steps[i].msgid, steps[i].args);
		if (code == OK && !step_count)
			command_say(l, N_("The database already holds what the packs declare"));
		conn_close(c);
		store_close(s);
	}
	model_unref(m);
	return code;
}

static enum code pack_revert(struct command_line *l, struct error *e)
{
	struct store *s;
	struct conn *reader, *c;
	int64_t version = 0;
	TRY(command_estate(l, &s, &reader, e));
	conn_close(reader);
	enum code code = conn_open(s, CONN_WRITE, &c, e);
	if (code == OK) {
		code = conn_begin(c, e);
		if (code == OK)
			code = schema_revert(c, clock_now(&clock_system), &version, e);
		if (code == OK)
			code = conn_commit(c, e);
		else
			conn_rollback(c);
		conn_close(c);
	}
	store_close(s);
	if (code == OK)
		command_say(l, N_("The schema is back where it was before; start the server with the packs of that time (version {version})"),
			    { "version", number_text(l, version) });
	return code;
}

enum code command_pack(struct command_line *l, struct error *e)
{
	static const struct {
		const char *name;
		enum code (*run)(struct command_line *l, struct error *e);
	} verbs[] = { { "check", pack_check }, { "plan", pack_plan }, { "revert", pack_revert } };
	for (size_t i = 0; l->argc && i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(l->argv[0], verbs[i].name) == 0) {
			l->argc--;
			l->argv++;
			return verbs[i].run(l, e);
		}
	return error_fail(e, E_INVALID, N_("mandate pack takes check, plan or revert"));
}

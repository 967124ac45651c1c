/* mandate verify: the journal, then every row of the kinds against it, then the package sets against their digests; all
 * of one snapshot. Neighbours: journal/, record/ and fleet/ prove; maintain.c has the other verbs on a data folder. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/file.h"
#include "command.h"
#include "fleet/packages.h"
#include "modules.h"
#include "record/verify.h"

static struct str number_text(struct command_line *l, int64_t n)
{
	return arena_format(l->arena, "%lld", (long long)n);
}

static enum code verify_journal(struct command_line *l, struct conn *c, struct error *e)
{
	struct journal_options o = { .clock = &clock_system, .random = &random_system };
	struct journal_report report = { 0 };
	struct str path = arena_format(l->arena, "%.*s/journal.key", STR_ARG(l->data));
	if (!file_exists(path))
		return error_fail(e, E_NOT_FOUND, N_("There is no journal key at {path}"), { "path", path });
	TRY(journal_key_load(path, &random_system, &o, e));
	o.origin = config_text(l->config, "origin");
	if (!l->database.len)
		o.head_path = arena_format(l->arena, "%.*s/log.head", STR_ARG(l->data));
	enum code code = journal_verify(&o, c, l->arena, &report, e);
	crypto_wipe(o.secret, sizeof o.secret);
	TRY(code);
	if (report.first_bad || report.fault.len)
		return error_fail(e, E_CONFLICT, N_("The journal does not hold: {fault} (entry {entry})"), { "fault", report.fault },
				  { "entry", number_text(l, report.first_bad) });
	command_say(l, N_("The journal holds: {entries} entries, {integrated} of them in the signed tree"),
		    { "entries", number_text(l, report.entries) }, { "integrated", number_text(l, report.integrated) });
	return OK;
}

/* What proves the rows: the packs that the tables were made of, and the keys when they are here. */
struct bench {
	const struct model *model;
	struct store *store;
	struct conn *conn;
	struct keyring *keyring;
};

static enum code open_model(struct command_line *l, struct conn *c, struct bench *b, struct error *e)
{
	const char *const *extra;
	struct pack_source *packs;
	struct schema_step *steps;
	size_t count;
	const struct module *const *all = kernel_all_modules(l->arena, app_modules);
	if (!all)
		return error_nomem(e);
	TRY(registry_functions(all, l->arena, &extra, e));
	TRY(command_packs(l, &packs, &count, e));
	TRY(model_load(packs, count, extra, &b->model, e));
	TRY(schema_plan(c, b->model, l->arena, &steps, &count, e));
	return count ? error_fail(e, E_INVALID, N_("The database was made by other packs; name them with --packs")) : OK;
}

/* Who proves without the keys of people (an auditor) sees that sealed values are there, and no more. */
static enum code open_keyring(struct command_line *l, struct bench *b, struct error *e)
{
	uint8_t master[AEAD_KEY];
	struct str path = arena_format(l->arena, "%.*s/master.key", STR_ARG(l->data));
	struct str file = arena_format(l->arena, "%.*s/keys.db", STR_ARG(l->data));
	struct store_options o = { .secure_delete = true };
	if (!file_exists(path) || (!l->database.len && !file_exists(file)))
		return OK;
	o.url = l->database.len ? l->database : arena_format(l->arena, "sqlite:%.*s", STR_ARG(file));
	TRY(keyring_master_load(path, &random_system, master, e));
	enum code code = store_open(&o, &b->store, e);
	if (code == OK)
		code = conn_open(b->store, CONN_READ, &b->conn, e);
	if (code == OK)
		code = keyring_new(b->conn, master, &random_system, &b->keyring, e);
	crypto_wipe(master, sizeof master);
	return code;
}

static void bench_done(struct bench *b)
{
	keyring_free(b->keyring);
	conn_close(b->conn);
	if (b->store)
		store_close(b->store);
	model_unref(b->model);
}

static enum code verify_rows(struct command_line *l, struct conn *c, const struct bench *b, struct error *e)
{
	const struct record_proof proof = { .model = b->model, .conn = c, .keyring = b->keyring, .elsewhere = package_kinds };
	struct record_report report = { 0 };
	TRY(record_verify(&proof, l->arena, &report, e));
	if (report.fault.len && report.field.len)
		return error_fail(e, E_CONFLICT, N_("The records do not hold: {kind} {id}, version {version}, {field}: {fault}"),
				  { "kind", report.kind }, { "id", number_text(l, report.id) }, { "version", number_text(l, report.version) },
				  { "field", report.field }, { "fault", report.fault });
	if (report.fault.len)
		return error_fail(e, E_CONFLICT, N_("The records do not hold: {kind} {id}, version {version}: {fault}"), { "kind", report.kind },
				  { "id", number_text(l, report.id) }, { "version", number_text(l, report.version) }, { "fault", report.fault });
	command_say(l, N_("The records hold: {versions} versions of {records} records; {unknown} sealed values stay closed (of erased people, or without the keys)"),
		    { "versions", number_text(l, report.versions) }, { "records", number_text(l, report.records) },
		    { "unknown", number_text(l, report.unknown) });
	return OK;
}

static enum code verify_packages(struct command_line *l, struct conn *c, struct error *e)
{
	struct package_report report = { 0 };
	TRY(package_sets_verify(c, l->arena, &report, e));
	if (report.fault.len)
		return error_fail(e, E_CONFLICT, N_("The package sets do not hold: {kind} {id}: {fault}"), { "kind", str_of(report.kind) },
				  { "id", number_text(l, report.id) }, { "fault", report.fault });
	command_say(l, N_("The package sets hold: {sets} sets of {items} packages"), { "sets", number_text(l, report.sets) },
		    { "items", number_text(l, report.items) });
	return OK;
}

static enum code verify(struct command_line *l, struct conn *c, struct error *e)
{
	struct bench b = { 0 };
	TRY(verify_journal(l, c, e));
	enum code code = open_model(l, c, &b, e);
	if (code == OK)
		code = open_keyring(l, &b, e);
	if (code == OK)
		code = verify_rows(l, c, &b, e);
	if (code == OK)
		code = verify_packages(l, c, e);
	bench_done(&b);
	return code;
}

enum code command_verify(struct command_line *l, struct error *e)
{
	struct store *s;
	struct conn *c;
	command_option(l, "packs", &l->packs);
	TRY(command_estate(l, &s, &c, e));
	enum code code = command_end(l, e);
	if (code == OK)
		code = conn_begin(c, e);
	if (code == OK) {
		code = verify(l, c, e);
		conn_rollback(c);
	}
	conn_close(c);
	store_close(s);
	return code;
}

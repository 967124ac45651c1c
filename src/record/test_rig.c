/* The estate that tests and bench work on. Neighbours: test_rig.h. */
#include "test_rig.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int64_t rig_now(void *data)
{
	struct rig *r = data;
	return r->time;
}

static struct str temporary_folder(struct arena *arena)
{
	const char *base = getenv("TMPDIR");
	struct str path = arena_format(arena, "%s/record-test-XXXXXX", base ? base : "/tmp");
	return path.data && mkdtemp((char *)(uintptr_t)path.data) ? path : STR_NONE;
}

static enum code empty_database(struct conn *c, struct error *e)
{
	TRY(sql_exec_built(c, STR("DROP SCHEMA public CASCADE"), SQL_NO_PARAMS, NULL, e));
	return sql_exec_built(c, STR("CREATE SCHEMA public"), SQL_NO_PARAMS, NULL, e);
}

static enum code rig_stores(struct rig *r, const char *postgres)
{
	struct error *e = &r->e;
	struct store_options o = { .url = postgres ? str_of(postgres) : arena_format(r->keep, "sqlite:%.*s/estate.db", STR_ARG(r->folder)),
				   .secure_delete = true, .cache_bytes = 64 << 20 };
	TRY(store_open(&o, &r->store, e));
	TRY(conn_open(r->store, CONN_WRITE, &r->c, e));
	if (postgres)
		TRY(empty_database(r->c, e));
	if (!postgres)
		o.url = arena_format(r->keep, "sqlite:%.*s/keys.db", STR_ARG(r->folder));
	TRY(store_open(&o, &r->key_store, e));
	return conn_open(r->key_store, CONN_WRITE, &r->key_conn, e);
}

static enum code rig_start(struct rig *r, const char *postgres)
{
	static const uint8_t master[AEAD_KEY] = { 7, 1, 8 };
	struct error *e = &r->e;
	TRY(rig_stores(r, postgres));
	TRY(keyring_new(r->key_conn, master, &r->random, &r->keyring, e));
	struct journal_options o = { .origin = STR("mandate.example.org/log"), .clock = &r->clock, .random = &r->random };
	ed25519_keypair(&r->random, o.public_key, o.secret);
	TRY(journal_open(&o, r->c, &r->journal, e));
	r->ids = id_source_new(1, 0, &r->clock);
	r->numbers = numbers_new();
	return r->ids && r->numbers ? OK : error_nomem(e);
}

struct rig *rig_new(const char *postgres)
{
	struct rig *r = calloc(1, sizeof *r);
	if (!r || crypto_init(NULL) != OK)
		return NULL;
	r->keep = arena_new(256 << 20);
	r->call = arena_new(256 << 20);
	r->own_journal = true;
	error_init(&r->e, r->keep);
	r->folder = temporary_folder(r->keep);
	r->time = INT64_C(1767225600000000);
	r->clock = (struct clock){ rig_now, r };
	random_seed(&r->seeded, 42);
	r->random = random_seeded_source(&r->seeded);
	if (rig_start(r, postgres) == OK)
		return r;
	struct str text = rig_fault(r);
	fprintf(stderr, "%.*s\n", STR_ARG(text));
	rig_free(r);
	return NULL;
}

static void folder_remove(struct rig *r)
{
	struct str *names;
	size_t count;
	if (!r->folder.data || folder_list(r->keep, r->folder, &names, &count, NULL) != OK)
		return;
	for (size_t i = 0; i < count; i++) {
		struct str path = arena_format(r->keep, "%.*s/%.*s", STR_ARG(r->folder), STR_ARG(names[i]));
		if (path.data)
			unlink(path.data);
	}
	rmdir(r->folder.data);
}

void rig_free(struct rig *r)
{
	if (!r)
		return;
	world_unref(r->world);
	model_unref(r->model);
	numbers_free(r->numbers);
	id_source_free(r->ids);
	journal_close(r->journal);
	keyring_free(r->keyring);
	conn_close(r->key_conn);
	store_close(r->key_store);
	conn_close(r->c);
	store_close(r->store);
	folder_remove(r);
	arena_free(r->call);
	arena_free(r->keep);
	free(r);
}

const struct model *rig_model(struct rig *r, const struct embedded *files, const char *folder)
{
	struct pack_source *sources;
	size_t count;
	const struct model *m = NULL;
	error_clear(&r->e);
	if (pack_sources_find(r->keep, str_of(folder), files, &sources, &count, &r->e) == OK &&
	    model_load(sources, count, NULL, &m, &r->e) == OK)
		return m;
	struct str text = rig_fault(r);
	fprintf(stderr, "%.*s\n", STR_ARG(text));
	return NULL;
}

/* A connection of PostgreSQL that prepared statements before the tables changed is of no use after. */
enum code rig_reconnect(struct rig *r)
{
	conn_close(r->c);
	r->c = NULL;
	return conn_open(r->store, CONN_WRITE, &r->c, &r->e);
}

enum code rig_apply(struct rig *r, const struct model *m)
{
	int64_t version;
	TRY(conn_begin(r->c, &r->e));
	enum code code = schema_apply(r->c, m, r->time, &version, &r->e);
	if (code == OK)
		code = conn_commit(r->c, &r->e);
	if (code != OK) {
		conn_rollback(r->c);
		model_unref(m);
		return code;
	}
	model_unref(r->model);
	r->model = m;
	return rig_reconnect(r);
}

/* --- the world ------------------------------------------------------------------------------------ */

static bool add_entities(struct rig *r, struct world_builder *b)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	if (sql_query(r->c, "SELECT id, parent FROM entity", SQL_NO_PARAMS, &rows, &r->e) != OK)
		return false;
	while (rows_next(rows, &row, &r->e) == OK && row)
		if (!world_add_entity(b, rows_int(rows, 0), rows_null(rows, 1) ? 0 : rows_int(rows, 1)))
			return false;
	return true;
}

bool rig_world(struct rig *r, const struct rig_grant *grants)
{
	const char **names = ARENA_ARRAY(r->keep, r->model->function_count, const char *);
	for (size_t i = 0; i < r->model->function_count; i++)
		names[i] = r->model->functions[i].name;
	struct world_builder *b = world_builder_new(names, r->model->function_count);
	struct world *w = NULL;
	bool good = b && add_entities(r, b);
	for (int64_t i = 0; good && grants && grants[i].person; i++) {
		const struct rig_grant *g = &grants[i];
		good = world_add_role(b, i + 1) && world_add_grant(b, i + 1, str_of(g->pattern), g->own) &&
		       world_add_assignment(b, i + 1, g->person, i + 1, g->entity, 0, 0, g->ceiling ? g->ceiling : -1);
	}
	if (!good) {
		world_builder_free(b);
		return false;
	}
	if (world_build(b, &w, &r->e) != OK)
		return false;
	world_unref(r->world);
	r->world = w;
	return true;
}

/* --- calls ---------------------------------------------------------------------------------------- */

enum code rig_begin(struct rig *r)
{
	return conn_begin(r->c, &r->e);
}

enum code rig_commit(struct rig *r)
{
	enum code code = keyring_commit(r->keyring, &r->e);
	if (code == OK)
		code = conn_commit(r->c, &r->e);
	if (code != OK) {
		conn_rollback(r->c);
		keyring_rollback(r->keyring);
		journal_rolled_back(r->journal);
		numbers_rolled_back(r->numbers);
		return code;
	}
	numbers_committed(r->numbers);
	return keyring_destroy_commit(r->keyring, &r->e);
}

enum code rig_call(struct rig *r, int64_t person)
{
	arena_reset(r->call);
	error_init(&r->e, r->call);
	r->time += 1000;
	r->x = (struct record_context){ .model = r->model, .world = r->world, .conn = r->c, .journal = r->journal, .keyring = r->keyring,
					.ids = r->ids, .random = &r->random, .arena = r->call, .numbers = r->numbers,
					.who = { .person = person, .system = person == 0 }, .now = r->time, .entry = id_next(r->ids),
					.currency = STR("USD"), .changes = changes_new(r->call) };
	r->marks = keyring_marks(r->keyring);
	if (!r->x.changes)
		return error_nomem(&r->e);
	return r->bare ? OK : conn_save(r->c, &r->e);
}

static enum code write_entry(struct rig *r)
{
	CLEAN_BUF struct buf payload;
	struct journal_entry entry = { .id = r->x.entry, .leaf = -1, .time = r->x.now, .actor = r->x.who.person, .operation = STR("test.call") };
	buf_init(&payload, 0);
	if (!changes_count(r->x.changes))
		return OK;
	TRY(changes_write(&r->x, entry.operation, 0, &payload, &r->e));
	entry.payload = buf_str(&payload);
	return journal_append(r->journal, r->c, &entry, &r->e);
}

enum code rig_end(struct rig *r, enum code code)
{
	if (code == OK && r->own_journal)
		code = write_entry(r);
	if (code == OK)
		code = r->bare ? OK : conn_keep(r->c, &r->e);
	else {
		if (!r->bare)
			conn_undo(r->c);
		keyring_undo(r->keyring, r->marks);
		journal_rolled_back(r->journal);
		numbers_rolled_back(r->numbers);
	}
	return code;
}

enum code rig_alone(struct rig *r, enum code code)
{
	code = rig_end(r, code);
	if (code == OK)
		return rig_commit(r);
	conn_rollback(r->c);
	keyring_rollback(r->keyring);
	return code;
}

/* --- values --------------------------------------------------------------------------------------- */

const struct kind *rig_kind(const struct rig *r, const char *name)
{
	return model_kind(r->model, str_of(name));
}

struct value *rig_values(struct rig *r, const struct kind *k, const char *json, bool partial)
{
	const struct json *j;
	struct value *values = ARENA_ARRAY(r->call, k->field_count + 1, struct value);
	struct str text = arena_copy(r->call, str_of(json));
	if (!values || !text.data) {
		error_nomem(&r->e);
		return NULL;
	}
	for (char *p = (char *)(uintptr_t)text.data; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	if (json_parse(r->call, text, NULL, &j, &r->e) != OK ||
	    values_from_json(k->fields, j, partial, r->time, r->call, values, &r->e) != OK)
		return NULL;
	return values;
}

enum code rig_create(struct rig *r, int64_t person, const char *kind, int64_t entity, const char *json, struct record_ref *ret)
{
	const struct kind *k = rig_kind(r, kind);
	struct record_ref ref;
	TRY(rig_begin(r));
	enum code code = rig_call(r, person);
	struct value *values = code == OK ? rig_values(r, k, json, true) : NULL;
	code = values ? record_create(&r->x, k, entity, values, ret ? ret : &ref, &r->e) : r->e.code;
	return rig_alone(r, code);
}

enum code rig_update(struct rig *r, int64_t person, const char *kind, int64_t id, const char *json, struct record_ref *ret)
{
	const struct kind *k = rig_kind(r, kind);
	struct record_ref ref;
	TRY(rig_begin(r));
	enum code code = rig_call(r, person);
	struct value *values = code == OK ? rig_values(r, k, json, true) : NULL;
	code = values ? record_update(&r->x, k, id, 0, 0, values, ret ? ret : &ref, &r->e) : r->e.code;
	return rig_alone(r, code);
}

enum code rig_transition(struct rig *r, int64_t person, const char *kind, int64_t id, const char *transition, const char *json,
			 struct record_ref *ret)
{
	const struct kind *k = rig_kind(r, kind);
	struct record_ref ref;
	TRY(rig_begin(r));
	enum code code = rig_call(r, person);
	struct value *values = code == OK ? rig_values(r, k, json, true) : NULL;
	code = values ? record_transition(&r->x, k, id, 0, kind_transition(k, str_of(transition)), values, ret ? ret : &ref, &r->e) : r->e.code;
	return rig_alone(r, code);
}

/* --- looking -------------------------------------------------------------------------------------- */

struct str rig_ask(struct rig *r, const char *sql)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	if (sql_query_built(r->c, str_of(sql), SQL_NO_PARAMS, &rows, &r->e) != OK || rows_next(rows, &row, &r->e) != OK)
		return rig_fault(r);
	if (!row)
		return STR("(no row)");
	struct sql_value v = rows_value(rows, 0);
	if (v.type == SQL_INT)
		return arena_format(r->call, "%lld", (long long)v.integer);
	return v.type == SQL_TEXT ? arena_copy(r->call, v.text) : STR("");
}

struct str rig_payload(struct rig *r)
{
	return rig_ask(r, "SELECT payload FROM journal_entry ORDER BY id DESC LIMIT 1");
}

struct str rig_fault(struct rig *r)
{
	CLEAN_BUF struct buf out;
	struct str text = error_text(&r->e, r->keep);
	buf_init(&out, 0);
	buf_add_str(&out, text);
	for (const struct error_item *i = r->e.items; i; i = i->next) {
		buf_format(&out, "%s%.*s: %s", out.len ? "; " : "", STR_ARG(i->pointer), i->msgid);
		for (const struct error_arg *a = i->args; a && a->name; a++)
			buf_format(&out, " {%s=%.*s}", a->name, STR_ARG(a->value));
	}
	for (const struct error_frame *f = r->e.frame; f; f = f->next)
		if (f->hint.len)
			buf_format(&out, " [%.*s]", STR_ARG(f->hint));
	return buf_ok(&out) && out.len ? arena_copy(r->keep, buf_str(&out)) : STR("");
}

/* Makes a log of some entries and writes its resources into a folder, laid out as C2SP tlog-tiles says, for verify.go.
 *
 *   export FOLDER SIZE       prints the verifier key; FOLDER/previous is a checkpoint of about half the size
 *
 * Neighbours: check compares, src/journal serves what is written here. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "journal/journal.h"
#include "journal/tree.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct export {
	struct arena *arena;
	struct error e;
	struct str folder;
	struct store *store;
	struct conn *c;
	struct journal *j;
	struct journal_options options;
	int64_t appended;
};

static enum code append(struct export *x, int64_t count)
{
	TRY(conn_begin(x->c, &x->e));
	for (int64_t i = 0; i < count; i++) {
		struct str payload = arena_format(x->arena, "{\"n\":%" PRId64 "}", x->appended);
		struct journal_entry entry = { .id = (INT64_C(1) << 53) + x->appended++, .leaf = -1,
					       .time = clock_now(x->options.clock), .actor = 1, .entity = 2,
					       .operation = STR("device.create"), .payload = payload };
		TRY(journal_append(x->j, x->c, &entry, &x->e));
	}
	return conn_commit(x->c, &x->e);
}

static enum code integrate(struct export *x)
{
	bool more = true;
	while (more)
		TRY(journal_integrate(x->j, x->c, 1000, &more, &x->e));
	return OK;
}

/* The folder of a resource is made first. */
static enum code write_resource(struct export *x, const char *resource, const char *name)
{
	CLEAN_BUF struct buf out;
	const char *type;
	struct str path = arena_format(x->arena, "%.*s/%s", STR_ARG(x->folder), name);
	size_t parent = path.len;
	buf_init(&out, 0);
	TRY(journal_resource(x->c, str_of(resource), &out, &type, &x->e));
	while (parent > 0 && path.data[parent - 1] != '/')
		parent--;
	TRY(folder_make(arena_copy(x->arena, str_slice(path, 0, parent - 1)), 0700, &x->e));
	return file_replace(path, buf_str(&out), 0600, &x->e);
}

static enum code write_tiles(struct export *x, int level, int64_t size)
{
	for (int64_t i = 0; tile_width(level, i, size) > 0; i++) {
		struct tile_name name = { level, i, tile_width(level, i, size) };
		char path[128];
		tile_name_format(&name, path);
		TRY(write_resource(x, path, path));
	}
	return OK;
}

static enum code export_log(struct export *x, int64_t size)
{
	if (size > 0) {
		TRY(append(x, size - size / 2));
		TRY(integrate(x));
		TRY(write_resource(x, "checkpoint", "previous"));
		TRY(append(x, size / 2));
		TRY(integrate(x));
		TRY(write_resource(x, "checkpoint", "checkpoint"));
	}
	for (int level = -1; level < TILE_LEVELS; level++)
		TRY(write_tiles(x, level, size));
	struct str key = journal_verifier_key(&x->options, x->arena);
	printf("%.*s\n", STR_ARG(key));
	return OK;
}

static enum code open_log(struct export *x)
{
	struct store_options o = { .url = STR("sqlite::memory:") };
	TRY(store_open(&o, &x->store, &x->e));
	TRY(conn_open(x->store, CONN_WRITE, &x->c, &x->e));
	x->options = (struct journal_options){ .origin = STR("mandate.example.org/log"), .clock = &clock_system,
					       .random = &random_system };
	ed25519_keypair(&random_system, x->options.public_key, x->options.secret);
	return journal_open(&x->options, x->c, &x->j, &x->e);
}

int main(int argc, char **argv)
{
	struct export x = { .arena = arena_new((size_t)1 << 30) };
	int64_t size;
	error_init(&x.e, x.arena);
	if (argc != 3 || !str_int(str_of(argv[2]), &size) || size < 0) {
		fprintf(stderr, "usage: export FOLDER SIZE\n");
		return 2;
	}
	x.folder = str_of(argv[1]);
	enum code code = crypto_init(&x.e);
	if (code == OK)
		code = open_log(&x);
	if (code == OK)
		code = export_log(&x, size);
	if (code != OK) {
		struct str text = error_text(&x.e, x.arena);
		fprintf(stderr, "%.*s\n", STR_ARG(text));
	}
	journal_close(x.j);
	conn_close(x.c);
	store_close(x.store);
	arena_free(x.arena);
	return code == OK ? 0 : 1;
}

/* The journal tests' fixture. Neighbours: test_support.h. */
#include "test_support.h"
#include "base/file.h"
#include "base/mem.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int64_t fixed_now(void *data)
{
	struct fixture *f = data;
	return f->time;
}

void assert_ok_(struct fixture *f, enum code code, const char *what, const char *file, int line)
{
	if (code == OK)
		return;
	struct str text = error_text(&f->e, f->arena);
	print_error("%s: %s: %.*s\n", what, code_name(code), STR_ARG(text));
	_assert_int_equal(code, OK, file, line);
}

static struct str temporary_folder(struct arena *arena)
{
	const char *base = getenv("TMPDIR");
	struct str path = arena_format(arena, "%s/journal-test-XXXXXX", base ? base : "/tmp");
	char *made = mkdtemp((char *)(uintptr_t)path.data);
	assert_non_null(made);
	return path;
}

static void store_start(struct fixture *f)
{
	struct store_options o = { .url = arena_format(f->arena, "sqlite:%.*s", STR_ARG(f->path)) };
	assert_ok(f, store_open(&o, &f->store, &f->e));
	assert_ok(f, conn_open(f->store, CONN_WRITE, &f->c, &f->e));
}

static struct fixture *fixture_base(void)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_int_equal(crypto_init(NULL), OK);
	f->arena = arena_new(0);
	error_init(&f->e, f->arena);
	f->folder = temporary_folder(f->arena);
	f->path = arena_format(f->arena, "%.*s/estate.db", STR_ARG(f->folder));
	random_seed(&f->seeded, 42);
	f->random = random_seeded_source(&f->seeded);
	f->time = INT64_C(1767225600000000);
	f->clock = (struct clock){ fixed_now, f };
	f->next_id = INT64_C(1) << 53;
	f->options = (struct journal_options){ .origin = STR("mandate.example.org/log"), .clock = &f->clock,
					       .random = &f->random };
	ed25519_keypair(&f->random, f->options.public_key, f->options.secret);
	return f;
}

struct fixture *fixture_new(bool head)
{
	struct fixture *f = fixture_base();
	if (head)
		f->options.head_path = arena_format(f->arena, "%.*s/log.head", STR_ARG(f->folder));
	store_start(f);
	fixture_open(f);
	return f;
}

struct fixture *fixture_over(struct store *store)
{
	struct fixture *f = fixture_base();
	f->store = store;
	assert_ok(f, conn_open(store, CONN_WRITE, &f->c, &f->e));
	fixture_open(f);
	return f;
}

void fixture_open(struct fixture *f)
{
	assert_ok(f, journal_open(&f->options, f->c, &f->j, &f->e));
}

void fixture_close(struct fixture *f)
{
	journal_close(f->j);
	f->j = NULL;
}

void fixture_reopen(struct fixture *f)
{
	fixture_close(f);
	conn_close(f->c);
	store_close(f->store);
	store_start(f);
	fixture_open(f);
}

static void folder_remove(struct fixture *f)
{
	struct str *names;
	size_t count;
	if (folder_list(f->arena, f->folder, &names, &count, NULL) != OK)
		return;
	for (size_t i = 0; i < count; i++)
		unlink(arena_format(f->arena, "%.*s/%.*s", STR_ARG(f->folder), STR_ARG(names[i])).data);
	rmdir(f->folder.data);
}

void fixture_free(struct fixture *f)
{
	fixture_close(f);
	conn_close(f->c);
	store_close(f->store);
	folder_remove(f);
	arena_free(f->arena);
	free(f);
}

void append_many(struct fixture *f, size_t count)
{
	assert_ok(f, conn_begin(f->c, &f->e));
	for (size_t i = 0; i < count; i++) {
		char payload[64];
		int64_t id = f->next_id++;
		int len = snprintf(payload, sizeof payload, "{\"operation\":\"device.update\",\"n\":%lld}", (long long)id);
		struct journal_entry entry = { .id = id, .leaf = -1, .time = f->time += 7, .actor = id % 5, .entity = id % 3,
					       .operation = STR("device.update"), .payload = { payload, (size_t)len } };
		assert_ok(f, journal_append(f->j, f->c, &entry, &f->e));
	}
	assert_ok(f, conn_commit(f->c, &f->e));
}

void integrate_all(struct fixture *f, size_t batch)
{
	bool more = true;
	while (more)
		assert_ok(f, journal_integrate(f->j, f->c, batch, &more, &f->e));
}

void fill(struct fixture *f, size_t count)
{
	append_many(f, count);
	integrate_all(f, 4096);
}

struct journal_head head_of(struct fixture *f)
{
	struct journal_head head;
	assert_ok(f, journal_head(f->c, f->arena, &head, &f->e));
	return head;
}

struct str resource(struct fixture *f, const char *path)
{
	CLEAN_BUF struct buf out;
	const char *type;
	buf_init(&out, 0);
	assert_ok(f, journal_resource(f->c, str_of(path), &out, &type, &f->e));
	return arena_copy(f->arena, buf_str(&out));
}

void run_sql(struct fixture *f, const char *sql)
{
	assert_ok(f, conn_begin(f->c, &f->e));
	assert_ok(f, sql_exec_built(f->c, str_of(sql), SQL_NO_PARAMS, NULL, &f->e));
	assert_ok(f, conn_commit(f->c, &f->e));
}

int64_t ask_int(struct fixture *f, const char *sql)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	assert_ok(f, sql_query_built(f->c, str_of(sql), SQL_NO_PARAMS, &rows, &f->e));
	assert_ok(f, rows_next(rows, &row, &f->e));
	assert_true(row);
	return rows_int(rows, 0);
}

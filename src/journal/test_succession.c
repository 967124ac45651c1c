/* A restored backup, a new name, a lost key: each opens a new log that names the last checkpoint of the old one,
 * and nothing published is ever contradicted. */
#include "base/file.h"
#include "internal.h"
#include "test_support.h"
#include <stdio.h>
#include <string.h>

static struct str file_text(struct fixture *f, struct str path)
{
	struct str text;
	assert_ok(f, file_read(f->arena, path, 64 << 20, &text, &f->e));
	return text;
}

static void backup(struct fixture *f, const char *name)
{
	assert_ok(f, store_copy(f->store, arena_format(f->arena, "%.*s/%s", STR_ARG(f->folder), name), &f->e));
}

/* Puts a backup in the database's place, as an administrator would: the server is stopped. */
static void restore(struct fixture *f, const char *name)
{
	fixture_close(f);
	conn_close(f->c);
	store_close(f->store);
	static const char *const suffixes[] = { "-wal", "-shm" };
	for (size_t i = 0; i < 2; i++)
		remove(arena_format(f->arena, "%.*s%s", STR_ARG(f->path), suffixes[i]).data);
	struct str copy = file_text(f, arena_format(f->arena, "%.*s/%s", STR_ARG(f->folder), name));
	assert_ok(f, file_replace(f->path, copy, 0600, &f->e));
	struct store_options o = { .url = arena_format(f->arena, "sqlite:%.*s", STR_ARG(f->path)) };
	assert_ok(f, store_open(&o, &f->store, &f->e));
	assert_ok(f, conn_open(f->store, CONN_WRITE, &f->c, &f->e));
}

static void assert_verifies(struct fixture *f)
{
	struct journal_report report;
	assert_ok(f, journal_verify(&f->options, f->c, f->arena, &report, &f->e));
	assert_string_equal(report.fault.len ? report.fault.data : "", "");
}

static void assert_generation(struct fixture *f, int64_t generation, const char *origin, struct str previous)
{
	struct journal_head head = head_of(f);
	struct note note;
	assert_int_equal(head.generation, generation);
	assert_true(str_is(head.origin, origin));
	assert_true(str_eq(head.previous, previous));
	if (head.checkpoint.len == 0)
		return;
	assert_true(note_parse(head.checkpoint, &note));
	assert_true(str_is(note.origin, origin));
	assert_true(note_signed_by(&note, note.origin, f->options.public_key));
	assert_memory_equal(note.root, head.root, SHA256_SIZE);
	assert_true(str_eq(file_text(f, f->options.head_path), head.checkpoint));
}

static void test_head_file(void **state)
{
	struct fixture *f = fixture_new(true);
	assert_false(file_exists(f->options.head_path));
	fill(f, 10);
	struct str first = file_text(f, f->options.head_path);
	assert_true(str_eq(first, head_of(f).checkpoint));
	fill(f, 10); /* within the same second */
	assert_true(str_eq(first, file_text(f, f->options.head_path)));
	f->time += SECOND;
	bool more;
	assert_ok(f, journal_integrate(f->j, f->c, 10, &more, &f->e));
	assert_true(str_eq(head_of(f).checkpoint, file_text(f, f->options.head_path)));
	fill(f, 10);
	fixture_close(f); /* closing writes what is due */
	assert_true(str_eq(head_of(f).checkpoint, file_text(f, f->options.head_path)));
	fixture_open(f);
	assert_int_equal(head_of(f).generation, 1);
	fixture_free(f);
}

static void test_restored_backup(void **state)
{
	struct fixture *f = fixture_new(true);
	fill(f, 300);
	append_many(f, 5); /* in the backup, but not yet signed */
	backup(f, "old.db");
	integrate_all(f, 100);
	f->time += SECOND;
	fill(f, 100);
	struct str published = head_of(f).checkpoint, early = resource(f, "tile/0/000");

	restore(f, "old.db");
	fixture_open(f);
	assert_generation(f, 2, "mandate.example.org/log/2", published);
	assert_int_equal(head_of(f).size, 300);
	assert_verifies(f); /* the entry that names the old log is still pending */
	integrate_all(f, 100);
	assert_int_equal(head_of(f).size, 306);
	assert_true(str_eq(early, resource(f, "tile/0/000")));
	assert_verifies(f);

	struct journal_entry entry;
	assert_ok(f, journal_entry_get(f->c, f->arena, ask_int(f, "SELECT id FROM journal_entry WHERE leaf = 305"), &entry, &f->e));
	assert_true(str_is(entry.operation, NEW_LOG_OPERATION));
	assert_true(str_find_str(entry.payload, STR("\"previous\":\"mandate.example.org/log\\n405\\n")) > 0);

	/* opening again, also before the head file was written, does not begin yet another */
	fixture_reopen(f);
	assert_generation(f, 2, "mandate.example.org/log/2", published);
	assert_ok(f, file_replace(f->options.head_path, published, 0600, &f->e));
	fixture_reopen(f);
	assert_generation(f, 2, "mandate.example.org/log/2", published);

	/* the same backup once more: the third log names the second */
	struct str second = head_of(f).checkpoint;
	restore(f, "old.db");
	fixture_open(f);
	assert_generation(f, 3, "mandate.example.org/log/3", second);
	fill(f, 10);
	assert_verifies(f);
	fixture_free(f);
}

/* The link to the old log is proven too. */
static void test_link_tampering(void **state)
{
	static const char *const tamperings[] = {
		"UPDATE journal_state SET previous = ''",
		"UPDATE journal_state SET previous = replace(previous, '305', '306')",
		"DELETE FROM journal_entry WHERE operation = 'journal.new_log'",
		"UPDATE journal_state SET generation = 1, origin = 'mandate.example.org/log', previous = ''",
	};
	for (size_t i = 0; i < sizeof tamperings / sizeof *tamperings; i++) {
		struct fixture *f = fixture_new(true);
		struct journal_report report;
		fill(f, 300);
		backup(f, "old.db");
		f->time += SECOND;
		fill(f, 5);
		restore(f, "old.db");
		fixture_open(f);
		if (i % 2)
			integrate_all(f, 10);
		assert_verifies(f);
		run_sql(f, tamperings[i]);
		assert_ok(f, journal_verify(&f->options, f->c, f->arena, &report, &f->e));
		assert_true(report.fault.len > 0);
		fixture_free(f);
	}
}

/* A restored database that grew past the published size has the same size, but another content. */
static void test_grown_beside(void **state)
{
	struct fixture *f = fixture_new(true);
	fill(f, 20);
	backup(f, "old.db");
	f->time += SECOND;
	fill(f, 20);
	fixture_close(f);
	struct str published = file_text(f, f->options.head_path), path = f->options.head_path;
	restore(f, "old.db");
	f->options.head_path = STR_NONE; /* a server that was not told of the file */
	fixture_open(f);
	fill(f, 100);
	fixture_close(f);
	f->options.head_path = path;
	struct journal_report report;
	assert_ok(f, journal_verify(&f->options, f->c, f->arena, &report, &f->e));
	assert_true(str_find_str(report.fault, STR("contradicts")) >= 0);
	fixture_open(f);
	assert_generation(f, 2, "mandate.example.org/log/2", published);
	fixture_free(f);
}

/* The database was lost altogether. */
static void test_fresh_database(void **state)
{
	struct fixture *f = fixture_new(true);
	backup(f, "empty.db");
	fill(f, 20);
	struct str published = head_of(f).checkpoint;
	restore(f, "empty.db");
	fixture_open(f);
	assert_generation(f, 2, "mandate.example.org/log/2", published);
	fixture_reopen(f);
	assert_generation(f, 2, "mandate.example.org/log/2", published);
	fill(f, 3);
	assert_int_equal(head_of(f).size, 4);
	assert_verifies(f);
	fixture_free(f);
}

/* Another server of the same PostgreSQL has an old head file: that is no restored backup. */
static void test_old_head_file(void **state)
{
	struct fixture *f = fixture_new(true);
	fill(f, 20);
	struct str old = file_text(f, f->options.head_path);
	f->time += SECOND;
	fill(f, 400);
	fixture_close(f);
	assert_ok(f, file_replace(f->options.head_path, old, 0600, &f->e));
	fixture_open(f);
	assert_generation(f, 1, "mandate.example.org/log", STR_NONE);
	fixture_free(f);
}

static void test_damaged_head_file(void **state)
{
	struct fixture *f = fixture_new(true);
	fill(f, 20);
	fixture_close(f);
	assert_ok(f, file_replace(f->options.head_path, STR("not a checkpoint\n"), 0600, &f->e));
	assert_int_equal(journal_open(&f->options, f->c, &f->j, &f->e), E_INVALID);
	assert_true(str_is(file_text(f, f->options.head_path), "not a checkpoint\n"));
	fixture_free(f);
}

static void test_renamed(void **state)
{
	struct fixture *f = fixture_new(true);
	fixture_close(f);
	f->options.origin = STR("assets.example.org"); /* nothing was published yet */
	fixture_open(f);
	assert_generation(f, 1, "assets.example.org", STR_NONE);
	fill(f, 20);
	struct str published = head_of(f).checkpoint;
	fixture_close(f);
	f->options.origin = STR("estate.example.org/log");
	fixture_open(f);
	assert_generation(f, 2, "estate.example.org/log/2", published);
	fill(f, 20);
	assert_verifies(f);
	fixture_free(f);
}

static void test_key_replaced(void **state)
{
	struct fixture *f = fixture_new(true);
	fill(f, 20);
	struct str published = head_of(f).checkpoint;
	fixture_close(f);
	ed25519_keypair(&f->random, f->options.public_key, f->options.secret);
	assert_int_equal(journal_open(&f->options, f->c, &f->j, &f->e), E_INVALID);
	f->options.key_replaced = true;
	fixture_open(f);
	assert_generation(f, 2, "mandate.example.org/log/2", published);
	fixture_close(f);
	f->options.key_replaced = false;
	fixture_open(f);
	assert_generation(f, 2, "mandate.example.org/log/2", published);
	fill(f, 20);
	assert_verifies(f);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head_file),     cmocka_unit_test(test_restored_backup),
		cmocka_unit_test(test_link_tampering), cmocka_unit_test(test_grown_beside),
		cmocka_unit_test(test_fresh_database), cmocka_unit_test(test_old_head_file),
		cmocka_unit_test(test_damaged_head_file), cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_key_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Allocation n fails, then n+1, …: each function answers an error or succeeds, the database stays whole, and the log goes
 * on afterwards without a gap. Neighbours: base/mem.h has the switch. */
#include "base/file.h"
#include "base/mem.h"
#include "test_support.h"
#include <string.h>

static bool sane(enum code code)
{
	return code == OK || code == E_NOMEM || code == E_IO || code == E_BUSY;
}

static enum code ignore(void *data, const struct journal_entry *entry, struct error *e)
{
	return OK;
}

static enum code do_open(struct fixture *f)
{
	struct journal *j;
	enum code code = journal_open(&f->options, f->c, &j, NULL);
	if (code == OK)
		journal_close(j);
	return code;
}

static enum code do_append(struct fixture *f)
{
	struct journal_entry entry = { .id = f->next_id++, .time = f->time++, .operation = STR("a.b"), .payload = STR("{}") };
	TRY(conn_begin(f->c, NULL));
	enum code code = journal_append(f->j, f->c, &entry, NULL);
	if (code == OK)
		code = conn_commit(f->c, NULL);
	else
		conn_rollback(f->c);
	if (code != OK)
		journal_rolled_back(f->j);
	return code;
}

static enum code do_integrate(struct fixture *f)
{
	bool more;
	return journal_integrate(f->j, f->c, 100, &more, NULL);
}

static enum code do_read(struct fixture *f)
{
	CLEAN_BUF struct buf out;
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const char *type;
	int64_t next;
	struct journal_head head;
	struct journal_entry entry;
	uint8_t(*path)[SHA256_SIZE];
	size_t count;
	buf_init(&out, 0);
	if (!arena)
		return E_NOMEM;
	TRY(journal_head(f->c, arena, &head, NULL));
	TRY(journal_resource(f->c, STR("checkpoint"), &out, &type, NULL));
	TRY(journal_resource(f->c, STR("tile/0/000"), &out, &type, NULL));
	TRY(journal_resource(f->c, STR("tile/entries/000"), &out, &type, NULL));
	TRY(journal_follow(f->c, 0, 10, ignore, NULL, &next, NULL));
	TRY(journal_entry_get(f->c, arena, INT64_C(1) << 53, &entry, NULL));
	TRY(journal_inclusion(f->c, arena, 7, head.size, &path, &count, NULL));
	return journal_consistency(f->c, arena, 7, head.size, &path, &count, NULL);
}

static enum code do_verify(struct fixture *f)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct journal_report report;
	if (!arena)
		return E_NOMEM;
	TRY(journal_verify(&f->options, f->c, arena, &report, NULL));
	assert_int_equal(report.fault.len, 0); /* a failure to look is never told as a fault */
	return OK;
}

/* A restored backup on top: opening begins a new log. */
static enum code do_succeed(struct fixture *f)
{
	struct journal_head head;
	enum code code = do_open(f);
	mem_fail_at(-1);
	assert_ok(f, journal_head(f->c, f->arena, &head, &f->e));
	assert_true(head.generation == 1 || head.generation == 2);
	return code;
}

static void sweep(struct fixture *f, enum code (*run)(struct fixture *f), int64_t least)
{
	int64_t n = 0, failed = 0;
	for (bool reached = true; reached; n++) {
		mem_fail_at(n);
		enum code code = run(f);
		reached = mem_fail_left() < 0 && code != OK;
		if (mem_fail_left() < 0 && code == OK && n < 100)
			reached = true; /* the failure was survived (a cache that could not grow) */
		mem_fail_at(-1);
		assert_true(sane(code));
		failed += code != OK;
		assert_false(conn_in_transaction(f->c));
	}
	assert_true(failed >= least);
	append_many(f, 3);
	integrate_all(f, 100);
	assert_int_equal(do_verify(f), OK);
}

static void test_sweeps(void **state)
{
	struct fixture *f = fixture_new(true);
	fill(f, 300);
	sweep(f, do_open, 3);
	sweep(f, do_append, 0);
	append_many(f, 300);
	sweep(f, do_integrate, 2);
	sweep(f, do_read, 2);
	sweep(f, do_verify, 2);
	fixture_free(f);
}

static void test_succession_sweep(void **state)
{
	struct fixture *f = fixture_new(true);
	fill(f, 20);
	struct str published;
	f->time += SECOND;
	run_sql(f, "CREATE TABLE state_copy AS SELECT * FROM journal_state");
	run_sql(f, "CREATE TABLE tile_copy AS SELECT * FROM journal_tile");
	fill(f, 20);
	assert_ok(f, file_read(f->arena, f->options.head_path, 4096, &published, &f->e));
	fixture_close(f);
	run_sql(f, "DELETE FROM journal_entry WHERE leaf >= 20");
	run_sql(f, "DELETE FROM journal_state");
	run_sql(f, "INSERT INTO journal_state SELECT * FROM state_copy");
	run_sql(f, "DELETE FROM journal_tile");
	run_sql(f, "INSERT INTO journal_tile SELECT * FROM tile_copy");
	for (int64_t n = 0; n < 200; n++) {
		mem_fail_at(n);
		enum code code = do_succeed(f);
		assert_true(sane(code));
		if (code == OK)
			break;
	}
	mem_fail_at(-1);
	fixture_open(f);
	struct journal_head head = head_of(f);
	assert_int_equal(head.generation, 2);
	assert_true(str_eq(head.previous, published));
	integrate_all(f, 100);
	assert_int_equal(head_of(f).size, 21);
	assert_int_equal(do_verify(f), OK);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sweeps),
		cmocka_unit_test(test_succession_sweep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

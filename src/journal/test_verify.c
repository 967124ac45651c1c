/* Each way of tampering with a stored journal must be noticed; a table of them, by SQL behind the program's back. */
#include "note.h"
#include "test_support.h"
#include <string.h>

struct tampering {
	const char *name, *sql, *fault;
	int64_t bad; /* leaf the report must name; -1: any */
};

static const struct tampering tamperings[] = {
	{ "payload", "UPDATE journal_entry SET payload = replace(payload, 'device', 'devicf') WHERE leaf = 17", "content", 17 },
	{ "payload emptied", "UPDATE journal_entry SET payload = '' WHERE leaf = 300", "content", 300 },
	{ "salt", "UPDATE journal_entry SET salt = CAST(x'01' || substr(salt, 2) AS BLOB) WHERE leaf = 255", "content", 255 },
	{ "salt to payload", "UPDATE journal_entry SET salt = CAST(substr(salt, 1, 15) AS BLOB) WHERE leaf = 255", "content", 255 },
	{ "id", "UPDATE journal_entry SET id = id + 100000 WHERE leaf = 5", "content", 5 },
	{ "actor", "UPDATE journal_entry SET actor = actor + 1 WHERE leaf = 6", "content", 6 },
	{ "entity", "UPDATE journal_entry SET entity = entity + 1 WHERE leaf = 7", "content", 7 },
	{ "operation", "UPDATE journal_entry SET operation = 'device.get' WHERE leaf = 8", "content", 8 },
	{ "operation swallows payload",
	  "UPDATE journal_entry SET operation = operation || char(10) || substr(payload, 1, 1), payload = substr(payload, 2) "
	  "WHERE leaf = 8", "content", 8 },
	{ "time", "UPDATE journal_entry SET time = time + 1 WHERE leaf = 256", "stored tree", 256 },
	{ "time of the last", "UPDATE journal_entry SET time = time - 1 WHERE leaf = 599", "stored tree", 599 },
	{ "commitment", "UPDATE journal_entry SET commitment = zeroblob(32) WHERE leaf = 0", "content", 0 },
	{ "commitment cut", "UPDATE journal_entry SET commitment = CAST(substr(commitment, 1, 31) AS BLOB) WHERE leaf = 1", "content", 1 },
	{ "deleted", "DELETE FROM journal_entry WHERE leaf = 100", "missing", 101 },
	{ "deleted first", "DELETE FROM journal_entry WHERE leaf = 0", "missing", 1 },
	{ "deleted last", "DELETE FROM journal_entry WHERE leaf >= 599", "last entries", -1 },
	{ "deleted pending in the middle", "DELETE FROM journal_entry WHERE leaf = 602", "missing", 603 },
	{ "unsequenced", "UPDATE journal_entry SET leaf = NULL WHERE leaf = 604", "missing", 605 },
	{ "negative leaf", "UPDATE journal_entry SET leaf = -1 WHERE leaf = 604", "missing", 604 },
	{ "reordered",
	  "UPDATE journal_entry SET leaf = CASE leaf WHEN 20 THEN -20 WHEN 21 THEN 20 END WHERE leaf IN (20, 21);"
	  "UPDATE journal_entry SET leaf = 21 WHERE leaf = -20", "stored tree", 20 },
	{ "deleted and closed up",
	  "DELETE FROM journal_entry WHERE leaf = 30;"
	  "UPDATE journal_entry SET leaf = -leaf WHERE leaf > 30; UPDATE journal_entry SET leaf = -leaf - 1 WHERE leaf < 0",
	  "stored tree", 30 },
	{ "tile", "UPDATE journal_tile SET data = CAST(zeroblob(32) || substr(data, 33) AS BLOB) WHERE level = 0 AND place = 1",
	  "stored tree", 256 },
	{ "partial tile", "UPDATE journal_tile SET data = zeroblob(length(data)) WHERE level = 0 AND place = 2", "stored tree", 512 },
	{ "upper tile", "UPDATE journal_tile SET data = zeroblob(length(data)) WHERE level = 1", "does not follow", -1 },
	{ "tile lost", "DELETE FROM journal_tile WHERE level = 0 AND place = 0", "missing", -1 },
	{ "tile cut", "UPDATE journal_tile SET data = CAST(substr(data, 1, 8191) AS BLOB) WHERE level = 0 AND place = 0", "missing", -1 },
	{ "root", "UPDATE journal_state SET root = zeroblob(32)", "root", -1 },
	{ "size", "UPDATE journal_state SET size = size - 1", "root", -1 },
	{ "size up", "UPDATE journal_state SET size = size + 1", "", -1 },
	{ "checkpoint's size", "UPDATE journal_state SET checkpoint = replace(checkpoint, char(10) || '600', char(10) || '599')",
	  "does not name", -1 },
	{ "checkpoint's signature", "UPDATE journal_state SET checkpoint = substr(checkpoint, 1, length(checkpoint) - 4) || 'A' || "
	  "substr(checkpoint, length(checkpoint) - 2)", "signed", -1 },
	{ "checkpoint gone", "UPDATE journal_state SET checkpoint = ''", "does not name", -1 },
	{ "origin", "UPDATE journal_state SET origin = 'other.example.org/log'", "another name", -1 },
	{ "generation", "UPDATE journal_state SET generation = 2, origin = origin || '/2'", "", -1 },
	{ "previous", "UPDATE journal_state SET previous = checkpoint", "continues", -1 },
};

static struct journal_report verify(struct fixture *f)
{
	struct journal_report report;
	assert_ok(f, journal_verify(&f->options, f->c, f->arena, &report, &f->e));
	return report;
}

/* Statements of one row are separated by ";". */
static void run_all(struct fixture *f, const char *sql)
{
	struct str rest = str_of(sql), part;
	while (str_cut(&rest, ';', &part))
		run_sql(f, arena_copy(f->arena, part).data);
}

/* 600 integrated entries, 8 pending. */
static void test_tampering(void **state)
{
	struct fixture *f = fixture_new(false);
	fill(f, 600);
	append_many(f, 8);
	assert_int_equal(verify(f).fault.len, 0);
	assert_int_equal(verify(f).entries, 608);
	assert_int_equal(verify(f).integrated, 600);
	run_sql(f, "CREATE TABLE entry_copy AS SELECT * FROM journal_entry");
	run_sql(f, "CREATE TABLE tile_copy AS SELECT * FROM journal_tile");
	run_sql(f, "CREATE TABLE state_copy AS SELECT * FROM journal_state");
	int64_t first_id = f->next_id - 608;
	for (size_t i = 0; i < sizeof tamperings / sizeof *tamperings; i++) {
		const struct tampering *t = &tamperings[i];
		run_all(f, t->sql);
		struct journal_report report = verify(f);
		if (report.fault.len == 0)
			fail_msg("%s: not noticed", t->name);
		if (str_find_str(report.fault, str_of(t->fault)) < 0)
			fail_msg("%s: told as \"%.*s\"", t->name, STR_ARG(report.fault));
		if (t->bad >= 0 && report.first_bad != first_id + t->bad &&
		    !(strcmp(t->name, "id") == 0 && report.first_bad == first_id + t->bad + 100000) &&
		    strcmp(t->name, "reordered") != 0 && strcmp(t->name, "deleted and closed up") != 0)
			fail_msg("%s: entry %lld named, not %lld", t->name, (long long)(report.first_bad - first_id), (long long)t->bad);
		run_all(f, "DELETE FROM journal_entry; DELETE FROM journal_tile; DELETE FROM journal_state;"
			   "INSERT INTO journal_entry SELECT * FROM entry_copy; INSERT INTO journal_tile SELECT * FROM tile_copy;"
			   "INSERT INTO journal_state SELECT * FROM state_copy");
		assert_int_equal(verify(f).fault.len, 0);
	}
	fixture_free(f);
}

static struct str column_read(struct fixture *f, struct arena *arena, const char *column)
{
	struct str sql = arena_format(arena, "SELECT %s FROM journal_entry WHERE leaf = 1", column);
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	assert_ok(f, sql_query_built(f->c, sql, SQL_NO_PARAMS, &rows, &f->e));
	assert_ok(f, rows_next(rows, &row, &f->e));
	assert_true(row);
	return arena_copy(arena, rows_blob(rows, 0));
}

static void column_write(struct fixture *f, struct arena *arena, const char *column, struct str value, bool text)
{
	struct str sql = arena_format(arena, "UPDATE journal_entry SET %s = ?1 WHERE leaf = 1", column);
	struct sql_value v = text ? SQL_T(value) : SQL_B(value.data, value.len);
	assert_ok(f, conn_begin(f->c, &f->e));
	assert_ok(f, sql_exec_built(f->c, sql, &v, 1, NULL, &f->e));
	assert_ok(f, conn_commit(f->c, &f->e));
}

/* Each bit of one column, there and back; in texts those that leave it ASCII. */
static void assert_each_bit(struct fixture *f, const char *column, bool text)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct str good = column_read(f, arena, column), bad = arena_copy(arena, good);
	char *data = (char *)(uintptr_t)bad.data;
	assert_true(good.len >= 16);
	for (size_t bit = 0; bit < good.len * 8; bit++) {
		data[bit / 8] ^= (char)(1 << bit % 8);
		if (!text || (data[bit / 8] > 0 && bit % 8 != 7)) {
			column_write(f, arena, column, bad, text);
			if (verify(f).fault.len == 0)
				fail_msg("bit %zu of %s: not noticed", bit, column);
		}
		data[bit / 8] ^= (char)(1 << bit % 8);
	}
	column_write(f, arena, column, good, text);
	assert_int_equal(verify(f).fault.len, 0);
}

static void test_each_bit(void **state)
{
	struct fixture *f = fixture_new(false);
	fill(f, 3);
	assert_each_bit(f, "payload", true);
	assert_each_bit(f, "salt", false);
	assert_each_bit(f, "commitment", false);
	fixture_free(f);
}

/* A key that is not the log's; a head file that says more was published. */
static void test_outside_knowledge(void **state)
{
	struct fixture *f = fixture_new(true);
	fill(f, 300);
	struct journal_options other = f->options;
	struct journal_report report;
	ed25519_keypair(&f->random, other.public_key, other.secret);
	assert_ok(f, journal_verify(&other, f->c, f->arena, &report, &f->e));
	assert_true(str_find_str(report.fault, STR("signed")) >= 0);

	/* a whole older state, consistent in itself: only what was published tells */
	run_sql(f, "CREATE TABLE state_copy AS SELECT * FROM journal_state");
	f->time += 2 * SECOND;
	fill(f, 5);
	run_all(f, "DELETE FROM journal_entry WHERE leaf >= 300; DELETE FROM journal_state;"
		   "INSERT INTO journal_state SELECT * FROM state_copy");
	report = verify(f);
	assert_true(str_find_str(report.fault, STR("older")) >= 0);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tampering),
		cmocka_unit_test(test_each_bit),
		cmocka_unit_test(test_outside_knowledge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Appending, integrating and reading on SQLite, against trees computed from the entries by definition. */
#include "base/file.h"
#include "note.h"
#include "test_support.h"
#include <string.h>

typedef uint8_t hash_t[SHA256_SIZE];

/* The leaf hashes of the log, from entry bundles as anybody gets them. */
static hash_t *leaves_of(struct fixture *f, int64_t size)
{
	hash_t *leaves = arena_array(f->arena, (size_t)size + 1, sizeof *leaves);
	for (int64_t i = 0; i < size; i += TILE_WIDTH) {
		struct tile_name name = { -1, i / TILE_WIDTH, tile_width(-1, i / TILE_WIDTH, size) };
		char path[128];
		tile_name_format(&name, path);
		struct str bundle = resource(f, path);
		for (unsigned k = 0; k < name.width; k++) {
			assert_true(bundle.len >= 2);
			size_t len = (size_t)(uint8_t)bundle.data[0] << 8 | (uint8_t)bundle.data[1];
			assert_true(bundle.len >= 2 + len);
			assert_true(str_starts(str_slice(bundle, 2, bundle.len), STR("mandate-entry/v1 ")));
			tree_leaf_hash(str_slice(bundle, 2, 2 + len), leaves[i + k]);
			bundle = str_slice(bundle, 2 + len, bundle.len);
		}
		assert_int_equal(bundle.len, 0);
	}
	return leaves;
}

static void assert_tiles(struct fixture *f, const hash_t *leaves, int64_t size)
{
	for (int level = 0; size >> (8 * level) > 0; level++)
		for (int64_t i = 0; i < size >> (8 * level); i++) {
			struct tile_name name = { level, i / TILE_WIDTH, tile_width(level, i / TILE_WIDTH, size) };
			char path[128];
			hash_t expected;
			tile_name_format(&name, path);
			if (i % TILE_WIDTH && i % TILE_WIDTH != name.width - 1)
				continue;
			struct str tile = resource(f, path);
			assert_int_equal(tile.len, name.width * SHA256_SIZE);
			tree_root(leaves + (i << (8 * level)), (size_t)1 << (8 * level), expected);
			assert_memory_equal(tile.data + i % TILE_WIDTH * SHA256_SIZE, expected, SHA256_SIZE);
		}
}

static void assert_log(struct fixture *f, int64_t size)
{
	struct journal_head head = head_of(f);
	struct note note;
	hash_t root;
	assert_int_equal(head.size, size);
	assert_true(note_parse(head.checkpoint, &note));
	assert_true(note_signed_by(&note, f->options.origin, f->options.public_key));
	assert_int_equal(note.size, size);
	assert_true(str_eq(resource(f, "checkpoint"), head.checkpoint));
	const hash_t *leaves = (const hash_t *)leaves_of(f, size);
	tree_root(leaves, (size_t)size, root);
	assert_memory_equal(root, head.root, SHA256_SIZE);
	assert_memory_equal(root, note.root, SHA256_SIZE);
	assert_tiles(f, leaves, size);
	struct journal_report report;
	assert_ok(f, journal_verify(&f->options, f->c, f->arena, &report, &f->e));
	assert_string_equal(report.fault.len ? report.fault.data : "", "");
	assert_int_equal(report.integrated, size);
}

static void test_empty(void **state)
{
	struct fixture *f = fixture_new(false);
	struct journal_report report;
	const char *type;
	CLEAN_BUF struct buf out;
	buf_init(&out, 0);
	struct journal_head head = head_of(f);
	assert_int_equal(head.size, 0);
	assert_int_equal(head.checkpoint.len, 0);
	assert_int_equal(journal_resource(f->c, STR("checkpoint"), &out, &type, &f->e), E_NOT_FOUND);
	assert_int_equal(journal_resource(f->c, STR("tile/0/000.p/1"), &out, &type, &f->e), E_NOT_FOUND);
	integrate_all(f, 10);
	assert_int_equal(head_of(f).checkpoint.len, 0);
	assert_ok(f, journal_verify(&f->options, f->c, f->arena, &report, &f->e));
	assert_int_equal(report.fault.len, 0);
	fixture_free(f);
}

/* Every small size one by one, then steps that cross tile borders on two levels, with batches of odd sizes. */
static void test_growth(void **state)
{
	static const struct {
		size_t count, batch;
	} steps[] = { { 240, 7 }, { 1, 1 }, { 14, 100 }, { 1, 1 }, { 1, 1 }, { 255, 256 }, { 600, 97 }, { 1, 4096 } };
	struct fixture *f = fixture_new(false);
	int64_t size = 0;
	for (; size < 9; size++) {
		fill(f, 1);
		assert_log(f, size + 1);
	}
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		append_many(f, steps[i].count);
		integrate_all(f, steps[i].batch);
		assert_log(f, size += (int64_t)steps[i].count);
	}
	fixture_free(f);
}

static void test_three_levels(void **state)
{
	struct fixture *f = fixture_new(false);
	append_many(f, 65536 + 300);
	bool more;
	assert_ok(f, journal_integrate(f->j, f->c, 65000, &more, &f->e));
	assert_true(more);
	integrate_all(f, 65000);
	assert_log(f, 65536 + 300);
	assert_int_equal(resource(f, "tile/2/000.p/1").len, SHA256_SIZE);
	fixture_free(f);
}

/* Full tiles stay as they were served, and partial ones of old checkpoints are served for ever. */
static void test_served_tiles_stay(void **state)
{
	struct fixture *f = fixture_new(false);
	fill(f, 100);
	struct str old_tile = resource(f, "tile/0/000.p/100"), old_entries = resource(f, "tile/entries/000.p/100");
	fill(f, 300);
	assert_true(str_eq(old_tile, resource(f, "tile/0/000.p/100")));
	assert_true(str_eq(old_entries, resource(f, "tile/entries/000.p/100")));
	assert_memory_equal(resource(f, "tile/0/000").data, old_tile.data, old_tile.len);
	static const char *const absent[] = { "tile/0/001.p/145", "tile/0/001", "tile/0/002", "tile/1/000.p/2", "tile/1/000",
					      "tile/2/000.p/1",   "tile/63/000.p/1", "tile/entries/001", "tile/entries/001.p/145",
					      "tile/0/x009/x223/x372/x036/x854/x775/807", "tile/0/../000", "" };
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
		CLEAN_BUF struct buf out;
		const char *type;
		buf_init(&out, 0);
		assert_int_equal(journal_resource(f->c, str_of(absent[i]), &out, &type, &f->e), E_NOT_FOUND);
		assert_int_equal(out.len, 0);
	}
	fixture_free(f);
}

static void test_proofs(void **state)
{
	struct fixture *f = fixture_new(false);
	fill(f, 700);
	const hash_t *leaves = (const hash_t *)leaves_of(f, 700);
	static const int64_t sizes[] = { 1, 2, 3, 255, 256, 257, 511, 512, 513, 699, 700 };
	size_t count;
	hash_t *path, root, to_root;
	tree_root(leaves, 700, to_root);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int64_t n = sizes[i];
		tree_root(leaves, (size_t)n, root);
		for (int64_t m = 0; m < n; m += 1 + n / 23) {
			assert_ok(f, journal_inclusion(f->c, f->arena, m, n, &path, &count, &f->e));
			assert_true(tree_inclusion_holds(leaves[m], m, n, (const hash_t *)path, count, root));
		}
		assert_ok(f, journal_consistency(f->c, f->arena, n, 700, &path, &count, &f->e));
		assert_true(tree_consistency_holds(n, root, 700, to_root, (const hash_t *)path, count));
	}
	assert_int_equal(journal_inclusion(f->c, f->arena, 5, 701, &path, &count, &f->e), E_NOT_FOUND);
	assert_int_equal(journal_inclusion(f->c, f->arena, 700, 700, &path, &count, &f->e), E_INVALID);
	assert_int_equal(journal_inclusion(f->c, f->arena, -1, 700, &path, &count, &f->e), E_INVALID);
	assert_int_equal(journal_consistency(f->c, f->arena, 5, 701, &path, &count, &f->e), E_NOT_FOUND);
	assert_int_equal(journal_consistency(f->c, f->arena, 9, 8, &path, &count, &f->e), E_INVALID);
	fixture_free(f);
}

/* An entry that was undone leaves no gap. */
static void test_rollback(void **state)
{
	struct fixture *f = fixture_new(false);
	struct journal_entry entry = { .id = 7, .time = 1, .operation = STR("a.b"), .payload = STR("{}") };
	append_many(f, 3);
	assert_ok(f, conn_begin(f->c, &f->e));
	assert_ok(f, journal_append(f->j, f->c, &entry, &f->e));
	conn_rollback(f->c);
	journal_rolled_back(f->j);
	append_many(f, 3);
	assert_ok(f, conn_begin(f->c, &f->e));
	entry.id = 8;
	assert_ok(f, journal_append(f->j, f->c, &entry, &f->e));
	assert_ok(f, conn_save(f->c, &f->e));
	entry.id = 9;
	assert_ok(f, journal_append(f->j, f->c, &entry, &f->e));
	conn_undo(f->c);
	journal_rolled_back(f->j);
	entry.id = 10;
	assert_ok(f, journal_append(f->j, f->c, &entry, &f->e));
	assert_int_equal(journal_append(f->j, f->c, &entry, &f->e), E_CONFLICT); /* the same id again */
	entry.id = 11;
	entry.operation = STR("two words");
	assert_int_equal(journal_append(f->j, f->c, &entry, &f->e), E_INTERNAL);
	entry.operation = STR("a.c");
	assert_ok(f, journal_append(f->j, f->c, &entry, &f->e));
	assert_ok(f, conn_commit(f->c, &f->e));
	integrate_all(f, 100);
	assert_log(f, 9);
	fixture_free(f);
}

/* Two journals on one database (a lease that changed hands): each goes on where the other stopped. */
static void test_hand_over(void **state)
{
	struct fixture *f = fixture_new(false);
	struct journal *first = f->j, *second;
	assert_ok(f, journal_open(&f->options, f->c, &second, &f->e));
	int64_t size = 0;
	for (size_t i = 0; i < 12; i++) {
		f->j = i % 2 ? second : first;
		journal_rolled_back(f->j); /* its next leaf is older than the other's */
		fill(f, 90);
		size += 90;
	}
	assert_log(f, size);
	f->j = first;
	journal_close(second);
	fixture_reopen(f);
	fill(f, 300);
	assert_log(f, size + 300);
	fixture_free(f);
}

struct visit {
	int64_t expected, count, stop_at;
};

static enum code visit(void *data, const struct journal_entry *entry, struct error *e)
{
	struct visit *v = data;
	assert_int_equal(entry->leaf, v->expected++);
	assert_true(str_starts(entry->payload, STR("{\"operation\":\"device.update\"")));
	v->count++;
	return entry->leaf == v->stop_at ? error_fail(e, E_DENIED, N_("stop")) : OK;
}

static void test_follow(void **state)
{
	struct fixture *f = fixture_new(false);
	struct visit v = { .stop_at = -1 };
	int64_t next;
	append_many(f, 50); /* followers need not wait for the tree */
	assert_ok(f, journal_follow(f->c, 0, 20, visit, &v, &next, &f->e));
	assert_int_equal(next, 20);
	assert_ok(f, journal_follow(f->c, next, 1000, visit, &v, &next, &f->e));
	assert_int_equal(next, 50);
	assert_int_equal(v.count, 50);
	assert_ok(f, journal_follow(f->c, next, 1000, visit, &v, &next, &f->e));
	assert_int_equal(next, 50);
	v = (struct visit){ .stop_at = 5 };
	assert_int_equal(journal_follow(f->c, 0, 20, visit, &v, &next, &f->e), E_DENIED);
	assert_int_equal(next, 50);

	struct journal_entry entry;
	assert_ok(f, journal_entry_get(f->c, f->arena, f->next_id - 1, &entry, &f->e));
	assert_int_equal(entry.leaf, 49);
	assert_true(str_is(entry.operation, "device.update"));
	assert_int_equal(entry.actor, (f->next_id - 1) % 5);
	assert_int_equal(journal_entry_get(f->c, f->arena, 1, &entry, &f->e), E_NOT_FOUND);
	fixture_free(f);
}

/* The sequencer never builds on a tree that is not the one it signed. */
static void test_damage_is_not_signed(void **state)
{
	static const char *const damages[] = {
		"UPDATE journal_tile SET data = substr(data, 1, 64) WHERE level = 0 AND place = 1",
		"DELETE FROM journal_tile WHERE level = 1",
		"UPDATE journal_state SET root = zeroblob(32)",
		"UPDATE journal_state SET root = zeroblob(31)",
		"UPDATE journal_state SET size = size - 1",
		"DELETE FROM journal_state",
		"DELETE FROM journal_entry WHERE leaf = 301",
		"UPDATE journal_entry SET commitment = x'00' WHERE leaf = 302",
	};
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		struct fixture *f = fixture_new(false);
		bool more;
		fill(f, 300);
		append_many(f, 5);
		run_sql(f, damages[i]);
		fixture_close(f);
		enum code code = journal_open(&f->options, f->c, &f->j, &f->e);
		if (code == OK)
			code = journal_integrate(f->j, f->c, 100, &more, &f->e);
		if (i == 5)
			assert_true(code != OK || head_of(f).size == 0);
		else
			assert_int_equal(code, E_IO);
		fixture_free(f);
	}
}

static void test_origins(void **state)
{
	static const char *const bad[] = { "", "a b", "a+b", "a\nb", "example.org/log/2", "example.org/7", "\xc3\xa9xample" };
	struct fixture *f = fixture_new(false);
	struct journal *j;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct journal_options o = f->options;
		o.origin = str_of(bad[i]);
		assert_int_equal(journal_open(&o, f->c, &j, &f->e), E_INVALID);
	}
	fixture_free(f);
}

static void test_key_file(void **state)
{
	struct fixture *f = fixture_new(false);
	struct journal_options a = { 0 }, b = { 0 };
	struct str path = arena_format(f->arena, "%.*s/log.key", STR_ARG(f->folder)), text;
	assert_ok(f, journal_key_load(path, &f->random, &a, &f->e));
	assert_ok(f, journal_key_load(path, &f->random, &b, &f->e));
	assert_memory_equal(a.secret, b.secret, sizeof a.secret);
	assert_memory_equal(a.public_key, b.public_key, sizeof a.public_key);
	assert_ok(f, file_read(f->arena, path, 4096, &text, &f->e));
	for (size_t at = 0; at < text.len; at += 9) { /* a damaged key is refused, never replaced */
		((char *)(uintptr_t)text.data)[at] ^= 1;
		assert_ok(f, file_replace(path, text, 0600, &f->e));
		if (journal_key_load(path, &f->random, &b, &f->e) == OK) /* a bit of the seed: libsodium signs with it */
			assert_memory_not_equal(a.secret, b.secret, sizeof a.secret);
		((char *)(uintptr_t)text.data)[at] ^= 1;
	}
	assert_ok(f, file_replace(path, STR("mandate-log-key/v1 AAAA\n"), 0600, &f->e));
	assert_int_equal(journal_key_load(path, &f->random, &b, &f->e), E_INVALID);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),	      cmocka_unit_test(test_growth),
		cmocka_unit_test(test_three_levels),  cmocka_unit_test(test_served_tiles_stay),
		cmocka_unit_test(test_proofs),	      cmocka_unit_test(test_rollback),
		cmocka_unit_test(test_hand_over),     cmocka_unit_test(test_follow),
		cmocka_unit_test(test_damage_is_not_signed), cmocka_unit_test(test_origins),
		cmocka_unit_test(test_key_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The journal on PostgreSQL: several appending connections and one sequencer at once. No entry is lost, leaves have no gaps,
 * and cause stands before effect.
 *
 *   test_journal_postgres [postgres://…]      an empty database of one's own; without one the test is skipped (77) */
#include "base/id.h"
#include "base/map.h"
#include "journal/keyring.h"
#include "note.h"
#include "test_support.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define WRITERS 4
#define EACH 150

static const char *url;

static struct fixture *fixture_postgres(void)
{
	struct store_options o = { .url = str_of(url) };
	struct store *store;
	struct conn *c;
	struct error e;
	CLEAN_ARENA struct arena *arena = arena_new(0);
	error_init(&e, arena);
	assert_int_equal(crypto_init(NULL), OK);
	assert_int_equal(store_open(&o, &store, &e), OK);
	assert_int_equal(conn_open(store, CONN_WRITE, &c, &e), OK);
	static const char *const drops[] = { "DROP TABLE IF EXISTS journal_entry", "DROP TABLE IF EXISTS journal_state",
					     "DROP TABLE IF EXISTS journal_tile", "DROP TABLE IF EXISTS cause",
					     "CREATE TABLE cause (id bigint PRIMARY KEY, entry bigint NOT NULL)",
					     "INSERT INTO cause (id, entry) VALUES (1, 0)" };
	for (size_t i = 0; i < sizeof drops / sizeof *drops; i++)
		assert_int_equal(sql_exec_built(c, str_of(drops[i]), SQL_NO_PARAMS, NULL, &e), OK);
	conn_close(c);
	return fixture_over(store);
}

struct shared {
	struct fixture *f;
	struct id_source *ids;
	_Atomic int writing;
	_Atomic int64_t appended;
};

struct writer {
	struct shared *shared;
	pthread_t thread;
	unsigned number;
	enum code code;
};

/* One transaction: sometimes reads what another made and says so (its cause), sometimes is undone. */
static enum code write_one(struct writer *w, struct conn *c, unsigned round, struct error *e)
{
	struct shared *s = w->shared;
	char payload[96];
	int64_t cause = 0;
	bool found, chained = (round + w->number) % 3 == 0, undone = round % 11 == 5;
	struct journal_entry entry = { .id = id_next(s->ids), .time = 1, .operation = STR("a.b") };
	TRY(conn_begin(c, e));
	if (chained)
		TRY(sql_int(c, "SELECT entry FROM cause WHERE id = 1 FOR UPDATE", SQL_NO_PARAMS, &cause, &found, e));
	if (chained)
		TRY(sql_exec(c, "UPDATE cause SET entry = ?1 WHERE id = 1", SQL_PARAMS(SQL_I(entry.id)), NULL, e));
	int len = snprintf(payload, sizeof payload, "{\"cause\":%lld}", (long long)cause);
	entry.payload = (struct str){ payload, (size_t)len };
	TRY(journal_append(s->f->j, c, &entry, e));
	if (undone) {
		conn_rollback(c);
		journal_rolled_back(s->f->j);
		return OK;
	}
	TRY(conn_commit(c, e));
	atomic_fetch_add(&s->appended, 1);
	return OK;
}

static void *writer_thread(void *data)
{
	struct writer *w = data;
	struct conn *c;
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct error e;
	error_init(&e, arena);
	w->code = conn_open(w->shared->f->store, CONN_WRITE, &c, &e);
	for (unsigned i = 0; i < EACH && w->code == OK; i++) {
		w->code = write_one(w, c, i, &e);
		if (w->code != OK)
			conn_rollback(c);
		if (w->code == E_BUSY) /* lost a race; the kernel runs such calls again */
			w->code = OK;
	}
	if (w->code != OK) {
		struct str text = error_text(&e, arena);
		print_error("%.*s\n", STR_ARG(text));
	}
	conn_close(c);
	atomic_fetch_sub(&w->shared->writing, 1);
	return NULL;
}

struct order {
	int64_t next;
	struct idmap *leaves; /* entry id → leaf */
};

static enum code check_order(void *data, const struct journal_entry *entry, struct error *e)
{
	struct order *o = data;
	int64_t cause = 0, leaf;
	assert_int_equal(entry->leaf, o->next++);
	assert_true(idmap_put(o->leaves, entry->id, entry->leaf));
	str_int(str_slice(entry->payload, strlen("{\"cause\":"), entry->payload.len - 1), &cause);
	if (cause) {
		assert_true(idmap_get(o->leaves, cause, &leaf)); /* seen before */
		assert_true(leaf < entry->leaf);
	}
	return OK;
}

static void test_writers_and_sequencer(void **state)
{
	struct fixture *f = fixture_postgres();
	struct shared shared = { .f = f, .ids = id_source_new(1, 1, &clock_system), .writing = WRITERS };
	struct writer writers[WRITERS];
	struct order order = { 0, idmap_new() };
	struct journal_report report;
	bool more;
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ .shared = &shared, .number = i };
		assert_int_equal(pthread_create(&writers[i].thread, NULL, writer_thread, &writers[i]), 0);
	}
	while (atomic_load(&shared.writing)) { /* follow while they write: a follower never misses one */
		assert_ok(f, journal_integrate(f->j, f->c, 17, &more, &f->e));
		assert_ok(f, journal_follow(f->c, order.next, 1000, check_order, &order, &order.next, &f->e));
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].code, OK);
	}
	integrate_all(f, 17);
	assert_ok(f, journal_follow(f->c, order.next, 1000, check_order, &order, &order.next, &f->e));
	assert_int_equal(order.next, atomic_load(&shared.appended));
	assert_true(order.next > WRITERS * EACH / 2);
	assert_int_equal(head_of(f).size, order.next);
	assert_ok(f, journal_verify(&f->options, f->c, f->arena, &report, &f->e));
	assert_string_equal(report.fault.len ? report.fault.data : "", "");
	idmap_free(order.leaves);
	id_source_free(shared.ids);
	fixture_free(f);
}

/* Two sequencers by mistake (a lease lost and not noticed): one is refused, and the log stays one. */
static void *second_sequencer(void *data)
{
	struct shared *s = data;
	struct journal *j;
	struct conn *c;
	bool more;
	assert_int_equal(conn_open(s->f->store, CONN_WRITE, &c, NULL), OK);
	assert_int_equal(journal_open(&s->f->options, c, &j, NULL), OK);
	while (atomic_load(&s->writing)) {
		enum code code = journal_integrate(j, c, 5, &more, NULL);
		assert_true(code == OK || code == E_BUSY);
	}
	journal_close(j);
	conn_close(c);
	return NULL;
}

static void test_two_sequencers(void **state)
{
	struct fixture *f = fixture_postgres();
	struct shared shared = { .f = f, .writing = 1 };
	struct journal_report report;
	pthread_t thread;
	bool more;
	assert_int_equal(pthread_create(&thread, NULL, second_sequencer, &shared), 0);
	for (size_t i = 0; i < 60; i++) {
		append_many(f, 10);
		enum code code = journal_integrate(f->j, f->c, 7, &more, &f->e);
		assert_true(code == OK || code == E_BUSY);
	}
	atomic_store(&shared.writing, 0);
	pthread_join(thread, NULL);
	integrate_all(f, 100);
	assert_int_equal(head_of(f).size, 600);
	assert_ok(f, journal_verify(&f->options, f->c, f->arena, &report, &f->e));
	assert_string_equal(report.fault.len ? report.fault.data : "", "");
	fixture_free(f);
}

/* The same resources as on SQLite, and tampering is noticed here too. */
static void test_reading_and_tampering(void **state)
{
	static const char *const tamperings[] = {
		"UPDATE journal_entry SET payload = '{}' WHERE leaf = 17",
		"UPDATE journal_entry SET time = time + 1 WHERE leaf = 256",
		"DELETE FROM journal_entry WHERE leaf = 100",
		"UPDATE journal_tile SET data = set_byte(data, 40, get_byte(data, 40) # 1) WHERE level = 0 AND place = 1",
		"UPDATE journal_state SET root = set_byte(root, 0, get_byte(root, 0) # 128)",
		"UPDATE journal_entry SET actor = actor + 1 WHERE leaf IS NULL",
	};
	struct fixture *f = fixture_postgres();
	struct journal_report report;
	fill(f, 600);
	append_many(f, 5);
	struct str old = resource(f, "tile/0/002.p/88"), entries = resource(f, "tile/entries/002.p/88");
	assert_int_equal(old.len, 88 * SHA256_SIZE);
	integrate_all(f, 100);
	assert_true(str_eq(old, resource(f, "tile/0/002.p/88")));
	assert_true(str_eq(entries, resource(f, "tile/entries/002.p/88")));
	for (size_t i = 0; i < sizeof tamperings / sizeof *tamperings; i++) {
		append_many(f, 1);
		assert_ok(f, journal_verify(&f->options, f->c, f->arena, &report, &f->e));
		assert_int_equal(report.fault.len, 0);
		assert_ok(f, conn_begin(f->c, &f->e));
		assert_ok(f, sql_exec_built(f->c, str_of(tamperings[i]), SQL_NO_PARAMS, NULL, &f->e));
		assert_ok(f, journal_verify(&f->options, f->c, f->arena, &report, &f->e));
		if (report.fault.len == 0)
			fail_msg("not noticed: %s", tamperings[i]);
		conn_rollback(f->c);
	}
	fixture_close(f);
	fixture_open(f);
	fill(f, 300);
	assert_int_equal(head_of(f).size, 605 + 6 + 300);
	fixture_free(f);
}

/* --- the keyring, as two servers on one database have it ------------------------------------------- */

struct ring {
	struct store *store;
	struct conn *c;
	struct keyring *k;
};

static struct ring ring_new(struct fixture *f)
{
	static const uint8_t master[AEAD_KEY] = { 3, 1, 4 };
	struct store_options o = { .url = str_of(url) };
	struct ring r;
	assert_ok(f, store_open(&o, &r.store, &f->e));
	assert_ok(f, conn_open(r.store, CONN_WRITE, &r.c, &f->e));
	assert_ok(f, keyring_new(r.c, master, &random_system, &r.k, &f->e));
	return r;
}

static void ring_free(struct ring *r)
{
	keyring_free(r->k);
	conn_close(r->c);
	store_close(r->store);
}

static void test_keyring(void **state)
{
	struct fixture *f = fixture_postgres();
	struct str a, b, plain;
	assert_ok(f, sql_exec_built(f->c, STR("DROP TABLE IF EXISTS subject_key, keyring_state"), SQL_NO_PARAMS, NULL, &f->e));
	struct ring one = ring_new(f), two = ring_new(f);

	/* both make a key for the same person */
	assert_ok(f, keyring_seal(one.k, 7, STR("Amina"), STR("p"), f->arena, &a, &f->e));
	assert_ok(f, keyring_seal(two.k, 7, STR("Diallo"), STR("p"), f->arena, &b, &f->e));
	assert_ok(f, keyring_commit(one.k, &f->e));
	assert_int_equal(keyring_commit(two.k, &f->e), E_BUSY);
	keyring_rollback(two.k);
	assert_ok(f, keyring_seal(two.k, 7, STR("Diallo"), STR("p"), f->arena, &b, &f->e));
	assert_ok(f, keyring_commit(two.k, &f->e));
	assert_ok(f, keyring_open(one.k, 7, b, STR("p"), f->arena, &plain, &f->e));
	assert_true(str_is(plain, "Diallo"));
	assert_ok(f, keyring_open(two.k, 7, a, STR("p"), f->arena, &plain, &f->e));
	assert_true(str_is(plain, "Amina"));

	/* what the one destroys the other forgets, though it was in its cache */
	uint64_t seen = store_commits(two.store);
	assert_ok(f, keyring_destroy(one.k, 7, &f->e));
	assert_ok(f, keyring_destroy_commit(one.k, &f->e));
	for (int i = 0; i < 50 && keyring_has(two.k, 7); i++)
		seen = store_wait(two.store, seen, SECOND / 10);
	assert_int_equal(keyring_open(two.k, 7, a, STR("p"), f->arena, &plain, &f->e), E_NOT_FOUND);
	assert_int_equal(keyring_seal(two.k, 7, STR("x"), STR("p"), f->arena, &b, &f->e), E_NOT_FOUND);
	ring_free(&one);
	ring_free(&two);
	fixture_free(f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writers_and_sequencer),
		cmocka_unit_test(test_two_sequencers),
		cmocka_unit_test(test_reading_and_tampering),
		cmocka_unit_test(test_keyring),
	};
	url = argc > 1 ? argv[1] : getenv("MANDATE_TEST_POSTGRES");
	if (!url || !*url) {
		print_message("no PostgreSQL was given\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

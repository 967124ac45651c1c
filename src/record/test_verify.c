/* Proving the rows: an estate with everything that can happen to a record holds; then each way to change it by hand, one
 * at a time, is noticed and named.
 *   test_record_verify [postgres://…]
 * Neighbours: test_house.h; verify.c. */
#include "record/verify.h"
#include "test_house.h"
#include <stdlib.h>

#define ID(n) ((long long)(n))

static const char *postgres;

struct estate {
	struct house *h;
	int64_t lamp, bell, zelda, note, gone, spare;
};

static void build(struct estate *s)
{
	struct house *h = s->h;
	struct record_ref ref;
	s->spare = house_make(h, "site", h->east, "{'name':'Spare'}");
	s->zelda = house_make(h, "person", h->east, "{'name':'Zelda','email':'z@example.org','phone':'1','born':'1971-02-03','desk':'%lld',"
			      "'spot':{'type':'Point','coordinates':[8.123456,47.5]},'team':'blue'}", ID(h->desk));
	s->gone = house_make(h, "person", h->east, "{'name':'Gone','email':'g@example.org','phone':'2','team':'red'}");
	s->lamp = house_make(h, "thing", h->east, "{'name':'Lamp \\u00e9\\\\ 2','class':'big','serial':'007','pin':'1234','pieces':7,'weight':'2.50',"
			     "'cost':{'amount':'12.30','currency':'EUR'},'seen':'2026-01-02T03:04:05Z','holder':'%lld','sites':['%lld','%lld'],"
			     "'place':{'type':'Point','coordinates':[1.50,2.25]},'extra':{'a':[1,2.5,'x',null]},'label':{'en':'Lamp','fr':'Lampe'}}",
			     ID(s->gone), ID(h->desk), ID(s->spare));
	s->bell = house_make(h, "thing", h->east, "{'name':'Bell','class':'small','part_of':'%lld','sites':['%lld']}", ID(s->lamp), ID(h->desk));
	expect(h, house_update(h, 0, "thing", s->lamp, &ref, "{'name':'Lamp','sites':['%lld'],'pin':'5678'}", ID(s->spare)), OK, "");
	expect(h, house_step(h, 0, "thing", s->lamp, "take", "{}"), OK, "");
	expect(h, house_update(h, 0, "thing", s->lamp, &ref, "{'pieces':8,'cost':null}"), OK, "");
	expect(h, house_archive(h, 0, "thing", s->bell, false), OK, "");
	expect(h, house_archive(h, 0, "thing", s->bell, true), OK, "");
	s->note = house_make(h, "note", h->west, "{'name':'About','text':'her','about':'%lld','author':'%lld'}", ID(s->gone), ID(h->ann));
	expect(h, house_update(h, 0, "person", s->zelda, &ref, "{'phone':'3','spot':{'type':'Point','coordinates':[9.5,47.5]}}"), OK, "");
	expect(h, house_update(h, 0, "person", s->gone, &ref, "{'phone':'4'}"), OK, "");
	expect(h, house_erase(h, 0, s->gone), OK, "");
	expect(h, house_update(h, 0, "person", s->gone, &ref, "{'team':'green'}"), OK, "");
}

static int setup(void **state)
{
	struct estate *s = calloc(1, sizeof *s);
	*state = s;
	if (!s)
		return -1;
	s->h = house_new(postgres);
	if (s->h)
		build(s);
	return s->h ? 0 : -1;
}

static int teardown(void **state)
{
	struct estate *s = *state;
	house_free(s->h);
	free(s);
	return 0;
}

static struct record_report prove(struct estate *s, size_t cache)
{
	struct rig *r = s->h->r;
	const struct record_proof proof = { .model = r->model, .conn = r->c, .keyring = r->keyring, .cache_bytes = cache };
	struct record_report report = { 0 };
	expect(s->h, record_verify(&proof, r->keep, &report, &r->e), OK, "");
	return report;
}

static void what_is_written_holds(void **state)
{
	struct estate *s = *state;
	for (size_t cache = 0; cache < 2; cache++) { /* 1: nothing is kept */
		struct record_report report = prove(s, cache);
		if (report.fault.len)
			print_error("%.*s %lld version %lld %.*s: %.*s\n", STR_ARG(report.kind), ID(report.id), ID(report.version),
				    STR_ARG(report.field), STR_ARG(report.fault));
		assert_int_equal(report.fault.len, 0);
		assert_int_equal(report.records, 3 + 5 + 2 + 2 + 2 + 1); /* entities, the house's people, sites, ours, things, note */
		assert_int_equal(report.versions, report.records + 4 + 2 + 1 + 1 + 3); /* lamp, bell, note, zelda, gone */
		assert_int_equal(report.unknown, 0);
	}
}

/* Without keys the rest is proven. */
static void holds_without_keys(void **state)
{
	struct estate *s = *state;
	struct rig *r = s->h->r;
	const struct record_proof proof = { .model = r->model, .conn = r->c };
	struct record_report report = { 0 };
	expect(s->h, record_verify(&proof, r->keep, &report, &r->e), OK, "");
	assert_int_equal(report.fault.len, 0);
	assert_true(report.unknown > 10);
}

enum { LAMP, BELL, ZELDA, NOTE, GONE, SPARE, ANN };

struct tampering {
	const char *sql;    /* ?1: the id */
	int record;
	const char *kind, *field; /* what must be named; "" field: none */
	int64_t version;
	const char *fault;
};

static const struct tampering tamperings[] = {
	/* a row changed */
	{ "UPDATE thing SET name = 'Lamq' WHERE id = ?1", LAMP, "thing", "name", 5, "value" },
	{ "UPDATE thing SET pieces = 9 WHERE id = ?1", LAMP, "thing", "pieces", 5, "value" },
	{ "UPDATE thing SET pieces = NULL WHERE id = ?1", LAMP, "thing", "pieces", 5, "value" },
	{ "UPDATE thing SET weight = 251 WHERE id = ?1", LAMP, "thing", "weight", 5, "value" },
	{ "UPDATE thing SET cost = 5, cost_currency = 'EUR' WHERE id = ?1", LAMP, "thing", "cost", 5, "value" },
	{ "UPDATE thing SET good = 0 WHERE id = ?1", LAMP, "thing", "good", 5, "value" },
	{ "UPDATE thing SET seen = seen + 1 WHERE id = ?1", LAMP, "thing", "seen", 5, "value" },
	{ "UPDATE thing SET extra = '{\"a\":[1,2.5,\"x\"]}' WHERE id = ?1", LAMP, "thing", "extra", 5, "value" },
	{ "UPDATE thing SET pin = '5679' WHERE id = ?1", LAMP, "thing", "pin", 5, "value" },
	{ "UPDATE thing SET pin = NULL WHERE id = ?1", LAMP, "thing", "pin", 5, "value" },
	{ "UPDATE thing SET holder = 5 WHERE id = ?1", LAMP, "thing", "holder", 5, "value" },
	{ "UPDATE thing SET secret = 's' WHERE id = ?1", LAMP, "thing", "secret", 5, "value" },
	{ "UPDATE person SET phone = '9' WHERE id = ?1", ZELDA, "person", "phone", 2, "value" },
	{ "UPDATE person SET name = 'Nobody' WHERE id = ?1", GONE, "person", "name", 4, "value" },
	{ "UPDATE person SET spot = '{\"type\":\"Point\",\"coordinates\":[9.5,47.25]}' WHERE id = ?1", ZELDA, "person", "spot", 2, "value" },
	{ "UPDATE note SET author = author + 1 WHERE id = ?1", NOTE, "note", "author", 2, "value" },
	{ "UPDATE thing SET state = 'new' WHERE id = ?1", LAMP, "thing", "", 5, "state" },
	{ "UPDATE thing SET number = 'T-999999' WHERE id = ?1", BELL, "thing", "", 3, "state" },
	{ "UPDATE thing SET entity = 1 WHERE id = ?1", LAMP, "thing", "", 5, "state" },
	{ "UPDATE thing SET since = since - 1 WHERE id = ?1", LAMP, "thing", "", 5, "state" },
	{ "UPDATE thing SET archived = 5 WHERE id = ?1", LAMP, "thing", "", 5, "state" },
	{ "UPDATE thing SET entry = entry + 1 WHERE id = ?1", LAMP, "thing", "", 5, "no entry" },
	{ "UPDATE thing SET version = 6 WHERE id = ?1", LAMP, "thing", "", 6, "missing" },
	{ "UPDATE thing SET entry = (SELECT entry FROM site LIMIT 1) WHERE id = ?1", LAMP, "thing", "", 5, "no entry" },
	/* history changed */
	{ "UPDATE thing_history SET name = 'Lamq' WHERE id = ?1 AND version = 2", LAMP, "thing", "name", 2, "value" },
	{ "UPDATE thing_history SET sites = '[]' WHERE id = ?1 AND version = 1", LAMP, "thing", "sites", 1, "value" },
	{ "UPDATE thing_history SET sites = 'nonsense' WHERE id = ?1 AND version = 1", LAMP, "thing", "sites", 1, "value" },
	{ "UPDATE thing_history SET cost = 1231 WHERE id = ?1 AND version = 2", LAMP, "thing", "cost", 2, "value" },
	{ "UPDATE thing_history SET cost_currency = 'USD' WHERE id = ?1 AND version = 2", LAMP, "thing", "cost", 2, "value" },
	{ "UPDATE thing_history SET until = until - 1 WHERE id = ?1 AND version = 2", LAMP, "thing", "", 3, "state" },
	{ "UPDATE thing_history SET until_entry = 3 WHERE id = ?1 AND version = 3", LAMP, "thing", "", 4, "state" },
	{ "UPDATE thing_history SET archived = NULL WHERE id = ?1 AND version = 2", BELL, "thing", "", 2, "state" },
	{ "UPDATE person_history SET phone = '\"7\"' WHERE id = ?1", ZELDA, "person", "phone", 1, "value" },
	/* a sealed value moved to another place is not the one sealed there */
	{ "UPDATE person_history SET phone = name WHERE id = ?1", ZELDA, "person", "phone", 1, "value" },
	/* rows gone */
	{ "DELETE FROM thing WHERE id = ?1", LAMP, "thing", "", 5, "record is gone" },
	{ "DELETE FROM thing_history WHERE id = ?1 AND version = 1", LAMP, "thing", "", 2, "missing" },
	{ "DELETE FROM thing_history WHERE id = ?1 AND version = 3", LAMP, "thing", "", 4, "missing" },
	{ "DELETE FROM site WHERE id = ?1", SPARE, "site", "", 1, "not there" },
	{ "DELETE FROM thing_sites WHERE id = ?1", LAMP, "thing", "sites", 5, "value" },
	/* rows added */
	{ "INSERT INTO site (id, entity, version, since, entry, name) SELECT id + 1, entity, version, since, entry, name FROM site WHERE id = ?1",
	  SPARE, "site", "", 1, "no entry" },
	{ "INSERT INTO thing_history (id, version, entity, since, until, entry, until_entry, name) SELECT id, 6, entity, since, since, entry, entry, "
	  "name FROM thing WHERE id = ?1", LAMP, "thing", "", 6, "missing" },
	{ "INSERT INTO thing_sites (id, position, target) VALUES (?1, 1, 7)", BELL, "thing", "sites", 3, "value" },
	{ "INSERT INTO thing_sites (id, position, target) VALUES (?1, 5, 7)", BELL, "thing", "sites", 3, "list" },
	{ "INSERT INTO thing_sites (id, position, target) VALUES (?1 + 1, 0, 7)", BELL, "thing", "", 0, "without its record" },
	{ "UPDATE thing_sites SET target = target + 1 WHERE id = ?1", BELL, "thing", "sites", 3, "value" },
};

static int64_t record_of(const struct estate *s, int which)
{
	const int64_t ids[] = { s->lamp, s->bell, s->zelda, s->note, s->gone, s->spare, s->h->ann };
	return ids[which];
}

static void what_is_changed_by_hand_is_named(void **state)
{
	struct estate *s = *state;
	struct rig *r = s->h->r;
	size_t unnoticed = 0;
	for (size_t i = 0; i < sizeof tamperings / sizeof *tamperings; i++) {
		const struct tampering *t = &tamperings[i];
		int64_t changed = 0;
		expect(s->h, conn_begin(r->c, &r->e), OK, "");
		expect(s->h, sql_exec(r->c, t->sql, SQL_PARAMS(SQL_I(record_of(s, t->record))), &changed, &r->e), OK, "");
		assert_true(changed > 0);
		struct record_report report = prove(s, 0);
		conn_rollback(r->c);
		if (report.fault.len && str_is(report.kind, t->kind) && str_is(report.field, t->field) && report.version == t->version &&
		    str_find_str(report.fault, str_of(t->fault)) >= 0)
			continue;
		print_error("%s: %.*s %lld version %lld %.*s: %.*s\n", t->sql, STR_ARG(report.kind), ID(report.id), ID(report.version),
			    STR_ARG(report.field), STR_ARG(report.fault));
		unnoticed++;
	}
	assert_int_equal(unnoticed, 0);
	assert_int_equal(prove(s, 0).fault.len, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(holds_without_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_changed_by_hand_is_named, setup, teardown),
	};
	postgres = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests_name(postgres ? "record/verify on PostgreSQL" : "record/verify", tests, NULL, NULL);
}

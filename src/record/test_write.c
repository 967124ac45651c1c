/* The write path on both stores: what is written where, and everything that must be refused, by whom and in which words.
 *   test_record_write [postgres://…]       an empty database of one's own; without one SQLite in a temporary folder
 * Neighbours: test_house.h; test_erase.c, test_schema.c. */
#include "test_house.h"
#include <stdio.h>
#include <string.h>

#define ID(n) ((long long)(n))
#define PAPER "{'name':'p.pdf','type':'application/pdf','size':3,'sha256':'" \
	      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'}"

static const char *postgres;

static int setup(void **state)
{
	*state = house_new(postgres);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	house_free(*state);
	return 0;
}

static int64_t thing(struct house *h, const char *more)
{
	return house_make(h, "thing", h->east, "{'name':'Lamp','class':'big'%s%s}", *more ? "," : "", more);
}

/* --- create --------------------------------------------------------------------------------------- */

static void create_writes_row_and_journal(void **state)
{
	struct house *h = *state;
	struct record_ref ref;
	expect(h, house_create(h, h->ann, "thing", h->east, &ref, "{'name':'Lamp','class':'big','pin':'0000','holder':'%lld','site':'%lld'}",
			       ID(h->ann), ID(h->desk)), OK, "");
	assert_int_equal(ref.version, 1);
	assert_int_equal(ref.entity, h->east);
	expect_sql(h, "T-000001", "SELECT number FROM thing");
	expect_sql(h, "new", "SELECT state FROM thing");
	expect_sql(h, "red", "SELECT colour FROM thing");
	expect_sql(h, "20454", "SELECT bought FROM thing");
	expect_sql(h, "1", "SELECT good FROM thing");
	expect_sql(h, "", "SELECT archived FROM thing");
	expect_sql(h, "0", "SELECT count(*) FROM thing_history");
	expect_sql(h, "1", "SELECT count(*) FROM thing t JOIN journal_entry j ON j.id = t.entry AND j.time = t.since");
	struct str payload = rig_payload(h->r);
	expect_part(payload, "\"action\":\"create\"");
	expect_part(payload, "\"state\":[null,\"new\"]");
	expect_part(payload, "\"name\":[null,\"Lamp\"]");
	expect_part(payload, "\"colour\":[null,\"red\"]");
	expect_part(payload, "\"pin\":[null,{\"digest\":\"");
	expect_no_part(payload, "0000\"");
	expect_part(payload, "\"holder\":[null,{\"sealed\":\"");
	expect_no_part(payload, "\"serial\"");
	expect_part(payload, "thing.create");
	/* who sits at a desk without naming it: their own entity */
	expect(h, house_create(h, h->bob, "thing", 0, &ref, "{'name':'Lamp','class':'big'}"), OK, "");
	assert_int_equal(ref.entity, h->west);
	expect_sql(h, "T-000002", "SELECT number FROM thing WHERE id = %lld", ID(ref.id));
}

static void create_refuses(void **state)
{
	struct house *h = *state;
	static const struct {
		const char *json, *part;
	} wrong[] = {
		{ "{}", "/name: is required; /class: is required" },
		{ "{'class':'big','name':null}", "/name: is required" },
		{ "{'class':'big','site':'4711'}", "/name: is required; /site: refers to no {kind} that exists {kind=site}" },
		{ "{'name':'a','class':'big','sites':['1','2']}", "/sites/0: refers to no {kind} that exists {kind=site}; /sites/1: refers" },
		{ "{'name':'a','class':'big','site':'1','holder':'2'}", "/holder: refers to no {kind} that exists {kind=person}; /site: refers" },
		{ "{'name':'a','class':'huge'}", "/class: " },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect(h, house_create(h, h->ann, "thing", h->east, NULL, "%s", wrong[i].json), E_INVALID, wrong[i].part);
	expect(h, house_create(h, h->ann, "thing", h->west, NULL, "{'name':'a','class':'big'}"), E_DENIED, "not for this entity");
	expect(h, house_create(h, h->dan, "person", h->east, NULL, "{'name':'a','email':'a@b.org'}"), E_DENIED, "You do not hold person.create");
	expect(h, house_create(h, h->ann, "thing", 4711, NULL, "{'name':'a','class':'big'}"), E_INVALID, "/entity: is no entity that exists");
	expect(h, house_create(h, h->ann, "shown", h->east, NULL, "{}"), E_INVALID, "computed");
	expect(h, house_create(h, h->cyd, "thing", h->east, NULL, "{'name':'a','class':'big'}"), E_DENIED, "own records");
	expect(h, house_create(h, h->cyd, "thing", h->east, NULL, "{'name':'a','class':'big','holder':'%lld'}", ID(h->cyd)), OK, "");
	expect_sql(h, "1", "SELECT count(*) FROM thing");
}

static void references_hide_what_one_may_not_see(void **state)
{
	struct house *h = *state;
	int64_t hidden = house_make(h, "site", h->west, "{'name':'Vault'}"), gone = house_make(h, "site", h->east, "{'name':'Hut'}");
	char there[400], nowhere[400];
	expect(h, house_archive(h, 0, "site", gone, false), OK, "");
	expect(h, house_create(h, h->ann, "thing", h->east, NULL, "{'name':'a','class':'big','site':'%lld'}", ID(hidden)), E_INVALID, "/site");
	snprintf(there, sizeof there, "%.*s", STR_ARG(rig_fault(h->r)));
	expect(h, house_create(h, h->ann, "thing", h->east, NULL, "{'name':'a','class':'big','site':'4711'}"), E_INVALID, "/site");
	snprintf(nowhere, sizeof nowhere, "%.*s", STR_ARG(rig_fault(h->r)));
	assert_string_equal(there, nowhere);
	expect(h, house_create(h, h->ann, "thing", h->east, NULL, "{'name':'a','class':'big','site':'%lld'}", ID(gone)), E_INVALID, "/site: refers to no");
	expect(h, house_create(h, h->bob, "thing", h->west, NULL, "{'name':'a','class':'big','site':'%lld'}", ID(hidden)), OK, "");
	/* a person refers to themselves though they may read nobody else */
	expect(h, house_create(h, h->cyd, "thing", h->west, NULL, "{'name':'a','class':'big','holder':'%lld','site':'%lld'}", ID(h->cyd), ID(hidden)),
	       E_INVALID, "/site: refers to no");
	/* of one kind the ids are looked up together, and one that is fine does not excuse another */
	expect(h, house_create(h, h->ann, "thing", h->east, NULL, "{'name':'a','class':'big','site':'%lld','spare_site':'%lld','sites':['%lld','%lld']}",
			       ID(h->desk), ID(h->desk), ID(h->desk), ID(hidden)), E_INVALID, "/sites/1: refers to no");
}

/* What a call found once it does not ask again, but it forgets what it archives itself. */
static void references_are_remembered_within_a_call(void **state)
{
	struct house *h = *state;
	struct rig *r = h->r;
	const struct kind *k = rig_kind(r, "thing");
	struct record_ref ref;
	char json[200];
	snprintf(json, sizeof json, "{'name':'a','class':'big','site':'%lld'}", ID(h->desk));
	expect(h, rig_begin(r), OK, "");
	expect(h, rig_call(r, h->ann), OK, "");
	expect(h, record_create(&r->x, k, h->east, rig_values(r, k, json, true), &ref, &r->e), OK, "");
	expect(h, record_create(&r->x, k, h->east, rig_values(r, k, json, true), &ref, &r->e), OK, "");
	expect(h, record_archive(&r->x, rig_kind(r, "site"), h->desk, 0, false, &ref, &r->e), OK, "");
	expect(h, record_create(&r->x, k, h->east, rig_values(r, k, json, true), &ref, &r->e), E_INVALID, "/site: refers to no");
	rig_alone(r, E_INVALID);
}

static void every_type_comes_back(void **state)
{
	struct house *h = *state;
	struct rig *r = h->r;
	const struct kind *k = rig_kind(r, "thing");
	struct value values[64];
	struct record_ref ref, loaded;
	char json[1500];
	int64_t other = house_make(h, "site", h->east, "{'name':'Hut'}"), whole = thing(h, "");
	snprintf(json, sizeof json,
		 "{'name':'Lämp','class':'small','colour':'blue','serial':'S','tag':'T','secret':'x','pin':'1','pieces':-5,'weight':'-1.25',"
		 "'cost':{'amount':'12.50','currency':'EUR'},'bought':'1999-12-31','seen':'2026-01-02T03:04:05.678901Z','good':false,'holder':'%lld',"
		 "'site':'%lld','sites':['%lld','%lld'],'part_of':'%lld','place':{'type':'Point','coordinates':[7.5,46]},'paper':" PAPER ","
		 "'extra':{'a':[1,null]},'label':{'en':'Lamp','fr':'Lampe'}}", ID(h->dan), ID(h->desk), ID(other), ID(h->desk), ID(whole));
	expect(h, rig_create(r, h->ann, "thing", h->east, json, &ref), OK, "");
	expect(h, rig_begin(r), OK, "");
	expect(h, rig_call(r, 0), OK, "");
	struct value *given = rig_values(r, k, json, true);
	expect(h, record_load(&r->x, k, ref.id, values, &loaded, &r->e), OK, "");
	for (const struct field *f = k->fields; f->name; f++)
		if (given[f->index].set && !value_equal(f, &given[f->index], &values[f->index]))
			fail_msg("%s came back different", f->name);
	assert_int_equal(loaded.version, 1);
	assert_int_equal(loaded.entity, h->east);
	rig_alone(r, E_INVALID);
	expect_sql(h, "1250", "SELECT cost FROM thing WHERE id = %lld", ID(ref.id));
	expect_sql(h, "EUR", "SELECT cost_currency FROM thing WHERE id = %lld", ID(ref.id));
	/* all of it into history and back out of sight */
	expect(h, house_update(h, h->ann, "thing", ref.id, NULL, "{'cost':null,'sites':[],'weight':null,'label':null,'good':null}"), OK, "");
	expect_sql(h, "1250", "SELECT cost FROM thing_history WHERE id = %lld", ID(ref.id));
	expect_sql(h, "", "SELECT cost_currency FROM thing WHERE id = %lld", ID(ref.id));
	expect_sql(h, "0", "SELECT count(*) FROM thing_sites WHERE id = %lld", ID(ref.id));
	expect_part(rig_ask(r, "SELECT sites FROM thing_history"), "\",\"");
}

/* --- unique --------------------------------------------------------------------------------------- */

static void unique_names_the_field_unless_masked(void **state)
{
	struct house *h = *state;
	int64_t first = thing(h, "'tag':'A','secret':'x'");
	expect(h, house_create(h, h->ann, "thing", h->east, NULL, "{'name':'b','class':'big','tag':'A'}"), E_CONFLICT, "already has this tag");
	expect_part(rig_fault(h->r), "/tag: is already used");
	expect(h, house_create(h, h->ann, "thing", h->east, NULL, "{'name':'b','class':'big','secret':'x'}"), E_CONFLICT, "already has this secret");
	expect(h, house_create(h, h->dan, "thing", h->east, NULL, "{'name':'b','class':'big','secret':'x'}"), E_CONFLICT, "same identification");
	expect_no_part(rig_fault(h->r), "secret");
	int64_t second = thing(h, "'tag':'B'");
	expect(h, house_update(h, h->ann, "thing", second, NULL, "{'tag':'A'}"), E_CONFLICT, "already has this tag");
	/* archived ones do not count, until they come back */
	expect(h, house_archive(h, h->ann, "thing", first, false), OK, "");
	expect(h, house_update(h, h->ann, "thing", second, NULL, "{'tag':'A'}"), OK, "");
	expect(h, house_archive(h, h->ann, "thing", first, true), E_CONFLICT, "already has this tag");
	expect(h, house_update(h, h->ann, "thing", second, NULL, "{'tag':'B'}"), OK, "");
	expect(h, house_archive(h, h->ann, "thing", first, true), OK, "");
}

/* --- update --------------------------------------------------------------------------------------- */

static void update_keeps_the_old_version(void **state)
{
	struct house *h = *state;
	struct record_ref ref;
	int64_t id = house_make(h, "person", h->east, "{'name':'Fay','email':'fay@example.org','phone':'555-0100','team':'blue'}");
	expect(h, house_update(h, h->ann, "person", id, &ref, "{'phone':'555-0199','team':null}"), OK, "");
	assert_int_equal(ref.version, 2);
	expect_sql(h, "555-0199", "SELECT phone FROM person WHERE id = %lld", ID(id));
	expect_sql(h, "", "SELECT team FROM person WHERE id = %lld", ID(id));
	expect_sql(h, "blue", "SELECT team FROM person_history WHERE id = %lld", ID(id));
	expect_sql(h, "1", "SELECT count(*) FROM person p JOIN person_history h ON h.id = p.id AND h.until = p.since AND h.until_entry = p.entry "
			   "WHERE h.version = 1 AND h.since < h.until AND h.entry < p.entry AND h.entity = p.entity AND h.number = p.number");
	expect_part(rig_ask(h->r, "SELECT phone FROM person_history"), "{\"sealed\":\"");
	expect_no_part(rig_ask(h->r, "SELECT phone FROM person_history"), "555");
	expect_part(rig_payload(h->r), "\"team\":[\"blue\",null]");
	expect_part(rig_payload(h->r), "\"phone\":[{\"sealed\":\"");
	expect_no_part(rig_payload(h->r), "555");
	expect_no_part(rig_payload(h->r), "\"email\"");
	/* nothing new: nothing written */
	expect(h, house_update(h, h->ann, "person", id, &ref, "{'phone':'555-0199','name':'Fay'}"), OK, "");
	assert_int_equal(ref.version, 2);
	expect_sql(h, "1", "SELECT count(*) FROM person_history");
	/* the sealed value opens in its place, under its subject, and nowhere else */
	char subject[40];
	struct str sealed, plain, payload = rig_ask(h->r, "SELECT phone FROM person_history");
	const struct json *j;
	assert_int_equal(json_parse(h->r->call, payload, NULL, &j, &h->r->e), OK);
	sealed = json_text(j, STR("sealed"));
	snprintf(subject, sizeof subject, "person.phone %lld", ID(id));
	assert_int_equal(keyring_open(h->r->keyring, id, sealed, str_of(subject), h->r->call, &plain, &h->r->e), OK);
	assert_true(str_is(plain, "\"555-0100\""));
	assert_int_not_equal(keyring_open(h->r->keyring, id, sealed, STR("person.name 1"), h->r->call, &plain, &h->r->e), OK);
}

static void update_refuses(void **state)
{
	struct house *h = *state;
	int64_t id = thing(h, "'secret':'x','tag':'A'"), west = house_make(h, "thing", h->west, "{'name':'b','class':'big'}");
	struct rig *r = h->r;
	const struct kind *k = rig_kind(r, "thing");
	struct record_ref ref;
	expect(h, house_update(h, h->ann, "thing", west, NULL, "{'name':'c'}"), E_NOT_FOUND, "There is no thing with the id");
	expect(h, house_update(h, h->ann, "thing", 4711, NULL, "{'name':'c'}"), E_NOT_FOUND, "There is no thing with the id");
	expect(h, house_update(h, h->ann, "thing", id, NULL, "{'name':null,'class':null}"), E_INVALID, "/name: is required; /class: is required");
	expect(h, house_update(h, h->ann, "thing", id, NULL, "{'site':'4711'}"), E_INVALID, "/site");
	/* who may not see a field may not write it, nor learn by trying whether it has a value */
	expect(h, house_update(h, h->dan, "thing", id, NULL, "{'secret':'y'}"), E_DENIED, "You may not change secret");
	expect(h, house_update(h, h->dan, "thing", id, NULL, "{'secret':'x'}"), E_DENIED, "You may not change secret");
	expect(h, house_update(h, h->dan, "person", h->ann, NULL, "{'team':'x'}"), E_DENIED, "You do not hold person.update");
	expect(h, house_update(h, h->dan, "thing", id, NULL, "{'name':'d'}"), OK, "");
	expect(h, rig_begin(r), OK, "");
	expect(h, rig_call(r, h->ann), OK, "");
	expect(h, record_update(&r->x, k, id, 1, 0, rig_values(r, k, "{'name':'e'}", true), &ref, &r->e), E_CONFLICT, "changed since you read it");
	assert_int_equal(r->e.detail, DETAIL_PRECONDITION);
	expect(h, record_update(&r->x, k, id, 2, 0, rig_values(r, k, "{'name':'e'}", true), &ref, &r->e), OK, "");
	rig_alone(r, OK);
	expect(h, house_archive(h, h->ann, "thing", id, false), OK, "");
	expect(h, house_update(h, h->ann, "thing", id, NULL, "{'name':'c'}"), E_CONFLICT, "restore it first");
}

static enum code move(struct house *h, int64_t person, const char *kind, int64_t id, int64_t entity)
{
	struct record_ref ref;
	const struct kind *k = rig_kind(h->r, kind);
	TRY(rig_begin(h->r));
	enum code code = rig_call(h->r, person);
	if (code == OK)
		code = record_update(&h->r->x, k, id, 0, entity, rig_values(h->r, k, "{}", true), &ref, &h->r->e);
	return rig_alone(h->r, code);
}

static void moving_needs_both_ends(void **state)
{
	struct house *h = *state;
	int64_t id = thing(h, "");
	expect(h, move(h, h->ann, "thing", id, h->west), E_DENIED, "not for this entity");
	expect(h, move(h, h->ann, "thing", id, 4711), E_INVALID, "/entity: is no entity that exists");
	expect(h, move(h, h->ann, "thing", id, h->east), OK, "");
	expect_sql(h, "1", "SELECT version FROM thing");
	const struct rig_grant more[] = { { h->ann, "thing.create", false, h->west, 0 }, { 0 } };
	house_world(h, more);
	expect(h, move(h, h->ann, "thing", id, h->west), OK, "");
	expect_sql(h, "1", "SELECT count(*) FROM thing WHERE entity = %lld AND version = 2", ID(h->west));
	expect_sql(h, "1", "SELECT count(*) FROM thing_history WHERE entity = %lld", ID(h->east));
	/* there it is out of ann's sight */
	expect(h, house_update(h, h->ann, "thing", id, NULL, "{'name':'c'}"), E_NOT_FOUND, "");
	expect(h, move(h, h->bob, "entity", h->west, h->east), E_INVALID, "change its parent instead");
}

static void trees_have_no_circles(void **state)
{
	struct house *h = *state;
	int64_t a = thing(h, ""), b = house_make(h, "thing", h->east, "{'name':'b','class':'big','part_of':'%lld'}", ID(a)),
		c = house_make(h, "thing", h->east, "{'name':'c','class':'big','part_of':'%lld'}", ID(b));
	expect(h, house_update(h, h->ann, "thing", a, NULL, "{'part_of':'%lld'}", ID(c)), E_INVALID, "/part_of: would make a circle");
	expect(h, house_update(h, h->ann, "thing", a, NULL, "{'part_of':'%lld'}", ID(a)), E_INVALID, "/part_of: would make a circle");
	expect(h, house_update(h, h->ann, "thing", c, NULL, "{'part_of':'%lld'}", ID(a)), OK, "");
	int64_t last = c;
	for (int i = 0; i < 61; i++)
		last = house_make(h, "thing", h->east, "{'name':'d','class':'big','part_of':'%lld'}", ID(last));
	last = house_make(h, "thing", h->east, "{'name':'d','class':'big','part_of':'%lld'}", ID(last));
	expect(h, house_create(h, h->ann, "thing", h->east, NULL, "{'name':'e','class':'big','part_of':'%lld'}", ID(last)), E_INVALID, "64 levels");
}

/* --- the tree of entities ------------------------------------------------------------------------- */

static void entities_are_their_own_place(void **state)
{
	struct house *h = *state;
	struct record_ref desk;
	expect(h, house_create(h, h->ann, "entity", 0, NULL, "{'name':'Attic'}"), E_DENIED, "only the program makes the root");
	expect(h, house_create(h, h->ann, "entity", 0, NULL, "{'name':'Attic','parent':'%lld'}", ID(h->west)), E_DENIED, "not for this entity");
	expect(h, house_create(h, h->ann, "entity", 0, &desk, "{'name':'Room','parent':'%lld'}", ID(h->east)), OK, "");
	assert_int_equal(desk.entity, desk.id);
	house_world(h, NULL);
	expect(h, house_update(h, h->ann, "entity", desk.id, NULL, "{'parent':'%lld'}", ID(h->west)), E_DENIED, "not for this entity");
	expect(h, house_update(h, h->ann, "entity", desk.id, NULL, "{'parent':null}"), E_DENIED, "only the program makes the root");
	expect(h, house_update(h, h->ann, "entity", h->east, NULL, "{'parent':'%lld'}", ID(desk.id)), E_INVALID, "/parent: would make a circle");
	/* what holds something stays */
	expect(h, house_archive(h, h->ann, "entity", h->east, false), E_CONFLICT, "still has records of the kind entity");
	int64_t id = house_make(h, "thing", desk.id, "{'name':'a','class':'big'}");
	expect(h, house_archive(h, h->ann, "entity", desk.id, false), E_CONFLICT, "still has records of the kind thing");
	expect(h, house_archive(h, h->ann, "thing", id, false), OK, "");
	expect(h, house_archive(h, h->ann, "entity", desk.id, false), OK, "");
	house_world(h, NULL); /* the server reads only living entities; the one above decides about the return */
	expect(h, house_archive(h, h->bob, "entity", desk.id, true), E_DENIED, "");
	expect(h, house_archive(h, h->ann, "entity", desk.id, true), OK, "");
}

/* --- transitions ---------------------------------------------------------------------------------- */

static void transitions_keep_to_their_states(void **state)
{
	struct house *h = *state;
	int64_t id = thing(h, "");
	expect(h, house_step(h, h->ann, "thing", id, "give_back", "{}"), E_CONFLICT, "give_back is not possible while the record is in the state new");
	expect(h, house_step(h, h->dan, "thing", id, "take", "{}"), E_DENIED, "You do not hold thing.take");
	expect(h, house_step(h, h->ann, "thing", id, "take", "{}"), OK, "");
	expect_sql(h, "used", "SELECT state FROM thing");
	expect_sql(h, "new", "SELECT state FROM thing_history");
	expect_part(rig_payload(h->r), "\"action\":\"transition\",\"state\":[\"new\",\"used\"],\"fields\":{}");
	expect(h, house_step(h, h->ann, "thing", id, "give_back", "{'name':'Torch'}"), OK, "");
	expect_sql(h, "Torch", "SELECT name FROM thing");
	/* a step may carry other changes only for who may change the record */
	const struct rig_grant more[] = { { h->cyd, "thing.take", false, h->east, 0 }, { h->cyd, "thing.read", false, h->east, 0 }, { 0 } };
	house_world(h, more);
	expect(h, house_step(h, h->cyd, "thing", id, "take", "{'name':'Mine'}"), E_DENIED, "thing.update");
	expect(h, house_step(h, h->cyd, "thing", id, "take", "{}"), OK, "");
	expect(h, house_archive(h, h->ann, "thing", id, false), OK, "");
	expect(h, house_step(h, h->ann, "thing", id, "give_back", "{}"), E_CONFLICT, "restore it first");
}

static void ceilings_hold(void **state)
{
	struct house *h = *state;
	char good[300];
	snprintf(good, sizeof good, "{'paper':" PAPER ",'sites':['%lld']}", ID(h->desk));
	static const struct {
		const char *cost, *change;
		enum code code;
	} cases[] = {
		{ "{'amount':'500.00','currency':'USD'}", "", OK },
		{ "{'amount':'500.01','currency':'USD'}", "", E_DENIED },
		{ "{'amount':'-500.01','currency':'USD'}", "", E_DENIED },
		{ "{'amount':'1.00','currency':'EUR'}", "", E_DENIED },
		{ "null", "", OK },
		/* the larger of before and after counts */
		{ "{'amount':'900.00','currency':'USD'}", ",'cost':{'amount':'1.00','currency':'USD'}", E_DENIED },
		{ "{'amount':'900.00','currency':'USD'}", ",'cost':null", E_DENIED },
		{ "{'amount':'1.00','currency':'USD'}", ",'cost':{'amount':'900.00','currency':'USD'}", E_DENIED },
		{ "{'amount':'1.00','currency':'USD'}", ",'cost':{'amount':'400.00','currency':'USD'}", OK },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t id = house_make(h, "thing", h->east, "{'name':'a','class':'big','cost':%s}", cases[i].cost);
		enum code code = house_step(h, h->eve, "thing", id, "scrap", "{'paper':" PAPER ",'sites':['%lld']%s}", ID(h->desk), cases[i].change);
		if (code != cases[i].code)
			fail_msg("case %zu: %s", i, code_name(code));
		if (code == E_DENIED) {
			expect_part(rig_fault(h->r), "above the ceiling");
			expect(h, rig_transition(h->r, h->ann, "thing", id, "scrap", good, NULL), OK, "");
		}
	}
}

static void evidence_is_asked_for(void **state)
{
	struct house *h = *state;
	int64_t id = thing(h, "");
	const struct rig_grant more[] = { { h->cyd, "thing.scrap", false, h->east, 0 }, { h->cyd, "*.read", false, h->east, 0 }, { 0 } };
	house_world(h, more);
	expect(h, house_step(h, h->cyd, "thing", id, "scrap", "{}"), E_INVALID, "/sites: is needed as evidence for {transition} {transition=scrap}; /paper: is needed");
	expect(h, house_step(h, h->cyd, "thing", id, "scrap", "{'paper':" PAPER ",'sites':[]}"), E_INVALID, "/sites: is needed");
	expect(h, house_step(h, h->cyd, "thing", id, "scrap", "{'paper':" PAPER ",'sites':['4711']}"), E_INVALID, "/sites/0: refers to no");
	/* evidence given before is as good, and giving it needs no right to change the record */
	expect(h, house_update(h, h->ann, "thing", id, NULL, "{'sites':['%lld']}", ID(h->desk)), OK, "");
	expect(h, house_step(h, h->cyd, "thing", id, "scrap", "{'paper':" PAPER "}"), OK, "");
	expect_sql(h, "gone", "SELECT state FROM thing");
}

/* --- archive -------------------------------------------------------------------------------------- */

static void archive_and_restore(void **state)
{
	struct house *h = *state;
	int64_t id = thing(h, "");
	expect(h, house_archive(h, h->dan, "thing", id, false), E_DENIED, "thing.archive");
	expect(h, house_archive(h, h->ann, "thing", id, true), OK, "");
	expect_sql(h, "1", "SELECT version FROM thing");
	expect(h, house_archive(h, h->ann, "thing", id, false), OK, "");
	expect_sql(h, "2", "SELECT version FROM thing WHERE archived = since");
	expect(h, house_archive(h, h->ann, "thing", id, false), OK, "");
	expect_sql(h, "2", "SELECT version FROM thing");
	expect(h, house_archive(h, h->ann, "thing", id, true), OK, "");
	expect_sql(h, "3", "SELECT version FROM thing WHERE archived IS NULL");
	expect_sql(h, "1", "SELECT count(*) FROM thing_history WHERE archived IS NOT NULL");
	expect_part(rig_payload(h->r), "\"action\":\"restore\"");
}

/* --- upsert and many ------------------------------------------------------------------------------ */

static enum code upsert(struct house *h, int64_t person, const char *kind, const char *json, struct record_ref *ret, bool *ret_created)
{
	const struct kind *k = rig_kind(h->r, kind);
	TRY(rig_begin(h->r));
	enum code code = rig_call(h->r, person);
	struct value *values = code == OK ? rig_values(h->r, k, json, true) : NULL;
	code = values ? record_upsert(&h->r->x, k, h->east, values, ret, ret_created, &h->r->e) : h->r->e.code;
	return rig_alone(h->r, code);
}

static void upsert_finds_the_same_thing(void **state)
{
	struct house *h = *state;
	struct record_ref first, ref;
	bool created;
	expect(h, upsert(h, h->ann, "thing", "{'name':'a','class':'big','serial':'S1','tag':'T1','pieces':7}", &first, &created), OK, "");
	assert_true(created);
	expect_sql(h, "red", "SELECT colour FROM thing");
	/* by the first set, which needs both of its fields; what is not given stays */
	expect(h, upsert(h, h->ann, "thing", "{'name':'b','class':'big','serial':'S1'}", &ref, &created), OK, "");
	assert_false(created);
	assert_int_equal(ref.id, first.id);
	expect_sql(h, "7", "SELECT pieces FROM thing WHERE name = 'b' AND tag = 'T1'");
	expect(h, upsert(h, h->ann, "thing", "{'name':'c','class':'small','serial':'S1'}", &ref, &created), OK, "");
	assert_true(created);
	/* by the second */
	expect(h, upsert(h, h->ann, "thing", "{'name':'d','tag':'T1'}", &ref, &created), OK, "");
	assert_int_equal(ref.id, first.id);
	expect(h, upsert(h, h->ann, "thing", "{'tag':'T2'}", &ref, &created), E_INVALID, "/name: is required");
	/* an archived one is not it */
	expect(h, house_archive(h, h->ann, "thing", first.id, false), OK, "");
	expect(h, upsert(h, h->ann, "thing", "{'name':'e','class':'big','tag':'T1'}", &ref, &created), OK, "");
	assert_true(created);
	/* somebody else's is not told more of than that it is there */
	expect(h, upsert(h, h->bob, "thing", "{'name':'f','class':'big','tag':'T1'}", &ref, &created), E_CONFLICT, "same identification");
}

static void many_at_once(void **state)
{
	struct house *h = *state;
	struct rig *r = h->r;
	const struct kind *k = rig_kind(r, "thing");
	enum { MANY = 1000 };
	const struct value **values = calloc(MANY + 1, sizeof *values);
	int64_t *entities = calloc(MANY + 1, sizeof *entities);
	struct record_ref *refs = calloc(MANY + 1, sizeof *refs);
	expect(h, rig_begin(r), OK, "");
	expect(h, rig_call(r, h->ann), OK, "");
	const struct value *one = rig_values(r, k, "{'name':'a','class':'big'}", true);
	for (int i = 0; i <= MANY; i++) {
		values[i] = one;
		entities[i] = h->east;
	}
	expect(h, rig_end(r, record_create_many(&r->x, k, entities, values, MANY + 1, refs, &r->e)), E_LIMIT, "1,000 records");
	expect_sql(h, "0", "SELECT count(*) FROM thing");
	expect(h, rig_call(r, h->ann), OK, "");
	one = rig_values(r, k, "{'name':'a','class':'big'}", true);
	for (int i = 0; i <= MANY; i++)
		values[i] = one;
	expect(h, rig_alone(r, record_create_many(&r->x, k, entities, values, MANY, refs, &r->e)), OK, "");
	expect_sql(h, "1000", "SELECT count(DISTINCT number) FROM thing");
	expect_sql(h, "1", "SELECT count(DISTINCT entry) FROM thing");
	for (int i = 1; i < MANY; i++)
		assert_true(refs[i - 1].id < refs[i].id);
	free(values);
	free(entities);
	free(refs);
}

/* Numbers taken by what was undone are given again or skipped, never twice. */
static void numbers_are_never_given_twice(void **state)
{
	struct house *h = *state;
	for (int i = 0; i < 12; i++) {
		expect(h, house_create(h, h->ann, "thing", h->east, NULL, "{'name':'a','class':'big','tag':'same'}"), i ? E_CONFLICT : OK, "");
		expect(h, house_create(h, h->ann, "thing", h->east, NULL, "{'name':'a','class':'big'}"), OK, "");
	}
	/* a call undone within a group of calls that are kept */
	for (int i = 0; i < 5; i++) {
		const struct kind *k = rig_kind(h->r, "thing");
		struct record_ref ref;
		expect(h, rig_begin(h->r), OK, "");
		for (int j = 0; j < 45; j++) {
			expect(h, rig_call(h->r, h->ann), OK, "");
			enum code code = record_create(&h->r->x, k, h->east, rig_values(h->r, k, "{'name':'a','class':'big'}", true), &ref, &h->r->e);
			rig_end(h->r, j % 7 == 3 ? E_INVALID : code);
			assert_int_equal(code, OK);
		}
		expect(h, rig_commit(h->r), OK, "");
	}
	expect_sql(h, "0", "SELECT count(*) - count(DISTINCT number) FROM thing");
}

/* Fifty refusals do not use up fifty blocks. */
static void refusals_use_few_numbers(void **state)
{
	struct house *h = *state;
	struct record_ref ref;
	for (int i = 0; i < 50; i++) {
		expect(h, house_create(h, h->ann, "thing", h->east, &ref, "{'name':'a','class':'big'}"), OK, "");
		expect(h, house_update(h, h->ann, "thing", ref.id, NULL, "{'name':null}"), E_INVALID, "");
		if (i)
			expect(h, house_create(h, h->ann, "thing", h->east, NULL, "{'name':'a','class':'big','tag':'same'}"), E_CONFLICT, "");
		else
			expect(h, house_create(h, h->ann, "thing", h->east, NULL, "{'name':'a','class':'big','tag':'same'}"), OK, "");
	}
	expect_sql(h, "1", "SELECT CAST(max(number) <= 'T-000200' AS integer) FROM thing");
}

/* --- guard ---------------------------------------------------------------------------------------- */

static enum code judge(void *data, struct conn *c, const struct kind *k, int64_t id, struct arena *arena, struct error *e)
{
	int64_t count = 0;
	bool found;
	struct str sql = arena_format(arena, "SELECT pieces FROM %s WHERE id = ?1", k->name);
	++*(int *)data;
	CLEAN_ROWS struct rows *rows = NULL;
	TRY(sql_query_built(c, sql, SQL_PARAMS(SQL_I(id)), &rows, e));
	TRY(rows_next(rows, &found, e));
	count = rows_int(rows, 0);
	return count < 10 ? OK : error_fail(e, E_DENIED, N_("Too many"));
}

static void the_guard_sees_the_row_and_refuses(void **state)
{
	struct house *h = *state;
	struct rig *r = h->r;
	const struct kind *k = rig_kind(r, "thing");
	int asked = 0;
	const struct record_guard guard = { judge, &asked };
	static const struct {
		const char *json;
		enum code code;
	} cases[] = { { "{'name':'a','class':'big','pieces':9}", OK }, { "{'name':'a','class':'big','pieces':10}", E_DENIED } };
	struct record_ref ref = { 0 }, kept = { 0 };
	for (size_t i = 0; i < 2; i++) {
		expect(h, rig_begin(r), OK, "");
		expect(h, rig_call(r, h->ann), OK, "");
		r->x.guard = &guard;
		expect(h, rig_alone(r, record_create(&r->x, k, h->east, rig_values(r, k, cases[i].json, true), &ref, &r->e)), cases[i].code, "Too many");
		kept = i == 0 ? ref : kept;
	}
	expect(h, rig_begin(r), OK, "");
	expect(h, rig_call(r, h->ann), OK, "");
	r->x.guard = &guard;
	expect(h, rig_alone(r, record_update(&r->x, k, kept.id, 0, 0, rig_values(r, k, "{'pieces':11}", true), &ref, &r->e)), E_DENIED, "Too many");
	assert_int_equal(asked, 3);
	expect_sql(h, "1", "SELECT count(*) FROM thing");
	expect_sql(h, "9", "SELECT pieces FROM thing");
	expect_sql(h, "0", "SELECT count(*) FROM thing_history");
}

/* --- the same from a preview ---------------------------------------------------------------------- */

static void previews_hide_masked_fields(void **state)
{
	struct house *h = *state;
	struct rig *r = h->r;
	const struct kind *k = rig_kind(r, "thing");
	int64_t id = thing(h, "'secret':'x'");
	CLEAN_BUF struct buf out;
	struct json_writer w;
	struct record_ref ref;
	buf_init(&out, 0);
	json_writer_init(&w, &out);
	expect(h, rig_begin(r), OK, "");
	expect(h, rig_call(r, 0), OK, "");
	expect(h, record_update(&r->x, k, id, 0, 0, rig_values(r, k, "{'secret':'y','name':'b','pin':'77'}", true), &ref, &r->e), OK, "");
	r->x.who = (struct subject){ .person = h->dan };
	expect(h, changes_preview(&r->x, &w, &r->e), OK, "");
	expect_part(buf_str(&out), "\"name\":[\"Lamp\",\"b\"]");
	expect_part(buf_str(&out), "\"pin\":[null,\"77\"]");
	expect_no_part(buf_str(&out), "secret");
	assert_true(changes_touched(r->x.changes, k));
	assert_false(changes_touched(r->x.changes, rig_kind(r, "site")));
	rig_alone(r, E_INVALID);
	expect_sql(h, "Lamp", "SELECT name FROM thing");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(create_writes_row_and_journal, setup, teardown),
		cmocka_unit_test_setup_teardown(create_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(references_hide_what_one_may_not_see, setup, teardown),
		cmocka_unit_test_setup_teardown(references_are_remembered_within_a_call, setup, teardown),
		cmocka_unit_test_setup_teardown(every_type_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(unique_names_the_field_unless_masked, setup, teardown),
		cmocka_unit_test_setup_teardown(update_keeps_the_old_version, setup, teardown),
		cmocka_unit_test_setup_teardown(update_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(moving_needs_both_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(trees_have_no_circles, setup, teardown),
		cmocka_unit_test_setup_teardown(entities_are_their_own_place, setup, teardown),
		cmocka_unit_test_setup_teardown(transitions_keep_to_their_states, setup, teardown),
		cmocka_unit_test_setup_teardown(ceilings_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(evidence_is_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(archive_and_restore, setup, teardown),
		cmocka_unit_test_setup_teardown(upsert_finds_the_same_thing, setup, teardown),
		cmocka_unit_test_setup_teardown(many_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_are_never_given_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(refusals_use_few_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(the_guard_sees_the_row_and_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(previews_hide_masked_fields, setup, teardown),
	};
	postgres = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests_name(postgres ? "record/write on PostgreSQL" : "record/write", tests, NULL, NULL);
}

/* Erasing a person: nothing of what was personal is left in any table, file or journal entry that one could open, and
 * everything else is as it was. On SQLite the files themselves are searched after compacting, write-ahead log included.
 *   test_record_erase [postgres://…]
 * Neighbours: test_house.h. */
#include "base/file.h"
#include "test_house.h"
#include <stdio.h>
#include <string.h>

#define ID(n) ((long long)(n))

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

/* Every word that says something about Zelda begins with "zq". */
static int64_t zelda(struct house *h)
{
	return house_make(h, "person", h->east, "{'name':'zqname','email':'zqmail@example.org','phone':'zqphone','born':'1971-02-03','desk':'%lld',"
			  "'spot':{'type':'Point','coordinates':[8.123456,47.5]},'team':'blue'}", ID(h->desk));
}

static void live_values_go_and_the_rest_stays(void **state)
{
	struct house *h = *state;
	int64_t id = zelda(h);
	int64_t thing = house_make(h, "thing", h->east, "{'name':'Lamp','class':'big','holder':'%lld'}", ID(id));
	int64_t other = house_make(h, "thing", h->east, "{'name':'Bell','class':'big','holder':'%lld'}", ID(h->ann));
	int64_t about = house_make(h, "note", h->west, "{'name':'zqtitle','text':'zqtext','about':'%lld','author':'%lld'}", ID(id), ID(h->ann));
	int64_t by = house_make(h, "note", h->west, "{'name':'Other','text':'kept','about':'%lld','author':'%lld'}", ID(h->ann), ID(id));
	expect(h, house_erase(h, h->dan, id), E_DENIED, "person.erase");
	expect(h, house_erase(h, h->bob, id), E_NOT_FOUND, "There is no person");
	expect(h, house_erase(h, h->ann, id), OK, "");

	expect_sql(h, "(erased)", "SELECT name FROM person WHERE id = %lld", ID(id));
	char unique[60];
	snprintf(unique, sizeof unique, "(erased %lld)", ID(id));
	expect_sql(h, unique, "SELECT email FROM person WHERE id = %lld", ID(id));
	expect_sql(h, "1", "SELECT count(*) FROM person WHERE id = %lld AND phone IS NULL AND born IS NULL AND desk IS NULL AND spot IS NULL "
			   "AND team = 'blue' AND version = 2", ID(id));
	/* custody, and what others wrote about her, wherever it is */
	expect_sql(h, "1", "SELECT count(*) FROM thing WHERE id = %lld AND holder IS NULL AND name = 'Lamp' AND version = 2", ID(thing));
	expect_sql(h, "1", "SELECT count(*) FROM thing WHERE id = %lld AND holder = %lld AND version = 1", ID(other), ID(h->ann));
	expect_sql(h, "1", "SELECT count(*) FROM note WHERE id = %lld AND name = '(erased)' AND text IS NULL AND about IS NULL AND author = %lld",
		   ID(about), ID(h->ann));
	/* what she wrote about others is not about her */
	expect_sql(h, "1", "SELECT count(*) FROM note WHERE id = %lld AND name = 'Other' AND text = 'kept' AND author = %lld AND version = 1", ID(by), ID(id));
	expect_sql(h, "1", "SELECT count(*) FROM journal_entry WHERE payload LIKE '%%\"action\":\"erase\"%%'");
	struct str payload = rig_payload(h->r);
	expect_part(payload, "\"phone\":[{\"erased\":true,\"subject\":");
	expect_no_part(payload, "zq");
	assert_false(keyring_has(h->r->keyring, id));
	assert_true(keyring_has(h->r->keyring, h->ann));
	/* once more is no fault; a second person fits beside the first */
	expect(h, house_erase(h, h->ann, id), OK, "");
	expect(h, house_erase(h, h->ann, h->eve), OK, "");
}

static void only_persons_are_erased(void **state)
{
	struct house *h = *state;
	struct record_ref ref;
	expect(h, rig_begin(h->r), OK, "");
	expect(h, rig_call(h->r, 0), OK, "");
	expect(h, rig_alone(h->r, record_erase(&h->r->x, rig_kind(h->r, "site"), h->desk, &ref, &h->r->e)), E_INVALID, "Only records of persons");
}

/* Undone means: nothing is erased, and the key is there. */
static void undone_is_undone(void **state)
{
	struct house *h = *state;
	struct record_ref ref;
	int64_t id = zelda(h);
	expect(h, rig_begin(h->r), OK, "");
	expect(h, rig_call(h->r, h->ann), OK, "");
	expect(h, record_erase(&h->r->x, rig_kind(h->r, "person"), id, &ref, &h->r->e), OK, "");
	rig_alone(h->r, E_INVALID);
	expect_sql(h, "zqphone", "SELECT phone FROM person WHERE id = %lld", ID(id));
	expect(h, house_update(h, h->ann, "person", id, NULL, "{'phone':'zqphone2'}"), OK, "");
	expect_part(rig_payload(h->r), "\"phone\":[{\"sealed\"");
}

/* Many records name her: all of them in one go. */
static void more_than_a_thousand_records(void **state)
{
	struct house *h = *state;
	struct rig *r = h->r;
	int64_t id = zelda(h);
	char json[100];
	const struct kind *k = rig_kind(r, "thing");
	snprintf(json, sizeof json, "{'name':'Lamp','class':'big','holder':'%lld'}", ID(id));
	for (int i = 0; i < 3; i++) {
		expect(h, rig_begin(r), OK, "");
		expect(h, rig_call(r, 0), OK, "");
		const struct value *values = rig_values(r, k, json, true);
		struct record_ref ref;
		for (int j = 0; j < 401; j++)
			expect(h, record_create(&r->x, k, h->east, values, &ref, &r->e), OK, "");
		expect(h, rig_alone(r, OK), OK, "");
	}
	expect(h, house_erase(h, h->ann, id), OK, "");
	expect_sql(h, "0", "SELECT count(*) FROM thing WHERE holder IS NOT NULL");
	expect_sql(h, "1203", "SELECT count(*) FROM thing_history");
}

/* --- the files ------------------------------------------------------------------------------------ */

static size_t found_in(struct rig *r, const char *word, bool tell)
{
	struct str *names, content;
	size_t count, hits = 0;
	assert_int_equal(folder_list(r->keep, r->folder, &names, &count, &r->e), OK);
	for (size_t i = 0; i < count; i++) {
		CLEAN_ARENA struct arena *arena = arena_new(256 << 20);
		struct str path = arena_format(arena, "%.*s/%.*s", STR_ARG(r->folder), STR_ARG(names[i]));
		assert_int_equal(file_read(arena, path, 200 << 20, &content, &r->e), OK);
		if (memmem(content.data, content.len, word, strlen(word))) {
			hits++;
			if (tell)
				print_error("\"%s\" in %.*s\n", word, STR_ARG(names[i]));
		}
	}
	return hits;
}

static void nothing_is_left_in_the_files(void **state)
{
	struct house *h = *state;
	struct rig *r = h->r;
	if (postgres)
		skip();
	int64_t id = zelda(h);
	house_make(h, "note", h->west, "{'name':'zqtitle','text':'zqtext','about':'%lld','author':'%lld'}", ID(id), ID(h->ann));
	expect(h, house_update(h, h->ann, "person", id, NULL, "{'phone':'zqphone2','name':'zqsecond'}"), OK, "");
	expect(h, house_archive(h, h->ann, "person", id, false), OK, "");
	expect(h, house_archive(h, h->ann, "person", id, true), OK, "");
	assert_true(found_in(r, "zqphone2", false) > 0);
	assert_true(found_in(r, "zqtext", false) > 0);
	expect(h, house_erase(h, h->ann, id), OK, "");
	conn_close(r->c);
	r->c = NULL;
	expect(h, store_compact(r->store, &r->e), OK, "");
	expect(h, conn_open(r->store, CONN_WRITE, &r->c, &r->e), OK, "");
	static const char *const words[] = { "zqname", "zqmail", "zqphone", "zqsecond", "zqtitle", "zqtext", "8.123456" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		assert_int_equal(found_in(r, words[i], true), 0);
	assert_true(found_in(r, "blue", false) > 0);
}

/* The house without phones, and with teams that are personal. */
static const struct model *changed_house(struct rig *r)
{
	static struct embedded files[16];
	struct buf person;
	size_t n = 0;
	buf_init(&person, 0);
	for (; house_pack[n].path; n++) {
		struct str rest = house_pack[n].data, line;
		files[n] = house_pack[n];
		while (strstr(files[n].path, "person") && str_cut(&rest, '\n', &line)) {
			if (str_starts(line, STR("  phone:")))
				continue;
			if (str_starts(line, STR("  team:")))
				line = STR("  team: {type: text, personal: {purpose: Contact, keep: 1 year}}");
			buf_add_str(&person, line);
			buf_add_char(&person, '\n');
			files[n].data = STR_NONE;
		}
		if (!files[n].data.data)
			files[n].data = arena_copy(r->keep, buf_str(&person));
	}
	buf_done(&person);
	files[n] = (struct embedded){ 0 };
	return rig_model(r, files, NULL);
}

/* A column set aside keeps its values, but not those of the erased. */
static void columns_set_aside_forget_too(void **state)
{
	struct house *h = *state;
	int64_t id = zelda(h);
	expect(h, house_update(h, h->ann, "person", id, NULL, "{'team':'zqteam'}"), OK, "");
	expect(h, house_update(h, h->ann, "person", id, NULL, "{'team':'red'}"), OK, "");
	const struct model *m = changed_house(h->r);
	assert_non_null(m);
	expect(h, rig_apply(h->r, m), OK, "");
	house_world(h, NULL);
	expect_sql(h, "zqphone", "SELECT phone__v2 FROM person WHERE id = %lld", ID(id));
	expect_sql(h, "zqteam", "SELECT team__v2 FROM person_history WHERE id = %lld AND version = 2", ID(id));
	expect(h, house_erase(h, h->ann, id), OK, "");
	expect_sql(h, "", "SELECT phone__v2 FROM person WHERE id = %lld", ID(id));
	expect_sql(h, "", "SELECT team__v2 FROM person_history WHERE id = %lld AND version = 2", ID(id));
	expect_sql(h, "", "SELECT team FROM person WHERE id = %lld", ID(id));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(live_values_go_and_the_rest_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(only_persons_are_erased, setup, teardown),
		cmocka_unit_test_setup_teardown(undone_is_undone, setup, teardown),
		cmocka_unit_test_setup_teardown(more_than_a_thousand_records, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_left_in_the_files, setup, teardown),
		cmocka_unit_test_setup_teardown(columns_set_aside_forget_too, setup, teardown),
	};
	postgres = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests_name(postgres ? "record/erase on PostgreSQL" : "record/erase", tests, NULL, NULL);
}

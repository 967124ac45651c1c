/* Kinds that change while records exist: whatever the packs drop, rename or retype, no value is lost, on both stores, going
 * forward and back.
 *   test_record_schema PACKS [postgres://…]
 * Neighbours: test_rig.h. */
#include "base/mem.h"
#include "layout.h"
#include "test_rig.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID(n) ((long long)(n))

static const char *postgres, *packs;

struct site { /* of work */
	struct rig *r;
	int64_t root;
};

static void text_add(char *text, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void text_add(char *text, size_t room, const char *format, ...)
{
	size_t len = strlen(text);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text + len, room - len, format, arguments);
	va_end(arguments);
}

/* A pack of entities, places and items; further kinds by name and text, NULL-ended pairs. */
static const struct model *model_of(struct rig *r, const char *fields, const char *more[][2])
{
	static const char entity[] = "kind: entity\nplural: Entities\nflags: [entity_tree]\nfields:\n  name: {type: text, required: true}\n"
				     "  parent: {type: ref, to: entity, tree: true}\n";
	static const char place[] = "kind: place\nfields:\n  name: {type: text, required: true}\n";
	static const char pack[] = "pack: p\ntitle: P\nversion: 1.0\n";
	struct embedded *files = ARENA_ARRAY(r->keep, 12, struct embedded);
	size_t n = 0;
	struct str item = arena_format(r->keep, "kind: item\nnumber: \"I-{seq:3}\"\nfields:\n  name: {type: text}\n%s", fields);
	files[n++] = (struct embedded){ "packs/p/kinds/entity.yaml", str_of(entity), STR("") };
	files[n++] = (struct embedded){ "packs/p/kinds/item.yaml", item, STR("") };
	files[n++] = (struct embedded){ "packs/p/kinds/place.yaml", str_of(place), STR("") };
	for (; more && (*more)[0]; more++)
		files[n++] = (struct embedded){ arena_format(r->keep, "packs/p/kinds/%s.yaml", (*more)[0]).data, str_of((*more)[1]), STR("") };
	files[n++] = (struct embedded){ "packs/p/pack.yaml", str_of(pack), STR("") };
	const struct model *m = rig_model(r, files, NULL);
	assert_non_null(m);
	return m;
}

static void apply(struct site *s, const char *fields, const char *more[][2])
{
	if (rig_apply(s->r, model_of(s->r, fields, more)) != OK)
		fail_msg("%.*s", STR_ARG(rig_fault(s->r)));
}

static int setup(void **state)
{
	struct site *s = calloc(1, sizeof *s);
	struct record_ref ref = { 0 };
	s->r = rig_new(postgres);
	assert_non_null(s->r);
	apply(s, "", NULL);
	assert_true(rig_world(s->r, NULL));
	assert_int_equal(rig_create(s->r, 0, "entity", 0, "{'name':'Root'}", &ref), OK);
	s->root = ref.id;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct site *s = *state;
	rig_free(s->r);
	free(s);
	return 0;
}

static int64_t add(struct site *s, const char *kind, const char *json)
{
	struct record_ref ref = { 0 };
	if (rig_create(s->r, 0, kind, s->root, json, &ref) != OK)
		fail_msg("%s: %.*s", json, STR_ARG(rig_fault(s->r)));
	return ref.id;
}

static void change(struct site *s, int64_t id, const char *json)
{
	if (rig_update(s->r, 0, "item", id, json, NULL) != OK)
		fail_msg("%s: %.*s", json, STR_ARG(rig_fault(s->r)));
}

static void revert(struct site *s)
{
	int64_t version;
	assert_int_equal(conn_begin(s->r->c, &s->r->e), OK);
	if (schema_revert(s->r->c, s->r->time, &version, &s->r->e) != OK || conn_commit(s->r->c, &s->r->e) != OK ||
	    rig_reconnect(s->r) != OK)
		fail_msg("%.*s", STR_ARG(rig_fault(s->r)));
}

/* The values of one column by id, joined with "|", NULL as "-". */
#define expect_column(s, table, column, value) expect_column_((s), (table), (column), (value), __FILE__, __LINE__)
static void expect_column_(struct site *s, const char *table, const char *column, const char *value, const char *file, int line)
{
	CLEAN_ROWS struct rows *rows = NULL;
	char is[2000] = "";
	size_t len = 0;
	bool row;
	struct str sql = arena_format(s->r->keep, "SELECT CAST(%s AS text) FROM %s ORDER BY id, version", column, table);
	if (sql_query_built(s->r->c, sql, SQL_NO_PARAMS, &rows, &s->r->e) != OK)
		fail_msg("%s.%s: %.*s", table, column, STR_ARG(rig_fault(s->r)));
	while (rows_next(rows, &row, &s->r->e) == OK && row) {
		struct str text = rows_null(rows, 0) ? STR("-") : rows_text(rows, 0);
		len += (size_t)snprintf(is + len, sizeof is - len, "%s%.*s", len ? "|" : "", STR_ARG(text));
	}
	if (strcmp(is, value) == 0)
		return;
	print_error("%s.%s is %s, not %s\n", table, column, is, value);
	_fail(file, line);
}

static struct str steps_text(struct rig *r, const struct schema_step *steps, size_t count)
{
	CLEAN_BUF struct buf out;
	buf_init(&out, 0);
	for (size_t i = 0; i < count; i++) {
		buf_add_str(&out, catalog_format(NULL, LANG_EN, steps[i].msgid, steps[i].args, r->keep));
		buf_add_char(&out, '\n');
	}
	return out.len ? arena_copy(r->keep, buf_str(&out)) : STR("");
}

static struct str planned(struct rig *r, const struct model *m)
{
	struct schema_step *steps;
	size_t count;
	if (schema_plan(r->c, m, r->keep, &steps, &count, &r->e) != OK)
		fail_msg("%.*s", STR_ARG(rig_fault(r)));
	return steps_text(r, steps, count);
}

static int64_t version_of(struct rig *r)
{
	int64_t v = -1;
	assert_int_equal(schema_version(r->c, &v, &r->e), OK);
	return v;
}

static bool has_column(struct rig *r, const char *table, const char *column)
{
	struct column_def *columns;
	size_t count;
	assert_int_equal(table_columns(r->c, r->keep, str_of(table), &columns, &count, &r->e), OK);
	for (size_t i = 0; i < count; i++)
		if (strcmp(columns[i].name, column) == 0)
			return true;
	return false;
}

/* --- plain changes -------------------------------------------------------------------------------- */

static void the_same_model_changes_nothing(void **state)
{
	struct site *s = *state;
	assert_int_equal(version_of(s->r), 1);
	const struct model *m = model_of(s->r, "", NULL);
	assert_int_equal(planned(s->r, m).len, 0);
	model_unref(m);
	apply(s, "", NULL);
	assert_int_equal(version_of(s->r), 1);
}

static void a_plan_says_what_apply_does(void **state)
{
	struct site *s = *state;
	const struct model *m = model_of(s->r, "  a: {type: text, indexed: true}\n  cost: {type: money}\n  places: {type: refs, to: place}\n", NULL);
	struct str plan = planned(s->r, m);
	assert_false(has_column(s->r, "item", "a"));
	assert_int_equal(rig_apply(s->r, m), OK);
	assert_true(has_column(s->r, "item", "a"));
	assert_true(has_column(s->r, "item_history", "cost_currency"));
	struct str steps = rig_ask(s->r, "SELECT steps FROM schema_version WHERE version = 2");
	const struct json *list;
	assert_int_equal(json_parse(s->r->keep, steps, NULL, &list, &s->r->e), OK);
	CLEAN_BUF struct buf joined;
	buf_init(&joined, 0);
	for (size_t i = 0; i < list->list.count; i++) {
		buf_add_str(&joined, list->list.items[i].text);
		buf_add_char(&joined, '\n');
	}
	assert_true(str_eq(plan, buf_str(&joined)));
	assert_true(str_find_str(plan, STR("add a to item\n")) >= 0);
	assert_true(str_find_str(plan, STR("index item by a\n")) >= 0);
	assert_true(str_find_str(plan, STR("create the table item_places\n")) >= 0);
}

static void a_field_that_returns_brings_its_values(void **state)
{
	struct site *s = *state;
	static const char with[] = "  a: {type: text, unique: true}\n  cost: {type: money}\n  places: {type: refs, to: place}\n";
	apply(s, with, NULL);
	int64_t place = add(s, "place", "{'name':'Here'}");
	char json[100];
	snprintf(json, sizeof json, "{'a':'one','cost':{'amount':'5.00','currency':'EUR'},'places':['%lld']}", ID(place));
	int64_t first = add(s, "item", json);
	change(s, first, "{'a':'uno'}");
	apply(s, "", NULL);
	assert_false(has_column(s->r, "item", "a"));
	assert_true(has_column(s->r, "item", "a__v3"));
	add(s, "item", "{'name':'between'}");
	change(s, first, "{'name':'x'}");
	apply(s, with, NULL);
	expect_column(s, "item", "a", "uno|-");
	expect_column(s, "item", "cost", "500|-");
	expect_column(s, "item", "cost_currency", "EUR|-");
	expect_column(s, "item_history", "a", "one|-");
	assert_true(str_is(rig_ask(s->r, "SELECT count(*) FROM item_places"), "1"));
	assert_false(has_column(s->r, "item", "a__v3"));
	/* the index is over the column that came back */
	assert_int_equal(rig_create(s->r, 0, "item", s->root, "{'a':'uno'}", NULL), E_CONFLICT);
	assert_true(str_find_str(rig_fault(s->r), STR("already has this a")) >= 0);
}

static void reverting_goes_back_version_by_version(void **state)
{
	struct site *s = *state;
	int64_t version;
	apply(s, "  a: {type: text}\n", NULL);
	apply(s, "  a: {type: text}\n  b: {type: int}\n", NULL);
	add(s, "item", "{'a':'one','b':1}");
	revert(s);
	assert_int_equal(version_of(s->r), 4);
	assert_true(has_column(s->r, "item", "a"));
	assert_false(has_column(s->r, "item", "b"));
	revert(s);
	assert_false(has_column(s->r, "item", "a"));
	assert_int_equal(conn_begin(s->r->c, &s->r->e), OK);
	assert_int_equal(schema_revert(s->r->c, 0, &version, &s->r->e), E_NOT_FOUND);
	conn_rollback(s->r->c);
	apply(s, "  a: {type: text}\n  b: {type: int}\n", NULL);
	expect_column(s, "item", "a", "one");
	expect_column(s, "item", "b", "1");
	/* from here back is where this came from */
	revert(s);
	assert_false(has_column(s->r, "item", "a"));
}

/* --- types ---------------------------------------------------------------------------------------- */

static void values_convert_where_they_can(void **state)
{
	struct site *s = *state;
	apply(s, "  a: {type: text}\n", NULL);
	static const char *const texts[] = { "{'a':'7'}", "{'a':'007'}", "{'a':'seven'}", "{}", "{'a':'-12'}", "{'a':'99999999999999999999'}", "{'a':'1.5'}" };
	int64_t ids[7];
	for (size_t i = 0; i < 7; i++)
		ids[i] = add(s, "item", texts[i]);
	change(s, ids[0], "{'a':'8'}");
	apply(s, "  a: {type: int}\n", NULL);
	expect_column(s, "item", "a", "8|7|-|-|-12|-|-");
	expect_column(s, "item_history", "a", "7");
	expect_column(s, "item", "a__v3", "8|007|seven|-|-12|99999999999999999999|1.5");
	/* meanwhile people work with numbers */
	change(s, ids[0], "{'a':80}");
	change(s, ids[3], "{'a':4}");
	change(s, ids[4], "{'a':null}");
	change(s, ids[5], "{'a':5}");
	add(s, "item", "{'a':100}");
	revert(s);
	/* what was not touched reads as it was written, down to the noughts; what was has its present value */
	expect_column(s, "item", "a", "80|007|seven|4|-|5|1.5|100");
	expect_column(s, "item_history", "a", "7|8|-|-12|-");
	/* and what nobody could convert is where it was */
	expect_column(s, "item", "a__v3", "8|007|seven|-|-12|99999999999999999999|1.5|-");
	/* and forward again */
	apply(s, "  a: {type: int}\n", NULL);
	expect_column(s, "item", "a", "80|7|-|4|-|5|-|100");
}

static void scales_dates_and_choices(void **state)
{
	struct site *s = *state;
	apply(s, "  d: {type: decimal, scale: 2}\n  c: {type: choice, of: [red, blue]}\n  t: {type: text}\n  n: {type: int}\n", NULL);
	add(s, "item", "{'d':'1.25','c':'red','t':'2026-01-31','n':3}");
	add(s, "item", "{'d':'-0.50','c':'blue','t':'red','n':0}");
	apply(s, "  d: {type: decimal, scale: 3}\n  c: {type: text}\n  t: {type: date}\n  n: {type: decimal, scale: 1}\n", NULL);
	expect_column(s, "item", "d", "1250|-500");
	expect_column(s, "item", "c", "red|blue");
	expect_column(s, "item", "t", "20484|-");
	expect_column(s, "item", "n", "30|0");
	add(s, "item", "{'d':'0.001'}");
	apply(s, "  d: {type: decimal, scale: 2}\n  c: {type: choice, of: [red]}\n  t: {type: text}\n  n: {type: text}\n", NULL);
	expect_column(s, "item", "d", "125|-50|-");
	expect_column(s, "item", "c", "red|blue|-");
	expect_column(s, "item", "t", "2026-01-31|red|-");
	/* a type that never had a column of its own is read from what is there now */
	expect_column(s, "item", "n", "3.0|0.0|-");
}

static void a_dropped_field_of_another_type_is_read(void **state)
{
	struct site *s = *state;
	apply(s, "  a: {type: decimal, scale: 2}\n", NULL);
	add(s, "item", "{'a':'12.00'}");
	add(s, "item", "{'a':'12.34'}");
	apply(s, "", NULL);
	apply(s, "  a: {type: decimal, scale: 0}\n", NULL);
	/* never 1200 */
	expect_column(s, "item", "a", "12|-");
	apply(s, "  a: {type: money}\n", NULL);
	expect_column(s, "item", "a", "-|-");
	apply(s, "  a: {type: decimal, scale: 2}\n", NULL);
	/* money says nothing as a plain number: the decimals come back as they were */
	expect_column(s, "item", "a", "1200|1234");
}

static void references_to_another_kind_step_aside(void **state)
{
	struct site *s = *state;
	apply(s, "  a: {type: ref, to: place}\n  l: {type: refs, to: place}\n", NULL);
	char json[100], ids[60];
	int64_t place = add(s, "place", "{'name':'Here'}");
	snprintf(json, sizeof json, "{'a':'%lld','l':['%lld']}", ID(place), ID(place));
	int64_t first = add(s, "item", json);
	change(s, first, "{'l':[]}");
	change(s, first, json);
	apply(s, "  a: {type: ref, to: item}\n  l: {type: refs, to: item}\n", NULL);
	expect_column(s, "item", "a", "-");
	assert_true(str_is(rig_ask(s->r, "SELECT count(*) FROM item_l"), "0"));
	assert_true(str_is(rig_ask(s->r, "SELECT count(*) FROM item_l__v3"), "1"));
	snprintf(json, sizeof json, "{'a':'%lld','l':['%lld']}", ID(first), ID(first));
	change(s, first, json);
	apply(s, "  a: {type: ref, to: place}\n  l: {type: refs, to: place}\n", NULL);
	snprintf(ids, sizeof ids, "%lld", ID(place));
	expect_column(s, "item", "a", ids);
	assert_true(str_is(rig_ask(s->r, "SELECT target FROM item_l"), ids));
	apply(s, "  a: {type: ref, to: item}\n  l: {type: refs, to: item}\n", NULL);
	snprintf(ids, sizeof ids, "%lld", ID(first));
	expect_column(s, "item", "a", ids);
	assert_true(str_is(rig_ask(s->r, "SELECT target FROM item_l"), ids));
}

/* --- kinds, views, indexes ------------------------------------------------------------------------ */

static void a_kind_that_returns_brings_its_records(void **state)
{
	struct site *s = *state;
	static const char *first[][2] = { { "tool", "kind: tool\nfields:\n  name: {type: text, required: true}\n  a: {type: text, unique: true}\n" }, { 0 } };
	static const char *second[][2] = { { "tool", "kind: tool\nfields:\n  name: {type: text, required: true}\n  a: {type: int}\n  b: {type: bool}\n" }, { 0 } };
	apply(s, "", first);
	add(s, "tool", "{'name':'saw','a':'5'}");
	add(s, "tool", "{'name':'axe','a':'x'}");
	const struct model *m = model_of(s->r, "", NULL);
	assert_true(str_find_str(planned(s->r, m), STR("leave tool as it is")) >= 0);
	model_unref(m);
	apply(s, "", NULL);
	apply(s, "  z: {type: text}\n", NULL);
	apply(s, "", second);
	expect_column(s, "tool", "name", "saw|axe");
	expect_column(s, "tool", "a", "5|-");
	apply(s, "", first);
	expect_column(s, "tool", "a", "5|x");
	assert_int_equal(rig_create(s->r, 0, "tool", s->root, "{'name':'saw','a':'x'}", NULL), E_CONFLICT);
}

static void what_is_not_unique_is_told(void **state)
{
	struct site *s = *state;
	apply(s, "  a: {type: text}\n", NULL);
	add(s, "item", "{'a':'same'}");
	add(s, "item", "{'a':'same'}");
	assert_int_equal(rig_apply(s->r, model_of(s->r, "  a: {type: text, unique: true}\n  b: {type: text}\n", NULL)), E_CONFLICT);
	assert_true(str_find_str(rig_fault(s->r), STR("item has records with the same a")) >= 0);
	assert_int_equal(version_of(s->r), 2);
	assert_false(has_column(s->r, "item", "b"));
	add(s, "item", "{'a':'same'}");
}

static void views_follow_their_tables(void **state)
{
	struct site *s = *state;
	static const char *one[][2] = { { "seen", "kind: seen\ntitle_field: a\nfields:\n  a: {type: text}\nselect: |\n  SELECT id, entity, a FROM item\n" }, { 0 } };
	static const char *two[][2] = { { "seen", "kind: seen\ntitle_field: a\nfields:\n  a: {type: text}\nselect: |\n  SELECT id, entity, name AS a FROM item\n" }, { 0 } };
	static const char *table[][2] = { { "seen", "kind: seen\nfields:\n  name: {type: text, required: true}\n" }, { 0 } };
	static const char *own[][2] = { { "journal_entry", "kind: journal_entry\nfields:\n  name: {type: text, required: true}\n" }, { 0 } };
	apply(s, "  a: {type: text}\n", one);
	add(s, "item", "{'name':'n','a':'v'}");
	assert_true(str_is(rig_ask(s->r, "SELECT a FROM seen"), "v"));
	apply(s, "  a: {type: int}\n", two);
	assert_true(str_is(rig_ask(s->r, "SELECT a FROM seen"), "n"));
	apply(s, "  a: {type: text}\n", one);
	assert_true(str_is(rig_ask(s->r, "SELECT a FROM seen"), "v"));
	apply(s, "  a: {type: text}\n", NULL);
	bool there;
	assert_int_equal(table_exists(s->r->c, STR("seen"), &there, &s->r->e), OK);
	assert_false(there);
	apply(s, "  a: {type: text}\n", one);
	/* a view may become a table, a table with records never a view */
	const struct model *m = model_of(s->r, "  a: {type: text}\n", table);
	assert_true(str_find_str(planned(s->r, m), STR("create the table seen\n")) >= 0);
	model_unref(m);
	apply(s, "  a: {type: text}\n", table);
	add(s, "seen", "{'name':'kept'}");
	assert_int_equal(rig_apply(s->r, model_of(s->r, "  a: {type: text}\n", one)), E_INVALID);
	assert_true(str_is(rig_ask(s->r, "SELECT name FROM seen"), "kept"));
	assert_int_equal(rig_apply(s->r, model_of(s->r, "", own)), E_INVALID);
	assert_true(str_find_str(rig_fault(s->r), STR("a table journal_entry of its own")) >= 0);
}

#define THIRTY_NINE "abcdefghijklmnopqrstuvwxyz_0123456789_a"
#define FORTY THIRTY_NINE "b"

static void long_names_fit(void **state)
{
	struct site *s = *state;
	/* two indexes whose names differ only after what PostgreSQL keeps */
	static const char *more[][2] = { { FORTY, "kind: " FORTY "\nfields:\n  name: {type: text, required: true}\n"
						 "  " FORTY ": {type: text, unique: true}\n  " THIRTY_NINE "c: {type: text, unique: true}\n" }, { 0 } };
	apply(s, "", more);
	add(s, FORTY, "{'name':'n','" FORTY "':'u'}");
	assert_int_equal(rig_create(s->r, 0, FORTY, s->root, "{'name':'n','" FORTY "':'u'}", NULL), E_CONFLICT);
	assert_true(str_find_str(rig_fault(s->r), STR("already has this " FORTY)) >= 0);
	assert_int_equal(rig_create(s->r, 0, FORTY, s->root, "{'name':'n','" THIRTY_NINE "c':'u'}", NULL), OK);
	apply(s, "", NULL);
	apply(s, "", more);
	assert_int_equal(rig_create(s->r, 0, FORTY, s->root, "{'name':'n','" FORTY "':'u'}", NULL), E_CONFLICT);
}

/* --- at random, and short of memory --------------------------------------------------------------- */

enum { FIELDS = 5, ITEMS = 6, ROUNDS = 25 };

/* Fields come and go as text; the oracle is what was last written to each. */
static void nothing_is_lost_at_random(void **state)
{
	struct site *s = *state;
	struct random_seeded random;
	int64_t ids[ITEMS];
	int written[ITEMS][FIELDS] = { { 0 } }, next = 1;
	random_seed(&random, 4);
	for (int i = 0; i < ITEMS; i++)
		ids[i] = add(s, "item", "{'name':'n'}");
	for (int round = 0; round < ROUNDS; round++) {
		char fields[600] = "", json[100];
		unsigned there = (unsigned)random_below(&random, 1 << FIELDS);
		for (int f = 0; f < FIELDS; f++)
			if (there >> f & 1)
				text_add(fields, sizeof fields, "  f%d: {type: text%s}\n", f, random_below(&random, 2) ? ", indexed: true" : "");
		if (random_below(&random, 6) == 0 && round > 3)
			revert(s);
		apply(s, fields, NULL);
		for (int f = 0; f < FIELDS; f++) {
			char column[8], expected[200] = "";
			snprintf(column, sizeof column, "f%d", f);
			if (!(there >> f & 1))
				continue;
			for (int i = 0; i < ITEMS; i++)
				if (written[i][f])
					text_add(expected, sizeof expected, "%sw%d", i ? "|" : "", written[i][f]);
				else
					text_add(expected, sizeof expected, "%s-", i ? "|" : "");
			expect_column(s, "item", column, expected);
			int which = (int)random_below(&random, ITEMS);
			snprintf(json, sizeof json, "{'f%d':'w%d'}", f, next);
			change(s, ids[which], json);
			written[which][f] = next++;
		}
	}
}

static void every_allocation_may_fail(void **state)
{
	struct site *s = *state;
	struct rig *r = s->r;
	apply(s, "  a: {type: text}\n  b: {type: text, indexed: true}\n", NULL);
	add(s, "item", "{'a':'1','b':'x'}");
	const struct model *m = model_of(r, "  a: {type: int}\n  c: {type: text}\n", NULL);
	bool done = false;
	for (int64_t n = 0; !done && n < 3000; n += 1 + n / 40) {
		int64_t version = 0;
		assert_int_equal(conn_begin(r->c, &r->e), OK);
		mem_fail_at(n);
		enum code code = schema_apply(r->c, m, r->time, &version, &r->e);
		done = mem_fail_left() >= 0;
		mem_fail_at(-1);
		assert_true(done ? code == OK : code == E_NOMEM || code == E_IO || code == OK);
		conn_rollback(r->c);
		assert_int_equal(rig_reconnect(r), OK);
		assert_int_equal(version_of(r), 2);
		expect_column(s, "item", "a", "1");
	}
	assert_true(done);
	assert_int_equal(rig_apply(r, m), OK);
	expect_column(s, "item", "a", "1");
}

static void damaged_layouts_are_told(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	static const char *const damaged[] = {
		"{\"tables\":[{}],\"views\":[]}", "{\"tables\":[{\"name\":\"a\",\"key\":\"id\",\"columns\":[[\"id\"]],\"indexes\":[]}]}",
		"{\"tables\":[{\"name\":\"a\",\"key\":\"id\",\"columns\":[{}],\"indexes\":[]}]}",
		"{\"tables\":[{\"name\":\"a\",\"key\":\"id\",\"columns\":[],\"indexes\":[{}]}]}", "[",
	};
	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
		struct layout l = { 0 };
		struct error e;
		error_init(&e, arena);
		assert_int_not_equal(layout_from_json(str_of(damaged[i]), arena, &l, &e), OK);
		assert_null(l.tables);
	}
}

/* The packs that ship: onto an empty database, twice, and back. */
static void shipped_packs_apply(void **state)
{
	struct rig *r = rig_new(postgres);
	assert_non_null(r);
	const struct model *m = rig_model(r, NULL, packs);
	assert_non_null(m);
	if (rig_apply(r, model_ref(m)) != OK)
		fail_msg("%.*s", STR_ARG(rig_fault(r)));
	assert_int_equal(planned(r, m).len, 0);
	assert_int_equal(rig_apply(r, m), OK);
	assert_int_equal(version_of(r), 1);
	/* every column and index the layout names is there */
	struct layout l;
	assert_int_equal(schema_layout(r->c, r->keep, &l, &r->e), OK);
	assert_true(l.table_count > 60);
	for (size_t i = 0; i < l.table_count; i++)
		for (size_t j = 0; j < l.tables[i].column_count; j++)
			assert_true(has_column(r, l.tables[i].name.data, l.tables[i].columns[j].name.data));
	struct str again = layout_to_json(&l, r->keep);
	assert_true(str_eq(again, rig_ask(r, "SELECT layout FROM schema_version")));
	rig_free(r);
}

/* Something for every field, so that each column is written; references to what was made before. */
static bool fill_values(const struct kind *k, const int64_t *made, const struct model *m, struct value *values, int64_t n)
{
	for (const struct field *f = k->fields; f->name; f++) {
		struct value *v = &values[f->index];
		*v = (struct value){ .set = true, .integer = 1 };
		if (field_column_type(f) == COLUMN_TEXT)
			v->text = f->type == FIELD_CHOICE ? str_of(f->choices[0].name) : n % 2 ? STR("{\"a\":1}") : STR("{\"b\":2}");
		if (f->type == FIELD_MONEY)
			v->money.minor = n, memcpy(v->money.currency, "USD", 4);
		if (f->type != FIELD_REF && f->type != FIELD_REFS)
			continue;
		const struct kind *to = model_kind(m, str_of(f->to));
		const int64_t *id = &made[to->index];
		v->null = !*id || (f->flags & FIELD_TREE);
		if (f->type == FIELD_REF)
			v->integer = *id;
		else
			v->refs.ids = id, v->refs.count = *id ? 1 : 0;
		if (!*id && (f->flags & FIELD_REQUIRED))
			return false;
	}
	return true;
}

static bool try_kind(struct rig *r, const struct kind *k, int64_t *made, int64_t *io_root, int64_t *io_parent)
{
	struct value *values = calloc(k->field_count + 1, sizeof *values);
	struct record_ref ref = { .entity = *io_root };
	enum code code = fill_values(k, made, r->model, values, 1) ? rig_begin(r) : E_NOT_FOUND;
	if (code == OK && rig_call(r, 0) == OK)
		code = rig_alone(r, record_create(&r->x, k, *io_root, values, &ref, &r->e));
	if (code == OK && k->flags & KIND_ENTITY_TREE)
		*io_root = *io_parent = ref.id;
	/* a second version, so that history has every column too */
	if (code == OK && fill_values(k, made, r->model, values, 2) && rig_begin(r) == OK && rig_call(r, 0) == OK)
		code = rig_alone(r, record_update(&r->x, k, ref.id, 1, 0, values, &ref, &r->e));
	if (code != OK && code != E_NOT_FOUND)
		fail_msg("%s: %.*s", k->name, STR_ARG(rig_fault(r)));
	free(values);
	made[k->index] = code == OK ? ref.id : 0;
	return code == OK;
}

static void shipped_kinds_are_written(void **state)
{
	struct rig *r = rig_new(postgres);
	assert_non_null(r);
	const struct model *m = rig_model(r, NULL, packs);
	assert_non_null(m);
	assert_int_equal(rig_apply(r, m), OK);
	assert_true(rig_world(r, NULL));
	int64_t *made = calloc(m->kind_count, sizeof *made), root = 0, parent = 0;
	for (bool progress = true; progress;) {
		progress = false;
		for (size_t i = 0; i < m->kind_count; i++) {
			const struct kind *k = m->kinds[i];
			if (!made[i] && !(k->flags & KIND_VIEW) && (root || k->flags & KIND_ENTITY_TREE))
				progress |= try_kind(r, k, made, &root, &parent);
		}
	}
	for (size_t i = 0; i < m->kind_count; i++) {
		char sql[200];
		if (m->kinds[i]->flags & KIND_VIEW) {
			snprintf(sql, sizeof sql, "SELECT count(*) >= 0 FROM %s", m->kinds[i]->name);
			assert_false(str_is(rig_ask(r, sql), ""));
			continue;
		}
		if (!made[i])
			fail_msg("no %s could be made", m->kinds[i]->name);
		snprintf(sql, sizeof sql, "SELECT version FROM %s_history", m->kinds[i]->name);
		if (!str_is(rig_ask(r, sql), "1") && !str_is(rig_ask(r, sql), "(no row)"))
			fail_msg("%s: %.*s", m->kinds[i]->name, STR_ARG(rig_ask(r, sql)));
	}
	free(made);
	rig_free(r);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_model_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_plan_says_what_apply_does, setup, teardown),
		cmocka_unit_test_setup_teardown(a_field_that_returns_brings_its_values, setup, teardown),
		cmocka_unit_test_setup_teardown(reverting_goes_back_version_by_version, setup, teardown),
		cmocka_unit_test_setup_teardown(values_convert_where_they_can, setup, teardown),
		cmocka_unit_test_setup_teardown(scales_dates_and_choices, setup, teardown),
		cmocka_unit_test_setup_teardown(a_dropped_field_of_another_type_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(references_to_another_kind_step_aside, setup, teardown),
		cmocka_unit_test_setup_teardown(a_kind_that_returns_brings_its_records, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_unique_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(views_follow_their_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(long_names_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_lost_at_random, setup, teardown),
		cmocka_unit_test_setup_teardown(every_allocation_may_fail, setup, teardown),
		cmocka_unit_test(damaged_layouts_are_told),
		cmocka_unit_test(shipped_packs_apply),
		cmocka_unit_test(shipped_kinds_are_written),
	};
	if (argc < 2)
		return 2;
	packs = argv[1];
	postgres = argc > 2 ? argv[2] : NULL;
	return cmocka_run_group_tests_name(postgres ? "record/schema on PostgreSQL" : "record/schema", tests, NULL, NULL);
}

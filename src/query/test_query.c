/* Parsing, resolving and emitting against a small model: what is refused and where, what a query is said to read, and that
 * nothing people wrote stands in the SQL. Neighbours: tests/integration/test_ask.py runs queries on both stores. */
#include "base/arena.h"
#include "query/query.h"
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define FILE_OF(path, text) { path, { text, sizeof(text) - 1 }, { "", 0 } }
static const struct embedded files[] = {
	FILE_OF("packs/yard/kinds/site.yaml", "kind: site\ntitle: Site\nfields:\n  title: {type: text, required: true}\n"),
	FILE_OF("packs/yard/kinds/thing.yaml", "kind: thing\ntitle: Thing\nnumber: \"T-{seq:3}\"\nfields:\n"
					       "  name: {type: text, required: true}\n  size: {type: int}\n  cost: {type: money}\n"
					       "  bought: {type: date}\n  seen: {type: time}\n  class: {type: choice, of: [laptop, server]}\n"
					       "  part_of: {type: ref, to: thing}\n  tags: {type: refs, to: thing}\n"
					       "  load: {type: decimal, scale: 2, min: -1000, max: 1000}\n  usable: {type: bool}\n  place: {type: geo}\n"
					       "states:\n  new: {start: used}\n  used: {stop: new}\ntransitions:\n  start: {}\n  stop: {}\n"),
	FILE_OF("packs/yard/pack.yaml", "pack: yard\ntitle: Yard\nversion: 1\n"),
	{ 0 },
};
static const struct model *model;

static int load_model(void **state)
{
	struct arena *arena = arena_new(0);
	struct pack_source *sources;
	struct error e;
	size_t count;
	error_init(&e, arena);
	enum code code = pack_sources_find(arena, STR_NONE, files, &sources, &count, &e);
	if (code == OK)
		code = model_load(sources, count, NULL, &model, &e);
	if (code != OK)
		print_error("%s\n", error_text(&e, arena).data);
	arena_free(arena);
	return code != OK;
}

static int free_model(void **state)
{
	model_unref(model);
	return 0;
}

struct asked {
	struct arena *arena;
	struct error e;
	const struct query *q;
	struct query_place place;
	enum code code;
};

static void ask(struct asked *a, struct str sql)
{
	a->arena = arena_new(0);
	assert_non_null(a->arena);
	error_init(&a->e, a->arena);
	a->q = NULL;
	a->place = (struct query_place){ 0 };
	a->code = query_parse(model, sql, a->arena, &a->q, &a->place, &a->e);
}

static void done(struct asked *a)
{
	arena_free(a->arena);
}

static void good(const char *sql)
{
	struct asked a;
	ask(&a, str_of(sql));
	if (a.code != OK)
		fail_msg("%s: %s", sql, error_text(&a.e, a.arena).data);
	done(&a);
}

/* --- what is refused ------------------------------------------------------------------------------ */

static const struct refused {
	const char *sql, *reason;
	size_t line, column;
} refused[] = {
	{ "", "There is no query", 1, 1 },
	{ "SELECT", "asks for no column", 1, 1 },
	{ "SELECT 1; SELECT 2", "Only one query", 1, 10 },
	{ "SELECT 1; DROP TABLE thing", "Only one query", 1, 10 },
	{ "DELETE FROM thing", "Only SELECT", 1, 1 },
	{ "EXPLAIN SELECT 1", "Only SELECT", 1, 1 },
	{ "WITH x AS (DELETE FROM thing RETURNING *) SELECT 1", "Queries cannot use DeleteStmt", 1, 6 },
	{ "SELECT name INTO other FROM thing", "Queries cannot use intoClause", 1, 1 },
	{ "SELECT name FROM thing FOR UPDATE", "Queries cannot use lockingClause", 1, 1 },
	{ "VALUES (1)", "Queries cannot use valuesLists", 1, 1 },
	{ "TABLE pg_class", "no kind pg_class", 1, 7 },
	{ "WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT 1 FROM x) SELECT 1 FROM x", "Queries cannot use recursive", 1, 1 },
	{ "SELECT name FROM pg_catalog.pg_class", "Queries cannot use schemaname", 1, 18 },
	{ "SELECT name FROM main.thing", "Queries cannot use schemaname", 1, 18 },
	{ "SELECT x.b FROM (SELECT name, size FROM thing) x(b, b)", "several", 1, 8 },
	{ "SELECT 1 FROM sqlite_master", "no kind sqlite_master", 1, 15 },
	{ "SELECT 1 FROM thing_history", "no kind thing_history", 1, 15 },
	{ "SELECT 1 FROM \"Thing\"", "did you mean thing", 1, 15 },
	{ "SELECT archived FROM thing", "no column archived", 1, 8 },
	{ "SELECT cost_currency FROM thing", "no column cost_currency", 1, 8 },
	{ "SELECT tags FROM thing", "no column tags", 1, 8 },
	{ "SELECT t1.name FROM thing", "no t1 in FROM", 1, 8 },
	{ "SELECT\n  a.nam\nFROM thing a", "did you mean name", 2, 3 },
	{ "SELECT 'é', nme FROM thing", "did you mean name", 1, 13 },
	{ "SELECT name FROM thing, site AS thing", "named twice", 1, 25 },
	{ "SELECT name FROM thing a, thing b", "several tables", 1, 8 },
	{ "SELECT pg_read_file('/etc/passwd')", "no function pg_read_file()", 1, 8 },
	{ "SELECT load_extension('x')", "no function", 1, 8 },
	{ "SELECT pg_catalog.lower('x')", "without a schema", 1, 8 },
	{ "SELECT checked_add(1, 2)", "no function", 1, 8 },
	{ "SELECT lenght(name) FROM thing", "did you mean length()", 1, 8 },
	{ "SELECT lower(size) FROM thing", "does not take", 1, 8 },
	{ "SELECT lower(name, name) FROM thing", "does not take", 1, 8 },
	{ "SELECT count(name) OVER (ROWS 1 PRECEDING) FROM thing", "Queries cannot use startOffset", 1, 25 },
	{ "SELECT rank() FROM thing", "needs OVER", 1, 8 },
	{ "SELECT max(count(*)) FROM thing", "cannot stand here", 1, 12 },
	{ "SELECT name FROM thing WHERE count(*) > 1", "cannot stand here", 1, 30 },
	{ "SELECT name, count(*) FROM thing", "must stand in GROUP BY", 1, 8 },
	{ "SELECT name FROM thing GROUP BY size", "must stand in GROUP BY", 1, 8 },
	{ "SELECT (SELECT t.name FROM site LIMIT 1) FROM thing t GROUP BY t.size", "must stand in GROUP BY", 1, 16 },
	{ "SELECT (SELECT title FROM site) FROM thing", "must give one row", 1, 8 },
	{ "SELECT name FROM thing WHERE size IN (SELECT id, id FROM site)", "one column", 1, 35 },
	{ "SELECT name FROM thing WHERE size IN (SELECT title FROM site)", "makes no sense", 1, 35 },
	{ "SELECT name FROM thing WHERE name = 1", "is needed", 1, 37 },
	{ "SELECT name FROM thing WHERE name", "is needed", 1, 30 },
	{ "SELECT name FROM thing WHERE bought = '2024-13-01'", "no value of type date", 1, 39 },
	{ "SELECT name FROM thing WHERE class = 'labtop'", "did you mean “laptop”", 1, 38 },
	{ "SELECT name FROM thing WHERE class IN ('server', 'sever')", "did you mean “server”", 1, 50 },
	{ "SELECT name FROM thing WHERE state = 'neu'", "did you mean “new”", 1, 38 },
	{ "SELECT name FROM thing WHERE cost > 5", "Money is compared", 1, 37 },
	{ "SELECT sum(cost) FROM thing", "does not take", 1, 8 },
	{ "SELECT name FROM thing ORDER BY cost", "order by amount", 1, 33 },
	{ "SELECT DISTINCT place FROM thing", "cannot be grouped", 1, 17 },
	{ "SELECT seen - seen FROM thing", "days_between", 1, 13 },
	{ "SELECT bought + interval '1 day' FROM thing", "no intervals", 1, 17 },
	{ "SELECT name ~ 'x' FROM thing", "no operator ~", 1, 13 },
	{ "SELECT name LIKE name FROM thing", "must be a text in quotes", 1, 18 },
	{ "SELECT name LIKE 'a\\' FROM thing", "backslash", 1, 18 },
	{ "SELECT name FROM thing LIMIT size", "need a number", 1, 30 },
	{ "SELECT name FROM thing LIMIT -1", "need a number", 1, 30 },
	{ "SELECT name FROM thing ORDER BY 2", "no such column", 1, 33 },
	{ "SELECT name FROM thing UNION SELECT 1", "is needed", 1, 37 },
	{ "SELECT name FROM thing UNION SELECT 'a', 1", "same number of columns", 1, 1 },
	{ "SELECT DISTINCT ON (name) name FROM thing", "DISTINCT ON", 1, 1 },
	{ "SELECT name FROM thing NATURAL JOIN site", "", 1, 1 },
	{ "SELECT name FROM thing FULL JOIN site ON true", "Of joins", 1, 1 },
	{ "SELECT name FROM thing, LATERAL (SELECT 1) x", "lateral", 1, 1 },
	{ "SELECT name FROM generate_series(1, 10) name", "Queries cannot use RangeFunction", 1, 1 },
	{ "SELECT name FROM thing TABLESAMPLE system (1)", "Queries cannot use RangeTableSample", 1, 36 },
	{ "SELECT $1", "Queries cannot use ParamRef", 1, 8 },
	{ "SELECT ARRAY[1]", "Queries cannot use", 1, 8 },
	{ "SELECT (name).x FROM thing", "Queries cannot use", 1, 8 },
	{ "SELECT name COLLATE \"C\" FROM thing", "Queries cannot use CollateClause", 1, 13 },
	{ "SELECT ROW(1, 2)", "Queries cannot use RowExpr", 1, 8 },
	{ "SELECT 99999999999999999999", "is no value of type decimal", 1, 8 },
	{ "SELECT 1e2", "is no value of type decimal", 1, 8 },
	{ "SELECT 1e400", "", 1, 8 },
	{ "SELECT 'open", "no valid SQL", 1, 8 },
	{ "SELECT /* open", "no valid SQL", 1, 8 },
	{ "SELECT name FORM thing", "not understood from “thing”", 1, 18 },
	{ "SELECT name FROM", "ends too early", 1, 17 },
	{ "SELECT - /* 5 */ 5", "sign directly", 1, 8 },
};

static void test_refused(void **state)
{
	size_t bad = 0;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		const struct refused *r = &refused[i];
		struct asked a;
		ask(&a, str_of(r->sql));
		const char *said = a.code == OK ? "answered" : error_text(&a.e, a.arena).data;
		if (a.code != E_INVALID || !strstr(said, r->reason) || a.place.line != r->line || a.place.column != r->column) {
			print_error("%s\n\t%s at %zu:%zu, not %s at %zu:%zu\n", r->sql, said, a.place.line, a.place.column, r->reason, r->line, r->column);
			bad++;
		}
		done(&a);
	}
	assert_int_equal(bad, 0);
}

/* --- hostile sizes -------------------------------------------------------------------------------- */

static char *repeated(const char *before, const char *piece, size_t times, const char *middle, const char *after, size_t closings)
{
	char *text = malloc(strlen(before) + strlen(piece) * times + strlen(middle) + strlen(after) * closings + 1), *at = text;
	assert_non_null(text);
	at = stpcpy(at, before);
	while (times--)
		at = stpcpy(at, piece);
	at = stpcpy(at, middle);
	while (closings--)
		at = stpcpy(at, after);
	return text;
}

struct flood {
	const char *before, *piece, *middle, *after;
	size_t times;
	enum code code; /* OK: any answer */
};

static void *run_floods(void *failed)
{
	static const struct flood floods[] = {
		{ "SELECT ", "(", "1", ")", 500000, E_LIMIT }, { "SELECT ", "(", "1", ")", 4900, OK },	   { "SELECT ", "1+", "1", "", 4900, E_LIMIT },
		{ "SELECT ", "NOT ", "true", "", 9000, E_LIMIT }, { "SELECT 1", " UNION SELECT 1", "", "", 3000, E_LIMIT },
		{ "SELECT ", "CASE WHEN true THEN ", "1", " END", 1500, E_LIMIT }, { "SELECT ", "(SELECT ", "1", ")", 1500, E_LIMIT },
		{ "SELECT ", "lower(", "'x'", ")", 2000, E_LIMIT }, { "SELECT ", "- ", "1", "", 9000, OK }, { "SELECT '", "x", "'", "", 100000, E_LIMIT },
		{ "SELECT 1 IN (1", ",1", ")", "", 4000, OK }, { "SELECT true", " AND true", "", "", 4000, OK }, { "SELECT 1", ", 1", "", "", 3000, E_LIMIT },
		{ "SELECT 1 FROM thing", ", thing", "", "", 40, OK }, { "SELECT \"", "x", "\"", "", 60000, OK }, { "--", "x", "\n", "", 60000, OK },
		{ "/*", "/*", "*/", "", 4000, OK }, { "SELECT $$", "x", "$$", "", 60000, OK },
	};
	bool *bad = failed;
	for (size_t i = 0; i < sizeof floods / sizeof *floods; i++) {
		const struct flood *f = &floods[i];
		char *text = repeated(f->before, f->piece, f->times, f->middle, f->after, *f->after ? f->times : 0);
		struct arena *arena = arena_new(0);
		const struct query *q;
		struct error e;
		error_init(&e, arena);
		enum code code = query_parse(model, str_of(text), arena, &q, NULL, &e);
		*bad |= f->code != OK ? code != f->code : code != OK && code != E_LIMIT && code != E_INVALID;
		if (*bad)
			print_error("flood %zu: %s\n", i, code_name(code));
		arena_free(arena);
		free(text);
		if (*bad)
			break;
	}
	return NULL;
}

/* On several threads at once, with a quarter of the usual stack. */
static void test_floods(void **state)
{
	pthread_t threads[4];
	pthread_attr_t attr;
	bool bad[4] = { false };
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, (size_t)2 << 20);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], &attr, run_floods, &bad[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_false(bad[i]);
	}
	pthread_attr_destroy(&attr);
}

/* --- what it reads -------------------------------------------------------------------------------- */

static const struct query_column *column_of(const struct query *q, const char *kind, const char *name)
{
	for (size_t t = 0; t < q->table_count; t++)
		for (size_t i = 0; strcmp(q->tables[t].kind->name, kind) == 0 && i < q->tables[t].column_count; i++)
			if (strcmp(q->tables[t].columns[i].name, name) == 0)
				return &q->tables[t].columns[i];
	return NULL;
}

static void test_reads(void **state)
{
	struct asked a;
	ask(&a, STR("SELECT s.title, x.n FROM site s JOIN (SELECT part_of, count(*) AS n FROM thing WHERE class = 'laptop' GROUP BY part_of) x "
		    "ON x.part_of = s.id"));
	assert_int_equal(a.code, OK);
	assert_int_equal(a.q->table_count, 2);
	assert_true(column_of(a.q, "site", "title")->named && column_of(a.q, "site", "id")->named && column_of(a.q, "thing", "part_of")->named);
	assert_non_null(column_of(a.q, "thing", "class"));
	assert_null(column_of(a.q, "thing", "name"));
	assert_true(a.q->grouped && a.q->nested && !a.q->row_local);
	assert_int_equal(a.q->outputs[0].type, QUERY_TEXT);
	assert_int_equal(a.q->outputs[1].type, QUERY_INT);
	assert_string_equal(a.q->outputs[0].field->title, "Title");
	done(&a);
	ask(&a, STR("SELECT id, 'bought ' || bought AS why FROM thing WHERE state = 'used' AND days_between(bought, today()) > 1825"));
	assert_int_equal(a.code, OK);
	assert_true(a.q->row_local && a.q->uses_today && !a.q->uses_now && !a.q->grouped);
	done(&a);
}

static void test_links(void **state)
{
	struct asked a;
	ask(&a, STR("SELECT a.id FROM thing a JOIN thing b ON a.part_of = b.id AND b.size > 1, site s WHERE s.title = a.name AND (a.size = b.size OR a.usable) "
		    "AND a.id <> b.id"));
	assert_int_equal(a.code, OK);
	assert_int_equal(a.q->link_count, 2);
	assert_string_equal(a.q->links[0].left_column, "part_of");
	assert_string_equal(a.q->links[0].right_column, "id");
	assert_string_equal(a.q->links[1].left->name, "site");
	assert_string_equal(a.q->links[1].left_column, "title");
	assert_string_equal(a.q->links[1].right_column, "name");
	done(&a);
}

/* A star at the very end only shows; naming one of its columns further out is naming the column. */
static void test_named(void **state)
{
	static const struct {
		const char *sql;
		bool named;
	} cases[] = {
		{ "SELECT * FROM thing", false },
		{ "SELECT t.* FROM thing t", false },
		{ "SELECT * FROM (SELECT * FROM thing) x", false },
		{ "SELECT x.size FROM (SELECT * FROM thing) x", true },
		{ "SELECT x.z FROM (SELECT * FROM thing) x(a, b, c, d, e, f, g, z)", true },
		{ "WITH x AS (SELECT * FROM thing) SELECT count(*) FROM x WHERE size > 1", true },
		{ "SELECT name FROM thing ORDER BY size", true },
		{ "SELECT y.size FROM (SELECT x.* FROM (SELECT * FROM thing) x) y", true },
		{ "SELECT a.name FROM thing a JOIN thing b USING (size)", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct asked a;
		ask(&a, str_of(cases[i].sql));
		if (a.code != OK)
			fail_msg("%s: %s", cases[i].sql, error_text(&a.e, a.arena).data);
		const struct query_column *column = column_of(a.q, "thing", "size");
		if (!column || column->named != cases[i].named)
			print_error("%s\n", cases[i].sql);
		assert_true(column && column->named == cases[i].named);
		done(&a);
	}
}

/* --- what is written ------------------------------------------------------------------------------ */

static enum code relation(void *data, const struct query_table *table, struct query_text *out, struct error *e)
{
	unsigned *asked = data;
	++*asked;
	buf_format(&out->sql, "SELECT * FROM visible_%s WHERE entity = ", table->kind->name);
	query_text_param(out, SQL_I(7));
	return OK;
}

static struct str emitted(struct asked *a, enum store_type store, struct query_text *text, unsigned *asked)
{
	const struct query_emission how = { .store = store, .today = 20000, .now = 1, .limit = 11, .relation = relation, .data = asked, .arena = a->arena };
	enum code code = query_emit(a->q, &how, text, &a->e);
	if (code != OK)
		fail_msg("%s", error_text(&a->e, a->arena).data);
	return buf_str(&text->sql);
}

/* The names people write appear nowhere; each kind is asked for once, and never stands by its own name. */
static void test_emitted(void **state)
{
	static const char *const queries[] = {
		"WITH thing AS (SELECT name AS evil FROM thing) SELECT evil AS \"evil\"\" x\" FROM thing AS evil ORDER BY evil",
		"SELECT a.name AS evil, 'evil' AS \"evil;\" FROM thing a JOIN thing evil ON evil.part_of = a.id WHERE a.name LIKE 'evil%'",
		"SELECT evil.evil FROM (SELECT size AS evil FROM thing) AS evil GROUP BY evil.evil HAVING count(*) > 1 /* evil */ -- evil",
		"SELECT count(*) AS evil FROM thing, site evil WHERE evil.title = E'evil\\' OR 1=1' AND name = $evil$evil' --$evil$",
		"WITH evil AS (WITH thing AS (SELECT * FROM site) SELECT title AS evil FROM thing) SELECT * FROM evil, thing WHERE evil = name",
	};
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
		for (enum store_type store = STORE_SQLITE; store <= STORE_POSTGRES; store++) {
			CLEAN_QUERY_TEXT struct query_text text;
			struct asked a;
			unsigned asked = 0;
			query_text_init(&text);
			ask(&a, str_of(queries[i]));
			if (a.code != OK)
				fail_msg("%s: %s", queries[i], error_text(&a.e, a.arena).data);
			struct str sql = emitted(&a, store, &text, &asked);
			assert_int_equal(str_find_str(sql, STR("evil")), -1);
			assert_int_equal(str_find_str(sql, STR("FROM thing")), -1);
			assert_int_equal(str_find_str(sql, STR("JOIN thing")), -1);
			assert_int_equal(str_find_str(sql, STR("1=1")), -1);
			assert_int_equal(asked, a.q->table_count);
			done(&a);
		}
}

static void test_forms(void **state)
{
	static const struct {
		const char *sql, *sqlite, *postgres;
	} cases[] = {
		{ "SELECT size FROM thing WHERE usable", "WHERE t1.usable LIMIT 11", "WHERE (t1.usable <> 0) LIMIT 11" },
		{ "SELECT usable AND true FROM thing", "(t1.usable AND 1) AS c1", "CAST(CAST(((t1.usable <> 0) AND (CAST('1' AS bigint) <> 0)) AS int) AS bigint) AS c1" },
		{ "SELECT name FROM thing ORDER BY size", "ORDER BY t1.size ASC NULLS LAST", "ORDER BY t1.size ASC NULLS LAST" },
		{ "SELECT name FROM thing ORDER BY 1 DESC", "ORDER BY c1 DESC NULLS FIRST", "ORDER BY c1 DESC NULLS FIRST" },
		{ "SELECT 1 FROM thing WHERE load > 1.5", "(t1.load > 150)", "(t1.load > CAST('150' AS bigint))" },
		{ "SELECT load + 1 FROM thing", "checked_add(t1.load, 100)", "CAST(t1.load AS numeric) + CAST('100' AS bigint)" },
		{ "SELECT size + 1 FROM thing", "checked_add(t1.size, 1)", "CAST(t1.size AS numeric) + CAST('1' AS bigint)" },
		{ "SELECT cost FROM thing", "t1.cost AS c1, t1.cost_currency AS c1_currency", "t1.cost AS c1, t1.cost_currency AS c1_currency" },
		{ "SELECT name FROM thing LIMIT 3", " LIMIT 3", " LIMIT 3" },
		{ "SELECT name FROM thing LIMIT 300", " LIMIT 11", " LIMIT 11" },
		{ "SELECT bought + 30 > today() FROM thing", "((t1.bought + 30) > 20000)", "((t1.bought + CAST('30' AS bigint)) > CAST('20000' AS bigint))" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (enum store_type store = STORE_SQLITE; store <= STORE_POSTGRES; store++) {
			CLEAN_QUERY_TEXT struct query_text text;
			struct asked a;
			unsigned asked = 0;
			query_text_init(&text);
			ask(&a, str_of(cases[i].sql));
			if (a.code != OK)
				fail_msg("%s: %s", cases[i].sql, error_text(&a.e, a.arena).data);
			struct str sql = emitted(&a, store, &text, &asked);
			const char *wanted = store == STORE_SQLITE ? cases[i].sqlite : cases[i].postgres;
			if (str_find_str(sql, str_of(wanted)) < 0)
				fail_msg("%.*s\n\tlacks %s", STR_ARG(sql), wanted);
			done(&a);
		}
}

static void test_good(void **state)
{
	good("SELECT DISTINCT class, state FROM thing ORDER BY class");
	good("select -5, - 5, -(-5), +3, .5, 5. from thing");
	good("SELECT name FROM thing WHERE cost > '1000 USD' AND part_of IN (SELECT id FROM thing WHERE seen > '2024-01-01')");
	good("SELECT class, count(*) FILTER (WHERE usable), sum(size) OVER (PARTITION BY class) FROM thing GROUP BY class, size");
	good("SELECT a.name, b.name FROM thing a LEFT JOIN thing b ON a.part_of = b.id WHERE b.id IS NULL");
	good("SELECT size FROM thing UNION ALL SELECT load FROM thing ORDER BY 1 LIMIT 3 OFFSET 2");
	good("SELECT name FROM thing t WHERE EXISTS (SELECT 1 FROM site s WHERE s.title = t.name AND t.size > 3)");
	good("SELECT extract(year FROM bought) AS y, avg(load) FROM thing GROUP BY y");
	good("SELECT upper(class) FROM thing GROUP BY upper(class)");
	good("SELECT 1 WHERE 1 IN (1, 2.5, NULL)");
}

/* What memory is short of is told, and nothing leaks. */
static void test_memory(void **state)
{
	for (size_t max = 1024; max < (size_t)1 << 20; max += 3000) {
		struct arena *arena = arena_new(max);
		const struct query *q;
		struct error e;
		assert_non_null(arena);
		error_init(&e, arena);
		enum code code = query_parse(model, STR("SELECT a.name, count(*) FROM thing a JOIN thing b ON b.part_of = a.id GROUP BY 1"), arena, &q, NULL, &e);
		assert_true(code == OK || code == E_NOMEM);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused), cmocka_unit_test(test_floods), cmocka_unit_test(test_reads),  cmocka_unit_test(test_named), cmocka_unit_test(test_links),
		cmocka_unit_test(test_emitted), cmocka_unit_test(test_forms),  cmocka_unit_test(test_good), cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, load_model, free_model);
}

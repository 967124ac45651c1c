/* Figures of src/query: processor time to parse, resolve and emit; and what the emitted SQL costs beside SQL written by hand for SQLite, on
 * 200,000 rows in memory. Ratios are of the least of nine runs, taken in turns. Usage: bench_query */
#include "base/arena.h"
#include "query/query.h"
#include "store/store.h"
#include <stdio.h>
#include <time.h>

#define FILE_OF(path, text) { path, { text, sizeof(text) - 1 }, { "", 0 } }
static const struct embedded files[] = {
	FILE_OF("packs/yard/kinds/thing.yaml", "kind: thing\ntitle: Thing\nfields:\n  name: {type: text, required: true}\n  size: {type: int}\n"
					       "  bought: {type: date}\n  class: {type: choice, of: [laptop, server, printer]}\n"
					       "  part_of: {type: ref, to: thing}\n  load: {type: decimal, scale: 2}\n"),
	FILE_OF("packs/yard/pack.yaml", "pack: yard\ntitle: Yard\nversion: 1\n"),
	{ 0 },
};

#define BY_HAND_FROM " FROM thing t WHERE t.archived IS NULL AND t.entity = ANY(?1)"
static const struct pair {
	const char *what, *asked, *by_hand;
} pairs[] = {
	{ "filter", "SELECT id FROM thing WHERE class = 'laptop' AND days_between(bought, today()) > 1825",
	  "SELECT t.id" BY_HAND_FROM " AND t.class = 'laptop' AND 20000 - t.bought > 1825" },
	{ "policy with text", "SELECT id, 'bought ' || bought AS why FROM thing WHERE class = 'laptop' AND days_between(bought, today()) > 1825",
	  "SELECT t.id, 'bought ' || date(t.bought * 86400, 'unixepoch')" BY_HAND_FROM " AND t.class = 'laptop' AND 20000 - t.bought > 1825" },
	{ "group", "SELECT class, count(*), max(bought) FROM thing GROUP BY class ORDER BY 1",
	  "SELECT t.class, count(*), max(t.bought)" BY_HAND_FROM " GROUP BY t.class ORDER BY 1" },
	{ "sum and average", "SELECT class, sum(size), avg(load) FROM thing GROUP BY class",
	  "SELECT t.class, sum(t.size), avg(t.load)" BY_HAND_FROM " GROUP BY t.class" },
	{ "join", "SELECT count(*) FROM thing a JOIN thing b ON a.part_of = b.id WHERE b.class = 'server'",
	  "SELECT count(*) FROM thing a JOIN thing b ON a.part_of = b.id WHERE a.archived IS NULL AND a.entity = ANY(?1) AND b.archived IS NULL "
	  "AND b.entity = ANY(?1) AND b.class = 'server'" },
	{ "unbounded sum", "SELECT id FROM thing WHERE size * size + size > 1000000", "SELECT t.id" BY_HAND_FROM " AND t.size * t.size + t.size > 1000000" },
	{ "sorted page", "SELECT name, size FROM thing WHERE size > 10 ORDER BY size DESC, name LIMIT 50",
	  "SELECT t.name, t.size" BY_HAND_FROM " AND t.size > 10 ORDER BY t.size DESC NULLS FIRST, t.name NULLS LAST LIMIT 50" },
};

static double cpu(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const int64_t entities[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static enum code relation(void *data, const struct query_table *table, struct query_text *out, struct error *e)
{
	buf_add_text(&out->sql, "SELECT t.id, t.entity, t.name, t.size, t.bought, t.class, t.part_of, t.load FROM thing t WHERE t.archived IS NULL AND t.entity = ANY(");
	query_text_param(out, SQL_LIST(entities, 8));
	buf_add_char(&out->sql, ')');
	return OK;
}

static enum code drain(struct conn *c, struct str sql, const struct sql_value *params, size_t count, size_t *ret_rows, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row = true;
	TRY(sql_query_built(c, sql, params, count, &rows, e));
	for (*ret_rows = 0;; ++*ret_rows) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			return OK;
		for (size_t i = 0; i < rows_columns(rows); i++)
			(void)rows_value(rows, i);
	}
}

static enum code fill(struct conn *c, struct error *e)
{
	TRY(sql_exec(c, "CREATE TABLE thing (id INTEGER PRIMARY KEY, entity INTEGER, name TEXT, size INTEGER, bought INTEGER, class TEXT, part_of INTEGER, "
			"load INTEGER, archived INTEGER)", SQL_NO_PARAMS, NULL, e));
	return sql_exec(c, "INSERT INTO thing SELECT value, value % 10, 'thing ' || (value * 7919 % 200000), value * 31 % 5000, 17000 + value % 3000, "
			   "CASE value % 3 WHEN 0 THEN 'laptop' WHEN 1 THEN 'server' ELSE 'printer' END, value * 17 % 200000, value % 100000, NULL "
			   "FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 200000) SELECT value FROM n) s",
			SQL_NO_PARAMS, NULL, e);
}

static enum code parse_times(const struct model *m, const struct pair *p, struct arena *arena, struct error *e)
{
	const struct query *q;
	double begin = cpu();
	int runs = 3000;
	for (int i = 0; i < runs; i++) {
		arena_reset(arena);
		TRY(query_parse(m, str_of(p->asked), arena, &q, NULL, e));
	}
	double parsed = cpu();
	for (int i = 0; i < runs; i++) {
		CLEAN_QUERY_TEXT struct query_text text;
		const struct query_emission how = { .store = STORE_SQLITE, .today = 20000, .relation = relation, .arena = arena };
		query_text_init(&text);
		TRY(query_emit(q, &how, &text, e));
	}
	printf("%-18s parse and resolve %5.1f µs, emit %4.1f µs", p->what, (parsed - begin) / runs * 1e6, (cpu() - parsed) / runs * 1e6);
	return OK;
}

static enum code compare(struct conn *c, const struct model *m, const struct pair *p, struct arena *arena, struct error *e)
{
	CLEAN_QUERY_TEXT struct query_text text;
	const struct query_emission how = { .store = STORE_SQLITE, .today = 20000, .relation = relation, .arena = arena };
	const struct query *q;
	double best[2] = { 1e9, 1e9 };
	size_t rows[2];
	query_text_init(&text);
	TRY(query_parse(m, str_of(p->asked), arena, &q, NULL, e));
	TRY(query_emit(q, &how, &text, e));
	for (int run = 0; run < 9; run++) {
		double begin = cpu();
		TRY(drain(c, buf_str(&text.sql), text.params, text.count, &rows[0], e));
		double between = cpu();
		TRY(drain(c, str_of(p->by_hand), SQL_PARAMS(SQL_LIST(entities, 8)), &rows[1], e));
		double end = cpu();
		best[0] = between - begin < best[0] ? between - begin : best[0];
		best[1] = end - between < best[1] ? end - between : best[1];
	}
	printf("; run %6.1f ms, by hand %6.1f ms, ratio %.2f (%zu rows%s)\n", best[0] * 1e3, best[1] * 1e3, best[0] / best[1], rows[0],
	       rows[0] == rows[1] ? "" : ", NOT the same");
	return OK;
}

static enum code bench(struct arena *arena, struct error *e)
{
	const struct store_options o = { .url = STR("sqlite::memory:") };
	struct arena *scratch = arena_new(0);
	struct pack_source *sources;
	const struct model *m;
	struct store *store;
	struct conn *c;
	size_t count;
	TRY(pack_sources_find(arena, STR_NONE, files, &sources, &count, e));
	TRY(model_load(sources, count, NULL, &m, e));
	TRY(store_open(&o, &store, e));
	TRY(conn_open(store, CONN_WRITE, &c, e));
	TRY(fill(c, e));
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		TRY(parse_times(m, &pairs[i], scratch, e));
		TRY(compare(c, m, &pairs[i], scratch, e));
	}
	conn_close(c);
	store_close(store);
	model_unref(m);
	arena_free(scratch);
	return OK;
}

int main(void)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct error e;
	error_init(&e, arena);
	if (bench(arena, &e) == OK)
		return 0;
	fprintf(stderr, "%s\n", error_text(&e, arena).data);
	return 1;
}

/* The search index beside SQLite's FTS5, over the same documents in the same run: bench_search REPOSITORY [DOCUMENTS]
 * Texts are made of the words of the program's own translations in six languages, by Zipf's law, with serial numbers
 * among them. Processor time, since machines are shared; queries are words of documents, the last one cut short. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "text/index.h"
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define QUERIES 2000
#define WORDS_A_DOCUMENT 60
#define LANGS 6

struct words {
	VEC(struct str) list;
};
struct corpus {
	struct arena *arena;
	struct words words[LANGS];
	struct str *documents;
	size_t count, bytes;
	char (*queries)[256]; /* as people type */
	char (*matches)[512]; /* the same for FTS5 */
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	fprintf(stderr, "bench_search: %s\n", what);
	exit(1);
}

static void take_words(struct corpus *c, struct words *w, struct str text)
{
	struct str line, word;
	while (str_cut(&text, '\n', &line)) {
		if (!str_starts(line, STR("msgstr \"")))
			continue;
		line = str_slice(line, 8, line.len - (line.len > 8));
		while (str_cut(&line, ' ', &word))
			if (word.len > 1 && str_find(word, '{') < 0 && str_find(word, '\\') < 0)
				*VEC_ADD(&w->list) = arena_copy(c->arena, word);
	}
}

static void read_words(struct corpus *c, const char *root)
{
	static const char *const names[LANGS] = { "ar", "zh", "fr", "ru", "es", "fr" };
	struct error e;
	error_init(&e, c->arena);
	for (size_t i = 0; i < LANGS; i++) {
		struct str text, path = arena_format(c->arena, "%s/po/%s.po", root, names[i]);
		if (file_read(c->arena, path, 16 << 20, &text, &e) != OK)
			fail("no translations there");
		take_words(c, &c->words[i], text);
	}
}

/* The words stand as often as the texts have them; a power of a uniform number thins the tail further, as Zipf has it. */
static struct str pick(struct words *w, struct random_seeded *r)
{
	double u = (double)random_below(r, 1 << 30) / (double)(1 << 30);
	return w->list.items[(size_t)(pow(u, 1.5) * (double)w->list.count) % w->list.count];
}

static void make_documents(struct corpus *c, size_t count)
{
	struct random_seeded r;
	CLEAN_BUF struct buf b;
	random_seed(&r, 1948);
	buf_init(&b, 1 << 20);
	c->documents = arena_array(c->arena, count, sizeof(struct str));
	c->count = count;
	for (size_t i = 0; i < count; i++) {
		size_t lang = random_below(&r, LANGS);
		buf_clear(&b);
		for (size_t k = 0; k < WORDS_A_DOCUMENT / (lang == 1 ? 4 : 1); k++) {
			buf_add_str(&b, pick(&c->words[lang], &r));
			buf_add_char(&b, ' ');
		}
		buf_format(&b, "SN%08llX DEV-%06zu", (unsigned long long)random_below(&r, UINT32_MAX), i);
		c->documents[i] = arena_copy(c->arena, buf_str(&b));
		if (!c->documents[i].data)
			fail("out of memory");
		c->bytes += b.len;
	}
}

static bool plain_word(struct str w)
{
	for (size_t i = 0; i < w.len; i++)
		if ((unsigned char)w.data[i] < 0x80 && !((w.data[i] | 0x20) >= 'a' && (w.data[i] | 0x20) <= 'z') && !(w.data[i] >= '0' && w.data[i] <= '9'))
			return false;
	return w.len > 2;
}

static void make_queries(struct corpus *c)
{
	struct random_seeded r;
	random_seed(&r, 7);
	c->queries = arena_array(c->arena, QUERIES, sizeof *c->queries);
	c->matches = arena_array(c->arena, QUERIES, sizeof *c->matches);
	for (size_t i = 0; i < QUERIES; i++) {
		size_t wanted = 1 + random_below(&r, 3), got = 0, used = 0, match = 0;
		struct str words[64], rest = c->documents[random_below(&r, c->count)], word;
		size_t n = 0;
		while (n < 64 && str_cut(&rest, ' ', &word))
			if (plain_word(word))
				words[n++] = word;
		while (n && got < wanted && used < 100) {
			word = words[random_below(&r, n)];
			bool cut = ++got == wanted && utf8_length(word) > 4 && random_below(&r, 2);
			if (cut)
				word = utf8_clip(word, word.len * 2 / 3);
			used += (size_t)snprintf(c->queries[i] + used, sizeof *c->queries - used, "%s%.*s", used ? " " : "", STR_ARG(word));
			match += (size_t)snprintf(c->matches[i] + match, sizeof *c->matches - match, "%s\"%.*s\"%s", match ? " AND " : "", STR_ARG(word),
						  got == wanted ? "*" : "");
		}
	}
}

/* --- ours ----------------------------------------------------------------------------------------- */

static uint64_t see_all(void *data, unsigned kind, int64_t entity, bool own)
{
	return UINT64_MAX >> 1;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void tell(const char *name, double seconds, size_t bytes, double *times, int64_t found, int64_t size)
{
	qsort(times, QUERIES, sizeof *times, by_value);
	printf("%-8s indexing %6.1f MB/s   search p50 %6.2f ms  p95 %6.2f ms  max %6.2f ms   %lld found   %lld MB on disk\n", name,
	       (double)bytes / 1e6 / seconds, times[QUERIES / 2] * 1e3, times[QUERIES * 95 / 100] * 1e3, times[QUERIES - 1] * 1e3,
	       (long long)found, (long long)(size >> 20));
}

static void run_ours(struct corpus *c, const char *folder)
{
	static const float weight[INDEX_FIELDS_MOST + 1] = { 1 };
	static const float *const weights[] = { weight };
	CLEAN_ANALYSER struct analyser *a = NULL;
	CLEAN_ARENA struct arena *arena = arena_new((size_t)256 << 20);
	struct index_options o = { .folder = str_of(folder) };
	struct index_progress p = { .complete = 1 };
	struct index *ix;
	const char *fault;
	struct error e;
	double times[QUERIES], start = now();
	int64_t found = 0;
	error_init(&e, arena);
	if (index_open(&o, &ix, &fault, &e) != OK || analyser_new(&a, &e) != OK)
		fail("cannot open");
	for (size_t i = 0; i < c->count; i++) {
		const struct document_text text = { 0, LANG_COUNT, c->documents[i] };
		const struct document d = { .id = (int64_t)i + 1, .entity = (int64_t)(i % 500) + 1, .texts = &text, .count = 1 };
		if (index_put(ix, &d, &e) != OK)
			fail("cannot index");
	}
	if (index_commit(ix, &p, false, &e) != OK)
		fail("cannot commit");
	double seconds = now() - start;
	for (size_t i = 0; i < QUERIES; i++) {
		struct search_query q;
		struct find_answer answer;
		arena_reset(arena);
		start = now();
		struct index_view *v = index_view(ix);
		struct find_request r = { .query = &q, .seen = see_all, .weights = weights, .most = 20 };
		if (query_compile(a, str_of(c->queries[i]), arena, &q, &e) == OK && index_find(v, &r, arena, &answer, &e) == OK)
			found += answer.total;
		index_view_free(v);
		times[i] = now() - start;
	}
	tell("ours", seconds, c->bytes, times, found, index_bytes(ix));
	index_close(ix);
}

/* --- FTS5 ----------------------------------------------------------------------------------------- */

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail(sqlite3_errmsg(db));
}

static int64_t ask(sqlite3 *db, sqlite3_stmt *s, const char *match)
{
	int64_t n = 0;
	sqlite3_bind_text(s, 1, match, -1, SQLITE_STATIC);
	while (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return n;
}

static void run_fts5(struct corpus *c, const char *folder)
{
	char path[256];
	sqlite3 *db;
	sqlite3_stmt *put, *best, *count;
	double times[QUERIES], start;
	int64_t found = 0, pages;
	snprintf(path, sizeof path, "%s/fts5.db", folder);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		fail("cannot open SQLite");
	run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536");
	run(db, "CREATE VIRTUAL TABLE t USING fts5(text, content='', tokenize='unicode61 remove_diacritics 2', prefix='2 3')");
	start = now();
	sqlite3_prepare_v2(db, "INSERT INTO t(rowid, text) VALUES (?1, ?2)", -1, &put, NULL);
	run(db, "BEGIN");
	for (size_t i = 0; i < c->count; i++) {
		sqlite3_bind_int64(put, 1, (int64_t)i + 1);
		sqlite3_bind_text(put, 2, c->documents[i].data, (int)c->documents[i].len, SQLITE_STATIC);
		if (sqlite3_step(put) != SQLITE_DONE)
			fail(sqlite3_errmsg(db));
		sqlite3_reset(put);
	}
	run(db, "COMMIT");
	double seconds = now() - start;
	sqlite3_prepare_v2(db, "SELECT rowid FROM t WHERE t MATCH ?1 ORDER BY rank LIMIT 20", -1, &best, NULL);
	sqlite3_prepare_v2(db, "SELECT count(*) FROM t WHERE t MATCH ?1", -1, &count, NULL);
	for (size_t i = 0; i < QUERIES; i++) {
		start = now();
		ask(db, best, c->matches[i]);
		found += ask(db, count, c->matches[i]);
		times[i] = now() - start;
	}
	sqlite3_finalize(put);
	sqlite3_finalize(best);
	sqlite3_finalize(count);
	sqlite3_prepare_v2(db, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", -1, &count, NULL);
	pages = sqlite3_step(count) == SQLITE_ROW ? sqlite3_column_int64(count, 0) : 0;
	sqlite3_finalize(count);
	tell("FTS5", seconds, c->bytes, times, found, pages);
	sqlite3_close(db);
}

int main(int argc, char **argv)
{
	struct corpus c = { .arena = arena_new((size_t)2 << 30) };
	struct error e;
	char folder[] = "/tmp/mandate-bench-XXXXXX";
	error_init(&e, NULL);
	if (argc < 2 || !c.arena || crypto_init(&e) != OK || !mkdtemp(folder))
		fail("usage: bench_search REPOSITORY [DOCUMENTS]");
	read_words(&c, argv[1]);
	make_documents(&c, argc > 2 ? strtoul(argv[2], NULL, 10) : 200000);
	make_queries(&c);
	printf("%zu documents, %zu MB, %d queries\n", c.count, c.bytes / 1000000, QUERIES);
	run_ours(&c, folder);
	run_fts5(&c, folder);
	printf("in %s\n", folder);
	for (size_t i = 0; i < LANGS; i++)
		VEC_DONE(&c.words[i].list);
	arena_free(c.arena);
	return 0;
}

/* The index against a slow scan: random documents of several kinds, entities, owners and fields; random changes, commits,
 * reopenings and forgettings; random queries by callers with random masks. Found, counted and by place: all must agree.
 * Then files cut short and bytes turned round: noticed, and empty. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "text/index.h"
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define DOCUMENTS 400
#define FIELDS 4
#define KINDS 3
#define ENTITIES 5
#define PEOPLE 3

static const char *const vocabulary[] = {
	"liberté", "libertés", "égalité", "network", "networks", "networking", "printer", "printers", "自由权利", "受教育", "教育", "权",
	"حقوق", "الحقوق", "وبحقوق", "تعليم", "образование", "образования", "свобода", "ёлка", "елка", "l'eau", "www.example.org", "example",
	"SN0042", "SN0043", "10.0.0.1", "programme", "program", "recieve", "receive", "niño", "ninos", "derecho", "derechos", "a", "of",
};
#define WORDS (sizeof vocabulary / sizeof *vocabulary)

struct known { /* a document as the oracle has it */
	bool there;
	struct document d;
	struct document_text texts[FIELDS];
	char words[FIELDS][200];
};
struct world {
	struct index *ix;
	char folder[64];
	struct known known[DOCUMENTS + 1], committed[DOCUMENTS + 1];
	struct random_seeded r;
	struct analyser *analyser;
	struct arena *arena;
	struct error e;
	uint64_t mask[KINDS][ENTITIES][2]; /* what the caller sees */
	int64_t person;
};

static void open_index(struct world *w, const char **ret_fault)
{
	struct index_options o = { .folder = str_of(w->folder) };
	assert_int_equal(index_open(&o, &w->ix, ret_fault, &w->e), OK);
}

static struct world *world_new(uint64_t seed)
{
	struct world *w = mem_new(sizeof *w);
	const char *fault;
	snprintf(w->folder, sizeof w->folder, "/tmp/mandate-index-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	random_seed(&w->r, seed);
	w->arena = arena_new((size_t)256 << 20);
	error_init(&w->e, w->arena);
	assert_int_equal(analyser_new(&w->analyser, &w->e), OK);
	open_index(w, &fault);
	assert_null(fault);
	return w;
}

static void world_free(struct world *w)
{
	struct str *names;
	size_t count;
	index_close(w->ix);
	assert_int_equal(folder_list(w->arena, str_of(w->folder), &names, &count, &w->e), OK);
	for (size_t i = 0; i < count; i++)
		unlink(arena_format(w->arena, "%s/%.*s", w->folder, STR_ARG(names[i])).data);
	rmdir(w->folder);
	analyser_free(w->analyser);
	arena_free(w->arena);
	mem_free(w);
}

/* --- changes -------------------------------------------------------------------------------------- */

static void put(struct world *w, int64_t id)
{
	struct known *k = &w->known[id];
	k->there = true;
	k->d = (struct document){ .id = id, .entity = 1 + (int64_t)random_below(&w->r, ENTITIES), .kind = (unsigned)random_below(&w->r, KINDS),
				  .owner = (int64_t)random_below(&w->r, PEOPLE + 1), .texts = k->texts, .count = FIELDS };
	for (unsigned f = 0; f < FIELDS; f++) {
		size_t used = 0, n = random_below(&w->r, 6);
		k->words[f][0] = 0;
		for (size_t i = 0; i < n; i++)
			used += (size_t)snprintf(k->words[f] + used, sizeof k->words[f] - used, "%s%s", i ? " " : "",
						 vocabulary[random_below(&w->r, WORDS)]);
		k->texts[f] = (struct document_text){ f * 3, LANG_COUNT, str_of(k->words[f]) };
	}
	assert_int_equal(index_put(w->ix, &k->d, &w->e), OK);
}

static void change(struct world *w)
{
	int64_t id = 1 + (int64_t)random_below(&w->r, DOCUMENTS);
	if (random_below(&w->r, 4)) {
		put(w, id);
	} else {
		w->known[id].there = false;
		assert_int_equal(index_remove(w->ix, id, &w->e), OK);
	}
}

static void commit(struct world *w, int64_t cursor, bool forget)
{
	const struct index_progress p = { .cursor = cursor, .complete = 1 };
	assert_int_equal(index_commit(w->ix, &p, forget, &w->e), OK);
	for (size_t i = 0; i <= DOCUMENTS; i++) {
		w->committed[i] = w->known[i];
		w->committed[i].d.texts = w->committed[i].texts;
		for (size_t f = 0; f < FIELDS; f++)
			w->committed[i].texts[f].text.data = w->committed[i].words[f];
	}
}

/* Goes away without a commit and comes back: what was committed is there, and nothing else. */
static void reopen(struct world *w, int64_t cursor)
{
	const char *fault;
	index_close(w->ix);
	open_index(w, &fault);
	assert_null(fault);
	assert_int_equal(index_progress(w->ix).cursor, cursor);
	for (size_t i = 0; i <= DOCUMENTS; i++) {
		w->known[i] = w->committed[i];
		w->known[i].d.texts = w->known[i].texts;
		for (size_t f = 0; f < FIELDS; f++)
			w->known[i].texts[f].text.data = w->known[i].words[f];
	}
}

/* --- the oracle ----------------------------------------------------------------------------------- */

static uint64_t seen(void *data, unsigned kind, int64_t entity, bool own)
{
	const struct world *w = data;
	return w->mask[kind][entity - 1][own];
}

static uint64_t seen_of(const struct world *w, const struct known *k)
{
	bool own = w->person && k->d.owner == w->person;
	return w->mask[k->d.kind][k->d.entity - 1][0] | (own ? w->mask[k->d.kind][k->d.entity - 1][1] : 0);
}

/* Which words of the query the document has in fields that are seen. */
static uint64_t groups_of(struct world *w, const struct search_query *q, const struct known *k)
{
	uint64_t groups = 0, fields = seen_of(w, k);
	struct match m;
	for (unsigned f = 0; f < FIELDS; f++)
		if (fields >> k->texts[f].field & 1) {
			assert_int_equal(query_match(w->analyser, q, k->texts[f].text, LANG_COUNT, w->arena, &m, &w->e), OK);
			groups |= m.groups;
		}
	return groups;
}

static void scan(struct world *w, struct search_query *q, bool *ret_found)
{
	uint64_t any = 0;
	for (size_t i = 0; i < q->count; i++)
		q->groups[i].near = false;
	for (size_t i = 1; i <= DOCUMENTS; i++)
		if (w->committed[i].there)
			any |= groups_of(w, q, &w->committed[i]);
	for (size_t i = 0; i < q->count; i++)
		q->groups[i].near = !(any >> i & 1) && q->groups[i].distance;
	for (size_t i = 1; i <= DOCUMENTS; i++) {
		ret_found[i] = w->committed[i].there;
		uint64_t groups = ret_found[i] ? groups_of(w, q, &w->committed[i]) : 0;
		for (size_t g = 0; g < q->count; g++)
			ret_found[i] = ret_found[i] && (groups >> g & 1) != q->groups[g].excluded;
	}
}

static void make_query(struct world *w, char out[200])
{
	size_t used = 0, n = 1 + random_below(&w->r, 3);
	for (size_t i = 0; i < n; i++) {
		const char *word = vocabulary[random_below(&w->r, WORDS)];
		size_t sort = random_below(&w->r, 8);
		used += (size_t)snprintf(out + used, 200 - used, "%s%s%s%s", i ? " " : "", sort == 0 && i ? "-" : sort == 1 ? "\"" : "", word,
					 sort == 1 ? "\"" : sort == 2 ? "*" : "");
	}
	if (random_below(&w->r, 3) == 0 && used > 4 && (unsigned char)out[used - 1] < 0x80 && (unsigned char)out[used - 2] < 0x80)
		out[used - 2] = out[used - 1], out[used - 1] = 0; /* a slip, or a word not ended */
	if (random_below(&w->r, 2))
		strncat(out, " ", 199 - strlen(out));
}

static void mask_anew(struct world *w)
{
	w->person = (int64_t)random_below(&w->r, PEOPLE + 1);
	for (size_t k = 0; k < KINDS; k++)
		for (size_t e = 0; e < ENTITIES; e++)
			for (size_t own = 0; own < 2; own++)
				w->mask[k][e][own] = random_below(&w->r, 3) ? random_next(&w->r) & 0xfff : 0;
}

static void check_places(const struct world *w, const struct find_answer *a, const bool *found)
{
	int64_t counts[KINDS][ENTITIES] = { 0 }, told = 0;
	for (size_t i = 1; i <= DOCUMENTS; i++)
		if (found[i])
			counts[w->committed[i].d.kind][w->committed[i].d.entity - 1]++;
	for (size_t i = 0; i < a->place_count; i++) {
		assert_int_equal(a->places[i].count, counts[a->places[i].kind][a->places[i].entity - 1]);
		told += a->places[i].count;
	}
	assert_int_equal(told, a->total);
}

/* All at once, and in pages of seven: the same hits in the same order. */
static void check_pages(struct world *w, struct find_request *r, const struct index_view *v, const struct find_answer *all)
{
	size_t at = 0;
	struct find_answer page;
	r->most = 7;
	do {
		assert_int_equal(index_find(v, r, w->arena, &page, &w->e), OK);
		assert_int_equal(page.total, all->total);
		for (size_t i = 0; i < page.count; i++, at++)
			assert_int_equal(page.hits[i].id, all->hits[at].id);
		if (page.count) {
			r->after_id = page.hits[page.count - 1].id;
			r->after_score = page.hits[page.count - 1].score;
		}
	} while (page.count);
	assert_int_equal(at, all->count);
}

static void check_query(struct world *w)
{
	static const float weight[INDEX_FIELDS_MOST + 1] = { [0] = 3, [3] = 1, [6] = 1, [9] = 2 };
	static const float *const weights[KINDS] = { weight, weight, weight };
	char typed[200];
	struct search_query q;
	struct find_answer a;
	bool found[DOCUMENTS + 1] = { 0 };
	size_t expected = 0;
	arena_reset(w->arena);
	error_init(&w->e, w->arena);
	make_query(w, typed);
	mask_anew(w);
	if (query_compile(w->analyser, str_of(typed), w->arena, &q, &w->e) != OK)
		return;
	struct index_view *v = index_view(w->ix);
	struct find_request r = { .query = &q, .seen = seen, .data = w, .person = w->person, .weights = weights, .most = DOCUMENTS + 1 };
	scan(w, &q, found);
	assert_int_equal(index_find(v, &r, w->arena, &a, &w->e), OK);
	for (size_t i = 1; i <= DOCUMENTS; i++)
		expected += found[i];
	for (size_t i = 0; i < a.count; i++) {
		if (!found[a.hits[i].id])
			fail_msg("'%s' found %lld, which does not have it", typed, (long long)a.hits[i].id);
		if (i && (a.hits[i].score > a.hits[i - 1].score || (a.hits[i].score == a.hits[i - 1].score && a.hits[i].id < a.hits[i - 1].id)))
			fail_msg("'%s': hits are not in order", typed);
	}
	if (a.count != expected || a.total != (int64_t)expected)
		fail_msg("'%s' found %zu of %zu", typed, a.count, expected);
	assert_true(a.exact);
	check_places(w, &a, found);
	check_pages(w, &r, v, &a);
	index_view_free(v);
}

static void test_against_scan(void **state)
{
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct world *w = world_new(seed);
		for (int64_t round = 1; round <= 25; round++) {
			for (size_t n = random_below(&w->r, 120); n; n--)
				change(w);
			commit(w, round, random_below(&w->r, 6) == 0);
			if (random_below(&w->r, 5) == 0) {
				for (size_t n = random_below(&w->r, 20); n; n--)
					change(w); /* lost: never committed */
				reopen(w, round);
			}
			for (size_t n = 0; n < 12; n++)
				check_query(w);
		}
		world_free(w);
	}
}

/* A view stays as it was, whatever is committed after. */
static void test_views_stand_still(void **state)
{
	struct world *w = world_new(99);
	for (int64_t i = 1; i <= 100; i++)
		put(w, i);
	commit(w, 1, false);
	struct index_view *v = index_view(w->ix);
	for (int64_t i = 1; i <= 100; i++)
		assert_int_equal(index_remove(w->ix, i, &w->e), OK);
	const struct index_progress p = { .cursor = 2, .complete = 1 };
	assert_int_equal(index_commit(w->ix, &p, true, &w->e), OK);
	assert_int_equal(index_documents(v), 100);
	struct index_view *after = index_view(w->ix);
	assert_int_equal(index_documents(after), 0);
	index_view_free(after);
	index_view_free(v);
	world_free(w);
}

static bool file_has(struct world *w, const char *name, const char *text)
{
	struct str bytes, path = arena_format(w->arena, "%s/%s", w->folder, name);
	assert_int_equal(file_read(w->arena, path, 64 << 20, &bytes, &w->e), OK);
	return str_find_str(bytes, str_of(text)) >= 0;
}

static bool any_file_has(struct world *w, const char *text)
{
	DIR *dir = opendir(w->folder);
	bool has = false;
	for (struct dirent *d; (d = readdir(dir));)
		has |= d->d_name[0] != '.' && file_has(w, d->d_name, text);
	closedir(dir);
	return has;
}

static void test_forgetting(void **state)
{
	struct world *w = world_new(5);
	const struct document_text name = { 0, LANG_COUNT, STR("Quetzalcoatlus northropi") };
	const struct document d = { .id = 7, .entity = 1, .texts = &name, .count = 1 };
	struct index_progress p = { .cursor = 1, .complete = 1 };
	for (int64_t i = 10; i <= 60; i++)
		put(w, i);
	assert_int_equal(index_put(w->ix, &d, &w->e), OK);
	assert_int_equal(index_commit(w->ix, &p, false, &w->e), OK);
	assert_true(any_file_has(w, "northropi"));
	assert_int_equal(index_remove(w->ix, 7, &w->e), OK);
	assert_int_equal(index_commit(w->ix, &p, true, &w->e), OK);
	assert_false(any_file_has(w, "northropi"));
	assert_false(any_file_has(w, "quetzalcoatlus"));
	world_free(w);
}

/* Every file, cut at several places and with bytes turned round: noticed each time, and an index again after. */
static void damage(struct world *w, const char *name, bool cut, uint64_t place)
{
	struct str path = arena_format(w->arena, "%s/%s", w->folder, name), whole;
	const char *fault;
	assert_int_equal(file_read(w->arena, path, 64 << 20, &whole, &w->e), OK);
	place %= whole.len;
	int fd = open(path.data, O_RDWR);
	char byte = (char)(whole.data[place] ^ 0x21);
	assert_true(cut ? ftruncate(fd, (off_t)place) == 0 : pwrite(fd, &byte, 1, (off_t)place) == 1);
	close(fd);
	index_close(w->ix);
	open_index(w, &fault);
	assert_non_null(fault);
	assert_int_equal(index_progress(w->ix).complete, 0);
	struct index_view *v = index_view(w->ix);
	assert_int_equal(index_documents(v), 0);
	index_view_free(v);
}

static void test_damage(void **state)
{
	struct world *w = world_new(77);
	for (size_t round = 0; round < 60; round++) {
		struct str *names;
		size_t count;
		for (int64_t i = 1; i <= 30; i++)
			put(w, i);
		commit(w, (int64_t)round, false);
		assert_int_equal(folder_list(w->arena, str_of(w->folder), &names, &count, &w->e), OK);
		assert_int_equal(count, 2); /* a manifest and a segment; strays are gone */
		damage(w, names[round % 2].data, round % 4 < 2, random_next(&w->r));
		arena_reset(w->arena);
		error_init(&w->e, w->arena);
	}
	world_free(w);
}

/* Another layout, another index. */
static void test_layout(void **state)
{
	struct world *w = world_new(3);
	struct index_options o = { .folder = str_of(w->folder), .layout = { 1 } };
	const char *fault;
	put(w, 1);
	commit(w, 1, false);
	index_close(w->ix);
	assert_int_equal(index_open(&o, &w->ix, &fault, &w->e), OK);
	assert_non_null(fault);
	assert_int_equal(index_progress(w->ix).cursor, 0);
	world_free(w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_scan), cmocka_unit_test(test_views_stand_still), cmocka_unit_test(test_forgetting),
		cmocka_unit_test(test_damage),	     cmocka_unit_test(test_layout),
	};
	struct error e;
	error_init(&e, NULL);
	return crypto_init(&e) == OK ? cmocka_run_group_tests(tests, NULL, NULL) : 2;
}

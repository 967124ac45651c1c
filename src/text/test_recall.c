/* Recall on real text: every paragraph that holds a word is found by it. Takes a file of paragraphs, one a line, as
 * test_udhr makes it of the Universal Declaration of Human Rights in six languages. The oracle is strstr(). */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/vec.h"
#include "text/index.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const char *paragraphs;

static uint64_t see_all(void *data, unsigned kind, int64_t entity, bool own)
{
	return UINT64_MAX >> 1;
}

static struct index *make_index(struct arena *arena, const char *folder, struct str text, size_t *ret_count)
{
	struct index_options o = { .folder = str_of(folder) };
	struct index *ix;
	const char *fault;
	struct str line;
	int64_t id = 0;
	struct error e;
	error_init(&e, arena);
	assert_int_equal(index_open(&o, &ix, &fault, &e), OK);
	while (str_cut(&text, '\n', &line)) {
		const struct document_text only = { 0, LANG_COUNT, line };
		const struct document d = { .id = ++id, .entity = 1, .texts = &only, .count = 1 };
		assert_int_equal(index_put(ix, &d, &e), OK);
	}
	struct index_progress p = { .complete = 1 };
	assert_int_equal(index_commit(ix, &p, false, &e), OK);
	*ret_count = (size_t)id;
	return ix;
}

static void find(struct index *ix, struct arena *arena, const char *word, bool *found, size_t count)
{
	static const float weight[INDEX_FIELDS_MOST + 1] = { 1 };
	static const float *const weights[] = { weight };
	CLEAN_ANALYSER struct analyser *a = NULL;
	struct search_query q;
	struct find_answer answer;
	struct error e;
	error_init(&e, arena);
	assert_int_equal(analyser_new(&a, &e), OK);
	char typed[64];
	snprintf(typed, sizeof typed, "%s ", word); /* not as one types: the whole word */
	assert_int_equal(query_compile(a, str_of(typed), arena, &q, &e), OK);
	struct index_view *v = index_view(ix);
	struct find_request r = { .query = &q, .seen = see_all, .weights = weights, .most = count };
	assert_int_equal(index_find(v, &r, arena, &answer, &e), OK);
	assert_int_equal(answer.total, answer.count);
	for (size_t i = 0; i < answer.count; i++)
		found[answer.hits[i].id] = true;
	index_view_free(v);
}

static void remove_folder(struct arena *arena, const char *folder)
{
	struct str *names;
	size_t count;
	struct error e;
	error_init(&e, arena);
	assert_int_equal(folder_list(arena, str_of(folder), &names, &count, &e), OK);
	for (size_t i = 0; i < count; i++)
		unlink(arena_format(arena, "%s/%.*s", folder, STR_ARG(names[i])).data);
	rmdir(folder);
}

static void test_recall(void **state)
{
	static const char *const words[] = { "自由", "教育", "权利", "حقوق", "تعليم", "образование", "liberté" };
	CLEAN_ARENA struct arena *arena = arena_new((size_t)256 << 20);
	struct error e;
	struct str text, rest, line;
	size_t count;
	error_init(&e, arena);
	assert_int_equal(file_read(arena, str_of(paragraphs), 64 << 20, &text, &e), OK);
	char folder[] = "/tmp/mandate-recall-XXXXXX";
	assert_non_null(mkdtemp(folder));
	struct index *ix = make_index(arena, folder, text, &count);
	for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
		bool *found = ARENA_ARRAY(arena, count + 1, bool);
		size_t holds = 0, missed = 0, more = 0, i = 0;
		find(ix, arena, words[w], found, count);
		rest = text;
		while (str_cut(&rest, '\n', &line)) {
			bool has = str_find_str(line, str_of(words[w])) >= 0;
			i++;
			holds += has;
			missed += has && !found[i];
			more += !has && found[i];
			if (has && !found[i])
				print_message("missed by %s: %.*s\n", words[w], STR_ARG(line));
		}
		print_message("%s: %zu hold it, %zu missed, %zu more by their stems\n", words[w], holds, missed, more);
		assert_true(holds > 0);
		assert_int_equal(missed, 0);
	}
	index_close(ix);
	remove_folder(arena, folder);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_recall) };
	struct error e;
	error_init(&e, NULL);
	if (argc != 2 || crypto_init(&e) != OK)
		return 2;
	paragraphs = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

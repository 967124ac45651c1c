/* How quickly one core judges events in memory, and the limits beside it: bench_detect RULES EVENTS (a folder; JSON, a line each)
 * Each figure is the best of some rounds, in processor time, since the machine is shared. Neighbours: src/event/sigma does the work. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "event/sigma.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { ROUNDS = 5, DEPTH_MOST = 16 };
#define EVENTS_MOST ((size_t)2 << 30)

struct bench {
	struct arena *kept, *line;
	struct sigma_rules *rules;
	struct sigma_scratch *scratch;
	struct str events;
	size_t count, hits;
};
typedef enum code one_event(struct bench *b, struct str text, struct error *e);

static int64_t processor_time(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static enum code load(struct bench *b, struct str path, unsigned depth, struct error *e)
{
	struct stat st;
	struct str *names, text;
	size_t count;
	if (depth > DEPTH_MOST || stat(path.data, &st) < 0)
		return error_errno(e, N_("opening {path}"), path);
	if (!S_ISDIR(st.st_mode)) {
		if (!str_ends(path, STR(".yml")))
			return OK;
		TRY(file_read(b->kept, path, 16 << 20, &text, e));
		return sigma_rules_add(b->rules, path, text, NULL, e);
	}
	TRY(folder_list(b->kept, path, &names, &count, e));
	for (size_t i = 0; i < count; i++)
		TRY(load(b, arena_format(b->kept, "%.*s/%.*s", STR_ARG(path), STR_ARG(names[i])), depth + 1, e));
	return OK;
}

static enum code read_only(struct bench *b, struct str text, struct error *e)
{
	const struct json *tree;
	return json_parse(b->line, text, NULL, &tree, e);
}

static enum code read_fields(struct bench *b, struct str text, struct error *e)
{
	const struct json *tree;
	TRY(json_parse(b->line, text, NULL, &tree, e));
	return sigma_event_json(b->scratch, tree, e);
}

static enum code judge(struct bench *b, struct str text, struct error *e)
{
	const unsigned *hits;
	size_t count;
	TRY(read_fields(b, text, e));
	TRY(sigma_match(b->scratch, &hits, &count, e));
	b->hits += count;
	return OK;
}

static enum code measure(struct bench *b, const char *name, one_event *one, struct error *e)
{
	int64_t best = INT64_MAX;
	for (int round = 0; round < ROUNDS; round++) {
		struct str rest = b->events, line;
		int64_t start = processor_time();
		b->count = b->hits = 0;
		while (str_cut(&rest, '\n', &line)) {
			if (!line.len)
				continue;
			arena_reset(b->line);
			TRY(one(b, line, e));
			b->count++;
		}
		int64_t took = processor_time() - start;
		best = took < best ? took : best;
	}
	printf("{\"name\":\"%s\",\"value\":%.0f,\"unit\":\"1/s\",\"processor_us\":%.3f}\n", name, (double)b->count * (double)SECOND / (double)best,
	       (double)best / (double)b->count);
	return OK;
}

static enum code run(struct bench *b, struct str rules, struct str events, struct error *e)
{
	int64_t start = processor_time();
	TRY(sigma_rules_new(&b->rules, e));
	TRY(load(b, rules, 0, e));
	TRY(sigma_rules_ready(b->rules, e));
	printf("{\"name\":\"rules_load\",\"value\":%.3f,\"unit\":\"s\"}\n", (double)(processor_time() - start) / (double)SECOND);
	TRY(file_read(b->kept, events, EVENTS_MOST, &b->events, e));
	b->scratch = sigma_scratch_new(b->rules, false);
	if (!b->scratch)
		return error_nomem(e);
	TRY(measure(b, "events_parse_alone", read_only, e));
	TRY(measure(b, "events_fields", read_fields, e));
	TRY(measure(b, "events_judged", judge, e));
	printf("{\"name\":\"rules\",\"value\":%zu,\"unit\":\"\"}\n{\"name\":\"hits\",\"value\":%zu,\"unit\":\"\"}\n", sigma_rules_count(b->rules), b->hits);
	return OK;
}

int main(int argc, char **argv)
{
	CLEAN_ARENA struct arena *kept = arena_new((size_t)3 << 30), *line = arena_new(0);
	struct bench b = { .kept = kept, .line = line };
	struct error e;
	if (!kept || !line || argc != 3)
		return 2;
	error_init(&e, kept);
	enum code code = run(&b, str_of(argv[1]), str_of(argv[2]), &e);
	if (code != OK)
		fprintf(stderr, "%.*s\n", STR_ARG(error_text(&e, kept)));
	sigma_scratch_free(b.scratch);
	sigma_rules_free(b.rules);
	return code != OK;
}

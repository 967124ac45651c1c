/* mandate detect, mandate rules: detection rules over files of logs, without a server. One thread reads, several judge, and what they
 * found is told in the order of the files. Neighbours: event/ judges, log_file.c reads. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/catalog.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "command.h"
#include "event/correlate.h"
#include "event/format.h"
#include "event/pipeline.h"
#include "event/sigma.h"
#include "log_file.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RULE_FILE_MOST ((size_t)16 << 20)
#define THREADS_MOST 64
#define FOLDER_DEPTH 32

enum { STATUS_NOTHING = 0, STATUS_HITS = 1, STATUS_TROUBLE = 2 };
enum reason { NOT_JSON, NOT_AN_OBJECT, NOT_THE_FORMAT, TOO_LARGE, REASONS };

static const char *const reasons[] = { [NOT_JSON] = N_("not JSON"), [NOT_AN_OBJECT] = N_("not an object"), [NOT_THE_FORMAT] = N_("not in the format of its file"),
				       [TOO_LARGE] = N_("too large") };

struct hit { /* in a piece: what rules found */
	unsigned rule;
	size_t line; /* within the piece, from 0 */
	struct str event; /* JSON; empty with --no-event */
	int64_t time;
	bool timed;
	struct str *captured;
};
struct piece { /* about a mebibyte of lines, judged by one thread */
	struct buf text;
	size_t first_line, lines, file;
	enum event_format format;
	struct arena *arena;
	VEC(struct hit) hits;
	size_t read, matched, rejected[REASONS], given_up, too_long;
	bool ready, failed;
	struct piece *next_waiting, *next; /* next: the one read after it, or another spare one */
};

struct detecting {
	struct command_line *l;
	struct sigma_rules *rules;
	struct pipeline *pipeline;
	struct correlations *correlations;
	bool no_event, table, all_sources, format_given;
	enum event_format format;
	struct str *files;
	size_t file_count, threads;
	/* pieces on their way: read → judged → told in order */
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct piece *waiting, *waiting_last; /* read, not judged */
	struct piece *oldest, *newest;        /* all that are not told, in their order */
	struct piece *spare;
	size_t on_the_way;
	bool no_more;
	/* the sum */
	size_t read, matched, hits, rejected[REASONS], given_up;
	int64_t last_time;
	struct buf out;
};

/* --- loading rules ----------------------------------------------------------------------------------------------------------- */

static enum code load_file(struct detecting *d, struct str path, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(RULE_FILE_MOST * 2);
	struct str text;
	if (!arena)
		return error_nomem(e);
	TRY(file_read(arena, path, RULE_FILE_MOST, &text, e));
	return sigma_rules_add(d->rules, path, text, d->pipeline, e);
}

static bool rule_file(struct str name)
{
	return str_ends(name, STR(".yml")) || str_ends(name, STR(".yaml"));
}

static enum code load_path(struct detecting *d, struct str path, unsigned depth, struct error *e)
{
	struct stat st;
	struct str *names;
	size_t count;
	if (stat(path.data, &st) < 0)
		return error_errno(e, N_("opening {path}"), path);
	if (!S_ISDIR(st.st_mode))
		return load_file(d, path, e);
	if (depth > FOLDER_DEPTH)
		return error_fail(e, E_LIMIT, N_("{path}: folders are nested too deeply"), { "path", path });
	TRY(folder_list(d->l->arena, path, &names, &count, e));
	for (size_t i = 0; i < count; i++) {
		struct str inner = arena_format(d->l->arena, "%.*s/%.*s", STR_ARG(path), STR_ARG(names[i]));
		if (!inner.data)
			return error_nomem(e);
		if (stat(inner.data, &st) == 0 && (S_ISDIR(st.st_mode) || rule_file(names[i])))
			TRY(load_path(d, inner, depth + 1, e));
	}
	return OK;
}

static enum code load_pipelines(struct detecting *d, struct error *e)
{
	VEC(struct pipeline_source) sources = { 0 };
	struct str path;
	enum code code = OK;
	while (code == OK && command_option(d->l, "pipeline", &path)) {
		struct pipeline_source *s = VEC_ADD(&sources);
		code = s ? OK : error_nomem(e);
		if (s)
			s->file = path;
		if (s)
			code = file_read(d->l->arena, path, RULE_FILE_MOST, &s->text, e);
	}
	if (code == OK && sources.count)
		code = pipeline_new(sources.items, sources.count, &d->pipeline, e);
	VEC_DONE(&sources);
	return code;
}

static enum code load_rules(struct detecting *d, struct error *e)
{
	struct str path;
	size_t count = 0;
	TRY(load_pipelines(d, e));
	TRY(sigma_rules_new(&d->rules, e));
	for (; command_option(d->l, "rules", &path); count++)
		TRY(load_path(d, path, 0, e));
	if (!count)
		return error_fail(e, E_INVALID, N_("Name the folder of rules: --rules DIR"));
	return sigma_rules_ready(d->rules, e);
}

static void say_faults(const struct detecting *d, FILE *out)
{
	for (size_t i = 0; i < sigma_faults_count(d->rules); i++)
		fprintf(out, "%.*s\n", STR_ARG(sigma_faults_at(d->rules, i)->text));
}

static void detecting_done(struct detecting *d)
{
	correlations_free(d->correlations);
	sigma_rules_free(d->rules);
	pipeline_free(d->pipeline);
	buf_done(&d->out);
}

/* --- judging ------------------------------------------------------------------------------------------------------------------ */

struct judge { /* what a thread keeps */
	struct detecting *d;
	struct sigma_scratch *scratch;
	struct arena *line;
	struct event_pairs pairs;
};

static bool blank(struct str s)
{
	return str_trim(s).len == 0;
}

static void reject(struct piece *p, enum reason why)
{
	p->rejected[why]++;
}

/* False: the line is no event, and was counted. E_NOMEM only. */
static enum code read_event(struct judge *j, struct piece *p, struct str line, bool *ret, struct error *e)
{
	static const struct json_limits limits = { .bytes = EVENT_LINE_MOST, .depth = 256, .nodes = 1000000 };
	const struct json *tree;
	enum code code;
	*ret = false;
	if (p->format == EVENT_JSON) {
		code = json_parse(j->line, line, &limits, &tree, e);
		if (code == OK && tree->type != JSON_OBJECT) {
			reject(p, NOT_AN_OBJECT);
			return OK;
		}
		if (code == OK)
			code = sigma_event_json(j->scratch, tree, e);
	} else {
		code = event_format_parse(p->format, line, &j->pairs, NULL);
		if (code == OK)
			code = sigma_event_pairs(j->scratch, &j->pairs, e);
	}
	if (code == E_NOMEM)
		return code;
	if (code != OK)
		reject(p, code == E_LIMIT ? TOO_LARGE : p->format == EVENT_JSON ? NOT_JSON : NOT_THE_FORMAT);
	*ret = code == OK;
	return OK;
}

static enum code event_text(struct judge *j, struct piece *p, struct str line, struct str *ret, struct error *e)
{
	*ret = j->d->no_event ? STR("") : line; /* the piece's own bytes, which stay until it is told */
	if (j->d->no_event || p->format == EVENT_JSON)
		return OK;
	CLEAN_BUF struct buf out;
	struct json_writer w;
	buf_init(&out, 0);
	json_writer_init(&w, &out);
	json_object(&w);
	for (size_t i = 0; i < j->pairs.count; i++) {
		json_name(&w, j->pairs.items[i].name);
		json_put_text(&w, j->pairs.items[i].value);
	}
	json_object_end(&w);
	*ret = buf_ok(&out) ? arena_copy(p->arena, buf_str(&out)) : STR_NONE;
	return ret->data ? OK : error_nomem(e);
}

static enum code note_hit(struct judge *j, struct piece *p, unsigned rule, size_t line, struct str text, struct error *e)
{
	const struct detecting *d = j->d;
	struct hit h = { .rule = rule, .line = line };
	size_t captures = correlations_captures(d->correlations, rule);
	TRY(event_text(j, p, text, &h.event, e));
	if (captures != SIZE_MAX) {
		h.captured = ARENA_ARRAY(p->arena, captures + 1, struct str);
		if (!h.captured)
			return error_nomem(e);
		TRY(correlations_capture(d->correlations, j->scratch, rule, p->arena, h.captured, e));
		h.timed = sigma_event_time(j->scratch, &h.time);
	}
	struct hit *kept = VEC_ADD(&p->hits);
	if (!kept)
		return error_nomem(e);
	*kept = h;
	return OK;
}

static enum code judge_line(struct judge *j, struct piece *p, size_t number, struct str line, struct error *e)
{
	const unsigned *rules;
	size_t count;
	bool good;
	if (blank(line))
		return OK;
	p->read++;
	TRY(read_event(j, p, line, &good, e));
	if (!good)
		return OK;
	TRY(sigma_match(j->scratch, &rules, &count, e));
	p->matched += count > 0;
	for (size_t i = 0; i < count; i++)
		TRY(note_hit(j, p, rules[i], number, line, e));
	return OK;
}

static enum code judge_piece(struct judge *j, struct piece *p)
{
	struct str rest = buf_str(&p->text), line;
	size_t given_up = sigma_given_up(j->scratch);
	for (size_t n = 0; str_cut(&rest, '\n', &line); n++) {
		struct error e;
		arena_reset(j->line);
		error_init(&e, j->line);
		if (line.len && line.data[line.len - 1] == '\r')
			line.len--;
		if (!rest.data && !line.len)
			break;
		p->lines = n + 1;
		enum code code = judge_line(j, p, n, line, &e);
		if (code == E_NOMEM) {
			reject(p, TOO_LARGE); /* one event needs more memory than there is: the others go on */
			continue;
		}
		if (code != OK)
			return code;
	}
	p->given_up = sigma_given_up(j->scratch) - given_up;
	return OK;
}

static bool judge_init(struct judge *j, struct detecting *d)
{
	*j = (struct judge){ .d = d, .scratch = sigma_scratch_new(d->rules, d->all_sources), .line = arena_new((size_t)512 << 20) };
	event_pairs_init(&j->pairs);
	return j->scratch && j->line;
}

static void judge_done(struct judge *j)
{
	sigma_scratch_free(j->scratch);
	arena_free(j->line);
	event_pairs_done(&j->pairs);
}

static void *judge_thread(void *data)
{
	struct detecting *d = data;
	struct judge j;
	bool able = judge_init(&j, d);
	pthread_mutex_lock(&d->lock);
	for (;;) {
		while (!d->waiting && !d->no_more)
			pthread_cond_wait(&d->moved, &d->lock);
		struct piece *p = d->waiting;
		if (!p)
			break;
		d->waiting = p->next_waiting;
		pthread_mutex_unlock(&d->lock);
		p->failed = !able || judge_piece(&j, p) != OK;
		pthread_mutex_lock(&d->lock);
		p->ready = true;
		pthread_cond_broadcast(&d->moved);
	}
	pthread_mutex_unlock(&d->lock);
	judge_done(&j);
	return NULL;
}

/* --- telling --------------------------------------------------------------------------------------------------------------------- */

static void print_hit(struct detecting *d, unsigned rule, struct str file, size_t line, struct str event)
{
	const struct sigma_rule *r = sigma_rules_at(d->rules, rule);
	struct json_writer w;
	d->hits++;
	if (d->table) {
		buf_format(&d->out, "%-13.*s  %.*s  %.*s:%zu\n", STR_ARG(r->level), STR_ARG(r->title), STR_ARG(file), line);
		return;
	}
	json_writer_init(&w, &d->out);
	json_object(&w);
	json_member_text(&w, "rule", r->id.len ? r->id : r->name.len ? r->name : r->title);
	json_member_text(&w, "title", r->title);
	json_member_text(&w, "level", r->level);
	json_member_text(&w, "file", file);
	json_member_int(&w, "line", (int64_t)line);
	if (!d->no_event) {
		json_name(&w, STR("event"));
		json_put_raw(&w, event);
	}
	json_object_end(&w);
	buf_add_char(&d->out, '\n');
}

struct telling {
	struct detecting *d;
	struct str file, event;
	size_t line;
};

static enum code tell_fired(void *data, unsigned correlation, struct error *e)
{
	const struct telling *t = data;
	if (!sigma_rules_at(t->d->rules, correlation)->silent)
		print_hit(t->d, correlation, t->file, t->line, t->event);
	return OK;
}

static enum code tell_piece(struct detecting *d, const struct piece *p, struct error *e)
{
	d->read += p->read + p->too_long;
	d->matched += p->matched;
	d->given_up += p->given_up;
	d->rejected[TOO_LARGE] += p->too_long;
	for (int i = 0; i < REASONS; i++)
		d->rejected[i] += p->rejected[i];
	for (size_t i = 0; i < p->hits.count; i++) {
		const struct hit *h = &p->hits.items[i];
		struct telling t = { d, d->files[p->file], h->event, p->first_line + h->line };
		if (h->timed)
			d->last_time = h->time;
		if (!sigma_rules_at(d->rules, h->rule)->silent)
			print_hit(d, h->rule, t.file, t.line, t.event);
		if (h->captured)
			TRY(correlations_feed(d->correlations, h->rule, h->timed ? h->time : d->last_time, h->captured, tell_fired, &t, e));
	}
	if (!buf_ok(&d->out))
		return error_nomem(e);
	fwrite(d->out.data ? d->out.data : "", 1, d->out.len, stdout);
	buf_clear(&d->out);
	return OK;
}

static void say(const struct detecting *d, FILE *out, const char *msgid, const struct error_arg *args)
{
	struct str text = catalog_format(d->l->catalog, d->l->lang, msgid, args, d->l->arena);
	fprintf(out, "%.*s\n", STR_ARG(text));
}
#define SAY(d, out, msgid, ...) say((d), (out), (msgid), ERROR_ARGS_(__VA_ARGS__))

static struct str number(const struct detecting *d, size_t n)
{
	return arena_format(d->l->arena, "%zu", n);
}

static void summary(const struct detecting *d)
{
	size_t rejected = 0;
	for (int i = 0; i < REASONS; i++)
		rejected += d->rejected[i];
	SAY(d, stderr, N_("{read} read, {matched} matched, {unmatched} unmatched, {rejected} rejected; {hits} hits of {rules} rules"),
	    { "read", number(d, d->read) }, { "matched", number(d, d->matched) }, { "unmatched", number(d, d->read - d->matched - rejected) },
	    { "rejected", number(d, rejected) }, { "hits", number(d, d->hits) }, { "rules", number(d, sigma_rules_count(d->rules)) });
	for (int i = 0; i < REASONS; i++)
		if (d->rejected[i])
			SAY(d, stderr, N_("rejected: {reason}: {count}"), { "reason", catalog_get(d->l->catalog, d->l->lang, NULL, str_of(reasons[i])) },
			    { "count", number(d, d->rejected[i]) });
	if (d->given_up)
		SAY(d, stderr, N_("regular expressions given up because they would not end: {count}"), { "count", number(d, d->given_up) });
	if (correlations_forgotten(d->correlations))
		SAY(d, stderr, N_("events and groups of correlations forgotten for want of room: {count}"),
		    { "count", number(d, correlations_forgotten(d->correlations)) });
}

/* --- the way of a piece -------------------------------------------------------------------------------------------------------------- */

static struct piece *piece_take(struct detecting *d, struct error *e)
{
	struct piece *p = d->spare;
	if (p) {
		d->spare = p->next;
	} else {
		p = mem_new(sizeof *p);
		if (p)
			p->arena = arena_new((size_t)1 << 30);
		if (!p || !p->arena) {
			mem_free(p);
			error_nomem(e);
			return NULL;
		}
		buf_init(&p->text, SIZE_MAX);
	}
	buf_clear(&p->text);
	arena_reset(p->arena);
	VEC_CLEAR(&p->hits);
	memset(p->rejected, 0, sizeof p->rejected);
	p->read = p->matched = p->given_up = p->lines = p->too_long = 0;
	p->ready = p->failed = false;
	p->next = p->next_waiting = NULL;
	return p;
}

static void piece_free(struct piece *p)
{
	if (!p)
		return;
	buf_done(&p->text);
	arena_free(p->arena);
	VEC_DONE(&p->hits);
	mem_free(p);
}

/* Tells the oldest piece, when it is judged or `wait`. *ret: it was told. */
static enum code tell_oldest(struct detecting *d, bool wait, bool *ret, struct error *e)
{
	pthread_mutex_lock(&d->lock);
	struct piece *p = d->oldest;
	while (p && wait && !p->ready)
		pthread_cond_wait(&d->moved, &d->lock);
	*ret = p && p->ready;
	pthread_mutex_unlock(&d->lock);
	if (!*ret)
		return OK;
	enum code code = p->failed ? error_nomem(e) : tell_piece(d, p, e);
	d->oldest = p->next;
	if (!d->oldest)
		d->newest = NULL;
	d->on_the_way--;
	p->next = d->spare;
	d->spare = p;
	return code;
}

static void hand_over(struct detecting *d, struct piece *p)
{
	if (d->newest)
		d->newest->next = p;
	else
		d->oldest = p;
	d->newest = p;
	d->on_the_way++;
	pthread_mutex_lock(&d->lock);
	if (d->waiting)
		d->waiting_last->next_waiting = p;
	else
		d->waiting = p;
	d->waiting_last = p;
	pthread_cond_broadcast(&d->moved);
	pthread_mutex_unlock(&d->lock);
}

/* The format of a file is that of its first line that is not blank. */
static enum event_format format_of(const struct detecting *d, struct str text)
{
	struct str rest = text, line;
	while (str_cut(&rest, '\n', &line))
		if (!blank(line))
			return d->format_given ? d->format : event_format_guess(line);
	return d->format_given ? d->format : EVENT_JSON;
}

static size_t count_lines(struct str text)
{
	size_t n = 0;
	for (const char *at = text.data; text.len && (at = memchr(at, '\n', (size_t)(text.data + text.len - at))); at++)
		n++;
	return n;
}

static enum code read_file(struct detecting *d, size_t file, struct error *e)
{
	struct log_file *f;
	size_t line = 1;
	bool first = true, told;
	enum event_format format = EVENT_JSON;
	TRY(log_file_open(d->files[file], &f, e));
	enum code code = OK;
	for (;;) {
		struct piece *p = piece_take(d, e);
		code = p ? log_file_read(f, EVENT_LINE_MOST, &p->text, &p->too_long, e) : E_NOMEM;
		if (code != OK || (!p->text.len && !p->too_long)) {
			piece_free(p);
			break;
		}
		if (first)
			format = format_of(d, buf_str(&p->text));
		first = false;
		p->file = file;
		p->first_line = line;
		p->format = format;
		line += count_lines(buf_str(&p->text));
		hand_over(d, p);
		do
			code = tell_oldest(d, d->on_the_way > d->threads * 4, &told, e);
		while (code == OK && told);
		if (code != OK)
			break;
	}
	log_file_close(f);
	return code;
}

static enum code read_files(struct detecting *d, struct error *e)
{
	enum code code = OK;
	bool told = true;
	for (size_t i = 0; i < d->file_count && code == OK; i++)
		code = read_file(d, i, e);
	while (code == OK && d->oldest)
		code = tell_oldest(d, true, &told, e);
	return code;
}

static enum code detect(struct detecting *d, struct error *e)
{
	pthread_t threads[THREADS_MOST];
	size_t running = 0;
	if (pthread_mutex_init(&d->lock, NULL) || pthread_cond_init(&d->moved, NULL))
		return error_nomem(e);
	while (running < d->threads && pthread_create(&threads[running], NULL, judge_thread, d) == 0)
		running++;
	enum code code = running ? read_files(d, e) : error_nomem(e);
	pthread_mutex_lock(&d->lock);
	d->no_more = true;
	if (code != OK)
		d->waiting = NULL;
	pthread_cond_broadcast(&d->moved);
	pthread_mutex_unlock(&d->lock);
	for (size_t i = 0; i < running; i++)
		pthread_join(threads[i], NULL);
	for (struct piece *p = d->oldest, *next; p; p = next) {
		next = p->next;
		piece_free(p);
	}
	for (struct piece *p = d->spare, *next; p; p = next) {
		next = p->next;
		piece_free(p);
	}
	pthread_cond_destroy(&d->moved);
	pthread_mutex_destroy(&d->lock);
	fflush(stdout);
	return code;
}

/* --- the verbs --------------------------------------------------------------------------------------------------------------------------- */

static enum code take_options(struct detecting *d, struct error *e)
{
	struct command_line *l = d->l;
	struct str format = STR("json"), of_files = STR(""), threads = STR("");
	int64_t n = sysconf(_SC_NPROCESSORS_ONLN);
	command_option(l, "format", &format);
	command_option(l, "threads", &threads);
	if (!str_is(format, "json") && !str_is(format, "table"))
		return error_fail(e, E_INVALID, N_("--format is json or table, not {format}"), { "format", format });
	if (threads.len && (!str_int(threads, &n) || n < 1))
		return error_fail(e, E_INVALID, N_("--threads takes a number from 1 on"));
	d->threads = (size_t)(n < 1 ? 1 : n > THREADS_MOST ? THREADS_MOST : n);
	d->table = str_is(format, "table");
	d->no_event = command_flag(l, "no-event") || d->table;
	d->all_sources = command_flag(l, "all-sources");
	d->format_given = command_option(l, "format-in", &of_files);
	if (d->format_given && !event_format_named(of_files, &d->format))
		return error_fail(e, E_INVALID, N_("--format-in is json, syslog, cef, logfmt, key-value or auditd, not {format}"), { "format", of_files });
	return OK;
}

static enum code take_files(struct detecting *d, struct error *e)
{
	struct command_line *l = d->l;
	d->files = ARENA_ARRAY(l->arena, (size_t)l->argc + 1, struct str);
	if (!d->files)
		return error_nomem(e);
	for (int i = 0; i < l->argc; i++) {
		if (l->argv[i][0] == '-' && l->argv[i][1])
			return error_fail(e, E_INVALID, N_("{argument} is not understood here; --help tells what is"), { "argument", str_of(l->argv[i]) });
		d->files[d->file_count++] = str_of(l->argv[i]);
	}
	if (!d->file_count)
		return error_fail(e, E_INVALID, N_("Name the files to read; - is standard input"));
	return OK;
}

static const struct sigma_rule *rule_named(const struct detecting *d, struct str name)
{
	for (size_t i = 0; i < sigma_rules_count(d->rules); i++) {
		const struct sigma_rule *r = sigma_rules_at(d->rules, i);
		if (str_eq(r->id, name) || str_eq(r->name, name) || str_eq(r->title, name))
			return r;
	}
	return NULL;
}

/* The line of that number; E_NOT_FOUND. */
static enum code find_line(struct str path, int64_t wanted, struct buf *out, struct str *ret, struct error *e)
{
	struct log_file *f;
	int64_t n = 0;
	TRY(log_file_open(path, &f, e));
	enum code code;
	size_t ignored;
	for (;;) {
		buf_clear(out);
		code = log_file_read(f, EVENT_LINE_MOST, out, &ignored, e);
		struct str rest = buf_str(out);
		while (code == OK && rest.data && rest.len && str_cut(&rest, '\n', ret))
			if (++n == wanted) {
				log_file_close(f);
				return OK;
			}
		if (code == OK && !out->len)
			code = error_fail(e, E_NOT_FOUND, N_("{path} has no such line"), { "path", path });
		if (code != OK)
			break;
	}
	log_file_close(f);
	return code;
}

static enum code explain(struct detecting *d, struct str name, struct error *e)
{
	const struct sigma_rule *rule = rule_named(d, name);
	struct str place = d->files[0], line;
	int64_t number = 0, colon = -1;
	for (size_t i = 0; i < place.len; i++)
		colon = place.data[i] == ':' ? (int64_t)i : colon;
	if (!rule)
		return error_fail(e, E_NOT_FOUND, N_("There is no rule {name}"), { "name", name });
	if (colon < 0 || !str_int(str_slice(place, (size_t)colon + 1, place.len), &number) || number < 1)
		return error_fail(e, E_INVALID, N_("--explain takes a rule, then FILE:LINE"));
	struct judge j = { .d = d };
	struct piece p = { .format = EVENT_JSON };
	CLEAN_BUF struct buf text, out;
	struct json_writer w;
	bool good;
	buf_init(&text, SIZE_MAX);
	buf_init(&out, 0);
	json_writer_init(&w, &out);
	struct str path = arena_copy(d->l->arena, str_slice(place, 0, (size_t)colon));
	enum code code = path.data && judge_init(&j, d) ? find_line(path, number, &text, &line, e) : error_nomem(e);
	if (code == OK) {
		p.format = format_of(d, line);
		code = read_event(&j, &p, line, &good, e);
	}
	if (code == OK && !good)
		code = error_fail(e, E_INVALID, N_("The line is no event in a format that is understood"));
	if (code == OK)
		code = sigma_explain(j.scratch, rule, &w, e);
	if (code == OK)
		printf("%.*s\n", (int)out.len, out.data);
	judge_done(&j);
	return code;
}

static enum code run_detect(struct detecting *d, struct error *e)
{
	struct str rule = STR_NONE;
	bool explaining = command_option(d->l, "explain", &rule);
	TRY(take_options(d, e));
	TRY(load_rules(d, e));
	TRY(take_files(d, e));
	say_faults(d, stderr);
	if (explaining)
		return explain(d, rule, e);
	d->correlations = correlations_new(d->rules);
	if (!d->correlations)
		return error_nomem(e);
	TRY(detect(d, e));
	summary(d);
	d->l->status = d->hits ? STATUS_HITS : STATUS_NOTHING;
	return OK;
}

enum code command_detect(struct command_line *l, struct error *e)
{
	struct detecting d = { .l = l };
	buf_init(&d.out, SIZE_MAX);
	l->trouble = STATUS_TROUBLE;
	enum code code = run_detect(&d, e);
	detecting_done(&d);
	return code;
}

/* ATT&CK techniques that the rules name in their tags (attack.t1059.001), each with the number of rules. */
static void coverage(const struct detecting *d)
{
	struct map *counts = map_new();
	struct str key;
	void *value;
	for (size_t i = 0; counts && i < sigma_rules_count(d->rules); i++) {
		const struct sigma_rule *r = sigma_rules_at(d->rules, i);
		for (size_t t = 0; t < r->tag_count; t++)
			if (str_starts(r->tags[t], STR("attack.t")) && r->tags[t].len > 8 && r->tags[t].data[8] >= '0' && r->tags[t].data[8] <= '9')
				map_put(counts, r->tags[t], (void *)((uintptr_t)map_get(counts, r->tags[t]) + 1));
	}
	for (size_t i = 0; counts && i < map_slots(counts); i++)
		if (map_at(counts, i, &key, &value))
			printf("T%.*s %zu\n", (int)(key.len - 8), key.data + 8, (size_t)(uintptr_t)value);
	map_free(counts);
}

static enum code run_rules(struct detecting *d, struct error *e)
{
	struct command_line *l = d->l;
	bool check = l->argc && strcmp(l->argv[0], "check") == 0, cover = l->argc && strcmp(l->argv[0], "coverage") == 0;
	if (!check && !cover)
		return error_fail(e, E_INVALID, N_("mandate rules check DIR, or mandate rules coverage DIR"));
	l->argc--;
	l->argv++;
	TRY(load_pipelines(d, e));
	TRY(sigma_rules_new(&d->rules, e));
	TRY(take_files(d, e));
	for (size_t i = 0; i < d->file_count; i++)
		TRY(load_path(d, d->files[i], 0, e));
	TRY(sigma_rules_ready(d->rules, e));
	if (cover) {
		coverage(d);
		return OK;
	}
	say_faults(d, stdout);
	SAY(d, stdout, N_("{rules} rules load, {faults} documents do not"), { "rules", number(d, sigma_rules_count(d->rules)) },
	    { "faults", number(d, sigma_faults_count(d->rules)) });
	l->status = sigma_faults_count(d->rules) ? STATUS_TROUBLE : STATUS_NOTHING;
	return OK;
}

enum code command_rules(struct command_line *l, struct error *e)
{
	struct detecting d = { .l = l };
	buf_init(&d.out, SIZE_MAX);
	l->trouble = STATUS_TROUBLE;
	enum code code = run_rules(&d, e);
	detecting_done(&d);
	return code;
}

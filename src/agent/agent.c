/* When to take stock and when to send: one report after the other, oldest first, with growing pauses while the link is
 * down. Neighbours: collect.c writes reports, spool.c keeps them, send.c carries them. */
#include "agent/agent.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/log.h"
#include "report.h"
#include "send.h"
#include "spool.h"
#include <errno.h>
#include <time.h>

#define MEMORY_MOST ((size_t)512 << 20)
#define FIRST_PAUSE (5 * SECOND)
#define LONGEST_PAUSE (3600 * SECOND)
#define LOOK (300 * SECOND) /* sleeps are no longer, so that a laptop that slept notices what is due */

struct agent {
	const struct agent_options *o;
	struct agent_outcome *outcome;
	struct spool *spool;
	struct arena *arena;    /* emptied after each report */
	unsigned failures;      /* in a row */
	bool wanted;            /* the server asks for all sections */
};

static int64_t now_of(const struct agent *a)
{
	return clock_now(a->o->clock ? a->o->clock : &clock_system);
}

static int64_t any_below(const struct agent *a, int64_t bound)
{
	uint64_t n;
	random_fill(a->o->random ? a->o->random : &random_system, &n, sizeof n);
	return (int64_t)(n % (uint64_t)(bound > 0 ? bound : 1));
}

static bool sleep_for(const struct agent *a, int64_t micros)
{
	if (a->o->wait)
		return a->o->wait(a->o->wait_data, micros);
	struct timespec t = { micros / SECOND, micros % SECOND * 1000 };
	return nanosleep(&t, &t) == 0 || errno != EINTR;
}

/* --- what the server has --------------------------------------------------------------------------- */

/* The digests it accepted last; NULL when it has to be told everything: another server, a report on its way. */
static const struct json *digests_known(struct agent *a)
{
	const struct json *note;
	if (spool_count(a->spool) || json_parse(a->arena, spool_note(a->spool, a->arena), NULL, &note, NULL) != OK ||
	    !str_eq(json_text(note, STR("server")), a->o->server))
		return NULL;
	return json_get(note, STR("digests"));
}

static enum code note_accepted(struct agent *a, const struct json *report, struct error *e)
{
	CLEAN_BUF struct buf b;
	struct json_writer w;
	const struct json *digests = json_get(report, STR("digests"));
	buf_init(&b, 1 << 20);
	json_writer_init(&w, &b);
	json_object(&w);
	json_member_text(&w, "server", a->o->server);
	if (digests) {
		json_name(&w, STR("digests"));
		json_put_tree(&w, digests);
	}
	json_object_end(&w);
	return buf_ok(&b) ? spool_set_note(a->spool, buf_str(&b), e) : error_nomem(e);
}

/* Does the server ask for sections that this report left out? One that was complete cannot be asked for more. */
static bool wants_more(const struct json *report, const struct json *answer)
{
	const struct json *want = answer ? json_get(answer, STR("want")) : NULL;
	for (size_t i = 0; want && want->type == JSON_LIST && i < want->list.count; i++) {
		const struct json *name = &want->list.items[i];
		if (name->type == JSON_TEXT && !json_get(report, name->text) &&
		    json_get(json_get(report, STR("digests")), name->text))
			return true;
	}
	return false;
}

/* --- one report ------------------------------------------------------------------------------------ */

static enum code make_report(struct agent *a, struct error *e)
{
	CLEAN_BUF struct buf b;
	size_t count = a->o->keep_count ? a->o->keep_count : 100, bytes = a->o->keep_bytes ? a->o->keep_bytes : (size_t)64 << 20;
	buf_init(&b, 0);
	a->wanted = false;
	enum code code = report_write(a->o, digests_known(a), a->arena, &b, e);
	if (code == OK)
		code = spool_add(a->spool, buf_str(&b), e);
	arena_reset(a->arena);
	if (code != OK)
		return code;
	a->outcome->made++;
	unsigned dropped = spool_trim(a->spool, count, bytes);
	if (dropped)
		log_write(LOG_WARNING, "reports dropped", { "count", .number = dropped });
	a->outcome->dropped += dropped;
	return OK;
}

static enum code accepted(struct agent *a, const struct json *report, const struct json *answer, struct error *e)
{
	bool more = wants_more(report, answer);
	a->wanted = more;
	a->outcome->sent++;
	if (a->o->daemon)
		log_write(LOG_INFO, "report sent", { "id", .text = json_text(report, STR("id")) });
	/* first the note: after a crash between the two the report goes twice, which does no harm */
	TRY(more ? spool_set_note(a->spool, STR("{}"), e) : note_accepted(a, report, e));
	return spool_remove_first(a->spool, e);
}

static enum code refused(struct agent *a, struct error *e)
{
	log_error("report refused", e);
	error_clear(e);
	a->outcome->refused++;
	TRY(spool_set_note(a->spool, STR("{}"), e));
	return spool_refuse_first(a->spool, e);
}

static enum code send_first(struct agent *a, struct error *e)
{
	const struct json *report, *answer;
	struct str text;
	enum code code = spool_first(a->spool, a->arena, &text, e);
	if (code == OK)
		code = json_parse(a->arena, text, &(struct json_limits){ .bytes = (size_t)64 << 20, .nodes = 8000000 }, &report, e);
	if (code != OK) /* damaged, or somebody edited it: what is no report must not stop those behind it */
		return code == E_NOMEM ? code : refused(a, e);
	switch (report_send(a->o, text, json_text(report, STR("id")), a->arena, &answer, e)) {
	case SENT:
		return accepted(a, report, answer, e);
	case REFUSED:
		return refused(a, e);
	case DENIED:
	case TRY_AGAIN:
		break;
	}
	return e->code;
}

static enum code send_all(struct agent *a, struct error *e)
{
	enum code code = OK;
	while (code == OK && spool_count(a->spool)) {
		code = send_first(a, e);
		arena_reset(a->arena);
	}
	a->failures = code == OK ? 0 : a->failures + 1;
	return code;
}

/* --- runs ------------------------------------------------------------------------------------------ */

static bool passing(enum code code)
{
	return code == E_IO || code == E_BUSY || code == E_LIMIT || code == E_NOMEM;
}

/* Doubles with every failure; half of it is left to chance, so that a server that comes back is not stormed. */
static int64_t pause_of(const struct agent *a)
{
	int64_t whole = FIRST_PAUSE;
	for (unsigned i = 1; i < a->failures && whole < LONGEST_PAUSE; i++)
		whole *= 2;
	whole = whole < LONGEST_PAUSE ? whole : LONGEST_PAUSE;
	return whole / 2 + any_below(a, whole / 2);
}

static enum code run_once(struct agent *a, struct error *e)
{
	unsigned tries = a->o->tries ? a->o->tries : 3;
	enum code code = make_report(a, e);
	while (code == OK) {
		error_clear(e);
		code = send_all(a, e);
		if (code == OK && !a->wanted)
			return OK;
		if (code == OK) {
			code = make_report(a, e); /* a complete one, so this comes once */
			continue;
		}
		if (!passing(code) || --tries == 0 || !sleep_for(a, pause_of(a)))
			return code;
		code = OK;
	}
	return code;
}

/* A daemon tells its own errors, since nobody waits for its answer, and forgets them. */
static bool goes_on(enum code code, struct error *e)
{
	if (code != OK && !passing(code))
		return false;
	if (code != OK)
		log_error("report kept", e);
	error_clear(e);
	arena_reset(e->arena);
	return true;
}

static enum code run_daemon(struct agent *a, struct error *e)
{
	int64_t interval = a->o->interval ? a->o->interval : 4 * 3600 * SECOND;
	int64_t next_report = now_of(a), next_try = next_report;
	for (;;) {
		enum code code = OK;
		int64_t now = now_of(a);
		/* a clock set back must not keep it waiting for years */
		if (now >= next_report || next_report - now > 2 * interval || a->wanted) {
			code = make_report(a, e);
			next_report = now + interval - interval / 10 + any_below(a, interval / 5);
			next_try = code == OK && !a->failures ? now : next_try;
			if (!goes_on(code, e))
				return code;
		}
		if (spool_count(a->spool) && (now >= next_try || next_try - now > LONGEST_PAUSE)) {
			code = send_all(a, e);
			next_try = now_of(a) + (code == OK ? 0 : pause_of(a));
			if (!goes_on(code, e))
				return code;
		}
		int64_t until = spool_count(a->spool) && next_try < next_report ? next_try : next_report;
		int64_t rest = a->wanted ? 0 : until - now_of(a);
		rest = rest < SECOND ? SECOND : rest > LOOK ? LOOK : rest;
		if (!sleep_for(a, rest))
			return OK;
	}
}

/* With an arena for errors of its own: the caller's would fill over the years. */
static enum code run_daemon_apart(struct agent *a, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(1 << 20);
	struct error mine;
	if (!arena)
		return error_nomem(e);
	error_init(&mine, arena);
	enum code code = run_daemon(a, &mine);
	for (const struct error_frame *f = mine.frame; f; f = f->next) {
		if (f == mine.frame)
			error_fail_(e, mine.code, f->msgid, f->args);
		else
			error_while_(e, f->msgid, f->args);
		error_hint(e, f->hint);
	}
	return code;
}

enum code agent_run(const struct agent_options *o, struct agent_outcome *ret, struct error *e)
{
	struct agent a = { .o = o, .outcome = ret, .arena = arena_new(MEMORY_MOST) };
	*ret = (struct agent_outcome){ 0 };
	if (!a.arena)
		return error_nomem(e);
	if (!o->server.len || !o->spool.len || !o->token_file.len) {
		arena_free(a.arena);
		return error_fail(e, E_INVALID, N_("The agent needs a server, a token file and a spool folder"));
	}
	enum code code = spool_open(o->spool, &a.spool, e);
	if (code == OK) {
		code = o->daemon ? run_daemon_apart(&a, e) : run_once(&a, e);
		ret->kept = (unsigned)spool_count(a.spool);
	}
	spool_close(a.spool);
	arena_free(a.arena);
	return code;
}

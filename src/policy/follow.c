/* The thread that judges all the time: everything once at the start and whenever the date changes, then what the journal tells. A
 * policy that judges each record by itself is asked about the records that changed. One that looks at others too is asked
 * about the changed records of its own at once, and as a whole when a kind it reads changed, a moment later: not more often than
 * leaves most of the time to others. So every verdict is right in the end whatever the policy is, and status tells its age.
 * On PostgreSQL one process judges for all, by lease.
 * Neighbours: evaluate.c compares, findings.c writes; search/follow.c does the same for another purpose. */
#include "base/log.h"
#include "base/mem.h"
#include "internal.h"
#include "journal/journal.h"
#include "policy.sql.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define NICE 10
#define ENTRIES_A_STEP 4
#define ENTRIES_AT_ONCE 200
#define CHANGES_AT_ONCE 2000
#define IDS_AT_ONCE 500
#define BETWEEN_ROUNDS (2 * 1000)
#define WHOLE_AGAIN SECOND       /* a policy is asked as a whole at most so often, */
#define WHOLE_SHARE 10           /* and for at most this part of the time */
#define ASK_MOST (60 * SECOND)
#define AFTER_TROUBLE (60 * SECOND)
#define ARENA_MOST ((size_t)512 << 20)

struct changed {
	const struct kind *kind;
	int64_t id;
	bool own; /* by our own hand */
};
struct due { /* of a rule */
	bool whole;    /* to be asked as a whole */
	int64_t after; /* not before this moment, clock_monotonic */
};
struct watch {
	struct policies *s;
	struct arena *arena, *scratch;
	struct conn *lease;
	struct call *call;
	bool begun;
	int64_t cursor, day;
	struct due *due;
	VEC(struct changed) changes;
	verdict_list verdicts;
};

/* --- what changed --------------------------------------------------------------------------------- */

static enum code note_change(struct watch *w, const struct json *change, bool own, struct error *e)
{
	const struct kind *k = model_kind(w->s->model, json_text(change, STR("kind")));
	int64_t id;
	if (!k || !id_parse(json_text(change, STR("id")), &id))
		return OK;
	struct changed *c = VEC_ADD(&w->changes);
	if (!c)
		return error_nomem(e);
	*c = (struct changed){ k, id, own };
	return OK;
}

static enum code take_entry(void *data, const struct journal_entry *entry, struct error *e)
{
	static const struct json_limits limits = { .bytes = (size_t)256 << 20, .nodes = 20000000 };
	struct watch *w = data;
	const struct json *payload;
	arena_reset(w->scratch);
	TRY(json_parse(w->scratch, entry->payload, &limits, &payload, e));
	const struct json *changes = json_get(payload, STR("changes"));
	for (size_t i = 0; changes && changes->type == JSON_LIST && i < changes->list.count; i++)
		TRY(note_change(w, &changes->list.items[i], str_is(entry->operation, "policy.judge"), e));
	return OK;
}

static enum code read_changes(struct watch *w, bool *ret_again, struct error *e)
{
	int64_t next = w->cursor, from;
	size_t taken = 0;
	VEC_CLEAR(&w->changes);
	do {
		from = next;
		TRY(journal_follow(w->call->record.conn, from, ENTRIES_A_STEP, take_entry, w, &next, e));
		taken += ENTRIES_A_STEP;
	} while (next > from && taken < ENTRIES_AT_ONCE && w->changes.count < CHANGES_AT_ONCE);
	*ret_again = next > w->cursor;
	w->cursor = next;
	return OK;
}

static void all_due(struct watch *w)
{
	for (size_t i = 0; i < w->s->count; i++)
		w->due[i] = (struct due){ .whole = true };
}

/* --- asking --------------------------------------------------------------------------------------- */

static enum code settle(struct watch *w, struct error *e)
{
	kernel_rest(w->s->kernel); /* the writer waits for nobody's snapshot */
	enum code code = w->verdicts.count ? findings_settle(w->s, w->verdicts.items, w->verdicts.count, e) : OK;
	VEC_CLEAR(&w->verdicts);
	arena_reset(w->scratch);
	TRY(code);
	return kernel_read_context(w->s->kernel, w->call, e);
}

static enum code ask_ids(struct watch *w, struct rule *const *rules, size_t rule_count, const int64_t *ids, size_t count, struct error *e)
{
	arena_reset(w->scratch);
	for (size_t i = 0; i < count; i += IDS_AT_ONCE)
		TRY(evaluate_ids(w->call, rules, rule_count, ids + i, count - i < IDS_AT_ONCE ? count - i : IDS_AT_ONCE, w->scratch, &w->verdicts, e));
	return settle(w, e);
}

static enum code ask_whole(struct watch *w, struct rule *const *rules, size_t count, struct error *e)
{
	int64_t began = clock_monotonic();
	arena_reset(w->scratch);
	conn_deadline(w->call->record.conn, began + ASK_MOST);
	enum code code = evaluate(w->call, rules, count, w->scratch, &w->verdicts, e);
	conn_deadline(w->call->record.conn, 0);
	int64_t took = clock_monotonic() - began;
	for (size_t i = 0; i < count; i++)
		w->due[rules[i] - w->s->rules] = (struct due){ .after = clock_monotonic() + (took * WHOLE_SHARE > WHOLE_AGAIN ? took * WHOLE_SHARE : WHOLE_AGAIN) };
	TRY(code);
	TRY(settle(w, e));
	for (size_t i = 0; i < count; i++) {
		atomic_store(&rules[i]->took, took / (int64_t)count);
		atomic_store(&rules[i]->judged, w->call->record.now);
	}
	return OK;
}

/* One policy's trouble is its own: it is told and asked again later. What somebody else's change was in the way of, soon. */
static void told(struct watch *w, struct rule *r, struct due *due, struct error *e)
{
	log_write(LOG_WARNING, "a policy could not be judged", { "policy", str_of(r->policy->name), 0 });
	log_error("a policy could not be judged", e);
	bool passing = e->code == E_BUSY || e->code == E_CONFLICT || e->code == E_DENIED || e->code == E_NOT_FOUND;
	*due = (struct due){ .whole = true, .after = clock_monotonic() + (passing ? WHOLE_AGAIN : AFTER_TROUBLE) };
	VEC_CLEAR(&w->verdicts);
}

/* --- one round ------------------------------------------------------------------------------------ */

/* The records of a kind that changed, with room for as many again; in w->arena. */
static enum code changed_of(struct watch *w, const struct kind *k, int64_t **ret, size_t *ret_count, struct error *e)
{
	*ret = ARENA_ARRAY(w->arena, 2 * w->changes.count + 1, int64_t);
	*ret_count = 0;
	if (!*ret)
		return error_nomem(e);
	for (size_t i = 0; i < w->changes.count; i++)
		if (w->changes.items[i].kind == k)
			(*ret)[(*ret_count)++] = w->changes.items[i].id;
	return OK;
}

/* The records whose findings somebody closed, or brought back: is it so? */
static enum code findings_touched(struct watch *w, struct str kind, int64_t *ids, size_t *io_count, struct error *e)
{
	for (size_t i = 0; i < w->changes.count; i++) {
		CLEAN_ROWS struct rows *rows = NULL;
		bool row;
		if (w->changes.items[i].kind != w->s->finding_kind || w->changes.items[i].own)
			continue;
		TRY(sql_query(w->call->record.conn, SQL_FINDING_ABOUT, SQL_PARAMS(SQL_I(w->changes.items[i].id), SQL_T(kind)), &rows, e));
		TRY(rows_next(rows, &row, e));
		if (row && id_parse(rows_text(rows, 0), &ids[*io_count]))
			++*io_count;
	}
	return OK;
}

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* A record that changed several times is asked about once. */
static size_t each_once(int64_t *ids, size_t count)
{
	size_t n = 0;
	if (count)
		qsort(ids, count, sizeof *ids, by_id);
	for (size_t i = 0; i < count; i++)
		if (!n || ids[n - 1] != ids[i])
			ids[n++] = ids[i];
	return n;
}

static bool reads_changed(const struct watch *w, const struct rule *r)
{
	for (size_t i = 0; i < w->changes.count; i++)
		if (r->reads[w->changes.items[i].kind->index])
			return true;
	return false;
}

static bool due_now(const struct watch *w, size_t place)
{
	return w->due[place].whole && clock_monotonic() >= w->due[place].after;
}

/* Those of the kind that can be asked together, from *io_next on; one by itself when it looks at other records. `whole`: only those
 * that are due. Returns how many; 0 at the end. */
static size_t gather(const struct watch *w, const struct kind *about, bool whole, size_t *io_next, struct rule *ret[TOGETHER_MOST])
{
	size_t n = 0;
	for (; *io_next < w->s->count && n < TOGETHER_MOST; ++*io_next) {
		struct rule *r = &w->s->rules[*io_next];
		if (r->about != about || (whole && !due_now(w, *io_next)))
			continue;
		if (!r->query->row_local && n)
			break;
		ret[n++] = r;
		if (!r->query->row_local) {
			++*io_next;
			break;
		}
	}
	return n;
}

/* Asks some together. One policy's trouble is its own: if there is any, each is asked by itself. */
static enum code judge_some(struct watch *w, struct rule *const *rules, size_t count, const int64_t *ids, size_t id_count, struct error *e)
{
	struct error own;
	error_init(&own, w->arena);
	enum code code = ids ? ask_ids(w, rules, count, ids, id_count, &own) : ask_whole(w, rules, count, &own);
	if (code == OK)
		return OK;
	VEC_CLEAR(&w->verdicts);
	if (code == E_NOMEM)
		return error_nomem(e);
	if (count == 1)
		told(w, rules[0], &w->due[rules[0] - w->s->rules], &own);
	TRY(kernel_read_context(w->s->kernel, w->call, e));
	for (size_t i = 0; i < count && count > 1; i++)
		TRY(judge_some(w, &rules[i], 1, ids, id_count, e));
	return OK;
}

static enum code judge_kind(struct watch *w, const struct kind *about, bool whole, struct error *e)
{
	struct rule *rules[TOGETHER_MOST];
	int64_t *ids = NULL;
	size_t id_count = 0, next = 0, count;
	arena_reset(w->arena);
	if (!whole) {
		TRY(changed_of(w, about, &ids, &id_count, e));
		TRY(findings_touched(w, str_of(about->name), ids, &id_count, e));
		id_count = each_once(ids, id_count);
		if (!id_count)
			return OK;
	}
	while (!atomic_load(&w->s->stop) && (count = gather(w, about, whole, &next, rules)) > 0)
		TRY(judge_some(w, rules, count, ids, id_count, e));
	return OK;
}

/* First what changed, for all; then what is to be asked as a whole. */
static enum code judge_all(struct watch *w, struct error *e)
{
	const struct model *m = w->s->model;
	for (size_t i = 0; i < w->s->count; i++)
		w->due[i].whole |= !w->s->rules[i].query->row_local && reads_changed(w, &w->s->rules[i]);
	for (size_t i = 0; i < m->kind_count && w->changes.count; i++)
		TRY(judge_kind(w, m->kinds[i], false, e));
	for (size_t i = 0; i < m->kind_count; i++)
		TRY(judge_kind(w, m->kinds[i], true, e));
	return OK;
}

/* Findings of policies that are no longer there are closed with them. */
static enum code clear_retired(struct watch *w, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(w->call->record.conn, SQL_FINDINGS_OF_RETIRED, SQL_NO_PARAMS, &rows, e));
	for (;;) {
		int64_t about;
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		struct verdict *v = id_parse(rows_text(rows, 1), &about) ? VEC_ADD(&w->verdicts) : NULL;
		if (v)
			*v = (struct verdict){ .policy = rows_int(rows, 0), .about = about };
	}
	rows_close(rows);
	rows = NULL;
	return settle(w, e);
}

static enum code begin(struct watch *w, struct error *e)
{
	struct journal_head head;
	kernel_rest(w->s->kernel);
	TRY(policies_store(w->s, e));
	TRY(kernel_read_context(w->s->kernel, w->call, e));
	TRY(journal_head(w->call->record.conn, w->call->arena, &head, e));
	TRY(modes_read(w->s, w->call->record.conn, e));
	TRY(clear_retired(w, e));
	w->cursor = head.size; /* what changed before is seen by asking for everything */
	all_due(w);
	w->begun = true;
	return OK;
}

static enum code leased(struct watch *w, bool *ret, struct error *e)
{
	struct store *store = kernel_store(w->s->kernel);
	*ret = store_single_writer(store);
	if (*ret)
		return OK;
	if (!w->lease)
		TRY(conn_open(store, CONN_READ, &w->lease, e));
	TRY(conn_refresh(w->lease, e));
	return conn_lease(w->lease, "policy", ret, e);
}

static enum code run(struct watch *w, bool *ret_again, struct error *e)
{
	bool mine;
	TRY(leased(w, &mine, e));
	TRY(kernel_read_context(w->s->kernel, w->call, e));
	if (!mine) { /* who judges has the cursor; the others only follow how strict policies are */
		w->begun = false;
		return modes_read(w->s, w->call->record.conn, e);
	}
	if (!w->begun)
		TRY(begin(w, e));
	TRY(read_changes(w, ret_again, e));
	bool modes = false, exceptions = w->call->record.now / DAY != w->day;
	for (size_t i = 0; i < w->changes.count; i++) {
		modes |= w->changes.items[i].kind == w->s->setting_kind;
		exceptions |= w->changes.items[i].kind == w->s->exception_kind;
	}
	if (modes)
		TRY(modes_read(w->s, w->call->record.conn, e));
	if (exceptions)
		all_due(w);
	w->day = w->call->record.now / DAY;
	return judge_all(w, e);
}

static void tell_metrics(struct watch *w)
{
	struct metrics *m = kernel_metrics(w->s->kernel);
	int64_t due = 0;
	for (size_t i = 0; i < w->s->count; i++)
		due += w->due[i].whole;
	metrics_set(m, GAUGE_POLICY_DUE, due);
	metrics_set(m, GAUGE_POLICY_CURSOR, w->cursor);
}

static bool round_once(struct watch *w)
{
	CLEAN_ARENA struct arena *arena = arena_new(ARENA_MOST);
	struct error e;
	bool again = false;
	if (!arena)
		return false;
	error_init(&e, arena);
	w->call = call_new(w->s->kernel, arena);
	enum code code = w->call ? OK : error_nomem(&e);
	if (code == OK) {
		call_as_system(w->call);
		code = run(w, &again, &e);
	}
	call_done(w->call);
	w->call = NULL;
	kernel_rest(w->s->kernel);
	VEC_CLEAR(&w->verdicts);
	tell_metrics(w);
	if (code == OK)
		return again;
	if (code != E_BUSY) { /* the writer is full, or about to end */
		metrics_add(kernel_metrics(w->s->kernel), GAUGE_JOB_FAILED, 1);
		log_error("policies are not judged", &e);
	}
	w->begun = false; /* what was read but not judged is found by asking for everything again */
	if (w->lease)
		conn_close(TAKE(w->lease));
	return false;
}

void *policy_thread(void *data)
{
	struct policies *s = data;
	struct store *store = kernel_store(s->kernel);
	struct watch w = { .s = s, .arena = arena_new(ARENA_MOST), .scratch = arena_new(ARENA_MOST), .due = mem_array(s->count + 1, sizeof *w.due) };
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* requests come first */
	while (w.arena && w.scratch && w.due && !atomic_load(&s->stop)) {
		uint64_t seen = store_commits(store);
		bool again = round_once(&w);
		int64_t until = clock_monotonic() + BETWEEN_ROUNDS;
		if (!again)
			store_wait(store, seen, SECOND / 4);
		while (!atomic_load(&s->stop) && clock_monotonic() < until)
			store_wait(store, store_commits(store), until - clock_monotonic());
	}
	if (w.lease)
		conn_close(w.lease);
	VEC_DONE(&w.changes);
	VEC_DONE(&w.verdicts);
	mem_free(w.due);
	arena_free(w.arena);
	arena_free(w.scratch);
	return NULL;
}

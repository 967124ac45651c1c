/* The follower: fills the index from the estate once, then follows the journal. It has a thread of its own, since filling
 * and merging may take seconds and the jobs' thread must stay quick (the journal's sequencer runs there). The cursor is
 * committed with the index, so after a crash it goes on where the index is. Neighbours: plan.c, text/index.h. */
#include "base/arena.h"
#include "base/log.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FOLLOWER_NICE 10
#define ROWS_AT_ONCE 100
#define ENTRIES_AT_ONCE 200
#define CHANGES_AT_ONCE 1000           /* records of a round: a snapshot held longer would keep the write-ahead log from being emptied */
#define ENTRIES_A_STEP 4
#define FILL_COMMIT 100000             /* records between commits while filling */
#define BETWEEN_ROUNDS (100 * 1000)    /* microseconds; changes that come meanwhile go together */
#define BETWEEN_COMMITS (5 * SECOND)   /* what a crash loses is followed again; the disk is the estate's first */
#define ARENA_MOST ((size_t)512 << 20) /* an entry may tell of 100,000 records */

struct changed {
	int64_t kind, id;
};
struct follower {
	struct search *s;
	struct arena *arena, *scratch;
	struct call *call;
	struct index_progress p;     /* as far as it has been taken in */
	size_t taken;                /* records since the last commit */
	bool forget;                 /* somebody was erased */
	bool dirty;                  /* published, not committed */
	int64_t committed;           /* clock_monotonic of the last commit */
	const struct searched *kind; /* of the rows coming */
	unsigned kind_number;
	VEC(struct changed) changes;
	struct idmap *seen;          /* ids of the rows that came */
};

/* --- records to documents ------------------------------------------------------------------------- */

static enum code take_row(void *data, const struct record_seen *row, struct error *e)
{
	struct follower *f = data;
	struct document_text texts[INDEX_FIELDS_MOST * FIELD_TEXTS_MOST];
	struct field_text own[FIELD_TEXTS_MOST];
	size_t count = 0, n;
	if (f->seen && !row->archived && !idmap_put(f->seen, row->id, 1))
		return error_nomem(e);
	if (row->archived)
		return OK;
	for (unsigned i = 0; i < f->kind->count; i++) {
		TRY(field_texts(f->kind, i, row, f->arena, own, &n, e));
		for (size_t k = 0; k < n; k++)
			texts[count++] = (struct document_text){ own[k].field, own[k].lang, own[k].text };
	}
	const struct document d = { .id = row->id, .entity = row->entity, .owner = row->owner, .kind = f->kind_number, .texts = texts, .count = count };
	f->taken++;
	return index_put(f->s->index, &d, e);
}

static void choose_kind(struct follower *f, size_t kind)
{
	f->kind = &f->s->plan.kinds[kind];
	f->kind_number = (unsigned)kind;
}

static enum code commit(struct follower *f, struct error *e)
{
	TRY(index_commit(f->s->index, &f->p, f->forget, e));
	f->forget = f->dirty = false;
	f->taken = 0;
	f->committed = clock_monotonic();
	atomic_store(&f->s->complete, f->p.complete != 0);
	return OK;
}

/* Searches see it at once; the disk is asked now and then, and when somebody must be forgotten. */
static enum code publish(struct follower *f, struct error *e)
{
	if (f->forget || clock_monotonic() - f->committed >= BETWEEN_COMMITS)
		return commit(f, e);
	f->dirty = true;
	return index_publish(f->s->index, e);
}

/* --- filling -------------------------------------------------------------------------------------- */

static enum code fill(struct follower *f, struct error *e)
{
	bool more = false;
	if (!f->p.scan_kind && !f->p.scan_after) { /* what changes from here on is followed later */
		struct journal_head head;
		TRY(journal_head(f->call->record.conn, f->arena, &head, e));
		f->p.cursor = head.size;
	}
	if ((size_t)f->p.scan_kind < f->s->plan.count) {
		choose_kind(f, (size_t)f->p.scan_kind);
		TRY(record_scan(&f->call->record, f->kind->kind, f->kind->wanted, f->p.scan_after, ROWS_AT_ONCE, take_row, f,
				&f->p.scan_after, &more, e));
		if (!more) {
			f->p.scan_kind++;
			f->p.scan_after = 0;
		}
	}
	f->p.complete = (size_t)f->p.scan_kind >= f->s->plan.count;
	return f->p.complete || f->taken >= FILL_COMMIT ? commit(f, e) : OK;
}

/* --- following ------------------------------------------------------------------------------------ */

static enum code note_change(struct follower *f, const struct json *change, struct error *e)
{
	int64_t kind = plan_kind(&f->s->plan, json_text(change, STR("kind"))), id;
	if (kind < 0 || !id_parse(json_text(change, STR("id")), &id))
		return OK;
	struct changed *c = VEC_ADD(&f->changes);
	if (!c)
		return error_nomem(e);
	*c = (struct changed){ kind, id };
	f->forget |= str_is(json_text(change, STR("action")), "erase");
	return OK;
}

static enum code take_entry(void *data, const struct journal_entry *entry, struct error *e)
{
	static const struct json_limits limits = { .bytes = (size_t)256 << 20, .nodes = 20000000 };
	struct follower *f = data;
	const struct json *payload;
	arena_reset(f->scratch);
	TRY(json_parse(f->scratch, entry->payload, &limits, &payload, e));
	const struct json *changes = json_get(payload, STR("changes"));
	for (size_t i = 0; changes && changes->type == JSON_LIST && i < changes->list.count; i++)
		TRY(note_change(f, &changes->list.items[i], e));
	return OK;
}

static int by_kind_and_id(const void *a, const void *b)
{
	const struct changed *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Takes in what some records of one kind are now; those that are gone or archived leave the index. */
static enum code renew(struct follower *f, const struct changed *changes, size_t count, struct error *e)
{
	int64_t ids[ROWS_AT_ONCE], known;
	enum code code = OK;
	for (size_t i = 0; i < count; i++)
		ids[i] = changes[i].id;
	choose_kind(f, (size_t)changes[0].kind);
	f->seen = idmap_new();
	if (!f->seen)
		return error_nomem(e);
	code = record_see(&f->call->record, f->kind->kind, f->kind->wanted, ids, count, take_row, f, e);
	for (size_t i = 0; i < count && code == OK; i++)
		if (!idmap_get(f->seen, ids[i], &known))
			code = index_remove(f->s->index, ids[i], e);
	idmap_free(f->seen);
	f->seen = NULL;
	return code;
}

/* A snapshot held for long would keep the write-ahead log from being emptied: records are taken as they are now, so a newer one will do. */
static enum code breathe(struct follower *f, struct error *e)
{
	kernel_rest(f->s->kernel);
	return kernel_read_context(f->s->kernel, f->call, e);
}

static enum code renew_all(struct follower *f, struct error *e)
{
	size_t n = 0;
	if (f->changes.count)
		qsort(f->changes.items, f->changes.count, sizeof *f->changes.items, by_kind_and_id);
	for (size_t i = 0; i < f->changes.count; i++)
		if (!n || by_kind_and_id(&f->changes.items[n - 1], &f->changes.items[i]) != 0)
			f->changes.items[n++] = f->changes.items[i];
	for (size_t i = 0, k; i < n; i += k) {
		for (k = 1; i + k < n && k < ROWS_AT_ONCE && f->changes.items[i + k].kind == f->changes.items[i].kind; k++)
			;
		TRY(renew(f, f->changes.items + i, k, e));
		TRY(breathe(f, e));
	}
	return OK;
}

static enum code follow(struct follower *f, bool *ret_again, struct error *e)
{
	int64_t next = f->p.cursor, from;
	size_t taken = 0;
	VEC_CLEAR(&f->changes);
	do {
		from = next;
		TRY(journal_follow(f->call->record.conn, from, ENTRIES_A_STEP, take_entry, f, &next, e));
		taken += ENTRIES_A_STEP;
	} while (next > from && taken < ENTRIES_AT_ONCE && f->changes.count < CHANGES_AT_ONCE);
	*ret_again = next > f->p.cursor;
	if (!*ret_again)
		return f->dirty && clock_monotonic() - f->committed >= BETWEEN_COMMITS ? commit(f, e) : OK;
	TRY(renew_all(f, e));
	f->p.cursor = next;
	/* entries that change no record (sign-ins) are not worth one; they are looked at again after a start */
	kernel_rest(f->s->kernel); /* merging and writing files takes its time */
	TRY(f->changes.count ? publish(f, e) : OK);
	return kernel_read_context(f->s->kernel, f->call, e);
}

/* --- one round ------------------------------------------------------------------------------------ */

static enum code first_entry(void *data, const struct journal_entry *entry, struct error *e)
{
	*(int64_t *)data = entry->id;
	return OK;
}

/* An index belongs to one estate, one log and one plan. *ret_ready false: the journal has no entry yet. */
static enum code open_index(struct follower *f, bool *ret_ready, struct error *e)
{
	struct search *s = f->s;
	struct index_options o = { .folder = arena_format(f->arena, "%.*s/search", STR_ARG(kernel_data(s->kernel))) };
	struct journal_head head;
	int64_t first = 0, next;
	const char *fault = NULL;
	struct index *index;
	TRY(journal_follow(f->call->record.conn, 0, 1, first_entry, &first, &next, e));
	TRY(journal_head(f->call->record.conn, f->arena, &head, e));
	*ret_ready = first != 0;
	if (!first)
		return OK;
	struct str identity = arena_format(f->arena, "%lld %lld", (long long)first, (long long)head.generation);
	if (!o.folder.data || !identity.data)
		return error_nomem(e);
	const struct str pieces[] = { { (const char *)s->plan.digest, SHA256_SIZE }, identity };
	sha256_pieces(pieces, 2, o.layout);
	TRY(index_open(&o, &index, &fault, e));
	if (fault)
		log_write(LOG_WARNING, "search index is built anew", { "reason", str_of(fault), 0 });
	f->p = index_progress(index);
	first = 0;
	enum code code = f->p.cursor ? journal_follow(f->call->record.conn, f->p.cursor - 1, 1, first_entry, &first, &next, e) : OK;
	if (code != OK) {
		index_close(index);
		return code;
	}
	if (f->p.cursor && !first) { /* the estate is older than the index */
		index_clear(index);
		f->p = index_progress(index);
	}
	pthread_mutex_lock(&s->lock);
	s->index = index;
	pthread_mutex_unlock(&s->lock);
	atomic_store(&s->complete, f->p.complete != 0);
	return OK;
}

static enum code tell_metrics(struct follower *f, struct error *e)
{
	struct metrics *m = kernel_metrics(f->s->kernel);
	struct journal_head head;
	TRY(journal_head(f->call->record.conn, f->arena, &head, e));
	struct index_view *v = index_view(f->s->index);
	atomic_store(&f->s->cursor, f->p.complete ? f->p.cursor : 0);
	metrics_set(m, GAUGE_SEARCH_LAG, !f->p.complete ? head.size : head.size > f->p.cursor ? head.size - f->p.cursor : 0);
	metrics_set(m, GAUGE_SEARCH_DOCUMENTS, v ? index_documents(v) : 0);
	metrics_set(m, GAUGE_SEARCH_BYTES, index_bytes(f->s->index));
	index_view_free(v);
	return OK;
}

static enum code run(struct follower *f, bool *ret_again, struct error *e)
{
	bool ready = true;
	*ret_again = false;
	f->call = call_new(f->s->kernel, f->arena);
	if (!f->call)
		return error_nomem(e);
	call_as_system(f->call);
	TRY(kernel_read_context(f->s->kernel, f->call, e));
	if (!f->s->index)
		TRY(open_index(f, &ready, e));
	if (!ready)
		return OK;
	if (f->p.complete) {
		TRY(follow(f, ret_again, e));
	} else {
		TRY(fill(f, e));
		*ret_again = true;
	}
	return tell_metrics(f, e);
}

/* After a fault the index in memory may be ahead of what is on disk; taking changes in twice does no harm. */
static bool round_once(struct follower *f)
{
	struct error e;
	bool again = false;
	arena_reset(f->arena);
	error_init(&e, f->arena);
	f->call = NULL;
	enum code code = run(f, &again, &e);
	call_done(f->call);
	kernel_rest(f->s->kernel); /* a snapshot held while waiting would keep the write-ahead log from being emptied */
	if (code == OK)
		return again;
	metrics_add(kernel_metrics(f->s->kernel), GAUGE_JOB_FAILED, 1);
	log_error("search index is not kept up", &e);
	return false;
}

void *follow_thread(void *data)
{
	struct search *s = data;
	struct follower f = { .s = s, .arena = arena_new(ARENA_MOST), .scratch = arena_new(ARENA_MOST) };
	struct store *store = kernel_store(s->kernel);
	setpriority(PRIO_PROCESS, (id_t)gettid(), FOLLOWER_NICE); /* requests come first; how far behind it is, is told */
	while (f.arena && f.scratch && !atomic_load(&s->stop)) {
		uint64_t seen = store_commits(store);
		bool again = round_once(&f);
		int64_t until = clock_monotonic() + BETWEEN_ROUNDS;
		if (again && !f.p.complete)
			continue;
		if (!again)
			store_wait(store, seen, SECOND / 4);
		while (!atomic_load(&s->stop) && clock_monotonic() < until)
			store_wait(store, store_commits(store), until - clock_monotonic());
	}
	if (f.dirty) {
		struct error e;
		arena_reset(f.arena);
		error_init(&e, f.arena);
		if (commit(&f, &e) != OK)
			log_error("search index is not kept", &e);
	}
	VEC_DONE(&f.changes);
	arena_free(f.arena);
	arena_free(f.scratch);
	return NULL;
}

/* The change feed: server-sent events (WHATWG HTML, "Server-sent events") that follow the journal. A stream with
 * nothing to say is suspended; one thread wakes all of them when something was committed, or for a heartbeat.
 * What a caller is told of a change: kind, id, version, action, and only of records they may see. */
#include "base/json.h"
#include "base/mem.h"
#include "internal.h"
#include "kernel/call.h"
#include <stdio.h>
#include <string.h>

#define HEARTBEAT (15 * SECOND)
#define ENTRIES_AT_ONCE 200
#define STREAMS_MOST 1000

struct stream {
	struct feeds *feeds;
	struct MHD_Connection *connection;
	struct call *call; /* keeps who is listening */
	struct arena *arena;
	int64_t after; /* next leaf wanted */
	struct buf pending;
	size_t sent;
	int64_t spoke; /* clock_monotonic of the last bytes */
	bool suspended;
	struct stream *next, *previous;
};

struct feeds {
	struct http_server *server;
	pthread_t thread;
	bool running;
	_Atomic bool stop;
	pthread_mutex_t lock;
	struct stream *first;
	size_t count;
};

/* --- waking --------------------------------------------------------------------------------------- */

static void wake_all(struct feeds *f)
{
	pthread_mutex_lock(&f->lock);
	for (struct stream *s = f->first; s; s = s->next)
		if (s->suspended) {
			s->suspended = false;
			MHD_resume_connection(s->connection);
		}
	pthread_mutex_unlock(&f->lock);
}

static void *feeds_thread(void *data)
{
	struct feeds *f = data;
	struct store *store = kernel_store(f->server->kernel);
	uint64_t seen = store_commits(store);
	int64_t beat = clock_monotonic();
	while (!atomic_load(&f->stop)) {
		uint64_t now = store_wait(store, seen, SECOND / 4);
		if (now == seen && clock_monotonic() - beat < HEARTBEAT)
			continue;
		seen = now;
		beat = clock_monotonic();
		wake_all(f);
	}
	wake_all(f);
	return NULL;
}

struct feeds *feeds_new(struct http_server *s)
{
	struct feeds *f = mem_new(sizeof *f);
	if (!f)
		return NULL;
	f->server = s;
	pthread_mutex_init(&f->lock, NULL);
	f->running = pthread_create(&f->thread, NULL, feeds_thread, f) == 0;
	if (!f->running) {
		feeds_free(f);
		return NULL;
	}
	return f;
}

void feeds_stop(struct feeds *f)
{
	if (!f || !f->running)
		return;
	atomic_store(&f->stop, true);
	pthread_join(f->thread, NULL);
	f->running = false;
}

void feeds_free(struct feeds *f)
{
	if (!f)
		return;
	feeds_stop(f);
	pthread_mutex_destroy(&f->lock);
	mem_free(f);
}

/* --- one stream ----------------------------------------------------------------------------------- */

struct telling {
	struct stream *stream;
	struct record_context *x;
	size_t told;
};

static bool may_see(struct telling *t, const struct json *change)
{
	const struct kind *k = model_kind(t->x->model, json_text(change, STR("kind")));
	int64_t entity;
	if (!k || !id_parse(json_text(change, STR("entity")), &entity))
		return false;
	if ((k->flags & KIND_SHARED) && t->x->who.person && !t->x->who.only)
		return true;
	char name[96];
	int len = snprintf(name, sizeof name, "%s.read", k->name);
	const struct function *f = model_function(t->x->model, (struct str){ name, (size_t)len });
	return f && decide(t->x->world, t->x->now, &t->x->who, f->index, entity, NULL, -1).allowed;
}

static void tell_change(const struct json *change, struct json_writer *w)
{
	static const char *const names[] = { "kind", "id", "version", "entity", "action", "state" };
	json_object(w);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct json *member = json_get(change, str_of(names[i]));
		if (member) {
			json_name(w, str_of(names[i]));
			json_put_tree(w, member);
		}
	}
	json_object_end(w);
}

static enum code tell_entry(void *data, const struct journal_entry *entry, struct error *e)
{
	struct telling *t = data;
	struct buf *out = &t->stream->pending;
	const struct json *payload;
	struct json_writer w;
	size_t start = out->len, told = 0;
	TRY(json_parse(t->stream->arena, entry->payload, NULL, &payload, e));
	const struct json *changes = json_get(payload, STR("changes"));
	buf_format(out, "id: %lld\nevent: change\ndata: ", (long long)entry->leaf);
	json_writer_init(&w, out);
	json_object(&w);
	json_member_int(&w, "leaf", entry->leaf);
	json_member_text(&w, "operation", entry->operation);
	json_name(&w, STR("changes"));
	json_list(&w);
	for (size_t i = 0; changes && changes->type == JSON_LIST && i < changes->list.count; i++)
		if (may_see(t, &changes->list.items[i])) {
			tell_change(&changes->list.items[i], &w);
			told++;
		}
	json_list_end(&w);
	json_object_end(&w);
	buf_add_text(out, "\n\n");
	if (!told)
		out->len = start; /* nothing in it for this reader */
	t->told += told;
	return OK;
}

static enum code fill(struct stream *s, struct error *e)
{
	struct kernel *k = s->feeds->server->kernel;
	struct conn *reader;
	struct telling t = { .stream = s, .x = &s->call->record };
	TRY(kernel_authenticate(k, s->call, e)); /* a closed session ends its feeds */
	TRY(kernel_read_context(k, s->call, e));
	TRY(kernel_reader(k, &reader, e));
	return journal_follow(reader, s->after, ENTRIES_AT_ONCE, tell_entry, &t, &s->after, e);
}

static ssize_t give(struct stream *s, char *out, size_t room)
{
	size_t left = s->pending.len - s->sent, n = left < room ? left : room;
	memcpy(out, s->pending.data + s->sent, n);
	s->sent += n;
	if (s->sent == s->pending.len) {
		buf_clear(&s->pending);
		s->sent = 0;
	}
	s->spoke = clock_monotonic();
	return (ssize_t)n;
}

/* Called by libmicrohttpd when the connection can take bytes. */
static ssize_t read_stream(void *data, uint64_t position, char *out, size_t room)
{
	struct stream *s = data;
	struct error e;
	if (s->pending.len > s->sent)
		return give(s, out, room);
	if (atomic_load(&s->feeds->stop))
		return MHD_CONTENT_READER_END_OF_STREAM;
	arena_reset(s->arena);
	error_init(&e, s->arena);
	enum code code = fill(s, &e);
	kernel_rest(s->feeds->server->kernel);
	if (code != OK || !buf_ok(&s->pending))
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (s->pending.len == 0 && clock_monotonic() - s->spoke >= HEARTBEAT)
		buf_add_text(&s->pending, ": still here\n\n");
	if (s->pending.len)
		return give(s, out, room);
	/* under the lock, so that the last waking cannot be missed */
	pthread_mutex_lock(&s->feeds->lock);
	bool stop = atomic_load(&s->feeds->stop);
	if (!stop) {
		s->suspended = true;
		MHD_suspend_connection(s->connection);
	}
	pthread_mutex_unlock(&s->feeds->lock);
	return stop ? MHD_CONTENT_READER_END_OF_STREAM : 0;
}

static void stream_free(void *data)
{
	struct stream *s = data;
	struct feeds *f = s->feeds;
	pthread_mutex_lock(&f->lock);
	if (s->previous)
		s->previous->next = s->next;
	else if (f->first == s)
		f->first = s->next;
	if (s->next)
		s->next->previous = s->previous;
	f->count--;
	pthread_mutex_unlock(&f->lock);
	metrics_add(kernel_metrics(f->server->kernel), GAUGE_STREAMS, -1);
	struct arena *own = s->call->arena;
	call_done(s->call);
	buf_done(&s->pending);
	arena_free(s->arena);
	arena_free(own);
}

/* The credentials are copied: the stream outlives the request they came with. */
static struct stream *stream_new(struct exchange *x, struct feeds *f)
{
	struct arena *own = arena_new(1 << 20), *scratch = arena_new(0);
	struct stream *s = own ? ARENA_NEW(own, struct stream) : NULL;
	struct call *given = s && scratch ? exchange_call(x) : NULL, *c = given ? call_new(x->server->kernel, own) : NULL;
	if (c) {
		c->bearer = arena_copy(own, given->bearer);
		c->session = arena_copy(own, given->session);
		c->lang = given->lang;
		s->feeds = f;
		s->call = c;
		s->arena = scratch;
		s->connection = x->connection;
		s->spoke = clock_monotonic();
		buf_init(&s->pending, 16 << 20);
	}
	call_done(given);
	if (!c) {
		arena_free(own);
		arena_free(scratch);
		return NULL;
	}
	return s;
}

/* From Last-Event-ID or ?after=<leaf>; without either from now on. */
static enum code read_start(struct exchange *x, struct stream *s, struct error *e)
{
	struct str last = exchange_header(x, "Last-Event-ID"), after = exchange_parameter(x, "after");
	struct journal_head head;
	struct conn *reader;
	int64_t leaf;
	if (last.len && str_int(last, &leaf) && leaf >= 0) {
		s->after = leaf + 1;
		return OK;
	}
	if (after.len) {
		if (!str_int(after, &s->after) || s->after < 0)
			return error_field(e, STR("after"), N_("must be the number of a leaf"));
		return OK;
	}
	TRY(kernel_reader(x->server->kernel, &reader, e));
	TRY(journal_head(reader, x->arena, &head, e));
	s->after = head.size;
	return OK;
}

enum code feed_open(struct exchange *x, struct error *e)
{
	struct feeds *f = x->server->feeds;
	struct stream *s = stream_new(x, f);
	if (!s)
		return error_nomem(e);
	enum code code = kernel_authenticate(x->server->kernel, s->call, e);
	if (code == OK)
		code = read_start(x, s, e);
	pthread_mutex_lock(&f->lock);
	if (code == OK && f->count >= STREAMS_MOST)
		code = error_fail(e, E_BUSY, N_("Too many change feeds are open"));
	f->count++;
	s->next = f->first;
	if (f->first)
		f->first->previous = s;
	f->first = s;
	pthread_mutex_unlock(&f->lock);
	metrics_add(kernel_metrics(x->server->kernel), GAUGE_STREAMS, 1);
	if (code == OK) {
		buf_add_text(&s->pending, "retry: 2000\n\n"); /* headers and a first line go out at once */
		x->own_response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16 << 10, read_stream, s, stream_free);
		if (!x->own_response)
			code = error_nomem(e);
	}
	if (code != OK) {
		stream_free(s);
		return code;
	}
	exchange_reply(x, 200, "text/event-stream");
	return OK;
}

/* What the files of the HTTP face share: the server, one exchange, the change feeds.
 * server.c runs libmicrohttpd, guard.c refuses what is dangerous, watch.c cuts who is too slow, exchange.c reads requests, reply.c
 * writes answers, resources.c has the fixed resources, openapi.c describes operations, feed.c streams changes. */
#pragma once
#include "base/arena.h"
#include "http/exchange.h"
#include "http/http.h"
#include "kernel/kernel.h"
#include "watch.h"
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#define HEADERS_MOST 16

struct feeds;

struct http_server {
	struct kernel *kernel;
	struct registry *registry; /* referenced */
	const struct model *model; /* the registry's */
	struct MHD_Daemon *daemon;
	const struct http_route *routes;
	const struct embedded *files;
	struct feeds *feeds;
	struct arena *arena;
	struct str address;
	bool secure;
	_Atomic bool stopping;   /* no write is suspended any more */
	_Atomic int64_t waiting; /* connections suspended for a write */
	size_t max_body;
	int64_t max_held;
	_Atomic int64_t held; /* bytes of bodies and answers in memory */
	struct watch *watch;
	struct buf openapi[LANG_COUNT]; /* made on first use, under the lock */
	pthread_mutex_t lock;
};

enum exchange_state { READING, REFUSED, WAITING, ANSWERED };

struct exchange {
	struct http_server *server;
	struct MHD_Connection *connection;
	struct link *link;
	struct arena *arena; /* the link's */
	struct str method, path;
	struct query_pair *pairs; /* decoded query parameters without the ones http takes itself */
	size_t pair_count;
	enum lang lang;
	struct buf body, out, packed; /* packed: out, compressed */
	size_t received, held; /* of the body; of server->held */
	int64_t since;         /* clock_monotonic of the head's end */
	bool crowded;          /* there was no room to hold the body */
	struct call *call;
	bool suspended;
	_Atomic int state;
	int status;
	const char *content_type;
	struct {
		const char *name;
		struct str value;
	} headers[HEADERS_MOST];
	size_t header_count;
	enum code (*answer)(struct exchange *x, struct call *c, struct error *e); /* NULL: the call's own JSON */
	const char *challenge;
	int cache_seconds;
	bool cache_immutable;
	struct error error;
	struct MHD_Response *own_response; /* instead of out: streams */
};

/* exchange.c */
struct exchange *exchange_new(struct http_server *s, struct MHD_Connection *connection, struct link *link,
			      const char *method, const char *url);
void exchange_free(struct exchange *x);
enum code exchange_read_query(struct exchange *x, struct error *e);
/* Headers and body into a call of the operation. */
enum code exchange_prepare_call(struct exchange *x, const struct operation *op, int64_t target, struct error *e);

/* guard.c */
void *guard_address(void *data, const char *address, struct MHD_Connection *connection);
/* Did guard_address() find fault, and answered what stands for the exchange? */
bool guard_stopped(const void *exchange);
enum code guard_head(struct exchange *x, const char *version, struct error *e);
enum code guard_too_large(struct error *e);
enum code guard_crowded(struct error *e);
/* Counts bytes that are kept for the exchange; false: that is more than all may keep together. */
bool guard_hold(struct exchange *x, size_t bytes);
void guard_release(struct exchange *x);
/* A piece of the body. False: enough, the connection is to end. */
bool guard_take(struct exchange *x, const char *data, size_t len);

/* reply.c */
enum MHD_Result reply_send(struct exchange *x);
/* RFC 9457 problem details of an error, in the caller's language. */
void reply_problem(struct exchange *x, const struct error *e, enum code code);
/* From a finished call. */
void reply_call(struct exchange *x);

/* resources.c */
extern const struct http_route http_resources[];
/* Files of the page; E_NOT_FOUND when there is none. */
enum code resource_file(struct exchange *x, struct error *e);

/* openapi.c */
enum code openapi_write(const struct registry *r, enum lang lang, struct str server_url, struct buf *out, struct error *e);

/* feed.c */
struct feeds *feeds_new(struct http_server *s);
/* Ends all streams, so that the daemon can stop. */
void feeds_stop(struct feeds *f);
void feeds_free(struct feeds *f);
enum code feed_open(struct exchange *x, struct error *e);

/* Runs libmicrohttpd: accepts, reads bodies under a ceiling, routes to operations or resources, suspends writes until
 * they are durable. Neighbours: exchange.c reads, reply.c answers, feed.c streams. */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "internal.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADER_ROOM (16 << 10) /* request line and headers of one connection; libmicrohttpd clears it for every request */

/* --- one request ---------------------------------------------------------------------------------- */

static void call_finished(struct call *c)
{
	struct exchange *x = c->face;
	struct http_server *s = x->server;
	int before = atomic_exchange(&x->state, ANSWERED);
	if (before == WAITING && x->suspended) {
		MHD_resume_connection(x->connection);
		atomic_fetch_sub(&s->waiting, 1);
	}
}

static enum MHD_Result answer_problem(struct exchange *x, enum code code)
{
	reply_problem(x, &x->error, code);
	return reply_send(x);
}

static const struct http_route *find_route(const struct http_route *routes, struct str method, struct str path, bool *io_known)
{
	for (const struct http_route *r = routes; r && r->path; r++) {
		struct str pattern = str_of(r->path);
		bool below = str_ends(pattern, STR("/"));
		if (below ? !str_starts(path, pattern) : !str_eq(path, pattern))
			continue;
		*io_known = true;
		if (str_is(method, r->method) || (str_is(method, "HEAD") && strcmp(r->method, "GET") == 0))
			return r;
	}
	return NULL;
}

/* Runs x->call: a read at once, a write when its turn comes. */
static enum MHD_Result answer_call(struct exchange *x)
{
	x->call->done = call_finished;
	atomic_store(&x->state, WAITING);
	if (x->call->operation->access == OP_READ) {
		kernel_call(x->server->kernel, x->call);
		reply_call(x);
		return reply_send(x);
	}
	/* counted before the flag is looked at: http_stop() sets the flag, then waits for the count */
	atomic_fetch_add(&x->server->waiting, 1);
	if (atomic_load(&x->server->stopping)) {
		atomic_fetch_sub(&x->server->waiting, 1);
		return answer_problem(x, error_fail(&x->error, E_BUSY, N_("The server is shutting down or overloaded; try again")));
	}
	x->suspended = true;
	MHD_suspend_connection(x->connection);
	kernel_call(x->server->kernel, x->call);
	return MHD_YES;
}

static enum MHD_Result answer_operation(struct exchange *x, const struct operation *op, int64_t target)
{
	enum code code = exchange_prepare_call(x, op, target, &x->error);
	return code == OK ? answer_call(x) : answer_problem(x, code);
}

static enum MHD_Result answer_resource(struct exchange *x, const struct http_route *route)
{
	enum code code = route ? route->handle(x, &x->error) : resource_file(x, &x->error);
	if (code != OK)
		return answer_problem(x, code);
	return x->answer ? answer_call(x) : reply_send(x);
}

static enum MHD_Result answer(struct exchange *x)
{
	bool known = false;
	int64_t target;
	struct str method = str_is(x->method, "HEAD") ? STR("GET") : x->method;
	enum code code = exchange_read_query(x, &x->error);
	if (code != OK)
		return answer_problem(x, code);
	const struct operation *op = registry_route(x->server->registry, method, x->path, &target, &known);
	if (op)
		return answer_operation(x, op, target);
	const struct http_route *route = find_route(x->server->routes, method, x->path, &known);
	if (!route)
		route = find_route(http_resources, method, x->path, &known);
	if (route || (!known && str_is(method, "GET") && !str_starts(x->path, STR("/api/"))))
		return answer_resource(x, route);
	if (!known)
		return answer_problem(x, error_fail(&x->error, E_NOT_FOUND, N_("There is nothing at {path}"), { "path", x->path }));
	error_fail(&x->error, E_INVALID, N_("{path} does not take {method}"), { "path", x->path }, { "method", x->method });
	error_detail(&x->error, DETAIL_METHOD);
	return answer_problem(x, E_INVALID);
}

/* The head is there, the body is not: what is refused now is not read. */
static enum MHD_Result start(struct http_server *s, struct MHD_Connection *connection, const char *url, const char *method,
			     const char *version, void **io_exchange)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct link *link = info ? info->socket_context : NULL;
	bool stopped = guard_stopped(*io_exchange);
	struct exchange *x = link ? exchange_new(s, connection, link, method, url) : NULL;
	*io_exchange = x;
	if (!x)
		return MHD_NO;
	link_carries(s->watch, link, x->since, 0);
	enum code code = stopped ? error_fail(&x->error, E_INVALID, N_("The address is not valid UTF-8")) : guard_head(x, version, &x->error);
	return code == OK ? MHD_YES : answer_problem(x, code);
}

static enum MHD_Result answer_whole(struct exchange *x)
{
	link_rests(x->link);
	if (x->crowded || atomic_load(&x->server->held) > x->server->max_held)
		return answer_problem(x, guard_crowded(&x->error));
	if (x->body.failed)
		return answer_problem(x, x->body.full ? guard_too_large(&x->error) : error_nomem(&x->error));
	return answer(x);
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **io_exchange)
{
	struct http_server *s = data;
	struct exchange *x = *io_exchange;
	if (!x || guard_stopped(x))
		return start(s, connection, url, method, version, io_exchange);
	if (*upload_size) {
		bool more = guard_take(x, upload, *upload_size);
		link_carries(s->watch, x->link, x->since, x->received);
		*upload_size = 0;
		return more ? MHD_YES : MHD_NO;
	}
	switch (atomic_load(&x->state)) {
	case READING:
		break;
	case WAITING:
		return MHD_YES; /* woken early; the writer will call again */
	default:
		reply_call(x);
		return reply_send(x);
	}
	return answer_whole(x);
}

static void on_completed(void *data, struct MHD_Connection *connection, void **io_exchange, enum MHD_RequestTerminationCode why)
{
	struct http_server *s = data;
	struct exchange *x = *io_exchange;
	if (!x || guard_stopped(x))
		return;
	struct link *link = x->link;
	exchange_free(x);
	arena_reset(link->arena);
	link_awaits(s->watch, link);
	*io_exchange = NULL;
}

static void on_connection(void *data, struct MHD_Connection *connection, void **io_link, enum MHD_ConnectionNotificationCode what)
{
	struct http_server *s = data;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		*io_link = info ? link_new(s->watch, info->connect_fd) : NULL;
		metrics_add(kernel_metrics(s->kernel), GAUGE_CONNECTIONS, 1);
	} else {
		link_free(s->watch, *io_link);
		*io_link = NULL;
		metrics_add(kernel_metrics(s->kernel), GAUGE_CONNECTIONS, -1);
	}
}

/* --- starting and stopping ------------------------------------------------------------------------ */

/* "127.0.0.1:8080", "[::1]:8080" */
static enum code parse_listen(struct str listen, struct arena *arena, struct sockaddr_storage *ret, struct error *e)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *found = NULL;
	size_t colon = listen.len;
	while (colon > 0 && listen.data[colon - 1] != ':')
		colon--;
	struct str host = colon ? str_slice(listen, 0, colon - 1) : STR_NONE;
	if (host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']')
		host = str_slice(host, 1, host.len - 1);
	struct str port = arena_copy(arena, str_slice(listen, colon, listen.len));
	host = arena_copy(arena, host);
	if (!host.len || !port.len || getaddrinfo(host.data, port.data, &hints, &found) != 0)
		return error_fail(e, E_INVALID, N_("{listen} is no address to listen on (example: 127.0.0.1:8080)"), { "listen", listen });
	memcpy(ret, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return OK;
}

static enum code note_address(struct http_server *s, struct error *e)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_LISTEN_FD);
	struct sockaddr_storage bound;
	socklen_t len = sizeof bound;
	char host[64], port[16];
	if (!info || getsockname(info->listen_fd, (struct sockaddr *)&bound, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&bound, len, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return error_fail(e, E_IO, N_("The address listened on cannot be read back"));
	s->address = arena_format(s->arena, bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return s->address.data ? OK : error_nomem(e);
}

static enum code read_tls(struct http_server *s, struct str *ret_certificate, struct str *ret_key, struct error *e)
{
	const struct config *c = kernel_config(s->kernel);
	struct str certificate = config_text(c, "tls-certificate"), key = config_text(c, "tls-key");
	*ret_certificate = *ret_key = STR_NONE;
	if (!certificate.len && !key.len)
		return OK;
	if (!certificate.len || !key.len)
		return error_fail(e, E_INVALID, N_("TLS needs both tls-certificate and tls-key"));
	TRY(file_read(s->arena, certificate, 1 << 20, ret_certificate, e));
	TRY(file_read(s->arena, key, 1 << 20, ret_key, e));
	s->secure = true;
	return OK;
}

static unsigned thread_count(const struct config *c)
{
	int64_t n = config_int(c, "threads");
	if (n <= 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

/* What libmicrohttpd says of requests it refuses itself. Anybody can cause it, so it is told to nobody who does not ask. */
static void __attribute__((format(printf, 2, 0))) on_remark(void *data, const char *format, va_list args)
{
	char text[512];
	vsnprintf(text, sizeof text, format, args);
	log_write(LOG_DEBUG, "http", { "text", str_trim(str_of(text)), 0 });
}

static enum code start_daemon(struct http_server *s, struct error *e)
{
	const struct config *c = kernel_config(s->kernel);
	struct sockaddr_storage address = { 0 };
	struct str certificate, key;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	TRY(parse_listen(config_text(c, "listen"), s->arena, &address, e));
	TRY(read_tls(s, &certificate, &key, e));
	struct MHD_OptionItem options[20] = {
		{ MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_remark, NULL }, /* first, so that it hears of the others */
		{ MHD_OPTION_SOCK_ADDR, 0, &address },
		{ MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)thread_count(c), NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, (intptr_t)config_int(c, "max-connections"), NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)(config_int(c, "idle-timeout") / SECOND), NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_ROOM, NULL },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, s },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, s },
		{ MHD_OPTION_LISTENING_ADDRESS_REUSE, 1, NULL },
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)config_int(c, "max-connections-per-address"), NULL },
		{ MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)guard_address, s },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
	};
	size_t n = 12;
	if (s->secure) {
		flags |= MHD_USE_TLS;
		options[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, (char *)(uintptr_t)certificate.data };
		options[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, (char *)(uintptr_t)key.data };
		options[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)(uintptr_t)"SECURE192:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE" };
	}
	options[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	if (address.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (!s->daemon)
		return error_fail(e, E_IO, N_("Cannot listen on {listen}: is the address in use, is the certificate right?"),
				  { "listen", config_text(c, "listen") });
	return note_address(s, e);
}

enum code http_start(const struct http_options *o, struct http_server **ret, struct error *e)
{
	struct http_server *s = mem_new(sizeof *s);
	if (!s)
		return error_nomem(e);
	s->kernel = o->kernel;
	s->routes = o->routes;
	s->files = o->files;
	s->registry = kernel_registry(o->kernel);
	s->model = registry_model(s->registry);
	s->max_body = (size_t)config_int(kernel_config(o->kernel), "max-body");
	s->arena = arena_new(0);
	pthread_mutex_init(&s->lock, NULL);
	s->max_held = config_int(kernel_config(o->kernel), "max-held");
	s->watch = watch_new(config_int(kernel_config(o->kernel), "idle-timeout"));
	s->feeds = s->arena ? feeds_new(s) : NULL;
	enum code code = s->feeds && s->watch ? start_daemon(s, e) : error_nomem(e);
	if (code != OK) {
		http_stop(s);
		return code;
	}
	*ret = s;
	return OK;
}

struct str http_address(const struct http_server *s)
{
	return s->address;
}

bool http_secure(const struct http_server *s)
{
	return s->secure;
}

void http_stop(struct http_server *s)
{
	if (!s)
		return;
	if (s->daemon) {
		/* no new connections; what is under way ends, feeds are told to */
		MHD_socket listening = MHD_quiesce_daemon(s->daemon);
		feeds_stop(s->feeds);
		atomic_store(&s->stopping, true);
		while (atomic_load(&s->waiting) > 0)
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		MHD_stop_daemon(s->daemon);
		if (listening != MHD_INVALID_SOCKET)
			close(listening);
	}
	feeds_free(s->feeds);
	watch_free(s->watch);
	for (size_t i = 0; i < LANG_COUNT; i++)
		buf_done(&s->openapi[i]);
	pthread_mutex_destroy(&s->lock);
	registry_unref(s->registry);
	arena_free(s->arena);
	mem_free(s);
}

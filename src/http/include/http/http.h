/* The HTTP face: libmicrohttpd, one epoll thread per core. Requests for operations become calls (kernel/call.h);
 * everything else is a resource in a table of routes. Protocol adapters add rows of their own to that table.
 *
 * A write suspends its connection until its group is on disk, so no thread waits for the disk. */
#pragma once
#include "base/buf.h"
#include "base/embed.h"
#include "base/error.h"

struct kernel;
struct exchange;
struct http_server;

/* A resource that is no operation. `path` ending in '/' matches everything below it. */
struct http_route {
	const char *method; /* "GET" also answers HEAD */
	const char *path;
	enum code (*handle)(struct exchange *x, struct error *e);
};

struct http_options {
	struct kernel *kernel;
	const struct http_route *routes; /* more of them, ends with path == NULL; may be NULL */
	const struct embedded *files;    /* the page: files below "web/" are served at "/" */
};

/* Listens as configured (settings listen, tls-*, threads, max-*, idle-timeout). */
enum code http_start(const struct http_options *o, struct http_server **ret, struct error *e);
/* The address really bound: "127.0.0.1:8080" (port 0 asks for a free one). */
struct str http_address(const struct http_server *s);
bool http_secure(const struct http_server *s);
/* Finishes open exchanges, ends change feeds, closes. Before kernel_stop(). */
void http_stop(struct http_server *s);

/* The one place that turns codes into HTTP statuses. */
int http_status(const struct error *e, enum code code);

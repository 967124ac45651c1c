/* A small HTTP client (libcurl) for the command line and the agent. Certificates are checked; redirects
 * are not followed; every answer has a ceiling and a deadline. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

struct http_client;

struct http_client_options {
	struct str base_url;   /* "http://127.0.0.1:8080"; only http and https */
	struct str token;      /* sent as Authorization: Bearer; may be empty */
	struct str ca_file;    /* PEM; empty: the system's */
	struct str language;   /* Accept-Language; may be empty */
	int64_t timeout;       /* microseconds for the whole exchange; 0: 60 s */
	size_t max_answer;     /* bytes; 0: 64 MiB */
};

struct http_answer {
	int status;
	struct buf body;
	char content_type[128]; /* empty when absent or longer */
	char etag[64];
};

enum code http_client_new(const struct http_client_options *o, struct http_client **ret, struct error *e);
void http_client_free(struct http_client *c);
/* `headers` ends with an empty view, each "Name: value"; may be NULL. A body with data == NULL is none.
 * OK for any HTTP status; E_IO when there was no answer. The caller owns ret->body (buf_done). */
enum code http_client_send(struct http_client *c, const char *method, struct str path_and_query,
			   struct str content_type, struct str body, const struct str *headers,
			   struct http_answer *ret, struct error *e);
/* Streams an answer (server-sent events, exports): `more` is called with each piece and answers false to stop, which is
 * OK. The deadline is for connecting only. */
enum code http_client_stream(struct http_client *c, struct str path_and_query,
			     bool (*more)(void *data, struct str piece), void *data, int *ret_status, struct error *e);

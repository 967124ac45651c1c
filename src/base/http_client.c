/* HTTP for the command line and the agent, by libcurl. Neighbours: cli/, agent/. */
#include "base/http_client.h"
#include "base/clock.h"
#include "base/mem.h"
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

struct http_client {
	CURL *curl;
	char *base, *token, *ca_file, *language;
	long timeout_ms;
	size_t max;
	char why[CURL_ERROR_SIZE];
};

static char *keep(struct str s)
{
	return s.len ? mem_copy_text(s.data, s.len) : NULL;
}

enum code http_client_new(const struct http_client_options *o, struct http_client **ret, struct error *e)
{
	struct http_client *c = mem_new(sizeof *c);
	if (!c)
		return error_nomem(e);
	c->curl = curl_easy_init();
	c->base = keep(o->base_url);
	c->token = keep(o->token);
	c->ca_file = keep(o->ca_file);
	c->language = keep(o->language);
	c->timeout_ms = (long)((o->timeout ? o->timeout : 60 * SECOND) / 1000);
	c->max = o->max_answer ? o->max_answer : (size_t)64 << 20;
	if (!c->curl || !c->base) {
		http_client_free(c);
		return error_nomem(e);
	}
	*ret = c;
	return OK;
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	mem_free(c->base);
	if (c->token)
		memset(c->token, 0, strlen(c->token));
	mem_free(c->token);
	mem_free(c->ca_file);
	mem_free(c->language);
	mem_free(c);
}

static size_t take_body(char *data, size_t size, size_t count, void *to)
{
	struct buf *b = to;
	buf_add(b, data, size * count);
	return buf_ok(b) ? size * count : 0;
}

static void keep_header(struct str line, const char *name, char *out, size_t room)
{
	struct str n = str_of(name);
	if (line.len <= n.len || !str_eq_nocase(str_slice(line, 0, n.len), n))
		return;
	struct str value = str_trim(str_slice(line, n.len, line.len));
	if (value.len < room) {
		memcpy(out, value.data, value.len);
		out[value.len] = 0;
	}
}

static size_t take_header(char *data, size_t size, size_t count, void *to)
{
	struct http_answer *a = to;
	struct str line = { data, size * count };
	keep_header(line, "Content-Type:", a->content_type, sizeof a->content_type);
	keep_header(line, "ETag:", a->etag, sizeof a->etag);
	return size * count;
}

/* Adds "name: value"; *io_failed when memory ran out. */
static struct curl_slist *add_header(struct curl_slist *list, const char *name, struct str value, bool *io_failed)
{
	CLEAN_BUF struct buf line;
	buf_init(&line, 1 << 16);
	buf_format(&line, "%s%.*s", name, STR_ARG(value));
	buf_add_char(&line, 0);
	struct curl_slist *longer = buf_ok(&line) ? curl_slist_append(list, line.data) : NULL;
	if (!longer)
		*io_failed = true;
	return longer ? longer : list;
}

static struct curl_slist *make_headers(const struct http_client *c, struct str content_type, const struct str *more, bool *ret_failed)
{
	struct curl_slist *list = NULL;
	*ret_failed = false;
	list = add_header(list, "Expect:", STR(""), ret_failed);
	if (c->token)
		list = add_header(list, "Authorization: Bearer ", str_of(c->token), ret_failed);
	if (c->language)
		list = add_header(list, "Accept-Language: ", str_of(c->language), ret_failed);
	if (content_type.len)
		list = add_header(list, "Content-Type: ", content_type, ret_failed);
	for (; more && more->len; more++)
		list = add_header(list, "", *more, ret_failed);
	return list;
}

static enum code prepare(struct http_client *c, struct str path, struct buf *url, struct error *e)
{
	curl_easy_reset(c->curl);
	buf_add_text(url, c->base);
	buf_add_str(url, path);
	buf_add_char(url, 0);
	if (!buf_ok(url))
		return error_nomem(e);
	curl_easy_setopt(c->curl, CURLOPT_URL, url->data);
	curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->why);
	curl_easy_setopt(c->curl, CURLOPT_ACCEPT_ENCODING, "");
	if (c->ca_file)
		curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->ca_file);
	c->why[0] = 0;
	return OK;
}

static enum code failed(struct http_client *c, CURLcode why, const struct buf *body, struct error *e)
{
	if (body && body->failed)
		return error_fail(e, E_LIMIT, N_("The answer from {server} is larger than allowed"), { "server", str_of(c->base) });
	error_fail(e, E_IO, N_("No answer from {server}: {reason}"), { "server", str_of(c->base) },
		   { "reason", str_of(c->why[0] ? c->why : curl_easy_strerror(why)) });
	return E_IO;
}

enum code http_client_send(struct http_client *c, const char *method, struct str path_and_query, struct str content_type,
			   struct str body, const struct str *headers, struct http_answer *ret, struct error *e)
{
	CLEAN_BUF struct buf url;
	struct http_answer answer = { 0 };
	bool lost;
	buf_init(&url, 1 << 16);
	buf_init(&answer.body, c->max);
	TRY(prepare(c, path_and_query, &url, e));
	struct curl_slist *list = make_headers(c, content_type, headers, &lost);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, c->timeout_ms);
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(c->curl, CURLOPT_NOBODY, 1L);
	if (body.data) {
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body.data);
	}
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &answer.body);
	curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, &answer);
	CURLcode why = lost ? CURLE_OUT_OF_MEMORY : curl_easy_perform(c->curl);
	long status = 0;
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(list);
	if (why != CURLE_OK) {
		enum code code = failed(c, why, &answer.body, e);
		buf_done(&answer.body);
		return code;
	}
	answer.status = (int)status;
	*ret = answer;
	return OK;
}

struct streaming {
	bool (*more)(void *data, struct str piece);
	void *data;
	bool stopped;
};

static size_t take_piece(char *data, size_t size, size_t count, void *to)
{
	struct streaming *s = to;
	s->stopped = !s->more(s->data, (struct str){ data, size * count });
	return s->stopped ? 0 : size * count;
}

enum code http_client_stream(struct http_client *c, struct str path_and_query, bool (*more)(void *data, struct str piece),
			     void *data, int *ret_status, struct error *e)
{
	CLEAN_BUF struct buf url;
	struct streaming s = { more, data, false };
	bool lost;
	buf_init(&url, 1 << 16);
	TRY(prepare(c, path_and_query, &url, e));
	struct curl_slist *list = make_headers(c, STR_NONE, NULL, &lost);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, c->timeout_ms);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_piece);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &s);
	CURLcode why = lost ? CURLE_OUT_OF_MEMORY : curl_easy_perform(c->curl);
	long status = 0;
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(list);
	*ret_status = (int)status;
	return why == CURLE_OK || s.stopped ? OK : failed(c, why, NULL, e);
}

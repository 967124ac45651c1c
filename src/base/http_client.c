/* HTTP for the command line and the agent, by libcurl. Neighbours: cli/, agent/. */
#include "base/http_client.h"
#include "base/clock.h"
#include "base/crypto.h"
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

/* A copy in *ret, NULL for an empty one; false when memory is short. */
static bool keep(struct str s, char **ret)
{
	*ret = s.len ? mem_copy_text(s.data, s.len) : NULL;
	return *ret || !s.len;
}

/* A line break in a header would begin another one. */
static bool one_line(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] < 0x20 && s.data[i] != '\t')
			return false;
	return true;
}

enum code http_client_new(const struct http_client_options *o, struct http_client **ret, struct error *e)
{
	struct str base = str_trim(o->base_url);
	int64_t milliseconds = (o->timeout > 0 ? o->timeout : 60 * SECOND) / 1000;
	while (str_ends(base, STR("/")))
		base.len--;
	if (!base.len)
		return error_fail(e, E_INVALID, N_("The server's address is missing"));
	if (!one_line(base) || !one_line(o->token) || !one_line(o->language))
		return error_fail(e, E_INVALID, N_("The server's address, the token and the language must be one line each"));
	struct http_client *c = mem_new(sizeof *c);
	if (!c)
		return error_nomem(e);
	c->timeout_ms = milliseconds < 1 ? 1 : milliseconds > INT32_MAX ? INT32_MAX : (long)milliseconds;
	c->max = o->max_answer ? o->max_answer : (size_t)64 << 20;
	c->curl = curl_easy_init();
	if (!c->curl || !keep(base, &c->base) || !keep(o->token, &c->token) || !keep(o->ca_file, &c->ca_file) ||
	    !keep(o->language, &c->language)) {
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
		crypto_wipe(c->token, strlen(c->token));
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
	out[0] = 0;
	if (value.len < room && !memchr(value.data, 0, value.len)) {
		memcpy(out, value.data, value.len);
		out[value.len] = 0;
	}
}

static size_t take_header(char *data, size_t size, size_t count, void *to)
{
	struct http_answer *a = to;
	struct str line = { data, size * count };
	if (str_starts(line, STR("HTTP/"))) /* after an interim answer (1xx) the final one starts anew */
		a->content_type[0] = a->etag[0] = 0;
	keep_header(line, "Content-Type:", a->content_type, sizeof a->content_type);
	keep_header(line, "ETag:", a->etag, sizeof a->etag);
	return size * count;
}

struct headers {
	struct curl_slist *list;
	enum code code;
};

static void headers_done(struct headers *h)
{
	curl_slist_free_all(h->list);
}

/* Adds "name: value"; what went wrong stays in h->code. */
static void add_header(struct headers *h, const char *name, struct str value)
{
	CLEAN_BUF struct buf line;
	if (h->code != OK)
		return;
	if (!one_line(value)) {
		h->code = E_INVALID;
		return;
	}
	buf_init(&line, 1 << 16);
	buf_add_text(&line, name);
	buf_add_str(&line, value);
	buf_add_char(&line, 0);
	struct curl_slist *longer = buf_ok(&line) ? curl_slist_append(h->list, line.data) : NULL;
	if (longer)
		h->list = longer;
	else
		h->code = line.len + value.len < line.max ? E_NOMEM : E_INVALID;
	if (line.data)
		crypto_wipe(line.data, line.len); /* a token may be in it */
}

static enum code make_headers(const struct http_client *c, struct str content_type, const struct str *more, struct headers *h,
			      struct error *e)
{
	add_header(h, "Expect:", STR("")); /* no waiting for "100 Continue" */
	if (c->token)
		add_header(h, "Authorization: Bearer ", str_of(c->token));
	if (c->language)
		add_header(h, "Accept-Language: ", str_of(c->language));
	add_header(h, "Content-Type: ", content_type); /* an empty one keeps libcurl from making one up */
	for (; more && more->len; more++)
		add_header(h, "", *more);
	return h->code == OK	      ? OK
	       : h->code == E_INVALID ? error_fail(e, E_INVALID, N_("A header of the request must be one line and shorter than 64 KiB"))
				      : error_nomem(e);
}

static enum code prepare(struct http_client *c, struct str path, struct buf *url, struct error *e)
{
	curl_easy_reset(c->curl);
	buf_add_text(url, c->base);
	buf_add_str(url, path);
	buf_add_char(url, 0);
	if (!buf_ok(url))
		return strlen(c->base) + path.len < url->max ? error_nomem(e) : error_fail(e, E_LIMIT, N_("The address is longer than allowed"));
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
	if (body && body->failed && body->len + CURL_MAX_WRITE_SIZE < body->max)
		return error_nomem(e);
	if (body && body->failed)
		return error_fail(e, E_LIMIT, N_("The answer from {server} is larger than allowed"), { "server", str_of(c->base) });
	error_fail(e, E_IO, N_("No answer from {server}: {reason}"), { "server", str_of(c->base) },
		   { "reason", str_of(c->why[0] ? c->why : curl_easy_strerror(why)) });
	return E_IO;
}

/* Method and body as libcurl wants them told. */
static void set_body(struct http_client *c, const char *method, struct str body)
{
	bool expects = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(c->curl, CURLOPT_NOBODY, 1L);
	if (!body.data && !expects)
		return;
	/* without a body, these methods still say that its length is 0 */
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body.data ? body.data : "");
}

enum code http_client_send(struct http_client *c, const char *method, struct str path_and_query, struct str content_type, struct str body,
			   const struct str *headers, struct http_answer *ret, struct error *e)
{
	CLEAN_BUF struct buf url;
	__attribute__((cleanup(headers_done))) struct headers sent = { 0 };
	struct http_answer answer = { 0 };
	long status = 0;
	buf_init(&url, 1 << 16);
	buf_init(&answer.body, c->max);
	TRY(prepare(c, path_and_query, &url, e));
	TRY(make_headers(c, content_type, headers, &sent, e));
	set_body(c, method, body);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, sent.list);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, c->timeout_ms);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &answer.body);
	curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, &answer);
	CURLcode why = curl_easy_perform(c->curl);
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
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
	__attribute__((cleanup(headers_done))) struct headers sent = { 0 };
	struct streaming s = { more, data, false };
	long status = 0;
	buf_init(&url, 1 << 16);
	TRY(prepare(c, path_and_query, &url, e));
	TRY(make_headers(c, STR_NONE, NULL, &sent, e));
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, sent.list);
	curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, c->timeout_ms);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_piece);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &s);
	CURLcode why = curl_easy_perform(c->curl);
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	if (why != CURLE_OK && !s.stopped)
		return failed(c, why, NULL, e);
	*ret_status = (int)status;
	return OK;
}

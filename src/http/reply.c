/* Writing answers: statuses, problem details, headers, entity tags, compression.
 * Neighbours: server.c sends what is made here; http_status() is the only mapping of codes to statuses. */
#include "base/clock.h"
#include "internal.h"
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define COMPRESS_FROM 1400 /* smaller answers fit one packet anyway */

int http_status(const struct error *e, enum code code)
{
	static const int by_code[] = { [OK] = 200,          [E_INVALID] = 400, [E_DENIED] = 403, [E_NOT_FOUND] = 404,
				       [E_CONFLICT] = 409,  [E_BUSY] = 503,    [E_LIMIT] = 413,  [E_NOMEM] = 503,
				       [E_IO] = 503,        [E_INTERNAL] = 500 };
	static const int by_detail[] = { [DETAIL_UNAUTHENTICATED] = 401, [DETAIL_PRECONDITION] = 412, [DETAIL_TOO_LARGE] = 413,
					 [DETAIL_RATE] = 429,            [DETAIL_TIMEOUT] = 504,      [DETAIL_UNPROCESSABLE] = 422,
					 [DETAIL_METHOD] = 405,          [DETAIL_MEDIA_TYPE] = 415 };
	if (code != OK && e && e->code == code && e->detail && e->detail < sizeof by_detail / sizeof *by_detail)
		return by_detail[e->detail];
	return by_code[code];
}

static const char *title_of(enum code code)
{
	switch (code) {
	case E_INVALID:
		return N_("The request is not right");
	case E_DENIED:
		return N_("Not allowed");
	case E_NOT_FOUND:
		return N_("Not found");
	case E_CONFLICT:
		return N_("Something changed meanwhile");
	case E_BUSY:
		return N_("Busy; try again");
	case E_LIMIT:
		return N_("A limit was reached");
	case E_NOMEM:
	case E_IO:
		return N_("Not possible at the moment");
	default:
		return N_("An error in the program");
	}
}

void reply_problem(struct exchange *x, const struct error *e, enum code code)
{
	const struct model *m = x->server->model;
	const struct catalog *catalog = m->catalog;
	struct json_writer w;
	int status = http_status(e, code);
	struct str type = arena_format(x->arena, "/problems/%s", code_name(code));
	buf_clear(&x->out);
	json_writer_init(&w, &x->out);
	json_object(&w);
	json_member_text(&w, "type", type.data ? type : STR("about:blank"));
	json_member_text(&w, "title", catalog_get(catalog, x->lang, NULL, str_of(title_of(code))));
	json_member_int(&w, "status", status);
	json_member_text(&w, "detail", catalog_error(catalog, x->lang, e, x->arena));
	json_member_text(&w, "instance", x->path);
	if (e->items) {
		json_name(&w, STR("errors"));
		json_list(&w);
		for (const struct error_item *item = e->items; item; item = item->next) {
			json_object(&w);
			json_member_text(&w, item->pointer.len && item->pointer.data[0] != '/' ? "parameter" : "pointer", item->pointer);
			json_member_text(&w, "detail", catalog_format(catalog, x->lang, item->msgid, item->args, x->arena));
			json_object_end(&w);
		}
		json_list_end(&w);
	}
	json_object_end(&w);
	if (status == 401)
		exchange_set_header(x, MHD_HTTP_HEADER_WWW_AUTHENTICATE, str_of(x->challenge ? x->challenge : "Bearer"));
	if (status == 503 || status == 429)
		exchange_set_header(x, MHD_HTTP_HEADER_RETRY_AFTER, status == 429 ? STR("60") : STR("1"));
	exchange_set_header(x, MHD_HTTP_HEADER_CONTENT_LANGUAGE, str_of(lang_tag(x->lang)));
	exchange_reply(x, status, "application/problem+json");
}

static void session_cookie(struct exchange *x, struct str secret, int64_t life)
{
	bool secure = x->server->secure;
	struct str cookie = arena_format(x->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s",
					 secure ? "__Host-mandate" : "mandate", STR_ARG(secret), (long long)(life / SECOND),
					 secure ? "; Secure" : "");
	if (cookie.data)
		exchange_set_header(x, MHD_HTTP_HEADER_SET_COOKIE, cookie);
}

static void reply_answer(struct exchange *x)
{
	struct call *c = x->call;
	enum code code = x->answer(x, c, &c->error);
	if (code != OK)
		reply_problem(x, &c->error, code);
}

void reply_call(struct exchange *x)
{
	struct call *c = x->call;
	if (x->answer) {
		reply_answer(x);
		return;
	}
	if (c->code != OK) {
		reply_problem(x, &c->error, c->code);
		return;
	}
	buf_done(&x->out);
	x->out = c->out;
	buf_init(&c->out, 0);
	if (c->set_session.len)
		session_cookie(x, c->set_session, config_int(kernel_config(x->server->kernel), "session-life"));
	if (c->end_session)
		session_cookie(x, STR(""), 0);
	if (c->created && c->operation->kind) {
		struct str location = arena_format(x->arena, "/api/%s/%lld", c->propose ? "proposal" : c->operation->kind->name,
						   (long long)c->made.id);
		if (location.data)
			exchange_set_header(x, MHD_HTTP_HEADER_LOCATION, location);
	}
	if (c->version) {
		struct str tag = arena_format(x->arena, "\"%lld\"", (long long)c->version);
		if (tag.data && c->operation->access == OP_READ && str_eq(tag, exchange_header(x, MHD_HTTP_HEADER_IF_NONE_MATCH))) {
			buf_clear(&x->out);
			exchange_reply(x, 304, NULL);
		}
		if (tag.data)
			exchange_set_header(x, MHD_HTTP_HEADER_ETAG, tag);
	}
	if (!x->status)
		exchange_reply(x, c->created ? 201 : 200, "application/json");
}

static bool accepts(struct str header, const char *coding)
{
	struct str rest = header, part, name;
	while (str_cut(&rest, ',', &part)) {
		name = str_take(&part, ';');
		if (str_is(str_trim(name), coding))
			return !part.data || (!str_is(str_trim(part), "q=0") && !str_is(str_trim(part), "q=0.0"));
	}
	return false;
}

static bool pack_gzip(struct exchange *x)
{
	z_stream z = { 0 };
	if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	size_t bound = deflateBound(&z, x->out.len);
	char *room = buf_room(&x->packed, bound);
	z.next_in = (Bytef *)x->out.data;
	z.avail_in = (uInt)x->out.len;
	z.next_out = (Bytef *)room;
	z.avail_out = (uInt)bound;
	bool done = room && x->out.len < UINT32_MAX && deflate(&z, Z_FINISH) == Z_STREAM_END;
	x->packed.len = done ? z.total_out : 0;
	deflateEnd(&z);
	return done;
}

static bool pack_zstd(struct exchange *x)
{
	size_t bound = ZSTD_compressBound(x->out.len);
	char *room = buf_room(&x->packed, bound);
	size_t len = room ? ZSTD_compress(room, bound, x->out.data, x->out.len, 1) : 0;
	if (!room || ZSTD_isError(len))
		return false;
	x->packed.len = len;
	return true;
}

/* Secrets are not compressed together with what a caller sent in (BREACH): sign-in answers stay below the threshold. */
static const char *pack(struct exchange *x)
{
	struct str accepted = exchange_header(x, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	if (x->out.len < COMPRESS_FROM || !accepted.len)
		return NULL;
	if (accepts(accepted, "zstd") && pack_zstd(x))
		return "zstd";
	if (accepts(accepted, "gzip") && pack_gzip(x))
		return "gzip";
	return NULL;
}

static void add_headers(struct exchange *x, struct MHD_Response *r, const char *coding)
{
	static const char *const always[][2] = {
		{ "X-Content-Type-Options", "nosniff" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
					     "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
					     "form-action 'self'; frame-ancestors 'none'" },
	};
	char cache[64];
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		MHD_add_response_header(r, always[i][0], always[i][1]);
	if (x->server->secure)
		MHD_add_response_header(r, "Strict-Transport-Security", "max-age=31536000");
	for (size_t i = 0; i < x->header_count; i++)
		MHD_add_response_header(r, x->headers[i].name, x->headers[i].value.data);
	if (x->content_type)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, x->content_type);
	if (coding)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_ENCODING, coding);
	if (x->out.len >= COMPRESS_FROM || x->cache_seconds)
		MHD_add_response_header(r, MHD_HTTP_HEADER_VARY, "Accept-Encoding, Accept-Language");
	snprintf(cache, sizeof cache, x->cache_seconds ? "public, max-age=%d%s" : "no-store", x->cache_seconds,
		 x->cache_immutable ? ", immutable" : "");
	MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, cache);
}

/* When there is no memory to say what is wrong in the reader's language. */
static struct MHD_Response *response_without_memory(struct exchange *x)
{
	static const char text[] = "{\"type\":\"/problems/nomem\",\"title\":\"Out of memory; try again\",\"status\":503}";
	x->status = 503;
	x->content_type = "application/problem+json";
	x->cache_seconds = 0;
	return MHD_create_response_from_buffer(sizeof text - 1, (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result reply_send(struct exchange *x)
{
	const char *coding = NULL;
	struct MHD_Response *r = x->own_response;
	if (!r && !buf_ok(&x->out)) {
		r = response_without_memory(x);
	} else if (!r) {
		coding = pack(x);
		struct buf *body = coding ? &x->packed : &x->out;
		/* the exchange outlives the response: it is freed when libmicrohttpd says the request is completed */
		r = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_PERSISTENT);
	}
	if (!r)
		return MHD_NO;
	add_headers(x, r, coding);
	if (x->own_response) {
		link_rests(x->link);
	} else {
		guard_hold(x, x->out.len + x->packed.len);
		link_carries(x->server->watch, x->link, clock_monotonic(), x->out.len + x->packed.len);
	}
	enum MHD_Result queued = MHD_queue_response(x->connection, (unsigned)x->status, r);
	MHD_destroy_response(r);
	x->own_response = NULL;
	return queued;
}

/* Reading a request: path, parameters, headers, body, credentials; and what resources may ask of it.
 * Neighbours: server.c owns exchanges, reply.c answers them. */
#include "base/clock.h"
#include "base/utf8.h"
#include "internal.h"
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

/* "http://host/path" (absolute-form, RFC 9112 §3.2.2): the path. */
static struct str path_of(struct str target)
{
	int64_t at = str_find_str(target, STR("://"));
	if (at < 0 || str_starts(target, STR("/")))
		return target;
	struct str rest = str_slice(target, (size_t)at + 3, target.len);
	int64_t slash = str_find(rest, '/');
	return slash < 0 ? STR("/") : str_slice(rest, (size_t)slash, rest.len);
}

struct exchange *exchange_new(struct http_server *s, struct MHD_Connection *connection, struct link *link,
			      const char *method, const char *url)
{
	struct arena *arena = link->arena;
	struct exchange *x = ARENA_NEW(arena, struct exchange);
	if (!x)
		return NULL;
	x->server = s;
	x->connection = connection;
	x->link = link;
	x->arena = arena;
	x->since = clock_monotonic();
	x->method = arena_copy(arena, str_of(method));
	x->path = arena_copy(arena, path_of(str_of(url)));
	error_init(&x->error, arena);
	buf_init(&x->body, s->max_body);
	buf_init(&x->out, (size_t)config_int(kernel_config(s->kernel), "max-answer"));
	buf_init(&x->packed, (size_t)config_int(kernel_config(s->kernel), "max-answer"));
	x->lang = lang_negotiate(exchange_header(x, MHD_HTTP_HEADER_ACCEPT_LANGUAGE));
	return x->method.data && x->path.data ? x : NULL;
}

void exchange_free(struct exchange *x)
{
	if (!x)
		return;
	guard_release(x);
	call_done(x->call);
	buf_done(&x->body);
	buf_done(&x->out);
	buf_done(&x->packed);
}

struct kernel *exchange_kernel(const struct exchange *x)
{
	return x->server->kernel;
}

struct arena *exchange_arena(const struct exchange *x)
{
	return x->arena;
}

struct str exchange_method(const struct exchange *x)
{
	return x->method;
}

struct str exchange_path(const struct exchange *x)
{
	return x->path;
}

struct str exchange_header(const struct exchange *x, const char *name)
{
	return str_of(MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name));
}

struct str exchange_parameter(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->pair_count; i++)
		if (str_is(x->pairs[i].name, name))
			return x->pairs[i].text;
	return STR_NONE;
}

struct str exchange_body(const struct exchange *x)
{
	return buf_str(&x->body);
}

enum lang exchange_lang(const struct exchange *x)
{
	return x->lang;
}

struct buf *exchange_out(struct exchange *x)
{
	return &x->out;
}

void exchange_reply(struct exchange *x, int status, const char *content_type)
{
	x->status = status;
	x->content_type = content_type;
}

void exchange_set_header(struct exchange *x, const char *name, struct str value)
{
	struct str copy = arena_copy(x->arena, value);
	if (x->header_count < HEADERS_MOST && copy.data) {
		x->headers[x->header_count].name = name;
		x->headers[x->header_count++].value = copy;
	}
}

void exchange_challenge(struct exchange *x, const char *challenge)
{
	x->challenge = challenge;
}

void exchange_run(struct exchange *x, struct call *c, enum code (*answer)(struct exchange *x, struct call *c, struct error *e))
{
	x->call = c;
	x->answer = answer;
}

void exchange_cache(struct exchange *x, int seconds, bool immutable)
{
	x->cache_seconds = seconds;
	x->cache_immutable = immutable;
}

struct pair_reading {
	struct exchange *x;
	size_t room;
	bool bad, many;
};

static enum MHD_Result read_pair(void *data, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *text,
				 size_t len)
{
	struct pair_reading *r = data;
	struct exchange *x = r->x;
	struct str n = arena_copy(x->arena, (struct str){ name, name_len });
	struct str t = arena_copy(x->arena, (struct str){ text ? text : "", text ? len : 0 });
	enum lang lang;
	if (!n.data || !t.data || !utf8_valid(n) || !utf8_valid(t) || memchr(t.data, 0, t.len)) {
		r->bad = true;
		return MHD_NO;
	}
	if (str_is(n, "lang") && lang_parse(t, &lang)) {
		x->lang = lang;
		return MHD_YES;
	}
	if (x->pair_count == r->room) {
		r->many = true;
		return MHD_NO;
	}
	x->pairs[x->pair_count++] = (struct query_pair){ n, t };
	return MHD_YES;
}

enum code exchange_read_query(struct exchange *x, struct error *e)
{
	struct pair_reading r = { .x = x, .room = 128 };
	x->pairs = ARENA_ARRAY(x->arena, r.room, struct query_pair);
	if (!x->pairs)
		return error_nomem(e);
	MHD_get_connection_values_n(x->connection, MHD_GET_ARGUMENT_KIND, read_pair, &r);
	if (r.bad || !utf8_valid(x->path))
		return error_fail(e, E_INVALID, N_("The address is not valid UTF-8"));
	if (r.many)
		return error_fail(e, E_INVALID, N_("The request has more than 100 parameters"));
	return OK;
}

/* Takes a yes/no parameter that http understands itself out of the list. */
static bool take_flag(struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->pair_count; i++) {
		if (!str_is(x->pairs[i].name, name))
			continue;
		bool on = str_is(x->pairs[i].text, "true") || str_is(x->pairs[i].text, "");
		memmove(&x->pairs[i], &x->pairs[i + 1], (x->pair_count - i - 1) * sizeof *x->pairs);
		x->pair_count--;
		return on;
	}
	return false;
}

static const char *cookie_name(const struct http_server *s)
{
	return s->secure ? "__Host-mandate" : "mandate";
}

struct call *exchange_call(struct exchange *x)
{
	struct call *c = call_new(x->server->kernel, x->arena);
	if (!c)
		return NULL;
	struct str authorization = exchange_header(x, MHD_HTTP_HEADER_AUTHORIZATION);
	if (authorization.len > 7 && str_eq_nocase(str_slice(authorization, 0, 7), STR("Bearer ")))
		c->bearer = str_trim(str_slice(authorization, 7, authorization.len));
	c->session = str_of(MHD_lookup_connection_value(x->connection, MHD_COOKIE_KIND, cookie_name(x->server)));
	c->csrf = exchange_header(x, "X-CSRF-Token");
	c->lang = x->lang;
	c->face = x;
	const union MHD_ConnectionInfo *peer = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char host[64] = "";
	if (peer && peer->client_addr)
		getnameinfo(peer->client_addr, sizeof(struct sockaddr_storage), host, sizeof host, NULL, 0, NI_NUMERICHOST);
	c->address = arena_copy(x->arena, str_of(host));
	return c;
}

/* If-Match: "12" (RFC 9110 §13.1.1); weak and foreign tags never match. */
static enum code read_if_match(struct exchange *x, struct call *c, struct error *e)
{
	struct str tag = str_trim(exchange_header(x, MHD_HTTP_HEADER_IF_MATCH));
	if (!tag.len || str_is(tag, "*"))
		return OK;
	if (tag.len > 2 && tag.data[0] == '"' && tag.data[tag.len - 1] == '"' &&
	    str_int(str_slice(tag, 1, tag.len - 1), &c->expect) && c->expect > 0)
		return OK;
	error_fail(e, E_CONFLICT, N_("If-Match {tag} is no version of this record"), { "tag", tag });
	return error_detail(e, DETAIL_PRECONDITION);
}

static enum code check_media_type(struct exchange *x, struct error *e)
{
	struct str type = exchange_header(x, MHD_HTTP_HEADER_CONTENT_TYPE), coding = exchange_header(x, MHD_HTTP_HEADER_CONTENT_ENCODING);
	struct str bare = str_trim(str_take(&type, ';'));
	if (!x->body.len)
		return OK;
	if (coding.len && !str_eq_nocase(coding, STR("identity"))) {
		error_fail(e, E_INVALID, N_("The body must not be compressed ({coding})"), { "coding", coding });
		return error_detail(e, DETAIL_MEDIA_TYPE);
	}
	if (str_eq_nocase(bare, STR("application/json")) || str_eq_nocase(bare, STR("application/merge-patch+json")))
		return OK;
	error_fail(e, E_INVALID, N_("The body must be application/json, not {type}"), { "type", bare });
	return error_detail(e, DETAIL_MEDIA_TYPE);
}

enum code exchange_prepare_call(struct exchange *x, const struct operation *op, int64_t target, struct error *e)
{
	struct call *c = x->call = exchange_call(x);
	if (!c)
		return error_nomem(e);
	c->operation = op;
	c->target = target;
	TRY(check_media_type(x, e));
	TRY(read_if_match(x, c, e));
	c->body = buf_str(&x->body);
	if (op->access == OP_WRITE) {
		c->idempotency_key = exchange_header(x, "Idempotency-Key");
		c->dry_run = take_flag(x, "dry_run");
		c->propose = take_flag(x, "propose");
		c->represent = str_find_str(exchange_header(x, "Prefer"), STR("return=representation")) >= 0;
	}
	if (x->pair_count && !(op->flags & OP_QUERY) && !operation_input_in_address(op))
		return error_fail(e, E_INVALID, N_("{operation} takes no parameter {name}"), { "operation", str_of(op->name) },
				  { "name", x->pairs[0].name });
	c->query = x->pairs;
	c->query_count = x->pair_count;
	return OK;
}

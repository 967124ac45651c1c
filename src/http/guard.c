/* What is refused of a request before anything of its body is read: heads that two programs in a row could understand differently
 * (RFC 9112 §11.2, request smuggling), bodies that are too large anyhow. Neighbours: server.c asks, libmicrohttpd has parsed. */
#include "base/utf8.h"
#include "internal.h"
#include <string.h>

#define DROPPED_MOST 4 /* times the largest body: so much too large a body is still read to its end, so that the answer arrives */

static const char nul_in_path;

/* Sees the request line as it came. What it answers stands in for the exchange until there is one. */
void *guard_address(void *data, const char *address, struct MHD_Connection *connection)
{
	struct str path = str_of(address);
	int64_t query = str_find(path, '?');
	path = query < 0 ? path : str_slice(path, 0, (size_t)query);
	return str_find_str(path, STR("%00")) >= 0 ? (void *)(uintptr_t)&nul_in_path : NULL;
}

bool guard_stopped(const void *exchange)
{
	return exchange == &nul_in_path;
}

struct head {
	unsigned hosts, lengths, codings;
	struct str length, coding;
	bool strange; /* a name that is no token */
};

static enum MHD_Result read_header(void *data, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *text, size_t len)
{
	struct head *h = data;
	struct str n = { name, name_len }, t = { text ? text : "", text ? len : 0 };
	if (str_eq_nocase(n, STR("Host"))) {
		h->hosts++;
	} else if (str_eq_nocase(n, STR("Content-Length"))) {
		h->lengths++;
		h->length = t;
	} else if (str_eq_nocase(n, STR("Transfer-Encoding"))) {
		h->codings++;
		h->coding = str_trim(t);
	}
	for (size_t i = 0; i < n.len; i++)
		h->strange |= (unsigned char)n.data[i] <= ' ' || n.data[i] == ':' || n.data[i] == 0x7f;
	h->strange |= !n.len || memchr(t.data, 0, t.len) || memchr(t.data, '\r', t.len) || memchr(t.data, '\n', t.len);
	return MHD_YES;
}

static enum code ambiguous(struct exchange *x, const char *name, struct error *e)
{
	return error_fail(e, E_INVALID, N_("The request’s header {name} is missing, not allowed so, or there several times"), { "name", str_of(name) });
}

enum code guard_head(struct exchange *x, const char *version, struct error *e)
{
	struct head h = { 0 };
	int64_t length;
	MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, read_header, &h);
	if (h.hosts > 1 || (h.hosts == 0 && strcmp(version, MHD_HTTP_VERSION_1_1) == 0))
		return ambiguous(x, "Host", e);
	if (h.lengths > 1 || (h.lengths && h.codings))
		return ambiguous(x, "Content-Length", e);
	if (h.codings > 1 || (h.codings && !str_eq_nocase(h.coding, STR("chunked"))))
		return ambiguous(x, "Transfer-Encoding", e);
	if (h.strange)
		return error_fail(e, E_INVALID, N_("A header of the request is not valid"));
	if (h.lengths && str_int(h.length, &length) && length / DROPPED_MOST > (int64_t)x->server->max_body)
		return guard_too_large(e);
	return OK;
}

enum code guard_too_large(struct error *e)
{
	error_fail(e, E_LIMIT, N_("The body is larger than this server takes"));
	return error_detail(e, DETAIL_TOO_LARGE);
}

enum code guard_crowded(struct error *e)
{
	return error_fail(e, E_BUSY, N_("The server holds as many requests and answers as it can; try again"));
}

bool guard_hold(struct exchange *x, size_t bytes)
{
	x->held += bytes;
	return atomic_fetch_add(&x->server->held, (int64_t)bytes) + (int64_t)bytes <= x->server->max_held;
}

void guard_release(struct exchange *x)
{
	atomic_fetch_sub(&x->server->held, (int64_t)x->held);
	x->held = 0;
}

/* The rest of too large a body is read and dropped, then told, unless it does not end. */
bool guard_take(struct exchange *x, const char *data, size_t len)
{
	if (!x->body.failed && !x->crowded) {
		x->crowded = !guard_hold(x, len);
		if (!x->crowded)
			buf_add(&x->body, data, len);
	}
	x->received += len;
	return x->received / DROPPED_MOST <= x->server->max_body;
}

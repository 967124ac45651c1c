/* The endpoint: who may send, what it is, what the answer is. An inventory becomes a call of inventory.report, so that it is
 * authorised, journaled and made durable like any other change.
 * Neighbours: inflate.c, xml.c, native.c and report.c turn bytes into a report; fleet/ takes it in. */
#include "inflate.h"
#include "inventory/inventory.h"
#include "native.h"
#include "report.h"
#include "xml.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "http/exchange.h"
#include "kernel/kernel.h"
#include <stdint.h>
#include <string.h>
#include <zlib.h>

/* No charset (RFC 7617 §2.1): FusionInventory takes everything up to the last quotation mark for the realm. */
#define CHALLENGE "Basic realm=\"mandate\""
#define TREE_MOST ((size_t)192 << 20) /* memory while one message is turned into a report */

enum dialect { DIALECT_XML, DIALECT_JSON };

/* --- who ------------------------------------------------------------------------------------------ */

/* RFC 7617: the user name says nothing, the password is the token. */
static enum code basic_token(struct str header, struct arena *arena, struct str *ret, struct error *e)
{
	struct str packed = str_trim(str_slice(header, 6, header.len)), rest;
	uint8_t *text = arena_alloc(arena, packed.len + 4);
	size_t len;
	if (!text)
		return error_nomem(e);
	if (!base64_decode(packed, text, &len))
		return error_fail(e, E_INVALID, N_("The Authorization header is not valid"));
	rest = (struct str){ (const char *)text, len };
	(void)str_take(&rest, ':');
	*ret = rest.data ? rest : STR_NONE;
	return OK;
}

static enum code credentials(struct exchange *x, struct call *c, bool *ret_in_path, struct error *e)
{
	struct str header = exchange_header(x, "Authorization"), path = exchange_path(x);
	c->session = STR_NONE; /* agents have no sessions, and browsers no business here */
	*ret_in_path = false;
	if (header.len > 6 && str_eq_nocase(str_slice(header, 0, 6), STR("Basic ")))
		return basic_token(header, exchange_arena(x), &c->bearer, e);
	if (c->bearer.len || !str_starts(path, STR("/inventory/")))
		return OK;
	c->bearer = str_slice(path, sizeof "/inventory/" - 1, path.len);
	*ret_in_path = true;
	return OK;
}

/* Addresses end up in logs on the way: what stands in one must not open anything but this door. */
static enum code path_token_is_narrow(const struct call *c, struct error *e)
{
	const char *const *only = c->principal.subject.only;
	bool narrow = only && only[0];
	for (; narrow && *only; only++)
		narrow = str_starts(str_of(*only), STR("inventory."));
	return narrow ? OK : error_fail(e, E_DENIED, N_("A token in the address must be narrowed to functions that begin with inventory."));
}

static enum code limit(struct exchange *x, const struct call *c, struct error *e)
{
	struct kernel *k = exchange_kernel(x);
	int64_t rate = config_int(kernel_config(k), "inventory-rate");
	struct str key = arena_format(exchange_arena(x), "inventory %lld", (long long)c->principal.token);
	if (!rate || (key.data && kernel_admits(k, key, rate)))
		return OK;
	error_fail(e, E_LIMIT, N_("Too many inventories with this token; wait a minute"));
	return error_detail(e, DETAIL_RATE);
}

/* Before a byte of the body is unpacked. */
static enum code admit(struct exchange *x, struct call *c, struct error *e)
{
	bool in_path;
	exchange_challenge(x, CHALLENGE);
	TRY(credentials(x, c, &in_path, e));
	TRY(kernel_authenticate(exchange_kernel(x), c, e));
	if (in_path)
		TRY(path_token_is_narrow(c, e));
	return limit(x, c, e);
}

/* --- answers -------------------------------------------------------------------------------------- */

static int hours(struct exchange *x)
{
	int64_t every = config_int(kernel_config(exchange_kernel(x)), "inventory-every") / (3600 * SECOND);
	return every < 1 ? 1 : every > 10000 ? 10000 : (int)every;
}

/* XML agents are answered packed, as they ask. */
static enum code answer_xml(struct exchange *x, const char *response, struct error *e)
{
	struct buf *out = exchange_out(x);
	CLEAN_BUF struct buf text;
	buf_init(&text, 4096);
	buf_format(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<REPLY><RESPONSE>%s</RESPONSE><PROLOG_FREQ>%d</PROLOG_FREQ></REPLY>\n", response, hours(x));
	uLongf len = compressBound(text.len);
	char *room = buf_ok(&text) ? buf_room(out, len) : NULL;
	if (!room || compress((Bytef *)room, &len, (const Bytef *)text.data, text.len) != Z_OK)
		return error_nomem(e);
	out->len += len;
	exchange_reply(x, 200, "application/x-compress-zlib");
	return OK;
}

static enum code answer_json(struct exchange *x, struct error *e)
{
	buf_format(exchange_out(x), "{\"status\":\"ok\",\"expiration\":%d}", hours(x));
	exchange_reply(x, 200, "application/json");
	return buf_ok(exchange_out(x)) ? OK : error_nomem(e);
}

static enum code acknowledge(struct exchange *x, enum dialect dialect, const char *response, struct error *e)
{
	return dialect == DIALECT_JSON ? answer_json(x, e) : answer_xml(x, response, e);
}

static enum code answer_report(struct exchange *x, struct call *c, struct error *e)
{
	if (c->code != OK)
		return c->code;
	return acknowledge(x, c->face_state ? DIALECT_JSON : DIALECT_XML, "NO_ACCOUNT_UPDATE", e);
}

/* --- messages ------------------------------------------------------------------------------------- */

static enum code read_message(struct exchange *x, struct arena *arena, struct buf *room, struct native *ret, enum dialect *ret_dialect, struct error *e)
{
	static const struct json_limits limits = { .bytes = INVENTORY_MOST, .depth = 32, .nodes = 600000 };
	struct str text, root;
	const struct json *tree;
	bool packed;
	TRY(inflate_body(exchange_body(x), room, &text, &packed, e));
	struct str begin = str_trim(str_slice(text, 0, text.len < 64 ? text.len : 64));
	if (!begin.len)
		return error_fail(e, E_INVALID, N_("The inventory is empty"));
	*ret_dialect = begin.data[0] == '{' ? DIALECT_JSON : DIALECT_XML;
	if (*ret_dialect == DIALECT_JSON) {
		TRY(json_parse(arena, text, &limits, &tree, e));
		return native_of_json(tree, arena, ret, e);
	}
	TRY(xml_parse(arena, text, &root, &tree, e));
	return native_of_xml(root, tree, exchange_header(x, "User-Agent"), ret, e);
}

/* The report as the call's body; everything else of the message is let go of before the call waits for its turn. */
static enum code prepare(struct exchange *x, struct call *c, struct native *n, enum dialect *ret_dialect, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(TREE_MOST);
	CLEAN_BUF struct buf room, report;
	int64_t entity = 0;
	buf_init(&room, INVENTORY_MOST + (1 << 20));
	buf_init(&report, INVENTORY_MOST);
	if (!arena)
		return error_nomem(e);
	if (exchange_parameter(x, "entity").len && !str_int(exchange_parameter(x, "entity"), &entity))
		return error_field(e, STR("/entity"), N_("must be the id of a record"));
	TRY(read_message(x, arena, &room, n, ret_dialect, e));
	if (n->message != NATIVE_INVENTORY)
		return OK;
	TRY(inventory_report_write(n, entity, arena, &report, e));
	c->body = arena_copy(exchange_arena(x), buf_str(&report));
	return c->body.data ? OK : error_nomem(e);
}

static enum code post_inventory(struct exchange *x, struct error *e)
{
	struct call *c = exchange_call(x);
	struct native n = { 0 };
	enum dialect dialect;
	if (!c)
		return error_nomem(e);
	enum code code = admit(x, c, e);
	if (code == OK)
		code = prepare(x, c, &n, &dialect, e);
	if (code != OK || n.message != NATIVE_INVENTORY) {
		call_done(c);
		TRY(code);
		return acknowledge(x, dialect, n.message == NATIVE_PROLOG ? "SEND" : "OK", e);
	}
	c->operation = registry_find(c->registry, STR("inventory.report"));
	c->face_state = dialect == DIALECT_JSON ? c : NULL;
	exchange_run(x, c, answer_report);
	return OK;
}

/* FusionInventory asks what else there is to do: nothing. */
static enum code get_inventory(struct exchange *x, struct error *e)
{
	struct call *c = exchange_call(x);
	if (!c)
		return error_nomem(e);
	enum code code = admit(x, c, e);
	call_done(c);
	TRY(code);
	buf_add_text(exchange_out(x), "{\"configValidityPeriod\":86400,\"schedule\":[]}");
	exchange_reply(x, 200, "application/json");
	return OK;
}

const struct http_route inventory_routes[] = {
	{ "POST", "/inventory", post_inventory },
	{ "POST", "/inventory/", post_inventory },
	{ "GET", "/inventory", get_inventory },
	{ "GET", "/inventory/", get_inventory },
	{ 0 },
};

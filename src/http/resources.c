/* Resources that are no operations: health, metrics, the description of the interface, the journal's public files,
 * the change feed, and the page's own files. Neighbours: server.c routes here; journal/ computes tiles. */
#include "internal.h"

static enum code get_live(struct exchange *x, struct error *e)
{
	buf_add_text(exchange_out(x), "ok\n");
	exchange_reply(x, 200, "text/plain; charset=utf-8");
	return OK;
}

/* Ready: the database answers. */
static enum code get_ready(struct exchange *x, struct error *e)
{
	struct conn *reader;
	struct journal_head head;
	TRY(kernel_reader(x->server->kernel, &reader, e));
	TRY(journal_head(reader, x->arena, &head, e));
	buf_add_text(exchange_out(x), "ready\n");
	exchange_reply(x, 200, "text/plain; charset=utf-8");
	return OK;
}

static enum code get_metrics(struct exchange *x, struct error *e)
{
	metrics_write(kernel_metrics(x->server->kernel), x->server->registry, exchange_out(x));
	exchange_reply(x, 200, "text/plain; version=0.0.4; charset=utf-8");
	return OK;
}

static enum code get_openapi(struct exchange *x, struct error *e)
{
	struct http_server *s = x->server;
	struct buf *kept = &s->openapi[x->lang];
	enum code code = OK;
	pthread_mutex_lock(&s->lock);
	if (!kept->len) {
		struct str url = arena_format(x->arena, "%s://%.*s", s->secure ? "https" : "http", STR_ARG(s->address));
		buf_init(kept, 0);
		code = openapi_write(s->registry, x->lang, url, kept, e);
		if (code != OK)
			buf_done(kept);
	}
	if (code == OK)
		buf_add_str(exchange_out(x), buf_str(kept));
	pthread_mutex_unlock(&s->lock);
	exchange_reply(x, 200, "application/json");
	exchange_cache(x, 60, false);
	return code;
}

/* /checkpoint and /tile/… as C2SP tlog-tiles names them; full tiles never change. */
static enum code get_log(struct exchange *x, struct error *e)
{
	struct conn *reader;
	const char *type;
	struct str name = str_slice(x->path, 1, x->path.len);
	bool tile = str_starts(name, STR("tile/"));
	TRY(kernel_reader(x->server->kernel, &reader, e));
	TRY(journal_resource(reader, name, exchange_out(x), &type, e));
	exchange_reply(x, 200, type);
	if (tile)
		exchange_cache(x, 31536000, true);
	return OK;
}

static enum code get_log_key(struct exchange *x, struct error *e)
{
	struct journal_options o = *kernel_journal_options(x->server->kernel);
	struct journal_head head;
	struct conn *reader;
	TRY(kernel_reader(x->server->kernel, &reader, e));
	TRY(journal_head(reader, x->arena, &head, e));
	o.origin = head.origin; /* differs from the configured one after a restored backup */
	struct str key = journal_verifier_key(&o, x->arena);
	crypto_wipe(o.secret, sizeof o.secret);
	if (!key.data)
		return error_nomem(e);
	buf_add_str(exchange_out(x), key);
	buf_add_char(exchange_out(x), '\n');
	exchange_reply(x, 200, "text/plain; charset=utf-8");
	return OK;
}

const struct http_route http_resources[] = {
	{ "GET", "/health/live", get_live },
	{ "GET", "/health/ready", get_ready },
	{ "GET", "/metrics", get_metrics },
	{ "GET", "/openapi.json", get_openapi },
	{ "GET", "/checkpoint", get_log },
	{ "GET", "/tile/", get_log },
	{ "GET", "/log.key", get_log_key },
	{ "GET", "/api/changes", feed_open },
	{ 0 },
};

static const char *media_type(struct str path)
{
	static const struct {
		const char *ending, *type;
	} types[] = { { ".html", "text/html; charset=utf-8" },    { ".js", "text/javascript; charset=utf-8" },
		      { ".css", "text/css; charset=utf-8" },      { ".svg", "image/svg+xml" },
		      { ".json", "application/json" },            { ".webmanifest", "application/manifest+json" },
		      { ".png", "image/png" },                    { ".ico", "image/x-icon" } };
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_ends(path, str_of(types[i].ending)))
			return types[i].type;
	return "application/octet-stream";
}

/* Only names that were built in exist, so there is no path to trick. */
enum code resource_file(struct exchange *x, struct error *e)
{
	struct str name = str_is(x->path, "/") ? STR("/index.html") : x->path;
	struct str path = arena_format(x->arena, "web%.*s", STR_ARG(name));
	if (!path.data)
		return error_nomem(e);
	const struct embedded *file = x->server->files ? embedded_find(x->server->files, path) : NULL;
	if (!file)
		return error_fail(e, E_NOT_FOUND, N_("There is nothing at {path}"), { "path", x->path });
	struct str tag = arena_format(x->arena, "\"%.*s\"", STR_ARG(file->etag));
	exchange_set_header(x, MHD_HTTP_HEADER_ETAG, tag);
	if (str_eq(exchange_header(x, MHD_HTTP_HEADER_IF_NONE_MATCH), tag)) {
		exchange_reply(x, 304, NULL);
		return OK;
	}
	buf_add_str(exchange_out(x), file->data);
	exchange_reply(x, 200, media_type(path));
	exchange_cache(x, 300, false);
	return OK;
}

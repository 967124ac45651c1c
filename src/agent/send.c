/* POST /api/inventory/report. The report's id goes along as Idempotency-Key, so that one sent twice (the answer was lost)
 * counts once. Neighbours: base/http_client.h, docs/inventory-report.md. */
#include "send.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/utf8.h"
#include <errno.h>
#include <sys/stat.h>

#define ANSWER_MOST ((size_t)1 << 20)

/* Printable ASCII without blanks: it becomes a header line. */
static bool token_good(struct str token)
{
	for (size_t i = 0; i < token.len; i++)
		if (token.data[i] <= ' ' || token.data[i] > '~')
			return false;
	return token.len > 0 && token.len < 4096;
}

static enum code read_token(const struct agent_options *o, struct arena *arena, struct str *ret, struct error *e)
{
	struct stat st;
	struct str path = arena_copy(arena, o->token_file);
	if (!path.data)
		return error_nomem(e);
	if (stat(path.data, &st) != 0)
		return error_fail(e, E_INVALID, N_("There is no access token in {file}: make one on the server and put it there"),
				  { "file", path });
	if (st.st_mode & S_IRWXO)
		return error_fail(e, E_INVALID, N_("{file} holds an access token and can be read by others; run: chmod 600 {file}"),
				  { "file", path });
	TRY(file_read(arena, path, 1 << 16, ret, e));
	*ret = str_trim(*ret);
	return token_good(*ret) ? OK : error_fail(e, E_INVALID, N_("{file} does not hold an access token"), { "file", path });
}

/* "422: The input is not valid; /entity is required", as far as the answer gives reasons (RFC 9457). */
static struct str reason_of(int status, const struct json *answer, struct arena *arena)
{
	const struct json *first = json_at(answer, STR("/errors/0"));
	struct str detail = utf8_clip(json_text(answer, STR("detail")), 300), field = utf8_clip(json_text(first, STR("pointer")), 100);
	struct str wrong = utf8_clip(json_text(first, STR("detail")), 300);
	return arena_format(arena, "%d%s%.*s%s%.*s%s%.*s", status, detail.len ? ": " : "", STR_ARG(detail), wrong.len ? "; " : "",
			    STR_ARG(field), field.len ? " " : "", STR_ARG(wrong));
}

static enum verdict judge(const struct agent_options *o, int status, const struct json *answer, struct arena *arena, struct error *e)
{
	if (status >= 200 && status < 300)
		return SENT;
	struct str reason = reason_of(status, answer, arena);
	if (status == 401 || status == 403) {
		error_fail(e, E_DENIED, N_("{server} does not let this agent in: the access token in {file} is unknown, expired, "
					   "revoked or not for inventories ({reason}). Make a new one there and put it into the file."),
			   { "server", o->server }, { "file", o->token_file }, { "reason", reason });
		return DENIED;
	}
	if (status == 400 || status == 413 || status == 415 || status == 422) {
		error_fail(e, E_INVALID, N_("{server} refused a report for good ({reason}); it is kept in {folder}/refused"),
			   { "server", o->server }, { "reason", reason }, { "folder", o->spool });
		return REFUSED;
	}
	if (status == 404 || status == 405 || (status >= 300 && status < 400)) {
		error_fail(e, E_BUSY, N_("{server} takes no inventory reports at this address ({reason}); reports are kept"),
			   { "server", o->server }, { "reason", reason });
		return TRY_AGAIN;
	}
	error_fail(e, E_BUSY, N_("{server} cannot take reports now ({reason}); reports are kept"), { "server", o->server },
		   { "reason", reason });
	return TRY_AGAIN;
}

static enum verdict exchange(const struct agent_options *o, struct http_client *client, struct str report, struct str id,
			     struct arena *arena, const struct json **ret_answer, struct error *e)
{
	struct http_answer answer;
	struct str headers[2] = { arena_format(arena, "Idempotency-Key: %.*s", STR_ARG(id)), STR_NONE };
	if (!headers[0].data) {
		error_nomem(e);
		return TRY_AGAIN;
	}
	if (http_client_send(client, "POST", STR("/api/inventory/report"), STR("application/json"), report, headers, &answer, e) != OK)
		return TRY_AGAIN;
	struct json_limits limits = { .bytes = ANSWER_MOST };
	if (json_parse(arena, buf_str(&answer.body), &limits, ret_answer, NULL) != OK)
		*ret_answer = NULL;
	buf_done(&answer.body);
	return judge(o, answer.status, *ret_answer, arena, e);
}

enum verdict report_send(const struct agent_options *o, struct str report, struct str id, struct arena *arena,
			 const struct json **ret_answer, struct error *e)
{
	struct http_client *client;
	struct str token;
	*ret_answer = NULL;
	enum code code = read_token(o, arena, &token, e);
	if (code != OK)
		return code == E_INVALID ? DENIED : TRY_AGAIN;
	struct http_client_options options = { .base_url = o->server, .token = token, .ca_file = o->ca_file, .timeout = o->timeout,
					       .max_answer = ANSWER_MOST };
	code = http_client_new(&options, &client, e);
	crypto_wipe((void *)(uintptr_t)token.data, token.len);
	if (code != OK)
		return TRY_AGAIN;
	enum verdict verdict = exchange(o, client, report, id, arena, ret_answer, e);
	http_client_free(client);
	return verdict;
}

/* POST /api/inventory/report. The report's id goes along as Idempotency-Key, so that one sent twice (the answer was lost)
 * counts once. Neighbours: base/http_client.h, docs/inventory-report.md. */
#include "send.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/json.h"
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

static enum verdict judge(const struct agent_options *o, int status, struct arena *arena, struct error *e)
{
	struct str number = arena_format(arena, "%d", status);
	if (status >= 200 && status < 300)
		return SENT;
	if (status == 401 || status == 403) {
		error_fail(e, E_DENIED, N_("{server} does not let this agent in: the access token in {file} is unknown, expired, "
					   "revoked or not for inventories. Make a new one there and put it into the file."),
			   { "server", o->server }, { "file", o->token_file });
		return DENIED;
	}
	if (status == 400 || status == 413 || status == 415 || status == 422) {
		error_fail(e, E_INVALID, N_("{server} refused a report for good (status {status}); it is kept in {folder}/refused"),
			   { "server", o->server }, { "status", number }, { "folder", o->spool });
		return REFUSED;
	}
	if (status == 404 || status == 405 || (status >= 300 && status < 400)) {
		error_fail(e, E_BUSY, N_("{server} takes no inventory reports at this address (status {status}); reports are kept"),
			   { "server", o->server }, { "status", number });
		return TRY_AGAIN;
	}
	error_fail(e, E_BUSY, N_("{server} cannot take reports now (status {status}); reports are kept"), { "server", o->server },
		   { "status", number });
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
	enum verdict verdict = judge(o, answer.status, arena, e);
	struct json_limits limits = { .bytes = ANSWER_MOST };
	if (verdict != SENT || json_parse(arena, buf_str(&answer.body), &limits, ret_answer, NULL) != OK)
		*ret_answer = NULL;
	buf_done(&answer.body);
	return verdict;
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

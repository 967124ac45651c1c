/* What the files of the command line share: cli.c finds the verb, request.c makes the call, show.c prints answers,
 * describe.c prints help, manual pages and completions, login.c keeps the server's address and token. */
#pragma once
#include "base/arena.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/json_write.h"
#include "cli/cli.h"

struct cli {
	const struct cli_options *options;
	struct arena *arena;
	enum lang lang;
	const struct catalog *catalog;
	struct str server, token, ca_file;
	struct http_client *client;
	const struct json *meta;
	bool json, dry_run, propose, help;
	struct str if_match, input; /* --input FILE or - */
	struct str words[512];      /* what is left: verb and arguments */
	size_t word_count;
};

/* cli.c: before any word is read; NULL when out of memory. */
struct cli *cli_new(const struct cli_options *o);
/* login.c */
enum code client_read(struct cli *c, struct error *e);
enum code client_open(struct cli *c, struct error *e);
enum code login_run(struct cli *c, struct error *e);

/* describe.c */
enum code meta_from_server(struct cli *c, struct error *e);
enum code meta_built_in(struct cli *c, struct error *e);
/* A text of the program in the caller's language. */
struct str say(const struct cli *c, const char *msgid);
void describe_all(const struct cli *c);
void describe_group(const struct cli *c, struct str group);
void describe_operation(const struct cli *c, const struct json *op);
enum code completion_run(struct cli *c, struct error *e);
/* The operation named by the first words; *ret_used of them. NULL when there is none. */
const struct json *operation_find(const struct cli *c, size_t *ret_used);
const struct json *kind_find(const struct cli *c, struct str name);

/* request.c */
enum code request_run(struct cli *c, const struct json *op, size_t used, struct error *e);

/* show.c */
#define COLUMNS_MOST 24
/* The columns of a list that are asked for: those of `select=`, else those that the kind's list view names. Returns how many
 * went into `ret` (COLUMNS_MOST at most); 0 when the answer itself has to tell. */
size_t show_columns(const struct cli *c, const struct json *op, struct str *ret);
void show_answer(const struct cli *c, const struct json *op, const struct json *answer);
/* A problem answer (RFC 9457) becomes an error with the class of its status. */
enum code show_problem(struct cli *c, int status, struct str body, struct error *e);

/* The verbs that work without a server, each a function of its own file; main.c picks one by name. */
#pragma once
#include "kernel/kernel.h"

struct command_line { /* what every verb gets */
	struct config *config;
	struct arena *arena;
	struct str data, database, packs; /* --data, --db, --packs */
	int argc;                         /* what is left after the common options */
	char **argv;
	enum lang lang;
	const struct catalog *catalog; /* the program's own texts */
	int status;  /* exit status of a verb that ended well and says more than that */
	int trouble; /* of one that did not, where the code's own is not wanted; 0: the code's own */
};

struct command {
	const char *name, *arguments, *help; /* help: msgid */
	enum code (*run)(struct command_line *l, struct error *e);
};
extern const struct command commands[]; /* ends with name == NULL */

enum code command_serve(struct command_line *l, struct error *e);
enum code command_agent(struct command_line *l, struct error *e);
enum code command_verify(struct command_line *l, struct error *e);
enum code command_compact(struct command_line *l, struct error *e);
enum code command_copy(struct command_line *l, struct error *e);
enum code command_pack(struct command_line *l, struct error *e);
enum code command_sample(struct command_line *l, struct error *e);
enum code command_link(struct command_line *l, struct error *e);
enum code command_token(struct command_line *l, struct error *e);
enum code command_detect(struct command_line *l, struct error *e);
enum code command_rules(struct command_line *l, struct error *e);
enum code command_man(struct command_line *l, struct error *e);

/* "--name value" or "--name=value" among what is left; taken out. False when absent. */
bool command_option(struct command_line *l, const char *name, struct str *ret);
bool command_flag(struct command_line *l, const char *name);
/* Refuses what nobody took. */
enum code command_end(const struct command_line *l, struct error *e);
/* The estate's store of --data or --db with a read connection, without a kernel: nothing is changed. */
enum code command_estate(struct command_line *l, struct store **ret, struct conn **ret_conn, struct error *e);
/* A kernel on --data (or --db), with the packs. */
enum code command_kernel(struct command_line *l, bool serving, struct kernel **ret, struct error *e);
enum code command_packs(struct command_line *l, struct pack_source **ret, size_t *ret_count, struct error *e);
/* Says a sentence to the person at the terminal, in their language. */
void command_say_(const struct command_line *l, const char *msgid, const struct error_arg *args);
#define command_say(l, msgid, ...) command_say_((l), (msgid), ERROR_ARGS_(__VA_ARGS__))

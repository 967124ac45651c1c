/* mandate serve, mandate link. Neighbours: kernel/ and http/ do the work; command.c reads the options. */
#include "base/arena.h"
#include "base/log.h"
#include "command.h"
#include "http/http.h"
#include "inventory/inventory.h"
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static struct str server_url(struct command_line *l, const struct http_server *s)
{
	struct str url = config_text(l->config, "url");
	if (url.len)
		return url;
	return arena_format(l->arena, "%s://%.*s", http_secure(s) ? "https" : "http", STR_ARG(http_address(s)));
}

static enum code say_address(struct command_line *l, struct kernel *k, const struct http_server *s, struct error *e)
{
	struct str secret, url = server_url(l, s);
	command_say(l, N_("Serving on {url}"), { "url", url });
	TRY(kernel_first_link(k, l->arena, false, &secret, e));
	if (secret.len) {
		struct str link = arena_format(l->arena, "%.*s/#link=%.*s", STR_ARG(url), STR_ARG(secret));
		command_say(l, N_("Sign in once with this link, then set a password: {link}"), { "link", link });
	}
	return OK;
}

/* SIGINT and SIGTERM end the program in order; they are blocked in every thread and taken here. */
static enum code wait_for_end(struct error *e)
{
	sigset_t set;
	int which = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigwait(&set, &which) != 0)
		return error_errno(e, N_("waiting for the end of {path}"), STR("the server"));
	log_write(LOG_INFO, "stopping", { "signal", STR_NONE, which });
	return OK;
}

static void block_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void raise_file_limit(void)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max < 65536 ? r.rlim_max : 65536;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* Requests take and return megabytes all the time; memory given back to the system each time would be cleared by it each time (measured:
 * a quarter of what reading an inventory costs). */
static void keep_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

enum code command_serve(struct command_line *l, struct error *e)
{
	struct kernel *k = NULL;
	struct http_server *s = NULL;
	keep_memory();
	block_signals();
	raise_file_limit();
	TRY(command_kernel(l, true, &k, e));
	enum code code = http_start(&(struct http_options){ .kernel = k, .routes = inventory_routes, .files = embedded_files }, &s, e);
	malloc_trim(0); /* what loading the packs took */
	embedded_release(embedded_files);
	if (code == OK)
		code = say_address(l, k, s, e);
	if (code == OK)
		code = wait_for_end(e);
	http_stop(s);
	kernel_stop(k);
	return code;
}

enum code command_link(struct command_line *l, struct error *e)
{
	struct kernel *k = NULL;
	struct str secret, url;
	TRY(command_kernel(l, false, &k, e));
	enum code code = kernel_first_link(k, l->arena, true, &secret, e);
	kernel_stop(k);
	TRY(code);
	url = config_text(l->config, "url");
	if (!url.len)
		url = arena_format(l->arena, "http://%.*s", STR_ARG(config_text(l->config, "listen")));
	printf("%.*s/#link=%.*s\n", STR_ARG(url), STR_ARG(secret));
	return OK;
}

/* mandate token: for scripts beside the server, such as the agent of the same machine. */
enum code command_token(struct command_line *l, struct error *e)
{
	struct kernel *k = NULL;
	struct str secret, name = STR("local"), functions = STR("");
	command_option(l, "name", &name);
	command_option(l, "functions", &functions);
	TRY(command_kernel(l, false, &k, e));
	enum code code = kernel_first_token(k, l->arena, name, functions, &secret, e);
	kernel_stop(k);
	if (code == OK)
		printf("%.*s\n", STR_ARG(secret));
	return code;
}

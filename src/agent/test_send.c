/* The way of a report to a server that fails first: nothing is lost, the order is kept, what cannot help is not tried.
 * The server is test_server.py; time is the test's own, so a day of waiting takes no time. */
#include "agent/agent.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/json.h"
#include "spool.h"
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static const char *script; /* path of test_server.py */

struct server {
	pid_t pid;
	int input; /* it ends when this is closed */
	int port;
};

struct stage {
	struct arena *arena;
	struct str folder;
	struct server server;
	int64_t now;
	int64_t pauses[64];
	size_t pause_count, pause_most; /* the wait says stop after so many */
	const char *steps_later;	/* the server comes back with these after `later` pauses */
	size_t later;
	struct random_seeded random;
	struct random_source source;
	struct clock clock;
	struct agent_options options;
	struct agent_outcome outcome;
	struct error error;
};

static struct str in(struct stage *s, const char *name)
{
	return arena_format(s->arena, "%.*s/%s", STR_ARG(s->folder), name);
}

/* --- the server ------------------------------------------------------------------------------------ */

static size_t split_steps(struct stage *s, const char *steps, char **argv)
{
	struct str rest = str_of(steps), step;
	size_t n = 0;
	while (rest.len && n < 12 && str_cut(&rest, ' ', &step))
		argv[n++] = (char *)(uintptr_t)arena_copy(s->arena, step).data;
	return n;
}

static void start_server(struct stage *s, int port, const char *steps)
{
	char *argv[20] = { (char *)(uintptr_t)"python3", (char *)(uintptr_t)script,
			   (char *)(uintptr_t)arena_format(s->arena, "%d", port).data, (char *)(uintptr_t)in(s, "log").data };
	int to[2], from[2];
	char line[32] = "";
	posix_spawn_file_actions_t actions;
	split_steps(s, steps, argv + 4);
	assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
	assert_int_equal(posix_spawnp(&s->server.pid, "python3", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(to[0]);
	close(from[1]);
	for (size_t n = 0; n < sizeof line - 1 && !strchr(line, '\n'); n++)
		assert_int_equal(read(from[0], line + n, 1), 1);
	close(from[0]);
	s->server.input = to[1];
	s->server.port = (int)strtol(line, NULL, 10);
	s->options.server = arena_format(s->arena, "http://127.0.0.1:%d", s->server.port);
}

static void stop_server(struct stage *s)
{
	if (!s->server.pid)
		return;
	close(s->server.input);
	waitpid(s->server.pid, NULL, 0);
	s->server.pid = 0;
}

struct request {
	struct str step, id, key, token, sections;
};

/* What the server saw, in its order. */
static size_t requests(struct stage *s, struct request ret[64])
{
	struct str text, line;
	size_t n = 0;
	if (file_read(s->arena, in(s, "log"), 1 << 20, &text, NULL) != OK)
		return 0;
	while (str_cut(&text, '\n', &line) && line.len && n < 64) {
		struct request *r = &ret[n++];
		struct str *fields[] = { &r->step, &r->id, &r->key, &r->token, &r->sections };
		for (size_t i = 0; i < 5; i++)
			*fields[i] = str_take(&line, ' ');
		assert_true(str_eq(r->id, r->key));
		assert_true(str_is(r->token, "secret-token"));
	}
	return n;
}

static void saw(struct stage *s, const char *steps)
{
	struct request r[64];
	struct str want = str_of(steps), step;
	size_t n = requests(s, r), i = 0;
	for (; want.len && str_cut(&want, ' ', &step); i++)
		if (i >= n || !str_eq(r[i].step, step))
			fail_msg("request %zu of %zu is not %.*s", i, n, STR_ARG(step));
	assert_int_equal(i, n);
}

/* --- the stage ------------------------------------------------------------------------------------- */

static int64_t now_of(void *data)
{
	return ((struct stage *)data)->now;
}

static bool wait_for(void *data, int64_t micros)
{
	struct stage *s = data;
	if (s->pause_count < 64)
		s->pauses[s->pause_count] = micros;
	s->pause_count++;
	s->now += micros;
	if (s->steps_later && s->pause_count == s->later) {
		int port = s->server.port;
		stop_server(s);
		start_server(s, port, s->steps_later);
	}
	return s->pause_count < s->pause_most;
}

static void put(struct stage *s, const char *name, struct str content)
{
	assert_int_equal(file_replace(in(s, name), content, 0600, NULL), OK);
}

static int set_up(void **state)
{
	char name[] = "/tmp/mandate-agent-XXXXXX";
	struct stage *s = calloc(1, sizeof *s);
	if (!s || !mkdtemp(name))
		return -1;
	s->arena = arena_new((size_t)64 << 20);
	s->folder = arena_copy(s->arena, str_of(name));
	s->now = INT64_C(1700000000) * SECOND;
	s->pause_most = 1000;
	random_seed(&s->random, 1);
	s->source = random_seeded_source(&s->random);
	s->clock = (struct clock){ now_of, s };
	error_init(&s->error, s->arena);
	put(s, "token", STR("secret-token\n"));
	folder_make(in(s, "root/etc"), 0700, NULL);
	put(s, "root/etc/os-release", STR("ID=debian\nVERSION_ID=12\n"));
	folder_make(in(s, "root/sys/class/net/eth0"), 0700, NULL);
	put(s, "root/sys/class/net/eth0/type", STR("1\n"));
	put(s, "root/etc/passwd", STR("root:x:0:0::/root:/bin/sh\n"));
	s->options = (struct agent_options){ .server = STR("http://127.0.0.1:1"), .token_file = in(s, "token"), .spool = in(s, "spool"),
					     .root = in(s, "root"), .clock = &s->clock, .random = &s->source, .wait = wait_for,
					     .wait_data = s, .timeout = 2 * SECOND };
	*state = s;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

static int tear_down(void **state)
{
	struct stage *s = *state;
	stop_server(s);
	nftw(s->folder.data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(s->arena);
	free(s);
	return 0;
}

static enum code run(struct stage *s)
{
	error_clear(&s->error);
	return agent_run(&s->options, &s->outcome, &s->error);
}

/* Reports made while nobody listens. */
static void make_unsent(struct stage *s, size_t count)
{
	struct str server = s->options.server;
	s->options.server = STR("http://127.0.0.1:1");
	s->options.tries = 1;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(run(s), E_IO);
	s->options.tries = 0;
	s->options.server = server;
}

/* --- tests ----------------------------------------------------------------------------------------- */

static void one_test(void **state)
{
	struct stage *s = *state;
	start_server(s, 0, "");
	assert_int_equal(run(s), OK);
	assert_int_equal(s->outcome.made, 1);
	assert_int_equal(s->outcome.sent, 1);
	assert_int_equal(s->outcome.kept, 0);
	saw(s, "200");
	assert_int_equal(s->pause_count, 0);
}

/* Each way of failing that may pass: the same report comes again, once it is taken it is over. */
static void failing_first_test(void **state)
{
	struct stage *s = *state;
	struct request r[64];
	start_server(s, 0, "503 cut 500 429 lost slow garbage large 404 302 408");
	s->options.tries = 20;
	assert_int_equal(run(s), OK);
	assert_int_equal(s->outcome.sent, 1);
	saw(s, "503 cut 500 429 lost slow garbage large 404 302 408 200");
	size_t n = requests(s, r);
	for (size_t i = 1; i < n; i++)
		assert_true(str_eq(r[i].id, r[0].id));
	assert_int_equal(s->pause_count, 11);
	for (size_t i = 0; i < 11; i++) { /* they double, up to an hour, and half is chance */
		int64_t whole = (5 * SECOND) << i;
		whole = whole < 3600 * SECOND ? whole : 3600 * SECOND;
		assert_in_range(s->pauses[i], whole / 2, whole);
	}
}

static struct str id_of(struct stage *s, struct str name)
{
	const struct json *report;
	struct str text, path = arena_format(s->arena, "%.*s/%.*s", STR_ARG(s->options.spool), STR_ARG(name));
	assert_int_equal(file_read(s->arena, path, 1 << 20, &text, NULL), OK);
	assert_int_equal(json_parse(s->arena, text, NULL, &report, NULL), OK);
	return json_text(report, STR("id"));
}

/* A link that is down for long: everything made meanwhile arrives, in the order it was made. */
static void order_test(void **state)
{
	struct stage *s = *state;
	struct request r[64];
	start_server(s, 0, "");
	make_unsent(s, 5);
	assert_int_equal(s->outcome.kept, 5);
	struct str *names, made[5];
	size_t count, n = 0;
	assert_int_equal(folder_list(s->arena, s->options.spool, &names, &count, NULL), OK);
	for (size_t i = 0; i < count && n < 5; i++)
		if (str_ends(names[i], STR(".json")))
			made[n++] = id_of(s, names[i]);
	assert_int_equal(n, 5);
	assert_int_equal(run(s), OK);
	assert_int_equal(s->outcome.sent, 6);
	assert_int_equal(s->outcome.kept, 0);
	assert_int_equal(requests(s, r), 6);
	for (size_t i = 0; i < 5; i++)
		assert_true(str_eq(r[i].id, made[i]));
}

/* It fails in the middle of many: those behind wait, none overtakes. */
static void middle_test(void **state)
{
	struct stage *s = *state;
	struct request r[64];
	start_server(s, 0, "200 200 503 cut 200");
	make_unsent(s, 4);
	assert_int_equal(run(s), OK);
	assert_int_equal(s->outcome.sent, 5);
	saw(s, "200 200 503 cut 200 200 200");
	assert_int_equal(requests(s, r), 7);
	assert_true(str_eq(r[2].id, r[3].id) && str_eq(r[3].id, r[4].id));
	assert_false(str_eq(r[4].id, r[5].id));
}

static void given_up_test(void **state)
{
	struct stage *s = *state;
	assert_int_equal(run(s), E_IO);
	assert_int_equal(s->pause_count, 2); /* three tries */
	assert_int_equal(s->outcome.kept, 1);
	assert_true(error_text(&s->error, s->arena).len > 0);
	start_server(s, 0, "503 503 503");
	assert_int_equal(run(s), E_BUSY);
	assert_int_equal(s->outcome.kept, 2);
	assert_int_equal(run(s), OK);
	assert_int_equal(s->outcome.sent, 3);
}

/* What the server says of its reasons reaches whoever reads the log. */
static void reason_test(void **state)
{
	struct stage *s = *state;
	start_server(s, 0, "503 507 507");
	s->options.tries = 2;
	assert_int_equal(run(s), E_BUSY);
	assert_true(str_find_str(error_text(&s->error, s->arena), STR("507: The disk is full; /entity is required")) >= 0);
	s->options.tries = 1;
	assert_int_equal(run(s), E_BUSY);
}

static void denied_test(void **state)
{
	struct stage *s = *state;
	for (int status = 401; status <= 403; status += 2) {
		start_server(s, 0, status == 401 ? "401" : "403");
		make_unsent(s, 1);
		unsigned kept = s->outcome.kept;
		assert_int_equal(run(s), E_DENIED);
		assert_int_equal(s->pause_count, 0); /* no use in trying again */
		assert_int_equal(s->outcome.kept, kept + 1);
		assert_true(str_find_str(error_text(&s->error, s->arena), STR("access token")) >= 0);
		stop_server(s);
	}
	s->options.daemon = true;
	start_server(s, 0, "401");
	assert_int_equal(run(s), E_DENIED);
	assert_true(str_find_str(error_text(&s->error, s->arena), STR("access token")) >= 0);
}

/* What the server will never take is put aside and does not stop the others. */
static void refused_test(void **state)
{
	struct stage *s = *state;
	struct str *names;
	size_t count;
	start_server(s, 0, "422 200 400");
	make_unsent(s, 2);
	assert_int_equal(run(s), OK);
	assert_int_equal(s->outcome.sent, 1);
	assert_int_equal(s->outcome.refused, 2);
	assert_int_equal(folder_list(s->arena, in(s, "spool/refused"), &names, &count, NULL), OK);
	assert_int_equal(count, 2);
	put(s, "spool/00000000000000000001.json", STR("{\"id\": \"half"));
	assert_int_equal(run(s), OK);
	assert_int_equal(s->outcome.sent, 1);
	assert_int_equal(s->outcome.refused, 1);
	stop_server(s);
	start_server(s, 0, "422 422 422 422 422 422 422 422 422 422 422 422");
	for (int i = 0; i < 12; i++)
		assert_int_equal(run(s), OK);
	assert_int_equal(folder_list(s->arena, in(s, "spool/refused"), &names, &count, NULL), OK);
	assert_int_equal(count, 10); /* the last ones */
	assert_true(str_is(names[9], "00000000000000000015.json"));
}

static void ceilings_test(void **state)
{
	struct stage *s = *state;
	struct str *names;
	size_t count;
	s->options.keep_count = 3;
	make_unsent(s, 5);
	assert_int_equal(s->outcome.kept, 3);
	assert_int_equal(s->outcome.dropped, 1);
	assert_int_equal(folder_list(s->arena, s->options.spool, &names, &count, NULL), OK);
	assert_true(str_is(names[0], "00000000000000000003.json")); /* the oldest went */
	s->options.keep_count = 0;
	s->options.keep_bytes = 1; /* the newest always stays */
	make_unsent(s, 1);
	assert_int_equal(s->outcome.kept, 1);
	assert_int_equal(s->outcome.dropped, 3);
}

/* Sections the server has are left out, until something gives reason to tell all. */
static void sections_test(void **state)
{
	struct stage *s = *state;
	struct request r[64];
	start_server(s, 0, "200 200 200 want 200");
	const char *const all = "identity,network,os,state,users";
	assert_int_equal(run(s), OK);
	assert_int_equal(run(s), OK);
	put(s, "root/etc/os-release", STR("ID=debian\nVERSION_ID=13\n"));
	assert_int_equal(run(s), OK);
	assert_int_equal(run(s), OK); /* the server has lost "os": a complete one follows at once */
	assert_int_equal(s->outcome.sent, 2);
	assert_int_equal(requests(s, r), 5);
	const char *const want[] = { all, "identity,network", "identity,network,os", "identity,network", all };
	for (size_t i = 0; i < 5; i++)
		if (!str_is(r[i].sections, want[i]))
			fail_msg("report %zu: %.*s", i, STR_ARG(r[i].sections));
	make_unsent(s, 1);
	assert_int_equal(run(s), OK);
	assert_int_equal(requests(s, r), 7);
	assert_true(str_is(r[6].sections, all)); /* made while another was on its way */
	int port = s->server.port;
	stop_server(s);
	start_server(s, 0, "");
	assert_true(port != s->server.port);
	assert_int_equal(run(s), OK);
	assert_int_equal(requests(s, r), 8);
	assert_true(str_is(r[7].sections, all)); /* another server */
}

static void crash_test(void **state)
{
	struct stage *s = *state;
	make_unsent(s, 1);
	put(s, "spool/00000000000000000002.json.new-0123456789abcdef", STR("{\"half"));
	put(s, "spool/accepted.json", STR("{\"half"));
	put(s, "spool/notes.txt", STR("somebody's"));
	start_server(s, 0, "");
	assert_int_equal(run(s), OK);
	assert_int_equal(s->outcome.sent, 2);
	assert_false(file_exists(in(s, "spool/00000000000000000002.json.new-0123456789abcdef")));
	assert_true(file_exists(in(s, "spool/notes.txt")));
}

static void lock_test(void **state)
{
	struct stage *s = *state;
	struct spool *other;
	assert_int_equal(spool_open(s->options.spool, &other, NULL), OK);
	assert_int_equal(run(s), E_CONFLICT);
	spool_close(other);
	make_unsent(s, 1);
}

static void token_test(void **state)
{
	struct stage *s = *state;
	const struct str bad[] = { STR(""), STR(" \n"), STR("a b"), STR("a\r\nX-Other: b"), STR("caf\xc3\xa9") };
	start_server(s, 0, "");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		put(s, "token", bad[i]);
		assert_int_equal(run(s), E_INVALID);
	}
	put(s, "token", STR("secret-token"));
	assert_int_equal(chmod(in(s, "token").data, 0644), 0);
	assert_int_equal(run(s), E_INVALID);
	assert_true(str_find_str(error_text(&s->error, s->arena), STR("chmod 600")) >= 0);
	assert_int_equal(unlink(in(s, "token").data), 0);
	assert_int_equal(run(s), E_INVALID);
	assert_int_equal(s->outcome.kept, 7);
	saw(s, "");
	s->options.token_file = STR_NONE;
	assert_int_equal(run(s), E_INVALID);
}

/* A day of a daemon, the server down from the start and back after some hours. */
static void daemon_test(void **state)
{
	struct stage *s = *state;
	struct request r[64];
	int64_t start = s->now;
	start_server(s, 0, "");
	stop_server(s); /* its port stays */
	s->options.daemon = true;
	s->options.interval = 2 * 3600 * SECOND;
	s->steps_later = "503 200 cut";
	s->later = 100; /* pauses are five minutes at most */
	s->pause_most = 300;
	assert_int_equal(run(s), OK);
	int64_t hours = (s->now - start) / (3600 * SECOND);
	assert_in_range(hours, 14, 25);
	assert_in_range(s->outcome.made, hours / 2 - 2, hours / 2 + 2);
	assert_int_equal(s->outcome.sent, s->outcome.made);
	assert_int_equal(s->outcome.kept, 0);
	assert_int_equal(requests(s, r), s->outcome.made + 2);
	for (size_t i = 0; i < s->pause_count && i < 64; i++)
		assert_in_range(s->pauses[i], SECOND, 300 * SECOND);
}

/* The clock is set back by years: it goes on as if nothing had happened. */
static bool wait_back(void *data, int64_t micros)
{
	struct stage *s = data;
	s->now += micros;
	if (++s->pause_count == 10)
		s->now -= 1000 * DAY;
	return s->pause_count < 40;
}

static void clock_back_test(void **state)
{
	struct stage *s = *state;
	start_server(s, 0, "");
	s->options.daemon = true;
	s->options.interval = 600 * SECOND;
	s->options.wait = wait_back;
	assert_int_equal(run(s), OK);
	assert_true(s->outcome.made > 10);
	assert_int_equal(s->outcome.sent, s->outcome.made);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failing_first_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(order_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(middle_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(given_up_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reason_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(denied_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ceilings_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sections_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(crash_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lock_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(token_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(daemon_test, set_up, tear_down),
		cmocka_unit_test_setup_teardown(clock_back_test, set_up, tear_down),
	};
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2 || crypto_init(NULL) != OK)
		return 1;
	script = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

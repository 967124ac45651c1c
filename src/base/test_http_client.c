/* The HTTP client against a real server that also misbehaves (test_http_server.py): what is sent, what comes back, ceilings,
 * deadlines, certificates. Neighbours: http_client.c. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/mem.h"
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *script; /* path of test_http_server.py */

struct server {
	pid_t pid;
	int input; /* it ends when this is closed */
	struct arena *arena;
	struct str folder, certificate, other_certificate, plain, secure;
};

/* --- the server -------------------------------------------------------------------------------------- */

/* A certificate for 127.0.0.1 signed by itself, and its key. */
static void make_certificate(struct str certificate, struct str key)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_EXTENSION *address = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
	assert_true(pair && x && address);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, pair);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_add_ext(x, address, -1);
	assert_true(X509_sign(x, pair, EVP_sha256()) > 0);
	FILE *file = fopen(certificate.data, "w");
	assert_true(file && PEM_write_X509(file, x) == 1);
	fclose(file);
	file = fopen(key.data, "w");
	assert_true(file && PEM_write_PrivateKey(file, pair, NULL, NULL, 0, NULL, NULL) == 1);
	fclose(file);
	X509_EXTENSION_free(address);
	X509_free(x);
	EVP_PKEY_free(pair);
}

static struct str in(const struct server *s, const char *name)
{
	return arena_format(s->arena, "%s/%s", s->folder.data, name);
}

static int start(void **state)
{
	struct server *s = calloc(1, sizeof *s);
	int to[2], from[2], plain, secure;
	char line[32] = "", pattern[] = "/tmp/base-http-XXXXXX";
	posix_spawn_file_actions_t actions;
	s->arena = arena_new(0);
	s->folder = arena_copy(s->arena, str_of(mkdtemp(pattern)));
	s->certificate = in(s, "certificate");
	s->other_certificate = in(s, "other");
	make_certificate(s->other_certificate, in(s, "key"));
	make_certificate(s->certificate, in(s, "key"));
	char *argv[] = { (char *)(uintptr_t)"python3", (char *)(uintptr_t)script, (char *)(uintptr_t)s->certificate.data,
			 (char *)(uintptr_t)in(s, "key").data, NULL };
	assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
	assert_int_equal(posix_spawnp(&s->pid, "python3", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(to[0]);
	close(from[1]);
	for (size_t n = 0; n < sizeof line - 1 && !strchr(line, '\n'); n++)
		assert_int_equal(read(from[0], line + n, 1), 1);
	close(from[0]);
	assert_int_equal(sscanf(line, "%d %d", &plain, &secure), 2);
	s->input = to[1];
	s->plain = arena_format(s->arena, "http://127.0.0.1:%d", plain);
	s->secure = arena_format(s->arena, "https://127.0.0.1:%d", secure);
	*state = s;
	return 0;
}

static int stop(void **state)
{
	struct server *s = *state;
	close(s->input);
	waitpid(s->pid, NULL, 0);
	static const char *const files[] = { "certificate", "other", "key" };
	for (size_t i = 0; i < COUNT(files); i++)
		unlink(in(s, files[i]).data);
	rmdir(s->folder.data);
	arena_free(s->arena);
	free(s);
	return 0;
}

/* --- tests ------------------------------------------------------------------------------------------- */

static struct http_client *client_of(const struct http_client_options *o)
{
	struct http_client *c = NULL;
	assert_int_equal(http_client_new(o, &c, NULL), OK);
	return c;
}

static enum code get(struct http_client *c, const char *path, struct http_answer *ret, struct error *e)
{
	return http_client_send(c, "GET", str_of(path), STR_NONE, STR_NONE, NULL, ret, e);
}

/* Sends and answers what the server says it got. */
static const struct json *echo(struct http_client *c, struct arena *a, const char *method, struct str type, struct str body,
			       const struct str *headers)
{
	struct http_answer answer;
	const struct json *j;
	struct error e;
	error_init(&e, a);
	if (http_client_send(c, method, STR("/echo?q=a%20b"), type, body, headers, &answer, &e) != OK)
		fail_msg("%s: %.*s", method, STR_ARG(error_text(&e, a)));
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.content_type, "application/json; charset=utf-8");
	assert_string_equal(answer.etag, "\"7\"");
	if (strcmp(method, "HEAD") == 0) {
		assert_int_equal(answer.body.len, 0);
		return NULL;
	}
	assert_int_equal(json_parse(a, buf_str(&answer.body), NULL, &j, &e), OK);
	buf_done(&answer.body);
	assert_true(str_is(json_text(j, STR("method")), method));
	assert_true(str_is(json_text(j, STR("path")), "/echo?q=a%20b"));
	return j;
}

static void test_what_is_sent(void **state)
{
	struct server *s = *state;
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct http_client *c =
		client_of(&(struct http_client_options){ .base_url = s->plain, .token = STR("secret-token"), .language = STR("ar") });
	const struct str headers[] = { STR("Idempotency-Key: k-1"), STR("If-Match: \"5\""), STR_NONE };
	const struct json *j = echo(c, a, "POST", STR("application/json"), STR("{\"a\":\"\xc3\xa9\"}"), headers);
	assert_true(str_is(json_text(j, STR("body")), "{\"a\":\"\xc3\x83\xc2\xa9\"}")); /* byte for byte */
	const struct json *h = json_get(j, STR("headers"));
	assert_true(str_is(json_text(h, STR("authorization")), "Bearer secret-token"));
	assert_true(str_is(json_text(h, STR("accept-language")), "ar"));
	assert_true(str_is(json_text(h, STR("content-type")), "application/json"));
	assert_true(str_is(json_text(h, STR("idempotency-key")), "k-1"));
	assert_true(str_is(json_text(h, STR("if-match")), "\"5\""));
	assert_null(json_get(h, STR("expect")));

	static const char *const methods[] = { "GET", "HEAD", "DELETE", "POST", "PUT", "PATCH" };
	for (size_t i = 0; i < COUNT(methods); i++) {
		j = echo(c, a, methods[i], STR_NONE, STR_NONE, NULL);
		h = json_get(j, STR("headers"));
		assert_null(json_get(h, STR("content-type"))); /* none is made up */
		assert_true(i < 3 || str_is(json_text(h, STR("content-length")), "0"));
		assert_true(i >= 3 || !json_get(h, STR("content-length")));
		assert_null(json_get(h, STR("idempotency-key"))); /* nothing is left from the call before */
	}
	j = echo(c, a, "DELETE", STR("text/plain"), STR("x"), NULL);
	assert_true(str_is(json_text(j, STR("body")), "x"));

	char *large = arena_alloc(a, 1 << 20);
	memset(large, 'z', 1 << 20);
	large[77] = 0;
	j = echo(c, a, "PUT", STR("text/plain"), (struct str){ large, 1 << 20 }, NULL);
	assert_true(str_eq(json_text(j, STR("body")), (struct str){ large, 1 << 20 }));
	http_client_free(c);

	c = client_of(&(struct http_client_options){ .base_url = arena_format(a, " %s// ", s->plain.data) });
	j = echo(c, a, "GET", STR_NONE, STR_NONE, NULL);
	h = json_get(j, STR("headers"));
	assert_true(!json_get(h, STR("authorization")) && !json_get(h, STR("accept-language")));
	http_client_free(c);
	http_client_free(NULL);
}

static void test_answers(void **state)
{
	struct server *s = *state;
	struct http_client *c = client_of(&(struct http_client_options){ .base_url = s->plain, .max_answer = 100000 });
	static const struct {
		const char *path;
		enum code code;
		int status;
		size_t len, type_len;
	} cases[] = {
		{ "/status?n=200", OK, 200, 8, 0 },   { "/status?n=404", OK, 404, 8, 0 },     { "/status?n=500", OK, 500, 8, 0 },
		{ "/status?n=599", OK, 599, 8, 0 },   { "/redirect", OK, 302, 0, 0 },	      { "/large?n=0", OK, 200, 0, 0 },
		{ "/large?n=100000", OK, 200, 100000, 0 }, { "/large?n=100001", E_LIMIT, 0, 0, 0 }, { "/large?n=9000000", E_LIMIT, 0, 0, 0 },
		{ "/gzip?n=5000", OK, 200, 5000, 0 }, { "/gzip?n=100000", OK, 200, 100000, 0 }, { "/gzip?n=90000000", E_LIMIT, 0, 0, 0 },
		{ "/headers?n=60", OK, 200, 0, 60 },  { "/headers?n=127", OK, 200, 0, 127 },  { "/headers?n=128", OK, 200, 0, 0 },
		{ "/interim", OK, 200, 2, 0 },	      { "/cut", E_IO, 0, 0, 0 },	      { "/nothing", E_IO, 0, 0, 0 },
		{ "/garbage", E_IO, 0, 0, 0 },	      { "/endless", E_IO, 0, 0, 0 },	      { "/unknown", OK, 404, 12, 0 },
		{ "/with space", E_IO, 0, 0, 0 },     { "/line\r\nX: y", E_IO, 0, 0, 0 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		struct http_answer answer = { .status = -1 };
		struct error e;
		error_init(&e, a);
		enum code code = get(c, cases[i].path, &answer, &e);
		if (code != cases[i].code)
			fail_msg("%s: %s, %.*s", cases[i].path, code_name(code), STR_ARG(error_text(&e, a)));
		if (code != OK) {
			assert_int_equal(answer.status, -1); /* outputs on success only */
			continue;
		}
		if (answer.status != cases[i].status || answer.body.len != cases[i].len || strlen(answer.content_type) != cases[i].type_len)
			fail_msg("%s: %d, %zu bytes, %s", cases[i].path, answer.status, answer.body.len, answer.content_type);
		assert_int_equal(strlen(answer.etag), cases[i].type_len < 64 ? cases[i].type_len : 0);
		buf_done(&answer.body);
	}
	http_client_free(c);
}

static void test_no_answer(void **state)
{
	struct server *s = *state;
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct http_answer answer;
	struct error e;
	error_init(&e, a);
	struct http_client *c = client_of(&(struct http_client_options){ .base_url = s->plain, .timeout = SECOND / 5 });
	int64_t began = clock_monotonic();
	assert_int_equal(get(c, "/slow", &answer, &e), E_IO);
	assert_true(clock_monotonic() - began < SECOND);
	assert_true(str_starts(error_text(&e, a), arena_format(a, "No answer from %s: ", s->plain.data)));
	assert_int_equal(get(c, "/status?n=204", &answer, &e), OK); /* and the client still works */
	assert_int_equal(answer.status, 204);
	http_client_free(c);

	static const char *const addresses[] = { "http://127.0.0.1:1", "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70",
						 "nonsense://", "http://", "http://127.0.0.1:99999" };
	for (size_t i = 0; i < COUNT(addresses); i++) {
		c = client_of(&(struct http_client_options){ .base_url = str_of(addresses[i]), .timeout = 5 * SECOND });
		if (get(c, "/", &answer, &e) != E_IO)
			fail_msg("%s", addresses[i]);
		http_client_free(c);
	}
	/* less than a millisecond is not "for ever" */
	c = client_of(&(struct http_client_options){ .base_url = s->plain, .timeout = 1 });
	assert_int_equal(get(c, "/slow", &answer, &e), E_IO);
	http_client_free(c);
}

static void test_refused(void **state)
{
	struct server *s = *state;
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct http_client *c = NULL;
	struct http_answer answer;
	static const struct http_client_options bad[] = { { { 0 } },
							  { .base_url = { " / ", 3 } },
							  { .base_url = { "http://a\r\nb", 11 } },
							  { .base_url = { "http://a", 8 }, .token = { "x\r\nX-Admin: 1", 13 } },
							  { .base_url = { "http://a", 8 }, .language = { "fr\n", 3 } } };
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(http_client_new(&bad[i], &c, NULL), E_INVALID);
	assert_null(c);
	c = client_of(&(struct http_client_options){ .base_url = s->plain });
	static const struct str split[] = { { "X: a\r\nY: b", 10 }, { 0 } }, nul[] = { { "X: a\0Y: b", 9 }, { 0 } };
	assert_int_equal(http_client_send(c, "GET", STR("/echo"), STR_NONE, STR_NONE, split, &answer, NULL), E_INVALID);
	assert_int_equal(http_client_send(c, "GET", STR("/echo"), STR_NONE, STR_NONE, nul, &answer, NULL), E_INVALID);
	assert_int_equal(http_client_send(c, "POST", STR("/echo"), STR("a/b\r\nX: y"), STR("x"), NULL, &answer, NULL), E_INVALID);
	char *longest = arena_alloc(a, 70000);
	memset(longest, 'x', 70000);
	struct str large[] = { { longest, 70000 }, { 0 } };
	assert_int_equal(http_client_send(c, "GET", STR("/echo"), STR_NONE, STR_NONE, large, &answer, NULL), E_INVALID);
	assert_int_equal(http_client_send(c, "GET", large[0], STR_NONE, STR_NONE, NULL, &answer, NULL), E_LIMIT);
	http_client_free(c);
}

static void test_certificates(void **state)
{
	struct server *s = *state;
	struct http_answer answer;
	const struct {
		struct str ca;
		enum code code;
	} cases[] = { { s->certificate, OK }, { s->other_certificate, E_IO }, { STR_NONE, E_IO }, { in(s, "missing"), E_IO } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_client *c = client_of(&(struct http_client_options){ .base_url = s->secure, .ca_file = cases[i].ca });
		assert_int_equal(get(c, "/status?n=201", &answer, NULL), cases[i].code);
		if (cases[i].code == OK) {
			assert_int_equal(answer.status, 201);
			buf_done(&answer.body);
		}
		http_client_free(c);
	}
	/* the certificate is for the address, not for any other name of this machine */
	CLEAN_ARENA struct arena *a = arena_new(0);
	struct str port = str_slice(s->secure, strlen("https://127.0.0.1"), s->secure.len);
	struct http_client *c =
		client_of(&(struct http_client_options){ .base_url = arena_format(a, "https://localhost%.*s", STR_ARG(port)), .ca_file = s->certificate });
	assert_int_equal(get(c, "/status?n=201", &answer, NULL), E_IO);
	http_client_free(c);
}

struct heard {
	struct buf text;
	size_t most;
};

static bool hear(void *data, struct str piece)
{
	struct heard *h = data;
	buf_add_str(&h->text, piece);
	return h->text.len < h->most;
}

static void test_streams(void **state)
{
	struct server *s = *state;
	static const struct {
		const char *path;
		size_t most, least_heard;
		enum code code;
	} cases[] = { { "/stream?n=200", SIZE_MAX, 2090, OK }, { "/stream?n=100000", 50, 50, OK }, { "/unknown", SIZE_MAX, 12, OK },
		      { "/stream?n=0", SIZE_MAX, 0, OK },      { "/cut", SIZE_MAX, 10, E_IO },	   { "/nothing", SIZE_MAX, 0, E_IO } };
	struct http_client *c = client_of(&(struct http_client_options){ .base_url = s->plain });
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct heard h = { .most = cases[i].most };
		int status = -1;
		buf_init(&h.text, 0);
		assert_int_equal(http_client_stream(c, str_of(cases[i].path), hear, &h, &status, NULL), cases[i].code);
		assert_int_equal(status, cases[i].code != OK ? -1 : i == 2 ? 404 : 200);
		assert_true(h.text.len >= cases[i].least_heard && h.text.len < cases[i].least_heard + 100000);
		if (i == 0)
			assert_true(h.text.len == 2090 && str_ends(buf_str(&h.text), STR("data: 198\n\ndata: 199\n\n")));
		buf_done(&h.text);
	}
	http_client_free(c);
}

/* Each of our own allocations failing in turn: an error or the right answer, and nothing is lost. */
static void test_memory_fails(void **state)
{
	struct server *s = *state;
	const struct str headers[] = { STR("If-Match: \"5\""), STR_NONE };
	bool done = false;
	for (int64_t n = 0; !done; n++) {
		CLEAN_ARENA struct arena *a = arena_new(0);
		struct http_client *c = NULL;
		struct http_answer answer = { 0 };
		struct error e;
		error_init(&e, a);
		mem_fail_at(n);
		enum code code =
			http_client_new(&(struct http_client_options){ .base_url = s->plain, .token = STR("t"), .language = STR("fr") }, &c, &e);
		if (code == OK)
			code = http_client_send(c, "POST", STR("/echo"), STR("text/plain"), STR("x"), headers, &answer, &e);
		done = mem_fail_left() >= 0;
		mem_fail_at(-1);
		assert_int_equal(code, done ? OK : E_NOMEM);
		if (done)
			assert_true(str_find_str(buf_str(&answer.body), STR("Bearer t")) > 0);
		buf_done(&answer.body);
		http_client_free(c);
		assert_true(!done || n > 6);
	}
}

int main(int count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sent), cmocka_unit_test(test_answers), cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_refused),	     cmocka_unit_test(test_certificates), cmocka_unit_test(test_streams),
		cmocka_unit_test(test_memory_fails),
	};
	if (count != 2)
		return 2;
	script = arguments[1];
	/* the test's server is on this machine, whatever proxy the environment names */
	setenv("no_proxy", "127.0.0.1,localhost", 1);
	return cmocka_run_group_tests(tests, start, stop);
}

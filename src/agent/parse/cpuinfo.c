/* /proc/cpuinfo: one block of "name : value" lines for each hardware thread. Cores are told apart by their numbers,
 * since "cpu cores" is a socket's and not every kernel gives it. Neighbours: hardware.c reads the file. */
#include "base/arena.h"
#include "parse/parse.h"
#include <stdlib.h>

struct thread { /* where one hardware thread sits */
	int64_t socket, core;
};

static int by_place(const void *a, const void *b)
{
	const struct thread *x = a, *y = b;
	if (x->socket != y->socket)
		return x->socket < y->socket ? -1 : 1;
	return (x->core > y->core) - (x->core < y->core);
}

/* "2596.146": the whole part. */
static int64_t whole(struct str s)
{
	struct str head = s;
	int64_t n;
	head = str_take(&s, '.');
	return str_int(head, &n) && n >= 0 && n < 1000000 ? n : -1;
}

static bool has_word(struct str words, const char *word)
{
	struct str one;
	while (str_cut(&words, ' ', &one))
		if (str_is(one, word))
			return true;
	return false;
}

static void take_number(struct str value, int64_t *to)
{
	int64_t n;
	if (str_int(value, &n) && n >= 0)
		*to = n;
}

static void take(struct str name, struct str value, struct cpuinfo *c, struct thread *t)
{
	const struct {
		const char *name;
		struct str *to;
	} texts[] = { { "model name", &c->model }, { "vendor_id", &c->maker }, { "Serial", &c->serial },
		      { "Model", &c->model },	   { "Hardware", &c->model },  { "cpu model", &c->model } };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (str_is(name, texts[i].name) && !texts[i].to->len)
			*texts[i].to = value;
	if (str_is(name, "physical id"))
		take_number(value, &t->socket);
	else if (str_is(name, "core id"))
		take_number(value, &t->core);
	else if (str_is(name, "cpu MHz") && whole(value) > c->mhz)
		c->mhz = whole(value);
	else if (str_is(name, "flags"))
		c->hypervisor |= has_word(value, "hypervisor");
}

static void count(struct thread *threads, size_t n, struct cpuinfo *c)
{
	c->threads = (int64_t)n;
	c->sockets = c->cores = n ? 1 : 0;
	qsort(threads, n, sizeof *threads, by_place);
	for (size_t i = 1; i < n; i++) {
		c->sockets += threads[i].socket != threads[i - 1].socket;
		c->cores += by_place(&threads[i], &threads[i - 1]) != 0;
	}
}

static size_t count_blocks(struct str text)
{
	struct str line;
	size_t n = 0;
	while (line_next(&text, &line))
		n += str_starts(line, STR("processor"));
	return n;
}

bool cpuinfo_parse(struct str text, struct arena *arena, struct cpuinfo *ret)
{
	struct cpuinfo c = { .mhz = -1 };
	struct thread none, *threads = ARENA_ARRAY(arena, count_blocks(text) + 1, struct thread);
	struct str line, name;
	size_t n = 0;
	if (!threads)
		return false;
	while (line_next(&text, &line)) {
		if (!str_cut(&line, ':', &name))
			continue;
		/* without a number of its own a thread is a core of its own */
		if (str_starts(name, STR("processor"))) {
			threads[n] = (struct thread){ 0, INT64_MIN + (int64_t)n };
			n++;
		}
		take(str_trim(name), str_trim(line), &c, n ? &threads[n - 1] : &none);
	}
	count(threads, n, &c);
	*ret = c;
	return true;
}

/* PostgreSQL's parser, without what it does when memory is short: it would end the program, or write through NULL. Its archive is
 * linked with malloc, realloc, calloc, strdup, exit and abort called by the names below (meson.build), and each parse has a thread of
 * its own. When one of them cannot go on, the thread jumps back to its start and ends, and what the parser holds by thread is
 * given back by the parser itself, as whenever a thread ends; some kilobytes may be lost. Neighbour: tree.c reads what comes of it. */
#include "parser.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct parsing {
	const char *text;
	PgQueryParseResult result;
	bool whole;
};
static _Thread_local sigjmp_buf *way_out;

/* The parser's memory of this thread, which it hands over to the end of the thread only when both are there. */
extern __thread struct MemoryContextData *TopMemoryContext, *ErrorContext;

_Noreturn static void give_up(void)
{
	if (TopMemoryContext && !ErrorContext) {
		free(TopMemoryContext);
		TopMemoryContext = NULL;
	}
	siglongjmp(*way_out, 1);
}

static void *or_give_up(void *memory)
{
	if (!memory)
		give_up();
	return memory;
}

void *query_parser_malloc(size_t size);
void *query_parser_realloc(void *old, size_t size);
void *query_parser_calloc(size_t count, size_t size);
char *query_parser_strdup(const char *text);
_Noreturn void query_parser_exit(int status);
_Noreturn void query_parser_abort(void);

void *query_parser_malloc(size_t size)
{
	return or_give_up(malloc(size));
}

void *query_parser_realloc(void *old, size_t size)
{
	return or_give_up(realloc(old, size));
}

void *query_parser_calloc(size_t count, size_t size)
{
	return or_give_up(calloc(count, size));
}

char *query_parser_strdup(const char *text)
{
	return or_give_up(strdup(text));
}

_Noreturn void query_parser_exit(int status)
{
	give_up();
}

_Noreturn void query_parser_abort(void)
{
	give_up();
}

static void *parse(void *data)
{
	struct parsing *p = data;
	sigjmp_buf here;
	way_out = &here;
	if (sigsetjmp(here, 0) == 0) {
		p->result = pg_query_parse(p->text);
		p->whole = true;
	}
	return NULL;
}

bool parser_run(const char *text, PgQueryParseResult *ret)
{
	struct parsing p = { .text = text };
	pthread_t thread;
	if (pthread_create(&thread, NULL, parse, &p))
		return false;
	pthread_join(thread, NULL);
	*ret = p.result;
	return p.whole;
}

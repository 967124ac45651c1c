/* See parser.c. */
#pragma once
#include <pg_query.h>
#include <stdbool.h>

/* False when there was not memory enough; else *ret is to be freed with pg_query_free_parse_result(). */
bool parser_run(const char *text, PgQueryParseResult *ret);

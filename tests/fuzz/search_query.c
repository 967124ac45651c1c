/* Any bytes as what people type, and as the text it is looked for in: the first line asks, the rest is asked about. */
#include "base/arena.h"
#include "base/utf8.h"
#include "text/query.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	CLEAN_ANALYSER struct analyser *a = NULL;
	struct str text = { (const char *)data, size }, typed;
	struct search_query q;
	struct match m;
	struct error e;
	error_init(&e, arena);
	if (!utf8_valid(text) || !str_cut(&text, '\n', &typed) || analyser_new(&a, &e) != OK)
		return 0;
	if (!text.data)
		text = typed;
	if (query_compile(a, typed, arena, &q, &e) != OK)
		return 0;
	for (size_t i = 0; i < q.count; i++)
		q.groups[i].near = q.groups[i].distance > 0;
	if (query_match(a, &q, text, LANG_COUNT, arena, &m, &e) != OK)
		return 0;
	for (size_t i = 0; i < m.count; i++)
		if (m.ranges[i].start >= m.ranges[i].end || m.ranges[i].end > text.len || (i && m.ranges[i].start <= m.ranges[i - 1].end))
			abort();
	return 0;
}

/* A line of a log in every format, and the guess which it is; whoever can write to a log chooses it. Neighbours: src/event/format/. */
#include "base/utf8.h"
#include "event/format.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = { (const char *)data, size };
	struct event_pairs pairs;
	event_pairs_init(&pairs);
	if ((unsigned)event_format_guess(line) >= EVENT_FORMATS)
		abort();
	for (int f = EVENT_JSON; f < EVENT_FORMATS; f++) {
		if (event_format_parse((enum event_format)f, line, &pairs, NULL) != OK)
			continue;
		if (!pairs.count || pairs.count > EVENT_PAIRS_MOST)
			abort();
		for (size_t i = 0; i < pairs.count; i++)
			if (!pairs.items[i].name.len || !utf8_valid(pairs.items[i].name) || !utf8_valid(pairs.items[i].value))
				abort();
	}
	event_pairs_done(&pairs);
	return 0;
}

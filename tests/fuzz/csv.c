/* A text file as somebody uploads it: its encoding and its rows. Neighbours: src/intake/csv.c, src/intake/csv_decode.c. */
#include "base/utf8.h"
#include "intake/csv.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "", "utf-8", "utf-16le", "utf-16be", "windows-1252", "windows-1251", "windows-1256", "ebcdic" };
	struct str text;
	if (size < 1)
		return 0;
	struct arena *arena = arena_new(0);
	struct csv_row *row = malloc(sizeof *row);
	bool more = true;
	if (!arena || !row)
		abort();
	if (csv_decode((struct str){ (const char *)data + 1, size - 1 }, str_of(names[data[0] % 8]), arena, &text, NULL) == OK) {
		struct csv csv;
		int64_t line = 0;
		if (!utf8_valid(text))
			abort();
		csv_init(&csv, text, 0);
		while (more && csv_next(&csv, arena, row, &more, NULL) == OK && more) {
			if (!row->count || row->count > CSV_COLUMNS || csv.line <= line)
				abort();
			line = csv.line;
			for (size_t i = 0; i < row->count; i++)
				if (!utf8_valid(row->cells[i]))
					abort();
		}
	}
	free(row);
	arena_free(arena);
	return 0;
}

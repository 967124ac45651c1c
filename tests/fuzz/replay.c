/* Runs a fuzz target over the files of a folder, so that its kept corpus is an ordinary test without libFuzzer.
 * Every file is also given cut short at each of its first bytes, which is where parsers stumble. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/file.h"
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	CLEAN_ARENA struct arena *arena = arena_new((size_t)256 << 20);
	struct str *names, text, path;
	struct error e;
	size_t count = 0;
	error_init(&e, arena);
	if (argc != 2 || crypto_init(&e) != OK || folder_list(arena, str_of(argv[1]), &names, &count, &e) != OK || count == 0) {
		fprintf(stderr, "replay: no corpus\n");
		return 1;
	}
	for (size_t i = 0; i < count; i++) {
		path = arena_format(arena, "%s/%.*s", argv[1], STR_ARG(names[i]));
		if (file_read(arena, path, 1 << 20, &text, &e) != OK)
			return 1;
		LLVMFuzzerTestOneInput((const uint8_t *)text.data, text.len);
		for (size_t len = 0; len < text.len && len < 200; len++)
			LLVMFuzzerTestOneInput((const uint8_t *)text.data, len);
	}
	printf("%zu inputs\n", count);
	return 0;
}

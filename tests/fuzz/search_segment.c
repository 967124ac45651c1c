/* Any bytes as a segment of a search index, with the magic put right: every form and posting of it is walked. */
#include "base/arena.h"
#include "segment.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct segment *s)
{
	struct terms t;
	struct postings p;
	terms_seek(&t, s, STR(""));
	while (terms_next(&t)) {
		uint32_t key = 0, times;
		p = t.postings;
		while (posting_next(&p, &key, &times))
			;
	}
	segment_postings(s, STR("word"), &p);
	segment_document(s, 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	char folder[] = "/tmp/mandate-fuzz-XXXXXX";
	struct segment *s = NULL;
	struct error e;
	error_init(&e, arena);
	if (!mkdtemp(folder))
		abort();
	struct str path = segment_path(arena, str_of(folder), 1);
	int fd = open(path.data, O_WRONLY | O_CREAT, 0600);
	const uint64_t magic = SEGMENT_MAGIC, end = size;
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || pwrite(fd, &magic, size < 8 ? size : 8, 0) < 0)
		abort();
	if (size >= sizeof(struct segment_header) && pwrite(fd, &end, 8, offsetof(struct segment_header, end)) != 8)
		abort();
	close(fd);
	if (segment_open(str_of(folder), 1, NULL, &s, &e) == OK)
		walk(s);
	segment_unref(s);
	unlink(path.data);
	rmdir(folder);
	return 0;
}

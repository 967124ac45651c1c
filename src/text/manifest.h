/* The manifest: one small file that says what the index is. Pure: bytes in, struct out. Neighbours: index.c keeps it. */
#pragma once
#include "base/buf.h"
#include "base/crypto.h"
#include "text/index.h"

#define SEGMENTS_MOST 256

struct arena;

struct manifest_segment {
	int64_t number;
	uint8_t digest[SHA256_SIZE];
	const uint32_t *dead; /* documents, rising */
	size_t dead_count;
};
struct manifest {
	uint8_t layout[32];
	struct index_progress progress;
	int64_t next_number;
	struct manifest_segment segments[SEGMENTS_MOST];
	size_t count;
};
void manifest_write(const struct manifest *m, struct buf *out);
/* False when the bytes are not a whole manifest. Views into the arena. */
bool manifest_read(struct str bytes, struct arena *arena, struct manifest *ret);

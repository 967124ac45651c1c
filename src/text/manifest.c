/* Bytes of the manifest: magic, layout, progress, segments with their dead documents as differences, SHA-256 of it all.
 * Neighbours: index.c reads it once and replaces it with each commit. */
#include "manifest.h"
#include "base/arena.h"
#include "segment.h"
#include <string.h>

static const char magic[8] = "MNDIDX1\n";

static void put(struct buf *out, uint64_t n)
{
	while (n >= 0x80) {
		buf_add_char(out, (char)(n | 0x80));
		n >>= 7;
	}
	buf_add_char(out, (char)n);
}

void manifest_write(const struct manifest *m, struct buf *out)
{
	uint8_t digest[SHA256_SIZE];
	const int64_t numbers[] = { m->progress.cursor, m->progress.scan_kind, m->progress.scan_after, m->progress.complete,
				    m->next_number, (int64_t)m->count };
	buf_add(out, magic, sizeof magic);
	buf_add(out, m->layout, sizeof m->layout);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		put(out, (uint64_t)numbers[i]);
	for (size_t i = 0; i < m->count; i++) {
		const struct manifest_segment *s = &m->segments[i];
		uint32_t last = 0;
		put(out, (uint64_t)s->number);
		buf_add(out, s->digest, sizeof s->digest);
		put(out, s->dead_count);
		for (size_t d = 0; d < s->dead_count; last = s->dead[d++])
			put(out, s->dead[d] - last);
	}
	sha256(out->data, out->len, digest);
	buf_add(out, digest, sizeof digest);
}

static bool take(const uint8_t **at, const uint8_t *end, void *ret, size_t len)
{
	if ((size_t)(end - *at) < len)
		return false;
	memcpy(ret, *at, len);
	*at += len;
	return true;
}

static bool take_segment(const uint8_t **at, const uint8_t *end, struct arena *arena, struct manifest_segment *s)
{
	uint64_t number, count, step, last = 0;
	if (!varint_next(at, end, &number) || !take(at, end, s->digest, sizeof s->digest) || !varint_next(at, end, &count))
		return false;
	if (count > (size_t)(end - *at)) /* a byte each at least */
		return false;
	uint32_t *dead = ARENA_ARRAY(arena, count + 1, uint32_t);
	if (!dead)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (!varint_next(at, end, &step) || step > UINT32_MAX || (last += step) > UINT32_MAX)
			return false;
		dead[i] = (uint32_t)last;
	}
	s->number = (int64_t)number;
	s->dead = dead;
	s->dead_count = count;
	return true;
}

bool manifest_read(struct str bytes, struct arena *arena, struct manifest *ret)
{
	uint8_t digest[SHA256_SIZE];
	uint64_t numbers[6];
	char first[sizeof magic];
	if (bytes.len < sizeof magic + sizeof ret->layout + SHA256_SIZE)
		return false;
	const uint8_t *at = (const uint8_t *)bytes.data, *end = at + bytes.len - SHA256_SIZE;
	sha256(bytes.data, bytes.len - SHA256_SIZE, digest);
	*ret = (struct manifest){ 0 };
	if (memcmp(digest, end, SHA256_SIZE) != 0 || !take(&at, end, first, sizeof first) || memcmp(first, magic, sizeof magic) != 0 ||
	    !take(&at, end, ret->layout, sizeof ret->layout))
		return false;
	for (size_t i = 0; i < 6; i++)
		if (!varint_next(&at, end, &numbers[i]))
			return false;
	if (numbers[5] > SEGMENTS_MOST)
		return false;
	ret->progress = (struct index_progress){ (int64_t)numbers[0], (int64_t)numbers[1], (int64_t)numbers[2], (int64_t)numbers[3] };
	ret->next_number = (int64_t)numbers[4];
	for (size_t i = 0; i < numbers[5]; i++)
		if (!take_segment(&at, end, arena, &ret->segments[ret->count++]))
			return false;
	return at == end;
}

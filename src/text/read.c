/* Reading segments: everything taken from the file is held against its bounds, so that no bytes can lead outside of it.
 * Neighbours: segment.h (format), index.c opens, find.c asks. */
#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "segment.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct str segment_path(struct arena *arena, struct str folder, int64_t number)
{
	return arena_format(arena, "%.*s/%lld.segment", STR_ARG(folder), (long long)number);
}

static enum code damaged(const struct segment *s, struct error *e)
{
	return error_fail(e, E_INVALID, N_("{path} is damaged"), { "path", str_of(s->path) });
}

static bool within(const struct segment *s, uint64_t at, uint64_t count, uint64_t size)
{
	return at % 8 == 0 && at <= s->size && count <= (s->size - at) / size;
}

static bool sound(struct segment *s)
{
	const struct segment_header *h = (const void *)s->map;
	if (s->size < sizeof *h || h->magic != SEGMENT_MAGIC || h->end != s->size || h->documents > DOCUMENTS_MOST)
		return false;
	if (h->blocks != h->terms / BLOCK_TERMS + (h->terms % BLOCK_TERMS != 0))
		return false;
	if (h->postings_at < sizeof *h || h->terms_at < h->postings_at || h->blocks_at < h->terms_at || h->blocks_at > s->size)
		return false;
	if (!within(s, h->blocks_at, h->blocks, 8) || !within(s, h->ids_at, h->documents, 8) || !within(s, h->owners_at, h->documents, 8) ||
	    !within(s, h->place_of_at, h->documents, 4) || !within(s, h->lengths_at, h->documents, 4) ||
	    !within(s, h->places_at, h->places, sizeof(struct segment_place)) || !within(s, h->order_at, h->documents, 4))
		return false;
	s->head = h;
	s->blocks = (const void *)(s->map + h->blocks_at);
	s->ids = (const void *)(s->map + h->ids_at);
	s->owners = (const void *)(s->map + h->owners_at);
	s->place_of = (const void *)(s->map + h->place_of_at);
	s->lengths = (const void *)(s->map + h->lengths_at);
	s->places = (const void *)(s->map + h->places_at);
	s->order = (const void *)(s->map + h->order_at);
	for (uint64_t i = 0; i < h->documents; i++) {
		if (s->place_of[i] >= h->places || s->order[i] >= h->documents)
			return false;
		s->words += s->lengths[i];
	}
	for (uint64_t i = 0; i < h->blocks; i++)
		if (s->blocks[i] < h->terms_at || s->blocks[i] >= h->blocks_at)
			return false;
	return true;
}

static enum code map_file(struct segment *s, struct error *e)
{
	int fd = open(s->path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	if (fd < 0)
		return errno == ENOENT ? damaged(s, e) : error_errno(e, N_("opening {path}"), str_of(s->path));
	enum code code = fstat(fd, &about) == 0 ? OK : error_errno(e, N_("reading {path}"), str_of(s->path));
	if (code == OK && about.st_size < (off_t)sizeof(struct segment_header))
		code = damaged(s, e);
	if (code == OK) {
		void *map = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED) {
			code = error_errno(e, N_("reading {path}"), str_of(s->path));
		} else {
			s->map = map;
			s->size = (size_t)about.st_size;
		}
	}
	close(fd);
	return code;
}

enum code segment_open(struct str folder, int64_t number, const uint8_t *digest, struct segment **ret, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(1 << 16);
	struct segment *s = arena ? mem_new(sizeof *s) : NULL;
	if (!s)
		return error_nomem(e);
	struct str path = segment_path(arena, folder, number);
	s->refs = 1;
	s->number = number;
	s->path = path.data ? mem_copy_text(path.data, path.len) : NULL;
	enum code code = s->path ? map_file(s, e) : error_nomem(e);
	if (code == OK) {
		sha256(s->map, s->size, s->digest);
		s->synced = digest != NULL; /* a manifest named it */
		if ((digest && memcmp(digest, s->digest, SHA256_SIZE) != 0) || !sound(s))
			code = damaged(s, e);
	}
	if (code != OK) {
		segment_unref(s);
		return code;
	}
	*ret = s;
	return OK;
}

enum code segment_sync(struct segment *s, struct error *e)
{
	if (s->synced)
		return OK;
	int fd = open(s->path, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;
	enum code code = good ? OK : error_errno(e, N_("writing {path}"), str_of(s->path));
	if (fd >= 0)
		close(fd);
	s->synced = good;
	return code;
}

struct segment *segment_ref(struct segment *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

void segment_unref(struct segment *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	if (s->map)
		munmap((void *)(uintptr_t)s->map, s->size);
	if (atomic_load(&s->unwanted))
		unlink(s->path);
	mem_free(s->path);
	mem_free(s);
}

int64_t segment_document(const struct segment *s, int64_t id)
{
	uint64_t low = 0, high = s->head->documents;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (s->ids[s->order[middle]] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->head->documents && s->ids[s->order[low]] == id ? (int64_t)s->order[low] : -1;
}

/* --- the dictionary ------------------------------------------------------------------------------- */

static const uint8_t *terms_end(const struct segment *s)
{
	return (const uint8_t *)s->map + s->head->blocks_at;
}

static bool block_start(struct terms *t)
{
	const struct segment *s = t->segment;
	if (t->block >= s->head->blocks)
		return false;
	t->at = (const uint8_t *)s->map + s->blocks[t->block];
	t->place = 0;
	t->form.len = 0;
	return varint_next(&t->at, terms_end(s), &t->postings_at);
}

bool terms_next(struct terms *t)
{
	const struct segment *s = t->segment;
	const uint8_t *end = terms_end(s);
	uint64_t shared, len, entries, bytes;
	if (t->block * BLOCK_TERMS + t->place >= s->head->terms)
		return false;
	if (t->place == BLOCK_TERMS) {
		t->block++;
		if (!block_start(t))
			return false;
	}
	if (!varint_next(&t->at, end, &shared) || !varint_next(&t->at, end, &len))
		return false;
	if (shared > t->form.len || len > sizeof t->text - shared || len > (size_t)(end - t->at))
		return false;
	memcpy(t->text + shared, t->at, len);
	t->at += len;
	t->form = (struct str){ t->text, shared + len };
	t->shared = shared;
	if (!varint_next(&t->at, end, &entries) || !varint_next(&t->at, end, &bytes))
		return false;
	const uint64_t room = s->head->terms_at - s->head->postings_at;
	if (t->postings_at > room || bytes > room - t->postings_at)
		return false;
	const uint8_t *at = (const uint8_t *)s->map + s->head->postings_at + t->postings_at;
	t->postings = (struct postings){ at, at + bytes, entries };
	t->postings_at += bytes;
	t->place++;
	return true;
}

static bool first_form(const struct segment *s, uint64_t block, struct terms *t)
{
	t->segment = s;
	t->block = block;
	return block_start(t) && terms_next(t);
}

void terms_seek(struct terms *t, const struct segment *s, struct str from)
{
	uint64_t low = 0, high = s->head->blocks;
	while (low < high) { /* the last block whose first form is not after `from` */
		uint64_t middle = low + (high - low) / 2;
		if (first_form(s, middle, t) && str_cmp(t->form, from) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	t->segment = s;
	t->block = low ? low - 1 : 0;
	if (!block_start(t)) {
		t->block = s->head->blocks;
		t->place = 0;
		return;
	}
	for (;;) {
		struct terms before = *t;
		before.form.data = t->text;
		if (!terms_next(t) || str_cmp(t->form, from) >= 0) {
			/* step back, but keep the bytes read: the shared ones are the same */
			size_t len = before.form.len;
			memcpy(t->text, before.text, len);
			t->block = before.block;
			t->place = before.place;
			t->at = before.at;
			t->postings_at = before.postings_at;
			t->form = (struct str){ t->text, len };
			return;
		}
	}
}

bool segment_postings(const struct segment *s, struct str form, struct postings *ret)
{
	struct terms t;
	terms_seek(&t, s, form);
	if (!terms_next(&t) || !str_eq(t.form, form))
		return false;
	*ret = t.postings;
	return true;
}

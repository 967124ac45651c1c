/* Writing a segment file: postings go out as they come, the dictionary is gathered beside them. Neighbours: build.c and
 * merge.c bring forms in order; read.c maps what is written here. */
#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "segment.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (1 << 20)
#define TERMS_BYTES_MOST ((size_t)1 << 30)

struct segment_writer {
	char *path;
	int fd;
	bool failed, finished;
	int error;
	uint64_t written; /* bytes of the file so far, the buffer's too */
	size_t used;
	struct buf terms;
	struct buf blocks;
	uint64_t term_count;
	/* the form being written */
	char form[FORM_MOST], last[FORM_MOST];
	size_t form_len, last_len;
	uint64_t entries, postings_start;
	uint32_t key;
	uint8_t piece[PIECE];
};

static void flush(struct segment_writer *w)
{
	size_t done = 0;
	while (done < w->used && !w->failed) {
		ssize_t n = write(w->fd, w->piece + done, w->used - done);
		if (n < 0 && errno != EINTR) {
			w->failed = true;
			w->error = errno;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	w->used = 0;
}

static void put(struct segment_writer *w, const void *data, size_t len)
{
	const uint8_t *from = data;
	w->written += len;
	while (len) {
		size_t n = PIECE - w->used < len ? PIECE - w->used : len;
		memcpy(w->piece + w->used, from, n);
		w->used += n;
		from += n;
		len -= n;
		if (w->used == PIECE)
			flush(w);
	}
}

static size_t varint(uint8_t out[10], uint64_t n)
{
	size_t len = 0;
	while (n >= 0x80) {
		out[len++] = (uint8_t)(n | 0x80);
		n >>= 7;
	}
	out[len++] = (uint8_t)n;
	return len;
}

static void add_varint(struct buf *b, uint64_t n)
{
	uint8_t bytes[10];
	buf_add(b, bytes, varint(bytes, n));
}

enum code segment_writer_new(struct str folder, int64_t number, struct segment_writer **ret, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(1 << 16);
	struct segment_writer *w = arena ? mem_new(sizeof *w) : NULL;
	if (!w)
		return error_nomem(e);
	struct str path = segment_path(arena, folder, number);
	buf_init(&w->terms, TERMS_BYTES_MOST);
	buf_init(&w->blocks, TERMS_BYTES_MOST);
	w->path = path.data ? mem_copy_text(path.data, path.len) : NULL;
	w->fd = w->path ? open(w->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	if (w->fd < 0) {
		enum code code = w->path ? error_errno(e, N_("opening {path}"), path) : error_nomem(e);
		segment_writer_free(w);
		return code;
	}
	struct segment_header h = { 0 }; /* its place; filled at the end */
	put(w, &h, sizeof h);
	*ret = w;
	return OK;
}

void segment_writer_free(struct segment_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0) {
		close(w->fd);
		if (!w->finished)
			unlink(w->path);
	}
	buf_done(&w->terms);
	buf_done(&w->blocks);
	mem_free(w->path);
	mem_free(w);
}

/* Ends the form whose entries have come. */
static void end_form(struct segment_writer *w)
{
	size_t shared = 0;
	if (!w->entries)
		return;
	if (w->term_count % BLOCK_TERMS == 0) {
		const uint64_t at = w->terms.len;
		buf_add(&w->blocks, &at, sizeof at);
		add_varint(&w->terms, w->postings_start);
	} else {
		while (shared < w->last_len && shared < w->form_len && w->last[shared] == w->form[shared])
			shared++;
	}
	add_varint(&w->terms, shared);
	add_varint(&w->terms, w->form_len - shared);
	buf_add(&w->terms, w->form + shared, w->form_len - shared);
	add_varint(&w->terms, w->entries);
	add_varint(&w->terms, w->written - sizeof(struct segment_header) - w->postings_start);
	memcpy(w->last, w->form, w->form_len);
	w->last_len = w->form_len;
	w->term_count++;
	w->entries = 0;
}

static enum code faults(const struct segment_writer *w, struct error *e)
{
	if (w->failed) {
		errno = w->error;
		return error_errno(e, N_("writing {path}"), str_of(w->path));
	}
	return buf_ok(&w->terms) && buf_ok(&w->blocks) ? OK : error_nomem(e);
}

enum code segment_writer_form(struct segment_writer *w, struct str form, struct error *e)
{
	end_form(w);
	memcpy(w->form, form.data, form.len);
	w->form_len = form.len;
	w->key = 0;
	w->postings_start = w->written - sizeof(struct segment_header);
	return faults(w, e);
}

void segment_writer_entry(struct segment_writer *w, uint32_t key, uint32_t times)
{
	uint8_t bytes[11];
	size_t n = varint(bytes, (uint64_t)(key - w->key) << 1 | (times > 1));
	if (times > 1)
		bytes[n++] = (uint8_t)(times > 255 ? 255 : times);
	put(w, bytes, n);
	w->key = key;
	w->entries++;
}

static uint64_t align(struct segment_writer *w)
{
	static const uint8_t zeros[8];
	put(w, zeros, (8 - w->written % 8) % 8);
	return w->written;
}

struct by_id {
	int64_t id;
	uint32_t document;
};

static int order_ids(const void *a, const void *b)
{
	const struct by_id *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

static enum code put_order(struct segment_writer *w, const struct segment_document *documents, size_t count, struct error *e)
{
	struct by_id *order = mem_array(count + 1, sizeof *order);
	if (!order)
		return error_nomem(e);
	for (size_t i = 0; i < count; i++)
		order[i] = (struct by_id){ documents[i].id, (uint32_t)i };
	qsort(order, count, sizeof *order, order_ids);
	for (size_t i = 0; i < count; i++)
		put(w, &order[i].document, sizeof order[i].document);
	mem_free(order);
	return OK;
}

static void put_documents(struct segment_writer *w, struct segment_header *h, const struct segment_document *documents, size_t count)
{
	h->ids_at = align(w);
	for (size_t i = 0; i < count; i++)
		put(w, &documents[i].id, sizeof documents[i].id);
	h->owners_at = align(w);
	for (size_t i = 0; i < count; i++)
		put(w, &documents[i].owner, sizeof documents[i].owner);
	h->place_of_at = align(w);
	for (size_t i = 0; i < count; i++)
		put(w, &documents[i].place, sizeof documents[i].place);
	h->lengths_at = align(w);
	for (size_t i = 0; i < count; i++)
		put(w, &documents[i].length, sizeof documents[i].length);
}

enum code segment_writer_finish(struct segment_writer *w, const struct segment_document *documents, size_t count,
				const struct segment_place *places, size_t place_count, struct error *e)
{
	struct segment_header h = { .magic = SEGMENT_MAGIC, .documents = count, .places = place_count, .postings_at = sizeof h };
	end_form(w);
	TRY(faults(w, e));
	h.terms = w->term_count;
	h.blocks = (w->term_count + BLOCK_TERMS - 1) / BLOCK_TERMS;
	h.terms_at = w->written;
	put(w, w->terms.data, w->terms.len);
	h.blocks_at = align(w);
	for (uint64_t i = 0; i < h.blocks; i++) {
		uint64_t at;
		memcpy(&at, w->blocks.data + i * sizeof at, sizeof at);
		at += h.terms_at;
		put(w, &at, sizeof at);
	}
	put_documents(w, &h, documents, count);
	h.places_at = align(w);
	put(w, places, place_count * sizeof *places);
	h.order_at = align(w);
	TRY(put_order(w, documents, count, e));
	h.end = align(w);
	flush(w);
	if (!w->failed && pwrite(w->fd, &h, sizeof h, 0) != sizeof h) {
		w->failed = true;
		w->error = errno;
	}
	TRY(faults(w, e));
	w->finished = true;
	return OK;
}

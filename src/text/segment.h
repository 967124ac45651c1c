/* A segment: an immutable file of postings, dictionary and documents, mapped into memory.
 *
 *   header    struct segment_header
 *   postings  of each form: varints of (document << 6 | field) as differences, shifted left by one; a set lowest bit
 *             means that a byte with the number of times follows, else it is once
 *   terms     forms in byte order, front-coded in blocks of 16: shared length, length, bytes, entries, bytes of postings;
 *             a block begins with the place of its first postings
 *   blocks    the place of each block
 *   documents id, owner (8 bytes each), place, length (4 bytes each); places: entity, kind; order: documents by id
 *
 * Neighbours: build.c writes from documents, merge.c from other segments, read.c reads, index.c names them. */
#pragma once
#include "base/buf.h"
#include "base/crypto.h"
#include "fold.h"
#include "text/index.h"
#include <stdatomic.h>

#define SEGMENT_MAGIC UINT64_C(0x3158444e4d4e444d)
#define BLOCK_TERMS 16
#define FIELD_BITS 6
#define DOCUMENTS_MOST (UINT32_C(1) << (32 - FIELD_BITS))
#define FORM_MOST (FOLD_MOST + 1)

struct segment_header {
	uint64_t magic;
	uint64_t documents, places, terms, blocks;
	uint64_t postings_at, terms_at, blocks_at, ids_at, owners_at, place_of_at, lengths_at, places_at, order_at, end;
};
struct segment_place {
	int64_t entity;
	int64_t kind;
};

struct segment {
	_Atomic int64_t refs;
	int64_t number;
	char *path;
	const char *map;
	size_t size;
	bool synced;           /* known to be on disk */
	_Atomic bool unwanted; /* the file goes with the last reader */
	uint8_t digest[SHA256_SIZE];
	const struct segment_header *head;
	const uint64_t *blocks;
	const int64_t *ids, *owners;
	const uint32_t *place_of, *lengths, *order;
	const struct segment_place *places;
	int64_t words; /* the sum of lengths */
};

/* Maps and checks a file; E_INVALID when it is not what the digest says or makes no sense. `digest` NULL: it is taken. */
enum code segment_open(struct str folder, int64_t number, const uint8_t *digest, struct segment **ret, struct error *e);
/* Brings the file to disk; once is enough. */
enum code segment_sync(struct segment *s, struct error *e);
struct segment *segment_ref(struct segment *s);
void segment_unref(struct segment *s);
/* The document with the id, or -1. */
int64_t segment_document(const struct segment *s, int64_t id);
struct str segment_path(struct arena *arena, struct str folder, int64_t number);

/* --- forms ---------------------------------------------------------------------------------------- */
struct postings {
	const uint8_t *at, *end;
	uint64_t entries;
};
struct terms { /* walks the dictionary in byte order */
	const struct segment *segment;
	uint64_t block;
	unsigned place;
	const uint8_t *at;
	uint64_t postings_at;
	char text[FORM_MOST];
	struct str form;
	size_t shared; /* bytes it shares with the form before */
	struct postings postings;
};
/* Sets *t before the first form that is not less than `from`; terms_next() gives it. */
void terms_seek(struct terms *t, const struct segment *s, struct str from);
bool terms_next(struct terms *t);
/* False when no document has the form. */
bool segment_postings(const struct segment *s, struct str form, struct postings *ret);

static inline bool varint_next(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
	uint64_t n = 0;
	for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
		uint8_t byte = *(*at)++;
		n |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = n;
			return true;
		}
	}
	return false;
}

/* One entry: *io_key is the last key, 0 at first. */
static inline bool posting_next(struct postings *p, uint32_t *io_key, uint32_t *ret_times)
{
	uint64_t n;
	if (!varint_next(&p->at, p->end, &n))
		return false;
	*ret_times = 1;
	if (n & 1) {
		if (p->at == p->end)
			return false;
		*ret_times = *p->at++;
	}
	*io_key += (uint32_t)(n >> 1);
	return true;
}

/* --- writing -------------------------------------------------------------------------------------- */
struct segment_document {
	int64_t id, owner;
	uint32_t place, length;
};
struct segment_writer;
enum code segment_writer_new(struct str folder, int64_t number, struct segment_writer **ret, struct error *e);
/* Without a finish the file is removed. */
void segment_writer_free(struct segment_writer *w);
/* Forms in byte order, each with its entries by rising key. */
enum code segment_writer_form(struct segment_writer *w, struct str form, struct error *e);
void segment_writer_entry(struct segment_writer *w, uint32_t key, uint32_t times);
/* Ends it with its documents; the file is whole, but not on disk yet (segment_sync). */
enum code segment_writer_finish(struct segment_writer *w, const struct segment_document *documents, size_t count,
				const struct segment_place *places, size_t place_count, struct error *e);

/* Pairs of kind and entity, numbered. */
struct places {
	struct segment_place *items;
	size_t count;
	uint32_t *table; /* open addressing: number + 1 */
	size_t room;
};
bool places_number(struct places *p, const struct segment_place *place, uint32_t *ret);
void places_clear(struct places *p);
void places_done(struct places *p);

/* --- building ------------------------------------------------------------------------------------- */
struct builder;
struct builder *builder_new(void);
void builder_free(struct builder *b);
enum code builder_add(struct builder *b, struct analyser *a, const struct document *d, struct error *e);
size_t builder_documents(const struct builder *b);
/* Marks the document with the id as dead; false when it is not there. */
bool builder_remove(struct builder *b, int64_t id);
/* Time to write a segment? */
bool builder_full(const struct builder *b);
/* Writes the living documents and empties the builder. */
enum code builder_write(struct builder *b, struct str folder, int64_t number, struct error *e);
void builder_clear(struct builder *b);

/* --- merging -------------------------------------------------------------------------------------- */
struct merge_part {
	const struct segment *segment;
	const uint8_t *dead; /* bits by document; NULL: none */
};
/* Writes what lives in the parts as one segment; no file when nothing lives (*ret_documents 0). */
enum code segments_merge(const struct merge_part *parts, size_t count, struct str folder, int64_t number, size_t *ret_documents,
			 struct error *e);
static inline bool bit_get(const uint8_t *bits, uint64_t i) { return bits && (bits[i >> 3] >> (i & 7) & 1); }
static inline void bit_set(uint8_t *bits, uint64_t i) { bits[i >> 3] = (uint8_t)(bits[i >> 3] | 1u << (i & 7)); }

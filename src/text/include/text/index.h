/* The inverted index: which documents hold which forms, in which of their fields. It lives in a folder of its own, can be
 * thrown away at any time, and is rebuilt from what it was made of.
 *
 * Segments are files that never change, mapped into memory; the manifest names them with their digests, the documents
 * in them that are dead, and how far the index has followed its source: all in one commit. What a manifest does not
 * name is removed; a manifest or segment that is not whole makes the index empty (index_open tells), to be built anew.
 *
 * One thread writes (put, remove, commit); any number read, each through a view that stays as it was. */
#pragma once
#include "text/query.h"

#define INDEX_FIELDS_MOST 63 /* of a kind: ordinals 0 to 62 */

struct index;
struct index_options {
	struct str folder;
	uint8_t layout[32]; /* digest of what kinds and fields mean: another one, another index */
};
/* What the follower keeps with the index. */
struct index_progress {
	int64_t cursor;     /* next leaf of the journal to follow */
	int64_t scan_kind;  /* being filled from the estate: kind, and id of the last record taken */
	int64_t scan_after;
	int64_t complete;   /* 1: the filling is done */
};

/* *ret_fault: why what was there could not be used (a msgid), NULL when it was, or nothing was there. */
enum code index_open(const struct index_options *o, struct index **ret, const char **ret_fault, struct error *e);
void index_close(struct index *ix);
struct index_progress index_progress(const struct index *ix);

/* --- writing -------------------------------------------------------------------------------------- */
struct document_text {
	unsigned field;
	enum lang lang; /* LANG_COUNT: unknown */
	struct str text;
};
struct document {
	int64_t id, entity;
	int64_t owner; /* person whose own record it is, 0: nobody's */
	unsigned kind;
	const struct document_text *texts; /* by rising field */
	size_t count;
};
/* Replaces the document with this id. */
enum code index_put(struct index *ix, const struct document *d, struct error *e);
enum code index_remove(struct index *ix, int64_t id, struct error *e);
/* Throws everything away; the next commit says so on disk. */
void index_clear(struct index *ix);
/* New views see what was put and removed; it is not on disk yet, and gone after a crash. */
enum code index_publish(struct index *ix, struct error *e);
/* After OK it is on disk, and new views see it. `forget`: nothing of removed documents stays in any file. */
enum code index_commit(struct index *ix, const struct index_progress *p, bool forget, struct error *e);
/* Bytes of text taken in, and of files, for metrics and figures. */
int64_t index_bytes(const struct index *ix);

/* --- reading -------------------------------------------------------------------------------------- */
struct index_view;
struct index_view *index_view(struct index *ix); /* NULL: out of memory */
void index_view_free(struct index_view *v);
int64_t index_documents(const struct index_view *v);

/* Which fields of documents of that kind at that entity the caller may find by, bit i for ordinal i; 0: none of these
 * documents. `own`: of the caller's own ones. Asked once for each kind and entity. */
typedef uint64_t index_seen(void *data, unsigned kind, int64_t entity, bool own);

struct find_request {
	struct search_query *query; /* groups[].near is set */
	index_seen *seen;
	void *data;
	int64_t person; /* whose documents are own; 0: nobody's */
	const float *const *weights; /* by kind, by field */
	size_t most;
	/* the last hit of the page before; id 0: the first page. The score counts when that document is found no longer. */
	float after_score;
	int64_t after_id;
};
struct hit {
	int64_t id, entity;
	unsigned kind;
	float score;
};
struct hit_place { /* how many hits there are of a kind at an entity */
	unsigned kind;
	int64_t entity;
	int64_t count;
};
struct find_answer { /* in the arena */
	struct hit *hits; /* best first, then lowest id */
	size_t count;
	int64_t total;
	bool exact; /* false: so many words begin like this that some were left out */
	struct hit_place *places;
	size_t place_count;
};
enum code index_find(const struct index_view *v, const struct find_request *r, struct arena *arena, struct find_answer *ret,
		     struct error *e);

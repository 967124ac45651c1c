/* What the files of the search engine share.
 *   plan.c    which fields of which kinds are searched       follow.c  estate and journal → index
 *   find.c    search.find                                    snippet.c what of a record is shown */
#pragma once
#include "base/vec.h"
#include "base/map.h"
#include "kernel/kernel.h"
#include "record/reading.h"
#include "search/search.h"
#include "text/index.h"
#include <pthread.h>
#include <stdatomic.h>

#define NUMBER_FIELD 0 /* ordinal of the human number; fields follow from 1 */

struct searched { /* a kind that is searched */
	const struct kind *kind;
	const struct field **fields; /* by ordinal; [NUMBER_FIELD] is NULL */
	size_t count;                /* ordinals */
	bool *wanted;                /* by field index */
	float weights[INDEX_FIELDS_MOST + 1];
};
struct plan {
	const struct model *model; /* referenced */
	struct arena *arena;
	struct searched *kinds;
	const float **weights;     /* by kind */
	size_t count;
	uint8_t digest[SHA256_SIZE];
};
enum code plan_make(const struct model *m, struct plan *ret, struct error *e);
void plan_done(struct plan *p);
/* Place of a kind in the plan, or -1. */
int64_t plan_kind(const struct plan *p, struct str name);

/* A field's texts with their languages: one, or one a language of FIELD_LOCAL; the number of a record as NUMBER_FIELD. */
struct field_text {
	unsigned field;
	enum lang lang;
	struct str text;
};
#define FIELD_TEXTS_MOST (LANG_COUNT + 1)
enum code field_texts(const struct searched *s, unsigned field, const struct record_seen *row, struct arena *arena,
		      struct field_text ret[FIELD_TEXTS_MOST], size_t *ret_count, struct error *e);

struct search {
	struct kernel *kernel;
	struct plan plan;
	pthread_t thread;
	bool running;
	_Atomic bool stop;
	pthread_mutex_t lock;
	struct index *index;         /* NULL until the journal is known */
	struct analyser *spare[8];   /* kept for the next search */
	size_t spare_count;
	_Atomic int64_t cursor;      /* next leaf to follow */
	_Atomic bool complete;
};
void *follow_thread(void *search);
extern const struct operation search_operations[];

/* --- snippet.c ------------------------------------------------------------------------------------ */

struct shown { /* one hit as it stands now */
	struct str title, number;
	unsigned field;      /* where it was found; ordinal */
	struct str snippet;
	const struct match_range *ranges; /* in code points of the snippet */
	size_t range_count;
};
/* Holds the record as it is, and as the caller sees it, against the query; *ret_found false: it no longer has what was
 * asked for. */
enum code snippet_make(struct analyser *a, const struct search_query *q, const struct searched *s, const struct record_seen *row,
		       enum lang lang, struct arena *arena, struct shown *ret, bool *ret_found, struct error *e);

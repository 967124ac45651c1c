/* Counters and histograms, lock-free to write, exposed in the Prometheus text format (version 0.0.4). */
#pragma once
#include "base/buf.h"
#include "base/error.h"

struct metrics;
struct registry;

/* The program's own numbers, beside those per operation. */
enum gauge {
	GAUGE_COMMITS,          /* transactions committed */
	GAUGE_COMMIT_CALLS,     /* calls in them */
	GAUGE_QUEUE,            /* calls waiting for the writer */
	GAUGE_JOURNAL_ENTRIES,  /* entries appended by this process */
	GAUGE_JOURNAL_LEAVES,   /* entries integrated and signed */
	GAUGE_CONNECTIONS,      /* open HTTP connections */
	GAUGE_STREAMS,          /* open change feeds */
	GAUGE_SIGN_IN_FAILED,
	GAUGE_JOB_FAILED,
	GAUGE_SEARCH_LAG,       /* journal entries the search index has not seen */
	GAUGE_SEARCH_DOCUMENTS,
	GAUGE_SEARCH_BYTES,
	GAUGE_POLICY_CURSOR,    /* journal entries that policies have judged */
	GAUGE_POLICY_DUE,       /* policies to be judged as a whole */
	GAUGE_COUNT
};

struct metrics *metrics_new(size_t operations);
void metrics_free(struct metrics *m);
/* One finished call: by operation and code; `micros` goes into a histogram (0.1 ms … 10 s). Any thread. */
void metrics_call(struct metrics *m, unsigned operation, enum code code, int64_t micros);
void metrics_add(struct metrics *m, enum gauge g, int64_t n);
void metrics_set(struct metrics *m, enum gauge g, int64_t n);
int64_t metrics_get(const struct metrics *m, enum gauge g);
/* Everything as text/plain; names start with mandate_. */
void metrics_write(const struct metrics *m, const struct registry *r, struct buf *out);

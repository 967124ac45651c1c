/* A moment of the past that records are asked about, in two independent directions: as they were then, and as they were
 * known then. Both at once: what was known at one time of how things stood at another.
 *
 * What a reader sees of the past is decided by the rights the reader has today, at the entity where the record was then.
 * Parsing is pure. Neighbours: query.h carries it, past.c makes conditions of it. */
#pragma once
#include "base/clock.h"

enum knowledge { KNOWN_ALL, KNOWN_TIME, KNOWN_SIZE };

struct moment { /* zero: now */
	bool as_of_given;
	int64_t at;       /* with as_of_given: versions that held at this time */
	enum knowledge known;
	int64_t limit;    /* KNOWN_TIME: entries of that time and before; KNOWN_SIZE: the first entries of the journal, so many */
};

static inline bool moment_past(const struct moment *m)
{
	return m->as_of_given || m->known != KNOWN_ALL;
}

/* "2026-03-01T12:00:00Z", or "2026-03-01": its last microsecond, UTC. Faults are error items at `pointer`. */
enum code moment_as_of(struct moment *m, struct str text, struct str pointer, struct error *e);
/* The same, or "1200": a size of the journal. */
enum code moment_known_at(struct moment *m, struct str text, struct str pointer, struct error *e);

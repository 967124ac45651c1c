/* The report as a document: sections, their digests, and which of them the server already has.
 * Neighbours: host.h for the sections, agent.c for when. */
#pragma once
#include "agent/agent.h"

struct arena;
struct json;

/* Writes a report. Sections whose digest stands in `known` (the "digests" object of an accepted report, or NULL) are
 * left out. */
enum code report_write(const struct agent_options *o, const struct json *known, struct arena *arena, struct buf *ret,
		       struct error *e);

/* One report to the server, and what its answer means. Neighbours: agent.c decides when to try again. */
#pragma once
#include "agent/agent.h"

struct arena;
struct json;

enum verdict {
	SENT,
	TRY_AGAIN, /* no answer, or one that may change: the error says which */
	REFUSED,   /* this report will never be taken */
	DENIED     /* this agent is not let in */
};

/* *ret_answer: the server's JSON, or NULL. The error is set unless SENT. */
enum verdict report_send(const struct agent_options *o, struct str report, struct str id, struct arena *arena,
			 const struct json **ret_answer, struct error *e);

/* What runs on an endpoint: takes stock of the Linux host it is on and sends that to the server as an inventory report
 * (docs/inventory-report.md). Each report is on disk before it is sent and stays there until the server has it, so
 * neither a link that is down nor a power cut loses one; past a ceiling the oldest go.
 *
 * Needs no root; as root it also sees serial numbers. Includes base only. One agent at a time owns a spool folder. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

#define AGENT_VERSION "0.1.0"

struct agent_options {
	struct str server;     /* "https://estate.example.org"; the path is added */
	struct str ca_file;    /* PEM; empty: the system's */
	struct str token_file; /* an access token alone in a file that others cannot read; read anew for each sending */
	struct str spool;      /* folder, made when missing (0700) */
	bool daemon;           /* go on for ever; else one report, then what is kept is sent */
	int64_t interval;      /* between reports of a daemon, microseconds; 0: 4 hours. Spread by a tenth */
	unsigned tries;        /* without daemon: times to try before giving up; 0: 3 */
	int64_t timeout;       /* of one exchange; 0: 60 s */
	size_t keep_count;     /* ceilings of the spool; 0: 100 reports, */
	size_t keep_bytes;     /* 0: 64 MiB */
	struct str root;       /* take stock of this tree of files instead of this machine; empty: this machine */
	struct str rpm;        /* program that lists rpm packages; empty: "rpm" on this machine, none of a tree */
	/* NULL: the system's. */
	const struct clock *clock;
	const struct random_source *random;
	/* Sleeps; false: stop now. NULL: a plain sleep. Stopping needs no more than ending the process. */
	bool (*wait)(void *data, int64_t micros);
	void *wait_data;
};

struct agent_outcome {
	unsigned made, sent, kept; /* kept: reports that wait in the spool */
	unsigned dropped;          /* the oldest, past the ceiling */
	unsigned refused;          /* the server will never take them: moved to spool/refused */
};

/* One complete report as JSON, without sending it. E_NOMEM; everything else that fails is merely not known. */
enum code agent_collect(const struct agent_options *o, struct buf *ret, struct error *e);

/* Runs. E_DENIED: the server does not accept the token (reports are kept); E_IO, E_BUSY: not all could be sent, they are
 * kept; E_INVALID: options or token file are no good; E_CONFLICT: another agent owns the spool. *ret is always
 * filled. */
enum code agent_run(const struct agent_options *o, struct agent_outcome *ret, struct error *e);

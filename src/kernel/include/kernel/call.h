/* One call of an operation, from whatever face it came: HTTP, command line, batch, proposal, automation.
 * The face fills the first part, hands it to kernel_call() and gets it back through `done`. */
#pragma once
#include "kernel/operation.h"
#include "record/record.h"

struct kernel;

struct principal { /* who the credentials stand for */
	int64_t account; /* 0: nobody */
	int64_t person;
	int64_t token;   /* access token used, 0: a session */
	struct subject subject;
	struct str csrf; /* the session's; empty for tokens */
	struct str login;
};

struct call {
	/* --- filled by the face ------------------------------------------------------------------- */
	const struct operation *operation;
	struct arena *arena; /* the call's memory; the call itself may live in it */
	enum lang lang;
	struct str bearer;  /* access token, or empty */
	struct str session; /* session cookie, or empty */
	struct str csrf;    /* X-CSRF-Token; needed with a session on every write */
	struct str address; /* the peer, for rate limits and the log */
	int64_t target;     /* {id}, 0: none */
	struct str body;    /* JSON; empty: {} */
	const struct json *input_json; /* instead of `body` when already read (batch, proposals) */
	const struct query_pair *query;
	size_t query_count;
	int64_t expect; /* version from If-Match, 0: any */
	struct str idempotency_key;
	bool dry_run; /* run, tell what would change, undo */
	bool propose; /* store as a proposal instead of running */
	bool represent; /* Prefer: return=representation (RFC 7240): answer a write with the whole record */
	void (*done)(struct call *c); /* called exactly once, on any thread; `face` is its context */
	void *face;
	void *face_state; /* what an in-process caller gives its own operation */

	/* --- filled by the kernel ----------------------------------------------------------------- */
	struct kernel *kernel;
	struct registry *registry; /* the snapshot this call runs under; referenced */
	struct principal principal;
	struct value *in;          /* by index into operation->input (or kind->fields) */
	int64_t entity;            /* input member "entity" of kind operations, 0: none */
	struct record_context record;
	struct record_guard guard; /* authority.c, then the modules that judge */
	struct record_query *list; /* parsed, for OP_QUERY */
	struct buf out;            /* the answer's JSON; whoever ends the call frees it (call_done) */
	struct json_writer json;   /* writes into out */
	int64_t version;           /* ETag of the record answered, 0: none */
	struct record_ref made;    /* record created by the call, for Location */
	bool created;
	struct str set_session;    /* new session cookie, or "" with end_session */
	bool end_session;
	struct error error;
	enum code code;            /* how it ended */
	bool refused_kept;         /* the call is refused, but what it wrote stays (failed sign-in counters) */
	void *scratch;             /* between prepare and run */
	int64_t started;           /* clock_monotonic */
	struct call *next;         /* the writer's queue */
};

/* A cleared call whose memory is the arena; output ceiling from the configuration. */
struct call *call_new(struct kernel *k, struct arena *arena);
/* Releases what the arena does not hold. */
void call_done(struct call *c);
/* For run functions: argument by place, with the type already checked. */
static inline struct str call_text(const struct call *c, unsigned i) { return c->in[i].set && !c->in[i].null ? c->in[i].text : STR_NONE; }
static inline int64_t call_int(const struct call *c, unsigned i, int64_t otherwise) { return c->in[i].set && !c->in[i].null ? c->in[i].integer : otherwise; }
/* Runs another operation inside this one's transaction and authority, its answer into `out`: how engines
 * cooperate, how batches, proposals and automations run. Writes only from writes. */
enum code call_within(struct call *outer, const struct operation *op, int64_t target, int64_t expect,
		      const struct json *input, struct call **ret, struct error *e);
/* Does the caller hold `function` for `entity` (0: anywhere)? Refusals name the function and who could give it. */
enum code call_authorise(struct call *c, int function_index, int64_t entity, struct error *e);

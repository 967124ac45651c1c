/* What the policy engine's files share.
 *   compile.c  a policy's SELECT → SQL for this store      modes.c     how strictly an entity takes it; exceptions
 *   guard.c    changes that would bring out of line        evaluate.c  what is out of line now, against the findings
 *   findings.c verdicts → findings                         follow.c    the thread: everything at first, then the journal
 *   operations.c  policy.set_mode, policy.simulate, policy.status */
#pragma once
#include "base/arena.h"
#include "base/vec.h"
#include "kernel/kernel.h"
#include "policy/policy.h"
#include "query/query.h"
#include <pthread.h>
#include <stdatomic.h>

#define WHY_MOST 4000

struct rule { /* a policy, ready to be asked; immutable but for the atomics */
	const struct policy *policy;
	const struct kind *about;
	const struct query *query;
	bool has_why;
	bool closely;           /* reads fields that not everyone who sees the record sees */
	bool *reads;            /* by kind index */
	_Atomic int64_t record; /* of kind policy, 0: not known yet */
	_Atomic bool strict;    /* somebody takes it more strictly than `report`; may be true a moment too long */
	_Atomic int64_t judged, took; /* when all records were asked about last, and how long it took; -1: not yet */
};

struct policies {
	struct kernel *kernel;
	const struct model *model; /* referenced */
	struct arena *arena;
	struct rule *rules;
	size_t count;
	const struct kind *policy_kind, *setting_kind, *finding_kind, *exception_kind;
	pthread_mutex_t guard_lock;
	struct guard_text **guards;     /* by kind index: guard.c */
	_Atomic uint64_t strict_version; /* moves when some rule's `strict` does */
	pthread_t thread;
	bool running;
	_Atomic bool stop;
};

/* --- compile.c ------------------------------------------------------------------------------------ */

/* Reads one policy; its faults are added to e as items, and E_INVALID may be told later. The rule is good when nothing was added. */
enum code rule_compile(const struct model *m, const struct policy *p, struct arena *arena, struct rule *ret, struct error *e);
/* All policies of a model; all faults are told at once. */
enum code rules_compile(const struct model *m, struct arena *arena, struct rule **ret, struct error *e);

struct asking {
	enum store_type store;
	int64_t now;
	int64_t one;        /* only this record, 0: all, or `some` */
	const int64_t *some; /* only these; NULL: all */
	size_t some_count;
	int64_t limit;      /* 0: none */
	struct arena *arena;
};
struct out_of_line { /* one row of the answer */
	int64_t id, entity;
	struct str why; /* cut to WHY_MOST */
};
typedef VEC(struct out_of_line) out_list;
/* Each record once. Texts live in a->arena. */
enum code rule_ask(struct conn *c, const struct rule *r, const struct asking *a, out_list *ret, struct error *e);
/* The same for several (at most TOGETHER_MOST) row-local ones about one kind, into a list for each. */
#define TOGETHER_MOST 50
/* Their SQL: rows of id, entity, then for each the why (empty: nothing to say), NULL when it is not broken; only of records that
 * break one. */
enum code rules_sql(struct rule *const *rules, size_t count, const struct asking *a, struct query_text *out, struct error *e);
enum code rules_ask(struct conn *c, struct rule *const *rules, size_t count, const struct asking *a, out_list *ret, struct error *e);

/* --- modes.c -------------------------------------------------------------------------------------- */

/* How an entity takes a policy: the setting nearest above it, else the policy's own mode; never looser than a fixed one. */
enum code mode_at(struct conn *c, const struct world *w, const struct rule *r, int64_t entity, enum policy_mode *ret, struct error *e);
/* Says whether somebody takes it strictly. */
void rule_strict(struct policies *s, struct rule *r, bool strict);
/* The same of all rules, from the settings. */
enum code modes_read(struct policies *s, struct conn *c, struct error *e);

struct excuses { /* the exceptions from one policy that hold on a day */
	int64_t *records, *entities;
	size_t record_count, entity_count;
};
enum code excuses_read(struct conn *c, const struct rule *r, int64_t now, struct arena *arena, struct excuses *ret, struct error *e);
bool excused(const struct excuses *x, const struct world *w, int64_t record, int64_t entity);

/* --- guard.c -------------------------------------------------------------------------------------- */

void guards_free(struct policies *s);
enum code policy_judge(struct call *c, void *state, const struct kind *k, int64_t id, struct error *e);

/* --- evaluate.c, findings.c ----------------------------------------------------------------------- */

struct verdict { /* about one record: what its finding must become */
	const struct rule *rule; /* NULL: only to be cleared */
	int64_t policy;          /* record of kind policy */
	int64_t about, entity;
	bool out, excused;
	struct str why;
	bool tell; /* the finding's why follows */
};
typedef VEC(struct verdict) verdict_list;

/* The verdicts that differ from the findings there are, about all records: of one policy, or of several as rules_ask() takes them.
 * Texts live in the arena. */
enum code evaluate(struct call *c, struct rule *const *rules, size_t count, struct arena *arena, verdict_list *io, struct error *e);
/* The same about some records that changed; the findings' why follows. */
enum code evaluate_ids(struct call *c, struct rule *const *rules, size_t count, const int64_t *ids, size_t id_count, struct arena *arena,
		       verdict_list *io, struct error *e);
/* Carries verdicts out, some hundred a call. */
enum code findings_settle(struct policies *s, const struct verdict *verdicts, size_t count, struct error *e);
/* Makes the records of kind policy say what the packs' policies say. */
enum code policies_store(struct policies *s, struct error *e);

/* --- follow.c, operations.c ----------------------------------------------------------------------- */

void *policy_thread(void *policies);
extern const struct operation policy_operations[];

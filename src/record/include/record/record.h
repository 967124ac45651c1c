/* The one write path and the one read path for records of every kind:
 *     validate → decide → guard → write → journal       (record_create, _update, _transition, _archive, _erase)
 *     filter → see → mask → encode                      (record_get, _list, _count, _facets, _history, _links)
 * Whatever the operation, each step happens here, once.
 *
 * Tables. A kind `device` has:
 *   device(id, entity, version, state, number, since, entry, archived, <fields…>)   the live row
 *   device_history(id, version, entity, state, number, since, until, entry, until_entry, archived, <fields…>)
 *                                                    every superseded version; personal values sealed
 *   device_<field>(id, position, target)             per FIELD_REFS
 * `since`/`until` are when the version held, `entry` the journal entry that made it. A live row is its own newest
 * version: the estate at time t is history rows with since ≤ t < until plus live rows with since ≤ t.
 * Personal values are plain in the live row only. */
#pragma once
#include "access/access.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/json_write.h"
#include "journal/journal.h"
#include "journal/keyring.h"
#include "model/value.h"
#include "record/query.h"
#include "store/schema.h"

struct changes; /* what one operation changed so far, for the journal: record/changes.h */

/* Asked about every row written, before the call ends; the kernel plugs in who gives what, and the modules that judge. */
struct record_guard {
	enum code (*judge)(void *data, struct conn *c, const struct kind *k, int64_t id, struct arena *arena,
			   struct error *e); /* after the row is written, inside the savepoint; not OK: refused */
	void *data;
};

/* Everything one call works with; made by the kernel, lives as long as the call. */
struct record_context {
	const struct model *model;
	struct world *world;
	struct conn *conn;      /* read connection, or the writer inside a savepoint */
	struct journal *journal; /* writes only */
	struct keyring *keyring;
	struct id_source *ids;
	const struct random_source *random;
	struct arena *arena;
	struct numbers *numbers; /* blocks of human numbers, per writer */
	const struct record_guard *guard; /* may be NULL */
	struct subject who;
	int64_t now;
	int64_t entry;          /* id of the journal entry this call will make (writes) */
	struct str currency;    /* the organisation's own, for amounts without one */
	struct changes *changes;
};

/* --- schema --------------------------------------------------------------------------------------- */
struct schema_step { /* one planned change, in words and as DDL */
	const char *msgid;
	const struct error_arg *args;
	struct str sql;
	bool reversible;
};
/* What would change in the database to hold `next`, compared with what it holds now. Nothing is ever dropped: a
 * field that goes is renamed aside and comes back when the field does; a changed type converts into a
 * new column and keeps the old aside. */
enum code schema_plan(struct conn *c, const struct model *next, struct arena *arena, struct schema_step **ret,
		      size_t *ret_count, struct error *e);
/* Carries the plan out and records it as the next schema version, in the caller's transaction. */
enum code schema_apply(struct conn *c, const struct model *next, int64_t now, int64_t *ret_version, struct error *e);
/* Version now in force; 0: empty database. */
enum code schema_version(struct conn *c, int64_t *ret, struct error *e);
/* Goes back one version: columns renamed aside come back, added ones are set aside. The packs of that version are
 * what the model must be loaded from afterwards. */
enum code schema_revert(struct conn *c, int64_t now, int64_t *ret_version, struct error *e);

/* --- writing -------------------------------------------------------------------------------------- */
/* `values[i]` belongs to kind->fields[i]. `entity` 0: the caller's own, or the parent's for parts; each answers the
 * new version through record_write_result. Faults: all field errors at once (error items). */
struct record_ref {
	int64_t id;
	int64_t version;
	int64_t entity;
};
enum code record_create(struct record_context *x, const struct kind *k, int64_t entity, const struct value *values,
			struct record_ref *ret, struct error *e);
/* Merge patch: only values with .set change; .null clears. `expect` 0: any version, else E_CONFLICT/
 * DETAIL_PRECONDITION when it moved on. entity 0: stays; another: moves the record (needs create there).
 * A patch that changes nothing writes nothing and answers the present version. */
enum code record_update(struct record_context *x, const struct kind *k, int64_t id, int64_t expect, int64_t entity,
			const struct value *values, struct record_ref *ret, struct error *e);
enum code record_transition(struct record_context *x, const struct kind *k, int64_t id, int64_t expect,
			    const struct transition *t, const struct value *values, struct record_ref *ret,
			    struct error *e);
enum code record_archive(struct record_context *x, const struct kind *k, int64_t id, int64_t expect, bool back,
			 struct record_ref *ret, struct error *e);
/* Overwrites the subject's personal values in all kinds that name it, and marks its key for destruction. */
enum code record_erase(struct record_context *x, const struct kind *k, int64_t id, struct record_ref *ret,
		       struct error *e);
/* After the call's last write, before the commit: the entities that records came into are there until the commit. */
enum code record_settle(struct record_context *x, struct error *e);
/* Until the call's transaction ends nobody else is in here under that name, in whatever process: for engines that look
 * whether something is there before they make it, with SQL of their own. Look (again) after it. */
enum code record_hold(struct record_context *x, struct str name, struct error *e);
/* The record that the kind's `identify` sets say is the same thing, 0: there is none. It may be one the caller may not see:
 * tell nothing of it before a read or a write of it was allowed. Until the call ends nobody else makes the same thing. */
enum code record_same(struct record_context *x, const struct kind *k, const struct value *values, int64_t *ret, struct error *e);
/* Creates or updates the record that the kind's `identify` sets say is the same thing; unset values are left alone. */
enum code record_upsert(struct record_context *x, const struct kind *k, int64_t entity, const struct value *values,
			struct record_ref *ret, bool *ret_created, struct error *e);
/* Faster create for rows known to be valid references within one batch: the same checks, statements reused. */
enum code record_create_many(struct record_context *x, const struct kind *k, const int64_t *entities,
			     const struct value *const *values, size_t count, struct record_ref *ret, struct error *e);

/* --- reading -------------------------------------------------------------------------------------- */
/* One record as JSON: {"id","kind","entity","version","state","number","since","archived",fields…}. Masked fields are left out and named
 * in "masked". `expand`: reference fields to write as {"id","title"}. At a moment (NULL: now): the version that held then, with "until";
 * fields about a person who was erased since are left out and named in "forgotten", those whose past is not kept in "unkept". */
enum code record_get(struct record_context *x, const struct kind *k, int64_t id, const struct moment *m, const struct record_select *select,
		     struct json_writer *out, int64_t *ret_version, struct error *e);
/* {"items":[…],"next":"cursor"|null,"count":n (when asked)} */
enum code record_list(struct record_context *x, const struct kind *k, const struct record_query *q,
		      struct json_writer *out, struct error *e);
/* {"count":n} */
enum code record_count(struct record_context *x, const struct kind *k, const struct record_query *q,
		       struct json_writer *out, struct error *e);
/* {"facets":{"class":[{"value":"laptop","count":n},…]},"count":n}; one pass for all asked facets. */
enum code record_facets(struct record_context *x, const struct kind *k, const struct record_query *q,
			struct json_writer *out, struct error *e);
/* {"items":[{"version","since","until","entry","leaf","actor","operation","changes":{field:[before,after]}}]} newest first */
enum code record_history(struct record_context *x, const struct kind *k, int64_t id, const struct record_query *q,
			 struct json_writer *out, struct error *e);
/* Links in both directions, grouped: {"from":[{"field","kind","items":[{"id","title","number"}]}],"to":[…]} */
enum code record_links(struct record_context *x, const struct kind *k, int64_t id, const struct record_query *q,
		       struct json_writer *out, struct error *e);
/* Raw read for engines: values of one live row, unmasked (the caller decided already). */
enum code record_load(struct record_context *x, const struct kind *k, int64_t id, struct value *ret_values,
		      struct record_ref *ret, struct error *e);
/* How a refusal is told: a msgid with the place {function}. */
const char *refusal_msgid(enum decision_reason reason);

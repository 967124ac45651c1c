/* What the tests and the bench of records share: an estate in a temporary folder (or an emptied PostgreSQL database),
 * calls as the kernel's writer makes them, and a small organisation. Neighbours: test_*.c, bench/record.c. */
#pragma once
#include "base/arena.h"
#include "internal.h"

struct rig {
	struct arena *keep; /* as long as the rig */
	struct arena *call; /* emptied by rig_begin */
	struct error e;
	struct str folder;
	struct store *store, *key_store;
	struct conn *c, *key_conn;
	struct keyring *keyring;
	struct journal *journal;
	struct id_source *ids;
	struct numbers *numbers;
	struct random_seeded seeded;
	struct random_source random;
	struct clock clock;
	int64_t time;
	const struct model *model;
	struct world *world;
	struct record_context x;
	size_t marks;     /* of the keyring when the call began */
	bool bare;        /* calls have no savepoints, as in the server's first try: a refusal fails the transaction */
	bool own_journal; /* the call writes its entry when it ends well */
};

/* The database is in memory-like speed on a file; `postgres` an address of an empty database, or NULL. NULL: failed,
 * with the reason printed. */
struct rig *rig_new(const char *postgres);
void rig_free(struct rig *r);
/* Reads packs built in as texts (NULL-ended), or from a folder; false with the faults printed. */
const struct model *rig_model(struct rig *r, const struct embedded *files, const char *folder);
/* Makes the model the one in force: tables and all. Takes the reference. */
enum code rig_apply(struct rig *r, const struct model *m);

/* Needed after tables have changed by other means. */
enum code rig_reconnect(struct rig *r);

struct rig_grant { /* who may do what from where on down */
	int64_t person;
	const char *pattern;
	bool own;
	int64_t entity;
	int64_t ceiling; /* 0: none */
};
/* Builds the world from the entities in the database and these; ends with person == 0. */
bool rig_world(struct rig *r, const struct rig_grant *grants);

/* One call in a savepoint of its own, as `person` (0: the program). */
enum code rig_call(struct rig *r, int64_t person);
/* Ends it: journal and keep when `code` is OK, else undo. Answers the code. */
enum code rig_end(struct rig *r, enum code code);
/* A transaction around calls. */
enum code rig_begin(struct rig *r);
enum code rig_commit(struct rig *r);

/* rig_end() and the end of the transaction: commit, or roll back when the call failed. */
enum code rig_alone(struct rig *r, enum code code);

const struct kind *rig_kind(const struct rig *r, const char *name);
/* Values from JSON text with ' for ", decoded as a request's would be; NULL with the fault in r->e. */
struct value *rig_values(struct rig *r, const struct kind *k, const char *json, bool partial);
/* One call each, in a transaction of its own. */
enum code rig_create(struct rig *r, int64_t person, const char *kind, int64_t entity, const char *json, struct record_ref *ret);
enum code rig_update(struct rig *r, int64_t person, const char *kind, int64_t id, const char *json, struct record_ref *ret);
enum code rig_transition(struct rig *r, int64_t person, const char *kind, int64_t id, const char *transition, const char *json,
			 struct record_ref *ret);
/* First column of the first row, as text; "" for NULL, "(no row)" without one. */
struct str rig_ask(struct rig *r, const char *sql);
/* The payload of the newest journal entry. */
struct str rig_payload(struct rig *r);
/* What was wrong, in English, field errors included: "/name: is required". */
struct str rig_fault(struct rig *r);

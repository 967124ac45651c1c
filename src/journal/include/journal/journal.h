/* The memory: one entry per operation that changed something, in a Merkle transparency log
 * (C2SP tlog-tiles: https://c2sp.org/tlog-tiles; hashing of RFC 6962; checkpoints: c2sp.org/tlog-checkpoint,
 * signed notes: c2sp.org/signed-note).
 *
 * A leaf's data is one short text line (journal_leaf_text): the format's name, the time in microseconds, and a
 * commitment SHA-256(salt ‖ head ‖ payload) in hex. The head is the line "<id> <actor> <entity> <operation>\n", so
 * that the columns people search by are proven too. The payload (JSON: who, what, under which authority, the changes)
 * and its salt are kept beside it in table journal_entry and read under access rules, so the log itself can
 * be shown to anyone.
 *
 * Order: on a single-writer store the leaf index is given when the entry is appended. On PostgreSQL entries
 * are appended with a sequence number taken after all row locks; the one leased sequencer gives leaf indexes in
 * that order among what is committed, so that cause always stands before effect and followers, whose
 * cursor is the leaf index, never miss one.
 *
 * A database that is older than what was published (a restored backup) opens a new log: the next generation, with an
 * origin of its own ("…/log/2"), whose first own entry (operation "journal.new_log") and whose state name the last
 * checkpoint of the old one. So what was published is never contradicted.
 *
 * Invariants: an entry is written in the caller's transaction; the size and root in journal_state move
 * by compare-and-set before a checkpoint that names them is published; tiles, state and checkpoint are written in one
 * transaction; published tiles never change. */
#pragma once
#include "base/clock.h"
#include "base/crypto.h"
#include "store/schema.h"

struct arena;
struct journal;
struct buf;

/* Tables: journal_entry(id, leaf, seq, time, actor, entity, operation, salt, commitment, payload),
 * journal_state(one row: generation, origin, size, root, checkpoint, previous), journal_tile(level, place, width, data). */
extern const struct table_def *const journal_tables[];
extern const size_t journal_table_count;

struct journal_options {
	struct str origin;  /* checkpoint origin line, a schema-less URL: "mandate.example.org/log" */
	uint8_t public_key[ED25519_PUBLIC], secret[ED25519_SECRET];
	const struct clock *clock;
	const struct random_source *random;
	/* Optional: a small file beside the database that keeps the last published checkpoint (written at most once a
	 * second), so that a restored backup is noticed. journal_verify reads it too. */
	struct str head_path;
	/* The old signing key is lost: open a new log instead of refusing a log signed by another key. */
	bool key_replaced;
};

/* The signing key of a node: kept in a file (0600), made on first use. */
enum code journal_key_load(struct str path, const struct random_source *r, struct journal_options *ret, struct error *e);
/* "name+hash+base64" as signed-note verifiers take it (golang.org/x/mod/sumdb/note). The name is the origin: set
 * o->origin to journal_head's, which differs from the configured one after a restored backup. */
struct str journal_verifier_key(const struct journal_options *o, struct arena *arena);

/* Ensures the tables on a write connection (in transactions of its own, or the caller's) and reads the state; opens
 * a new log when the database is behind head_path. Texts of `o` are copied; clock and random must outlive it.
 * A journal may be shared by threads; each brings its own connection. */
enum code journal_open(const struct journal_options *o, struct conn *c, struct journal **ret, struct error *e);
void journal_close(struct journal *j);

struct journal_entry {
	int64_t id;    /* record id (base/id.h) of the entry; rows point at it */
	int64_t leaf;  /* place in the log; -1: not sequenced yet */
	int64_t time;
	int64_t actor;  /* person, 0: the program */
	int64_t entity; /* for which entity it was done */
	struct str operation; /* no spaces or control characters */
	struct str payload;   /* one JSON object */
};

/* Appends inside the caller's transaction, as the last step before its savepoint is kept. */
enum code journal_append(struct journal *j, struct conn *c, const struct journal_entry *entry, struct error *e);
/* After a rollback of a transaction (not of a savepoint before its append) the next leaf is read anew. */
void journal_rolled_back(struct journal *j);

/* Gives leaf indexes (PostgreSQL), extends the tree, stores tiles + state + signed checkpoint: one bounded
 * batch in a transaction of its own on a write connection. *ret_more: there was more than a batch. On
 * PostgreSQL the caller holds the lease "journal". */
enum code journal_integrate(struct journal *j, struct conn *c, size_t most, bool *ret_more, struct error *e);

/* --- reading; any connection, any thread ---------------------------------------------------------- */
struct journal_head {
	int64_t size; /* entries integrated and signed */
	uint8_t root[SHA256_SIZE];
	struct str checkpoint; /* the signed note, in the arena; empty before the first */
	struct str origin;     /* as the checkpoint names it */
	struct str previous;   /* last checkpoint of the log this one continues; empty: it continues none */
	int64_t generation;    /* 1, and one more for each new log */
};
enum code journal_head(struct conn *c, struct arena *arena, struct journal_head *ret, struct error *e);
/* Serves "checkpoint", "tile/<L>/<N>[.p/<W>]", "tile/entries/<N>[.p/<W>]": E_NOT_FOUND for what does not exist. */
enum code journal_resource(struct conn *c, struct str path, struct buf *ret, const char **ret_type, struct error *e);

/* Followers: entries with leaf ≥ after, in order, at most `most`. The callback's views live for the call only. */
typedef enum code journal_visit(void *data, const struct journal_entry *entry, struct error *e);
enum code journal_follow(struct conn *c, int64_t after, size_t most, journal_visit *visit, void *data,
			 int64_t *ret_next, struct error *e);
enum code journal_entry_get(struct conn *c, struct arena *arena, int64_t id, struct journal_entry *ret, struct error *e);
/* RFC 6962 §2.1.1 and §2.1.2: audit path of a leaf in the tree of `size`, consistency of two sizes. */
enum code journal_inclusion(struct conn *c, struct arena *arena, int64_t leaf, int64_t size, uint8_t (**ret)[SHA256_SIZE],
			    size_t *ret_count, struct error *e);
enum code journal_consistency(struct conn *c, struct arena *arena, int64_t from, int64_t to,
			      uint8_t (**ret)[SHA256_SIZE], size_t *ret_count, struct error *e);
/* The log entry's bytes as in entry bundles: "mandate-entry/v1 <time> <commitment hex>". */
size_t journal_leaf_text(int64_t time, const uint8_t commitment[SHA256_SIZE], char out[128]);

/* --- proving -------------------------------------------------------------------------------------- */
struct journal_report {
	int64_t entries, integrated;
	int64_t first_bad; /* entry id at which the first fault showed; 0: none, or not at an entry */
	struct str fault;  /* msgid of what was wrong; empty: all is well */
};
/* Recomputes everything from the entries: commitments against heads and payloads, leaf order without gaps, every
 * tile, root, the checkpoint's signature, the link to the log before, and that head_path (if given) is continued.
 * Does not trust anything but the public key. OK with a fault in the report, or the error that kept it from looking. */
enum code journal_verify(const struct journal_options *o, struct conn *c, struct arena *arena,
			 struct journal_report *ret, struct error *e);

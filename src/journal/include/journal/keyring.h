/* Keys per person, so that history can forget: personal values in journal and history are sealed under the
 * subject's key, and destroying the key erases them everywhere at once. The keys live in a store of their own
 * (SQLite: keys.db beside the estate, with secure_delete and its own backup cycle; PostgreSQL: table subject_key).
 *
 * A new key is on disk before the first value sealed under it is committed: the writer commits the keyring first.
 * Not thread-safe: one keyring per writer; readers make their own.
 * Tables: subject_key(subject, wrapped: the key sealed under the master key, NULL: destroyed), keyring_state(one row:
 * destroyed: how often a key was). */
#pragma once
#include "base/crypto.h"
#include "base/random.h"
#include "store/store.h"

struct keyring;
struct arena;

/* `c` is a write connection of the key store (or a read connection for opening only). `master` wraps the
 * keys, so that keys.db alone opens nothing. */
enum code keyring_new(struct conn *c, const uint8_t master[AEAD_KEY], const struct random_source *r,
		      struct keyring **ret, struct error *e);
void keyring_free(struct keyring *k);
/* The master key's file (0600), made on first use. */
enum code keyring_master_load(struct str path, const struct random_source *r, uint8_t out[AEAD_KEY], struct error *e);

/* Seals under the subject's key, making one when there is none (pending until keyring_commit). `context` binds
 * the value to its place: "device.holder" + record id. Output base64 in the arena. A subject whose key was
 * destroyed: E_NOT_FOUND. */
enum code keyring_seal(struct keyring *k, int64_t subject, struct str plain, struct str context,
		       struct arena *arena, struct str *ret, struct error *e);
/* E_NOT_FOUND when the key is gone: the value was erased. */
enum code keyring_open(struct keyring *k, int64_t subject, struct str sealed, struct str context,
		       struct arena *arena, struct str *ret, struct error *e);
/* Makes pending new keys durable; before the estate's commit (destructions come after it). E_BUSY: another writer made
 * a key for the same subject meanwhile; roll everything back and run the call again. After a failure call
 * keyring_rollback. */
enum code keyring_commit(struct keyring *k, struct error *e);
/* Forgets pending keys and marks. */
void keyring_rollback(struct keyring *k);
/* Marks for destruction: from now on this keyring neither seals nor opens under the key; it is overwritten and gone
 * at keyring_destroy_commit, which leaves no copy in the WAL. A tombstone stays, so that no new key is made for
 * the subject, also when it never had one. */
enum code keyring_destroy(struct keyring *k, int64_t subject, struct error *e);
/* For calls in savepoints: forgets the marks made since keyring_marks() answered `mark` (the call was refused). New keys
 * stay: a later call may have sealed under them. */
size_t keyring_marks(const struct keyring *k);
void keyring_undo(struct keyring *k, size_t mark);
/* Other keyrings of this process, and on PostgreSQL of others, notice by store_commits(). After a failure the marks
 * stay: call again. */
enum code keyring_destroy_commit(struct keyring *k, struct error *e);
bool keyring_has(struct keyring *k, int64_t subject);

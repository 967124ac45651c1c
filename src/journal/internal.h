/* What the files of the journal share: the open journal, its state row, tiles in memory and in the database.
 * Neighbours: journal.h is the contract; README.md says which file does what. */
#pragma once
#include "journal/journal.h"
#include "journal/tree.h"
#include "note.h"
#include <pthread.h>

#define SEQUENCE_NAME STR("journal_entry") /* of the order of appending, on PostgreSQL */
#define SALT_SIZE 16
#define SALT_POOL 64 /* salts drawn at once: one system call for many entries */

/* The growing end of the tree: per level the hashes of its last, partial tile. */
struct tile_stack {
	int64_t size;
	struct {
		unsigned width; /* 0–255 */
		bool grown;     /* since it was last handed to the sink */
		uint8_t hashes[TILE_WIDTH][SHA256_SIZE];
	} levels[TILE_LEVELS];
};

struct journal {
	struct journal_options options; /* texts are this journal's own copies */
	bool single_writer;

	pthread_mutex_t append_lock; /* guards the fields up to the next lock */
	int64_t next_leaf;           /* single writer: -1: ask the database */
	uint8_t salts[SALT_POOL * SALT_SIZE];
	size_t salts_left;

	pthread_mutex_t integrate_lock; /* guards the fields below */
	struct tile_stack *stack;
	struct tree_edge edge;
	bool known; /* stack and edge are those of the database's state */
	int64_t head_written; /* clock, when head_path was last written */
	struct buf head;      /* checkpoint that head_path still lacks; empty: none */
};

/* --- state.c ------------------------------------------------------------------------------------- */
struct state {
	int64_t generation, size;
	struct str origin, checkpoint, previous; /* in the arena */
	uint8_t root[SHA256_SIZE];
};
enum code state_read(struct conn *c, struct arena *arena, struct state *ret, struct error *e);
/* The same under a row lock, until the transaction ends. */
enum code state_lock(struct conn *c, struct arena *arena, struct state *ret, struct error *e);
enum code state_size(struct conn *c, int64_t *ret, struct error *e);

/* --- append.c ------------------------------------------------------------------------------------ */
/* SHA-256(salt ‖ head ‖ payload); false when the operation cannot stand in a head line. */
bool entry_commitment(const struct journal_entry *entry, struct str salt, uint8_t out[SHA256_SIZE]);
/* An entry from columns id, leaf, time, actor, entity, operation, payload. Views as in rows_text. */
void entry_from_row(const struct rows *r, struct journal_entry *ret);

/* --- tiles.c ------------------------------------------------------------------------------------- */
typedef enum code tile_sink(void *data, const struct tile_name *name, const uint8_t (*hashes)[SHA256_SIZE],
			    struct error *e);
/* Adds a leaf; every tile it fills goes to the sink. */
enum code tile_stack_add(struct tile_stack *s, const uint8_t leaf[SHA256_SIZE], tile_sink *sink, void *data,
			 struct error *e);
/* Hands over the partial tiles that grew. */
enum code tile_stack_flush(struct tile_stack *s, tile_sink *sink, void *data, struct error *e);
/* The perfect subtrees at the right edge, from the partial tiles. */
void tile_stack_edge(const struct tile_stack *s, struct tree_edge *ret);
/* Reads the partial tiles of a tree of `size`. */
enum code tile_stack_load(struct tile_stack *s, struct conn *c, int64_t size, struct error *e);
/* The first name->width hashes of a stored tile; E_IO when it is missing or narrower. */
enum code tile_read(struct conn *c, const struct tile_name *name, uint8_t (*out)[SHA256_SIZE], struct error *e);
tile_sink tile_store; /* data: the connection */
/* Root over the leaves [from, to) of the stored tree, aligned as in tree_range. */
enum code tile_range_root(struct conn *c, struct tree_range range, uint8_t out[SHA256_SIZE], struct error *e);

/* --- succession.c --------------------------------------------------------------------------------- */
#define NEW_LOG_OPERATION "journal.new_log"
/* The origin of a generation: the base, or base "/" generation. */
struct str generation_origin(struct str base, int64_t generation, struct arena *arena);
/* "example.org/log/3" → 3; no number: 1. */
int64_t origin_generation(struct str origin);
/* Compares state, options and head file; opens a new log where going on would contradict what was published. */
enum code succession_check(struct journal *j, struct conn *c, struct state *state, struct arena *arena, struct error *e);
/* The payload of a new log's first own entry. */
enum code new_log_payload(struct buf *out, struct str origin, struct str previous, struct error *e);

/* --- head.c -------------------------------------------------------------------------------------- */
/* The note in head_path; *ret_found false when no path is set or no file is there. */
enum code head_file_read(const struct journal_options *o, struct arena *arena, struct str *ret_text, struct note *ret,
			 bool *ret_found, struct error *e);
/* Notes a checkpoint that is or is about to be committed; false when out of memory. */
bool head_file_note(struct journal *j, struct str checkpoint);
/* Writes the noted one (it must be committed by now), at most once a second unless `now`. */
enum code head_file_write(struct journal *j, bool now, struct error *e);

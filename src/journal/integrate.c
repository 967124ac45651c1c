/* The sequencer: puts appended entries into the tree, one bounded batch in one transaction: leaf numbers
 * (PostgreSQL), tiles, then size, root and signed checkpoint by compare-and-set.
 * Neighbours: append.c wrote the entries; tiles.c keeps the tree's end; head.c remembers what was published. */
#include "base/arena.h"
#include "base/mem.h"
#include "internal.h"
#include "journal.sql.h"
#include <string.h>

#define BATCH_MOST 65536 /* entries; 2.5 MiB while they are hashed */

struct leaf {
	int64_t time;
	uint8_t commitment[SHA256_SIZE];
};

struct batch {
	struct leaf *leaves;
	size_t count, most;
	bool more;       /* than a batch */
	struct buf note; /* the new checkpoint; empty: nothing was added */
};

/* PostgreSQL: gives the next leaf numbers to committed entries in the order of their sequence numbers. What a
 * statement sees is closed under causes: a transaction that read another's effects began after that one was
 * visible, and took its number later. */
static enum code sequence_waiting(struct conn *c, const struct state *s, size_t most, bool *ret_more, struct error *e)
{
	CLEAN_MEM int64_t *ids = mem_array(most + 1, sizeof *ids);
	CLEAN_ROWS struct rows *rows = NULL;
	size_t count = 0;
	bool row;
	int64_t changed;
	if (!ids)
		return error_nomem(e);
	TRY(sql_query(c, SQL_ENTRY_WAITING, SQL_PARAMS(SQL_I((int64_t)most + 1)), &rows, e));
	while (true) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		ids[count++] = rows_int(rows, 0);
	}
	rows_close(TAKE(rows));
	*ret_more = count > most;
	if (*ret_more)
		count = most;
	if (count == 0)
		return OK;
	TRY(sql_exec(c, SQL_ENTRY_SEQUENCE, SQL_PARAMS(SQL_I(s->size), SQL_LIST(ids, count)), &changed, e));
	return changed == (int64_t)count ? OK : error_fail(e, E_BUSY, N_("Another server is writing the journal; try again"));
}

static enum code batch_leaf(struct batch *b, const struct rows *rows, int64_t expected, struct error *e)
{
	struct str commitment = rows_blob(rows, 2);
	if (rows_int(rows, 0) != expected || commitment.len != SHA256_SIZE)
		return error_fail(e, E_IO, N_("The journal has a gap or a damaged entry; run mandate verify"));
	b->leaves[b->count].time = rows_int(rows, 1);
	memcpy(b->leaves[b->count].commitment, commitment.data, SHA256_SIZE);
	b->count++;
	return OK;
}

static enum code batch_read(struct batch *b, struct conn *c, int64_t size, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(c, SQL_ENTRY_LEAVES, SQL_PARAMS(SQL_I(size), SQL_I(size + (int64_t)b->most + 1)), &rows, e));
	while (true) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			return OK;
		if (b->count == b->most) {
			b->more = true;
			return OK;
		}
		TRY(batch_leaf(b, rows, size + (int64_t)b->count, e));
	}
}

/* The tree's end as the database has it, when this process did not write it last; never builds on a tree that
 * is not the one that was signed. */
static enum code tree_know(struct journal *j, struct conn *c, const struct state *s, struct error *e)
{
	uint8_t root[SHA256_SIZE];
	if (!j->known || j->stack->size != s->size) {
		TRY(tile_stack_load(j->stack, c, s->size, e));
		tile_stack_edge(j->stack, &j->edge);
	}
	tree_edge_root(&j->edge, root);
	return secret_equal(root, s->root, SHA256_SIZE) ?
		       OK :
		       error_fail(e, E_IO, N_("The journal's stored tree does not match its signed state; run mandate verify "
					      "and restore a backup"));
}

static enum code tree_extend(struct journal *j, struct conn *c, const struct batch *b, struct error *e)
{
	char text[128];
	uint8_t hash[SHA256_SIZE];
	for (size_t i = 0; i < b->count; i++) {
		size_t len = journal_leaf_text(b->leaves[i].time, b->leaves[i].commitment, text);
		tree_leaf_hash((struct str){ text, len }, hash);
		tree_edge_add(&j->edge, hash);
		TRY(tile_stack_add(j->stack, hash, tile_store, c, e));
	}
	return tile_stack_flush(j->stack, tile_store, c, e);
}

static enum code state_advance(struct journal *j, struct conn *c, const struct state *s, struct buf *note, struct error *e)
{
	uint8_t root[SHA256_SIZE];
	int64_t changed;
	tree_edge_root(&j->edge, root);
	note_write(note, s->origin, j->edge.size, root, j->options.public_key, j->options.secret);
	if (!buf_ok(note))
		return error_nomem(e);
	TRY(sql_exec(c, SQL_STATE_ADVANCE,
		     SQL_PARAMS(SQL_I(s->generation), SQL_I(s->size), SQL_I(j->edge.size), SQL_B(root, sizeof root),
				SQL_T(buf_str(note))), &changed, e));
	if (changed != 1)
		return error_fail(e, E_BUSY, N_("Another server is writing the journal; try again"));
	return conn_announce(c, TOPIC_ANY, e);
}

static enum code integrate_batch(struct journal *j, struct conn *c, struct batch *b, struct error *e)
{
	struct state state;
	bool waiting = false;
	CLEAN_ARENA struct arena *arena = arena_new(0);
	if (!arena)
		return error_nomem(e);
	TRY(state_lock(c, arena, &state, e));
	TRY(tree_know(j, c, &state, e));
	if (!j->single_writer)
		TRY(sequence_waiting(c, &state, b->most, &waiting, e));
	TRY(batch_read(b, c, state.size, e));
	b->more |= waiting;
	if (b->count == 0)
		return OK;
	TRY(tree_extend(j, c, b, e));
	return state_advance(j, c, &state, &b->note, e);
}

static enum code integrate_locked(struct journal *j, struct conn *c, struct batch *b, struct error *e)
{
	b->leaves = mem_array(b->most, sizeof *b->leaves);
	if (!b->leaves)
		return error_nomem(e);
	TRY(conn_begin(c, e));
	enum code code = integrate_batch(j, c, b, e);
	if (code == OK && b->count)
		code = conn_commit(c, e);
	else
		conn_rollback(c); /* nothing to add is nothing to commit: a commit would wake who follows the journal */
	j->known = code == OK; /* after a failure memory is ahead of the database: read it anew */
	if (code != OK)
		return code;
	if (b->note.len && !head_file_note(j, buf_str(&b->note)))
		return error_nomem(e);
	return head_file_write(j, false, e);
}

enum code journal_integrate(struct journal *j, struct conn *c, size_t most, bool *ret_more, struct error *e)
{
	struct batch b = { .most = most < 1 ? 1 : most > BATCH_MOST ? BATCH_MOST : most };
	buf_init(&b.note, NOTE_MAX);
	pthread_mutex_lock(&j->integrate_lock);
	enum code code = integrate_locked(j, c, &b, e);
	pthread_mutex_unlock(&j->integrate_lock);
	mem_free(b.leaves);
	buf_done(&b.note);
	if (code == OK)
		*ret_more = b.more;
	return code;
}

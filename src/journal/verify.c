/* Proving the journal: everything is computed again from the entries and compared with what is stored and signed.
 * Neighbours: append.c makes the commitments, tiles.c the tiles, succession.c the link between logs. */
#include "base/arena.h"
#include "base/mem.h"
#include "internal.h"
#include "journal.sql.h"
#include <string.h>

#define VERIFY_BATCH 1024

struct verifier {
	const struct journal_options *options;
	struct conn *c;
	struct arena *arena;
	struct state state;
	struct tile_stack stack;
	struct tree_edge edge;
	int64_t ids[TILE_WIDTH]; /* of the entries under the last tile of level 0 */
	int64_t last_id;
	int64_t next; /* leaf expected */
	struct str link; /* payload of the newest new-log entry */
	bool head_found;
	struct note head; /* in head_path */
	struct journal_report report;
};

/* Keeps the first fault. */
static enum code fault(struct verifier *v, int64_t id, const char *msgid)
{
	if (v->report.fault.len == 0) {
		v->report.first_bad = id;
		v->report.fault = str_of(msgid);
	}
	return OK;
}

static bool faulty(const struct verifier *v) { return v->report.fault.len > 0; }

/* tile_sink: compares a recomputed tile with the stored one. */
static enum code tile_compare(void *data, const struct tile_name *name, const uint8_t (*hashes)[SHA256_SIZE], struct error *e)
{
	struct verifier *v = data;
	CLEAN_ROWS struct rows *rows = NULL;
	bool found;
	TRY(sql_query(v->c, SQL_TILE_GET, SQL_PARAMS(SQL_I(name->level), SQL_I(name->index)), &rows, e));
	TRY(rows_next(rows, &found, e));
	struct str stored = found ? rows_blob(rows, 0) : STR_NONE;
	/* on PostgreSQL a partial tile may have grown since the state was read */
	if (stored.len < (size_t)name->width * SHA256_SIZE || stored.len % SHA256_SIZE)
		return fault(v, v->last_id, N_("a part of the stored tree is missing"));
	for (unsigned i = 0; i < name->width; i++)
		if (memcmp(stored.data + (size_t)i * SHA256_SIZE, hashes[i], SHA256_SIZE) != 0)
			return name->level == 0 ? fault(v, v->ids[i], N_("the entry is not the one in the stored tree")) :
						  fault(v, v->last_id, N_("the stored tree does not follow from its entries"));
	return OK;
}

/* The published tree must be a beginning of this one. */
static enum code head_compare(struct verifier *v, int64_t size)
{
	uint8_t root[SHA256_SIZE];
	if (!v->head_found || v->head.size != size || !str_eq(v->head.origin, v->state.origin))
		return OK;
	tree_edge_root(&v->edge, root);
	return secret_equal(root, v->head.root, SHA256_SIZE) ?
		       OK :
		       fault(v, v->last_id, N_("the journal contradicts the checkpoint that was published"));
}

static enum code commitment_compare(struct verifier *v, const struct rows *rows, const struct journal_entry *entry,
				    uint8_t out[SHA256_SIZE])
{
	struct str stored = rows_blob(rows, 8);
	if (!entry_commitment(entry, rows_blob(rows, 7), out) || stored.len != SHA256_SIZE ||
	    !secret_equal(out, stored.data, SHA256_SIZE))
		return fault(v, entry->id, N_("the entry's content is not what was committed to"));
	return OK;
}

static enum code entry_in_tree(struct verifier *v, const struct journal_entry *entry, const uint8_t commitment[SHA256_SIZE],
			       struct error *e)
{
	char text[128];
	uint8_t hash[SHA256_SIZE];
	size_t len = journal_leaf_text(entry->time, commitment, text);
	tree_leaf_hash((struct str){ text, len }, hash);
	v->ids[entry->leaf & (TILE_WIDTH - 1)] = entry->id;
	v->last_id = entry->id;
	tree_edge_add(&v->edge, hash);
	TRY(tile_stack_add(&v->stack, hash, tile_compare, v, e));
	return head_compare(v, v->edge.size);
}

static enum code entry_verify(struct verifier *v, const struct rows *rows, struct error *e)
{
	struct journal_entry entry;
	uint8_t commitment[SHA256_SIZE];
	entry_from_row(rows, &entry);
	v->report.entries++;
	TRY(commitment_compare(v, rows, &entry, commitment));
	if (faulty(v))
		return OK;
	if (entry.leaf < 0 && rows_null(rows, 1) && !store_single_writer(conn_store(v->c)))
		return OK; /* waits for the sequencer */
	if (entry.leaf != v->next)
		return fault(v, entry.id, N_("entries before this one are missing or out of order"));
	v->next++;
	if (str_is(entry.operation, NEW_LOG_OPERATION)) {
		v->link = arena_copy(v->arena, entry.payload);
		if (!v->link.data)
			return error_nomem(e);
	}
	return entry.leaf < v->state.size ? entry_in_tree(v, &entry, commitment, e) : OK;
}

static enum code rows_verify(struct verifier *v, struct rows *rows, size_t *ret_count, struct error *e)
{
	bool row;
	size_t count = 0;
	for (; !faulty(v); count++) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		TRY(entry_verify(v, rows, e));
	}
	*ret_count = count;
	return OK;
}

/* In batches, so that no store has to hold the whole journal in memory. */
static enum code sequenced_verify(struct verifier *v, struct error *e)
{
	int64_t from = INT64_MIN; /* a leaf below 0 is a fault, not something to pass over */
	size_t count = 1;
	while (count > 0 && !faulty(v)) {
		CLEAN_ROWS struct rows *rows = NULL;
		TRY(sql_query(v->c, SQL_ENTRY_VERIFY, SQL_PARAMS(SQL_I(from), SQL_I(VERIFY_BATCH)), &rows, e));
		TRY(rows_verify(v, rows, &count, e));
		from = v->next;
	}
	return OK;
}

static enum code waiting_verify(struct verifier *v, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	size_t count;
	TRY(sql_query(v->c, SQL_ENTRY_VERIFY_WAITING, SQL_NO_PARAMS, &rows, e));
	return rows_verify(v, rows, &count, e);
}

static enum code checkpoint_verify(struct verifier *v)
{
	struct note note;
	struct str origin = generation_origin(v->options->origin, v->state.generation, v->arena);
	if (!str_eq(v->state.origin, origin))
		return fault(v, 0, N_("the journal goes by another name than this server's"));
	if (v->state.size == 0 && v->state.checkpoint.len == 0)
		return OK;
	if (!note_parse(v->state.checkpoint, &note) || !str_eq(note.origin, origin) || note.size != v->state.size ||
	    !secret_equal(note.root, v->state.root, SHA256_SIZE))
		return fault(v, v->last_id, N_("the checkpoint does not name the journal's size and root"));
	if (!note_signed_by(&note, origin, v->options->public_key))
		return fault(v, v->last_id, N_("the checkpoint is not signed by the journal's key"));
	return OK;
}

/* A later generation must name the log before it, in its state and in an entry of its own. */
static enum code link_verify(struct verifier *v, struct error *e)
{
	CLEAN_BUF struct buf payload;
	buf_init(&payload, 0);
	if (v->state.generation == 1)
		return v->link.len || v->state.previous.len ? fault(v, 0, N_("the journal hides that it continues another")) : OK;
	TRY(new_log_payload(&payload, v->state.origin, v->state.previous, e));
	return str_eq(buf_str(&payload), v->link) ? OK : fault(v, 0, N_("the journal does not name the log that it continues"));
}

static enum code tree_verify(struct verifier *v, struct error *e)
{
	uint8_t root[SHA256_SIZE];
	if (v->edge.size < v->state.size)
		return fault(v, v->last_id, N_("the last entries of the signed tree are missing"));
	TRY(tile_stack_flush(&v->stack, tile_compare, v, e));
	tree_edge_root(&v->edge, root);
	if (!faulty(v) && !secret_equal(root, v->state.root, SHA256_SIZE))
		return fault(v, v->last_id, N_("the root does not follow from the entries"));
	return OK;
}

static enum code head_verify(struct verifier *v)
{
	bool same = v->head_found && str_eq(v->head.origin, v->state.origin);
	if ((same && v->head.size > v->state.size) ||
	    (v->head_found && !same && origin_generation(v->head.origin) >= v->state.generation))
		return fault(v, 0, N_("the database is older than the checkpoint that was published"));
	return OK;
}

static enum code verify_all(struct verifier *v, struct error *e)
{
	struct str text;
	TRY(state_read(v->c, v->arena, &v->state, e));
	TRY(head_file_read(v->options, v->arena, &text, &v->head, &v->head_found, e));
	v->report.integrated = v->state.size;
	TRY(sequenced_verify(v, e));
	if (!faulty(v))
		TRY(waiting_verify(v, e));
	if (!faulty(v))
		TRY(tree_verify(v, e));
	if (!faulty(v))
		TRY(checkpoint_verify(v));
	if (!faulty(v))
		TRY(link_verify(v, e));
	return faulty(v) ? OK : head_verify(v);
}

enum code journal_verify(const struct journal_options *o, struct conn *c, struct arena *arena,
			 struct journal_report *ret, struct error *e)
{
	CLEAN_MEM struct verifier *v = mem_new(sizeof *v);
	if (!v)
		return error_nomem(e);
	v->options = o;
	v->c = c;
	v->arena = arena;
	enum code code = verify_all(v, e);
	if (code == OK)
		*ret = v->report;
	return code;
}

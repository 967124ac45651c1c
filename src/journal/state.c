/* Tables of the journal, its one state row, opening and closing.
 * Neighbours: succession.c decides whether the log goes on; append.c and integrate.c write. */
#include "base/arena.h"
#include "base/mem.h"
#include "internal.h"
#include "journal.sql.h"
#include <string.h>

#define OPEN_TRIES 3

static const struct column_def entry_columns[] = {
	{ "id", COLUMN_INT, true, NULL },	  { "leaf", COLUMN_INT, false, NULL },
	{ "seq", COLUMN_INT, false, NULL },	  { "time", COLUMN_INT, true, NULL },
	{ "actor", COLUMN_INT, true, NULL },	  { "entity", COLUMN_INT, true, NULL },
	{ "operation", COLUMN_TEXT, true, NULL }, { "salt", COLUMN_BLOB, true, NULL },
	{ "commitment", COLUMN_BLOB, true, NULL }, { "payload", COLUMN_TEXT, true, NULL },
	{ 0 },
};
static const struct index_def entry_indexes[] = {
	{ "journal_entry_leaf", "leaf", true, NULL },
	{ "journal_entry_waiting", "seq, id", false, "leaf IS NULL" },
	{ 0 },
};
static const struct table_def entry_table = { "journal_entry", entry_columns, "id", entry_indexes, false };

static const struct column_def state_columns[] = {
	{ "id", COLUMN_INT, true, NULL },	   { "generation", COLUMN_INT, true, NULL },
	{ "origin", COLUMN_TEXT, true, NULL },	   { "size", COLUMN_INT, true, NULL },
	{ "root", COLUMN_BLOB, true, NULL },	   { "checkpoint", COLUMN_TEXT, true, NULL },
	{ "previous", COLUMN_TEXT, true, NULL }, { 0 },
};
static const struct table_def state_table = { "journal_state", state_columns, "id", NULL, false };

static const struct column_def tile_columns[] = {
	{ "level", COLUMN_INT, true, NULL }, { "place", COLUMN_INT, true, NULL },
	{ "width", COLUMN_INT, true, NULL }, { "data", COLUMN_BLOB, true, NULL },
	{ 0 },
};
static const struct table_def tile_table = { "journal_tile", tile_columns, "level, place", NULL, false };

const struct table_def *const journal_tables[] = { &entry_table, &state_table, &tile_table };
const size_t journal_table_count = sizeof journal_tables / sizeof *journal_tables;

static enum code state_from(struct conn *c, const char *sql, struct arena *arena, struct state *ret, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool found;
	TRY(sql_query(c, sql, SQL_NO_PARAMS, &rows, e));
	TRY(rows_next(rows, &found, e));
	if (!found)
		return error_fail(e, E_IO, N_("The journal has lost its state; run mandate verify and restore a backup"));
	struct str root = rows_blob(rows, 3);
	struct state s = { .generation = rows_int(rows, 0),
			   .origin = arena_copy(arena, rows_text(rows, 1)),
			   .size = rows_int(rows, 2),
			   .checkpoint = arena_copy(arena, rows_text(rows, 4)),
			   .previous = arena_copy(arena, rows_text(rows, 5)) };
	if (!s.origin.data || !s.checkpoint.data || !s.previous.data)
		return error_nomem(e);
	if (root.len != SHA256_SIZE || s.size < 0)
		return error_fail(e, E_IO, N_("The journal's state is damaged; run mandate verify and restore a backup"));
	memcpy(s.root, root.data, SHA256_SIZE);
	*ret = s;
	return OK;
}

enum code state_read(struct conn *c, struct arena *arena, struct state *ret, struct error *e)
{
	return state_from(c, SQL_STATE_READ, arena, ret, e);
}

enum code state_lock(struct conn *c, struct arena *arena, struct state *ret, struct error *e)
{
	return state_from(c, SQL_STATE_LOCK, arena, ret, e);
}

enum code state_size(struct conn *c, int64_t *ret, struct error *e)
{
	bool found;
	TRY(sql_int(c, SQL_STATE_SIZE, SQL_NO_PARAMS, ret, &found, e));
	return found ? OK : error_fail(e, E_NOT_FOUND, N_("There is no journal yet"));
}

static enum code tables_make(struct journal *j, struct conn *c, struct error *e)
{
	return tables_ensure(c, journal_tables, journal_table_count, e);
}

/* Takes a number, so that the series is there before writers ask for one at the same time. */
static enum code series_make(struct journal *j, struct conn *c, struct error *e)
{
	int64_t number;
	return j->single_writer ? OK : conn_number(c, SEQUENCE_NAME, 1, &number, e);
}

static enum code state_begin(struct journal *j, struct conn *c, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct state state;
	uint8_t empty[SHA256_SIZE];
	if (!arena)
		return error_nomem(e);
	sha256("", 0, empty);
	TRY(sql_exec(c, SQL_STATE_START, SQL_PARAMS(SQL_T(j->options.origin), SQL_B(empty, sizeof empty)), NULL, e));
	TRY(state_lock(c, arena, &state, e));
	return succession_check(j, c, &state, arena, e);
}

typedef enum code open_step(struct journal *j, struct conn *c, struct error *e);

static enum code in_transaction(open_step *step, struct journal *j, struct conn *c, struct error *e)
{
	TRY(conn_begin(c, e));
	enum code code = step(j, c, e);
	if (code == OK)
		return conn_commit(c, e);
	conn_rollback(c);
	return code;
}

/* Servers that start together on an empty database race to make the tables; who loses finds them there. */
static enum code make(open_step *step, struct journal *j, struct conn *c, struct error *e)
{
	enum code code = in_transaction(step, j, c, e);
	for (unsigned tries = 0; (code == E_CONFLICT || code == E_BUSY) && tries < OPEN_TRIES; tries++)
		code = in_transaction(step, j, c, e);
	return code;
}

/* Each step in a transaction of its own: on PostgreSQL the first locks whole tables, and would wait for
 * writers and a sequencer that wait for it. */
static enum code state_open(struct journal *j, struct conn *c, struct error *e)
{
	if (conn_in_transaction(c)) {
		TRY(tables_make(j, c, e));
		TRY(series_make(j, c, e));
		return state_begin(j, c, e);
	}
	TRY(make(tables_make, j, c, e));
	TRY(make(series_make, j, c, e));
	return in_transaction(state_begin, j, c, e);
}

/* Ends in "/" and digits: that is how generations are told apart. */
static bool origin_looks_numbered(struct str origin)
{
	size_t i = origin.len;
	while (i > 0 && origin.data[i - 1] >= '0' && origin.data[i - 1] <= '9')
		i--;
	return i < origin.len && i > 0 && origin.data[i - 1] == '/';
}

static enum code origin_check(struct str origin, struct error *e)
{
	/* room for "/" and a generation */
	if (!note_name_valid(origin) || origin.len > NOTE_ORIGIN_MAX - 20)
		return error_fail(e, E_INVALID, N_("The journal's origin \"{origin}\" must be 1 to {most} letters, digits "
						   "and signs, without spaces and \"+\": an address without its scheme"),
				  { "origin", origin }, { "most", STR("235") });
	if (origin_looks_numbered(origin))
		return error_fail(e, E_INVALID, N_("The journal's origin \"{origin}\" must not end in a number of its own; "
						   "such endings tell apart the logs before and after a restored backup"),
				  { "origin", origin });
	return OK;
}

static bool options_copy(struct journal *j, const struct journal_options *o)
{
	j->options = *o;
	j->options.origin.data = mem_copy_text(o->origin.data, o->origin.len);
	j->options.head_path.data = o->head_path.len ? mem_copy_text(o->head_path.data, o->head_path.len) : NULL;
	return j->options.origin.data && (!o->head_path.len || j->options.head_path.data);
}

enum code journal_open(const struct journal_options *o, struct conn *c, struct journal **ret, struct error *e)
{
	TRY(origin_check(o->origin, e));
	struct journal *j = mem_new(sizeof *j);
	if (!j)
		return error_nomem(e);
	pthread_mutex_init(&j->append_lock, NULL);
	pthread_mutex_init(&j->integrate_lock, NULL);
	buf_init(&j->head, NOTE_MAX);
	j->single_writer = store_single_writer(conn_store(c));
	j->next_leaf = -1;
	j->stack = mem_new(sizeof *j->stack);
	enum code code = options_copy(j, o) && j->stack ? state_open(j, c, e) : error_nomem(e);
	if (code == OK && !conn_in_transaction(c))
		code = head_file_write(j, true, e);
	if (code != OK) {
		buf_clear(&j->head); /* nothing was published */
		journal_close(j);
		return code;
	}
	*ret = j;
	return OK;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	/* a head that could not be written stays behind by a second's entries; the next opening writes it */
	(void)head_file_write(j, true, NULL);
	buf_done(&j->head);
	pthread_mutex_destroy(&j->append_lock);
	pthread_mutex_destroy(&j->integrate_lock);
	crypto_wipe(j->options.secret, sizeof j->options.secret);
	mem_free((char *)(uintptr_t)j->options.origin.data);
	mem_free((char *)(uintptr_t)j->options.head_path.data);
	mem_free(j->stack);
	mem_free(j);
}

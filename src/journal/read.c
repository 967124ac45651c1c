/* Reading the journal: its head, the resources of the log as C2SP tlog-tiles names them, entries in order.
 * Any connection, any thread. Neighbours: tile_name.c parses the paths; proof.c makes proofs. */
#include "base/arena.h"
#include "internal.h"
#include "journal.sql.h"
#include <string.h>

enum code journal_head(struct conn *c, struct arena *arena, struct journal_head *ret, struct error *e)
{
	struct state s;
	TRY(state_read(c, arena, &s, e));
	*ret = (struct journal_head){ .size = s.size, .checkpoint = s.checkpoint, .origin = s.origin,
				      .previous = s.previous, .generation = s.generation };
	memcpy(ret->root, s.root, SHA256_SIZE);
	return OK;
}

static enum code no_resource(struct str path, struct error *e)
{
	return error_fail(e, E_NOT_FOUND, N_("The log has no {path}"), { "path", path });
}

static enum code serve_checkpoint(struct conn *c, struct str path, struct buf *ret, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct state s;
	if (!arena)
		return error_nomem(e);
	TRY(state_read(c, arena, &s, e));
	if (s.checkpoint.len == 0)
		return no_resource(path, e);
	buf_add_str(ret, s.checkpoint);
	return OK;
}

static enum code serve_hashes(struct conn *c, const struct tile_name *name, struct buf *ret, struct error *e)
{
	uint8_t hashes[TILE_WIDTH][SHA256_SIZE];
	TRY(tile_read(c, name, hashes, e));
	buf_add(ret, hashes, (size_t)name->width * SHA256_SIZE);
	return OK;
}

/* Big-endian 16-bit lengths before each entry. */
static void bundle_entry(struct buf *ret, int64_t time, struct str commitment)
{
	char text[128];
	size_t len = journal_leaf_text(time, (const uint8_t *)commitment.data, text);
	const uint8_t prefix[2] = { (uint8_t)(len >> 8), (uint8_t)len };
	buf_add(ret, prefix, sizeof prefix);
	buf_add(ret, text, len);
}

static enum code serve_entries(struct conn *c, const struct tile_name *name, struct buf *ret, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	int64_t first = name->index * TILE_WIDTH, next = first;
	bool row;
	TRY(sql_query(c, SQL_ENTRY_LEAVES, SQL_PARAMS(SQL_I(first), SQL_I(first + name->width)), &rows, e));
	while (true) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		struct str commitment = rows_blob(rows, 2);
		if (rows_int(rows, 0) != next || commitment.len != SHA256_SIZE)
			break;
		bundle_entry(ret, rows_int(rows, 1), commitment);
		next++;
	}
	return next == first + name->width ?
		       OK :
		       error_fail(e, E_IO, N_("The journal has a gap or a damaged entry; run mandate verify"));
}

enum code journal_resource(struct conn *c, struct str path, struct buf *ret, const char **ret_type, struct error *e)
{
	struct tile_name name;
	int64_t size;
	const char *type = "application/octet-stream";
	if (str_is(path, "checkpoint")) {
		TRY(serve_checkpoint(c, path, ret, e));
		type = "text/plain; charset=utf-8";
	} else {
		if (!tile_name_parse(path, &name))
			return no_resource(path, e);
		TRY(state_size(c, &size, e));
		if (name.width > tile_width(name.level, name.index, size))
			return no_resource(path, e);
		TRY(name.level < 0 ? serve_entries(c, &name, ret, e) : serve_hashes(c, &name, ret, e));
	}
	if (!buf_ok(ret))
		return error_nomem(e);
	*ret_type = type;
	return OK;
}

enum code journal_follow(struct conn *c, int64_t after, size_t most, journal_visit *visit, void *data,
			 int64_t *ret_next, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	struct journal_entry entry;
	int64_t next = after;
	int64_t limit = most > INT32_MAX ? INT32_MAX : (int64_t)most;
	bool row;
	TRY(sql_query(c, SQL_ENTRY_FOLLOW, SQL_PARAMS(SQL_I(after), SQL_I(limit)), &rows, e));
	while (true) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		entry_from_row(rows, &entry);
		TRY(visit(data, &entry, e));
		next = entry.leaf + 1;
	}
	*ret_next = next;
	return OK;
}

enum code journal_entry_get(struct conn *c, struct arena *arena, int64_t id, struct journal_entry *ret, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	struct journal_entry entry;
	bool found;
	TRY(sql_query(c, SQL_ENTRY_GET, SQL_PARAMS(SQL_I(id)), &rows, e));
	TRY(rows_next(rows, &found, e));
	if (!found)
		return error_fail(e, E_NOT_FOUND, N_("There is no such entry in the journal"));
	entry_from_row(rows, &entry);
	entry.operation = arena_copy(arena, entry.operation);
	entry.payload = arena_copy(arena, entry.payload);
	if (!entry.operation.data || !entry.payload.data)
		return error_nomem(e);
	*ret = entry;
	return OK;
}

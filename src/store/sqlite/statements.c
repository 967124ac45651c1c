/* Prepared statements of one connection: literals found by their address, built texts by content with the least
 * recently used one let go. Neighbour: sqlite.c owns the connection. */
#include "sqlite.h"
#include <stdio.h>
#include <string.h>

bool statements_init(struct sqlite_conn *c)
{
	c->room = 256;
	c->mask = c->room * 2 - 1;
	c->statements = mem_array(c->room, sizeof *c->statements);
	c->table = mem_array(c->room * 2, sizeof *c->table);
	return c->statements && c->table;
}

static void statement_clear(struct statement *s)
{
	sqlite3_finalize(s->stmt);
	mem_free(s->text);
	*s = (struct statement){ 0 };
}

void statements_done(struct sqlite_conn *c)
{
	for (size_t i = 0; c->statements && i < c->count; i++)
		statement_clear(&c->statements[i]);
	mem_free(c->statements);
	mem_free(c->table);
	for (struct sqlite_rows *r = c->free_rows, *next; r; r = next) {
		next = r->next_free;
		mem_free(r);
	}
}

void statements_reset(struct sqlite_conn *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->statements[i].stmt && !c->statements[i].busy)
			sqlite3_reset(c->statements[i].stmt);
}

/* "UNIQUE constraint failed: device.serial" or "… failed: index 'device_serial'" → what follows. Columns are mapped to
 * the index over them, so that both stores name the index. */
void sqlite_note_conflict(struct sqlite_conn *c, const char *message)
{
	char kept[sizeof c->conn.conflict]; /* the message is SQLite's and goes with the next statement */
	const char *colon = strstr(message, "failed: ");
	struct str what, first, table;
	snprintf(kept, sizeof kept, "%s", colon ? colon + 8 : "");
	what = str_of(kept);
	if (str_starts(what, STR("index '"))) {
		conn_set_conflict(&c->conn, str_slice(what, 7, what.len - 1));
		return;
	}
	conn_set_conflict(&c->conn, what);
	struct str rest = what, columns[8] = { { 0 } };
	size_t n = 0;
	table = STR_NONE;
	while (n < 8 && str_cut(&rest, ',', &first)) {
		first = str_trim(first);
		table = str_take(&first, '.');
		columns[n++] = first;
	}
	sqlite3_stmt *s = NULL;
	static const char find[] = "SELECT l.name, group_concat(i.name, ',') FROM pragma_index_list(?1) l, pragma_index_info(l.name) i "
				   "WHERE l.\"unique\" AND l.origin = 'c' GROUP BY l.name";
	if (!n || sqlite3_prepare_v2(c->db, find, -1, &s, NULL) != SQLITE_OK)
		return;
	sqlite3_bind_text(s, 1, table.data, (int)table.len, SQLITE_STATIC);
	while (sqlite3_step(s) == SQLITE_ROW) {
		struct str names = str_of((const char *)sqlite3_column_text(s, 1)), name;
		size_t i = 0;
		while (i < n && str_cut(&names, ',', &name) && str_eq(name, columns[i]))
			i++;
		if (i == n && !names.data)
			conn_set_conflict(&c->conn, str_of((const char *)sqlite3_column_text(s, 0)));
	}
	sqlite3_finalize(s);
}

/* --- finding and preparing ------------------------------------------------------------------------ */

static uint64_t text_hash(struct str sql, bool stable)
{
	uint64_t h = stable ? (uint64_t)(uintptr_t)sql.data * UINT64_C(0x9e3779b97f4a7c15) : str_hash(sql);
	return h ^ h >> 31;
}

static bool same(const struct statement *s, struct str sql, bool stable, uint64_t hash)
{
	if (!s->stmt || s->busy || s->hash != hash)
		return false;
	return stable ? s->address == sql.data : !s->address && str_eq((struct str){ s->text, s->len }, sql);
}

static void table_put(struct sqlite_conn *c, size_t place)
{
	size_t i = c->statements[place].hash & c->mask;
	while (c->table[i])
		i = (i + 1) & c->mask;
	c->table[i] = (uint32_t)place + 1;
}

static void table_rebuild(struct sqlite_conn *c)
{
	memset(c->table, 0, c->room * 2 * sizeof *c->table);
	for (size_t i = 0; i < c->count; i++)
		table_put(c, i);
}

static struct statement *find(struct sqlite_conn *c, struct str sql, bool stable, uint64_t hash)
{
	for (size_t i = hash & c->mask; c->table[i]; i = (i + 1) & c->mask) {
		struct statement *s = &c->statements[c->table[i] - 1];
		if (same(s, sql, stable, hash))
			return s;
	}
	return NULL;
}

/* Replaces "= ANY(?n)" and drops a trailing FOR UPDATE; text in quotes stays. */
static char *rewrite(struct str sql)
{
	static const struct str any = { "= ANY(", 6 }, lock = { " FOR UPDATE", 11 };
	CLEAN_BUF struct buf out;
	size_t len;
	buf_init(&out, 0);
	if (str_ends(sql, lock))
		sql.len -= lock.len;
	for (size_t i = 0; i < sql.len;) {
		struct str rest = str_slice(sql, i, sql.len);
		if (sql.data[i] == '\'') {
			int64_t end = str_find(str_slice(rest, 1, rest.len), '\'');
			size_t quoted = end < 0 ? rest.len : (size_t)end + 2;
			buf_add(&out, rest.data, quoted);
			i += quoted;
		} else if (str_starts(rest, any)) {
			int64_t close = str_find(rest, ')');
			struct str inner = str_slice(rest, any.len, close < 0 ? rest.len : (size_t)close);
			buf_format(&out, "IN (SELECT value FROM json_each(%.*s))", STR_ARG(inner));
			i += any.len + inner.len + 1;
		} else {
			buf_add_char(&out, sql.data[i++]);
		}
	}
	buf_add_char(&out, 0);
	return buf_ok(&out) ? buf_take(&out, &len) : NULL;
}

static enum code prepare(struct sqlite_conn *c, struct str sql, bool keep, sqlite3_stmt **ret, struct error *e)
{
	CLEAN_MEM char *text = rewrite(sql);
	if (!text)
		return error_nomem(e);
	int result = sqlite3_prepare_v3(c->db, text, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0, ret, NULL);
	return result == SQLITE_OK ? OK : sqlite_fault(c, result, e);
}

/* A place for a new statement: a fresh one, or that of the least recently used built text. */
static struct statement *place_for(struct sqlite_conn *c, bool stable)
{
	struct statement *oldest = NULL;
	for (size_t i = 0; !stable && c->built >= BUILT_MOST && i < c->count; i++) {
		struct statement *s = &c->statements[i];
		if (s->stmt && !s->address && !s->busy && (!oldest || s->used < oldest->used))
			oldest = s;
	}
	if (oldest) {
		statement_clear(oldest);
		c->built--;
		return oldest;
	}
	return c->count < c->room ? &c->statements[c->count++] : NULL;
}

static bool grow(struct sqlite_conn *c)
{
	size_t room = c->room * 2;
	if (c->count < c->room)
		return true;
	for (size_t i = 0; i < c->count; i++)
		if (c->statements[i].busy)
			return false; /* rows point at it; the caller prepares one of its own instead */
	struct statement *more = mem_grow(c->statements, room * sizeof *more);
	uint32_t *table = more ? mem_array(room * 2, sizeof *table) : NULL;
	if (more)
		c->statements = more;
	if (!table)
		return false;
	mem_free(c->table);
	c->table = table;
	c->room = room;
	c->mask = room * 2 - 1;
	table_rebuild(c);
	return true;
}

/* NULL with OK: not kept, *ret_own is to be finalised by the caller. */
static enum code obtain(struct sqlite_conn *c, struct str sql, bool stable, struct statement **ret, sqlite3_stmt **ret_own,
			struct error *e)
{
	uint64_t hash = text_hash(sql, stable);
	struct statement *s = find(c, sql, stable, hash);
	*ret_own = NULL;
	if (s) {
		s->used = ++c->ticks;
		*ret = s;
		return OK;
	}
	sqlite3_stmt *stmt;
	TRY(prepare(c, sql, true, &stmt, e));
	char *copy = stable ? NULL : mem_copy_text(sql.data, sql.len);
	s = grow(c) && (stable || copy) ? place_for(c, stable) : NULL;
	if (!s) {
		mem_free(copy);
		*ret = NULL;
		*ret_own = stmt;
		return OK;
	}
	*s = (struct statement){ .stmt = stmt, .address = stable ? sql.data : NULL, .text = copy, .len = sql.len, .hash = hash,
				 .used = ++c->ticks };
	c->built += !stable;
	table_rebuild(c);
	*ret = s;
	return OK;
}

/* --- running -------------------------------------------------------------------------------------- */

static int bind_ints(sqlite3_stmt *s, int place, const struct sql_value *v)
{
	CLEAN_BUF struct buf text;
	buf_init(&text, 0);
	buf_add_char(&text, '[');
	for (size_t i = 0; i < v->ints.count; i++) {
		if (i)
			buf_add_char(&text, ',');
		buf_add_int(&text, v->ints.items[i]);
	}
	buf_add_char(&text, ']');
	return buf_ok(&text) ? sqlite3_bind_text64(s, place, text.data, text.len, SQLITE_TRANSIENT, SQLITE_UTF8) : SQLITE_NOMEM;
}

static int bind_one(sqlite3_stmt *s, int place, const struct sql_value *v)
{
	switch (v->type) {
	case SQL_NULL:
		return sqlite3_bind_null(s, place);
	case SQL_INT:
		return sqlite3_bind_int64(s, place, v->integer);
	case SQL_REAL:
		return sqlite3_bind_double(s, place, v->real);
	case SQL_TEXT:
		return sqlite3_bind_text64(s, place, v->text.data ? v->text.data : "", v->text.len, SQLITE_STATIC, SQLITE_UTF8);
	case SQL_BLOB:
		return sqlite3_bind_blob64(s, place, v->text.data ? v->text.data : "", v->text.len, SQLITE_STATIC);
	case SQL_INTS:
		return bind_ints(s, place, v);
	}
	return SQLITE_MISUSE;
}

static enum code bind(struct sqlite_conn *c, sqlite3_stmt *s, const struct sql_value *params, size_t count, struct error *e)
{
	int most = sqlite3_bind_parameter_count(s);
	for (size_t i = 0; i < count && (int)i < most; i++) {
		int result = bind_one(s, (int)i + 1, &params[i]);
		if (result != SQLITE_OK)
			return sqlite_fault(c, result, e);
	}
	return OK;
}

static struct sqlite_rows *rows_take(struct sqlite_conn *c)
{
	struct sqlite_rows *r = c->free_rows;
	if (r)
		c->free_rows = r->next_free;
	else
		r = mem_new(sizeof *r);
	if (r) {
		*r = (struct sqlite_rows){ 0 };
		r->rows.conn = &c->conn;
	}
	return r;
}

static enum code run_now(struct sqlite_conn *c, sqlite3_stmt *s, int64_t *ret_changed, struct error *e)
{
	int result = sqlite3_step(s);
	while (result == SQLITE_ROW)
		result = sqlite3_step(s);
	enum code code = result == SQLITE_DONE ? OK : sqlite_fault(c, result, e);
	if (code == OK && ret_changed)
		*ret_changed = sqlite3_changes64(c->db);
	sqlite3_reset(s);
	return code;
}

/* The first step is taken here, while the parameters' bytes live: a statement that writes and returns has then written
 * everything, and one that reads keeps its own copies of what it still needs. */
static enum code start_rows(struct sqlite_conn *c, struct statement *kept, sqlite3_stmt *own, struct rows **ret, struct error *e)
{
	struct sqlite_rows *r = rows_take(c);
	sqlite3_stmt *s = kept ? kept->stmt : own;
	if (!r)
		return error_nomem(e);
	r->statement = kept;
	if (!kept) {
		r->statement = mem_new(sizeof *r->statement);
		if (!r->statement) {
			mem_free(r);
			return error_nomem(e);
		}
		r->statement->stmt = own;
		r->own = true;
	}
	r->statement->busy = true;
	int result = sqlite3_step(s);
	r->stepped = true;
	r->first_row = result == SQLITE_ROW;
	r->done = result != SQLITE_ROW;
	if (result != SQLITE_ROW && result != SQLITE_DONE) {
		enum code code = sqlite_fault(c, result, e);
		sqlite_rows_close(&r->rows);
		return code;
	}
	*ret = &r->rows;
	return OK;
}

/* Texts bound for a statement whose rows are read later must outlive the caller's. */
static int make_transient(sqlite3_stmt *s, const struct sql_value *params, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int result = SQLITE_OK;
		if (params[i].type == SQL_TEXT)
			result = sqlite3_bind_text64(s, (int)i + 1, params[i].text.data ? params[i].text.data : "", params[i].text.len,
						     SQLITE_TRANSIENT, SQLITE_UTF8);
		else if (params[i].type == SQL_BLOB)
			result = sqlite3_bind_blob64(s, (int)i + 1, params[i].text.data ? params[i].text.data : "", params[i].text.len,
						     SQLITE_TRANSIENT);
		if (result != SQLITE_OK && result != SQLITE_RANGE)
			return result;
	}
	return SQLITE_OK;
}

enum code sqlite_run(struct conn *conn, struct str sql, bool stable, const struct sql_value *params, size_t count,
		     struct rows **ret, int64_t *ret_changed, struct error *e)
{
	struct sqlite_conn *c = (struct sqlite_conn *)conn;
	struct statement *kept;
	sqlite3_stmt *own;
	TRY(obtain(c, sql, stable, &kept, &own, e));
	sqlite3_stmt *s = kept ? kept->stmt : own;
	enum code code = bind(c, s, params, count, e);
	if (code == OK && ret && make_transient(s, params, count) != SQLITE_OK)
		code = error_nomem(e);
	if (code == OK && ret) {
		code = start_rows(c, kept, own, ret, e);
		return code;
	}
	if (code == OK)
		code = run_now(c, s, ret_changed, e);
	else
		sqlite3_reset(s);
	sqlite3_finalize(own);
	return code;
}

enum code sqlite_next(struct rows *rows, bool *ret_row, struct error *e)
{
	struct sqlite_rows *r = (struct sqlite_rows *)rows;
	struct sqlite_conn *c = (struct sqlite_conn *)rows->conn;
	*ret_row = false;
	if (r->stepped) {
		r->stepped = false;
		*ret_row = r->first_row;
		return OK;
	}
	if (r->done)
		return OK;
	int result = sqlite3_step(r->statement->stmt);
	*ret_row = result == SQLITE_ROW;
	r->done = result != SQLITE_ROW;
	return result == SQLITE_ROW || result == SQLITE_DONE ? OK : sqlite_fault(c, result, e);
}

void sqlite_rows_close(struct rows *rows)
{
	struct sqlite_rows *r = (struct sqlite_rows *)rows;
	struct sqlite_conn *c = (struct sqlite_conn *)rows->conn;
	sqlite3_reset(r->statement->stmt);
	r->statement->busy = false;
	if (r->own) {
		sqlite3_finalize(r->statement->stmt);
		mem_free(r->statement);
	}
	r->next_free = c->free_rows;
	c->free_rows = r;
}

size_t sqlite_columns(const struct rows *rows)
{
	return (size_t)sqlite3_column_count(((const struct sqlite_rows *)rows)->statement->stmt);
}

struct str sqlite_column_name(const struct rows *rows, size_t column)
{
	return str_of(sqlite3_column_name(((const struct sqlite_rows *)rows)->statement->stmt, (int)column));
}

struct sql_value sqlite_value(const struct rows *rows, size_t column)
{
	sqlite3_stmt *s = ((const struct sqlite_rows *)rows)->statement->stmt;
	int i = (int)column;
	switch (sqlite3_column_type(s, i)) {
	case SQLITE_INTEGER:
		return SQL_I(sqlite3_column_int64(s, i));
	case SQLITE_FLOAT:
		return SQL_R(sqlite3_column_double(s, i));
	case SQLITE_TEXT: {
		/* asked for as a text it would be copied for the sake of a NUL, and read as nothing when memory is short */
		const char *text = sqlite3_column_blob(s, i);
		return SQL_T(((struct str){ text ? text : "", (size_t)sqlite3_column_bytes(s, i) }));
	}
	case SQLITE_BLOB: {
		const void *data = sqlite3_column_blob(s, i);
		return SQL_B(data, (size_t)sqlite3_column_bytes(s, i));
	}
	default:
		return SQL_N;
	}
}

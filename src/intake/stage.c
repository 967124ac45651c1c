/* import.stage: rows are read on the request's thread, tried on the writer and undone, and kept with what would happen.
 * Neighbours: columns.c, rows.c; apply.c carries out what is kept here. */
#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "intake.sql.h"
#include "internal.h"
#include "record/changes.h"
#include "record/numbers.h"
#include <string.h>

#define OPEN_MOST 50 /* staged imports of one person */

enum { IN_KIND, IN_SOURCE, IN_MAPPING, IN_DELIMITER, IN_ENCODING, IN_ENTITY, IN_IMPORT, IN_TEXT, IN_DATA };

struct staging {
	const struct kind *kind;
	int64_t import;  /* 0: a new one */
	int64_t offset;  /* lines of the chunks before */
	int64_t lines;   /* of this one */
	struct str headers, mapping; /* JSON, as kept */
	struct column columns[CSV_COLUMNS];
	size_t column_count;
	struct import_row *rows;
	size_t row_count;
};

/* --- on the request's thread ---------------------------------------------------------------------- */

static enum code file_text(struct call *c, struct str *ret, struct error *e)
{
	struct str data = call_text(c, IN_DATA);
	uint8_t *bytes = ARENA_ARRAY(c->arena, data.len + 1, uint8_t);
	size_t len;
	*ret = call_text(c, IN_TEXT);
	if (!data.len)
		return ret->len ? OK : error_field(e, STR("/text"), N_("is required"));
	if (!bytes)
		return error_nomem(e);
	if (!base64_decode(data, bytes, &len))
		return error_field(e, STR("/data"), N_("is not base64"));
	return csv_decode((struct str){ (const char *)bytes, len }, call_text(c, IN_ENCODING), c->arena, ret, e);
}

static enum code keep_headers(struct call *c, struct staging *s, const struct csv_row *row, struct error *e)
{
	CLEAN_BUF struct buf out;
	struct json_writer w;
	buf_init(&out, 0);
	json_writer_init(&w, &out);
	json_list(&w);
	for (size_t i = 0; i < row->count; i++)
		json_put_text(&w, row->cells[i]);
	json_list_end(&w);
	s->headers = arena_copy(c->arena, buf_str(&out));
	s->mapping = call_text(c, IN_MAPPING).len ? call_text(c, IN_MAPPING) : STR("{}");
	return buf_ok(&out) && s->headers.data ? OK : error_nomem(e);
}

static enum code own_kind(struct call *c, struct rows *rows, const char *state, const struct kind **ret, struct error *e)
{
	if (rows_int(rows, 2) != c->principal.person)
		return error_fail(e, E_NOT_FOUND, N_("There is no such import of yours"));
	if (state && !str_is(rows_text(rows, 1), state))
		return error_fail(e, E_CONFLICT, N_("The import is not open any more: it was applied or cancelled"));
	*ret = model_kind(c->record.model, rows_text(rows, 0));
	return *ret ? OK : error_fail(e, E_NOT_FOUND, N_("No such kind: {kind}"), { "kind", rows_text(rows, 0) });
}

enum code import_open(struct call *c, int64_t id, const char *state, const struct kind **ret, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(c->record.conn, c->operation->access == OP_WRITE ? SQL_RUN_FIND : SQL_RUN_READ, SQL_PARAMS(SQL_I(id)), &rows, e));
	TRY(rows_next(rows, &row, e));
	return row ? own_kind(c, rows, state, ret, e) : error_fail(e, E_NOT_FOUND, N_("There is no such import of yours"));
}

/* The headers and mapping of the first chunk. */
static enum code go_on(struct call *c, struct staging *s, struct csv_row *row, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	const struct json *headers;
	bool found;
	TRY(sql_query(c->record.conn, SQL_RUN_READ, SQL_PARAMS(SQL_I(s->import)), &rows, e));
	TRY(rows_next(rows, &found, e));
	if (!found)
		return error_fail(e, E_NOT_FOUND, N_("There is no such import of yours"));
	TRY(own_kind(c, rows, "staged", &s->kind, e));
	s->mapping = arena_copy(c->arena, rows_text(rows, 4));
	TRY(json_parse(c->arena, rows_text(rows, 3), NULL, &headers, e));
	row->count = headers->list.count;
	for (size_t i = 0; i < row->count && i < CSV_COLUMNS; i++)
		row->cells[i] = headers->list.items[i].text;
	return s->mapping.data ? OK : error_nomem(e);
}

static enum code begin(struct call *c, struct staging *s, struct csv *csv, struct csv_row *row, struct error *e)
{
	const struct json *mapping = NULL;
	bool more = true;
	s->import = call_int(c, IN_IMPORT, 0);
	if (s->import) {
		TRY(go_on(c, s, row, e));
	} else {
		s->kind = model_kind(c->record.model, call_text(c, IN_KIND));
		if (!s->kind)
			return error_field(e, STR("/kind"), N_("No such kind: {kind}"), { "kind", call_text(c, IN_KIND) });
		if (s->kind->flags & (KIND_VIEW | KIND_SYSTEM))
			return error_field(e, STR("/kind"), N_("{kind} is computed from other records and cannot be changed"),
					   { "kind", str_of(s->kind->name) });
		TRY(csv_next(csv, c->arena, row, &more, e));
		if (!more)
			return error_field(e, STR("/text"), N_("The file is empty"));
		TRY(keep_headers(c, s, row, e));
	}
	TRY(json_parse(c->arena, s->mapping, NULL, &mapping, e));
	s->column_count = row->count;
	return columns_find(c->record.model, s->kind, mapping, row->cells, row->count, c->arena, s->columns, e);
}

static enum code read_row(struct call *c, struct staging *s, const struct csv *csv, const struct csv_row *cells, struct error *e)
{
	struct str line = arena_format(c->arena, "%lld", (long long)csv->line);
	if (s->row_count == CHUNK_ROWS)
		return error_fail(e, E_LIMIT, N_("At most 5,000 rows at a time; send the rest with the import's id"));
	if (cells->count > s->column_count)
		return error_fail(e, E_INVALID, N_("Line {line}: more cells than the first line names"), { "line", line });
	struct import_row *row = &s->rows[s->row_count++];
	row->line = csv->line;
	row->entity = call_int(c, IN_ENTITY, 0);
	TRY(row_decode(c, s->kind, s->columns, cells, row, e));
	return row->outcome == ROW_ERROR ? OK : row_pack(c, s->kind, row, e);
}

enum code import_stage_prepare(struct call *c, struct error *e)
{
	struct staging *s = ARENA_NEW(c->arena, struct staging);
	struct csv_row *cells = ARENA_NEW(c->arena, struct csv_row);
	struct str text, delimiter = call_text(c, IN_DELIMITER);
	struct csv csv;
	bool more = true;
	if (!s || !cells || !(s->rows = ARENA_ARRAY(c->arena, CHUNK_ROWS, struct import_row)))
		return error_nomem(e);
	c->scratch = s;
	TRY(file_text(c, &text, e));
	csv_init(&csv, text, delimiter.len ? delimiter.data[0] : 0);
	TRY(begin(c, s, &csv, cells, e));
	for (;;) {
		TRY(csv_next(&csv, c->arena, cells, &more, e));
		if (!more)
			break;
		TRY(read_row(c, s, &csv, cells, e));
	}
	s->lines = csv.lines;
	return OK;
}

/* --- on the writer -------------------------------------------------------------------------------- */

static enum code begin_run(struct call *c, struct staging *s, struct error *e)
{
	int64_t open = 0;
	bool found;
	if (s->import) {
		const struct kind *k;
		TRY(import_open(c, s->import, "staged", &k, e));
		return sql_int(c->record.conn, SQL_RUN_LINES_OF, SQL_PARAMS(SQL_I(s->import)), &s->offset, &found, e);
	}
	TRY(sql_int(c->record.conn, SQL_RUN_OPEN_COUNT, SQL_PARAMS(SQL_I(c->principal.person)), &open, &found, e));
	if (open >= OPEN_MOST)
		return error_fail(e, E_LIMIT, N_("You have 50 imports open; apply or cancel some"));
	s->import = id_next(c->record.ids);
	return sql_exec(c->record.conn, SQL_RUN_ADD,
			SQL_PARAMS(SQL_I(s->import), SQL_T(str_of(s->kind->name)), SQL_T(call_text(c, IN_SOURCE)), SQL_I(c->principal.person),
				   SQL_I(c->record.now), SQL_T(s->headers), SQL_T(s->mapping)), NULL, e);
}

/* Runs every row in order, so that one sees what those before it would have done, and takes it all back. */
static enum code try_rows(struct call *c, struct staging *s, struct idmap *made, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct record_context x = c->record;
	for (size_t i = 0; arena && i < s->row_count; i++) {
		struct import_row *row = &s->rows[i];
		struct record_ref ref;
		int64_t seen;
		if (row->outcome == ROW_ERROR)
			continue;
		arena_reset(arena);
		x.arena = arena;
		x.changes = changes_new(arena);
		if (!x.changes)
			return error_nomem(e);
		enum code code = row_run(c, &x, s->kind, row, &ref, e);
		if (code != OK) /* what it says lives in the arena that goes */
			return error_fail(e, code, N_("The rows could not be tried"));
		if (row->outcome == ROW_CREATE && !idmap_put(made, ref.id, 1))
			return error_nomem(e);
		if (row->outcome == ROW_CREATE || idmap_get(made, row->target, &seen))
			row->target = row->version = 0; /* its id is not the one it will have */
	}
	return arena ? OK : error_nomem(e);
}

static enum code try_and_undo(struct call *c, struct staging *s, struct error *e)
{
	struct idmap *made = idmap_new();
	size_t marks = keyring_marks(c->record.keyring);
	enum code code = made ? conn_save(c->record.conn, e) : error_nomem(e);
	if (code == OK) {
		code = try_rows(c, s, made, e);
		conn_undo(c->record.conn);
		keyring_undo(c->record.keyring, marks);
		numbers_rolled_back(c->record.numbers);
	}
	idmap_free(made);
	return code;
}

static enum code keep_row(struct call *c, const struct staging *s, const struct import_row *row, struct error *e)
{
	return sql_exec(c->record.conn, SQL_ROW_ADD,
			SQL_PARAMS(SQL_I(s->import), SQL_I(s->offset + row->line), SQL_T(str_of(outcome_names[row->outcome])), SQL_I(row->target),
				   SQL_I(row->version), SQL_I(row->entity), row->input.len ? SQL_T(row->input) : SQL_N, SQL_T(row->detail)), NULL, e);
}

enum code import_stage(struct call *c, struct error *e)
{
	struct staging *s = c->scratch;
	int64_t counts[OUTCOMES] = { 0 };
	TRY(begin_run(c, s, e));
	TRY(try_and_undo(c, s, e));
	for (size_t i = 0; i < s->row_count; i++) {
		TRY(keep_row(c, s, &s->rows[i], e));
		counts[s->rows[i].outcome]++;
	}
	TRY(sql_exec(c->record.conn, SQL_RUN_LINES, SQL_PARAMS(SQL_I(s->import), SQL_I(s->offset + s->lines)), NULL, e));
	json_object(&c->json);
	json_member_id(&c->json, "import", s->import);
	json_member_text(&c->json, "kind", str_of(s->kind->name));
	for (size_t i = 0; i < OUTCOMES; i++) {
		json_name(&c->json, str_of(outcome_names[i]));
		json_put_int(&c->json, counts[i]);
	}
	json_name(&c->json, STR("columns"));
	columns_tell(s->columns, s->column_count, &c->json);
	json_object_end(&c->json);
	return OK;
}

const struct field import_stage_input[] = {
	[IN_KIND] = { .name = "kind", .type = FIELD_TEXT, .title = N_("Kind of the records"), .max = 40 },
	[IN_SOURCE] = { .name = "source", .type = FIELD_TEXT, .title = N_("Where the file comes from"), .max = 200 },
	[IN_MAPPING] = { .name = "mapping", .type = FIELD_JSON, .title = N_("Field of each column; columns left out are guessed") },
	[IN_DELIMITER] = { .name = "delimiter", .type = FIELD_TEXT, .title = N_("Character between cells"), .max = 1 },
	[IN_ENCODING] = { .name = "encoding", .type = FIELD_TEXT, .title = N_("Encoding of the data"), .max = 20 },
	[IN_ENTITY] = { .name = "entity", .type = FIELD_ID, .title = N_("Entity of new records") },
	[IN_IMPORT] = { .name = "import", .type = FIELD_ID, .title = N_("Import that these rows belong to; the first line is then a row") },
	[IN_TEXT] = { .name = "text", .type = FIELD_TEXT, .flags = FIELD_MULTILINE, .title = N_("Rows as text"), .max = 8 << 20 },
	[IN_DATA] = { .name = "data", .type = FIELD_TEXT, .flags = FIELD_MULTILINE, .title = N_("Rows as base64 of their bytes"), .max = 8 << 20 },
	{ 0 },
};

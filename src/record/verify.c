/* Proving the rows of the kinds against the journal. The tables of a kind are read side by side in the order of ids: past
 * versions, the live row, lists of references; each version is the one before and what its entry tells. Neighbours:
 * verify_entries.c finds what is told, verify_cells.c compares; versions.c wrote the rows. */
#include "verify.h"
#include "base/mem.h"
#include <string.h>

#define ROWS_AT_ONCE 1024
#define FIELDS_MOST 201

/* One table in the order of ids, read in batches so that no store has to hold it whole. */
struct stream {
	struct str sql; /* ?1, ?2: the id and the second key of the last row seen; ?3: how many */
	struct rows *rows;
	int64_t id, second; /* of the row at hand */
	size_t batch;
	bool there, history;
};

struct version { /* of the record at hand */
	struct arena *arena;
	struct record_row row;
	int64_t until, until_entry; /* history only */
	bool live;
	struct cell cells[FIELDS_MOST];
};

struct verifier {
	const struct record_proof *proof;
	struct arena *arena; /* the report's */
	struct entries *entries;
	struct cells cells;
	const struct kind *kind;
	const struct json *told[FIELDS_MOST]; /* of the version at hand, by field index: both sides, or NULL */
	struct stream live, history, links[FIELDS_MOST]; /* links by field index */
	struct version versions[2], *now, *before;
	size_t past;           /* versions of the record at hand seen so far */
	int64_t *told_by_kind; /* how many versions the journal tells of, by kind index */
	int64_t *found_by_kind;
	struct record_report report;
};

static bool faulty(const struct verifier *v) { return v->report.fault.len > 0; }

static enum code fault(struct verifier *v, const struct kind *k, int64_t id, int64_t version, const struct field *f, const char *msgid,
		       struct error *e)
{
	if (faulty(v))
		return OK;
	v->report.kind = arena_copy(v->arena, str_of(k->name));
	v->report.field = arena_copy(v->arena, str_of(f ? f->name : ""));
	v->report.id = id;
	v->report.version = version;
	v->report.fault = str_of(msgid);
	return v->report.kind.data && v->report.field.data ? OK : error_nomem(e);
}

static enum code fault_here(struct verifier *v, const struct field *f, const char *msgid, struct error *e)
{
	return fault(v, v->kind, v->now->row.id, v->now->row.version, f, msgid, e);
}

/* --- streams -------------------------------------------------------------------------------------- */

static void stream_stop(struct stream *s)
{
	if (s->rows)
		rows_close(s->rows);
	s->rows = NULL;
}

static enum code stream_next(struct verifier *v, struct stream *s, struct error *e)
{
	bool row = false;
	if (s->rows) {
		TRY(rows_next(s->rows, &row, e));
		s->batch += row;
	}
	if (!row && (!s->rows || s->batch == ROWS_AT_ONCE)) {
		stream_stop(s);
		s->batch = 0;
		TRY(sql_query_built(v->proof->conn, s->sql, SQL_PARAMS(SQL_I(s->id), SQL_I(s->second), SQL_I(ROWS_AT_ONCE)), &s->rows, e));
		TRY(rows_next(s->rows, &row, e));
		s->batch = row;
	}
	s->there = row;
	if (row) {
		s->id = rows_int(s->rows, 0);
		s->second = rows_int(s->rows, 1);
	}
	return OK;
}

static enum code stream_start(struct verifier *v, struct stream *s, const struct buf *sql, bool history, struct error *e)
{
	*s = (struct stream){ .id = INT64_MIN, .second = INT64_MIN, .history = history };
	s->sql = buf_ok(sql) ? arena_copy(v->arena, buf_str(sql)) : STR_NONE;
	return s->sql.data ? stream_next(v, s, e) : error_nomem(e);
}

static void history_columns(struct buf *sql, const struct kind *k)
{
	for (const struct field *f = k->fields; f->name; f++) {
		size_t columns = field_history_columns(f);
		if (columns)
			buf_format(sql, ", t.%s", f->name);
		if (columns > 1)
			buf_format(sql, ", t.%s_currency", f->name);
	}
}

static enum code streams_start(struct verifier *v, struct error *e)
{
	const struct kind *k = v->kind;
	CLEAN_BUF struct buf sql;
	buf_init(&sql, 0);
	/* the id stands first, as row_read() and the streams have it; the second is only looked at where ids repeat */
	buf_add_text(&sql, "SELECT ");
	row_columns_add(&sql, k, NULL);
	buf_format(&sql, " FROM %s t WHERE t.id > ?1 AND ?2 IS NOT NULL ORDER BY t.id LIMIT ?3", k->name);
	TRY(stream_start(v, &v->live, &sql, false, e));
	buf_clear(&sql);
	buf_add_text(&sql, "SELECT t.id, t.version, t.entity, t.state, t.number, t.since, t.entry, t.archived, t.until, t.until_entry");
	history_columns(&sql, k);
	buf_format(&sql, " FROM %s_history t WHERE t.id >= ?1 AND (t.id > ?1 OR t.version > ?2) ORDER BY t.id, t.version LIMIT ?3", k->name);
	TRY(stream_start(v, &v->history, &sql, true, e));
	for (const struct field *f = k->fields; f->name; f++) {
		if (f->type != FIELD_REFS)
			continue;
		buf_clear(&sql);
		buf_add_text(&sql, "SELECT t.id, t.position, t.target FROM ");
		link_table(&sql, k, f);
		buf_add_text(&sql, " t WHERE t.id >= ?1 AND (t.id > ?1 OR t.position > ?2) ORDER BY t.id, t.position LIMIT ?3");
		TRY(stream_start(v, &v->links[f->index], &sql, false, e));
	}
	return OK;
}

static void streams_stop(struct verifier *v)
{
	stream_stop(&v->live);
	stream_stop(&v->history);
	for (const struct field *f = v->kind->fields; f->name; f++)
		stream_stop(&v->links[f->index]);
}

/* --- a version as it stands ----------------------------------------------------------------------- */

static struct str copy_text(struct arena *arena, const struct rows *rows, size_t column)
{
	return rows_null(rows, column) ? STR_NONE : arena_copy(arena, rows_text(rows, column));
}

static enum code read_past(struct verifier *v, struct error *e)
{
	const struct rows *rows = v->history.rows;
	struct version *n = v->now;
	size_t column = 10;
	n->row = (struct record_row){ .id = rows_int(rows, 0), .version = rows_int(rows, 1), .entity = rows_int(rows, 2),
				      .state = copy_text(n->arena, rows, 3), .number = copy_text(n->arena, rows, 4),
				      .since = rows_int(rows, 5), .entry = rows_int(rows, 6),
				      .archived = rows_null(rows, 7) ? 0 : rows_int(rows, 7) };
	n->until = rows_int(rows, 8);
	n->until_entry = rows_int(rows, 9);
	for (const struct field *f = v->kind->fields; f->name; f++) {
		struct cell *cell = &n->cells[f->index];
		*cell = (struct cell){ .is = CELL_UNKNOWN };
		if (!field_history_columns(f))
			continue;
		if (f->personal || f->type == FIELD_REFS) {
			cell->is = CELL_EMPTY;
			if (!rows_null(rows, column))
				TRY(cell_from_history(&v->cells, v->kind, f, n->row.id, rows_text(rows, column), n->arena, cell, e));
			column++;
		} else {
			TRY(field_read(rows, &column, f, n->arena, &cell->value, e));
			cell->is = value_given(&cell->value) ? CELL_VALUE : CELL_EMPTY;
		}
	}
	return OK;
}

/* The targets of one list of the live row; their places must be 0, 1, 2 … */
static enum code read_list(struct verifier *v, const struct field *f, struct cell *cell, struct error *e)
{
	struct stream *s = &v->links[f->index];
	int64_t targets[1000];
	size_t n = 0;
	while (s->there && s->id == v->now->row.id) {
		if (n == sizeof targets / sizeof *targets || s->second != (int64_t)n)
			return fault_here(v, f, N_("the list of references is not the one that was written"), e);
		targets[n++] = rows_int(s->rows, 2);
		TRY(stream_next(v, s, e));
	}
	int64_t *own = ARENA_ARRAY(v->now->arena, n + 1, int64_t);
	if (!own)
		return error_nomem(e);
	memcpy(own, targets, n * sizeof *own);
	*cell = (struct cell){ .is = n ? CELL_VALUE : CELL_EMPTY, .value = { .set = true, .refs = { own, n } } };
	return OK;
}

static enum code read_live(struct verifier *v, struct error *e)
{
	struct version *n = v->now;
	TRY(row_read(v->live.rows, v->kind, NULL, n->arena, &n->row, e));
	for (const struct field *f = v->kind->fields; f->name; f++) {
		struct cell *cell = &n->cells[f->index];
		if (f->type == FIELD_REFS) {
			TRY(read_list(v, f, cell, e));
			continue;
		}
		*cell = (struct cell){ .value = n->row.values[f->index] };
		cell->is = value_given(&cell->value) ? CELL_VALUE : CELL_EMPTY;
	}
	return OK;
}

/* --- against what is told ------------------------------------------------------------------------- */

/* The fields of a change by their index. They were written in the order of the kind, so the next one is seldom far. */
static void sort_fields(struct verifier *v, const struct told *told)
{
	const struct kind *k = v->kind;
	const struct field *next = k->fields;
	memset(v->told, 0, k->field_count * sizeof v->told[0]);
	for (size_t i = 0; told->fields && told->fields->type == JSON_OBJECT && i < told->fields->object.count; i++) {
		const struct json_member *m = &told->fields->object.members[i];
		while (next->name && !str_is(m->name, next->name))
			next++;
		const struct field *f = next->name ? next++ : kind_field(k, m->name);
		if (!next->name)
			next = k->fields;
		if (f) /* one that is no longer declared is not looked at */
			v->told[f->index] = &m->value;
	}
}

/* What the version before had, or the first version's nothing. */
static enum code told_cell(struct verifier *v, const struct told *told, const struct field *f, struct cell *ret, struct error *e)
{
	const struct json *sides = v->told[f->index];
	struct version *n = v->now;
	if (!sides || sides->type != JSON_LIST || sides->list.count != 2) {
		*ret = v->before ? v->before->cells[f->index] : (struct cell){ 0 };
		return OK;
	}
	TRY(cell_from_journal(&v->cells, v->kind, f, n->row.id, &sides->list.items[1], n->arena, ret, e));
	if (ret->is == CELL_UNKNOWN && str_is(json_text(told->change, STR("action")), "erase")) {
		TRY(erased_value(f, n->row.id, n->arena, &ret->value, e));
		ret->is = value_given(&ret->value) ? CELL_VALUE : CELL_EMPTY;
	}
	return OK;
}

/* A value kept for the next version must not point into an entry that may be let go. */
static enum code keep(struct verifier *v, const struct field *f, const struct cell *from, struct cell *ret, struct error *e)
{
	struct arena *arena = v->now->arena;
	CLEAN_BUF struct buf text;
	struct json_writer w;
	buf_init(&text, 0);
	*ret = *from;
	if (from->is == CELL_DIGEST) {
		ret->digest = arena_copy(arena, from->digest);
		ret->salt = arena_copy(arena, from->salt);
		return ret->digest.data && ret->salt.data ? OK : error_nomem(e);
	}
	if (from->is != CELL_VALUE)
		return OK;
	json_writer_init(&w, &text);
	if (from->json)
		json_put_tree(&w, from->json);
	else
		value_to_json(f, &from->value, &w);
	if (!buf_ok(&text))
		return error_nomem(e);
	return json_parse(arena, buf_str(&text), NULL, &ret->json, e);
}

static enum code check_cell(struct verifier *v, const struct told *told, const struct field *f, struct error *e)
{
	struct cell expected, *is = &v->now->cells[f->index];
	bool holds;
	TRY(told_cell(v, told, f, &expected, e));
	if (is->is == CELL_EMPTY && expected.is == CELL_EMPTY)
		return OK;
	TRY(cell_holds(&v->cells, f, is, &expected, v->now->arena, &holds, e));
	if (!holds)
		return fault_here(v, f, N_("the value is not the one that was written"), e);
	v->report.unknown += v->now->live && expected.is == CELL_UNKNOWN;
	if (v->now->live)
		return OK;
	/* what history does not tell, the next version is told by what the journal said */
	return is->is == CELL_UNKNOWN ? keep(v, f, &expected, is, e) : OK;
}

static struct str told_state(const struct told *told, struct str before)
{
	const struct json *state = json_get(told->change, STR("state"));
	if (!state || state->type != JSON_LIST || state->list.count != 2)
		return before;
	return state->list.items[1].type == JSON_TEXT ? state->list.items[1].text : STR_NONE;
}

static int64_t told_archived(const struct told *told, int64_t before)
{
	struct str action = json_text(told->change, STR("action"));
	return str_is(action, "archive") ? told->time : str_is(action, "restore") ? 0 : before;
}

/* The columns that every kind has. */
static bool system_holds(const struct verifier *v, const struct told *told)
{
	const struct record_row *row = &v->now->row, none = { 0 }, *before = v->before ? &v->before->row : &none;
	int64_t entity;
	return row->since == told->time && id_parse(json_text(told->change, STR("entity")), &entity) && entity == row->entity &&
	       str_eq(row->state, told_state(told, before->state)) && row->archived == told_archived(told, before->archived) &&
	       str_eq(row->number, v->before ? before->number : json_text(told->change, STR("number"))) &&
	       (!v->before || (v->before->until == row->since && v->before->until_entry == row->entry));
}

static enum code check_version(struct verifier *v, struct error *e)
{
	const struct record_row *row = &v->now->row;
	struct told told;
	if (faulty(v))
		return OK;
	if (row->version != (v->before ? v->before->row.version + 1 : 1))
		return fault_here(v, NULL, N_("a version before this one is missing"), e);
	TRY(told_find(v->entries, row->entry, v->kind, row->id, row->version, &told, e));
	if (!told.change || (v->before == NULL) != str_is(json_text(told.change, STR("action")), "create"))
		return fault_here(v, NULL, N_("no entry of the journal tells of it"), e);
	if (!system_holds(v, &told))
		return fault_here(v, NULL, N_("its entity, state, number or times are not those that were written"), e);
	sort_fields(v, &told);
	for (const struct field *f = v->kind->fields; f->name && !faulty(v); f++)
		TRY(check_cell(v, &told, f, e));
	v->report.versions++;
	v->found_by_kind[v->kind->index]++;
	return OK;
}

static void turn(struct verifier *v)
{
	v->before = v->now;
	v->now = v->now == &v->versions[0] ? &v->versions[1] : &v->versions[0];
	arena_reset(v->now->arena);
	v->now->live = false;
}

static enum code check_record(struct verifier *v, int64_t id, struct error *e)
{
	v->before = NULL;
	arena_reset(v->now->arena);
	v->now->live = false;
	while (v->history.there && v->history.id == id && !faulty(v)) {
		TRY(read_past(v, e));
		TRY(check_version(v, e));
		TRY(stream_next(v, &v->history, e));
		turn(v);
	}
	if (faulty(v))
		return OK;
	if (!v->live.there || v->live.id != id) {
		v->now->row = (struct record_row){ .id = id, .version = v->before ? v->before->row.version + 1 : 0 };
		return fault_here(v, NULL, v->before ? N_("the record is gone, while its history is there")
						     : N_("a list of references stands there without its record"), e);
	}
	v->now->live = true;
	TRY(read_live(v, e));
	TRY(check_version(v, e));
	v->report.records++;
	return stream_next(v, &v->live, e);
}

/* The least id at hand in any table of the kind; false when all are read. */
static bool next_id(const struct verifier *v, int64_t *ret)
{
	const struct stream *first[2] = { &v->live, &v->history };
	int64_t least = INT64_MAX;
	bool any = false;
	for (size_t i = 0; i < 2; i++)
		if (first[i]->there && (!any || first[i]->id < least)) {
			least = first[i]->id;
			any = true;
		}
	for (const struct field *f = v->kind->fields; f->name; f++) {
		const struct stream *s = &v->links[f->index];
		if (f->type == FIELD_REFS && s->there && (!any || s->id < least)) {
			least = s->id;
			any = true;
		}
	}
	*ret = least;
	return any;
}

static enum code check_kind(struct verifier *v, const struct kind *k, struct error *e)
{
	int64_t id;
	v->kind = k;
	memset(v->links, 0, sizeof v->links);
	enum code code = streams_start(v, e);
	while (code == OK && !faulty(v) && next_id(v, &id))
		code = check_record(v, id, e);
	streams_stop(v);
	return code;
}

/* --- nothing is missing --------------------------------------------------------------------------- */

static bool is_elsewhere(const struct record_proof *p, const struct kind *k)
{
	for (const char *const *name = p->elsewhere; name && *name; name++)
		if (strcmp(*name, k->name) == 0)
			return true;
	return (k->flags & KIND_VIEW) != 0;
}

static enum code count_told(void *data, struct str kind, int64_t id, int64_t version, struct error *e)
{
	struct verifier *v = data;
	const struct kind *k = model_kind(v->proof->model, kind);
	if (k) /* kinds that are no longer declared stay as they are, unseen */
		v->told_by_kind[k->index]++;
	return OK;
}

static enum code look_for(struct verifier *v, const struct kind *k, int64_t id, int64_t version, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	statement_init(&s);
	buf_format(&s.sql, "SELECT (SELECT count(*) FROM %s WHERE id = ?1 AND version = ?2) + "
			   "(SELECT count(*) FROM %s_history WHERE id = ?1 AND version = ?2)", k->name, k->name);
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(v->proof->conn, buf_str(&s.sql), SQL_PARAMS(SQL_I(id), SQL_I(version)), &rows, e));
	TRY(rows_next(rows, &row, e));
	if (row && rows_int(rows, 0))
		return OK;
	return fault(v, k, id, version, NULL, N_("the journal tells of this version, and it is not there"), e);
}

static enum code find_missing(void *data, struct str kind, int64_t id, int64_t version, struct error *e)
{
	struct verifier *v = data;
	const struct kind *k = model_kind(v->proof->model, kind);
	if (faulty(v) || !k || is_elsewhere(v->proof, k) || v->told_by_kind[k->index] == v->found_by_kind[k->index])
		return OK;
	return look_for(v, k, id, version, e);
}

/* Every row found is told of, each by another change: when there are as many, nothing is missing. */
static enum code check_missing(struct verifier *v, struct error *e)
{
	bool same = true;
	TRY(changes_each(v->proof->conn, count_told, v, e));
	for (size_t i = 0; i < v->proof->model->kind_count; i++)
		same &= is_elsewhere(v->proof, v->proof->model->kinds[i]) || v->told_by_kind[i] == v->found_by_kind[i];
	return same ? OK : changes_each(v->proof->conn, find_missing, v, e);
}

static enum code verify_all(struct verifier *v, struct error *e)
{
	const struct model *m = v->proof->model;
	v->told_by_kind = ARENA_ARRAY(v->arena, m->kind_count + 1, int64_t);
	v->found_by_kind = ARENA_ARRAY(v->arena, m->kind_count + 1, int64_t);
	v->entries = entries_new(v->proof->conn, v->proof->cache_bytes);
	for (size_t i = 0; i < 2; i++)
		v->versions[i].arena = arena_new((size_t)1 << 30);
	if (!v->told_by_kind || !v->found_by_kind || !v->entries || !v->versions[0].arena || !v->versions[1].arena)
		return error_nomem(e);
	v->now = &v->versions[0];
	for (size_t i = 0; i < m->kind_count && !faulty(v); i++)
		if (!is_elsewhere(v->proof, m->kinds[i]))
			TRY(check_kind(v, m->kinds[i], e));
	return faulty(v) ? OK : check_missing(v, e);
}

enum code record_verify(const struct record_proof *p, struct arena *arena, struct record_report *ret, struct error *e)
{
	CLEAN_MEM struct verifier *v = mem_new(sizeof *v);
	if (!v)
		return error_nomem(e);
	v->proof = p;
	v->arena = arena;
	cells_init(&v->cells);
	v->cells.keyring = p->keyring;
	enum code code = verify_all(v, e);
	cells_done(&v->cells);
	entries_free(v->entries);
	arena_free(v->versions[0].arena);
	arena_free(v->versions[1].arena);
	if (code == OK)
		*ret = v->report;
	return code;
}

/* Records as they were, and as they were known. A kind's two tables hold each version once: `since` and `until` say when it
 * held, `entry` and `until_entry` by which entries of the journal that was learned. At every moment at most one version of a
 * record holds. Neighbours: past.h; versions.c writes what is read here. */
#include "past.h"
#include "record.sql.h"
#include <string.h>

/* --- which versions ------------------------------------------------------------------------------- */

/* An entry's id tells its time to the millisecond, but a transaction may be open for a while, and a clock be set: within this
 * span the journal itself is asked. */
#define DOUBT_MS INT64_C(3600000)
#define EPOCH_MS INT64_C(1704067200000) /* of ids: 2024-01-01 */

static enum code size_time(struct record_context *x, int64_t size, int64_t *ret, bool *ret_found, struct error *e)
{
	return sql_int(x->conn, SQL_TIME_OF_SIZE, SQL_PARAMS(SQL_I(size)), ret, ret_found, e);
}

enum code past_turn(struct record_context *x, struct sight *sight, const struct moment *m, struct error *e)
{
	struct past p = { .on = moment_past(m), .ever = !m->as_of_given, .at = m->at, .known = m->known, .limit = m->limit };
	int64_t time = m->limit;
	bool found = true;
	if (!p.on)
		return OK;
	if (p.known == KNOWN_SIZE)
		TRY(size_time(x, m->limit, &time, &found, e));
	p.surely = found ? time / 1000 - EPOCH_MS - DOUBT_MS : -1;
	p.perhaps = found ? time / 1000 - EPOCH_MS + DOUBT_MS : -1;
	sight->past = p;
	return OK;
}

/* "the entry in that column was known": node | milliseconds | 12 bits is an id. */
static void add_known(struct statement *s, const struct past *p, const char *column)
{
	buf_format(&s->sql, "(t.%s / 4096 %% 2199023255552 <= ", column);
	statement_param(s, SQL_I(p->surely));
	buf_format(&s->sql, " OR (t.%s / 4096 %% 2199023255552 <= ", column);
	statement_param(s, SQL_I(p->perhaps));
	buf_format(&s->sql, " AND EXISTS (SELECT 1 FROM journal_entry j WHERE j.id = t.%s AND j.%s ", column,
		   p->known == KNOWN_TIME ? "time <=" : "leaf <");
	statement_param(s, SQL_I(p->limit));
	buf_add_text(&s->sql, ")))");
}

void past_where(struct statement *s, const struct past *p)
{
	if (!p->ever) {
		buf_add_text(&s->sql, " AND t.since <= ");
		statement_param(s, SQL_I(p->at));
	}
	if (p->known != KNOWN_ALL) {
		buf_add_text(&s->sql, " AND ");
		add_known(s, p, "entry");
	}
	if (!s->history)
		return;
	buf_add_text(&s->sql, " AND (");
	if (!p->ever) {
		buf_add_text(&s->sql, "t.until > ");
		statement_param(s, SQL_I(p->at));
	}
	if (p->known != KNOWN_ALL) {
		buf_add_text(&s->sql, p->ever ? "NOT " : " OR NOT ");
		add_known(s, p, "until_entry");
	}
	buf_add_char(&s->sql, ')');
}

/* --- comparing ------------------------------------------------------------------------------------ */

bool past_names_subject(const struct field *f)
{
	return f->personal && f->type == FIELD_REF && strcmp(f->personal->subject, f->name) == 0 && !(f->flags & FIELD_NO_HISTORY);
}

/* A sealed cell ends with its subject (personal_write), which for such a field is the value. */
enum code past_subject(struct record_context *x, struct statement *s, const struct field *f, int64_t person, struct error *e)
{
	struct str ending = arena_format(x->arena, "%%\"subject\":\"%lld\"}", (long long)person);
	if (!ending.data)
		return error_nomem(e);
	if (!keyring_has(x->keyring, person)) { /* nothing was sealed, or nobody may know any more */
		buf_format(&s->sql, "t.%s = ''", f->name);
		return OK;
	}
	buf_format(&s->sql, "t.%s LIKE ", f->name);
	statement_param(s, SQL_T(ending));
	return OK;
}

enum code past_comparable(const struct field *f, struct error *e)
{
	if (f->flags & FIELD_NO_HISTORY)
		return error_fail(e, E_INVALID, N_("Past values of {field} are not kept"), { "field", str_of(f->name) });
	if (f->personal)
		return error_fail(e, E_INVALID, N_("Past values of {field} are kept sealed: they can be shown, but not compared or sorted by"),
				  { "field", str_of(f->name) });
	return OK;
}

/* --- reading -------------------------------------------------------------------------------------- */

void past_columns_add(struct buf *sql, const struct kind *k, const bool *wanted)
{
	buf_add_text(sql, "t.id, t.entity, t.version, t.state, t.number, t.since, t.entry, t.archived, t.until");
	for (const struct field *f = k->fields; f->name; f++) {
		size_t columns = !wanted || wanted[f->index] ? field_history_columns(f) : 0;
		if (columns > 0)
			buf_format(sql, ", t.%s", f->name);
		if (columns > 1)
			buf_format(sql, ", t.%s_currency", f->name);
	}
}

enum code past_open(struct record_context *x, const struct kind *k, const struct field *f, int64_t id, const struct json *j,
		    const struct json **ret, bool *ret_erased, struct error *e)
{
	struct str sealed = json_text(j, STR("sealed")), plain;
	int64_t subject = 0;
	*ret_erased = false;
	*ret = j;
	if (!id_parse(json_text(j, STR("subject")), &subject))
		return OK;
	*ret_erased = json_bool(j, STR("erased"), false);
	if (!sealed.len)
		return OK;
	struct str context = arena_format(x->arena, "%s.%s %lld", k->name, f->name, (long long)id);
	enum code code = context.data ? keyring_open(x->keyring, subject, sealed, context, x->arena, &plain, e) : error_nomem(e);
	if (code == E_NOT_FOUND) {
		error_clear(e);
		*ret_erased = true;
		return OK;
	}
	return code == OK ? json_parse(x->arena, plain, NULL, ret, e) : code;
}

/* As a value of the field, which may have been less strict when it was written. */
static enum code take(struct record_context *x, const struct field *f, const struct json *j, struct value *ret, enum lost *ret_lost,
		      struct error *e)
{
	struct field loose = *f;
	struct error ignored;
	error_init(&ignored, x->arena);
	loose.flags = FIELD_MULTILINE;
	loose.pattern = NULL;
	loose.min = 0;
	loose.max = f->type == FIELD_TEXT || f->type == FIELD_LOCAL || f->type == FIELD_JSON ? 1 << 20 : 0;
	if (f->type == FIELD_CHOICE)
		loose.type = FIELD_TEXT;
	enum code code = value_from_json(&loose, j, STR(""), x->arena, ret, &ignored);
	if (code == E_NOMEM)
		return error_nomem(e);
	if (code != OK) { /* its type is another now */
		*ret = (struct value){ 0 };
		*ret_lost = LOST_UNKEPT;
	}
	return OK;
}

static enum code read_json_cell(struct record_context *x, const struct kind *k, const struct field *f, int64_t id, struct sql_value cell,
				struct value *ret, enum lost *ret_lost, struct error *e)
{
	const struct json *j;
	bool erased;
	*ret = (struct value){ .set = true, .null = f->type != FIELD_REFS };
	if (cell.type != SQL_TEXT)
		return OK;
	TRY(json_parse(x->arena, cell.text, NULL, &j, e));
	TRY(past_open(x, k, f, id, j, &j, &erased, e));
	if (erased) {
		*ret_lost = LOST_ERASED;
		return OK;
	}
	return take(x, f, j, ret, ret_lost, e);
}

static enum code read_cell(struct record_context *x, const struct rows *rows, size_t *io_column, const struct kind *k, const struct field *f,
			   int64_t id, struct value *ret, enum lost *ret_lost, struct error *e)
{
	if (f->flags & FIELD_NO_HISTORY) {
		*ret_lost = LOST_UNKEPT;
		return OK;
	}
	if (f->personal || f->type == FIELD_REFS)
		return read_json_cell(x, k, f, id, rows_value(rows, (*io_column)++), ret, ret_lost, e);
	return field_read(rows, io_column, f, x->arena, ret, e);
}

enum code past_row_read(struct record_context *x, const struct rows *rows, const struct kind *k, const bool *wanted,
			struct record_row *ret, struct error *e)
{
	size_t column = 9;
	uint8_t *lost = ARENA_ARRAY(x->arena, k->field_count + 1, uint8_t);
	*ret = (struct record_row){ .id = rows_int(rows, 0), .entity = rows_int(rows, 1), .version = rows_int(rows, 2),
				    .state = rows_null(rows, 3) ? STR_NONE : arena_copy(x->arena, rows_text(rows, 3)),
				    .number = rows_null(rows, 4) ? STR_NONE : arena_copy(x->arena, rows_text(rows, 4)),
				    .since = rows_int(rows, 5), .entry = rows_int(rows, 6),
				    .archived = rows_null(rows, 7) ? 0 : rows_int(rows, 7), .until = rows_int(rows, 8), .lost = lost };
	ret->values = ARENA_ARRAY(x->arena, k->field_count + 1, struct value);
	if (!ret->values || !lost)
		return error_nomem(e);
	for (const struct field *f = k->fields; f->name; f++) {
		enum lost how = LOST_NOT;
		if (wanted && !wanted[f->index])
			continue;
		TRY(read_cell(x, rows, &column, k, f, ret->id, &ret->values[f->index], &how, e));
		lost[f->index] = (uint8_t)how;
	}
	return OK;
}

static enum code rows_of_table(struct record_context *x, const struct sight *sight, bool history, const int64_t *ids, size_t count,
			       const bool *wanted, struct record_row *ret, size_t *io_count, struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	const struct kind *k = sight->kind;
	bool row = true;
	statement_init(&s);
	s.history = history;
	buf_add_text(&s.sql, "SELECT ");
	if (history)
		past_columns_add(&s.sql, k, wanted);
	else
		row_columns_add(&s.sql, k, wanted);
	buf_format(&s.sql, " FROM %s%s t WHERE t.id = ANY(", k->name, history ? "_history" : "");
	statement_param(&s, SQL_LIST(ids, count));
	buf_add_char(&s.sql, ')');
	past_where(&s, &sight->past);
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), s.params, s.count, &rows, e));
	while (*io_count < count) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		struct record_row *r = &ret[*io_count];
		TRY(history ? past_row_read(x, rows, k, wanted, r, e) : row_read(rows, k, wanted, x->arena, r, e));
		++*io_count;
	}
	return OK;
}

enum code past_rows(struct record_context *x, const struct sight *sight, const int64_t *ids, size_t count, const bool *wanted,
		    struct record_row *ret, size_t *ret_count, struct error *e)
{
	size_t n = 0;
	TRY(rows_of_table(x, sight, false, ids, count, wanted, ret, &n, e));
	TRY(rows_read_links(x, sight->kind, ret, n, wanted, e));
	TRY(rows_of_table(x, sight, true, ids, count, wanted, ret, &n, e));
	*ret_count = n;
	return OK;
}

/* query.ask: a SELECT of the caller's, over the rows they see; query.check: what it would read, or what is wrong with it.
 * A column of which any visible row hides its value may be shown by "*", where it is then NULL, and named nowhere: nobody
 * filters, sorts or computes by what they may not read. */
#include "ask/ask.h"
#include "base/arena.h"
#include "base/clock.h"
#include "kernel/kernel.h"
#include "query/query.h"
#include "record/reading.h"
#include <string.h>

#define ROWS_USUAL 1000
#define ROWS_MOST 10000
#define MEMORY_MOST ((int64_t)256 << 20)

enum { IN_SQL, IN_LIMIT };
static const struct field ask_input[] = {
	{ .name = "sql", .type = FIELD_TEXT, .flags = FIELD_REQUIRED | FIELD_MULTILINE, .title = N_("SELECT, in PostgreSQL's language, over kinds"),
	  .max = QUERY_BYTES_MOST },
	{ .name = "limit", .type = FIELD_INT, .title = N_("Rows wanted at most"), .min = 1, .max = ROWS_MOST },
	{ 0 },
};
static const struct field check_input[] = {
	{ .name = "sql", .type = FIELD_TEXT, .flags = FIELD_REQUIRED | FIELD_MULTILINE, .title = N_("SELECT, in PostgreSQL's language, over kinds"),
	  .max = QUERY_BYTES_MOST },
	{ 0 },
};
static const struct field column_fields[] = {
	{ .name = "name", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Name") },
	{ .name = "type", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Type") },
	{ .name = "title", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Title") },
	{ .name = "kind", .type = FIELD_TEXT, .title = N_("Kind whose field it shows") },
	{ .name = "to", .type = FIELD_TEXT, .title = N_("Kind an id refers to") },
	{ 0 },
};
static const struct field column_item[] = { { .name = "column", .type = FIELD_OBJECT, .title = N_("Column"), .fields = column_fields }, { 0 } };
static const struct field row_item[] = { { .name = "row", .type = FIELD_JSON, .title = N_("Row, by the names of the columns") }, { 0 } };
static const struct field name_item[] = { { .name = "name", .type = FIELD_TEXT, .title = N_("Name") }, { 0 } };
static const struct field ask_output[] = {
	{ .name = "columns", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("Columns"), .fields = column_item },
	{ .name = "items", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("Rows"), .fields = row_item },
	{ .name = "truncated", .type = FIELD_BOOL, .flags = FIELD_REQUIRED, .title = N_("Are there more rows than were wanted?") },
	{ .name = "masked", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("Columns of which some values are hidden from you"), .fields = name_item },
	{ 0 },
};
static const struct field read_fields[] = {
	{ .name = "kind", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Kind") },
	{ .name = "columns", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("Columns"), .fields = name_item },
	{ 0 },
};
static const struct field read_item[] = { { .name = "table", .type = FIELD_OBJECT, .title = N_("Kind"), .fields = read_fields }, { 0 } };
static const struct field check_output[] = {
	{ .name = "valid", .type = FIELD_BOOL, .flags = FIELD_REQUIRED, .title = N_("Can it be asked?") },
	{ .name = "reason", .type = FIELD_TEXT, .title = N_("What is wrong with it") },
	{ .name = "line", .type = FIELD_INT, .title = N_("Line") },
	{ .name = "column", .type = FIELD_INT, .title = N_("Column") },
	{ .name = "offset", .type = FIELD_INT, .title = N_("Place, in bytes from the beginning") },
	{ .name = "tables", .type = FIELD_LIST, .title = N_("What it reads"), .fields = read_item },
	{ .name = "columns", .type = FIELD_LIST, .title = N_("Columns"), .fields = column_item },
	{ .name = "row_local", .type = FIELD_BOOL, .title = N_("Is each record judged by itself?") },
	{ .name = "depends_on_today", .type = FIELD_BOOL, .title = N_("Does the answer depend on the date or time?") },
	{ 0 },
};

/* --- columns -------------------------------------------------------------------------------------- */

/* A field that writes values of the column's type. */
static struct field shown_as(const struct query_output *o)
{
	static const enum field_type types[] = { [QUERY_NULL] = FIELD_TEXT, [QUERY_BOOL] = FIELD_BOOL, [QUERY_INT] = FIELD_INT,
						 [QUERY_DECIMAL] = FIELD_DECIMAL, [QUERY_TEXT] = FIELD_TEXT, [QUERY_DATE] = FIELD_DATE,
						 [QUERY_TIME] = FIELD_TIME, [QUERY_ID] = FIELD_ID, [QUERY_MONEY] = FIELD_MONEY,
						 [QUERY_JSON] = FIELD_JSON };
	return (struct field){ .name = "value", .type = types[o->type], .scale = o->scale };
}

static struct str column_title(const struct call *c, const struct query_output *o)
{
	const struct catalog *catalog = registry_model(c->registry)->catalog;
	return o->field ? catalog_get(catalog, c->lang, NULL, str_of(o->field->title)) : o->name;
}

static void write_columns(struct call *c, const struct query *q)
{
	struct json_writer *w = &c->json;
	json_name(w, STR("columns"));
	json_list(w);
	for (size_t i = 0; i < q->output_count; i++) {
		const struct query_output *o = &q->outputs[i];
		json_object(w);
		json_member_text(w, "name", o->name);
		json_member_text(w, "type", str_of(query_type_name(o->type)));
		json_member_text(w, "title", column_title(c, o));
		if (o->kind)
			json_member_text(w, "kind", str_of(o->kind->name));
		if (o->field && o->field->to && o->type == QUERY_ID)
			json_member_text(w, "to", str_of(o->field->to));
		json_object_end(w);
	}
	json_list_end(w);
}

/* --- what the caller sees ------------------------------------------------------------------------- */

struct asking {
	struct call *call;
	const struct query *query;
	const struct record_sight **sights; /* by table of the query */
};

static enum code make_sights(struct asking *a, struct error *e)
{
	const struct query *q = a->query;
	a->sights = ARENA_ARRAY(a->call->arena, q->table_count + 1, const struct record_sight *);
	if (!a->sights)
		return error_nomem(e);
	for (size_t i = 0; i < q->table_count; i++)
		TRY(record_sight_make(&a->call->record, q->tables[i].kind, &a->sights[i], e));
	return OK;
}

static bool is_hidden(const struct asking *a, size_t table, const struct query_column *column)
{
	return column->field && !record_sight_everywhere(a->sights[table], column->field);
}

static enum code refuse_column(const struct query_column *column, struct arena *arena, struct error *e)
{
	struct str line = arena_format(arena, "%zu", column->place.line), at = arena_format(arena, "%zu", column->place.column);
	error_fail(e, E_DENIED, N_("You may not filter, sort or count by {field}: some of its values are hidden from you"),
		   { "field", str_of(column->name) });
	error_while(e, N_("line {line}, column {column} of the query"), { "line", line }, { "column", at });
	return E_DENIED;
}

/* Writes "masked", or refuses. */
static enum code check_hidden(struct asking *a, struct json_writer *w, struct error *e)
{
	const struct query *q = a->query;
	if (w) {
		json_name(w, STR("masked"));
		json_list(w);
	}
	for (size_t t = 0; t < q->table_count; t++)
		for (size_t i = 0; i < q->tables[t].column_count; i++) {
			const struct query_column *column = &q->tables[t].columns[i];
			if (!is_hidden(a, t, column))
				continue;
			if (column->named)
				return refuse_column(column, a->call->arena, e);
			if (w)
				json_put_text(w, arena_format(a->call->arena, "%s.%s", q->tables[t].kind->name, column->name));
		}
	if (w)
		json_list_end(w);
	return OK;
}

static enum code relation(void *data, const struct query_table *table, struct query_text *out, struct error *e)
{
	struct asking *a = data;
	bool *wanted = ARENA_ARRAY(a->call->arena, table->kind->field_count + 1, bool);
	if (!wanted)
		return error_nomem(e);
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].field)
			wanted[table->columns[i].field->index] = true;
	return record_relation(&a->call->record, a->sights[table - a->query->tables], wanted, &out->sql, out->params, &out->count,
			       QUERY_PARAMS_MOST, e);
}

/* --- answering ------------------------------------------------------------------------------------ */

static void write_cell(struct json_writer *w, const struct query_output *o, const struct rows *rows, size_t *io_column)
{
	const struct field f = shown_as(o);
	struct sql_value cell = rows_value(rows, (*io_column)++);
	struct value v = { .set = true, .null = cell.type == SQL_NULL };
	struct str currency = o->type == QUERY_MONEY ? rows_text(rows, (*io_column)++) : STR_NONE;
	if (cell.type == SQL_TEXT)
		v.text = cell.text;
	else if (o->type != QUERY_MONEY)
		v.integer = cell.integer;
	else {
		v.money.minor = cell.integer;
		memcpy(v.money.currency, currency.data ? currency.data : "", currency.len < 3 ? currency.len : 3);
	}
	json_name(w, o->name);
	value_to_json(&f, &v, w);
}

static enum code write_rows(struct asking *a, struct rows *rows, size_t limit, struct error *e)
{
	struct json_writer *w = &a->call->json;
	bool row, more = false;
	json_name(w, STR("items"));
	json_list(w);
	for (size_t n = 0;; n++) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		more = n == limit;
		if (more)
			break;
		size_t column = 0;
		json_object(w);
		for (size_t i = 0; i < a->query->output_count; i++)
			write_cell(w, &a->query->outputs[i], rows, &column);
		json_object_end(w);
		if (!buf_ok(&a->call->out))
			break; /* the kernel tells why */
	}
	json_list_end(w);
	json_member_bool(w, "truncated", more);
	return OK;
}

static enum code run(struct asking *a, const struct query_text *text, size_t limit, struct error *e)
{
	struct call *c = a->call;
	CLEAN_ROWS struct rows *rows = NULL;
	TRY(sql_query_built(c->record.conn, buf_str(&text->sql), text->params, text->count, &rows, e));
	json_object(&c->json);
	write_columns(c, a->query);
	TRY(write_rows(a, rows, limit, e));
	TRY(check_hidden(a, &c->json, e));
	json_object_end(&c->json);
	return OK;
}

static enum code answer(struct asking *a, struct error *e)
{
	struct call *c = a->call;
	CLEAN_QUERY_TEXT struct query_text text;
	int64_t limit = call_int(c, IN_LIMIT, ROWS_USUAL);
	const struct query_emission how = { .store = store_type(kernel_store(c->kernel)), .today = date_of_time(c->record.now), .now = c->record.now,
					    .limit = limit + 1, .relation = relation, .data = a, .arena = c->arena };
	query_text_init(&text);
	TRY(query_emit(a->query, &how, &text, e));
	conn_ceiling(c->record.conn, MEMORY_MOST);
	enum code code = run(a, &text, (size_t)limit, e);
	conn_ceiling(c->record.conn, 0);
	return code;
}

static enum code ask(struct call *c, struct error *e)
{
	struct asking a = { .call = c };
	TRY(query_parse(registry_model(c->registry), call_text(c, IN_SQL), c->arena, &a.query, NULL, e));
	TRY(make_sights(&a, e));
	TRY(check_hidden(&a, NULL, e));
	return answer(&a, e);
}

/* --- checking ------------------------------------------------------------------------------------- */

static void write_tables(struct json_writer *w, const struct query *q)
{
	json_name(w, STR("tables"));
	json_list(w);
	for (size_t t = 0; t < q->table_count; t++) {
		json_object(w);
		json_member_text(w, "kind", str_of(q->tables[t].kind->name));
		json_name(w, STR("columns"));
		json_list(w);
		for (size_t i = 0; i < q->tables[t].column_count; i++)
			json_put_text(w, str_of(q->tables[t].columns[i].name));
		json_list_end(w);
		json_object_end(w);
	}
	json_list_end(w);
}

static enum code check(struct call *c, struct error *e)
{
	struct json_writer *w = &c->json;
	const struct model *m = registry_model(c->registry);
	const struct query *q;
	struct query_place place = { 0 };
	struct error fault;
	error_init(&fault, c->arena);
	enum code code = query_parse(m, call_text(c, IN_SQL), c->arena, &q, &place, &fault);
	if (code != OK && code != E_INVALID && code != E_LIMIT)
		return error_nomem(e);
	json_object(w);
	json_member_bool(w, "valid", code == OK);
	if (code != OK) {
		json_member_text(w, "reason", catalog_error(m->catalog, c->lang, &fault, c->arena));
		json_member_int(w, "line", (int64_t)place.line);
		json_member_int(w, "column", (int64_t)place.column);
		json_member_int(w, "offset", (int64_t)place.offset);
	} else {
		write_tables(w, q);
		write_columns(c, q);
		json_member_bool(w, "row_local", q->row_local);
		json_member_bool(w, "depends_on_today", q->uses_today || q->uses_now);
	}
	json_object_end(w);
	return OK;
}

static const struct operation operations[] = {
	{ .name = "query.ask", .help = N_("Ask a question of your own, in SQL, over what you may see"), .function = "query.ask", .access = OP_READ,
	  .input = ask_input, .output = ask_output, .run = ask },
	{ .name = "query.check", .help = N_("What a question would read, or what is wrong with it"), .function = "query.ask", .access = OP_READ,
	  .input = check_input, .output = check_output, .run = check },
	{ 0 },
};

const struct module ask_module = { .name = "ask", .operations = operations };

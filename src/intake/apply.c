/* What becomes of a staged import: looked at, applied in chunks, or cancelled. Each chunk is one call, one transaction and one journal
 * entry, and marks its rows done in it: whatever stops between two chunks, the next call goes on where the last one ended.
 * Neighbours: stage.c keeps the rows, rows.c carries them out. */
#include "base/arena.h"
#include "base/clock.h"
#include "intake.sql.h"
#include "internal.h"

#define STAGED_KEPT (7 * DAY)

enum { IN_ID };
enum { PAGE_ID, PAGE_OUTCOME, PAGE_AFTER, PAGE_LIMIT };

/* --- preview -------------------------------------------------------------------------------------- */

static enum code tell_counts(struct call *c, int64_t id, struct error *e)
{
	static const char *const names[] = { "waiting", "done" };
	for (int done = 0; done < 2; done++) {
		json_name(&c->json, str_of(names[done]));
		json_object(&c->json);
		for (size_t i = 0; i < OUTCOMES; i++) {
			int64_t n = 0;
			bool found;
			TRY(sql_int(c->record.conn, SQL_ROW_COUNT, SQL_PARAMS(SQL_I(id), SQL_T(str_of(outcome_names[i])), SQL_I(done)), &n, &found, e));
			json_name(&c->json, str_of(outcome_names[i]));
			json_put_int(&c->json, n);
		}
		json_object_end(&c->json);
	}
	return OK;
}

static void tell_row(struct call *c, const struct rows *rows)
{
	json_object(&c->json);
	json_member_int(&c->json, "line", rows_int(rows, 0));
	json_member_text(&c->json, "outcome", rows_text(rows, 1));
	json_member_bool(&c->json, "done", rows_int(rows, 2) != 0);
	if (rows_int(rows, 3))
		json_member_id(&c->json, "record", rows_int(rows, 3));
	json_name(&c->json, STR("detail"));
	json_put_raw(&c->json, rows_text(rows, 4));
	json_object_end(&c->json);
}

static enum code import_preview(struct call *c, struct error *e)
{
	const struct kind *k;
	CLEAN_ROWS struct rows *rows = NULL;
	struct str outcome = call_text(c, PAGE_OUTCOME);
	int64_t id = call_int(c, PAGE_ID, 0);
	bool more;
	TRY(import_open(c, id, NULL, &k, e));
	json_object(&c->json);
	json_member_id(&c->json, "import", id);
	TRY(tell_counts(c, id, e));
	TRY(sql_query(c->record.conn, outcome.len ? SQL_ROW_PAGE_OF : SQL_ROW_PAGE,
		      (const struct sql_value[]){ SQL_I(id), SQL_I(call_int(c, PAGE_AFTER, 0)), SQL_I(call_int(c, PAGE_LIMIT, 50)), SQL_T(outcome) },
		      outcome.len ? 4 : 3, &rows, e));
	json_name(&c->json, STR("rows"));
	json_list(&c->json);
	for (;;) {
		TRY(rows_next(rows, &more, e));
		if (!more)
			break;
		tell_row(c, rows);
	}
	json_list_end(&c->json);
	json_object_end(&c->json);
	return OK;
}

/* --- apply ---------------------------------------------------------------------------------------- */

static enum code due_rows(struct call *c, int64_t id, struct import_row *ret, size_t *ret_count, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool more;
	TRY(sql_query(c->record.conn, SQL_ROW_DUE, SQL_PARAMS(SQL_I(id), SQL_I(APPLY_ROWS)), &rows, e));
	for (*ret_count = 0;; ++*ret_count) {
		TRY(rows_next(rows, &more, e));
		if (!more)
			return OK;
		bool create = str_is(rows_text(rows, 1), "create");
		ret[*ret_count] = (struct import_row){ .line = rows_int(rows, 0), .outcome = create ? ROW_CREATE : ROW_CHANGE,
						       .target = rows_int(rows, 2), .version = create ? -1 : rows_int(rows, 3),
						       .entity = rows_int(rows, 4), .input = arena_copy(c->arena, rows_text(rows, 5)) };
		if (!ret[*ret_count].input.data)
			return error_nomem(e);
	}
}

static enum code apply_rows(struct call *c, const struct kind *k, int64_t id, struct import_row *rows, size_t count, int64_t done[OUTCOMES],
			    struct error *e)
{
	for (size_t i = 0; i < count; i++) {
		struct import_row *row = &rows[i];
		struct record_ref ref;
		TRY(row_unpack(c, k, row, e));
		TRY(row_run(c, &c->record, k, row, &ref, e));
		done[row->outcome]++;
		bool told = row->outcome == ROW_CONFLICT || row->outcome == ROW_ERROR; /* old and new values are in the record's history now */
		TRY(sql_exec(c->record.conn, SQL_ROW_DONE,
			     SQL_PARAMS(SQL_I(id), SQL_I(row->line), SQL_T(str_of(outcome_names[row->outcome])), SQL_I(ref.id), SQL_I(ref.version),
					told ? SQL_T(row->detail) : SQL_T(STR("{}"))), NULL, e));
	}
	return OK;
}

static enum code import_apply(struct call *c, struct error *e)
{
	const struct kind *k;
	struct import_row *rows = ARENA_ARRAY(c->arena, APPLY_ROWS, struct import_row);
	int64_t id = call_int(c, IN_ID, 0), left = 0, done[OUTCOMES] = { 0 };
	size_t count;
	bool found;
	if (!rows)
		return error_nomem(e);
	TRY(import_open(c, id, "staged", &k, e));
	TRY(due_rows(c, id, rows, &count, e));
	TRY(apply_rows(c, k, id, rows, count, done, e));
	TRY(sql_int(c->record.conn, SQL_ROW_DUE_COUNT, SQL_PARAMS(SQL_I(id)), &left, &found, e));
	if (!left) {
		TRY(sql_exec(c->record.conn, SQL_ROWS_FORGET, SQL_PARAMS(SQL_I(id)), NULL, e));
		TRY(sql_exec(c->record.conn, SQL_RUN_STATE, SQL_PARAMS(SQL_I(id), SQL_T(STR("applied"))), NULL, e));
	}
	json_object(&c->json);
	json_member_int(&c->json, "left", left);
	for (size_t i = 0; i < OUTCOMES; i++) {
		json_name(&c->json, str_of(outcome_names[i]));
		json_put_int(&c->json, done[i]);
	}
	json_object_end(&c->json);
	return OK;
}

static enum code import_cancel(struct call *c, struct error *e)
{
	const struct kind *k;
	int64_t id = call_int(c, IN_ID, 0);
	TRY(import_open(c, id, "staged", &k, e));
	TRY(sql_exec(c->record.conn, SQL_ROWS_FORGET, SQL_PARAMS(SQL_I(id)), NULL, e));
	TRY(sql_exec(c->record.conn, SQL_RUN_STATE, SQL_PARAMS(SQL_I(id), SQL_T(STR("cancelled"))), NULL, e));
	json_object(&c->json);
	json_member_id(&c->json, "import", id);
	json_object_end(&c->json);
	return OK;
}

/* --- the table ------------------------------------------------------------------------------------ */

static const struct choice outcome_choices[] = {
	{ "create", N_("Create") }, { "change", N_("Change") }, { "unchanged", N_("Unchanged") }, { "conflict", N_("Conflict") },
	{ "error", N_("Error") }, { 0 },
};
static const struct field id_input[] = {
	[IN_ID] = { .name = "import", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Import") },
	{ 0 },
};
static const struct field page_input[] = {
	[PAGE_ID] = { .name = "import", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Import") },
	[PAGE_OUTCOME] = { .name = "outcome", .type = FIELD_CHOICE, .choices = outcome_choices, .title = N_("Only rows of this outcome") },
	[PAGE_AFTER] = { .name = "after", .type = FIELD_INT, .title = N_("Line after which to go on") },
	[PAGE_LIMIT] = { .name = "limit", .type = FIELD_INT, .title = N_("How many rows"), .min = 1, .max = 1000 },
	{ 0 },
};
#define COUNTS                                                                                                               \
	{ .name = "create", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Create") },                              \
	{ .name = "change", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Change") },                              \
	{ .name = "unchanged", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Unchanged") },                        \
	{ .name = "conflict", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Conflict") },                          \
	{ .name = "error", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Error") }
static const struct field stage_output[] = {
	{ .name = "import", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Import") },
	{ .name = "kind", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Kind of the records") },
	COUNTS,
	{ .name = "columns", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("Which field each column is, and how that is known") },
	{ 0 },
};
static const struct field apply_output[] = {
	{ .name = "left", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Rows still to be applied: call again") },
	COUNTS,
	{ 0 },
};
static const struct field preview_output[] = {
	{ .name = "import", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Import") },
	{ .name = "waiting", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("Rows not applied, by outcome") },
	{ .name = "done", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("Rows applied, by outcome") },
	{ .name = "rows", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("Rows with what would change, or why not") },
	{ 0 },
};
static const struct field cancel_output[] = {
	{ .name = "import", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Import") },
	{ 0 },
};

static const struct operation operations[] = {
	{ .name = "import.stage", .help = N_("Try the rows of a CSV file and keep them with what would happen"), .access = OP_WRITE,
	  .flags = OP_NO_PROPOSAL | OP_SECRET, .input = import_stage_input, .output = stage_output, .prepare = import_stage_prepare,
	  .run = import_stage },
	{ .name = "import.preview", .help = N_("Show what a staged import would do, row by row"), .access = OP_READ, .input = page_input,
	  .output = preview_output, .run = import_preview },
	{ .name = "import.apply", .help = N_("Apply the next 1,000 rows of a staged import as one change"), .access = OP_WRITE,
	  .flags = OP_NO_PROPOSAL, .input = id_input, .output = apply_output, .run = import_apply },
	{ .name = "import.cancel", .help = N_("Give a staged import up; what was applied of it stays"), .access = OP_WRITE,
	  .flags = OP_NO_PROPOSAL, .input = id_input, .output = cancel_output, .run = import_cancel },
	{ 0 },
};

static const struct table_def run_table = {
	.name = "import_run",
	.columns = (const struct column_def[]){ { "id", COLUMN_INT, true, NULL }, { "kind", COLUMN_TEXT, true, NULL },
						{ "source", COLUMN_TEXT, true, NULL }, { "author", COLUMN_INT, true, NULL },
						{ "made", COLUMN_INT, true, NULL }, { "state", COLUMN_TEXT, true, NULL },
						{ "headers", COLUMN_TEXT, true, NULL }, { "mapping", COLUMN_TEXT, true, NULL },
						{ "lines", COLUMN_INT, true, NULL }, { 0 } },
	.primary_key = "id",
};
static const struct table_def row_table = {
	.name = "import_row",
	.columns = (const struct column_def[]){ { "import", COLUMN_INT, true, NULL }, { "line", COLUMN_INT, true, NULL },
						{ "outcome", COLUMN_TEXT, true, NULL }, { "done", COLUMN_INT, true, NULL },
						{ "target", COLUMN_INT, true, NULL }, { "version", COLUMN_INT, true, NULL },
						{ "entity", COLUMN_INT, true, NULL }, { "input", COLUMN_TEXT, false, NULL },
						{ "detail", COLUMN_TEXT, true, NULL }, { 0 } },
	.primary_key = "import, line",
	.without_rowid = true,
};
static const struct table_def *const tables[] = { &run_table, &row_table, NULL };

/* What nobody applied is given up, and its cells with it: they may be about people. */
static enum code run_lapse(struct kernel *k, struct conn *c, void *state, bool *ret_again, struct error *e)
{
	int64_t before = clock_now(kernel_clock(k)) - STAGED_KEPT;
	TRY(conn_begin(c, e));
	enum code code = sql_exec(c, SQL_ROWS_LAPSE, SQL_PARAMS(SQL_I(before)), NULL, e);
	if (code == OK)
		code = sql_exec(c, SQL_RUNS_LAPSE, SQL_PARAMS(SQL_I(before)), NULL, e);
	if (code == OK)
		return conn_commit(c, e);
	conn_rollback(c);
	return code;
}

static const struct job_spec jobs[] = {
	{ .name = "imports", .help = N_("Give up imports that nobody applied for a week"), .every = 3600 * SECOND, .leased = true, .writes = true,
	  .run = run_lapse },
	{ 0 },
};

const struct module intake_module = { .name = "intake", .operations = operations, .tables = tables, .jobs = jobs };

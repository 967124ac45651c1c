/* One row of a file: its cells become values, and the values a record, by the write path and nothing else.
 * Neighbours: stage.c tries rows and undoes them, apply.c keeps them. */
#include "base/arena.h"
#include "internal.h"
#include "record/changes.h"
#include "record/numbers.h"
#include <string.h>

const char *const outcome_names[OUTCOMES] = { "create", "change", "unchanged", "conflict", "error" };

/* --- cells and values ----------------------------------------------------------------------------- */

static void tell_fault(struct call *c, struct json_writer *w, struct str column, const struct error *e)
{
	json_object(w);
	json_member_text(w, "column", column);
	json_member_text(w, "message", catalog_error(c->record.model->catalog, c->lang, e, c->arena));
	json_object_end(w);
}

static enum code cell_read(struct call *c, const struct kind *k, const struct column *column, struct str cell, struct import_row *row,
			   struct error *e)
{
	static const struct field id = { .name = "id", .type = FIELD_ID, .title = N_("Record") };
	struct str currency = config_text(kernel_config(c->kernel), "currency");
	struct value v = { 0 };
	cell = str_trim(cell);
	if (column->is == COLUMN_IS_FIELD && !cell.len) {
		row->values[column->field->index] = (struct value){ .set = true, .null = true };
		return OK;
	}
	if (column->is == COLUMN_IS_FIELD)
		return value_from_text(column->field, cell, STR_NONE, currency, c->arena, &row->values[column->field->index], e);
	if (column->is == COLUMN_UNUSED || !cell.len)
		return OK;
	TRY(value_from_text(&id, cell, STR_NONE, currency, c->arena, &v, e));
	*(column->is == COLUMN_IS_ID ? &row->target : &row->entity) = v.integer;
	return OK;
}

enum code row_decode(struct call *c, const struct kind *k, const struct column *columns, const struct csv_row *cells, struct import_row *row,
		   struct error *e)
{
	CLEAN_BUF struct buf detail;
	struct json_writer w;
	row->values = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	if (!row->values)
		return error_nomem(e);
	buf_init(&detail, 0);
	json_writer_init(&w, &detail);
	json_list(&w);
	for (size_t i = 0; i < cells->count; i++) {
		struct error fault;
		error_init(&fault, c->arena);
		enum code code = cell_read(c, k, &columns[i], cells->cells[i], row, &fault);
		if (code != OK && code != E_INVALID)
			return error_fail(e, code, N_("A row could not be read"));
		if (code != OK) {
			row->outcome = ROW_ERROR;
			tell_fault(c, &w, columns[i].header, &fault);
		}
	}
	json_list_end(&w);
	row->detail = row->outcome == ROW_ERROR ? arena_copy(c->arena, buf_str(&detail)) : STR("[]");
	return buf_ok(&detail) && row->detail.data ? OK : error_nomem(e);
}

enum code row_pack(struct call *c, const struct kind *k, struct import_row *row, struct error *e)
{
	CLEAN_BUF struct buf out;
	struct json_writer w;
	buf_init(&out, 0);
	json_writer_init(&w, &out);
	json_object(&w);
	for (const struct field *f = k->fields; f->name; f++) {
		if (!row->values[f->index].set)
			continue;
		json_name(&w, str_of(f->name));
		value_to_json(f, &row->values[f->index], &w);
	}
	json_object_end(&w);
	row->input = arena_copy(c->arena, buf_str(&out));
	return buf_ok(&out) && row->input.data ? OK : error_nomem(e);
}

enum code row_unpack(struct call *c, const struct kind *k, struct import_row *row, struct error *e)
{
	const struct json *input;
	row->values = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	if (!row->values)
		return error_nomem(e);
	TRY(json_parse(c->arena, row->input, NULL, &input, e));
	return values_from_json(k->fields, input, true, c->record.now, c->arena, row->values, e);
}

/* --- carrying out --------------------------------------------------------------------------------- */

static void tell_changes(struct json_writer *w, const struct kind *k, const struct value *before, const struct value *after)
{
	json_object(w);
	for (const struct field *f = k->fields; f->name; f++) {
		const struct value *was = &before[f->index], *is = &after[f->index];
		if (!is->set || value_equal(f, was, is))
			continue;
		json_name(w, str_of(f->name));
		json_list(w);
		value_to_json(f, was, w);
		value_to_json(f, is, w);
		json_list_end(w);
	}
	json_object_end(w);
}

/* The old values are told only after record_update() allowed the change: who may not read a field may not write it. */
static enum code change(struct record_context *x, const struct kind *k, struct import_row *row, struct buf *detail, struct record_ref *ret,
			struct error *e)
{
	struct value *before = ARENA_ARRAY(x->arena, k->field_count + 1, struct value);
	struct json_writer w;
	struct record_ref was;
	if (!before)
		return error_nomem(e);
	TRY(record_load(x, k, row->target, before, &was, e));
	TRY(record_update(x, k, row->target, row->version, row->entity, row->values, ret, e));
	row->outcome = ret->version == was.version ? ROW_UNCHANGED : ROW_CHANGE;
	row->version = was.version;
	json_writer_init(&w, detail);
	tell_changes(&w, k, before, row->values);
	return OK;
}

static enum code carry_out(struct record_context *x, const struct kind *k, struct import_row *row, struct buf *detail,
			   struct record_ref *ret, struct error *e)
{
	bool told = row->target != 0;
	if (!told)
		TRY(record_same(x, k, row->values, &row->target, e));
	if (row->outcome == ROW_CREATE && row->version < 0 && row->target)
		return error_fail(e, E_CONFLICT, N_("Since the file was staged somebody has made the same {kind}"), { "kind", str_of(k->name) });
	if (row->version < 0)
		row->version = 0;
	if (row->target) {
		enum code code = change(x, k, row, detail, ret, e);
		return code == E_NOT_FOUND && !told ?
			error_fail(e, E_CONFLICT, N_("Another {kind} with the same identification exists already"), { "kind", str_of(k->name) }) : code;
	}
	row->outcome = ROW_CREATE;
	buf_add_text(detail, "{}");
	for (size_t i = 0; i < k->field_count; i++) /* an empty cell clears a value; where there is none yet it leaves room for the default */
		row->values[i].set &= !row->values[i].null;
	return record_create(x, k, row->entity, row->values, ret, e);
}

/* Every wrong field with its own words, or the refusal as a whole. */
static void tell_refusal(struct call *c, struct buf *detail, const struct error *refusal)
{
	struct json_writer w;
	buf_clear(detail);
	json_writer_init(&w, detail);
	json_list(&w);
	for (const struct error_item *item = refusal->items; item; item = item->next) {
		struct str message = catalog_format(c->record.model->catalog, c->lang, item->msgid, item->args, c->arena);
		json_object(&w);
		json_member_text(&w, "column", str_slice(item->pointer, item->pointer.len > 0, item->pointer.len));
		json_member_text(&w, "message", message);
		json_object_end(&w);
	}
	if (!refusal->items)
		tell_fault(c, &w, STR(""), refusal);
	json_list_end(&w);
}

enum code row_run(struct call *c, struct record_context *x, const struct kind *k, struct import_row *row, struct record_ref *ret,
		  struct error *e)
{
	CLEAN_BUF struct buf detail;
	struct error refusal;
	size_t marks = keyring_marks(x->keyring);
	*ret = (struct record_ref){ 0 };
	buf_init(&detail, 0);
	error_init(&refusal, x->arena);
	TRY(conn_save(x->conn, e));
	enum code code = carry_out(x, k, row, &detail, ret, &refusal);
	if (code == OK) {
		TRY(conn_keep(x->conn, e));
	} else {
		conn_undo(x->conn);
		keyring_undo(x->keyring, marks);
		numbers_rolled_back(x->numbers);
		if (code == E_NOMEM || code == E_IO || code == E_BUSY || code == E_INTERNAL)
			return error_fail(e, code, N_("The change could not be stored; nothing was changed"));
		row->outcome = code == E_CONFLICT ? ROW_CONFLICT : ROW_ERROR;
		tell_refusal(c, &detail, &refusal);
	}
	row->detail = arena_copy(c->arena, buf_str(&detail));
	return buf_ok(&detail) && row->detail.data ? OK : error_nomem(e);
}

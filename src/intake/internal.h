/* Inside the intake engine: what its files share. */
#pragma once
#include "base/vec.h"
#include "intake/csv.h"
#include "intake/intake.h"
#include "kernel/call.h"
#include "kernel/kernel.h"

#define CHUNK_ROWS 5000  /* in one call of import.stage: they are tried on the writer */
#define APPLY_ROWS 1000  /* in one journal entry */

/* --- columns.c: which column of a file is which field ---------------------------------------------- */

enum column_is { COLUMN_UNUSED, COLUMN_IS_FIELD, COLUMN_IS_ID, COLUMN_IS_ENTITY };
enum column_why { WHY_NONE, WHY_GIVEN, WHY_NAME, WHY_TITLE };
struct column {
	struct str header;
	enum column_is is;
	enum column_why why;
	const struct field *field;
};
/* `mapping` is {header: field name or null}, NULL: all are guessed, by the field's name and by its title in the six languages. */
enum code columns_find(const struct model *m, const struct kind *k, const struct json *mapping, const struct str *headers, size_t count,
		       struct arena *arena, struct column *ret, struct error *e);
void columns_tell(const struct column *columns, size_t count, struct json_writer *w);

/* --- rows.c: one row, read and carried out -------------------------------------------------------- */

enum outcome { ROW_CREATE, ROW_CHANGE, ROW_UNCHANGED, ROW_CONFLICT, ROW_ERROR, OUTCOMES };
extern const char *const outcome_names[OUTCOMES];

struct import_row {
	int64_t line;
	int64_t target;  /* 0: a new record, or what its identification finds */
	int64_t version; /* expected of the target, 0: any */
	int64_t entity;
	struct value *values;
	enum outcome outcome;
	struct str input, detail; /* JSON */
};

/* Decodes cells into row->values. What is wrong makes it ROW_ERROR with the columns in `detail`; only memory fails. */
enum code row_decode(struct call *c, const struct kind *k, const struct column *columns, const struct csv_row *cells, struct import_row *row,
		   struct error *e);
/* row->input ↔ row->values. */
enum code row_pack(struct call *c, const struct kind *k, struct import_row *row, struct error *e);
enum code row_unpack(struct call *c, const struct kind *k, struct import_row *row, struct error *e);
/* Creates or changes the record, in a savepoint; what refuses it makes it a conflict or an error with the reason. `x` says with which
 * arena and changes. Fills outcome, detail, target, version. */
enum code row_run(struct call *c, struct record_context *x, const struct kind *k, struct import_row *row, struct record_ref *ret,
		  struct error *e);

extern const struct field import_stage_input[];
enum code import_stage_prepare(struct call *c, struct error *e);
enum code import_stage(struct call *c, struct error *e);
/* The kind of an import of the caller's own, which must be in this state (NULL: any); writers lock it. */
enum code import_open(struct call *c, int64_t id, const char *state, const struct kind **ret, struct error *e);

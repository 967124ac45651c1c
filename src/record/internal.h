/* What the files of the record module share.
 *   columns.c  fields ↔ SQL columns, live and history      sight.c   what a caller may see of a kind
 *   select.c   checked list requests → SQL                  rows.c    rows → values → JSON
 *   texts.c    SQL built once per kind                      list.c, history.c, links.c, titles.c   reading
 *   write.c, erase.c, upsert.c   the write path             versions.c, references.c   its hands
 *   moment.c, past.c   records as they were and as they were known
 *   changes.c  the journal's payload                        schema.c, layout.c   tables of kinds, versioned */
#pragma once
#include "base/arena.h"
#include "record/changes.h"
#include "record/numbers.h"
#include "record/record.h"

#define PARAMS_MOST 500

/* --- columns.c ------------------------------------------------------------------------------------ */

/* SQL being built, with the parameters that belong to it. Everything lives in the call's arena. */
struct statement {
	struct buf sql;
	struct sql_value params[PARAMS_MOST];
	size_t count;
	bool full;    /* more parameters than there is room for */
	bool history; /* reads past versions: the columns are those of <kind>_history */
};
void statement_init(struct statement *s);
void statement_done(struct statement *s);
/* Adds a parameter and its place "?n" to the text. */
void statement_param(struct statement *s, struct sql_value v);
enum code statement_ok(const struct statement *s, struct error *e);
static inline void statement_cleanup_(struct statement *s) { statement_done(s); }
#define CLEAN_STATEMENT __attribute__((cleanup(statement_cleanup_)))

/* Columns of a field in the live table (0 for FIELD_REFS, 2 for FIELD_MONEY). */
size_t field_columns(const struct field *f);
enum column_type field_column_type(const struct field *f);
/* Columns in the history table: none without history; personal ones are one text each, sealed. */
size_t field_history_columns(const struct field *f);
static inline bool value_given(const struct value *v) { return v->set && !v->null; }
/* Adds ", name, cost, cost_currency …" of all fields, each behind `prefix`. */
void columns_add(struct buf *sql, const struct kind *k, const char *prefix, const bool *wanted);
/* Parameters for one field's columns in the live table; answers how many (0 to 2). */
size_t field_params(const struct field *f, const struct value *v, struct sql_value *ret);
/* The first of them: what filters and sorting compare. */
struct sql_value field_sql(const struct field *f, const struct value *v);
/* Reads a field from a row at *io_column, moving it on; texts are copied into the arena. */
enum code field_read(const struct rows *rows, size_t *io_column, const struct field *f, struct arena *arena,
		     struct value *ret, struct error *e);
/* "device_tags": the link table of a FIELD_REFS. */
void link_table(struct buf *sql, const struct kind *k, const struct field *f);

/* --- texts.c -------------------------------------------------------------------------------------- */

enum text {
	TEXT_INSERT,    /* a live row: id, entity, version, state, number, since, entry, then field_params() of each field */
	TEXT_HISTORY,   /* a history row: the ten system columns, then field_history_columns() of each field */
	TEXT_LOAD,      /* ?1 → row_columns_add() */
	TEXT_LOCK,      /* the same, locked */
	TEXT_SEEK,      /* ?1 → id, entity, owner (NULL: nobody's), unless archived */
	TEXT_SEEK_MANY, /* the same of a list */
	TEXT_COUNT
};
struct texts; /* kept by struct numbers, as long as the writer's connection */
struct texts *texts_new(void);
void texts_free(struct texts *t);
struct texts *numbers_texts(struct numbers *n);
struct kind_access;
enum code texts_access(struct record_context *x, const struct kind *k, const struct kind_access **ret, struct error *e);
enum code text_exec(struct record_context *x, const struct kind *k, enum text which, const struct sql_value *params, size_t count,
		    struct error *e);
enum code text_query(struct record_context *x, const struct kind *k, enum text which, const struct sql_value *params, size_t count,
		     struct rows **ret, struct error *e);

/* --- rows.c --------------------------------------------------------------------------------------- */

struct record_row { /* one live row, or a past version */
	int64_t id, entity, version, since, entry, archived; /* archived 0: not */
	int64_t until;                                       /* of a past version; 0: it is the newest */
	struct str state, number;
	struct value *values;
	const uint8_t *lost; /* of a past version, by field index: enum lost; NULL: nothing is */
};
/* "t.id, t.entity, …": the columns row_read expects. `wanted` by field index, NULL: all; the others stay unset. */
void row_columns_add(struct buf *sql, const struct kind *k, const bool *wanted);
enum code row_read(const struct rows *rows, const struct kind *k, const bool *wanted, struct arena *arena, struct record_row *ret,
		   struct error *e);
/* Reads FIELD_REFS of many rows: one query per field. `wanted` by field index, NULL: all. */
enum code rows_read_links(struct record_context *x, const struct kind *k, struct record_row *rows, size_t count,
			  const bool *wanted, struct error *e);
/* One live row by id; E_NOT_FOUND. `lock`: FOR UPDATE. */
enum code row_load(struct record_context *x, const struct kind *k, int64_t id, bool lock, struct record_row *ret, struct error *e);
int64_t row_owner(const struct kind *k, const struct record_row *row);

/* --- sight.c -------------------------------------------------------------------------------------- */

enum verb { VERB_READ, VERB_CREATE, VERB_UPDATE, VERB_ARCHIVE, VERB_ERASE, VERB_COUNT };
#define NO_FUNCTION (-1) /* held by nobody but the program */

struct kind_access { /* the functions of a kind by their index, found once */
	int verbs[VERB_COUNT];
	unsigned group_count;
	const int *functions;      /* of each group of fields */
	const uint8_t *groups;     /* by field index: group + 1; 0: read with the row */
	const struct field *owner; /* NULL: none, or the record itself */
	_Alignas(int) char rest[];
};
size_t kind_access_size(const struct kind *k);
void kind_access_fill(const struct model *m, const struct kind *k, struct kind_access *a);

struct past { /* a moment, as conditions on rows: past.c */
	bool on;
	bool ever; /* no as_of: whatever is the newest of what was known */
	int64_t at;
	enum knowledge known;
	int64_t limit;
	int64_t surely, perhaps; /* milliseconds in ids of entries: known at all events; known if the journal says so */
};

struct sight { /* what the caller sees of a kind */
	const struct kind *kind;
	struct past past; /* the moment it is looked at */
	const struct kind_access *access;
	struct entity_set rows;
	struct entity_set *groups; /* NULL: every field */
};
enum code sight_make(struct record_context *x, const struct kind *k, struct sight *ret, struct error *e);
/* The rows only, for who asks about no field. */
enum code sight_make_rows(struct record_context *x, const struct kind *k, struct sight *ret, struct error *e);
/* One row and what the caller sees of it. What one may not see does not exist: E_NOT_FOUND. */
enum code sight_load(struct record_context *x, const struct kind *k, int64_t id, struct sight *ret, struct record_row *ret_row,
		     struct error *e);
/* Is what stands at that entity and belongs to that person (0: nobody) visible? */
bool sight_place(const struct sight *s, const struct record_context *x, int64_t entity, int64_t owner);
bool sight_row(const struct sight *s, const struct record_context *x, const struct record_row *row);
bool sight_field_place(const struct sight *s, const struct record_context *x, int64_t entity, int64_t owner, const struct field *f);
bool sight_field(const struct sight *s, const struct record_context *x, const struct record_row *row, const struct field *f);
/* May the caller filter, sort or count by it? Only when no visible row hides it. */
bool sight_field_everywhere(const struct sight *s, const struct field *f);
/* Adds " AND (…)": the rows the caller may see. */
enum code sight_where(struct statement *s, const struct sight *sight, struct record_context *x, struct error *e);
/* Adds a field's column, NULL in the rows that hide it. */
enum code sight_column(struct statement *s, const struct sight *sight, const struct field *f, const char *column, struct record_context *x,
		       struct error *e);
/* The refusal to filter, sort or count by a field. */
enum code sight_refuse(const struct field *f, struct error *e);
/* decide() with the refusal told; notes the authority. amount -1: none. */
enum code record_decide(struct record_context *x, const char *function, int64_t entity, int64_t owner, int64_t amount,
			struct error *e);
/* The same for "<kind>.<verb>". */
enum code record_decide_verb(struct record_context *x, const struct kind *k, enum verb verb, int64_t entity, int64_t owner,
			     struct error *e);
enum code record_not_found(const struct kind *k, int64_t id, struct error *e);

/* --- select.c ------------------------------------------------------------------------------------- */

/* " WHERE …" with everything a request asks and the caller may see; checks masked fields. */
enum code select_where(struct record_context *x, struct statement *s, const struct sight *sight, const struct record_query *q,
		       bool with_cursor, struct error *e);
enum code select_order(struct statement *s, const struct record_query *q, struct error *e);
/* The same order between two rows, each of another table. */
int select_compare(const struct record_query *q, const struct record_row *a, const struct record_row *b);
/* The cursor that goes on after `last`. */
struct str select_cursor(struct record_context *x, const struct record_query *q, const struct record_row *last);

/* --- list.c --------------------------------------------------------------------------------------- */

enum code count_rows(struct record_context *x, const struct sight *sight, const struct record_query *q, int64_t *ret, struct error *e);

/* --- titles: what a record is called -------------------------------------------------------------- */

struct titles; /* id → title, for one kind, at a moment */
enum code titles_read(struct record_context *x, const struct kind *k, const struct moment *m, const int64_t *ids, size_t count,
		      struct titles **ret, struct error *e);
void titles_write(const struct titles *t, int64_t id, struct json_writer *out);
void titles_free(struct titles *t);

/* --- holds.c -------------------------------------------------------------------------------------- */

/* Before looking for the same thing, and before walking up a tree; `shared` by those who only add at its lower end. */
enum code hold_same(struct record_context *x, const struct kind *k, const struct value *values, struct error *e);
enum code hold_tree(struct record_context *x, const struct kind *k, bool shared, struct error *e);
/* Before looking whether the entity is empty, to archive it: what comes into it waits, see record_settle(). */
enum code hold_entity(struct record_context *x, int64_t entity, struct error *e);

/* --- changes.c ------------------------------------------------------------------------------------ */

/* The person a personal value is about; 0: nobody. */
int64_t personal_subject(const struct kind *k, const struct field *f, int64_t id, const struct value *values);
/* Writes a personal value as journal and history hold it: {"sealed","subject"}, {"erased","subject"} when the key was
 * destroyed, and plain when it is about nobody. */
enum code personal_write(struct record_context *x, const struct kind *k, const struct field *f, int64_t id,
			 const struct value *values, struct json_writer *w, struct error *e);
/* How many identifications this call holds. */
size_t *changes_held(struct changes *c);
/* A record comes into the entity; and all that any came into, each once. */
bool changes_enter(struct changes *c, int64_t entity);
const int64_t *changes_entered(const struct changes *c, size_t *ret_count);
/* Has this call found already that the target exists and its caller may see it? And: it has. */
bool changes_knows(const struct changes *c, const struct record_context *x, const struct kind *k, int64_t id);
void changes_learn(struct changes *c, const struct record_context *x, const struct kind *k, int64_t id);

/* --- versions.c ----------------------------------------------------------------------------------- */

/* A first version: live row and links. */
enum code row_insert(struct record_context *x, const struct kind *k, const struct record_ref *ref, struct str state, struct str number,
		     const struct value *values, struct error *e);
/* Writes the next version of a row: the old one into history, changed columns into the live row, the change noted. */
struct row_change {
	const struct record_row *before;
	const struct value *after;
	int64_t entity, archived; /* of the new version; archived 0: not */
	struct str state;         /* NUL-terminated, or STR_NONE */
	const char *action;
};
enum code row_write(struct record_context *x, const struct kind *k, const struct row_change *c, struct record_ref *ret, struct error *e);

/* --- erase.c -------------------------------------------------------------------------------------- */

/* What stands in the live row after erasing: nothing, or "(erased)" in place of a name that may not be missing. */
enum code erased_value(const struct field *f, int64_t id, struct arena *arena, struct value *ret, struct error *e);

/* --- write.c -------------------------------------------------------------------------------------- */

/* Asks the guard about a row just written. */
enum code record_judge(struct record_context *x, const struct kind *k, int64_t id, struct error *e);
/* The row, locked, when the caller may see it and it is the version expected (0: any). */
enum code record_lock(struct record_context *x, const struct kind *k, int64_t id, int64_t expect, const struct sight *sight,
		      struct record_row *ret, struct error *e);

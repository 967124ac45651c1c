/* SELECTs written by people, in PostgreSQL's language: parsed by PostgreSQL's own parser, checked against a list of what is
 * allowed, names and types resolved against the model, emitted for a store with the differences settled. One text has one
 * answer on both stores.
 *
 * query_parse() gives an immutable typed query; it knows no caller and may be kept as long as its arena and the model.
 * query_emit() writes it as SQL; what a kind holds is told by the caller's relation provider, so a table of the
 * store is never named by people, and a name of theirs never stands in the text: all names emitted are generated.
 *
 * Nothing that is computed can fail: what has no answer (division by zero, more than 18 digits, a date past the
 * calendar) is NULL. So no error tells of rows or values the asker does not see. There is no floating point: decimals are
 * exact, quotients and averages are cut after six digits. */
#pragma once
#include "base/buf.h"
#include "model/model.h"
#include "store/store.h"

struct arena;

#define QUERY_BYTES_MOST ((size_t)64 << 10)

enum query_type {
	QUERY_NULL, /* nothing but NULL */
	QUERY_BOOL,
	QUERY_INT,
	QUERY_DECIMAL, /* scaled integer, see scale */
	QUERY_TEXT,
	QUERY_DATE,
	QUERY_TIME,
	QUERY_ID,    /* of a record */
	QUERY_MONEY, /* two columns: minor units, currency */
	QUERY_JSON,  /* geometry, file, JSON, translated text: only to be shown */
};
/* "text", "date" …: stable, as the API has it. */
const char *query_type_name(enum query_type type);

struct query_place { /* where in the text; line and column from 1, column in characters */
	size_t offset, line, column;
};

struct query_column { /* of a kind, that the query reads */
	const char *name;          /* the column */
	const struct field *field; /* NULL: a system column (id, entity, state, number, version, since) */
	bool named;                /* somewhere by its name; else it is only shown, by an outermost "*" */
	struct query_place place;  /* where it was first met */
};

struct query_table { /* a kind the query reads, once however often it is named */
	const struct kind *kind;
	const struct query_column *columns;
	size_t column_count;
};

struct query_output {
	struct str name;           /* no two have the same */
	enum query_type type;
	int scale;                 /* QUERY_DECIMAL */
	const struct field *field; /* the field it shows unchanged, or NULL */
	const struct kind *kind;   /* whose field; also for system columns; NULL: computed */
};

struct query_link { /* left.column = right.column, which every row of the answer fulfils (or, of a LEFT JOIN, the row joined) */
	const struct kind *left, *right;
	const char *left_column, *right_column;
};

struct select;

struct query {
	const struct query_table *tables;
	size_t table_count;
	/* Of the outermost SELECT: by which columns its kinds are joined. */
	const struct query_link *links;
	size_t link_count;
	const struct query_output *outputs;
	size_t output_count;
	bool uses_today, uses_now;
	bool ordered;  /* the outermost SELECT says an order */
	bool limited;  /* a LIMIT or OFFSET somewhere */
	bool grouped;  /* aggregates, GROUP BY or DISTINCT somewhere */
	bool windowed; /* window functions somewhere */
	bool combined; /* UNION, INTERSECT, EXCEPT somewhere */
	bool nested;   /* subqueries or WITH */
	unsigned joins; /* relations named, less one */
	/* One kind, named once, and each row judged by itself: what a change of a record affects is that record. */
	bool row_local;
	const struct select *select;
};

/* E_INVALID with the reason and, in *ret_fault, the place (may be NULL); E_LIMIT when it is too long or too deep. All of the
 * query lives in the arena; the model must outlive it. Thread-safe. */
enum code query_parse(const struct model *m, struct str sql, struct arena *arena, const struct query **ret,
		      struct query_place *ret_fault, struct error *e);

/* --- emitting ------------------------------------------------------------------------------------- */

#define QUERY_PARAMS_MOST 480
struct query_text { /* SQL in the stores' common subset of placeholders (store.h), with its parameters */
	struct buf sql;
	struct sql_value params[QUERY_PARAMS_MOST];
	size_t count;
	bool full; /* more parameters than there is room for */
};
void query_text_init(struct query_text *t);
void query_text_done(struct query_text *t);
/* Adds a parameter and its place "?n". */
void query_text_param(struct query_text *t, struct sql_value v);
static inline void query_text_cleanup_(struct query_text *t) { query_text_done(t); }
#define CLEAN_QUERY_TEXT __attribute__((cleanup(query_text_cleanup_)))

/* Adds "SELECT …" with at least the table's columns by their names, money with its second one `<name>_currency`: the
 * rows its caller may see, what is hidden as NULL. Asked once for each table; the text may stand several times. */
typedef enum code query_relation(void *data, const struct query_table *table, struct query_text *out, struct error *e);

struct query_emission {
	enum store_type store;
	int64_t today, now; /* as the clock has them */
	int64_t limit;      /* rows at most; 0: as the query says */
	query_relation *relation;
	void *data;
	struct arena *arena; /* texts of parameters; must live as long as `out` */
};
/* Columns come in the order of the outputs, money as two. */
enum code query_emit(const struct query *q, const struct query_emission *how, struct query_text *out, struct error *e);

/* Of a row_local query a part by itself, for many queries over one walk through a kind: the condition under which a row, called
 * `row` in the text around, is in the answer; or (1 …) the value of an output. */
#define QUERY_CONDITION ((size_t)0)
enum code query_emit_row(const struct query *q, const struct query_emission *how, const char *row, size_t part, struct query_text *out,
			 struct error *e);

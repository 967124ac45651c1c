/* What the files of the query module share: the typed tree between the text people write and the SQL of a store.
 *   scan.c     limits before parsing, places             tree.c      PostgreSQL's parse tree, the list of what is allowed
 *   select.c   SELECT, FROM, WITH, ORDER BY              expression.c   operators, literals, CASE, subqueries
 *   scope.c    names                                     types.c     types, literals, conversions
 *   functions.c, forms.c   functions as tables           emit.c, emit_expression.c   SQL */
#pragma once
#include "base/arena.h"
#include "base/json.h"
#include "query/query.h"

#define DIGITS_MOST 1e18 /* magnitude that results stay below */
#define NAME_MOST 63

/* --- forms: how something is written -------------------------------------------------------------- */

/* {1} {2} …: arguments as values; {?1}: as a condition; {#1}: a literal's bare digits; {d}: DISTINCT of an aggregate;
 * {s}: its FILTER and OVER. */
struct form {
	const char *sqlite, *postgres; /* postgres NULL: the same */
	bool logical;                  /* it is a condition, not a value */
};

enum form_name {
	FORM_EQ, FORM_NE, FORM_LT, FORM_LE, FORM_GT, FORM_GE, FORM_IS, FORM_IS_NOT,
	FORM_ADD, FORM_SUB, FORM_MUL, FORM_DIV, FORM_MOD,
	FORM_ADD_CHECKED, FORM_SUB_CHECKED, FORM_MUL_CHECKED, FORM_DIV_CHECKED, FORM_DIV_DECIMAL,
	FORM_CONCAT, FORM_NOT, FORM_IS_NULL, FORM_NOT_NULL, FORM_IS_TRUE, FORM_IS_NOT_TRUE, FORM_IS_FALSE, FORM_IS_NOT_FALSE,
	FORM_LIKE, FORM_NOT_LIKE, FORM_ILIKE, FORM_NOT_ILIKE, FORM_NULLIF,
	FORM_TEXT_OF_INT, FORM_TEXT_OF_BOOL, FORM_TEXT_OF_DATE, FORM_TEXT_OF_TIME, FORM_TEXT_OF_DECIMAL,
	FORM_DATE_OF_TIME, FORM_TIME_OF_DATE, FORM_INT_OF_BOOL, FORM_ROUND,
	FORM_ABS, FORM_FLOOR, FORM_CEIL,
	FORM_COUNT
};
extern const struct form forms[FORM_COUNT];

/* --- the tree ------------------------------------------------------------------------------------- */

enum expr_kind {
	EXPR_NULL, EXPR_INT, EXPR_TEXT, /* literals; EXPR_INT also of dates, decimals … */
	EXPR_TODAY, EXPR_NOW,
	EXPR_COLUMN, EXPR_CURRENCY,     /* a source's column; the currency of a money column */
	EXPR_FORM,                      /* form with arguments */
	EXPR_AGGREGATE, EXPR_WINDOW,    /* the same, with distinct, filter, over */
	EXPR_AND, EXPR_OR,
	EXPR_IN_LIST, EXPR_IN_SELECT, EXPR_EXISTS, EXPR_SCALAR,
	EXPR_CASE,                      /* condition, value, condition, value …, [else] */
	EXPR_COALESCE, EXPR_GREATEST, EXPR_LEAST,
	EXPR_CONCAT,                    /* concat(): texts, NULL as nothing */
};

struct order_item {
	struct expr *expr;
	size_t output; /* 1 …: the output's place; 0: expr */
	bool descending, nulls_first;
};

struct over { /* a window */
	struct expr **by;
	size_t by_count;
	struct order_item *order;
	size_t order_count;
};

struct expr {
	enum expr_kind kind;
	enum query_type type;
	int scale;
	double bound;      /* no value is larger in magnitude */
	size_t place;      /* offset in the text */
	bool literal_text; /* a quoted literal whose type is still open */
	struct expr **args;
	size_t arg_count;
	union {
		int64_t integer;
		struct str text;
		struct {
			struct source *source;
			size_t column;
		};
		struct {
			const struct form *form;
			struct expr *filter;
			struct over *over;
			bool distinct;
		};
		struct {
			struct select *select;
			bool negated;
		};
	};
};

struct source_column {
	struct str name;
	const char *own; /* of a kind: the column's own name, whatever an alias calls it */
	enum query_type type;
	int scale;
	double bound;
	const struct field *field; /* of a kind, or shown unchanged by a subquery */
	const struct kind *kind;
	bool merged; /* by USING: the left one's stands for both */
};

struct table_use { /* a kind, and what is read of it */
	const struct kind *kind;
	struct query_column *columns; /* room for all there are */
	size_t count;
	struct table_use *next;
};

struct source { /* something in FROM */
	struct str name;
	unsigned number;        /* t<number> */
	struct table_use *table; /* a kind */
	struct select *select;   /* a subquery */
	struct common *common;   /* of WITH */
	struct source_column *columns;
	size_t column_count;
	struct source *next;
};

enum join_kind { JOIN_INNER, JOIN_LEFT, JOIN_CROSS };
struct from { /* a tree of joins */
	struct source *source; /* a leaf */
	enum join_kind kind;
	struct from *left, *right;
	struct expr *on;
};

struct common { /* WITH … AS */
	struct str name;
	unsigned number; /* w<number> */
	struct select *select;
	struct common *next;  /* seen before it, also those of outer SELECTs */
	struct common *below; /* of the same SELECT */
};

struct output {
	struct str name;
	struct expr *expr;
	bool starred; /* came by "*" */
};

struct outside { /* a column that a subquery takes from this SELECT, where only what is grouped by has a value */
	struct expr *column;
	struct outside *next;
};

enum set_operation { SET_NONE, SET_UNION, SET_UNION_ALL, SET_INTERSECT, SET_EXCEPT };

struct select {
	struct common *with; /* the last first */
	enum set_operation operation;
	struct select *left, *right;
	bool distinct;
	struct output *outputs;
	size_t output_count, output_room;
	struct from *from;
	struct expr *where, *having;
	struct expr **group;
	size_t group_count;
	bool grouped; /* GROUP BY, or an aggregate */
	struct outside *outside;
	struct order_item *order;
	size_t order_count;
	int64_t limit, offset; /* -1: none */
};

/* --- resolving ------------------------------------------------------------------------------------ */

enum clause { CLAUSE_OUTPUT, CLAUSE_WHERE, CLAUSE_ON, CLAUSE_GROUP, CLAUSE_HAVING, CLAUSE_ORDER, CLAUSE_AGGREGATE, CLAUSE_WINDOW };

struct scope { /* one SELECT while it is resolved */
	struct scope *outer;
	struct source *sources; /* seen so far, the newest first */
	struct source *until;   /* from here on they are not seen; NULL: all are */
	struct common *with;    /* the newest first; ends with those of outer scopes */
	struct select *select;
	enum clause clause;
};

struct resolver {
	const struct model *model;
	struct arena *arena;
	struct arena *tree; /* of the parse tree, which goes when the query stands: what stays is kept by keep_text() */
	struct error *e;
	struct str sql;
	struct query *query;
	struct table_use *tables;
	size_t table_count, relations, sources;
	unsigned numbers;
	size_t fault; /* offset */
	unsigned depth;
};

/* Says where; answers the code. */
enum code fault_at(struct resolver *r, size_t place, enum code code);
#define FAULT(r, place, code, msgid, ...) fault_at((r), (place), error_fail((r)->e, (code), msgid __VA_OPT__(, ) __VA_ARGS__))
#define FAULT_NEW(r, var, type) \
	do { \
		(var) = ARENA_NEW((r)->arena, type); \
		if (!(var)) \
			return error_nomem((r)->e); \
	} while (0)

/* scan.c */
struct query_place text_place(struct str sql, size_t offset);
/* Parts of the text, never fewer than the parser will find. */
size_t scan_parts(struct str sql);

/* tree.c */
enum code tree_parse(struct resolver *r, const struct json **ret);
/* The node's type and its members; STR_NONE: it is none. */
struct str node_type(const struct json *node, const struct json **ret);
size_t node_place(const struct json *members);
size_t node_count(const struct json *list);
static inline const struct json *node_item(const struct json *list, size_t i) { return &list->list.items[i]; }
/* The text of a String node. */
struct str node_string(const struct json *node);
/* A text of the tree for the query to hold. */
enum code keep_text(struct resolver *r, struct str text, struct str *ret);

/* scope.c */
enum code scope_column(struct resolver *r, struct scope *s, const struct json *fields, size_t place, struct expr **ret);
/* Is there a column of that name in the SELECT's own FROM? */
bool scope_has(const struct scope *s, struct str name);
/* Something named in FROM: of WITH, or a kind. */
enum code scope_relation(struct resolver *r, struct scope *s, struct source *src, struct str name, size_t place);
enum code source_of_select(struct resolver *r, struct source *src, const struct select *sel);
enum code source_expr(struct resolver *r, struct source *src, size_t column, size_t place, bool named, struct expr **ret);
/* The place of a column; SIZE_MAX: none. */
size_t source_find(const struct source *src, struct str name);

/* types.c */
enum code expr_new(struct resolver *r, enum expr_kind kind, enum query_type type, size_t place, size_t args, struct expr **ret);
enum code expr_form(struct resolver *r, const struct form *form, enum query_type type, size_t place, struct expr *a, struct expr *b,
		    struct expr **ret);
enum code expr_int(struct resolver *r, int64_t n, enum query_type type, int scale, size_t place, struct expr **ret);
/* Converts where the language does so by itself; a fault names both types. */
enum code expr_coerce(struct resolver *r, struct expr *x, enum query_type type, int scale, struct expr **ret);
enum code expr_to_text(struct resolver *r, struct expr *x, struct expr **ret);
/* Brings all to one type. */
enum code expr_unify(struct resolver *r, struct expr ***items, size_t count, enum query_type *ret_type, int *ret_scale);
double type_bound(enum query_type type);
enum code expr_rescale(struct resolver *r, struct expr *x, int scale, struct expr **ret);
enum code expr_cast(struct resolver *r, struct expr *x, const struct json *type_name, struct expr **ret);
bool expr_same(const struct expr *a, const struct expr *b);

/* arithmetic.c */
enum code arithmetic(struct resolver *r, char op, struct expr *a, struct expr *b, size_t place, struct expr **ret);
/* Amount and currency of a money column, or of a literal such as '10 USD'. */
enum code money_parts(struct resolver *r, struct expr *x, struct expr **ret_amount, struct expr **ret_currency);
enum code check_choice(struct resolver *r, const struct expr *column, const struct expr *literal);
/* The same number, or NULL past 18 digits. */
enum code bounded(struct resolver *r, struct expr *x, struct expr **ret);
enum code compare(struct resolver *r, enum form_name form, struct expr *a, struct expr *b, size_t place, struct expr **ret);

/* expression.c */
enum code resolve_expr(struct resolver *r, struct scope *s, const struct json *node, struct expr **ret);
enum code resolve_condition(struct resolver *r, struct scope *s, const struct json *node, struct expr **ret);

/* functions.c */
enum code resolve_call(struct resolver *r, struct scope *s, const struct json *call, struct expr **ret);

/* select.c */
enum code resolve_select(struct resolver *r, struct scope *outer, const struct json *stmt, struct select **ret);
enum code resolve_order(struct resolver *r, struct scope *s, const struct json *list, struct order_item **ret, size_t *ret_count);
/* from.c */
enum code resolve_from(struct resolver *r, struct scope *s, const struct json *list, struct from **ret);
/* group.c: outside aggregates only what is grouped by. */
enum code check_grouped(struct resolver *r, const struct select *sel);

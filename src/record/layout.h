/* A layout: the tables, columns, indexes and views of the kinds, as data that can be stored and compared. One made of a
 * model says what is wanted; one stored with a schema version says also what was set aside.
 *   layout.c   model → layout            layout_json.c   layout ↔ JSON
 *   plan.c     layout → layout, step by step             schema.c   versions */
#pragma once
#include "model/model.h"
#include "record/record.h"
#include "store/schema.h"

struct layout_column {
	struct str name; /* NUL-terminated, as all texts here */
	struct str type; /* what it means: "date", "money", "currency", "ref person", "sealed" … */
	int64_t scale;
	bool personal; /* plain data about a person */
	struct str of; /* set aside: the name it had; empty: in use */
};
struct layout_table {
	struct str name;
	bool history, links; /* of a kind; the lists of one field */
	const char *primary_key;
	bool clustered;
	struct layout_column *columns;
	size_t column_count;
	struct index_def *indexes;
	size_t index_count;
	bool away;     /* no longer declared; stays as it is */
	struct str of; /* set aside: the name it had */
};
struct layout_view {
	struct str name, select;
};
struct layout {
	struct layout_table *tables;
	size_t table_count;
	struct layout_view *views;
	size_t view_count;
};

enum code layout_of_model(const struct model *m, struct arena *arena, struct layout *ret, struct error *e);
enum code layout_table_def(const struct layout_table *t, struct arena *arena, struct table_def *ret, struct error *e);

/* "device_holder_idx", at most 63 bytes: longer names end in a digest. */
struct str layout_index_name(struct arena *arena, const char *table, const char *tag, bool unique);

/* In use; NULL when there is none. */
const struct layout_table *layout_table_find(const struct layout *l, struct str name);
struct layout_column *layout_column_find(const struct layout_table *t, struct str name);
const struct layout_view *layout_view_find(const struct layout *l, struct str name);
bool layout_same(const struct layout_column *a, const struct layout_column *b);
/* Has the table this very index? */
struct index_def layout_index(const char *name, const char *columns, bool unique, const char *where);
bool layout_index_same(const struct layout_table *t, const struct index_def *index);
/* Does the index hold or test the column? */
bool layout_index_mentions(const struct index_def *index, struct str column);
enum column_type layout_column_type(const struct layout_column *c);
/* A field that reads and writes such a column, for conversions; false when its values cannot be told as text. */
bool layout_convertible(const struct layout_column *c, struct field *ret);

/* Data is NULL when out of memory. */
struct str layout_to_json(const struct layout *l, struct arena *arena);
enum code layout_from_json(struct str text, struct arena *arena, struct layout *ret, struct error *e);

/* The layout in force; empty when there is none. */
enum code schema_layout(struct conn *c, struct arena *arena, struct layout *ret, struct error *e);

struct planning {
	struct conn *conn;
	struct arena *arena;
	bool apply;      /* carry out while planning */
	int64_t version; /* the one being made */
	const struct layout *old, *next;
	struct layout result; /* `next` and everything set aside */
	struct schema_step *steps;
	size_t count;
};
enum code plan_run(struct planning *p, struct error *e);

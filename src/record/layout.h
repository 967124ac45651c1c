/* A layout: the tables, columns, indexes and views that a model needs, as data that can be stored and compared. */
#pragma once
#include "model/model.h"
#include "store/schema.h"

struct layout_column {
	struct str name; /* NUL-terminated */
	struct str type; /* what it means: "date", "money", "currency", "ref", "sealed" … */
	int64_t scale;
};
struct layout_table {
	struct str name;
	bool history;    /* of a kind: never converted */
	const char *primary_key;
	bool clustered;
	struct layout_column *columns;
	size_t column_count;
	struct index_def *indexes;
	size_t index_count;
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
struct str layout_to_json(const struct layout *l, struct arena *arena);
enum code layout_from_json(struct str text, struct arena *arena, struct layout *ret, struct error *e);
enum code layout_table_def(const struct layout_table *t, struct arena *arena, struct table_def *ret, struct error *e);

const struct layout_table *layout_table_find(const struct layout *l, struct str name);
const struct layout_column *layout_column_find(const struct layout_table *t, struct str name);
const struct layout_view *layout_view_find(const struct layout *l, struct str name);
bool layout_same(const struct layout_column *a, const struct layout_column *b);
/* Has the table this very index? */
bool layout_index_same(const struct layout_table *t, const struct index_def *index);
enum column_type layout_column_type(const struct layout_column *c);
/* A field that reads and writes such a column, for conversions. */
struct field layout_field(const struct layout_column *c);
bool layout_convertible(const struct layout_column *c);

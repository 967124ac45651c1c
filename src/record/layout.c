/* From a model to the layout it needs. Neighbours: layout_json.c stores it, plan.c compares. */
#include "layout.h"
#include "base/crypto.h"
#include "internal.h"
#include <string.h>

#define COLUMNS_MOST 450
#define INDEXES_MOST 300
#define NAME_MOST 63 /* bytes PostgreSQL keeps of a name */

static const struct type_row {
	const char *name;
	enum field_type type;
	bool convertible;
} types[] = {
	{ "text", FIELD_TEXT, true },	 { "integer", FIELD_INT, true },  { "decimal", FIELD_DECIMAL, true }, { "money", FIELD_MONEY, false },
	{ "date", FIELD_DATE, true },	 { "time", FIELD_TIME, true },	  { "boolean", FIELD_BOOL, true },    { "choice", FIELD_CHOICE, true },
	{ "ref", FIELD_REF, false },	 { "geometry", FIELD_GEO, false }, { "file", FIELD_FILE, false },      { "json", FIELD_JSON, false },
	{ "local", FIELD_LOCAL, false }, { "id", FIELD_ID, false },
};

/* "ref person" is a "ref". */
static const struct type_row *type_find(struct str name)
{
	struct str first = STR_NONE, rest = name;
	first = str_take(&rest, ' ');
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_is(first, types[i].name))
			return &types[i];
	return NULL;
}

static struct str type_name(const struct field *f, struct arena *arena)
{
	if (f->type == FIELD_REF)
		return arena_format(arena, "ref %s", f->to);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].type == f->type)
			return str_of(types[i].name);
	return STR("text");
}

enum column_type layout_column_type(const struct layout_column *c)
{
	const struct type_row *t = type_find(c->type);
	struct field f = { .type = t ? t->type : FIELD_TEXT }; /* "currency", "sealed" and lists are text */
	return field_column_type(&f);
}

bool layout_convertible(const struct layout_column *c, struct field *ret)
{
	const struct type_row *t = type_find(c->type);
	if (!t || !t->convertible)
		return false;
	enum field_type type = t->type == FIELD_CHOICE ? FIELD_TEXT : t->type;
	*ret = (struct field){ .name = c->name.data, .type = type, .scale = (int)c->scale, .flags = FIELD_MULTILINE,
			       .max = type == FIELD_TEXT ? 1 << 20 : 0 };
	return true;
}

static bool is_words(const struct layout_column *c)
{
	return str_is(c->type, "choice") || str_is(c->type, "text");
}

bool layout_same(const struct layout_column *a, const struct layout_column *b)
{
	/* a choice is stored as text: nothing changes between the two */
	return (is_words(a) && is_words(b)) || (str_eq(a->type, b->type) && a->scale == b->scale);
}

const struct layout_table *layout_table_find(const struct layout *l, struct str name)
{
	for (size_t i = 0; i < l->table_count; i++)
		if (str_eq(l->tables[i].name, name) && !l->tables[i].of.len)
			return &l->tables[i];
	return NULL;
}

struct layout_column *layout_column_find(const struct layout_table *t, struct str name)
{
	for (size_t i = 0; i < t->column_count; i++)
		if (str_eq(t->columns[i].name, name) && !t->columns[i].of.len)
			return &t->columns[i];
	return NULL;
}

const struct layout_view *layout_view_find(const struct layout *l, struct str name)
{
	for (size_t i = 0; i < l->view_count; i++)
		if (str_eq(l->views[i].name, name))
			return &l->views[i];
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* What leads lists and counts holds what is not archived, and answers for it alone. */
struct index_def layout_index(const char *name, const char *columns, bool unique, const char *where)
{
	bool covers = !unique && where && strcmp(where, "archived IS NULL") == 0;
	return (struct index_def){ .name = name, .columns = columns, .unique = unique, .where = where, .covers = covers };
}

bool layout_index_same(const struct layout_table *t, const struct index_def *index)
{
	for (size_t i = 0; i < t->index_count; i++) {
		const struct index_def *x = &t->indexes[i];
		if (same_text(x->name, index->name) && same_text(x->columns, index->columns) && same_text(x->where, index->where) &&
		    x->unique == index->unique)
			return true;
	}
	return false;
}

static bool mentions(const char *sql, struct str column)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	while (sql && *sql) {
		size_t len = strspn(sql, letters);
		if (str_eq((struct str){ sql, len }, column))
			return true;
		sql += len ? len : 1;
	}
	return false;
}

bool layout_index_mentions(const struct index_def *index, struct str column)
{
	return mentions(index->columns, column) || mentions(index->where, column);
}

struct str layout_index_name(struct arena *arena, const char *table, const char *tag, bool unique)
{
	const char *kind = unique ? "key" : "idx";
	struct str name = arena_format(arena, "%s_%s_%s", table, tag, kind);
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	if (!name.data || name.len <= NAME_MOST)
		return name;
	sha256(name.data, name.len, digest);
	hex_encode(digest, 8, hex);
	return arena_format(arena, "%.40s_%s_%s", name.data, hex, kind);
}

/* --- of a model ----------------------------------------------------------------------------------- */

struct drawing { /* of one table */
	struct layout_table *table;
	struct arena *arena;
	bool full; /* out of memory, or of places */
};

static void column(struct drawing *d, const char *name, struct str type, int64_t scale, bool personal)
{
	struct layout_table *t = d->table;
	if (t->column_count == COLUMNS_MOST || !name || !type.data) {
		d->full = true;
		return;
	}
	t->columns[t->column_count++] = (struct layout_column){ .name = str_of(name), .type = type, .scale = scale, .personal = personal };
}

/* `columns` NULL: out of memory earlier. */
static void index_by(struct drawing *d, const char *tag, const char *columns, bool unique, const char *where)
{
	struct layout_table *t = d->table;
	struct str name = tag ? layout_index_name(d->arena, t->name.data, tag, unique) : STR_NONE;
	if (t->index_count == INDEXES_MOST || !name.data || !columns) {
		d->full = true;
		return;
	}
	t->indexes[t->index_count++] = layout_index(name.data, columns, unique, where);
}

static enum code table_begin(struct layout *l, struct arena *arena, struct str name, const char *primary_key, struct drawing *ret,
			     struct error *e)
{
	struct layout_table *t = &l->tables[l->table_count++];
	*t = (struct layout_table){ .name = name, .primary_key = primary_key };
	t->columns = ARENA_ARRAY(arena, COLUMNS_MOST, struct layout_column);
	t->indexes = ARENA_ARRAY(arena, INDEXES_MOST, struct index_def);
	*ret = (struct drawing){ t, arena, false };
	return name.data && t->columns && t->indexes ? OK : error_nomem(e);
}

static void field_indexes(struct drawing *d, const struct kind *k)
{
	for (const struct field *f = k->fields; f->name; f++) {
		if (f->type == FIELD_REFS)
			continue;
		/* a cell that is empty in most rows is not worth a place in the index */
		const char *given = arena_format(d->arena, "%s IS NOT NULL", f->name).data;
		if (f->flags & FIELD_UNIQUE)
			index_by(d, f->name, f->name, true, "archived IS NULL");
		else if (f->type == FIELD_REF)
			index_by(d, f->name, arena_format(d->arena, "%s, id", f->name).data, false, given);
		else if (f->flags & FIELD_INDEXED)
			index_by(d, f->name, f->name, false, given);
		d->full |= !given;
	}
}

static bool leads_index(const struct layout_table *t, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < t->index_count; i++)
		if (strncmp(t->indexes[i].columns, name, len) == 0 && (t->indexes[i].columns[len] == 0 || t->indexes[i].columns[len] == ','))
			return true;
	return false;
}

static void declared_indexes(struct drawing *d, const struct kind *k)
{
	size_t n = 0;
	/* lists show what is not archived, newest first: so the index answers them in order, and counts and facets without
	 * touching rows */
	for (const char *const *columns = k->indexes; columns && *columns; columns++)
		index_by(d, arena_format(d->arena, "by%zu", n++).data, arena_format(d->arena, "%s, id", *columns).data, false, "archived IS NULL");
	/* things are looked up by what identifies them */
	for (const char *const *const *set = k->identify; set && *set; set++)
		if (**set && !leads_index(d->table, **set))
			index_by(d, **set, **set, false, arena_format(d->arena, "%s IS NOT NULL", **set).data);
}

static void money_column(struct drawing *d, const struct field *f)
{
	struct str name = arena_format(d->arena, "%s_currency", f->name);
	column(d, name.data, STR("currency"), 0, f->personal != NULL);
}

static void system_columns(struct drawing *d, const char *const (*columns)[2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		column(d, columns[i][0], str_of(columns[i][1]), 0, false);
}

static enum code drawn(const struct drawing *d, struct error *e)
{
	return d->full ? error_nomem(e) : OK;
}

static enum code live_table(struct layout *l, const struct kind *k, struct arena *arena, struct error *e)
{
	static const char *const system[][2] = { { "id", "id" },       { "entity", "id" },  { "version", "integer" }, { "state", "text" },
						 { "number", "text" }, { "since", "time" }, { "entry", "id" },	      { "archived", "time" } };
	struct drawing d;
	TRY(table_begin(l, arena, str_of(k->name), "id", &d, e));
	system_columns(&d, system, sizeof system / sizeof *system);
	for (const struct field *f = k->fields; f->name; f++) {
		if (f->type == FIELD_REFS)
			continue;
		column(&d, f->name, type_name(f, arena), f->scale, f->personal != NULL);
		if (f->type == FIELD_MONEY)
			money_column(&d, f);
	}
	index_by(&d, "entity", "entity, id", false, "archived IS NULL");
	if (k->number)
		index_by(&d, "number", "number", true, NULL);
	field_indexes(&d, k);
	declared_indexes(&d, k);
	return drawn(&d, e);
}

static enum code history_table(struct layout *l, const struct kind *k, struct arena *arena, struct error *e)
{
	static const char *const system[][2] = { { "id", "id" },       { "version", "integer" }, { "entity", "id" }, { "state", "text" },
						 { "number", "text" }, { "since", "time" },      { "until", "time" }, { "entry", "id" },
						 { "until_entry", "id" }, { "archived", "time" } };
	struct drawing d;
	TRY(table_begin(l, arena, arena_format(arena, "%s_history", k->name), "id, version", &d, e));
	/* which versions of an entity's records held at a time is told from this alone */
	index_by(&d, "held", "entity, until, since, archived", false, NULL);
	d.table->history = true;
	d.table->clustered = true;
	system_columns(&d, system, sizeof system / sizeof *system);
	for (const struct field *f = k->fields; f->name; f++) {
		size_t columns = field_history_columns(f);
		if (columns)
			column(&d, f->name, f->personal ? STR("sealed") : f->type == FIELD_REFS ? STR("refs") : type_name(f, arena), f->scale, false);
		if (columns > 1)
			money_column(&d, f);
	}
	return drawn(&d, e);
}

static enum code link_tables(struct layout *l, const struct kind *k, struct arena *arena, struct error *e)
{
	for (const struct field *f = k->fields; f->name; f++) {
		struct drawing d;
		if (f->type != FIELD_REFS)
			continue;
		TRY(table_begin(l, arena, arena_format(arena, "%s_%s", k->name, f->name), "id, position", &d, e));
		d.table->links = true;
		d.table->clustered = true;
		column(&d, "id", STR("id"), 0, false);
		column(&d, "position", STR("integer"), 0, false);
		column(&d, "target", arena_format(arena, "ref %s", f->to), 0, false);
		index_by(&d, "target", "target, id", false, NULL);
		TRY(drawn(&d, e));
	}
	return OK;
}

enum code layout_of_model(const struct model *m, struct arena *arena, struct layout *ret, struct error *e)
{
	size_t tables = 0;
	for (size_t i = 0; i < m->kind_count; i++) {
		tables += 2;
		for (const struct field *f = m->kinds[i]->fields; f->name; f++)
			tables += f->type == FIELD_REFS;
	}
	*ret = (struct layout){ 0 };
	ret->tables = ARENA_ARRAY(arena, tables + 1, struct layout_table);
	ret->views = ARENA_ARRAY(arena, m->kind_count + 1, struct layout_view);
	if (!ret->tables || !ret->views)
		return error_nomem(e);
	for (size_t i = 0; i < m->kind_count; i++) {
		const struct kind *k = m->kinds[i];
		if (k->flags & KIND_VIEW) {
			ret->views[ret->view_count++] = (struct layout_view){ str_of(k->name), str_of(k->select) };
			continue;
		}
		TRY(live_table(ret, k, arena, e));
		TRY(history_table(ret, k, arena, e));
		TRY(link_tables(ret, k, arena, e));
	}
	return OK;
}

enum code layout_table_def(const struct layout_table *t, struct arena *arena, struct table_def *ret, struct error *e)
{
	struct column_def *columns = ARENA_ARRAY(arena, t->column_count + 1, struct column_def);
	struct index_def *indexes = ARENA_ARRAY(arena, t->index_count + 1, struct index_def);
	if (!columns || !indexes)
		return error_nomem(e);
	for (size_t i = 0; i < t->column_count; i++) {
		bool key = t->links || str_is(t->columns[i].name, "id") || str_is(t->columns[i].name, "version");
		columns[i] = (struct column_def){ .name = t->columns[i].name.data, .type = layout_column_type(&t->columns[i]), .not_null = key };
	}
	for (size_t i = 0; i < t->index_count; i++)
		indexes[i] = t->indexes[i];
	*ret = (struct table_def){ .name = t->name.data, .columns = columns, .primary_key = t->primary_key, .indexes = indexes,
				   .without_rowid = t->clustered };
	return OK;
}

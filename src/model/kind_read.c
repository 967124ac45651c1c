/* A kind from its YAML file: the keys at the top, and what they say about its own fields. Neighbours: field_read.c
 * and state_read.c read the parts, check.c judges what other kinds have to do with it. */
#include "base/buf.h"
#include "internal.h"
#include <string.h>

static const struct key kind_keys[] = {
	{ "kind", SHAPE_NAME, true }, { "title", SHAPE_TEXT }, { "plural", SHAPE_TEXT }, { "help", SHAPE_TEXT },
	{ "flags", SHAPE_NAMES }, { "number", SHAPE_TEXT }, { "title_field", SHAPE_NAME }, { "identify", SHAPE_ANY },
	{ "owner", SHAPE_NAME }, { "indexes", SHAPE_ANY }, { "fields", SHAPE_MAP, true }, { "states", SHAPE_MAP },
	{ "transitions", SHAPE_MAP }, { "views", SHAPE_MAP }, { "select", SHAPE_ANY }, { "ask_by", SHAPE_NAMES }, { 0 },
};

static const struct {
	const char *name;
	unsigned flag;
} kind_flags[] = { { "entity_tree", KIND_ENTITY_TREE }, { "subject", KIND_SUBJECT }, { "system", KIND_SYSTEM },
		   { "shared", KIND_SHARED } };

static void flag_read(struct loader *l, struct kind_draft *k, const struct yaml *y)
{
	struct nearest near = { .word = y->text };
	for (size_t i = 0; i < sizeof kind_flags / sizeof *kind_flags; i++) {
		if (str_is(y->text, kind_flags[i].name)) {
			k->kind.flags |= kind_flags[i].flag;
			return;
		}
		nearest_offer(&near, kind_flags[i].name);
	}
	loader_fault_unknown(l, y, N_("unknown flag {name}; expected entity_tree, subject, system or shared"),
			     N_("unknown flag {name}; did you mean {near}?"), y->text, &near);
}

static void flags_read(struct loader *l, struct kind_draft *k, const struct yaml *y)
{
	if (!y)
		return;
	if (y->type == YAML_TEXT)
		flag_read(l, k, y);
	for (const struct yaml *item = y->type == YAML_LIST ? y->first : NULL; item; item = item->next)
		flag_read(l, k, item);
}

/* Exactly one {seq} or {seq:digits}, no other braces. */
static bool number_good(struct str s)
{
	size_t places = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '}')
			return false;
		if (s.data[i] != '{')
			continue;
		struct str rest = str_slice(s, i + 1, s.len), place;
		int64_t end = str_find(rest, '}'), digits = 1;
		if (end < 0)
			return false;
		place = str_slice(rest, 0, (size_t)end);
		bool counted = str_starts(place, STR("seq:")) && str_int(str_slice(place, 4, place.len), &digits);
		if ((!counted && !str_is(place, "seq")) || digits < 1 || digits > 12)
			return false;
		places++;
		i += (size_t)end + 1;
	}
	return places == 1 && s.len <= 60;
}

/* --- lists of fields -------------------------------------------------------------------------------- */

static bool identifies(const struct field *f)
{
	return f->type == FIELD_TEXT || f->type == FIELD_INT || f->type == FIELD_DECIMAL || f->type == FIELD_DATE ||
	       f->type == FIELD_TIME || f->type == FIELD_CHOICE || f->type == FIELD_REF;
}

static void identify_set(struct loader *l, const struct kind_draft *k, const struct yaml *set)
{
	const struct yaml *item = set->type == YAML_LIST ? set->first : set;
	for (; item; item = set->type == YAML_LIST ? item->next : NULL) {
		const struct field *f = draft_field(k, item->text);
		if (!f)
			fault_no_field(l, k, item, item->text);
		else if (!(f->flags & FIELD_BROKEN) && !identifies(f))
			loader_fault(l, item, N_("{name} cannot identify; expected a text, number, date, time, choice or reference"),
				     { "name", item->text });
	}
}

static bool list_of_sets(struct loader *l, const struct yaml *y)
{
	bool good = true;
	if (y->type != YAML_LIST || !y->first) {
		loader_fault(l, y, N_("expected a list of lists of fields, such as [[serial, maker], [uuid]]"));
		return false;
	}
	for (const struct yaml *set = y->first; set; set = set->next)
		good &= read_shape(l, set, SHAPE_NAMES);
	return good;
}

static void identify_read(struct loader *l, struct kind_draft *k, const struct yaml *y)
{
	size_t n = 0;
	const char *const **sets = LOADER_NEW(l, (y ? y->count : 0) + 1, const char *const *);
	k->kind.identify = sets;
	if (!y || !sets || !list_of_sets(l, y))
		return;
	for (const struct yaml *set = y->first; set && !l->failed; set = set->next) {
		identify_set(l, k, set);
		sets[n++] = read_names(l, set);
	}
}

static bool index_column(struct loader *l, const struct kind_draft *k, const struct yaml *y, struct buf *b)
{
	const struct field *f = draft_field(k, y->text);
	if (!f && !name_system_column(y->text)) {
		fault_no_field(l, k, y, y->text);
		return false;
	}
	if (f && !(f->flags & FIELD_BROKEN) && !identifies(f) && f->type != FIELD_BOOL && f->type != FIELD_MONEY) {
		loader_fault(l, y, N_("{name} cannot be in an index"), { "name", y->text });
		return false;
	}
	if (str_is(y->text, "state") && !k->kind.states) {
		loader_fault(l, y, N_("this kind has no states"));
		return false;
	}
	if (b->len)
		buf_add_text(b, ", ");
	buf_add_str(b, y->text);
	return true;
}

static void indexes_read(struct loader *l, struct kind_draft *k, const struct yaml *y)
{
	size_t n = 0;
	const char **indexes = LOADER_NEW(l, (y ? y->count : 0) + 1, const char *);
	k->kind.indexes = indexes;
	if (!y || !indexes || !list_of_sets(l, y))
		return;
	for (const struct yaml *set = y->first; set && !l->failed; set = set->next) {
		CLEAN_BUF struct buf b;
		bool good = true;
		buf_init(&b, 4096);
		if (set->type == YAML_TEXT)
			good = index_column(l, k, set, &b);
		for (const struct yaml *item = set->type == YAML_LIST ? set->first : NULL; item; item = item->next)
			good &= index_column(l, k, item, &b);
		if (!buf_ok(&b))
			l->failed = true;
		else if (good)
			indexes[n++] = loader_copy(l, buf_str(&b));
	}
}

/* --- the title -------------------------------------------------------------------------------------- */

static void title_read(struct loader *l, struct kind_draft *k, const struct yaml *y)
{
	struct field *f = y ? draft_field(k, y->text) : draft_field(k, STR("name"));
	if (!f && !y)
		f = draft_field(k, STR("title"));
	if (!f && y) {
		fault_no_field(l, k, y, y->text);
		return;
	}
	if (!f) {
		loader_fault(l, k->root, N_("expected title_field, or a field called name or title: what a record is called"));
		return;
	}
	const struct yaml *at = y ? y : yaml_key(yaml_get(k->root, "fields"), f->name);
	k->kind.title_field = f->index;
	f->flags |= FIELD_TITLE;
	if (f->flags & FIELD_BROKEN)
		return;
	if (f->type == FIELD_TEXT || f->type == FIELD_LOCAL)
		f->flags |= FIELD_SEARCH;
	else if (!(k->kind.flags & KIND_VIEW))
		loader_fault(l, at, N_("expected a text or local field as title; {name} is another type"), { "name", str_of(f->name) });
	if (!(f->flags & FIELD_REQUIRED) && !k->kind.number && !(k->kind.flags & KIND_VIEW))
		loader_fault(l, at, N_("the title {name} must be required, since the kind has no number"), { "name", str_of(f->name) });
}

/* --- kinds that are questions ------------------------------------------------------------------------- */

static void select_read(struct loader *l, struct kind_draft *k, const struct yaml *y)
{
	static const char *const wrong[] = { "number", "identify", "states", "transitions", "indexes" };
	if (!y)
		return;
	if (y->type != YAML_TEXT || str_empty(str_trim(y->text))) {
		loader_fault(l, y, N_("expected a SELECT"));
		return;
	}
	k->kind.flags |= KIND_VIEW;
	k->kind.select = loader_copy(l, str_trim(y->text));
	struct str sql = str_trim(y->text);
	if (!str_eq_nocase(str_slice(sql, 0, sql.len < 6 ? sql.len : 6), STR("select")) &&
	    !str_eq_nocase(str_slice(sql, 0, sql.len < 4 ? sql.len : 4), STR("with")))
		loader_fault(l, y, N_("expected a SELECT"));
	if (str_find(sql, ';') >= 0)
		loader_fault(l, y, N_("expected a single SELECT without a semicolon"));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (yaml_get(k->root, wrong[i]))
			loader_fault(l, yaml_get(k->root, wrong[i]), N_("a kind with select cannot have {name}"),
				     { "name", str_of(wrong[i]) });
	if (k->kind.flags & (KIND_ENTITY_TREE | KIND_SUBJECT | KIND_SYSTEM))
		loader_fault(l, yaml_get(k->root, "flags"), N_("a kind with select can only have the flag shared"));
	for (size_t i = 0; i < k->kind.field_count; i++)
		if (k->fields[i].type == FIELD_REFS && !(k->fields[i].flags & FIELD_BROKEN))
			loader_fault(l, yaml_key(yaml_get(k->root, "fields"), k->fields[i].name),
				     N_("a kind with select cannot have refs"));
}

/* A question over millions of rows that nobody would want whole: it is asked for one of these. */
static void ask_by_read(struct loader *l, struct kind_draft *k, const struct yaml *y)
{
	if (!y || !read_shape(l, y, SHAPE_NAMES))
		return;
	if (!(k->kind.flags & KIND_VIEW))
		loader_fault(l, y, N_("only a kind with select can have {name}"), { "name", STR("ask_by") });
	k->kind.ask_by = read_names(l, y);
	for (const char *const *name = k->kind.ask_by; name && *name; name++)
		if (!draft_field(k, str_of(*name)))
			fault_no_field(l, k, y, str_of(*name));
}

/* --- the file --------------------------------------------------------------------------------------- */

static bool kind_name_good(struct loader *l, const struct source_file *file, const struct yaml *y)
{
	struct str stem = str_slice(file->name, 6, file->name.len - 5); /* "kinds/" … ".yaml" */
	if (!y)
		loader_fault(l, NULL, N_("expected the key {name}"), { "name", STR("kind") });
	if (!y || !read_shape(l, y, SHAPE_NAME))
		return false;
	if (!str_eq(y->text, stem)) {
		loader_fault(l, y, N_("expected kind: {name}, as the file is called"), { "name", stem });
		return false;
	}
	if (name_reserved_sql(y->text) || str_starts(y->text, STR("sqlite_")) || str_starts(y->text, STR("pg_"))) {
		loader_fault(l, y, N_("{name} is a word of SQL; expected another name"), { "name", y->text });
		return false;
	}
	const struct kind_draft *other = map_get(l->kind_names, y->text);
	if (other)
		loader_fault(l, y, N_("the kind {name} is there already, in {file}"), { "name", y->text }, { "file", other->file });
	return !other;
}

static void kind_texts(struct loader *l, struct kind_draft *k, const struct yaml *root, struct str name)
{
	k->kind.name = loader_copy(l, name);
	k->kind.pack = k->pack->pack.name;
	k->kind.title = read_title(l, root, "title", name);
	k->kind.help = read_text(l, root, "help");
	k->kind.plural = read_text(l, root, "plural");
	if (!k->kind.plural && !l->failed) {
		k->kind.plural = arena_format(l->arena, "%ss", k->kind.title).data;
		l->failed |= !k->kind.plural;
	}
}

/* What is no map was a fault already. */
static const struct yaml *map_at_key(const struct yaml *root, const char *key)
{
	const struct yaml *y = yaml_get(root, key);
	return y && y->type == YAML_MAP ? y : NULL;
}

void kind_read(struct loader *l, struct pack_draft *pack, const struct source_file *file)
{
	const struct yaml *root;
	l->file = file->path;
	if (!loader_parse(l, file, &root))
		return;
	if (!read_shape(l, root, SHAPE_MAP) || !kind_name_good(l, file, yaml_get(root, "kind")))
		return;
	read_map(l, root, kind_keys); /* its faults are noted; the parts are read all the same, to find theirs */
	struct kind_draft *k = arena_alloc(l->scratch, sizeof *k);
	struct kind_draft **slot = k ? LOADER_ADD(l, &l->kinds) : NULL;
	if (!slot) {
		l->failed = true;
		return;
	}
	*slot = k;
	k->pack = pack;
	k->file = file->path;
	k->root = root;
	kind_texts(l, k, root, yaml_get(root, "kind")->text);
	if (l->failed || !map_put(l->kind_names, str_of(k->kind.name), k)) {
		l->failed = true;
		return;
	}
	flags_read(l, k, yaml_get(root, "flags"));
	k->kind.number = read_text(l, root, "number");
	if (k->kind.number && !number_good(str_of(k->kind.number)))
		loader_fault(l, yaml_get(root, "number"), N_("expected one place for the number, such as DEV-{seq:6}"));
	fields_read(l, k, map_at_key(root, "fields"));
	select_read(l, k, yaml_get(root, "select"));
	ask_by_read(l, k, yaml_get(root, "ask_by"));
	states_read(l, k, map_at_key(root, "states"), map_at_key(root, "transitions"));
	if (l->failed)
		return;
	if (k->kind.field_count)
		title_read(l, k, yaml_get(root, "title_field"));
	identify_read(l, k, yaml_get(root, "identify"));
	indexes_read(l, k, yaml_get(root, "indexes"));
	k->kind.owner = read_text(l, root, "owner");
	if (!l->failed)
		view_read(l, k, map_at_key(root, "views"));
}

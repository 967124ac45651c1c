/* Fields of a kind from YAML: a table of types, a table of keys with the types each makes sense for, and the few
 * keys that need thought. What depends on other kinds waits for check.c. */
#include "base/decimal.h"
#include "base/utf8.h"
#include "internal.h"
#include "model/value.h"
#include "pattern.h"
#include <string.h>

#define CHOICES_MOST 500
#define T(type) (1u << FIELD_##type)
#define ALL (T(TEXT) | T(INT) | T(DECIMAL) | T(MONEY) | T(DATE) | T(TIME) | T(BOOL) | T(CHOICE) | T(REF) | T(REFS) | \
	     T(GEO) | T(FILE) | T(JSON) | T(LOCAL))
#define PLAIN (T(TEXT) | T(INT) | T(DECIMAL) | T(DATE) | T(TIME) | T(CHOICE) | T(REF))

static const char *const type_names[] = {
	[FIELD_TEXT] = "text", [FIELD_INT] = "int", [FIELD_DECIMAL] = "decimal", [FIELD_MONEY] = "money",
	[FIELD_DATE] = "date", [FIELD_TIME] = "time", [FIELD_BOOL] = "bool", [FIELD_CHOICE] = "choice",
	[FIELD_REF] = "ref", [FIELD_REFS] = "refs", [FIELD_GEO] = "geo", [FIELD_FILE] = "file", [FIELD_JSON] = "json",
	[FIELD_LOCAL] = "local",
};

static const struct key field_keys[] = {
	{ "type", SHAPE_NAME, true }, { "title", SHAPE_TEXT }, { "help", SHAPE_TEXT }, { "required", SHAPE_BOOL },
	{ "unique", SHAPE_BOOL }, { "indexed", SHAPE_BOOL }, { "facet", SHAPE_BOOL }, { "search", SHAPE_ANY },
	{ "read_only", SHAPE_BOOL }, { "history", SHAPE_BOOL }, { "multiline", SHAPE_BOOL }, { "tree", SHAPE_BOOL },
	{ "default", SHAPE_TEXT }, { "class", SHAPE_NAME }, { "personal", SHAPE_MAP }, { "function", SHAPE_TEXT },
	{ "of", SHAPE_ANY }, { "to", SHAPE_NAME }, { "scale", SHAPE_INT }, { "min", SHAPE_TEXT }, { "max", SHAPE_TEXT },
	{ "pattern", SHAPE_NAME }, { 0 },
};

/* Which types a key makes sense for; those not here go with every type. */
static const struct key_types {
	const char *key;
	unsigned types;
	unsigned flag; /* set when the key is true */
} key_types[] = {
	{ "required", ALL, FIELD_REQUIRED },
	{ "unique", PLAIN, FIELD_UNIQUE },
	{ "indexed", PLAIN | T(BOOL) | T(MONEY), FIELD_INDEXED },
	{ "facet", PLAIN | T(BOOL), FIELD_FACET },
	{ "search", T(TEXT) | T(LOCAL), FIELD_SEARCH },
	{ "read_only", ALL, FIELD_READ_ONLY },
	{ "multiline", T(TEXT) | T(LOCAL), FIELD_MULTILINE },
	{ "tree", T(REF), FIELD_TREE },
	{ "default", PLAIN | T(BOOL) | T(MONEY), 0 },
	{ "personal", ALL & ~T(REFS), 0 },
	{ "of", T(CHOICE), 0 },
	{ "to", T(REF) | T(REFS), 0 },
	{ "scale", T(DECIMAL), 0 },
	{ "min", T(INT) | T(DECIMAL) | T(MONEY), 0 },
	{ "max", T(TEXT) | T(LOCAL) | T(INT) | T(DECIMAL), 0 },
	{ "pattern", T(TEXT), 0 },
};

/* Keys a type cannot do without. */
static const struct {
	enum field_type type;
	const char *key;
} needed[] = { { FIELD_CHOICE, "of" }, { FIELD_REF, "to" }, { FIELD_REFS, "to" }, { FIELD_DECIMAL, "scale" } };

static bool type_parse(struct loader *l, const struct yaml *at, enum field_type *ret)
{
	struct nearest near = { .word = at->text };
	for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++) {
		if (str_is(at->text, type_names[i])) {
			*ret = (enum field_type)i;
			return true;
		}
		nearest_offer(&near, type_names[i]);
	}
	loader_fault_unknown(l, at,
			     N_("unknown type {name}; expected text, int, decimal, money, date, time, bool, choice, ref, refs, "
				"geo, file, json or local"),
			     N_("unknown type {name}; did you mean {near}?"), at->text, &near);
	return false;
}

static bool keys_fit(struct loader *l, const struct yaml *map, enum field_type type, unsigned *flags)
{
	bool good = true;
	for (size_t i = 0; i < sizeof key_types / sizeof *key_types; i++) {
		const struct yaml *y = yaml_get(map, key_types[i].key);
		if (y && !(key_types[i].types & (1u << type))) {
			loader_fault(l, y, N_("the key {name} makes no sense for the type {type}"), { "name", y->name },
				     { "type", str_of(type_names[type]) });
			good = false;
		} else if (key_types[i].flag && read_bool(map, key_types[i].key, false)) {
			*flags |= key_types[i].flag;
		}
	}
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		if (needed[i].type != type || yaml_get(map, needed[i].key))
			continue;
		loader_fault(l, map, N_("the type {type} needs the key {name}"), { "type", str_of(type_names[type]) },
			     { "name", str_of(needed[i].key) });
		good = false;
	}
	if (!read_bool(map, "history", true))
		*flags |= FIELD_NO_HISTORY;
	return good;
}

/* One choice, in a list or as a member of a map (then its text is the title). */
static bool choice_read(struct loader *l, const struct yaml *y, bool in_map, const struct choice *before, size_t count,
			struct choice *ret)
{
	struct str name = in_map ? y->name : y->text;
	if (!in_map && !read_shape(l, y, SHAPE_NAME))
		return false;
	if (in_map && !name_valid(name)) {
		loader_fault(l, y, N_("expected the name of a choice: a small letter, then small letters, digits and _"));
		return false;
	}
	if (in_map && !yaml_is_null(y) && !read_shape(l, y, SHAPE_TEXT))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (str_is(name, before[i].name)) {
			loader_fault(l, y, N_("the choice {name} is there twice"), { "name", name });
			return false;
		}
	}
	ret->name = loader_copy(l, name);
	if (in_map && !yaml_is_null(y))
		ret->title = loader_copy(l, str_trim(y->text));
	else if (!l->failed && !(ret->title = name_title(l->arena, name)))
		l->failed = true;
	return !l->failed;
}

static void choices_read(struct loader *l, const struct yaml *of, struct field *f)
{
	if (!of)
		return;
	if (of->type == YAML_TEXT || !of->first) {
		loader_fault(l, of, N_("expected choices: [first, second] or {first: First, second: Second}"));
		return;
	}
	if (of->count > CHOICES_MOST) {
		loader_fault(l, of, N_("expected at most 500 choices; more are records of a kind"));
		return;
	}
	struct choice *choices = LOADER_NEW(l, of->count + 1, struct choice);
	size_t n = 0;
	for (const struct yaml *y = of->first; choices && y && !l->failed; y = y->next)
		if (choice_read(l, y, of->type == YAML_MAP, choices, n, &choices[n]))
			n++;
	f->choices = choices;
}

static bool number_at(struct loader *l, const struct yaml *y, const struct field *f, int64_t *ret)
{
	int scale = f->type == FIELD_DECIMAL ? f->scale : 0;
	if (decimal_parse(y->text, scale, ret))
		return true;
	if (scale)
		loader_fault(l, y, N_("expected a number with at most {scale} decimals"),
			     { "scale", str_of((const char *[]){ "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" }[scale]) });
	else
		loader_fault(l, y, N_("expected a whole number"));
	return false;
}

static void range_read(struct loader *l, const struct yaml *map, struct field *f)
{
	const struct yaml *min = yaml_get(map, "min"), *max = yaml_get(map, "max");
	if (f->type == FIELD_TEXT || f->type == FIELD_LOCAL) {
		if (max && (!str_int(max->text, &f->max) || f->max < 1 || f->max > TEXT_MAX_MOST))
			loader_fault(l, max, N_("expected a number of bytes from 1 to 262144"));
		return;
	}
	if (!min && !max)
		return;
	f->min = INT64_MIN;
	f->max = INT64_MAX;
	if (min && f->type == FIELD_MONEY && !str_is(min->text, "0"))
		loader_fault(l, min, N_("expected 0, which keeps an amount from being negative"));
	else if (min && !number_at(l, min, f, &f->min))
		return;
	else if (f->type == FIELD_MONEY)
		f->min = 0;
	if (max && !number_at(l, max, f, &f->max))
		return;
	if (f->min > f->max)
		loader_fault(l, min, N_("min is more than max"));
	if (f->min == 0 && f->max == 0) /* both zero means no range in struct field */
		loader_fault(l, min, N_("min and max cannot both be 0"));
}

static void pattern_read(struct loader *l, const struct yaml *y, struct field *f)
{
	struct nearest near = { .word = y ? y->text : STR_NONE };
	if (!y)
		return;
	for (const struct pattern *p = patterns; p->name; p++) {
		if (str_is(y->text, p->name)) {
			f->pattern = p->name;
			return;
		}
		nearest_offer(&near, p->name);
	}
	loader_fault_unknown(l, y,
			     N_("unknown pattern {name}; expected email, hostname, mac, ip, cidr, uri, currency, country, lang, "
				"uuid or hex"),
			     N_("unknown pattern {name}; did you mean {near}?"), y->text, &near);
}

static void class_read(struct loader *l, const struct yaml *y, struct field *f)
{
	static const char *const classes[] = { "public", "internal", "confidential", "strict" };
	f->classification = CLASS_INTERNAL;
	if (!y)
		return;
	for (size_t i = 0; i < 4; i++) {
		if (str_is(y->text, classes[i])) {
			f->classification = (enum classification)i;
			return;
		}
	}
	loader_fault(l, y, N_("expected public, internal, confidential or strict"));
}

static void search_read(struct loader *l, const struct yaml *y, struct field *f)
{
	if (!y)
		return;
	bool plain = y->type == YAML_TEXT && !y->quoted, high = plain && str_is(y->text, "high");
	if (high)
		f->flags |= FIELD_SEARCH | FIELD_SEARCH_HIGH;
	else if (!plain || (!str_is(y->text, "true") && !str_is(y->text, "false")))
		loader_fault(l, y, N_("expected true, false or high"));
}

static void personal_read(struct loader *l, const struct yaml *y, struct field *f)
{
	static const struct key keys[] = { { "purpose", SHAPE_TEXT, true }, { "keep", SHAPE_TEXT, true },
					   { "subject", SHAPE_NAME, false }, { 0 } };
	if (!y || !read_map(l, y, keys))
		return;
	struct personal *p = LOADER_NEW(l, 1, struct personal);
	if (!p)
		return;
	const struct yaml *keep = yaml_get(y, "keep");
	if (!period_parse(str_trim(keep->text), &p->keep))
		loader_fault(l, keep, N_("expected a period, such as 90 days, 6 months or 2 years"));
	p->purpose = read_text(l, y, "purpose");
	p->subject = read_text(l, y, "subject"); /* NULL: check.c knows */
	f->personal = p;
}

/* A default must be a value of the field; "today" and "now" are left to the moment of use. */
static void default_read(struct loader *l, const struct yaml *y, struct field *f)
{
	if (!y)
		return;
	struct str text = str_trim(y->text);
	f->otherwise = loader_copy(l, text);
	if ((f->type == FIELD_DATE && str_is(text, "today")) || (f->type == FIELD_TIME && str_is(text, "now")))
		return;
	if ((f->type == FIELD_CHOICE && !f->choices) || l->failed)
		return;
	struct error probe;
	struct value v;
	error_init(&probe, l->scratch);
	enum code code = value_from_text(f, text, STR_NONE, STR_NONE, l->scratch, &v, &probe);
	if (code == E_NOMEM)
		l->failed = true;
	else if (code != OK)
		loader_fault(l, y, N_("expected a default that the field itself would accept"));
}

static bool field_name_good(struct loader *l, const struct kind_draft *k, const struct yaml *y)
{
	if (!name_valid(y->name))
		loader_fault(l, y, N_("expected the name of a field: a small letter, then small letters, digits and _, at most 40 in all"));
	else if (name_reserved_field(y->name))
		loader_fault(l, y, N_("{name} is a name every record already uses; expected another one"), { "name", y->name });
	else if (name_reserved_sql(y->name))
		loader_fault(l, y, N_("{name} is a word of SQL; expected another name"), { "name", y->name });
	else
		return true;
	return false;
}

static void field_read(struct loader *l, const struct kind_draft *k, const struct yaml *y, struct field *f)
{
	f->name = loader_copy(l, y->name);
	f->title = read_title(l, y, "title", y->name);
	f->help = read_text(l, y, "help");
	if (!read_map(l, y, field_keys) || !type_parse(l, yaml_get(y, "type"), &f->type) ||
	    !keys_fit(l, y, f->type, &f->flags) || l->failed) {
		f->flags |= FIELD_BROKEN;
		return;
	}
	f->to = read_text(l, y, "to");
	f->scale = (int)read_int(y, "scale", 0);
	const struct yaml *scale = yaml_get(y, "scale");
	int64_t digits = read_int(y, "scale", 0);
	if (digits < 0 || digits > 9) {
		loader_fault(l, scale, N_("expected a number of decimals from 0 to 9"));
		f->scale = 0;
	}
	choices_read(l, yaml_get(y, "of"), f);
	range_read(l, y, f);
	pattern_read(l, yaml_get(y, "pattern"), f);
	search_read(l, yaml_get(y, "search"), f);
	class_read(l, yaml_get(y, "class"), f);
	personal_read(l, yaml_get(y, "personal"), f);
	f->function = read_text(l, y, "function");
	default_read(l, yaml_get(y, "default"), f);
	if (f->type == FIELD_REF || (f->flags & FIELD_UNIQUE))
		f->flags |= FIELD_INDEXED;
	if (f->type == FIELD_CHOICE)
		f->flags |= FIELD_FACET;
}

void fields_read(struct loader *l, struct kind_draft *k, const struct yaml *map)
{
	size_t count = map && map->type == YAML_MAP ? map->count : 0;
	k->fields = LOADER_NEW(l, count + 1, struct field);
	k->kind.fields = k->fields;
	if (!k->fields)
		return;
	if (map && (count == 0 || count > 200)) {
		loader_fault(l, map, N_("expected between 1 and 200 fields"));
		return;
	}
	for (const struct yaml *y = map ? map->first : NULL; y && !l->failed; y = y->next) {
		if (!field_name_good(l, k, y))
			continue;
		struct field *f = &k->fields[k->kind.field_count];
		f->index = (unsigned)k->kind.field_count;
		field_read(l, k, y, f);
		k->kind.field_count++;
	}
}

struct field *draft_field(const struct kind_draft *k, struct str name)
{
	for (size_t i = 0; i < k->kind.field_count; i++)
		if (str_is(name, k->fields[i].name))
			return &k->fields[i];
	return NULL;
}

void fault_no_field(struct loader *l, const struct kind_draft *k, const struct yaml *at, struct str word)
{
	struct nearest near = { .word = word };
	for (size_t i = 0; i < k->kind.field_count; i++)
		nearest_offer(&near, k->fields[i].name);
	loader_fault_unknown(l, at, N_("{name} is no field of this kind"),
			     N_("{name} is no field of this kind; did you mean {near}?"), word, &near);
}

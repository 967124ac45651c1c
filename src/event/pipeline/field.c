/* Transformations of field names: mapping, prefixes, suffixes; hashes and extracted fields. Neighbours: transform.c lists them. */
#include "base/arena.h"
#include "pipeline/pipeline_internal.h"
#include <string.h>

/* The names a field gets; NULL when it keeps its own. */
struct names {
	const struct yaml *first; /* scalars */
	size_t count;
	struct str before, after; /* around each; the part of the field that stays */
	bool mapped;
};

static enum code mapped_to(struct run *r, const struct yaml *to, struct str before, struct str after, struct names *ret)
{
	*ret = (struct names){ to->type == YAML_LIST ? to->first : to, to->type == YAML_LIST ? to->count : 1, before, after, true };
	for (const struct yaml *y = ret->first; y && ret->count; y = to->type == YAML_LIST ? y->next : NULL)
		if (y->type != YAML_TEXT)
			return yaml_expected(r->error, r->item->file, y, N_("a field name, or a list of them"));
	return OK;
}

static enum code names_of(struct run *r, struct str field, struct names *ret)
{
	const struct yaml *mapping = yaml_get(r->item->at, "mapping"), *y;
	const char *kind = r->item->kind->name;
	*ret = (struct names){ 0 };
	if (strcmp(kind, "field_name_mapping") == 0) {
		/* the name null is for keywords */
		for (y = mapping->first; y && !str_eq(y->name, field.data ? field : STR("null")); y = y->next)
			;
		return y ? mapped_to(r, y, STR_NONE, STR_NONE, ret) : OK;
	}
	if (!field.data)
		return OK;
	if (strcmp(kind, "field_name_prefix_mapping") == 0) {
		for (y = mapping->first; y && !str_starts(field, y->name); y = y->next)
			;
		return y ? mapped_to(r, y, STR_NONE, str_slice(field, y->name.len, field.len), ret) : OK;
	}
	*ret = (struct names){ NULL, 1, STR_NONE, STR_NONE, true };
	ret->before = parameter(r->item->at, "prefix", "");
	ret->after = parameter(r->item->at, "suffix", "");
	ret->before = arena_format(r->arena, "%.*s%.*s", STR_ARG(ret->before), STR_ARG(field));
	return ret->before.data ? OK : error_nomem(r->error);
}

static struct str name_at(struct run *r, const struct names *n, const struct yaml *y)
{
	struct str middle = y ? y->text : STR("");
	return arena_format(r->arena, "%.*s%.*s%.*s", (int)n->before.len, n->before.data ? n->before.data : "", STR_ARG(middle), (int)n->after.len,
			    n->after.data ? n->after.data : "");
}

/* Remembers which names came out of the mapping, and which items touched them. */
static enum code note(struct run *r, struct fact **facts, struct str name)
{
	struct fact *f = *facts;
	while (f && !str_eq(f->name, name))
		f = f->next;
	if (!f) {
		f = ARENA_NEW(r->arena, struct fact);
		if (!f)
			return error_nomem(r->error);
		*f = (struct fact){ .next = *facts, .name = name };
		*facts = f;
	}
	bits_add(&f->applied, &r->item->self);
	return OK;
}

/* The list of names a field becomes, in a new list; itself when it keeps its name. */
static enum code renamed(struct run *r, struct str field, struct yaml *list)
{
	struct names n;
	TRY(names_of(r, field, &n));
	bool change = n.mapped && field_fits(r, field);
	if (change)
		TRY(note(r, &r->mapped, field));
	const struct yaml *y = n.first;
	for (size_t i = 0; i < (change ? n.count : 1); i++, y = y ? y->next : NULL) {
		struct yaml *name = node_text(r, change ? name_at(r, &n, y) : field);
		if (!name || !name->text.data)
			return error_nomem(r->error);
		if (change) {
			TRY(note(r, &r->fields, name->text));
			TRY(note(r, &r->mapped, name->text));
		}
		node_add(list, name);
	}
	return OK;
}

/* Values of a reference are field names too. */
static enum code map_references(struct run *r, struct yaml *item)
{
	struct yaml *list = node_new(r, YAML_LIST, item->name);
	size_t count;
	const struct yaml *value = item_values(item, &count);
	if (!list)
		return error_nomem(r->error);
	for (; count--; value = value->next)
		TRY(renamed(r, value->text, list));
	item->type = YAML_LIST;
	item->first = list->first;
	item->count = list->count;
	return OK;
}

static enum code keywords_wrapped(struct run *r, struct yaml *item)
{
	item->name = STR("|contains");
	TRY(item_fold(r, item));
	return OK;
}

enum code on_field_mapping(struct run *r, struct yaml *item, struct choice **ret)
{
	struct names n;
	struct str field = item_field(item);
	if (item_has(item, "fieldref"))
		TRY(map_references(r, item));
	TRY(names_of(r, field, &n));
	if (!n.mapped || !field_fits(r, field))
		return OK;
	if (!field.data && item->name.len == 0)
		TRY(keywords_wrapped(r, item));
	struct str modifiers = item_modifiers(item);
	const struct yaml *y = n.first;
	if (n.count == 0)
		return choice_add(r, ret, NULL);
	if (field.data)
		TRY(note(r, &r->mapped, field));
	for (size_t i = 0; i < n.count; i++, y = y ? y->next : NULL) {
		struct yaml *copy = node_copy(r, item);
		struct str name = name_at(r, &n, y);
		if (!copy || !name.data)
			return error_nomem(r->error);
		copy->name = name_joined(r, name, modifiers);
		((struct node *)(void *)copy)->applied = ((struct node *)(void *)item)->applied;
		TRY(note(r, &r->fields, name));
		TRY(note(r, &r->mapped, name));
		TRY(choice_add(r, ret, copy));
	}
	return OK;
}

/* --- field names outside the detection --- */

static enum code one_name(struct run *r, struct yaml *y)
{
	struct yaml *list = node_new(r, YAML_LIST, STR_NONE);
	if (!list)
		return error_nomem(r->error);
	if (y->type != YAML_TEXT)
		return OK;
	TRY(renamed(r, y->text, list));
	if (list->count != 1)
		return error_fail(r->error, E_INVALID, N_("The field {field} of a correlation must be mapped to one other"), { "field", y->text });
	y->text = list->first->text;
	return OK;
}

static bool is_alias(const struct yaml *aliases, struct str name)
{
	for (const struct yaml *y = aliases ? aliases->first : NULL; y; y = y->next)
		if (str_eq(y->name, name))
			return true;
	return false;
}

static enum code map_list(struct run *r, struct yaml *owner, const struct yaml *aliases)
{
	struct yaml *list = node_new(r, YAML_LIST, owner->name);
	size_t count;
	const struct yaml *y = item_values(owner, &count);
	if (!list)
		return error_nomem(r->error);
	for (; count--; y = y->next) {
		if (!is_alias(aliases, y->text)) {
			TRY(renamed(r, y->text, list));
			continue;
		}
		struct yaml *name = node_text(r, y->text);
		if (!name)
			return error_nomem(r->error);
		node_add(list, name);
	}
	owner->type = YAML_LIST;
	owner->first = list->first;
	owner->count = list->count;
	return OK;
}

static enum code map_correlation(struct run *r, struct yaml *correlation)
{
	const struct yaml *aliases = yaml_get(correlation, "aliases");
	for (struct yaml *y = correlation->first; y; y = y->next) {
		if (str_is(y->name, "group-by"))
			TRY(map_list(r, y, aliases));
		for (struct yaml *alias = str_is(y->name, "aliases") ? y->first : NULL; alias; alias = alias->next)
			for (struct yaml *to = alias->first; to; to = to->next)
				TRY(one_name(r, to));
		for (struct yaml *test = str_is(y->name, "condition") ? y->first : NULL; test; test = test->next) {
			if (!str_is(test->name, "field"))
				continue;
			if (test->type == YAML_TEXT)
				TRY(one_name(r, test));
			for (struct yaml *field = test->first; field; field = field->next)
				TRY(one_name(r, field));
		}
	}
	return OK;
}

enum code rule_field_mapping(struct run *r)
{
	for (struct yaml *y = r->rule->first; y; y = y->next) {
		if (str_is(y->name, "fields") && !yaml_is_null(y))
			TRY(map_list(r, y, NULL));
		if (str_is(y->name, "correlation") && y->type == YAML_MAP)
			TRY(map_correlation(r, y));
	}
	return OK;
}

/* --- hashes --- */

static struct str strip(struct str s, const char *which, bool front_only)
{
	while (s.len && strchr(which, s.data[0]))
		s = str_slice(s, 1, s.len);
	while (!front_only && s.len && strchr(which, s.data[s.len - 1]))
		s = str_slice(s, 0, s.len - 1);
	return s;
}

/* "SHA1=…", "SHA1|…" or a hash alone, known by its length. */
static enum code hash_parts(struct run *r, struct str value, struct str *ret_kind, struct str *ret_hash)
{
	static const struct {
		size_t len;
		const char *kind;
	} lengths[] = { { 32, "MD5" }, { 40, "SHA1" }, { 64, "SHA256" }, { 128, "SHA512" } };
	char separator = str_find(value, '|') >= 0 ? '|' : '=';
	int64_t at = str_find(value, separator);
	*ret_kind = STR("");
	if (at >= 0 && str_find(str_slice(value, (size_t)at + 1, value.len), separator) < 0) {
		struct str kind = arena_copy(r->arena, strip(str_slice(value, 0, (size_t)at), "*", true));
		char *upper = arena_alloc(r->arena, kind.len + 1);
		if (!kind.data || !upper)
			return error_nomem(r->error);
		for (size_t i = 0; i < kind.len; i++)
			upper[i] = kind.data[i] >= 'a' && kind.data[i] <= 'z' ? (char)(kind.data[i] - 32) : kind.data[i];
		*ret_kind = (struct str){ upper, kind.len };
		*ret_hash = strip(str_slice(value, (size_t)at + 1, value.len), "*?", false);
	} else {
		*ret_hash = strip(at >= 0 ? str_slice(value, 0, (size_t)at) : value, "*?", false);
		for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
			if (ret_hash->len == lengths[i].len)
				*ret_kind = str_of(lengths[i].kind);
	}
	size_t count;
	const struct yaml *valid = parameter_list(r->item->at, "valid_hash_algos", &count);
	if (!list_has(valid, count, *ret_kind))
		*ret_kind = STR("");
	return OK;
}

static enum code hash_item(struct run *r, struct choice **ret, struct str kind, struct str hash)
{
	struct str prefix = parameter(r->item->at, "field_prefix", "");
	struct str name = arena_format(r->arena, "%.*s%.*s", STR_ARG(prefix), parameter_true(r->item->at, "drop_algo_prefix") ? 0 : (int)kind.len, kind.data);
	struct yaml *value = node_text(r, hash);
	if (!name.data || !value)
		return error_nomem(r->error);
	for (struct choice *c = *ret; c; c = c->next)
		if (str_eq(c->items->name, name)) {
			node_add(c->items, value);
			return OK;
		}
	struct yaml *item = node_new(r, YAML_LIST, name);
	if (!item)
		return error_nomem(r->error);
	node_add(item, value);
	return choice_add(r, ret, item);
}

enum code on_hashes(struct run *r, struct yaml *item, struct choice **ret)
{
	size_t count, fields;
	const struct yaml *parse = parameter_list(r->item->at, "field_to_parse", &fields), *value = item_values(item, &count);
	struct str field = item_field(item), kind, hash;
	bool wanted = parse ? list_has(parse, fields, field) : str_is(field, "Hashes") || str_is(field, "Hash");
	if (!field.data || !wanted)
		return OK;
	for (; count--; value = value->next) {
		if (value->type != YAML_TEXT || yaml_is_null(value))
			return OK;
		TRY(hash_parts(r, value_readable(r->arena, value->text), &kind, &hash));
		if (kind.len)
			TRY(hash_item(r, ret, kind, hash));
	}
	return *ret ? OK : error_fail(r->error, E_INVALID, N_("No hash the pipeline knows in {field}"), { "field", field });
}

/* --- fields out of values --- */

static enum code extract_one(struct run *r, struct str text, struct yaml **ret)
{
	uint32_t count, size;
	PCRE2_SPTR table;
	struct yaml *first = NULL, **last = &first;
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(r->match);
	struct str prefix = parameter(r->item->at, "field_prefix", "");
	pcre2_pattern_info(r->item->pattern, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(r->item->pattern, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(r->item->pattern, PCRE2_INFO_NAMETABLE, &table);
	for (uint32_t i = 0; i < count; i++) {
		unsigned group = (unsigned)table[i * size] << 8 | table[i * size + 1];
		const char *own = (const char *)table + i * size + 2;
		if (group >= pcre2_get_ovector_count(r->match) || places[2 * group] == PCRE2_UNSET || places[2 * group] == places[2 * group + 1])
			continue;
		struct str value = str_slice(text, places[2 * group], places[2 * group + 1]);
		struct yaml *y = node_text(r, arena_copy(r->arena, value));
		if (!y)
			return error_nomem(r->error);
		y->name = prefix.len ? arena_format(r->arena, "%.*s.%s", STR_ARG(prefix), own) : arena_copy(r->arena, str_of(own));
		if (str_eq_nocase(value, STR("null")) || str_eq_nocase(value, STR("none"))) {
			y->text = STR("null");
			y->quoted = false;
		}
		*last = y;
		last = &y->next;
	}
	*ret = first;
	return OK;
}

enum code on_extract(struct run *r, struct yaml *item, struct choice **ret)
{
	size_t count;
	const struct yaml *value = item_values(item, &count);
	struct yaml *all = NULL, **last = &all, *found;
	if (!item_field(item).data)
		return OK;
	for (; count--; value = value->next) {
		if (value->type != YAML_TEXT || yaml_is_null(value))
			return OK;
		struct str text = value_readable(r->arena, value->text);
		if (pattern_match(r, r->item->pattern, text, 0, true) > 0) {
			TRY(extract_one(r, text, &found));
		} else {
			if (!parameter_true(r->item->at, "preserve_unmatched"))
				continue;
			found = node_text(r, value->text);
			if (!found)
				return error_nomem(r->error);
			found->name = item_field(item);
		}
		if (!found)
			continue;
		if (!item_has(item, "all")) {
			TRY(choice_add(r, ret, found));
			continue;
		}
		for (*last = found; *last;)
			last = &(*last)->next;
	}
	return all ? choice_add(r, ret, all) : OK;
}

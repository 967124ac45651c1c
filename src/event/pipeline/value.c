/* Names and values of a rule's items as pipelines see them. Neighbours: pipeline_internal.h. */
#include "base/arena.h"
#include "pipeline/pipeline_internal.h"
#include <string.h>

struct str parameter(const struct yaml *at, const char *name, const char *otherwise)
{
	const struct yaml *y = yaml_get(at, name);
	return y && y->type == YAML_TEXT && !yaml_is_null(y) ? y->text : str_of(otherwise);
}

bool parameter_true(const struct yaml *at, const char *name)
{
	struct str s = parameter(at, name, "");
	return str_eq_nocase(s, STR("true")) || str_eq_nocase(s, STR("yes")) || str_eq_nocase(s, STR("on"));
}

const struct yaml *parameter_list(const struct yaml *at, const char *name, size_t *ret_count)
{
	const struct yaml *y = yaml_get(at, name);
	*ret_count = !y ? 0 : y->type == YAML_LIST ? y->count : 1;
	return y && y->type == YAML_LIST ? y->first : y;
}

bool list_has(const struct yaml *first, size_t count, struct str wanted)
{
	for (; count--; first = first->next)
		if (first->type == YAML_TEXT && str_eq(first->text, wanted))
			return true;
	return false;
}

bool same_scalar(const struct yaml *a, const struct yaml *b)
{
	return a->type == YAML_TEXT && b->type == YAML_TEXT && yaml_is_null(a) == yaml_is_null(b) && str_eq(a->text, b->text);
}

struct str item_field(const struct yaml *item)
{
	int64_t bar = str_find(item->name, '|');
	struct str field = bar < 0 ? item->name : str_slice(item->name, 0, (size_t)bar);
	return field.len ? field : STR_NONE;
}

struct str item_modifiers(const struct yaml *item)
{
	int64_t bar = str_find(item->name, '|');
	return bar < 0 ? STR_NONE : str_slice(item->name, (size_t)bar, item->name.len);
}

bool item_has(const struct yaml *item, const char *modifier)
{
	struct str rest = item_modifiers(item), word;
	while (str_cut(&rest, '|', &word))
		if (str_is(word, modifier))
			return true;
	return false;
}

struct str name_without(struct run *r, struct str name, const char *modifier)
{
	CLEAN_BUF struct buf b;
	struct str word;
	bool first = true;
	buf_init(&b, 0);
	while (str_cut(&name, '|', &word)) {
		if (!first && str_is(word, modifier))
			continue;
		if (!first)
			buf_add_char(&b, '|');
		buf_add_str(&b, word);
		first = false;
	}
	return buf_ok(&b) ? arena_copy(r->arena, b.len ? buf_str(&b) : STR("")) : STR_NONE;
}

struct str name_joined(struct run *r, struct str field, struct str modifiers)
{
	return arena_format(r->arena, "%.*s%.*s", STR_ARG(field), (int)modifiers.len, modifiers.data ? modifiers.data : "");
}

const struct yaml *item_values(const struct yaml *item, size_t *ret_count)
{
	*ret_count = item->type == YAML_LIST ? item->count : item->type == YAML_TEXT;
	return item->type == YAML_LIST ? item->first : item;
}

static bool is_wildcard(char c)
{
	return c == '*' || c == '?';
}

/* Length of the run of backslashes at `at`. */
static size_t run_length(struct str s, size_t at)
{
	size_t n = 0;
	while (at + n < s.len && s.data[at + n] == '\\')
		n++;
	return n;
}

static void add_backslashes(struct buf *b, size_t n)
{
	while (n--)
		buf_add_char(b, '\\');
}

bool value_has_wildcard(struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		size_t n = run_length(value, i);
		i += n;
		if (i < value.len && is_wildcard(value.data[i]) && n % 2 == 0)
			return true;
	}
	return false;
}

/* Sigma: before a wildcard two backslashes are one and an odd one makes it plain; elsewhere a pair is one, one is one. */
struct str value_readable(struct arena *a, struct str value)
{
	CLEAN_BUF struct buf b;
	buf_init(&b, 0);
	for (size_t i = 0; i < value.len; i++) {
		size_t n = run_length(value, i);
		i += n;
		bool special = i < value.len && is_wildcard(value.data[i]);
		add_backslashes(&b, special ? n : n / 2 + n % 2);
		if (i < value.len)
			buf_add_char(&b, value.data[i]);
	}
	return buf_ok(&b) ? arena_copy(a, b.len ? buf_str(&b) : STR("")) : STR_NONE;
}

struct str value_from_readable(struct arena *a, struct str readable)
{
	CLEAN_BUF struct buf b;
	buf_init(&b, 0);
	for (size_t i = 0; i < readable.len; i++) {
		size_t n = run_length(readable, i);
		i += n;
		bool special = i < readable.len && is_wildcard(readable.data[i]);
		add_backslashes(&b, special ? n : 2 * n);
		if (i < readable.len)
			buf_add_char(&b, readable.data[i]);
	}
	return buf_ok(&b) ? arena_copy(a, b.len ? buf_str(&b) : STR("")) : STR_NONE;
}

struct str value_escaped(struct arena *a, struct str plain)
{
	CLEAN_BUF struct buf b;
	buf_init(&b, 0);
	for (size_t i = 0; i < plain.len; i++) {
		if (is_wildcard(plain.data[i]) || plain.data[i] == '\\')
			buf_add_char(&b, '\\');
		buf_add_char(&b, plain.data[i]);
	}
	return buf_ok(&b) ? arena_copy(a, b.len ? buf_str(&b) : STR("")) : STR_NONE;
}

/* Joins what was written apart, so that a backslash at the seam does not change what follows it. */
void value_append(struct buf *b, struct str piece)
{
	size_t n = 0;
	while (n < b->len && b->data[b->len - 1 - n] == '\\')
		n++;
	if (n % 2 && piece.len && (is_wildcard(piece.data[0]) || piece.data[0] == '\\'))
		buf_add_char(b, '\\');
	buf_add_str(b, piece);
}

static enum code fold_value(struct run *r, struct yaml *value, bool before, bool after)
{
	CLEAN_BUF struct buf b;
	if (value->type != YAML_TEXT || yaml_is_null(value))
		return OK;
	buf_init(&b, 0);
	if (before && !(value->text.len && value->text.data[0] == '*'))
		buf_add_char(&b, '*');
	value_append(&b, value->text);
	size_t len = value->text.len;
	bool ends = len && value->text.data[len - 1] == '*' && (len < 2 || value->text.data[len - 2] != '\\');
	if (after && !ends)
		value_append(&b, STR("*"));
	struct str folded = buf_ok(&b) ? arena_copy(r->arena, b.len ? buf_str(&b) : STR("")) : STR_NONE;
	if (!folded.data)
		return error_nomem(r->error);
	value->text = folded;
	value->quoted = true;
	return OK;
}

enum code item_fold(struct run *r, struct yaml *item)
{
	static const struct {
		const char *modifier;
		bool before, after;
	} folds[] = { { "contains", true, true }, { "startswith", false, true }, { "endswith", true, false } };
	static const char *const not_text[] = { "re", "fieldref", "base64", "base64offset", "windash", "wide", "utf16", "utf16le", "utf16be", "cidr" };
	for (size_t i = 0; i < sizeof not_text / sizeof *not_text; i++)
		if (item_has(item, not_text[i]))
			return OK; /* the order of modifiers matters there: values are taken as they are written */
	for (size_t i = 0; i < sizeof folds / sizeof *folds; i++) {
		if (!item_has(item, folds[i].modifier))
			continue;
		struct str name = name_without(r, item->name, folds[i].modifier);
		if (!name.data)
			return error_nomem(r->error);
		item->name = name;
		if (item->type == YAML_TEXT)
			TRY(fold_value(r, item, folds[i].before, folds[i].after));
		for (struct yaml *y = item->type == YAML_LIST ? item->first : NULL; y; y = y->next)
			TRY(fold_value(r, y, folds[i].before, folds[i].after));
	}
	return OK;
}

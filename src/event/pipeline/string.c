/* Transformations of values: placeholders, replacing, mapping, setting. Neighbours: value.c, transform.c. */
#include "base/arena.h"
#include "pipeline/pipeline_internal.h"
#include <string.h>

#define VALUES_MOST 10000 /* of one item after placeholders */

/* Every value through `one`, which answers what it becomes as scalars linked by next (NULL: it stays). */
static enum code each_value(struct run *r, struct yaml *item, enum code (*one)(struct run *r, const struct yaml *item, const struct yaml *value, struct yaml **ret),
			    struct choice **ret)
{
	struct yaml *list = node_new(r, YAML_LIST, item->name), *became, *next;
	size_t count;
	bool changed = false;
	const struct yaml *value = item_values(item, &count);
	if (!list)
		return error_nomem(r->error);
	bool single = item->type == YAML_TEXT;
	for (; count--; value = value->next) {
		became = NULL;
		if (value->type == YAML_TEXT && !yaml_is_null(value))
			TRY(one(r, item, value, &became));
		changed = changed || became;
		if (!became && !(became = node_copy(r, value)))
			return error_nomem(r->error);
		for (; became; became = next) {
			next = became->next;
			became->name = STR_NONE;
			node_add(list, became);
			if (list->count > VALUES_MOST)
				return error_fail(r->error, E_LIMIT, N_("A pipeline makes this rule too large"));
		}
	}
	if (!changed)
		return OK;
	struct yaml *result = single && list->count == 1 ? list->first : list;
	result->name = item->name;
	result->line = item->line;
	result->column = item->column;
	((struct node *)(void *)result)->applied = ((struct node *)(void *)item)->applied;
	return choice_add(r, ret, result);
}

static enum code text_node(struct run *r, struct str text, struct yaml **ret)
{
	*ret = text.data ? node_text(r, text) : NULL;
	return *ret ? OK : error_nomem(r->error);
}

/* --- placeholders --- */

static bool handled(const struct run *r, struct str name)
{
	size_t included, excluded;
	const struct yaml *include = parameter_list(r->item->at, "include", &included), *exclude = parameter_list(r->item->at, "exclude", &excluded);
	return (!include && !exclude) || (include && list_has(include, included, name)) || (exclude && !list_has(exclude, excluded, name));
}

/* The first placeholder from `from` on: where it begins and ends. A percent after a backslash begins none. */
static bool placeholder_find(struct str s, size_t from, size_t *ret_at, size_t *ret_end)
{
	for (size_t i = from; i < s.len; i++) {
		if (s.data[i] != '%' || (i && s.data[i - 1] == '\\'))
			continue;
		int64_t end = str_find(str_slice(s, i + 1, s.len), '%');
		if (end > 0) {
			*ret_at = i;
			*ret_end = i + 1 + (size_t)end + 1;
			return true;
		}
	}
	return false;
}

static const struct yaml *variable(const struct run *r, struct str name, size_t *ret_count)
{
	for (size_t i = r->p->var_count; i--;)
		for (const struct yaml *y = r->p->vars[i]->first; y; y = y->next)
			if (str_eq(y->name, name)) {
				*ret_count = y->type == YAML_LIST ? y->count : 1;
				return y->type == YAML_LIST ? y->first : y;
			}
	return NULL;
}

static enum code replacements(struct run *r, struct str name, const struct yaml **ret, size_t *ret_count)
{
	static const struct yaml star = { .type = YAML_TEXT, .text = { "*", 1 }, .quoted = true };
	*ret = &star;
	*ret_count = 1;
	if (strcmp(r->item->kind->name, "wildcard_placeholders") == 0)
		return OK;
	*ret = variable(r, name, ret_count);
	if (!*ret)
		return error_fail(r->error, E_INVALID, N_("The pipeline has no values for the placeholder {name}"), { "name", name });
	const struct yaml *y = *ret;
	for (size_t i = 0; i < *ret_count; i++, y = y->next)
		if (y->type != YAML_TEXT || yaml_is_null(y))
			return error_fail(r->error, E_INVALID, N_("The values of the placeholder {name} must be texts or numbers"), { "name", name });
	return OK;
}

/* One value with its first handled placeholder replaced by each of its values, then those in turn. `from` is behind what was
 * put in, so that a value with percent signs is not taken for a placeholder. */
struct piece {
	struct piece *next;
	struct str text;
	size_t from;
	bool open;
};

/* A percent sign of what is put in begins no placeholder. */
static struct str percents_escaped(struct arena *a, struct str s)
{
	CLEAN_BUF struct buf b;
	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '%')
			buf_add_char(&b, '\\');
		buf_add_char(&b, s.data[i]);
	}
	return buf_ok(&b) ? arena_copy(a, b.len ? buf_str(&b) : STR("")) : STR_NONE;
}

static enum code expand_one(struct run *r, struct piece *p, struct piece ***last, bool *ret_changed)
{
	size_t at = p->from, end, count;
	const struct yaml *y;
	*ret_changed = false;
	while (placeholder_find(p->text, at, &at, &end) && !handled(r, str_slice(p->text, at + 1, end - 1)))
		at = end;
	if (!placeholder_find(p->text, at, &at, &end))
		return OK;
	TRY(replacements(r, str_slice(p->text, at + 1, end - 1), &y, &count));
	*ret_changed = true;
	for (size_t i = 0; i < count; i++, y = y->next) {
		CLEAN_BUF struct buf b;
		buf_init(&b, 1 << 20);
		struct str put = str_find(y->text, '%') < 0 ? y->text : percents_escaped(r->arena, y->text);
		buf_add_str(&b, str_slice(p->text, 0, at));
		value_append(&b, put);
		size_t from = b.len;
		value_append(&b, str_slice(p->text, end, p->text.len));
		struct piece *made = ARENA_NEW(r->arena, struct piece);
		if (!made || !put.data || !buf_ok(&b))
			return error_nomem(r->error);
		*made = (struct piece){ .text = arena_copy(r->arena, b.len ? buf_str(&b) : STR("")), .from = from, .open = true };
		**last = made;
		*last = &made->next;
	}
	return OK;
}

static enum code expand_value(struct run *r, const struct yaml *item, const struct yaml *value, struct yaml **ret)
{
	struct piece first = { .text = value->text, .open = true }, *done = &first;
	bool again = true, changed = false;
	for (unsigned round = 0; again; round++) {
		struct piece *made = NULL, **last = &made;
		size_t count = 0;
		again = false;
		for (struct piece *p = done, *next; p; p = next) {
			bool grew = false;
			next = p->next;
			if (p->open)
				TRY(expand_one(r, p, &last, &grew));
			again = again || grew;
			if (!grew) {
				p->open = false;
				p->next = NULL;
				*last = p;
				last = &p->next;
			}
			if (++count > VALUES_MOST || round > 64)
				return error_fail(r->error, E_LIMIT, N_("A pipeline makes this rule too large"));
		}
		changed = changed || again;
		done = made;
	}
	struct yaml **last = ret;
	for (struct piece *p = changed ? done : NULL; p; p = p->next, last = &(*last)->next)
		TRY(text_node(r, p->text, last));
	return OK;
}

/* When no placeholder is left the modifier goes, and an escaped percent is a plain one. */
static enum code finish_expand(struct run *r, struct yaml *item)
{
	size_t count, at, end;
	const struct yaml *first = item_values(item, &count), *value = first;
	for (size_t i = 0; i < count; i++, value = value->next)
		if (value->type == YAML_TEXT && placeholder_find(value->text, 0, &at, &end))
			return OK;
	struct yaml *y = item->type == YAML_LIST ? item->first : item;
	for (size_t i = 0; i < count; i++, y = y->next) {
		CLEAN_BUF struct buf b;
		buf_init(&b, 1 << 20);
		for (size_t k = 0; k < y->text.len; k++)
			if (!(y->text.data[k] == '\\' && k + 1 < y->text.len && y->text.data[k + 1] == '%'))
				buf_add_char(&b, y->text.data[k]);
		struct str plain = buf_ok(&b) ? arena_copy(r->arena, b.len ? buf_str(&b) : STR("")) : STR_NONE;
		if (!plain.data)
			return error_nomem(r->error);
		if (y->type == YAML_TEXT && plain.len != y->text.len)
			y->text = plain;
	}
	item->name = name_without(r, item->name, "expand");
	return item->name.data ? OK : error_nomem(r->error);
}

enum code on_value_placeholders(struct run *r, struct yaml *item, struct choice **ret)
{
	if (!item_has(item, "expand"))
		return OK;
	TRY(each_value(r, item, expand_value, ret));
	return *ret ? finish_expand(r, (*ret)->items) : OK;
}

enum code on_wildcard_placeholders(struct run *r, struct yaml *item, struct choice **ret)
{
	return on_value_placeholders(r, item, ret);
}

/* --- replace_string --- */

/* The replacement as Python's re.sub() reads it: \1, \g<1>, \g<name>, \n, \\. */
static bool add_replacement(const struct run *r, struct str text, struct buf *b)
{
	struct str s = parameter(r->item->at, "replacement", "");
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(r->match);
	for (size_t i = 0; i < s.len; i++) {
		int64_t group = -1;
		if (s.data[i] != '\\' || i + 1 == s.len) {
			buf_add_char(b, s.data[i]);
			continue;
		}
		char c = s.data[++i];
		if (c >= '0' && c <= '9') {
			group = c - '0';
			if (i + 1 < s.len && s.data[i + 1] >= '0' && s.data[i + 1] <= '9')
				group = group * 10 + (s.data[++i] - '0');
		} else if (c == 'g' && i + 1 < s.len && s.data[i + 1] == '<') {
			int64_t close = str_find(str_slice(s, i, s.len), '>');
			struct str name = close > 2 ? str_slice(s, i + 2, i + (size_t)close) : STR("");
			char own[64];
			if (!str_int(name, &group) && name.len < sizeof own) {
				memcpy(own, name.data, name.len);
				own[name.len] = '\0';
				group = pcre2_substring_number_from_name(r->item->pattern, (PCRE2_SPTR)own);
			}
			i += close > 0 ? (size_t)close : 0;
			if (group < 0)
				return false;
		} else {
			buf_add_char(b, c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
			continue;
		}
		if ((uint64_t)group >= pcre2_get_ovector_count(r->match))
			return false;
		if (places[2 * group] != PCRE2_UNSET)
			buf_add_str(b, str_slice(text, places[2 * group], places[2 * group + 1]));
	}
	return true;
}

static enum code substitute(struct run *r, struct str text, struct str *ret)
{
	CLEAN_BUF struct buf b;
	size_t at = 0;
	buf_init(&b, 1 << 20);
	while (at <= text.len && pattern_match(r, r->item->pattern, text, at, false) > 0) {
		const PCRE2_SIZE *places = pcre2_get_ovector_pointer(r->match);
		size_t from = places[0], to = places[1];
		buf_add_str(&b, str_slice(text, at, from));
		if (!add_replacement(r, text, &b))
			return yaml_expected(r->error, r->item->file, r->item->at, N_("a replacement with groups its expression has"));
		at = to;
		if (to == from) { /* an empty match: one character further */
			do {
				if (at < text.len)
					buf_add_char(&b, text.data[at]);
				at++;
			} while (at < text.len && ((unsigned char)text.data[at] & 0xC0) == 0x80);
		}
	}
	if (at < text.len)
		buf_add_str(&b, str_slice(text, at, text.len));
	*ret = buf_ok(&b) ? arena_copy(r->arena, b.len ? buf_str(&b) : STR("")) : STR_NONE;
	return ret->data ? OK : error_nomem(r->error);
}

/* Only the plain parts between wildcards; what comes out is plain too, unless special signs are to be understood. */
static enum code replace_parts(struct run *r, struct str value, struct str *ret)
{
	CLEAN_BUF struct buf b, part;
	bool interpret = parameter_true(r->item->at, "interpret_special");
	buf_init(&b, 1 << 20);
	buf_init(&part, 1 << 20);
	for (size_t i = 0; i <= value.len; i++) {
		char c = i < value.len ? value.data[i] : '\0';
		bool special = i == value.len || c == '*' || c == '?';
		if (!special) {
			if (c == '\\' && i + 1 < value.len && strchr("\\*?", value.data[i + 1]))
				c = value.data[++i];
			buf_add_char(&part, c);
			continue;
		}
		struct str made = STR("");
		if (part.len)
			TRY(substitute(r, arena_copy(r->arena, buf_str(&part)), &made));
		value_append(&b, interpret ? value_from_readable(r->arena, made) : value_escaped(r->arena, made));
		buf_clear(&part);
		if (i < value.len)
			value_append(&b, (struct str){ &value.data[i], 1 });
	}
	*ret = buf_ok(&b) && buf_ok(&part) ? arena_copy(r->arena, b.len ? buf_str(&b) : STR("")) : STR_NONE;
	return ret->data ? OK : error_nomem(r->error);
}

static enum code replace_value(struct run *r, const struct yaml *item, const struct yaml *value, struct yaml **ret)
{
	struct str made;
	if (parameter_true(r->item->at, "skip_special")) {
		TRY(replace_parts(r, value->text, &made));
	} else {
		TRY(substitute(r, value_readable(r->arena, value->text), &made));
		made = value_from_readable(r->arena, made);
	}
	return text_node(r, made, ret);
}

enum code on_replace(struct run *r, struct yaml *item, struct choice **ret)
{
	return item_has(item, "re") || item_has(item, "cidr") || item_has(item, "fieldref") ? OK : each_value(r, item, replace_value, ret);
}

/* --- map_string, set_value, convert_type, case, regex --- */

static enum code map_value(struct run *r, const struct yaml *item, const struct yaml *value, struct yaml **ret)
{
	struct str text = value_readable(r->arena, value->text);
	const struct yaml *mapping = yaml_get(r->item->at, "mapping"), *y = mapping->first;
	while (y && !str_eq(y->name, text))
		y = y->next;
	size_t count = !y ? 0 : y->type == YAML_LIST ? y->count : y->type == YAML_TEXT;
	struct yaml **last = ret;
	for (y = y && y->type == YAML_LIST ? y->first : y; count--; y = y->next, last = &(*last)->next)
		TRY(text_node(r, y->text, last));
	return OK;
}

enum code on_map_string(struct run *r, struct yaml *item, struct choice **ret)
{
	return item_has(item, "re") || item_has(item, "cidr") || item_has(item, "fieldref") ? OK : each_value(r, item, map_value, ret);
}

enum code on_set_value(struct run *r, struct yaml *item, struct choice **ret)
{
	struct yaml *value = node_copy(r, yaml_get(r->item->at, "value"));
	struct str field = item_field(item);
	if (!value)
		return error_nomem(r->error);
	if (value->type != YAML_TEXT)
		return yaml_expected(r->error, r->item->file, yaml_get(r->item->at, "value"), N_("a text, a number, true, false or null"));
	value->name = field.data ? field : STR("");
	value->quoted = value->quoted || str_is(parameter(r->item->at, "force_type", ""), "str");
	((struct node *)(void *)value)->applied = ((struct node *)(void *)item)->applied;
	return choice_add(r, ret, value);
}

static bool is_number(struct str s)
{
	size_t digits = 0, dots = 0;
	for (size_t i = s.len && s.data[0] == '-'; i < s.len; i++) {
		digits += s.data[i] >= '0' && s.data[i] <= '9';
		dots += s.data[i] == '.';
		if (s.data[i] != '.' && (s.data[i] < '0' || s.data[i] > '9'))
			return false;
	}
	return digits && dots < 2;
}

/* Rules are compared as text whichever type a value has; what must be a number is checked. */
static enum code convert_value(struct run *r, const struct yaml *item, const struct yaml *value, struct yaml **ret)
{
	bool number = str_is(parameter(r->item->at, "target_type", ""), "num");
	if (number && !is_number(value->text))
		return error_fail(r->error, E_INVALID, N_("The pipeline wants a number, not {value}"), { "value", value->text });
	TRY(text_node(r, value->text, ret));
	(*ret)->quoted = !number;
	return OK;
}

enum code on_convert(struct run *r, struct yaml *item, struct choice **ret)
{
	return each_value(r, item, convert_value, ret);
}

/* ASCII; seen only by what is `cased`, since all else is compared without case, and by snake_case's underscores. */
static enum code case_value(struct run *r, const struct yaml *item, const struct yaml *value, struct yaml **ret)
{
	struct str method = parameter(r->item->at, "method", "lower");
	CLEAN_BUF struct buf b;
	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < value->text.len; i++) {
		char c = value->text.data[i];
		bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
		bool start = i == 0 || value->text.data[i - 1] == '*' || value->text.data[i - 1] == '?';
		if (str_is(method, "snake_case") && upper && !start)
			buf_add_char(&b, '_');
		buf_add_char(&b, str_is(method, "upper") ? (lower ? (char)(c - 32) : c) : upper ? (char)(c + 32) : c);
	}
	return text_node(r, buf_ok(&b) ? arena_copy(r->arena, b.len ? buf_str(&b) : STR("")) : STR_NONE, ret);
}

enum code on_case(struct run *r, struct yaml *item, struct choice **ret)
{
	return item_has(item, "re") || item_has(item, "cidr") || item_has(item, "fieldref") ? OK : each_value(r, item, case_value, ret);
}

/* Elsewhere a string becomes a regular expression that means the same without case. Here strings mean that already; with the
 * method plain the expression looks at case. */
enum code on_regex(struct run *r, struct yaml *item, struct choice **ret)
{
	if (!str_is(parameter(r->item->at, "method", "ignore_case_brackets"), "plain") || item_has(item, "re") || item_has(item, "cased"))
		return OK;
	item->name = arena_format(r->arena, "%.*s|cased", STR_ARG(item->name));
	return item->name.data ? choice_add(r, ret, item) : error_nomem(r->error);
}

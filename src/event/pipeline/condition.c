/* The conditions of pipelines: on rules, on items of a detection, on field names. Neighbours: read.c checks their parameters. */
#include "base/arena.h"
#include "pipeline/pipeline_internal.h"
#include <stdlib.h>
#include <string.h>

void bits_add(struct bits *to, const struct bits *from)
{
	for (size_t i = 0; i < ITEMS_MOST / 64; i++)
		to->word[i] |= from->word[i];
}

bool bits_meet(const struct bits *a, const struct bits *b)
{
	for (size_t i = 0; i < ITEMS_MOST / 64; i++)
		if (a->word[i] & b->word[i])
			return true;
	return false;
}

int pattern_match(const struct run *r, const pcre2_code *pattern, struct str text, size_t from, bool anchored)
{
	return pcre2_match(pattern, (PCRE2_SPTR)(text.data ? text.data : ""), text.len, from, anchored ? PCRE2_ANCHORED : 0, r->match, r->limits);
}

/* --- rules --- */

static bool is_correlation(const struct yaml *rule)
{
	return yaml_get(rule, "correlation") != NULL;
}

static bool logsource(const struct run *r, const struct condition *c, const struct subject *s)
{
	const struct yaml *has = yaml_get(r->rule, "logsource");
	static const char *const attributes[] = { "category", "product", "service" };
	if (is_correlation(r->rule))
		return false;
	for (size_t i = 0; i < 3; i++) {
		struct str wanted = parameter(c->at, attributes[i], "");
		if (wanted.len && (!has || !str_eq(parameter(has, attributes[i], ""), wanted)))
			return false;
	}
	return true;
}

struct search_for {
	struct str field;
	const struct yaml *value;
	bool found;
};

static void look(const struct yaml *item, void *context)
{
	struct search_for *f = context;
	size_t count;
	const struct yaml *value = item_values(item, &count);
	if (!item_field(item).data || !str_eq(item_field(item), f->field))
		return;
	f->found = f->found || !f->value;
	for (; f->value && count--; value = value->next)
		f->found = f->found || same_scalar(value, f->value);
}

static bool contains_field(const struct run *r, const struct condition *c, const struct subject *s)
{
	struct search_for f = { .field = parameter(c->at, "field", "") };
	walk_items(r->rule, look, &f);
	return f.found;
}

static bool contains_item(const struct run *r, const struct condition *c, const struct subject *s)
{
	struct search_for f = { .field = parameter(c->at, "field", ""), .value = yaml_get(c->at, "value") };
	walk_items(r->rule, look, &f);
	return f.found;
}

static bool is_rule(const struct run *r, const struct condition *c, const struct subject *s)
{
	return !is_correlation(r->rule);
}

static bool is_correlation_rule(const struct run *r, const struct condition *c, const struct subject *s)
{
	return is_correlation(r->rule);
}

static bool tag(const struct run *r, const struct condition *c, const struct subject *s)
{
	size_t count;
	const struct yaml *first = parameter_list(r->rule, "tags", &count);
	return list_has(first, count, parameter(c->at, "tag", ""));
}

/* <0, 0, >0 by number when both are numbers, else by bytes (dates are written so that this is their order). */
static int compare(struct str a, struct str b)
{
	char left[40], right[40], *end_left, *end_right;
	if (a.len && b.len && a.len < sizeof left && b.len < sizeof right) {
		memcpy(left, a.data, a.len);
		memcpy(right, b.data, b.len);
		left[a.len] = right[b.len] = '\0';
		double x = strtod(left, &end_left), y = strtod(right, &end_right);
		if (end_left == left + a.len && end_right == right + b.len)
			return (x > y) - (x < y);
	}
	return str_cmp(a, b);
}

static bool ordered(struct str operator, int sign)
{
	static const struct {
		const char *name;
		bool less, equal, more;
	} operators[] = { { "eq", false, true, false }, { "ne", true, false, true }, { "lt", true, false, false },
			  { "lte", true, true, false }, { "gt", false, false, true }, { "gte", false, true, true } };
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (str_is(operator, operators[i].name))
			return sign < 0 ? operators[i].less : sign == 0 ? operators[i].equal : operators[i].more;
	return false;
}

/* The place of a level or a status in its order, or -1. */
static int rank(const char *attribute, struct str value)
{
	static const char *const levels[] = { "informational", "low", "medium", "high", "critical" };
	static const char *const statuses[] = { "unsupported", "deprecated", "experimental", "test", "stable" };
	const char *const *order = strcmp(attribute, "level") == 0 ? levels : statuses;
	for (int i = 0; i < 5; i++)
		if (str_eq_nocase(value, str_of(order[i])))
			return i;
	return -1;
}

static const struct fact *fact_find(const struct fact *f, struct str name)
{
	while (f && !str_eq(f->name, name))
		f = f->next;
	return f;
}

static bool rule_attribute(const struct run *r, const struct condition *c, const struct subject *s)
{
	struct str name = parameter(c->at, "attribute", ""), value = parameter(c->at, "value", ""), operator= parameter(c->at, "op", "eq");
	const struct yaml *has = NULL;
	for (const struct yaml *y = r->rule->first; y && !has; y = y->next)
		has = str_eq(y->name, name) ? y : NULL;
	const struct fact *own = has ? NULL : fact_find(r->attributes, name);
	if (own)
		has = own->value;
	if (!has || has->type == YAML_MAP)
		return false;
	if (has->type == YAML_LIST) {
		bool in = list_has(has->first, has->count, value);
		return str_is(operator, "in") ? in : str_is(operator, "not_in") ? !in : str_is(operator, "ne");
	}
	for (const char *ranked = "level"; ranked; ranked = strcmp(ranked, "level") == 0 ? "status" : NULL)
		if (str_is(name, ranked))
			return ordered(operator, rank(ranked, has->text) - rank(ranked, value));
	return ordered(operator, compare(has->text, value));
}

/* --- state and what was applied, for all three --- */

static bool state(const struct run *r, const struct condition *c, const struct subject *s)
{
	const struct fact *has = fact_find(r->states, parameter(c->at, "key", ""));
	return has && has->value && ordered(parameter(c->at, "op", "eq"), compare(has->value->text, parameter(c->at, "val", "")));
}

static bool rule_applied(const struct run *r, const struct condition *c, const struct subject *s)
{
	return bits_meet(&r->applied, &c->applied);
}

static bool item_applied(const struct run *r, const struct condition *c, const struct subject *s)
{
	return s->item && bits_meet(&((const struct node *)(const void *)s->item)->applied, &c->applied);
}

static bool field_applied(const struct run *r, const struct condition *c, const struct subject *s)
{
	const struct fact *has = s->field.data ? fact_find(r->fields, s->field) : NULL;
	return item_applied(r, c, s) || (has && bits_meet(&has->applied, &c->applied));
}

/* --- values of an item --- */

static bool values_fit(const struct condition *c, const struct subject *s, const struct run *r,
		       bool (*one)(const struct run *r, const struct condition *c, const struct yaml *value))
{
	bool all = str_is(parameter(c->at, "cond", "any"), "all"), result = all;
	size_t count;
	const struct yaml *value = item_values(s->item, &count);
	for (; count--; value = value->next)
		result = all ? result && one(r, c, value) : result || one(r, c, value);
	return result;
}

static bool matches(const struct run *r, const struct condition *c, const struct yaml *value)
{
	bool result = value->type == YAML_TEXT && !yaml_is_null(value) && c->pattern_count &&
		      pattern_match(r, c->patterns[0], value_readable(r->arena, value->text), 0, true) > 0;
	return result != parameter_true(c->at, "negate");
}

static bool equals(const struct run *r, const struct condition *c, const struct yaml *value)
{
	const struct yaml *wanted = yaml_get(c->at, "value");
	return wanted && same_scalar(value, wanted);
}

static bool has_wildcard(const struct run *r, const struct condition *c, const struct yaml *value)
{
	return value->type == YAML_TEXT && value_has_wildcard(value->text);
}

static bool null(const struct run *r, const struct condition *c, const struct yaml *value)
{
	return yaml_is_null(value);
}

static bool match_string(const struct run *r, const struct condition *c, const struct subject *s)
{
	return values_fit(c, s, r, matches);
}

static bool match_value(const struct run *r, const struct condition *c, const struct subject *s)
{
	return values_fit(c, s, r, equals);
}

static bool contains_wildcard(const struct run *r, const struct condition *c, const struct subject *s)
{
	return values_fit(c, s, r, has_wildcard);
}

static bool is_null(const struct run *r, const struct condition *c, const struct subject *s)
{
	return values_fit(c, s, r, null);
}

/* --- field names --- */

static bool include_fields(const struct run *r, const struct condition *c, const struct subject *s)
{
	size_t count;
	const struct yaml *fields = parameter_list(c->at, "fields", &count);
	if (!s->field.data)
		return false;
	if (!c->pattern_count)
		return list_has(fields, count, s->field);
	for (size_t i = 0; i < c->pattern_count; i++)
		if (pattern_match(r, c->patterns[i], s->field, 0, true) > 0)
			return true;
	return false;
}

static bool exclude_fields(const struct run *r, const struct condition *c, const struct subject *s)
{
	return !include_fields(r, c, s);
}

static const struct condition_kind kinds[] = {
	{ "logsource", ON_RULE, "category product service definition", logsource },
	{ "contains_field", ON_RULE, "field!", contains_field },
	{ "contains_detection_item", ON_RULE, "field! value!", contains_item },
	{ "is_sigma_rule", ON_RULE, "", is_rule },
	{ "is_sigma_correlation_rule", ON_RULE, "", is_correlation_rule },
	{ "rule_attribute", ON_RULE, "attribute! value! op", rule_attribute },
	{ "tag", ON_RULE, "tag!", tag },
	{ "processing_item_applied", ON_RULE, "processing_item_id!", rule_applied },
	{ "processing_state", ON_RULE, "key! val! op", state },
	{ "match_string", ON_ITEM, "cond! pattern! negate", match_string },
	{ "match_value", ON_ITEM, "cond! value!", match_value },
	{ "contains_wildcard", ON_ITEM, "cond!", contains_wildcard },
	{ "is_null", ON_ITEM, "cond!", is_null },
	{ "processing_item_applied", ON_ITEM, "processing_item_id!", item_applied },
	{ "processing_state", ON_ITEM, "key! val! op", state },
	{ "include_fields", ON_FIELD, "fields! mode", include_fields },
	{ "exclude_fields", ON_FIELD, "fields! mode", exclude_fields },
	{ "processing_item_applied", ON_FIELD, "processing_item_id!", field_applied },
	{ "processing_state", ON_FIELD, "key! val! op", state },
};

const struct condition_kind *condition_find(enum where where, struct str name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].where == where && str_is(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* --- expressions: or, and, not, ( ), names of conditions --- */

struct expression {
	struct str rest;
	const struct conditions *conditions;
	const struct run *run; /* NULL: only checked */
	const struct subject *subject;
	unsigned depth;
	bool bad;
};

static struct str token(struct expression *x, bool take)
{
	struct str s = str_trim(x->rest);
	size_t n = 0;
	if (s.len && (s.data[0] == '(' || s.data[0] == ')'))
		n = 1;
	else
		while (n < s.len && s.data[n] != '(' && s.data[n] != ')' && (unsigned char)s.data[n] > ' ')
			n++;
	struct str word = str_slice(s, 0, n);
	if (take)
		x->rest = str_slice(s, n, s.len);
	return word;
}

static bool alternatives(struct expression *x);

static bool primary(struct expression *x)
{
	struct str word = token(x, true);
	bool result = false;
	if (++x->depth > 64)
		x->bad = true;
	else if (str_is(word, "not"))
		result = !primary(x);
	else if (str_is(word, "(")) {
		result = alternatives(x);
		x->bad = x->bad || !str_is(token(x, true), ")");
	} else {
		const struct condition *found = NULL;
		for (size_t i = 0; i < x->conditions->count && !found; i++)
			found = str_eq(x->conditions->items[i].name, word) ? &x->conditions->items[i] : NULL;
		x->bad = x->bad || !found;
		result = found && x->run && found->kind->fits(x->run, found, x->subject);
	}
	x->depth--;
	return result;
}

static bool together(struct expression *x)
{
	bool result = primary(x);
	while (!x->bad && str_is(token(x, false), "and")) {
		token(x, true);
		result = primary(x) && result;
	}
	return result;
}

static bool alternatives(struct expression *x)
{
	bool result = together(x);
	while (!x->bad && str_is(token(x, false), "or")) {
		token(x, true);
		result = together(x) || result;
	}
	return result;
}

bool expression_good(const struct conditions *c)
{
	struct expression x = { .rest = c->expression, .conditions = c };
	if (!c->expression.len)
		return true;
	alternatives(&x);
	return !x.bad && token(&x, false).len == 0;
}

bool conditions_hold(const struct run *r, const struct conditions *c, const struct subject *s)
{
	bool result = !c->any || !c->count;
	if (c->expression.len) {
		struct expression x = { .rest = c->expression, .conditions = c, .run = r, .subject = s };
		result = alternatives(&x);
	} else {
		for (size_t i = 0; i < c->count; i++) {
			bool fits = c->items[i].kind->fits(r, &c->items[i], s);
			result = c->any ? result || fits : result && fits;
		}
	}
	return result != c->negated;
}

bool field_fits(const struct run *r, struct str field)
{
	struct subject s = { .field = field };
	return conditions_hold(r, &r->item->on[ON_FIELD], &s);
}

/* A field name stands in front of an item, and in the values of a reference. */
bool item_fits(const struct run *r, const struct yaml *item)
{
	struct subject s = { .item = item, .field = item_field(item) };
	if (!conditions_hold(r, &r->item->on[ON_ITEM], &s))
		return false;
	bool fits = conditions_hold(r, &r->item->on[ON_FIELD], &s);
	if (!fits && item_has(item, "fieldref")) {
		size_t count;
		const struct yaml *value = item_values(item, &count);
		for (; count-- && !fits; value = value->next)
			fits = field_fits(r, value->text);
	}
	return fits;
}

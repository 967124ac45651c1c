/* The table of transformations, and those that act on a rule as a whole. Neighbours: field.c and string.c act on items. */
#include "base/arena.h"
#include "pipeline/pipeline_internal.h"
#include <string.h>

static enum code on_drop(struct run *r, struct yaml *item, struct choice **ret)
{
	return choice_add(r, ret, NULL);
}

static enum code on_failure(struct run *r, struct yaml *item, struct choice **ret)
{
	return error_fail(r->error, E_INVALID, N_("The pipeline refuses this rule: {message}"), { "message", parameter(r->item->at, "message", "") });
}

static enum code rule_failure(struct run *r)
{
	return error_fail(r->error, E_INVALID, N_("The pipeline refuses this rule: {message}"), { "message", parameter(r->item->at, "message", "") });
}

static struct yaml *member(struct yaml *map, const char *name)
{
	struct yaml *y = map->first;
	while (y && !str_is(y->name, name))
		y = y->next;
	return y;
}

static enum code rule_logsource(struct run *r)
{
	static const char *const attributes[] = { "category", "product", "service" };
	struct yaml *source = node_new(r, YAML_MAP, STR("logsource"));
	if (!source)
		return error_nomem(r->error);
	if (yaml_get(r->rule, "correlation"))
		return OK;
	for (size_t i = 0; i < 3; i++) {
		struct str value = parameter(r->item->at, attributes[i], "");
		struct yaml *y = value.len ? node_text(r, value) : NULL;
		if (y)
			node_put(r, source, str_of(attributes[i]), y);
	}
	node_put(r, r->rule, STR("logsource"), source);
	return OK;
}

/* --- the list `fields` --- */

static enum code fields_list(struct run *r, struct yaml **ret)
{
	struct yaml *list = node_new(r, YAML_LIST, STR("fields")), *old = member(r->rule, "fields");
	size_t count = 0;
	const struct yaml *y = old && !yaml_is_null(old) ? item_values(old, &count) : NULL;
	if (!list)
		return error_nomem(r->error);
	for (; count--; y = y->next) {
		struct yaml *copy = node_text(r, y->text);
		if (!copy)
			return error_nomem(r->error);
		node_add(list, copy);
	}
	*ret = node_put(r, r->rule, STR("fields"), list);
	return OK;
}

static enum code add_fields(struct run *r, struct yaml *list, const char *name)
{
	size_t count;
	const struct yaml *y = parameter_list(r->item->at, name, &count);
	for (; count--; y = y->next) {
		struct yaml *copy = node_text(r, y->text);
		if (!copy)
			return error_nomem(r->error);
		node_add(list, copy);
	}
	return OK;
}

static enum code rule_add_field(struct run *r)
{
	struct yaml *list;
	TRY(fields_list(r, &list));
	return add_fields(r, list, "field");
}

static enum code rule_remove_field(struct run *r)
{
	struct yaml *list;
	size_t count;
	const struct yaml *gone = parameter_list(r->item->at, "field", &count);
	TRY(fields_list(r, &list));
	for (struct yaml **at = &list->first; *at;) {
		if (list_has(gone, count, (*at)->text)) {
			*at = (*at)->next;
			list->count--;
		} else {
			at = &(*at)->next;
		}
	}
	return OK;
}

static enum code rule_set_field(struct run *r)
{
	struct yaml *list;
	TRY(fields_list(r, &list));
	list->first = NULL;
	list->count = 0;
	return add_fields(r, list, "fields");
}

/* --- what later conditions ask for --- */

static enum code remember(struct run *r, struct fact **facts, struct str name, const struct yaml *value)
{
	struct fact *f = ARENA_NEW(r->arena, struct fact);
	if (!f)
		return error_nomem(r->error);
	*f = (struct fact){ .next = *facts, .name = name, .value = value };
	*facts = f;
	return OK;
}

static enum code rule_state(struct run *r)
{
	return remember(r, &r->states, parameter(r->item->at, "key", ""), yaml_get(r->item->at, "val"));
}

static enum code rule_attribute(struct run *r)
{
	return remember(r, &r->attributes, parameter(r->item->at, "attribute", ""), yaml_get(r->item->at, "value"));
}

static enum code rule_nest(struct run *r)
{
	return walk_apply(r, r->item->nested, r->item->nested_count);
}

/* --- a further condition --- */

/* $category, ${product}, $service by the log source; $$ is a dollar, what is unknown stays. */
static enum code from_template(struct run *r, struct str text, struct str *ret)
{
	static const char *const names[] = { "category", "product", "service" };
	const struct yaml *source = yaml_get(r->rule, "logsource");
	CLEAN_BUF struct buf b;
	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < text.len; i++) {
		size_t brace = text.data[i] == '$' && i + 1 < text.len && text.data[i + 1] == '{', n = 0;
		struct str rest = str_slice(text, i + 1 + brace, text.len);
		if (text.data[i] != '$') {
			buf_add_char(&b, text.data[i]);
			continue;
		}
		if (rest.len && !brace && rest.data[0] == '$') {
			buf_add_char(&b, '$');
			i++;
			continue;
		}
		while (n < rest.len && ((rest.data[n] | 0x20) >= 'a' && (rest.data[n] | 0x20) <= 'z'))
			n++;
		bool found = false;
		for (size_t k = 0; k < 3 && !found; k++) {
			if (!str_is(str_slice(rest, 0, n), names[k]) || (brace && (n >= rest.len || rest.data[n] != '}')))
				continue;
			buf_add_str(&b, source ? parameter(source, names[k], "None") : STR("None"));
			i += n + 2 * brace;
			found = true;
		}
		if (!found)
			buf_add_char(&b, '$');
	}
	*ret = buf_ok(&b) ? arena_copy(r->arena, b.len ? buf_str(&b) : STR("")) : STR_NONE;
	return ret->data ? OK : error_nomem(r->error);
}

static enum code fill_templates(struct run *r, struct yaml *search)
{
	for (struct yaml *item = search->first; item; item = item->next) {
		if (item->type == YAML_TEXT && !yaml_is_null(item))
			TRY(from_template(r, item->text, &item->text));
		for (struct yaml *y = item->first; y; y = y->next)
			if (y->type == YAML_TEXT && !yaml_is_null(y))
				TRY(from_template(r, y->text, &y->text));
	}
	return OK;
}

static enum code extend(struct run *r, struct yaml *condition, struct str name)
{
	if (condition->type != YAML_TEXT)
		return OK;
	const char *not = parameter_true(r->item->at, "negated") ? "not " : "";
	condition->text = condition->text.len ? arena_format(r->arena, "%s%.*s and (%.*s)", not, STR_ARG(name), STR_ARG(condition->text))
					      : arena_format(r->arena, "%s%.*s", not, STR_ARG(name));
	return condition->text.data ? OK : error_nomem(r->error);
}

static enum code rule_add_condition(struct run *r)
{
	struct yaml *detection = member(r->rule, "detection"), *condition;
	const struct yaml *conditions = yaml_get(r->item->at, "conditions");
	struct str own = arena_format(r->arena, "_cond_%u", r->item->number), name = parameter(r->item->at, "name", "");
	if (!detection || detection->type != YAML_MAP)
		return OK;
	if (conditions->type != YAML_MAP || !conditions->count)
		return yaml_expected(r->error, r->item->file, conditions, N_("a map"));
	struct yaml *search = node_copy(r, conditions);
	if (!search || !own.data)
		return error_nomem(r->error);
	if (parameter_true(r->item->at, "template"))
		TRY(fill_templates(r, search));
	for (struct yaml *y = search->first; y; y = y->next)
		bits_add(&((struct node *)(void *)y)->applied, &r->item->self);
	search = node_put(r, detection, name.len ? name : own, search);
	condition = member(detection, "condition");
	if (!condition)
		return OK;
	if (condition->type == YAML_TEXT)
		TRY(extend(r, condition, search->name));
	for (struct yaml *y = condition->first; y; y = y->next)
		TRY(extend(r, y, search->name));
	return OK;
}

/* --- every field must have been mapped --- */

struct strict {
	const struct run *run;
	struct str field;
};

static void find_unmapped(const struct yaml *item, void *context)
{
	struct strict *s = context;
	struct str field = item_field(item);
	const struct fact *f = s->run->mapped;
	while (f && field.data && !str_eq(f->name, field))
		f = f->next;
	if (field.data && !f)
		s->field = field;
}

static enum code rule_strict(struct run *r)
{
	struct strict s = { .run = r };
	walk_items(r->rule, find_unmapped, &s);
	return s.field.data ? error_fail(r->error, E_INVALID, N_("The pipeline maps no field to {field}"), { "field", s.field }) : OK;
}

const struct transformation transformations[] = {
	{ "field_name_mapping", "mapping!", rule_field_mapping, on_field_mapping, false },
	{ "field_name_prefix_mapping", "mapping!", rule_field_mapping, on_field_mapping, false },
	{ "field_name_prefix", "prefix!", rule_field_mapping, on_field_mapping, false },
	{ "field_name_suffix", "suffix!", rule_field_mapping, on_field_mapping, false },
	{ "drop_detection_item", "", NULL, on_drop, false },
	{ "hashes_fields", "valid_hash_algos! field_prefix drop_algo_prefix field_to_parse", NULL, on_hashes, true },
	{ "extract_fields", "regex! field_prefix preserve_unmatched", NULL, on_extract, true },
	{ "wildcard_placeholders", "include exclude", NULL, on_wildcard_placeholders, false },
	{ "value_placeholders", "include exclude", NULL, on_value_placeholders, false },
	{ "add_condition", "conditions! name template negated", rule_add_condition, NULL, false },
	{ "change_logsource", "category product service", rule_logsource, NULL, false },
	{ "add_field", "field!", rule_add_field, NULL, false },
	{ "remove_field", "field!", rule_remove_field, NULL, false },
	{ "set_field", "fields!", rule_set_field, NULL, false },
	{ "replace_string", "regex! replacement! skip_special interpret_special", NULL, on_replace, true },
	{ "map_string", "mapping!", NULL, on_map_string, true },
	{ "set_value", "value! force_type", NULL, on_set_value, true },
	{ "convert_type", "target_type!", NULL, on_convert, true },
	{ "case", "method", NULL, on_case, true },
	{ "regex", "method", NULL, on_regex, true },
	{ "set_state", "key! val!", rule_state, NULL, false },
	{ "set_custom_attribute", "attribute! value!", rule_attribute, NULL, false },
	{ "rule_failure", "message!", rule_failure, NULL, false },
	{ "detection_item_failure", "message!", NULL, on_failure, false },
	{ "strict_field_mapping_failure", "", rule_strict, NULL, false },
	{ "nest", "items!", rule_nest, NULL, false },
	{ 0 },
};

const struct transformation *transformation_find(struct str name)
{
	for (const struct transformation *t = transformations; t->name; t++)
		if (str_is(name, t->name))
			return t;
	return NULL;
}

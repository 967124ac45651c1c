/* Reading a correlation and joining it with the rules it names. Neighbours: rules.c calls, correlate.c runs what is made here. */
#include "correlate.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum correlation_type type;
} types[] = { { "event_count", EVENT_COUNT }, { "value_count", VALUE_COUNT }, { "temporal", TEMPORAL }, { "temporal_ordered", TEMPORAL_ORDERED },
	      { "value_sum", VALUE_SUM }, { "value_avg", VALUE_AVG }, { "value_percentile", VALUE_PERCENTILE } };

static bool span_parse(struct str s, int64_t *ret)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	int64_t n;
	if (s.len < 2 || !str_int(str_slice(s, 0, s.len - 1), &n) || n < 0 || n > 100000000)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (s.data[s.len - 1] == units[i].unit) {
			*ret = n * units[i].seconds * 1000000;
			return true;
		}
	return false;
}

static enum code test_read(struct reading *r, const struct yaml *y, struct correlation *c)
{
	static const char *const names[] = { "eq", "neq", "lt", "lte", "gt", "gte" };
	struct decimal_text ignored;
	for (int i = 0; i < 6; i++)
		if (str_is(y->name, names[i])) {
			if (y->type != YAML_TEXT || !decimal_text_parse(y->text, &ignored) || c->test_count == 6)
				return refuse(r, y, N_("expected a number, not {what}"), y->text);
			struct str text = arena_copy(r->set->arena, y->text);
			if (!text.data)
				return error_nomem(r->e);
			c->tests[c->test_count++] = (struct measure_test){ i, strtod(text.data, NULL) };
			return OK;
		}
	return refuse(r, y, N_("correlation: no such comparison: {what}"), y->name);
}

static enum code slots_read(struct reading *r, const struct yaml *y, const unsigned **ret, size_t *ret_count)
{
	size_t count = !y ? 0 : y->type == YAML_LIST ? y->count : 1, n = 0;
	unsigned *slots = ARENA_ARRAY(r->set->arena, count + 1, unsigned);
	if (!slots)
		return error_nomem(r->e);
	for (const struct yaml *one = y && y->type == YAML_LIST ? y->first : y; n < count; one = one->next) {
		if (one->type != YAML_TEXT)
			return refuse(r, one, N_("expected the name of a field"), STR(""));
		TRY(slot_of(r->set, one->text, &slots[n++], r->e));
	}
	*ret = slots;
	*ret_count = n;
	return OK;
}

static enum code condition_of(struct reading *r, const struct yaml *y, struct correlation *c)
{
	c->percentile = 50;
	if (y && y->type != YAML_MAP)
		return refuse(r, y, N_("correlation: its condition is not complete"), STR(""));
	for (const struct yaml *one = y ? y->first : NULL; one; one = one->next) {
		struct decimal_text ignored;
		if (str_is(one->name, "field")) {
			TRY(slots_read(r, one, &c->fields, &c->field_count));
		} else if (str_is(one->name, "percentile")) {
			if (one->type != YAML_TEXT || !decimal_text_parse(one->text, &ignored))
				return refuse(r, one, N_("expected a number, not {what}"), one->text);
			struct str text = arena_copy(r->set->arena, one->text);
			c->percentile = text.data ? strtod(text.data, NULL) : 50;
		} else {
			TRY(test_read(r, one, c));
		}
	}
	if ((c->type == TEMPORAL || c->type == TEMPORAL_ORDERED) && !c->test_count)
		c->tests[c->test_count++] = (struct measure_test){ TEST_GTE, (double)c->input_count };
	bool needs_field = c->type == VALUE_COUNT || c->type >= VALUE_SUM;
	return c->test_count && (!needs_field || c->field_count) ? OK : refuse(r, y, N_("correlation: its condition is not complete"), STR(""));
}

static enum code inputs_read(struct reading *r, const struct yaml *body, struct correlation *c)
{
	const struct yaml *rules = yaml_get(body, "rules");
	size_t count = !rules ? 0 : rules->type == YAML_LIST ? rules->count : 1;
	c->inputs = ARENA_ARRAY(r->set->arena, count + 1, struct correlation_input);
	if (!c->inputs)
		return error_nomem(r->e);
	for (const struct yaml *one = rules && rules->type == YAML_LIST ? rules->first : rules; c->input_count < count; one = one->next) {
		if (one->type != YAML_TEXT)
			return refuse(r, one, N_("expected the name or id of a rule"), STR(""));
		c->inputs[c->input_count].name = arena_copy(r->set->arena, one->text);
		if (!c->inputs[c->input_count++].name.data)
			return error_nomem(r->e);
	}
	return count ? OK : refuse(r, body, N_("a correlation names the rules it is about"), STR(""));
}

/* aliases: {field: {rule: its own name for it}} */
static enum code groups_read(struct reading *r, const struct yaml *body, struct correlation *c)
{
	const struct yaml *groups = yaml_get(body, "group-by"), *aliases = yaml_get(body, "aliases");
	for (size_t i = 0; i < c->input_count; i++) {
		const unsigned *own;
		size_t n = 0;
		TRY(slots_read(r, groups, &own, &c->group_count));
		unsigned *slots = (unsigned *)(uintptr_t)own;
		for (const struct yaml *one = groups && groups->type == YAML_LIST ? groups->first : groups; n < c->group_count; one = one->next, n++) {
			const struct yaml *alias = NULL, *meant = NULL;
			for (const struct yaml *a = aliases && aliases->type == YAML_MAP ? aliases->first : NULL; a; a = a->next)
				if (str_eq(a->name, one->text) && a->type == YAML_MAP)
					alias = a;
			for (const struct yaml *a = alias ? alias->first : NULL; a; a = a->next)
				if (str_eq(a->name, c->inputs[i].name) && a->type == YAML_TEXT)
					meant = a;
			if (meant)
				TRY(slot_of(r->set, meant->text, &slots[n], r->e));
			else if (alias)
				slots[n] = UINT_MAX;
		}
		c->inputs[i].group = slots;
	}
	return OK;
}

static bool truth(const struct yaml *y)
{
	return y && y->type == YAML_TEXT && str_eq_nocase(y->text, STR("true"));
}

enum code correlation_read(struct reading *r, const struct yaml *doc, const struct correlation **ret)
{
	const struct yaml *body = yaml_get(doc, "correlation"), *type = body->type == YAML_MAP ? yaml_get(body, "type") : NULL,
			  *span = body->type == YAML_MAP ? yaml_get(body, "timespan") : NULL;
	struct correlation *c = ARENA_NEW(r->set->arena, struct correlation);
	size_t i = 0;
	if (!c)
		return error_nomem(r->e);
	while (i < sizeof types / sizeof *types && !(type && str_is(type->text, types[i].name)))
		i++;
	if (i == sizeof types / sizeof *types)
		return refuse(r, type ? type : body, N_("no such type of correlation: {what}"), type ? type->text : STR(""));
	c->type = types[i].type;
	if (!span || !span_parse(span->text, &c->span))
		return refuse(r, span ? span : body, N_("expected a timespan such as 15m, not {what}"), span ? span->text : STR(""));
	c->generate = truth(yaml_get(doc, "generate")) || truth(yaml_get(body, "generate"));
	TRY(inputs_read(r, body, c));
	TRY(groups_read(r, body, c));
	TRY(condition_of(r, yaml_get(body, "condition"), c));
	*ret = c;
	return OK;
}

static struct rule *rule_named(struct sigma_rules *s, struct str name)
{
	for (size_t i = 0; i < s->rules.count; i++) {
		struct rule *r = &s->rules.items[i];
		if (str_eq(r->told.id, name) || (r->told.name.len && str_eq(r->told.name, name)))
			return r;
	}
	return NULL;
}

enum code correlation_resolve(struct sigma_rules *s, struct rule *rule, struct error *e)
{
	struct correlation *c = (struct correlation *)(uintptr_t)rule->correlation;
	c->index = rule->told.index;
	for (size_t i = 0; i < c->input_count; i++) {
		const struct rule *named = rule_named(s, c->inputs[i].name);
		if (!named || named == rule) {
			rule->correlation = NULL;
			error_fail(e, E_INVALID, N_("a correlation names a rule that is not there: {what}"), { "what", c->inputs[i].name });
			return error_while(e, N_("{place}"), { "place", arena_format(s->arena, "%.*s:%u:1", STR_ARG(rule->told.file), rule->told.line) });
		}
		c->inputs[i].rule = named->told.index;
	}
	for (size_t i = 0; i < c->input_count; i++)
		s->rules.items[c->inputs[i].rule].told.silent |= !c->generate;
	return OK;
}

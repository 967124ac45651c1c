/* Pipelines: a pipeline and a rule in, the rewritten rule out. What each transformation must give is what pySigma gives. */
#include "base/arena.h"
#include "base/yaml.h"
#include "event/pipeline.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct arena *arena;

/* The tree in one line: {name: value, …} [value, …], texts in quotes when they were quoted or made. */
static struct str shown(const struct yaml *y)
{
	struct str all = STR("");
	if (y->type == YAML_TEXT)
		return arena_format(arena, yaml_is_null(y) ? "null" : "%.*s", STR_ARG(y->text));
	for (const struct yaml *c = y->first; c; c = c->next) {
		struct str inner = shown(c);
		if (y->type == YAML_MAP)
			inner = arena_format(arena, "%.*s: %.*s", STR_ARG(c->name), STR_ARG(inner));
		all = arena_format(arena, "%.*s%s%.*s", STR_ARG(all), c == y->first ? "" : ", ", STR_ARG(inner));
	}
	return arena_format(arena, y->type == YAML_MAP ? "{%.*s}" : "[%.*s]", STR_ARG(all));
}

static struct str applied(const char *const *pipelines, const char *rule)
{
	struct pipeline_source sources[4];
	size_t count = 0;
	struct error e;
	const struct yaml *document, *result;
	CLEAN_PIPELINE struct pipeline *p = NULL;
	error_init(&e, arena);
	for (; pipelines[count]; count++)
		sources[count] = (struct pipeline_source){ STR("p.yml"), str_of(pipelines[count]) };
	if (pipeline_new(sources, count, &p, &e) != OK || yaml_parse(arena, STR("r.yml"), str_of(rule), &document, &e) != OK ||
	    pipeline_apply(p, document, arena, &result, &e) != OK)
		return arena_format(arena, "!%.*s", STR_ARG(error_text(&e, arena)));
	return shown(result);
}

static void check(const char *pipeline, const char *rule, const char *want)
{
	struct str is = applied((const char *const[]){ pipeline, NULL }, rule);
	if (!str_is(is, want))
		fail_msg("%s\n%s\n  gave   %.*s\n  wanted %s", pipeline, rule, STR_ARG(is), want);
}

#define T(items) "transformations: [" items "]"
#define D(body) "{detection: " body "}"

static void field_test(void **state)
{
	check(T("{type: field_name_mapping, mapping: {a: x, b: [y, z]}}"), D("{s: {a|contains: 1, c: 2}, condition: s}"),
	      "{detection: {s: {x|contains: 1, c: 2}, condition: s}}");
	/* several names: any of them */
	check(T("{type: field_name_mapping, mapping: {a: x, b: [y, z]}}"), D("{s: {a: 1, b|endswith: [2, 3]}, condition: s}"),
	      "{detection: {s: [{x: 1, y|endswith: [2, 3]}, {x: 1, z|endswith: [2, 3]}], condition: s}}");
	check(T("{type: field_name_mapping, mapping: {b: [y, z]}}"), D("{s: [{b: 1}, {c: 2}, word], condition: s}"),
	      "{detection: {s: [{y: 1}, {z: 1}, {c: 2}, word], condition: s}}");
	check(T("{type: field_name_mapping, mapping: {b: []}}"), D("{s: {a: 1, b: 2}, condition: s}"), "{detection: {s: {a: 1}, condition: s}}");
	check(T("{type: field_name_mapping, mapping: {b: x}}"), D("{s: {a|fieldref: b}, condition: s}"),
	      "{detection: {s: {a|fieldref: [x]}, condition: s}}");
	check(T("{type: field_name_mapping, mapping: {null: msg}}"), D("{k: [one, two], condition: k}"),
	      "{detection: {k: [{msg: [*one*, *two*]}], condition: k}}");
	check(T("{type: field_name_prefix_mapping, mapping: {win.: [a., b.]}}"), D("{s: {win.x: 1, y: 2}, condition: s}"),
	      "{detection: {s: [{a.x: 1, y: 2}, {b.x: 1, y: 2}], condition: s}}");
	check(T("{type: field_name_prefix, prefix: win.}"), D("{s: {a|re: b}, k: [w], condition: s}"),
	      "{detection: {s: {win.a|re: b}, k: [w], condition: s}}");
	check(T("{type: field_name_suffix, suffix: .text, field_name_conditions: [{type: include_fields, fields: [a]}]}"),
	      "{fields: [a, b], detection: {s: {a: 1, b: 2}, condition: s}}", "{fields: [a.text, b], detection: {s: {a.text: 1, b: 2}, condition: s}}");
	check(T("{type: field_name_mapping, mapping: {a: x}}"),
	      "{correlation: {type: value_count, rules: [r], group-by: [a, n], aliases: {n: {r: a}}, condition: {field: a, gte: 1}}}",
	      "{correlation: {type: value_count, rules: [r], group-by: [x, n], aliases: {n: {r: x}}, condition: {field: x, gte: 1}}}");
	check(T("{type: field_name_mapping, mapping: {a: [x, y]}}"), "{correlation: {condition: {field: a}}}",
	      "!The field a of a correlation must be mapped to one other");
}

static void shape_test(void **state)
{
	check(T("{type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [a]}]}"), D("{s: {a: 1, b: 2}, condition: s}"),
	      "{detection: {s: {b: 2}, condition: s}}");
	check(T("{type: drop_detection_item}"), D("{s: {a: 1}, condition: s}"), "!The pipeline leaves nothing of s");
	check(T("{type: hashes_fields, valid_hash_algos: [MD5, SHA1], field_prefix: File}"),
	      D("{s: {Hashes|contains: ['SHA1=AB', 'md5=CD', 'IMPHASH=0'], x: 1}, condition: s}"),
	      "{detection: {s: [{FileSHA1: [AB], x: 1}, {FileMD5: [CD], x: 1}], condition: s}}");
	check(T("{type: hashes_fields, valid_hash_algos: [MD5], field_prefix: hash, drop_algo_prefix: true}"),
	      D("{s: {Hash: 0123456789abcdef0123456789abcdef}, condition: s}"), "{detection: {s: {hash: [0123456789abcdef0123456789abcdef]}, condition: s}}");
	check(T("{type: hashes_fields, valid_hash_algos: [MD5]}"), D("{s: {Hashes: 'SHA1=x'}, condition: s}"), "!No hash the pipeline knows in Hashes");
	check(T("{type: extract_fields, regex: '(?P<type>[A-Za-z]+):(?P<value>[0-9]+)', field_prefix: reg}"), D("{s: {r: ['Dword:00001', 'no'], x: 1}, condition: s}"),
	      "{detection: {s: {reg.type: Dword, reg.value: 00001, x: 1}, condition: s}}");
	check(T("{type: add_condition, name: c, conditions: {EventID: 1, Source: 'x-$product', y: ['${service}', $$, $nope]}, template: true}"),
	      "{logsource: {product: windows, service: sysmon}, detection: {s: {a: 1}, condition: [s, not s]}}",
	      "{logsource: {product: windows, service: sysmon}, detection: {s: {a: 1}, condition: [c and (s), c and (not s)], "
	      "c: {EventID: 1, Source: x-windows, y: [sysmon, $, $nope]}}}");
	check(T("{type: add_condition, conditions: {a: 1}, negated: true}"), D("{s: {a: 1}, condition: s}"),
	      "{detection: {s: {a: 1}, condition: not _cond_0 and (s), _cond_0: {a: 1}}}");
	check(T("{type: change_logsource, category: c}"), "{logsource: {product: p}, detection: {s: {a: 1}, condition: s}}",
	      "{logsource: {category: c}, detection: {s: {a: 1}, condition: s}}");
	check(T("{type: add_field, field: [b, c]}, {type: remove_field, field: a}"), "{fields: [a], x: 1}", "{fields: [b, c], x: 1}");
	check(T("{type: set_field, fields: [z]}"), "{fields: [a], x: 1}", "{fields: [z], x: 1}");
}

static void value_test(void **state)
{
	check("{vars: {S: ['srv*', 'C:\\', 7], P: 'x%S%'}, transformations: [{type: value_placeholders}]}",
	      D("{s: {a|expand|contains: ['%S%', '\\%b%P%\\'], b: '%S%'}, condition: s}"),
	      "{detection: {s: {a|contains: [srv*, C:\\, 7, %bx%S%\\], b: %S%}, condition: s}}");
	check("{vars: {S: [1, 2]}, transformations: [{type: value_placeholders}]}", D("{s: {a|expand: 'x%S%y%S%*'}, condition: s}"),
	      "{detection: {s: {a: [x1y1*, x1y2*, x2y1*, x2y2*]}, condition: s}}");
	check("{vars: {S: ['*']}, transformations: [{type: value_placeholders}]}", D("{s: {a|expand: 'C:\\%S%'}, condition: s}"),
	      "{detection: {s: {a|expand: C:\\%S%}, condition: s}}");
	check(T("{type: value_placeholders}"), D("{s: {a|expand: '%S%'}, condition: s}"), "!The pipeline has no values for the placeholder S");
	check(T("{type: wildcard_placeholders, exclude: [S]}"), D("{s: {a|expand: ['%S%x', '%T%']}, condition: s}"),
	      "{detection: {s: {a|expand: [%S%x, *]}, condition: s}}");
	check(T("{type: wildcard_placeholders}"), D("{s: {a|expand|re: '%S%'}, condition: s}"), "{detection: {s: {a|re: *}, condition: s}}");
	check(T("{type: replace_string, regex: '^\\*\\\\', replacement: '/'}"), D("{s: {a|endswith: ['\\b.exe', c]}, condition: s}"),
	      "{detection: {s: {a: [/b.exe, *c]}, condition: s}}");
	check(T("{type: replace_string, regex: '(\\w)(\\d+)', replacement: '\\2-\\g<1>'}"), D("{s: {a: 'x12 y3', b|re: 'x1'}, condition: s}"),
	      "{detection: {s: {a: 12-x 3-y, b|re: x1}, condition: s}}");
	check(T("{type: replace_string, regex: '[*]', replacement: x, skip_special: true}"), D("{s: {a: 'a*b\\*c\\\\d'}, condition: s}"),
	      "{detection: {s: {a: a*bxc\\\\d}, condition: s}}");
	check(T("{type: replace_string, regex: a, replacement: '\\g<nope>'}"), D("{s: {a: a}, condition: s}"),
	      "!p.yml:1:19: expected a replacement with groups its expression has");
	check(T("{type: map_string, mapping: {v: w, x: [y, z]}}"), D("{s: {a: [v, x, u], b: x}, k: [x], condition: s}"),
	      "{detection: {s: {a: [w, y, z, u], b: [y, z]}, k: [y, z], condition: s}}");
	check(T("{type: set_value, value: null, field_name_conditions: [{type: include_fields, fields: [a]}]}"), D("{s: {a|contains: [1, 2], b: 1}, condition: s}"),
	      "{detection: {s: {a: null, b: 1}, condition: s}}");
	check(T("{type: convert_type, target_type: num}"), D("{s: {a: ['1', 2.5]}, condition: s}"), "{detection: {s: {a: [1, 2.5]}, condition: s}}");
	check(T("{type: convert_type, target_type: num}"), D("{s: {a: x}, condition: s}"), "!The pipeline wants a number, not x");
	check(T("{type: case, method: upper}"), D("{s: {a|cased: aB}, condition: s}"), "{detection: {s: {a|cased: AB}, condition: s}}");
	check(T("{type: case, method: snake_case}"), D("{s: {a: UserName*XyZ}, condition: s}"), "{detection: {s: {a: user_name*xy_z}, condition: s}}");
	check(T("{type: regex, method: plain}"), D("{s: {a|contains: x}, condition: s}"), "{detection: {s: {a|cased: *x*}, condition: s}}");
	check(T("{type: regex}"), D("{s: {a: x}, condition: s}"), "{detection: {s: {a: x}, condition: s}}");
}

static void condition_test(void **state)
{
	static const char rule[] = "{title: t, level: high, date: 2024-02-03, tags: [attack.t1], logsource: {product: windows, category: c}, "
				   "detection: {s: {a: x, b|contains: '1'}, condition: s}}";
	static const struct {
		const char *item;
		bool holds;
	} cases[] = {
		{ "rule_conditions: [{type: logsource, product: windows}]", true },
		{ "rule_conditions: [{type: logsource, product: windows, service: x}]", false },
		{ "rule_conditions: [{type: contains_field, field: b}]", true },
		{ "rule_conditions: [{type: contains_field, field: c}]", false },
		{ "rule_conditions: [{type: contains_detection_item, field: a, value: x}]", true },
		{ "rule_conditions: [{type: contains_detection_item, field: a, value: y}]", false },
		{ "rule_conditions: [{type: is_sigma_rule}]", true },
		{ "rule_conditions: [{type: is_sigma_correlation_rule}]", false },
		{ "rule_conditions: [{type: tag, tag: attack.t1}]", true },
		{ "rule_conditions: [{type: tag, tag: attack.t2}]", false },
		{ "rule_conditions: [{type: rule_attribute, attribute: level, value: medium, op: gt}]", true },
		{ "rule_conditions: [{type: rule_attribute, attribute: level, value: critical, op: gte}]", false },
		{ "rule_conditions: [{type: rule_attribute, attribute: date, value: 2024-02-04, op: lt}]", true },
		{ "rule_conditions: [{type: rule_attribute, attribute: title, value: u, op: ne}]", true },
		{ "rule_conditions: [{type: rule_attribute, attribute: tags, value: attack.t1, op: in}]", true },
		{ "rule_conditions: [{type: rule_attribute, attribute: nope, value: x}]", false },
		{ "rule_conditions: [{type: tag, tag: x}, {type: is_sigma_rule}], rule_cond_op: or", true },
		{ "rule_conditions: [{type: tag, tag: x}, {type: is_sigma_rule}]", false },
		{ "rule_conditions: [{type: tag, tag: x}], rule_cond_not: true", true },
		{ "rule_conditions: {one: {type: tag, tag: x}, two: {type: is_sigma_rule}}, rule_cond_expr: 'two and not one'", true },
		{ "rule_conditions: {one: {type: tag, tag: x}, two: {type: is_sigma_rule}}, rule_cond_expr: 'not (two or one)'", false },
		{ "detection_item_conditions: [{type: match_string, cond: any, pattern: 'x$'}]", true },
		{ "detection_item_conditions: [{type: match_string, cond: any, pattern: '^y'}]", false },
		{ "detection_item_conditions: [{type: match_string, cond: all, pattern: y, negate: true}]", true },
		{ "detection_item_conditions: [{type: match_value, cond: any, value: x}]", true },
		{ "detection_item_conditions: [{type: contains_wildcard, cond: any}]", false },
		{ "detection_item_conditions: [{type: is_null, cond: any}]", false },
		{ "field_name_conditions: [{type: include_fields, fields: [a]}]", true },
		{ "field_name_conditions: [{type: include_fields, fields: ['A', '^a$'], mode: re}]", true },
		{ "field_name_conditions: [{type: exclude_fields, fields: [a]}]", false },
		{ "field_name_conditions: [{type: exclude_fields, fields: [a]}], field_name_cond_not: true", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str pipeline = arena_format(arena, T("{type: field_name_mapping, mapping: {a: MAPPED}, %s}"), cases[i].item);
		struct str is = applied((const char *const[]){ pipeline.data, NULL }, rule);
		if ((str_find_str(is, STR("MAPPED")) >= 0) != cases[i].holds || is.data[0] == '!')
			fail_msg("%s gave %.*s", cases[i].item, STR_ARG(is));
	}
	check(T("{type: field_name_mapping, mapping: {a: x}, detection_item_conditions: [{type: contains_wildcard, cond: any}]}"),
	      D("{s: {a|contains: v, b: w}, condition: s}"), "{detection: {s: {x: *v*, b: w}, condition: s}}");
}

static void memory_test(void **state)
{
	/* what was applied is known later: to the rule, to an item, to a field name; a state is set */
	check(T("{id: one, type: field_name_mapping, mapping: {a: x}}, {type: field_name_suffix, suffix: .r, rule_conditions: "
		"[{type: processing_item_applied, processing_item_id: one}], detection_item_conditions: [{type: processing_item_applied, "
		"processing_item_id: one}]}"),
	      D("{s: {a: 1, b: 2}, condition: s}"), "{detection: {s: {x.r: 1, b: 2}, condition: s}}");
	check(T("{id: one, type: field_name_mapping, mapping: {a: x}}, {type: field_name_prefix, prefix: p., field_name_conditions: "
		"[{type: processing_item_applied, processing_item_id: one}], field_name_cond_not: true}"),
	      "{fields: [a, b], detection: {s: {a: 1, b: 2}, condition: s}}", "{fields: [x, p.b], detection: {s: {x: 1, p.b: 2}, condition: s}}");
	check(T("{type: set_state, key: k, val: 5}, {type: field_name_prefix, prefix: p., rule_conditions: [{type: processing_state, key: k, val: 10, op: lt}]},"
		"{type: field_name_prefix, prefix: q., rule_conditions: [{type: processing_state, key: k, val: 6}]}"),
	      D("{s: {a: 1}, condition: s}"), "{detection: {s: {p.a: 1}, condition: s}}");
	check(T("{type: set_custom_attribute, attribute: own, value: 1}, {type: field_name_prefix, prefix: p., rule_conditions: [{type: rule_attribute, attribute: own, value: 1}]}"),
	      D("{s: {a: 1}, condition: s}"), "{detection: {s: {p.a: 1}, condition: s}}");
	check(T("{type: nest, rule_conditions: [{type: logsource, product: p}], items: [{id: in, type: field_name_mapping, mapping: {a: x}}]},"
		"{type: field_name_suffix, suffix: .n, detection_item_conditions: [{type: processing_item_applied, processing_item_id: in}]}"),
	      "{logsource: {product: p}, detection: {s: {a: 1, b: 2}, condition: s}}", "{logsource: {product: p}, detection: {s: {x.n: 1, b: 2}, condition: s}}");
	check(T("{type: field_name_mapping, mapping: {a: x}}, {type: strict_field_mapping_failure}"), D("{s: {a: 1, b: 2}, condition: s}"),
	      "!The pipeline maps no field to b");
	check(T("{type: field_name_mapping, mapping: {a: x, b: b}}, {type: strict_field_mapping_failure}"), D("{s: {a: 1, b: 2}, condition: s}"),
	      "{detection: {s: {x: 1, b: 2}, condition: s}}");
	check(T("{type: rule_failure, message: not here, rule_conditions: [{type: is_sigma_rule}]}"), D("{s: {a: 1}, condition: s}"),
	      "!The pipeline refuses this rule: not here");
	check(T("{type: detection_item_failure, message: no b, field_name_conditions: [{type: include_fields, fields: [b]}]}"), D("{s: {a: 1}, condition: s}"),
	      "{detection: {s: {a: 1}, condition: s}}");
	/* by priority, then as given; the last vars of a name count */
	const char *const three[] = { "{priority: 20, transformations: [{type: field_name_prefix, prefix: c.}]}",
				      "{priority: 10, transformations: [{type: field_name_prefix, prefix: a.}]}",
				      "{name: n, priority: 10, transformations: [{type: field_name_prefix, prefix: b.}], postprocessing: [{type: embed}]}", NULL };
	struct str is = applied(three, D("{s: {f: 1}, condition: s}"));
	assert_true(str_is(is, "{detection: {s: {c.b.a.f: 1}, condition: s}}"));
}

static void refused_test(void **state)
{
	static const char *const cases[][2] = {
		{ "[]", "!p.yml:1:1: expected a map" },
		{ "{transformation: []}", "!p.yml:1:18: expected name, priority, vars, transformations, postprocessing or finalizers" },
		{ "{priority: x}", "!p.yml:1:12: expected a whole number" },
		{ "{vars: []}", "!p.yml:1:8: expected a map" },
		{ T("{type: nope}"), "!p.yml:1:19: expected a transformation that works on rules" },
		{ T("{type: query_expression_placeholders, expression: x}"), "!p.yml:1:19: expected a transformation that works on rules" },
		{ T("{type: field_name_prefix}"), "!p.yml: field_name_prefix needs prefix" },
		{ T("{type: field_name_prefix, prefix: a, sufix: b}"), "!p.yml:1:63: expected a parameter of this transformation or condition" },
		{ T("{type: field_name_mapping, mapping: [a]}"), "!p.yml:1:55: expected a map" },
		{ T("{type: field_name_mapping, mapping: {a: {b: c}}}"), "!p.yml:1:59: expected a field name, or a list of them" },
		{ T("{type: replace_string, regex: '(', replacement: x}"), "!p.yml:1:49: expected a regular expression" },
		{ T("{type: drop_detection_item, rule_conditions: [{type: nope}]}"), "!p.yml:1:65: expected a known type of condition" },
		{ T("{type: drop_detection_item, rule_conditions: [{type: tag}]}"), "!p.yml: tag needs tag" },
		{ T("{type: drop_detection_item, rule_conditions: {a: {type: is_sigma_rule}}, rule_cond_expr: 'a and'}"),
		  "!p.yml:1:19: expected an expression of its conditions with and, or, not" },
		{ T("{type: drop_detection_item, rule_conditions: {a: {type: is_sigma_rule}}, rule_cond_expr: 'a or b'}"),
		  "!p.yml:1:19: expected an expression of its conditions with and, or, not" },
		{ T("{type: drop_detection_item, detection_item_conditions: [{type: match_string, cond: any, pattern: '['}]}"),
		  "!p.yml:1:116: expected a regular expression" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(cases[i][0], D("{s: {a: 1}, condition: s}"), cases[i][1]);
}

/* Two names each for many fields of one map: a product past its bound is told, not tried. */
static void bound_test(void **state)
{
	struct str mapping = STR(""), map = STR("");
	for (int i = 0; i < 20; i++) {
		mapping = arena_format(arena, "%.*s%sf%d: [x%d, y%d]", STR_ARG(mapping), i ? ", " : "", i, i, i);
		map = arena_format(arena, "%.*s%sf%d: 1", STR_ARG(map), i ? ", " : "", i);
	}
	check(arena_format(arena, T("{type: field_name_mapping, mapping: {%.*s}}"), STR_ARG(mapping)).data,
	      arena_format(arena, D("{s: {%.*s}, condition: s}"), STR_ARG(map)).data, "!A pipeline makes this rule too large");
	check("{vars: {S: [1,2,3,4,5,6,7,8,9,0]}, transformations: [{type: value_placeholders}]}", D("{s: {a|expand: '%S%%S%%S%%S%%S%'}, condition: s}"),
	      "!A pipeline makes this rule too large");
}

static int begin(void **state)
{
	arena = arena_new(0);
	return arena ? 0 : -1;
}

static int end(void **state)
{
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(field_test, begin, end),   cmocka_unit_test_setup_teardown(shape_test, begin, end),
		cmocka_unit_test_setup_teardown(value_test, begin, end),   cmocka_unit_test_setup_teardown(condition_test, begin, end),
		cmocka_unit_test_setup_teardown(memory_test, begin, end),  cmocka_unit_test_setup_teardown(refused_test, begin, end),
		cmocka_unit_test_setup_teardown(bound_test, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Pipelines inside: what is read once (struct pipeline) and what one rule needs on its way (struct run).
 * Neighbours: read.c reads, condition.c decides, transform.c and field.c rewrite, value.c knows values, walk.c goes through a rule. */
#pragma once
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/buf.h"
#include "base/vec.h"
#include "base/yaml.h"
#include "event/pipeline.h"
#include <pcre2.h>

#define ITEMS_MOST 256
#define DEPTH_MOST 8
#define NODES_MOST 100000 /* of one rewritten rule */
#define MAPS_MOST 256     /* that one map of a rule may become */

/* A set of items of the pipeline, by their number. */
struct bits {
	uint64_t word[ITEMS_MOST / 64];
};

enum where { ON_RULE, ON_ITEM, ON_FIELD };

/* What a condition looks at. */
struct subject {
	const struct yaml *item; /* ON_ITEM, and ON_FIELD when there is one */
	struct str field;	 /* ON_FIELD; data is NULL for keywords */
};

struct run;
struct condition;

struct condition_kind {
	const char *name;
	enum where where;
	const char *parameters; /* the names there may be; '!' after those there must be */
	bool (*fits)(const struct run *r, const struct condition *c, const struct subject *s);
};

struct condition {
	const struct condition_kind *kind;
	const struct yaml *at;
	struct str name;	 /* in an expression */
	struct bits applied;	 /* processing_item_applied: the items of that id */
	pcre2_code **patterns;
	size_t pattern_count;
};

struct conditions {
	struct condition *items;
	size_t count;
	bool any, negated;
	struct str expression; /* or empty */
};

struct item {
	const struct transformation *kind;
	struct str file;
	const struct yaml *at;
	struct conditions on[3]; /* by enum where */
	pcre2_code *pattern;
	struct bits self;
	unsigned number;
	struct item *nested;
	size_t nested_count;
	struct str id;
};

struct pipeline {
	struct arena *arena;
	struct item *items;
	size_t count;
	unsigned numbered; /* items so far, those nested included */
	const struct yaml **vars;
	size_t var_count;
	VEC(pcre2_code *) codes;
};

/* A node of the rewritten rule, with what was applied to it. Every struct yaml of a run is one. */
struct node {
	struct yaml y;
	struct bits applied;
};

struct fact { /* a state, an attribute, a field name that items were applied to */
	struct fact *next;
	struct str name;
	const struct yaml *value;
	struct bits applied;
};

struct run {
	const struct pipeline *p;
	struct arena *arena;
	struct error *error;
	const struct item *item; /* at work */
	struct yaml *rule;
	struct bits applied;
	struct fact *states, *attributes, *fields, *mapped;
	pcre2_match_data *match;
	pcre2_match_context *limits;
	size_t nodes;
};

/* What an item of a rule becomes: any of these, each of them all its items (linked by next). No items: the item is dropped. */
struct choice {
	struct choice *next;
	struct yaml *items;
};

struct transformation {
	const char *name;
	const char *parameters;
	enum code (*rule)(struct run *r);					      /* the rule as a whole */
	enum code (*on)(struct run *r, struct yaml *item, struct choice **ret); /* or each item its conditions hold for */
	bool values; /* looks at values: contains and the like are made wildcards before */
};
extern const struct transformation transformations[];

/* read.c */
const struct transformation *transformation_find(struct str name);

/* condition.c */
const struct condition_kind *condition_find(enum where where, struct str name);
bool conditions_hold(const struct run *r, const struct conditions *c, const struct subject *s);
/* True when the expression is well-formed and names these conditions only. */
bool expression_good(const struct conditions *c);
/* Both the conditions on items and those on field names, for an item of the detection. */
bool item_fits(const struct run *r, const struct yaml *item);
bool field_fits(const struct run *r, struct str field);
void bits_add(struct bits *to, const struct bits *from);
bool bits_meet(const struct bits *a, const struct bits *b);

/* walk.c */
enum code walk_apply(struct run *r, const struct item *items, size_t count);
/* Calls `visit` for each item of each search identifier. */
void walk_items(const struct yaml *rule, void (*visit)(const struct yaml *item, void *context), void *context);
bool is_search(const struct yaml *member);
const struct yaml *detection_of(const struct yaml *rule);

/* node: memory is short when NULL */
struct yaml *node_new(struct run *r, enum yaml_type type, struct str name);
struct yaml *node_text(struct run *r, struct str text);
struct yaml *node_copy(struct run *r, const struct yaml *from);
void node_add(struct yaml *parent, struct yaml *child);
struct yaml *node_put(struct run *r, struct yaml *map, struct str name, struct yaml *child); /* replaces */
enum code choice_add(struct run *r, struct choice **choices, struct yaml *items);

/* value.c */
struct str item_field(const struct yaml *item);	 /* data is NULL for keywords */
struct str item_modifiers(const struct yaml *item); /* "|contains|all", or empty */
bool item_has(const struct yaml *item, const char *modifier);
/* The item's name without this modifier. */
struct str name_without(struct run *r, struct str name, const char *modifier);
struct str name_joined(struct run *r, struct str field, struct str modifiers);
/* The first value and how many; a value alone is one. */
const struct yaml *item_values(const struct yaml *item, size_t *ret_count);
/* contains, startswith and endswith as wildcards, so that values can be looked at as they are meant. */
enum code item_fold(struct run *r, struct yaml *item);
/* A value as people read it: plain backslashes alone, wildcards as they are. */
struct str value_readable(struct arena *a, struct str value);
struct str value_from_readable(struct arena *a, struct str readable);
void value_append(struct buf *b, struct str piece);
bool value_has_wildcard(struct str value);
struct str value_escaped(struct arena *a, struct str plain);
bool same_scalar(const struct yaml *a, const struct yaml *b);

/* text: the parameter as text, or the default; list: its scalars, one or many */
struct str parameter(const struct yaml *at, const char *name, const char *otherwise);
bool parameter_true(const struct yaml *at, const char *name);
const struct yaml *parameter_list(const struct yaml *at, const char *name, size_t *ret_count);
bool list_has(const struct yaml *first, size_t count, struct str wanted);

/* field.c, placeholder.c, string.c: the transformations, listed in transform.c */
enum code on_field_mapping(struct run *r, struct yaml *item, struct choice **ret);
enum code rule_field_mapping(struct run *r);
enum code on_hashes(struct run *r, struct yaml *item, struct choice **ret);
enum code on_extract(struct run *r, struct yaml *item, struct choice **ret);
enum code on_wildcard_placeholders(struct run *r, struct yaml *item, struct choice **ret);
enum code on_value_placeholders(struct run *r, struct yaml *item, struct choice **ret);
enum code on_replace(struct run *r, struct yaml *item, struct choice **ret);
enum code on_map_string(struct run *r, struct yaml *item, struct choice **ret);
enum code on_set_value(struct run *r, struct yaml *item, struct choice **ret);
enum code on_convert(struct run *r, struct yaml *item, struct choice **ret);
enum code on_case(struct run *r, struct yaml *item, struct choice **ret);
enum code on_regex(struct run *r, struct yaml *item, struct choice **ret);
int pattern_match(const struct run *r, const pcre2_code *pattern, struct str text, size_t from, bool anchored);

/* What GLPI's inventory format (JSON) asks of each member, as tables, and checking a document against them. Pure.
 * Neighbours: rules.c holds the tables, check.c applies them. */
#pragma once
#include "base/json.h"

enum rule_type {
	RULE_TEXT,
	RULE_INT,
	RULE_BOOL,
	RULE_OBJECT,
	RULE_OBJECT_OR_ELSE, /* when it is an object its members are looked at, anything else passes */
	RULE_LIST,           /* of objects */
	RULE_TEXTS,
	RULE_INTS,
	RULE_TEXT_OR_TEXTS,
	RULE_ANY_LIST, /* the format says nothing about its items */
};

enum rule_form { FORM_NONE, FORM_TIME, FORM_DATE, FORM_DATE_OR_TIME, FORM_OFFSET };

struct rule {
	const char *name; /* NULL ends a table */
	enum rule_type type;
	bool required;
	enum rule_form form;
	const char *one_of; /* "|a|b|": '#' stands for a digit, '*' at the end for anything */
	int64_t min, max;   /* when either is not 0 */
	const struct rule *members;
};
extern const struct rule inventory_rules[];

/* Notes every fault with its place, then answers E_INVALID. Members that no rule names are a fault at the top only, as the format has it. */
enum code inventory_check(const struct json *document, struct arena *arena, struct error *e);

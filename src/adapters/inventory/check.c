/* A document against the tables of rules.c. Neighbours: rules.h is the contract; serve.c asks before anything is read out of a
 * native inventory. */
#include "rules.h"
#include "base/arena.h"
#include <math.h>
#include <string.h>

struct check {
	struct arena *arena;
	struct error *error;
	size_t faults;
};

struct at { /* where in the document; a chain up to the root, written out only for a fault */
	const struct at *up;
	struct str name;
	size_t place; /* when the name is empty */
};

static struct str pointer_of(struct check *c, const struct at *at)
{
	struct str before = at->up ? pointer_of(c, at->up) : STR("");
	if (!at->up)
		return before;
	return at->name.data ? arena_format(c->arena, "%.*s/%.*s", STR_ARG(before), STR_ARG(at->name))
			     : arena_format(c->arena, "%.*s/%zu", STR_ARG(before), at->place);
}

static void fault(struct check *c, const struct at *at, const char *msgid)
{
	if (c->faults++ < 100)
		error_field(c->error, pointer_of(c, at), msgid);
}

/* "####-##-##": a digit for each '#'. Takes what it matched off *s. */
static bool take_shape(struct str *s, const char *shape)
{
	size_t len = strlen(shape);
	if (s->len < len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (shape[i] == '#' ? s->data[i] < '0' || s->data[i] > '9' : s->data[i] != shape[i])
			return false;
	*s = str_slice(*s, len, s->len);
	return true;
}

/* The format's own idea of a time: a space, '|' or 'T' between, and perhaps Z or a sign ('|' counts as one) with three pairs. */
static bool take_time(struct str *s)
{
	if (!s->len || !strchr(" |T", s->data[0]))
		return false;
	*s = str_slice(*s, 1, s->len);
	if (!take_shape(s, "##:##:##"))
		return false;
	if (str_is(*s, "Z"))
		*s = str_slice(*s, 1, 1);
	else if (s->len && strchr("+|-", s->data[0])) {
		*s = str_slice(*s, 1, s->len);
		return take_shape(s, "##:##:##");
	}
	return true;
}

static bool has_form(struct str s, enum rule_form form)
{
	switch (form) {
	case FORM_NONE:
		return true;
	case FORM_OFFSET:
		return (take_shape(&s, "+####") || take_shape(&s, "-####")) && !s.len;
	case FORM_DATE:
		return take_shape(&s, "####-##-##") && !s.len;
	case FORM_DATE_OR_TIME:
		return take_shape(&s, "####-##-##") && (!s.len || take_time(&s)) && !s.len;
	case FORM_TIME:
		return take_shape(&s, "####-##-##") && take_time(&s) && !s.len;
	}
	return false;
}

static bool is_alternative(struct str s, struct str alternative)
{
	for (size_t i = 0; i < alternative.len; i++) {
		char want = alternative.data[i];
		if (want == '*')
			return true;
		if (i == s.len || (want == '#' ? s.data[i] < '0' || s.data[i] > '9' : s.data[i] != want))
			return false;
	}
	return s.len == alternative.len;
}

static bool is_one_of(struct str s, const char *one_of)
{
	struct str rest = str_of(one_of + 1), alternative;
	while (str_cut(&rest, '|', &alternative))
		if (alternative.len && is_alternative(s, alternative))
			return true;
	return false;
}

static void check_text(struct check *c, const struct rule *r, const struct json *j, const struct at *at)
{
	if (j->type != JSON_TEXT)
		fault(c, at, N_("must be a text"));
	else if (!has_form(j->text, r->form))
		fault(c, at, N_("must be a date or time as the inventory format writes it, such as 2026-11-23 06:04:05"));
	else if (r->one_of && !is_one_of(j->text, r->one_of))
		fault(c, at, N_("is no value the inventory format knows"));
}

static void check_int(struct check *c, const struct rule *r, const struct json *j, const struct at *at)
{
	bool whole = j->type == JSON_INT || (j->type == JSON_REAL && trunc(j->real) == j->real);
	double n = j->type == JSON_INT ? (double)j->integer : whole ? j->real : 0;
	if (!whole)
		fault(c, at, N_("must be a whole number"));
	else if ((r->min || r->max) && (n < (double)r->min || n > (double)r->max))
		fault(c, at, N_("is no value the inventory format knows"));
}

static void check_object(struct check *c, const struct rule *rules, const struct json *j, const struct at *at);

static void check_items(struct check *c, const struct rule *r, const struct json *j, const struct at *at)
{
	static const struct rule text = { "item", RULE_TEXT }, whole = { "item", RULE_INT };
	if (j->type != JSON_LIST) {
		fault(c, at, N_("must be a list"));
		return;
	}
	for (size_t i = 0; r->type != RULE_ANY_LIST && i < j->list.count && c->faults < 100; i++) {
		const struct at here = { at, STR_NONE, i };
		if (r->type == RULE_LIST)
			check_object(c, r->members, &j->list.items[i], &here);
		else if (r->type == RULE_INTS)
			check_int(c, &whole, &j->list.items[i], &here);
		else
			check_text(c, &text, &j->list.items[i], &here);
	}
}

static void check_value(struct check *c, const struct rule *r, const struct json *j, const struct at *at)
{
	switch (r->type) {
	case RULE_TEXT:
		check_text(c, r, j, at);
		break;
	case RULE_INT:
		check_int(c, r, j, at);
		break;
	case RULE_BOOL:
		if (j->type != JSON_BOOL)
			fault(c, at, N_("must be true or false"));
		break;
	case RULE_OBJECT_OR_ELSE:
		if (j->type != JSON_OBJECT)
			break;
		__attribute__((fallthrough));
	case RULE_OBJECT:
		check_object(c, r->members, j, at);
		break;
	case RULE_TEXT_OR_TEXTS:
		if (j->type == JSON_TEXT)
			break;
		__attribute__((fallthrough));
	case RULE_LIST:
	case RULE_TEXTS:
	case RULE_INTS:
	case RULE_ANY_LIST:
		check_items(c, r, j, at);
		break;
	}
}

static const struct rule *rule_of(const struct rule *rules, struct str name)
{
	for (; rules->name; rules++)
		if (str_is(name, rules->name))
			return rules;
	return NULL;
}

static void check_object(struct check *c, const struct rule *rules, const struct json *j, const struct at *at)
{
	if (j->type != JSON_OBJECT) {
		fault(c, at, N_("must be an object"));
		return;
	}
	for (size_t i = 0; i < j->object.count; i++) {
		const struct json_member *m = &j->object.members[i];
		const struct at here = { at, m->name, 0 };
		const struct rule *r = rule_of(rules, m->name);
		if (r)
			check_value(c, r, &m->value, &here);
		else if (!at->up)
			fault(c, &here, N_("is not known here"));
	}
	for (const struct rule *r = rules; r->name; r++) {
		const struct at here = { at, str_of(r->name), 0 };
		if (r->required && !json_get(j, str_of(r->name)))
			fault(c, &here, N_("is required"));
	}
}

enum code inventory_check(const struct json *document, struct arena *arena, struct error *e)
{
	struct check c = { .arena = arena, .error = e };
	const struct at root = { 0 };
	check_object(&c, inventory_rules, document, &root);
	return c.faults ? E_INVALID : OK;
}

/* Reading list requests in PostgREST's convention into checked filters. Pure: text and model in, struct out.
 * Neighbours: select.c turns what is read here into SQL. */
#include "record/query.h"
#include "base/arena.h"
#include "base/id.h"
#include <string.h>

#define PAIRS_MOST 100
#define DEPTH_MOST 4
#define PARTS_MOST 100
#define LIMIT_DEFAULT 50
#define LIMIT_MOST 1000

const struct query_parameter record_query_parameters[] = {
	{ "<field>", N_("Filter by a field: eq.x, neq.x, gt.x, gte.x, lt.x, lte.x, like.x*, ilike.*x*, in.(a,b), is.null, cs.{id}; not. before it negates") },
	{ "or", N_("Alternatives: (class.eq.laptop,class.eq.mobile)") },
	{ "and", N_("Conditions that must hold together") },
	{ "select", N_("Fields to show, separated by commas") },
	{ "expand", N_("References to show with the title of what they point to") },
	{ "order", N_("Sorting: name.asc,purchased.desc.nullslast") },
	{ "limit", N_("How many, 1 to 1000") },
	{ "after", N_("Cursor of the page before") },
	{ "count", N_("exact: count all that match") },
	{ "by", N_("Fields to count by, for facets") },
	{ "archived", N_("any: archived records too; only: nothing else") },
	{ "within", N_("Only this entity and those below it") },
	{ "as_of", N_("The records as they were: a time, or a day (2026-03-01: when it ended, UTC)") },
	{ "known_at", N_("As it was known then: a time, a day, or how many entries the journal had") },
	{ NULL, NULL },
};

struct reading {
	const struct model *model;
	const struct kind *kind;
	struct str currency;
	struct arena *arena;
	struct error *error;
	struct str pointer; /* of the parameter at hand */
	size_t parts;
};

static const struct system_name {
	const char *name;
	enum system_column column;
	struct field field; /* how its values are read */
} system_names[] = {
	{ "id", COL_ID, { .name = "id", .type = FIELD_ID } },
	{ "entity", COL_ENTITY, { .name = "entity", .type = FIELD_ID } },
	{ "state", COL_STATE, { .name = "state", .type = FIELD_TEXT, .max = 100 } },
	{ "version", COL_VERSION, { .name = "version", .type = FIELD_INT } },
	{ "number", COL_NUMBER, { .name = "number", .type = FIELD_TEXT, .max = 100 } },
	{ "since", COL_SINCE, { .name = "since", .type = FIELD_TIME } },
	{ "archived", COL_ARCHIVED, { .name = "archived", .type = FIELD_TIME } },
};

static enum code fault(struct reading *r, const char *msgid, struct str value)
{
	return error_field(r->error, r->pointer, msgid, { "value", value });
}

/* A field, or one of the columns every record has. */
static enum code find_column(struct reading *r, struct str name, enum system_column *ret_column, const struct field **ret)
{
	for (size_t i = 0; i < sizeof system_names / sizeof *system_names; i++)
		if (str_is(name, system_names[i].name) && !((r->kind->flags & KIND_VIEW) && i > COL_ENTITY - COL_ID)) {
			*ret_column = system_names[i].column;
			*ret = &system_names[i].field;
			return OK;
		}
	*ret_column = COL_FIELD;
	*ret = kind_field(r->kind, name);
	return *ret ? OK : fault(r, N_("names no field: {value}"), name);
}

static const struct {
	const char *name;
	enum filter_op op;
} operators[] = { { "eq", FILTER_EQ },   { "neq", FILTER_NEQ },   { "gt", FILTER_GT },       { "gte", FILTER_GTE },
		  { "lt", FILTER_LT },   { "lte", FILTER_LTE },   { "like", FILTER_LIKE },   { "ilike", FILTER_ILIKE },
		  { "in", FILTER_IN },   { "is", FILTER_IS_NULL }, { "cs", FILTER_CONTAINS } };

static bool text_like(enum field_type t)
{
	return t == FIELD_TEXT || t == FIELD_CHOICE || t == FIELD_LOCAL || t == FIELD_JSON;
}

/* What an operator means for a type; comparing a list, a geometry or a file makes no sense. */
static bool operator_fits(enum filter_op op, enum field_type t)
{
	switch (op) {
	case FILTER_IS_NULL:
		return t != FIELD_REFS;
	case FILTER_CONTAINS:
		return t == FIELD_REFS;
	case FILTER_LIKE:
	case FILTER_ILIKE:
		return text_like(t);
	default:
		return t != FIELD_REFS && t != FIELD_GEO && t != FIELD_FILE && t != FIELD_JSON && t != FIELD_LOCAL;
	}
}

/* "(a,b,\"c,d\")" → its parts; quotes keep commas. */
static enum code split_list(struct reading *r, struct str text, char open, char close, struct str **ret, size_t *ret_count)
{
	if (text.len < 2 || text.data[0] != open || text.data[text.len - 1] != close)
		return fault(r, N_("needs a list in brackets: {value}"), text);
	struct str *parts = ARENA_ARRAY(r->arena, PARTS_MOST, struct str);
	size_t n = 0, depth = 0, start = 1;
	bool quoted = false;
	if (!parts)
		return error_nomem(r->error);
	for (size_t i = 1; i < text.len; i++) {
		char ch = text.data[i];
		bool end = i == text.len - 1;
		if (ch == '"')
			quoted = !quoted;
		else if (!quoted && !end && ch == '(')
			depth++;
		else if (!quoted && !end && ch == ')' && depth)
			depth--;
		else if (end || (ch == ',' && !quoted && !depth)) {
			if (n == PARTS_MOST)
				return fault(r, N_("has more than 100 parts"), STR(""));
			parts[n++] = str_slice(text, start, i);
			start = i + 1;
		}
	}
	*ret = parts;
	*ret_count = n;
	return OK;
}

static struct str unquote(struct str s)
{
	if (s.len >= 2 && s.data[0] == '"' && s.data[s.len - 1] == '"')
		return str_slice(s, 1, s.len - 1);
	return s;
}

static enum code read_values(struct reading *r, struct filter *f, const struct field *field, struct str text)
{
	/* a filter may hold any text: required, ranges and choices of the field do not bind what one looks for */
	struct field loose = *field;
	struct str one = text, *parts = &one;
	size_t count = 1;
	loose.flags = 0;
	loose.pattern = NULL;
	if (text_like(field->type)) {
		loose.type = FIELD_TEXT;
		loose.max = 4000;
	}
	if (field->type == FIELD_REFS)
		loose.type = FIELD_ID;
	if (f->op == FILTER_IN)
		TRY(split_list(r, text, '(', ')', &parts, &count));
	if (f->op == FILTER_CONTAINS)
		TRY(split_list(r, text, '{', '}', &parts, &count));
	struct value *values = ARENA_ARRAY(r->arena, count, struct value);
	if (!values)
		return error_nomem(r->error);
	for (size_t i = 0; i < count; i++) {
		struct str part = f->op == FILTER_IN ? unquote(parts[i]) : parts[i];
		if (loose.type == FIELD_TEXT)
			values[i] = (struct value){ .set = true, .text = part };
		else
			TRY(value_from_text(&loose, part, r->pointer, r->currency, r->arena, &values[i], r->error));
	}
	f->values = values;
	f->value_count = count;
	return OK;
}

/* "not.gt.1000" for a column. */
static enum code read_condition(struct reading *r, struct str name, struct str text, const struct filter **ret)
{
	struct filter *f = ARENA_NEW(r->arena, struct filter);
	struct str rest = text, op = STR_NONE;
	const struct field *field;
	size_t i = 0, count = sizeof operators / sizeof *operators;
	if (!f)
		return error_nomem(r->error);
	TRY(find_column(r, name, &f->column, &field));
	op = str_take(&rest, '.');
	if (str_is(op, "not")) {
		f->negated = true;
		op = str_take(&rest, '.');
	}
	while (i < count && !str_is(op, operators[i].name))
		i++;
	if (i == count || !rest.data)
		return fault(r, N_("needs an operator and a value, such as eq.x; not {value}"), text);
	f->op = operators[i].op;
	f->field = field;
	*ret = f;
	if (!operator_fits(f->op, field->type))
		return fault(r, N_("cannot be compared with {value}"), op);
	if (f->op != FILTER_IS_NULL)
		return read_values(r, f, field, rest);
	if (str_is(rest, "not_null"))
		f->negated = !f->negated;
	else if (!str_is(rest, "null"))
		return fault(r, N_("takes is.null or is.not_null; not {value}"), rest);
	return OK;
}

/* "(a.eq.1,and(b.gt.2,c.is.null))" */
static enum code read_group(struct reading *r, enum filter_op op, bool negated, struct str text, unsigned depth,
			    const struct filter **ret);

static enum code read_part(struct reading *r, struct str text, unsigned depth, const struct filter **ret)
{
	bool negated = str_starts(text, STR("not.and(")) || str_starts(text, STR("not.or("));
	struct str t = negated ? str_slice(text, 4, text.len) : text;
	if (++r->parts > PARTS_MOST)
		return fault(r, N_("has more than 100 parts"), STR(""));
	if (str_starts(t, STR("and(")))
		return read_group(r, FILTER_AND, negated, str_slice(t, 3, t.len), depth + 1, ret);
	if (str_starts(t, STR("or(")))
		return read_group(r, FILTER_OR, negated, str_slice(t, 2, t.len), depth + 1, ret);
	struct str name;
	if (!str_cut(&t, '.', &name) || !t.data)
		return fault(r, N_("needs conditions such as field.eq.x; not {value}"), text);
	return read_condition(r, name, t, ret);
}

static enum code read_group(struct reading *r, enum filter_op op, bool negated, struct str text, unsigned depth,
			    const struct filter **ret)
{
	struct str *parts;
	size_t count;
	if (depth > DEPTH_MOST)
		return fault(r, N_("nests deeper than 4 levels"), STR(""));
	TRY(split_list(r, text, '(', ')', &parts, &count));
	struct filter *f = ARENA_NEW(r->arena, struct filter);
	const struct filter **filters = ARENA_ARRAY(r->arena, count, const struct filter *);
	if (!f || !filters)
		return error_nomem(r->error);
	for (size_t i = 0; i < count; i++)
		TRY(read_part(r, parts[i], depth, &filters[i]));
	*f = (struct filter){ .op = op, .negated = negated, .parts = filters, .part_count = count };
	*ret = f;
	return OK;
}

static enum code read_fields(struct reading *r, struct str text, bool refs_only, const bool **ret)
{
	struct str rest = text, name;
	bool *flags = ARENA_ARRAY(r->arena, r->kind->field_count + 1, bool);
	if (!flags)
		return error_nomem(r->error);
	while (str_cut(&rest, ',', &name)) {
		name = str_trim(name);
		if (str_is(name, "*")) {
			for (size_t i = 0; i < r->kind->field_count; i++)
				flags[i] = true;
			continue;
		}
		enum system_column column;
		const struct field *f;
		TRY(find_column(r, name, &column, &f));
		if (column != COL_FIELD)
			continue; /* always shown */
		if (refs_only && f->type != FIELD_REF && f->type != FIELD_REFS)
			return fault(r, N_("is no reference: {value}"), name);
		flags[f->index] = true;
	}
	*ret = flags;
	return OK;
}

static bool sortable(enum field_type t)
{
	return t != FIELD_REFS && t != FIELD_GEO && t != FIELD_FILE && t != FIELD_JSON;
}

static enum code read_order(struct reading *r, struct str text, struct record_query *q)
{
	struct str rest = text, part;
	struct order_by *order = ARENA_ARRAY(r->arena, 8, struct order_by);
	if (!order)
		return error_nomem(r->error);
	while (str_cut(&rest, ',', &part)) {
		struct str name, word;
		struct order_by *o = &order[q->order_count];
		if (q->order_count == 7)
			return fault(r, N_("sorts by more than 7 fields"), STR(""));
		name = str_take(&part, '.');
		TRY(find_column(r, str_trim(name), &o->column, &o->field));
		if (!sortable(o->field->type))
			return fault(r, N_("cannot be sorted by: {value}"), name);
		while (str_cut(&part, '.', &word)) {
			if (str_is(word, "desc"))
				o->descending = true;
			else if (str_is(word, "nullsfirst"))
				o->nulls_first = true;
			else if (!str_is(word, "asc") && !str_is(word, "nullslast"))
				return fault(r, N_("takes asc, desc, nullsfirst, nullslast; not {value}"), word);
		}
		q->order_count++;
	}
	q->order = order;
	return OK;
}

static enum code read_facets(struct reading *r, struct str text, struct record_query *q)
{
	struct str rest = text, name;
	const struct field **facets = ARENA_ARRAY(r->arena, 9, const struct field *);
	if (!facets)
		return error_nomem(r->error);
	while (str_cut(&rest, ',', &name)) {
		enum system_column column;
		const struct field *f;
		TRY(find_column(r, str_trim(name), &column, &f));
		if (column == COL_STATE)
			q->facet_state = true;
		else if (column == COL_ENTITY)
			q->facet_entity = true;
		else if (column != COL_FIELD || !sortable(f->type) || q->facet_count == 8)
			return fault(r, N_("cannot be counted by: {value}"), name);
		else
			facets[q->facet_count++] = f;
	}
	q->facets = facets;
	return OK;
}

static enum code read_count(struct reading *r, struct str text, struct record_query *q)
{
	q->count = str_is(text, "exact");
	return q->count || str_is(text, "none") ? OK : fault(r, N_("takes exact or none; not {value}"), text);
}

static enum code read_archived(struct reading *r, struct str text, struct record_query *q, const struct filter **ret)
{
	*ret = NULL;
	q->archived = true;
	if (str_is(text, "any"))
		return OK;
	if (str_is(text, "only"))
		return read_condition(r, STR("archived"), STR("is.not_null"), ret);
	return read_condition(r, STR("archived"), text, ret);
}

static enum code read_limit(struct reading *r, struct str text, struct record_query *q)
{
	if (!str_int(text, &q->limit) || q->limit < 1 || q->limit > LIMIT_MOST)
		return fault(r, N_("must be between 1 and 1000; not {value}"), text);
	return OK;
}

static enum code read_moment(struct reading *r, const struct query_pair *p, struct record_query *q)
{
	if (r->kind->flags & KIND_VIEW)
		return fault(r, N_("cannot be asked of {value}, which is computed from other records"), str_of(r->kind->name));
	return str_is(p->name, "as_of") ? moment_as_of(&q->moment, p->text, r->pointer, r->error)
					: moment_known_at(&q->moment, p->text, r->pointer, r->error);
}

static enum code read_pair(struct reading *r, const struct query_pair *p, struct record_query *q, const struct filter **ret)
{
	*ret = NULL;
	if (str_is(p->name, "select"))
		return read_fields(r, p->text, false, &q->select.fields);
	if (str_is(p->name, "expand"))
		return read_fields(r, p->text, true, &q->select.expand);
	if (str_is(p->name, "order"))
		return read_order(r, p->text, q);
	if (str_is(p->name, "limit"))
		return read_limit(r, p->text, q);
	if (str_is(p->name, "count"))
		return read_count(r, p->text, q);
	if (str_is(p->name, "by"))
		return read_facets(r, p->text, q);
	if (str_is(p->name, "archived") && !(r->kind->flags & KIND_VIEW))
		return read_archived(r, p->text, q, ret);
	if (str_is(p->name, "within"))
		return id_parse(p->text, &q->within) ? OK : fault(r, N_("is no id of an entity: {value}"), p->text);
	if (str_is(p->name, "as_of") || str_is(p->name, "known_at"))
		return read_moment(r, p, q);
	if (str_is(p->name, "or") || str_is(p->name, "and"))
		return read_group(r, str_is(p->name, "or") ? FILTER_OR : FILTER_AND, false, p->text, 1, ret);
	if (str_is(p->name, "after")) {
		q->after = p->text;
		return OK;
	}
	return read_condition(r, p->name, p->text, ret);
}

static bool asked_by(const struct record_query *q, const struct kind *k)
{
	for (size_t i = 0; i < q->filter_count; i++) {
		const struct filter *f = q->filters[i];
		if (f->negated || f->column != COL_FIELD || (f->op != FILTER_EQ && f->op != FILTER_IN))
			continue;
		for (const char *const *name = k->ask_by; *name; name++)
			if (strcmp(*name, f->field->name) == 0)
				return true;
	}
	return false;
}

/* Some questions over all are too large for anybody: they are refused at once, not after the time allowed. */
static enum code check_asked_by(const struct record_query *q, const struct kind *k, struct arena *arena, struct error *e)
{
	struct str names = STR("");
	if (!k->ask_by || asked_by(q, k))
		return OK;
	for (const char *const *name = k->ask_by; *name && names.data; name++)
		names = arena_format(arena, "%.*s%s%s=eq.…", STR_ARG(names), names.len ? ", " : "", *name);
	if (!names.data)
		return error_nomem(e);
	return error_fail(e, E_INVALID, N_("There are too many to list all; filter by one of {filters}"), { "filters", names });
}

enum code record_query_parse(const struct model *m, const struct kind *k, const struct query_pair *pairs, size_t count,
			     struct str currency, struct arena *arena, struct record_query *ret, struct error *e)
{
	struct reading r = { .model = m, .kind = k, .currency = currency, .arena = arena, .error = e };
	const struct filter **filters = ARENA_ARRAY(arena, count + 1, const struct filter *);
	bool failed = false;
	*ret = (struct record_query){ .limit = LIMIT_DEFAULT };
	if (!filters)
		return error_nomem(e);
	if (count > PAIRS_MOST)
		return error_fail(e, E_INVALID, N_("The request has more than 100 parameters"));
	for (size_t i = 0; i < count; i++) {
		const struct filter *f;
		r.pointer = pairs[i].name;
		enum code code = read_pair(&r, &pairs[i], ret, &f);
		if (code != OK && code != E_INVALID)
			return code;
		failed |= code != OK;
		if (code == OK && f)
			filters[ret->filter_count++] = f;
	}
	ret->filters = filters;
	return failed ? E_INVALID : check_asked_by(ret, k, arena, e);
}

/* A list request, in PostgREST's convention (https://postgrest.org/en/stable/references/api/tables_views.html):
 *   ?state=eq.in_use&cost=gt.1000&name=ilike.*printer*&or=(class.eq.laptop,class.eq.mobile)
 *   &select=name,serial&expand=holder&order=name.desc.nullslast&limit=50&after=<cursor>&count=exact&by=class,state
 *   &as_of=2026-03-01&known_at=2026-04-01T12:00:00Z
 * Operators: eq neq gt gte lt lte like ilike in.(a,b) is.null is.not_null cs.{id} and not.<op>. Parsing is pure; names
 * and values are checked against the kind here, once, whatever face they came through. */
#pragma once
#include "model/value.h"
#include "record/moment.h"

enum filter_op { FILTER_EQ, FILTER_NEQ, FILTER_GT, FILTER_GTE, FILTER_LT, FILTER_LTE, FILTER_LIKE, FILTER_ILIKE,
		 FILTER_IN, FILTER_IS_NULL, FILTER_CONTAINS, FILTER_AND, FILTER_OR };

/* The columns every record has, beside its fields. */
enum system_column { COL_FIELD, COL_ID, COL_ENTITY, COL_STATE, COL_VERSION, COL_NUMBER, COL_SINCE, COL_ARCHIVED };

struct filter {
	enum filter_op op;
	bool negated;
	enum system_column column; /* COL_FIELD: see field */
	const struct field *field;
	const struct value *values; /* one, or several for FILTER_IN */
	size_t value_count;
	const struct filter *const *parts; /* FILTER_AND, FILTER_OR */
	size_t part_count;
};

struct order_by {
	enum system_column column;
	const struct field *field;
	bool descending, nulls_first;
};

struct record_select {
	const bool *fields; /* by field index; NULL: all */
	const bool *expand; /* by field index; NULL: none */
};

struct record_query {
	const struct filter *const *filters; /* all must hold */
	size_t filter_count;
	const struct order_by *order;
	size_t order_count;
	struct record_select select;
	const struct field *const *facets; /* `by` */
	bool facet_state, facet_entity;
	size_t facet_count;
	int64_t limit; /* 1–1000; default 50 */
	struct str after; /* opaque cursor of the page before */
	bool count;
	bool archived; /* include archived ones (archived=is.not_null or archived=any) */
	int64_t within; /* entity: only it and those below (within=<id>); 0: all */
	struct moment moment; /* as_of, known_at */
};

struct query_pair {
	struct str name, text; /* decoded */
};

/* Faults are error items named after the parameter. At most 100 pairs, filters nest at most 4 deep. */
enum code record_query_parse(const struct model *m, const struct kind *k, const struct query_pair *pairs, size_t count,
			     struct str currency, struct arena *arena, struct record_query *ret, struct error *e);
/* The parameters as data, for OpenAPI, the command line's help and completion. */
struct query_parameter {
	const char *name, *help;
};
extern const struct query_parameter record_query_parameters[];

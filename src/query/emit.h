/* What emit.c and emit_expression.c share. */
#pragma once
#include "internal.h"

struct emitter {
	const struct query *query;
	const struct query_emission *how;
	struct query_text *out;
	struct str *relations; /* by table of the query, once asked for */
	const char *row; /* what its one relation is called in the text around; NULL: t<number> */
	bool postgres;
	struct error *e;
	enum code code; /* of a subquery inside an expression */
};

void emit_value(struct emitter *m, const struct expr *x);
void emit_condition(struct emitter *m, const struct expr *x);
/* The second column of a money column. */
void emit_currency(struct emitter *m, const struct expr *x);
enum code emit_select(struct emitter *m, const struct select *sel, int64_t limit);
void emit_order(struct emitter *m, const struct order_item *order, size_t count);

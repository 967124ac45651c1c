/* What a grouped SELECT may say: outside aggregates only what it groups by. (SQLite would take any row's value.)
 * Neighbour: select.c. */
#include "internal.h"

static bool own_source(const struct from *f, const struct source *src)
{
	return f && (f->source ? f->source == src : own_source(f->left, src) || own_source(f->right, src));
}

static bool is_grouped_by(const struct select *sel, const struct expr *x)
{
	for (size_t i = 0; i < sel->group_count; i++) {
		const struct expr *g = sel->group[i];
		bool column = (x->kind == EXPR_COLUMN || x->kind == EXPR_CURRENCY) && g->kind == EXPR_COLUMN;
		if (expr_same(g, x) || (column && g->source == x->source && g->column == x->column))
			return true;
	}
	return false;
}

static enum code check_expr(struct resolver *r, const struct select *sel, const struct expr *x)
{
	if (!x || is_grouped_by(sel, x) || x->kind == EXPR_AGGREGATE)
		return OK;
	if ((x->kind == EXPR_COLUMN || x->kind == EXPR_CURRENCY) && own_source(sel->from, x->source))
		return FAULT(r, x->place, E_INVALID, N_("{column} must stand in GROUP BY or in an aggregate such as max()"),
			     { "column", x->source->columns[x->column].name });
	for (size_t i = 0; i < x->arg_count; i++)
		TRY(check_expr(r, sel, x->args[i]));
	if (x->kind == EXPR_WINDOW && x->over) {
		TRY(check_expr(r, sel, x->filter));
		for (size_t i = 0; i < x->over->by_count; i++)
			TRY(check_expr(r, sel, x->over->by[i]));
		for (size_t i = 0; i < x->over->order_count; i++)
			TRY(check_expr(r, sel, x->over->order[i].expr));
	}
	return OK;
}

enum code check_grouped(struct resolver *r, const struct select *sel)
{
	if (!sel->grouped)
		return OK;
	for (size_t i = 0; i < sel->output_count; i++)
		TRY(check_expr(r, sel, sel->outputs[i].expr));
	TRY(check_expr(r, sel, sel->having));
	for (size_t i = 0; i < sel->order_count; i++)
		if (!sel->order[i].output)
			TRY(check_expr(r, sel, sel->order[i].expr));
	for (const struct outside *o = sel->outside; o; o = o->next)
		TRY(check_expr(r, sel, o->column));
	return OK;
}

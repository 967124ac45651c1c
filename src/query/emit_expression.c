/* Expressions as SQL. A condition and a value are two things in PostgreSQL: truth is stored as 0 and 1.
 * Neighbours: forms.c how, emit.c around it. */
#include "emit.h"
#include <string.h>

/* The same text has the same number, so that what is grouped by reads like what is selected. */
static void emit_text(struct emitter *m, struct str text)
{
	struct query_text *out = m->out;
	buf_add_text(&out->sql, m->postgres ? "(CAST(" : "");
	size_t i = 0;
	while (i < out->count && !(out->params[i].type == SQL_TEXT && str_eq(out->params[i].text, text)))
		i++;
	if (i < out->count) {
		buf_add_char(&out->sql, '?');
		buf_add_int(&out->sql, (int64_t)i + 1);
	} else {
		struct str copy = arena_copy(m->how->arena, text);
		out->full |= !copy.data;
		query_text_param(out, SQL_T(copy));
	}
	buf_add_text(&out->sql, m->postgres ? " AS text) COLLATE \"C\")" : "");
}

static void emit_int(struct emitter *m, int64_t n)
{
	struct buf *b = &m->out->sql;
	buf_add_text(b, m->postgres ? "CAST('" : n == INT64_MIN ? "(" : "");
	if (n == INT64_MIN && !m->postgres)
		buf_add_text(b, "-9223372036854775807 - 1)");
	else
		buf_add_int(b, n);
	buf_add_text(b, m->postgres ? "' AS bigint)" : "");
}

static void emit_null(struct emitter *m, const struct expr *x)
{
	bool text = x->type == QUERY_TEXT || x->type == QUERY_JSON;
	buf_add_text(&m->out->sql, !m->postgres ? "NULL" : text ? "(CAST(NULL AS text) COLLATE \"C\")" : "CAST(NULL AS bigint)");
}

static void emit_column(struct emitter *m, const struct expr *x)
{
	const struct source *src = x->source;
	struct buf *b = &m->out->sql;
	if (m->row)
		buf_format(b, "%s.%s", m->row, src->columns[x->column].own);
	else if (src->table)
		buf_format(b, "t%u.%s", src->number, src->columns[x->column].own);
	else
		buf_format(b, "t%u.c%zu", src->number, x->column + 1);
	if (x->kind == EXPR_CURRENCY)
		buf_add_text(b, "_currency");
}

static void emit_list(struct emitter *m, const struct expr *x, const char *before, const char *between, const char *after, bool conditions)
{
	struct buf *b = &m->out->sql;
	buf_add_text(b, before);
	for (size_t i = 0; i < x->arg_count; i++) {
		if (i)
			buf_add_text(b, between);
		if (conditions)
			emit_condition(m, x->args[i]);
		else
			emit_value(m, x->args[i]);
	}
	buf_add_text(b, after);
}

static void emit_suffix(struct emitter *m, const struct expr *x)
{
	struct buf *b = &m->out->sql;
	if (x->filter) {
		buf_add_text(b, " FILTER (WHERE ");
		emit_condition(m, x->filter);
		buf_add_char(b, ')');
	}
	if (!x->over)
		return;
	buf_add_text(b, " OVER (");
	for (size_t i = 0; i < x->over->by_count; i++) {
		buf_add_text(b, i ? ", " : "PARTITION BY ");
		emit_value(m, x->over->by[i]);
		if (x->over->by[i]->type == QUERY_MONEY) {
			buf_add_text(b, ", ");
			emit_currency(m, x->over->by[i]);
		}
	}
	emit_order(m, x->over->order, x->over->order_count);
	buf_add_char(b, ')');
}

static const struct expr *numbered(const struct expr *x, char digit)
{
	size_t i = (size_t)(digit - '1');
	return i < x->arg_count ? x->args[i] : NULL;
}

/* Writes what stands between braces; answers how much of the form it took, 0: it is no place. */
static size_t emit_place(struct emitter *m, const struct expr *x, const char *at)
{
	bool special = at[1] == '?' || at[1] == '#';
	char what = special ? at[2] : at[1];
	size_t len = special ? 4 : 3;
	if (!what || at[len - 1] != '}')
		return 0;
	if (what == 'd' && !special) {
		buf_add_text(&m->out->sql, x->distinct ? "DISTINCT " : "");
		return len;
	}
	if (what == 's' && !special) {
		emit_suffix(m, x);
		return len;
	}
	const struct expr *arg = what >= '1' && what <= '9' ? numbered(x, what) : NULL;
	if (!arg)
		return 0;
	if (at[1] == '?')
		emit_condition(m, arg);
	else if (at[1] == '#')
		buf_add_int(&m->out->sql, arg->integer);
	else
		emit_value(m, arg);
	return len;
}

static void emit_form(struct emitter *m, const struct expr *x)
{
	const char *text = m->postgres && x->form->postgres ? x->form->postgres : x->form->sqlite;
	while (*text && !m->out->sql.failed) {
		size_t plain = strcspn(text, "{"), place;
		buf_add(&m->out->sql, text, plain);
		text += plain;
		if (!*text)
			break;
		place = emit_place(m, x, text);
		if (!place)
			buf_add_char(&m->out->sql, *text);
		text += place ? place : 1;
	}
}

static void emit_case(struct emitter *m, const struct expr *x)
{
	struct buf *b = &m->out->sql;
	buf_add_text(b, "(CASE");
	for (size_t i = 0; i + 1 < x->arg_count; i += 2) {
		buf_add_text(b, " WHEN ");
		emit_condition(m, x->args[i]);
		buf_add_text(b, " THEN ");
		emit_value(m, x->args[i + 1]);
	}
	if (x->arg_count % 2) {
		buf_add_text(b, " ELSE ");
		emit_value(m, x->args[x->arg_count - 1]);
	}
	buf_add_text(b, " END)");
}

static void emit_in_list(struct emitter *m, const struct expr *x)
{
	struct buf *b = &m->out->sql;
	buf_add_char(b, '(');
	emit_value(m, x->args[0]);
	buf_add_text(b, x->negated ? " NOT IN (" : " IN (");
	for (size_t i = 1; i < x->arg_count; i++) {
		buf_add_text(b, i > 1 ? ", " : "");
		emit_value(m, x->args[i]);
	}
	buf_add_text(b, "))");
}

static void emit_subquery(struct emitter *m, const struct expr *x)
{
	struct buf *b = &m->out->sql;
	if (x->kind == EXPR_IN_SELECT) {
		buf_add_char(b, '(');
		emit_value(m, x->args[0]);
		buf_add_text(b, " IN (");
	} else {
		buf_add_text(b, x->kind == EXPR_EXISTS ? "EXISTS (" : "(");
	}
	if (m->code == OK)
		m->code = emit_select(m, x->select, -1);
	buf_add_text(b, x->kind == EXPR_IN_SELECT ? "))" : ")");
}

static void emit_concat(struct emitter *m, const struct expr *x)
{
	struct buf *b = &m->out->sql;
	buf_add_char(b, '(');
	for (size_t i = 0; i < x->arg_count; i++) {
		buf_add_text(b, i ? " || coalesce(" : "coalesce(");
		emit_value(m, x->args[i]);
		buf_add_text(b, ", '')");
	}
	buf_add_char(b, ')');
}

static bool is_condition(const struct expr *x)
{
	switch (x->kind) {
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_IN_LIST:
	case EXPR_IN_SELECT:
	case EXPR_EXISTS:
		return true;
	case EXPR_FORM:
	case EXPR_AGGREGATE:
	case EXPR_WINDOW:
		return x->form->logical;
	default:
		return false;
	}
}

static void emit_plain(struct emitter *m, const struct expr *x)
{
	switch (x->kind) {
	case EXPR_NULL:
		emit_null(m, x);
		break;
	case EXPR_INT:
		emit_int(m, x->integer);
		break;
	case EXPR_TEXT:
		emit_text(m, x->text);
		break;
	case EXPR_TODAY:
	case EXPR_NOW:
		emit_int(m, x->kind == EXPR_TODAY ? m->how->today : m->how->now);
		break;
	case EXPR_COLUMN:
	case EXPR_CURRENCY:
		emit_column(m, x);
		break;
	case EXPR_FORM:
	case EXPR_AGGREGATE:
	case EXPR_WINDOW:
		emit_form(m, x);
		break;
	case EXPR_AND:
	case EXPR_OR:
		emit_list(m, x, "(", x->kind == EXPR_AND ? " AND " : " OR ", ")", true);
		break;
	case EXPR_IN_LIST:
		emit_in_list(m, x);
		break;
	case EXPR_CASE:
		emit_case(m, x);
		break;
	case EXPR_COALESCE:
		emit_list(m, x, "coalesce(", ", ", ")", false);
		break;
	case EXPR_GREATEST:
	case EXPR_LEAST:
		emit_list(m, x, x->kind == EXPR_LEAST ? m->postgres ? "least(" : "least_of(" : m->postgres ? "greatest(" : "greatest_of(", ", ",
			  ")", false);
		break;
	case EXPR_CONCAT:
		emit_concat(m, x);
		break;
	case EXPR_IN_SELECT:
	case EXPR_EXISTS:
	case EXPR_SCALAR:
		emit_subquery(m, x);
		break;
	}
}

void emit_value(struct emitter *m, const struct expr *x)
{
	bool convert = m->postgres && is_condition(x);
	if (convert)
		buf_add_text(&m->out->sql, "CAST(CAST(");
	emit_plain(m, x);
	if (convert)
		buf_add_text(&m->out->sql, " AS int) AS bigint)");
}

void emit_condition(struct emitter *m, const struct expr *x)
{
	bool convert = m->postgres && !is_condition(x);
	if (convert)
		buf_add_char(&m->out->sql, '(');
	emit_plain(m, x);
	if (convert)
		buf_add_text(&m->out->sql, " <> 0)");
}

void emit_currency(struct emitter *m, const struct expr *x)
{
	struct expr currency = *x;
	currency.kind = EXPR_CURRENCY;
	emit_column(m, &currency);
}

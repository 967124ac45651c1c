/* The door to libpg_query: text in, its parse tree as JSON out, every node and member of it on the list below. What is not
 * on the list is refused with its place, so whatever the other files do not know cannot reach them.
 * Neighbours: scan.c limits the text first; select.c and expression.c read the tree. */
#include "internal.h"
#include "parser.h"
#include <stdio.h>
#include <string.h>

/* Each part can nest one level deeper, and the parser writes its tree by recursion: 10,000 levels need about 1.3 MB of stack. */
#define PARTS_MOST 10000
#define TREE_BYTES_MOST ((size_t)8 << 20)
#define TREE_DEPTH_MOST 320

struct member {
	const char *name;
	const char *type; /* of a node that is not wrapped in its name; NULL: wrapped nodes, or a plain value */
	const char *only; /* a plain value must be this one; NULL: any */
};

#define MEMBERS_MOST 15
static const struct shape {
	const char *type;
	struct member members[MEMBERS_MOST];
} shapes[] = {
	{ "SelectStmt",
	  { { "distinctClause" }, { "targetList" }, { "fromClause" }, { "whereClause" }, { "groupClause" }, { "havingClause" },
	    { "sortClause" }, { "limitOffset" }, { "limitCount" }, { "limitOption" }, { "withClause", "WithClause" }, { "op" },
	    { "larg", "SelectStmt" }, { "rarg", "SelectStmt" }, { "all" } } },
	{ "WithClause", { { "ctes" } } },
	{ "CommonTableExpr", { { "ctename" }, { "aliascolnames" }, { "ctematerialized" }, { "ctequery" } } },
	{ "ResTarget", { { "name" }, { "val" } } },
	{ "ColumnRef", { { "fields" } } },
	{ "String", { { "sval" } } },
	{ "A_Star", { { NULL } } },
	{ "RangeVar", { { "relname" }, { "inh" }, { "relpersistence", NULL, "p" }, { "alias", "Alias" } } },
	{ "RangeSubselect", { { "subquery" }, { "alias", "Alias" } } },
	{ "JoinExpr", { { "jointype" }, { "larg" }, { "rarg" }, { "usingClause" }, { "quals" } } },
	{ "Alias", { { "aliasname" }, { "colnames" } } },
	{ "SortBy", { { "node" }, { "sortby_dir" }, { "sortby_nulls" } } },
	{ "A_Const", { { "ival", "" }, { "fval", "" }, { "sval", "" }, { "boolval", "" }, { "isnull" } } },
	{ "A_Expr", { { "kind" }, { "name" }, { "lexpr" }, { "rexpr" } } },
	{ "BoolExpr", { { "boolop" }, { "args" } } },
	{ "NullTest", { { "arg" }, { "nulltesttype" } } },
	{ "BooleanTest", { { "arg" }, { "booltesttype" } } },
	{ "SubLink", { { "subLinkType" }, { "testexpr" }, { "subselect" }, { "operName" } } },
	{ "CaseExpr", { { "arg" }, { "args" }, { "defresult" } } },
	{ "CaseWhen", { { "expr" }, { "result" } } },
	{ "CoalesceExpr", { { "args" } } },
	{ "MinMaxExpr", { { "op" }, { "args" } } },
	{ "SQLValueFunction", { { "op" }, { "typmod" } } },
	{ "TypeCast", { { "arg" }, { "typeName", "TypeName" } } },
	{ "TypeName", { { "names" }, { "typmods" }, { "typemod" } } },
	{ "FuncCall",
	  { { "funcname" }, { "args" }, { "agg_filter" }, { "over", "WindowDef" }, { "agg_star" }, { "agg_distinct" }, { "funcformat" } } },
	{ "WindowDef", { { "partitionClause" }, { "orderClause" }, { "frameOptions" } } },
	{ "List", { { "items" } } },
};

static const struct shape *shape_of(struct str type)
{
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		if (str_is(type, shapes[i].type))
			return &shapes[i];
	return NULL;
}

struct str node_type(const struct json *node, const struct json **ret)
{
	if (!node || node->type != JSON_OBJECT || node->object.count != 1)
		return STR_NONE;
	*ret = &node->object.members[0].value;
	return node->object.members[0].name;
}

size_t node_place(const struct json *members)
{
	int64_t at = json_int(members, STR("location"), -1);
	return at < 0 ? SIZE_MAX : (size_t)at;
}

size_t node_count(const struct json *list)
{
	return list && list->type == JSON_LIST ? list->list.count : 0;
}

struct str node_string(const struct json *node)
{
	const struct json *members;
	return str_is(node_type(node, &members), "String") ? json_text(members, STR("sval")) : STR_NONE;
}

enum code keep_text(struct resolver *r, struct str text, struct str *ret)
{
	*ret = arena_copy(r->arena, text);
	return ret->data ? OK : error_nomem(r->e);
}

/* --- the list of what is allowed ------------------------------------------------------------------ */

static enum code check_members(struct resolver *r, struct str type, const struct json *members, size_t place);

static enum code check_value(struct resolver *r, const struct json *v, const char *type, size_t place)
{
	const struct json *members;
	if (v->type == JSON_LIST) {
		for (size_t i = 0; i < v->list.count; i++)
			TRY(check_value(r, &v->list.items[i], type, place));
		return OK;
	}
	if (v->type != JSON_OBJECT || v->object.count == 0)
		return OK;
	if (type)
		return *type ? check_members(r, str_of(type), v, place) : OK;
	struct str name = node_type(v, &members);
	if (!name.len)
		return FAULT(r, place, E_INVALID, N_("This kind of query is not supported"));
	return check_members(r, name, members, place);
}

static const struct member *member_of(const struct shape *s, struct str name)
{
	for (size_t i = 0; i < MEMBERS_MOST && s->members[i].name; i++)
		if (str_is(name, s->members[i].name))
			return &s->members[i];
	return NULL;
}

static enum code check_members(struct resolver *r, struct str type, const struct json *members, size_t place)
{
	const struct shape *s = shape_of(type);
	if (node_place(members) != SIZE_MAX)
		place = node_place(members);
	if (!s)
		return FAULT(r, place, E_INVALID, N_("Queries cannot use {what}"), { "what", type });
	for (size_t i = 0; members->type == JSON_OBJECT && i < members->object.count; i++) {
		const struct json_member *m = &members->object.members[i];
		if (str_is(m->name, "location"))
			continue;
		const struct member *known = member_of(s, m->name);
		if (!known || (known->only && !(m->value.type == JSON_TEXT && str_is(m->value.text, known->only))))
			return FAULT(r, place, E_INVALID, N_("Queries cannot use {what}"), { "what", m->name });
		TRY(check_value(r, &m->value, known->type, place));
	}
	return OK;
}

/* --- parsing -------------------------------------------------------------------------------------- */

/* The library counts characters from 1. */
static size_t offset_of(struct str sql, int cursor)
{
	size_t i = 0;
	for (int n = 1; i < sql.len && n < cursor; n++) {
		i++;
		while (i < sql.len && ((unsigned char)sql.data[i] & 0xc0) == 0x80)
			i++;
	}
	return i;
}

static enum code not_understood(struct resolver *r, const PgQueryError *fault)
{
	size_t place = offset_of(r->sql, fault->cursorpos);
	struct str near = str_slice(r->sql, place, r->sql.len), word;
	if (strstr(fault->message, "memory exhausted"))
		return FAULT(r, place, E_LIMIT, N_("The query is nested too deeply"));
	if (strncmp(fault->message, "syntax error", 12) != 0)
		return FAULT(r, place, E_INVALID, N_("The query is no valid SQL: {reason}"), { "reason", str_of(fault->message) });
	if (!str_trim(near).len)
		return FAULT(r, place, E_INVALID, N_("The query ends too early"));
	size_t len = 0;
	while (len < near.len && len < 40 && ((near.data[len] | 32) >= 'a' ? (near.data[len] | 32) <= 'z' : false))
		len++;
	word = str_slice(near, 0, len ? len : 1);
	return FAULT(r, place, E_INVALID, N_("The query is not understood from “{near}” on"),
		     { "near", (unsigned char)*word.data < 0x80 ? word : STR("…") });
}

static enum code read_tree(struct resolver *r, const char *text, const struct json **ret)
{
	const struct json_limits limits = { .bytes = TREE_BYTES_MOST, .depth = TREE_DEPTH_MOST };
	struct error inner;
	error_init(&inner, r->tree);
	enum code code = json_parse(r->tree, str_of(text), &limits, ret, &inner);
	if (code == E_NOMEM)
		return error_nomem(r->e);
	return code == OK ? OK : FAULT(r, 0, E_LIMIT, N_("The query is nested too deeply"));
}

static enum code only_select(struct resolver *r, const struct json *root, const struct json **ret)
{
	const struct json *stmts = json_get(root, STR("stmts")), *stmt, *members;
	if (node_count(stmts) == 0)
		return FAULT(r, 0, E_INVALID, N_("There is no query"));
	if (node_count(stmts) > 1) {
		int64_t at = json_int(node_item(stmts, 1), STR("stmt_location"), 0);
		return FAULT(r, at < 0 ? 0 : (size_t)at, E_INVALID, N_("Only one query can be asked at a time"));
	}
	stmt = json_get(node_item(stmts, 0), STR("stmt"));
	if (!str_is(node_type(stmt, &members), "SelectStmt"))
		return FAULT(r, 0, E_INVALID, N_("Only SELECT can be asked"));
	TRY(check_members(r, STR("SelectStmt"), members, 0));
	*ret = members;
	return OK;
}

enum code tree_parse(struct resolver *r, const struct json **ret)
{
	const struct json *root;
	if (r->sql.len > QUERY_BYTES_MOST || scan_parts(r->sql) > PARTS_MOST)
		return FAULT(r, 0, E_LIMIT, N_("The query is too long"));
	struct str copy = arena_copy(r->tree, r->sql);
	if (!copy.data)
		return error_nomem(r->e);
	if (memchr(copy.data, 0, copy.len))
		return FAULT(r, 0, E_INVALID, N_("A text must not contain a NUL character"));
	PgQueryParseResult parsed;
	if (!parser_run(copy.data, &parsed))
		return error_nomem(r->e);
	enum code code = parsed.error ? not_understood(r, parsed.error) : read_tree(r, parsed.parse_tree, &root);
	pg_query_free_parse_result(parsed);
	TRY(code);
	return only_select(r, root, ret);
}

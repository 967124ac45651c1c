/* Reading JSON, the checks simdjson does not make (names that stand twice), and walking the trees.
 * Neighbours: json.cpp reads, json_fault.c says where a text goes wrong. */
#include "base/json.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "json_fault.h"
#include "json_shim.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct json) == sizeof(struct shim_json), "json_shim.h mirrors json.h");
_Static_assert(sizeof(struct json_member) == sizeof(struct shim_member), "json_shim.h mirrors json.h");
_Static_assert(offsetof(struct json, text) == offsetof(struct shim_json, text), "json_shim.h mirrors json.h");
_Static_assert((int)JSON_OBJECT == (int)SHIM_OBJECT && (int)JSON_TEXT == (int)SHIM_TEXT, "json_shim.h mirrors json.h");

#define FEW_MEMBERS 24   /* up to here comparing each with each is quicker than sorting */
#define FEW_NAMES 8      /* … and than a table */
#define TABLE_NAMES 512  /* up to here a table on the stack does; names beyond it are sorted */

static int name_order(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Hashes are seeded from the operating system, so nobody can choose names that collide. */
static struct str duplicate_by_table(const struct json_member *m, size_t n)
{
	uint16_t table[TABLE_NAMES * 2]; /* place + 1; 0: free */
	size_t mask = 31;
	while (mask + 1 < n * 2)
		mask = mask * 2 + 1;
	memset(table, 0, (mask + 1) * sizeof *table);
	for (size_t i = 0; i < n; i++) {
		size_t at = str_hash(m[i].name) & mask;
		for (; table[at]; at = (at + 1) & mask)
			if (str_eq(m[table[at] - 1].name, m[i].name))
				return m[i].name;
		table[at] = (uint16_t)(i + 1);
	}
	return STR_NONE;
}

/* The name that stands twice, or STR_NONE. */
static bool duplicate_in(const struct json *j, struct arena *arena, struct str *ret)
{
	size_t n = j->object.count;
	const struct json_member *m = j->object.members;
	*ret = STR_NONE;
	if (n <= FEW_NAMES) {
		for (size_t i = 1; i < n; i++)
			for (size_t k = 0; k < i; k++)
				if (str_eq(m[i].name, m[k].name))
					*ret = m[i].name;
		return true;
	}
	if (n <= TABLE_NAMES) {
		*ret = duplicate_by_table(m, n);
		return true;
	}
	struct str *names = ARENA_ARRAY(arena, n, struct str);
	if (!names)
		return false;
	for (size_t i = 0; i < n; i++)
		names[i] = m[i].name;
	qsort(names, n, sizeof *names, name_order);
	for (size_t i = 1; i < n; i++)
		if (str_eq(names[i], names[i - 1]))
			*ret = names[i];
	return true;
}

static enum code check_names(const struct json *j, struct arena *arena, struct error *e)
{
	struct str twice;
	if (j->type == JSON_LIST)
		for (size_t i = 0; i < j->list.count; i++)
			TRY(check_names(&j->list.items[i], arena, e));
	if (j->type != JSON_OBJECT)
		return OK;
	if (!duplicate_in(j, arena, &twice))
		return error_nomem(e);
	if (twice.data)
		return error_fail(e, E_INVALID, N_("The JSON names {name} twice in one object"), { "name", twice });
	for (size_t i = 0; i < j->object.count; i++)
		TRY(check_names(&j->object.members[i].value, arena, e));
	return OK;
}

/* "line 3, column 5" of a byte offset, counted in code points as editors do. */
static enum code fail_at(struct error *e, const char *msgid, struct str text, size_t at)
{
	char line_text[24], column_text[24];
	size_t line = 1, start = 0;
	for (size_t i = 0; i < at; i++)
		if (text.data[i] == '\n') {
			line++;
			start = i + 1;
		}
	snprintf(line_text, sizeof line_text, "%zu", line);
	snprintf(column_text, sizeof column_text, "%zu", utf8_length(str_slice(text, start, at)) + 1);
	return error_fail(e, E_INVALID, msgid, { "line", str_of(line_text) }, { "column", str_of(column_text) });
}

static enum code refuse(struct error *e, struct str text)
{
	size_t at;
	switch (json_fault(text, &at)) {
	case WRONG_UTF8:
		return fail_at(e, N_("The text is not valid UTF-8 from line {line}, column {column} on"), text, at);
	case WRONG_NUMBER:
		return fail_at(e, N_("The number at line {line}, column {column} is too large"), text, at);
	default:
		return fail_at(e, N_("The text is not valid JSON from line {line}, column {column} on"), text, at);
	}
}

static enum code read_tree(struct arena *arena, struct str text, const struct json_limits *most, struct json *root, struct error *e)
{
	CLEAN_BUF struct buf wide;
	struct shim_json *to = (struct shim_json *)root;
	buf_init(&wide, text.len * 2 + 2);
	int fault = shim_parse(arena, text.len ? text.data : "", text.len, most->depth, most->nodes, to);
	if (fault == SHIM_NUMBER && json_widen(text, &wide)) {
		if (!buf_ok(&wide))
			return error_nomem(e);
		fault = shim_parse(arena, wide.data, wide.len, most->depth, most->nodes, to);
	}
	switch (fault) {
	case SHIM_OK:
		return check_names(root, arena, e);
	case SHIM_DEPTH:
		return error_fail(e, E_LIMIT, N_("The JSON is nested too deeply"));
	case SHIM_NODES:
		return error_fail(e, E_LIMIT, N_("The JSON has too many values"));
	case SHIM_NOMEM:
		return error_nomem(e);
	default:
		return refuse(e, text);
	}
}

enum code json_parse(struct arena *arena, struct str text, const struct json_limits *limits, const struct json **ret,
		     struct error *e)
{
	struct json_limits most = limits ? *limits : (struct json_limits){ 0 };
	most.bytes = most.bytes ? most.bytes : (size_t)8 << 20;
	most.depth = most.depth ? most.depth : 64;
	most.nodes = most.nodes ? most.nodes : 1000000;
	struct json *root = ARENA_NEW(arena, struct json);
	if (!root)
		return error_nomem(e);
	if (text.len > most.bytes) {
		error_fail(e, E_LIMIT, N_("The JSON is larger than allowed"));
		return error_detail(e, DETAIL_TOO_LARGE);
	}
	TRY(read_tree(arena, text, &most, root, e));
	*ret = root;
	return OK;
}

const struct json *json_get(const struct json *j, struct str name)
{
	if (!j || j->type != JSON_OBJECT)
		return NULL;
	for (size_t i = 0; i < j->object.count; i++)
		if (str_eq(j->object.members[i].name, name))
			return &j->object.members[i].value;
	return NULL;
}

/* Does a name equal a pointer's token, with ~0 and ~1 undone? A token with any other ~ equals none. */
static bool token_is(struct str token, struct str name)
{
	size_t n = 0;
	for (size_t i = 0; i < token.len; i++, n++) {
		char c = token.data[i];
		if (c == '~') {
			char which = ++i < token.len ? token.data[i] : 0;
			if (which != '0' && which != '1')
				return false;
			c = which == '1' ? '/' : '~';
		}
		if (n >= name.len || name.data[n] != c)
			return false;
	}
	return n == name.len;
}

/* RFC 6901 §4: digits without leading zeros. */
static const struct json *item_at(const struct json *list, struct str token)
{
	int64_t place;
	if (!token.len || token.data[0] == '-' || (token.data[0] == '0' && token.len > 1) || !str_int(token, &place))
		return NULL;
	return (uint64_t)place < list->list.count ? &list->list.items[place] : NULL;
}

static const struct json *member_at(const struct json *object, struct str token)
{
	for (size_t i = 0; i < object->object.count; i++)
		if (token_is(token, object->object.members[i].name))
			return &object->object.members[i].value;
	return NULL;
}

const struct json *json_at(const struct json *j, struct str pointer)
{
	struct str rest = pointer, token;
	if (!pointer.len)
		return j;
	if (pointer.data[0] != '/')
		return NULL;
	token = str_take(&rest, '/');
	while (j && str_cut(&rest, '/', &token))
		j = j->type == JSON_LIST ? item_at(j, token) : j->type == JSON_OBJECT ? member_at(j, token) : NULL;
	return j;
}

struct str json_text(const struct json *j, struct str name)
{
	const struct json *m = json_get(j, name);
	return m && m->type == JSON_TEXT ? m->text : STR_NONE;
}

int64_t json_int(const struct json *j, struct str name, int64_t otherwise)
{
	const struct json *m = json_get(j, name);
	return m && m->type == JSON_INT ? m->integer : otherwise;
}

bool json_bool(const struct json *j, struct str name, bool otherwise)
{
	const struct json *m = json_get(j, name);
	return m && m->type == JSON_BOOL ? m->boolean : otherwise;
}

static int member_order(const void *a, const void *b)
{
	return str_cmp((*(const struct json_member *const *)a)->name, (*(const struct json_member *const *)b)->name);
}

static const struct json_member **in_order(const struct json *j)
{
	const struct json_member **sorted = mem_array(j->object.count, sizeof *sorted);
	for (size_t i = 0; sorted && i < j->object.count; i++)
		sorted[i] = &j->object.members[i];
	if (sorted)
		qsort(sorted, j->object.count, sizeof *sorted, member_order);
	return sorted;
}

/* Objects too large to look each name up; false in *ret_known when memory is short. */
static bool large_objects_equal(const struct json *a, const struct json *b, bool *ret_known)
{
	CLEAN_MEM const struct json_member **left = in_order(a), **right = in_order(b);
	bool same = *ret_known = left && right;
	for (size_t i = 0; same && i < a->object.count; i++)
		same = str_eq(left[i]->name, right[i]->name) && json_equal(&left[i]->value, &right[i]->value);
	return same;
}

static bool objects_equal(const struct json *a, const struct json *b)
{
	const struct json_member *left = a->object.members, *right = b->object.members;
	size_t i = 0, count = a->object.count;
	bool known;
	if (count != b->object.count)
		return false;
	while (i < count && str_eq(left[i].name, right[i].name)) /* mostly they stand in the same order */
		i++;
	if (i < count && count > FEW_MEMBERS) {
		bool same = large_objects_equal(a, b, &known);
		if (known)
			return same;
	}
	for (i = 0; i < count; i++) {
		const struct json *other = str_eq(left[i].name, right[i].name) ? &right[i].value : json_get(b, left[i].name);
		if (!other || !json_equal(&left[i].value, other))
			return false;
	}
	return true;
}

bool json_equal(const struct json *a, const struct json *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return a->boolean == b->boolean;
	case JSON_INT:
		return a->integer == b->integer;
	case JSON_REAL:
		return a->real == b->real;
	case JSON_TEXT:
		return str_eq(a->text, b->text);
	case JSON_LIST:
		if (a->list.count != b->list.count)
			return false;
		for (size_t i = 0; i < a->list.count; i++)
			if (!json_equal(&a->list.items[i], &b->list.items[i]))
				return false;
		return true;
	case JSON_OBJECT:
		return objects_equal(a, b);
	}
	return false;
}

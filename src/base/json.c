/* Walking JSON trees, and the checks simdjson does not make (duplicate names). Neighbours: json.cpp reads. */
#include "base/json.h"
#include "base/arena.h"
#include "base/map.h"
#include "json_shim.h"
#include <stdlib.h>

_Static_assert(sizeof(struct json) == sizeof(struct shim_json), "json_shim.h mirrors json.h");
_Static_assert(sizeof(struct json_member) == sizeof(struct shim_member), "json_shim.h mirrors json.h");
_Static_assert(offsetof(struct json, text) == offsetof(struct shim_json, text), "json_shim.h mirrors json.h");
_Static_assert((int)JSON_OBJECT == (int)SHIM_OBJECT && (int)JSON_TEXT == (int)SHIM_TEXT, "json_shim.h mirrors json.h");

#define FEW_MEMBERS 24 /* up to here comparing each with each is quicker than sorting */

static int name_order(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The name that stands twice, or STR_NONE. */
static bool duplicate_in(const struct json *j, struct arena *arena, struct str *ret)
{
	size_t n = j->object.count;
	const struct json_member *m = j->object.members;
	*ret = STR_NONE;
	if (n <= FEW_MEMBERS) {
		for (size_t i = 1; i < n; i++)
			for (size_t k = 0; k < i; k++)
				if (str_eq(m[i].name, m[k].name))
					*ret = m[i].name;
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

enum code json_parse(struct arena *arena, struct str text, const struct json_limits *limits, const struct json **ret,
		     struct error *e)
{
	struct json_limits own = limits ? *limits : (struct json_limits){ 0 };
	size_t bytes = own.bytes ? own.bytes : (size_t)8 << 20;
	struct json *root = ARENA_NEW(arena, struct json);
	const char *message;
	if (!root)
		return error_nomem(e);
	if (text.len > bytes) {
		error_fail(e, E_LIMIT, N_("The JSON is larger than allowed"));
		return error_detail(e, DETAIL_TOO_LARGE);
	}
	switch (shim_parse(arena, text.data ? text.data : "", text.len, own.depth ? own.depth : 64, own.nodes ? own.nodes : 1000000,
			   (struct shim_json *)root, &message)) {
	case SHIM_OK:
		break;
	case SHIM_DEPTH:
		return error_fail(e, E_LIMIT, N_("The JSON is nested too deeply"));
	case SHIM_NODES:
		return error_fail(e, E_LIMIT, N_("The JSON has too many values"));
	case SHIM_NOMEM:
		return error_nomem(e);
	default:
		return error_fail(e, E_INVALID, N_("The text is not valid JSON: {reason}"), { "reason", str_of(message) });
	}
	TRY(check_names(root, arena, e));
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

/* Does a name equal a pointer's token, with ~0 and ~1 undone? */
static bool token_is(struct str token, struct str name)
{
	size_t n = 0;
	for (size_t i = 0; i < token.len; i++, n++) {
		char c = token.data[i];
		if (c == '~' && i + 1 < token.len)
			c = token.data[++i] == '1' ? '/' : '~';
		if (n >= name.len || name.data[n] != c)
			return false;
	}
	return n == name.len;
}

const struct json *json_at(const struct json *j, struct str pointer)
{
	struct str rest = pointer, token;
	if (!pointer.len)
		return j;
	if (pointer.data[0] != '/')
		return NULL;
	str_cut(&rest, '/', &token);
	while (j && str_cut(&rest, '/', &token)) {
		const struct json *next = NULL;
		int64_t place;
		if (j->type == JSON_LIST && str_int(token, &place) && place >= 0 && (size_t)place < j->list.count)
			next = &j->list.items[place];
		for (size_t i = 0; j->type == JSON_OBJECT && i < j->object.count && !next; i++)
			if (token_is(token, j->object.members[i].name))
				next = &j->object.members[i].value;
		j = next;
	}
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

static bool objects_equal(const struct json *a, const struct json *b)
{
	if (a->object.count != b->object.count)
		return false;
	for (size_t i = 0; i < a->object.count; i++) {
		const struct json *other = json_get(b, a->object.members[i].name);
		if (!other || !json_equal(&a->object.members[i].value, other))
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

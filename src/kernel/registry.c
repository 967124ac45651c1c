/* The table of all operations in force: modules' rows and those of every kind, sorted by name, with the HTTP
 * routes that follow from them. Neighbours: kind_operations.c makes a kind's rows; http and cli read this. */
#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

struct registry {
	_Atomic unsigned users;
	struct arena *arena;
	const struct model *model;
	struct operation *operations;
	size_t count;
	struct map *by_name;
	struct map *routes; /* "GET /api/device/{id}" → operation */
	struct map *paths;  /* "/api/device/{id}" → any operation, to tell 404 from 405 */
};

struct registry *registry_ref(struct registry *r)
{
	atomic_fetch_add(&r->users, 1);
	return r;
}

void registry_unref(struct registry *r)
{
	if (!r || atomic_fetch_sub(&r->users, 1) != 1)
		return;
	map_free(r->by_name);
	map_free(r->routes);
	map_free(r->paths);
	model_unref(r->model);
	arena_free(r->arena);
	mem_free(r);
}

size_t registry_count(const struct registry *r)
{
	return r->count;
}

const struct operation *registry_at(const struct registry *r, size_t i)
{
	return &r->operations[i];
}

const struct operation *registry_find(const struct registry *r, struct str name)
{
	return map_get(r->by_name, name);
}

const struct model *registry_model(const struct registry *r)
{
	return r->model;
}

/* Puts "{id}" for the first path segment that is all digits; false when there is none. */
static bool path_generalise(struct str path, char *out, size_t room, size_t *ret_len, int64_t *ret_target)
{
	struct str rest = path, part;
	size_t len = 0;
	bool found = false;
	for (bool first = true; str_cut(&rest, '/', &part); first = false) {
		struct str put = part;
		if (!found && part.len && part.data[0] >= '0' && part.data[0] <= '9' && id_parse(part, ret_target)) {
			put = STR("{id}");
			found = true;
		}
		if (len + put.len + 1 > room)
			return false;
		if (!first)
			out[len++] = '/';
		memcpy(out + len, put.data, put.len);
		len += put.len;
	}
	*ret_len = len;
	return true;
}

const struct operation *registry_route(const struct registry *r, struct str method, struct str path,
				       int64_t *ret_target, bool *ret_path_known)
{
	char key[256]; /* longer paths are nobody's: names are at most 40 bytes */
	size_t len;
	int64_t target = 0;
	*ret_path_known = false;
	*ret_target = 0;
	if (method.len > 7)
		return NULL;
	memcpy(key, method.data, method.len);
	key[method.len] = ' ';
	size_t head = method.len + 1;
	if (!path_generalise(path, key + head, sizeof key - head, &len, &target))
		return NULL;
	*ret_path_known = map_has(r->paths, (struct str){ key + head, len });
	*ret_target = target;
	return map_get(r->routes, (struct str){ key, head + len });
}

static int operation_order(const void *a, const void *b)
{
	return strcmp(((const struct operation *)a)->name, ((const struct operation *)b)->name);
}

static size_t operations_length(const struct operation *rows)
{
	size_t n = 0;
	while (rows && rows[n].name)
		n++;
	return n;
}

/* Default route: POST /api/<name with '/' for '.'>, {id} after the first part for targets. */
static bool route_fill(struct registry *r, struct operation *op)
{
	if (!op->method)
		op->method = op->access == OP_READ && !op->input ? "GET" : "POST";
	if (!op->path) {
		struct str rest = str_of(op->name), part;
		struct str path = STR("/api");
		for (bool first = true; path.data && str_cut(&rest, '.', &part); first = false)
			path = arena_format(r->arena, first && (op->flags & OP_TARGET) ? "%.*s/%.*s/{id}" : "%.*s/%.*s",
					    STR_ARG(path), STR_ARG(part));
		op->path = path.data;
	}
	struct str route = arena_format(r->arena, "%s %s", op->method, op->path ? op->path : "");
	return op->path && route.data && map_put(r->routes, route, op) && map_put(r->paths, str_of(op->path), op) &&
	       map_put(r->by_name, str_of(op->name), op);
}

static enum code registry_fill(struct registry *r, struct error *e)
{
	qsort(r->operations, r->count, sizeof *r->operations, operation_order);
	for (size_t i = 0; i < r->count; i++) {
		struct operation *op = &r->operations[i];
		const struct function *f = op->function ? model_function(r->model, str_of(op->function)) : NULL;
		if (i > 0 && strcmp(op->name, r->operations[i - 1].name) == 0)
			return error_fail(e, E_INVALID, N_("Two operations are named {name}"), { "name", str_of(op->name) });
		if (op->function && !f)
			return error_fail(e, E_INTERNAL, N_("The function {name} is not declared"), { "name", str_of(op->function) });
		op->index = (unsigned)i;
		op->function_index = f ? (int)f->index : -1;
		if (!route_fill(r, op))
			return error_nomem(e);
	}
	return OK;
}

static enum code registry_collect(struct registry *r, const struct module *const *modules, struct error *e)
{
	const struct model *m = r->model;
	size_t most = 0, n = 0;
	bool failed = false;
	for (size_t i = 0; modules[i]; i++)
		most += operations_length(modules[i]->operations);
	for (size_t i = 0; i < m->kind_count; i++)
		most += kind_operations_count(m->kinds[i]);
	r->operations = ARENA_ARRAY(r->arena, most + 1, struct operation);
	if (!r->operations)
		return error_nomem(e);
	for (size_t i = 0; modules[i]; i++)
		for (const struct operation *op = modules[i]->operations; op && op->name; op++)
			r->operations[n++] = *op;
	for (size_t i = 0; i < m->kind_count; i++) {
		kind_operations(m->kinds[i], r->arena, r->operations + n, &failed);
		n += kind_operations_count(m->kinds[i]);
	}
	r->count = n;
	return failed ? error_nomem(e) : registry_fill(r, e);
}

enum code registry_build(const struct module *const *modules, const struct model *m, struct registry **ret,
			 struct error *e)
{
	struct registry *r = mem_new(sizeof *r);
	if (!r)
		return error_nomem(e);
	r->users = 1;
	r->model = model_ref(m);
	r->arena = arena_new(0);
	r->by_name = map_new();
	r->routes = map_new();
	r->paths = map_new();
	enum code code = r->arena && r->by_name && r->routes && r->paths ? registry_collect(r, modules, e) : error_nomem(e);
	if (code != OK) {
		registry_unref(r);
		return code;
	}
	*ret = r;
	return OK;
}

enum code registry_functions(const struct module *const *modules, struct arena *arena, const char *const **ret,
			     struct error *e)
{
	size_t most = 0, n = 0;
	for (size_t i = 0; modules[i]; i++)
		most += operations_length(modules[i]->operations);
	const char **names = ARENA_ARRAY(arena, most + 1, const char *);
	if (!names)
		return error_nomem(e);
	for (size_t i = 0; modules[i]; i++)
		for (const struct operation *op = modules[i]->operations; op && op->name; op++) {
			bool known = !op->function;
			for (size_t j = 0; j < n && !known; j++)
				known = strcmp(names[j], op->function) == 0;
			if (!known)
				names[n++] = op->function;
		}
	*ret = names;
	return OK;
}

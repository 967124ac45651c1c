/* Package sets. Neighbours: report.c gives what an agent found; packs/assets/kinds/package*.yaml declare the tables. */
#include "fleet/packages.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "packages.sql.h"
#include <assert.h>
#include <stdlib.h>

static int package_order(const void *a, const void *b)
{
	const struct fleet_package *x = a, *y = b;
	int order = str_cmp(x->name, y->name);
	if (!order)
		order = str_cmp(x->release, y->release);
	if (!order)
		order = str_cmp(x->architecture, y->architecture);
	return order ? order : str_cmp(str_of(x->format), str_of(y->format));
}

static size_t sort_unique(struct fleet_package *p, size_t count)
{
	size_t kept = 0;
	qsort(p, count, sizeof *p, package_order);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || package_order(&p[i], &p[kept - 1]) != 0)
			p[kept++] = p[i];
	return kept;
}

/* SHA-256 over "name TAB release TAB architecture TAB format LF" of the sorted list. */
static enum code set_digest(const struct fleet_package *p, size_t count, char hex[65], struct error *e)
{
	CLEAN_BUF struct buf text;
	uint8_t digest[SHA256_SIZE];
	buf_init(&text, 0);
	for (size_t i = 0; i < count; i++) {
		buf_add_str(&text, p[i].name);
		buf_add_char(&text, '\t');
		buf_add_str(&text, p[i].release);
		buf_add_char(&text, '\t');
		buf_add_str(&text, p[i].architecture);
		buf_add_char(&text, '\t');
		buf_add_text(&text, p[i].format);
		buf_add_char(&text, '\n');
	}
	if (!buf_ok(&text))
		return error_nomem(e);
	sha256(text.data, text.len, digest);
	hex_encode(digest, sizeof digest, hex);
	return OK;
}

static enum code package_find(struct conn *c, const struct fleet_package *p, int64_t *ret, struct error *e)
{
	bool found;
	TRY(sql_int(c, SQL_PACKAGE_FIND, SQL_PARAMS(SQL_T(p->name), SQL_T(p->release), SQL_T(p->architecture), SQL_T(str_of(p->format))), ret, &found, e));
	if (!found)
		*ret = 0;
	return OK;
}

/* One that was not known when the list was made may be by now. */
static enum code package_id(struct record_context *x, int64_t entity, const struct fleet_package *p, int64_t known, int64_t *ret, struct error *e)
{
	*ret = known;
	if (!known)
		TRY(package_find(x->conn, p, ret, e));
	if (*ret)
		return OK;
	*ret = id_next(x->ids);
	return sql_exec(x->conn, SQL_PACKAGE_ADD,
			SQL_PARAMS(SQL_I(*ret), SQL_I(entity), SQL_I(x->now), SQL_I(x->entry), SQL_T(p->name), SQL_T(p->release),
				   SQL_T(p->architecture), p->publisher.len ? SQL_T(p->publisher) : SQL_N, SQL_T(str_of(p->format))), NULL, e);
}

/* SQL_ITEMS_ADD takes so many rows at once: one statement, and on PostgreSQL one round trip, instead of 32. */
#define ITEMS_AT_ONCE 32

static enum code add_many(struct record_context *x, int64_t entity, int64_t set, const struct package_list *list, const int64_t *ids, size_t from,
			  struct error *e)
{
	struct sql_value v[4 + 4 * ITEMS_AT_ONCE] = { SQL_I(entity), SQL_I(x->now), SQL_I(x->entry), SQL_I(set) };
	for (size_t i = 0; i < ITEMS_AT_ONCE; i++) {
		v[4 + 4 * i] = SQL_I(id_next(x->ids));
		v[5 + 4 * i] = SQL_I(ids[from + i]);
		v[6 + 4 * i] = SQL_I((int64_t)(from + i));
		v[7 + 4 * i] = SQL_T(list->packages[from + i].name);
	}
	return sql_exec(x->conn, SQL_ITEMS_ADD, v, sizeof v / sizeof *v, NULL, e);
}

static enum code add_items(struct record_context *x, int64_t entity, int64_t set, const struct package_list *list, struct error *e)
{
	int64_t *ids = ARENA_ARRAY(x->arena, list->count + 1, int64_t);
	size_t i = 0;
	if (!ids)
		return error_nomem(e);
	for (size_t k = 0; k < list->count; k++)
		TRY(package_id(x, entity, &list->packages[k], list->ids ? list->ids[k] : 0, &ids[k], e));
	for (; i + ITEMS_AT_ONCE <= list->count; i += ITEMS_AT_ONCE)
		TRY(add_many(x, entity, set, list, ids, i, e));
	for (; i < list->count; i++)
		TRY(sql_exec(x->conn, SQL_ITEM_ADD,
			     SQL_PARAMS(SQL_I(id_next(x->ids)), SQL_I(entity), SQL_I(x->now), SQL_I(x->entry), SQL_I(set), SQL_I(ids[i]), SQL_I((int64_t)i),
					SQL_T(list->packages[i].name)), NULL, e));
	return OK;
}

static enum code add_set(struct record_context *x, int64_t entity, struct str digest, size_t count, struct str platform, int64_t *ret,
			 struct error *e)
{
	const struct kind *k = model_kind(x->model, STR("package_set"));
	assert(k);
	struct value *values = ARENA_ARRAY(x->arena, k->field_count + 1, struct value);
	struct record_ref ref;
	if (!values)
		return error_nomem(e);
	values[kind_field(k, STR("digest"))->index] = (struct value){ .set = true, .text = digest };
	values[kind_field(k, STR("packages"))->index] = (struct value){ .set = true, .integer = (int64_t)count };
	if (platform.len)
		values[kind_field(k, STR("platform"))->index] = (struct value){ .set = true, .text = platform };
	TRY(record_create(x, k, entity, values, &ref, e));
	*ret = ref.id;
	return OK;
}

enum code package_list_make(struct conn *c, struct arena *arena, struct fleet_package *packages, size_t count, struct package_list *ret,
			    struct error *e)
{
	char hex[65];
	bool found;
	if (count >= PACKAGES_MOST)
		return error_fail(e, E_LIMIT, N_("A device may have at most 99,999 packages"));
	*ret = (struct package_list){ .packages = packages, .count = sort_unique(packages, count) };
	TRY(set_digest(packages, ret->count, hex, e));
	ret->digest = arena_copy(arena, str_of(hex));
	if (!ret->digest.data)
		return error_nomem(e);
	TRY(sql_int(c, SQL_SET_FIND, SQL_PARAMS(SQL_T(ret->digest)), &ret->set, &found, e));
	if (found)
		return OK;
	ret->set = 0;
	int64_t *ids = ARENA_ARRAY(arena, ret->count + 1, int64_t);
	if (!ids)
		return error_nomem(e);
	for (size_t i = 0; i < ret->count; i++)
		TRY(package_find(c, &packages[i], &ids[i], e));
	ret->ids = ids;
	return OK;
}

enum code package_set_store(struct record_context *x, int64_t entity, const struct package_list *list, struct str platform, int64_t *ret_set,
			    bool *ret_new, struct error *e)
{
	bool found = list->set != 0;
	*ret_new = false;
	*ret_set = list->set;
	if (!found) { /* another process may be writing it, or packages that are in it too */
		TRY(record_hold(x, STR("package_set"), e));
		TRY(sql_int(x->conn, SQL_SET_FIND, SQL_PARAMS(SQL_T(list->digest)), ret_set, &found, e));
	}
	if (found)
		return OK;
	/* the set belongs to no one's authority in particular: whoever may report an inventory may make it known */
	struct record_context program = *x;
	program.who = (struct subject){ .person = x->who.person, .system = true };
	TRY(add_set(&program, entity, list->digest, list->count, platform, ret_set, e));
	*ret_new = true;
	return add_items(&program, entity, *ret_set, list, e);
}

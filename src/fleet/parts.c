/* Lists of a report become records of a kind, found again by their device and name. What the device has already is read once a list, so
 * that a switch with 500 ports costs one query and not a thousand. Neighbours: mapping.c says which list is which kind. */
#include "base/arena.h"
#include "base/map.h"
#include "intake.h"
#include "mapping.h"
#include "record/changes.h"
#include <assert.h>

struct part { /* one the device has */
	int64_t id;
	struct str sign;
	bool taken; /* by an item of the report */
};

struct parts {
	struct intake *in;
	const struct part_mapping *mapping;
	const struct kind *kind;
	const struct json *list;
	struct map *by_name; /* of struct part */
};

static enum code read_parts(struct parts *p, struct error *e)
{
	struct arena *arena = p->in->call->arena;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	struct str sql = arena_format(arena, "SELECT id, %s, %s FROM %s WHERE device = ?1 AND archived IS NULL ORDER BY id", p->mapping->name_field,
				      p->mapping->sign ? p->mapping->sign : "NULL", p->kind->name);
	if (!sql.data)
		return error_nomem(e);
	TRY(sql_query_built(p->in->program.conn, sql, SQL_PARAMS(SQL_I(p->in->device.id)), &rows, e));
	TRY(rows_next(rows, &row, e));
	while (row) {
		struct part *part = ARENA_NEW(arena, struct part);
		struct str name = arena_copy(arena, rows_text(rows, 1));
		if (!part || !name.data)
			return error_nomem(e);
		*part = (struct part){ .id = rows_int(rows, 0), .sign = arena_copy(arena, rows_text(rows, 2)) };
		if (!map_has(p->by_name, name) && !map_put(p->by_name, name, part))
			return error_nomem(e);
		TRY(rows_next(rows, &row, e));
	}
	return OK;
}

/* A sign tells a part only when it is one item's alone: the ports of a switch often share their hardware address. */
static bool sign_unique(const struct parts *p, struct str sign)
{
	size_t count = 0;
	for (size_t i = 0; i < p->list->list.count; i++)
		count += str_eq_nocase(json_text(&p->list->list.items[i], str_of(p->mapping->sign)), sign);
	return count == 1;
}

static bool name_listed(const struct parts *p, struct str name)
{
	const char *from = str_is(str_of(p->mapping->name_field), "mount") ? "mount" : "name";
	for (size_t i = 0; i < p->list->list.count; i++)
		if (str_eq(json_text(&p->list->list.items[i], str_of(from)), name))
			return true;
	return false;
}

/* The part that had another name before: the same sign, and its old name is gone. */
static struct part *renamed(const struct parts *p, const struct value *values)
{
	const struct field *f = p->mapping->sign ? kind_field(p->kind, str_of(p->mapping->sign)) : NULL;
	struct part *found = NULL;
	if (!f || !values[f->index].set || !values[f->index].text.len || !sign_unique(p, values[f->index].text))
		return NULL;
	for (size_t i = 0; i < map_slots(p->by_name); i++) {
		struct str name;
		void *at;
		if (!map_at(p->by_name, i, &name, &at))
			continue;
		struct part *part = at;
		if (part->taken || !str_eq(part->sign, values[f->index].text) || name_listed(p, name))
			continue;
		if (found)
			return NULL;
		found = part;
	}
	return found;
}

static enum code put_part(struct parts *p, struct value *values, struct error *e)
{
	struct record_context *x = &p->in->program;
	const struct field *name = kind_field(p->kind, str_of(p->mapping->name_field));
	struct record_ref ref;
	struct part *part = map_get(p->by_name, values[name->index].text);
	if (!part)
		part = renamed(p, values);
	if (part && part->taken)
		return OK; /* two items of one name: the first stands */
	if (part) {
		part->taken = true;
		return record_update(x, p->kind, part->id, 0, 0, values, &ref, e);
	}
	part = ARENA_NEW(p->in->call->arena, struct part);
	if (!part)
		return error_nomem(e);
	part->taken = true;
	TRY(record_create(x, p->kind, p->in->device.entity, values, &ref, e));
	return map_put(p->by_name, values[name->index].text, part) ? OK : error_nomem(e);
}

static enum code store_part(struct parts *p, const struct json *item, struct error *e)
{
	struct call *c = p->in->call;
	const struct kind *k = p->kind;
	struct value *values = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	if (!values)
		return error_nomem(e);
	TRY(mapping_apply(p->mapping->fields, item, k, values, c->arena, e));
	const struct field *name = kind_field(k, str_of(p->mapping->name_field));
	if (!values[name->index].set || values[name->index].null)
		return OK; /* a part without a name is nothing one could find again */
	if (changes_count(p->in->program.changes) >= RECORDS_MOST) {
		section_cut(p->in, p->mapping->section);
		return OK;
	}
	values[kind_field(k, STR("device"))->index] = (struct value){ .set = true, .integer = p->in->device.id };
	if (p->mapping->addresses)
		mapping_put_addresses(json_get(item, STR("addresses")), k, values, c->arena);
	return put_part(p, values, e);
}

static enum code store_list(struct parts *p, struct error *e)
{
	if (p->list->list.count > p->mapping->most)
		return error_field(e, arena_format(p->in->call->arena, "/%s", p->mapping->section), N_("has more items than a report may have"));
	TRY(read_parts(p, e));
	for (size_t i = 0; i < p->list->list.count; i++)
		TRY(store_part(p, &p->list->list.items[i], e));
	return OK;
}

enum code store_parts(struct intake *in, struct error *e)
{
	for (const struct part_mapping *m = part_mappings; m->section; m++) {
		struct parts p = { .in = in, .mapping = m, .kind = model_kind(in->program.model, str_of(m->kind)),
				   .list = json_get(section(in->call, m->section), str_of(m->list)) };
		assert(p.kind);
		if (!p.list || p.list->type != JSON_LIST || !section_changed(in, m->section))
			continue;
		p.by_name = map_new();
		enum code code = p.by_name ? store_list(&p, e) : error_nomem(e);
		map_free(p.by_name);
		TRY(code);
	}
	return OK;
}

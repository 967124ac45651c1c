/* inventory.changes: what was installed, upgraded and removed on a device, by date: the differences between the package sets it had.
 * Neighbours: packages.c writes sets; the device's own history says which it had when. */
#include "base/arena.h"
#include "fleet/fleet.h"
#include "fleet/packages.h"
#include "kernel/call.h"
#include "answers.sql.h"

enum { IN_LIMIT };

struct installed { /* sorted by name, architecture, version */
	struct str name, architecture, release;
};

struct set {
	struct installed *items;
	size_t count;
};

static enum code set_read(struct call *c, int64_t id, struct set *ret, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	size_t cap = 0;
	bool row;
	*ret = (struct set){ 0 };
	if (!id)
		return OK;
	TRY(sql_query(c->record.conn, SQL_SET_ITEMS, SQL_PARAMS(SQL_I(id)), &rows, e));
	TRY(rows_next(rows, &row, e));
	while (row && ret->count < PACKAGES_MOST) {
		if (ret->count == cap) {
			struct installed *more = ARENA_ARRAY(c->arena, cap = cap ? cap * 2 : 1024, struct installed);
			if (!more)
				return error_nomem(e);
			for (size_t i = 0; i < ret->count; i++)
				more[i] = ret->items[i];
			ret->items = more;
		}
		struct installed *p = &ret->items[ret->count++];
		*p = (struct installed){ arena_copy(c->arena, rows_text(rows, 0)), arena_copy(c->arena, rows_text(rows, 1)), arena_copy(c->arena, rows_text(rows, 2)) };
		if (!p->name.data || !p->architecture.data || !p->release.data)
			return error_nomem(e);
		TRY(rows_next(rows, &row, e));
	}
	return OK;
}

static int name_order(const struct installed *a, const struct installed *b)
{
	int order = str_cmp(a->name, b->name);
	return order ? order : str_cmp(a->architecture, b->architecture);
}

static void change_write(struct json_writer *w, struct arena *arena, const struct installed *from, const struct installed *to)
{
	const struct installed *p = to ? to : from;
	struct str text = from && to ? arena_format(arena, "%.*s %.*s → %.*s", STR_ARG(p->name), STR_ARG(from->release), STR_ARG(to->release))
				     : arena_format(arena, "%s %.*s %.*s", to ? "+" : "−", STR_ARG(p->name), STR_ARG(p->release));
	json_object(w);
	json_member_text(w, "name", p->name);
	if (p->architecture.len)
		json_member_text(w, "architecture", p->architecture);
	json_member_text(w, "change", from && to ? STR("changed") : to ? STR("added") : STR("removed"));
	if (from)
		json_member_text(w, "from", from->release);
	if (to)
		json_member_text(w, "to", to->release);
	json_member_text(w, "text", text.data ? text : STR(""));
	json_object_end(w);
}

/* Versions of one name in both sets, sorted: those in both are left out; what remains one to one is a change of version. */
static void group_write(struct json_writer *w, struct arena *arena, const struct set *a, const struct set *b)
{
	const struct installed *gone[16], *came[16];
	size_t g = 0, c = 0, i = 0, k = 0;
	while (i < a->count || k < b->count) {
		int order = i == a->count ? 1 : k == b->count ? -1 : str_cmp(a->items[i].release, b->items[k].release);
		if (order == 0) {
			i++;
			k++;
		} else if (order < 0) {
			gone[g < 15 ? g++ : 15] = &a->items[i++];
		} else {
			came[c < 15 ? c++ : 15] = &b->items[k++];
		}
	}
	if (g == 1 && c == 1) {
		change_write(w, arena, gone[0], came[0]);
		return;
	}
	for (i = 0; i < g; i++)
		change_write(w, arena, gone[i], NULL);
	for (k = 0; k < c; k++)
		change_write(w, arena, NULL, came[k]);
}

static size_t group_end(const struct set *s, size_t from)
{
	size_t i = from + 1;
	while (i < s->count && name_order(&s->items[i], &s->items[from]) == 0)
		i++;
	return i;
}

static void difference_write(struct json_writer *w, struct arena *arena, const struct set *a, const struct set *b)
{
	for (size_t i = 0, k = 0; i < a->count || k < b->count;) {
		int order = i == a->count ? 1 : k == b->count ? -1 : name_order(&a->items[i], &b->items[k]);
		size_t i_end = order <= 0 ? group_end(a, i) : i, k_end = order >= 0 ? group_end(b, k) : k;
		const struct set left = { a->items + i, i_end - i }, right = { b->items + k, k_end - k };
		group_write(w, arena, &left, &right);
		i = i_end;
		k = k_end;
	}
}

static enum code step_write(struct call *c, int64_t since, int64_t entry, int64_t set, int64_t earlier, struct error *e)
{
	struct json_writer *w = &c->json;
	struct set before, after;
	char time[32];
	json_object(w);
	json_member_text(w, "since", ((struct str){ time, time_format(since, time) }));
	json_member_id(w, "entry", entry);
	json_member_id(w, "set", set);
	TRY(set_read(c, set, &after, e));
	json_member_int(w, "packages", (int64_t)after.count);
	json_name(w, STR("changes"));
	json_list(w);
	if (earlier) {
		TRY(set_read(c, earlier, &before, e));
		difference_write(w, c->arena, &before, &after);
	}
	json_list_end(w);
	json_object_end(w);
	return OK;
}

static enum code device_readable(struct call *c, struct error *e)
{
	int64_t entity = 0;
	bool found;
	TRY(sql_int(c->record.conn, SQL_ENTITY_OF, SQL_PARAMS(SQL_I(c->target)), &entity, &found, e));
	if (found && call_authorise(c, c->operation->function_index, entity, e) == OK)
		return OK;
	return error_fail(e, E_NOT_FOUND, N_("There is no such device, or you may not see it"));
}

static enum code inventory_changes(struct call *c, struct error *e)
{
	struct {
		int64_t since, entry, set, earlier;
	} steps[200];
	int64_t most = call_int(c, IN_LIMIT, 20);
	size_t count = 0;
	bool row;
	CLEAN_ROWS struct rows *rows = NULL;
	TRY(device_readable(c, e));
	TRY(sql_query(c->record.conn, SQL_SET_HISTORY, SQL_PARAMS(SQL_I(c->target), SQL_I(most)), &rows, e));
	TRY(rows_next(rows, &row, e));
	for (; row && count < sizeof steps / sizeof *steps; count++) {
		steps[count].since = rows_int(rows, 0);
		steps[count].entry = rows_int(rows, 1);
		steps[count].set = rows_int(rows, 2);
		steps[count].earlier = rows_null(rows, 3) ? 0 : rows_int(rows, 3);
		TRY(rows_next(rows, &row, e));
	}
	rows_close(rows);
	rows = NULL;
	json_object(&c->json);
	json_name(&c->json, STR("items"));
	json_list(&c->json);
	for (size_t i = 0; i < count; i++)
		TRY(step_write(c, steps[i].since, steps[i].entry, steps[i].set, steps[i].earlier, e));
	json_list_end(&c->json);
	json_object_end(&c->json);
	return OK;
}

static const struct field changes_input[] = {
	[IN_LIMIT] = { .name = "limit", .type = FIELD_INT, .title = N_("How many dates, the newest first"), .min = 1, .max = 200, .otherwise = "20" },
	{ 0 },
};
static const struct field changes_output[] = {
	{ .name = "items", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("Changes by date") },
	{ 0 },
};
static const struct operation history_operations[] = {
	{ .name = "inventory.changes", .help = N_("Show which packages of a device were installed, changed and removed, by date"),
	  .function = "device.read", .access = OP_READ, .flags = OP_TARGET, .input = changes_input, .output = changes_output,
	  .run = inventory_changes, .method = "POST", .path = "/api/device/{id}/package_changes" },
	{ 0 },
};
const struct module fleet_history_module = { .name = "fleet_history", .operations = history_operations };

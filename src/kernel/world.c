/* The world of access, read from the estate's own records (kinds entity, role, assignment, delegation, placement), rebuilt when one of
 * them changed; and what an empty estate is seeded with: the root entity, the packs' roles and their framework.
 * Neighbours: access/ holds the snapshot, writer.c tells what was touched. */
#include "base/arena.h"
#include "base/mem.h"
#include "internal.h"
#include "kernel.sql.h"
#include "record/changes.h"
#include <string.h>

enum { TOUCHED_WORLD = 1, TOUCHED_SIGN_IN = 2 };

static unsigned touched(const struct kernel *k, const struct call *c)
{
	static const char *const sign_in_kinds[] = { "account", "access_token" };
	const struct model *m = registry_model(c->registry);
	unsigned what = c->end_session ? TOUCHED_SIGN_IN : 0;
	if (!c->record.changes)
		return what;
	for (size_t i = 0; i < sizeof k->access_kinds / sizeof *k->access_kinds; i++)
		if (changes_touched(c->record.changes, m->kinds[k->access_kinds[i]]))
			what |= TOUCHED_WORLD;
	for (size_t i = 0; i < sizeof sign_in_kinds / sizeof *sign_in_kinds; i++) {
		const struct kind *kind = model_kind(m, str_of(sign_in_kinds[i]));
		if (kind && changes_touched(c->record.changes, kind))
			what |= TOUCHED_SIGN_IN;
	}
	return what;
}

enum code world_announce(struct kernel *k, struct conn *conn, const struct call *c, struct error *e)
{
	if (store_single_writer(k->store) || c->code != OK || c->dry_run || !touched(k, c))
		return OK;
	return conn_announce(conn, TOPIC_ACCESS, e);
}

void world_note(struct kernel *k, const struct call *c)
{
	unsigned what = touched(k, c);
	if (what & TOUCHED_WORLD)
		atomic_fetch_add(&k->world_stamp, 1);
	if (what & TOUCHED_SIGN_IN)
		atomic_fetch_add(&k->auth_stamp, 1);
}

void world_heard(struct kernel *k)
{
	uint64_t heard = store_heard(k->store, TOPIC_ACCESS);
	if (heard == k->access_heard)
		return;
	k->access_heard = heard;
	atomic_fetch_add(&k->world_stamp, 1);
	atomic_fetch_add(&k->auth_stamp, 1);
}

static enum code read_entities(struct world_builder *b, struct conn *c, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(c, SQL_WORLD_ENTITIES, SQL_NO_PARAMS, &rows, e));
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			return OK;
		if (!world_add_entity(b, rows_int(rows, 0), rows_int(rows, 1)))
			return error_nomem(e);
	}
}

static bool add_patterns(struct world_builder *b, int64_t role, struct str text, bool own)
{
	struct str rest = text, line, word;
	while (str_cut(&rest, '\n', &line))
		while (str_cut(&line, ' ', &word))
			if (str_trim(word).len && !world_add_grant(b, role, str_trim(word), own))
				return false;
	return true;
}

static enum code read_roles(struct world_builder *b, struct conn *c, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(c, SQL_WORLD_ROLES, SQL_NO_PARAMS, &rows, e));
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			return OK;
		int64_t id = rows_int(rows, 0);
		if (!world_add_role(b, id) || !add_patterns(b, id, rows_text(rows, 2), false) ||
		    !add_patterns(b, id, rows_text(rows, 3), true) ||
		    (str_is(rows_text(rows, 1), "everyone") && !world_set_everyone(b, id)))
			return error_nomem(e);
	}
}

/* Columns 6 and 7. A ceiling in another currency than the organisation's cannot be compared: it lets no amount pass. */
static int64_t known_ceiling(struct rows *rows, struct str currency)
{
	if (rows_null(rows, 6))
		return -1;
	return str_eq(rows_text(rows, 7), currency) ? rows_int(rows, 6) : 0;
}

static enum code read_assignments(struct world_builder *b, struct conn *c, struct str currency, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(c, SQL_WORLD_ASSIGNMENTS, SQL_NO_PARAMS, &rows, e));
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			return OK;
		if (!world_add_assignment(b, rows_int(rows, 0), rows_int(rows, 1), rows_int(rows, 2), rows_int(rows, 3),
					  rows_null(rows, 4) ? 0 : rows_int(rows, 4) * DAY,
					  rows_null(rows, 5) ? 0 : (rows_int(rows, 5) + 1) * DAY,
					  known_ceiling(rows, currency)))
			return error_nomem(e);
	}
}

static bool add_delegated(struct world_builder *b, struct str text)
{
	struct str rest = text, line, word;
	while (str_cut(&rest, '\n', &line))
		while (str_cut(&line, ' ', &word))
			if (str_trim(word).len && !world_add_delegated(b, str_trim(word)))
				return false;
	return true;
}

static enum code read_delegations(struct world_builder *b, struct conn *c, struct str currency, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(c, SQL_WORLD_DELEGATIONS, SQL_NO_PARAMS, &rows, e));
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			return OK;
		struct delegation_row d = { .id = rows_int(rows, 0), .giver = rows_int(rows, 1), .taker = rows_int(rows, 2),
					    .entity = rows_int(rows, 3), .from = rows_null(rows, 4) ? 0 : rows_int(rows, 4) * DAY,
					    .until = rows_null(rows, 5) ? 0 : (rows_int(rows, 5) + 1) * DAY,
					    .ceiling = known_ceiling(rows, currency),
					    .onward = !rows_null(rows, 8) && rows_int(rows, 8) };
		if (!world_add_delegation(b, &d) || !add_delegated(b, rows_text(rows, 9)))
			return error_nomem(e);
	}
}

static bool add_placement(struct world_builder *b, const struct placement_row *row, struct str text)
{
	struct str rest = text, line, word;
	while (str_cut(&rest, '\n', &line))
		while (str_cut(&line, ' ', &word))
			if (str_trim(word).len && !world_add_placement(b, row, str_trim(word)))
				return false;
	return true;
}

/* A ceiling in another currency cannot be compared: every amount is above it, and the function central for all that costs. */
static enum code read_placements(struct world_builder *b, struct conn *c, struct str currency, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	TRY(sql_query(c, SQL_WORLD_PLACEMENTS, SQL_NO_PARAMS, &rows, e));
	for (;;) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			return OK;
		struct placement_row p = { .id = rows_int(rows, 0), .entity = rows_int(rows, 1),
					   .from = rows_null(rows, 4) ? 0 : rows_int(rows, 4) * DAY,
					   .until = rows_null(rows, 5) ? 0 : (rows_int(rows, 5) + 1) * DAY,
					   .ceiling = known_ceiling(rows, currency) };
		if (!placement_mode_of(rows_text(rows, 2), &p.mode))
			return error_fail(e, E_INTERNAL, N_("A placement has no mode that is known"));
		if (!add_placement(b, &p, rows_text(rows, 3)))
			return error_nomem(e);
	}
}

static enum code world_read(struct kernel *k, struct conn *c, struct world **ret, struct error *e)
{
	const struct model *m = registry_model(k->registry);
	const char **names = mem_array(m->function_count + 1, sizeof *names);
	if (!names)
		return error_nomem(e);
	for (size_t i = 0; i < m->function_count; i++)
		names[i] = m->functions[i].name;
	struct world_builder *b = world_builder_new(names, m->function_count);
	enum code code = b ? read_entities(b, c, e) : error_nomem(e);
	if (code == OK)
		code = read_roles(b, c, e);
	if (code == OK)
		code = read_assignments(b, c, config_text(k->config, "currency"), e);
	if (code == OK)
		code = read_delegations(b, c, config_text(k->config, "currency"), e);
	if (code == OK)
		code = read_placements(b, c, config_text(k->config, "currency"), e);
	if (code == OK)
		code = world_build(TAKE(b), ret, e);
	world_builder_free(b);
	mem_free(names);
	return code;
}

/* One thread reads the new world, the others wait for it: a few milliseconds, and rare. */
static enum code world_renew(struct kernel *k, struct conn *reader, struct world **ret, uint64_t *ret_stamp, struct error *e)
{
	enum code code = OK;
	pthread_mutex_lock(&k->lock);
	uint64_t stamp = atomic_load(&k->world_stamp);
	if (!k->world || k->world_built != stamp) {
		struct world *fresh = NULL;
		code = world_read(k, reader, &fresh, e);
		if (code == OK) {
			world_unref(k->world);
			k->world = fresh;
			k->world_built = stamp;
		}
	}
	if (code == OK) {
		*ret = world_ref(k->world);
		*ret_stamp = k->world_built;
	}
	pthread_mutex_unlock(&k->lock);
	return code;
}

enum code world_current(struct kernel *k, struct conn *reader, struct world **io_world, uint64_t *io_stamp, struct error *e)
{
	if (*io_world && *io_stamp == atomic_load_explicit(&k->world_stamp, memory_order_acquire))
		return OK;
	struct world *fresh = NULL;
	TRY(world_renew(k, reader, &fresh, io_stamp, e));
	world_unref(*io_world);
	*io_world = fresh;
	return OK;
}

/* --- seeding -------------------------------------------------------------------------------------- */

static void value_text(struct value *values, const struct kind *k, const char *field, struct str text)
{
	const struct field *f = kind_field(k, str_of(field));
	if (f && text.data)
		values[f->index] = (struct value){ .set = true, .text = text };
}

static struct value *values_new(struct call *c, const struct kind *k, struct error *e)
{
	struct value *values = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	for (size_t i = 0; values && i < k->field_count; i++)
		if (value_default(&k->fields[i], c->record.now, c->arena, &values[i], e) != OK)
			return NULL;
	return values;
}

static enum code seed_root(struct call *c, int64_t *ret_entity, struct error *e)
{
	bool found;
	TRY(sql_int(c->record.conn, SQL_ENTITY_ROOT, SQL_NO_PARAMS, ret_entity, &found, e));
	if (found)
		return OK;
	const struct kind *k = model_kind(c->record.model, STR("entity"));
	struct value *values = values_new(c, k, e);
	if (!values)
		return error_nomem(e);
	value_text(values, k, k->fields[k->title_field].name, config_text(c->kernel->config, "organisation"));
	struct record_ref ref;
	TRY(record_create(&c->record, k, 0, values, &ref, e));
	*ret_entity = ref.id;
	return OK;
}

static struct str join_patterns(struct call *c, const char *const *patterns)
{
	struct str joined = STR("");
	for (size_t i = 0; patterns && patterns[i] && joined.data; i++)
		joined = arena_format(c->arena, "%.*s%s%s", STR_ARG(joined), i ? "\n" : "", patterns[i]);
	return joined;
}

static enum code seed_role(struct call *c, const struct kind *k, const struct role_def *def, int64_t entity, struct error *e)
{
	int64_t id;
	bool found;
	TRY(sql_int(c->record.conn, SQL_ROLE_FIND, SQL_PARAMS(SQL_T(str_of(def->name))), &id, &found, e));
	struct value *values = found ? ARENA_ARRAY(c->arena, k->field_count + 1, struct value) : values_new(c, k, e);
	if (!values)
		return error_nomem(e);
	value_text(values, k, "name", str_of(def->name));
	value_text(values, k, "title", str_of(def->title));
	value_text(values, k, "grants", join_patterns(c, def->grants));
	value_text(values, k, "own_grants", join_patterns(c, def->own));
	struct record_ref ref;
	if (found)
		return record_update(&c->record, k, id, 0, 0, values, &ref, e);
	return record_create(&c->record, k, entity, values, &ref, e);
}

/* Made once: what the organisation makes of it later is not undone, an archived one stays so. */
static enum code seed_placement(struct call *c, const struct kind *k, const struct placement_def *def, int64_t entity, struct error *e)
{
	int64_t id;
	bool found;
	struct record_ref ref;
	TRY(sql_int(c->record.conn, SQL_PLACEMENT_FIND, SQL_PARAMS(SQL_T(str_of(def->name))), &id, &found, e));
	if (found)
		return OK;
	struct value *values = values_new(c, k, e);
	if (!values)
		return error_nomem(e);
	value_text(values, k, "name", str_of(def->name));
	value_text(values, k, "mode", str_of(def->mode));
	value_text(values, k, "functions", join_patterns(c, def->functions));
	value_text(values, k, "reason", str_of(def->reason));
	if (def->paragraph)
		value_text(values, k, "paragraph", str_of(def->paragraph));
	return record_create(&c->record, k, entity, values, &ref, e);
}

enum code world_seed(struct call *c, struct error *e)
{
	const struct model *m = c->record.model;
	const struct kind *role = model_kind(m, STR("role"));
	int64_t root;
	TRY(seed_root(c, &root, e));
	for (size_t i = 0; i < m->role_count; i++)
		TRY(seed_role(c, role, &m->roles[i], root, e));
	for (size_t i = 0; i < m->placement_count; i++)
		TRY(seed_placement(c, model_kind(m, STR("placement")), &m->placements[i], root, e));
	c->made.entity = root;
	return OK;
}

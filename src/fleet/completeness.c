/* inventory.completeness: per entity, how many devices there are that no source has seen, estimated from how the sources overlap.
 * Neighbours: capture.c has the arithmetic, sighting.c the rows it counts. */
#include "base/arena.h"
#include "capture.h"
#include "fleet/fleet.h"
#include "kernel/call.h"
#include "answers.sql.h"
#include <math.h>

#define CELLS (1 << CAPTURE_SOURCES)

enum { IN_DAYS, IN_ENTITY };

struct tally { /* devices of one entity by the pattern of sources that saw them */
	int64_t entity;
	int64_t cells[CELLS];
	struct tally *next;
};

struct count {
	struct call *call;
	struct entity_set may;
	struct str sources[CAPTURE_SOURCES];
	size_t source_count;
	struct tally *first, *newest, all;
};

static enum code source_bit(struct count *n, struct str name, unsigned *ret, struct error *e)
{
	for (size_t i = 0; i < n->source_count; i++)
		if (str_eq(n->sources[i], name)) {
			*ret = 1u << i;
			return OK;
		}
	if (n->source_count == CAPTURE_SOURCES)
		return error_fail(e, E_LIMIT, N_("More than eight sources report devices; no estimate can be made of so many"));
	n->sources[n->source_count] = arena_copy(n->call->arena, name);
	if (!n->sources[n->source_count].data)
		return error_nomem(e);
	*ret = 1u << n->source_count++;
	return OK;
}

static enum code tally_device(struct count *n, int64_t entity, unsigned pattern, struct error *e)
{
	int64_t only = call_int(n->call, IN_ENTITY, 0);
	if (!pattern || (only && entity != only) || !entity_set_has(&n->may, entity))
		return OK;
	if (!n->newest || n->newest->entity != entity) {
		struct tally *t = ARENA_NEW(n->call->arena, struct tally);
		if (!t)
			return error_nomem(e);
		t->entity = entity;
		*(n->newest ? &n->newest->next : &n->first) = t;
		n->newest = t;
	}
	n->newest->cells[pattern]++;
	n->all.cells[pattern]++;
	return OK;
}

/* Rows come sorted by entity and device. */
static enum code tally_all(struct count *n, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	int64_t entity = 0, device = 0, from = n->call->record.now - call_int(n->call, IN_DAYS, 30) * DAY;
	unsigned pattern = 0, bit;
	bool row;
	TRY(sql_query(n->call->record.conn, SQL_SIGHTINGS, SQL_PARAMS(SQL_I(from)), &rows, e));
	TRY(rows_next(rows, &row, e));
	while (row) {
		if (rows_int(rows, 1) != device) {
			TRY(tally_device(n, entity, pattern, e));
			entity = rows_int(rows, 0);
			device = rows_int(rows, 1);
			pattern = 0;
		}
		TRY(source_bit(n, rows_text(rows, 2), &bit, e));
		pattern |= bit;
		TRY(rows_next(rows, &row, e));
	}
	return tally_device(n, entity, pattern, e);
}

/* --- estimating and telling -------------------------------------------------------------------------- */

struct overlap { /* the sources that saw anything here, and their patterns */
	size_t sources;
	int64_t cells[CELLS], seen, once, twice;
	struct str names[CAPTURE_SOURCES];
	int64_t each[CAPTURE_SOURCES];
};

static void overlap_of(const struct count *n, const struct tally *t, struct overlap *ret)
{
	unsigned place[CAPTURE_SOURCES] = { 0 };
	*ret = (struct overlap){ 0 };
	for (size_t s = 0; s < n->source_count; s++) {
		int64_t seen = 0;
		for (unsigned p = 1; p < CELLS; p++)
			seen += p >> s & 1 ? t->cells[p] : 0;
		if (!seen)
			continue;
		ret->names[ret->sources] = n->sources[s];
		ret->each[ret->sources] = seen;
		place[s] = 1u << ret->sources++;
	}
	for (unsigned p = 1; p < CELLS; p++) {
		unsigned pattern = 0;
		for (size_t s = 0; s < n->source_count; s++)
			pattern |= p >> s & 1 ? place[s] : 0;
		ret->cells[pattern] += t->cells[p];
		ret->seen += t->cells[p];
		ret->once += __builtin_popcount(p) == 1 ? t->cells[p] : 0;
		ret->twice += __builtin_popcount(p) == 2 ? t->cells[p] : 0;
	}
}

/* Up from the estimate, so that the interval is never narrower than what was computed. */
static void member_number(struct json_writer *w, const char *name, double n, bool up)
{
	json_name(w, str_of(name));
	json_put_int(w, (int64_t)(up ? ceil(n) : floor(n)));
}

static void estimate_write(struct json_writer *w, const struct overlap *o, const struct estimate *found, const char *method)
{
	json_member_text(w, "method", str_of(method));
	member_number(w, "estimate", round(found->total), false);
	member_number(w, "low", fmax(floor(found->low), (double)o->seen), false);
	member_number(w, "high", found->high, true);
	member_number(w, "unseen", round(fmax(found->total - (double)o->seen, 0)), false);
}

static void tally_write(const struct count *n, const struct tally *t, struct json_writer *w)
{
	struct overlap o;
	struct estimate found;
	uint64_t pairs;
	overlap_of(n, t, &o);
	json_object(w);
	if (t->entity)
		json_member_id(w, "entity", t->entity);
	json_member_int(w, "seen", o.seen);
	json_name(w, STR("sources"));
	json_object(w);
	for (size_t i = 0; i < o.sources; i++) {
		json_name(w, o.names[i]);
		json_put_int(w, o.each[i]);
	}
	json_object_end(w);
	if (o.sources == 2 && capture_chapman(o.each[0], o.each[1], o.cells[3], &found))
		estimate_write(w, &o, &found, "chapman");
	else if (o.sources > 2 && capture_best(o.cells, o.sources, &found, &pairs))
		estimate_write(w, &o, &found, pairs ? "loglinear_dependent" : "loglinear");
	else if (o.sources > 2 && capture_chao(o.sources, o.seen, o.once, o.twice, &found))
		estimate_write(w, &o, &found, "chao");
	if (o.sources > 1 && capture_chao(o.sources, o.seen, o.once, o.twice, &found))
		member_number(w, "at_least", found.total, false);
	json_object_end(w);
}

static enum code inventory_completeness(struct call *c, struct error *e)
{
	struct count *n = ARENA_NEW(c->arena, struct count);
	if (!n)
		return error_nomem(e);
	n->call = c;
	if (!visible(c->record.world, c->record.now, &c->principal.subject, (unsigned)c->operation->function_index, c->arena, &n->may))
		return error_nomem(e);
	TRY(tally_all(n, e));
	json_object(&c->json);
	json_name(&c->json, STR("all"));
	tally_write(n, &n->all, &c->json);
	json_name(&c->json, STR("entities"));
	json_list(&c->json);
	for (const struct tally *t = n->first; t; t = t->next)
		tally_write(n, t, &c->json);
	json_list_end(&c->json);
	json_object_end(&c->json);
	return OK;
}

static const struct field completeness_input[] = {
	[IN_DAYS] = { .name = "days", .type = FIELD_INT, .title = N_("Devices seen within so many days"), .min = 1, .max = 3660, .otherwise = "30" },
	[IN_ENTITY] = { .name = "entity", .type = FIELD_ID, .title = N_("Only this entity") },
	{ 0 },
};
static const struct field completeness_output[] = {
	{ .name = "all", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("All entities taken together; at_least is Chao's bound, which is too high when some sources see far more than others") },
	{ .name = "entities", .type = FIELD_JSON, .flags = FIELD_REQUIRED, .title = N_("Per entity: seen, estimate with its interval, unseen, method") },
	{ 0 },
};
static const struct operation completeness_operations[] = {
	{ .name = "inventory.completeness", .help = N_("Estimate how many devices no source has seen"), .function = "device.read", .access = OP_READ,
	  .input = completeness_input, .output = completeness_output, .run = inventory_completeness, .method = "POST",
	  .path = "/api/inventory/completeness" },
	{ 0 },
};
const struct module fleet_completeness_module = { .name = "fleet_completeness", .operations = completeness_operations };

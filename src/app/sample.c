/* mandate sample: a made-up organisation of the size of the United Nations Secretariat (scale 1: 60 entities with their
 * units, 500 sites, 40,000 people, 120,000 devices), the same for the same seed, written through the ordinary write
 * path in bulk. Neighbours: sample_names.c has the words, fleet/packages.h the package sets. */
#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "command.h"
#include "fleet/packages.h"
#include "record/changes.h"
#include "sample_names.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define AT_ONCE 500 /* records in one call; a device changes twice, and an entry holds 1,000 changes */
#define PACKAGES_IN_SET 1000

struct sample;
/* Fills one record; answers the entity it belongs to (0: its own). */
typedef int64_t sample_fill(struct sample *s, int64_t n, const struct kind *k, struct value *values);

struct ids {
	int64_t *items;
	int64_t count;
};

struct sample {
	struct kernel *kernel;
	struct random_seeded random;
	double scale;
	int64_t set_count; /* package sets wanted; 0: as the scale says */
	struct arena *arena; /* of the call at hand */
	int64_t today;
	struct ids entities, sites, people, makers, models, sets;
	int64_t *homes; /* entity of each person */
	/* the call at hand */
	const char *kind;
	sample_fill *fill;
	struct ids *made;
	int64_t first, count;
};

static int64_t pick(struct sample *s, int64_t bound)
{
	return (int64_t)random_below(&s->random, (uint64_t)(bound > 0 ? bound : 1));
}

static int64_t pick_id(struct sample *s, const struct ids *ids)
{
	return ids->count ? ids->items[pick(s, ids->count)] : 0;
}

static void put(const struct kind *k, struct value *values, const char *field, struct value v)
{
	const struct field *f = kind_field(k, str_of(field));
	assert(f);
	v.set = true;
	values[f->index] = v;
}

static void put_text(const struct kind *k, struct value *values, const char *field, struct str text)
{
	put(k, values, field, (struct value){ .text = text });
}

static void put_int(const struct kind *k, struct value *values, const char *field, int64_t n)
{
	put(k, values, field, (struct value){ .integer = n });
}

static void put_money(const struct kind *k, struct value *values, const char *field, int64_t minor)
{
	put(k, values, field, (struct value){ .money = { minor, "USD" } });
}

/* --- what records look like ----------------------------------------------------------------------- */

static int64_t fill_entity(struct sample *s, int64_t n, const struct kind *k, struct value *values)
{
	bool top = s->entities.count < 61; /* the root is there; sixty below it, then their units */
	const char *const *types = sample_entity_types;
	if (top) {
		put_text(k, values, "name", arena_format(s->arena, "%s %lld", sample_entities[n % sample_entities_count], (long long)(n + 1)));
		put_int(k, values, "parent", s->entities.items[0]);
		put_text(k, values, "type", str_of(types[n % 4]));
	} else {
		int64_t parent = s->entities.items[1 + pick(s, s->entities.count < 400 ? s->entities.count - 1 : 399)];
		put_text(k, values, "name", arena_format(s->arena, "%s %lld", sample_units[n % sample_units_count], (long long)(n + 1)));
		put_int(k, values, "parent", parent);
		put_text(k, values, "type", STR("unit"));
	}
	put_text(k, values, "code", arena_format(s->arena, "E%05lld", (long long)s->entities.count));
	return 0;
}

static int64_t fill_site(struct sample *s, int64_t n, const struct kind *k, struct value *values)
{
	const struct sample_city *city = &sample_cities[n % (int64_t)sample_cities_count];
	put_text(k, values, "name", arena_format(s->arena, "%s %lld", city->name, (long long)(n / (int64_t)sample_cities_count + 1)));
	put_text(k, values, "country", str_of(city->country));
	put_text(k, values, "location",
		 arena_format(s->arena, "{\"type\":\"Point\",\"coordinates\":[%.4f,%.4f]}", city->longitude + (double)pick(s, 1000) / 1e4,
			      city->latitude + (double)pick(s, 1000) / 1e4));
	return pick_id(s, &s->entities);
}

static int64_t fill_person(struct sample *s, int64_t n, const struct kind *k, struct value *values)
{
	const char *given = sample_given[pick(s, (int64_t)sample_given_count)], *family = sample_family[pick(s, (int64_t)sample_family_count)];
	put_text(k, values, "name", arena_format(s->arena, "%s %s", given, family));
	put_text(k, values, "given_name", str_of(given));
	put_text(k, values, "family_name", str_of(family));
	put_text(k, values, "email", arena_format(s->arena, "person%lld@sample.example", (long long)n + 1));
	put_text(k, values, "job_title", str_of(sample_jobs[pick(s, (int64_t)sample_jobs_count)]));
	if (s->sites.count)
		put_int(k, values, "site", pick_id(s, &s->sites));
	int64_t home = pick_id(s, &s->entities);
	s->homes[n] = home;
	return home;
}

static int64_t fill_maker(struct sample *s, int64_t n, const struct kind *k, struct value *values)
{
	put_text(k, values, "name", str_of(sample_makers[n % (int64_t)sample_makers_count]));
	return s->entities.items[0];
}

static int64_t fill_model(struct sample *s, int64_t n, const struct kind *k, struct value *values)
{
	const struct sample_class *class = &sample_classes[n % (int64_t)sample_classes_count];
	put_text(k, values, "name", arena_format(s->arena, "%s %c%lld", class->product, (char)('A' + n % 26), (long long)(n * 37 % 900 + 100)));
	put_int(k, values, "manufacturer", s->makers.items[n % s->makers.count]);
	return s->entities.items[0];
}

static int64_t fill_device(struct sample *s, int64_t n, const struct kind *k, struct value *values)
{
	int64_t model = pick(s, s->models.count), age = pick(s, 2200);
	const struct sample_class *class = &sample_classes[model % (int64_t)sample_classes_count];
	int64_t holder = pick(s, s->people.count);
	put_text(k, values, "name", arena_format(s->arena, "%s-%06lld", class->prefix, (long long)n + 1));
	put_text(k, values, "class", str_of(class->class));
	put_text(k, values, "maker", str_of(sample_makers[model % s->makers.count % (int64_t)sample_makers_count]));
	put_int(k, values, "model", s->models.items[model]);
	put_text(k, values, "serial", arena_format(s->arena, "SN%010llX", (unsigned long long)(n * 2654435761u % 0xfffffffffull)));
	uint64_t a = random_next(&s->random), b = random_next(&s->random);
	put_text(k, values, "uuid", arena_format(s->arena, "%08x-%04x-4%03x-a%03x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
						 (unsigned)(a & 0xfff), (unsigned)(b >> 52), (unsigned long long)(b & 0xffffffffffff)));
	put_text(k, values, "mac", arena_format(s->arena, "02:%02x:%02x:%02x:%02x:%02x", (unsigned)(n >> 32 & 0xff), (unsigned)(n >> 24 & 0xff),
						(unsigned)(n >> 16 & 0xff), (unsigned)(n >> 8 & 0xff), (unsigned)(n & 0xff)));
	put_int(k, values, "site", pick_id(s, &s->sites));
	put_money(k, values, "cost", class->price * 100 + pick(s, class->price * 20));
	put_int(k, values, "delivered", s->today - age);
	put_int(k, values, "warranty_until", s->today - age + 1095);
	put_text(k, values, "os_name", str_of(class->system));
	put_int(k, values, "memory", (int64_t)8 << (30 + pick(s, 3)));
	if (s->sets.count && class->computer)
		put_int(k, values, "package_set", s->sets.items[pick(s, s->sets.count)]);
	if (!class->personal)
		return pick_id(s, &s->entities);
	put_int(k, values, "holder", s->people.items[holder]);
	return s->homes[holder];
}

/* --- writing -------------------------------------------------------------------------------------- */

static enum code write_part(struct call *c, struct error *e)
{
	struct sample *s = c->face_state;
	const struct kind *k = model_kind(c->record.model, str_of(s->kind));
	assert(k);
	struct value *none = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
	if (!none)
		return error_nomem(e);
	s->arena = c->arena;
	for (int64_t i = 0; i < s->count; i++) {
		struct value *values = ARENA_ARRAY(c->arena, k->field_count + 1, struct value);
		struct record_ref ref;
		if (!values)
			return error_nomem(e);
		for (size_t f = 0; f < k->field_count; f++)
			TRY(value_default(&k->fields[f], c->record.now, c->arena, &values[f], e));
		int64_t entity = s->fill(s, s->first + i, k, values);
		TRY(record_create(&c->record, k, entity, values, &ref, e));
		s->made->items[s->made->count++] = ref.id;
		/* most devices are in use; some are still on order */
		if (s->fill == fill_device && pick(s, 100) < 85)
			TRY(record_transition(&c->record, k, ref.id, 0, kind_transition(k, STR("find")), none, &ref, e));
	}
	return OK;
}

static enum code write_set(struct call *c, struct error *e)
{
	struct sample *s = c->face_state;
	struct package_list list;
	struct fleet_package *p = ARENA_ARRAY(c->arena, PACKAGES_IN_SET, struct fleet_package);
	int64_t set;
	bool fresh;
	if (!p)
		return error_nomem(e);
	for (int64_t i = 0; i < PACKAGES_IN_SET; i++) {
		/* the same thousand packages everywhere, some in other versions: that is what makes sets differ */
		int64_t release = pick(s, 10) ? s->first % 7 : pick(s, 12);
		p[i] = (struct fleet_package){ .name = arena_format(c->arena, "%s%lld", sample_packages[i % (int64_t)sample_packages_count], (long long)i),
					       .release = arena_format(c->arena, "%lld.%lld.%lld", (long long)(i % 9 + 1), (long long)(i % 23), (long long)release),
					       .architecture = STR("amd64"), .format = "deb" };
	}
	TRY(package_list_make(c->record.conn, c->arena, p, PACKAGES_IN_SET, &list, e));
	TRY(package_set_store(&c->record, s->entities.items[0], &list, STR("Debian GNU/Linux 12"), &set, &fresh, e));
	s->sets.items[s->sets.count++] = set;
	return OK;
}

static enum code run_call(struct sample *s, enum code (*run)(struct call *c, struct error *e), struct error *e)
{
	const struct operation operation = { .name = "estate.sample", .help = N_("Write a part of the sample organisation"),
					     .access = OP_WRITE, .run = run, .function_index = -1, .index = UINT32_MAX };
	enum code code = kernel_run_own(s->kernel, &operation, s, e);
	return code == OK ? OK : error_while(e, N_("writing the sample organisation"));
}

static int64_t scaled(const struct sample *s, int64_t full, int64_t least)
{
	int64_t n = (int64_t)((double)full * s->scale + 0.5);
	return n < least ? least : n;
}

static enum code write_kind(struct sample *s, const char *kind, sample_fill *fill, struct ids *made, int64_t count, struct error *e)
{
	int64_t *items = mem_grow(made->items, (size_t)(made->count + count + 1) * sizeof *items);
	if (!items)
		return error_nomem(e);
	made->items = items;
	s->kind = kind;
	s->fill = fill;
	s->made = made;
	for (s->first = 0; s->first < count; s->first += s->count) {
		s->count = count - s->first < AT_ONCE ? count - s->first : AT_ONCE;
		TRY(run_call(s, write_part, e));
		fprintf(stderr, "\r%s %lld / %lld   ", kind, (long long)(s->first + s->count), (long long)count);
	}
	fprintf(stderr, "\n");
	return OK;
}

static enum code write_sets(struct sample *s, int64_t count, struct error *e)
{
	s->sets.items = mem_array((size_t)count + 1, sizeof *s->sets.items);
	if (!s->sets.items)
		return error_nomem(e);
	for (s->first = 0; s->first < count; s->first++) {
		TRY(run_call(s, write_set, e));
		if (s->first % 100 == 99 || s->first + 1 == count)
			fprintf(stderr, "\rpackage_set %lld / %lld   ", (long long)s->first + 1, (long long)count);
	}
	fprintf(stderr, "\n");
	return OK;
}

/* Only into an estate that holds nothing yet: real records are never mixed with made-up ones. */
static enum code check_empty(struct sample *s, struct error *e)
{
	struct conn *reader;
	int64_t root = 0, sites = 0;
	bool found;
	TRY(kernel_reader(s->kernel, &reader, e));
	TRY(sql_int(reader, "SELECT count(*) FROM site", SQL_NO_PARAMS, &sites, &found, e));
	if (sites)
		return error_fail(e, E_CONFLICT, N_("The estate already holds records; a sample goes into an empty one"));
	TRY(sql_int(reader, "SELECT id FROM entity WHERE parent IS NULL ORDER BY id LIMIT 1", SQL_NO_PARAMS, &root, &found, e));
	s->entities.items = mem_array(1, sizeof *s->entities.items);
	if (!s->entities.items)
		return error_nomem(e);
	s->entities.items[s->entities.count++] = root;
	return OK;
}

static enum code write_all(struct sample *s, struct error *e)
{
	int64_t people = scaled(s, 40000, 20);
	s->homes = mem_array((size_t)people + 1, sizeof *s->homes);
	if (!s->homes)
		return error_nomem(e);
	TRY(check_empty(s, e));
	TRY(write_kind(s, "entity", fill_entity, &s->entities, scaled(s, 60, 60), e));
	TRY(write_kind(s, "entity", fill_entity, &s->entities, scaled(s, 1200, 60), e));
	TRY(write_kind(s, "site", fill_site, &s->sites, scaled(s, 500, 20), e));
	TRY(write_kind(s, "manufacturer", fill_maker, &s->makers, (int64_t)sample_makers_count, e));
	TRY(write_kind(s, "model", fill_model, &s->models, 200, e));
	TRY(write_kind(s, "person", fill_person, &s->people, people, e));
	TRY(write_sets(s, s->set_count ? s->set_count : scaled(s, 20000, 3), e));
	struct ids devices = { 0 };
	enum code code = write_kind(s, "device", fill_device, &devices, scaled(s, 120000, 60), e);
	mem_free(devices.items);
	return code;
}

static bool parse_scale(struct str text, double *ret)
{
	char *end;
	char copy[32];
	if (text.len == 0 || text.len >= sizeof copy)
		return false;
	snprintf(copy, sizeof copy, "%.*s", STR_ARG(text));
	*ret = strtod(copy, &end);
	return *end == 0 && *ret > 0 && *ret <= 10;
}

enum code command_sample(struct command_line *l, struct error *e)
{
	struct sample s = { .scale = 0.01 };
	struct str scale = STR("0.01"), seed = STR("1"), sets = STR_NONE;
	int64_t number;
	command_option(l, "scale", &scale);
	command_option(l, "seed", &seed);
	if (command_option(l, "sets", &sets) && (!str_int(sets, &s.set_count) || s.set_count < 1 || s.set_count > 100000))
		return error_fail(e, E_INVALID, N_("--sets takes a number from 1 to 100000"));
	if (!parse_scale(scale, &s.scale) || !str_int(seed, &number))
		return error_fail(e, E_INVALID, N_("--scale takes a number from 0.001 to 10, --seed a whole number"));
	random_seed(&s.random, (uint64_t)number);
	s.today = date_from_civil(2026, 11, 1); /* the same every day, so that the sample is the same */
	TRY(command_kernel(l, false, &s.kernel, e));
	enum code code = write_all(&s, e);
	kernel_stop(s.kernel);
	struct ids *all[] = { &s.entities, &s.sites, &s.people, &s.makers, &s.models, &s.sets };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		mem_free(all[i]->items);
	mem_free(s.homes);
	if (code == OK)
		command_say(l, N_("The sample organisation is there: {people} people"), { "people", arena_format(l->arena, "%lld", (long long)s.people.count) });
	return code;
}

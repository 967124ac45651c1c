/* How many records a second one writer makes: validated values in, checks, rows, indexes, journal; in groups of 64 calls
 * a transaction, as the server commits them, and in bulk. Prints one JSON line a figure. Beside each figure stands how
 * many bare inserts into the same table, indexes and all, the store makes in the same groups. Neighbours: src/record;
 * run by `make bench`.
 *   bench_record PACKS [postgres://…|-] [figure] */
#include "../src/record/test_rig.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_OF(path, text) { path, { text, sizeof(text) - 1 }, { "", 0 } }
#define GROUP 64
#define DEVICES 30000
#define LEAN 60000

struct estate {
	struct rig *rig;
	int64_t root, person, sites[40], people[200], models[40];
	int64_t serial;
};

static const char lean_kind[] = "kind: reading\n"
				"fields:\n"
				"  name: {type: text, required: true, max: 100}\n"
				"  site: {type: ref, to: site}\n"
				"  code: {type: text, max: 40, indexed: true}\n"
				"  amount: {type: int}\n"
				"  taken: {type: time}\n";

static void fail(struct rig *r, const char *what)
{
	struct str text = rig_fault(r);
	fprintf(stderr, "%s: %.*s\n", what, STR_ARG(text));
	exit(1);
}

static int64_t make(struct rig *r, const char *kind, int64_t entity, const char *json)
{
	struct record_ref ref;
	if (rig_create(r, 0, kind, entity, json, &ref) != OK)
		fail(r, kind);
	return ref.id;
}

/* The packs of the folder, and the lean kind in a pack of its own. */
static const struct model *load(struct rig *r, const char *folder)
{
	static const struct embedded bench_pack[] = {
		FILE_OF("packs/bench/kinds/reading.yaml", lean_kind),
		FILE_OF("packs/bench/pack.yaml", "pack: bench\ntitle: Bench\nversion: 1.0\nneeds: [core]\n"),
		{ 0 },
	};
	struct pack_source *disk, *own, *all;
	size_t disk_count, own_count;
	const struct model *m = NULL;
	if (pack_sources_find(r->keep, str_of(folder), NULL, &disk, &disk_count, &r->e) != OK ||
	    pack_sources_find(r->keep, STR_NONE, bench_pack, &own, &own_count, &r->e) != OK)
		fail(r, folder);
	all = ARENA_ARRAY(r->keep, disk_count + own_count, struct pack_source);
	memcpy(all, disk, disk_count * sizeof *all);
	memcpy(all + disk_count, own, own_count * sizeof *all);
	if (model_load(all, disk_count + own_count, NULL, &m, &r->e) != OK)
		fail(r, folder);
	return m;
}

static void prepare(struct estate *s, const char *folder, const char *postgres)
{
	struct rig *r = s->rig = rig_new(postgres);
	if (!r)
		exit(1);
	if (rig_apply(r, load(r, folder)) != OK)
		fail(r, "schema");
	rig_world(r, NULL);
	s->root = make(r, "entity", 0, "{'name':'House'}");
	rig_world(r, NULL);
	for (int i = 0; i < 40; i++) {
		s->sites[i] = make(r, "site", s->root, "{'name':'Site'}");
		s->models[i] = make(r, "model", s->root, "{'name':'Model'}");
	}
	for (int i = 0; i < 200; i++)
		s->people[i] = make(r, "person", s->root, "{'name':'Person'}");
	s->person = s->people[0];
	const struct rig_grant grants[] = { { s->person, "*", false, s->root, 0 }, { 0 } };
	rig_world(r, grants);
}

static void set_text(struct value *values, const struct kind *k, const char *name, struct str text)
{
	values[kind_field(k, str_of(name))->index] = (struct value){ .set = true, .text = text };
}

static void set_int(struct value *values, const struct kind *k, const char *name, int64_t n)
{
	values[kind_field(k, str_of(name))->index] = (struct value){ .set = true, .integer = n };
}

/* A device as the sample organisation has them: some thirty fields set, four references, three identities. */
static void device(struct estate *s, const struct kind *k, struct value *values)
{
	struct arena *a = s->rig->call;
	uint64_t n = random_next(&s->rig->seeded);
	set_text(values, k, "name", arena_format(a, "Laptop %" PRId64, s->serial));
	set_text(values, k, "class", STR("laptop"));
	set_text(values, k, "serial", arena_format(a, "%016" PRIX64, n));
	set_text(values, k, "uuid", arena_format(a, "%08x-0000-4000-8000-%012" PRIx64, (unsigned)(n >> 32), n & 0xffffffffffff));
	set_text(values, k, "mac", arena_format(a, "02:%02x:%02x:%02x:%02x:%02x", (unsigned)(n & 255), (unsigned)(n >> 8 & 255),
						(unsigned)(n >> 16 & 255), (unsigned)(n >> 24 & 255), (unsigned)(n >> 40 & 255)));
	set_text(values, k, "maker", STR("Lenovo"));
	set_text(values, k, "product", STR("ThinkPad T14 Gen 4"));
	set_text(values, k, "hostname", arena_format(a, "host-%" PRId64, s->serial));
	set_text(values, k, "os_name", STR("Debian GNU/Linux"));
	set_text(values, k, "os_version", STR("12"));
	set_text(values, k, "management", STR("managed"));
	set_text(values, k, "compliance", STR("compliant"));
	set_text(values, k, "ownership", STR("owned"));
	set_text(values, k, "source", STR("agent"));
	set_int(values, k, "model", s->models[n % 40]);
	set_int(values, k, "holder", s->people[n % 200]);
	set_int(values, k, "site", s->sites[n % 40]);
	set_int(values, k, "delivered", 20000 + (int64_t)(n % 700));
	set_int(values, k, "memory", INT64_C(17179869184));
	set_int(values, k, "disk_size", INT64_C(512110190592));
	values[kind_field(k, STR("cost"))->index] = (struct value){ .set = true, .money = { 120000, "USD" } };
}

static void reading(struct estate *s, const struct kind *k, struct value *values)
{
	uint64_t n = random_next(&s->rig->seeded);
	set_text(values, k, "name", STR("A reading"));
	set_text(values, k, "code", arena_format(s->rig->call, "%" PRIx64, n));
	set_int(values, k, "site", s->sites[n % 40]);
	set_int(values, k, "amount", (int64_t)(n % 1000));
	set_int(values, k, "taken", s->rig->time);
}

typedef void filler(struct estate *s, const struct kind *k, struct value *values);

static void report(const char *name, int64_t count, int64_t began)
{
	double seconds = (double)(clock_monotonic() - began) / SECOND;
	printf("{\"name\":\"%s\",\"value\":%.0f,\"unit\":\"records/s\"}\n", name, (double)count / seconds);
	fflush(stdout);
}

static void singles(struct estate *s, const char *name, const char *kind, int64_t count, filler *fill)
{
	struct rig *r = s->rig;
	const struct kind *k = rig_kind(r, kind);
	int64_t began = clock_monotonic();
	for (int64_t i = 0; i < count; i++) {
		struct record_ref ref;
		if (i % GROUP == 0 && rig_begin(r) != OK)
			fail(r, name);
		s->serial++;
		enum code code = rig_call(r, s->person);
		struct value *values = ARENA_ARRAY(r->call, k->field_count + 1, struct value);
		fill(s, k, values);
		if (code != OK || rig_end(r, record_create(&r->x, k, s->root, values, &ref, &r->e)) != OK)
			fail(r, name);
		if (i % GROUP == GROUP - 1 && rig_commit(r) != OK)
			fail(r, name);
	}
	if (count % GROUP && rig_commit(r) != OK)
		fail(r, name);
	report(name, count, began);
}

static void bulk(struct estate *s, const char *name, const char *kind, int64_t count, filler *fill)
{
	enum { BATCH = 1000, BATCHES = 5 };
	struct rig *r = s->rig;
	const struct kind *k = rig_kind(r, kind);
	int64_t began = clock_monotonic();
	for (int64_t i = 0; i < count; i += BATCH) {
		static const struct value *values[BATCH];
		static int64_t entities[BATCH];
		static struct record_ref refs[BATCH];
		if (i / BATCH % BATCHES == 0 && rig_begin(r) != OK)
			fail(r, name);
		enum code code = rig_call(r, s->person);
		for (int j = 0; j < BATCH; j++) {
			struct value *one = ARENA_ARRAY(r->call, k->field_count + 1, struct value);
			s->serial++;
			fill(s, k, one);
			values[j] = one;
			entities[j] = s->root;
		}
		if (code != OK || rig_end(r, record_create_many(&r->x, k, entities, values, BATCH, refs, &r->e)) != OK)
			fail(r, name);
		if (i / BATCH % BATCHES == BATCHES - 1 && rig_commit(r) != OK)
			fail(r, name);
	}
	if (conn_in_transaction(r->c) && rig_commit(r) != OK)
		fail(r, name);
	report(name, count, began);
}

static const struct figure {
	const char *name, *kind;
	int64_t count;
	filler *fill;
	void (*run)(struct estate *s, const char *name, const char *kind, int64_t count, filler *fill);
} figures[] = {
	{ "record_create_lean", "reading", LEAN, reading, singles },
	{ "record_create_device", "device", DEVICES, device, singles },
	{ "record_bulk_lean", "reading", LEAN, reading, bulk },
	{ "record_bulk_device", "device", DEVICES, device, bulk },
};

int main(int argc, char **argv)
{
	struct estate s = { 0 };
	if (argc < 2) {
		fprintf(stderr, "bench_record PACKS [postgres://…|-] [figure]\n");
		return 2;
	}
	prepare(&s, argv[1], argc > 2 && strcmp(argv[2], "-") != 0 ? argv[2] : NULL);
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
		if (argc < 4 || strcmp(argv[3], figures[i].name) == 0)
			figures[i].run(&s, figures[i].name, figures[i].kind, figures[i].count, figures[i].fill);
	rig_free(s.rig);
	return 0;
}

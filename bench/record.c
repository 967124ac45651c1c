/* How many records a second one writer makes: validated values in, checks, rows, indexes, journal; in groups of 64 calls
 * a transaction, as the server commits them, and in bulk. Prints one JSON line a figure. Beside each stands, as "…_bare",
 * what the store makes of the same rows in the same groups: one insert each, indexes and all, and nothing else.
 * Neighbours: src/record; run by `make bench`.
 *   bench_record [PACKS [postgres://…|- [figure]]] */
#include "../src/record/test_rig.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
	r->bare = true;
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

/* Where a kind has the fields that differ from record to record, found once; the rest is a template. */
struct shape {
	struct value *values;
	size_t count;
	unsigned name, serial, uuid, mac, hostname, model, holder, site, code, amount, taken;
};

static unsigned place(const struct kind *k, const char *name)
{
	const struct field *f = kind_field(k, str_of(name));
	return f ? f->index : 0;
}

static struct shape shape_of(struct rig *r, const struct kind *k, const char *json)
{
	struct shape s = { .count = k->field_count };
	struct value *values = rig_values(r, k, json, true);
	s.values = ARENA_ARRAY(r->keep, k->field_count + 1, struct value);
	if (!values || !s.values)
		fail(r, k->name);
	memcpy(s.values, values, k->field_count * sizeof *values);
	for (size_t i = 0; i < k->field_count; i++) /* texts outlive the call */
		if (s.values[i].set && field_column_type(&k->fields[i]) == COLUMN_TEXT)
			s.values[i].text = arena_copy(r->keep, s.values[i].text);
	s.name = place(k, "name");
	s.serial = place(k, "serial");
	s.uuid = place(k, "uuid");
	s.mac = place(k, "mac");
	s.hostname = place(k, "hostname");
	s.model = place(k, "model");
	s.holder = place(k, "holder");
	s.site = place(k, "site");
	s.code = place(k, "code");
	s.amount = place(k, "amount");
	s.taken = place(k, "taken");
	return s;
}

static void set_text(struct value *v, struct str text)
{
	*v = (struct value){ .set = true, .text = text };
}

static void set_int(struct value *v, int64_t n)
{
	*v = (struct value){ .set = true, .integer = n };
}

/* A device as the agents report them: twenty fields set, three references, three identities. */
static const char device_values[] =
	"{'class':'laptop','maker':'Lenovo','product':'ThinkPad T14 Gen 4','os_name':'Debian GNU/Linux','os_version':'12',"
	"'management':'managed','compliance':'compliant','ownership':'owned','source':'agent','delivered':'2025-04-07',"
	"'memory':17179869184,'disk_size':512110190592,'cost':{'amount':'1200.00','currency':'USD'}}";

static void device(struct estate *s, const struct shape *shape, struct value *values)
{
	struct arena *a = s->rig->call;
	uint64_t n = random_next(&s->rig->seeded);
	set_text(&values[shape->name], arena_format(a, "Laptop %" PRId64, s->serial));
	set_text(&values[shape->hostname], arena_format(a, "host-%" PRId64, s->serial));
	set_text(&values[shape->serial], arena_format(a, "%016" PRIX64, n));
	set_text(&values[shape->uuid], arena_format(a, "%08x-0000-4000-8000-%012" PRIx64, (unsigned)(n >> 32), n & 0xffffffffffff));
	set_text(&values[shape->mac], arena_format(a, "02:%02x:%02x:%02x:%02x:%02x", (unsigned)(n & 255), (unsigned)(n >> 8 & 255),
						   (unsigned)(n >> 16 & 255), (unsigned)(n >> 24 & 255), (unsigned)(n >> 40 & 255)));
	set_int(&values[shape->model], s->models[n % 40]);
	set_int(&values[shape->holder], s->people[n % 200]);
	set_int(&values[shape->site], s->sites[n % 40]);
}

static const char reading_values[] = "{'name':'A reading'}";

static void reading(struct estate *s, const struct shape *shape, struct value *values)
{
	uint64_t n = random_next(&s->rig->seeded);
	set_text(&values[shape->code], arena_format(s->rig->call, "%" PRIx64, n));
	set_int(&values[shape->site], s->sites[n % 40]);
	set_int(&values[shape->amount], (int64_t)(n % 1000));
	set_int(&values[shape->taken], s->rig->time);
}

typedef void filler(struct estate *s, const struct shape *shape, struct value *values);

struct figure {
	const char *name, *kind, *values;
	int64_t count;
	filler *fill;
	void (*run)(struct estate *s, const struct figure *f);
};

static struct value *next_values(struct estate *s, const struct figure *f, const struct shape *shape)
{
	struct value *values = ARENA_ARRAY(s->rig->call, shape->count + 1, struct value);
	memcpy(values, shape->values, shape->count * sizeof *values);
	s->serial++;
	f->fill(s, shape, values);
	return values;
}

struct watch {
	int64_t wall, processor;
};

static struct watch watch_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (struct watch){ clock_monotonic(), t.tv_sec * SECOND + t.tv_nsec / 1000 };
}

/* Records a second, and what each takes of a processor: the part that a quiet disk cannot change. */
static void report(const char *name, int64_t count, struct watch began)
{
	struct watch now = watch_now();
	printf("{\"name\":\"%s\",\"value\":%.0f,\"unit\":\"records/s\",\"processor_us\":%.1f}\n", name,
	       (double)count * SECOND / (double)(now.wall - began.wall), (double)(now.processor - began.processor) / (double)count);
	fflush(stdout);
}

static void singles(struct estate *s, const struct figure *f)
{
	struct rig *r = s->rig;
	const struct kind *k = rig_kind(r, f->kind);
	struct shape shape = shape_of(r, k, f->values);
	struct watch began = watch_now();
	for (int64_t i = 0; i < f->count; i++) {
		struct record_ref ref;
		if (i % GROUP == 0 && rig_begin(r) != OK)
			fail(r, f->name);
		enum code code = rig_call(r, s->person);
		struct value *values = next_values(s, f, &shape);
		if (code != OK || rig_end(r, record_create(&r->x, k, s->root, values, &ref, &r->e)) != OK)
			fail(r, f->name);
		if ((i % GROUP == GROUP - 1 || i == f->count - 1) && rig_commit(r) != OK)
			fail(r, f->name);
	}
	report(f->name, f->count, began);
}

static void bulk(struct estate *s, const struct figure *f)
{
	enum { BATCH = 1000, BATCHES = 5 };
	struct rig *r = s->rig;
	const struct kind *k = rig_kind(r, f->kind);
	struct shape shape = shape_of(r, k, f->values);
	struct watch began = watch_now();
	for (int64_t i = 0; i < f->count; i += BATCH) {
		static const struct value *values[BATCH];
		static int64_t entities[BATCH];
		static struct record_ref refs[BATCH];
		if (i / BATCH % BATCHES == 0 && rig_begin(r) != OK)
			fail(r, f->name);
		enum code code = rig_call(r, s->person);
		for (int j = 0; j < BATCH; j++) {
			values[j] = next_values(s, f, &shape);
			entities[j] = s->root;
		}
		if (code != OK || rig_end(r, record_create_many(&r->x, k, entities, values, BATCH, refs, &r->e)) != OK)
			fail(r, f->name);
		if ((i / BATCH % BATCHES == BATCHES - 1 || i + BATCH >= f->count) && rig_commit(r) != OK)
			fail(r, f->name);
	}
	report(f->name, f->count, began);
}

/* The rows alone, `group` a transaction. */
static void bare(struct estate *s, const struct figure *f, int64_t group)
{
	struct rig *r = s->rig;
	const struct kind *k = rig_kind(r, f->kind);
	struct shape shape = shape_of(r, k, f->values);
	struct watch began = watch_now();
	for (int64_t i = 0; i < f->count; i++) {
		struct record_ref ref = { id_next(r->ids), 1, s->root };
		if (i % group == 0 && (rig_begin(r) != OK || rig_call(r, s->person) != OK))
			fail(r, f->name);
		struct str number = k->number ? arena_format(r->call, "X-%" PRId64, s->serial) : STR_NONE;
		struct value *values = next_values(s, f, &shape);
		if (row_insert(&r->x, k, &ref, STR_NONE, number, values, &r->e) != OK)
			fail(r, f->name);
		if ((i % group == group - 1 || i == f->count - 1) && (rig_end(r, OK) != OK || rig_commit(r) != OK))
			fail(r, f->name);
	}
	report(f->name, f->count, began);
}

static void bare_singles(struct estate *s, const struct figure *f)
{
	bare(s, f, GROUP);
}

static void bare_bulk(struct estate *s, const struct figure *f)
{
	bare(s, f, 5000);
}

static const struct figure figures[] = {
	{ "record_create_lean", "reading", reading_values, LEAN, reading, singles },
	{ "record_create_lean_bare", "reading", reading_values, LEAN, reading, bare_singles },
	{ "record_create_device", "device", device_values, DEVICES, device, singles },
	{ "record_create_device_bare", "device", device_values, DEVICES, device, bare_singles },
	{ "record_bulk_lean", "reading", reading_values, LEAN, reading, bulk },
	{ "record_bulk_lean_bare", "reading", reading_values, LEAN, reading, bare_bulk },
	{ "record_bulk_device", "device", device_values, DEVICES, device, bulk },
	{ "record_bulk_device_bare", "device", device_values, DEVICES, device, bare_bulk },
};

/* Each figure starts from an empty estate; on PostgreSQL, where an address names one database, they share it. */
int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : "packs", *postgres = argc > 2 && strcmp(argv[2], "-") != 0 ? argv[2] : NULL;
	struct estate s = { 0 };
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		if (argc > 3 && strcmp(argv[3], figures[i].name) != 0)
			continue;
		if (!s.rig)
			prepare(&s, folder, postgres);
		figures[i].run(&s, &figures[i]);
		if (!postgres) {
			rig_free(s.rig);
			s = (struct estate){ 0 };
		}
	}
	rig_free(s.rig);
	return 0;
}

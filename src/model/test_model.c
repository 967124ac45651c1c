/* A small pack built from texts: what the model then says, word for word; the same from a folder and from built-in
 * files; lookups; and loading while each allocation in turn fails. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/model.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ftw.h>
#include <cmocka.h>

#define FILE_OF(path, text) { path, { text, sizeof(text) - 1 }, { "", 0 } }

static const struct embedded files[] = {
	FILE_OF("packs/base/kinds/person.yaml",
		"kind: person\n"
		"plural: People\n"
		"flags: [subject]\n"
		"fields:\n"
		"  name: {type: text, required: true, function: person.read, personal: {purpose: Directory, keep: 2 years}}\n"
		"  phone: {type: text, personal: {purpose: Contact, keep: 6 months}}\n"),
	FILE_OF("packs/base/pack.yaml", "pack: base\ntitle: Base\nversion: 1.0\n"),
	FILE_OF("packs/base/po/fr.po", "msgid \"Device\"\nmsgstr \"Appareil de base\"\n\nmsgid \"Archive and bring back\"\nmsgstr \"Archiver\"\n"),
	FILE_OF("packs/shop/functions.yaml", "report.publish: Publish reports\ndevice.audit: Audit devices\n"),
	FILE_OF("packs/shop/kinds/device.yaml",
		"kind: device\n"
		"help: A thing\n"
		"number: \"DEV-{seq:6}\"\n"
		"title_field: label\n"
		"identify: [[serial, class], uuid]\n"
		"owner: holder\n"
		"indexes: [[class, state], holder]\n"
		"fields:\n"
		"  class: {type: choice, of: {laptop: Laptop computer, big_server: }, default: laptop}\n"
		"  label: {type: text, max: 100}\n"
		"  serial: {type: text, unique: true}\n"
		"  uuid: {type: text, pattern: uuid}\n"
		"  holder: {type: ref, to: person, personal: {purpose: Custody, keep: 90 days}}\n"
		"  remark: {type: text, multiline: true, history: false, personal: {purpose: Custody, keep: 90 days, subject: holder}}\n"
		"  cost: {type: money, min: 0, class: confidential}\n"
		"  hours: {type: decimal, scale: 1, min: -0.5, title: Hours in use}\n"
		"  parts: {type: refs, to: device}\n"
		"  certificate: {type: file, function: device.see_files}\n"
		"  found: {type: date, read_only: true, facet: true}\n"
		"states:\n"
		"  in_stock: {issue: in_use, drop: gone}\n"
		"  in_use: {return: in_stock, drop: gone, title: Being used}\n"
		"  gone:\n"
		"transitions:\n"
		"  drop: {title: Drop, function: report.publish, ceiling: cost, evidence: certificate, approvals: [board], within: 36 hours}\n"
		"views:\n"
		"  board: {by: state}\n"
		"  calendar: {at: found}\n"),
	FILE_OF("packs/shop/kinds/usage.yaml",
		"kind: usage\n"
		"flags: shared\n"
		"title_field: device\n"
		"fields:\n"
		"  device: {type: ref, to: device}\n"
		"ask_by: device\n"
		"select: |\n"
		"  SELECT id, entity, id AS device\n"
		"  FROM device\n"),
	FILE_OF("packs/shop/notes.txt", "not a pack file"),
	FILE_OF("packs/shop/pack.yaml", "pack: shop\ntitle: Shop\nversion: 1.2.3\nneeds: base\n"),
	FILE_OF("packs/shop/policies/held.sql",
		"-- title: Devices in use have a holder\n"
		"-- about: device\n"
		"-- mode: enforce\n"
		"-- severity: high\n"
		"-- controls: [nist-800-53/CM-8, iso-27001/A.5.9]\n"
		"-- remedy: Name the holder,\n"
		"--   or take it back.\n"
		"-- fixed: true\n"
		"SELECT id FROM device\n"
		"WHERE state = 'in_use' AND holder IS NULL\n"),
	FILE_OF("packs/shop/policies/plain.sql", "-- title: Plain\n-- about: person\nSELECT id, 'x' AS why FROM person -- of all\n"),
	FILE_OF("packs/shop/po/fr.po", "msgid \"Device\"\nmsgstr \"Appareil\"\n\nmsgid \"Hours in use\"\nmsgstr \"Heures\"\n"),
	FILE_OF("packs/shop/placements.yaml", "buying: {functions: [device.*, report.publish], mode: delegated, reason: Prices, paragraph: \"24\"}\n"),
	FILE_OF("packs/shop/roles.yaml", "clerk: {title: Clerk, grants: [device.*, report.publish], own: \"*.read\"}\n"),
	FILE_OF("po/fr.po", "msgid \"Read\"\nmsgstr \"Lire\"\n"),
	{ 0 },
};

static const char *const extra[] = { "journal.read_all", "device.audit", NULL };

static const struct model *load(struct arena *arena)
{
	struct error e;
	struct pack_source *sources;
	size_t count;
	const struct model *m = NULL;
	error_init(&e, arena);
	assert_int_equal(pack_sources_find(arena, STR_NONE, files, &sources, &count, &e), OK);
	assert_int_equal(count, 2);
	/* handed over the wrong way round: needs put them right */
	struct pack_source turned[] = { sources[1], sources[0] };
	if (model_load(turned, 2, extra, &m, &e) != OK)
		fail_msg("%s %s", e.items ? e.items->pointer.data : "", e.items ? e.items->msgid : e.frame->msgid);
	return m;
}

static void names_are(const char *const *names, const char *expected)
{
	char text[400] = "";
	size_t len = 0;
	for (; names && *names; names++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", len ? " " : "", *names);
	assert_string_equal(text, expected);
}

static void packs_and_kinds(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const struct model *m = load(arena);
	assert_int_equal(m->pack_count, 2);
	assert_string_equal(m->packs[0].name, "base");
	assert_string_equal(m->packs[1].version, "1.2.3");
	names_are(m->packs[1].needs, "base");
	assert_int_equal(m->kind_count, 3);
	assert_string_equal(m->kinds[0]->name, "person");
	assert_string_equal(m->kinds[0]->plural, "People");
	assert_string_equal(m->kinds[1]->name, "device");
	assert_string_equal(m->kinds[1]->plural, "Devices");
	assert_string_equal(m->kinds[1]->pack, "shop");
	assert_int_equal(m->kinds[2]->index, 2);
	assert_int_equal(m->kinds[2]->flags, KIND_VIEW | KIND_SHARED);
	assert_string_equal(m->kinds[2]->select, "SELECT id, entity, id AS device\nFROM device");
	assert_string_equal(m->kinds[2]->ask_by[0], "device");
	assert_null(m->kinds[2]->ask_by[1]);
	model_unref(m);
}

static void fields(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const struct model *m = load(arena);
	const struct kind *device = model_kind(m, STR("device")), *person = model_kind(m, STR("person"));
	assert_null(model_kind(m, STR("devic")));
	assert_int_equal(device->field_count, 11);
	assert_null(device->fields[11].name);
	for (unsigned i = 0; i < 11; i++)
		assert_int_equal(device->fields[i].index, i);
	const struct field *f = kind_field(device, STR("class"));
	assert_int_equal(f->type, FIELD_CHOICE);
	assert_int_equal(f->flags, FIELD_FACET);
	assert_string_equal(f->choices[0].title, "Laptop computer");
	assert_string_equal(f->choices[1].name, "big_server");
	assert_string_equal(f->choices[1].title, "Big server");
	assert_null(f->choices[2].name);
	assert_string_equal(f->otherwise, "laptop");
	assert_int_equal(device->title_field, 1);
	assert_int_equal(device->fields[1].flags, FIELD_TITLE | FIELD_SEARCH);
	assert_int_equal(device->fields[1].max, 100);
	assert_int_equal(kind_field(device, STR("serial"))->flags, FIELD_UNIQUE | FIELD_INDEXED);
	assert_string_equal(kind_field(device, STR("uuid"))->pattern, "uuid");
	f = kind_field(device, STR("holder"));
	assert_int_equal(f->flags, FIELD_INDEXED);
	assert_string_equal(f->personal->subject, "holder"); /* a reference stands for the person it names */
	assert_int_equal(f->personal->keep.micros, 90 * DAY);
	assert_string_equal(f->function, "device.read_personal");
	f = kind_field(device, STR("remark"));
	assert_int_equal(f->flags, FIELD_MULTILINE | FIELD_NO_HISTORY);
	f = kind_field(device, STR("cost"));
	assert_string_equal(f->function, "device.read_confidential");
	assert_true(f->min == 0 && f->max == INT64_MAX);
	f = kind_field(device, STR("hours"));
	assert_true(f->min == -5 && f->max == INT64_MAX && f->scale == 1);
	assert_string_equal(f->title, "Hours in use");
	assert_string_equal(kind_field(device, STR("certificate"))->function, "device.see_files");
	assert_int_equal(kind_field(device, STR("found"))->flags, FIELD_READ_ONLY | FIELD_FACET);
	assert_string_equal(kind_field(person, STR("phone"))->personal->subject, "self");
	assert_int_equal(kind_field(person, STR("phone"))->personal->keep.months, 6);
	assert_string_equal(kind_field(person, STR("name"))->function, "person.read");
	model_unref(m);
}

static void parts_of_kinds(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const struct model *m = load(arena);
	const struct kind *device = model_kind(m, STR("device"));
	names_are(device->identify[0], "serial class");
	names_are(device->identify[1], "uuid");
	assert_null(device->identify[2]);
	names_are(device->indexes, "class, state holder");
	assert_string_equal(device->owner, "holder");
	assert_string_equal(device->number, "DEV-{seq:6}");
	assert_int_equal(device->state_count, 3);
	assert_string_equal(device->states[0].title, "In stock");
	assert_string_equal(device->states[1].title, "Being used");
	assert_true(kind_state(device, STR("gone"))->final);
	assert_false(kind_state(device, STR("in_use"))->final);
	assert_int_equal(device->transition_count, 3);
	const struct transition *t = kind_transition(device, STR("drop"));
	names_are(t->from, "in_stock in_use");
	assert_string_equal(t->to, "gone");
	assert_string_equal(t->function, "report.publish");
	assert_string_equal(t->ceiling, "cost");
	names_are(t->evidence, "certificate");
	names_are(t->approvals, "board");
	assert_int_equal(t->within.micros, 36 * 3600 * SECOND);
	t = kind_transition(device, STR("issue"));
	assert_string_equal(t->function, "device.issue");
	assert_string_equal(t->title, "Issue");
	names_are(t->evidence, "");
	names_are(device->view.list, "number label state class serial uuid holder cost");
	assert_string_equal(device->view.board_by, "state");
	assert_string_equal(device->view.calendar_at, "found");
	assert_null(device->view.map_at);
	model_unref(m);
}

static void functions_and_roles(void **state)
{
	static const char *const expected[] = {
		"device.archive", "device.audit", "device.create", "device.issue", "device.read", "device.read_confidential",
		"device.read_personal", "device.return", "device.see_files", "device.update", "journal.read_all", "person.archive",
		"person.create", "person.erase", "person.read", "person.read_personal", "person.update", "report.publish", "usage.read",
	};
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const struct model *m = load(arena);
	assert_int_equal(m->function_count, sizeof expected / sizeof *expected);
	for (unsigned i = 0; i < m->function_count; i++) {
		assert_string_equal(m->functions[i].name, expected[i]);
		assert_int_equal(m->functions[i].index, i);
		assert_ptr_equal(model_function(m, str_of(expected[i])), &m->functions[i]);
	}
	assert_null(model_function(m, STR("device.rea")));
	assert_string_equal(model_function(m, STR("journal.read_all"))->title, "Read all");
	assert_string_equal(model_function(m, STR("device.audit"))->title, "Audit devices"); /* the pack's title wins */
	assert_string_equal(model_function(m, STR("device.see_files"))->title, "See files");
	assert_int_equal(m->role_count, 1);
	names_are(m->roles[0].grants, "device.* report.publish");
	names_are(m->roles[0].own, "*.read");
	assert_int_equal(m->placement_count, 1);
	assert_string_equal(m->placements[0].name, "buying");
	assert_string_equal(m->placements[0].mode, "delegated");
	assert_string_equal(m->placements[0].reason, "Prices");
	assert_string_equal(m->placements[0].paragraph, "24");
	names_are(m->placements[0].functions, "device.* report.publish");
	model_unref(m);
}

static void policies(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const struct model *m = load(arena);
	const struct policy *p = model_policy(m, STR("held"));
	(void)state;
	assert_int_equal(m->policy_count, 2);
	assert_string_equal(p->pack, "shop");
	assert_string_equal(p->title, "Devices in use have a holder");
	assert_string_equal(p->about, "device");
	assert_int_equal(p->mode, POLICY_ENFORCE);
	assert_int_equal(p->severity, SEVERITY_HIGH);
	assert_string_equal(p->controls[1], "iso-27001/A.5.9");
	assert_null(p->controls[2]);
	assert_string_equal(p->remedy, "Name the holder, or take it back.");
	assert_true(p->fixed);
	assert_string_equal(p->sql, "SELECT id FROM device\nWHERE state = 'in_use' AND holder IS NULL\n");
	assert_int_equal(p->line, 9);
	p = model_policy(m, STR("plain"));
	assert_int_equal(p->mode, POLICY_REPORT);
	assert_int_equal(p->severity, SEVERITY_MEDIUM);
	assert_null(p->controls[0]);
	assert_null(p->remedy);
	assert_false(p->fixed);
	assert_null(model_policy(m, STR("neither")));
	model_unref(m);
}

static void translations(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const struct model *m = load(arena);
	assert_true(str_is(catalog_get(m->catalog, LANG_FR, NULL, STR("Device")), "Appareil de base")); /* first wins */
	assert_true(str_is(catalog_get(m->catalog, LANG_FR, NULL, STR("Hours in use")), "Heures"));
	assert_true(str_is(catalog_get(m->catalog, LANG_FR, NULL, STR("Read")), "Lire"));
	assert_true(str_is(catalog_get(m->catalog, LANG_RU, NULL, STR("Read")), "Read"));
	model_unref(m);
}

static void references(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const struct model *m = load(arena), *again = load(arena);
	assert_memory_equal(m->digest, again->digest, 32);
	assert_ptr_equal(model_ref(m), m);
	model_unref(m);
	assert_non_null(model_kind(m, STR("device"))); /* still held */
	model_unref(m);
	model_unref(again);
	model_unref(NULL);
	assert_null(model_ref(NULL));
}

static void digest_changes(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct embedded changed[sizeof files / sizeof *files];
	struct error e;
	struct pack_source *sources;
	size_t count;
	const struct model *m = load(arena), *other = NULL;
	memcpy(changed, files, sizeof files);
	changed[2].data = STR("msgid \"Device\"\nmsgstr \"Appareil d\"\n");
	error_init(&e, arena);
	assert_int_equal(pack_sources_find(arena, STR_NONE, changed, &sources, &count, &e), OK);
	assert_int_equal(model_load(sources, count, extra, &other, &e), OK);
	assert_memory_not_equal(m->digest, other->digest, 32);
	model_unref(m);
	model_unref(other);
}

/* Writes the built-in pack files below `root`, as an author's folder would hold them. */
static void folder_write(struct arena *arena, struct str root)
{
	struct error e;
	error_init(&e, arena);
	for (const struct embedded *f = files; f->path; f++) {
		struct str name = str_of(f->path);
		if (!str_starts(name, STR("packs/")))
			continue;
		struct str path = arena_format(arena, "%.*s%.*s", STR_ARG(root), STR_ARG(str_slice(name, 5, name.len)));
		size_t slash = path.len;
		while (path.data[slash - 1] != '/')
			slash--;
		assert_int_equal(folder_make(str_slice(path, 0, slash - 1), 0700, &e), OK);
		assert_int_equal(file_replace(path, f->data, 0600, &e), OK);
	}
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *walk)
{
	return remove(path);
}

static void from_a_folder(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	char root[] = "test_model_XXXXXX";
	struct error e;
	struct pack_source *sources;
	size_t count;
	const struct model *built_in = load(arena), *m = NULL;
	error_init(&e, arena);
	assert_non_null(mkdtemp(root));
	folder_write(arena, str_of(root));
	assert_int_equal(folder_make(arena_format(arena, "%s/not_a_pack", root), 0700, &e), OK);
	assert_int_equal(pack_sources_find(arena, str_of(root), NULL, &sources, &count, &e), OK);
	assert_int_equal(count, 2);
	assert_int_equal(model_load(sources, count, extra, &m, &e), OK);
	assert_memory_equal(m->digest, built_in->digest, 32);
	model_unref(m);
	/* both at once: the same names twice */
	assert_int_equal(pack_sources_find(arena, str_of(root), files, &sources, &count, &e), OK);
	assert_int_equal(count, 4);
	assert_int_equal(model_load(sources, count, extra, &m, &e), E_INVALID);
	error_clear(&e);
	assert_int_equal(pack_sources_find(arena, STR("no_such_folder"), NULL, &sources, &count, &e), E_IO);
	assert_int_equal(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	model_unref(built_in);
}

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *function;
		bool covers;
	} cases[] = {
		{ "*", "device.read", true },		 { "device.*", "device.read", true },
		{ "device.*", "device.read.all", true }, { "device.*", "device_link.read", false },
		{ "device.*", "device.", false },	 { "*.read", "device.read", true },
		{ "*.read", "device.read_personal", false }, { "*.read", "device.bread", false },
		{ "*.read", ".read", false },		 { "device.read", "device.read", true },
		{ "device.read", "device.rea", false },	 { "", "device.read", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (function_matches(str_of(cases[i].pattern), str_of(cases[i].function)) != cases[i].covers)
			fail_msg("%s against %s", cases[i].pattern, cases[i].function);
}

/* Every allocation fails once: an error, no crash, no leak, nothing half-made. */
static void out_of_memory(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct pack_source *sources;
	size_t count;
	struct error e;
	error_init(&e, arena);
	assert_int_equal(pack_sources_find(arena, STR_NONE, files, &sources, &count, &e), OK);
	int64_t n = 0;
	for (bool done = false; !done; n++) {
		const struct model *m = NULL;
		error_clear(&e);
		mem_fail_at(n);
		enum code code = model_load(sources, count, extra, &m, &e);
		done = mem_fail_left() >= 0;
		mem_fail_at(-1);
		if (code != OK) {
			assert_int_equal(code, E_NOMEM);
			assert_null(m);
		}
		model_unref(m);
	}
	assert_true(n > 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packs_and_kinds), cmocka_unit_test(fields),	     cmocka_unit_test(parts_of_kinds),
		cmocka_unit_test(functions_and_roles), cmocka_unit_test(policies), cmocka_unit_test(translations), cmocka_unit_test(references),
		cmocka_unit_test(digest_changes),  cmocka_unit_test(from_a_folder), cmocka_unit_test(patterns),	     cmocka_unit_test(out_of_memory),
	};
	struct error e = { 0 };
	if (crypto_init(&e) != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

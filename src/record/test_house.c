/* The small organisation that tests of records work in. Neighbours: test_house.h. */
#include "test_house.h"
#include <stdio.h>
#include <string.h>

#define FILE_OF(path, text) { path, { text, sizeof(text) - 1 }, { "", 0 } }

const struct embedded house_pack[] = {
	FILE_OF("packs/house/kinds/entity.yaml",
		"kind: entity\n"
		"plural: Entities\n"
		"flags: [entity_tree, shared]\n"
		"fields:\n"
		"  name: {type: text, required: true}\n"
		"  parent: {type: ref, to: entity, tree: true}\n"),
	FILE_OF("packs/house/kinds/note.yaml",
		"kind: note\n"
		"owner: author\n"
		"fields:\n"
		"  name: {type: text, required: true, personal: {purpose: Notes, keep: 1 year, subject: about}}\n"
		"  text: {type: text, personal: {purpose: Notes, keep: 1 year, subject: about}, function: note.read}\n"
		"  about: {type: ref, to: person, personal: {purpose: Notes, keep: 1 year}, function: note.read}\n"
		"  author: {type: ref, to: person}\n"),
	FILE_OF("packs/house/kinds/person.yaml",
		"kind: person\n"
		"plural: People\n"
		"flags: [subject]\n"
		"number: \"P-{seq:4}\"\n"
		"identify: [email]\n"
		"fields:\n"
		"  name: {type: text, required: true, function: person.read, personal: {purpose: Directory, keep: 2 years}}\n"
		"  email: {type: text, pattern: email, unique: true, required: true, personal: {purpose: Directory, keep: 2 years}}\n"
		"  phone: {type: text, personal: {purpose: Contact, keep: 6 months}}\n"
		"  born: {type: date, personal: {purpose: Contact, keep: 6 months}}\n"
		"  desk: {type: ref, to: site, personal: {purpose: Contact, keep: 6 months}}\n"
		"  spot: {type: geo, history: false, personal: {purpose: Contact, keep: 6 months}}\n"
		"  team: {type: text}\n"),
	FILE_OF("packs/house/kinds/shown.yaml",
		"kind: shown\n"
		"title_field: thing\n"
		"fields:\n"
		"  thing: {type: ref, to: thing}\n"
		"select: |\n"
		"  SELECT id, entity, id AS thing FROM thing\n"),
	FILE_OF("packs/house/kinds/site.yaml",
		"kind: site\n"
		"fields:\n"
		"  name: {type: text, required: true}\n"),
	FILE_OF("packs/house/kinds/thing.yaml",
		"kind: thing\n"
		"number: \"T-{seq:6}\"\n"
		"identify: [[serial, class], tag]\n"
		"owner: holder\n"
		"indexes: [[class, state]]\n"
		"fields:\n"
		"  name: {type: text, required: true}\n"
		"  class: {type: choice, of: [big, small], required: true}\n"
		"  colour: {type: choice, of: [red, blue], default: red}\n"
		"  serial: {type: text}\n"
		"  tag: {type: text, unique: true}\n"
		"  secret: {type: text, unique: true, class: confidential}\n"
		"  pin: {type: text, history: false}\n"
		"  pieces: {type: int}\n"
		"  weight: {type: decimal, scale: 2}\n"
		"  cost: {type: money}\n"
		"  bought: {type: date, default: today}\n"
		"  seen: {type: time}\n"
		"  good: {type: bool, default: true}\n"
		"  holder: {type: ref, to: person, personal: {purpose: Custody, keep: 1 year}, function: thing.read}\n"
		"  site: {type: ref, to: site}\n"
		"  spare_site: {type: ref, to: site}\n"
		"  sites: {type: refs, to: site}\n"
		"  part_of: {type: ref, to: thing, tree: true}\n"
		"  place: {type: geo}\n"
		"  paper: {type: file}\n"
		"  extra: {type: json}\n"
		"  label: {type: local}\n"
		"states:\n"
		"  new: {take: used, scrap: gone}\n"
		"  used: {give_back: new, scrap: gone}\n"
		"  gone:\n"
		"transitions:\n"
		"  scrap: {ceiling: cost, evidence: [paper, sites]}\n"),
	FILE_OF("packs/house/pack.yaml", "pack: house\ntitle: House\nversion: 1.0\n"),
	{ 0 },
};

static int64_t person_make(struct house *h, int64_t entity, const char *name)
{
	return house_make(h, "person", entity, "{'name':'%s','email':'%s@example.org'}", name, name);
}

struct house *house_new(const char *postgres)
{
	struct house *h = calloc(1, sizeof *h);
	assert_non_null(h);
	h->r = rig_new(postgres);
	assert_non_null(h->r);
	const struct model *m = rig_model(h->r, house_pack, NULL);
	assert_non_null(m);
	expect(h, rig_apply(h->r, m), OK, "");
	assert_true(rig_world(h->r, NULL));
	h->root = house_make(h, "entity", 0, "{'name':'House'}");
	h->east = house_make(h, "entity", 0, "{'name':'East','parent':'%lld'}", (long long)h->root);
	h->west = house_make(h, "entity", 0, "{'name':'West','parent':'%lld'}", (long long)h->root);
	h->ann = person_make(h, h->east, "ann");
	h->bob = person_make(h, h->west, "bob");
	h->cyd = person_make(h, h->west, "cyd");
	h->dan = person_make(h, h->east, "dan");
	h->eve = person_make(h, h->east, "eve");
	house_world(h, NULL);
	h->desk = house_make(h, "site", h->east, "{'name':'Desk'}");
	return h;
}

void house_free(struct house *h)
{
	if (h)
		rig_free(h->r);
	free(h);
}

void house_world(struct house *h, const struct rig_grant *extra)
{
	const struct rig_grant base[] = {
		{ h->ann, "*", false, h->east, 0 },
		{ h->bob, "*", false, h->west, 0 },
		{ h->cyd, "*", true, h->root, 0 },
		{ h->dan, "*.read", false, h->east, 0 },
		{ h->dan, "thing.update", false, h->east, 0 },
		{ h->dan, "thing.create", false, h->east, 0 },
		{ h->eve, "*.read", false, h->east, 0 },
		{ h->eve, "*.update", false, h->east, 0 },
		{ h->eve, "thing.scrap", false, h->east, 50000 },
	};
	struct rig_grant all[32] = { { 0 } };
	size_t n = sizeof base / sizeof *base;
	memcpy(all, base, sizeof base);
	for (; extra && extra->person; extra++)
		all[n++] = *extra;
	assert_true(rig_world(h->r, all));
}

static const char *filled(struct house *h, const char *format, va_list arguments)
{
	static char text[4000];
	int len = vsnprintf(text, sizeof text, format, arguments);
	assert_in_range(len, 0, sizeof text - 1);
	return text;
}

enum code house_create(struct house *h, int64_t person, const char *kind, int64_t entity, struct record_ref *ret, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	const char *json = filled(h, format, arguments);
	va_end(arguments);
	return rig_create(h->r, person, kind, entity, json, ret);
}

enum code house_update(struct house *h, int64_t person, const char *kind, int64_t id, struct record_ref *ret, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	const char *json = filled(h, format, arguments);
	va_end(arguments);
	return rig_update(h->r, person, kind, id, json, ret);
}

enum code house_step(struct house *h, int64_t person, const char *kind, int64_t id, const char *transition, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	const char *json = filled(h, format, arguments);
	va_end(arguments);
	return rig_transition(h->r, person, kind, id, transition, json, NULL);
}

int64_t house_make(struct house *h, const char *kind, int64_t entity, const char *format, ...)
{
	struct record_ref ref = { 0 };
	va_list arguments;
	va_start(arguments, format);
	const char *json = filled(h, format, arguments);
	va_end(arguments);
	expect(h, rig_create(h->r, 0, kind, entity, json, &ref), OK, "");
	return ref.id;
}

enum code house_archive(struct house *h, int64_t person, const char *kind, int64_t id, bool back)
{
	struct record_ref ref;
	TRY(rig_begin(h->r));
	enum code code = rig_call(h->r, person);
	if (code == OK)
		code = record_archive(&h->r->x, rig_kind(h->r, kind), id, 0, back, &ref, &h->r->e);
	return rig_alone(h->r, code);
}

enum code house_erase(struct house *h, int64_t person, int64_t id)
{
	struct record_ref ref;
	TRY(rig_begin(h->r));
	enum code code = rig_call(h->r, person);
	if (code == OK)
		code = record_erase(&h->r->x, rig_kind(h->r, "person"), id, &ref, &h->r->e);
	return rig_alone(h->r, code);
}

/* --- expecting ------------------------------------------------------------------------------------ */

void expect_(struct house *h, enum code is, enum code should, const char *part, const char *file, int line)
{
	struct str text = is == OK ? STR("done") : rig_fault(h->r);
	if (is == should && (is == OK || str_find_str(text, str_of(part)) >= 0))
		return;
	print_error("%s, not %s \"%s\": %.*s\n", is == OK ? "ok" : code_name(is), should == OK ? "ok" : code_name(should), part, STR_ARG(text));
	_fail(file, line);
}

void expect_sql_(struct house *h, const char *value, const char *file, int line, const char *format, ...)
{
	char sql[1000];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(sql, sizeof sql, format, arguments);
	va_end(arguments);
	struct str is = rig_ask(h->r, sql);
	if (str_is(is, value))
		return;
	print_error("%s: \"%.*s\", not \"%s\"\n", sql, STR_ARG(is), value);
	_fail(file, line);
}

void expect_part_(struct str text, const char *part, bool there, const char *file, int line)
{
	if ((str_find_str(text, str_of(part)) >= 0) == there)
		return;
	print_error("%s \"%s\": %.*s\n", there ? "missing" : "should not be there:", part, STR_ARG(text));
	_fail(file, line);
}

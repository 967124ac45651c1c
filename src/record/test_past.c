/* The past, against a slow and obvious oracle: random histories are made, then every answer about a moment is compared with
 * what replaying the journal's entries up to that moment gives: values, rights, masks, filters, order, pages, counts, facets.
 *   test_record_past [postgres://…]          SEED=n repeats a run
 * Neighbours: test_house.h; past.c. */
#include "past.h"
#include "test_house.h"
#include <stdio.h>
#include <string.h>

#define ID(n) ((long long)(n))
#define MOST 400
#define HOUR (3600 * SECOND)

static const char *postgres;

static int setup(void **state)
{
	*state = house_new(postgres);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	house_free(*state);
	return 0;
}

/* --- the oracle ----------------------------------------------------------------------------------- */

struct told { /* an entry of the journal */
	int64_t time;
	const struct json *payload;
};

struct cell {
	const struct json *json; /* NULL: none */
	bool erased, unkept;
};

struct was { /* a record at a moment */
	int64_t id, entity, version, since, archived;
	struct str state, number;
	struct cell cells[40];
};

struct oracle {
	struct house *h;
	struct told told[2000];
	size_t told_count;
	const struct kind *kind;
	struct was rows[MOST];
	size_t count;
};

static void oracle_read(struct oracle *o)
{
	struct rig *r = o->h->r;
	bool more = true, row = true;
	while (more)
		expect(o->h, journal_integrate(r->journal, r->c, 10000, &more, &r->e), OK, "");
	CLEAN_ROWS struct rows *rows = NULL;
	expect(o->h, sql_query(r->c, "SELECT time, payload FROM journal_entry ORDER BY leaf", SQL_NO_PARAMS, &rows, &r->e), OK, "");
	for (;;) {
		expect(o->h, rows_next(rows, &row, &r->e), OK, "");
		if (!row)
			break;
		struct told *t = &o->told[o->told_count++];
		assert_true(o->told_count < sizeof o->told / sizeof *o->told);
		t->time = rows_int(rows, 0);
		expect(o->h, json_parse(r->keep, rows_text(rows, 1), NULL, &t->payload, &r->e), OK, "");
	}
}

static struct was *oracle_row(struct oracle *o, int64_t id)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->rows[i].id == id)
			return &o->rows[i];
	assert_true(o->count < MOST);
	o->rows[o->count] = (struct was){ .id = id };
	return &o->rows[o->count++];
}

static void apply(struct oracle *o, const struct told *t, const struct json *change)
{
	int64_t id;
	struct str action = json_text(change, STR("action"));
	assert_true(id_parse(json_text(change, STR("id")), &id));
	struct was *w = oracle_row(o, id);
	assert_int_equal(json_int(change, STR("version"), 0), w->version + 1);
	w->version++;
	w->since = t->time;
	assert_true(id_parse(json_text(change, STR("entity")), &w->entity));
	if (json_text(change, STR("number")).len)
		w->number = json_text(change, STR("number"));
	const struct json *state = json_get(change, STR("state")), *fields = json_get(change, STR("fields"));
	if (state)
		w->state = state->list.items[1].text;
	if (str_is(action, "archive"))
		w->archived = t->time;
	if (str_is(action, "restore"))
		w->archived = 0;
	for (size_t i = 0; i < fields->object.count; i++) {
		const struct json_member *m = &fields->object.members[i];
		const struct field *f = kind_field(o->kind, m->name);
		struct cell *c = &w->cells[f->index];
		*c = (struct cell){ .json = &m->value.list.items[1], .unkept = (f->flags & FIELD_NO_HISTORY) != 0 };
		if (c->json->type == JSON_NULL)
			c->json = NULL;
		else if (f->personal && c->json->type == JSON_OBJECT)
			expect(o->h, past_open(&o->h->r->x, o->kind, f, id, c->json, &c->json, &c->erased, &o->h->r->e), OK, "");
	}
}

/* The records of a kind at a moment: entries of that time and before, as far as they were known. */
static void oracle_replay(struct oracle *o, const struct kind *k, const struct moment *m)
{
	o->kind = k;
	o->count = 0;
	for (size_t i = 0; i < o->told_count; i++) {
		const struct told *t = &o->told[i];
		const struct json *changes = json_get(t->payload, STR("changes"));
		bool known = m->known == KNOWN_ALL || (m->known == KNOWN_TIME ? t->time <= m->limit : (int64_t)i < m->limit);
		if (!known || (m->as_of_given && t->time > m->at))
			continue;
		for (size_t j = 0; j < changes->list.count; j++)
			if (str_is(json_text(&changes->list.items[j], STR("kind")), k->name))
				apply(o, t, &changes->list.items[j]);
	}
}

static int64_t ref_of(const struct was *w, const struct kind *k, const char *name)
{
	const struct cell *c = &w->cells[kind_field(k, str_of(name))->index];
	int64_t id = 0;
	return c->json && !c->erased && c->json->type == JSON_TEXT && id_parse(c->json->text, &id) ? id : 0;
}

static struct str text_of_cell(const struct was *w, const struct kind *k, const char *name)
{
	const struct cell *c = &w->cells[kind_field(k, str_of(name))->index];
	return c->json && !c->erased && c->json->type == JSON_TEXT ? c->json->text : STR_NONE;
}

/* --- who sees what, in the house of test_house.c --------------------------------------------------- */

static bool may_see(struct oracle *o, int64_t person, const struct was *w)
{
	struct house *h = o->h;
	if (!person)
		return true;
	if (person == h->ann || person == h->dan)
		return w->entity == h->east;
	if (person == h->bob)
		return w->entity == h->west;
	const char *owner = o->kind->owner; /* cyd: her own */
	return o->kind->flags & KIND_SUBJECT ? w->id == person : owner && ref_of(w, o->kind, owner) == person;
}

static bool may_read(struct oracle *o, int64_t person, const struct field *f)
{
	return person != o->h->dan || !f->function || str_ends(str_of(f->function), STR(".read"));
}

/* --- questions ------------------------------------------------------------------------------------ */

struct ask {
	const char *kind, *name, *text; /* a parameter; %: an id follows from `who` */
	bool (*fits)(struct oracle *o, const struct was *w);
};

static bool fits_all(struct oracle *o, const struct was *w)
{
	return true;
}

static bool fits_big(struct oracle *o, const struct was *w)
{
	return str_is(text_of_cell(w, o->kind, "class"), "big");
}

static bool fits_used(struct oracle *o, const struct was *w)
{
	return str_is(w->state, "used") || str_is(w->state, "gone");
}

static bool fits_name(struct oracle *o, const struct was *w)
{
	return str_find_str(text_of_cell(w, o->kind, "name"), STR("a")) >= 0;
}

static bool fits_pieces(struct oracle *o, const struct was *w)
{
	const struct cell *c = &w->cells[kind_field(o->kind, STR("pieces"))->index];
	return c->json && c->json->integer > 4;
}

static bool fits_ann(struct oracle *o, const struct was *w)
{
	return ref_of(w, o->kind, "holder") == o->h->ann;
}

static bool fits_not_ann(struct oracle *o, const struct was *w)
{
	const struct cell *c = &w->cells[kind_field(o->kind, STR("holder"))->index];
	return c->json && (c->erased || !fits_ann(o, w));
}

static bool fits_no_holder(struct oracle *o, const struct was *w)
{
	return !w->cells[kind_field(o->kind, STR("holder"))->index].json;
}

static bool fits_desk(struct oracle *o, const struct was *w)
{
	const struct json *j = w->cells[kind_field(o->kind, STR("sites"))->index].json;
	char id[24];
	snprintf(id, sizeof id, "%lld", ID(o->h->desk));
	for (size_t i = 0; j && i < j->list.count; i++)
		if (str_is(j->list.items[i].text, id))
			return true;
	return false;
}

static bool fits_east(struct oracle *o, const struct was *w)
{
	return w->entity == o->h->east;
}

static bool fits_version(struct oracle *o, const struct was *w)
{
	return w->version >= 3;
}

static const struct ask asks[] = {
	{ "thing", "limit", "7", fits_all },
	{ "thing", "class", "eq.big", fits_big },
	{ "thing", "state", "in.(used,gone)", fits_used },
	{ "thing", "name", "like.*a*", fits_name },
	{ "thing", "pieces", "gt.4", fits_pieces },
	{ "thing", "holder", "eq.ANN", fits_ann },
	{ "thing", "holder", "neq.ANN", fits_not_ann },
	{ "thing", "holder", "is.null", fits_no_holder },
	{ "thing", "sites", "cs.{DESK}", fits_desk },
	{ "thing", "within", "EAST", fits_east },
	{ "thing", "version", "gte.3", fits_version },
	{ "person", "limit", "7", fits_all },
	{ "note", "limit", "7", fits_all },
	{ "site", "limit", "7", fits_all },
};

static const char *const orders[] = { NULL, "name.desc", "state.asc,id.desc", "pieces.desc.nullslast", "pieces.asc.nullsfirst,name", "since" };

static struct str filled(struct house *h, const char *text)
{
	static const char *const words[] = { "ANN", "DESK", "EAST" };
	const int64_t ids[] = { h->ann, h->desk, h->east };
	for (size_t i = 0; i < 3; i++) {
		const char *at = strstr(text, words[i]);
		if (at)
			return arena_format(h->r->call, "%.*s%lld%s", (int)(at - text), text, ID(ids[i]), at + strlen(words[i]));
	}
	return str_of(text);
}

static const struct json *answer(struct house *h, const struct kind *k, const struct query_pair *pairs, size_t count,
				 enum code (*ask)(struct record_context *x, const struct kind *k, const struct record_query *q,
						  struct json_writer *out, struct error *e))
{
	struct rig *r = h->r;
	struct record_query q;
	const struct json *j = NULL;
	CLEAN_BUF struct buf out;
	struct json_writer w;
	buf_init(&out, 0);
	json_writer_init(&w, &out);
	expect(h, record_query_parse(r->model, k, pairs, count, STR("USD"), r->call, &q, &r->e), OK, "");
	expect(h, ask(&r->x, k, &q, &w, &r->e), OK, "");
	expect(h, json_parse(r->call, buf_str(&out), NULL, &j, &r->e), OK, "");
	return j;
}

static bool names(const struct json *item, const char *list, const char *name)
{
	const struct json *j = json_get(item, str_of(list));
	for (size_t i = 0; j && i < j->list.count; i++)
		if (str_is(j->list.items[i].text, name))
			return true;
	return false;
}

static void same_cell(const struct field *f, const struct cell *c, const struct json *item)
{
	static const struct json nothing = { .type = JSON_NULL };
	const struct json *is = json_get(item, str_of(f->name));
	if (c->erased) /* the live row holds what stands in the place of an erased name */
		assert_true(names(item, c->unkept ? "unkept" : "forgotten", f->name) || is->type == JSON_NULL || str_find_str(is->text, STR("(erased")) == 0);
	else if (c->unkept)
		assert_true(is || names(item, "unkept", f->name));
	else if (is && is->type == JSON_LIST && !c->json)
		assert_int_equal(is->list.count, 0);
	else if (!is || !json_equal(is, c->json ? c->json : &nothing)) {
		if (!is && (f->flags & FIELD_NO_HISTORY) && names(item, "unkept", f->name))
			return;
		print_error("%s differs\n", f->name);
		fail();
	}
}

static void same_record(struct oracle *o, int64_t person, const struct was *w, const struct json *item)
{
	assert_int_equal(json_int(item, STR("version"), 0), w->version);
	assert_true(str_eq(json_text(item, STR("state")), w->state) || !w->state.len);
	assert_true(str_eq(json_text(item, STR("number")), w->number) || !w->number.len);
	assert_int_equal(json_get(item, STR("archived")) != NULL, w->archived != 0);
	int64_t entity, since;
	assert_true(id_parse(json_text(item, STR("entity")), &entity) && entity == w->entity);
	assert_true(time_parse(json_text(item, STR("since")), &since) && since == w->since);
	for (const struct field *f = o->kind->fields; f->name; f++) {
		bool may = may_read(o, person, f);
		assert_int_equal(names(item, "masked", f->name), !may);
		if (may)
			same_cell(f, &w->cells[f->index], item);
		else
			assert_null(json_get(item, str_of(f->name)));
	}
}

struct expected {
	const struct was *rows[MOST];
	bool met[MOST];
	size_t count;
};

static void expected_make(struct oracle *o, int64_t person, const struct ask *ask, bool archived, struct expected *ret)
{
	ret->count = 0;
	for (size_t i = 0; i < o->count; i++)
		if (may_see(o, person, &o->rows[i]) && (archived || !o->rows[i].archived) && ask->fits(o, &o->rows[i])) {
			ret->met[ret->count] = false;
			ret->rows[ret->count++] = &o->rows[i];
		}
}

static void meet(struct oracle *o, struct expected *all, int64_t person, const struct json *item)
{
	int64_t id;
	assert_true(id_parse(json_text(item, STR("id")), &id));
	for (size_t i = 0; i < all->count; i++)
		if (all->rows[i]->id == id) {
			assert_false(all->met[i]); /* no page tells a record twice */
			all->met[i] = true;
			same_record(o, person, all->rows[i], item);
			return;
		}
	print_error("%s %lld was not there\n", o->kind->name, ID(id));
	fail();
}

/* One field of two rows in the order asked for: what stands later never comes before. */
static void in_order(const char *order, const struct json *a, const struct json *b)
{
	if (!order || strncmp(order, "pieces", 6) != 0)
		return;
	const struct json *x = json_get(a, STR("pieces")), *y = json_get(b, STR("pieces"));
	bool descending = strstr(order, "desc") != NULL, first = strstr(order, "nullsfirst") != NULL, none = x->type == JSON_NULL,
	     nothing = y->type == JSON_NULL;
	if (none || nothing)
		assert_true(first ? none : nothing);
	else
		assert_true(descending ? x->integer >= y->integer : x->integer <= y->integer);
}

static void check_list(struct oracle *o, int64_t person, const struct query_pair *moment, const struct ask *ask, bool archived, const char *order)
{
	struct house *h = o->h;
	struct expected all;
	struct str after = STR("");
	const struct json *last = NULL;
	size_t pages = 0;
	expected_make(o, person, ask, archived, &all);
	do {
		struct query_pair pairs[9] = { moment[0], moment[1], { str_of(ask->name), filled(h, ask->text) }, { STR("count"), STR("exact") } };
		size_t n = 4;
		if (archived)
			pairs[n++] = (struct query_pair){ STR("archived"), STR("any") };
		if (order)
			pairs[n++] = (struct query_pair){ STR("order"), str_of(order) };
		if (after.len)
			pairs[n++] = (struct query_pair){ STR("after"), after };
		if (strcmp(ask->name, "limit") != 0)
			pairs[n++] = (struct query_pair){ STR("limit"), STR("7") };
		const struct json *j = answer(h, o->kind, pairs, n, record_list), *items = json_get(j, STR("items"));
		assert_int_equal(json_int(j, STR("count"), -1), all.count);
		for (size_t i = 0; i < items->list.count; i++) {
			meet(o, &all, person, &items->list.items[i]);
			if (last)
				in_order(order, last, &items->list.items[i]);
			last = &items->list.items[i];
		}
		after = json_text(j, STR("next"));
		assert_true(++pages < MOST);
	} while (after.len);
	for (size_t i = 0; i < all.count; i++)
		if (!all.met[i]) {
			print_error("%s %lld is missing\n", o->kind->name, ID(all.rows[i]->id));
			fail();
		}
}

static void check_facets(struct oracle *o, int64_t person, const struct query_pair *moment)
{
	static const struct ask all = { "thing", "", "", fits_all };
	const struct query_pair by[] = { moment[0], moment[1], { STR("by"), STR("class,state,colour,site") } };
	const struct json *j = answer(o->h, o->kind, by, 3, record_facets), *facets = json_get(j, STR("facets"));
	struct expected rows;
	expected_make(o, person, &all, false, &rows);
	assert_int_equal(json_int(j, STR("count"), -1), rows.count);
	for (size_t i = 0; i < facets->object.count; i++) {
		const struct json *values = &facets->object.members[i].value;
		const char *name = facets->object.members[i].name.data;
		int64_t total = 0;
		for (size_t v = 0; v < values->list.count; v++) {
			const struct json *value = json_get(&values->list.items[v], STR("value"));
			int64_t count = json_int(&values->list.items[v], STR("count"), -1), is = 0;
			for (size_t k = 0; k < rows.count; k++) {
				bool state = strcmp(name, "state") == 0;
				struct str text = state ? rows.rows[k]->state : text_of_cell(rows.rows[k], o->kind, name);
				is += value->type == JSON_NULL ? !text.len : str_eq(value->text, text);
			}
			assert_int_equal(count, is);
			total += count;
		}
		assert_int_equal(total, rows.count);
	}
}

static void check_one(struct oracle *o, int64_t person, const struct moment *m, int64_t id)
{
	struct rig *r = o->h->r;
	const struct record_select all = { 0 };
	const struct json *j;
	int64_t version;
	CLEAN_BUF struct buf out;
	struct json_writer w;
	const struct was *was = NULL;
	for (size_t i = 0; i < o->count; i++)
		if (o->rows[i].id == id && may_see(o, person, &o->rows[i]))
			was = &o->rows[i];
	buf_init(&out, 0);
	json_writer_init(&w, &out);
	expect(o->h, record_get(&r->x, o->kind, id, m, &all, &w, &version, &r->e), was ? OK : E_NOT_FOUND, "There is no");
	if (!was)
		return;
	expect(o->h, json_parse(r->call, buf_str(&out), NULL, &j, &r->e), OK, "");
	same_record(o, person, was, j);
}

/* --- random histories ----------------------------------------------------------------------------- */

struct chance {
	uint64_t state;
	struct house *h;
	int64_t things[120], people[20], notes[30], sites[20];
	size_t thing_count, person_count, note_count, site_count;
};

static unsigned pick(struct chance *c, unsigned below)
{
	c->state = c->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(c->state >> 33) % below;
}

static int64_t anyone(struct chance *c)
{
	return c->people[pick(c, (unsigned)c->person_count)];
}

static int64_t anywhere(struct chance *c)
{
	return pick(c, 2) ? c->h->east : c->h->west;
}

static void make_thing(struct chance *c)
{
	static const char *const names[] = { "Lamp", "Bell", "Chair", "Desk %_\\\\", "\\u0414\\u043e\\u043c", "Saw" };
	if (c->thing_count == 120)
		return;
	char pieces[24] = "null", holder[40] = "";
	if (pick(c, 3))
		snprintf(pieces, sizeof pieces, "%u", pick(c, 9));
	if (pick(c, 2))
		snprintf(holder, sizeof holder, ",'holder':'%lld'", ID(anyone(c)));
	c->things[c->thing_count++] =
		house_make(c->h, "thing", anywhere(c), "{'name':'%s','class':'%s','pieces':%s,'secret':'s%u','pin':'%u','sites':['%lld'%s]%s}",
			   names[pick(c, 6)], pick(c, 2) ? "big" : "small", pieces, c->state >> 40 ? (unsigned)(c->state >> 32) : 1, pick(c, 100),
			   ID(c->sites[pick(c, (unsigned)c->site_count)]), "", holder);
}

static void change_thing(struct chance *c)
{
	struct record_ref ref;
	int64_t id = c->things[pick(c, (unsigned)c->thing_count)];
	switch (pick(c, 6)) {
	case 0:
		house_update(c->h, 0, "thing", id, &ref, "{'holder':'%lld','pin':'9'}", ID(anyone(c)));
		break;
	case 1:
		house_update(c->h, 0, "thing", id, &ref, "{'holder':null,'sites':['%lld','%lld'],'cost':{'amount':'%u.50','currency':'EUR'}}",
			     ID(c->h->desk), ID(c->sites[pick(c, (unsigned)c->site_count)]), pick(c, 50));
		break;
	case 2:
		house_update(c->h, 0, "thing", id, &ref, "{'pieces':%u,'site':'%lld','sites':[],'label':{'en':'x%u'}}", pick(c, 9),
			     ID(c->sites[pick(c, (unsigned)c->site_count)]), pick(c, 9));
		break;
	case 3:
		house_update(c->h, 0, "thing", id, &ref, "{'name':'Radar %u','pieces':null,'weight':'%u.25','place':{'type':'Point','coordinates':[1.5,%u]}}",
			     pick(c, 9), pick(c, 9), pick(c, 9));
		break;
	case 4:
		house_step(c->h, 0, "thing", id, pick(c, 2) ? "take" : "give_back", "{}");
		break;
	default:
		house_archive(c->h, 0, "thing", id, pick(c, 2));
	}
}

static void move_thing(struct chance *c)
{
	struct rig *r = c->h->r;
	const struct kind *k = rig_kind(r, "thing");
	struct record_ref ref;
	int64_t id = c->things[pick(c, (unsigned)c->thing_count)];
	expect(c->h, rig_begin(r), OK, "");
	expect(c->h, rig_call(r, 0), OK, "");
	rig_alone(r, record_update(&r->x, k, id, 0, anywhere(c), rig_values(r, k, "{}", true), &ref, &r->e));
}

/* Several versions in one entry. */
static void change_twice(struct chance *c)
{
	struct rig *r = c->h->r;
	const struct kind *k = rig_kind(r, "thing");
	struct record_ref ref;
	int64_t id = c->things[pick(c, (unsigned)c->thing_count)];
	expect(c->h, rig_begin(r), OK, "");
	expect(c->h, rig_call(r, 0), OK, "");
	enum code code = record_update(&r->x, k, id, 0, 0, rig_values(r, k, "{'pieces':1}", true), &ref, &r->e);
	if (code == OK)
		code = record_update(&r->x, k, id, 0, 0, rig_values(r, k, "{'pieces':2,'name':'Twice'}", true), &ref, &r->e);
	rig_alone(r, code);
}

static void change_person(struct chance *c)
{
	struct record_ref ref;
	unsigned what = pick(c, 5);
	if (what == 0 && c->person_count < 20) {
		unsigned n = (unsigned)c->person_count++;
		c->people[n] = c->people[0];
		c->people[n] = house_make(c->h, "person", anywhere(c), "{'name':'P%u','email':'p%u@example.org','phone':'%u','team':'t'}",
					  pick(c, 1000), n, pick(c, 1000));
	}
	else if (what == 1 && c->note_count < 30)
		c->notes[c->note_count++] = house_make(c->h, "note", anywhere(c), "{'name':'N%u','text':'%u','about':'%lld','author':'%lld'}",
						       pick(c, 100), pick(c, 100), ID(anyone(c)), ID(c->h->cyd));
	else if (what == 2 && c->note_count)
		house_update(c->h, 0, "note", c->notes[pick(c, (unsigned)c->note_count)], &ref, "{'text':'%u','author':'%lld'}", pick(c, 100),
			     ID(anyone(c)));
	else
		house_update(c->h, 0, "person", anyone(c), &ref, "{'phone':'%u','desk':'%lld','spot':{'type':'Point','coordinates':[%u.5,1.5]}}",
			     pick(c, 1000), ID(c->h->desk), pick(c, 90));
}

static void step(struct chance *c)
{
	unsigned what = pick(c, 20);
	if (pick(c, 8) == 0)
		c->h->r->time += pick(c, 3) * HOUR + pick(c, 1000);
	if (what < 4 || !c->thing_count)
		make_thing(c);
	else if (what < 13)
		change_thing(c);
	else if (what == 13)
		change_twice(c);
	else if (what < 16)
		move_thing(c);
	else if (what == 16 && c->site_count < 20)
		c->sites[c->site_count++] = house_make(c->h, "site", c->h->east, "{'name':'S%u'}", pick(c, 100));
	else
		change_person(c);
}

static struct chance *history(struct house *h, uint64_t seed, unsigned steps)
{
	struct chance *c = calloc(1, sizeof *c);
	assert_non_null(c);
	*c = (struct chance){ .state = seed, .h = h, .people = { h->ann, h->bob, h->cyd, h->dan, h->eve }, .person_count = 5,
			      .sites = { h->desk }, .site_count = 1 };
	for (unsigned i = 0; i < steps; i++) {
		step(c);
		if (i == steps * 2 / 3) {
			expect(h, house_erase(h, 0, h->eve), OK, "");
			c->people[4] = h->ann; /* nothing new is told of who was erased */
		}
	}
	return c;
}

/* As people write it, and as the oracle has it. */
static struct moment moment_at_random(struct chance *c, const struct oracle *o, struct query_pair ret[2])
{
	struct rig *r = c->h->r;
	struct moment m = { 0 };
	char text[32];
	unsigned how = pick(c, 4), entry = pick(c, (unsigned)o->told_count), other = pick(c, (unsigned)o->told_count);
	int64_t at = o->told[entry].time - pick(c, 2), known = o->told[other].time - pick(c, 2);
	ret[0] = ret[1] = (struct query_pair){ STR("count"), STR("none") };
	if (how != 1) {
		size_t len = time_format(at, text);
		ret[0] = (struct query_pair){ STR("as_of"), arena_copy(r->keep, (struct str){ text, len }) };
		m.as_of_given = true;
		m.at = at;
	}
	if (how != 0) {
		m.known = how == 3 ? KNOWN_SIZE : KNOWN_TIME;
		m.limit = how == 3 ? other : known;
		size_t len = time_format(known, text);
		struct str value = how == 3 ? arena_format(r->keep, "%u", other) : arena_copy(r->keep, (struct str){ text, len });
		ret[1] = (struct query_pair){ STR("known_at"), value };
	}
	return m;
}

static void answers_are_those_of_the_journal(void **state)
{
	struct house *h = *state;
	const char *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : 4711;
	struct chance *c = history(h, seed, 420);
	struct oracle *o = calloc(1, sizeof *o);
	const int64_t who[] = { 0, h->ann, h->bob, h->cyd, h->dan };
	assert_non_null(o);
	o->h = h;
	oracle_read(o);
	size_t asked = 0, rows = 0;
	for (unsigned round = 0; round < 150; round++) {
		struct query_pair pairs[2];
		struct moment m = moment_at_random(c, o, pairs);
		const struct ask *ask = &asks[pick(c, sizeof asks / sizeof *asks)];
		const struct kind *k = rig_kind(h->r, ask->kind);
		int64_t person = who[pick(c, 5)];
		bool thing = strcmp(k->name, "thing") == 0;
		const char *order = orders[thing ? pick(c, 6) : 0];
		expect(h, rig_begin(h->r), OK, "");
		expect(h, rig_call(h->r, person), OK, "");
		oracle_replay(o, k, &m);
		check_list(o, person, pairs, ask, pick(c, 2), order);
		if (thing)
			check_facets(o, person, pairs);
		if (o->count)
			check_one(o, person, &m, o->rows[pick(c, (unsigned)o->count)].id);
		check_one(o, person, &m, c->things[pick(c, (unsigned)c->thing_count)]);
		rig_alone(h->r, E_INVALID);
		asked++;
		rows += o->count;
	}
	assert_true(asked == 150 && rows > 1000);
	free(o);
	free(c);
}

/* --- by hand -------------------------------------------------------------------------------------- */

static struct str listed(struct house *h, int64_t person, const char *kind, const char *name, const char *text, const char *also, const char *value)
{
	struct rig *r = h->r;
	const struct query_pair pairs[] = { { str_of(name), str_of(text) }, { str_of(also), str_of(value) } };
	const struct kind *k = rig_kind(r, kind);
	struct record_query q;
	CLEAN_BUF struct buf out;
	struct json_writer w;
	buf_init(&out, 0);
	json_writer_init(&w, &out);
	expect(h, rig_begin(r), OK, "");
	expect(h, rig_call(r, person), OK, "");
	enum code code = record_query_parse(r->model, k, pairs, *also ? 2 : 1, STR("USD"), r->call, &q, &r->e);
	if (code == OK)
		code = record_list(&r->x, k, &q, &w, &r->e);
	struct str text_out = code == OK ? arena_copy(r->keep, buf_str(&out)) : rig_fault(r);
	rig_alone(r, E_INVALID);
	return text_out;
}

static void words_of_moments(void **state)
{
	struct house *h = *state;
	static const struct {
		const char *name, *text, *part;
	} wrong[] = {
		{ "as_of", "yesterday", "as_of: is no day or time" }, { "as_of", "1200", "as_of: is no day or time" },
		{ "as_of", "2026-02-30", "as_of: is no day or time" }, { "as_of", "", "as_of: is no day or time" },
		{ "known_at", "-1", "known_at: is no day, time or size" }, { "known_at", "2026", "" },
		{ "known_at", "99999999999999999999", "known_at: is no day, time or size" },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect_part(listed(h, 0, "thing", wrong[i].name, wrong[i].text, "", ""), wrong[i].part);
	expect_part(listed(h, 0, "shown", "as_of", "2026-01-01", "", ""), "which is computed from other records");
	expect_part(listed(h, 0, "thing", "as_of", "2026-01-01", "pin", "eq.1"), "Past values of pin are not kept");
	expect_part(listed(h, 0, "person", "as_of", "2026-01-01", "order", "name"), "Past values of name are kept sealed");
	expect_part(listed(h, 0, "person", "as_of", "2026-01-01", "email", "eq.a"), "Past values of email are kept sealed");
	expect_part(listed(h, h->dan, "thing", "as_of", "2026-01-01", "secret", "is.null"), "You may not filter, sort or count by");
}

static void a_day_is_its_end(void **state)
{
	struct house *h = *state;
	struct record_ref ref;
	h->r->time = date_from_civil(2026, 3, 1) * DAY + 12 * HOUR;
	int64_t lamp = house_make(h, "thing", h->east, "{'name':'Lamp','class':'big'}");
	h->r->time = date_from_civil(2026, 3, 2) * DAY - 1000; /* the call is one millisecond later: the next day begins */
	expect(h, house_update(h, 0, "thing", lamp, &ref, "{'name':'Torch'}"), OK, "");
	expect_part(listed(h, 0, "thing", "as_of", "2026-02-28", "", ""), "{\"items\":[],");
	struct str first = listed(h, 0, "thing", "as_of", "2026-03-01", "", "");
	expect_part(first, "\"name\":\"Lamp\"");
	expect_part(first, "\"until\":\"2026-03-02T00:00:00Z\"");
	expect_part(listed(h, 0, "thing", "as_of", "2026-03-02", "", ""), "\"name\":\"Torch\"");
	/* what was known on that day does not tell when it ended */
	expect_no_part(listed(h, 0, "thing", "known_at", "2026-03-01", "", ""), "until");
	expect_part(listed(h, 0, "thing", "known_at", "2026-03-01", "", ""), "\"name\":\"Lamp\"");
	expect_part(listed(h, 0, "thing", "known_at", "0", "", ""), "{\"items\":[],");
}

/* What an erased person's values were nobody learns any more; that there were some is said. */
static void erased_people_stay_erased(void **state)
{
	struct house *h = *state;
	struct record_ref ref;
	char eq[40], expand[200];
	int64_t zelda = house_make(h, "person", h->east, "{'name':'Zelda','email':'z@example.org','phone':'77'}");
	int64_t lamp = house_make(h, "thing", h->east, "{'name':'Lamp','class':'big','holder':'%lld'}", ID(zelda));
	size_t len = time_format(h->r->time, expand);
	struct str then = arena_copy(h->r->keep, (struct str){ expand, len });
	snprintf(eq, sizeof eq, "eq.%lld", ID(zelda));
	expect(h, house_update(h, 0, "thing", lamp, &ref, "{'pieces':1}"), OK, "");
	expect(h, house_update(h, 0, "person", zelda, &ref, "{'phone':'78'}"), OK, "");
	expect_part(listed(h, 0, "thing", "as_of", then.data, "holder", eq), "\"name\":\"Lamp\"");
	expect_part(listed(h, 0, "thing", "as_of", then.data, "expand", "holder"), "\"title\":\"Zelda\"");
	expect_part(listed(h, h->ann, "person", "as_of", then.data, "", ""), "\"phone\":\"77\"");
	expect(h, house_erase(h, 0, zelda), OK, "");
	struct str people = listed(h, h->ann, "person", "as_of", then.data, "", "");
	expect_no_part(people, "Zelda");
	expect_no_part(people, "\"77\"");
	expect_part(people, "\"forgotten\":[\"name\",\"email\",\"phone\"");
	expect_part(listed(h, 0, "thing", "as_of", then.data, "holder", eq), "{\"items\":[],");
	struct str things = listed(h, 0, "thing", "as_of", then.data, "expand", "holder");
	expect_part(things, "\"forgotten\":[\"holder\"]");
	snprintf(eq, sizeof eq, "%lld", ID(zelda));
	expect_no_part(things, eq);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(words_of_moments, setup, teardown),
		cmocka_unit_test_setup_teardown(a_day_is_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(erased_people_stay_erased, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_are_those_of_the_journal, setup, teardown),
	};
	postgres = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests_name(postgres ? "record/past on PostgreSQL" : "record/past", tests, NULL, NULL);
}

/* search.find: the index says which records may be meant, the estate says what of them the caller sees. A record is
 * shown only when it has what was asked for as it is now, in fields the caller sees now.
 * Neighbours: text/find.c ranks, snippet.c shows, record/reading.h reads. */
#include "base/arena.h"
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MOST 100
#define OVERFETCH 20       /* hits that may turn out stale without another round */
#define ROUNDS_MOST 5
#define PHRASE_MOST 1000   /* hits looked at for words in quotes */
#define FACETS_MOST 100

enum { IN_QUERY, IN_KINDS, IN_ENTITY, IN_LIMIT, IN_AFTER };
static const struct field find_input[] = {
	{ .name = "query", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Words to search for; \"in quotes\" as written, -without, begin*"), .max = QUERY_BYTES_MOST },
	{ .name = "kinds", .type = FIELD_TEXT, .title = N_("Kinds to search, separated by commas; empty: all"), .max = 2000 },
	{ .name = "entity", .type = FIELD_ID, .title = N_("Only records of this entity and those below") },
	{ .name = "limit", .type = FIELD_INT, .title = N_("Hits wanted at most"), .min = 1, .max = LIMIT_MOST },
	{ .name = "after", .type = FIELD_TEXT, .title = N_("The page after this one: `next` of the answer before"), .max = 60 },
	{ 0 },
};
static const struct field range_item[] = { { .name = "place", .type = FIELD_INT, .title = N_("Place") }, { 0 } };
static const struct field range_list[] = { { .name = "range", .type = FIELD_LIST, .title = N_("From and to, in characters"), .fields = range_item }, { 0 } };
static const struct field hit_fields[] = {
	{ .name = "kind", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Kind") },
	{ .name = "id", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Id of the record") },
	{ .name = "entity", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Entity") },
	{ .name = "number", .type = FIELD_TEXT, .title = N_("Number") },
	{ .name = "title", .type = FIELD_TEXT, .title = N_("Title") },
	{ .name = "field", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Field in which it was found") },
	{ .name = "snippet", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("The text around what was found") },
	{ .name = "ranges", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("Where in the snippet the words stand"), .fields = range_list },
	{ 0 },
};
static const struct field hit_item[] = { { .name = "hit", .type = FIELD_OBJECT, .title = N_("Hit"), .fields = hit_fields }, { 0 } };
static const struct field kind_facet_fields[] = {
	{ .name = "kind", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .title = N_("Kind") },
	{ .name = "count", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Count") },
	{ 0 },
};
static const struct field entity_facet_fields[] = {
	{ .name = "entity", .type = FIELD_ID, .flags = FIELD_REQUIRED, .title = N_("Entity") },
	{ .name = "count", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Count") },
	{ 0 },
};
static const struct field kind_facet[] = { { .name = "facet", .type = FIELD_OBJECT, .title = N_("Count"), .fields = kind_facet_fields }, { 0 } };
static const struct field entity_facet[] = { { .name = "facet", .type = FIELD_OBJECT, .title = N_("Count"), .fields = entity_facet_fields }, { 0 } };
static const struct field find_output[] = {
	{ .name = "items", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("Hits, best first"), .fields = hit_item },
	{ .name = "next", .type = FIELD_TEXT, .title = N_("Give this as `after` for the next page") },
	{ .name = "total", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Records found that you may see") },
	{ .name = "exact", .type = FIELD_BOOL, .flags = FIELD_REQUIRED, .title = N_("Is the total exact?") },
	{ .name = "kinds", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("Hits by kind"), .fields = kind_facet },
	{ .name = "entities", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .title = N_("Hits by entity, most first"), .fields = entity_facet },
	{ .name = "misspelt", .type = FIELD_BOOL, .flags = FIELD_REQUIRED, .title = N_("Was a word found only by a similar spelling?") },
	{ .name = "complete", .type = FIELD_BOOL, .flags = FIELD_REQUIRED, .title = N_("Is every record indexed? If not, the index is being filled.") },
	{ .name = "behind", .type = FIELD_INT, .flags = FIELD_REQUIRED, .title = N_("Journal entries the index has not seen") },
	{ 0 },
};

/* One searching call. */
struct asking {
	struct call *call;
	struct search *search;
	struct analyser *analyser;
	struct index_view *view;
	struct search_query query;
	const struct record_sight **sights; /* by kind of the plan, made when asked for */
	bool *chosen;                       /* by kind; NULL: all */
	enum code code;                     /* of what went wrong in a callback */
	struct find_answer answer;
	/* by place in answer.hits */
	struct shown *shown;
	bool *found;
	size_t dropped;
};

/* --- what the caller sees -------------------------------------------------------------------------- */

static const struct record_sight *sight_of(struct asking *a, unsigned kind)
{
	struct record_context *x = &a->call->record;
	if (!a->sights[kind] && a->code == OK)
		a->code = record_sight_make(x, a->search->plan.kinds[kind].kind, &a->sights[kind], &a->call->error);
	return a->sights[kind];
}

static uint64_t seen(void *data, unsigned kind, int64_t entity, bool own)
{
	struct asking *a = data;
	const struct plan *p = &a->search->plan;
	const struct record_context *x = &a->call->record;
	uint64_t fields = UINT64_C(1) << NUMBER_FIELD;
	int64_t within = call_int(a->call, IN_ENTITY, 0);
	if (kind >= p->count || (a->chosen && !a->chosen[kind]) || (within && !world_entity_within(x->world, entity, within)))
		return 0;
	const struct record_sight *s = sight_of(a, kind);
	if (!s || !record_sight_place(s, x, entity, own))
		return 0;
	for (unsigned f = 1; f < p->kinds[kind].count; f++)
		if (record_sight_field(s, x, entity, own, p->kinds[kind].fields[f]))
			fields |= UINT64_C(1) << f;
	return fields;
}

static enum code choose_kinds(struct asking *a, struct error *e)
{
	struct str rest = call_text(a->call, IN_KINDS), name;
	if (!rest.len)
		return OK;
	a->chosen = ARENA_ARRAY(a->call->arena, a->search->plan.count + 1, bool);
	if (!a->chosen)
		return error_nomem(e);
	while (str_cut(&rest, ',', &name)) {
		int64_t kind = plan_kind(&a->search->plan, str_trim(name));
		if (kind < 0)
			return error_field(e, STR("/kinds"), N_("There is no kind {kind}"), { "kind", str_trim(name) });
		a->chosen[kind] = true;
	}
	return OK;
}

/* --- pages ---------------------------------------------------------------------------------------- */

/* A cursor is the last hit's rank: its score's bits and its id. */
static enum code read_after(struct call *c, struct find_request *r, struct error *e)
{
	struct str rest = call_text(c, IN_AFTER), part;
	int64_t score;
	uint32_t score_bits;
	if (!rest.len)
		return OK;
	if (!str_cut(&rest, '-', &part) || !str_int(part, &score) || score < 0 || score > UINT32_MAX || !id_parse(rest, &r->after_id))
		return error_field(e, STR("/after"), N_("must be `next` of an answer"));
	score_bits = (uint32_t)score;
	memcpy(&r->after_score, &score_bits, sizeof score_bits);
	return r->after_score == r->after_score ? OK : error_field(e, STR("/after"), N_("must be `next` of an answer"));
}

static void write_next(struct asking *a, const struct hit *last)
{
	struct json_writer *w = &a->call->json;
	uint32_t score_bits;
	char text[48];
	json_name(w, STR("next"));
	if (!last) {
		json_put_null(w);
		return;
	}
	memcpy(&score_bits, &last->score, sizeof score_bits);
	snprintf(text, sizeof text, "%u-%lld", score_bits, (long long)last->id);
	json_put_text(w, str_of(text));
}

/* --- rows ----------------------------------------------------------------------------------------- */

struct showing { /* the rows of one kind */
	struct asking *a;
	const struct searched *kind;
	struct idmap *places; /* id → place among the hits */
};

static enum code show_row(void *data, const struct record_seen *row, struct error *e)
{
	struct showing *s = data;
	struct asking *a = s->a;
	int64_t place;
	if (row->archived || !idmap_get(s->places, row->id, &place))
		return OK;
	return snippet_make(a->analyser, &a->query, s->kind, row, a->call->lang, a->call->arena, &a->shown[place], &a->found[place], e);
}

static enum code show_kind(struct asking *a, unsigned kind, size_t from, size_t to, struct error *e)
{
	struct showing s = { .a = a, .kind = &a->search->plan.kinds[kind] };
	int64_t *ids = ARENA_ARRAY(a->call->arena, to - from + 1, int64_t);
	size_t count = 0;
	for (size_t i = from; ids && i < to; i++)
		if (a->answer.hits[i].kind == kind)
			ids[count++] = a->answer.hits[i].id;
	if (!ids)
		return error_nomem(e);
	if (!count)
		return OK;
	s.places = idmap_new();
	enum code code = s.places ? OK : error_nomem(e);
	for (size_t i = from; code == OK && i < to; i++)
		if (a->answer.hits[i].kind == kind && !idmap_put(s.places, a->answer.hits[i].id, (int64_t)i))
			code = error_nomem(e);
	if (code == OK)
		code = record_see(&a->call->record, s.kind->kind, s.kind->wanted, ids, count, show_row, &s, e);
	idmap_free(s.places);
	return code;
}

/* Reads the rows of hits `from` to `to`: one query a kind. */
static enum code show(struct asking *a, size_t from, size_t to, struct error *e)
{
	for (unsigned k = 0; k < a->search->plan.count; k++)
		TRY(show_kind(a, k, from, to, e));
	for (size_t i = from; i < to; i++)
		a->dropped += !a->found[i];
	return OK;
}

static enum code ask_index(struct asking *a, const struct find_request *r, struct error *e)
{
	TRY(index_find(a->view, r, a->call->arena, &a->answer, e));
	TRY(a->code);
	a->shown = ARENA_ARRAY(a->call->arena, a->answer.count + 1, struct shown);
	a->found = ARENA_ARRAY(a->call->arena, a->answer.count + 1, bool);
	return a->shown && a->found ? OK : error_nomem(e);
}

/* --- answering ------------------------------------------------------------------------------------ */

static void write_hit(struct asking *a, size_t i)
{
	struct json_writer *w = &a->call->json;
	const struct hit *h = &a->answer.hits[i];
	const struct shown *s = &a->shown[i];
	const struct searched *k = &a->search->plan.kinds[h->kind];
	json_object(w);
	json_member_text(w, "kind", str_of(k->kind->name));
	json_member_id(w, "id", h->id);
	json_member_id(w, "entity", h->entity);
	if (s->number.len)
		json_member_text(w, "number", s->number);
	if (s->title.len)
		json_member_text(w, "title", s->title);
	json_member_text(w, "field", s->field == NUMBER_FIELD ? STR("number") : str_of(k->fields[s->field]->name));
	json_member_text(w, "snippet", s->snippet);
	json_name(w, STR("ranges"));
	json_list(w);
	for (size_t r = 0; r < s->range_count; r++) {
		json_list(w);
		json_put_int(w, (int64_t)s->ranges[r].start);
		json_put_int(w, (int64_t)s->ranges[r].end);
		json_list_end(w);
	}
	json_list_end(w);
	json_object_end(w);
}

struct tally {
	int64_t key, count;
};

static int most_first(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static size_t tally_add(struct tally *tallies, size_t count, struct idmap *places, int64_t key, int64_t n)
{
	int64_t place;
	if (!idmap_get(places, key, &place)) {
		if (!idmap_put(places, key, (int64_t)count))
			return count;
		tallies[count] = (struct tally){ key, 0 };
		place = (int64_t)count++;
	}
	tallies[place].count += n;
	return count;
}

/* Hits by kind or by entity, most first. */
static enum code write_facet(struct asking *a, bool by_kind, struct error *e)
{
	struct json_writer *w = &a->call->json;
	const struct find_answer *f = &a->answer;
	struct tally *tallies = ARENA_ARRAY(a->call->arena, f->place_count + 1, struct tally);
	struct idmap *places = idmap_new();
	size_t count = 0;
	if (!tallies || !places) {
		idmap_free(places);
		return error_nomem(e);
	}
	for (size_t i = 0; i < f->place_count; i++)
		if (f->places[i].count > 0)
			count = tally_add(tallies, count, places, by_kind ? (int64_t)f->places[i].kind + 1 : f->places[i].entity, f->places[i].count);
	idmap_free(places);
	qsort(tallies, count, sizeof *tallies, most_first);
	json_name(w, by_kind ? STR("kinds") : STR("entities"));
	json_list(w);
	for (size_t i = 0; i < count && i < FACETS_MOST; i++) {
		json_object(w);
		if (by_kind)
			json_member_text(w, "kind", str_of(a->search->plan.kinds[tallies[i].key - 1].kind->name));
		else
			json_member_id(w, "entity", tallies[i].key);
		json_member_int(w, "count", tallies[i].count);
		json_object_end(w);
	}
	json_list_end(w);
	return OK;
}

/* What turned out stale, or lacks a phrase, does not count. */
static void take_back(struct asking *a, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (a->found[i])
			continue;
		a->answer.total--;
		for (size_t p = 0; p < a->answer.place_count; p++)
			if (a->answer.places[p].kind == a->answer.hits[i].kind && a->answer.places[p].entity == a->answer.hits[i].entity)
				a->answer.places[p].count--;
	}
}

static enum code write_rest(struct asking *a, bool exact, struct error *e)
{
	struct json_writer *w = &a->call->json;
	struct journal_head head;
	bool near = false;
	for (size_t i = 0; i < a->query.count; i++)
		near |= a->query.groups[i].near && !a->query.groups[i].excluded;
	TRY(journal_head(a->call->record.conn, a->call->arena, &head, e));
	int64_t cursor = atomic_load(&a->search->cursor);
	json_member_int(w, "total", a->answer.total);
	json_member_bool(w, "exact", exact && a->answer.exact);
	TRY(write_facet(a, true, e));
	TRY(write_facet(a, false, e));
	json_member_bool(w, "misspelt", near);
	json_member_bool(w, "complete", atomic_load(&a->search->complete));
	json_member_int(w, "behind", head.size > cursor ? head.size - cursor : 0);
	return OK;
}

/* Goes through the hits in order until the page is full: a few more than it holds are read at a time. */
static enum code answer(struct asking *a, struct find_request *r, struct error *e)
{
	struct json_writer *w = &a->call->json;
	const size_t limit = (size_t)call_int(a->call, IN_LIMIT, 20);
	const bool phrases = a->query.phrase_count > 0;
	const size_t step = phrases ? PHRASE_MOST : limit + 1 + OVERFETCH;
	size_t looked = 0, written = 0, i = 0;
	const struct hit *last = NULL;
	bool more = false;
	r->most = phrases ? PHRASE_MOST : (limit + 1 + OVERFETCH) * ROUNDS_MOST;
	TRY(ask_index(a, r, e));
	json_object(w);
	json_name(w, STR("items"));
	json_list(w);
	for (; !more && i < a->answer.count; i++) {
		if (i == looked) {
			looked = a->answer.count - i < step ? a->answer.count : i + step;
			TRY(show(a, i, looked, e));
		}
		if (!a->found[i])
			continue;
		more = written == limit;
		if (more)
			break;
		write_hit(a, i);
		written++;
		last = &a->answer.hits[i];
	}
	json_list_end(w);
	if (!more && a->answer.count == r->most && a->answer.count) { /* all looked at, and others lie behind them */
		last = &a->answer.hits[a->answer.count - 1];
		more = true;
	}
	write_next(a, more ? last : NULL);
	take_back(a, 0, looked);
	bool whole = looked == a->answer.count && a->answer.count < r->most && !r->after_id;
	TRY(write_rest(a, !phrases || whole, e));
	json_object_end(w);
	return OK;
}

static enum code find(struct asking *a, struct error *e)
{
	struct call *c = a->call;
	struct find_request r = { .query = &a->query, .seen = seen, .data = a, .person = c->record.who.person, .weights = a->search->plan.weights };
	TRY(choose_kinds(a, e));
	TRY(read_after(c, &r, e));
	/* trailing spaces say that the last word is whole; values are trimmed, so a query that is to be taken so ends in a quote */
	TRY(query_compile(a->analyser, call_text(c, IN_QUERY), c->arena, &a->query, e));
	a->sights = ARENA_ARRAY(c->arena, a->search->plan.count + 1, const struct record_sight *);
	if (!a->sights)
		return error_nomem(e);
	return answer(a, &r, e);
}

/* --- the operation -------------------------------------------------------------------------------- */

static enum code take_analyser(struct search *s, struct analyser **ret, struct error *e)
{
	pthread_mutex_lock(&s->lock);
	*ret = s->spare_count ? s->spare[--s->spare_count] : NULL;
	pthread_mutex_unlock(&s->lock);
	return *ret ? OK : analyser_new(ret, e);
}

static void give_analyser(struct search *s, struct analyser *a)
{
	pthread_mutex_lock(&s->lock);
	if (a && s->spare_count < sizeof s->spare / sizeof *s->spare) {
		s->spare[s->spare_count++] = a;
		a = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	analyser_free(a);
}

static enum code search_find(struct call *c, struct error *e)
{
	struct search *s = kernel_state(c->kernel, "search");
	struct asking a = { .call = c, .search = s };
	pthread_mutex_lock(&s->lock);
	struct index *index = s->index; /* stays until the module stops */
	pthread_mutex_unlock(&s->lock);
	if (!index || registry_model(c->registry) != s->plan.model)
		return error_fail(e, E_BUSY, N_("The search index is being prepared; try again in a moment"));
	TRY(take_analyser(s, &a.analyser, e));
	a.view = index_view(index);
	enum code code = a.view ? find(&a, e) : error_nomem(e);
	index_view_free(a.view);
	give_analyser(s, a.analyser);
	return code;
}

const struct operation search_operations[] = {
	{ .name = "search.find", .help = N_("Search all records you may see"), .access = OP_READ, .input = find_input, .output = find_output,
	  .run = search_find, .method = "GET", .path = "/api/search" },
	{ 0 },
};

/* Finding: word after word, over all postings of all its forms, into one place per document; BM25 over weighted fields
 * (Robertson, Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, §3.6) on what the caller sees.
 * What a caller does not see takes no part: neither in what is found nor in how it is ranked or counted.
 * Neighbours: query.c compiles, read.c gives postings. */
#include "base/arena.h"
#include "base/mem.h"
#include "base/vec.h"
#include "view.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define K1 1.2f
#define B 0.5f
#define FORMS_WALKED_MOST 100000 /* forms that begin alike */
#define ENTRIES_MOST ((size_t)8 << 20)
#define EXCLUDED 255

struct sighted { /* what is seen of a place */
	uint64_t fields, own;
	const float *weights;
};

struct finding {
	const struct index_view *view;
	const struct find_request *r;
	size_t documents;       /* of all segments, dead ones too */
	size_t *bases;          /* by segment: its first document's number */
	struct sighted **seen;  /* by segment, by place */
	float *times;           /* by document: weighted occurrences of the word at hand */
	float *scores;
	uint8_t *matched;       /* words found so far; EXCLUDED */
	uint32_t *touched;      /* documents that have the word at hand */
	size_t touched_count;
	uint8_t words;          /* words done */
	size_t walked;          /* entries looked at, for the ceiling */
	bool exact;
};

static void finding_done(struct finding *f)
{
	for (size_t i = 0; f->seen && i < f->view->count; i++)
		mem_free(f->seen[i]);
	mem_free(f->seen);
	mem_free(f->bases);
	mem_free(f->times);
	mem_free(f->scores);
	mem_free(f->matched);
	mem_free(f->touched);
}

static bool see_places(struct finding *f, size_t part)
{
	static const float plain[INDEX_FIELDS_MOST + 1];
	const struct segment *s = f->view->parts[part].segment;
	struct sighted *seen = f->seen[part] = mem_array(s->head->places + 1, sizeof *seen);
	if (!seen)
		return false;
	for (uint64_t i = 0; i < s->head->places; i++) {
		const struct segment_place *p = &s->places[i];
		unsigned kind = (unsigned)p->kind;
		seen[i].fields = f->r->seen(f->r->data, kind, p->entity, false);
		seen[i].own = f->r->person ? f->r->seen(f->r->data, kind, p->entity, true) : 0;
		seen[i].weights = seen[i].fields | seen[i].own ? f->r->weights[kind] : plain;
	}
	return true;
}

static enum code finding_init(struct finding *f, struct error *e)
{
	const struct index_view *v = f->view;
	f->exact = true;
	f->bases = mem_array(v->count + 1, sizeof *f->bases);
	f->seen = mem_array(v->count + 1, sizeof *f->seen);
	if (!f->bases || !f->seen)
		return error_nomem(e);
	for (size_t i = 0; i < v->count; i++) {
		f->bases[i] = f->documents;
		f->documents += v->parts[i].segment->head->documents;
		if (!see_places(f, i))
			return error_nomem(e);
	}
	f->times = mem_array(f->documents + 1, sizeof *f->times);
	f->scores = mem_array(f->documents + 1, sizeof *f->scores);
	f->matched = mem_array(f->documents + 1, sizeof *f->matched);
	f->touched = mem_array(f->documents + 1, sizeof *f->touched);
	return f->times && f->scores && f->matched && f->touched ? OK : error_nomem(e);
}

/* --- postings ------------------------------------------------------------------------------------- */

static bool is_seen(const struct finding *f, size_t part, uint32_t key, float *ret_weight)
{
	const struct part *p = &f->view->parts[part];
	const struct segment *s = p->segment;
	uint32_t document = key >> FIELD_BITS, field = key & ((1u << FIELD_BITS) - 1);
	if (document >= s->head->documents || field >= INDEX_FIELDS_MOST || bit_get(p->dead ? p->dead->bits : NULL, document))
		return false;
	const struct sighted *seen = &f->seen[part][s->place_of[document]];
	uint64_t fields = seen->fields;
	if (seen->own && s->owners[document] == f->r->person)
		fields |= seen->own;
	*ret_weight = seen->weights[field];
	return fields >> field & 1;
}

static void take(struct finding *f, size_t part, uint32_t key, uint32_t times, float weight)
{
	float field;
	if (!is_seen(f, part, key, &field))
		return;
	size_t d = f->bases[part] + (key >> FIELD_BITS);
	if (f->times[d] == 0)
		f->touched[f->touched_count++] = (uint32_t)d;
	f->times[d] += weight * field * (float)times;
}

static void take_all(struct finding *f, size_t part, struct postings p, float weight)
{
	uint32_t key = 0, times;
	f->walked += p.entries;
	while (posting_next(&p, &key, &times))
		take(f, part, key, times, weight);
}

/* All forms that begin alike, as far as the ceilings go. */
static void take_start(struct finding *f, size_t part, struct str start, float weight)
{
	struct terms t;
	size_t forms = 0;
	terms_seek(&t, f->view->parts[part].segment, start);
	while (terms_next(&t) && str_starts(t.form, start)) {
		if (++forms > FORMS_WALKED_MOST || f->walked > ENTRIES_MOST) {
			f->exact = false;
			return;
		}
		take_all(f, part, t.postings, weight);
	}
}

static void take_near(struct finding *f, size_t part, struct str form, unsigned distance, float weight)
{
	struct terms t;
	size_t least = form.len > distance * 4 ? form.len - distance * 4 : 1;
	terms_seek(&t, f->view->parts[part].segment, STR("\3")); /* past stems and pairs */
	while (terms_next(&t)) {
		if (t.form.len < least || t.form.len > form.len + distance * 4)
			continue;
		unsigned d = edit_distance(form, t.form, distance);
		if (d <= distance)
			take_all(f, part, t.postings, weight / (float)(d ? d : 1));
	}
}

/* --- several forms in one field -------------------------------------------------------------------- */

struct entry {
	uint32_t key, times;
};
struct entries {
	VEC(struct entry) list;
};

static enum code read_entries(struct finding *f, struct postings p, struct entries *ret, struct error *e)
{
	uint32_t key = 0, times;
	f->walked += p.entries;
	while (posting_next(&p, &key, &times)) {
		struct entry *entry = VEC_ADD(&ret->list);
		if (!entry)
			return error_nomem(e);
		*entry = (struct entry){ key, times };
	}
	return OK;
}

static void keep_common(struct entries *left, struct postings p)
{
	uint32_t key = 0, times;
	size_t kept = 0, i = 0;
	while (i < left->list.count && posting_next(&p, &key, &times)) {
		while (i < left->list.count && left->list.items[i].key < key)
			i++;
		if (i < left->list.count && left->list.items[i].key == key) {
			struct entry both = { key, times < left->list.items[i].times ? times : left->list.items[i].times };
			left->list.items[kept++] = both;
			i++;
		}
	}
	left->list.count = kept;
}

static enum code take_chain(struct finding *f, size_t part, const struct search_way *way, struct error *e)
{
	const struct segment *s = f->view->parts[part].segment;
	struct entries both = { 0 };
	struct postings p;
	enum code code = OK;
	for (size_t i = 0; i < way->count && code == OK; i++) {
		if (!segment_postings(s, way->terms[i].form, &p))
			both.list.count = 0;
		else if (i == 0)
			code = read_entries(f, p, &both, e);
		else
			keep_common(&both, p);
		if (!both.list.count)
			break;
	}
	for (size_t i = 0; code == OK && i < both.list.count; i++)
		take(f, part, both.list.items[i].key, both.list.items[i].times, way->weight);
	VEC_DONE(&both.list);
	return code;
}

/* --- words ---------------------------------------------------------------------------------------- */

static enum code take_way(struct finding *f, size_t part, const struct search_group *g, const struct search_way *way, struct error *e)
{
	const struct segment *s = f->view->parts[part].segment;
	struct postings p;
	if (way->count > 1)
		return take_chain(f, part, way, e);
	if (!way->count)
		return OK;
	const struct search_term *t = way->terms;
	if (t->how == MATCH_START)
		take_start(f, part, t->form, way->weight);
	else if (t->how == MATCH_NEAR)
		take_near(f, part, t->form, g->distance, way->weight);
	else if (segment_postings(s, t->form, &p))
		take_all(f, part, p, way->weight);
	return OK;
}

static enum code take_ways(struct finding *f, const struct search_group *g, bool near, struct error *e)
{
	for (size_t part = 0; part < f->view->count; part++)
		for (size_t w = 0; w < g->count; w++)
			if ((g->ways[w].count == 1 && g->ways[w].terms[0].how == MATCH_NEAR) == near)
				TRY(take_way(f, part, g, &g->ways[w], e));
	return OK;
}

static size_t part_of(const struct finding *f, size_t document)
{
	size_t low = 0, high = f->view->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (f->bases[middle] <= document)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Adds the word's share to the scores of documents that had all words before it. */
static void fold_word(struct finding *f, bool excluded)
{
	const float all = (float)f->view->documents, with = (float)f->touched_count;
	const float rarity = logf(1 + (all - with + 0.5f) / (with + 0.5f));
	const float mean = f->view->documents ? (float)f->view->words / (float)f->view->documents + 1 : 1;
	for (size_t i = 0; i < f->touched_count; i++) {
		uint32_t d = f->touched[i];
		size_t part = part_of(f, d);
		float length = (float)f->view->parts[part].segment->lengths[d - f->bases[part]];
		float times = f->times[d];
		f->times[d] = 0;
		if (excluded) {
			f->matched[d] = EXCLUDED;
		} else if (f->matched[d] == f->words) {
			f->matched[d]++;
			f->scores[d] += rarity * times * (K1 + 1) / (times + K1 * (1 - B + B * length / mean));
		}
	}
	f->words = (uint8_t)(f->words + !excluded);
}

static enum code find_word(struct finding *f, struct search_group *g, struct error *e)
{
	f->touched_count = 0;
	g->near = false;
	TRY(take_ways(f, g, false, e));
	if (!f->touched_count && g->distance) {
		g->near = true;
		TRY(take_ways(f, g, true, e));
	}
	/* the last word's documents stay in `touched`: the hits are among them */
	fold_word(f, g->excluded);
	return OK;
}

/* --- hits ----------------------------------------------------------------------------------------- */

static bool better(const struct hit *a, const struct hit *b)
{
	return a->score != b->score ? a->score > b->score : a->id < b->id;
}

/* A heap with the worst hit on top. */
static void sink(struct hit *hits, size_t count, size_t i)
{
	for (;;) {
		size_t worst = i, left = 2 * i + 1;
		for (size_t k = left; k < left + 2 && k < count; k++)
			if (better(&hits[worst], &hits[k]))
				worst = k;
		if (worst == i)
			return;
		struct hit swap = hits[i];
		hits[i] = hits[worst];
		hits[worst] = swap;
		i = worst;
	}
}

static void keep_hit(struct find_answer *a, size_t most, struct hit h)
{
	if (a->count < most) {
		a->hits[a->count++] = h;
		if (a->count == most)
			for (size_t i = most / 2 + 1; i-- > 0;)
				sink(a->hits, a->count, i);
	} else if (most && better(&h, &a->hits[0])) {
		a->hits[0] = h;
		sink(a->hits, a->count, 0);
	}
}

static int best_first(const void *a, const void *b)
{
	return better(a, b) ? -1 : better(b, a) ? 1 : 0;
}

static enum code count_place(struct places *places, int64_t **io_counts, size_t *io_room, const struct segment_place *p, struct error *e)
{
	uint32_t number;
	if (!places_number(places, p, &number))
		return error_nomem(e);
	if (number >= *io_room) {
		size_t room = *io_room ? *io_room * 2 : 256;
		int64_t *counts = mem_grow(*io_counts, room * sizeof *counts);
		if (!counts)
			return error_nomem(e);
		memset(counts + *io_room, 0, (room - *io_room) * sizeof *counts);
		*io_counts = counts;
		*io_room = room;
	}
	(*io_counts)[number]++;
	return OK;
}

static enum code put_places(const struct places *places, const int64_t *counts, struct arena *arena, struct find_answer *ret, struct error *e)
{
	ret->places = ARENA_ARRAY(arena, places->count + 1, struct hit_place);
	if (!ret->places)
		return error_nomem(e);
	for (size_t i = 0; i < places->count; i++)
		ret->places[i] = (struct hit_place){ (unsigned)places->items[i].kind, places->items[i].entity, counts[i] };
	ret->place_count = places->count;
	return OK;
}

/* The rank of the last hit of the page before as it is now: scores move when documents come and go. */
static struct hit last_hit(const struct finding *f)
{
	struct hit last = { .id = f->r->after_id, .score = f->r->after_score };
	for (size_t part = 0; last.id && part < f->view->count; part++) {
		const struct part *p = &f->view->parts[part];
		int64_t own = segment_document(p->segment, last.id);
		if (own >= 0 && !bit_get(p->dead ? p->dead->bits : NULL, (uint64_t)own) && f->matched[f->bases[part] + (size_t)own] == f->words)
			last.score = f->scores[f->bases[part] + (size_t)own];
	}
	return last;
}

static enum code gather(struct finding *f, struct arena *arena, struct find_answer *ret, struct error *e)
{
	const struct find_request *r = f->r;
	const struct hit last = last_hit(f);
	struct places places = { 0 };
	int64_t *counts = NULL;
	size_t room = 0;
	enum code code = OK;
	ret->hits = ARENA_ARRAY(arena, r->most + 1, struct hit);
	if (!ret->hits)
		return error_nomem(e);
	for (size_t i = 0; i < f->touched_count && code == OK; i++) {
		uint32_t d = f->touched[i];
		if (f->matched[d] != f->words)
			continue;
		size_t part = part_of(f, d);
		const struct segment *s = f->view->parts[part].segment;
		size_t own = d - f->bases[part];
		const struct segment_place *p = &s->places[s->place_of[own]];
		struct hit h = { s->ids[own], p->entity, (unsigned)p->kind, f->scores[d] };
		ret->total++;
		code = count_place(&places, &counts, &room, p, e);
		if (!r->after_id || better(&last, &h))
			keep_hit(ret, r->most, h);
	}
	if (code == OK)
		code = put_places(&places, counts, arena, ret, e);
	qsort(ret->hits, ret->count, sizeof *ret->hits, best_first);
	places_done(&places);
	mem_free(counts);
	return code;
}

enum code index_find(const struct index_view *v, const struct find_request *r, struct arena *arena, struct find_answer *ret,
		     struct error *e)
{
	struct finding f = { .view = v, .r = r };
	*ret = (struct find_answer){ 0 };
	enum code code = finding_init(&f, e);
	for (size_t i = 0; i < r->query->count && code == OK; i++)
		if (r->query->groups[i].excluded)
			code = find_word(&f, &r->query->groups[i], e);
	for (size_t i = 0; i < r->query->count && code == OK; i++)
		if (!r->query->groups[i].excluded)
			code = find_word(&f, &r->query->groups[i], e);
	if (code == OK)
		code = gather(&f, arena, ret, e);
	ret->exact = f.exact;
	finding_done(&f);
	return code;
}

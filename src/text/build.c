/* From documents to a segment. Each distinct word is folded and stemmed once; every further one costs a look into a
 * table and eight bytes an entry. Neighbours: forms.c, segment_write.c. */
#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "segment.h"
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MOST ((size_t)4 << 20) /* 32 MiB of them, and as much again to put them in order */
#define TEXT_MOST ((size_t)48 << 20)   /* bytes of distinct words and forms */
#define DOCUMENTS_AT_ONCE ((size_t)1 << 20)

struct entry {
	uint32_t term, key; /* key: document << FIELD_BITS | field */
};
struct term {
	struct str form;
	uint64_t start; /* first eight bytes, for a quick comparison */
	uint32_t entries;
};
struct known { /* a word seen before: its forms */
	uint64_t hash;
	const char *text;
	uint32_t len;
	uint8_t count, sort;
	uint32_t terms[FORMS_MOST];
};

struct builder {
	struct arena *text;
	struct known **known; /* open addressing */
	size_t known_room, known_count;
	struct { uint64_t hash; uint32_t term; } *index; /* form → term + 1 */
	size_t index_room;
	VEC(struct term) terms;
	VEC(struct entry) entries;
	VEC(struct segment_document) documents;
	struct places places;
	struct idmap *by_id;
	uint8_t *dead;
	size_t dead_room, dead_count;
	/* the document being added */
	struct analyser *analyser;
	struct str at;
	enum lang lang;
	uint32_t key, length;
};

struct builder *builder_new(void)
{
	struct builder *b = mem_new(sizeof *b);
	if (!b)
		return NULL;
	b->text = arena_new(TEXT_MOST + ((size_t)64 << 20));
	b->by_id = idmap_new();
	if (!b->text || !b->by_id) {
		builder_free(b);
		return NULL;
	}
	return b;
}

void builder_free(struct builder *b)
{
	if (!b)
		return;
	arena_free(b->text);
	mem_free(b->known);
	mem_free(b->index);
	VEC_DONE(&b->terms);
	VEC_DONE(&b->entries);
	VEC_DONE(&b->documents);
	places_done(&b->places);
	idmap_free(b->by_id);
	mem_free(b->dead);
	mem_free(b);
}

void builder_clear(struct builder *b)
{
	struct idmap *fresh = idmap_new();
	arena_reset(b->text);
	if (b->known)
		memset(b->known, 0, b->known_room * sizeof(struct known *));
	if (b->index)
		memset(b->index, 0, b->index_room * sizeof *b->index);
	b->known_count = 0;
	VEC_CLEAR(&b->terms);
	VEC_CLEAR(&b->entries);
	VEC_CLEAR(&b->documents);
	places_clear(&b->places);
	if (b->dead)
		memset(b->dead, 0, b->dead_room);
	b->dead_count = 0;
	idmap_free(b->by_id);
	b->by_id = fresh; /* NULL: the next add says that memory is short */
}

size_t builder_documents(const struct builder *b)
{
	return b->documents.count - b->dead_count;
}

bool builder_full(const struct builder *b)
{
	return b->entries.count >= ENTRIES_MOST || arena_used(b->text) >= TEXT_MOST || b->documents.count >= DOCUMENTS_AT_ONCE;
}

bool builder_remove(struct builder *b, int64_t id)
{
	int64_t place;
	if (!b->by_id || !idmap_get(b->by_id, id, &place) || b->dead_room * 8 <= (size_t)place || bit_get(b->dead, (uint64_t)place))
		return false;
	bit_set(b->dead, (uint64_t)place);
	b->dead_count++;
	return true;
}

/* --- words to terms ------------------------------------------------------------------------------- */

static bool grow_index(struct builder *b)
{
	size_t room = b->index_room ? b->index_room * 2 : 1 << 12;
	__typeof__(b->index) fresh = mem_array(room, sizeof *fresh);
	if (!fresh)
		return false;
	for (size_t i = 0; i < b->index_room; i++)
		if (b->index[i].term) {
			size_t at = b->index[i].hash & (room - 1);
			while (fresh[at].term)
				at = (at + 1) & (room - 1);
			fresh[at] = b->index[i];
		}
	mem_free(b->index);
	b->index = fresh;
	b->index_room = room;
	return true;
}

static uint64_t first_bytes(struct str s)
{
	uint64_t n = 0;
	for (size_t i = 0; i < 8; i++)
		n = n << 8 | (i < s.len ? (unsigned char)s.data[i] : 0);
	return n;
}

static bool term_of(struct builder *b, struct str form, uint32_t *ret)
{
	if (b->terms.count * 2 >= b->index_room && !grow_index(b))
		return false;
	uint64_t hash = str_hash(form);
	size_t at = hash & (b->index_room - 1);
	for (; b->index[at].term; at = (at + 1) & (b->index_room - 1))
		if (b->index[at].hash == hash && str_eq(b->terms.items[b->index[at].term - 1].form, form)) {
			*ret = b->index[at].term - 1;
			return true;
		}
	struct term *t = VEC_ADD(&b->terms);
	if (!t)
		return false;
	t->form = arena_copy(b->text, form);
	t->start = first_bytes(form);
	b->index[at].hash = hash;
	b->index[at].term = (uint32_t)b->terms.count;
	*ret = (uint32_t)b->terms.count - 1;
	return t->form.data != NULL;
}

static bool grow_known(struct builder *b)
{
	size_t room = b->known_room ? b->known_room * 2 : 1 << 12;
	struct known **fresh = mem_array(room, sizeof *fresh);
	if (!fresh)
		return false;
	for (size_t i = 0; i < b->known_room; i++)
		if (b->known[i]) {
			size_t at = b->known[i]->hash & (room - 1);
			while (fresh[at])
				at = (at + 1) & (room - 1);
			fresh[at] = b->known[i];
		}
	mem_free(b->known);
	b->known = fresh;
	b->known_room = room;
	return true;
}

static enum code learn(struct builder *b, struct str text, enum word_sort sort, uint64_t hash, struct known **ret, struct error *e)
{
	struct forms forms;
	struct known *k = ARENA_NEW(b->text, struct known);
	struct str copy = arena_copy(b->text, text);
	TRY(word_forms(b->analyser, text, sort, b->lang, &forms, e));
	if (!k || !copy.data)
		return error_nomem(e);
	*k = (struct known){ hash, copy.data, (uint32_t)copy.len, (uint8_t)forms.count, (uint8_t)((unsigned)sort << 4 | b->lang), { 0 } };
	for (size_t i = 0; i < forms.count; i++)
		if (!term_of(b, forms.items[i], &k->terms[i]))
			return error_nomem(e);
	*ret = k;
	return OK;
}

static enum code known_word(struct builder *b, struct str text, enum word_sort sort, struct known **ret, struct error *e)
{
	if (b->known_count * 2 >= b->known_room && !grow_known(b))
		return error_nomem(e);
	const uint8_t tag = (uint8_t)((unsigned)sort << 4 | b->lang);
	uint64_t hash = str_hash(text) ^ (tag * UINT64_C(0x9e3779b97f4a7c15));
	size_t at = hash & (b->known_room - 1);
	for (struct known *k; (k = b->known[at]); at = (at + 1) & (b->known_room - 1))
		if (k->hash == hash && k->sort == tag && k->len == text.len && memcmp(k->text, text.data, text.len) == 0) {
			*ret = k;
			return OK;
		}
	TRY(learn(b, text, sort, hash, &b->known[at], e));
	b->known_count++;
	*ret = b->known[at];
	return OK;
}

static enum code take_word(void *data, const struct word *w, struct error *e)
{
	struct builder *b = data;
	struct known *k;
	struct str text = str_slice(b->at, w->start, w->end);
	if (text.len > WORD_MOST)
		text.len = WORD_MOST;
	/* a part is folded and stemmed as a word is */
	TRY(known_word(b, text, w->sort == WORD_PART ? WORD_LETTERS : w->sort, &k, e));
	for (size_t i = 0; i < k->count; i++) {
		struct entry *entry = VEC_ADD(&b->entries);
		if (!entry)
			return error_nomem(e);
		*entry = (struct entry){ k->terms[i], b->key };
	}
	b->length += w->sort == WORD_LETTERS || w->sort == WORD_IDEO;
	return OK;
}

/* --- documents ------------------------------------------------------------------------------------ */

static bool room_for_dead(struct builder *b)
{
	if (b->documents.count < b->dead_room * 8)
		return true;
	size_t room = b->dead_room ? b->dead_room * 2 : 4096;
	uint8_t *dead = mem_grow(b->dead, room);
	if (!dead)
		return false;
	memset(dead + b->dead_room, 0, room - b->dead_room);
	b->dead = dead;
	b->dead_room = room;
	return true;
}

enum code builder_add(struct builder *b, struct analyser *a, const struct document *d, struct error *e)
{
	uint32_t place;
	size_t number = b->documents.count;
	if (!b->by_id || !room_for_dead(b) || !places_number(&b->places, &(struct segment_place){ d->entity, d->kind }, &place))
		return error_nomem(e);
	b->analyser = a;
	b->length = 0;
	for (size_t i = 0; i < d->count; i++) {
		b->at = d->texts[i].text;
		b->lang = d->texts[i].lang;
		b->key = (uint32_t)number << FIELD_BITS | d->texts[i].field;
		TRY(words_cut(a, b->at, take_word, b, e));
	}
	struct segment_document *doc = VEC_ADD(&b->documents);
	if (!doc)
		return error_nomem(e);
	*doc = (struct segment_document){ d->id, d->owner, place, b->length };
	return idmap_put(b->by_id, d->id, (int64_t)number) ? OK : error_nomem(e);
}

/* --- writing -------------------------------------------------------------------------------------- */

static int by_form(const void *a, const void *b, void *data)
{
	const struct term *terms = data, *x = &terms[*(const uint32_t *)a], *y = &terms[*(const uint32_t *)b];
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return str_cmp(x->form, y->form);
}

/* Entries of one term beside each other, in the order they came: documents and fields rise. */
static bool group_entries(struct builder *b, uint32_t **ret_keys, size_t **ret_starts)
{
	size_t *starts = mem_array(b->terms.count + 2, sizeof *starts);
	uint32_t *keys = mem_array(b->entries.count + 1, sizeof *keys);
	if (!starts || !keys) {
		mem_free(starts);
		mem_free(keys);
		return false;
	}
	for (size_t i = 0; i < b->entries.count; i++)
		starts[b->entries.items[i].term + 2]++;
	for (size_t i = 2; i < b->terms.count + 2; i++)
		starts[i] += starts[i - 1];
	for (size_t i = 0; i < b->entries.count; i++)
		keys[starts[b->entries.items[i].term + 1]++] = b->entries.items[i].key;
	*ret_keys = keys;
	*ret_starts = starts;
	return true;
}

static enum code write_term(struct segment_writer *w, const struct builder *b, const uint32_t *renumbered, uint32_t term,
			    const uint32_t *keys, size_t count, struct error *e)
{
	bool begun = false;
	for (size_t i = 0, n; i < count; i += n) {
		for (n = 1; i + n < count && keys[i + n] == keys[i]; n++)
			;
		uint32_t document = keys[i] >> FIELD_BITS;
		if (document >= b->documents.count || bit_get(b->dead, document))
			continue;
		if (!begun)
			TRY(segment_writer_form(w, b->terms.items[term].form, e));
		begun = true;
		segment_writer_entry(w, renumbered[document] << FIELD_BITS | (keys[i] & ((1u << FIELD_BITS) - 1)), (uint32_t)n);
	}
	return OK;
}

struct order { /* scratch of one writing */
	uint32_t *terms, *renumbered, *keys;
	size_t *starts;
	struct segment_document *alive;
	size_t alive_count;
};

static void order_done(struct order *o)
{
	mem_free(o->terms);
	mem_free(o->renumbered);
	mem_free(o->keys);
	mem_free(o->starts);
	mem_free(o->alive);
}

static enum code order_init(struct builder *b, struct order *o, struct error *e)
{
	*o = (struct order){ .terms = mem_array(b->terms.count + 1, sizeof *o->terms),
			     .renumbered = mem_array(b->documents.count + 1, sizeof *o->renumbered),
			     .alive = mem_array(b->documents.count + 1, sizeof *o->alive) };
	if (!o->terms || !o->renumbered || !o->alive || !group_entries(b, &o->keys, &o->starts)) {
		order_done(o);
		return error_nomem(e);
	}
	for (size_t i = 0; i < b->terms.count; i++)
		o->terms[i] = (uint32_t)i;
	qsort_r(o->terms, b->terms.count, sizeof *o->terms, by_form, b->terms.items);
	for (size_t i = 0; i < b->documents.count; i++) {
		o->renumbered[i] = (uint32_t)o->alive_count;
		if (!bit_get(b->dead, i))
			o->alive[o->alive_count++] = b->documents.items[i];
	}
	return OK;
}

enum code builder_write(struct builder *b, struct str folder, int64_t number, struct error *e)
{
	struct segment_writer *w = NULL;
	struct order o;
	TRY(order_init(b, &o, e));
	enum code code = segment_writer_new(folder, number, &w, e);
	for (size_t i = 0; code == OK && i < b->terms.count; i++) {
		uint32_t t = o.terms[i];
		code = write_term(w, b, o.renumbered, t, o.keys + o.starts[t], o.starts[t + 1] - o.starts[t], e);
	}
	if (code == OK)
		code = segment_writer_finish(w, o.alive, o.alive_count, b->places.items, b->places.count, e);
	segment_writer_free(w);
	order_done(&o);
	if (code == OK)
		builder_clear(b);
	return code;
}

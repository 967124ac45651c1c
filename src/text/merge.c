/* Merging segments into one, without what is dead. Documents keep their order, part after part, so entries only move by
 * what stands before them. Neighbours: read.c, segment_write.c; index.c decides when. */
#include "base/mem.h"
#include "segment.h"
#include <string.h>

#define GONE UINT32_MAX

struct side { /* one part while merging */
	struct terms terms;
	bool more;
	uint32_t *renumbered; /* old document → new, or GONE */
	uint32_t *places;
};
struct merging {
	const struct merge_part *parts;
	struct side *sides;
	size_t count;
	struct segment_document *documents;
	size_t document_count;
	struct places places;
	struct segment_writer *writer;
};

static void merging_done(struct merging *m)
{
	for (size_t i = 0; m->sides && i < m->count; i++) {
		mem_free(m->sides[i].renumbered);
		mem_free(m->sides[i].places);
	}
	mem_free(m->sides);
	mem_free(m->documents);
	places_done(&m->places);
	segment_writer_free(m->writer);
}

static enum code number_places(struct merging *m, struct error *e)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct segment *s = m->parts[i].segment;
		uint32_t *map = m->sides[i].places = mem_array(s->head->places + 1, sizeof *map);
		if (!map)
			return error_nomem(e);
		for (uint64_t k = 0; k < s->head->places; k++)
			if (!places_number(&m->places, &s->places[k], &map[k]))
				return error_nomem(e);
	}
	return OK;
}

static enum code number_documents(struct merging *m, struct error *e)
{
	size_t total = 0;
	for (size_t i = 0; i < m->count; i++)
		total += m->parts[i].segment->head->documents;
	m->documents = mem_array(total + 1, sizeof *m->documents);
	if (!m->documents)
		return error_nomem(e);
	for (size_t i = 0; i < m->count; i++) {
		const struct segment *s = m->parts[i].segment;
		uint32_t *map = m->sides[i].renumbered = mem_array(s->head->documents + 1, sizeof *map);
		if (!map)
			return error_nomem(e);
		for (uint64_t d = 0; d < s->head->documents; d++) {
			map[d] = GONE;
			if (bit_get(m->parts[i].dead, d))
				continue;
			map[d] = (uint32_t)m->document_count;
			m->documents[m->document_count++] = (struct segment_document){ s->ids[d], s->owners[d],
										       m->sides[i].places[s->place_of[d]], s->lengths[d] };
		}
	}
	return m->document_count < DOCUMENTS_MOST ? OK : error_fail(e, E_LIMIT, N_("The search index is full"));
}

static enum code write_entries(struct merging *m, const struct side *s, uint64_t documents, struct str form, bool *io_begun, struct error *e)
{
	struct postings p = s->terms.postings;
	uint32_t key = 0, times;
	while (posting_next(&p, &key, &times)) {
		uint32_t document = key >> FIELD_BITS;
		if (document >= documents || s->renumbered[document] == GONE)
			continue;
		if (!*io_begun)
			TRY(segment_writer_form(m->writer, form, e));
		*io_begun = true;
		segment_writer_entry(m->writer, s->renumbered[document] << FIELD_BITS | (key & ((1u << FIELD_BITS) - 1)), times);
	}
	return OK;
}

/* Few parts at a time, so the least form is looked for one by one. */
static enum code write_forms(struct merging *m, struct error *e)
{
	for (size_t i = 0; i < m->count; i++) {
		terms_seek(&m->sides[i].terms, m->parts[i].segment, STR(""));
		m->sides[i].more = terms_next(&m->sides[i].terms);
	}
	for (;;) {
		const struct side *least = NULL;
		char form[FORM_MOST];
		bool begun = false;
		for (size_t i = 0; i < m->count; i++)
			if (m->sides[i].more && (!least || str_cmp(m->sides[i].terms.form, least->terms.form) < 0))
				least = &m->sides[i];
		if (!least)
			return OK;
		struct str text = { form, least->terms.form.len };
		memcpy(form, least->terms.form.data, text.len);
		for (size_t i = 0; i < m->count; i++) {
			struct side *s = &m->sides[i];
			if (!s->more || !str_eq(s->terms.form, text))
				continue;
			TRY(write_entries(m, s, m->parts[i].segment->head->documents, text, &begun, e));
			s->more = terms_next(&s->terms);
		}
	}
}

enum code segments_merge(const struct merge_part *parts, size_t count, struct str folder, int64_t number, size_t *ret_documents,
			 struct error *e)
{
	struct merging m = { .parts = parts, .count = count, .sides = mem_array(count + 1, sizeof *m.sides) };
	enum code code = m.sides ? number_places(&m, e) : error_nomem(e);
	if (code == OK)
		code = number_documents(&m, e);
	if (code == OK && m.document_count) {
		code = segment_writer_new(folder, number, &m.writer, e);
		if (code == OK)
			code = write_forms(&m, e);
		if (code == OK)
			code = segment_writer_finish(m.writer, m.documents, m.document_count, m.places.items, m.places.count, e);
	}
	if (code == OK)
		*ret_documents = m.document_count;
	merging_done(&m);
	return code;
}

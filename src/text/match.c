/* Where a text has what a query asks for: for highlighting, and to hold a record as it is now against what the index
 * remembers of it. Neighbours: query.c compiles; find.c decides the same from postings. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "text/query.h"
#include <stdlib.h>
#include <string.h>

struct found { /* a word that is one of a way's forms */
	unsigned group, way, term;
	struct match_range at;
};

struct matching {
	struct analyser *analyser;
	const struct search_query *query;
	struct str text;
	enum lang lang;
	VEC(struct found) found;
};

static bool form_matches(const struct search_term *t, const struct search_group *g, struct str form)
{
	switch (t->how) {
	case MATCH_WHOLE:
		return str_eq(t->form, form);
	case MATCH_START:
		return str_starts(form, t->form);
	default:
		return g->near && form.len && (unsigned char)form.data[0] > FORM_PAIR && edit_distance(t->form, form, g->distance) <= g->distance;
	}
}

static enum code note(struct matching *m, unsigned group, unsigned way, unsigned term, const struct word *w, struct error *e)
{
	struct found *f = VEC_ADD(&m->found);
	if (!f)
		return error_nomem(e);
	*f = (struct found){ group, way, term, { w->start, w->end } };
	return OK;
}

static enum code match_form(struct matching *m, struct str form, const struct word *w, struct error *e)
{
	for (unsigned i = 0; i < m->query->count; i++) {
		const struct search_group *g = &m->query->groups[i];
		for (unsigned k = 0; k < g->count; k++)
			for (unsigned t = 0; t < g->ways[k].count; t++)
				if (form_matches(&g->ways[k].terms[t], g, form))
					TRY(note(m, i, k, t, w, e));
	}
	return OK;
}

static enum code match_word(void *data, const struct word *w, struct error *e)
{
	struct matching *m = data;
	struct forms forms;
	TRY(word_forms(m->analyser, str_slice(m->text, w->start, w->end), w->sort, m->lang, &forms, e));
	for (size_t i = 0; i < forms.count; i++)
		TRY(match_form(m, forms.items[i], w, e));
	return OK;
}

/* A way of several forms is found when all of them are. */
static bool way_found(const struct matching *m, unsigned group, unsigned way)
{
	size_t count = m->query->groups[group].ways[way].count;
	uint64_t seen = 0;
	for (size_t i = 0; i < m->found.count; i++)
		if (m->found.items[i].group == group && m->found.items[i].way == way)
			seen |= UINT64_C(1) << m->found.items[i].term;
	return count && seen == (count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1);
}

static int by_start(const void *a, const void *b)
{
	const struct match_range *x = a, *y = b;
	return x->start != y->start ? (x->start < y->start ? -1 : 1) : (x->end > y->end) - (x->end < y->end);
}

static void join_ranges(struct match *m)
{
	size_t n = 0;
	qsort(m->ranges, m->count, sizeof *m->ranges, by_start);
	for (size_t i = 0; i < m->count; i++) {
		if (n && m->ranges[i].start <= m->ranges[n - 1].end) {
			if (m->ranges[i].end > m->ranges[n - 1].end)
				m->ranges[n - 1].end = m->ranges[i].end;
		} else {
			m->ranges[n++] = m->ranges[i];
		}
	}
	m->count = n;
}

static enum code gather(const struct matching *m, struct arena *arena, struct match *ret, struct error *e)
{
	bool good[QUERY_GROUPS_MOST][16] = { 0 };
	ret->ranges = ARENA_ARRAY(arena, m->found.count + 1, struct match_range);
	if (!ret->ranges)
		return error_nomem(e);
	for (unsigned g = 0; g < m->query->count; g++)
		for (unsigned w = 0; w < m->query->groups[g].count; w++)
			if ((good[g][w] = way_found(m, g, w)))
				ret->groups |= UINT64_C(1) << g;
	for (size_t i = 0; i < m->found.count; i++) {
		const struct found *f = &m->found.items[i];
		if (good[f->group][f->way] && !m->query->groups[f->group].excluded)
			ret->ranges[ret->count++] = f->at;
	}
	join_ranges(ret);
	return OK;
}

enum code query_match(struct analyser *a, const struct search_query *q, struct str text, enum lang lang, struct arena *arena,
		      struct match *ret, struct error *e)
{
	struct matching m = { a, q, text, lang, { 0 } };
	struct str plain;
	*ret = (struct match){ 0 };
	enum code code = words_cut(a, text, match_word, &m, e);
	if (code == OK)
		code = gather(&m, arena, ret, e);
	VEC_DONE(&m.found);
	TRY(code);
	if (!q->phrase_count)
		return OK;
	TRY(phrase_text(a, text, arena, &plain, e));
	for (size_t i = 0; i < q->phrase_count; i++)
		if (str_find_str(plain, q->phrases[i]) >= 0)
			ret->phrases |= UINT64_C(1) << i;
	return OK;
}

/* --- phrases -------------------------------------------------------------------------------------- */

struct phrasing {
	struct analyser *analyser;
	struct str text;
	struct buf out;
	size_t ideo_end; /* where the last word without spaces ended */
};

static enum code phrase_word(void *data, const struct word *w, struct error *e)
{
	struct phrasing *p = data;
	struct forms forms;
	if (w->sort == WORD_PAIR || w->sort == WORD_PART)
		return OK;
	TRY(word_forms(p->analyser, str_slice(p->text, w->start, w->end), WORD_IDEO, LANG_COUNT, &forms, e));
	bool joined = w->sort == WORD_IDEO && p->ideo_end == w->start && w->start;
	if (!joined && w->sort == WORD_IDEO && p->out.len && p->out.data[p->out.len - 1] != ' ')
		buf_add_char(&p->out, ' ');
	if (w->sort != WORD_IDEO && (!p->out.len || p->out.data[p->out.len - 1] != ' '))
		buf_add_char(&p->out, ' ');
	if (forms.count)
		buf_add_str(&p->out, forms.items[0]);
	if (w->sort == WORD_IDEO)
		p->ideo_end = w->end;
	else
		buf_add_char(&p->out, ' ');
	return OK;
}

enum code phrase_text(struct analyser *a, struct str text, struct arena *arena, struct str *ret, struct error *e)
{
	struct phrasing p = { .analyser = a, .text = text };
	buf_init(&p.out, 1 << 20);
	enum code code = words_cut(a, text, phrase_word, &p, e);
	if (code == OK && !buf_ok(&p.out))
		code = error_nomem(e);
	if (code == OK) {
		*ret = arena_copy(arena, buf_str(&p.out));
		code = ret->data ? OK : error_nomem(e);
	}
	buf_done(&p.out);
	return code;
}

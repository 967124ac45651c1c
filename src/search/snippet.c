/* A hit as it stands now: is what was asked for still there, where the caller may see it, and which piece of text shows
 * it. The index may be a moment behind; what is shown never is. Neighbours: text/match.c, find.c. */
#include "base/arena.h"
#include "base/utf8.h"
#include "internal.h"
#include <string.h>

#define BEFORE 60  /* code points shown before the first word found */
#define LONGEST 240

struct piece { /* one text of the record in which words are found */
	struct field_text text;
	struct match match;
	float worth;
};
struct looking {
	struct analyser *analyser;
	const struct search_query *query;
	const struct searched *kind;
	const struct record_seen *row;
	struct arena *arena;
	enum lang lang;
	uint64_t groups, phrases;
	struct piece best;
};

static unsigned bits(uint64_t n)
{
	return (unsigned)__builtin_popcountll(n);
}

static enum code look_at(struct looking *l, const struct field_text *t, struct error *e)
{
	struct piece p = { .text = *t };
	TRY(query_match(l->analyser, l->query, t->text, t->lang, l->arena, &p.match, e));
	l->groups |= p.match.groups;
	l->phrases |= p.match.phrases;
	if (!p.match.count)
		return OK;
	/* most words first, then the weightier field, then the reader's own language */
	p.worth = (float)(bits(p.match.groups) + bits(p.match.phrases)) * 8 + l->kind->weights[t->field] + (t->lang == l->lang ? 0.5f : 0);
	if (p.worth > l->best.worth)
		l->best = p;
	return OK;
}

static enum code look(struct looking *l, struct error *e)
{
	struct field_text texts[FIELD_TEXTS_MOST];
	size_t count;
	for (unsigned f = 0; f < l->kind->count; f++) {
		TRY(field_texts(l->kind, f, l->row, l->arena, texts, &count, e));
		for (size_t i = 0; i < count; i++)
			TRY(look_at(l, &texts[i], e));
	}
	return OK;
}

static bool all_found(const struct looking *l)
{
	const struct search_query *q = l->query;
	for (size_t i = 0; i < q->count; i++)
		if ((l->groups >> i & 1) == q->groups[i].excluded)
			return false;
	return l->phrases == (q->phrase_count == 64 ? UINT64_MAX : (UINT64_C(1) << q->phrase_count) - 1);
}

/* --- what is shown -------------------------------------------------------------------------------- */

static size_t back(struct str text, size_t at, size_t letters)
{
	while (at && letters) {
		at--;
		while (at && ((unsigned char)text.data[at] & 0xc0) == 0x80)
			at--;
		letters--;
	}
	return at;
}

static size_t forth(struct str text, size_t at, size_t letters)
{
	while (at < text.len && letters) {
		at++;
		while (at < text.len && ((unsigned char)text.data[at] & 0xc0) == 0x80)
			at++;
		letters--;
	}
	return at;
}

static enum code cut(const struct piece *p, struct arena *arena, struct shown *ret, struct error *e)
{
	struct str text = p->text.text;
	size_t start = 0, end = text.len, n = 0;
	if (utf8_length(text) > LONGEST) {
		start = back(text, p->match.ranges[0].start, BEFORE);
		end = forth(text, start, LONGEST);
	}
	struct match_range *ranges = ARENA_ARRAY(arena, p->match.count + 1, struct match_range);
	const size_t dots = start ? 1 : 0; /* "…" stands before */
	ret->snippet = arena_format(arena, "%s%.*s%s", start ? "…" : "", STR_ARG(str_slice(text, start, end)), end < text.len ? "…" : "");
	if (!ranges || !ret->snippet.data)
		return error_nomem(e);
	for (size_t i = 0; i < p->match.count && p->match.ranges[i].end <= end; i++) {
		const struct match_range *r = &p->match.ranges[i];
		size_t before = utf8_length(str_slice(text, start, r->start)) + dots;
		ranges[n++] = (struct match_range){ before, before + utf8_length(str_slice(text, r->start, r->end)) };
	}
	ret->field = p->text.field;
	ret->ranges = ranges;
	ret->range_count = n;
	return OK;
}

/* The reader's language, else English, else whichever is there. */
static enum code title_of(const struct looking *l, struct str *ret, struct error *e)
{
	const struct field *f = &l->kind->kind->fields[l->kind->kind->title_field];
	const struct value *v = &l->row->values[f->index];
	const struct json *j;
	*ret = v->set && !v->null ? v->text : STR_NONE;
	if (f->type != FIELD_LOCAL || !ret->len)
		return OK;
	TRY(json_parse(l->arena, v->text, NULL, &j, e));
	*ret = json_text(j, str_of(lang_tag(l->lang)));
	if (!ret->len)
		*ret = json_text(j, STR("en"));
	if (!ret->len && j->type == JSON_OBJECT && j->object.count && j->object.members[0].value.type == JSON_TEXT)
		*ret = j->object.members[0].value.text;
	return OK;
}

enum code snippet_make(struct analyser *a, const struct search_query *q, const struct searched *s, const struct record_seen *row,
		       enum lang lang, struct arena *arena, struct shown *ret, bool *ret_found, struct error *e)
{
	struct looking l = { .analyser = a, .query = q, .kind = s, .row = row, .arena = arena, .lang = lang };
	TRY(look(&l, e));
	*ret_found = all_found(&l) && l.best.match.count;
	if (!*ret_found)
		return OK;
	*ret = (struct shown){ .number = arena_copy(arena, row->number) };
	TRY(title_of(&l, &ret->title, e));
	ret->title = arena_copy(arena, ret->title);
	return cut(&l.best, arena, ret, e);
}

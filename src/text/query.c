/* Reading and compiling what people type. Neighbours: words.c and forms.c cut and fold; index/ finds; match.c shows. */
#include "text/query.h"
#include "base/arena.h"
#include "base/utf8.h"
#include <string.h>

#define WAYS_MOST 16
#define TERMS_MOST 64 /* of one way: characters of a word written without spaces */

/* --- reading -------------------------------------------------------------------------------------- */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct str take_quoted(struct str *rest)
{
	int64_t end = str_find(*rest, '"');
	struct str text = str_slice(*rest, 0, end < 0 ? rest->len : (size_t)end);
	*rest = str_slice(*rest, end < 0 ? rest->len : (size_t)end + 1, rest->len);
	return text;
}

static struct str take_bare(struct str *rest)
{
	size_t n = 0;
	while (n < rest->len && !is_space(rest->data[n]) && rest->data[n] != '"')
		n++;
	struct str text = str_slice(*rest, 0, n);
	*rest = str_slice(*rest, n, rest->len);
	return text;
}

size_t query_parts(struct str typed, struct query_part *ret, size_t most)
{
	struct str rest = typed;
	size_t count = 0;
	while (rest.len && count < most) {
		struct query_part part = { 0 };
		if (is_space(rest.data[0])) {
			rest = str_slice(rest, 1, rest.len);
			continue;
		}
		part.excluded = rest.data[0] == '-' && rest.len > 1 && !is_space(rest.data[1]);
		if (part.excluded)
			rest = str_slice(rest, 1, rest.len);
		part.quoted = rest.data[0] == '"';
		if (part.quoted) {
			rest = str_slice(rest, 1, rest.len);
			part.text = take_quoted(&rest);
		} else {
			part.text = take_bare(&rest);
			part.open = !part.excluded && (rest.len == 0 || str_ends(part.text, STR("*")));
			while (str_ends(part.text, STR("*")))
				part.text.len--;
		}
		if (part.text.len)
			ret[count++] = part;
	}
	return count;
}

/* --- compiling ------------------------------------------------------------------------------------ */

struct draft { /* a group being made */
	struct search_way ways[WAYS_MOST];
	struct search_term *chain; /* forms of a way that grows while parts come */
	size_t chain_count;
};

struct compiling {
	struct analyser *analyser;
	struct arena *arena;
	struct search_query *query;
	const struct query_part *part;
	struct draft *draft;      /* of the newest group */
	size_t compound_end;      /* where the word ends whose parts are coming */
	bool apart;               /* those parts are words of their own */
	bool overflow;
};

static bool add_way(struct draft *d, struct search_group *g, const struct search_term *terms, size_t count, float weight)
{
	if (!terms || g->count == WAYS_MOST)
		return false;
	d->ways[g->count++] = (struct search_way){ terms, count, weight };
	return true;
}

static struct search_term *new_term(struct compiling *c, char mark, struct str text, enum match_how how)
{
	struct search_term *t = ARENA_NEW(c->arena, struct search_term);
	char *form = arena_alloc(c->arena, text.len + 2);
	size_t n = 0;
	if (!t || !form)
		return NULL;
	if (mark)
		form[n++] = mark;
	memcpy(form + n, text.data, text.len);
	*t = (struct search_term){ { form, n + text.len }, how };
	return t;
}

static struct search_group *new_group(struct compiling *c)
{
	struct search_query *q = c->query;
	if (q->count == QUERY_GROUPS_MOST) {
		c->overflow = true;
		return NULL;
	}
	c->draft = ARENA_NEW(c->arena, struct draft);
	if (!c->draft)
		return NULL;
	struct search_group *g = &q->groups[q->count++];
	*g = (struct search_group){ .ways = c->draft->ways, .excluded = c->part->excluded };
	q->wanted += !g->excluded;
	return g;
}

static unsigned distance_of(struct str form)
{
	size_t letters = utf8_length(form);
	for (size_t i = 0; i < form.len; i++)
		if (form.data[i] >= '0' && form.data[i] <= '9')
			return 0; /* another number is another thing, not a slip */
	return letters < 4 ? 0 : letters < 8 ? 1 : 2;
}

static enum code add_word(struct compiling *c, struct str text, struct error *e)
{
	struct forms forms;
	TRY(word_forms(c->analyser, text, WORD_LETTERS, LANG_COUNT, &forms, e));
	if (!forms.count)
		return OK;
	struct search_group *g = new_group(c);
	if (!g)
		return c->overflow ? OK : error_nomem(e);
	bool good = add_way(c->draft, g, new_term(c, 0, forms.items[0], MATCH_WHOLE), 1, 1.0f);
	/* the word may be the stem of others, and a word that is its own stem is indexed as a word only */
	if (!c->part->quoted)
		good = good && add_way(c->draft, g, new_term(c, FORM_STEM, forms.items[0], MATCH_WHOLE), 1, 0.5f);
	for (size_t i = 1; i < forms.count && !c->part->quoted; i++) {
		good = good && add_way(c->draft, g, new_term(c, 0, forms.items[i], MATCH_WHOLE), 1, 0.5f);
		good = good && add_way(c->draft, g, new_term(c, 0, str_slice(forms.items[i], 1, forms.items[i].len), MATCH_WHOLE), 1, 0.5f);
	}
	if (!c->part->quoted && !g->excluded)
		g->distance = distance_of(forms.items[0]);
	return good ? OK : error_nomem(e);
}

/* Found by the dictionary's word, and wherever its characters stand in this order. */
static enum code add_ideographs(struct compiling *c, struct str text, struct error *e)
{
	struct forms forms;
	TRY(word_forms(c->analyser, text, WORD_IDEO, LANG_COUNT, &forms, e));
	struct search_group *g = forms.count ? new_group(c) : NULL;
	if (!g)
		return c->overflow || !forms.count ? OK : error_nomem(e);
	bool good = add_way(c->draft, g, new_term(c, 0, forms.items[0], MATCH_WHOLE), 1, 1.0f);
	struct search_term *chain = ARENA_ARRAY(c->arena, TERMS_MOST, struct search_term);
	size_t count = 0, letters = utf8_length(text), start = 0;
	for (size_t i = 0; chain && i + (letters > 1) < letters && count < TERMS_MOST; i++) {
		struct str rest = str_slice(text, start, text.len), after;
		uint32_t letter;
		utf8_next(&rest, &letter);
		size_t second = text.len - rest.len;
		after = rest;
		utf8_next(&after, &letter);
		TRY(word_forms(c->analyser, str_slice(text, start, text.len - after.len), WORD_PAIR, LANG_COUNT, &forms, e));
		struct search_term *t = forms.count ? new_term(c, 0, forms.items[0], letters > 1 ? MATCH_WHOLE : MATCH_START) : NULL;
		if (t)
			chain[count++] = *t;
		start = second;
	}
	if (count)
		good = good && add_way(c->draft, g, chain, count, 0.7f);
	return good && chain ? OK : error_nomem(e);
}

/* "www.example.org" as a whole, or its parts in one field. */
static enum code add_compound(struct compiling *c, struct str text, struct error *e)
{
	struct forms forms;
	TRY(word_forms(c->analyser, text, WORD_LETTERS, LANG_COUNT, &forms, e));
	struct search_group *g = forms.count ? new_group(c) : NULL;
	if (!g)
		return c->overflow || !forms.count ? OK : error_nomem(e);
	bool good = add_way(c->draft, g, new_term(c, 0, forms.items[0], MATCH_WHOLE), 1, 1.0f);
	c->draft->chain = ARENA_ARRAY(c->arena, TERMS_MOST, struct search_term);
	good = good && c->draft->chain && add_way(c->draft, g, c->draft->chain, 0, 0.5f);
	return good ? OK : error_nomem(e);
}

static enum code add_part(struct compiling *c, struct str text, struct error *e)
{
	struct draft *d = c->draft;
	struct forms forms;
	if (!d || !d->chain || c->overflow || d->chain_count == TERMS_MOST)
		return OK;
	TRY(word_forms(c->analyser, text, WORD_PART, LANG_COUNT, &forms, e));
	if (!forms.count)
		return OK;
	struct search_term *t = new_term(c, 0, forms.items[0], MATCH_WHOLE);
	if (!t)
		return error_nomem(e);
	d->chain[d->chain_count++] = *t;
	d->ways[1].count = d->chain_count;
	return OK;
}

static enum code compile_word(void *data, const struct word *w, struct error *e)
{
	struct compiling *c = data;
	struct str text = str_slice(c->part->text, w->start, w->end);
	switch (w->sort) {
	case WORD_LETTERS:
		c->apart = w->inner && w->apostrophe;
		if (c->apart)
			return OK;
		return w->inner ? add_compound(c, text, e) : add_word(c, text, e);
	case WORD_PART: /* what is left of an elided article says nothing */
		if (!c->apart)
			return add_part(c, text, e);
		return utf8_length(text) > 1 ? add_word(c, text, e) : OK;
	case WORD_IDEO:
		return add_ideographs(c, text, e);
	default:
		return OK;
	}
}

/* The last word typed may go on; a slip is allowed where nothing else finds the word. */
static enum code finish_group(struct compiling *c, struct search_group *g, bool open, struct error *e)
{
	struct draft *d = c->draft;
	struct str form = d->ways[0].terms[0].form;
	bool good = true;
	if (open)
		good = add_way(d, g, new_term(c, 0, form, MATCH_START), 1, 0.6f);
	if (g->distance)
		good = good && add_way(d, g, new_term(c, 0, form, MATCH_NEAR), 1, 0.3f);
	return good ? OK : error_nomem(e);
}

static enum code compile_part(struct compiling *c, struct error *e)
{
	size_t first = c->query->count;
	TRY(words_cut(c->analyser, c->part->text, compile_word, c, e));
	for (size_t i = first; i < c->query->count; i++) {
		struct search_group *g = &c->query->groups[i];
		struct draft *own = c->draft;
		/* drafts begin with their ways */
		c->draft = (struct draft *)(uintptr_t)g->ways;
		enum code code = finish_group(c, g, c->part->open && i + 1 == c->query->count, e);
		c->draft = own;
		TRY(code);
	}
	return OK;
}

enum code query_compile(struct analyser *a, struct str typed, struct arena *arena, struct search_query *ret, struct error *e)
{
	struct query_part parts[QUERY_PARTS_MOST];
	struct compiling c = { .analyser = a, .arena = arena, .query = ret };
	if (typed.len > QUERY_BYTES_MOST)
		return error_fail(e, E_LIMIT, N_("Write less: a search takes at most {bytes} bytes"), { "bytes", STR("1000") });
	size_t count = query_parts(typed, parts, QUERY_PARTS_MOST);
	struct str *phrases = ARENA_ARRAY(arena, count + 1, struct str);
	if (!phrases)
		return error_nomem(e);
	*ret = (struct search_query){ .phrases = phrases };
	for (size_t i = 0; i < count; i++) {
		c.part = &parts[i];
		TRY(compile_part(&c, e));
		if (c.part->quoted && !c.part->excluded) {
			TRY(phrase_text(a, c.part->text, arena, &phrases[ret->phrase_count], e));
			ret->phrase_count += phrases[ret->phrase_count].len > 0;
		}
	}
	if (c.overflow)
		return error_fail(e, E_LIMIT, N_("Write fewer words: a search takes at most {words}"), { "words", STR("32") });
	if (!ret->wanted)
		return error_fail(e, E_INVALID, N_("Write at least one word to search for"));
	return OK;
}

/* From a word to the forms it is found under. Neighbours: words.c cuts, fold.c folds; libstemmer has Snowball's
 * algorithms (https://snowballstem.org). */
#include "base/utf8.h"
#include "internal.h"
#include <string.h>

static struct str add_form(struct analyser *a, struct forms *f, char mark, struct str text)
{
	char *out = a->text[f->count];
	size_t n = 0;
	if (!text.len || f->count == FORMS_MOST)
		return STR_NONE;
	if (mark)
		out[n++] = mark;
	size_t len = text.len < FOLD_MOST - n ? text.len : FOLD_MOST - n;
	memcpy(out + n, text.data, len);
	struct str form = { out, n + len };
	for (size_t i = 0; i < f->count; i++)
		if (str_eq(f->items[i], form))
			return form;
	f->items[f->count++] = form;
	return form;
}

static void add_stem(struct analyser *a, struct forms *f, struct str stem)
{
	char folded[FOLD_MOST];
	struct str text = { folded, fold_accents(&a->folder, stem, folded) };
	if (f->count && !str_eq(text, f->items[0]))
		add_form(a, f, FORM_STEM, text);
}

static void stem(struct analyser *a, struct forms *f, enum lang lang, struct str word)
{
	const sb_symbol *out = sb_stemmer_stem(a->stemmers[lang], (const sb_symbol *)word.data, (int)word.len);
	if (out)
		add_stem(a, f, (struct str){ (const char *)out, (size_t)sb_stemmer_length(a->stemmers[lang]) });
}

static void stem_arabic(struct analyser *a, struct forms *f, struct str word)
{
	char light[FOLD_MOST];
	stem(a, f, LANG_AR, word);
	add_stem(a, f, (struct str){ light, arabic_light(word, light) });
	add_stem(a, f, (struct str){ light, arabic_bare(word, light) });
}

static bool stems(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if ((word.data[i] >= '0' && word.data[i] <= '9') || word.data[i] == '_' || word.data[i] == '.' || word.data[i] == '\'')
			return false;
	return utf8_length(word) >= 3;
}

static void add_stems(struct analyser *a, struct forms *f, enum lang lang, struct str word)
{
	static const enum lang latin[] = { LANG_EN, LANG_FR, LANG_ES };
	switch (script_of(word)) {
	case SCRIPT_LATIN:
		for (size_t i = 0; i < 3; i++)
			if (lang == latin[i] || (lang != LANG_EN && lang != LANG_FR && lang != LANG_ES))
				stem(a, f, latin[i], word);
		break;
	case SCRIPT_CYRILLIC:
		stem(a, f, LANG_RU, word);
		break;
	case SCRIPT_ARABIC:
		stem_arabic(a, f, word);
		break;
	default:
		break;
	}
}

enum code word_forms(struct analyser *a, struct str word, enum word_sort sort, enum lang lang, struct forms *ret, struct error *e)
{
	char letters[FOLD_MOST], plain[FOLD_MOST];
	struct str folded = { letters, fold_letters(&a->folder, utf8_clip(word, WORD_MOST), letters) };
	struct str text = { plain, fold_accents(&a->folder, folded, plain) };
	ret->count = 0;
	if (sort == WORD_PAIR) {
		add_form(a, ret, FORM_PAIR, text);
		return OK;
	}
	add_form(a, ret, 0, text);
	if (ret->count && sort != WORD_IDEO && stems(folded))
		add_stems(a, ret, lang, folded);
	return OK;
}

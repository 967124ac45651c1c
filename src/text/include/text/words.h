/* Words of a text in any language, and the forms under which they are found. Word boundaries are ICU's (UAX #29, with
 * its dictionary for Chinese); forms are folded (NFKC case folding; no accents on Latin and Greek letters; ё as е;
 * one alef, no tatweel, no vowel signs), and stemmed by Snowball and, for Arabic, by light stemming (Larkey,
 * Ballesteros, Connell: "Light stemming for Arabic information retrieval", 2007).
 *
 * A form is a text; forms of different sorts never meet, since those that are not words as written begin with a
 * control character: FORM_STEM or FORM_PAIR. A stem that is the word itself is not told twice. */
#pragma once
#include "base/catalog.h"
#include "base/error.h"

#define FORM_STEM '\1' /* a stem */
#define FORM_PAIR '\2' /* two ideographs beside each other; the last of a run stands alone */
#define FORMS_MOST 6   /* of one word */
#define WORD_MOST 256  /* bytes of a word that count */

enum word_sort {
	WORD_LETTERS, /* letters or digits */
	WORD_PART,    /* inside a word that was just told: what stands between its apostrophes and points */
	WORD_IDEO,    /* written without spaces: as the dictionary cuts it */
	WORD_PAIR,    /* two characters of such a run; its last one alone */
};

struct word {
	enum word_sort sort;
	bool inner;        /* WORD_LETTERS: parts follow */
	bool apostrophe;   /* WORD_LETTERS: parts are joined by apostrophes only (l'eau) */
	size_t start, end; /* bytes in the text */
};

/* ICU's iterators, Snowball's stemmers and scratch: belongs to one thread at a time. */
struct analyser;
enum code analyser_new(struct analyser **ret, struct error *e);
void analyser_free(struct analyser *a);

/* Tells the words of valid UTF-8 in order of their start. */
typedef enum code words_visit(void *data, const struct word *w, struct error *e);
enum code words_cut(struct analyser *a, struct str text, words_visit *visit, void *data, struct error *e);

/* The forms of one word: the folded word first, then stems. Views live until the next call. LANG_COUNT: the language is
 * not known; then it is every one of the six that writes in these letters. No form: nothing is left after folding. */
struct forms {
	struct str items[FORMS_MOST];
	size_t count;
};
enum code word_forms(struct analyser *a, struct str word, enum word_sort sort, enum lang lang, struct forms *ret, struct error *e);

static inline void analyser_cleanup_(struct analyser **a) { analyser_free(*a); }
#define CLEAN_ANALYSER __attribute__((cleanup(analyser_cleanup_)))

/* What the files of text/ share about words: the analyser, and the way from a word to its forms.
 *   words.c boundaries      fold.c, forms.c what a word is found under      query.c, match.c what is asked, and where it is */
#pragma once
#include "fold.h"
#include "text/words.h"
#include <libstemmer.h>
#include <unicode/ubrk.h>

#define RUN_MOST 8192 /* bytes given to ICU at once */

struct analyser {
	struct folder folder;
	UBreakIterator *words;
	struct sb_stemmer *stemmers[LANG_COUNT]; /* NULL for Chinese */
	/* a run for ICU */
	UChar units[RUN_MOST + 1];
	int32_t bytes[RUN_MOST + 2]; /* where each unit stood in the run */
	/* the forms told last */
	char text[FORMS_MOST][FOLD_MOST + 1];
};

/* Takes the frequent clitics and endings off an Arabic word whose letters are folded; answers the new length. */
size_t arabic_light(struct str word, char *out);
/* The same, after a preposition of one letter that is written together with its noun (لحقوق, بحقوق), when four letters
 * are left: light stemming leaves those, since they may belong to the word; searching must find both. */
size_t arabic_bare(struct str word, char *out);

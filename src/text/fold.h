/* Folding: texts that people take for the same become the same. Pure but for the normalisers, which are ICU's own
 * constants. Neighbours: forms.c stems between the two steps, since stemmers know accents. */
#pragma once
#include "base/error.h"
#include <unicode/unorm2.h>

#define FOLD_MOST 640 /* bytes a word may have when folded; longer ones are cut */

struct folder {
	const UNormalizer2 *casefold, *decompose;
};
enum code folder_init(struct folder *f, struct error *e);

enum script { SCRIPT_OTHER, SCRIPT_LATIN, SCRIPT_CYRILLIC, SCRIPT_ARABIC };
/* Of the first letter. */
enum script script_of(struct str word);

/* Case, compatibility forms, digits of other scripts, the letters Arabic and Russian write in two ways. Answers the
 * length; `out` has room for FOLD_MOST bytes. */
size_t fold_letters(const struct folder *f, struct str word, char *out);
/* Marks off Latin and Greek letters, and letters that are two in one (œ, ß). */
size_t fold_accents(const struct folder *f, struct str word, char *out);

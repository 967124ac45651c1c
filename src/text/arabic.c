/* Light stemming of Arabic, "light10" of Larkey, Ballesteros and Connell (2007), on folded letters: a leading "and" when
 * enough is left, then one article with its preposition, then endings. Snowball's stemmer goes further and sometimes
 * too far; a word is found under both. Neighbour: forms.c. */
#include "base/utf8.h"
#include "internal.h"
#include <string.h>

static const char *const articles[] = { "وال", "بال", "كال", "فال", "لل", "ال" };
/* as folded: teh marbuta is heh, alef maksura is yeh */
static const char *const endings[] = { "ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي" };

static bool leaves(struct str word, struct str off, size_t least)
{
	return word.len >= off.len && utf8_length(word) >= utf8_length(off) + least;
}

static struct str without_and(struct str word)
{
	const struct str and = STR("و");
	if (str_starts(word, and) && leaves(word, and, 3) && !str_starts(word, str_of(articles[0])))
		word = str_slice(word, and.len, word.len);
	return word;
}

size_t arabic_bare(struct str word, char *out)
{
	static const char *const joined[] = { "ل", "ب", "ك", "ف" };
	word = without_and(word);
	for (size_t i = 0; i < sizeof joined / sizeof *joined; i++)
		if (str_starts(word, str_of(joined[i])) && leaves(word, str_of(joined[i]), 4)) {
			word = str_slice(word, strlen(joined[i]), word.len);
			break;
		}
	return arabic_light(word, out);
}

size_t arabic_light(struct str word, char *out)
{
	word = without_and(word);
	for (size_t i = 0; i < sizeof articles / sizeof *articles; i++)
		if (str_starts(word, str_of(articles[i])) && leaves(word, str_of(articles[i]), 2)) {
			word = str_slice(word, strlen(articles[i]), word.len);
			break;
		}
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (str_ends(word, str_of(endings[i])) && leaves(word, str_of(endings[i]), 2))
			word = str_slice(word, 0, word.len - strlen(endings[i]));
	memcpy(out, word.data, word.len);
	return word.len;
}

/* Folding by ICU's normalisers and small tables. Neighbours: fold.h says what folds into what; forms.c calls.
 * Arabic: the letters people write for one another, as in Larkey et al. 2007, §3.1. */
#include "fold.h"
#include "base/utf8.h"
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

#define UNITS 2048 /* one letter may become eighteen */

enum code folder_init(struct folder *f, struct error *e)
{
	UErrorCode status = U_ZERO_ERROR;
	f->casefold = unorm2_getNFKCCasefoldInstance(&status);
	f->decompose = unorm2_getNFDInstance(&status);
	return U_SUCCESS(status) ? OK : error_fail(e, E_INTERNAL, N_("The tables of Unicode are not there"));
}

static enum script script_of_letter(uint32_t c)
{
	UErrorCode status = U_ZERO_ERROR;
	switch (uscript_getScript((UChar32)c, &status)) {
	case USCRIPT_LATIN:
		return SCRIPT_LATIN;
	case USCRIPT_CYRILLIC:
		return SCRIPT_CYRILLIC;
	case USCRIPT_ARABIC:
		return SCRIPT_ARABIC;
	default:
		return SCRIPT_OTHER;
	}
}

enum script script_of(struct str word)
{
	uint32_t c;
	while (utf8_next(&word, &c)) {
		if (c < 0x80 && ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			return SCRIPT_LATIN;
		if (c >= 0x80 && u_isalpha((UChar32)c))
			return script_of_letter(c);
	}
	return SCRIPT_OTHER;
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] >= 0x80)
			return false;
	return true;
}

static size_t lower_ascii(struct str word, char *out)
{
	size_t n = word.len < FOLD_MOST ? word.len : FOLD_MOST;
	for (size_t i = 0; i < n; i++) {
		char c = word.data[i];
		out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	return n;
}

/* In UTF-16 and decomposed; answers the units, 0 when it cannot be done. */
static int32_t decompose(const struct folder *f, struct str word, UChar *out)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar units[UNITS];
	int32_t len = 0;
	u_strFromUTF8WithSub(units, UNITS, &len, word.data, (int32_t)word.len, 0xfffd, NULL, &status);
	if (U_FAILURE(status))
		return 0;
	len = unorm2_normalize(f->decompose, units, len, out, UNITS, &status);
	return U_SUCCESS(status) ? len : 0;
}

/* Marks are put in order first: folding makes a letter of U+0345, which would stand where the mark happened to. */
static int32_t casefold(const struct folder *f, struct str word, UChar *out)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar units[UNITS];
	int32_t len = decompose(f, word, units);
	len = unorm2_normalize(f->casefold, units, len, out, UNITS, &status);
	return U_SUCCESS(status) ? len : 0;
}

static size_t put(char *out, size_t len, uint32_t c)
{
	char bytes[4];
	size_t n = utf8_encode(c, bytes);
	if (len + n > FOLD_MOST)
		return len;
	memcpy(out + len, bytes, n);
	return len + n;
}

/* 0: left out. */
static uint32_t one_letter(uint32_t c)
{
	if ((c >= 0x064b && c <= 0x065f) || c == 0x0670 || c == 0x0640 || (c >= 0x0610 && c <= 0x061a) || (c >= 0x06d6 && c <= 0x06ed))
		return 0; /* vowel signs, tatweel, signs of recitation */
	switch (c) {
	case 0x0622: case 0x0623: case 0x0625: case 0x0671:
		return 0x0627; /* alef with madda, hamza above, below, wasla */
	case 0x0649: case 0x06cc: case 0x0626:
		return 0x064a; /* alef maksura, Farsi yeh, yeh with hamza */
	case 0x0624:
		return 0x0648; /* waw with hamza */
	case 0x0629: case 0x06c0: case 0x06c1:
		return 0x0647; /* teh marbuta, heh goal */
	case 0x06a9:
		return 0x0643; /* keheh */
	case 0x0451:
		return 0x0435; /* ё */
	default:
		break;
	}
	int32_t digit = c >= 0x80 ? u_charDigitValue((UChar32)c) : -1;
	if (digit >= 0 && u_charType((UChar32)c) == U_DECIMAL_DIGIT_NUMBER)
		return (uint32_t)('0' + digit);
	return c == 0x2019 ? '\'' : c;
}

size_t fold_letters(const struct folder *f, struct str word, char *out)
{
	UChar units[UNITS];
	size_t n = 0;
	if (is_ascii(word))
		return lower_ascii(word, out);
	int32_t len = casefold(f, word, units);
	for (int32_t i = 0; i < len;) {
		UChar32 c;
		U16_NEXT(units, i, len, c);
		uint32_t letter = one_letter((uint32_t)c);
		if (letter)
			n = put(out, n, letter);
	}
	return n;
}

static const struct {
	uint32_t letter;
	const char *as;
} doubles[] = { { 0x00e6, "ae" }, { 0x0153, "oe" }, { 0x00f8, "o" }, { 0x0142, "l" }, { 0x0111, "d" },
		{ 0x00f0, "d" },  { 0x00fe, "th" }, { 0x0131, "i" }, { 0x00df, "ss" }, { 0x0127, "h" } };

static size_t put_folded(char *out, size_t n, uint32_t c)
{
	for (size_t i = 0; c >= 0x80 && i < sizeof doubles / sizeof *doubles; i++)
		if (doubles[i].letter == c) {
			for (const char *p = doubles[i].as; *p; p++)
				n = put(out, n, (uint32_t)*p);
			return n;
		}
	return put(out, n, c);
}

/* A mark on a letter of another script is a letter of its own right (й, が, ї) and stays, composed as it was. */
size_t fold_accents(const struct folder *f, struct str word, char *out)
{
	UChar units[UNITS];
	uint32_t c;
	size_t n = 0;
	if (is_ascii(word)) {
		n = word.len < FOLD_MOST ? word.len : FOLD_MOST;
		memcpy(out, word.data, n);
		return n;
	}
	while (utf8_next(&word, &c)) {
		UErrorCode status = U_ZERO_ERROR;
		UScriptCode script = c < 0x80 ? USCRIPT_LATIN : uscript_getScript((UChar32)c, &status);
		char letter[4];
		if (c >= 0x0300 && c <= 0x036f)
			continue; /* what NFKC could not compose */
		if (c < 0x80 || (script != USCRIPT_LATIN && script != USCRIPT_GREEK)) {
			n = put(out, n, c);
			continue;
		}
		int32_t len = decompose(f, (struct str){ letter, utf8_encode(c, letter) }, units);
		for (int32_t i = 0; i < len;) {
			UChar32 part;
			U16_NEXT(units, i, len, part);
			if (u_charType(part) != U_NON_SPACING_MARK)
				n = put_folded(out, n, (uint32_t)part);
		}
	}
	return n;
}

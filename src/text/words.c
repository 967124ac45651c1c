/* Word boundaries: Unicode's rules (UAX #29). What is ASCII is cut here by the same rules, ten times as fast as ICU
 * does; everything else is given to ICU in runs. A test holds both against each other and against Unicode's own.
 * Neighbours: forms.c makes forms of what is cut. */
#include "base/mem.h"
#include "base/utf8.h"
#include "internal.h"
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

/* --- the analyser --------------------------------------------------------------------------------- */

enum code analyser_new(struct analyser **ret, struct error *e)
{
	static const char *const algorithms[LANG_COUNT] = { [LANG_EN] = "english", [LANG_AR] = "arabic", [LANG_FR] = "french",
							    [LANG_RU] = "russian", [LANG_ES] = "spanish" };
	UErrorCode status = U_ZERO_ERROR;
	struct analyser *a = mem_new(sizeof *a);
	if (!a)
		return error_nomem(e);
	enum code code = folder_init(&a->folder, e);
	a->words = ubrk_open(UBRK_WORD, "en", NULL, 0, &status);
	if (code == OK && U_FAILURE(status))
		code = error_fail(e, E_INTERNAL, N_("The tables of Unicode are not there"));
	for (enum lang l = 0; code == OK && l < LANG_COUNT; l++)
		if (algorithms[l] && !(a->stemmers[l] = sb_stemmer_new(algorithms[l], "UTF_8")))
			code = error_nomem(e);
	if (code != OK) {
		analyser_free(a);
		return code;
	}
	*ret = a;
	return OK;
}

void analyser_free(struct analyser *a)
{
	if (!a)
		return;
	if (a->words)
		ubrk_close(a->words);
	for (enum lang l = 0; l < LANG_COUNT; l++)
		sb_stemmer_delete(a->stemmers[l]);
	mem_free(a);
}

/* --- ASCII ---------------------------------------------------------------------------------------- */

struct cutting {
	struct analyser *analyser;
	struct str text;
	words_visit *visit;
	void *data;
};

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_joined(char c)
{
	return is_letter(c) || is_digit(c) || c == '_';
}

/* What stands between two letters or two digits without parting them (WB6, WB7, WB11, WB12). */
static bool is_bridge(char before, char c, char after)
{
	if (c == '.' || c == '\'')
		return (is_letter(before) && is_letter(after)) || (is_digit(before) && is_digit(after));
	return (c == ',' || c == ';') && is_digit(before) && is_digit(after);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_apostrophe(const char *p, size_t left, size_t *ret_len)
{
	*ret_len = 1;
	if (*p == '\'')
		return true;
	*ret_len = 3;
	return left >= 3 && memcmp(p, "\xe2\x80\x99", 3) == 0;
}

/* Tells a word, then its parts when something stands inside that is neither letter nor digit. */
static enum code tell(struct cutting *c, size_t start, size_t end, bool inner, struct error *e)
{
	const char *text = c->text.data;
	size_t len, from = start;
	struct word w = { WORD_LETTERS, inner, inner, start, end };
	for (size_t i = start; inner && i < end; i++)
		if (((unsigned char)text[i] < 0x80 && !is_letter(text[i]) && !is_digit(text[i])) && text[i] != '\'')
			w.apostrophe = false;
	TRY(c->visit(c->data, &w, e));
	for (size_t i = start; inner && i <= end; i += len) {
		bool between = i == end;
		len = 1;
		if (!between && (unsigned char)text[i] < 0x80)
			between = !is_letter(text[i]) && !is_digit(text[i]);
		else if (!between)
			between = is_apostrophe(text + i, end - i, &len);
		if (!between) {
			len = 1;
			continue;
		}
		const struct word part = { WORD_PART, false, false, from, i };
		if (i > from)
			TRY(c->visit(c->data, &part, e));
		from = i + len;
	}
	return OK;
}

static enum code cut_ascii(struct cutting *c, size_t start, size_t end, struct error *e)
{
	const char *t = c->text.data;
	size_t i = start;
	while (i < end) {
		bool inner = false, some = false;
		size_t from = i;
		while (i < end && (is_joined(t[i]) || (i > from && i + 1 < end && is_bridge(t[i - 1], t[i], t[i + 1])))) {
			bool plain = is_letter(t[i]) || is_digit(t[i]);
			some |= plain;
			inner |= !plain;
			i++;
		}
		if (some)
			TRY(tell(c, from, i, inner, e));
		if (i == from)
			i++;
	}
	return OK;
}

/* --- everything else ------------------------------------------------------------------------------ */

/* Pairs of one run of ideographs, once its words are told. */
static enum code tell_pairs(struct cutting *c, size_t start, size_t end, struct error *e)
{
	const uint8_t *t = (const uint8_t *)c->text.data;
	size_t first = start, second = start;
	while (first < end) {
		UChar32 letter;
		if (second == first)
			U8_NEXT(t, second, end, letter);
		size_t last = second;
		if (last < end)
			U8_NEXT(t, last, end, letter);
		const struct word pair = { WORD_PAIR, false, false, first, last };
		TRY(c->visit(c->data, &pair, e));
		first = second;
		second = last;
	}
	return OK;
}

static bool has_inner(struct str s)
{
	size_t len;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] < 0x80 ? !is_letter(s.data[i]) && !is_digit(s.data[i]) : is_apostrophe(s.data + i, s.len - i, &len))
			return true;
	return false;
}

/* Nobody looks for a word of joiners and marks. */
static bool has_letter(struct str s)
{
	uint32_t c;
	while (utf8_next(&s, &c))
		if (u_isalnum((UChar32)c))
			return true;
	return false;
}

static enum code cut_units(struct cutting *c, int32_t units, size_t base, struct error *e)
{
	struct analyser *a = c->analyser;
	UErrorCode status = U_ZERO_ERROR;
	size_t run_start = 0, run_end = 0;
	ubrk_setText(a->words, a->units, units, &status);
	if (U_FAILURE(status))
		return error_fail(e, E_INTERNAL, N_("The text could not be cut into words"));
	int32_t from = ubrk_first(a->words), to;
	while ((to = ubrk_next(a->words)) != UBRK_DONE) {
		int32_t sort = ubrk_getRuleStatus(a->words);
		size_t start = base + (size_t)a->bytes[from], end = base + (size_t)a->bytes[to];
		bool ideo = sort >= UBRK_WORD_KANA;
		from = to;
		if (run_end && (!ideo || start != run_end)) {
			TRY(tell_pairs(c, run_start, run_end, e));
			run_end = 0;
		}
		if (ideo) {
			const struct word w = { WORD_IDEO, false, false, start, end };
			TRY(c->visit(c->data, &w, e));
			run_start = run_end ? run_start : start;
			run_end = end;
			continue;
		}
		struct str word = str_slice(c->text, start, end);
		/* a letter that an emoji is joined to has no sort of its own */
		if (has_letter(word))
			TRY(tell(c, start, end, has_inner(word), e));
	}
	return run_end ? tell_pairs(c, run_start, run_end, e) : OK;
}

static enum code cut_run(struct cutting *c, size_t start, size_t end, struct error *e)
{
	struct analyser *a = c->analyser;
	const uint8_t *bytes = (const uint8_t *)c->text.data + start;
	int32_t len = (int32_t)(end - start), units = 0;
	for (int32_t i = 0; i < len;) {
		UChar32 letter;
		int32_t at = i;
		U8_NEXT_OR_FFFD(bytes, i, len, letter);
		a->bytes[units] = at;
		if (letter > 0xffff)
			a->bytes[units + 1] = at;
		/* releases of ICU differ in whether these join words (x@example.org, key:value); here they never do */
		U16_APPEND_UNSAFE(a->units, units, letter == '@' || letter == ':' ? '/' : letter);
	}
	a->bytes[units] = len;
	return cut_units(c, units, start, e);
}

/* --- chunks between spaces ------------------------------------------------------------------------ */

/* A space parts words whatever stands around it (WB999), so chunks between spaces can be looked at one by one. */
static size_t chunk_end(struct str text, size_t from, bool *ret_ascii)
{
	size_t i = from;
	unsigned char any = 0;
	while (i < text.len && !is_space(text.data[i]))
		any |= (unsigned char)text.data[i++];
	*ret_ascii = any < 0x80;
	return i;
}

/* A chunk longer than ICU is given at once is cut between two characters. */
static size_t clip(struct str text, size_t start, size_t end)
{
	if (end - start <= RUN_MOST)
		return end;
	end = start + RUN_MOST;
	while (end > start + 1 && ((unsigned char)text.data[end] & 0xc0) == 0x80)
		end--;
	return end;
}

enum code words_cut(struct analyser *a, struct str text, words_visit *visit, void *data, struct error *e)
{
	struct cutting c = { a, text, visit, data };
	size_t i = 0;
	while (i < text.len) {
		bool ascii, next_ascii;
		if (is_space(text.data[i])) {
			i++;
			continue;
		}
		size_t end = chunk_end(text, i, &ascii);
		if (ascii) {
			TRY(cut_ascii(&c, i, end, e));
			i = end;
			continue;
		}
		for (;;) { /* as many chunks of this sort as ICU is given at once */
			size_t next = end;
			while (next < text.len && is_space(text.data[next]))
				next++;
			size_t after = chunk_end(text, next, &next_ascii);
			if (next == text.len || next_ascii || after - i > RUN_MOST)
				break;
			end = after;
		}
		end = clip(text, i, end);
		TRY(cut_run(&c, i, end, e));
		i = end;
	}
	return OK;
}

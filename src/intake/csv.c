/* Reading CSV (RFC 4180): one row at a time out of bytes in memory. Pure; fuzzed by tests/fuzz/csv.c.
 * Neighbours: csv_decode.c makes UTF-8 of what came, stage.c reads rows. */
#include "intake/csv.h"
#include <string.h>

static enum code refuse(const struct csv *csv, enum code code, const char *msgid, struct error *e)
{
	char digits[24];
	size_t at = sizeof digits;
	for (int64_t n = csv->lines + 1; n > 0; n /= 10)
		digits[--at] = (char)('0' + n % 10);
	const struct error_arg args[] = { { "line", { digits + at, sizeof digits - at } }, { 0 } };
	return error_fail_(e, code, msgid, args);
}

static char guess(struct str text)
{
	static const char candidates[] = { ',', ';', '\t', '|' };
	size_t seen[sizeof candidates] = { 0 }, best = 0;
	bool quoted = false;
	for (size_t i = 0; i < text.len && (quoted || text.data[i] != '\n'); i++) {
		const char *found = quoted ? NULL : memchr(candidates, text.data[i], sizeof candidates);
		if (text.data[i] == '"')
			quoted = !quoted;
		if (found)
			seen[found - candidates]++;
	}
	for (size_t i = 1; i < sizeof candidates; i++)
		best = seen[i] > seen[best] ? i : best;
	return candidates[best];
}

void csv_init(struct csv *csv, struct str text, char delimiter)
{
	*csv = (struct csv){ .text = text, .delimiter = delimiter ? delimiter : guess(text) };
}

static bool at_end(const struct csv *csv)
{
	return csv->at == csv->text.len;
}

static bool at_line_end(const struct csv *csv)
{
	const char *p = csv->text.data + csv->at;
	return at_end(csv) || *p == '\n' || (*p == '\r' && (csv->at + 1 == csv->text.len || p[1] == '\n'));
}

static void pass_line_end(struct csv *csv)
{
	if (!at_end(csv) && csv->text.data[csv->at] == '\r')
		csv->at++;
	if (!at_end(csv) && csv->text.data[csv->at] == '\n')
		csv->at++;
	csv->lines++;
}

static enum code bare_cell(struct csv *csv, struct str *ret, struct error *e)
{
	size_t from = csv->at;
	while (!at_line_end(csv) && csv->text.data[csv->at] != csv->delimiter)
		if (csv->text.data[csv->at++] == '\0')
			return refuse(csv, E_INVALID, N_("Line {line}: a NUL character; this is no text file"), e);
	*ret = str_slice(csv->text, from, csv->at);
	return OK;
}

/* Halves doubled quotes. */
static enum code unescape(struct str raw, struct arena *arena, struct str *ret, struct error *e)
{
	struct str copy = arena_copy(arena, raw);
	if (!copy.data)
		return error_nomem(e);
	char *out = (char *)(uintptr_t)copy.data;
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		out[len++] = raw.data[i];
		i += raw.data[i] == '"'; /* the second of two */
	}
	*ret = (struct str){ out, len };
	return OK;
}

static enum code quoted_cell(struct csv *csv, struct arena *arena, struct str *ret, struct error *e)
{
	size_t from = ++csv->at, doubled = 0;
	int64_t lines = 0;
	for (;; csv->at++) {
		if (at_end(csv))
			return refuse(csv, E_INVALID, N_("Line {line}: a quote is opened and never closed"), e);
		char ch = csv->text.data[csv->at];
		if (ch == '\0')
			return refuse(csv, E_INVALID, N_("Line {line}: a NUL character; this is no text file"), e);
		lines += ch == '\n';
		if (ch != '"')
			continue;
		if (csv->at + 1 == csv->text.len || csv->text.data[csv->at + 1] != '"')
			break;
		csv->at++;
		doubled++;
	}
	struct str raw = str_slice(csv->text, from, csv->at++);
	if (!at_line_end(csv) && csv->text.data[csv->at] != csv->delimiter)
		return refuse(csv, E_INVALID, N_("Line {line}: text follows a closing quote"), e);
	csv->lines += lines;
	*ret = raw;
	return doubled ? unescape(raw, arena, ret, e) : OK;
}

enum code csv_next(struct csv *csv, struct arena *arena, struct csv_row *ret, bool *ret_row, struct error *e)
{
	while (!at_end(csv) && at_line_end(csv))
		pass_line_end(csv);
	ret->count = 0;
	*ret_row = !at_end(csv);
	csv->line = csv->lines + 1;
	for (bool more = *ret_row; more; ) {
		struct str *cell = &ret->cells[ret->count];
		if (ret->count++ == CSV_COLUMNS)
			return refuse(csv, E_LIMIT, N_("Line {line}: a row may have at most 1,000 columns"), e);
		bool quoted = !at_end(csv) && csv->text.data[csv->at] == '"';
		TRY(quoted ? quoted_cell(csv, arena, cell, e) : bare_cell(csv, cell, e));
		if (cell->len > CSV_CELL_MOST)
			return refuse(csv, E_LIMIT, N_("Line {line}: a cell may have at most 1 MiB"), e);
		more = !at_line_end(csv);
		csv->at += more; /* the delimiter */
		if (!more)
			pass_line_end(csv);
	}
	return OK;
}

/* Comma-separated values (RFC 4180), whatever the delimiter; and the encodings that spreadsheets write. Pure: bytes in, views out.
 * What deviates and is unambiguous is read (bare LF, quotes inside an unquoted cell, no line end at the end); a quote that is
 * never closed, text after a closing quote, NUL and too many columns are refused with the line. */
#pragma once
#include "base/arena.h"
#include "base/error.h"

#define CSV_COLUMNS 1000         /* in a row */
#define CSV_CELL_MOST (1u << 20) /* bytes in a cell */

struct csv {
	struct str text; /* UTF-8 */
	size_t at;
	char delimiter;
	int64_t line;  /* of the row read last, from 1 */
	int64_t lines; /* line ends passed */
};

struct csv_row {
	struct str cells[CSV_COLUMNS]; /* views of the text; of a cell with doubled quotes a copy in the arena */
	size_t count;
};

/* `delimiter` 0: the one of , ; tab | that the first row has most of outside quotes; a comma when it has none. */
void csv_init(struct csv *csv, struct str text, char delimiter);
/* *ret_row false at the end. Empty lines are passed over. E_INVALID and E_LIMIT name the line. */
enum code csv_next(struct csv *csv, struct arena *arena, struct csv_row *ret, bool *ret_row, struct error *e);

/* Bytes of a file as UTF-8 without a byte order mark. `encoding` empty: a byte order mark says it, or it is UTF-8; anything else must be
 * named (utf-8, utf-16le, utf-16be, windows-1252, windows-1251, windows-1256), since single bytes do not tell their alphabet. */
enum code csv_decode(struct str bytes, struct str encoding, struct arena *arena, struct str *ret, struct error *e);

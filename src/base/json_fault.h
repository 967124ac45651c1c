/* Where JSON goes wrong, for the person who has to mend it; run only on what simdjson refused. Neighbour: json.c. */
#pragma once
#include "base/buf.h"

enum json_wrong { WRONG_NOTHING, WRONG_SYNTAX, WRONG_UTF8, WRONG_NUMBER };

/* Reads the text by the grammar of RFC 8259 and answers what is wrong first, with its byte offset. WRONG_NUMBER is a
 * number past what a double holds. Lone surrogates are wrong syntax. At most 1,024 levels. */
enum json_wrong json_fault(struct str text, size_t *ret_at);
/* Writes the text with every whole number outside int64 as one with an exponent, which readers take for a real one.
 * False when it is no JSON. */
bool json_widen(struct str text, struct buf *out);

/* Exact decimal numbers as scaled 64-bit integers: 12.50 at scale 2 is 1250. Money is minor units plus
 * an ISO 4217 code. No floating point anywhere on the way. */
#pragma once
#include "base/str.h"

/* Reads "-12.5" (no plus, no exponent, digits on both sides of the point) at `scale` (0–9): false on bad form, too many fraction digits, or overflow. */
bool decimal_parse(struct str s, int scale, int64_t *ret);
/* Writes with exactly `scale` fraction digits; `out` has room for 32 bytes; answers the length. */
size_t decimal_format(int64_t value, int scale, char out[32]);
/* A JSON number to the scale, when its shortest decimal form has no more fraction digits. False past 2^53,
 * where a double no longer tells whole numbers apart. */
bool decimal_from_real(double real, int scale, int64_t *ret);
/* Minor-unit digits of a currency (ISO 4217): 2 for USD, 0 for JPY, 3 for KWD; -1 when unknown. */
int currency_digits(struct str code);

/* Edit distance with swaps of neighbours (optimal string alignment: Boytsov, "Indexing methods for approximate
 * dictionary searching", 2011, §2). Only a band around the diagonal is filled. Neighbours: match.c, find.c. */
#include "base/utf8.h"
#include "text/query.h"
#include <string.h>

#define LETTERS 128 /* longer words are not compared */

static size_t letters_of(struct str s, uint32_t *out)
{
	size_t n = 0;
	while (n < LETTERS && utf8_next(&s, &out[n]))
		n++;
	return n;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned edit_distance(struct str a, struct str b, unsigned most)
{
	uint32_t x[LETTERS], y[LETTERS];
	unsigned rows[3][LETTERS + 1];
	size_t m = letters_of(a, x), n = letters_of(b, y);
	if ((m > n ? m - n : n - m) > most)
		return most + 1;
	for (size_t j = 0; j <= n; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= m; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3], *over = rows[(i + 1) % 3], best = (unsigned)i;
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			unsigned d = above[j - 1] + (x[i - 1] != y[j - 1]);
			d = least(d, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
				d = least(d, over[j - 2] + 1);
			row[j] = d;
			best = least(best, d);
		}
		if (best > most)
			return most + 1;
	}
	return least(rows[m % 3][n], most + 1);
}

/* What is looked at in the text itself: how much of it there is before PostgreSQL's parser sees it, and where in it
 * something stands. Pure. Neighbour: tree.c. */
#include "internal.h"

static bool is_word(char c)
{
	unsigned char u = (unsigned char)c;
	return (u >= '0' && u <= '9') || ((u | 32) >= 'a' && (u | 32) <= 'z') || u == '_' || u >= 0x80;
}

/* Words and signs, also those in quotes and comments: whatever the parser makes of the text, it finds no more. */
size_t scan_parts(struct str sql)
{
	size_t parts = 0;
	for (size_t i = 0; i < sql.len; i++) {
		char c = sql.data[i];
		if (c == ' ' || (c >= '\t' && c <= '\r'))
			continue;
		parts += !is_word(c) || i == 0 || !is_word(sql.data[i - 1]);
	}
	return parts;
}

struct query_place text_place(struct str sql, size_t offset)
{
	struct query_place p = { .line = 1, .column = 1 };
	if (offset > sql.len)
		offset = sql.len;
	p.offset = offset;
	for (size_t i = 0; i < offset; i++) {
		if (sql.data[i] == '\n') {
			p.line++;
			p.column = 1;
		} else {
			p.column += ((unsigned char)sql.data[i] & 0xc0) != 0x80;
		}
	}
	return p;
}

/* The {places} of messages. Neighbours: error.c, catalog.c. */
#include "message.h"

void message_fill(struct buf *out, struct str text, const struct error_arg *args)
{
	while (text.len) {
		int64_t open = str_find(text, '{');
		if (open < 0)
			break;
		struct str rest = str_slice(text, (size_t)open + 1, text.len), name = rest;
		const struct error_arg *a = args;
		if (!str_cut(&rest, '}', &name) || !rest.data)
			break;
		while (a && a->name && !str_is(name, a->name))
			a++;
		if (!a || !a->name) { /* no place: the brace is a brace, and the next may open one */
			buf_add_str(out, str_slice(text, 0, (size_t)open + 1));
			text = str_slice(text, (size_t)open + 1, text.len);
			continue;
		}
		buf_add_str(out, str_slice(text, 0, (size_t)open));
		buf_add_str(out, a->value);
		text = rest;
	}
	buf_add_str(out, text);
}

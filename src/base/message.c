/* The {places} of messages. Neighbours: error.c, catalog.c. */
#include "message.h"

void message_fill(struct buf *out, struct str text, const struct error_arg *args)
{
	while (text.len) {
		int64_t open = str_find(text, '{'), close = str_find(text, '}');
		const struct error_arg *a = args;
		if (open < 0 || close < open)
			break;
		struct str name = str_slice(text, (size_t)open + 1, (size_t)close);
		buf_add_str(out, str_slice(text, 0, (size_t)open));
		while (a && a->name && !str_is(name, a->name))
			a++;
		buf_add_str(out, a && a->name ? a->value : str_slice(text, (size_t)open, (size_t)close + 1));
		text = str_slice(text, (size_t)close + 1, text.len);
	}
	buf_add_str(out, text);
}

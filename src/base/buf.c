/* Growing byte buffers with a ceiling and a sticky failure. Neighbours: json_write.c, every encoder. */
#include "base/buf.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_DEFAULT ((size_t)64 << 20)

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max ? max : MAX_DEFAULT };
}

void buf_done(struct buf *b)
{
	mem_free(b->data);
	*b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

char *buf_room(struct buf *b, size_t len)
{
	if (b->failed)
		return NULL;
	if (len <= b->cap - b->len)
		return b->data + b->len;
	size_t need, cap = b->cap ? b->cap : 256;
	if (__builtin_add_overflow(b->len, len, &need) || need > b->max) {
		b->failed = true;
		return NULL;
	}
	while (cap < need)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	char *grown = mem_grow(b->data, cap);
	if (!grown) {
		b->failed = true;
		return NULL;
	}
	b->data = grown;
	b->cap = cap;
	return b->data + b->len;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (len == 0)
		return;
	char *room = buf_room(b, len);
	if (room) {
		memcpy(room, data, len);
		b->len += len;
	}
}

void buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.data, s.len);
}

void buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_add_int(struct buf *b, int64_t n)
{
	char digits[24];
	size_t at = sizeof digits;
	uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (n < 0)
		digits[--at] = '-';
	buf_add(b, digits + at, sizeof digits - at);
}

void buf_format(struct buf *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *room = len < 0 ? NULL : buf_room(b, (size_t)len + 1);
	if (!room)
		return;
	va_start(args, format);
	vsnprintf(room, (size_t)len + 1, format, args);
	va_end(args);
	b->len += (size_t)len;
}

char *buf_take(struct buf *b, size_t *ret_len)
{
	char *data = b->data;
	*ret_len = b->len;
	*b = (struct buf){ .max = b->max };
	return data;
}

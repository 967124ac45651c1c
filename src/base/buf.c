/* Growing byte buffers with a ceiling and a sticky failure. Neighbours: json_write.c, every encoder. */
#include "base/buf.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_DEFAULT ((size_t)64 << 20)
#define FIRST_ROOM 255

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max == 0 ? MAX_DEFAULT : max == SIZE_MAX ? max - 1 : max };
}

void buf_done(struct buf *b)
{
	mem_free(b->data);
	*b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = b->full = false;
}

/* One byte more than `cap` is taken, for the NUL that printf writes after its text. */
static bool grow(struct buf *b, size_t len)
{
	size_t need, cap = b->cap ? b->cap : FIRST_ROOM;
	b->failed = b->full = __builtin_add_overflow(b->len, len, &need) || need > b->max;
	if (b->failed)
		return false;
	while (cap < need)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	if (cap > b->max)
		cap = b->max;
	char *grown = mem_grow(b->data, cap + 1);
	b->failed = !grown;
	if (grown) {
		b->data = grown;
		b->cap = cap;
	}
	return grown;
}

char *buf_room(struct buf *b, size_t len)
{
	if (b->failed)
		return NULL;
	if (b->data && len <= b->cap - b->len)
		return b->data + b->len;
	return grow(b, len) ? b->data + b->len : NULL;
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
	if (len < 0)
		b->failed = true;
	char *room = buf_room(b, len < 0 ? 0 : (size_t)len);
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

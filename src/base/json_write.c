/* The one JSON writer. Neighbours: buf.c holds what is written, json.cpp knows the digits of real numbers. */
#include "base/json_write.h"
#include "base/crypto.h"
#include "base/json.h"
#include "json_shim.h"
#include <assert.h>
#include <math.h>
#include <string.h>

void json_writer_init(struct json_writer *w, struct buf *out)
{
	*w = (struct json_writer){ .out = out };
}

/* Room for a value of `len` bytes behind the comma it may need; NULL when there is none. The caller writes all of it. */
static char *begin_value(struct json_writer *w, size_t len)
{
	char *room = buf_room(w->out, len + w->comma);
	if (room && w->comma)
		*room++ = ',';
	if (room)
		w->out->len += len + w->comma;
	w->comma = true; /* for what follows this value */
	w->after_name = false;
	return room;
}

static void before_value(struct json_writer *w)
{
	begin_value(w, 0);
}

static void put_plain(struct json_writer *w, struct str s)
{
	char *room = begin_value(w, s.len);
	if (room && s.len)
		memcpy(room, s.data, s.len);
}

static void open_level(struct json_writer *w, char c)
{
	put_plain(w, (struct str){ &c, 1 });
	w->depth++;
	w->comma = false;
}

static void close_level(struct json_writer *w, char c)
{
	assert(w->depth > 0 && !w->after_name);
	w->depth--;
	buf_add_char(w->out, c);
	w->comma = true;
}

void json_object(struct json_writer *w)
{
	open_level(w, '{');
}

void json_object_end(struct json_writer *w)
{
	close_level(w, '}');
}

void json_list(struct json_writer *w)
{
	open_level(w, '[');
}

void json_list_end(struct json_writer *w)
{
	close_level(w, ']');
}

/* What stands for a byte in a JSON string: 0 the byte itself, 'u' six characters, else a backslash and this. */
static const char escapes[256] = {
	/* 0x00 */ 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',
	/* 0x10 */ 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
	['"'] = '"', ['\\'] = '\\', [0x7f] = 'u',
};

/* Has one of eight bytes an escape? ("Bit Twiddling Hacks": a byte below n, a byte that is zero; exact for any.) */
static bool any_escape(const char *eight)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t w, quote, backslash, rubout;
	memcpy(&w, eight, sizeof w);
	quote = w ^ ones * '"';
	backslash = w ^ ones * '\\';
	rubout = w ^ ones * 0x7f;
	return (((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | ((rubout - ones) & ~rubout)) & tops;
}

static size_t plain_run(const char *text, size_t len)
{
	size_t n = 0;
	while (len - n >= 8 && !any_escape(text + n))
		n += 8;
	while (n < len && !escapes[(unsigned char)text[n]])
		n++;
	return n;
}

static void add_escape(struct buf *out, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char long_form[] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };
	char short_form[] = { '\\', escapes[c] };
	if (escapes[c] == 'u')
		buf_add(out, long_form, sizeof long_form);
	else
		buf_add(out, short_form, sizeof short_form);
}

static void add_escaped(struct buf *out, struct str s, size_t plain)
{
	buf_add_char(out, '"');
	while (plain < s.len) {
		buf_add(out, s.data, plain);
		add_escape(out, (unsigned char)s.data[plain]);
		s = (struct str){ s.data + plain + 1, s.len - plain - 1 };
		plain = plain_run(s.data, s.len);
	}
	buf_add_str(out, s);
}

/* Most texts hold nothing to escape: they are copied whole, with the bytes around them. */
static void put_quoted(struct json_writer *w, struct str s, struct str after)
{
	size_t plain = plain_run(s.data, s.len);
	if (plain == s.len) {
		char *room = begin_value(w, s.len + 1 + after.len);
		if (!room)
			return;
		*room = '"';
		if (s.len)
			memcpy(room + 1, s.data, s.len);
		memcpy(room + 1 + s.len, after.data, after.len);
		return;
	}
	before_value(w);
	add_escaped(w->out, s, plain);
	buf_add_str(w->out, after);
}

void json_name(struct json_writer *w, struct str name)
{
	assert(w->depth > 0 && !w->after_name);
	put_quoted(w, name, STR("\":"));
	w->comma = false;
	w->after_name = true;
}

void json_put_text(struct json_writer *w, struct str s)
{
	put_quoted(w, s, STR("\""));
}

void json_put_int(struct json_writer *w, int64_t n)
{
	before_value(w);
	buf_add_int(w->out, n);
}

void json_put_id(struct json_writer *w, int64_t id)
{
	before_value(w);
	buf_add_char(w->out, '"');
	buf_add_int(w->out, id);
	buf_add_char(w->out, '"');
}

void json_put_real(struct json_writer *w, double n)
{
	char text[32];
	if (!isfinite(n)) {
		json_put_null(w);
		return;
	}
	before_value(w);
	size_t len = shim_real(n, text);
	buf_add(w->out, text, len);
	if (!memchr(text, '.', len) && !memchr(text, 'e', len))
		buf_add_text(w->out, ".0");
}

void json_put_bool(struct json_writer *w, bool b)
{
	put_plain(w, b ? STR("true") : STR("false"));
}

void json_put_null(struct json_writer *w)
{
	put_plain(w, STR("null"));
}

void json_put_raw(struct json_writer *w, struct str json)
{
	put_plain(w, json);
}

void json_put_tree(struct json_writer *w, const struct json *j)
{
	switch (j->type) {
	case JSON_NULL:
		json_put_null(w);
		break;
	case JSON_BOOL:
		json_put_bool(w, j->boolean);
		break;
	case JSON_INT:
		json_put_int(w, j->integer);
		break;
	case JSON_REAL:
		json_put_real(w, j->real);
		break;
	case JSON_TEXT:
		json_put_text(w, j->text);
		break;
	case JSON_LIST:
		json_list(w);
		for (size_t i = 0; i < j->list.count; i++)
			json_put_tree(w, &j->list.items[i]);
		json_list_end(w);
		break;
	case JSON_OBJECT:
		json_object(w);
		for (size_t i = 0; i < j->object.count; i++) {
			json_name(w, j->object.members[i].name);
			json_put_tree(w, &j->object.members[i].value);
		}
		json_object_end(w);
		break;
	}
}

void json_put_base64(struct json_writer *w, const void *data, size_t len)
{
	before_value(w);
	buf_add_char(w->out, '"');
	char *room = buf_room(w->out, (len + 2) / 3 * 4 + 1);
	if (room)
		w->out->len += base64_encode(data, len, room);
	buf_add_char(w->out, '"');
}

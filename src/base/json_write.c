/* The one JSON writer. Neighbours: buf.c holds what is written. */
#include "base/json_write.h"
#include "base/crypto.h"
#include "base/json.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>

void json_writer_init(struct json_writer *w, struct buf *out)
{
	*w = (struct json_writer){ .out = out };
}

static void before_value(struct json_writer *w)
{
	uint64_t bit = UINT64_C(1) << w->depth;
	if (w->after_name) {
		w->after_name = false;
		return;
	}
	if (w->comma & bit)
		buf_add_char(w->out, ',');
	w->comma |= bit;
}

static void open_level(struct json_writer *w, char c)
{
	before_value(w);
	buf_add_char(w->out, c);
	assert(w->depth < 63);
	w->depth++;
	w->comma &= ~(UINT64_C(1) << w->depth);
}

static void close_level(struct json_writer *w, char c)
{
	assert(w->depth > 0 && !w->after_name);
	w->depth--;
	buf_add_char(w->out, c);
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

/* Bytes that cannot stand as they are in a JSON string. */
static bool special(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
}

static void add_escape(struct buf *out, unsigned char c)
{
	static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	for (size_t i = 0; i < sizeof short_forms - 1; i += 2)
		if (c == (unsigned char)short_forms[i]) {
			buf_add_char(out, '\\');
			buf_add_char(out, short_forms[i + 1]);
			return;
		}
	buf_format(out, "\\u%04x", c);
}

static void add_text(struct buf *out, struct str s)
{
	size_t plain = 0;
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (!special((unsigned char)s.data[i]))
			continue;
		buf_add(out, s.data + plain, i - plain);
		add_escape(out, (unsigned char)s.data[i]);
		plain = i + 1;
	}
	if (s.len > plain)
		buf_add(out, s.data + plain, s.len - plain);
	buf_add_char(out, '"');
}

void json_name(struct json_writer *w, struct str name)
{
	before_value(w);
	add_text(w->out, name);
	buf_add_char(w->out, ':');
	w->after_name = true;
}

void json_put_text(struct json_writer *w, struct str s)
{
	before_value(w);
	add_text(w->out, s);
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
	/* the shortest of 15 to 17 digits that reads back as the same number */
	for (int digits = 15; digits <= 17; digits++) {
		double back;
		snprintf(text, sizeof text, "%.*g", digits, n);
		if (sscanf(text, "%lf", &back) == 1 && back == n)
			break;
	}
	buf_add_text(w->out, text);
}

void json_put_bool(struct json_writer *w, bool b)
{
	before_value(w);
	buf_add_text(w->out, b ? "true" : "false");
}

void json_put_null(struct json_writer *w)
{
	before_value(w);
	buf_add_text(w->out, "null");
}

void json_put_raw(struct json_writer *w, struct str json)
{
	before_value(w);
	buf_add_str(w->out, json);
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

/* Reading a host's files, and the small words of the report. Neighbours: host.h's users, one per section. */
#include "host.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MOST 300
#define FILE_MOST ((size_t)64 << 20)

static struct str path_format(struct host *h, const char *path, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, path, again);
	va_end(again);
	char *at = n >= 0 ? arena_alloc(h->arena, h->root.len + (size_t)n + 1) : NULL;
	h->failed |= !at;
	if (!at)
		return STR_NONE;
	if (h->root.len)
		memcpy(at, h->root.data, h->root.len);
	vsnprintf(at + h->root.len, (size_t)n + 1, path, args);
	return (struct str){ at, h->root.len + (size_t)n };
}

#define PATH_OF(h, path, ret)                       \
	do {                                        \
		va_list args_;                      \
		va_start(args_, path);              \
		(ret) = path_format(h, path, args_); \
		va_end(args_);                      \
	} while (0)

const char *host_path(struct host *h, const char *path, ...)
{
	struct str at;
	PATH_OF(h, path, at);
	return at.data;
}

static struct str read_file(struct host *h, struct str at, size_t max)
{
	struct str text;
	if (!at.data)
		return STR_NONE;
	enum code code = file_read(h->arena, at, max, &text, NULL);
	h->failed |= code == E_NOMEM;
	return code == OK ? text : STR_NONE;
}

struct str host_file(struct host *h, const char *path, ...)
{
	struct str at;
	PATH_OF(h, path, at);
	return read_file(h, at, FILE_MOST);
}

static struct str first_line(struct host *h, struct str text)
{
	struct str line = STR_NONE;
	line = str_take(&text, '\n');
	/* device tree texts end with NUL */
	return host_clean(h, str_slice(line, 0, strnlen(line.data ? line.data : "", line.len)), TEXT_MOST);
}

struct str host_text(struct host *h, const char *path, ...)
{
	struct str at;
	PATH_OF(h, path, at);
	return first_line(h, read_file(h, at, 1 << 16));
}

int64_t host_int(struct host *h, const char *path, ...)
{
	struct str at;
	int64_t n;
	PATH_OF(h, path, at);
	return str_int(str_trim(read_file(h, at, 1 << 16)), &n) && n >= 0 ? n : -1;
}

bool host_has(struct host *h, const char *path, ...)
{
	struct str at;
	PATH_OF(h, path, at);
	return at.data && file_exists(at);
}

struct str host_link(struct host *h, const char *path, ...)
{
	struct str at, part = STR_NONE;
	PATH_OF(h, path, at);
	char *target = arena_alloc(h->arena, 4096);
	h->failed |= !target;
	ssize_t n = at.data && target ? readlink(at.data, target, 4096) : -1;
	struct str rest = n > 0 ? (struct str){ target, (size_t)n } : STR_NONE;
	while (str_cut(&rest, '/', &part))
		;
	return host_clean(h, part, TEXT_MOST);
}

struct host_names host_list(struct host *h, const char *path, ...)
{
	struct host_names names = { 0 };
	struct str at;
	PATH_OF(h, path, at);
	enum code code = at.data ? folder_list(h->arena, at, &names.items, &names.count, NULL) : E_NOT_FOUND;
	h->failed |= code == E_NOMEM;
	return code == OK ? names : (struct host_names){ 0 };
}

static struct str rewrite(struct host *h, struct str s)
{
	CLEAN_BUF struct buf b;
	uint32_t point;
	buf_init(&b, 4 * s.len + 16);
	while (utf8_next(&s, &point)) {
		char bytes[4];
		bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
		buf_add(&b, bytes, utf8_encode(control ? ' ' : point, bytes));
	}
	struct str copy = buf_ok(&b) ? arena_copy(h->arena, buf_str(&b)) : STR_NONE;
	h->failed |= !copy.data;
	return copy;
}

struct str host_clean(struct host *h, struct str s, size_t max)
{
	s = str_trim(s);
	if (!utf8_valid(s) || utf8_has_controls(s) || str_find(s, '\n') >= 0 || str_find(s, '\t') >= 0)
		s = rewrite(h, s);
	return str_trim(utf8_clip(str_trim(s), max));
}

void put_text(struct json_writer *w, const char *name, struct str s)
{
	if (!s.len)
		return;
	json_name(w, str_of(name));
	json_put_text(w, s);
}

void put_int(struct json_writer *w, const char *name, int64_t n)
{
	if (n < 0)
		return;
	json_name(w, str_of(name));
	json_put_int(w, n);
}

void put_time(struct json_writer *w, const char *name, int64_t time)
{
	char text[32];
	if (time)
		put_text(w, name, (struct str){ text, time_format(time, text) });
}

void put_true(struct json_writer *w, const char *name, bool is)
{
	if (!is)
		return;
	json_name(w, str_of(name));
	json_put_bool(w, true);
}

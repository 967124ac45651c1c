/* One JSON object a line on standard error, in one write. */
#include "base/log.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json_write.h"
#include "base/utf8.h"
#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#define LINE_MOST ((size_t)1 << 20)

static _Atomic int least_level = LOG_INFO;

void log_level_set(enum log_level least)
{
	atomic_store(&least_level, (int)least);
}

/* What libraries said comes as it is; the log stays valid UTF-8. */
static void put_text(struct json_writer *w, struct str text)
{
	CLEAN_BUF struct buf clean;
	uint32_t code_point;
	buf_init(&clean, LINE_MOST);
	if (utf8_valid(text)) {
		json_put_text(w, text);
		return;
	}
	while (utf8_next(&text, &code_point)) {
		char bytes[4];
		buf_add(&clean, bytes, utf8_encode(code_point, bytes));
	}
	json_put_text(w, buf_str(&clean));
}

/* Nobody is left to tell when this fails too. */
static void write_line(struct str line)
{
	ssize_t n;
	do
		n = write(STDERR_FILENO, line.data, line.len);
	while (n < 0 && errno == EINTR);
}

static void begin(struct json_writer *w, struct buf *line, enum log_level level, const char *event)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	char now[32];
	size_t len = time_format(clock_now(&clock_system), now);
	buf_init(line, LINE_MOST);
	json_writer_init(w, line);
	json_object(w);
	json_member_text(w, "time", ((struct str){ now, len }));
	json_member_text(w, "level", str_of(names[level]));
	json_member_text(w, "event", str_of(event));
}

static void end(struct json_writer *w, struct buf *line)
{
	json_object_end(w);
	buf_add_char(line, '\n');
	write_line(buf_ok(line) ? buf_str(line) : STR("{\"level\":\"error\",\"event\":\"log line lost\"}\n"));
}

void log_write_(enum log_level level, const char *event, const struct log_field *fields)
{
	CLEAN_BUF struct buf line;
	struct json_writer w;
	buf_init(&line, 0);
	if ((int)level < atomic_load(&least_level))
		return;
	begin(&w, &line, level, event);
	for (const struct log_field *f = fields; f->name; f++) {
		json_name(&w, str_of(f->name));
		if (f->text.data)
			put_text(&w, f->text);
		else
			json_put_int(&w, f->number);
	}
	end(&w, &line);
}

void log_error(const char *event, const struct error *e)
{
	CLEAN_BUF struct buf line;
	CLEAN_ARENA struct arena *arena = arena_new(1 << 20);
	struct json_writer w;
	buf_init(&line, 0);
	begin(&w, &line, LOG_ERROR, event);
	json_member_text(&w, "code", str_of(code_name(e->code)));
	json_name(&w, STR("error"));
	put_text(&w, arena ? error_text(e, arena) : STR("out of memory"));
	end(&w, &line);
}

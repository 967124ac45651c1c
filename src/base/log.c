/* One JSON object a line on standard error, in one write. */
#include "base/log.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json_write.h"
#include <stdatomic.h>
#include <unistd.h>

static _Atomic int least_level = LOG_INFO;

void log_level_set(enum log_level least)
{
	atomic_store(&least_level, (int)least);
}

static void begin(struct json_writer *w, struct buf *line, enum log_level level, const char *event)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	char now[32];
	size_t len = time_format(clock_now(&clock_system), now);
	buf_init(line, 1 << 20);
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
	if (buf_ok(line) && write(STDERR_FILENO, line->data, line->len) < 0)
		return; /* there is nowhere left to say so */
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
			json_put_text(&w, f->text);
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
	if (!arena)
		return;
	begin(&w, &line, LOG_ERROR, event);
	json_member_text(&w, "code", str_of(code_name(e->code)));
	json_member_text(&w, "error", error_text(e, arena));
	end(&w, &line);
}

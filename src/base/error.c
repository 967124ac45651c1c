/* Errors as chains of translatable frames. Neighbours: catalog.c tells them in other languages.
 * When memory for a frame is missing the code still stands; only words are lost. */
#include "base/error.h"
#include "base/arena.h"
#include "base/buf.h"
#include "message.h"
#include <errno.h>
#include <string.h>

#define ITEMS_MOST 100

const char *code_name(enum code code)
{
	static const char *const names[] = { "ok",       "invalid", "denied", "not_found", "conflict",
					     "busy",     "limit",   "nomem",  "io",        "internal" };
	return (size_t)code < sizeof names / sizeof *names ? names[code] : "internal";
}

static const struct error_arg no_args[] = { { 0 } };
static const struct error_frame nomem_frame = { .msgid = N_("out of memory"), .args = no_args };

void error_init(struct error *e, struct arena *arena)
{
	*e = (struct error){ .arena = arena };
}

void error_clear(struct error *e)
{
	if (e)
		error_init(e, e->arena);
}

static const struct error_arg *copy_args(struct arena *a, const struct error_arg *args)
{
	size_t n = 0;
	while (args[n].name)
		n++;
	if (n == 0)
		return no_args;
	struct error_arg *copy = ARENA_ARRAY(a, n + 1, struct error_arg);
	for (size_t i = 0; copy && i < n; i++)
		copy[i] = (struct error_arg){ args[i].name, arena_copy(a, args[i].value) };
	return copy ? copy : no_args;
}

static struct error_frame *frame_new(struct error *e, const char *msgid, const struct error_arg *args)
{
	struct error_frame *f = e->arena ? ARENA_NEW(e->arena, struct error_frame) : NULL;
	if (f)
		*f = (struct error_frame){ .msgid = msgid, .args = copy_args(e->arena, args) };
	return f;
}

enum code error_fail_(struct error *e, enum code code, const char *msgid, const struct error_arg *args)
{
	if (!e)
		return code;
	if (code != E_INVALID) /* what is wrong with fields belongs to the failure that is replaced */
		e->items = NULL;
	e->code = code;
	e->detail = DETAIL_NONE;
	e->frame = frame_new(e, msgid, args);
	if (!e->frame)
		e->frame = &nomem_frame;
	return code;
}

/* The outermost frame, to write to: it is ours, in our arena. NULL when there is none but the static one. */
static struct error_frame *newest(const struct error *e)
{
	const struct error_frame *f = e->frame;
	while (f && f->next)
		f = f->next;
	return f == &nomem_frame ? NULL : (struct error_frame *)(uintptr_t)f;
}

enum code error_while_(struct error *e, const char *msgid, const struct error_arg *args)
{
	if (!e)
		return E_INTERNAL;
	struct error_frame *last = newest(e);
	if (!e->frame)
		e->frame = frame_new(e, msgid, args);
	else if (last)
		last->next = frame_new(e, msgid, args);
	return e->code;
}

enum code error_field_(struct error *e, struct str pointer, const char *msgid, const struct error_arg *args)
{
	if (!e)
		return E_INVALID;
	bool conflict = e->frame && e->code == E_CONFLICT; /* which field it is about; it stays a conflict */
	if (!conflict && (!e->frame || e->code != E_INVALID)) {
		e->items = NULL;
		error_fail(e, E_INVALID, N_("Some fields are not right"));
	}
	if (!conflict)
		e->detail = DETAIL_UNPROCESSABLE;
	size_t n = 0;
	const struct error_item **last = &e->items;
	for (; *last; n++)
		last = (const struct error_item **)(uintptr_t)&(*last)->next;
	struct error_item *item = e->arena && n < ITEMS_MOST ? ARENA_NEW(e->arena, struct error_item) : NULL;
	if (item) {
		item->pointer = arena_copy(e->arena, pointer);
		item->msgid = msgid;
		item->args = copy_args(e->arena, args);
		*last = item;
	}
	return E_INVALID;
}

enum code error_detail(struct error *e, enum error_detail detail)
{
	if (!e)
		return E_INTERNAL;
	e->detail = detail;
	return e->code;
}

enum code error_hint(struct error *e, struct str hint)
{
	if (!e)
		return E_INTERNAL;
	struct error_frame *last = newest(e);
	if (last && e->arena)
		last->hint = arena_copy(e->arena, hint);
	return e->code;
}

enum code error_nomem(struct error *e)
{
	if (e) {
		e->code = E_NOMEM;
		e->items = NULL;
		e->detail = DETAIL_NONE;
		e->frame = &nomem_frame;
	}
	return E_NOMEM;
}

enum code error_errno(struct error *e, const char *doing_msgid, struct str path)
{
	int number = errno;
	char text[128] = "";
	error_fail(e, E_IO, doing_msgid, { "path", path });
	error_hint(e, str_of(strerror_r(number, text, sizeof text)));
	return E_IO;
}

struct str error_text(const struct error *e, struct arena *arena)
{
	CLEAN_BUF struct buf text;
	buf_init(&text, 0);
	for (const struct error_frame *f = e->frame; f; f = f->next) {
		if (f != e->frame)
			buf_add_text(&text, "; ");
		message_fill(&text, str_of(f->msgid), f->args);
		if (f->hint.len) {
			buf_add_text(&text, " (");
			buf_add_str(&text, f->hint);
			buf_add_char(&text, ')');
		}
	}
	for (const struct error_item *i = e->items; i; i = i->next) {
		buf_add_text(&text, "\n  ");
		buf_add_str(&text, i->pointer);
		buf_add_char(&text, ' ');
		message_fill(&text, str_of(i->msgid), i->args);
	}
	struct str copy = buf_ok(&text) ? arena_copy(arena, buf_str(&text)) : STR_NONE;
	return copy.data ? copy : str_of(nomem_frame.msgid);
}

/* PO files line by line (GNU gettext manual, "The Format of PO Files"). Neighbour: catalog.c keeps the entries. */
#include "po.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include <stdio.h>
#include <string.h>

#define LINES_MOST 1000000
#define TEXT_MOST (64u << 10)

struct reading {
	struct arena *arena;
	struct str file;
	struct error *error;
	unsigned line;
	struct po_entry entry;
	struct str *open; /* whose text is being read; it is in `text` until the next keyword */
	struct buf text;
	po_visit *visit;
	void *data;
};

static enum code fault(struct reading *r, const char *msgid)
{
	char line[16];
	snprintf(line, sizeof line, "%u", r->line);
	return error_fail(r->error, E_INVALID, msgid, { "file", r->file }, { "line", str_of(line) });
}

/* The character of an escape, 0 for one that PO files do not have. Bytes by number are not read: texts are UTF-8. */
static char unescape(char c)
{
	static const char pairs[] = "n\nt\tr\rb\bf\fv\va\a\"\"\\\\";
	for (size_t i = 0; i < sizeof pairs - 1; i += 2)
		if (pairs[i] == c)
			return pairs[i + 1];
	return 0;
}

/* Appends a quoted string's content to the open text. */
static enum code add_quoted(struct reading *r, struct str quoted)
{
	if (quoted.len < 2 || quoted.data[0] != '"' || quoted.data[quoted.len - 1] != '"')
		return fault(r, N_("{file}:{line}: expected a text in quotes"));
	struct str inner = str_slice(quoted, 1, quoted.len - 1);
	for (size_t i = 0; i < inner.len; i++) {
		char c = inner.data[i];
		if (c == '"')
			return fault(r, N_("{file}:{line}: a quote inside a text needs a backslash"));
		if (c == '\\') {
			if (++i == inner.len)
				return fault(r, N_("{file}:{line}: the text ends in a backslash"));
			c = unescape(inner.data[i]);
		}
		if (!c)
			return fault(r, N_("{file}:{line}: the text has a character or an escape that it may not have"));
		buf_add_char(&r->text, c);
	}
	if (buf_ok(&r->text))
		return OK;
	return r->text.len + inner.len > TEXT_MOST ? fault(r, N_("{file}:{line}: the text is too long")) : error_nomem(r->error);
}

/* The open text is whole: it goes to the entry. */
static enum code close_text(struct reading *r)
{
	if (!r->open)
		return OK;
	*r->open = arena_copy(r->arena, buf_str(&r->text));
	buf_clear(&r->text);
	if (!r->open->data)
		return error_nomem(r->error);
	r->open = NULL;
	return OK;
}

static enum code finish(struct reading *r)
{
	TRY(close_text(r));
	if (r->entry.context.data && !r->entry.id.data)
		return fault(r, N_("{file}:{line}: the entry before has no msgid"));
	if (r->entry.id.data && !r->entry.forms[0].data)
		return fault(r, N_("{file}:{line}: the entry before has no msgstr"));
	if (r->entry.id.data)
		TRY(r->visit(r->data, &r->entry, r->error));
	r->entry = (struct po_entry){ 0 };
	return OK;
}

/* Which text of the entry a keyword opens; NULL for no keyword. */
static struct str *text_of(struct po_entry *e, struct str word)
{
	static const char form[] = "msgstr[";
	size_t n = sizeof form - 1;
	if (str_is(word, "msgctxt"))
		return &e->context;
	if (str_is(word, "msgid"))
		return &e->id;
	if (str_is(word, "msgid_plural"))
		return &e->plural;
	if (str_is(word, "msgstr"))
		return &e->forms[0];
	if (word.len == n + 2 && str_starts(word, STR(form)) && word.data[n] >= '0' && word.data[n] < '0' + PO_FORMS && word.data[n + 1] == ']')
		return &e->forms[word.data[n] - '0'];
	return NULL;
}

static enum code keyword(struct reading *r, struct str line)
{
	size_t end = 0;
	while (end < line.len && line.data[end] != ' ' && line.data[end] != '\t' && line.data[end] != '"')
		end++;
	struct str word = str_slice(line, 0, end);
	TRY(close_text(r));
	bool starts = str_is(word, "msgctxt") || (str_is(word, "msgid") && !(r->entry.context.data && !r->entry.id.data));
	if (starts && r->entry.id.data)
		TRY(finish(r));
	struct str *text = text_of(&r->entry, word);
	if (!text)
		return fault(r, N_("{file}:{line}: expected msgctxt, msgid, msgid_plural or msgstr"));
	if (text != &r->entry.context && text != &r->entry.id && !r->entry.id.data)
		return fault(r, N_("{file}:{line}: expected msgid before it"));
	if (text->data)
		return fault(r, N_("{file}:{line}: the entry has this line already"));
	if (!r->entry.line)
		r->entry.line = r->line;
	r->open = text;
	return add_quoted(r, str_trim(str_slice(line, end, line.len)));
}

/* One of the flags of "#, c-format, fuzzy"? */
static bool has_flag(struct str flags, const char *flag)
{
	struct str part;
	while (str_cut(&flags, ',', &part))
		if (str_is(str_trim(part), flag))
			return true;
	return false;
}

static enum code remark(struct reading *r, struct str line)
{
	TRY(close_text(r));
	if (r->entry.forms[0].data)
		TRY(finish(r));
	if (str_starts(line, STR("#~")) && !r->entry.id.data) /* obsolete, and so are the flags before it */
		r->entry.fuzzy = false;
	if (str_starts(line, STR("#,")) && has_flag(str_slice(line, 2, line.len), "fuzzy"))
		r->entry.fuzzy = true;
	return OK;
}

static enum code read_line(struct reading *r, struct str line)
{
	if (line.len == 0)
		return OK;
	if (line.data[0] == '#')
		return remark(r, line);
	if (line.data[0] == '"')
		return r->open ? add_quoted(r, line) : fault(r, N_("{file}:{line}: expected msgid before a text"));
	return keyword(r, line);
}

static enum code read_lines(struct reading *r, struct str rest)
{
	struct str line;
	while (str_cut(&rest, '\n', &line)) {
		if (++r->line > LINES_MOST)
			return fault(r, N_("{file}:{line}: the file is too long"));
		TRY(read_line(r, str_trim(line)));
	}
	return finish(r);
}

enum code po_parse(struct arena *arena, struct str file, struct str text, po_visit *visit, void *data, struct error *e)
{
	struct reading r = { .arena = arena, .file = file, .error = e, .visit = visit, .data = data };
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_slice(text, 3, text.len);
	if (!utf8_valid(text))
		return error_fail(e, E_INVALID, N_("{file} is not valid UTF-8"), { "file", file });
	buf_init(&r.text, TEXT_MOST);
	enum code code = read_lines(&r, text);
	buf_done(&r.text);
	return code;
}

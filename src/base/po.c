/* PO files line by line (GNU gettext manual, "The Format of PO Files"). */
#include "po.h"
#include "base/arena.h"
#include "base/utf8.h"
#include <stdio.h>

#define LINES_MOST 1000000

struct reading {
	struct arena *arena;
	struct str file;
	struct error *error;
	unsigned line;
	struct po_entry entry;
	struct str *open; /* where continuation lines go */
	bool begun;
	po_visit *visit;
	void *data;
};

static enum code fault(struct reading *r, const char *msgid)
{
	char line[16];
	snprintf(line, sizeof line, "%u", r->line);
	return error_fail(r->error, E_INVALID, msgid, { "file", r->file }, { "line", str_of(line) });
}

static char unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	default:
		return c;
	}
}

/* Appends a quoted string's content to *r->open. */
static enum code add_quoted(struct reading *r, struct str quoted)
{
	if (quoted.len < 2 || quoted.data[0] != '"' || quoted.data[quoted.len - 1] != '"')
		return fault(r, N_("{file}:{line}: expected a text in quotes"));
	struct str inner = str_slice(quoted, 1, quoted.len - 1);
	char *joined = arena_alloc(r->arena, r->open->len + inner.len + 1);
	size_t n = r->open->len;
	if (!joined)
		return error_nomem(r->error);
	for (size_t i = 0; i < n; i++)
		joined[i] = r->open->data[i];
	for (size_t i = 0; i < inner.len; i++) {
		char c = inner.data[i];
		if (c == '"')
			return fault(r, N_("{file}:{line}: a quote inside a text needs a backslash"));
		if (c == '\\') {
			if (++i == inner.len)
				return fault(r, N_("{file}:{line}: the text ends in a backslash"));
			c = unescape(inner.data[i]);
		}
		joined[n++] = c;
	}
	*r->open = (struct str){ joined, n };
	return OK;
}

static enum code finish(struct reading *r)
{
	enum code code = OK;
	if (r->begun && r->entry.id.data)
		code = r->visit(r->data, &r->entry, r->error);
	r->entry = (struct po_entry){ 0 };
	r->open = NULL;
	r->begun = false;
	return code;
}

static enum code keyword(struct reading *r, struct str line)
{
	struct str rest = line, word;
	str_cut(&rest, ' ', &word);
	bool starts = str_is(word, "msgctxt") || (str_is(word, "msgid") && !(r->begun && r->entry.context.data && !r->entry.id.data));
	if (starts && r->begun && r->entry.id.data)
		TRY(finish(r));
	r->begun = true;
	if (!r->entry.line)
		r->entry.line = r->line;
	if (str_is(word, "msgctxt"))
		r->open = &r->entry.context;
	else if (str_is(word, "msgid"))
		r->open = &r->entry.id;
	else if (str_is(word, "msgid_plural"))
		r->open = &r->entry.plural;
	else if (str_is(word, "msgstr"))
		r->open = &r->entry.forms[0];
	else if (word.len == 9 && str_starts(word, STR("msgstr[")) && word.data[7] >= '0' && word.data[7] < '0' + PO_FORMS)
		r->open = &r->entry.forms[word.data[7] - '0'];
	else
		return fault(r, N_("{file}:{line}: expected msgctxt, msgid, msgid_plural or msgstr"));
	*r->open = STR("");
	return add_quoted(r, str_trim(rest));
}

static enum code read_line(struct reading *r, struct str line)
{
	if (line.len == 0)
		return finish(r);
	if (str_starts(line, STR("#~")))
		return OK; /* obsolete */
	if (line.data[0] == '#') {
		if (r->begun && r->entry.id.data && r->open)
			TRY(finish(r));
		if (str_starts(line, STR("#,")) && str_find_str(line, STR("fuzzy")) >= 0) {
			r->begun = true;
			r->entry.fuzzy = true;
		}
		return OK;
	}
	if (line.data[0] == '"')
		return r->open ? add_quoted(r, line) : fault(r, N_("{file}:{line}: expected msgid before a text"));
	return keyword(r, line);
}

enum code po_parse(struct arena *arena, struct str file, struct str text, po_visit *visit, void *data, struct error *e)
{
	struct reading r = { .arena = arena, .file = file, .error = e, .visit = visit, .data = data };
	struct str rest = text, line;
	if (str_starts(rest, STR("\xef\xbb\xbf")))
		rest = str_slice(rest, 3, rest.len);
	if (!utf8_valid(rest))
		return error_fail(e, E_INVALID, N_("{file} is not valid UTF-8"), { "file", file });
	while (str_cut(&rest, '\n', &line)) {
		if (++r.line > LINES_MOST)
			return fault(&r, N_("{file}:{line}: the file is too long"));
		TRY(read_line(&r, str_trim(line)));
	}
	return finish(&r);
}

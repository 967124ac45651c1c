/* The encodings of text files, to UTF-8. Pure; fuzzed by tests/fuzz/csv.c.
 * Neighbours: csv.c reads the rows of the text that comes out. */
#include "base/buf.h"
#include "base/utf8.h"
#include "intake/csv.h"
#include <errno.h>
#include <iconv.h>

static const struct encoding {
	const char *name, *library; /* as iconv calls it */
	const char *mark;
} encodings[] = {
	{ "utf-8", NULL, "\xef\xbb\xbf" }, { "utf-16le", "UTF-16LE", "\xff\xfe" }, { "utf-16be", "UTF-16BE", "\xfe\xff" },
	{ "windows-1252", "CP1252", NULL }, { "windows-1251", "CP1251", NULL }, { "windows-1256", "CP1256", NULL },
};
#define ENCODINGS (sizeof encodings / sizeof *encodings)

static enum code find(struct str bytes, struct str name, const struct encoding **ret, struct error *e)
{
	for (size_t i = 0; i < ENCODINGS; i++)
		if (name.len ? str_eq_nocase(name, str_of(encodings[i].name)) : encodings[i].mark && str_starts(bytes, str_of(encodings[i].mark))) {
			*ret = &encodings[i];
			return OK;
		}
	*ret = &encodings[0];
	return name.len ? error_fail(e, E_INVALID, N_("{encoding} is no encoding that can be read"), { "encoding", name }) : OK;
}

static enum code broken(const struct encoding *from, struct error *e)
{
	return error_fail(e, E_INVALID, N_("The file is not written in {encoding}; name its encoding"), { "encoding", str_of(from->name) });
}

static enum code convert(const struct encoding *from, struct str bytes, struct arena *arena, struct str *ret, struct error *e)
{
	if (bytes.len > SIZE_MAX / 3 - 1)
		return error_nomem(e);
	size_t room = bytes.len * 3, left = bytes.len; /* no single byte and no UTF-16 unit takes more */
	char *out = arena_alloc(arena, room + 1), *in = (char *)(uintptr_t)bytes.data, *end = out;
	if (!out)
		return error_nomem(e);
	iconv_t cd = iconv_open("UTF-8", from->library);
	if (cd == (iconv_t)-1)
		return error_fail(e, E_INTERNAL, N_("{encoding} is no encoding that can be read"), { "encoding", str_of(from->name) });
	size_t failed = iconv(cd, &in, &left, &end, &room);
	iconv_close(cd);
	if (failed == (size_t)-1 || left)
		return broken(from, e);
	*ret = (struct str){ out, (size_t)(end - out) };
	return OK;
}

enum code csv_decode(struct str bytes, struct str encoding, struct arena *arena, struct str *ret, struct error *e)
{
	const struct encoding *from;
	TRY(find(bytes, encoding, &from, e));
	struct str mark = from->mark ? str_of(from->mark) : STR_NONE;
	if (mark.len && str_starts(bytes, mark))
		bytes = str_slice(bytes, mark.len, bytes.len);
	if (from->library)
		return convert(from, bytes, arena, ret, e);
	if (!utf8_valid(bytes))
		return broken(from, e);
	*ret = bytes;
	return OK;
}

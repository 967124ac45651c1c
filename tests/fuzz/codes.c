/* The first byte picks base64, base64url, hexadecimal, Accept-Language, a JSON pointer or the places of a message; the rest is
 * its text. What is decoded is encoded to the same text. Neighbours: src/base/crypto.c, catalog.c, json.c, message.c. */
#include "base/arena.h"
#include "base/catalog.h"
#include "base/crypto.h"
#include "base/json.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void same_text(struct str s, bool (*decode)(struct str s, uint8_t *out, size_t *ret_len),
		      size_t (*encode)(const void *data, size_t len, char *out))
{
	uint8_t *out = malloc(s.len / 4 * 3 + 3 + s.len / 2);
	char *text = malloc(s.len + 5);
	size_t len;
	if (decode(s, out, &len))
		must(str_eq_nocase((struct str){ text, encode(out, len, text) }, s));
	free(out);
	free(text);
}

static void try_base64(struct str s)
{
	same_text(s, base64_decode, base64_encode);
}

static void try_base64url(struct str s)
{
	same_text(s, base64url_decode, base64url_encode);
}

static void try_hex(struct str s)
{
	same_text(s, hex_decode, hex_encode);
}

static void try_language(struct str s)
{
	enum lang lang;
	must((unsigned)lang_negotiate(s) < LANG_COUNT);
	if (lang_parse(s, &lang))
		must(lang_negotiate(s) == lang || str_find(s, ',') >= 0 || str_find(s, ';') >= 0);
}

static void try_pointer(struct str s)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	const struct json *j;
	struct error e;
	error_init(&e, arena);
	must(json_parse(arena, STR("{\"\":[0,1,{\"a/b~\":[2]}],\"a\":{\"0\":3}}"), NULL, &j, &e) == OK);
	const struct json *at = json_at(j, s);
	must(!at || s.len == 0 || s.data[0] == '/');
}

static void try_places(struct str s)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct str id = arena_copy(arena, s); /* up to a NUL: msgids are literals */
	const struct error_arg args[] = { { "a", STR("{b}") }, { "b", STR("") }, { 0 } };
	must(catalog_format(NULL, LANG_EN, id.data, args, arena).len <= s.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(struct str) = { try_base64, try_base64url, try_hex, try_language, try_pointer, try_places };
	if (size == 0)
		return 0;
	parsers[data[0] % (sizeof parsers / sizeof *parsers)]((struct str){ (const char *)data + 1, size - 1 });
	return 0;
}

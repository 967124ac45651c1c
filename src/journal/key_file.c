/* Reading and writing files of one secret. Neighbours: key_file.h. */
#include "key_file.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include <assert.h>
#include <string.h>

#define FILE_MAX 4096

enum code key_file_wrong(struct str path, struct error *e)
{
	return error_fail(e, E_INVALID, N_("{path} does not hold the key it should; put the right file back from a backup"),
			  { "path", path });
}

static bool secret_parse(struct str text, struct str format, uint8_t *out, size_t size)
{
	uint8_t secret[KEY_FILE_SECRET_MAX + 3];
	size_t len = 0;
	text = str_trim(text);
	bool ok = str_starts(text, format) && text.len == format.len + 1 + (size + 2) / 3 * 4 && text.data[format.len] == ' ' &&
		  base64_decode(str_slice(text, format.len + 1, text.len), secret, &len) && len == size;
	if (ok)
		memcpy(out, secret, size);
	crypto_wipe(secret, sizeof secret);
	return ok;
}

enum code key_file_read(struct str path, struct str format, uint8_t *out, size_t size, bool *ret_found, struct error *e)
{
	assert(size <= KEY_FILE_SECRET_MAX);
	*ret_found = file_exists(path);
	if (!*ret_found)
		return OK;
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct str text;
	if (!arena)
		return error_nomem(e);
	TRY(file_read(arena, path, FILE_MAX, &text, e));
	bool ok = secret_parse(text, format, out, size);
	crypto_wipe((char *)(uintptr_t)text.data, text.len);
	return ok ? OK : key_file_wrong(path, e);
}

enum code key_file_write(struct str path, struct str format, const uint8_t *secret, size_t size, struct error *e)
{
	char base64[(KEY_FILE_SECRET_MAX + 2) / 3 * 4 + 1];
	struct buf line;
	assert(size <= KEY_FILE_SECRET_MAX);
	buf_init(&line, FILE_MAX);
	char *room = buf_room(&line, format.len + sizeof base64 + 2); /* at once: growing would leave a copy behind */
	enum code code = E_NOMEM;
	if (room) {
		base64_encode(secret, size, base64);
		buf_add_str(&line, format);
		buf_add_char(&line, ' ');
		buf_add_text(&line, base64);
		buf_add_char(&line, '\n');
		code = file_replace(path, buf_str(&line), 0600, e);
		crypto_wipe(line.data, line.len);
		crypto_wipe(base64, sizeof base64);
	}
	buf_done(&line);
	return room ? code : error_nomem(e);
}

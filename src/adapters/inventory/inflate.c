/* Unpacking under a ceiling. Neighbours: serve.c gives bodies, xml.c and base/json.c read what comes out. */
#include "inflate.h"
#include "base/mem.h"
#include <limits.h>
#include <zlib.h>

#define STEP (256u << 10)

static void *take(void *data, unsigned count, unsigned size)
{
	return mem_array(count, size);
}

static void give(void *data, void *block)
{
	mem_free(block);
}

/* RFC 1950 §2.2: method 8, and the two bytes are a multiple of 31. */
static bool is_zlib(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.data;
	return s.len > 2 && (p[0] & 15) == 8 && p[0] >> 4 <= 7 && (p[0] * 256 + p[1]) % 31 == 0;
}

static bool is_gzip(struct str s)
{
	return str_starts(s, STR("\x1f\x8b"));
}

static enum code inflate_all(z_stream *z, struct buf *out, struct error *e)
{
	int status = Z_OK;
	size_t guess = (size_t)z->avail_in * 12; /* XML packs about so well; room that is not used costs nothing */
	if (guess < out->max && !buf_room(out, guess))
		return error_nomem(e);
	while (status == Z_OK) {
		char *room = buf_room(out, STEP);
		if (!room)
			return out->len + STEP > out->max ? error_fail(e, E_LIMIT, N_("The inventory is larger than 32 MiB when unpacked")) : error_nomem(e);
		z->next_out = (Bytef *)room;
		z->avail_out = STEP;
		status = inflate(z, Z_NO_FLUSH);
		out->len += STEP - z->avail_out;
	}
	switch (status) {
	case Z_STREAM_END:
		return z->avail_in ? error_fail(e, E_INVALID, N_("Something follows the packed inventory")) : OK;
	case Z_BUF_ERROR:
		return error_fail(e, E_INVALID, N_("The packed inventory ends in the middle"));
	case Z_MEM_ERROR:
		return error_nomem(e);
	default:
		return error_fail(e, E_INVALID, N_("The packed inventory is damaged"));
	}
}

enum code inflate_body(struct str body, struct buf *room, struct str *ret, bool *ret_packed, struct error *e)
{
	z_stream z = { .zalloc = take, .zfree = give };
	*ret_packed = is_zlib(body) || is_gzip(body);
	*ret = body;
	if (!*ret_packed)
		return OK;
	if (body.len > UINT_MAX || inflateInit2(&z, 15 + 32) != Z_OK)
		return error_nomem(e);
	z.next_in = (Bytef *)(uintptr_t)body.data;
	z.avail_in = (uInt)body.len;
	enum code code = inflate_all(&z, room, e);
	inflateEnd(&z);
	*ret = buf_str(room);
	return code;
}

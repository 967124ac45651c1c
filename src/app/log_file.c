/* Reading logs in pieces of whole lines. Neighbours: log_file.h says how it is used. */
#include "log_file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define RAW_ROOM ((size_t)256 << 10)
#define PIECE ((size_t)1 << 20)

enum packing { PLAIN, GZIP, ZSTD };
struct log_file {
	int fd;
	struct str path;
	enum packing packing;
	bool begun, ended, skipping; /* skipping: within a line that is too long */
	char *raw;
	size_t raw_at, raw_len;
	z_stream gzip;
	ZSTD_DStream *zstd;
	bool frame_open;  /* the packed data end in the middle */
	struct buf kept;  /* a line that has not ended yet */
};

enum code log_file_open(struct str path, struct log_file **ret, struct error *e)
{
	struct log_file *f = mem_new(sizeof *f);
	if (!f)
		return error_nomem(e);
	f->path = path;
	f->raw = mem_new(RAW_ROOM);
	buf_init(&f->kept, SIZE_MAX);
	f->fd = str_is(path, "-") ? STDIN_FILENO : open(path.data, O_RDONLY | O_CLOEXEC);
	if (!f->raw || f->fd < 0) {
		enum code code = f->fd < 0 ? error_errno(e, N_("opening {path}"), path) : error_nomem(e);
		log_file_close(f);
		return code;
	}
	*ret = f;
	return OK;
}

void log_file_close(struct log_file *f)
{
	if (!f)
		return;
	if (f->packing == GZIP)
		inflateEnd(&f->gzip);
	ZSTD_freeDStream(f->zstd);
	if (f->fd > STDIN_FILENO)
		close(f->fd);
	buf_done(&f->kept);
	mem_free(f->raw);
	mem_free(f);
}

static enum code refill(struct log_file *f, struct error *e)
{
	ssize_t n;
	do
		n = read(f->fd, f->raw, RAW_ROOM);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(e, N_("reading {path}"), f->path);
	f->raw_at = 0;
	f->raw_len = (size_t)n;
	f->ended = n == 0;
	return OK;
}

static enum code begin(struct log_file *f, struct error *e)
{
	f->begun = true;
	TRY(refill(f, e));
	if (f->raw_len >= 2 && memcmp(f->raw, "\x1f\x8b", 2) == 0) {
		if (inflateInit2(&f->gzip, 15 + 16) != Z_OK)
			return error_nomem(e);
		f->packing = GZIP;
	} else if (f->raw_len >= 4 && memcmp(f->raw, "\x28\xb5\x2f\xfd", 4) == 0) {
		f->packing = ZSTD;
		f->zstd = ZSTD_createDStream();
		if (!f->zstd)
			return error_nomem(e);
		ZSTD_DCtx_setParameter(f->zstd, ZSTD_d_windowLogMax, 27); /* 128 MiB: more would be an attack */
	}
	return OK;
}

static enum code broken(struct log_file *f, struct error *e)
{
	return error_fail(e, E_IO, N_("{path} is damaged: it cannot be unpacked"), { "path", f->path });
}

static enum code unpack_gzip(struct log_file *f, char *out, size_t room, size_t *ret, struct error *e)
{
	f->gzip.next_in = (Bytef *)f->raw + f->raw_at;
	f->gzip.avail_in = (uInt)(f->raw_len - f->raw_at);
	f->gzip.next_out = (Bytef *)out;
	f->gzip.avail_out = (uInt)room;
	int result = inflate(&f->gzip, Z_NO_FLUSH);
	f->raw_at = f->raw_len - f->gzip.avail_in;
	*ret = room - f->gzip.avail_out;
	f->frame_open = result != Z_STREAM_END;
	if (result == Z_STREAM_END)
		return inflateReset(&f->gzip) == Z_OK ? OK : broken(f, e); /* another member may follow */
	return result == Z_OK || result == Z_BUF_ERROR ? OK : broken(f, e);
}

static enum code unpack_zstd(struct log_file *f, char *out, size_t room, size_t *ret, struct error *e)
{
	ZSTD_inBuffer in = { f->raw, f->raw_len, f->raw_at };
	ZSTD_outBuffer to = { out, room, 0 };
	size_t left = ZSTD_decompressStream(f->zstd, &to, &in);
	f->raw_at = in.pos;
	*ret = to.pos;
	f->frame_open = left != 0;
	return ZSTD_isError(left) ? broken(f, e) : OK;
}

/* Some more bytes of the text; none at the end. */
static enum code more(struct log_file *f, char *out, size_t room, size_t *ret, struct error *e)
{
	*ret = 0;
	if (!f->begun)
		TRY(begin(f, e));
	while (*ret == 0) {
		bool drained = f->raw_at == f->raw_len;
		if (drained && !f->ended)
			TRY(refill(f, e));
		if (f->ended && f->raw_at == f->raw_len) {
			if (f->packing == PLAIN || !f->frame_open)
				return OK;
			size_t before = f->raw_at;
			TRY(f->packing == GZIP ? unpack_gzip(f, out, room, ret, e) : unpack_zstd(f, out, room, ret, e));
			if (*ret == 0 && f->raw_at == before)
				return f->frame_open ? broken(f, e) : OK;
			continue;
		}
		if (f->packing == PLAIN) {
			*ret = f->raw_len - f->raw_at < room ? f->raw_len - f->raw_at : room;
			memcpy(out, f->raw + f->raw_at, *ret);
			f->raw_at += *ret;
		} else {
			TRY(f->packing == GZIP ? unpack_gzip(f, out, room, ret, e) : unpack_zstd(f, out, room, ret, e));
		}
	}
	return OK;
}

/* What is too long is thrown away up to its end. */
static void drop_long(struct log_file *f, size_t line_most, size_t *io_long)
{
	if (f->kept.len <= line_most && !f->skipping)
		return;
	*io_long += !f->skipping;
	f->skipping = true;
	buf_clear(&f->kept);
}

enum code log_file_read(struct log_file *f, size_t line_most, struct buf *out, size_t *ret_long, struct error *e)
{
	size_t got = 1;
	*ret_long = 0;
	while (out->len < PIECE && got) {
		char *room = buf_room(&f->kept, RAW_ROOM);
		if (!room)
			return error_nomem(e);
		TRY(more(f, room, RAW_ROOM, &got, e));
		size_t before = f->kept.len;
		f->kept.len += got;
		const char *end = got ? memrchr(f->kept.data + before, '\n', got) : f->kept.len ? f->kept.data + f->kept.len - 1 : NULL;
		if (!end) {
			drop_long(f, line_most, ret_long);
			continue;
		}
		size_t whole = (size_t)(end - f->kept.data) + 1, from = 0;
		if (f->skipping) { /* the rest of the long line: only its end is kept */
			const char *first = memchr(f->kept.data, '\n', whole);
			from = first ? (size_t)(first - f->kept.data) : whole;
			f->skipping = first == NULL;
		}
		buf_add(out, f->kept.data + from, whole - from);
		memmove(f->kept.data, f->kept.data + whole, f->kept.len - whole);
		f->kept.len -= whole;
		if (!buf_ok(out))
			return error_nomem(e);
	}
	return OK;
}

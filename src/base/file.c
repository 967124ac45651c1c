/* Files and folders with durability: what file_replace() answered OK for survives a power cut. */
#include "base/file.h"
#include "base/arena.h"
#include "base/random.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 4096

/* A NUL-terminated copy at the library's door; false when it is too long or holds a NUL. */
static bool path_copy(struct str path, char out[PATH_ROOM])
{
	if (path.len >= PATH_ROOM - 64 || path.len == 0 || memchr(path.data, 0, path.len))
		return false;
	memcpy(out, path.data, path.len);
	out[path.len] = 0;
	return true;
}

static enum code path_bad(struct error *e, struct str path)
{
	return error_fail(e, E_INVALID, N_("{path} is no usable path"), { "path", path });
}

static enum code too_large(struct error *e, struct str path)
{
	return error_fail(e, E_LIMIT, N_("{path} is larger than allowed"), { "path", path });
}

static enum code read_all(int fd, struct arena *arena, struct str path, size_t max, struct str *ret, struct error *e)
{
	struct stat st;
	size_t room = 4096, len = 0;
	bool known = fstat(fd, &st) == 0 && st.st_size > 0; /* files of /proc say 0 */
	if (known && (uint64_t)st.st_size > max)
		return too_large(e, path);
	if (known)
		room = (size_t)st.st_size + 1;
	char *data = arena_alloc(arena, room + 1);
	while (data) {
		ssize_t n = read(fd, data + len, room - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, N_("reading {path}"), path);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return too_large(e, path);
		if (len == room) {
			char *more = arena_alloc(arena, room * 2 + 1);
			if (more)
				memcpy(more, data, len);
			data = more;
			room *= 2;
		}
	}
	if (!data)
		return error_nomem(e);
	data[len] = 0;
	*ret = (struct str){ data, len };
	return OK;
}

enum code file_read(struct arena *arena, struct str path, size_t max, struct str *ret, struct error *e)
{
	char name[PATH_ROOM];
	if (!path_copy(path, name))
		return path_bad(e, path);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, N_("opening {path}"), path);
	enum code code = read_all(fd, arena, path, max, ret, e);
	close(fd);
	return code;
}

static bool write_all(int fd, struct str data)
{
	while (data.len) {
		ssize_t n = write(fd, data.data, data.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data = str_slice(data, (size_t)n, data.len);
	}
	return true;
}

static bool sync_folder(const char *name)
{
	char copy[PATH_ROOM];
	snprintf(copy, sizeof copy, "%s", name);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;
	int why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return good;
}

enum code file_replace(struct str path, struct str data, unsigned mode, struct error *e)
{
	char name[PATH_ROOM], fresh[PATH_ROOM];
	uint64_t tag;
	if (!path_copy(path, name))
		return path_bad(e, path);
	random_fill(&random_system, &tag, sizeof tag);
	if (snprintf(fresh, sizeof fresh, "%s.new-%016llx", name, (unsigned long long)tag) >= (int)sizeof fresh)
		return path_bad(e, path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return error_errno(e, N_("creating {path}"), path);
	bool good = write_all(fd, data) && fsync(fd) == 0;
	int why = errno;
	if (close(fd) != 0 && good) {
		good = false;
		why = errno;
	}
	if (good && rename(fresh, name) == 0)
		return sync_folder(name) ? OK : error_errno(e, N_("syncing the folder of {path}"), path);
	if (good)
		why = errno;
	unlink(fresh);
	errno = why;
	return error_errno(e, N_("writing {path}"), path);
}

enum code folder_make(struct str path, unsigned mode, struct error *e)
{
	char name[PATH_ROOM];
	if (!path_copy(path, name))
		return path_bad(e, path);
	for (char *p = name + 1; ; p++) {
		if (*p && *p != '/')
			continue;
		char kept = *p;
		*p = 0;
		if (mkdir(name, mode) != 0 && errno != EEXIST)
			return error_errno(e, N_("creating {path}"), path);
		*p = kept;
		if (!kept)
			break;
	}
	struct stat st;
	if (stat(name, &st) != 0 || !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return error_errno(e, N_("creating {path}"), path);
	}
	return OK;
}

static int by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

enum code folder_list(struct arena *arena, struct str path, struct str **ret, size_t *ret_count, struct error *e)
{
	char name[PATH_ROOM];
	size_t room = 16, n = 0;
	if (!path_copy(path, name))
		return path_bad(e, path);
	DIR *d = opendir(name);
	if (!d)
		return error_errno(e, N_("opening {path}"), path);
	struct str *names = ARENA_ARRAY(arena, room, struct str);
	errno = 0;
	for (struct dirent *entry; names && (entry = readdir(d)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (n == room) {
			struct str *more = ARENA_ARRAY(arena, room * 2, struct str);
			if (more)
				memcpy(more, names, n * sizeof *names);
			names = more;
			room *= 2;
		}
		if (names)
			names[n++] = arena_copy(arena, str_of(entry->d_name));
		if (names && !names[n - 1].data)
			names = NULL;
	}
	int why = names ? errno : 0;
	closedir(d);
	errno = why;
	if (why)
		return error_errno(e, N_("reading {path}"), path);
	if (!names)
		return error_nomem(e);
	qsort(names, n, sizeof *names, by_bytes);
	*ret = names;
	*ret_count = n;
	return OK;
}

bool file_exists(struct str path)
{
	char name[PATH_ROOM];
	return path_copy(path, name) && access(name, F_OK) == 0;
}

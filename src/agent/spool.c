/* The spool folder:  lock · accepted.json · 00000000000000000042.json … · refused/. Numbers only grow while anything is
 * kept, whatever the clock does. Neighbours: base/file.h for what "durable" means. */
#include "spool.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/vec.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPORT_MOST ((size_t)64 << 20)
#define REFUSED_KEPT 10

struct waiting {
	int64_t number;
	size_t bytes;
};

struct spool {
	char *folder;
	int lock;
	VEC(struct waiting) waiting; /* oldest first, from `first` on */
	size_t first;
};

static char *path_of(const struct spool *s, const char *name)
{
	size_t room = strlen(s->folder) + strlen(name) + 2;
	char *path = mem_new(room);
	if (path)
		snprintf(path, room, "%s/%s", s->folder, name);
	return path;
}

static char *report_path(const struct spool *s, int64_t number, const char *below)
{
	char name[64];
	snprintf(name, sizeof name, "%s%020lld.json", below, (long long)number);
	return path_of(s, name);
}

/* --- opening --------------------------------------------------------------------------------------- */

static enum code take_lock(struct spool *s, struct error *e)
{
	CLEAN_MEM char *path = path_of(s, "lock");
	if (!path)
		return error_nomem(e);
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock < 0)
		return error_errno(e, N_("opening {path}"), str_of(path));
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return OK;
	return error_fail(e, E_CONFLICT, N_("Another agent is using the folder {folder}"), { "folder", str_of(s->folder) });
}

/* "00000000000000000042.json"; everything else in the folder is not a report. */
static bool number_of(struct str name, int64_t *ret)
{
	return name.len == 25 && str_ends(name, STR(".json")) && name.data[0] != '-' && str_int(str_slice(name, 0, 20), ret);
}

static enum code take_name(struct spool *s, struct str name, struct error *e)
{
	int64_t number;
	struct stat st;
	CLEAN_MEM char *path = path_of(s, name.data);
	if (!path)
		return error_nomem(e);
	if (number_of(name, &number) && stat(path, &st) == 0) {
		struct waiting *w = VEC_ADD(&s->waiting);
		if (!w)
			return error_nomem(e);
		*w = (struct waiting){ number, (size_t)st.st_size };
	} else if (str_find_str(name, STR(".json.new-")) >= 0) {
		unlink(path); /* half written when the machine stopped; it was never promised */
	}
	return OK;
}

static enum code read_folder(struct spool *s, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	CLEAN_MEM char *refused = path_of(s, "refused");
	struct str *names;
	size_t count;
	if (!arena || !refused)
		return error_nomem(e);
	TRY(folder_make(str_of(refused), 0700, e));
	TRY(take_lock(s, e));
	TRY(folder_list(arena, str_of(s->folder), &names, &count, e));
	for (size_t i = 0; i < count; i++)
		TRY(take_name(s, names[i], e));
	return OK;
}

enum code spool_open(struct str folder, struct spool **ret, struct error *e)
{
	struct spool *s = mem_new(sizeof *s);
	if (!s)
		return error_nomem(e);
	s->lock = -1;
	s->folder = mem_copy_text(folder.data, folder.len);
	enum code code = s->folder ? folder_make(folder, 0700, e) : error_nomem(e);
	if (code == OK)
		code = read_folder(s, e);
	if (code == OK)
		*ret = s;
	else
		spool_close(s);
	return code;
}

void spool_close(struct spool *s)
{
	if (!s)
		return;
	if (s->lock >= 0)
		close(s->lock);
	VEC_DONE(&s->waiting);
	mem_free(s->folder);
	mem_free(s);
}

/* --- reports --------------------------------------------------------------------------------------- */

enum code spool_add(struct spool *s, struct str report, struct error *e)
{
	struct waiting *last = s->waiting.count > s->first ? &s->waiting.items[s->waiting.count - 1] : NULL;
	struct waiting fresh = { last ? last->number + 1 : 1, report.len };
	CLEAN_MEM char *path = report_path(s, fresh.number, "");
	struct waiting *place = path ? VEC_ADD(&s->waiting) : NULL;
	if (!place)
		return error_nomem(e);
	*place = fresh;
	enum code code = file_replace(str_of(path), report, 0600, e);
	if (code != OK)
		s->waiting.count--;
	return code;
}

size_t spool_count(const struct spool *s)
{
	return s->waiting.count - s->first;
}

enum code spool_first(struct spool *s, struct arena *arena, struct str *ret, struct error *e)
{
	if (!spool_count(s))
		return E_NOT_FOUND;
	CLEAN_MEM char *path = report_path(s, s->waiting.items[s->first].number, "");
	return path ? file_read(arena, str_of(path), REPORT_MOST, ret, e) : error_nomem(e);
}

/* The file is gone (or its going failed, and it will be sent twice: the server knows it by its id). */
static void forget_first(struct spool *s)
{
	if (++s->first == s->waiting.count)
		s->first = s->waiting.count = 0;
}

enum code spool_remove_first(struct spool *s, struct error *e)
{
	CLEAN_MEM char *path = report_path(s, s->waiting.items[s->first].number, "");
	if (!path)
		return error_nomem(e);
	if (unlink(path) != 0 && errno != ENOENT)
		return error_errno(e, N_("removing {path}"), str_of(path));
	forget_first(s);
	return OK;
}

/* Names in `refused` continue from the last one there, so that the oldest come first. */
static int64_t trim_refused(struct spool *s)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	CLEAN_MEM char *folder = path_of(s, "refused");
	struct str *names;
	size_t count;
	int64_t number = 0, last = 0;
	if (!arena || !folder || folder_list(arena, str_of(folder), &names, &count, NULL) != OK)
		return 1;
	for (size_t i = 0; i < count; i++) {
		if (!number_of(names[i], &number))
			continue;
		last = number;
		CLEAN_MEM char *path = report_path(s, number, "refused/");
		if (path && i + REFUSED_KEPT <= count)
			unlink(path);
	}
	return last + 1;
}

enum code spool_refuse_first(struct spool *s, struct error *e)
{
	CLEAN_MEM char *from = report_path(s, s->waiting.items[s->first].number, "");
	CLEAN_MEM char *to = report_path(s, trim_refused(s), "refused/");
	if (!from || !to)
		return error_nomem(e);
	if (rename(from, to) != 0 && errno != ENOENT)
		return error_errno(e, N_("moving {path}"), str_of(from));
	forget_first(s);
	return OK;
}

unsigned spool_trim(struct spool *s, size_t count, size_t bytes)
{
	size_t total = 0;
	unsigned dropped = 0;
	for (size_t i = s->first; i < s->waiting.count; i++)
		total += s->waiting.items[i].bytes;
	while (spool_count(s) > 1 && (spool_count(s) > count || total > bytes)) {
		total -= s->waiting.items[s->first].bytes;
		if (spool_remove_first(s, NULL) != OK)
			break;
		dropped++;
	}
	return dropped;
}

/* --- the note -------------------------------------------------------------------------------------- */

struct str spool_note(struct spool *s, struct arena *arena)
{
	CLEAN_MEM char *path = path_of(s, "accepted.json");
	struct str text;
	return path && file_read(arena, str_of(path), 1 << 20, &text, NULL) == OK ? text : STR_NONE;
}

enum code spool_set_note(struct spool *s, struct str note, struct error *e)
{
	CLEAN_MEM char *path = path_of(s, "accepted.json");
	return path ? file_replace(str_of(path), note, 0600, e) : error_nomem(e);
}

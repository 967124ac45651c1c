/* Where packs come from: folders on disk, or the files built into the program. Both are read into the same list
 * of files, sorted by name, so that a pack is the same pack wherever it lies. Neighbours: load.c asks. */
#include "base/file.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

#define FILE_MOST (1u << 20)  /* bytes of one pack file */
#define FILES_MOST 2000       /* files of one pack */

static bool source_grow(struct arena *arena, struct pack_source **list, size_t count)
{
	if (count & (count - 1)) /* grown at powers of two */
		return true;
	struct pack_source *more = ARENA_ARRAY(arena, count ? count * 2 : 1, struct pack_source);
	if (more && count)
		memcpy(more, *list, count * sizeof *more);
	*list = more;
	return more != NULL;
}

static enum code find_in_folder(struct arena *arena, struct str folder, struct pack_source **list, size_t *count,
				struct error *e)
{
	struct str *names;
	size_t found;
	TRY(folder_list(arena, folder, &names, &found, e));
	for (size_t i = 0; i < found; i++) {
		struct str below = arena_format(arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(names[i]));
		struct str pack = arena_format(arena, "%.*s/pack.yaml", STR_ARG(below));
		if (!below.data || !pack.data)
			return error_nomem(e);
		if (!file_exists(pack))
			continue;
		if (!source_grow(arena, list, *count))
			return error_nomem(e);
		(*list)[(*count)++] = (struct pack_source){ .name = names[i], .folder = below };
	}
	return OK;
}

/* "packs/core/pack.yaml" → "core" */
static bool built_in_pack(const char *path, struct str *ret)
{
	struct str rest = str_of(path), prefix = STR("packs/"), suffix = STR("/pack.yaml");
	if (!str_starts(rest, prefix) || !str_ends(rest, suffix) || rest.len < prefix.len + suffix.len + 1)
		return false;
	*ret = str_slice(rest, prefix.len, rest.len - suffix.len);
	return str_find(*ret, '/') < 0;
}

enum code pack_sources_find(struct arena *arena, struct str folder, const struct embedded *files,
			    struct pack_source **ret, size_t *ret_count, struct error *e)
{
	struct pack_source *list = NULL;
	size_t count = 0;
	for (const struct embedded *f = files; f && f->path; f++) {
		struct str name;
		if (!built_in_pack(f->path, &name))
			continue;
		if (!source_grow(arena, &list, count))
			return error_nomem(e);
		list[count++] = (struct pack_source){ .name = name, .files = files };
	}
	if (folder.len)
		TRY(find_in_folder(arena, folder, &list, &count, e));
	*ret = list;
	*ret_count = count;
	return OK;
}

static const struct {
	const char *folder, *ending;
} folders[] = { { "kinds", ".yaml" }, { "policies", ".sql" }, { "po", ".po" } };

/* pack.yaml, functions.yaml, roles.yaml, placements.yaml and what is in these folders; anything else is not ours. */
static bool belongs(struct str name)
{
	if (str_is(name, "pack.yaml") || str_is(name, "functions.yaml") || str_is(name, "roles.yaml") ||
	    str_is(name, "placements.yaml"))
		return true;
	struct str rest = name, folder;
	if (!str_cut(&rest, '/', &folder) || !rest.len || rest.data[0] == '.' || str_find(rest, '/') >= 0)
		return false;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (str_is(folder, folders[i].folder))
			return str_ends(rest, str_of(folders[i].ending));
	return false;
}

struct file_list {
	struct source_file *items;
	size_t count, cap;
};

static enum code list_add(struct arena *arena, struct file_list *list, struct source_file file, struct error *e)
{
	if (list->count == FILES_MOST)
		return error_fail(e, E_LIMIT, N_("{file}: a pack has at most 2,000 files"), { "file", file.path });
	if (list->count == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 32;
		struct source_file *more = ARENA_ARRAY(arena, cap, struct source_file);
		if (!more)
			return error_nomem(e);
		if (list->count)
			memcpy(more, list->items, list->count * sizeof *more);
		list->items = more;
		list->cap = cap;
	}
	list->items[list->count++] = file;
	return OK;
}

static enum code read_built_in(const struct pack_source *source, struct arena *arena, struct file_list *list,
			       struct error *e)
{
	struct str prefix = arena_format(arena, "packs/%.*s/", STR_ARG(source->name));
	if (!prefix.data)
		return error_nomem(e);
	for (const struct embedded *f = source->files; f->path; f++) {
		struct str path = str_of(f->path), name = str_slice(path, prefix.len, path.len);
		if (str_starts(path, prefix) && belongs(name))
			TRY(list_add(arena, list, (struct source_file){ path, name, f->data }, e));
	}
	return OK;
}

static enum code read_one(const struct pack_source *source, struct str name, struct arena *arena,
			  struct file_list *list, struct error *e)
{
	struct source_file file = { .name = name };
	if (!belongs(name))
		return OK;
	file.path = arena_format(arena, "%.*s/%.*s", STR_ARG(source->folder), STR_ARG(name));
	if (!file.path.data)
		return error_nomem(e);
	if (!file_exists(file.path))
		return OK;
	TRY(file_read(arena, file.path, FILE_MOST, &file.data, e));
	return list_add(arena, list, file, e);
}

static enum code read_folder(const struct pack_source *source, struct str below, struct arena *arena,
			     struct file_list *list, struct error *e)
{
	struct str path = arena_format(arena, "%.*s/%.*s", STR_ARG(source->folder), STR_ARG(below));
	struct str *names;
	size_t count;
	if (!path.data)
		return error_nomem(e);
	if (!file_exists(path))
		return OK;
	TRY(folder_list(arena, path, &names, &count, e));
	for (size_t i = 0; i < count; i++) {
		struct str name = arena_format(arena, "%.*s/%.*s", STR_ARG(below), STR_ARG(names[i]));
		if (!name.data)
			return error_nomem(e);
		TRY(read_one(source, name, arena, list, e));
	}
	return OK;
}

static int file_order(const void *a, const void *b)
{
	return str_cmp(((const struct source_file *)a)->name, ((const struct source_file *)b)->name);
}

enum code source_read(const struct pack_source *source, struct arena *arena, struct source_file **ret,
		      size_t *ret_count, struct error *e)
{
	struct file_list list = { 0 };
	if (source->files) {
		TRY(read_built_in(source, arena, &list, e));
	} else {
		TRY(read_one(source, STR("pack.yaml"), arena, &list, e));
		TRY(read_one(source, STR("functions.yaml"), arena, &list, e));
		TRY(read_one(source, STR("roles.yaml"), arena, &list, e));
		TRY(read_one(source, STR("placements.yaml"), arena, &list, e));
		for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
			TRY(read_folder(source, str_of(folders[i].folder), arena, &list, e));
	}
	if (list.count)
		qsort(list.items, list.count, sizeof *list.items, file_order);
	*ret = list.items;
	*ret_count = list.count;
	return OK;
}

/* The section of packages: [name, version, architecture, publisher], sorted, no two equal, as docs/inventory-report.md has it.
 * Neighbours: report.c puts sections together; fleet/packages.c makes a set of them. */
#include "report.h"
#include "base/arena.h"
#include "base/json_write.h"
#include <stdlib.h>

enum { NAME, VERSION, ARCHITECTURE, PUBLISHER, COLUMNS };

struct package {
	struct str column[COLUMNS];
};

static const struct {
	const char *paths;
	size_t most;
} columns[COLUMNS] = {
	[NAME] = { "/name", 300 }, [VERSION] = { "/version", 200 }, [ARCHITECTURE] = { "/arch|/architecture", 40 }, [PUBLISHER] = { "/publisher", 300 },
};
static const struct word formats[] = {
	{ "deb", "deb" }, { "rpm", "rpm" }, { "apk", "apk" }, { "registry", "msi" }, { "wmi", "msi" }, { "android", "mobile_app" },
	{ "msi", "msi" }, { "macos", "pkg" }, { "osx", "pkg" }, { "flatpak", "flatpak" }, { "snap", "snap" }, { 0 },
};

static int package_order(const void *a, const void *b)
{
	const struct package *x = a, *y = b;
	int order = 0;
	for (size_t i = 0; i < COLUMNS && !order; i++)
		order = str_cmp(x->column[i], y->column[i]);
	return order;
}

/* All of one format, or it is told as "other". */
static const char *format_of(struct items list, struct arena *arena)
{
	const char *found = NULL;
	for (size_t i = 0; i < list.count; i++) {
		const char *one = word_find(formats, native_text(&list.items[i], "/from", 20, arena));
		if (i && one != found)
			return "other";
		found = one;
	}
	return found ? found : "other";
}

bool packages_write(const struct native *n, struct arena *arena, struct json_writer *w)
{
	struct items list = native_items(n->content, "/softwares");
	struct package *p = ARENA_ARRAY(arena, list.count + 1, struct package);
	size_t count = 0;
	if (!list.count || !p)
		return false;
	for (size_t i = 0; i < list.count; i++) {
		for (size_t c = 0; c < COLUMNS; c++)
			p[count].column[c] = native_text(&list.items[i], columns[c].paths, columns[c].most, arena);
		count += p[count].column[NAME].len > 0;
	}
	qsort(p, count, sizeof *p, package_order);
	json_object(w);
	json_member_text(w, "format", str_of(format_of(list, arena)));
	json_name(w, STR("list"));
	json_list(w);
	for (size_t i = 0; i < count; i++) {
		if (i && package_order(&p[i], &p[i - 1]) == 0)
			continue;
		json_list(w);
		for (size_t c = 0; c < COLUMNS; c++)
			json_put_text(w, p[i].column[c]);
		json_list_end(w);
	}
	json_list_end(w);
	json_object_end(w);
	return true;
}

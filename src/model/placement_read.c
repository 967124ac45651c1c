/* The framework a pack ships: which functions are decided centrally, by delegation or locally, and why.
 * Neighbours: function_read.c reads the patterns; check.c sees that they cover something. */
#include "base/arena.h"
#include "internal.h"

#define PLACEMENTS_MOST 1000

static const char *mode_read(struct loader *l, const struct yaml *y)
{
	static const char *const modes[] = { "central", "delegated", "local" };
	for (size_t i = 0; y && i < sizeof modes / sizeof *modes; i++)
		if (str_is(y->text, modes[i]))
			return modes[i];
	loader_fault(l, y, N_("expected central, delegated or local"));
	return NULL;
}

static bool named_before(struct loader *l, const struct yaml *y)
{
	for (size_t i = 0; i < l->placements.count; i++) {
		if (str_is(y->name, l->placements.items[i].name)) {
			loader_fault(l, y, N_("the placement {name} is there already, at {file}"), { "name", y->name },
				     { "file", l->placement_places.items[i].place });
			return true;
		}
	}
	return false;
}

static void placement_read(struct loader *l, const struct yaml *y)
{
	static const struct key keys[] = { { "functions", SHAPE_ANY, true },  { "mode", SHAPE_TEXT, true },
					   { "reason", SHAPE_TEXT, true }, { "paragraph", SHAPE_TEXT, false }, { 0 } };
	if (!name_valid(y->name)) {
		loader_fault(l, y, N_("expected the name of a placement: a small letter, then small letters, digits and _"));
		return;
	}
	if (named_before(l, y))
		return;
	if (l->placements.count == PLACEMENTS_MOST) {
		loader_fault(l, y, N_("expected at most 1,000 placements in all packs"));
		return;
	}
	if (!read_map(l, y, keys))
		return;
	struct placement_def made = { .name = loader_copy(l, y->name), .mode = mode_read(l, yaml_get(y, "mode")),
				      .reason = read_text(l, y, "reason"), .paragraph = read_text(l, y, "paragraph") };
	made.functions = patterns_read(l, yaml_get(y, "functions"));
	struct placement_def *slot = LOADER_ADD(l, &l->placements);
	struct role_place *place = slot ? LOADER_ADD(l, &l->placement_places) : NULL;
	if (!slot || !place)
		return;
	*slot = made;
	place->file = l->file;
	place->at = y;
	place->place = arena_format(l->scratch, "%.*s:%u", STR_ARG(l->file), y->line);
	l->failed |= !place->place.data;
}

void placements_read(struct loader *l, const struct source_file *file)
{
	const struct yaml *root;
	l->file = file->path;
	if (!loader_parse(l, file, &root) || !read_shape(l, root, SHAPE_MAP))
		return;
	for (const struct yaml *y = root->first; y && !l->failed; y = y->next)
		placement_read(l, y);
}

/* Functions (authorities one may hold) and the roles that grant them. Kinds bring their own; functions.yaml adds
 * more; roles.yaml bundles them. Neighbours: check.c sees that patterns cover something. */
#include "internal.h"
#include <string.h>

#define ROLES_MOST 500

bool function_name_valid(struct str name)
{
	struct str rest = name, part;
	size_t parts = 0;
	while (str_cut(&rest, '.', &part)) {
		if (!name_valid(part))
			return false;
		parts++;
	}
	return parts >= 2 && parts <= 4;
}

void function_declare(struct loader *l, struct str name, const char *title, const char *pack)
{
	struct function_draft *known = map_get(l->function_names, name);
	if (l->failed)
		return;
	if (known) {
		if (known->extra && pack) {
			known->function.title = title;
			known->function.pack = pack;
			known->extra = false;
		}
		return;
	}
	struct function_draft *f = arena_alloc(l->scratch, sizeof *f);
	struct function_draft **slot = f ? LOADER_ADD(l, &l->functions) : NULL;
	if (!slot) {
		l->failed = true;
		return;
	}
	*slot = f;
	f->extra = !pack;
	f->function.name = loader_copy(l, name);
	f->function.title = title;
	f->function.pack = pack ? pack : "";
	if (l->failed || !map_put(l->function_names, str_of(f->function.name), f))
		l->failed = true;
}

static void declare_verb(struct loader *l, const struct kind_draft *k, const char *verb, const char *title)
{
	struct str name = arena_format(l->scratch, "%s.%s", k->kind.name, verb);
	if (name.data)
		function_declare(l, name, title, k->kind.pack);
	else
		l->failed = true;
}

/* A name that begins with the kind's own is declared by standing there; others must be known (check.c). */
static void declare_own(struct loader *l, const struct kind_draft *k, const char *name, const char *title)
{
	size_t len = strlen(k->kind.name);
	if (strncmp(name, k->kind.name, len) == 0 && name[len] == '.' && function_name_valid(str_of(name)))
		function_declare(l, str_of(name), title, k->kind.pack);
}

static void field_function(struct loader *l, struct kind_draft *k, struct field *f)
{
	const char *verb = f->classification >= CLASS_CONFIDENTIAL ? "read_confidential" : f->personal ? "read_personal" : NULL;
	if (f->function) {
		int64_t dot = str_find(str_of(f->function), '.');
		const char *title = dot < 0 ? NULL : name_title(l->arena, str_of(f->function + dot + 1));
		if (title)
			declare_own(l, k, f->function, title);
		return;
	}
	if (!verb)
		return;
	f->function = arena_format(l->arena, "%s.%s", k->kind.name, verb).data;
	l->failed |= !f->function;
	declare_verb(l, k, verb, f->classification >= CLASS_CONFIDENTIAL ? N_("Read confidential fields") : N_("Read personal data"));
}

void functions_of_kind(struct loader *l, struct kind_draft *k)
{
	declare_verb(l, k, "read", N_("Read"));
	if (!(k->kind.flags & KIND_VIEW)) {
		declare_verb(l, k, "create", N_("Create"));
		declare_verb(l, k, "update", N_("Change"));
		declare_verb(l, k, "archive", N_("Archive and bring back"));
	}
	if (k->kind.flags & KIND_SUBJECT)
		declare_verb(l, k, "erase", N_("Erase personal data"));
	for (size_t i = 0; i < k->kind.field_count; i++)
		field_function(l, k, &k->fields[i]);
	for (size_t i = 0; i < k->kind.transition_count && !l->failed; i++) {
		struct transition *t = &k->transitions[i];
		if (!t->function)
			t->function = arena_format(l->arena, "%s.%s", k->kind.name, t->name).data;
		if (t->function)
			declare_own(l, k, t->function, t->title);
		l->failed |= !t->function;
	}
}

void functions_read(struct loader *l, struct pack_draft *pack, const struct source_file *file)
{
	const struct yaml *root;
	l->file = file->path;
	if (!loader_parse(l, file, &root) || !read_shape(l, root, SHAPE_MAP))
		return;
	for (const struct yaml *y = root->first; y && !l->failed; y = y->next) {
		if (!function_name_valid(y->name)) {
			loader_fault(l, y, N_("expected the name of a function: two to four names with dots between, such as device.audit"));
			continue;
		}
		const struct function_draft *known = map_get(l->function_names, y->name);
		if (known && !known->extra)
			loader_fault(l, y, N_("the function {name} is there already, in the pack {pack}"), { "name", y->name },
				     { "pack", str_of(known->function.pack) });
		else if (read_shape(l, y, SHAPE_TEXT))
			function_declare(l, y->name, loader_copy(l, str_trim(y->text)), pack->pack.name);
	}
}

/* --- roles ------------------------------------------------------------------------------------------ */

bool function_pattern_valid(struct str s)
{
	if (str_is(s, "*"))
		return true;
	if (str_starts(s, STR("*.")))
		return name_valid(str_slice(s, 2, s.len)) || function_name_valid(str_slice(s, 2, s.len));
	if (str_ends(s, STR(".*")))
		return name_valid(str_slice(s, 0, s.len - 2)) || function_name_valid(str_slice(s, 0, s.len - 2));
	return function_name_valid(s);
}

const char *const *patterns_read(struct loader *l, const struct yaml *y)
{
	size_t n = 0;
	const char **list = LOADER_NEW(l, (y && y->type == YAML_LIST ? y->count : 1) + 1, const char *);
	if (!y || !list)
		return list;
	const struct yaml *item = y->type == YAML_LIST ? y->first : y;
	for (; item && !l->failed; item = y->type == YAML_LIST ? item->next : NULL) {
		if (item->type == YAML_TEXT && function_pattern_valid(item->text))
			list[n++] = loader_copy(l, item->text);
		else
			loader_fault(l, item, N_("expected a function or a pattern: device.read, device.*, *.read or *"));
	}
	return list;
}

static void role_read(struct loader *l, const struct yaml *y)
{
	static const struct key keys[] = { { "title", SHAPE_TEXT, false }, { "grants", SHAPE_ANY, false },
					   { "own", SHAPE_ANY, false }, { 0 } };
	if (!name_valid(y->name)) {
		loader_fault(l, y, N_("expected the name of a role: a small letter, then small letters, digits and _"));
		return;
	}
	for (size_t i = 0; i < l->roles.count; i++) {
		if (str_is(y->name, l->roles.items[i].name)) {
			loader_fault(l, y, N_("the role {name} is there already, at {file}"), { "name", y->name },
				     { "file", l->role_places.items[i].place });
			return;
		}
	}
	if (l->roles.count == ROLES_MOST) {
		loader_fault(l, y, N_("expected at most 500 roles in all packs"));
		return;
	}
	if (!read_map(l, y, keys))
		return;
	if (!yaml_get(y, "grants") && !yaml_get(y, "own"))
		loader_fault(l, y, N_("expected grants or own: what the role may do"));
	struct role_def role = { .name = loader_copy(l, y->name), .title = read_title(l, y, "title", y->name) };
	role.grants = patterns_read(l, yaml_get(y, "grants"));
	role.own = patterns_read(l, yaml_get(y, "own"));
	struct role_def *slot = LOADER_ADD(l, &l->roles);
	struct role_place *place = slot ? LOADER_ADD(l, &l->role_places) : NULL;
	if (!slot || !place)
		return;
	*slot = role;
	place->file = l->file;
	place->at = y;
	place->place = arena_format(l->scratch, "%.*s:%u", STR_ARG(l->file), y->line);
	l->failed |= !place->place.data;
}

void roles_read(struct loader *l, struct pack_draft *pack, const struct source_file *file)
{
	const struct yaml *root;
	l->file = file->path;
	if (!loader_parse(l, file, &root) || !read_shape(l, root, SHAPE_MAP))
		return;
	for (const struct yaml *y = root->first; y && !l->failed; y = y->next)
		role_read(l, y);
}

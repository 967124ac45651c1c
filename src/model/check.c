/* What can only be judged when every pack is read: references between kinds, whose data a personal field holds,
 * names of tables that would collide, functions that nobody declares. Neighbours: load.c calls between reading and
 * handing out. */
#include "internal.h"
#include <string.h>

#define TABLE_MOST 63 /* bytes of a table's name PostgreSQL keeps */

static const struct yaml *field_at(const struct kind_draft *k, const struct field *f)
{
	return yaml_key(yaml_key(k->root, "fields"), f->name);
}

/* Is `needed` the pack itself or among what it needs, directly or through others? Needs have no circles by now. */
static bool pack_sees(const struct loader *l, const struct pack_draft *pack, const struct pack_draft *needed)
{
	if (pack == needed)
		return true;
	for (const char *const *n = pack->pack.needs; n && *n; n++) {
		const struct pack_draft *other = map_get(l->pack_names, str_of(*n));
		if (other && other != pack && pack_sees(l, other, needed))
			return true;
	}
	return false;
}

static struct kind_draft *target_of(struct loader *l, const struct field *f)
{
	return f->to ? map_get(l->kind_names, str_of(f->to)) : NULL;
}

static void check_target(struct loader *l, struct kind_draft *k, const struct field *f)
{
	const struct yaml *at = yaml_key(field_at(k, f), "to");
	struct kind_draft *target = target_of(l, f);
	if (!f->to)
		return;
	if (!target) {
		struct nearest near = { .word = str_of(f->to) };
		for (size_t i = 0; i < l->kinds.count; i++)
			nearest_offer(&near, l->kinds.items[i]->kind.name);
		loader_fault_unknown(l, at, N_("there is no kind {name}"), N_("there is no kind {name}; did you mean {near}?"),
				     str_of(f->to), &near);
		return;
	}
	if (!pack_sees(l, k->pack, target->pack))
		loader_fault(l, at, N_("the kind {name} is in the pack {pack}; add it to needs in pack.yaml"),
			     { "name", str_of(f->to) }, { "pack", str_of(target->pack->pack.name) });
	if ((f->flags & FIELD_TREE) && target != k)
		loader_fault(l, yaml_key(field_at(k, f), "tree"), N_("a tree needs a reference to its own kind"));
	if ((target->kind.flags & KIND_VIEW) && !(k->kind.flags & KIND_VIEW))
		loader_fault(l, at, N_("the kind {name} is a select; nothing can refer to its rows"), { "name", str_of(f->to) });
}

static bool names_person(struct loader *l, const struct field *f)
{
	const struct kind_draft *target = f && f->type == FIELD_REF ? target_of(l, f) : NULL;
	return target && (target->kind.flags & KIND_SUBJECT);
}

/* personal.subject: "self" in a subject kind, or a reference to one; a reference stands for itself. */
static void check_personal(struct loader *l, struct kind_draft *k, struct field *f)
{
	const struct yaml *personal = yaml_key(field_at(k, f), "personal"), *at = yaml_key(personal, "subject");
	struct personal *p = (struct personal *)(uintptr_t)f->personal;
	if (!p)
		return;
	if (!p->subject) {
		p->subject = names_person(l, f) ? f->name : k->kind.flags & KIND_SUBJECT ? "self" : NULL;
		if (!p->subject)
			loader_fault(l, personal, N_("expected subject: a reference to the person whose data this is"));
		return;
	}
	if (strcmp(p->subject, "self") == 0) {
		if (!(k->kind.flags & KIND_SUBJECT))
			loader_fault(l, at, N_("self needs the flag subject on the kind; expected a reference to a person"));
		return;
	}
	const struct field *subject = draft_field(k, str_of(p->subject));
	if (!subject)
		fault_no_field(l, k, at, str_of(p->subject));
	else if (!(subject->flags & FIELD_BROKEN) && (subject->type != FIELD_REF || (target_of(l, subject) && !names_person(l, subject))))
		loader_fault(l, at, N_("expected self, or a reference to a kind with the flag subject"));
}

static void check_function(struct loader *l, const struct yaml *at, const char *name)
{
	struct nearest near = { .word = str_of(name) };
	if (!at || map_has(l->function_names, str_of(name)) || (l->functions_open && function_name_valid(str_of(name))))
		return;
	for (size_t i = 0; i < l->functions.count; i++)
		nearest_offer(&near, l->functions.items[i]->function.name);
	loader_fault_unknown(l, at, N_("there is no function {name}; declare it in functions.yaml"),
			     N_("there is no function {name}; did you mean {near}?"), str_of(name), &near);
}

static void check_table(struct loader *l, struct kind_draft *k, const struct yaml *at, const char *part)
{
	struct str table = arena_format(l->scratch, "%s_%s", k->kind.name, part);
	const struct kind_draft *other = table.data ? map_get(l->kind_names, table) : NULL;
	l->failed |= !table.data;
	if (table.len > TABLE_MOST)
		loader_fault(l, at, N_("the table {table} would have too long a name; expected at most 63 letters"), { "table", table });
	if (other)
		loader_fault(l, at, N_("the table {table} is taken by the kind in {file}"), { "table", table }, { "file", other->file });
}

static void check_fields(struct loader *l, struct kind_draft *k)
{
	for (size_t i = 0; i < k->kind.field_count; i++) {
		struct field *f = &k->fields[i];
		const struct yaml *at = field_at(k, f);
		if (f->flags & FIELD_BROKEN)
			continue;
		check_target(l, k, f);
		check_personal(l, k, f);
		if (f->function)
			check_function(l, yaml_key(at, "function"), f->function);
		if (f->type == FIELD_REFS)
			check_table(l, k, at, f->name);
		struct str name = str_of(f->name), suffix = STR("_currency");
		const struct field *money = str_ends(name, suffix) ? draft_field(k, str_slice(name, 0, name.len - suffix.len)) : NULL;
		if (money && money->type == FIELD_MONEY && !(money->flags & FIELD_BROKEN))
			loader_fault(l, at, N_("{name} is the currency's column of the money field {money}; expected another name"),
				     { "name", name }, { "money", str_of(money->name) });
	}
}

static void check_owner(struct loader *l, struct kind_draft *k)
{
	const struct yaml *at = yaml_key(k->root, "owner");
	if (!k->kind.owner || !at)
		return;
	const struct field *f = draft_field(k, str_of(k->kind.owner));
	if (!f)
		fault_no_field(l, k, at, at->text);
	else if (!(f->flags & FIELD_BROKEN) && (f->type != FIELD_REF || (target_of(l, f) && !names_person(l, f))))
		loader_fault(l, at, N_("expected a reference to a kind with the flag subject"));
}

/* The geo field at the other end of "site.location". */
static void check_map_view(struct loader *l, struct kind_draft *k)
{
	const struct yaml *at = yaml_key(yaml_key(yaml_key(k->root, "views"), "map"), "at");
	struct str rest = str_of(k->kind.view.map_at), first;
	if (!at || !str_cut(&rest, '.', &first) || !rest.len)
		return;
	const struct field *ref = draft_field(k, first);
	struct kind_draft *target = ref && ref->type == FIELD_REF ? target_of(l, ref) : NULL;
	if (!target)
		return;
	const struct field *geo = draft_field(target, rest);
	if (!geo)
		fault_no_field(l, target, at, rest);
	else if (geo->type != FIELD_GEO && !(geo->flags & FIELD_BROKEN))
		loader_fault(l, at, N_("expected a geo field; {name} is another type"), { "name", rest });
}

static void check_entity_tree(struct loader *l, struct kind_draft *k, struct kind_draft **tree)
{
	const struct yaml *at = yaml_key(k->root, "flags");
	size_t parents = 0;
	if (!(k->kind.flags & KIND_ENTITY_TREE))
		return;
	if (*tree)
		loader_fault(l, at, N_("the kind {name} is the entity tree already, in {file}"), { "name", str_of((*tree)->kind.name) },
			     { "file", (*tree)->file });
	*tree = k;
	for (size_t i = 0; i < k->kind.field_count; i++)
		parents += (k->fields[i].flags & FIELD_TREE) != 0;
	if (parents != 1)
		loader_fault(l, at, N_("an entity tree needs exactly one reference to its own kind with tree: true"));
}

void check_kinds(struct loader *l)
{
	struct kind_draft *tree = NULL;
	for (size_t i = 0; i < l->kinds.count && !l->failed; i++) {
		struct kind_draft *k = l->kinds.items[i];
		l->file = k->file;
		check_fields(l, k);
		check_owner(l, k);
		if (k->kind.view.map_at)
			check_map_view(l, k);
		check_entity_tree(l, k, &tree);
		if (!(k->kind.flags & KIND_VIEW))
			check_table(l, k, yaml_key(k->root, "kind"), "history");
		for (size_t t = 0; t < k->kind.transition_count; t++) {
			const struct yaml *detail = yaml_key(yaml_key(k->root, "transitions"), k->transitions[t].name);
			check_function(l, yaml_key(detail, "function"), k->transitions[t].function);
		}
	}
}

/* --- roles ------------------------------------------------------------------------------------------ */

static bool covers_any(const struct loader *l, struct str pattern)
{
	for (size_t i = 0; i < l->functions.count; i++)
		if (function_matches(pattern, str_of(l->functions.items[i]->function.name)))
			return true;
	return false;
}

static void check_patterns(struct loader *l, const struct role_place *place, const char *key)
{
	const struct yaml *list = yaml_key(place->at, key);
	const struct yaml *item = list && list->type == YAML_LIST ? list->first : list;
	for (; item; item = list->type == YAML_LIST ? item->next : NULL)
		if (item->type == YAML_TEXT && function_pattern_valid(item->text) && !covers_any(l, item->text))
			loader_fault(l, item, N_("{pattern} covers no function"), { "pattern", item->text });
}

void check_roles(struct loader *l)
{
	for (size_t i = 0; i < l->role_places.count && !l->functions_open; i++) {
		l->file = l->role_places.items[i].file;
		check_patterns(l, &l->role_places.items[i], "grants");
		check_patterns(l, &l->role_places.items[i], "own");
	}
	for (size_t i = 0; i < l->placement_places.count && !l->functions_open; i++) {
		l->file = l->placement_places.items[i].file;
		check_patterns(l, &l->placement_places.items[i], "functions");
	}
}

/* Packs become a model: find the order, read every file, judge it whole, then put the immutable structs together.
 * Everything the model keeps lies in one arena; what only loading needs lies in another. Faults of all files are
 * collected and refuse the whole. Neighbours: internal.h says who reads what. */
#include "base/crypto.h"
#include "base/utf8.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

static struct str frame_arg(const struct error_frame *f, const char *name)
{
	for (const struct error_arg *a = f->args; a && a->name; a++)
		if (strcmp(a->name, name) == 0)
			return a->value;
	return STR_NONE;
}

/* A parser's error tells its place in words; here the place goes where every fault has it. */
static void fault_parse(struct loader *l, struct str file, const struct error_frame *f)
{
	static const char *const places[] = { "{file}:{line}:{column}: ", "{file}:{line}: " };
	struct str line = frame_arg(f, "line"), column = frame_arg(f, "column"), msgid = str_of(f->msgid);
	struct str place = arena_format(l->scratch, "%.*s%s%.*s%s%.*s", STR_ARG(file), line.len ? ":" : "", STR_ARG(line),
					column.len ? ":" : "", STR_ARG(column));
	l->failed |= !place.data;
	l->faults++;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (str_starts(msgid, str_of(places[i])))
			msgid = str_slice(msgid, strlen(places[i]), msgid.len);
	error_field_(l->e, place, msgid.data, f->args); /* a literal's end is the same end */
}

static bool fault_not_utf8(struct loader *l, const struct source_file *file)
{
	struct str rest = file->data, line;
	struct yaml at = { .line = 1, .column = 1 };
	if (utf8_valid(file->data))
		return false;
	for (; str_cut(&rest, '\n', &line) && utf8_valid(line); at.line++)
		;
	l->file = file->path;
	loader_fault(l, &at, N_("expected UTF-8"));
	return true;
}

bool loader_parse(struct loader *l, const struct source_file *file, const struct yaml **ret)
{
	struct error parse;
	if (fault_not_utf8(l, file))
		return false;
	error_init(&parse, l->scratch);
	enum code code = yaml_parse(l->scratch, file->path, file->data, ret, &parse);
	if (code == OK)
		return *ret != NULL;
	if (code == E_NOMEM || !parse.frame) {
		l->failed = true;
		return false;
	}
	fault_parse(l, file->path, parse.frame);
	return false;
}

static enum code loader_code(struct loader *l)
{
	if (l->failed)
		return error_nomem(l->e);
	if (!l->faults)
		return OK;
	struct str count = arena_format(l->scratch, "%zu", l->faults);
	return error_fail(l->e, E_INVALID, N_("The packs have {count} faults"), { "count", count });
}

/* --- packs ------------------------------------------------------------------------------------------ */

static const struct source_file *pack_file(const struct pack_draft *p, const char *name)
{
	for (size_t i = 0; i < p->file_count; i++)
		if (str_is(p->files[i].name, name))
			return &p->files[i];
	return NULL;
}

static bool version_good(struct str s)
{
	bool digit = false;
	for (size_t i = 0; i < s.len; i++) {
		bool is_digit = s.data[i] >= '0' && s.data[i] <= '9';
		if (!is_digit && !(digit && s.data[i] == '.'))
			return false;
		digit = is_digit;
	}
	return digit && s.len <= 40;
}

static void pack_yaml_read(struct loader *l, struct pack_draft *p, const struct source_file *file)
{
	static const struct key keys[] = { { "pack", SHAPE_NAME, true }, { "title", SHAPE_TEXT, true },
					   { "version", SHAPE_TEXT, true }, { "needs", SHAPE_ANY, false }, { 0 } };
	const struct yaml *root;
	l->file = p->file = file->path;
	if (!loader_parse(l, file, &root) || !read_map(l, root, keys))
		return;
	const struct yaml *name = yaml_get(root, "pack"), *version = yaml_get(root, "version"), *needs = yaml_get(root, "needs");
	if (!str_eq(name->text, p->source->name)) {
		loader_fault(l, name, N_("expected pack: {name}, as the folder is called"), { "name", p->source->name });
		return;
	}
	if (map_has(l->pack_names, name->text)) {
		loader_fault(l, name, N_("the pack {name} is there twice"), { "name", name->text });
		return;
	}
	if (!version_good(version->text))
		loader_fault(l, version, N_("expected a version of digits and dots, such as 1.0"));
	bool none = !needs || yaml_is_null(needs) || (needs->type == YAML_LIST && !needs->first);
	if (!none && !read_shape(l, needs, SHAPE_NAMES))
		return;
	p->root = root;
	p->pack.name = read_text(l, root, "pack");
	p->pack.title = read_text(l, root, "title");
	p->pack.version = read_text(l, root, "version");
	p->pack.needs = read_names(l, none ? NULL : needs);
	if (l->failed || !map_put(l->pack_names, str_of(p->pack.name), p))
		l->failed = true;
}

static void pack_open(struct loader *l, const struct pack_source *source)
{
	struct pack_draft *p = arena_alloc(l->scratch, sizeof *p);
	struct pack_draft **slot = p ? LOADER_ADD(l, &l->packs) : NULL;
	if (!slot) {
		l->failed = true;
		return;
	}
	*slot = p;
	p->source = source;
	l->hard = source_read(source, l->scratch, &p->files, &p->file_count, l->e);
	if (l->hard != OK)
		return;
	const struct source_file *file = pack_file(p, "pack.yaml");
	if (file) {
		pack_yaml_read(l, p, file);
		return;
	}
	l->file = source->name;
	loader_fault(l, NULL, N_("the pack {name} has no pack.yaml"), { "name", source->name });
}

/* Depth first, so that what is needed stands before what needs it. */
static void pack_place(struct loader *l, struct pack_draft *p, struct pack_draft ***end)
{
	if (p->mark || !p->root)
		return;
	p->mark = 1;
	for (size_t i = 0; p->pack.needs[i]; i++) {
		struct pack_draft *needed = map_get(l->pack_names, str_of(p->pack.needs[i]));
		const struct yaml *needs = yaml_get(p->root, "needs");
		const struct yaml *at = needs->type == YAML_LIST ? yaml_nth(needs, i) : needs;
		l->file = p->file;
		if (!needed) {
			struct nearest near = { .word = at->text };
			for (size_t n = 0; n < l->packs.count; n++)
				if (l->packs.items[n]->pack.name)
					nearest_offer(&near, l->packs.items[n]->pack.name);
			loader_fault_unknown(l, at, N_("there is no pack {name}"), N_("there is no pack {name}; did you mean {near}?"),
					     at->text, &near);
		} else if (needed->mark == 1) {
			loader_fault(l, at, N_("the packs {name} and {other} need each other in a circle"),
				     { "name", str_of(p->pack.name) }, { "other", str_of(needed->pack.name) });
		} else {
			pack_place(l, needed, end);
		}
	}
	p->mark = 2;
	**end = p;
	*end = &p->next;
}

/* Answers the first pack in loading order. */
static struct pack_draft *packs_order(struct loader *l)
{
	struct pack_draft *first = NULL, **end = &first;
	for (size_t i = 0; i < l->packs.count && !l->failed; i++)
		pack_place(l, l->packs.items[i], &end);
	return first;
}

/* --- texts ------------------------------------------------------------------------------------------ */

/* "po/fr.po" → the language */
static void po_read(struct loader *l, const struct source_file *file)
{
	struct error parse;
	enum lang lang;
	if (!lang_parse(str_slice(file->name, 3, file->name.len - 3), &lang)) {
		l->file = file->path;
		loader_fault(l, NULL, N_("expected the name of a language: po/ar.po, es, fr, ru or zh"));
		return;
	}
	if (fault_not_utf8(l, file))
		return;
	error_init(&parse, l->scratch);
	enum code code = catalog_add_po(l->catalog, lang, file->path, file->data, &parse);
	if (code == E_NOMEM || (code != OK && !parse.frame)) {
		l->failed = true;
	} else if (code != OK) {
		fault_parse(l, file->path, parse.frame);
	}
}

/* The program's own texts come first: its definitions win. */
static void program_texts(struct loader *l, const struct embedded *files)
{
	for (const struct embedded *f = files; f && f->path && !l->failed; f++) {
		struct str path = str_of(f->path);
		if (str_starts(path, STR("po/")) && str_ends(path, STR(".po")) && str_find(str_slice(path, 3, path.len), '/') < 0)
			po_read(l, &(struct source_file){ path, path, f->data });
	}
}

/* --- reading ---------------------------------------------------------------------------------------- */

static void pack_read(struct loader *l, struct pack_draft *p)
{
	for (size_t i = 0; i < p->file_count && !l->failed; i++) {
		const struct source_file *file = &p->files[i];
		if (str_starts(file->name, STR("kinds/")))
			kind_read(l, p, file);
		else if (str_starts(file->name, STR("policies/")))
			policy_read(l, p, file);
		else if (str_starts(file->name, STR("po/")))
			po_read(l, file);
	}
}

static void pack_functions(struct loader *l, struct pack_draft *p)
{
	const struct source_file *functions = pack_file(p, "functions.yaml"), *roles = pack_file(p, "roles.yaml"),
				 *placements = pack_file(p, "placements.yaml");
	for (size_t i = 0; i < l->kinds.count && !l->failed; i++)
		if (l->kinds.items[i]->pack == p)
			functions_of_kind(l, l->kinds.items[i]);
	if (functions && !l->failed)
		functions_read(l, p, functions);
	if (roles && !l->failed)
		roles_read(l, p, roles);
	if (placements && !l->failed)
		placements_read(l, placements);
}

static void extra_functions(struct loader *l, const char *const *extra)
{
	for (; extra && *extra && !l->failed; extra++) {
		struct str name = str_of(*extra), rest = name, part;
		while (str_cut(&rest, '.', &part))
			;
		const char *title = name_title(l->arena, part);
		if (title)
			function_declare(l, name, title, NULL);
		else
			l->failed = true;
	}
}

/* --- putting together ------------------------------------------------------------------------------- */

static void digest_fill(struct loader *l, const struct pack_draft *first, uint8_t out[32])
{
	size_t count = 0, n = 0;
	for (const struct pack_draft *p = first; p; p = p->next)
		count += p->file_count * 4 + 2;
	struct str *pieces = arena_array(l->scratch, count + 1, sizeof *pieces);
	if (!pieces) {
		l->failed = true;
		return;
	}
	for (const struct pack_draft *p = first; p; p = p->next) {
		pieces[n++] = p->source->name;
		pieces[n++] = (struct str){ "\n", 1 };
		for (size_t i = 0; i < p->file_count; i++) { /* lengths, so that no two folders give the same bytes */
			pieces[n++] = p->files[i].name;
			pieces[n++] = arena_format(l->scratch, "\n%zu\n", p->files[i].data.len);
			pieces[n++] = p->files[i].data;
			pieces[n++] = (struct str){ "\n", 1 };
			l->failed |= !pieces[n - 3].data;
		}
	}
	if (!l->failed)
		sha256_pieces(pieces, n, out);
}

static int function_order(const void *a, const void *b)
{
	return strcmp(((const struct function *)a)->name, ((const struct function *)b)->name);
}

static void functions_finish(struct loader *l, struct model *m)
{
	struct function *functions = LOADER_NEW(l, l->functions.count + 1, struct function);
	for (size_t i = 0; functions && i < l->functions.count; i++)
		functions[i] = l->functions.items[i]->function;
	if (!functions)
		return;
	qsort(functions, l->functions.count, sizeof *functions, function_order);
	for (size_t i = 0; i < l->functions.count; i++)
		functions[i].index = (unsigned)i;
	m->functions = functions;
	m->function_count = l->functions.count;
}

static void kinds_finish(struct loader *l, struct model_held *held)
{
	const struct kind **kinds = LOADER_NEW(l, l->kinds.count + 1, const struct kind *);
	for (size_t i = 0; kinds && i < l->kinds.count; i++) {
		struct kind *k = LOADER_NEW(l, 1, struct kind);
		if (!k)
			return;
		*k = l->kinds.items[i]->kind;
		k->index = (unsigned)i;
		kinds[i] = k;
		if (!map_put(held->kinds, str_of(k->name), k))
			l->failed = true;
	}
	held->model.kinds = kinds;
	held->model.kind_count = l->kinds.count;
}

static void model_finish(struct loader *l, const struct pack_draft *first, struct model_held *held)
{
	size_t n = 0;
	struct pack *packs = LOADER_NEW(l, l->packs.count + 1, struct pack);
	struct role_def *roles = LOADER_NEW(l, l->roles.count + 1, struct role_def);
	struct policy *policies = LOADER_NEW(l, l->policies.count + 1, struct policy);
	struct placement_def *placements = LOADER_NEW(l, l->placements.count + 1, struct placement_def);
	if (!packs || !roles || !policies || !placements)
		return;
	for (const struct pack_draft *p = first; p; p = p->next)
		packs[n++] = p->pack;
	if (l->roles.count)
		memcpy(roles, l->roles.items, l->roles.count * sizeof *roles);
	if (l->policies.count)
		memcpy(policies, l->policies.items, l->policies.count * sizeof *policies);
	held->model.policies = policies;
	held->model.policy_count = l->policies.count;
	held->model.packs = packs;
	held->model.pack_count = n;
	held->model.roles = roles;
	held->model.role_count = l->roles.count;
	if (l->placements.count)
		memcpy(placements, l->placements.items, l->placements.count * sizeof *placements);
	held->model.placements = placements;
	held->model.placement_count = l->placements.count;
	held->model.catalog = held->catalog;
	kinds_finish(l, held);
	functions_finish(l, &held->model);
	digest_fill(l, first, held->model.digest);
}

static enum code load(struct loader *l, const struct pack_source *sources, size_t count, const char *const *extra,
		      struct model_held *held)
{
	const struct embedded *built_in = NULL;
	for (size_t i = 0; i < count && !l->failed && l->hard == OK; i++) {
		pack_open(l, &sources[i]);
		built_in = sources[i].files ? sources[i].files : built_in;
	}
	if (l->hard != OK)
		return l->hard;
	struct pack_draft *first = l->failed ? NULL : packs_order(l);
	program_texts(l, built_in);
	extra_functions(l, extra);
	for (struct pack_draft *p = first; p && !l->failed; p = p->next)
		pack_read(l, p);
	for (struct pack_draft *p = first; p && !l->failed; p = p->next)
		pack_functions(l, p);
	if (!l->failed)
		check_kinds(l);
	if (!l->failed)
		check_roles(l);
	TRY(loader_code(l));
	model_finish(l, first, held);
	return loader_code(l);
}

static bool loader_init(struct loader *l, struct model_held *held, struct error *e, bool functions_open)
{
	*l = (struct loader){ .e = e, .functions_open = functions_open };
	l->arena = held->arena;
	l->catalog = held->catalog;
	l->scratch = arena_new(0);
	l->pack_names = map_new();
	l->kind_names = map_new();
	l->function_names = map_new();
	l->policy_names = map_new();
	return l->scratch && l->pack_names && l->kind_names && l->function_names && l->policy_names;
}

static void loader_done(struct loader *l)
{
	VEC_DONE(&l->packs);
	VEC_DONE(&l->kinds);
	VEC_DONE(&l->functions);
	VEC_DONE(&l->roles);
	VEC_DONE(&l->role_places);
	VEC_DONE(&l->policies);
	VEC_DONE(&l->placements);
	VEC_DONE(&l->placement_places);
	map_free(l->pack_names);
	map_free(l->kind_names);
	map_free(l->function_names);
	map_free(l->policy_names);
	arena_free(l->scratch);
}

enum code model_load(const struct pack_source *sources, size_t count, const char *const *extra,
		     const struct model **ret, struct error *e)
{
	struct loader l;
	struct model_held *held = model_held_new();
	if (!held)
		return error_nomem(e);
	enum code code = loader_init(&l, held, e, !extra) ? load(&l, sources, count, extra, held) : error_nomem(e);
	loader_done(&l);
	if (code == OK)
		*ret = &held->model;
	else
		model_unref(&held->model);
	return code;
}

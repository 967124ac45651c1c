/* States, transitions and views of a kind from YAML. A transition is declared by standing in a state; what it needs
 * is said under `transitions`. Neighbours: kind_read.c calls, check.c judges functions and other kinds. */
#include "internal.h"
#include <string.h>

#define TRANSITIONS_MOST 500

static const char *const verbs[] = { "list", "count", "facets", "get", "history", "links", "create", "update", "archive",
				     "restore", "erase", "read", "import", "export", "title", "entity", "id" };

static bool transition_name_good(struct loader *l, const struct yaml *y)
{
	if (!name_valid(y->name)) {
		loader_fault(l, y, N_("expected the name of a transition: a small letter, then small letters, digits and _"));
		return false;
	}
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (str_is(y->name, verbs[i])) {
			loader_fault(l, y, N_("{name} is an operation every kind has; expected another name for the transition"),
				     { "name", y->name });
			return false;
		}
	}
	return true;
}

static const struct state *state_find(const struct kind_draft *k, struct str name)
{
	for (size_t i = 0; i < k->kind.state_count; i++)
		if (str_is(name, k->kind.states[i].name))
			return &k->kind.states[i];
	return NULL;
}

static void fault_no_state(struct loader *l, const struct kind_draft *k, const struct yaml *at)
{
	struct nearest near = { .word = at->text };
	for (size_t i = 0; i < k->kind.state_count; i++)
		nearest_offer(&near, k->kind.states[i].name);
	loader_fault_unknown(l, at, N_("the state {name} is not declared; add it to states"),
			     N_("the state {name} is not declared; did you mean {near}?"), at->text, &near);
}

static struct transition *transition_find(const struct kind_draft *k, struct str name)
{
	for (size_t i = 0; i < k->kind.transition_count; i++)
		if (str_is(name, k->transitions[i].name))
			return &k->transitions[i];
	return NULL;
}

/* `from` grows in place: room for every state was taken. */
static void transition_add(struct loader *l, struct kind_draft *k, const struct state *from, const struct yaml *y)
{
	if (!transition_name_good(l, y))
		return;
	const struct state *to = y->type == YAML_TEXT ? state_find(k, y->text) : NULL;
	if (!to) {
		if (y->type != YAML_TEXT || yaml_is_null(y))
			loader_fault(l, y, N_("expected the state that {name} leads to"), { "name", y->name });
		else
			fault_no_state(l, k, y);
		return;
	}
	struct transition *t = transition_find(k, y->name);
	if (t && !str_is(y->text, t->to)) {
		loader_fault(l, y, N_("{name} leads to {state} elsewhere; expected the same state, or another name"),
			     { "name", y->name }, { "state", str_of(t->to) });
		return;
	}
	if (!t) {
		t = &k->transitions[k->kind.transition_count++];
		t->name = loader_copy(l, y->name);
		t->to = to->name;
		t->from = LOADER_NEW(l, k->kind.state_count + 1, const char *);
		t->evidence = t->approvals = LOADER_NEW(l, 1, const char *);
	}
	const char **from_states = (const char **)(uintptr_t)t->from;
	for (size_t i = 0; from_states && i < k->kind.state_count; i++) {
		if (!from_states[i]) {
			from_states[i] = from->name;
			return;
		}
	}
}

/* First pass: the names, so that transitions may lead to states declared further down. */
static void states_declare(struct loader *l, struct kind_draft *k, const struct yaml *map)
{
	struct state *states = LOADER_NEW(l, map->count + 1, struct state);
	k->kind.states = states;
	for (const struct yaml *y = map->first; states && y; y = y->next) {
		if (!name_valid(y->name)) {
			loader_fault(l, y, N_("expected the name of a state: a small letter, then small letters, digits and _"));
			continue;
		}
		if (y->type != YAML_MAP && !yaml_is_null(y)) {
			loader_fault(l, y, N_("expected {transition: next state}, or nothing for a final state"));
			continue;
		}
		const struct yaml *title = yaml_key(y, "title");
		if (title && !read_shape(l, title, SHAPE_TEXT))
			title = NULL;
		struct state *s = &states[k->kind.state_count++];
		s->name = loader_copy(l, y->name);
		s->title = read_title(l, title ? y : NULL, "title", y->name);
		s->final = y->type != YAML_MAP || y->count == (title ? 1u : 0u);
	}
}

static void states_reachable(struct loader *l, const struct kind_draft *k, const struct yaml *map)
{
	bool *seen = arena_array(l->scratch, k->kind.state_count + 1, sizeof *seen);
	if (!seen || l->failed) {
		l->failed = true;
		return;
	}
	seen[0] = true;
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < k->kind.transition_count; i++) {
			const struct transition *t = &k->transitions[i];
			size_t to = (size_t)(state_find(k, str_of(t->to)) - k->kind.states);
			for (const char *const *from = t->from; *from && !seen[to]; from++)
				if (seen[state_find(k, str_of(*from)) - k->kind.states])
					seen[to] = more = true;
		}
	}
	for (size_t i = 0; i < k->kind.state_count; i++)
		if (!seen[i])
			loader_fault(l, yaml_get(map, k->kind.states[i].name), N_("no transition leads to the state {name}"),
				     { "name", str_of(k->kind.states[i].name) });
}

static void evidence_check(struct loader *l, const struct kind_draft *k, const struct yaml *y)
{
	if (!y)
		return;
	if (y->type == YAML_TEXT && !draft_field(k, y->text))
		fault_no_field(l, k, y, y->text);
	for (const struct yaml *item = y->type == YAML_LIST ? y->first : NULL; item; item = item->next)
		if (!draft_field(k, item->text))
			fault_no_field(l, k, item, item->text);
}

static void transition_detail(struct loader *l, struct kind_draft *k, const struct yaml *y)
{
	static const struct key keys[] = { { "title", SHAPE_TEXT, false },     { "function", SHAPE_TEXT, false },
					   { "ceiling", SHAPE_NAME, false },   { "evidence", SHAPE_NAMES, false },
					   { "approvals", SHAPE_NAMES, false }, { "within", SHAPE_TEXT, false }, { 0 } };
	struct transition *t = transition_find(k, y->name);
	if (!t) {
		struct nearest near = { .word = y->name };
		for (size_t i = 0; i < k->kind.transition_count; i++)
			nearest_offer(&near, k->transitions[i].name);
		loader_fault_unknown(l, y, N_("the transition {name} stands in no state"),
				     N_("the transition {name} stands in no state; did you mean {near}?"), y->name, &near);
		return;
	}
	if (yaml_is_null(y) || !read_map(l, y, keys))
		return;
	t->title = read_text(l, y, "title");
	t->function = read_text(l, y, "function");
	t->ceiling = read_text(l, y, "ceiling");
	t->evidence = read_names(l, yaml_get(y, "evidence"));
	t->approvals = read_names(l, yaml_get(y, "approvals"));
	const struct yaml *within = yaml_get(y, "within"), *ceiling = yaml_get(y, "ceiling");
	if (within && !period_parse(str_trim(within->text), &t->within))
		loader_fault(l, within, N_("expected a period, such as 36 hours or 90 days"));
	const struct field *money = ceiling ? draft_field(k, ceiling->text) : NULL;
	if (ceiling && !money)
		fault_no_field(l, k, ceiling, ceiling->text);
	else if (money && !(money->flags & FIELD_BROKEN) && money->type != FIELD_MONEY)
		loader_fault(l, ceiling, N_("expected a money field; {name} is another type"), { "name", ceiling->text });
	evidence_check(l, k, yaml_get(y, "evidence"));
}

void states_read(struct loader *l, struct kind_draft *k, const struct yaml *states, const struct yaml *transitions)
{
	size_t most = 0;
	if (!states) {
		if (transitions)
			loader_fault(l, transitions, N_("transitions need states"));
		return;
	}
	if (!states->first || states->count > 100) {
		loader_fault(l, states, N_("expected between 1 and 100 states"));
		return;
	}
	states_declare(l, k, states);
	for (const struct yaml *y = states->first; y; y = y->next)
		most += y->type == YAML_MAP ? y->count : 0;
	if (most > TRANSITIONS_MOST) {
		loader_fault(l, states, N_("expected at most 500 transitions"));
		return;
	}
	k->transitions = LOADER_NEW(l, most + 1, struct transition);
	k->kind.transitions = k->transitions;
	size_t faults = l->faults;
	for (const struct yaml *y = states->first; y && !l->failed; y = y->next) {
		const struct state *from = y->type == YAML_MAP ? state_find(k, y->name) : NULL;
		for (const struct yaml *t = from ? y->first : NULL; t && !l->failed; t = t->next)
			if (!str_is(t->name, "title"))
				transition_add(l, k, from, t);
	}
	if (l->faults == faults && !l->failed && k->kind.state_count)
		states_reachable(l, k, states);
	for (const struct yaml *y = transitions ? transitions->first : NULL; y && !l->failed; y = y->next)
		transition_detail(l, k, y);
	for (size_t i = 0; i < k->kind.transition_count && !l->failed; i++)
		if (!k->transitions[i].title &&
		    !(k->transitions[i].title = name_title(l->arena, str_of(k->transitions[i].name))))
			l->failed = true;
}

/* --- views ------------------------------------------------------------------------------------------ */

static void column_check(struct loader *l, const struct kind_draft *k, const struct yaml *y)
{
	bool absent = (str_is(y->text, "state") && !k->kind.states) || (str_is(y->text, "number") && !k->kind.number);
	if ((k->kind.flags & KIND_VIEW) && name_system_column(y->text))
		absent = !str_is(y->text, "id") && !str_is(y->text, "entity");
	if (absent)
		loader_fault(l, y, N_("this kind has no {name}"), { "name", y->text });
	else if (!draft_field(k, y->text) && !name_system_column(y->text))
		fault_no_field(l, k, y, y->text);
}

static const char *view_field(struct loader *l, struct kind_draft *k, const struct yaml *views, const char *view,
			      const char *key, unsigned types, const char *msgid)
{
	const struct key keys[] = { { key, SHAPE_NAME, true }, { 0 } };
	const struct yaml *map = yaml_get(views, view);
	if (!map || map->type != YAML_MAP || !read_map(l, map, keys))
		return NULL;
	const struct yaml *y = yaml_get(map, key);
	const struct field *f = draft_field(k, y->text);
	if (str_is(y->text, "state") && strcmp(view, "board") == 0 && k->kind.states)
		return "state";
	if (!f)
		fault_no_field(l, k, y, y->text);
	else if (!(f->flags & FIELD_BROKEN) && !(types & (1u << f->type)))
		loader_fault(l, y, msgid);
	return loader_copy(l, y->text);
}

/* "location", or "site.location"; the latter's second part is check.c's. */
static const char *map_field(struct loader *l, struct kind_draft *k, const struct yaml *views)
{
	static const struct key keys[] = { { "at", SHAPE_TEXT, true }, { 0 } };
	const struct yaml *map = yaml_get(views, "map");
	if (!map || map->type != YAML_MAP || !read_map(l, map, keys))
		return NULL;
	const struct yaml *y = yaml_get(map, "at");
	struct str rest = y->text, first;
	first = str_take(&rest, '.');
	const struct field *f = draft_field(k, first);
	if (!f)
		fault_no_field(l, k, y, first);
	else if (!(f->flags & FIELD_BROKEN) && f->type != (rest.len ? FIELD_REF : FIELD_GEO))
		loader_fault(l, y, N_("expected a geo field, or reference.field of a record that has one"));
	return loader_copy(l, y->text);
}

static bool column_plain(const struct field *f)
{
	return f->type != FIELD_GEO && f->type != FIELD_JSON && f->type != FIELD_FILE && f->type != FIELD_REFS &&
	       !(f->flags & (FIELD_MULTILINE | FIELD_TITLE));
}

static const char *const *default_columns(struct loader *l, const struct kind_draft *k)
{
	const char **list = LOADER_NEW(l, 9, const char *);
	size_t n = 0, fields = 0;
	if (!list)
		return NULL;
	if (k->kind.number)
		list[n++] = "number";
	if (k->kind.field_count)
		list[n++] = k->fields[k->kind.title_field].name;
	if (k->kind.states)
		list[n++] = "state";
	for (size_t i = 0; i < k->kind.field_count && fields < 5; i++) {
		if (!column_plain(&k->fields[i]))
			continue;
		list[n++] = k->fields[i].name;
		fields++;
	}
	return list;
}

void view_read(struct loader *l, struct kind_draft *k, const struct yaml *views)
{
	static const struct key keys[] = { { "list", SHAPE_NAMES, false }, { "board", SHAPE_MAP, false },
					   { "calendar", SHAPE_MAP, false }, { "map", SHAPE_MAP, false }, { 0 } };
	struct kind_view *v = &k->kind.view;
	const struct yaml *list = views && read_map(l, views, keys) ? yaml_get(views, "list") : NULL;
	v->list = list ? read_names(l, list) : default_columns(l, k);
	for (const struct yaml *item = list && list->type == YAML_LIST ? list->first : NULL; item; item = item->next)
		column_check(l, k, item);
	if (list && list->type == YAML_TEXT)
		column_check(l, k, list);
	if (!views || views->type != YAML_MAP)
		return;
	v->board_by = view_field(l, k, views, "board", "by", 1u << FIELD_CHOICE | 1u << FIELD_REF | 1u << FIELD_BOOL,
				 N_("expected a choice, a reference, a bool or the state"));
	v->calendar_at = view_field(l, k, views, "calendar", "at", 1u << FIELD_DATE | 1u << FIELD_TIME,
				    N_("expected a date or a time field"));
	v->map_at = map_field(l, k, views);
}

/* Reads YAML maps by tables of keys, and notes faults with their place. What passes here has the right shape, so
 * the readers of kinds, fields and states only think about meaning. Neighbours: internal.h tells who they are. */
#include "internal.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <string.h>

void loader_fault_(struct loader *l, const struct yaml *at, const char *msgid, const struct error_arg *args)
{
	struct str place = at ? arena_format(l->scratch, "%.*s:%u:%u", STR_ARG(l->file), at->line, at->column)
			      : arena_format(l->scratch, "%.*s:1:1", STR_ARG(l->file));
	if (!place.data)
		l->failed = true;
	l->faults++;
	error_field_(l->e, place, msgid, args);
}

void loader_fault_unknown(struct loader *l, const struct yaml *at, const char *msgid, const char *msgid_near,
			  struct str word, const struct nearest *near)
{
	struct str shown = utf8_clip(word, 60);
	if (near->best)
		loader_fault(l, at, msgid_near, { "name", shown }, { "near", str_of(near->best) });
	else
		loader_fault(l, at, msgid, { "name", shown });
}

void *loader_alloc(struct loader *l, size_t count, size_t size)
{
	void *memory = l->failed ? NULL : arena_array(l->arena, count ? count : 1, size);
	if (!memory)
		l->failed = true;
	return memory;
}

const char *loader_copy(struct loader *l, struct str s)
{
	const char *text = l->failed ? NULL : arena_copy(l->arena, s).data;
	if (!text)
		l->failed = true;
	return text;
}

void *loader_added(struct loader *l, void *item)
{
	if (!item)
		l->failed = true;
	return item;
}

const struct yaml *yaml_nth(const struct yaml *y, size_t n)
{
	const struct yaml *item = y ? y->first : NULL;
	while (item && n--)
		item = item->next;
	return item;
}

const struct yaml *yaml_key(const struct yaml *map, const char *key)
{
	return map && map->type == YAML_MAP ? yaml_get(map, key) : NULL;
}

static bool shape_text(struct loader *l, const struct yaml *y)
{
	if (y->type != YAML_TEXT || yaml_is_null(y) || str_empty(str_trim(y->text))) {
		loader_fault(l, y, N_("expected a text"));
		return false;
	}
	if (utf8_has_controls(y->text)) {
		loader_fault(l, y, N_("expected a text without control characters"));
		return false;
	}
	return true;
}

static bool shape_name(struct loader *l, const struct yaml *y)
{
	if (y->type == YAML_TEXT && name_valid(y->text))
		return true;
	loader_fault(l, y, N_("expected a name: a small letter, then small letters, digits and _, at most 40 in all"));
	return false;
}

static bool shape_names(struct loader *l, const struct yaml *y)
{
	bool good = true;
	if (y->type == YAML_TEXT && !yaml_is_null(y))
		return shape_name(l, y);
	if (y->type != YAML_LIST || !y->first) {
		loader_fault(l, y, N_("expected a list of names, such as [first, second]"));
		return false;
	}
	for (const struct yaml *item = y->first; item; item = item->next)
		good &= shape_name(l, item);
	return good;
}

static bool is_bool(const struct yaml *y)
{
	return y->type == YAML_TEXT && !y->quoted && (str_is(y->text, "true") || str_is(y->text, "false"));
}

bool read_shape(struct loader *l, const struct yaml *y, enum shape shape)
{
	int64_t number;
	switch (shape) {
	case SHAPE_TEXT:
		return shape_text(l, y);
	case SHAPE_NAME:
		return shape_name(l, y);
	case SHAPE_NAMES:
		return shape_names(l, y);
	case SHAPE_BOOL:
		if (!is_bool(y))
			loader_fault(l, y, N_("expected true or false"));
		return is_bool(y);
	case SHAPE_INT:
		if (y->type == YAML_TEXT && !y->quoted && str_int(y->text, &number))
			return true;
		loader_fault(l, y, N_("expected a whole number"));
		return false;
	case SHAPE_MAP:
		if (y->type == YAML_MAP)
			return true;
		loader_fault(l, y, N_("expected a map, such as {name: value}"));
		return false;
	case SHAPE_ANY:
		return true;
	}
	return false;
}

static const struct key *key_find(const struct key *keys, struct str name)
{
	for (const struct key *k = keys; k->name; k++)
		if (str_is(name, k->name))
			return k;
	return NULL;
}

static void fault_key(struct loader *l, const struct yaml *y, const struct key *keys)
{
	struct nearest near = { .word = y->name };
	CLEAN_BUF struct buf known;
	buf_init(&known, 4096);
	for (const struct key *k = keys; k->name; k++) {
		nearest_offer(&near, k->name);
		buf_format(&known, "%s%s", k == keys ? "" : ", ", k->name);
	}
	if (!buf_ok(&known))
		l->failed = true;
	else if (near.best)
		loader_fault(l, y, N_("unknown key {name}; did you mean {near}?"), { "name", utf8_clip(y->name, 60) },
			     { "near", str_of(near.best) });
	else
		loader_fault(l, y, N_("unknown key {name}; expected one of {known}"), { "name", utf8_clip(y->name, 60) },
			     { "known", buf_str(&known) });
}

bool read_map(struct loader *l, const struct yaml *map, const struct key *keys)
{
	if (!read_shape(l, map, SHAPE_MAP))
		return false;
	bool good = true;
	for (const struct yaml *y = map->first; y; y = y->next) {
		const struct key *k = key_find(keys, y->name);
		if (k) {
			good &= read_shape(l, y, k->shape);
		} else {
			fault_key(l, y, keys);
			good = false;
		}
	}
	for (const struct key *k = keys; k->name; k++) {
		if (!k->required || yaml_get(map, k->name))
			continue;
		loader_fault(l, map, N_("expected the key {name}"), { "name", str_of(k->name) });
		good = false;
	}
	return good;
}

const char *read_text(struct loader *l, const struct yaml *map, const char *key)
{
	const struct yaml *y = yaml_key(map, key);
	return y && y->type == YAML_TEXT ? loader_copy(l, str_trim(y->text)) : NULL;
}

bool read_bool(const struct yaml *map, const char *key, bool otherwise)
{
	const struct yaml *y = yaml_key(map, key);
	return y && is_bool(y) ? str_is(y->text, "true") : otherwise;
}

int64_t read_int(const struct yaml *map, const char *key, int64_t otherwise)
{
	const struct yaml *y = yaml_key(map, key);
	int64_t n;
	return y && y->type == YAML_TEXT && str_int(y->text, &n) ? n : otherwise;
}

const char *const *read_names(struct loader *l, const struct yaml *y)
{
	size_t count = !y || yaml_is_null(y) ? 0 : y->type == YAML_TEXT ? 1 : y->count, n = 0;
	const char **names = LOADER_NEW(l, count + 1, const char *);
	if (!names || count == 0)
		return names;
	if (y->type == YAML_TEXT)
		names[0] = loader_copy(l, y->text);
	else
		for (const struct yaml *item = y->first; item; item = item->next)
			if (item->type == YAML_TEXT)
				names[n++] = loader_copy(l, item->text);
	return names;
}

const char *read_title(struct loader *l, const struct yaml *map, const char *key, struct str name)
{
	const char *title = read_text(l, map, key);
	if (!title && !l->failed && !(title = name_title(l->arena, name)))
		l->failed = true;
	return title;
}

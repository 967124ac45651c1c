/* An event as rules see it: the values of the fields that some rule reads, each under its slot. Windows events nested as
 * Event/System/EventData are laid flat by the names Sigma uses (Provider_Name); a dotted name goes down through objects and through each
 * member of a list. Neighbours: match.c asks for values, scratch.h has the structs. */
#include "base/json.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "event/format.h"
#include "scratch.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t value_add(struct sigma_scratch *x, struct str text, bool null, bool boolean)
{
	struct value *v = VEC_ADD(&x->values);
	if (!v) {
		x->nomem = true;
		return 0;
	}
	*v = (struct value){ .null = null, .boolean = boolean, .text = text };
	return (uint32_t)x->values.count;
}

static struct slot *slot_open(struct sigma_scratch *x, unsigned slot)
{
	struct slot *s = &x->slots[slot];
	if (s->epoch != x->epoch) {
		unsigned *filled = VEC_ADD(&x->filled);
		*s = (struct slot){ .epoch = x->epoch };
		if (filled)
			*filled = slot;
		x->nomem |= !filled;
	}
	s->present = true;
	return s;
}

static void slot_put(struct sigma_scratch *x, unsigned slot, struct str text, bool null, bool boolean)
{
	struct slot *s = slot_open(x, slot);
	uint32_t place = value_add(x, text, null, boolean);
	if (!place)
		return;
	if (s->last)
		x->values.items[s->last - 1].next = place;
	else
		s->first = place;
	s->last = place;
}

/* The shortest digits that read back as the same number, laid out as the reference tools do: 1.5, 1e+16, 1e-05. */
static struct str real_text(struct sigma_scratch *x, double n)
{
	char text[40];
	int precision = 1;
	while (snprintf(text, sizeof text, "%.*e", precision - 1, n) > 0 && precision < 17 && strtod(text, NULL) != n)
		precision++;
	long exponent = strtol(strchr(text, 'e') + 1, NULL, 10);
	if (exponent < -4 || exponent >= 16)
		return arena_format(x->arena, "%s", text);
	long decimals = precision - 1 - exponent;
	return arena_format(x->arena, "%.*f", decimals > 1 ? (int)decimals : 1, n);
}

static struct str integer_text(struct sigma_scratch *x, int64_t n)
{
	char digits[24], *out;
	size_t at = sizeof digits;
	uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	do
		digits[--at] = (char)('0' + rest % 10);
	while (rest /= 10);
	if (n < 0)
		digits[--at] = '-';
	out = arena_alloc(x->arena, sizeof digits);
	x->nomem |= !out;
	return out ? (struct str){ memcpy(out, digits + at, sizeof digits - at), sizeof digits - at } : STR("");
}

static void put_scalar(struct sigma_scratch *x, unsigned slot, const struct json *j)
{
	switch (j->type) {
	case JSON_TEXT:
		slot_put(x, slot, j->text, false, false);
		break;
	case JSON_INT:
		slot_put(x, slot, integer_text(x, j->integer), false, false);
		break;
	case JSON_REAL:
		slot_put(x, slot, real_text(x, j->real), false, false);
		break;
	case JSON_BOOL:
		slot_put(x, slot, j->boolean ? STR("true") : STR("false"), false, true);
		break;
	default:
		slot_put(x, slot, STR(""), true, false);
		break;
	}
}

/* Every scalar inside, in order. */
static void put_leaves(struct sigma_scratch *x, unsigned slot, const struct json *j)
{
	slot_open(x, slot);
	if (j->type == JSON_LIST)
		for (size_t i = 0; i < j->list.count; i++)
			put_leaves(x, slot, &j->list.items[i]);
	else if (j->type == JSON_OBJECT)
		for (size_t i = 0; i < j->object.count; i++)
			put_leaves(x, slot, &j->object.members[i].value);
	else
		put_scalar(x, slot, j);
}

/* "strip all spaces" of the names a log source has. */
static bool same_without_blanks(struct str own, struct str name)
{
	size_t n = 0;
	if (str_find(own, ' ') < 0)
		return false;
	for (size_t i = 0; i < own.len; i++)
		if (own.data[i] != ' ' && (n >= name.len || own.data[i] != name.data[n++]))
			return false;
	return n == name.len;
}

/* A name below an object or each member of a list. */
static void put_below(struct sigma_scratch *x, unsigned slot, const struct json *at, struct str name)
{
	if (at->type == JSON_LIST)
		for (size_t i = 0; i < at->list.count; i++)
			put_below(x, slot, &at->list.items[i], name);
	if (at->type != JSON_OBJECT)
		return;
	const struct json *own = json_get(at, name);
	if (own) {
		put_leaves(x, slot, own);
		return;
	}
	for (size_t i = 0; i < at->object.count; i++)
		if (same_without_blanks(at->object.members[i].name, name))
			put_leaves(x, slot, &at->object.members[i].value);
	for (size_t i = 0; i < name.len; i++) {
		const struct json *part = name.data[i] == '.' ? json_get(at, str_slice(name, 0, i)) : NULL;
		if (part)
			put_below(x, slot, part, str_slice(name, i + 1, name.len));
	}
}

static unsigned slot_named(const struct sigma_scratch *x, struct str name)
{
	return (unsigned)(uintptr_t)map_get(x->set->slots, name); /* + 1 */
}

static bool has_member(const struct sigma_scratch *x, struct str name)
{
	for (size_t i = 0; i < x->members.count; i++)
		if (str_eq(x->members.items[i].name, name))
			return true;
	return false;
}

/* What rules read of a name. Events of one kind have the same names, so most were met before: *room is written when it was not. */
static const struct known_name *name_known(struct sigma_scratch *x, struct str name, struct known_name *room)
{
	struct known_name *k = room;
	if (name.len > 0 && name.len <= NAME_MOST) {
		uint64_t ends[2] = { 0 };
		size_t part = name.len < 8 ? name.len : 8;
		memcpy(&ends[0], name.data, part);
		memcpy(&ends[1], name.data + name.len - part, part);
		k = &x->known[((ends[0] ^ (ends[1] << 7 | ends[1] >> 57) ^ name.len) * UINT64_C(0x9e3779b97f4a7c15) >> 32) % NAMES_KNOWN];
		if (k->len == name.len && memcmp(k->text, name.data, name.len) == 0)
			return k;
		memcpy(k->text, name.data, name.len);
	}
	k->len = (unsigned char)(k == room ? 0 : name.len);
	k->blanks = str_find(name, ' ') >= 0;
	k->slot = slot_named(x, name);
	k->dotted = map_get(x->set->dotted, name);
	return k;
}

static void put_member(struct sigma_scratch *x, const struct member *m)
{
	struct known_name room;
	const struct known_name *k = name_known(x, m->name, &room);
	unsigned slot = k->slot;
	if (slot)
		put_leaves(x, slot - 1, m->value);
	for (const struct dotted *d = k->dotted; d; d = d->next)
		if (!has_member(x, x->set->names.items[d->slot]))
			put_below(x, d->slot, m->value, d->rest);
	if (!k->blanks)
		return;
	char *bare = arena_alloc(x->arena, m->name.len + 1);
	size_t n = 0;
	for (size_t i = 0; bare && i < m->name.len; i++)
		if (m->name.data[i] != ' ')
			bare[n++] = m->name.data[i];
	x->nomem |= !bare;
	slot = bare ? slot_named(x, (struct str){ bare, n }) : 0;
	if (slot && !has_member(x, (struct str){ bare, n }))
		put_leaves(x, slot - 1, m->value);
}

/* --- Windows events ------------------------------------------------------------------------------------------------------ */

static void member_set(struct sigma_scratch *x, struct str name, const struct json *value, bool replace)
{
	for (size_t i = 0; i < x->members.count; i++)
		if (str_eq(x->members.items[i].name, name)) {
			if (replace)
				x->members.items[i].value = value;
			return;
		}
	struct member *m = VEC_ADD(&x->members);
	x->nomem |= !m;
	if (m)
		*m = (struct member){ name, value };
}

static bool object(const struct json *j)
{
	return j && j->type == JSON_OBJECT;
}

static void lay_system(struct sigma_scratch *x, const struct json *system)
{
	for (size_t i = 0; i < system->object.count; i++) {
		const struct json_member *m = &system->object.members[i];
		if (!object(&m->value)) {
			member_set(x, m->name, &m->value, true);
			continue;
		}
		const struct json *attributes = json_get(&m->value, STR("#attributes")), *text = json_get(&m->value, STR("#text"));
		for (size_t a = 0; object(attributes) && a < attributes->object.count; a++) {
			struct str name = arena_format(x->arena, "%.*s_%.*s", STR_ARG(m->name), STR_ARG(attributes->object.members[a].name));
			x->nomem |= !name.data;
			member_set(x, name, &attributes->object.members[a].value, true);
		}
		if (text)
			member_set(x, m->name, text, true);
	}
}

static void lay_data(struct sigma_scratch *x, const struct json *data, bool user)
{
	for (size_t i = 0; object(data) && i < data->object.count; i++) {
		const struct json_member *m = &data->object.members[i];
		if (str_is(m->name, "#attributes"))
			continue;
		if (!user || !object(&m->value)) {
			member_set(x, m->name, &m->value, true);
			continue;
		}
		for (size_t j = 0; j < m->value.object.count; j++)
			if (!str_is(m->value.object.members[j].name, "#attributes"))
				member_set(x, m->value.object.members[j].name, &m->value.object.members[j].value, false);
	}
}

static void lay_members(struct sigma_scratch *x, const struct json *j)
{
	const struct json *event = json_get(j, STR("Event")), *system = object(event) ? json_get(event, STR("System")) : NULL;
	if (object(system)) {
		lay_system(x, system);
		lay_data(x, json_get(event, STR("EventData")), false);
		lay_data(x, json_get(event, STR("UserData")), true);
		return;
	}
	for (size_t i = 0; i < j->object.count; i++) {
		struct member *m = VEC_ADD(&x->members);
		x->nomem |= !m;
		if (m)
			*m = (struct member){ j->object.members[i].name, &j->object.members[i].value };
	}
}

/* --- the two doors ----------------------------------------------------------------------------------------------------------- */

static void begin(struct sigma_scratch *x)
{
	arena_reset(x->arena);
	if (++x->epoch == 0) { /* after four thousand million events: marks of the first must not be taken for new ones */
		memset(x->slots, 0, x->set->names.count * sizeof *x->slots);
		memset(x->judged, 0, x->set->items.count * sizeof *x->judged);
		memset(x->candidate, 0, x->set->rules.count * sizeof *x->candidate);
		x->epoch = 1;
	}
	VEC_CLEAR(&x->values);
	VEC_CLEAR(&x->members);
	VEC_CLEAR(&x->filled);
	x->everything = false;
	x->raw = NULL;
	x->pairs = NULL;
	x->nomem = false;
}

enum code sigma_event_json(struct sigma_scratch *x, const struct json *j, struct error *e)
{
	begin(x);
	if (j->type != JSON_OBJECT)
		return error_fail(e, E_INVALID, N_("An event is a JSON object"));
	x->raw = j;
	lay_members(x, j);
	for (size_t i = 0; i < x->members.count && !x->nomem; i++)
		put_member(x, &x->members.items[i]);
	return x->nomem ? error_nomem(e) : OK;
}

enum code sigma_event_pairs(struct sigma_scratch *x, const struct event_pairs *pairs, struct error *e)
{
	begin(x);
	x->pairs = pairs;
	for (size_t i = 0; i < pairs->count && !x->nomem; i++) {
		unsigned slot = slot_named(x, pairs->items[i].name);
		if (slot)
			slot_put(x, slot - 1, pairs->items[i].value, false, false);
	}
	return x->nomem ? error_nomem(e) : OK;
}

bool fill_everything(struct sigma_scratch *x)
{
	if (x->everything)
		return true;
	x->everything = true;
	if (x->raw)
		put_leaves(x, SLOT_EVERYTHING, x->raw);
	for (size_t i = 0; x->pairs && i < x->pairs->count; i++)
		slot_put(x, SLOT_EVERYTHING, x->pairs->items[i].value, false, false);
	return !x->nomem;
}

struct str value_folded(struct sigma_scratch *x, struct value *v)
{
	if (v->folded.data || v->null)
		return v->folded;
	char *out = arena_room(x->arena, v->text.len * 3 + 1);
	if (!out) {
		x->nomem = true;
		return STR("");
	}
	v->folded = (struct str){ out, fold_text(v->text, out) };
	return v->folded;
}

struct str slot_text(struct sigma_scratch *x, unsigned slot, bool folded)
{
	for (uint32_t at = slot_first(x, slot); at; at = x->values.items[at - 1].next) {
		struct value *v = value_at(x, at);
		if (!v->null)
			return folded ? value_folded(x, v) : v->text;
	}
	return STR_NONE;
}

struct str sigma_event_field(struct sigma_scratch *x, struct str field)
{
	unsigned slot = slot_named(x, field);
	return slot ? slot_text(x, slot - 1, false) : STR_NONE;
}

bool sigma_event_time(struct sigma_scratch *x, int64_t *ret)
{
	for (size_t i = 0; i < x->time_count; i++) {
		struct str text = slot_text(x, x->times[i], false);
		if (text.data && time_of_text(text, ret))
			return true;
	}
	return false;
}

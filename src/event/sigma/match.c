/* Judging an event: the log source chooses a route (the rules that look at such events, and the literals they need); the literals found
 * in the event's values choose candidates; candidates are judged exactly, equal items of different rules once. Routes are made when the
 * first event of their kind comes, and kept. Neighbours: event.c has the values, requirement.c the literals, scan.c finds them. */
#include "base/mem.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

#define ROUTES_MOST 4096      /* kinds of events remembered; others are judged by a route made for all */
#define MATCH_LIMIT 200000    /* of a regular expression: enough for any sane one on 64 KiB */

struct watch { /* what is looked for in one field */
	struct scanner *inside;
	struct map *whole; /* folded text → local atom + 1 */
};
struct route {
	struct watch **watches; /* by slot; NULL: nothing is looked for there */
	bool looks_at_all;      /* SLOT_EVERYTHING is watched */
	unsigned *always;       /* rules without a requirement */
	size_t always_count;
	uint32_t *starts;       /* by local atom: place in `rules` */
	unsigned *rules;
	size_t atom_count;
};

/* --- making a route -------------------------------------------------------------------------------------------------------- */

struct pair {
	unsigned atom, rule;
};
struct planning {
	struct sigma_scratch *x;
	VEC(struct pair) pairs;
	VEC(unsigned) always;
};

static int by_atom(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	return x->atom != y->atom ? (x->atom < y->atom ? -1 : 1) : (x->rule > y->rule) - (x->rule < y->rule);
}

static bool plan_rules(struct planning *p, struct str channel, struct str number, struct str provider)
{
	const struct sigma_rules *s = p->x->set;
	CLEAN_MEM bool *fits = mem_array(s->sources.count + 1, sizeof *fits);
	if (!fits)
		return false;
	for (size_t i = 0; i < s->sources.count; i++)
		fits[i] = p->x->all_sources || source_fits(&s->sources.items[i], channel, number, provider);
	for (size_t i = 0; i < s->rules.count; i++) {
		const struct requirement *r = &s->required[i];
		if (!s->rules.items[i].root || !fits[s->rules.items[i].source])
			continue;
		for (size_t a = 0; r->known && a < r->count; a++) {
			struct pair *pair = VEC_ADD(&p->pairs);
			if (!pair)
				return false;
			*pair = (struct pair){ r->atoms[a], (unsigned)i };
		}
		unsigned *always = r->known ? NULL : VEC_ADD(&p->always);
		if (!r->known && !always)
			return false;
		if (always)
			*always = (unsigned)i;
	}
	if (p->pairs.count)
		qsort(p->pairs.items, p->pairs.count, sizeof *p->pairs.items, by_atom);
	return true;
}

static bool route_index(struct route *r, const struct planning *p)
{
	r->starts = mem_array(p->pairs.count + 2, sizeof *r->starts);
	r->rules = mem_array(p->pairs.count + 1, sizeof *r->rules);
	if (!r->starts || !r->rules)
		return false;
	for (size_t i = 0; i < p->pairs.count; i++) {
		if (i == 0 || p->pairs.items[i].atom != p->pairs.items[i - 1].atom)
			r->starts[r->atom_count++] = (uint32_t)i;
		r->rules[i] = p->pairs.items[i].rule;
	}
	r->starts[r->atom_count] = (uint32_t)p->pairs.count;
	return true;
}

struct placed { /* an atom of the route by its slot */
	const struct atom *atom;
	unsigned local;
};

static int by_slot(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	return (x->atom->slot > y->atom->slot) - (x->atom->slot < y->atom->slot);
}

static bool watch_make(struct route *r, const struct placed *placed, size_t count)
{
	struct watch *w = mem_new(sizeof *w);
	CLEAN_MEM struct literal *literals = mem_array(count + 1, sizeof *literals);
	size_t n = 0;
	if (!w || !literals) {
		mem_free(w);
		return false;
	}
	r->watches[placed->atom->slot] = w;
	for (size_t i = 0; i < count; i++) {
		if (!placed[i].atom->exact) {
			literals[n++] = (struct literal){ placed[i].atom->text, placed[i].local };
			continue;
		}
		if (!w->whole)
			w->whole = map_new();
		if (!w->whole || !map_put(w->whole, placed[i].atom->text, (void *)((uintptr_t)placed[i].local + 1)))
			return false;
	}
	if (n)
		w->inside = scanner_new(literals, n);
	return !n || w->inside;
}

static bool route_watches(struct route *r, const struct planning *p)
{
	const struct sigma_rules *s = p->x->set;
	CLEAN_MEM struct placed *placed = mem_array(r->atom_count + 1, sizeof *placed);
	r->watches = mem_array(s->names.count + 1, sizeof *r->watches);
	if (!placed || !r->watches)
		return false;
	for (size_t i = 0; i < r->atom_count; i++)
		placed[i] = (struct placed){ &s->atoms.items[p->pairs.items[r->starts[i]].atom], (unsigned)i };
	qsort(placed, r->atom_count, sizeof *placed, by_slot);
	for (size_t i = 0, end; i < r->atom_count; i = end) {
		for (end = i; end < r->atom_count && placed[end].atom->slot == placed[i].atom->slot;)
			end++;
		if (!watch_make(r, placed + i, end - i))
			return false;
	}
	r->looks_at_all = r->watches[SLOT_EVERYTHING] != NULL;
	return true;
}

static void route_free(struct route *r, const struct sigma_rules *s)
{
	if (!r)
		return;
	for (size_t i = 0; r->watches && i < s->names.count; i++)
		if (r->watches[i]) {
			scanner_free(r->watches[i]->inside);
			map_free(r->watches[i]->whole);
			mem_free(r->watches[i]);
		}
	mem_free(r->watches);
	mem_free(r->always);
	mem_free(r->starts);
	mem_free(r->rules);
	mem_free(r);
}

static struct route *route_new(struct sigma_scratch *x, struct str channel, struct str number, struct str provider)
{
	struct planning p = { .x = x };
	struct route *r = mem_new(sizeof *r);
	bool good = r && plan_rules(&p, channel, number, provider) && route_index(r, &p) && route_watches(r, &p);
	if (good) {
		r->always_count = p.always.count;
		r->always = p.always.items;
		p.always.items = NULL;
	}
	VEC_DONE(&p.pairs);
	VEC_DONE(&p.always);
	if (good)
		return r;
	route_free(r, x->set);
	return NULL;
}

static struct route *route_of(struct sigma_scratch *x)
{
	struct str channel = slot_text(x, x->channel, true), number = slot_text(x, x->number, false), provider = slot_text(x, x->provider, true);
	if (!provider.len)
		provider = slot_text(x, x->source_name, true);
	if (x->all_sources || !channel.data || x->routes.count >= ROUTES_MOST)
		channel = number = provider = STR_NONE;
	char *joined = arena_alloc(x->arena, channel.len + number.len + provider.len + 2);
	if (!joined)
		return NULL;
	struct str key = { joined, channel.len + number.len + provider.len + 2 };
	if (channel.len)
		memcpy(joined, channel.data, channel.len);
	joined[channel.len] = '\n';
	if (number.len)
		memcpy(joined + channel.len + 1, number.data, number.len);
	joined[channel.len + 1 + number.len] = '\n';
	if (provider.len)
		memcpy(joined + channel.len + number.len + 2, provider.data, provider.len);
	struct route *r = map_get(x->route_names, key);
	if (r)
		return r;
	char *kept = mem_copy_text(key.data, key.len);
	struct route **place = kept ? VEC_ADD(&x->routes) : NULL;
	if (!place) {
		mem_free(kept);
		return NULL;
	}
	*place = r = route_new(x, channel, number, provider);
	if (!r || !map_put(x->route_names, (struct str){ kept, key.len }, r)) {
		mem_free(kept);
		return NULL;
	}
	return r;
}

/* --- the scratch ---------------------------------------------------------------------------------------------------------------- */

static bool wants_slot(struct sigma_scratch *x, struct str name, unsigned *ret)
{
	unsigned slot = (unsigned)(uintptr_t)map_get(x->set->slots, name);
	*ret = slot ? slot - 1 : 0;
	return slot;
}

struct sigma_scratch *sigma_scratch_new(const struct sigma_rules *s, bool all_sources)
{
	static const struct str times[] = { { "@timestamp", 10 }, { "UtcTime", 7 }, { "TimeCreated_SystemTime", 22 }, { "TimeCreated", 11 },
					    { "EventTime", 9 },   { "eventTime", 9 }, { "timestamp", 9 }, { "time", 4 } };
	struct sigma_scratch *x = mem_new(sizeof *x);
	if (!x)
		return NULL;
	x->set = s;
	x->all_sources = all_sources;
	x->arena = arena_new((size_t)256 << 20);
	x->slots = mem_array(s->names.count + 1, sizeof *x->slots);
	x->judged = mem_array(s->items.count + 1, sizeof *x->judged);
	x->candidate = mem_array(s->rules.count + 1, sizeof *x->candidate);
	x->known = mem_array(NAMES_KNOWN, sizeof *x->known);
	x->route_names = map_new();
	x->matches = pcre2_match_data_create(1, NULL);
	x->limits = pcre2_match_context_create(NULL);
	if (!x->arena || !x->slots || !x->judged || !x->candidate || !x->known || !x->route_names || !x->matches || !x->limits) {
		sigma_scratch_free(x);
		return NULL;
	}
	pcre2_set_match_limit(x->limits, MATCH_LIMIT);
	wants_slot(x, STR("Channel"), &x->channel);
	wants_slot(x, STR("EventID"), &x->number);
	wants_slot(x, STR("Provider_Name"), &x->provider);
	wants_slot(x, STR("SourceName"), &x->source_name);
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		x->time_count += wants_slot(x, times[i], &x->times[x->time_count]);
	return x;
}

void sigma_scratch_free(struct sigma_scratch *x)
{
	struct str key;
	void *value;
	if (!x)
		return;
	for (size_t i = 0; x->route_names && i < map_slots(x->route_names); i++)
		if (map_at(x->route_names, i, &key, &value))
			mem_free((char *)(uintptr_t)key.data);
	for (size_t i = 0; i < x->routes.count; i++)
		route_free(x->routes.items[i], x->set);
	VEC_DONE(&x->routes);
	map_free(x->route_names);
	VEC_DONE(&x->values);
	VEC_DONE(&x->members);
	VEC_DONE(&x->filled);
	VEC_DONE(&x->chosen);
	VEC_DONE(&x->hits);
	pcre2_match_data_free(x->matches);
	pcre2_match_context_free(x->limits);
	mem_free(x->slots);
	mem_free(x->judged);
	mem_free(x->candidate);
	mem_free(x->known);
	arena_free(x->arena);
	mem_free(x);
}

size_t sigma_given_up(const struct sigma_scratch *x)
{
	return x->given_up;
}

/* --- exact judgement ---------------------------------------------------------------------------------------------------------------- */

static bool regex_met(struct sigma_scratch *x, const struct test *t, struct str text)
{
	int found = pcre2_match(t->regex, (PCRE2_SPTR)(text.data ? text.data : ""), text.len, 0, PCRE2_NO_UTF_CHECK, x->matches, x->limits);
	x->given_up += found < 0 && found != PCRE2_ERROR_NOMATCH;
	return found >= 0;
}

static bool compares(enum comparison how, int order)
{
	switch (how) {
	case CMP_LT:
		return order < 0;
	case CMP_LTE:
		return order <= 0;
	case CMP_GT:
		return order > 0;
	case CMP_GTE:
		return order >= 0;
	default:
		return order == 0;
	}
}

static bool number_met(const struct test *t, const struct value *v)
{
	struct decimal_text n;
	int64_t part;
	if (t->kind == TEST_NUMBER)
		return !v->boolean && decimal_text_parse(v->text, &n) && compares(t->compared.how, decimal_text_cmp(&n, &t->compared.number));
	char text[24];
	if (!time_part_of(v->text, t->compared.part, &part))
		return false;
	size_t len = 0;
	char digits[24];
	do
		digits[len++] = (char)('0' + part % 10);
	while (part /= 10);
	for (size_t i = 0; i < len; i++)
		text[i] = digits[len - 1 - i];
	return decimal_text_parse((struct str){ text, len }, &n) && compares(t->compared.how, decimal_text_cmp(&n, &t->compared.number));
}

static bool reference_met(struct sigma_scratch *x, const struct test *t, struct str text)
{
	for (uint32_t at = slot_first(x, t->reference.slot); at; at = x->values.items[at - 1].next) {
		struct value *other = value_at(x, at);
		if (other->null)
			continue;
		struct str wanted = t->cased ? other->text : value_folded(x, other);
		bool met = t->reference.any_first && t->reference.any_last ? memmem(text.data, text.len, wanted.data, wanted.len) != NULL
			   : t->reference.any_last                         ? str_starts(text, wanted)
			   : t->reference.any_first                        ? str_ends(text, wanted)
									   : str_eq(text, wanted);
		if (met)
			return true;
	}
	return false;
}

static bool test_met(struct sigma_scratch *x, const struct test *t, struct value *v)
{
	if (!v || v->null)
		return t->kind == TEST_NULL;
	switch (t->kind) {
	case TEST_STRING:
		return pattern_matches(&t->pattern, t->cased ? v->text : value_folded(x, v));
	case TEST_NULL:
		return false;
	case TEST_REGEX:
		return regex_met(x, t, v->text);
	case TEST_CIDR:
		return network_has(t, v->text);
	case TEST_NUMBER:
	case TEST_TIME:
		return number_met(t, v);
	case TEST_REFERENCE:
		return reference_met(x, t, t->cased ? v->text : value_folded(x, v));
	}
	return false;
}

static bool wanted_met(struct sigma_scratch *x, const struct item *item, const struct wanted *w)
{
	uint32_t first = slot_first(x, item->slot);
	for (size_t i = 0; i < w->count; i++) {
		if (!first && item->slot != SLOT_EVERYTHING && test_met(x, &w->tests[i], NULL))
			return true;
		for (uint32_t at = first; at; at = x->values.items[at - 1].next) {
			struct value *v = value_at(x, at);
			if (!(item->slot == SLOT_EVERYTHING && v->null) && test_met(x, &w->tests[i], v))
				return true;
		}
	}
	return false;
}

static bool item_judge(struct sigma_scratch *x, const struct item *item)
{
	if (item->exists >= 0)
		return (x->slots[item->slot].epoch == x->epoch && x->slots[item->slot].present) == (item->exists == 1);
	if (item->slot == SLOT_EVERYTHING)
		fill_everything(x);
	bool holds = item->all;
	for (size_t i = 0; i < item->count && holds == item->all; i++)
		holds = wanted_met(x, item, &item->wanted[i]);
	return holds != item->neq;
}

bool item_holds(struct sigma_scratch *x, unsigned item)
{
	struct judged *j = &x->judged[item];
	if (j->epoch != x->epoch)
		*j = (struct judged){ x->epoch, item_judge(x, &x->set->items.items[item]) };
	return j->holds;
}

bool node_holds(struct sigma_scratch *x, const struct node *n)
{
	switch (n->kind) {
	case NODE_ITEM:
		return item_holds(x, n->item);
	case NODE_NOT:
		return !node_holds(x, n->parts[0]);
	case NODE_AND:
		for (size_t i = 0; i < n->count; i++)
			if (!node_holds(x, n->parts[i]))
				return false;
		return true;
	case NODE_OR:
		break;
	}
	for (size_t i = 0; i < n->count; i++)
		if (node_holds(x, n->parts[i]))
			return true;
	return false;
}

/* --- candidates ------------------------------------------------------------------------------------------------------------------------ */

static void found(void *data, unsigned local)
{
	struct sigma_scratch *x = data;
	const struct route *r = x->route;
	for (uint32_t i = r->starts[local]; i < r->starts[local + 1]; i++) {
		unsigned rule = r->rules[i];
		if (x->candidate[rule] == x->epoch)
			continue;
		x->candidate[rule] = x->epoch;
		unsigned *chosen = VEC_ADD(&x->chosen);
		x->nomem |= !chosen;
		if (chosen)
			*chosen = rule;
	}
}

static void watch_run(struct sigma_scratch *x, const struct watch *w, unsigned slot)
{
	for (uint32_t at = slot_first(x, slot); at; at = x->values.items[at - 1].next) {
		struct value *v = value_at(x, at);
		if (v->null)
			continue;
		struct str text = value_folded(x, v);
		uintptr_t local = w->whole ? (uintptr_t)map_get(w->whole, text) : 0;
		if (local)
			found(x, (unsigned)local - 1);
		if (w->inside)
			scanner_run(w->inside, text, found, x);
	}
}

static void judge(struct sigma_scratch *x, unsigned rule)
{
	if (!node_holds(x, x->set->rules.items[rule].root))
		return;
	unsigned *hit = VEC_ADD(&x->hits);
	x->nomem |= !hit;
	if (hit)
		*hit = rule;
}

static int ascending(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
	return (x > y) - (x < y);
}

enum code sigma_match(struct sigma_scratch *x, const unsigned **ret, size_t *ret_count, struct error *e)
{
	struct route *r = x->route = route_of(x);
	if (!r)
		return error_nomem(e);
	VEC_CLEAR(&x->chosen);
	VEC_CLEAR(&x->hits);
	if (r->looks_at_all)
		fill_everything(x);
	for (size_t i = 0; i < x->filled.count; i++)
		if (r->watches[x->filled.items[i]])
			watch_run(x, r->watches[x->filled.items[i]], x->filled.items[i]);
	for (size_t i = 0; i < r->always_count; i++)
		judge(x, r->always[i]);
	for (size_t i = 0; i < x->chosen.count; i++)
		judge(x, x->chosen.items[i]);
	if (x->hits.count > 1)
		qsort(x->hits.items, x->hits.count, sizeof *x->hits.items, ascending);
	*ret = x->hits.items;
	*ret_count = x->hits.count;
	return x->nomem ? error_nomem(e) : OK;
}

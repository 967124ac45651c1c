/* decide(): one question, one walk over the person's few assignments. Neighbours: build.c, visible.c. */
#include "base/json_write.h"
#include "model/model.h"
#include "world.h"

void person_assignments(const struct world *w, int64_t person, size_t *ret_first, size_t *ret_end)
{
	int64_t first;
	*ret_first = *ret_end = 0;
	if (!person || !idmap_get(w->people, person, &first))
		return;
	size_t end = (size_t)first;
	while (end < w->assignment_count && w->assignments[end].person == person)
		end++;
	*ret_first = (size_t)first;
	*ret_end = end;
}

bool token_covers(const struct world *w, const struct subject *who, unsigned function)
{
	if (!who->only)
		return true;
	for (const char *const *p = who->only; *p; p++)
		if (function_matches(str_of(*p), str_of(w->functions[function])))
			return true;
	return false;
}

bool world_entity_known(const struct world *w, int64_t entity)
{
	uint32_t place;
	return place_of(w, entity, &place);
}

bool world_entity_within(const struct world *w, int64_t below, int64_t above)
{
	uint32_t a, b;
	return place_of(w, below, &b) && place_of(w, above, &a) && b >= a && b < w->ends[a];
}

void world_entity_subtree(const struct world *w, int64_t entity, const int64_t **ret, size_t *ret_count)
{
	uint32_t place;
	*ret = NULL;
	*ret_count = 0;
	if (place_of(w, entity, &place)) {
		*ret = w->order + place;
		*ret_count = w->ends[place] - place;
	}
}

/* Reasons in order of how near the refusal was to a yes; the nearest is told. */
static const unsigned char nearness[] = { [DECISION_ALLOWED] = 9, [DECISION_NO_ASSIGNMENT] = 0, [DECISION_TOKEN] = 1,
					  [DECISION_ELSEWHERE] = 2, [DECISION_EXPIRED] = 3, [DECISION_NOT_OWN] = 4,
					  [DECISION_CEILING] = 5 };

/* What one assignment says. */
static enum decision_reason weigh(const struct world *w, const struct assignment *a, int64_t at, unsigned function,
				  uint32_t place, bool own, int64_t amount)
{
	const struct role *r = &w->roles[a->role];
	bool full = bit_get(r->grants, function), for_own = bit_get(r->own, function);
	if (!full && !for_own)
		return DECISION_NO_ASSIGNMENT;
	if (place < a->first || place >= a->last)
		return DECISION_ELSEWHERE;
	if (at < a->from || at >= a->until)
		return DECISION_EXPIRED;
	if (!full && !own)
		return DECISION_NOT_OWN;
	if (amount >= 0 && a->ceiling >= 0 && amount > a->ceiling)
		return DECISION_CEILING;
	return DECISION_ALLOWED;
}

static struct decision refused(enum decision_reason reason, unsigned function)
{
	return (struct decision){ .reason = reason, .function = function, .ceiling = -1 };
}

static bool everyone_grants(const struct world *w, const struct subject *who, unsigned function, bool own)
{
	if (!w->everyone || !who->person)
		return false;
	const struct role *r = &w->roles[w->everyone - 1];
	return bit_get(r->grants, function) || (own && bit_get(r->own, function));
}

struct decision decide(const struct world *w, int64_t at, const struct subject *who, unsigned function, int64_t entity,
		       const struct resource *resource, int64_t amount)
{
	struct decision d = refused(DECISION_NO_ASSIGNMENT, function);
	size_t i, end;
	uint32_t place;
	if (who->system)
		return (struct decision){ .allowed = true, .function = function, .ceiling = -1 };
	if (function >= w->function_count || !place_of(w, entity, &place))
		return d;
	if (!token_covers(w, who, function) || (who->only_entity && !world_entity_within(w, entity, who->only_entity)))
		return refused(DECISION_TOKEN, function);
	bool own = resource && resource->owner && resource->owner == who->person;
	person_assignments(w, who->person, &i, &end);
	for (; i < end; i++) {
		const struct assignment *a = &w->assignments[i];
		enum decision_reason reason = weigh(w, a, at, function, place, own, amount);
		if (reason == DECISION_ALLOWED)
			return (struct decision){ .allowed = true, .assignment = a->id, .role = a->role_id, .entity = a->entity,
						  .function = function, .ceiling = a->ceiling };
		if (nearness[reason] > nearness[d.reason])
			d.reason = reason;
	}
	if (everyone_grants(w, who, function, own))
		return (struct decision){ .allowed = true, .role = w->roles[w->everyone - 1].id, .function = function, .ceiling = -1 };
	return d;
}

void decision_write(const struct world *w, const struct decision *d, struct json_writer *out)
{
	json_object(out);
	json_member_text(out, "function", d->function < w->function_count ? str_of(w->functions[d->function]) : STR(""));
	if (d->assignment)
		json_member_id(out, "assignment", d->assignment);
	if (d->role)
		json_member_id(out, "role", d->role);
	if (d->entity)
		json_member_id(out, "entity", d->entity);
	if (!d->assignment && !d->role)
		json_member_text(out, "by", STR("program"));
	if (d->ceiling >= 0)
		json_member_int(out, "ceiling", d->ceiling);
	json_object_end(out);
}

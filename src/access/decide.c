/* decide(): one question, answered by a walk over the few assignments of one person.
 * Neighbours: visible.c asks the same of all entities at once; the random test holds the two to each other. */
#include "base/json_write.h"
#include "model/model.h"
#include "world.h"

bool place_of(const struct world *w, int64_t entity, uint32_t *ret)
{
	int64_t place;
	if (!idmap_get(w->places, entity, &place))
		return false;
	*ret = (uint32_t)place;
	return true;
}

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

/* --- the entity tree ------------------------------------------------------------------------------- */

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

/* --- deciding -------------------------------------------------------------------------------------- */

struct question {
	int64_t at, amount;
	const struct placed *placed; /* what governs the function here; NULL: nothing */
	unsigned function;
	uint32_t place;
	bool own; /* the record's owner is the caller */
	bool direct;
};

/* What one assignment says. */
static enum decision_reason weigh(const struct world *w, const struct assignment *a, const struct question *q)
{
	bool full = role_grants(w, a->role, q->function);
	if ((!full && !role_grants_own(w, a->role, q->function)) || (a->depth && q->direct))
		return DECISION_NO_ASSIGNMENT;
	if (!assignment_reaches(a, q->place))
		return DECISION_ELSEWHERE;
	if (!assignment_runs(a, q->at))
		return DECISION_EXPIRED;
	if (!full && !q->own)
		return DECISION_NOT_OWN;
	if (q->placed && !placement_lets(w, q->placed, a, q->amount))
		return DECISION_PLACED;
	if (a->ceiling >= 0 && q->amount > a->ceiling)
		return DECISION_CEILING;
	return DECISION_ALLOWED;
}

/* How near an answer is to a yes; the nearest is told. */
static unsigned nearness(enum decision_reason reason)
{
	static const unsigned char of[] = { [DECISION_NO_ASSIGNMENT] = 0, [DECISION_TOKEN] = 0, [DECISION_ELSEWHERE] = 1,
					    [DECISION_EXPIRED] = 2, [DECISION_NOT_OWN] = 3, [DECISION_PLACED] = 4,
					    [DECISION_CEILING] = 5,	[DECISION_ALLOWED] = 6 };
	return of[reason];
}

static struct decision without(enum decision_reason reason, unsigned function)
{
	return (struct decision){ .allowed = reason == DECISION_ALLOWED, .reason = reason, .function = function, .ceiling = -1 };
}

static struct decision derived(const struct world *w, const struct assignment *a, enum decision_reason reason, unsigned function)
{
	return (struct decision){ .allowed = reason == DECISION_ALLOWED, .reason = reason, .assignment = a->id,
				  .role = w->role_ids[a->role], .entity = w->order[a->first], .function = function,
				  .ceiling = a->ceiling, .chain = a->depth ? w->chains + a->chain : NULL, .chain_count = a->depth };
}

/* The first that allows it, else the nearest miss. */
static struct decision weigh_all(const struct world *w, int64_t person, const struct question *q)
{
	const struct assignment *nearest = NULL;
	enum decision_reason best = DECISION_NO_ASSIGNMENT;
	size_t i, end;
	person_assignments(w, person, &i, &end);
	for (; i < end && best != DECISION_ALLOWED; i++) {
		const struct assignment *a = &w->assignments[i];
		enum decision_reason reason = weigh(w, a, q);
		bool higher = reason == DECISION_CEILING && best == reason && a->ceiling > nearest->ceiling;
		if (nearness(reason) > nearness(best) || higher) {
			best = reason;
			nearest = a;
		}
	}
	return nearest ? derived(w, nearest, best, q->function) : without(best, q->function);
}

/* Everyone's role stands at every entity, for ever and without a ceiling. */
static struct decision weigh_everyone(const struct world *w, const struct question *q)
{
	size_t role = (size_t)w->everyone;
	enum decision_reason reason = DECISION_NO_ASSIGNMENT;
	if (role_grants(w, role, q->function))
		reason = DECISION_ALLOWED;
	else if (role_grants_own(w, role, q->function))
		reason = q->own ? DECISION_ALLOWED : DECISION_NOT_OWN;
	struct decision d = without(reason, q->function);
	if (reason != DECISION_NO_ASSIGNMENT)
		d.role = w->role_ids[role];
	return d;
}

static struct decision weigh_person(const struct world *w, int64_t person, const struct question *q)
{
	struct decision d = weigh_all(w, person, q);
	if (d.allowed || w->everyone < 0)
		return d;
	struct decision all = weigh_everyone(w, q);
	return nearness(all.reason) > nearness(d.reason) ? all : d;
}

struct decision decide(const struct world *w, int64_t at, const struct subject *who, unsigned function, int64_t entity,
		       const struct resource *resource, int64_t amount)
{
	struct question q = { .at = at, .amount = amount, .function = function, .direct = who->direct };
	if (who->system)
		return without(DECISION_ALLOWED, function);
	if (!who->person || function >= w->function_count || !place_of(w, entity, &q.place))
		return without(DECISION_NO_ASSIGNMENT, function);
	/* before anything is said about the person: a token learns nothing of what its person may do elsewhere */
	if (!token_covers(w, who, function) || (who->only_entity && !world_entity_within(w, entity, who->only_entity)))
		return without(DECISION_TOKEN, function);
	q.own = resource && resource->owner == who->person;
	q.placed = placement_of(w, function, q.place, at);
	struct decision d = weigh_person(w, who->person, &q);
	if (q.placed) {
		d.placement = q.placed->id;
		d.mode = placement_for(q.placed, amount);
	}
	return d;
}

const char *decision_reason_name(enum decision_reason reason)
{
	static const char *const names[] = { [DECISION_ALLOWED] = "allowed", [DECISION_NO_ASSIGNMENT] = "no_assignment",
					     [DECISION_ELSEWHERE] = "elsewhere", [DECISION_EXPIRED] = "expired",
					     [DECISION_CEILING] = "ceiling", [DECISION_NOT_OWN] = "not_own",
					     [DECISION_PLACED] = "placed", [DECISION_TOKEN] = "token" };
	return names[reason];
}

/* Members that say nothing are left out: an allowed call by the program is {"function":…,"by":"program"}. */
void decision_write(const struct world *w, const struct decision *d, struct json_writer *out)
{
	json_object(out);
	json_member_text(out, "function", d->function < w->function_count ? str_of(w->functions[d->function]) : STR(""));
	if (!d->allowed)
		json_member_text(out, "refused", str_of(decision_reason_name(d->reason)));
	if (d->assignment)
		json_member_id(out, "assignment", d->assignment);
	if (d->role)
		json_member_id(out, "role", d->role);
	if (d->entity)
		json_member_id(out, "entity", d->entity);
	if (d->allowed && !d->assignment)
		json_member_text(out, "by", d->role ? STR("everyone") : STR("program"));
	if (d->placement) {
		json_member_id(out, "placement", d->placement);
		json_member_text(out, "placed", str_of(placement_mode_name(d->mode)));
	}
	if (d->chain_count) {
		json_name(out, STR("delegations"));
		json_list(out);
		for (unsigned i = 0; i < d->chain_count; i++)
			json_put_id(out, d->chain[i]);
		json_list_end(out);
	}
	if (d->ceiling >= 0)
		json_member_int(out, "ceiling", d->ceiling);
	json_object_end(out);
}

/* Questions about authority, answered from the same world that decides: who could do this here, what could this person do,
 * which functions nobody holds. Lists are complete: a long one goes on where `next` says.
 * Neighbours: access/ decides; authority.c keeps people from giving more than they hold. */
#include "base/arena.h"
#include "internal.h"

enum { WHO_FUNCTION, WHO_ENTITY, WHO_AFTER, WHO_MOST };
static const struct field who_input[] = {
	{ .name = "function", .type = FIELD_TEXT, .title = N_("Function"), .flags = FIELD_REQUIRED, .max = 200 },
	{ .name = "entity", .type = FIELD_ID, .title = N_("Entity"), .flags = FIELD_REQUIRED },
	{ .name = "after", .type = FIELD_ID, .title = N_("The last person of the page before") },
	{ .name = "most", .type = FIELD_INT, .title = N_("People wanted at most"), .min = 1, .max = 1000 },
	{ 0 },
};
static const struct field holder_fields[] = {
	{ .name = "person", .type = FIELD_ID, .title = N_("Person"), .flags = FIELD_REQUIRED },
	{ .name = "authority", .type = FIELD_JSON, .title = N_("How it is derived"), .flags = FIELD_REQUIRED },
	{ 0 },
};
static const struct field holder_item[] = { { .name = "holder", .type = FIELD_OBJECT, .title = N_("Holder"), .fields = holder_fields }, { 0 } };
static const struct field who_output[] = {
	{ .name = "placed", .type = FIELD_TEXT, .title = N_("Decided"), .flags = FIELD_REQUIRED },
	{ .name = "placement", .type = FIELD_ID, .title = N_("Placement of functions") },
	{ .name = "everyone", .type = FIELD_BOOL, .title = N_("Everyone may"), .flags = FIELD_REQUIRED },
	{ .name = "items", .type = FIELD_LIST, .title = N_("Who could"), .flags = FIELD_REQUIRED, .fields = holder_item },
	{ .name = "next", .type = FIELD_ID, .title = N_("Person to go on after") },
	{ 0 },
};

/* May the caller ask about this entity at all? One that is unknown is nobody's, so nothing is told of it. */
static enum code ask_at(struct call *c, int64_t entity, struct error *e)
{
	TRY(call_authorise(c, c->operation->function_index, entity, e));
	if (!world_entity_known(c->record.world, entity))
		return error_fail(e, E_NOT_FOUND, N_("There is no such entity"));
	return OK;
}

static void write_placement(struct call *c, unsigned function, int64_t entity)
{
	struct placement p = { .mode = PLACED_LOCAL };
	if (placement_at(c->record.world, c->record.now, function, entity, &p))
		json_member_id(&c->json, "placement", p.id);
	json_member_text(&c->json, "placed", str_of(placement_mode_name(p.mode)));
}

static void write_authority(struct call *c, const struct decision *d)
{
	json_name(&c->json, STR("authority"));
	decision_write(c->record.world, d, &c->json);
}

/* Someone who has only what everyone has. */
static bool everyone_may(const struct call *c, unsigned function, int64_t entity)
{
	struct subject nobody_in_particular = { .person = INT64_MAX };
	return decide(c->record.world, c->record.now, &nobody_in_particular, function, entity, NULL, -1).allowed;
}

static enum code who_can(struct call *c, struct error *e)
{
	const struct record_context *x = &c->record;
	const struct function *f = model_function(x->model, call_text(c, WHO_FUNCTION));
	int64_t entity = call_int(c, WHO_ENTITY, 0), after = call_int(c, WHO_AFTER, 0), most = call_int(c, WHO_MOST, 1000), *people;
	size_t count, i = 0, end;
	TRY(ask_at(c, entity, e));
	if (!f)
		return error_fail(e, E_NOT_FOUND, N_("There is no function {function}"), { "function", call_text(c, WHO_FUNCTION) });
	if (!holders(x->world, x->now, f->index, entity, c->arena, &people, &count))
		return error_nomem(e);
	while (i < count && people[i] <= after)
		i++;
	end = count - i > (size_t)most ? i + (size_t)most : count;
	json_object(&c->json);
	write_placement(c, f->index, entity);
	json_member_bool(&c->json, "everyone", everyone_may(c, f->index, entity));
	json_name(&c->json, STR("items"));
	json_list(&c->json);
	for (; i < end; i++) {
		struct decision d = decide(x->world, x->now, &(struct subject){ .person = people[i] }, f->index, entity, NULL, -1);
		json_object(&c->json);
		json_member_id(&c->json, "person", people[i]);
		write_authority(c, &d);
		json_object_end(&c->json);
	}
	json_list_end(&c->json);
	if (end < count)
		json_member_id(&c->json, "next", people[end - 1]);
	json_object_end(&c->json);
	return OK;
}

enum { WHAT_PERSON, WHAT_ENTITY };
static const struct field what_input[] = {
	{ .name = "person", .type = FIELD_ID, .title = N_("Person"), .flags = FIELD_REQUIRED },
	{ .name = "entity", .type = FIELD_ID, .title = N_("Entity"), .flags = FIELD_REQUIRED },
	{ 0 },
};
static const struct field what_fields[] = {
	{ .name = "function", .type = FIELD_TEXT, .title = N_("Function"), .flags = FIELD_REQUIRED },
	{ .name = "own", .type = FIELD_BOOL, .title = N_("On own records only"), .flags = FIELD_REQUIRED },
	{ .name = "authority", .type = FIELD_JSON, .title = N_("How it is derived"), .flags = FIELD_REQUIRED },
	{ 0 },
};
static const struct field what_item[] = { { .name = "function", .type = FIELD_OBJECT, .title = N_("Function"), .fields = what_fields }, { 0 } };
static const struct field what_output[] = {
	{ .name = "items", .type = FIELD_LIST, .title = N_("Functions"), .flags = FIELD_REQUIRED, .fields = what_item },
	{ 0 },
};

/* Everybody may know what they themselves can do, as far as their token lets them do it. */
static enum code what_can(struct call *c, struct error *e)
{
	const struct record_context *x = &c->record;
	int64_t person = call_int(c, WHAT_PERSON, 0), entity = call_int(c, WHAT_ENTITY, 0);
	struct subject who = { .person = person };
	const struct resource mine = { .owner = person };
	if (person == c->principal.person && person)
		who = c->principal.subject;
	else
		TRY(call_authorise(c, (int)model_function(x->model, STR("authority.read"))->index, entity, e));
	json_object(&c->json);
	json_name(&c->json, STR("items"));
	json_list(&c->json);
	for (size_t i = 0; i < x->model->function_count; i++) {
		struct decision full = decide(x->world, x->now, &who, (unsigned)i, entity, NULL, -1);
		struct decision own = full.allowed ? full : decide(x->world, x->now, &who, (unsigned)i, entity, &mine, -1);
		if (!own.allowed)
			continue;
		json_object(&c->json);
		json_member_text(&c->json, "function", str_of(x->model->functions[i].name));
		json_member_bool(&c->json, "own", !full.allowed);
		write_authority(c, &own);
		json_object_end(&c->json);
	}
	json_list_end(&c->json);
	json_object_end(&c->json);
	return OK;
}

static const struct field vacant_input[] = {
	{ .name = "entity", .type = FIELD_ID, .title = N_("Entity"), .flags = FIELD_REQUIRED },
	{ 0 },
};
static const struct field vacant_fields[] = {
	{ .name = "function", .type = FIELD_TEXT, .title = N_("Function"), .flags = FIELD_REQUIRED },
	{ .name = "placed", .type = FIELD_TEXT, .title = N_("Decided"), .flags = FIELD_REQUIRED },
	{ .name = "placement", .type = FIELD_ID, .title = N_("Placement of functions") },
	{ 0 },
};
static const struct field vacant_item[] = { { .name = "function", .type = FIELD_OBJECT, .title = N_("Function"), .fields = vacant_fields }, { 0 } };
static const struct field vacant_output[] = {
	{ .name = "items", .type = FIELD_LIST, .title = N_("Functions"), .flags = FIELD_REQUIRED, .fields = vacant_item },
	{ 0 },
};

static enum code vacant(struct call *c, struct error *e)
{
	const struct record_context *x = &c->record;
	int64_t entity = call_int(c, 0, 0);
	TRY(ask_at(c, entity, e));
	json_object(&c->json);
	json_name(&c->json, STR("items"));
	json_list(&c->json);
	for (size_t i = 0; i < x->model->function_count; i++) {
		if (everyone_may(c, (unsigned)i, entity) || held(x->world, x->now, (unsigned)i, entity))
			continue;
		json_object(&c->json);
		json_member_text(&c->json, "function", str_of(x->model->functions[i].name));
		write_placement(c, (unsigned)i, entity);
		json_object_end(&c->json);
	}
	json_list_end(&c->json);
	json_object_end(&c->json);
	return OK;
}

const struct operation authority_operations[] = {
	{ .name = "authority.who_can", .help = N_("List who could do something at an entity, and how that is derived"),
	  .function = "authority.read", .access = OP_READ, .input = who_input, .output = who_output, .run = who_can },
	{ .name = "authority.what_can", .help = N_("List what a person could do at an entity, and how that is derived"),
	  .access = OP_READ, .input = what_input, .output = what_output, .run = what_can },
	{ .name = "authority.vacant", .help = N_("List the functions nobody holds at an entity"), .function = "authority.read",
	  .access = OP_READ, .input = vacant_input, .output = vacant_output, .run = vacant },
	{ 0 },
};

/* Every way to write, while each allocation in turn fails: the call is refused as a whole and leaves no trace, or it did
 * without the memory and wrote everything.
 *   test_record_memory [postgres://…]
 * Neighbours: test_house.h. */
#include "base/mem.h"
#include "test_house.h"
#include <stdio.h>
#include <string.h>

#define ID(n) ((long long)(n))

static const char *postgres;

struct scene {
	struct house *h;
	int64_t person, thing;
	const char *json;
};

typedef enum code act(struct scene *s, const struct value *values, struct record_ref *ret);

static enum code act_create(struct scene *s, const struct value *values, struct record_ref *ret)
{
	return record_create(&s->h->r->x, rig_kind(s->h->r, "thing"), s->h->east, values, ret, &s->h->r->e);
}

static enum code act_update(struct scene *s, const struct value *values, struct record_ref *ret)
{
	return record_update(&s->h->r->x, rig_kind(s->h->r, "thing"), s->thing, 0, s->h->west, values, ret, &s->h->r->e);
}

static enum code act_transition(struct scene *s, const struct value *values, struct record_ref *ret)
{
	const struct kind *k = rig_kind(s->h->r, "thing");
	return record_transition(&s->h->r->x, k, s->thing, 0, kind_transition(k, STR("take")), values, ret, &s->h->r->e);
}

static enum code act_archive(struct scene *s, const struct value *values, struct record_ref *ret)
{
	return record_archive(&s->h->r->x, rig_kind(s->h->r, "thing"), s->thing, 0, false, ret, &s->h->r->e);
}

static enum code act_upsert(struct scene *s, const struct value *values, struct record_ref *ret)
{
	bool created;
	return record_upsert(&s->h->r->x, rig_kind(s->h->r, "thing"), s->h->east, values, ret, &created, &s->h->r->e);
}

static enum code act_erase(struct scene *s, const struct value *values, struct record_ref *ret)
{
	return record_erase(&s->h->r->x, rig_kind(s->h->r, "person"), s->person, ret, &s->h->r->e);
}

/* Everything a call could leave behind, as one text. */
static struct str trace(struct house *h)
{
	static const char sql[] =
		"SELECT (SELECT count(*) FROM thing) || ' ' || (SELECT count(*) FROM thing_history) || ' ' || (SELECT count(*) FROM thing_sites) || ' ' || "
		"(SELECT count(*) FROM journal_entry) || ' ' || (SELECT coalesce(sum(version), 0) FROM thing) || ' ' || "
		"(SELECT coalesce(sum(version), 0) FROM person) || ' ' || (SELECT count(*) FROM person_history) || ' ' || "
		"(SELECT count(*) FROM thing WHERE holder IS NULL)";
	struct str text = rig_ask(h->r, sql);
	return arena_copy(h->r->keep, text);
}

/* Where memory ends: at the n-th piece from the heap, or when the call's arena is full. */
struct shortage {
	int64_t heap;
	size_t arena;
};

/* *ret_done: it needed less. */
static enum code run(struct scene *s, act *perform, struct shortage short_of, bool *ret_done)
{
	struct rig *r = s->h->r;
	struct arena *usual = r->call;
	struct record_ref ref;
	r->call = arena_new(short_of.arena);
	enum code code = rig_call(r, 0);
	if (code == OK) {
		const struct value *values = rig_values(r, rig_kind(r, "thing"), s->json, true);
		mem_fail_at(short_of.heap);
		code = rig_end(r, values ? perform(s, values, &ref) : r->e.code);
	}
	*ret_done = short_of.arena ? code == OK : mem_fail_left() >= 0;
	mem_fail_at(-1);
	arena_free(r->call);
	r->call = usual;
	error_init(&r->e, usual);
	return code;
}

static void undo_all(struct rig *r)
{
	conn_rollback(r->c);
	journal_rolled_back(r->journal);
	keyring_rollback(r->keyring);
	numbers_rolled_back(r->numbers);
}

/* Answers how many times memory ran out. */
static int sweep(struct scene *s, act *perform, const char *name, struct shortage from, struct shortage step)
{
	struct rig *r = s->h->r;
	struct str before = trace(s->h), full = STR_NONE;
	bool done = false;
	int refused = 0;
	assert_int_equal(rig_begin(r), OK);
	assert_int_equal(run(s, perform, (struct shortage){ INT64_MAX, 0 }, &done), OK);
	full = trace(s->h);
	undo_all(r);
	assert_false(str_eq(before, full));
	for (done = false; !done; from.heap += step.heap, from.arena += step.arena) {
		assert_int_equal(rig_begin(r), OK);
		enum code code = run(s, perform, from, &done);
		struct str after = trace(s->h);
		if (code != OK && code != E_NOMEM)
			fail_msg("%s, short of %lld/%zu: %s", name, ID(from.heap), from.arena, code_name(code));
		if (!str_eq(after, code == OK ? full : before))
			fail_msg("%s, short of %lld/%zu: %.*s instead of %.*s", name, ID(from.heap), from.arena, STR_ARG(after),
				 STR_ARG(code == OK ? full : before));
		undo_all(r);
		refused += code != OK;
		assert_true(refused < 20000);
	}
	return refused;
}

static void sweeps(struct scene *s, act *perform, const char *name)
{
	assert_true(sweep(s, perform, name, (struct shortage){ 0, 0 }, (struct shortage){ 1, 0 }) > 0);
	assert_true(sweep(s, perform, name, (struct shortage){ INT64_MAX, 4 << 10 }, (struct shortage){ 0, 32 }) > 20);
}

static void every_allocation_may_fail(void **state)
{
	struct house *h = house_new(postgres);
	char json[600];
	struct scene s = { .h = h };
	int64_t hut = house_make(h, "site", h->east, "{'name':'Hut'}");
	s.person = house_make(h, "person", h->east, "{'name':'Zoe','email':'zoe@example.org','phone':'1'}");
	s.thing = house_make(h, "thing", h->east, "{'name':'Lamp','class':'big','holder':'%lld','sites':['%lld'],'serial':'S'}", ID(s.person), ID(h->desk));
	snprintf(json, sizeof json, "{'name':'Bell','class':'small','pin':'1','holder':'%lld','sites':['%lld'],'cost':{'amount':'1.00','currency':'EUR'}}",
		 ID(h->ann), ID(hut));
	s.json = json;
	sweeps(&s, act_create, "create");
	sweeps(&s, act_update, "update");
	sweeps(&s, act_transition, "transition");
	sweeps(&s, act_archive, "archive");
	s.json = "{'name':'Bell','class':'big','serial':'S'}";
	sweeps(&s, act_upsert, "upsert");
	sweeps(&s, act_erase, "erase");
	/* and after all of it things are as ever */
	expect(h, house_update(h, h->ann, "thing", s.thing, NULL, "{'name':'Horn'}"), OK, "");
	expect(h, house_erase(h, h->ann, s.person), OK, "");
	house_free(h);
}

/* A writer that has no SQL prepared yet, at every point. */
static void numbers_and_texts_may_fail(void **state)
{
	bool done = false;
	for (int64_t n = 0; !done; n++) {
		mem_fail_at(n);
		struct numbers *numbers = numbers_new();
		done = mem_fail_left() >= 0;
		mem_fail_at(-1);
		assert_true(done || !numbers);
		numbers_free(numbers);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_may_fail), cmocka_unit_test(numbers_and_texts_may_fail) };
	postgres = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests_name(postgres ? "record/memory on PostgreSQL" : "record/memory", tests, NULL, NULL);
}

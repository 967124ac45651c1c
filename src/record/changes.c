/* What one operation changed, as the journal's payload and as a preview. Neighbours: write.c adds changes, the kernel's
 * writer turns them into an entry; history.c reads the same shapes back. */
#include "record/changes.h"
#include "internal.h"
#include <string.h>

#define CHANGES_MOST 1000
#define ERASED_MOST 100000 /* a person may be named by many records, and is erased from all of them or from none */
#define AUTHORITIES_MOST 64
#define KNOWN_BITS 9
#define KNOWN (1 << KNOWN_BITS)

struct change {
	const struct kind *kind;
	struct record_ref ref;
	const char *action;
	const struct value *before, *after;
	const char *state_before, *state_after;
	struct str number; /* of a new record; empty: it has none */
	struct change *next;
};

struct known { /* a target found; a place each by id, the newest stays */
	const struct kind *kind;
	int64_t id, person;
	bool system;
};

struct changes {
	struct arena *arena;
	struct change *first, *last;
	size_t count;
	struct decision authorities[AUTHORITIES_MOST];
	size_t authority_count, held;
	int64_t *entered; /* entities that records come into */
	size_t entered_count, entered_room;
	struct known *known; /* KNOWN places; NULL before there is use for them */
};

/* Ids made one after another differ in their middle: all their bits count. */
static struct known *known_place(struct known *known, int64_t id)
{
	return &known[(uint64_t)id * UINT64_C(0x9e3779b97f4a7c15) >> (64 - KNOWN_BITS)];
}

struct changes *changes_new(struct arena *arena)
{
	struct changes *c = ARENA_NEW(arena, struct changes);
	if (c)
		c->arena = arena;
	return c;
}

size_t changes_count(const struct changes *c)
{
	return c->count;
}

bool changes_authority(struct changes *c, const struct decision *d)
{
	for (size_t i = 0; i < c->authority_count; i++) {
		const struct decision *a = &c->authorities[i];
		if (a->function == d->function && a->assignment == d->assignment && a->role == d->role && a->chain == d->chain)
			return true;
	}
	/* more than 64 different ones in one operation: the first stand for it */
	if (c->authority_count < AUTHORITIES_MOST)
		c->authorities[c->authority_count++] = *d;
	return true;
}

enum code changes_add(struct record_context *x, const struct kind *k, const struct record_ref *ref, const char *action,
		      const struct value *before, const struct value *after, const char *state_before, const char *state_after,
		      struct error *e)
{
	struct changes *c = x->changes;
	bool erasing = strcmp(action, "erase") == 0;
	if (c->count >= (erasing ? ERASED_MOST : CHANGES_MOST))
		return error_fail(e, E_LIMIT, erasing ? N_("One person is named by more than 100,000 records")
						      : N_("One operation may change at most 1,000 records"));
	struct change *change = ARENA_NEW(c->arena, struct change);
	if (!change)
		return error_nomem(e);
	*change = (struct change){ k, *ref, action, before, after, state_before, state_after, STR_NONE, NULL };
	if (c->last)
		c->last->next = change;
	else
		c->first = change;
	c->last = change;
	c->count++;
	if (c->known && strcmp(action, "archive") == 0)
		known_place(c->known, ref->id)->id = 0;
	return OK;
}

void changes_number(struct changes *c, struct str number)
{
	if (c->last)
		c->last->number = number;
}

size_t *changes_held(struct changes *c)
{
	return &c->held;
}

bool changes_enter(struct changes *c, int64_t entity)
{
	for (size_t i = c->entered_count; i-- > 0;)
		if (c->entered[i] == entity)
			return true;
	if (c->entered_count == c->entered_room) {
		size_t room = c->entered_room ? c->entered_room * 2 : 4;
		int64_t *more = ARENA_ARRAY(c->arena, room, int64_t);
		if (!more)
			return false;
		if (c->entered_count)
			memcpy(more, c->entered, c->entered_count * sizeof *more);
		c->entered = more;
		c->entered_room = room;
	}
	c->entered[c->entered_count++] = entity;
	return true;
}

const int64_t *changes_entered(const struct changes *c, size_t *ret_count)
{
	*ret_count = c->entered_count;
	return c->entered;
}

bool changes_knows(const struct changes *c, const struct record_context *x, const struct kind *k, int64_t id)
{
	const struct known *known = c->known ? known_place(c->known, id) : NULL;
	return known && known->id == id && known->kind == k && known->person == x->who.person && known->system == x->who.system;
}

void changes_learn(struct changes *c, const struct record_context *x, const struct kind *k, int64_t id)
{
	/* most calls change one record, and it will not be asked about again */
	if (!c->known && c->count)
		c->known = ARENA_ARRAY(c->arena, KNOWN, struct known);
	if (c->known)
		*known_place(c->known, id) = (struct known){ k, id, x->who.person, x->who.system };
}

bool changes_touched(const struct changes *c, const struct kind *k)
{
	for (const struct change *change = c->first; change; change = change->next)
		if (change->kind == k)
			return true;
	return false;
}

/* --- values --------------------------------------------------------------------------------------- */

int64_t personal_subject(const struct kind *k, const struct field *f, int64_t id, const struct value *values)
{
	if (strcmp(f->personal->subject, "self") == 0)
		return id;
	const struct field *to = kind_field(k, str_of(f->personal->subject));
	return to && value_given(&values[to->index]) ? values[to->index].integer : 0;
}

/* A digest tells that a value changed, and proves it to who knows the value. */
static void put_digest(struct record_context *x, struct str json, struct json_writer *w)
{
	uint8_t salt[16], digest[SHA256_SIZE];
	char hex[65];
	random_fill(x->random, salt, sizeof salt);
	const struct str pieces[] = { { (const char *)salt, sizeof salt }, json };
	sha256_pieces(pieces, 2, digest);
	json_object(w);
	json_member_text(w, "digest", ((struct str){ hex, hex_encode(digest, sizeof digest, hex) }));
	json_member_text(w, "salt", ((struct str){ hex, hex_encode(salt, sizeof salt, hex) }));
	json_object_end(w);
}

static enum code write_plain(struct record_context *x, const struct field *f, const struct value *v, struct json_writer *w, struct error *e)
{
	if (!(f->flags & FIELD_NO_HISTORY)) {
		value_to_json(f, v, w);
		return OK;
	}
	CLEAN_BUF struct buf json;
	struct json_writer inner;
	buf_init(&json, 0);
	json_writer_init(&inner, &json);
	value_to_json(f, v, &inner);
	if (!buf_ok(&json))
		return error_nomem(e);
	put_digest(x, buf_str(&json), w);
	return OK;
}

enum code personal_write(struct record_context *x, const struct kind *k, const struct field *f, int64_t id, const struct value *values,
			 struct json_writer *w, struct error *e)
{
	int64_t subject = personal_subject(k, f, id, values);
	if (!subject)
		return write_plain(x, f, &values[f->index], w, e);
	CLEAN_BUF struct buf both; /* the value, and behind it where it belongs */
	struct json_writer inner;
	struct str sealed;
	buf_init(&both, 0);
	json_writer_init(&inner, &both);
	TRY(write_plain(x, f, &values[f->index], &inner, e));
	size_t len = both.len;
	buf_add_text(&both, k->name);
	buf_add_char(&both, '.');
	buf_add_text(&both, f->name);
	buf_add_char(&both, ' ');
	buf_add_int(&both, id);
	if (!buf_ok(&both))
		return error_nomem(e);
	enum code code = keyring_seal(x->keyring, subject, (struct str){ both.data, len },
				      (struct str){ both.data + len, both.len - len }, x->arena, &sealed, e);
	if (code != OK && code != E_NOT_FOUND)
		return code;
	json_object(w);
	if (code == OK)
		json_member_text(w, "sealed", sealed);
	else
		json_member_bool(w, "erased", true);
	json_member_id(w, "subject", subject);
	json_object_end(w);
	if (code != OK)
		error_clear(e); /* an erased person is no fault */
	return OK;
}

/* One side of a change. */
static enum code write_side(struct record_context *x, const struct change *c, const struct field *f, const struct value *values, bool plain,
			    struct json_writer *w, struct error *e)
{
	const struct value *v = values ? &values[f->index] : NULL;
	if (!v || !value_given(v)) {
		json_put_null(w);
		return OK;
	}
	if (plain) {
		value_to_json(f, v, w);
		return OK;
	}
	return f->personal ? personal_write(x, c->kind, f, c->ref.id, values, w, e) : write_plain(x, f, v, w, e);
}

static bool differs(const struct change *c, const struct field *f)
{
	const struct value *after = &c->after[f->index];
	if (!c->before)
		return value_given(after) && (f->type != FIELD_REFS || after->refs.count);
	return !value_equal(f, &c->before[f->index], after);
}

static enum code write_change(struct record_context *x, const struct change *c, const struct sight *sight, bool plain,
			      struct json_writer *w, struct error *e)
{
	const struct record_row row = { .id = c->ref.id, .entity = c->ref.entity, .values = (struct value *)(uintptr_t)c->after };
	json_object(w);
	json_member_text(w, "kind", str_of(c->kind->name));
	json_member_id(w, "id", c->ref.id);
	json_member_int(w, "version", c->ref.version);
	json_member_id(w, "entity", c->ref.entity);
	json_member_text(w, "action", str_of(c->action));
	if (c->number.len)
		json_member_text(w, "number", c->number);
	if (c->state_after && (!c->state_before || strcmp(c->state_before, c->state_after) != 0)) {
		json_name(w, STR("state"));
		json_list(w);
		if (c->state_before)
			json_put_text(w, str_of(c->state_before));
		else
			json_put_null(w);
		json_put_text(w, str_of(c->state_after));
		json_list_end(w);
	}
	json_name(w, STR("fields"));
	json_object(w);
	for (const struct field *f = c->kind->fields; f->name; f++) {
		if (!differs(c, f) || (sight && !sight_field(sight, x, &row, f)))
			continue;
		json_name(w, str_of(f->name));
		json_list(w);
		TRY(write_side(x, c, f, c->before, plain, w, e));
		TRY(write_side(x, c, f, c->after, plain, w, e));
		json_list_end(w);
	}
	json_object_end(w);
	json_object_end(w);
	return OK;
}

enum code changes_write(struct record_context *x, struct str operation, int64_t entity, struct buf *out, struct error *e)
{
	const struct changes *c = x->changes;
	struct json_writer w;
	json_writer_init(&w, out);
	json_object(&w);
	json_member_text(&w, "operation", operation);
	if (x->who.person)
		json_member_id(&w, "actor", x->who.person);
	if (entity)
		json_member_id(&w, "entity", entity);
	json_name(&w, STR("authority"));
	json_list(&w);
	for (size_t i = 0; i < c->authority_count; i++)
		decision_write(x->world, &c->authorities[i], &w);
	json_list_end(&w);
	json_name(&w, STR("changes"));
	json_list(&w);
	for (const struct change *change = c->first; change; change = change->next)
		TRY(write_change(x, change, NULL, false, &w, e));
	json_list_end(&w);
	json_object_end(&w);
	return buf_ok(out) ? OK : error_nomem(e);
}

enum code changes_preview(struct record_context *x, struct json_writer *out, struct error *e)
{
	json_list(out);
	for (const struct change *change = x->changes->first; change; change = change->next) {
		struct sight sight;
		TRY(sight_make(x, change->kind, &sight, e));
		TRY(write_change(x, change, &sight, true, out, e));
	}
	json_list_end(out);
	return OK;
}

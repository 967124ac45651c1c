/* What the journal's entries tell, found by entry, kind, record and version. Rows come in the order of their ids, and so,
 * nearly, do the entries that made them: a few parsed entries kept are enough. Neighbours: verify.c asks. */
#include "base/mem.h"
#include "base/vec.h"
#include "payload_scan.h"
#include "record.sql.h"
#include "verify.h"

#define SLOTS 1024 /* a power of two */
#define SLOT_BITS 10
#define CACHE_BYTES ((size_t)16 << 20)
#define ENTRY_BYTES ((size_t)2 << 30)
#define ENTRIES_AT_ONCE 256

struct slot {
	int64_t entry; /* 0: empty */
	struct arena *arena;
	const struct json *changes; /* NULL: no such entry, or one that tells of no record */
	int64_t time;
	size_t bytes, next; /* where to look first: rows and changes come in much the same order */
};

struct entries {
	struct conn *conn;
	size_t bytes, most;
	size_t hand; /* the next slot to be emptied when there is no room */
	struct slot slots[SLOTS];
};

static const struct json_limits payload_limits = { .bytes = ENTRY_BYTES, .depth = 1024, .nodes = 100000000 };

struct entries *entries_new(struct conn *c, size_t bytes)
{
	struct entries *s = mem_new(sizeof *s);
	if (s) {
		s->conn = c;
		s->most = bytes ? bytes : CACHE_BYTES;
	}
	return s;
}

static void slot_empty(struct entries *s, struct slot *slot)
{
	s->bytes -= slot->bytes;
	slot->entry = 0;
	slot->bytes = 0;
	slot->changes = NULL;
	/* what small entries need is used again, what a large one took is given back */
	if (slot->arena && arena_used(slot->arena) > s->most / SLOTS) {
		arena_free(slot->arena);
		slot->arena = NULL;
	} else if (slot->arena) {
		arena_reset(slot->arena);
	}
}

void entries_free(struct entries *s)
{
	for (size_t i = 0; s && i < SLOTS; i++)
		arena_free(s->slots[i].arena);
	mem_free(s);
}

static struct slot *slot_of(struct entries *s, int64_t entry)
{
	return &s->slots[(uint64_t)entry * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SLOT_BITS)];
}

static enum code slot_fill(struct entries *s, struct slot *slot, int64_t id, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	const struct json *payload;
	bool found;
	slot_empty(s, slot);
	if (!slot->arena)
		slot->arena = arena_new(ENTRY_BYTES);
	if (!slot->arena)
		return error_nomem(e);
	TRY(sql_query(s->conn, SQL_ENTRY_PAYLOAD, SQL_PARAMS(SQL_I(id)), &rows, e));
	TRY(rows_next(rows, &found, e));
	if (found) {
		TRY(json_parse(slot->arena, rows_text(rows, 1), &payload_limits, &payload, e));
		const struct json *changes = json_get(payload, STR("changes"));
		slot->changes = changes && changes->type == JSON_LIST ? changes : NULL;
		slot->time = rows_int(rows, 0);
	}
	slot->entry = id;
	slot->next = 0;
	slot->bytes = arena_used(slot->arena);
	s->bytes += slot->bytes;
	for (size_t looked = 0; s->bytes > s->most && looked < SLOTS; looked++) {
		struct slot *victim = &s->slots[s->hand++ % SLOTS];
		if (victim != slot && victim->entry)
			slot_empty(s, victim);
	}
	return OK;
}

static bool tells_of(const struct json *change, const struct kind *k, int64_t id, int64_t version)
{
	int64_t told;
	return id_parse(json_text(change, STR("id")), &told) && told == id && json_int(change, STR("version"), 0) == version &&
	       str_is(json_text(change, STR("kind")), k->name);
}

enum code told_find(struct entries *s, int64_t entry, const struct kind *k, int64_t id, int64_t version, struct told *ret, struct error *e)
{
	struct slot *slot = slot_of(s, entry);
	*ret = (struct told){ 0 };
	if (slot->entry != entry || !entry)
		TRY(slot_fill(s, slot, entry, e));
	size_t count = slot->changes ? slot->changes->list.count : 0;
	for (size_t looked = 0; looked < count; looked++) {
		size_t place = slot->next + looked < count ? slot->next + looked : slot->next + looked - count;
		const struct json *change = &slot->changes->list.items[place];
		if (!tells_of(change, k, id, version))
			continue;
		slot->next = place + 1 < count ? place + 1 : 0;
		*ret = (struct told){ change, json_get(change, STR("fields")), slot->time };
		break;
	}
	return OK;
}

/* The way for what does not look as the program writes it. */
static enum code read_changes(struct str text, struct arena *arena, change_visit *visit, void *data, struct error *e)
{
	const struct json *payload;
	int64_t id;
	TRY(json_parse(arena, text, &payload_limits, &payload, e));
	const struct json *changes = json_get(payload, STR("changes"));
	for (size_t i = 0; changes && changes->type == JSON_LIST && i < changes->list.count; i++) {
		const struct json *change = &changes->list.items[i];
		if (id_parse(json_text(change, STR("id")), &id))
			TRY(visit(data, json_text(change, STR("kind")), id, json_int(change, STR("version"), 0), e));
	}
	return OK;
}

struct found {
	VEC(struct payload_change) changes;
};

static enum code scan_changes(struct str text, struct found *found, bool *ret_read, struct error *e)
{
	struct payload_scan s;
	struct payload_change change, *place;
	bool more = true;
	VEC_CLEAR(&found->changes);
	*ret_read = payload_scan_begin(text, &s);
	while (*ret_read && more) {
		*ret_read = payload_scan_next(&s, &change, &more);
		if (!*ret_read || !more)
			break;
		place = VEC_ADD(&found->changes);
		if (!place)
			return error_nomem(e);
		*place = change;
	}
	return OK;
}

static enum code visit_entry(struct str text, struct arena *arena, struct found *found, change_visit *visit, void *data, struct error *e)
{
	bool read;
	TRY(scan_changes(text, found, &read, e));
	if (!read)
		return read_changes(text, arena, visit, data, e);
	for (size_t i = 0; i < found->changes.count; i++) {
		const struct payload_change *c = &found->changes.items[i];
		TRY(visit(data, c->kind, c->id, c->version, e));
	}
	return OK;
}

static enum code visit_all(struct conn *c, struct arena *arena, struct found *found, change_visit *visit, void *data, struct error *e)
{
	int64_t after = INT64_MIN;
	size_t count = ENTRIES_AT_ONCE;
	while (count == ENTRIES_AT_ONCE) {
		CLEAN_ROWS struct rows *rows = NULL;
		bool row;
		TRY(sql_query(c, SQL_ENTRY_PAYLOADS, SQL_PARAMS(SQL_I(after), SQL_I(ENTRIES_AT_ONCE)), &rows, e));
		for (count = 0; count < ENTRIES_AT_ONCE; count++) {
			TRY(rows_next(rows, &row, e));
			if (!row)
				break;
			after = rows_int(rows, 0);
			arena_reset(arena);
			TRY(visit_entry(rows_text(rows, 1), arena, found, visit, data, e));
		}
	}
	return OK;
}

enum code changes_each(struct conn *c, change_visit *visit, void *data, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(ENTRY_BYTES);
	struct found found = { 0 };
	enum code code = arena ? visit_all(c, arena, &found, visit, data, e) : error_nomem(e);
	VEC_DONE(&found.changes);
	return code;
}

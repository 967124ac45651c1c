/* The versions of a record, newest first, from the journal entries that made them: who, when, which operation, under
 * which authority, what changed. Neighbours: changes.c wrote the payloads read here; keyring opens what is sealed. */
#include "past.h"
#include "base/map.h"
#include <stdio.h>

/* The entries that touched a record: those that made its versions, live and past. */
static enum code read_entries(struct record_context *x, const struct kind *k, int64_t id, int64_t most, int64_t *ret, size_t *ret_count,
			      struct error *e)
{
	CLEAN_STATEMENT struct statement s;
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	size_t n = 0;
	statement_init(&s);
	buf_format(&s.sql, "SELECT entry FROM (SELECT entry, version FROM %s WHERE id = ?1 UNION ALL SELECT entry, version FROM %s_history "
			   "WHERE id = ?1) v ORDER BY version DESC LIMIT ?2", k->name, k->name);
	TRY(statement_ok(&s, e));
	TRY(sql_query_built(x->conn, buf_str(&s.sql), SQL_PARAMS(SQL_I(id), SQL_I(most)), &rows, e));
	while (n < (size_t)most) {
		TRY(rows_next(rows, &row, e));
		if (!row)
			break;
		ret[n++] = rows_int(rows, 0);
	}
	*ret_count = n;
	return OK;
}

/* A side of a change as it may be shown: opened when sealed, or told that it was erased. */
static enum code write_side(struct record_context *x, const struct kind *k, const struct field *f, int64_t id, const struct json *j,
			    struct json_writer *out, struct error *e)
{
	bool erased;
	TRY(past_open(x, k, f, id, j, &j, &erased, e));
	if (!erased) {
		json_put_tree(out, j);
		return OK;
	}
	json_object(out);
	json_member_bool(out, "erased", true);
	json_object_end(out);
	return OK;
}

static enum code write_fields(struct record_context *x, const struct sight *sight, const struct record_row *row, const struct json *fields,
			      struct json_writer *out, struct error *e)
{
	json_object(out);
	for (size_t i = 0; fields && fields->type == JSON_OBJECT && i < fields->object.count; i++) {
		const struct json_member *m = &fields->object.members[i];
		const struct field *f = kind_field(sight->kind, m->name);
		if (!f || !sight_field(sight, x, row, f) || m->value.type != JSON_LIST || m->value.list.count != 2)
			continue;
		json_name(out, m->name);
		json_list(out);
		TRY(write_side(x, sight->kind, f, row->id, &m->value.list.items[0], out, e));
		TRY(write_side(x, sight->kind, f, row->id, &m->value.list.items[1], out, e));
		json_list_end(out);
	}
	json_object_end(out);
	return OK;
}

static void write_head(const struct journal_entry *entry, struct json_writer *out)
{
	static const struct field time_field = { .name = "time", .type = FIELD_TIME };
	const struct value since = { .set = true, .integer = entry->time };
	json_name(out, STR("since"));
	value_to_json(&time_field, &since, out);
	json_member_id(out, "entry", entry->id);
	if (entry->leaf >= 0)
		json_member_int(out, "leaf", entry->leaf);
	if (entry->actor)
		json_member_id(out, "actor", entry->actor);
	json_member_text(out, "operation", entry->operation);
}

/* An entry may have changed the record more than once (a batch); the newest version comes first. */
static enum code write_entry(struct record_context *x, const struct sight *sight, const struct record_row *row, int64_t entry_id,
			     struct json_writer *out, struct error *e)
{
	struct journal_entry entry;
	const struct json *payload;
	char id[24];
	TRY(journal_entry_get(x->conn, x->arena, entry_id, &entry, e));
	TRY(json_parse(x->arena, entry.payload, NULL, &payload, e));
	const struct json *changes = json_get(payload, STR("changes")), *authority = json_get(payload, STR("authority"));
	snprintf(id, sizeof id, "%lld", (long long)row->id);
	for (size_t i = changes && changes->type == JSON_LIST ? changes->list.count : 0; i-- > 0;) {
		const struct json *c = &changes->list.items[i];
		if (!str_is(json_text(c, STR("id")), id) || !str_is(json_text(c, STR("kind")), sight->kind->name))
			continue;
		json_object(out);
		json_member_int(out, "version", json_int(c, STR("version"), 0));
		write_head(&entry, out);
		json_member_text(out, "action", json_text(c, STR("action")));
		if (json_get(c, STR("state"))) {
			json_name(out, STR("state"));
			json_put_tree(out, json_get(c, STR("state")));
		}
		json_name(out, STR("changes"));
		TRY(write_fields(x, sight, row, json_get(c, STR("fields")), out, e));
		json_name(out, STR("authority"));
		if (authority)
			json_put_tree(out, authority);
		else
			json_put_null(out);
		json_object_end(out);
	}
	return OK;
}

enum code record_history(struct record_context *x, const struct kind *k, int64_t id, const struct record_query *q,
			 struct json_writer *out, struct error *e)
{
	struct record_row row;
	struct sight sight;
	size_t count;
	int64_t *entries = ARENA_ARRAY(x->arena, (size_t)q->limit + 1, int64_t), before = 0;
	if (!entries)
		return error_nomem(e);
	TRY(sight_load(x, k, id, &sight, &row, e));
	TRY(read_entries(x, k, id, q->limit, entries, &count, e));
	json_object(out);
	json_name(out, STR("items"));
	json_list(out);
	for (size_t i = 0; i < count; i++) {
		if (entries[i] != before)
			TRY(write_entry(x, &sight, &row, entries[i], out, e));
		before = entries[i];
	}
	json_list_end(out);
	json_object_end(out);
	return OK;
}

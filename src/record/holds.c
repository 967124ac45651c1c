/* What two processes on one database must not do at the same moment although each would be right alone: make the same
 * thing, or close each half of a circle. Who comes second waits for the first one's commit, and then sees what it did. With
 * a single writer there is nothing to wait for. Neighbours: upsert.c, references.c ask; the store locks. */
#include "base/crypto.h"
#include "internal.h"
#include "record.sql.h"
#include <string.h>

#define ENTITY_BITS 6 /* 64 keys for all entities */
#define KEYS_MOST 64 /* of one call; who makes more things than that keeps everybody else from making any of the kind */

static int64_t key_of(const struct str *pieces, size_t count)
{
	uint8_t digest[SHA256_SIZE];
	int64_t key;
	sha256_pieces(pieces, count, digest);
	memcpy(&key, digest, sizeof key);
	return key;
}

static enum code hold(struct record_context *x, const char *what, struct str name, bool shared, struct error *e)
{
	const struct str pieces[] = { str_of(what), STR(" "), name };
	int64_t key;
	if (store_single_writer(conn_store(x->conn)))
		return OK;
	key = key_of(pieces, 3);
	return conn_hold(x->conn, &key, 1, shared, e);
}

enum code record_hold(struct record_context *x, struct str name, struct error *e)
{
	return hold(x, "name", name, false, e);
}

enum code hold_tree(struct record_context *x, const struct kind *k, bool shared, struct error *e)
{
	return hold(x, "tree", str_of(k->name), shared, e);
}

/* Entities share few keys, so that a call into many of them takes few locks; only archiving one excludes anybody. */
static unsigned entity_bucket(int64_t entity)
{
	return (unsigned)((uint64_t)entity * UINT64_C(0x9e3779b97f4a7c15) >> (64 - ENTITY_BITS));
}

static int64_t bucket_key(unsigned bucket)
{
	const char number = (char)bucket;
	const struct str pieces[] = { STR("entity "), { &number, 1 } };
	return key_of(pieces, 2);
}

enum code hold_entity(struct record_context *x, int64_t entity, struct error *e)
{
	const int64_t key = bucket_key(entity_bucket(entity));
	return store_single_writer(conn_store(x->conn)) ? OK : conn_hold(x->conn, &key, 1, false, e);
}

static enum code entities_stay(struct record_context *x, const int64_t *entities, size_t count, struct error *e)
{
	int64_t there = 0;
	bool found;
	TRY(sql_int(x->conn, SQL_ENTITIES_THERE, SQL_PARAMS(SQL_LIST(entities, count)), &there, &found, e));
	return there == (int64_t)count ? OK : error_field(e, STR("/entity"), N_("is no entity that exists"));
}

/* Who archives an entity holds its key before he looks whether it is empty: either comes after the other, and then sees what
 * he did. No row is locked for it: who moves an entity has its row and waits for the tree, which another may have who
 * comes under that very row. Once a call, when all is written. */
enum code record_settle(struct record_context *x, struct error *e)
{
	int64_t keys[1 << ENTITY_BITS];
	bool taken[1 << ENTITY_BITS] = { false };
	size_t count, n = 0;
	const int64_t *entities = changes_entered(x->changes, &count);
	if (!count || store_single_writer(conn_store(x->conn)))
		return OK;
	for (size_t i = 0; i < count; i++) {
		unsigned bucket = entity_bucket(entities[i]);
		if (!taken[bucket])
			keys[n++] = bucket_key(bucket);
		taken[bucket] = true;
	}
	TRY(conn_hold(x->conn, keys, n, true, e));
	return entities_stay(x, entities, count, e);
}

/* What one set of identification says, or nothing when it is not given whole. */
static enum code set_key(const struct kind *k, const char *const *names, const struct value *values, bool *ret_given, int64_t *ret,
			 struct error *e)
{
	CLEAN_BUF struct buf text;
	struct json_writer w;
	buf_init(&text, 0);
	json_writer_init(&w, &text);
	json_list(&w);
	json_put_text(&w, str_of(k->name));
	*ret_given = true;
	for (; *names && *ret_given; names++) {
		const struct field *f = kind_field(k, str_of(*names));
		*ret_given = f && value_given(&values[f->index]);
		if (!*ret_given)
			return OK;
		json_put_text(&w, str_of(f->name));
		value_to_json(f, &values[f->index], &w);
	}
	json_list_end(&w);
	if (!buf_ok(&text))
		return error_nomem(e);
	const struct str piece = buf_str(&text);
	*ret = key_of(&piece, 1);
	return OK;
}

enum code hold_same(struct record_context *x, const struct kind *k, const struct value *values, struct error *e)
{
	int64_t keys[KEYS_MOST];
	size_t n = 0;
	bool given;
	if (store_single_writer(conn_store(x->conn)))
		return OK;
	for (const char *const *const *set = k->identify; set && *set && n < KEYS_MOST; set++) {
		TRY(set_key(k, *set, values, &given, &keys[n], e));
		n += given;
	}
	if (!n)
		return OK;
	size_t *held = changes_held(x->changes);
	*held += n;
	bool many = *held > KEYS_MOST;
	/* a database has room for some thousands of locks, and calls may make a thousand things each */
	TRY(hold(x, "same", str_of(k->name), !many, e));
	return many ? OK : conn_hold(x->conn, keys, n, false, e);
}

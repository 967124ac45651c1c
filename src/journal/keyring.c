/* Keys per person: sealing, opening, making, destroying. Keys lie in the store wrapped under the master key; the
 * unwrapped ones only in key_cache.c. Neighbours: keyring.h says what holds; record seals personal values here. */
#include "journal/keyring.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "key_cache.h"
#include "key_file.h"
#include "keyring.sql.h"
#include "store/schema.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WRAPPED_SIZE (AEAD_KEY + AEAD_OVERHEAD)
#define MASTER_FORMAT STR("mandate-master-key/v1")

struct pending_key { /* wrapped, so that no clear copy is left behind when the list grows */
	int64_t subject;
	uint8_t wrapped[WRAPPED_SIZE];
};

struct keyring {
	struct conn *c;
	const struct random_source *random;
	uint8_t master[AEAD_KEY];
	struct key_cache *cache;
	VEC(struct pending_key) pending;
	struct idmap *pending_places; /* may also hold subjects of before; see pending_find */
	VEC(int64_t) marks;  /* to be destroyed */
	uint64_t seen;       /* store_commits() when `destroyed` was read */
	int64_t destroyed;   /* how many destructions the cache knows of */
};

static const struct column_def key_columns[] = {
	{ "subject", COLUMN_INT, true, NULL }, { "wrapped", COLUMN_BLOB, false, NULL }, { 0 },
};
static const struct table_def key_table = { "subject_key", key_columns, "subject", NULL, false };
static const struct column_def state_columns[] = {
	{ "id", COLUMN_INT, true, NULL }, { "destroyed", COLUMN_INT, true, NULL }, { 0 },
};
static const struct table_def state_table = { "keyring_state", state_columns, "id", NULL, false };
static const struct table_def *const keyring_tables[] = { &key_table, &state_table };

/* --- opening and closing ------------------------------------------------------------------------- */

static enum code tables_make(struct conn *c, struct error *e)
{
	TRY(conn_begin(c, e));
	enum code code = tables_ensure(c, keyring_tables, sizeof keyring_tables / sizeof *keyring_tables, e);
	if (code == OK)
		code = sql_exec(c, SQL_KEYRING_START, SQL_NO_PARAMS, NULL, e);
	if (code == OK)
		return conn_commit(c, e);
	conn_rollback(c);
	return code;
}

/* A reader finds the tables there; only a writer can make them. Servers that start together race to; who loses finds
 * them there as well. */
static enum code tables_there(struct conn *c, struct error *e)
{
	bool there;
	TRY(table_exists(c, STR("keyring_state"), &there, e));
	if (there)
		return OK;
	enum code code = tables_make(c, e);
	if (code != OK)
		TRY(table_exists(c, STR("keyring_state"), &there, e));
	return there ? OK : code;
}

static enum code destroyed_read(struct keyring *k, int64_t *ret, struct error *e)
{
	bool found;
	TRY(sql_int(k->c, SQL_KEYRING_DESTROYED, SQL_NO_PARAMS, ret, &found, e));
	return found ? OK : error_fail(e, E_IO, N_("The key store is damaged; restore it from its backup"));
}

enum code keyring_new(struct conn *c, const uint8_t master[AEAD_KEY], const struct random_source *r,
		      struct keyring **ret, struct error *e)
{
	TRY(tables_there(c, e));
	struct keyring *k = mem_new(sizeof *k);
	if (!k)
		return error_nomem(e);
	k->c = c;
	k->random = r;
	memcpy(k->master, master, AEAD_KEY);
	k->cache = key_cache_new();
	k->pending_places = idmap_new();
	k->seen = store_commits(conn_store(c));
	enum code code = k->cache && k->pending_places ? destroyed_read(k, &k->destroyed, e) : error_nomem(e);
	if (code != OK)
		keyring_free(k);
	else
		*ret = k;
	return code;
}

void keyring_free(struct keyring *k)
{
	if (!k)
		return;
	key_cache_free(k->cache);
	idmap_free(k->pending_places);
	VEC_DONE(&k->pending);
	VEC_DONE(&k->marks);
	crypto_wipe(k->master, sizeof k->master);
	mem_free(k);
}

enum code keyring_master_load(struct str path, const struct random_source *r, uint8_t out[AEAD_KEY], struct error *e)
{
	bool found;
	TRY(key_file_read(path, MASTER_FORMAT, out, AEAD_KEY, &found, e));
	if (found)
		return OK;
	random_fill(r, out, AEAD_KEY);
	return key_file_write(path, MASTER_FORMAT, out, AEAD_KEY, e);
}

/* --- finding keys -------------------------------------------------------------------------------- */

/* Binds a wrapped key to its subject, so that rows cannot be exchanged. */
static struct str wrap_context(int64_t subject, char out[48])
{
	int len = snprintf(out, 48, "subject_key %" PRId64, subject);
	return (struct str){ out, (size_t)len };
}

static bool marked(const struct keyring *k, int64_t subject)
{
	for (size_t i = 0; i < k->marks.count; i++)
		if (k->marks.items[i] == subject)
			return true;
	return false;
}

/* Another keyring may have destroyed keys that are in the cache here. */
static enum code cache_renew(struct keyring *k, struct error *e)
{
	uint64_t commits = store_commits(conn_store(k->c));
	int64_t destroyed;
	if (commits == k->seen)
		return OK;
	TRY(destroyed_read(k, &destroyed, e));
	if (destroyed != k->destroyed)
		key_cache_clear(k->cache);
	k->destroyed = destroyed;
	k->seen = commits;
	return OK;
}

static enum code unwrap(struct keyring *k, int64_t subject, struct str wrapped, const uint8_t **ret, struct error *e)
{
	char context[48];
	uint8_t key[AEAD_KEY];
	if (wrapped.len != WRAPPED_SIZE || !aead_open(k->master, wrapped, wrap_context(subject, context), key))
		return error_fail(e, E_INVALID, N_("The master key does not open the key store; put the right file back from "
						   "a backup"));
	*ret = key_cache_put(k->cache, subject, key);
	crypto_wipe(key, sizeof key);
	return *ret ? OK : error_nomem(e);
}

enum finding { KEY_ABSENT, KEY_DESTROYED, KEY_FOUND };

static enum code key_stored(struct keyring *k, int64_t subject, enum finding *ret, const uint8_t **ret_key, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool row;
	*ret = KEY_ABSENT;
	TRY(sql_query(k->c, SQL_KEY_GET, SQL_PARAMS(SQL_I(subject)), &rows, e));
	TRY(rows_next(rows, &row, e));
	if (!row)
		return OK;
	*ret = rows_null(rows, 0) ? KEY_DESTROYED : KEY_FOUND;
	return *ret == KEY_FOUND ? unwrap(k, subject, rows_blob(rows, 0), ret_key, e) : OK;
}

static const struct pending_key *pending_find(const struct keyring *k, int64_t subject)
{
	int64_t place;
	if (!idmap_get(k->pending_places, subject, &place) || (size_t)place >= k->pending.count)
		return NULL;
	const struct pending_key *p = &k->pending.items[place];
	return p->subject == subject ? p : NULL;
}

/* The key is valid until the next look-up. */
static enum code key_find(struct keyring *k, int64_t subject, enum finding *ret, const uint8_t **ret_key, struct error *e)
{
	if (marked(k, subject)) {
		*ret = KEY_DESTROYED;
		return OK;
	}
	TRY(cache_renew(k, e));
	*ret = KEY_FOUND;
	*ret_key = key_cache_get(k->cache, subject);
	if (*ret_key)
		return OK;
	const struct pending_key *p = pending_find(k, subject);
	if (p)
		return unwrap(k, subject, (struct str){ (const char *)p->wrapped, sizeof p->wrapped }, ret_key, e);
	return key_stored(k, subject, ret, ret_key, e);
}

static enum code key_make(struct keyring *k, int64_t subject, const uint8_t **ret, struct error *e)
{
	char context[48];
	uint8_t key[AEAD_KEY];
	struct pending_key *p = VEC_ADD(&k->pending);
	if (!p)
		return error_nomem(e);
	if (!idmap_put(k->pending_places, subject, (int64_t)k->pending.count - 1)) {
		k->pending.count--;
		return error_nomem(e);
	}
	p->subject = subject;
	random_fill(k->random, key, sizeof key);
	aead_seal(k->master, k->random, (struct str){ (const char *)key, sizeof key }, wrap_context(subject, context), p->wrapped);
	*ret = key_cache_put(k->cache, subject, key);
	crypto_wipe(key, sizeof key);
	return *ret ? OK : error_nomem(e);
}

static enum code gone(struct error *e)
{
	return error_fail(e, E_NOT_FOUND, N_("This was erased"));
}

bool keyring_has(struct keyring *k, int64_t subject)
{
	enum finding found;
	const uint8_t *key;
	return key_find(k, subject, &found, &key, NULL) == OK && found == KEY_FOUND;
}

/* --- sealing and opening ------------------------------------------------------------------------- */

enum code keyring_seal(struct keyring *k, int64_t subject, struct str plain, struct str context,
		       struct arena *arena, struct str *ret, struct error *e)
{
	enum finding found;
	const uint8_t *key;
	TRY(key_find(k, subject, &found, &key, e));
	if (found == KEY_DESTROYED)
		return gone(e);
	if (found == KEY_ABSENT)
		TRY(key_make(k, subject, &key, e));
	if (plain.len > SIZE_MAX / 2)
		return error_fail(e, E_LIMIT, N_("The value is too large"));
	size_t len = plain.len + AEAD_OVERHEAD;
	uint8_t *sealed = arena_alloc(arena, len);
	char *text = arena_alloc(arena, (len + 2) / 3 * 4 + 1);
	if (!sealed || !text)
		return error_nomem(e);
	aead_seal(key, k->random, plain, context, sealed);
	*ret = (struct str){ text, base64_encode(sealed, len, text) };
	return OK;
}

enum code keyring_open(struct keyring *k, int64_t subject, struct str sealed, struct str context,
		       struct arena *arena, struct str *ret, struct error *e)
{
	enum finding found;
	const uint8_t *key;
	size_t len = 0;
	TRY(key_find(k, subject, &found, &key, e));
	if (found != KEY_FOUND)
		return gone(e);
	uint8_t *bytes = arena_alloc(arena, sealed.len / 4 * 3 + 3);
	char *plain = arena_alloc(arena, sealed.len / 4 * 3 + 1);
	if (!bytes || !plain)
		return error_nomem(e);
	if (!base64_decode(sealed, bytes, &len) || len < AEAD_OVERHEAD ||
	    !aead_open(key, (struct str){ (const char *)bytes, len }, context, (uint8_t *)plain))
		return error_fail(e, E_INVALID, N_("The sealed value was changed or does not belong here"));
	*ret = (struct str){ plain, len - AEAD_OVERHEAD };
	return OK;
}

/* --- making durable, destroying ------------------------------------------------------------------ */

static enum code pending_store(struct keyring *k, struct error *e)
{
	for (size_t i = 0; i < k->pending.count; i++) {
		const struct pending_key *p = &k->pending.items[i];
		enum code code = sql_exec(k->c, SQL_KEY_ADD, SQL_PARAMS(SQL_I(p->subject), SQL_B(p->wrapped, sizeof p->wrapped)),
					  NULL, e);
		if (code == E_CONFLICT)
			return error_fail(e, E_BUSY, N_("Another server wrote about the same person; try again"));
		TRY(code);
	}
	return OK;
}

static void pending_forget(struct keyring *k)
{
	struct idmap *fresh = idmap_new();
	VEC_CLEAR(&k->pending);
	if (!fresh)
		return; /* the old one does no harm */
	idmap_free(k->pending_places);
	k->pending_places = fresh;
}

enum code keyring_commit(struct keyring *k, struct error *e)
{
	if (k->pending.count == 0)
		return OK;
	TRY(conn_begin(k->c, e));
	enum code code = pending_store(k, e);
	if (code == OK)
		code = conn_commit(k->c, e);
	else
		conn_rollback(k->c);
	if (code == OK)
		pending_forget(k);
	return code;
}

void keyring_rollback(struct keyring *k)
{
	for (size_t i = 0; i < k->pending.count; i++)
		key_cache_drop(k->cache, k->pending.items[i].subject);
	pending_forget(k);
	VEC_CLEAR(&k->marks);
}

enum code keyring_destroy(struct keyring *k, int64_t subject, struct error *e)
{
	if (marked(k, subject))
		return OK;
	int64_t *mark = VEC_ADD(&k->marks);
	if (!mark)
		return error_nomem(e);
	*mark = subject;
	return OK;
}

size_t keyring_marks(const struct keyring *k)
{
	return k->marks.count;
}

void keyring_undo(struct keyring *k, size_t mark)
{
	if (mark < k->marks.count)
		k->marks.count = mark;
}

static enum code marks_store(struct keyring *k, struct error *e)
{
	for (size_t i = 0; i < k->marks.count; i++)
		TRY(sql_exec(k->c, SQL_KEY_DESTROY, SQL_PARAMS(SQL_I(k->marks.items[i])), NULL, e));
	TRY(sql_exec(k->c, SQL_KEYRING_COUNT_DESTROYED, SQL_NO_PARAMS, NULL, e));
	return conn_announce(k->c, TOPIC_ANY, e);
}

enum code keyring_destroy_commit(struct keyring *k, struct error *e)
{
	if (k->marks.count == 0)
		return OK;
	TRY(conn_begin(k->c, e));
	enum code code = marks_store(k, e);
	if (code == OK)
		code = conn_commit(k->c, e);
	else
		conn_rollback(k->c);
	TRY(code);
	for (size_t i = 0; i < k->marks.count; i++)
		key_cache_drop(k->cache, k->marks.items[i]);
	/* the old row may still lie in a free page or in the write-ahead log; PostgreSQL's lapse by their retention */
	if (store_type(conn_store(k->c)) == STORE_SQLITE)
		TRY(store_compact(conn_store(k->c), e));
	VEC_CLEAR(&k->marks);
	return OK;
}

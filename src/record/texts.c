/* SQL that is the same for every record of a kind, built once per thread with a connection: it then finds the prepared statement
 * by the text's address. Neighbours: columns.c, versions.c. */
#include "base/mem.h"
#include "internal.h"

struct kept { /* a text a connection may know, or the functions of a kind: stays until the thread's work ends */
	struct kept *next;
	void *data;
};

struct texts {
	const struct model *model; /* whose kinds the places belong to */
	const char **places;       /* by kind index and enum text */
	const struct kind_access **access; /* by kind index */
	struct kept *all;
};

struct texts *texts_new(void)
{
	return mem_new(sizeof(struct texts));
}

void texts_free(struct texts *t)
{
	if (!t)
		return;
	for (struct kept *k = t->all, *next; k; k = next) {
		next = k->next;
		mem_free(k->data);
		mem_free(k);
	}
	mem_free(t->places);
	mem_free(t->access);
	model_unref(t->model);
	mem_free(t);
}

/* --- the texts ------------------------------------------------------------------------------------ */

static void add_places(struct buf *sql, size_t count)
{
	for (size_t i = 1; i <= count; i++) {
		buf_add_text(sql, i > 1 ? ", ?" : "?");
		buf_add_int(sql, (int64_t)i);
	}
}

static void build_insert(struct buf *sql, const struct kind *k)
{
	size_t count = 7;
	buf_format(sql, "INSERT INTO %s (id, entity, version, state, number, since, entry", k->name);
	columns_add(sql, k, "", NULL);
	for (const struct field *f = k->fields; f->name; f++)
		count += field_columns(f);
	buf_add_text(sql, ") VALUES (");
	add_places(sql, count);
	buf_add_char(sql, ')');
}

static void build_history(struct buf *sql, const struct kind *k)
{
	size_t count = 10;
	buf_format(sql, "INSERT INTO %s_history (id, version, entity, state, number, since, until, entry, until_entry, archived", k->name);
	for (const struct field *f = k->fields; f->name; f++) {
		size_t columns = field_history_columns(f);
		if (columns > 0)
			buf_format(sql, ", %s", f->name);
		if (columns > 1)
			buf_format(sql, ", %s_currency", f->name);
		count += columns;
	}
	buf_add_text(sql, ") VALUES (");
	add_places(sql, count);
	buf_add_char(sql, ')');
}

static void build_load(struct buf *sql, const struct kind *k)
{
	buf_add_text(sql, "SELECT ");
	row_columns_add(sql, k, NULL);
	buf_format(sql, " FROM %s t WHERE t.id = ?1", k->name);
}

static void build_lock(struct buf *sql, const struct kind *k)
{
	build_load(sql, k);
	if (!(k->flags & KIND_VIEW))
		buf_add_text(sql, " FOR UPDATE");
}

/* What deciding about a target needs: where it is and whose. */
static void build_seek_base(struct buf *sql, const struct kind *k)
{
	const char *owner = k->flags & KIND_SUBJECT ? "id" : k->owner;
	buf_format(sql, "SELECT t.id, t.entity, %s%s FROM %s t WHERE ", owner ? "t." : "", owner ? owner : "NULL", k->name);
	if (!(k->flags & KIND_VIEW))
		buf_add_text(sql, "t.archived IS NULL AND ");
}

static void build_seek(struct buf *sql, const struct kind *k)
{
	build_seek_base(sql, k);
	buf_add_text(sql, "t.id = ?1");
}

static void build_seek_many(struct buf *sql, const struct kind *k)
{
	build_seek_base(sql, k);
	buf_add_text(sql, "t.id = ANY(?1)");
}

static void (*const builders[TEXT_COUNT])(struct buf *sql, const struct kind *k) = {
	[TEXT_INSERT] = build_insert, [TEXT_HISTORY] = build_history, [TEXT_LOAD] = build_load,
	[TEXT_LOCK] = build_lock,     [TEXT_SEEK] = build_seek,	      [TEXT_SEEK_MANY] = build_seek_many,
};

/* --- keeping -------------------------------------------------------------------------------------- */

/* Kinds are known by their place in the model, so the model is held while its places are used. */
static bool texts_turn(struct texts *t, const struct model *m)
{
	if (t->model == m)
		return true;
	const char **places = mem_array(m->kind_count * TEXT_COUNT, sizeof *places);
	const struct kind_access **access = mem_array(m->kind_count, sizeof *access);
	if (!places || !access) {
		mem_free(places);
		mem_free(access);
		return false;
	}
	mem_free(t->places);
	mem_free(t->access);
	model_unref(t->model);
	t->places = places;
	t->access = access;
	t->model = model_ref(m);
	return true;
}

/* The thread's texts, when they are those of the kind's model; NULL: nothing can be kept. */
static struct texts *texts_of(struct record_context *x, const struct kind *k)
{
	struct texts *t = x->numbers ? numbers_texts(x->numbers) : NULL;
	bool own = t && x->model && k->index < x->model->kind_count && x->model->kinds[k->index] == k;
	return own && texts_turn(t, x->model) ? t : NULL;
}

/* Takes `data`, also when it cannot be kept. */
static void *texts_keep(struct texts *t, void *data)
{
	struct kept *k = data ? mem_new(sizeof *k) : NULL;
	if (!k) {
		mem_free(data);
		return NULL;
	}
	*k = (struct kept){ t->all, data };
	t->all = k;
	return data;
}

/* NULL: not kept, *sql has it. */
static const char *text_of(struct record_context *x, const struct kind *k, enum text which, struct buf *sql)
{
	struct texts *t = texts_of(x, k);
	const char **place = t ? &t->places[k->index * TEXT_COUNT + which] : NULL;
	if (place && *place)
		return *place;
	builders[which](sql, k);
	return place && buf_ok(sql) ? *place = texts_keep(t, mem_copy_text(sql->data, sql->len)) : NULL;
}

enum code texts_access(struct record_context *x, const struct kind *k, const struct kind_access **ret, struct error *e)
{
	struct texts *t = texts_of(x, k);
	if (t && t->access[k->index]) {
		*ret = t->access[k->index];
		return OK;
	}
	struct kind_access *a = t ? texts_keep(t, mem_new(kind_access_size(k))) : NULL;
	if (a)
		t->access[k->index] = a;
	else
		a = arena_alloc(x->arena, kind_access_size(k));
	if (!a)
		return error_nomem(e);
	kind_access_fill(x->model, k, a);
	*ret = a;
	return OK;
}

enum code text_exec(struct record_context *x, const struct kind *k, enum text which, const struct sql_value *params, size_t count,
		    struct error *e)
{
	CLEAN_BUF struct buf sql;
	buf_init(&sql, 0);
	const char *kept = text_of(x, k, which, &sql);
	if (kept)
		return sql_exec(x->conn, kept, params, count, NULL, e);
	return buf_ok(&sql) ? sql_exec_built(x->conn, buf_str(&sql), params, count, NULL, e) : error_nomem(e);
}

enum code text_query(struct record_context *x, const struct kind *k, enum text which, const struct sql_value *params, size_t count,
		     struct rows **ret, struct error *e)
{
	CLEAN_BUF struct buf sql;
	buf_init(&sql, 0);
	const char *kept = text_of(x, k, which, &sql);
	if (kept)
		return sql_query(x->conn, kept, params, count, ret, e);
	return buf_ok(&sql) ? sql_query_built(x->conn, buf_str(&sql), params, count, ret, e) : error_nomem(e);
}

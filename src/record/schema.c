/* Versions of the schema: each row of schema_version keeps the layout it made (with what was set aside), the steps that
 * led to it and the version that reverting goes back to. Neighbours: plan.c finds and takes the steps, layout.c says what
 * a model needs. */
#include "base/crypto.h"
#include "internal.h"
#include "layout.h"
#include "record.sql.h"

static const struct table_def version_table = {
	.name = "schema_version",
	.columns = (const struct column_def[]){ { "version", COLUMN_INT, true, NULL }, { "applied", COLUMN_INT, true, NULL },
						{ "previous", COLUMN_INT, true, NULL }, { "digest", COLUMN_TEXT, true, NULL },
						{ "wanted", COLUMN_TEXT, true, NULL }, { "layout", COLUMN_TEXT, true, NULL },
						{ "steps", COLUMN_TEXT, true, NULL }, { 0 } },
	.primary_key = "version",
};

struct version {
	int64_t version;   /* 0: none */
	int64_t previous;  /* where reverting leads; 0: nowhere */
	struct str digest; /* hex SHA-256 of `wanted` */
	struct str wanted; /* what the packs asked for */
	struct str layout; /* that and what was set aside */
};

/* `which` 0: the one in force. */
static enum code version_read(struct conn *c, struct arena *arena, int64_t which, struct version *ret, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	bool there, row;
	*ret = (struct version){ 0 };
	TRY(table_exists(c, STR("schema_version"), &there, e));
	if (!there)
		return OK;
	if (which)
		TRY(sql_query(c, SQL_VERSION_GET, SQL_PARAMS(SQL_I(which)), &rows, e));
	else
		TRY(sql_query(c, SQL_VERSION_NEWEST, SQL_NO_PARAMS, &rows, e));
	TRY(rows_next(rows, &row, e));
	if (!row)
		return OK;
	*ret = (struct version){ .version = rows_int(rows, 0), .previous = rows_int(rows, 1), .digest = arena_copy(arena, rows_text(rows, 2)),
				 .wanted = arena_copy(arena, rows_text(rows, 3)), .layout = arena_copy(arena, rows_text(rows, 4)) };
	return ret->digest.data && ret->wanted.data && ret->layout.data ? OK : error_nomem(e);
}

static enum code layout_read(const struct version *v, struct arena *arena, struct layout *ret, struct error *e)
{
	*ret = (struct layout){ 0 };
	return v->version ? layout_from_json(v->layout, arena, ret, e) : OK;
}

enum code schema_layout(struct conn *c, struct arena *arena, struct layout *ret, struct error *e)
{
	struct version v;
	TRY(version_read(c, arena, 0, &v, e));
	return layout_read(&v, arena, ret, e);
}

static enum code version_write(struct planning *p, struct str wanted, int64_t previous, int64_t now, struct error *e)
{
	CLEAN_BUF struct buf steps;
	struct json_writer w;
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	struct str layout = layout_to_json(&p->result, p->arena);
	buf_init(&steps, 0);
	json_writer_init(&w, &steps);
	json_list(&w);
	for (size_t i = 0; i < p->count; i++)
		json_put_text(&w, catalog_format(NULL, LANG_EN, p->steps[i].msgid, p->steps[i].args, p->arena));
	json_list_end(&w);
	if (!layout.data || !buf_ok(&steps))
		return error_nomem(e);
	sha256(wanted.data, wanted.len, digest);
	hex_encode(digest, sizeof digest, hex);
	return sql_exec(p->conn, SQL_VERSION_ADD,
			SQL_PARAMS(SQL_I(p->version), SQL_I(now), SQL_I(previous), SQL_T(str_of(hex)), SQL_T(wanted), SQL_T(layout),
				   SQL_T(buf_str(&steps))), NULL, e);
}

/* --- the model's ---------------------------------------------------------------------------------- */

/* *ret_same: the database holds it already; then nothing else is answered. */
static enum code compare(struct planning *p, const struct model *next, struct version *ret_now, struct layout *ret_old,
			 struct layout *ret_wanted, struct str *ret_json, bool *ret_same, struct error *e)
{
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	TRY(version_read(p->conn, p->arena, 0, ret_now, e));
	TRY(layout_of_model(next, p->arena, ret_wanted, e));
	*ret_json = layout_to_json(ret_wanted, p->arena);
	if (!ret_json->data)
		return error_nomem(e);
	sha256(ret_json->data, ret_json->len, digest);
	hex_encode(digest, sizeof digest, hex);
	*ret_same = ret_now->version && str_is(ret_now->digest, hex);
	if (*ret_same)
		return OK;
	p->version = ret_now->version + 1;
	return layout_read(ret_now, p->arena, ret_old, e);
}

enum code schema_plan(struct conn *c, const struct model *next, struct arena *arena, struct schema_step **ret, size_t *ret_count,
		      struct error *e)
{
	struct planning p = { .conn = c, .arena = arena };
	struct version now;
	struct layout old, wanted;
	struct str json;
	bool same;
	TRY(compare(&p, next, &now, &old, &wanted, &json, &same, e));
	p.old = &old;
	p.next = &wanted;
	if (!same)
		TRY(plan_run(&p, e));
	*ret = p.steps;
	*ret_count = p.count;
	return OK;
}

enum code schema_apply(struct conn *c, const struct model *next, int64_t now, int64_t *ret_version, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct planning p = { .conn = c, .arena = arena, .apply = true };
	struct version v;
	struct layout old, wanted;
	struct str json;
	bool same;
	if (!arena)
		return error_nomem(e);
	TRY(table_ensure(c, &version_table, e));
	TRY(compare(&p, next, &v, &old, &wanted, &json, &same, e));
	p.old = &old;
	p.next = &wanted;
	if (!same) {
		TRY(plan_run(&p, e));
		TRY(version_write(&p, json, v.version, now, e));
	}
	*ret_version = same ? v.version : p.version;
	return OK;
}

enum code schema_version(struct conn *c, int64_t *ret, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct version v;
	if (!arena)
		return error_nomem(e);
	TRY(version_read(c, arena, 0, &v, e));
	*ret = v.version;
	return OK;
}

enum code schema_revert(struct conn *c, int64_t now, int64_t *ret_version, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct planning p = { .conn = c, .arena = arena, .apply = true };
	struct version v, target;
	struct layout old, wanted;
	if (!arena)
		return error_nomem(e);
	TRY(version_read(c, arena, 0, &v, e));
	if (!v.previous)
		return error_fail(e, E_NOT_FOUND, N_("There is no earlier version of the schema"));
	TRY(version_read(c, arena, v.previous, &target, e));
	if (!target.version)
		return error_fail(e, E_IO, N_("The description of the tables is damaged; restore a backup"));
	TRY(layout_read(&v, arena, &old, e));
	TRY(layout_from_json(target.wanted, arena, &wanted, e));
	p.version = v.version + 1;
	p.old = &old;
	p.next = &wanted;
	TRY(plan_run(&p, e));
	TRY(version_write(&p, target.wanted, target.previous, now, e));
	*ret_version = p.version;
	return OK;
}

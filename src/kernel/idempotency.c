/* Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the first answer under a key is stored in the call's own
 * transaction and given again to whoever repeats the same request within a day.
 * Neighbours: writer.c asks before and after running a call; jobs.c forgets old ones. */
#include "base/arena.h"
#include "internal.h"
#include "kernel.sql.h"

const struct table_def idempotency_table = {
	.name = "idempotency",
	.columns = (const struct column_def[]){ { "account", COLUMN_INT, true, NULL }, { "key", COLUMN_TEXT, true, NULL },
						{ "digest", COLUMN_BLOB, true, NULL }, { "answer", COLUMN_TEXT, true, NULL },
						{ "version", COLUMN_INT, true, NULL }, { "record", COLUMN_INT, true, NULL },
						{ "entity", COLUMN_INT, true, NULL }, { "created", COLUMN_INT, true, NULL }, { 0 } },
	.primary_key = "account, key",
	.indexes = (const struct index_def[]){ { "idempotency_created", "created", false, NULL }, { 0 } },
	.without_rowid = true,
};

/* What makes two requests the same: operation, target, expected version, input. */
static bool request_digest(const struct call *c, uint8_t out[SHA256_SIZE])
{
	CLEAN_BUF struct buf text;
	struct json_writer w;
	buf_init(&text, 0);
	buf_format(&text, "%s %lld %lld %d ", c->operation->name, (long long)c->target, (long long)c->expect,
		   c->dry_run | c->propose << 1);
	json_writer_init(&w, &text);
	json_put_tree(&w, c->input_json);
	sha256(text.data, text.len, out);
	return buf_ok(&text);
}

enum code idempotency_find(struct call *c, bool *ret_replayed, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	uint8_t digest[SHA256_SIZE];
	bool row;
	*ret_replayed = false;
	if (c->idempotency_key.len > 255)
		return error_fail(e, E_INVALID, N_("The Idempotency-Key is longer than 255 bytes"));
	if (!request_digest(c, digest))
		return error_nomem(e);
	TRY(sql_query(c->record.conn, SQL_IDEMPOTENCY_FIND, SQL_PARAMS(SQL_I(c->principal.account), SQL_T(c->idempotency_key)), &rows, e));
	TRY(rows_next(rows, &row, e));
	if (!row)
		return OK;
	if (!str_eq(rows_blob(rows, 0), (struct str){ (const char *)digest, sizeof digest })) {
		error_fail(e, E_INVALID, N_("This Idempotency-Key was used for another request"));
		return error_detail(e, DETAIL_UNPROCESSABLE);
	}
	buf_add_str(&c->out, rows_text(rows, 1));
	c->version = rows_int(rows, 2);
	c->made = (struct record_ref){ .id = rows_int(rows, 3), .entity = rows_int(rows, 4), .version = 1 };
	c->created = c->made.id != 0;
	*ret_replayed = true;
	return OK;
}

enum code idempotency_keep(struct call *c, struct error *e)
{
	uint8_t digest[SHA256_SIZE];
	if (!request_digest(c, digest))
		return error_nomem(e);
	return sql_exec(c->record.conn, SQL_IDEMPOTENCY_ADD,
			SQL_PARAMS(SQL_I(c->principal.account), SQL_T(c->idempotency_key), SQL_B(digest, sizeof digest),
				   SQL_T(buf_str(&c->out)), SQL_I(c->version), SQL_I(c->created ? c->made.id : 0),
				   SQL_I(c->made.entity), SQL_I(c->record.now)), NULL, e);
}

enum code idempotency_forget(struct conn *c, int64_t older_than, struct error *e)
{
	return sql_exec(c, SQL_IDEMPOTENCY_FORGET, SQL_PARAMS(SQL_I(older_than)), NULL, e);
}

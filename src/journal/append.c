/* Appending: one row in the caller's transaction, with a salted commitment to it.
 * Neighbours: integrate.c puts what was appended into the tree; verify.c recomputes the commitment. */
#include "internal.h"
#include "journal.sql.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

size_t journal_leaf_text(int64_t time, const uint8_t commitment[SHA256_SIZE], char out[128])
{
	int len = snprintf(out, 128, "mandate-entry/v1 %" PRId64 " ", time);
	return (size_t)len + hex_encode(commitment, SHA256_SIZE, out + len);
}

static bool operation_valid(struct str operation)
{
	for (size_t i = 0; i < operation.len; i++)
		if ((unsigned char)operation.data[i] <= ' ' || operation.data[i] == 0x7f)
			return false;
	return operation.len > 0;
}

bool entry_commitment(const struct journal_entry *entry, struct str salt, uint8_t out[SHA256_SIZE])
{
	char numbers[72]; /* three numbers of at most 20 characters, three spaces */
	if (!operation_valid(entry->operation))
		return false;
	int len = snprintf(numbers, sizeof numbers, "%" PRId64 " %" PRId64 " %" PRId64 " ", entry->id, entry->actor,
			   entry->entity);
	const struct str pieces[] = { salt, { numbers, (size_t)len }, entry->operation, STR("\n"), entry->payload };
	sha256_pieces(pieces, sizeof pieces / sizeof *pieces, out);
	return true;
}

/* Column order: id, leaf, time, actor, entity, operation, payload. */
void entry_from_row(const struct rows *r, struct journal_entry *ret)
{
	*ret = (struct journal_entry){ .id = rows_int(r, 0),
				       .leaf = rows_null(r, 1) ? -1 : rows_int(r, 1),
				       .time = rows_int(r, 2),
				       .actor = rows_int(r, 3),
				       .entity = rows_int(r, 4),
				       .operation = rows_text(r, 5),
				       .payload = rows_text(r, 6) };
}

/* The salt, and on a single-writer store the next leaf. The lock is held for both: one journal may serve
 * several writers on PostgreSQL, where only the salts are shared. */
static enum code append_place(struct journal *j, struct conn *c, uint8_t salt[SALT_SIZE], int64_t *ret_leaf, struct error *e)
{
	enum code code = OK;
	pthread_mutex_lock(&j->append_lock);
	if (j->salts_left == 0) {
		random_fill(j->options.random, j->salts, sizeof j->salts);
		j->salts_left = SALT_POOL;
	}
	memcpy(salt, j->salts + --j->salts_left * SALT_SIZE, SALT_SIZE);
	if (j->single_writer && j->next_leaf < 0) {
		bool found;
		code = sql_int(c, SQL_ENTRY_NEXT_LEAF, SQL_NO_PARAMS, &j->next_leaf, &found, e);
		if (code != OK)
			j->next_leaf = -1;
	}
	*ret_leaf = j->single_writer ? j->next_leaf++ : -1;
	pthread_mutex_unlock(&j->append_lock);
	return code;
}

enum code journal_append(struct journal *j, struct conn *c, const struct journal_entry *entry, struct error *e)
{
	uint8_t salt[SALT_SIZE], commitment[SHA256_SIZE];
	int64_t leaf, sequence;
	TRY(append_place(j, c, salt, &leaf, e));
	struct sql_value leaf_value = SQL_I(leaf), sequence_value = SQL_N;
	if (!j->single_writer) {
		TRY(conn_number(c, SEQUENCE_NAME, 1, &sequence, e));
		leaf_value = SQL_N;
		sequence_value = SQL_I(sequence);
	}
	if (!entry_commitment(entry, (struct str){ (const char *)salt, SALT_SIZE }, commitment)) {
		journal_rolled_back(j);
		return error_fail(e, E_INTERNAL, N_("\"{operation}\" cannot be the name of an operation"),
				  { "operation", entry->operation });
	}
	enum code code = sql_exec(c, SQL_ENTRY_ADD,
				  SQL_PARAMS(SQL_I(entry->id), leaf_value, sequence_value, SQL_I(entry->time), SQL_I(entry->actor),
					     SQL_I(entry->entity), SQL_T(entry->operation), SQL_B(salt, sizeof salt),
					     SQL_B(commitment, sizeof commitment), SQL_T(entry->payload)),
				  NULL, e);
	if (code != OK)
		journal_rolled_back(j);
	return code;
}

void journal_rolled_back(struct journal *j)
{
	pthread_mutex_lock(&j->append_lock);
	j->next_leaf = -1;
	pthread_mutex_unlock(&j->append_lock);
}

/* What the two files of the PostgreSQL backend share. */
#pragma once
#include "../internal.h"
#include <libpq-fe.h>

#define SEQUENCES_KNOWN 64

struct pg_store {
	char *url;
	uint64_t name; /* of this process among those that announce */
	pthread_t listener;
	bool listening;
	_Atomic bool stop;
};

struct pg_statement { /* prepared on the server under the name s<number> */
	char *text;
	const char *address; /* of a literal */
	size_t len;
	uint64_t hash, used;
	unsigned number;
};

struct pg_conn {
	struct conn conn;
	PGconn *pg;
	int64_t deadline;
	bool stale;   /* prepared plans are older than the schema */
	bool gone; /* the server said that it ends the connection; libpq notices only when it reads on */
	uint64_t sessions, leased; /* connected so often; and that was when the last lease was asked for */
	int64_t limit; /* statement_timeout as the server has it, milliseconds; 0: none */
	struct pg_statement *statements;
	size_t count;
	uint64_t ticks;
	unsigned numbers;
	int64_t written; /* rows, and faults, which must be undone like them */
	uint64_t sequences[SEQUENCES_KNOWN]; /* hashes of the names of those that exist */
	size_t sequence_count;
};

struct pg_rows {
	struct rows rows;
	PGresult *result;
	int row;
	struct str *bytea; /* unescaped cells of the current row, by column */
	int columns;
};

enum code pg_fault(struct pg_conn *c, const PGresult *r, struct error *e);
/* result.c */
enum code pg_next(struct rows *r, bool *ret_row, struct error *e);
void pg_rows_close(struct rows *r);
size_t pg_columns(const struct rows *r);
struct str pg_column_name(const struct rows *r, size_t column);
struct sql_value pg_value(const struct rows *r, size_t column);

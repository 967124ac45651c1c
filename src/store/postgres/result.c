/* Reading PostgreSQL's results, in binary: int8, float8, text and bytea come as they are on the wire.
 * Neighbour: postgres.c runs statements. */
#include "postgres.h"
#include <string.h>

enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_FLOAT4 = 700, OID_FLOAT8 = 701, OID_NUMERIC = 1700 };

enum code pg_next(struct rows *rows, bool *ret_row, struct error *e)
{
	struct pg_rows *r = (struct pg_rows *)rows;
	*ret_row = ++r->row < PQntuples(r->result);
	return OK;
}

void pg_rows_close(struct rows *rows)
{
	struct pg_rows *r = (struct pg_rows *)rows;
	PQclear(r->result);
	mem_free(r);
}

size_t pg_columns(const struct rows *rows)
{
	return (size_t)PQnfields(((const struct pg_rows *)rows)->result);
}

struct str pg_column_name(const struct rows *rows, size_t column)
{
	return str_of(PQfname(((const struct pg_rows *)rows)->result, (int)column));
}

static uint64_t big_endian(const char *data, int len)
{
	uint64_t n = 0;
	for (int i = 0; i < len; i++)
		n = n << 8 | (unsigned char)data[i];
	return n;
}

/* numeric, as sum() of bigints gives it: groups of four decimal digits (binary form of numeric_send). */
static int64_t whole_numeric(const char *data)
{
	int groups = (int)big_endian(data, 2), weight = (int16_t)big_endian(data + 2, 2);
	bool negative = big_endian(data + 4, 2) == 0x4000;
	int64_t n = 0;
	for (int i = 0; i <= weight; i++) {
		int64_t group = i < groups ? (int64_t)big_endian(data + 8 + 2 * i, 2) : 0;
		if (__builtin_mul_overflow(n, 10000, &n) || __builtin_add_overflow(n, group, &n))
			return negative ? INT64_MIN : INT64_MAX;
	}
	return negative ? -n : n;
}

struct sql_value pg_value(const struct rows *rows, size_t column)
{
	const struct pg_rows *r = (const struct pg_rows *)rows;
	int i = (int)column;
	if (PQgetisnull(r->result, r->row, i))
		return SQL_N;
	const char *data = PQgetvalue(r->result, r->row, i);
	int len = PQgetlength(r->result, r->row, i);
	union {
		uint64_t bits;
		double real;
	} wide;
	union {
		uint32_t bits;
		float real;
	} narrow;
	switch (PQftype(r->result, i)) {
	case OID_INT8:
		return SQL_I((int64_t)big_endian(data, 8));
	case OID_INT4:
		return SQL_I((int32_t)big_endian(data, 4));
	case OID_INT2:
		return SQL_I((int16_t)big_endian(data, 2));
	case OID_BOOL:
		return SQL_I(data[0] != 0);
	case OID_FLOAT8:
		wide.bits = big_endian(data, 8);
		return SQL_R(wide.real);
	case OID_FLOAT4:
		narrow.bits = (uint32_t)big_endian(data, 4);
		return SQL_R((double)narrow.real);
	case OID_NUMERIC:
		return SQL_I(whole_numeric(data));
	case OID_BYTEA:
		return SQL_B(data, (size_t)len);
	default:
		return SQL_T(((struct str){ data, (size_t)len }));
	}
}

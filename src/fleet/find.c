/* Looking for the device by evidence. Neighbours: find.h is the contract, identity.c judges values. */
#include "find.h"
#include "find.sql.h"
#include "identity.h"

enum { COLUMN_ID, COLUMN_SERIAL, COLUMN_MAKER, COLUMN_UUID };

/* How much a row that matches one sign may say otherwise by another. */
enum strictness { ANY_SERIAL, SAME_MAKER, NOTHING_AGAINST };

static bool serial_against(const struct evidence *v, struct str serial)
{
	return v->serial.len && identity_serial_good(serial) && !str_eq_nocase(v->serial, serial);
}

static bool uuid_against(const struct evidence *v, struct str uuid)
{
	char swapped[37];
	if (!v->uuid.len || !identity_uuid_good(uuid) || str_eq(v->uuid, uuid))
		return false;
	identity_uuid_swapped(v->uuid, swapped);
	return !str_is(uuid, swapped);
}

static bool fits(const struct evidence *v, const struct rows *rows, enum strictness strictness)
{
	switch (strictness) {
	case ANY_SERIAL:
		return true;
	case SAME_MAKER:
		return identity_maker_same(v->maker, rows_text(rows, COLUMN_MAKER)) && !uuid_against(v, rows_text(rows, COLUMN_UUID));
	case NOTHING_AGAINST:
		return !serial_against(v, rows_text(rows, COLUMN_SERIAL)) && !uuid_against(v, rows_text(rows, COLUMN_UUID));
	}
	return false;
}

/* The one row that fits; *ret stays 0 when several do. */
static enum code find_one(struct conn *c, const char *sql, const struct sql_value *params, size_t count, const struct evidence *v,
			  enum strictness strictness, int64_t *ret, struct error *e)
{
	CLEAN_ROWS struct rows *rows = NULL;
	size_t found = 0;
	bool row;
	TRY(sql_query(c, sql, params, count, &rows, e));
	TRY(rows_next(rows, &row, e));
	while (row) {
		if (fits(v, rows, strictness) && found++ == 0)
			*ret = rows_int(rows, COLUMN_ID);
		TRY(rows_next(rows, &row, e));
	}
	if (found > 1)
		*ret = 0;
	return OK;
}

static enum code find_uuid(struct conn *c, const struct evidence *v, int64_t *ret, struct error *e)
{
	char swapped[37];
	TRY(find_one(c, SQL_BY_UUID, SQL_PARAMS(SQL_T(v->uuid)), v, ANY_SERIAL, ret, e));
	if (*ret)
		return OK;
	identity_uuid_swapped(v->uuid, swapped);
	return find_one(c, SQL_BY_UUID, SQL_PARAMS(SQL_T(str_of(swapped))), v, NOTHING_AGAINST, ret, e);
}

static enum code find_macs(struct conn *c, const struct evidence *v, int64_t *ret, struct error *e)
{
	for (size_t i = 0; i < v->mac_count && !*ret; i++)
		TRY(find_one(c, SQL_BY_MAC, SQL_PARAMS(SQL_T(v->macs[i])), v, NOTHING_AGAINST, ret, e));
	return OK;
}

enum code device_find(struct conn *c, const struct evidence *v, int64_t *ret, struct error *e)
{
	*ret = 0;
	if (v->uuid.len)
		TRY(find_uuid(c, v, ret, e));
	if (!*ret && v->serial.len)
		TRY(find_one(c, SQL_BY_SERIAL, SQL_PARAMS(SQL_T(v->serial)), v, SAME_MAKER, ret, e));
	if (!*ret && v->source_id.len)
		TRY(find_one(c, SQL_BY_SOURCE, SQL_PARAMS(SQL_T(v->source), SQL_T(v->source_id)), v, NOTHING_AGAINST, ret, e));
	return *ret ? OK : find_macs(c, v, ret, e);
}

enum code device_find_mac(struct conn *c, struct str mac, int64_t *ret, struct error *e)
{
	const struct evidence nothing = { 0 };
	*ret = 0;
	return find_one(c, SQL_BY_MAC, SQL_PARAMS(SQL_T(mac)), &nothing, ANY_SERIAL, ret, e);
}

enum code device_find_ip(struct conn *c, struct str ip, int64_t *ret, struct error *e)
{
	const struct evidence nothing = { 0 };
	*ret = 0;
	return find_one(c, SQL_BY_IP, SQL_PARAMS(SQL_T(ip)), &nothing, ANY_SERIAL, ret, e);
}

/* Sightings: a row a device and source. Neighbours: report.c writes them, find.c and completeness.c read them. */
#include "intake.h"
#include "sighting.sql.h"

const struct table_def sighting_table = {
	.name = "inventory_sighting",
	.columns = (const struct column_def[]){ { "device", COLUMN_INT, true, NULL }, { "source", COLUMN_TEXT, true, NULL },
						{ "source_id", COLUMN_TEXT, false, NULL }, { "first_seen", COLUMN_INT, true, NULL },
						{ "last_seen", COLUMN_INT, true, NULL }, { 0 } },
	.primary_key = "device, source",
	.indexes = (const struct index_def[]){ { "inventory_sighting_source", "source, source_id", false, "source_id IS NOT NULL" }, { 0 } },
	.without_rowid = true,
};

enum code sighting_put(struct record_context *x, int64_t device, struct str source, struct str source_id, struct error *e)
{
	return sql_exec(x->conn, SQL_SIGHTING_PUT,
			SQL_PARAMS(SQL_I(device), SQL_T(source), source_id.len ? SQL_T(source_id) : SQL_N, SQL_I(x->now)), NULL, e);
}

/* Values: one typed cell of a record, or one argument of an operation. The same table (struct field)
 * decodes, validates, encodes and documents both. Neighbours: record/ maps values to SQL columns. */
#pragma once
#include "base/json.h"
#include "base/json_write.h"
#include "model/model.h"

struct value {
	bool set;  /* given at all (a patch leaves others alone) */
	bool null;
	union {
		int64_t integer; /* INT, DECIMAL (scaled), DATE, TIME, BOOL, REF, ID */
		struct str text; /* TEXT, CHOICE; GEO, FILE, JSON, LOCAL as compact JSON */
		struct {
			int64_t minor;
			char currency[4]; /* NUL-terminated */
		} money;
		struct {
			const int64_t *ids;
			size_t count;
		} refs;
		const struct json *json; /* OBJECT, LIST in operations: validated against field.fields */
	};
};

/* Decodes and validates against the field; on a fault adds an error item at `pointer` and answers
 * E_INVALID. Texts are copied into the arena, trimmed, NFC is the caller's affair; control characters refused. */
enum code value_from_json(const struct field *f, const struct json *j, struct str pointer,
			  struct arena *arena, struct value *ret, struct error *e);
/* The same from text, as it comes in query strings, CSV cells and on the command line. Money is "1000 USD"
 * or "1000" (then `currency`); refs are comma-separated ids. */
enum code value_from_text(const struct field *f, struct str text, struct str pointer, struct str currency,
			  struct arena *arena, struct value *ret, struct error *e);
void value_to_json(const struct field *f, const struct value *v, struct json_writer *w);
/* For tables and CSV; locale-free. */
struct str value_to_text(const struct field *f, const struct value *v, struct arena *arena);
bool value_equal(const struct field *f, const struct value *a, const struct value *b);
/* The field's default, or an unset value. `now` resolves "today" and "now". */
enum code value_default(const struct field *f, int64_t now, struct arena *arena, struct value *ret, struct error *e);

/* Decodes a whole object: values[i] for fields[i]. Unknown names are faults. `partial`: required fields
 * may be absent (merge patch), defaults are not filled. All faults are collected before E_INVALID. */
enum code values_from_json(const struct field *fields, const struct json *object, bool partial, int64_t now,
			   struct arena *arena, struct value *ret_values, struct error *e);
size_t fields_count(const struct field *fields);

/* JSON Schema (2020-12) of one field and of a whole object, as OpenAPI 3.1 wants it. */
void field_schema(const struct field *f, const struct catalog *c, enum lang lang, struct json_writer *w);
void fields_schema(const struct field *fields, bool partial, const struct catalog *c, enum lang lang,
		   struct json_writer *w);

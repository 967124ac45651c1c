/* Values from JSON: one decoder per field type, whole objects with every fault at once, defaults. Pointers into the
 * input are only spelt out when something is wrong. Neighbours: value_text.c for queries and CSV, value_shapes.c for
 * types that are JSON themselves. */
#include "base/buf.h"
#include "base/decimal.h"
#include "base/id.h"
#include "base/utf8.h"
#include "internal.h"
#include "value_internal.h"
#include <stdlib.h>
#include <string.h>

/* --- faults --------------------------------------------------------------------------------------- */

static void pointer_write(const struct place *at, struct buf *b)
{
	if (at->up)
		pointer_write(at->up, b);
	buf_add_str(b, at->pointer);
	if (!at->up)
		return;
	buf_add_char(b, '/');
	if (!at->name.data) {
		buf_add_int(b, (int64_t)at->index);
		return;
	}
	for (size_t i = 0; i < at->name.len; i++) {
		if (at->name.data[i] == '~')
			buf_add_text(b, "~0");
		else if (at->name.data[i] == '/')
			buf_add_text(b, "~1");
		else
			buf_add_char(b, at->name.data[i]);
	}
}

enum code value_fault_(struct decoder *d, const struct place *at, const char *msgid, const struct error_arg *args)
{
	CLEAN_BUF struct buf b;
	buf_init(&b, 65536);
	pointer_write(at, &b);
	struct str pointer = arena_copy(d->arena, buf_str(&b));
	if (!pointer.data)
		return error_nomem(d->e);
	return error_field_(d->e, pointer, msgid, args);
}

enum code fault_member(struct decoder *d, const struct place *at, struct str name)
{
	struct place here = { .up = at, .name = name };
	return value_fault(d, &here, N_("is not known here"));
}

/* --- shared by JSON and text ------------------------------------------------------------------------ */

enum code range_check(struct decoder *d, const struct field *f, int64_t n, const struct place *at)
{
	char text[32];
	int scale = f->type == FIELD_DECIMAL ? f->scale : 0;
	if (!f->min && !f->max)
		return OK;
	if (n < f->min) {
		size_t len = decimal_format(f->min, scale, text);
		return value_fault(d, at, N_("must be at least {min}"), { "min", { text, len } });
	}
	if (n > f->max) {
		size_t len = decimal_format(f->max, scale, text);
		return value_fault(d, at, N_("must be at most {max}"), { "max", { text, len } });
	}
	return OK;
}

static enum code pattern_apply(struct decoder *d, const struct field *f, struct str s, const struct place *at,
			       struct value *ret)
{
	const struct pattern *p = pattern_find(f->pattern);
	if (!p || !p->fits(s))
		return value_fault(d, at, p ? p->msgid : N_("is not accepted here"));
	if (!p->normal) {
		ret->text = arena_copy(d->arena, s);
		return ret->text.data ? OK : error_nomem(d->e);
	}
	char *text = arena_alloc(d->arena, s.len + 9);
	if (!text)
		return error_nomem(d->e);
	ret->text = (struct str){ text, p->normal(s, text) };
	return OK;
}

enum code text_decode(struct decoder *d, const struct field *f, struct str s, const struct place *at, struct value *ret)
{
	size_t most = f->max > 0 ? (size_t)f->max : TEXT_MAX_DEFAULT;
	if (s.len > most) {
		struct str max = arena_format(d->arena, "%zu", most);
		if (!max.data)
			return error_nomem(d->e);
		return value_fault(d, at, N_("must be at most {max} bytes long"), { "max", max });
	}
	if (utf8_has_controls(s))
		return value_fault(d, at, N_("must not hold control characters"));
	if (!(f->flags & FIELD_MULTILINE) && (memchr(s.data, '\n', s.len) || memchr(s.data, '\r', s.len)))
		return value_fault(d, at, N_("must be a single line"));
	if (f->pattern)
		return pattern_apply(d, f, s, at, ret);
	ret->text = arena_copy(d->arena, s);
	return ret->text.data ? OK : error_nomem(d->e);
}

enum code choice_decode(struct decoder *d, const struct field *f, struct str s, const struct place *at, struct value *ret)
{
	for (const struct choice *c = f->choices; c && c->name; c++) {
		if (str_is(s, c->name)) {
			ret->text = (struct str){ c->name, s.len };
			return OK;
		}
	}
	CLEAN_BUF struct buf known;
	buf_init(&known, 2000);
	for (const struct choice *c = f->choices; c && c->name; c++)
		buf_format(&known, "%s%s", c == f->choices ? "" : ", ", c->name);
	return value_fault(d, at, N_("must be one of {choices}"), { "choices", buf_str(&known) });
}

enum code id_decode(struct decoder *d, struct str s, const struct place *at, int64_t *ret)
{
	if (id_parse(s, ret) && *ret > 0)
		return OK;
	return value_fault(d, at, N_("must be the id of a record"));
}

static int id_order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

enum code refs_check(struct decoder *d, const int64_t *ids, size_t count, const struct place *at)
{
	if (count < 2)
		return OK;
	int64_t *sorted = ARENA_ARRAY(d->arena, count, int64_t);
	if (!sorted)
		return error_nomem(d->e);
	memcpy(sorted, ids, count * sizeof *ids);
	qsort(sorted, count, sizeof *sorted, id_order);
	for (size_t i = 1; i < count; i++)
		if (sorted[i] == sorted[i - 1])
			return value_fault(d, at, N_("must not name a record twice"));
	return OK;
}

enum code money_decode(struct decoder *d, const struct field *f, struct str amount, struct str currency,
		       const struct place *at, struct value *ret)
{
	int digits = currency.len == 3 ? currency_digits(currency) : -1;
	if (digits < 0)
		return value_fault(d, at, N_("needs the code of a currency, such as USD (ISO 4217)"));
	if (!decimal_parse(amount, digits, &ret->money.minor))
		return value_fault(d, at, N_("must be an amount with no more decimals than its currency has"));
	if ((f->min || f->max) && ret->money.minor < f->min)
		return value_fault(d, at, N_("must not be negative"));
	memcpy(ret->money.currency, currency.data, 3);
	ret->money.currency[3] = 0;
	return OK;
}

/* --- one value from JSON ---------------------------------------------------------------------------- */

static enum code decode_text_like(struct decoder *d, const struct field *f, const struct json *j,
				  const struct place *at, struct value *ret)
{
	if (j->type != JSON_TEXT)
		return value_fault(d, at, N_("must be a text"));
	struct str s = str_trim(j->text);
	switch (f->type) {
	case FIELD_CHOICE:
		return choice_decode(d, f, s, at, ret);
	case FIELD_DATE:
		return date_parse(s, &ret->integer) ? OK : value_fault(d, at, N_("must be a date, such as 2026-11-23"));
	case FIELD_TIME:
		return time_parse(s, &ret->integer) ? OK
						     : value_fault(d, at, N_("must be a time, such as 2026-11-23T06:04:05Z"));
	default:
		return text_decode(d, f, s, at, ret);
	}
}

static enum code decode_int(struct decoder *d, const struct field *f, const struct json *j, const struct place *at,
			    struct value *ret)
{
	if (j->type != JSON_INT)
		return value_fault(d, at, N_("must be a whole number"));
	ret->integer = j->integer;
	return range_check(d, f, j->integer, at);
}

static enum code decode_decimal(struct decoder *d, const struct field *f, const struct json *j,
				const struct place *at, struct value *ret)
{
	static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
	char text[32];
	bool good = false;
	if (j->type == JSON_INT)
		good = decimal_parse((struct str){ text, decimal_format(j->integer, 0, text) }, f->scale, &ret->integer);
	else if (j->type == JSON_REAL)
		good = decimal_from_real(j->real, f->scale, &ret->integer);
	else if (j->type == JSON_TEXT)
		good = decimal_parse(str_trim(j->text), f->scale, &ret->integer);
	if (!good)
		return value_fault(d, at, N_("must be a number with at most {scale} decimals"),
				   { "scale", str_of(digits[f->scale]) });
	return range_check(d, f, ret->integer, at);
}

/* {"amount": "12.50", "currency": "USD"}; a number's shortest decimal form is what was meant. */
static enum code decode_money(struct decoder *d, const struct field *f, const struct json *j, const struct place *at,
			      struct value *ret)
{
	char text[32];
	int64_t scaled;
	if (j->type != JSON_OBJECT)
		return value_fault(d, at, N_("must be an amount and a currency: {\"amount\": \"12.50\", \"currency\": \"USD\"}"));
	for (size_t i = 0; i < j->object.count; i++) {
		struct str name = j->object.members[i].name;
		if (!str_is(name, "amount") && !str_is(name, "currency"))
			return fault_member(d, at, name);
	}
	const struct json *amount = json_get(j, STR("amount"));
	struct str currency = json_text(j, STR("currency"));
	int digits = currency.len == 3 ? currency_digits(currency) : -1;
	if (amount && amount->type == JSON_TEXT)
		return money_decode(d, f, str_trim(amount->text), currency, at, ret);
	if (amount && amount->type == JSON_INT)
		return money_decode(d, f, (struct str){ text, decimal_format(amount->integer, 0, text) }, currency, at, ret);
	if (!amount || amount->type != JSON_REAL || (digits >= 0 && !decimal_from_real(amount->real, digits, &scaled)))
		return value_fault(d, at, N_("must be an amount with no more decimals than its currency has"));
	size_t len = digits >= 0 ? decimal_format(scaled, digits, text) : 0;
	return money_decode(d, f, (struct str){ text, len }, currency, at, ret);
}

/* "123", or an object as expanded references are read: {"id": "123", …}. */
static enum code decode_id(struct decoder *d, const struct json *j, const struct place *at, int64_t *ret)
{
	const struct json *id = j->type == JSON_OBJECT ? json_get(j, STR("id")) : j;
	if (!id || id->type != JSON_TEXT)
		return value_fault(d, at, N_("must be the id of a record, written as text: \"123\""));
	return id_decode(d, id->text, at, ret);
}

static enum code decode_refs(struct decoder *d, const struct field *f, const struct json *j, const struct place *at,
			     struct value *ret)
{
	if (j->type != JSON_LIST)
		return value_fault(d, at, N_("must be a list of ids"));
	if (j->list.count == 0 && (f->flags & FIELD_REQUIRED))
		return value_fault(d, at, N_("is required"));
	if (j->list.count > REFS_MOST)
		return value_fault(d, at, N_("must name at most 1,000 records"));
	int64_t *ids = ARENA_ARRAY(d->arena, j->list.count + 1, int64_t);
	if (!ids)
		return error_nomem(d->e);
	enum code worst = OK;
	for (size_t i = 0; i < j->list.count; i++) {
		struct place item = { .up = at, .index = i };
		enum code code = decode_id(d, &j->list.items[i], &item, &ids[i]);
		if (code == E_NOMEM)
			return code;
		worst = code != OK ? code : worst;
	}
	ret->refs.ids = ids;
	ret->refs.count = j->list.count;
	return worst != OK ? worst : refs_check(d, ids, j->list.count, at);
}

static const struct field *field_named(const struct field *fields, struct str name)
{
	for (const struct field *f = fields; f->name; f++)
		if (str_is(name, f->name))
			return f;
	return NULL;
}

/* Operations' nested inputs stay JSON; here they are only held against their table. */
static enum code decode_object(struct decoder *d, const struct field *f, const struct json *j, const struct place *at,
			       struct value *ret)
{
	enum code worst = OK, code;
	if (j->type != JSON_OBJECT)
		return value_fault(d, at, N_("must be an object"));
	ret->json = j;
	for (size_t i = 0; f->fields && i < j->object.count; i++) {
		const struct json_member *m = &j->object.members[i];
		const struct field *inner = field_named(f->fields, m->name);
		struct place here = { .up = at, .name = m->name };
		struct value v = { 0 };
		code = !inner ? fault_member(d, at, m->name)
		       : inner->type == FIELD_JSON && m->value.type != JSON_NULL ? OK
										 : value_decode(d, inner, &m->value, &here, &v);
		if (code == E_NOMEM)
			return code;
		worst = code != OK ? code : worst;
	}
	for (const struct field *inner = f->fields; inner && inner->name; inner++) {
		struct place here = { .up = at, .name = str_of(inner->name) };
		if (!(inner->flags & FIELD_REQUIRED) || json_get(j, str_of(inner->name)))
			continue;
		if (value_fault(d, &here, N_("is required")) == E_NOMEM)
			return E_NOMEM;
		worst = E_INVALID;
	}
	return worst;
}

static enum code decode_list(struct decoder *d, const struct field *f, const struct json *j, const struct place *at,
			     struct value *ret)
{
	enum code worst = OK;
	if (j->type != JSON_LIST)
		return value_fault(d, at, N_("must be a list"));
	ret->json = j;
	for (size_t i = 0; f->fields && i < j->list.count; i++) {
		struct place item = { .up = at, .index = i };
		struct value v = { 0 };
		if (f->fields[0].type == FIELD_JSON)
			continue;
		enum code code = value_decode(d, &f->fields[0], &j->list.items[i], &item, &v);
		if (code == E_NOMEM)
			return code;
		worst = code != OK ? code : worst;
	}
	return worst;
}

static bool is_nothing(const struct field *f, const struct json *j)
{
	if (j->type == JSON_NULL)
		return true;
	return j->type == JSON_TEXT && f->type != FIELD_JSON && str_empty(str_trim(j->text)); /* what an empty form sends */
}

enum code value_decode(struct decoder *d, const struct field *f, const struct json *j, const struct place *at,
		       struct value *ret)
{
	ret->set = true;
	ret->null = is_nothing(f, j);
	if (ret->null)
		return f->flags & FIELD_REQUIRED ? value_fault(d, at, N_("is required")) : OK;
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_CHOICE:
	case FIELD_DATE:
	case FIELD_TIME:
		return decode_text_like(d, f, j, at, ret);
	case FIELD_INT:
		return decode_int(d, f, j, at, ret);
	case FIELD_DECIMAL:
		return decode_decimal(d, f, j, at, ret);
	case FIELD_MONEY:
		return decode_money(d, f, j, at, ret);
	case FIELD_BOOL:
		ret->integer = j->type == JSON_BOOL && j->boolean;
		return j->type == JSON_BOOL ? OK : value_fault(d, at, N_("must be true or false"));
	case FIELD_REF:
	case FIELD_ID:
		return decode_id(d, j, at, &ret->integer);
	case FIELD_REFS:
		return decode_refs(d, f, j, at, ret);
	case FIELD_GEO:
		return geo_decode(d, j, at, ret);
	case FIELD_FILE:
		return file_decode(d, j, at, ret);
	case FIELD_JSON:
		return json_decode(d, f, j, at, ret);
	case FIELD_LOCAL:
		return local_decode(d, f, j, at, ret);
	case FIELD_OBJECT:
		return decode_object(d, f, j, at, ret);
	case FIELD_LIST:
		return decode_list(d, f, j, at, ret);
	}
	return value_fault(d, at, N_("is not accepted here"));
}

enum code value_from_json(const struct field *f, const struct json *j, struct str pointer, struct arena *arena,
			  struct value *ret, struct error *e)
{
	struct decoder d = { arena, e };
	struct place at = { .pointer = pointer };
	struct value v = { 0 };
	TRY(value_decode(&d, f, j, &at, &v));
	*ret = v;
	return OK;
}

/* --- whole objects ---------------------------------------------------------------------------------- */

enum code value_default(const struct field *f, int64_t now, struct arena *arena, struct value *ret, struct error *e)
{
	struct value v = { 0 };
	if (f->otherwise && f->type == FIELD_DATE && strcmp(f->otherwise, "today") == 0)
		v = (struct value){ .set = true, .integer = date_of_time(now) };
	else if (f->otherwise && f->type == FIELD_TIME && strcmp(f->otherwise, "now") == 0)
		v = (struct value){ .set = true, .integer = now };
	else if (f->otherwise)
		TRY(value_from_text(f, str_of(f->otherwise), str_of(f->name), STR_NONE, arena, &v, e));
	*ret = v;
	return OK;
}

size_t fields_count(const struct field *fields)
{
	size_t n = 0;
	while (fields && fields[n].name)
		n++;
	return n;
}

/* Members usually come in the order of the fields, so the search goes on from the last hit. */
static size_t field_index(const struct field *fields, size_t count, struct str name, size_t from)
{
	for (size_t n = 0, i = from; n < count; n++, i++) {
		if (i >= count)
			i = 0;
		const char *known = fields[i].name;
		if (name.len && known[0] == name.data[0] && strncmp(known, name.data, name.len) == 0 && !known[name.len])
			return i;
	}
	return count;
}

static enum code missing(struct decoder *d, const struct field *fields, size_t count, int64_t now,
			 const struct place *root, struct value *values)
{
	enum code worst = OK;
	for (size_t i = 0; i < count; i++) {
		if (values[i].set)
			continue;
		if (fields[i].otherwise)
			TRY(value_default(&fields[i], now, d->arena, &values[i], d->e));
		if (values[i].set || !(fields[i].flags & FIELD_REQUIRED) || (fields[i].flags & FIELD_READ_ONLY))
			continue;
		struct place here = { .up = root, .name = str_of(fields[i].name) };
		worst = value_fault(d, &here, N_("is required"));
		if (worst == E_NOMEM)
			return worst;
	}
	return worst;
}

enum code values_from_json(const struct field *fields, const struct json *object, bool partial, int64_t now,
			   struct arena *arena, struct value *ret_values, struct error *e)
{
	struct decoder d = { arena, e };
	const struct place root = { 0 };
	size_t count = fields_count(fields), next = 0;
	enum code worst = OK;
	memset(ret_values, 0, count * sizeof *ret_values);
	if (object->type != JSON_OBJECT)
		return value_fault(&d, &root, N_("must be an object"));
	for (size_t i = 0; i < object->object.count; i++) {
		const struct json_member *m = &object->object.members[i];
		struct place here = { .up = &root, .name = m->name };
		size_t at = field_index(fields, count, m->name, next);
		enum code code;
		if (at == count)
			code = fault_member(&d, &root, m->name);
		else if (fields[at].flags & FIELD_READ_ONLY)
			code = value_fault(&d, &here, N_("is set by the program, not by people"));
		else
			code = value_decode(&d, &fields[at], &m->value, &here, &ret_values[at]);
		if (code == E_NOMEM)
			return code;
		worst = code != OK ? code : worst;
		next = at == count ? next : at + 1;
		if (at < count)
			ret_values[at].set = true; /* given, even when wrong: then it is not missing too */
	}
	if (!partial) {
		enum code code = missing(&d, fields, count, now, &root, ret_values);
		worst = code != OK ? code : worst;
	}
	return worst;
}

/* Values from and to text: query strings, CSV cells, the command line. Locale-free; what value_to_text() writes,
 * value_from_text() reads. Neighbours: value_json.c shares the decoding. */
#include "base/buf.h"
#include "base/decimal.h"
#include "base/id.h"
#include "base/utf8.h"
#include "internal.h"
#include "value_internal.h"
#include <string.h>

static enum code bool_from_text(struct decoder *d, struct str s, const struct place *at, struct value *ret)
{
	static const struct {
		const char *word;
		bool means;
	} words[] = { { "true", true }, { "false", false }, { "yes", true }, { "no", false }, { "1", true }, { "0", false } };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (str_eq_nocase(s, str_of(words[i].word))) {
			ret->integer = words[i].means;
			return OK;
		}
	}
	return value_fault(d, at, N_("must be true or false"));
}

static enum code number_from_text(struct decoder *d, const struct field *f, struct str s, const struct place *at,
				  struct value *ret)
{
	static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
	if (f->type == FIELD_INT && !str_int(s, &ret->integer))
		return value_fault(d, at, N_("must be a whole number"));
	if (f->type == FIELD_DECIMAL && !decimal_parse(s, f->scale, &ret->integer))
		return value_fault(d, at, N_("must be a number with at most {scale} decimals"),
				   { "scale", str_of(digits[f->scale]) });
	return range_check(d, f, ret->integer, at);
}

/* "1000 USD", or "1000" in the organisation's currency */
static enum code money_from_text(struct decoder *d, const struct field *f, struct str s, struct str currency,
				 const struct place *at, struct value *ret)
{
	int64_t space = str_find(s, ' ');
	if (space < 0)
		return money_decode(d, f, s, currency, at, ret);
	return money_decode(d, f, str_slice(s, 0, (size_t)space), str_trim(str_slice(s, (size_t)space, s.len)), at, ret);
}

static enum code refs_from_text(struct decoder *d, struct str s, const struct place *at, struct value *ret)
{
	size_t count = 1, n = 0;
	for (size_t i = 0; i < s.len; i++)
		count += s.data[i] == ',';
	if (count > REFS_MOST)
		return value_fault(d, at, N_("must name at most 1,000 records"));
	int64_t *ids = ARENA_ARRAY(d->arena, count, int64_t);
	if (!ids)
		return error_nomem(d->e);
	struct str rest = s, part;
	while (str_cut(&rest, ',', &part))
		TRY(id_decode(d, str_trim(part), at, &ids[n++]));
	ret->refs.ids = ids;
	ret->refs.count = n;
	return refs_check(d, ids, n, at);
}

/* A translated text that does not look like JSON is taken as English. */
static enum code json_from_text(struct decoder *d, const struct field *f, struct str s, const struct place *at,
				struct value *ret)
{
	const struct json *j;
	struct json plain = { .type = JSON_TEXT, .text = s };
	struct json_member english = { STR("en"), plain };
	struct json local = { .type = JSON_OBJECT, .object = { &english, 1 } };
	if (f->type == FIELD_LOCAL && s.data[0] != '{')
		return value_decode(d, f, &local, at, ret);
	struct error probe;
	error_init(&probe, d->arena);
	enum code code = json_parse(d->arena, s, NULL, &j, &probe);
	if (code == E_NOMEM)
		return error_nomem(d->e);
	if (code != OK)
		return value_fault(d, at, N_("must be JSON"));
	return value_decode(d, f, j, at, ret);
}

static enum code value_parse(struct decoder *d, const struct field *f, struct str s, struct str currency,
			     const struct place *at, struct value *ret)
{
	switch (f->type) {
	case FIELD_TEXT:
		return text_decode(d, f, s, at, ret);
	case FIELD_INT:
	case FIELD_DECIMAL:
		return number_from_text(d, f, s, at, ret);
	case FIELD_MONEY:
		return money_from_text(d, f, s, currency, at, ret);
	case FIELD_DATE:
		return date_parse(s, &ret->integer) ? OK : value_fault(d, at, N_("must be a date, such as 2026-11-23"));
	case FIELD_TIME:
		return time_parse(s, &ret->integer) ? OK
						     : value_fault(d, at, N_("must be a time, such as 2026-11-23T06:04:05Z"));
	case FIELD_BOOL:
		return bool_from_text(d, s, at, ret);
	case FIELD_CHOICE:
		return choice_decode(d, f, s, at, ret);
	case FIELD_REF:
	case FIELD_ID:
		return id_decode(d, s, at, &ret->integer);
	case FIELD_REFS:
		return refs_from_text(d, s, at, ret);
	case FIELD_GEO:
	case FIELD_FILE:
	case FIELD_JSON:
	case FIELD_LOCAL:
	case FIELD_OBJECT:
	case FIELD_LIST:
		break;
	}
	return json_from_text(d, f, s, at, ret);
}

enum code value_from_text(const struct field *f, struct str text, struct str pointer, struct str currency,
			  struct arena *arena, struct value *ret, struct error *e)
{
	struct decoder d = { arena, e };
	struct place at = { .pointer = pointer };
	struct value v = { .set = true };
	if (!utf8_valid(text))
		return value_fault(&d, &at, N_("must be valid UTF-8"));
	struct str s = str_trim(text);
	v.null = str_empty(s);
	if (v.null && (f->flags & FIELD_REQUIRED))
		return value_fault(&d, &at, N_("is required"));
	if (!v.null)
		TRY(value_parse(&d, f, s, currency, &at, &v));
	*ret = v;
	return OK;
}

static struct str refs_to_text(const struct value *v, struct arena *arena)
{
	CLEAN_BUF struct buf b;
	buf_init(&b, 32 * REFS_MOST);
	for (size_t i = 0; i < v->refs.count; i++) {
		if (i)
			buf_add_char(&b, ',');
		buf_add_int(&b, v->refs.ids[i]);
	}
	return buf_ok(&b) ? arena_copy(arena, buf_str(&b)) : STR_NONE;
}

static struct str tree_to_text(const struct value *v, struct arena *arena)
{
	CLEAN_BUF struct buf b;
	struct json_writer w;
	buf_init(&b, 0);
	json_writer_init(&w, &b);
	json_put_tree(&w, v->json);
	return buf_ok(&b) ? arena_copy(arena, buf_str(&b)) : STR_NONE;
}

struct str value_to_text(const struct field *f, const struct value *v, struct arena *arena)
{
	char text[32];
	if (!v->set || v->null)
		return STR("");
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_CHOICE:
	case FIELD_GEO:
	case FIELD_FILE:
	case FIELD_JSON:
	case FIELD_LOCAL:
		return v->text;
	case FIELD_INT:
	case FIELD_REF:
	case FIELD_ID:
		return arena_format(arena, "%lld", (long long)v->integer);
	case FIELD_DECIMAL:
		return arena_copy(arena, (struct str){ text, decimal_format(v->integer, f->scale, text) });
	case FIELD_MONEY: {
		int digits = currency_digits(str_of(v->money.currency));
		size_t len = decimal_format(v->money.minor, digits < 0 ? 0 : digits, text);
		return arena_format(arena, "%.*s %s", (int)len, text, v->money.currency);
	}
	case FIELD_DATE:
		return arena_copy(arena, (struct str){ text, date_format(v->integer, text) });
	case FIELD_TIME:
		return arena_copy(arena, (struct str){ text, time_format(v->integer, text) });
	case FIELD_BOOL:
		return v->integer ? STR("true") : STR("false");
	case FIELD_REFS:
		return refs_to_text(v, arena);
	case FIELD_OBJECT:
	case FIELD_LIST:
		return tree_to_text(v, arena);
	}
	return STR("");
}

/* Values as JSON, and whether two are the same. Neighbours: value_json.c reads what is written here. */
#include "base/decimal.h"
#include "model/value.h"
#include <string.h>

static void money_to_json(const struct value *v, struct json_writer *w)
{
	char text[32];
	int digits = currency_digits(str_of(v->money.currency));
	size_t len = decimal_format(v->money.minor, digits < 0 ? 0 : digits, text);
	json_object(w);
	json_member_text(w, "amount", ((struct str){ text, len }));
	json_member_text(w, "currency", str_of(v->money.currency));
	json_object_end(w);
}

void value_to_json(const struct field *f, const struct value *v, struct json_writer *w)
{
	char text[32];
	if (!v->set || v->null) {
		json_put_null(w);
		return;
	}
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_CHOICE:
		json_put_text(w, v->text);
		break;
	case FIELD_INT:
		json_put_int(w, v->integer);
		break;
	case FIELD_DECIMAL: /* as text: a JSON number may lose digits on the way */
		json_put_text(w, (struct str){ text, decimal_format(v->integer, f->scale, text) });
		break;
	case FIELD_MONEY:
		money_to_json(v, w);
		break;
	case FIELD_DATE:
		json_put_text(w, (struct str){ text, date_format(v->integer, text) });
		break;
	case FIELD_TIME:
		json_put_text(w, (struct str){ text, time_format(v->integer, text) });
		break;
	case FIELD_BOOL:
		json_put_bool(w, v->integer != 0);
		break;
	case FIELD_REF:
	case FIELD_ID:
		json_put_id(w, v->integer);
		break;
	case FIELD_REFS:
		json_list(w);
		for (size_t i = 0; i < v->refs.count; i++)
			json_put_id(w, v->refs.ids[i]);
		json_list_end(w);
		break;
	case FIELD_GEO:
	case FIELD_FILE:
	case FIELD_JSON:
	case FIELD_LOCAL:
		json_put_raw(w, v->text);
		break;
	case FIELD_OBJECT:
	case FIELD_LIST:
		json_put_tree(w, v->json);
		break;
	}
}

/* An empty list of references is the same as none. */
static bool is_nothing(const struct field *f, const struct value *v)
{
	return !v->set || v->null || (f->type == FIELD_REFS && v->refs.count == 0);
}

bool value_equal(const struct field *f, const struct value *a, const struct value *b)
{
	bool a_null = is_nothing(f, a), b_null = is_nothing(f, b);
	if (a_null || b_null)
		return a_null == b_null;
	switch (f->type) {
	case FIELD_INT:
	case FIELD_DECIMAL:
	case FIELD_DATE:
	case FIELD_TIME:
	case FIELD_REF:
	case FIELD_ID:
		return a->integer == b->integer;
	case FIELD_BOOL:
		return !a->integer == !b->integer;
	case FIELD_MONEY:
		return a->money.minor == b->money.minor && memcmp(a->money.currency, b->money.currency, 3) == 0;
	case FIELD_REFS:
		return a->refs.count == b->refs.count &&
		       memcmp(a->refs.ids, b->refs.ids, a->refs.count * sizeof *a->refs.ids) == 0;
	case FIELD_OBJECT:
	case FIELD_LIST:
		return json_equal(a->json, b->json);
	case FIELD_TEXT:
	case FIELD_CHOICE:
	case FIELD_GEO:
	case FIELD_FILE:
	case FIELD_JSON:
	case FIELD_LOCAL:
		break;
	}
	return str_eq(a->text, b->text);
}

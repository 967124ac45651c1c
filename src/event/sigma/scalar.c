/* Scalars as YAML 1.1 means them: Sigma's reference tools read a plain 0x10 as 16 and a plain yes as true. Neighbours: item.c. */
#include "internal.h"
#include <inttypes.h>
#include <string.h>

static bool one_of(struct str s, const char *const *words)
{
	for (; *words; words++)
		if (str_is(s, *words))
			return true;
	return false;
}

static bool digits_of(struct str s, int base, uint64_t *ret)
{
	uint64_t n = 0;
	bool any = false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
		if (c == '_')
			continue;
		if (digit >= base || n > (UINT64_MAX - 15) / (unsigned)base)
			return false;
		n = n * (unsigned)base + (unsigned)digit;
		any = true;
	}
	*ret = n;
	return any;
}

/* "0b101", "0x1f", "017", "1_000": as decimal digits. Others stay as they are written. */
static enum code whole_number(struct sigma_rules *s, struct str text, struct str *ret, struct error *e)
{
	struct str rest = text;
	bool minus = rest.len && rest.data[0] == '-';
	uint64_t n;
	*ret = text;
	if (rest.len && (rest.data[0] == '-' || rest.data[0] == '+'))
		rest = str_slice(rest, 1, rest.len);
	int base = rest.len > 2 && rest.data[0] == '0' && rest.data[1] == 'x' ? 16 : rest.len > 2 && rest.data[0] == '0' && rest.data[1] == 'b' ? 2
		   : rest.len > 1 && rest.data[0] == '0'                                                                                     ? 8
																	     : 10;
	if (rest.len == 0 || rest.data[0] < '0' || rest.data[0] > '9' || !digits_of(base == 16 || base == 2 ? str_slice(rest, 2, rest.len) : rest, base, &n))
		return OK;
	*ret = arena_format(s->arena, "%s%" PRIu64, minus ? "-" : "", n);
	return ret->data ? OK : error_nomem(e);
}

/* "1.50" is the number 1.5. */
static enum code real_number(struct sigma_rules *s, struct str text, struct str *ret, struct error *e)
{
	struct decimal_text d;
	*ret = text;
	if (str_find(text, '.') < 0 || str_find(text, 'e') >= 0 || !decimal_text_parse(text, &d) || text.len > 15)
		return OK;
	size_t len = text.len;
	while (len && text.data[len - 1] == '0' && text.data[len - 2] != '.')
		len--;
	*ret = arena_copy(s->arena, str_slice(text, 0, len));
	return ret->data ? OK : error_nomem(e);
}

enum code scalar_read(struct sigma_rules *s, const struct yaml *y, enum scalar_type *ret_type, struct str *ret_text, struct error *e)
{
	static const char *const yes[] = { "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL };
	static const char *const no[] = { "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", NULL };
	*ret_type = SCALAR_TEXT;
	*ret_text = y->text;
	if (y->quoted)
		return OK;
	if (yaml_is_null(y) || str_is(y->text, "null") || str_is(y->text, "Null") || str_is(y->text, "NULL")) {
		*ret_type = SCALAR_NULL;
		return OK;
	}
	if (one_of(y->text, yes) || one_of(y->text, no)) {
		*ret_type = SCALAR_BOOL;
		*ret_text = one_of(y->text, yes) ? STR("true") : STR("false");
		return OK;
	}
	TRY(whole_number(s, y->text, ret_text, e));
	return real_number(s, *ret_text, ret_text, e);
}

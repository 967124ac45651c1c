/* One `field|modifiers: values` of a rule: each value becomes one or several tests by the modifiers, in the order they are
 * written. Neighbours: condition.c joins items, pattern.c and number.c hold what tests compare. */
#include "base/crypto.h"
#include "base/utf8.h"
#include "internal.h"
#include <string.h>

#define FORMS_MOST 3125 /* five dashes in five places */

enum modifier { M_ALL, M_STARTSWITH, M_ENDSWITH, M_CONTAINS, M_EXISTS, M_CASED, M_NEQ, M_WINDASH, M_RE, M_I, M_M, M_S, M_BASE64, M_BASE64OFFSET,
		M_UTF16LE, M_UTF16BE, M_UTF16, M_WIDE, M_LT, M_LTE, M_GT, M_GTE, M_CIDR, M_EXPAND, M_FIELDREF, M_MINUTE, M_HOUR, M_DAY, M_WEEK,
		M_MONTH, M_YEAR, MODIFIERS };
static const struct {
	const char *name;
	enum modifier modifier;
} modifiers[] = { { "all", M_ALL }, { "startswith", M_STARTSWITH }, { "endswith", M_ENDSWITH }, { "contains", M_CONTAINS }, { "exists", M_EXISTS },
		  { "cased", M_CASED }, { "neq", M_NEQ }, { "windash", M_WINDASH }, { "re", M_RE }, { "i", M_I }, { "ignorecase", M_I }, { "m", M_M },
		  { "multiline", M_M }, { "s", M_S }, { "dotall", M_S }, { "base64", M_BASE64 }, { "base64offset", M_BASE64OFFSET },
		  { "utf16le", M_UTF16LE }, { "utf16be", M_UTF16BE }, { "utf16", M_UTF16 }, { "wide", M_WIDE }, { "lt", M_LT }, { "lte", M_LTE },
		  { "gt", M_GT }, { "gte", M_GTE }, { "cidr", M_CIDR }, { "expand", M_EXPAND }, { "fieldref", M_FIELDREF }, { "minute", M_MINUTE },
		  { "hour", M_HOUR }, { "day", M_DAY }, { "week", M_WEEK }, { "month", M_MONTH }, { "year", M_YEAR } };

struct shaping { /* an item being read */
	struct reading *r;
	struct str field;
	enum modifier order[16];
	size_t count;
	uint64_t has; /* bits by modifier */
	const struct yaml *at;
};

static bool has(const struct shaping *s, enum modifier m)
{
	return s->has >> m & 1;
}

static enum code modifiers_read(struct shaping *s, struct str key)
{
	struct str rest = key, word;
	s->field = str_take(&rest, '|');
	while (str_cut(&rest, '|', &word)) {
		size_t i = 0;
		while (i < sizeof modifiers / sizeof *modifiers && !str_is(word, modifiers[i].name))
			i++;
		if (i == sizeof modifiers / sizeof *modifiers)
			return refuse(s->r, s->at, N_("no such modifier: {what}"), word);
		if (s->count == sizeof s->order / sizeof *s->order)
			return refuse(s->r, s->at, N_("too many modifiers: {what}"), key);
		s->order[s->count++] = modifiers[i].modifier;
		s->has |= UINT64_C(1) << modifiers[i].modifier;
	}
	return OK;
}

/* --- forms: what one value stands for, as parts ----------------------------------------------------------------- */

struct form {
	int32_t *parts;
	size_t count;
};
struct forms {
	struct form *items;
	size_t count, cap;
};

static enum code form_add(struct shaping *s, struct forms *f, const int32_t *parts, size_t count)
{
	if (f->count == FORMS_MOST)
		return refuse(s->r, s->at, N_("the value stands for too many others: {what}"), s->field);
	struct arena *scratch = s->r->scratch;
	if (f->count == f->cap) {
		struct form *more = ARENA_ARRAY(scratch, f->cap * 4 + 4, struct form);
		if (more && f->count)
			memcpy(more, f->items, f->count * sizeof *more);
		f->items = more;
		f->cap = f->cap * 4 + 4;
	}
	int32_t *copy = f->items ? ARENA_ARRAY(scratch, count + 1, int32_t) : NULL;
	if (!copy)
		return error_nomem(s->r->e);
	if (count)
		memcpy(copy, parts, count * sizeof *copy);
	f->items[f->count++] = (struct form){ copy, count };
	return OK;
}

/* A backslash before a wildcard or another backslash takes its meaning away; before anything else it is itself. */
static enum code form_of_text(struct shaping *s, struct forms *f, struct str text)
{
	CLEAN_MEM int32_t *parts = mem_array(text.len + 1, sizeof *parts);
	size_t n = 0;
	uint32_t c;
	if (!parts)
		return error_nomem(s->r->e);
	while (utf8_next(&text, &c)) {
		if (c == '\\' && text.len && (*text.data == '\\' || *text.data == '*' || *text.data == '?'))
			utf8_next(&text, &c);
		else if (c == '*' || c == '?') {
			parts[n++] = c == '*' ? PART_ANY : PART_ONE;
			continue;
		}
		parts[n++] = (int32_t)c;
	}
	return form_add(s, f, parts, n);
}

static bool plain(const struct form *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->parts[i] < 0)
			return false;
	return true;
}

/* The bytes a form stands for: UTF-8, and those of an encoding before. */
static enum code form_bytes(struct shaping *s, const struct form *f, struct buf *out)
{
	if (!plain(f))
		return refuse(s->r, s->at, N_("this modifier takes no wildcards: {what}"), s->field);
	for (size_t i = 0; i < f->count; i++) {
		char bytes[4];
		if (f->parts[i] >= 0xdc80 && f->parts[i] <= 0xdcff)
			buf_add_char(out, (char)(f->parts[i] - 0xdc00));
		else
			buf_add(out, bytes, utf8_encode((uint32_t)f->parts[i], bytes));
	}
	return buf_ok(out) ? OK : error_nomem(s->r->e);
}

/* Bytes as parts: those that are UTF-8 as its characters, others as what no text holds. */
static enum code form_of_bytes(struct shaping *s, struct forms *f, struct str bytes)
{
	CLEAN_MEM int32_t *parts = mem_array(bytes.len + 1, sizeof *parts);
	size_t n = 0;
	if (!parts)
		return error_nomem(s->r->e);
	while (bytes.len) {
		struct str rest = bytes;
		uint32_t c;
		utf8_next(&rest, &c);
		size_t len = bytes.len - rest.len;
		bool valid = utf8_valid(str_slice(bytes, 0, len));
		parts[n++] = valid ? (int32_t)c : 0xdc00 + (unsigned char)*bytes.data;
		bytes = valid ? rest : str_slice(bytes, 1, bytes.len);
	}
	return form_add(s, f, parts, n);
}

static enum code put_around(struct shaping *s, struct forms *f, const struct form *one, bool before, bool after)
{
	CLEAN_MEM int32_t *parts = mem_array(one->count + 2, sizeof *parts);
	size_t n = 0;
	if (!parts)
		return error_nomem(s->r->e);
	if (before)
		parts[n++] = PART_ANY;
	memcpy(parts + n, one->parts, one->count * sizeof *parts);
	n += one->count;
	if (after)
		parts[n++] = PART_ANY;
	return form_add(s, f, parts, n);
}

static bool dash(int32_t c)
{
	return c == '-' || c == '/' || (c >= 0x2013 && c <= 0x2015);
}

/* A dash that begins a word may be any of the five. When bytes are made of it later, each is a form of its own. */
static enum code put_dashes(struct shaping *s, struct forms *f, const struct form *one, bool spell_out)
{
	static const int32_t dashes[] = { '-', '/', 0x2013, 0x2014, 0x2015 };
	size_t places[8], n = 0, total = 1;
	for (size_t i = 0; i < one->count; i++) {
		bool begins = dash(one->parts[i]) && !(i && one->parts[i - 1] >= 0 && is_word(one->parts[i - 1])) && i + 1 < one->count &&
			      one->parts[i + 1] >= 0 && is_word(one->parts[i + 1]);
		if (!begins)
			continue;
		if (!spell_out) {
			one->parts[i] = PART_DASH;
			continue;
		}
		if (n == sizeof places / sizeof *places)
			return refuse(s->r, s->at, N_("the value stands for too many others: {what}"), s->field);
		places[n++] = i;
		total *= 5;
	}
	for (size_t choice = 0; choice < total; choice++) {
		size_t rest = choice;
		for (size_t i = 0; i < n; i++, rest /= 5)
			one->parts[places[i]] = dashes[rest % 5];
		TRY(form_add(s, f, one->parts, one->count));
	}
	return OK;
}

static enum code put_utf16(struct shaping *s, struct forms *f, const struct form *one, enum modifier m)
{
	CLEAN_BUF struct buf bytes, wide;
	struct str rest;
	uint32_t c;
	buf_init(&bytes, 0);
	buf_init(&wide, 0);
	TRY(form_bytes(s, one, &bytes));
	if (!utf8_valid(buf_str(&bytes)))
		return refuse(s->r, s->at, N_("what is encoded already cannot be encoded as UTF-16: {what}"), s->field);
	if (m == M_UTF16)
		buf_add(&wide, "\xff\xfe", 2);
	for (rest = buf_str(&bytes); utf8_next(&rest, &c);) {
		uint32_t units[2] = { c, 0 };
		size_t count = 1;
		if (c > 0xffff) {
			units[0] = 0xd800 + ((c - 0x10000) >> 10);
			units[1] = 0xdc00 + ((c - 0x10000) & 0x3ff);
			count = 2;
		}
		for (size_t i = 0; i < count; i++) {
			char low = (char)(units[i] & 255), high = (char)(units[i] >> 8);
			buf_add_char(&wide, m == M_UTF16BE ? high : low);
			buf_add_char(&wide, m == M_UTF16BE ? low : high);
		}
	}
	return buf_ok(&wide) ? form_of_bytes(s, f, buf_str(&wide)) : error_nomem(s->r->e);
}

static enum code put_base64(struct shaping *s, struct forms *f, const struct form *one, bool offsets)
{
	CLEAN_BUF struct buf bytes;
	buf_init(&bytes, 0);
	TRY(form_bytes(s, one, &bytes));
	for (size_t shift = 0; shift < (offsets ? 3u : 1u); shift++) {
		/* the value as it looks within a longer text: what its neighbours would change is left out */
		static const size_t first[] = { 0, 2, 3 }, last[] = { 0, 3, 2 };
		CLEAN_BUF struct buf shifted;
		buf_init(&shifted, 0);
		buf_add(&shifted, "  ", shift);
		buf_add_str(&shifted, buf_str(&bytes));
		CLEAN_MEM char *text = mem_new((shifted.len + 2) / 3 * 4 + 1);
		if (!buf_ok(&shifted) || !text)
			return error_nomem(s->r->e);
		size_t len = base64_encode(shifted.data, shifted.len, text), cut = offsets ? last[shifted.len % 3] : 0;
		size_t from = offsets ? first[shift] : 0, to = len > cut ? len - cut : 0;
		TRY(form_of_bytes(s, f, (struct str){ text + from, to > from ? to - from : 0 }));
	}
	return OK;
}

static enum code shape_once(struct shaping *s, enum modifier m, struct forms *from, struct forms *to, bool spell_out)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct form *one = &from->items[i];
		enum code code;
		switch (m) {
		case M_CONTAINS:
		case M_STARTSWITH:
		case M_ENDSWITH:
			code = put_around(s, to, one, m != M_STARTSWITH, m != M_ENDSWITH);
			break;
		case M_WINDASH:
			code = put_dashes(s, to, one, spell_out);
			break;
		case M_UTF16LE:
		case M_UTF16BE:
		case M_UTF16:
		case M_WIDE:
			code = put_utf16(s, to, one, m);
			break;
		case M_BASE64:
		case M_BASE64OFFSET:
			code = put_base64(s, to, one, m == M_BASE64OFFSET);
			break;
		default:
			code = refuse(s->r, s->at, N_("this modifier does not go with text: {what}"), s->field);
			break;
		}
		TRY(code);
	}
	return OK;
}

/* --- tests --------------------------------------------------------------------------------------------------------- */

static enum code regex_make(struct shaping *s, struct str text, struct test *ret)
{
	struct sigma_rules *set = s->r->set;
	int fault;
	PCRE2_SIZE at;
	uint32_t flags = PCRE2_UTF | PCRE2_NO_UTF_CHECK | (has(s, M_I) ? PCRE2_CASELESS : 0) | (has(s, M_M) ? PCRE2_MULTILINE : 0) | (has(s, M_S) ? PCRE2_DOTALL : 0);
	if (!utf8_valid(text))
		return refuse(s->r, s->at, N_("expected UTF-8: {what}"), s->field);
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text.data, text.len, flags, &fault, &at, NULL);
	pcre2_code **kept = code ? VEC_ADD(&set->regexes) : NULL;
	if (!code) {
		PCRE2_UCHAR why[160];
		pcre2_get_error_message(fault, why, sizeof why);
		return refuse(s->r, s->at, N_("regular expression: {what}"), arena_copy(set->arena, str_of((const char *)why)));
	}
	if (!kept) {
		pcre2_code_free(code);
		return error_nomem(s->r->e);
	}
	*kept = code;
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it the interpreter does the work */
	*ret = (struct test){ .kind = TEST_REGEX, .regex = code };
	return OK;
}

static enum time_part time_asked(const struct shaping *s)
{
	for (enum modifier m = M_MINUTE; m <= M_YEAR; m++)
		if (has(s, m))
			return (enum time_part)(TIME_MINUTE + (m - M_MINUTE));
	return TIME_NONE;
}

static enum code compared_make(struct shaping *s, struct str text, enum comparison how, struct test *ret)
{
	*ret = (struct test){ .kind = time_asked(s) ? TEST_TIME : TEST_NUMBER, .compared = { .how = how, .part = time_asked(s) } };
	return decimal_text_parse(text, &ret->compared.number) ? OK : refuse(s->r, s->at, N_("expected a number, not {what}"), text);
}

/* `%name%` stands for values that somebody gives; nobody has given any here (pipelines replace them before), so such a value matches
 * nothing. `\%` is a plain percent. */
static bool has_placeholder(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\\' && i + 1 < text.len && text.data[i + 1] == '%') {
			i++;
			continue;
		}
		if (text.data[i] != '%')
			continue;
		struct str rest = str_slice(text, i + 1, text.len);
		int64_t end = str_find(rest, '%');
		if (end > 0)
			return true;
	}
	return false;
}

static enum code unescape_percent(struct shaping *s, struct str text, struct str *ret)
{
	char *out = arena_alloc(s->r->set->arena, text.len + 1);
	size_t n = 0;
	if (!out)
		return error_nomem(s->r->e);
	for (size_t i = 0; i < text.len; i++)
		if (!(text.data[i] == '\\' && i + 1 < text.len && text.data[i + 1] == '%'))
			out[n++] = text.data[i];
	*ret = (struct str){ out, n };
	return OK;
}

static enum code strings_make(struct shaping *s, struct str text, struct wanted *ret)
{
	struct forms now = { 0 };
	struct sigma_rules *set = s->r->set;
	if (has(s, M_EXPAND)) {
		if (has_placeholder(text))
			return OK;
		TRY(unescape_percent(s, text, &text));
	}
	TRY(form_of_text(s, &now, text));
	for (size_t i = 0; i < s->count; i++) {
		enum modifier m = s->order[i];
		if (m == M_ALL || m == M_NEQ || m == M_CASED || m == M_EXPAND)
			continue;
		bool spell_out = false;
		for (size_t later = i + 1; later < s->count; later++)
			spell_out |= s->order[later] == M_BASE64 || s->order[later] == M_BASE64OFFSET || (s->order[later] >= M_UTF16LE && s->order[later] <= M_WIDE);
		struct forms next = { 0 };
		TRY(shape_once(s, m, &now, &next, spell_out));
		now = next;
	}
	struct test *tests = ARENA_ARRAY(set->arena, now.count + 1, struct test);
	if (!tests)
		return error_nomem(s->r->e);
	for (size_t i = 0; i < now.count; i++) {
		tests[i] = (struct test){ .kind = TEST_STRING, .cased = has(s, M_CASED) };
		TRY(pattern_make(now.items[i].parts, now.items[i].count, has(s, M_CASED), set->arena, &tests[i].pattern, s->r->e));
	}
	*ret = (struct wanted){ tests, now.count };
	return OK;
}

static enum code single_make(struct shaping *s, struct str text, struct test *t)
{
	static const struct {
		enum modifier modifier;
		enum comparison how;
	} comparisons[] = { { M_LT, CMP_LT }, { M_LTE, CMP_LTE }, { M_GT, CMP_GT }, { M_GTE, CMP_GTE } };
	if (has(s, M_RE))
		return regex_make(s, text, t);
	if (has(s, M_CIDR))
		return network_parse(text, t) ? OK : refuse(s->r, s->at, N_("expected a network such as 10.0.0.0/8, not {what}"), text);
	for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++)
		if (has(s, comparisons[i].modifier))
			return compared_make(s, text, comparisons[i].how, t);
	if (time_asked(s))
		return compared_make(s, text, CMP_EQ, t);
	*t = (struct test){ .kind = TEST_REFERENCE, .cased = has(s, M_CASED),
			    .reference = { .any_first = has(s, M_CONTAINS) || has(s, M_ENDSWITH), .any_last = has(s, M_CONTAINS) || has(s, M_STARTSWITH) } };
	return slot_of(s->r->set, text, &t->reference.slot, s->r->e);
}

static enum code wanted_make(struct shaping *s, const struct yaml *y, struct wanted *ret)
{
	enum scalar_type type;
	struct str text;
	if (y->type != YAML_TEXT)
		return refuse(s->r, y, N_("expected a value or a list of values: {what}"), s->field);
	TRY(scalar_read(s->r->set, y, &type, &text, s->r->e));
	*ret = (struct wanted){ NULL, 0 };
	bool single = type == SCALAR_NULL || has(s, M_RE) || has(s, M_CIDR) || has(s, M_FIELDREF) || time_asked(s) || has(s, M_LT) || has(s, M_LTE) ||
		      has(s, M_GT) || has(s, M_GTE);
	if (!single)
		return strings_make(s, text, ret);
	if (has(s, M_CIDR) && has(s, M_EXPAND) && has_placeholder(text))
		return OK;
	struct test *t = ARENA_NEW(s->r->set->arena, struct test);
	if (!t)
		return error_nomem(s->r->e);
	*ret = (struct wanted){ t, 1 };
	if (type == SCALAR_NULL) {
		*t = (struct test){ .kind = TEST_NULL };
		return OK;
	}
	return single_make(s, text, t);
}

/* --- the item -------------------------------------------------------------------------------------------------------- */

/* What an item costs to judge, roughly: regular expressions and whole events are dear. */
static unsigned cost_of(const struct item *i)
{
	unsigned cost = i->slot == SLOT_EVERYTHING ? 40 : 1;
	for (size_t w = 0; w < i->count; w++)
		for (size_t t = 0; t < i->wanted[w].count; t++)
			cost += i->wanted[w].tests[t].kind == TEST_REGEX ? 20 : i->wanted[w].tests[t].kind == TEST_STRING && i->wanted[w].tests[t].pattern.exact ? 1 : 2;
	return cost;
}

static enum code item_node(struct reading *r, const struct item *item, struct str key, const struct node **ret)
{
	struct sigma_rules *set = r->set;
	uintptr_t known = (uintptr_t)map_get(set->item_keys, key);
	if (!known) {
		struct item *kept = VEC_ADD(&set->items);
		if (!kept)
			return error_nomem(r->e);
		*kept = *item;
		kept->cost = cost_of(item);
		known = set->items.count;
		struct str lasting = arena_copy(set->arena, key);
		if (!lasting.data || !map_put(set->item_keys, lasting, (void *)known))
			return error_nomem(r->e);
	}
	struct node *n = ARENA_NEW(set->arena, struct node);
	if (!n)
		return error_nomem(r->e);
	*n = (struct node){ .kind = NODE_ITEM, .item = (unsigned)known - 1, .cost = set->items.items[known - 1].cost };
	*ret = n;
	return OK;
}

static void key_value(struct buf *b, const struct yaml *y)
{
	buf_add_char(b, y->quoted ? '"' : ' ');
	buf_format(b, "%zu:", y->text.len);
	buf_add_str(b, y->text);
}

/* Equal items of different rules are judged once: this text tells them apart. */
static void item_key(struct buf *b, const struct yaml *y, struct str name, bool keyword)
{
	buf_add_char(b, keyword ? 'k' : 'f');
	buf_add_str(b, name);
	buf_add_char(b, '\n');
	if (y->type == YAML_TEXT)
		key_value(b, y);
	for (const struct yaml *one = y->type == YAML_LIST ? y->first : NULL; one; one = one->next)
		key_value(b, one);
}

static enum code exists_read(struct shaping *s, const struct yaml *y, struct item *item)
{
	enum scalar_type type;
	struct str text;
	const struct yaml *one = y->type == YAML_LIST && y->count == 1 ? y->first : y;
	if (one->type != YAML_TEXT)
		return refuse(s->r, y, N_("exists takes true or false: {what}"), s->field);
	TRY(scalar_read(s->r->set, one, &type, &text, s->r->e));
	if (type != SCALAR_BOOL)
		return refuse(s->r, y, N_("exists takes true or false: {what}"), s->field);
	item->exists = str_is(text, "true");
	return OK;
}

enum code item_read(struct reading *r, const struct yaml *y, bool keyword, const struct node **ret)
{
	struct shaping s = { .r = r, .at = y };
	struct item item = { .exists = -1, .keyword = keyword, .slot = SLOT_EVERYTHING };
	struct str name = keyword ? STR("|contains") : y->name;
	TRY(modifiers_read(&s, name));
	/* a list without a field is of keywords: inside any value of the event, when nothing else is said */
	bool shaped = has(&s, M_CONTAINS) || has(&s, M_STARTSWITH) || has(&s, M_ENDSWITH) || has(&s, M_RE) || has(&s, M_BASE64OFFSET);
	if (!s.field.len && !shaped) {
		s.order[s.count++] = M_CONTAINS;
		s.has |= UINT64_C(1) << M_CONTAINS;
	}
	item.all = has(&s, M_ALL);
	item.neq = has(&s, M_NEQ);
	item.key = s.field.len ? arena_copy(r->set->arena, name) : STR("(keywords)");
	if (s.field.len)
		TRY(slot_of(r->set, s.field, &item.slot, r->e));
	if (has(&s, M_EXISTS)) {
		TRY(exists_read(&s, y, &item));
	} else if (y->type == YAML_MAP) {
		return refuse(r, y, N_("expected a value or a list of values: {what}"), name);
	} else {
		size_t count = y->type == YAML_LIST ? y->count : 1;
		struct wanted *wanted = ARENA_ARRAY(r->set->arena, count + 1, struct wanted);
		if (!wanted)
			return error_nomem(r->e);
		for (const struct yaml *one = y->type == YAML_LIST ? y->first : y; item.count < count; one = one->next)
			TRY(wanted_make(&s, one, &wanted[item.count++]));
		item.wanted = wanted;
	}
	CLEAN_BUF struct buf key;
	buf_init(&key, 0);
	item_key(&key, y, name, keyword);
	return buf_ok(&key) ? item_node(r, &item, buf_str(&key), ret) : error_nomem(r->e);
}

/* Catalogues of translations. Neighbours: po.c reads the files; error.c makes what is told here in six languages. */
#include "base/catalog.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "message.h"
#include "po.h"
#include <string.h>

static const char *const tags[LANG_COUNT] = { "en", "ar", "zh", "fr", "ru", "es" };

/* One msgid in all languages: NULL, or how many forms (a byte) and each as its length, its bytes and a NUL. Thousands of texts
 * stay in memory, so they stand closely. */
struct entry {
	const char *forms[LANG_COUNT];
};

struct catalog {
	struct arena *arena;
	struct map *entries; /* key: context \4 msgid */
	size_t counts[LANG_COUNT];
};

const char *lang_tag(enum lang lang)
{
	return tags[lang];
}

bool lang_parse(struct str tag, enum lang *ret)
{
	struct str primary;
	if (!str_cut(&tag, '-', &primary))
		return false;
	for (unsigned i = 0; i < LANG_COUNT; i++)
		if (str_eq_nocase(primary, str_of(tags[i]))) {
			*ret = (enum lang)i;
			return true;
		}
	return false;
}

/* "0.8" → 800 (RFC 9110 §12.4.2: at most three digits, at most 1); bad weights count as 0. */
static int weight(struct str q)
{
	int value = 0, scale = 1000;
	if (!q.len || q.len > 5 || (q.data[0] != '0' && q.data[0] != '1') || (q.len > 1 && q.data[1] != '.'))
		return 0;
	for (size_t i = 0; i < q.len; i++) {
		if (i == 1)
			continue;
		if (q.data[i] < '0' || q.data[i] > '9')
			return 0;
		value += (q.data[i] - '0') * scale;
		scale /= 10;
	}
	return value > 1000 ? 0 : value;
}

enum lang lang_negotiate(struct str accept_language)
{
	struct str rest = accept_language, part, tag, parameter;
	enum lang best = LANG_EN, lang;
	int most = 0;
	while (str_cut(&rest, ',', &part)) {
		int q = 1000;
		tag = str_take(&part, ';');
		while (str_cut(&part, ';', &parameter)) {
			parameter = str_trim(parameter);
			if (str_eq_nocase(str_slice(parameter, 0, 2), STR("q=")))
				q = weight(str_slice(parameter, 2, parameter.len));
		}
		if (lang_parse(str_trim(tag), &lang) && q > most) {
			most = q;
			best = lang;
		}
	}
	return best;
}

struct catalog *catalog_new(void)
{
	struct catalog *c = mem_new(sizeof *c);
	if (!c)
		return NULL;
	c->arena = arena_new((size_t)256 << 20);
	c->entries = map_new();
	if (!c->arena || !c->entries) {
		catalog_free(c);
		return NULL;
	}
	return c;
}

void catalog_free(struct catalog *c)
{
	if (!c)
		return;
	map_free(c->entries);
	arena_free(c->arena);
	mem_free(c);
}

/* context \4 msgid, as in gettext's own compiled catalogues. `out` has room for both and one byte. */
static struct str key_in(char *out, struct str context, struct str id)
{
	if (context.len)
		memcpy(out, context.data, context.len);
	out[context.len] = 4;
	if (id.len)
		memcpy(out + context.len + 1, id.data, id.len);
	return (struct str){ out, context.len + 1 + id.len };
}

struct adding {
	struct catalog *catalog;
	enum lang lang;
};

static enum code entry_of(struct catalog *c, const struct po_entry *from, struct entry **ret, struct error *e)
{
	CLEAN_BUF struct buf key;
	buf_init(&key, 0);
	if (from->context.data) {
		buf_add_str(&key, from->context);
		buf_add_char(&key, 4);
	}
	buf_add_str(&key, from->id);
	if (!buf_ok(&key))
		return error_nomem(e);
	*ret = map_get(c->entries, buf_str(&key));
	if (*ret)
		return OK;
	struct str kept = arena_copy(c->arena, buf_str(&key));
	*ret = ARENA_NEW(c->arena, struct entry);
	return kept.data && *ret && map_put(c->entries, kept, *ret) ? OK : error_nomem(e);
}

static const char *forms_pack(struct arena *a, const struct str *forms)
{
	size_t count = PO_FORMS, size = 1;
	while (count && !forms[count - 1].len)
		count--;
	for (size_t i = 0; i < count; i++)
		size += sizeof(uint32_t) + forms[i].len + 1;
	char *room = arena_alloc(a, size), *at = room ? room + 1 : NULL;
	for (size_t i = 0; room && i < count; i++) {
		uint32_t len = (uint32_t)forms[i].len; /* a text of a PO file has a ceiling far below */
		memcpy(at, &len, sizeof len);
		if (len)
			memcpy(at + sizeof len, forms[i].data, len);
		at += sizeof len + len + 1;
	}
	if (room)
		*room = (char)count;
	return room;
}

static struct str form_at(const char *forms, unsigned n)
{
	uint32_t len = 0;
	const char *at = forms + 1;
	if (n >= (unsigned char)*forms)
		return STR_NONE;
	for (unsigned i = 0; i <= n; i++) {
		at += i ? len + 1 : 0;
		memcpy(&len, at, sizeof len);
		at += sizeof len;
	}
	return (struct str){ at, len };
}

static enum code add_entry(void *data, const struct po_entry *from, struct error *e)
{
	struct adding *a = data;
	struct entry *entry;
	if (from->fuzzy || from->id.len == 0 || from->forms[0].len == 0)
		return OK;
	TRY(entry_of(a->catalog, from, &entry, e));
	if (entry->forms[a->lang])
		return OK;
	entry->forms[a->lang] = forms_pack(a->catalog->arena, from->forms);
	a->catalog->counts[a->lang] += entry->forms[a->lang] != NULL;
	return entry->forms[a->lang] ? OK : error_nomem(e);
}

enum code catalog_add_po(struct catalog *c, enum lang lang, struct str file, struct str po, struct error *e)
{
	struct adding a = { c, lang };
	CLEAN_ARENA struct arena *read = arena_new(0);
	return read ? po_parse(read, file, po, add_entry, &a, e) : error_nomem(e);
}

static const struct entry *entry_in_context(const struct map *entries, const char *context, struct str msgid)
{
	char few[256];
	struct str c = str_of(context);
	size_t need = c.len + 1 + msgid.len;
	char *many = need > sizeof few ? mem_new(need) : NULL;
	if (need > sizeof few && !many)
		return NULL;
	const struct entry *entry = map_get(entries, key_in(many ? many : few, c, msgid));
	mem_free(many);
	return entry;
}

struct str catalog_get(const struct catalog *c, enum lang lang, const char *context, struct str msgid)
{
	if (!c || lang == LANG_EN || !msgid.len)
		return msgid.data ? msgid : STR("");
	const struct entry *entry = context ? entry_in_context(c->entries, context, msgid) : map_get(c->entries, msgid);
	return entry && entry->forms[lang] ? form_at(entry->forms[lang], 0) : msgid;
}

/* Which form a count takes; the order of forms is that of gettext's usual Plural-Forms for the language. */
static unsigned plural_form(enum lang lang, uint64_t n)
{
	uint64_t ten = n % 10, hundred = n % 100;
	switch (lang) {
	case LANG_AR:
		return n == 0 ? 0 : n == 1 ? 1 : n == 2 ? 2 : hundred >= 3 && hundred <= 10 ? 3 : hundred >= 11 ? 4 : 5;
	case LANG_ZH:
		return 0;
	case LANG_FR:
		return n > 1;
	case LANG_RU:
		return ten == 1 && hundred != 11 ? 0 : ten >= 2 && ten <= 4 && (hundred < 12 || hundred > 14) ? 1 : 2;
	default:
		return n != 1;
	}
}

struct str catalog_plural(const struct catalog *c, enum lang lang, struct str msgid, struct str msgid_plural, int64_t n)
{
	uint64_t count = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	const struct entry *entry = c && lang != LANG_EN ? map_get(c->entries, msgid) : NULL;
	struct str form = entry && entry->forms[lang] ? form_at(entry->forms[lang], plural_form(lang, count)) : STR_NONE;
	if (form.len)
		return form;
	return count == 1 ? msgid : msgid_plural;
}

size_t catalog_count(const struct catalog *c, enum lang lang)
{
	return c->counts[lang];
}

struct str catalog_format(const struct catalog *c, enum lang lang, const char *msgid, const struct error_arg *args,
			  struct arena *arena)
{
	CLEAN_BUF struct buf out;
	buf_init(&out, 0);
	message_fill(&out, catalog_get(c, lang, NULL, str_of(msgid)), args);
	return arena_copy(arena, buf_ok(&out) ? buf_str(&out) : str_of(msgid));
}

struct str catalog_error(const struct catalog *c, enum lang lang, const struct error *e, struct arena *arena)
{
	CLEAN_BUF struct buf out;
	buf_init(&out, 0);
	for (const struct error_frame *f = e->frame; f; f = f->next) {
		if (f != e->frame)
			buf_add_text(&out, "; ");
		message_fill(&out, catalog_get(c, lang, NULL, str_of(f->msgid)), f->args);
	}
	return arena_copy(arena, buf_ok(&out) ? buf_str(&out) : STR("out of memory"));
}

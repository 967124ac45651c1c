/* Translations: gettext PO files read into an immutable catalogue, looked up by language and msgid.
 * The program's own texts are in po/<lang>.po, each pack's in its po/ folder; both come through here.
 * The PO format: GNU gettext manual, "The Format of PO Files". Plural rules: Unicode CLDR. */
#pragma once
#include "base/error.h"

enum lang { LANG_EN, LANG_AR, LANG_ZH, LANG_FR, LANG_RU, LANG_ES, LANG_COUNT };

/* "en", "ar" … */
const char *lang_tag(enum lang lang);
/* Best of the six for an Accept-Language value (RFC 9110 §12.5.4); English when none fits. */
enum lang lang_negotiate(struct str accept_language);
bool lang_parse(struct str tag, enum lang *ret);

struct catalog;
struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);
/* Adds a PO file's entries for `lang`; fuzzy and empty ones are passed over; the first definition of
 * a msgid wins. `file` is named in errors, with the line. */
enum code catalog_add_po(struct catalog *c, enum lang lang, struct str file, struct str po, struct error *e);
/* The translation, or the msgid itself. `context` (msgctxt) may be NULL. Never NULL. */
struct str catalog_get(const struct catalog *c, enum lang lang, const char *context, struct str msgid);
struct str catalog_plural(const struct catalog *c, enum lang lang, struct str msgid, struct str msgid_plural,
			  int64_t n);
/* How many msgids have a translation in `lang`. */
size_t catalog_count(const struct catalog *c, enum lang lang);
/* Translates and fills {places}; c may be NULL (English). */
struct str catalog_format(const struct catalog *c, enum lang lang, const char *msgid,
			  const struct error_arg *args, struct arena *arena);
/* The whole chain of an error as one text in a language. */
struct str catalog_error(const struct catalog *c, enum lang lang, const struct error *e, struct arena *arena);

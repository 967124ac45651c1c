/* Values that are JSON themselves: geometries (RFC 7946), files, free JSON, translated texts. Checked member by
 * member, kept as compact text. Neighbours: value_json.c and value_text.c call in; value_write.c puts them out raw. */
#include "base/buf.h"
#include "base/catalog.h"
#include "base/crypto.h"
#include "base/utf8.h"
#include "internal.h"
#include "value_internal.h"
#include <math.h>
#include <string.h>

#define GEO_POSITIONS 10000
#define GEO_DEPTH 4 /* nested geometry collections */
#define SIZE_MOST (INT64_C(1) << 50)

static enum code keep_text(struct decoder *d, struct buf *b, const struct place *at, size_t most, struct value *ret)
{
	if (b->failed)
		return error_nomem(d->e);
	if (b->len > most)
		return value_fault(d, at, N_("is too large"));
	ret->text = arena_copy(d->arena, buf_str(b));
	return ret->text.data ? OK : error_nomem(d->e);
}

static enum code keep_tree(struct decoder *d, const struct json *j, const struct place *at, size_t most, struct value *ret)
{
	CLEAN_BUF struct buf b;
	struct json_writer w;
	buf_init(&b, 0); /* the input was bounded; `most` is told as a fault, not as a failure */
	json_writer_init(&w, &b);
	json_put_tree(&w, j);
	return keep_text(d, &b, at, most, ret);
}

/* --- geometry --------------------------------------------------------------------------------------- */

struct geo {
	struct decoder *d;
	size_t positions;
};

static bool number_of(const struct json *j, double *ret)
{
	if (j->type != JSON_INT && j->type != JSON_REAL)
		return false;
	*ret = j->type == JSON_INT ? (double)j->integer : j->real;
	return isfinite(*ret);
}

/* [longitude, latitude] or [longitude, latitude, altitude] */
static enum code geo_position(struct geo *g, const struct json *j, const struct place *at)
{
	double lon, lat, altitude;
	if (++g->positions > GEO_POSITIONS)
		return value_fault(g->d, at, N_("must have at most 10,000 positions"));
	if (j->type != JSON_LIST || j->list.count < 2 || j->list.count > 3 || !number_of(&j->list.items[0], &lon) ||
	    !number_of(&j->list.items[1], &lat) || (j->list.count == 3 && !number_of(&j->list.items[2], &altitude)))
		return value_fault(g->d, at, N_("must be a position: [longitude, latitude]"));
	if (lon < -180 || lon > 180)
		return value_fault(g->d, at, N_("must have a longitude from -180 to 180"));
	if (lat < -90 || lat > 90)
		return value_fault(g->d, at, N_("must have a latitude from -90 to 90"));
	return OK;
}

static enum code geo_positions(struct geo *g, const struct json *j, size_t least, const struct place *at)
{
	if (j->type != JSON_LIST || j->list.count < least)
		return value_fault(g->d, at, least == 4   ? N_("must be a ring of at least four positions")
					     : least == 2 ? N_("must be a list of at least two positions")
							  : N_("must be a list of positions"));
	for (size_t i = 0; i < j->list.count; i++) {
		struct place item = { .up = at, .index = i };
		TRY(geo_position(g, &j->list.items[i], &item));
	}
	return OK;
}

static enum code geo_polygon(struct geo *g, const struct json *j, const struct place *at)
{
	if (j->type != JSON_LIST || j->list.count == 0)
		return value_fault(g->d, at, N_("must be a list of rings"));
	for (size_t i = 0; i < j->list.count; i++) {
		const struct json *ring = &j->list.items[i];
		struct place item = { .up = at, .index = i };
		TRY(geo_positions(g, ring, 4, &item));
		if (!json_equal(&ring->list.items[0], &ring->list.items[ring->list.count - 1]))
			return value_fault(g->d, &item, N_("must be a closed ring: its last position is its first"));
	}
	return OK;
}

enum geo_shape { GEO_POINT, GEO_MULTIPOINT, GEO_LINE, GEO_MULTILINE, GEO_POLYGON, GEO_MULTIPOLYGON };

static enum code geo_coordinates(struct geo *g, enum geo_shape shape, const struct json *j, const struct place *at)
{
	switch (shape) {
	case GEO_POINT:
		return geo_position(g, j, at);
	case GEO_MULTIPOINT:
		return geo_positions(g, j, 1, at);
	case GEO_LINE:
		return geo_positions(g, j, 2, at);
	case GEO_POLYGON:
		return geo_polygon(g, j, at);
	case GEO_MULTILINE:
	case GEO_MULTIPOLYGON:
		break;
	}
	if (j->type != JSON_LIST || j->list.count == 0)
		return value_fault(g->d, at, N_("must be a list of lines or polygons"));
	for (size_t i = 0; i < j->list.count; i++) {
		struct place item = { .up = at, .index = i };
		TRY(shape == GEO_MULTILINE ? geo_positions(g, &j->list.items[i], 2, &item)
					   : geo_polygon(g, &j->list.items[i], &item));
	}
	return OK;
}

static enum code geo_geometry(struct geo *g, const struct json *j, const struct place *at, unsigned depth);

static enum code geo_collection(struct geo *g, const struct json *list, const struct place *at, unsigned depth)
{
	if (!list || list->type != JSON_LIST || depth == 0)
		return value_fault(g->d, at, N_("must be a list of geometries, not too deeply nested"));
	for (size_t i = 0; i < list->list.count; i++) {
		struct place item = { .up = at, .index = i };
		TRY(geo_geometry(g, &list->list.items[i], &item, depth - 1));
	}
	return OK;
}

static enum code geo_geometry(struct geo *g, const struct json *j, const struct place *at, unsigned depth)
{
	static const char *const shapes[] = { "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon",
					      "MultiPolygon" };
	if (j->type != JSON_OBJECT)
		return value_fault(g->d, at, N_("must be a GeoJSON geometry"));
	struct str type = json_text(j, STR("type"));
	bool collection = str_is(type, "GeometryCollection");
	const char *holds = collection ? "geometries" : "coordinates";
	for (size_t i = 0; i < j->object.count; i++)
		if (!str_is(j->object.members[i].name, "type") && !str_is(j->object.members[i].name, holds))
			return fault_member(g->d, at, j->object.members[i].name);
	struct place here = { .up = at, .name = str_of(holds) };
	const struct json *inner = json_get(j, here.name);
	if (collection)
		return geo_collection(g, inner, &here, depth);
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		if (!str_is(type, shapes[i]))
			continue;
		return inner ? geo_coordinates(g, (enum geo_shape)i, inner, &here) : value_fault(g->d, &here, N_("is required"));
	}
	struct place wrong = { .up = at, .name = STR("type") };
	return value_fault(g->d, &wrong,
			   N_("must be Point, MultiPoint, LineString, MultiLineString, Polygon, MultiPolygon or GeometryCollection"));
}

enum code geo_decode(struct decoder *d, const struct json *j, const struct place *at, struct value *ret)
{
	struct geo g = { .d = d };
	TRY(geo_geometry(&g, j, at, GEO_DEPTH));
	return keep_tree(d, j, at, TEXT_MAX_MOST * 4, ret);
}

/* --- files ------------------------------------------------------------------------------------------ */

static bool media_type(struct str s)
{
	int64_t slash = str_find(s, '/');
	if (slash < 1 || (size_t)slash + 1 >= s.len || s.len > 127)
		return false;
	for (size_t i = 0; i < s.len; i++) { /* RFC 6838 §4.2 */
		char c = s.data[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!plain && (int64_t)i != slash && !(c && strchr("!#$&-^_.+", c)))
			return false;
	}
	return true;
}

static bool file_name(struct str s)
{
	return s.len > 0 && s.len <= 255 && !utf8_has_controls(s) && !memchr(s.data, '/', s.len) &&
	       !memchr(s.data, '\n', s.len) && !memchr(s.data, '\r', s.len) && !str_is(s, ".") && !str_is(s, "..");
}

static bool sha256_text(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.data[i] >= '0' && s.data[i] <= '9') && !(s.data[i] >= 'a' && s.data[i] <= 'f'))
			return false;
	return s.len == 2 * SHA256_SIZE;
}

enum code file_decode(struct decoder *d, const struct json *j, const struct place *at, struct value *ret)
{
	static const char *const members[] = { "name", "type", "size", "sha256" };
	if (j->type != JSON_OBJECT)
		return value_fault(d, at, N_("must be a file: {\"name\", \"type\", \"size\", \"sha256\"}"));
	for (size_t i = 0; i < j->object.count; i++) {
		bool known = false;
		for (size_t n = 0; n < sizeof members / sizeof *members; n++)
			known |= str_is(j->object.members[i].name, members[n]);
		if (!known)
			return fault_member(d, at, j->object.members[i].name);
	}
	struct str name = json_text(j, STR("name")), type = json_text(j, STR("type")), sum = json_text(j, STR("sha256"));
	int64_t size = json_int(j, STR("size"), -1);
	struct place here = { .up = at, .name = STR("name") };
	if (!file_name(name))
		return value_fault(d, &here, N_("must be the name of a file, without folders"));
	here.name = STR("type");
	if (!media_type(type))
		return value_fault(d, &here, N_("must be a media type, such as application/pdf"));
	here.name = STR("size");
	if (size < 0 || size > SIZE_MOST)
		return value_fault(d, &here, N_("must be the number of bytes"));
	here.name = STR("sha256");
	if (!sha256_text(sum))
		return value_fault(d, &here, N_("must be a SHA-256 digest in 64 small hexadecimal digits"));
	CLEAN_BUF struct buf b;
	struct json_writer w;
	buf_init(&b, 4096);
	json_writer_init(&w, &b);
	json_object(&w);
	json_member_text(&w, "name", name);
	json_member_text(&w, "type", type);
	json_member_int(&w, "size", size);
	json_member_text(&w, "sha256", sum);
	json_object_end(&w);
	return keep_text(d, &b, at, 4096, ret);
}

/* --- free JSON, translated text ----------------------------------------------------------------------- */

bool json_deeper(const struct json *j, unsigned most)
{
	if (j->type == JSON_LIST) {
		for (size_t i = 0; i < j->list.count; i++)
			if (most == 0 || json_deeper(&j->list.items[i], most - 1))
				return true;
	} else if (j->type == JSON_OBJECT) {
		for (size_t i = 0; i < j->object.count; i++)
			if (most == 0 || json_deeper(&j->object.members[i].value, most - 1))
				return true;
	}
	return false;
}

enum code json_decode(struct decoder *d, const struct field *f, const struct json *j, const struct place *at,
		      struct value *ret)
{
	if (json_deeper(j, JSON_FIELD_DEPTH))
		return value_fault(d, at, N_("must not be nested more than 16 levels deep"));
	return keep_tree(d, j, at, f->max > 0 ? (size_t)f->max : JSON_FIELD_BYTES, ret);
}

static enum code local_member(struct decoder *d, const struct field *f, const struct json_member *m,
			      const struct place *at, struct str *texts)
{
	enum lang lang = LANG_EN;
	struct place here = { .up = at, .name = m->name };
	while (lang < LANG_COUNT && !str_is(m->name, lang_tag(lang)))
		lang++;
	if (lang == LANG_COUNT)
		return value_fault(d, &here, N_("must be one of the languages ar, en, es, fr, ru, zh"));
	if (m->value.type == JSON_NULL)
		return OK;
	if (m->value.type != JSON_TEXT)
		return value_fault(d, &here, N_("must be a text"));
	struct value v = { 0 };
	struct field text = { .type = FIELD_TEXT, .flags = f->flags, .max = f->max };
	TRY(text_decode(d, &text, str_trim(m->value.text), &here, &v));
	texts[lang] = v.text;
	return OK;
}

enum code local_decode(struct decoder *d, const struct field *f, const struct json *j, const struct place *at,
		       struct value *ret)
{
	struct str texts[LANG_COUNT] = { 0 };
	size_t most = 64, given = 0;
	if (j->type != JSON_OBJECT)
		return value_fault(d, at, N_("must be a text by language, such as {\"en\": \"Printer\", \"fr\": \"Imprimante\"}"));
	for (size_t i = 0; i < j->object.count; i++)
		TRY(local_member(d, f, &j->object.members[i], at, texts));
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		most += texts[lang].len * 6 + 8; /* every byte may need escaping */
		given += texts[lang].len > 0;
	}
	if (!given)
		return value_fault(d, at, N_("must have a text in at least one language"));
	CLEAN_BUF struct buf b;
	struct json_writer w;
	buf_init(&b, most);
	json_writer_init(&w, &b);
	json_object(&w);
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		if (!texts[lang].len)
			continue;
		json_name(&w, str_of(lang_tag((enum lang)lang)));
		json_put_text(&w, texts[lang]);
	}
	json_object_end(&w);
	return keep_text(d, &b, at, most, ret);
}

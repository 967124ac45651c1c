/* XML to a tree, on libexpat. Elements that are complete wait on one stack; when their parent closes, it takes them off as its
 * members. Neighbours: xml.h says what the tree looks like, inflate.c unpacks what comes here. */
#include "xml.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#define XML_DTD /* for the limits of amplification */
#include <expat.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MOST (1 << 20) /* of one element */

struct piece { /* an element that is complete, waiting for its parent to close */
	struct str name;
	size_t place;
	struct json value;
};

struct name { /* of elements: each is kept once, in lower case */
	struct str text;
	bool skip, skip_in_software;
};

struct open { /* an element that is not */
	const struct name *name;
	size_t first; /* its first piece on the stack */
};

/* Most of an inventory is about things nobody asks a device for: they are passed over as they come, so that they cost no memory. */
static const char *const passed_over[] = {
	"processes", "envs", "local_users", "local_groups", "controllers", "usbdevices", "slots", "sounds", "inputs", "registry", "versionprovider",
	"repository", "sensors", "cameras", "jvms", "printers", "accesslog", "licenseinfos", "runningprocess", "ifinoctets", "ifoutoctets", "ifinbytes",
	"ifoutbytes", "ifinerrors", "ifouterrors", "iflastchange",
};
static const char *const passed_over_in_software[] = {
	"comments", "filesize", "system_category", "installdate", "install_date", "guid", "uninstall_string", "url_info_about", "helplink", "folder",
	"no_remove", "release_type", "version_minor", "version_major", "username", "userid",
};

struct xml_reader {
	XML_Parser parser;
	struct arena *arena;
	struct error *error;
	enum code code; /* what stopped the parser */
	struct map *names;
	VEC(struct piece) pieces;
	struct open open[XML_DEPTH];
	size_t depth, nodes, passed; /* passed: depth inside of what is passed over */
	struct buf text; /* of the innermost element, as long as it has no elements inside */
	struct json root;
};

static const XML_Memory_Handling_Suite memory = { mem_new, mem_grow, mem_free };

static void stop(struct xml_reader *r, enum code code)
{
	if (r->code == OK)
		r->code = code;
	XML_StopParser(r->parser, XML_FALSE);
}

static void stop_nomem(struct xml_reader *r)
{
	stop(r, error_nomem(r->error));
}

static bool among(struct str s, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(s, list[i]))
			return true;
	return false;
}

static const struct name *name_of(struct xml_reader *r, const char *name)
{
	struct str given = str_of(name);
	const struct name *kept = map_get(r->names, given);
	if (kept)
		return kept;
	struct str key = arena_copy(r->arena, given);
	struct name *made = ARENA_NEW(r->arena, struct name);
	char *text = key.data ? arena_alloc(r->arena, key.len + 1) : NULL;
	if (!made || !text)
		return NULL;
	for (size_t i = 0; i < key.len; i++)
		text[i] = (char)(key.data[i] >= 'A' && key.data[i] <= 'Z' ? key.data[i] + 32 : key.data[i]);
	made->text = (struct str){ text, key.len };
	made->skip = among(made->text, passed_over, sizeof passed_over / sizeof *passed_over);
	made->skip_in_software = among(made->text, passed_over_in_software, sizeof passed_over_in_software / sizeof *passed_over_in_software);
	return map_put(r->names, key, made) ? made : NULL;
}

static bool passes_over(const struct xml_reader *r, const struct name *name)
{
	return r->depth > 1 && (name->skip || (name->skip_in_software && str_is(r->open[r->depth - 1].name->text, "softwares")));
}

static void XMLCALL on_start(void *data, const char *name, const char **attributes)
{
	struct xml_reader *r = data;
	if (r->code != OK)
		return;
	if (r->depth + r->passed == XML_DEPTH) {
		stop(r, error_fail(r->error, E_LIMIT, N_("The XML is nested too deeply")));
		return;
	}
	if (++r->nodes > XML_NODES) {
		stop(r, error_fail(r->error, E_LIMIT, N_("The XML has too many elements")));
		return;
	}
	const struct name *kept = r->passed ? NULL : name_of(r, name);
	if (!r->passed && !kept) {
		stop_nomem(r);
		return;
	}
	if (r->passed || passes_over(r, kept)) {
		r->passed++;
		return;
	}
	r->open[r->depth++] = (struct open){ kept, r->pieces.count };
	buf_clear(&r->text);
}

static int piece_order(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	int order = x->name.data == y->name.data ? 0 : str_cmp(x->name, y->name);
	return order ? order : x->place < y->place ? -1 : 1;
}

/* Most elements have few members, often sorted already. */
static void sort_pieces(struct piece *p, size_t count)
{
	if (count > 32) {
		qsort(p, count, sizeof *p, piece_order);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		struct piece one = p[i];
		size_t k = i;
		for (; k > 0 && piece_order(&p[k - 1], &one) > 0; k--)
			p[k] = p[k - 1];
		p[k] = one;
	}
}

/* Pieces of one name, as the value of the member they become. */
static bool member_value(struct xml_reader *r, const struct piece *p, size_t count, struct json *ret)
{
	if (count == 1) {
		*ret = p->value;
		return true;
	}
	struct json *items = ARENA_ARRAY(r->arena, count, struct json);
	for (size_t i = 0; items && i < count; i++)
		items[i] = p[i].value;
	*ret = (struct json){ .type = JSON_LIST, .list = { items, count } };
	return items != NULL;
}

static bool object_of(struct xml_reader *r, struct piece *p, size_t count, struct json *ret)
{
	size_t names = 0, n = 0;
	sort_pieces(p, count);
	for (size_t i = 0; i < count; i++)
		names += i == 0 || !str_eq(p[i].name, p[i - 1].name);
	struct json_member *members = ARENA_ARRAY(r->arena, names, struct json_member);
	for (size_t i = 0, next; members && i < count; i = next) {
		for (next = i + 1; next < count && str_eq(p[next].name, p[i].name); next++)
			;
		members[n].name = p[i].name;
		if (!member_value(r, &p[i], next - i, &members[n++].value))
			return false;
	}
	*ret = (struct json){ .type = JSON_OBJECT, .object = { members, names } };
	return members != NULL;
}

static bool value_of(struct xml_reader *r, const struct open *element, struct json *ret)
{
	size_t count = r->pieces.count - element->first;
	if (count)
		return object_of(r, r->pieces.items + element->first, count, ret);
	struct str text = arena_copy(r->arena, str_trim(buf_str(&r->text)));
	*ret = (struct json){ .type = JSON_TEXT, .text = text };
	return text.data != NULL && buf_ok(&r->text);
}

static void XMLCALL on_end(void *data, const char *name)
{
	struct xml_reader *r = data;
	struct json value;
	if (r->code != OK)
		return;
	if (r->passed) {
		r->passed--;
		return;
	}
	const struct open *element = &r->open[--r->depth];
	if (!value_of(r, element, &value)) {
		stop_nomem(r);
		return;
	}
	r->pieces.count = element->first;
	buf_clear(&r->text);
	if (r->depth == 0) {
		r->root = value;
		return;
	}
	struct piece *p = VEC_ADD(&r->pieces);
	if (!p)
		stop_nomem(r);
	else
		*p = (struct piece){ element->name->text, r->nodes, value };
}

static void XMLCALL on_text(void *data, const char *text, int len)
{
	struct xml_reader *r = data;
	if (r->code != OK || r->passed || !r->depth || r->pieces.count > r->open[r->depth - 1].first)
		return; /* text between elements is layout */
	buf_add(&r->text, text, (size_t)len);
	if (!buf_ok(&r->text))
		stop(r, error_fail(r->error, E_LIMIT, N_("A text of the XML is longer than a mebibyte")));
}

static void XMLCALL on_doctype(void *data, const char *name, const char *system_id, const char *public_id, int internal)
{
	struct xml_reader *r = data;
	stop(r, error_fail(r->error, E_INVALID, N_("The XML declares a document type; an inventory has none, and no entities")));
}

static bool reader_init(struct xml_reader *r)
{
	buf_init(&r->text, TEXT_MOST);
	r->names = map_new();
	r->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
	if (!r->names || !r->parser)
		return false;
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	/* no declaration gets this far; should one ever, it may not make the text larger than it is */
	XML_SetBillionLaughsAttackProtectionActivationThreshold(r->parser, 1 << 16);
	return XML_SetBillionLaughsAttackProtectionMaximumAmplification(r->parser, 2.0F) == XML_TRUE;
}

static void reader_done(struct xml_reader *r)
{
	if (r->parser)
		XML_ParserFree(r->parser);
	map_free(r->names);
	VEC_DONE(&r->pieces);
	buf_done(&r->text);
}

static enum code not_well_formed(const struct xml_reader *r)
{
	char line[24], column[24];
	if (r->code != OK)
		return r->code;
	if (XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY)
		return error_nomem(r->error);
	snprintf(line, sizeof line, "%lu", (unsigned long)XML_GetCurrentLineNumber(r->parser));
	snprintf(column, sizeof column, "%lu", (unsigned long)XML_GetCurrentColumnNumber(r->parser) + 1);
	error_fail(r->error, E_INVALID, N_("The XML is not well-formed at line {line}, column {column}"), { "line", str_of(line) },
		   { "column", str_of(column) });
	return error_hint(r->error, str_of(XML_ErrorString(XML_GetErrorCode(r->parser))));
}

enum code xml_parse(struct arena *arena, struct str text, struct str *ret_root, const struct json **ret, struct error *e)
{
	struct xml_reader r = { .arena = arena, .error = e };
	struct json *root = ARENA_NEW(arena, struct json);
	enum code code = OK;
	if (text.len > INT_MAX)
		return error_fail(e, E_LIMIT, N_("The XML has too many elements"));
	if (!root || !reader_init(&r))
		code = error_nomem(e);
	else if (XML_Parse(r.parser, text.data ? text.data : "", (int)text.len, XML_TRUE) != XML_STATUS_OK || r.code != OK)
		code = not_well_formed(&r);
	if (code == OK) {
		*root = r.root;
		*ret_root = r.open[0].name->text;
		*ret = root;
	}
	reader_done(&r);
	return code;
}

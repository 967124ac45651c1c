/* Finding the parts of a message, and reading loosely. Neighbours: native.h is the contract; rules.h checks JSON first. */
#include "native.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "rules.h"
#include <string.h>

static struct items items_of(const struct json *j)
{
	if (j && j->type == JSON_LIST)
		return (struct items){ j->list.items, j->list.count };
	return (struct items){ j, j && j->type == JSON_OBJECT ? 1 : 0 };
}

struct items native_items(const struct json *j, const char *path)
{
	return items_of(json_at(j, str_of(path)));
}

/* The next pointer's value that is there; NULL at the end. A list stands for its first item. */
static const struct json *next_value(const struct json *j, struct str *io_paths)
{
	struct str path;
	while (str_cut(io_paths, '|', &path)) {
		const struct json *found = json_at(j, path);
		if (found && found->type == JSON_LIST && found->list.count)
			found = &found->list.items[0];
		if (found && found->type != JSON_NULL && found->type != JSON_OBJECT && found->type != JSON_LIST)
			return found;
	}
	return NULL;
}

/* Runs of spaces and control characters become one space. */
struct str native_line(struct str s, size_t most, struct arena *arena)
{
	char *out = arena_alloc(arena, s.len + 1);
	size_t n = 0;
	if (!out)
		return STR_NONE;
	for (size_t i = 0; i < s.len; i++) {
		const unsigned char *p = (const unsigned char *)s.data + i;
		bool c1 = *p == 0xc2 && i + 1 < s.len && p[1] < 0xa0; /* U+0080 to U+009F */
		if (*p > ' ' && *p != 0x7f && !c1)
			out[n++] = s.data[i];
		else if (n && out[n - 1] != ' ')
			out[n++] = ' ';
		i += c1;
	}
	return str_trim(utf8_clip(str_trim((struct str){ out, n }), most));
}

struct str native_text(const struct json *j, const char *paths, size_t most, struct arena *arena)
{
	struct str rest = str_of(paths), text;
	for (const struct json *v; (v = next_value(j, &rest));) {
		if (v->type == JSON_INT)
			return arena_format(arena, "%lld", (long long)v->integer);
		if (v->type != JSON_TEXT)
			continue;
		text = native_line(v->text, most, arena);
		if (text.len)
			return text;
	}
	return STR("");
}

static bool leading_number(struct str s, int64_t *ret)
{
	size_t n = 0;
	s = str_trim(s);
	while (n < s.len && n < 18 && s.data[n] >= '0' && s.data[n] <= '9')
		n++;
	return n && str_int(str_slice(s, 0, n), ret);
}

bool native_number(const struct json *j, const char *paths, int64_t *ret)
{
	struct str rest = str_of(paths);
	for (const struct json *v; (v = next_value(j, &rest));) {
		if (v->type == JSON_INT && v->integer >= 0) {
			*ret = v->integer;
			return true;
		}
		if (v->type == JSON_REAL && v->real >= 0 && v->real < 1e15) {
			*ret = (int64_t)v->real;
			return true;
		}
		if (v->type == JSON_TEXT && leading_number(v->text, ret))
			return true;
	}
	return false;
}

bool native_bool(const struct json *j, const char *paths, bool *ret)
{
	static const char *const yes[] = { "1", "true", "yes", "on", "up", "enabled" };
	struct str rest = str_of(paths);
	const struct json *v = next_value(j, &rest);
	if (!v || (v->type == JSON_TEXT && !v->text.len))
		return false;
	*ret = (v->type == JSON_BOOL && v->boolean) || (v->type == JSON_INT && v->integer != 0);
	for (size_t i = 0; v->type == JSON_TEXT && i < sizeof yes / sizeof *yes; i++)
		*ret |= str_eq_nocase(v->text, str_of(yes[i]));
	return true;
}

/* --- messages ------------------------------------------------------------------------------------- */

static const char *source_of(struct str version, struct str agent)
{
	if (str_find_str(version, STR("FusionInventory")) >= 0)
		return "fusioninventory";
	if (str_find_str(version, STR("GLPI")) >= 0)
		return "glpi";
	return str_find_str(agent, STR("FusionInventory")) >= 0 ? "fusioninventory" : str_find_str(agent, STR("GLPI")) >= 0 ? "glpi" : "ocs";
}

/* What was asked over the network: one DEVICE, whose parts lie a level deeper than in GLPI's JSON. */
static enum code device_of_xml(const struct json *device, struct native *n, struct error *e)
{
	if (device->type == JSON_LIST)
		return error_fail(e, E_INVALID, N_("The message tells of several devices at once; send one a message"));
	if (device->type != JSON_OBJECT)
		return OK;
	n->message = NATIVE_INVENTORY;
	n->source = "network";
	n->device_id = STR_NONE;
	n->content = device;
	n->info = json_get(device, STR("info"));
	n->discovery = !n->info && !json_get(device, STR("ports"));
	if (!n->info || n->info->type != JSON_OBJECT)
		n->info = device;
	n->ports = native_items(device, "/ports/port");
	n->components = native_items(device, "/components/component");
	return OK;
}

enum code native_of_xml(struct str root, const struct json *tree, struct str agent, struct native *ret, struct error *e)
{
	struct str query = json_text(tree, STR("query"));
	const struct json *content = json_get(tree, STR("content"));
	struct native n = { .message = NATIVE_OTHER, .content = content, .device_id = json_text(tree, STR("deviceid")),
			    .item_type = json_text(tree, STR("itemtype")), .version = json_text(content, STR("versionclient")) };
	if (!str_is(root, "request") || tree->type != JSON_OBJECT)
		return error_fail(e, E_INVALID, N_("The XML is no message of an inventory agent: it begins with {name}, not REQUEST"), { "name", root });
	n.source = source_of(n.version, agent);
	if (str_eq_nocase(query, STR("PROLOG")))
		n.message = NATIVE_PROLOG;
	else if (!content || content->type != JSON_OBJECT)
		return error_fail(e, E_INVALID, N_("The message has no content"));
	else if (json_get(content, STR("device")))
		TRY(device_of_xml(json_get(content, STR("device")), &n, e));
	else if (str_eq_nocase(query, STR("INVENTORY")) || (!query.len && json_get(content, STR("hardware"))))
		n.message = NATIVE_INVENTORY;
	*ret = n;
	return OK;
}

enum code native_of_json(const struct json *document, struct arena *arena, struct native *ret, struct error *e)
{
	struct native n = { .message = NATIVE_INVENTORY, .source = "glpi" };
	struct str action = json_text(document, STR("action"));
	if (str_is(action, "contact") || str_is(action, "get")) {
		*ret = (struct native){ .message = NATIVE_CONTACT, .source = "glpi", .device_id = json_text(document, STR("deviceid")) };
		return OK;
	}
	TRY(inventory_check(document, arena, e));
	n.content = json_get(document, STR("content"));
	n.device_id = json_text(document, STR("deviceid"));
	n.item_type = json_text(document, STR("itemtype"));
	n.version = json_text(n.content, STR("versionclient"));
	n.partial = json_bool(document, STR("partial"), false);
	n.info = json_get(n.content, STR("network_device"));
	n.ports = native_items(n.content, "/network_ports");
	n.components = native_items(n.content, "/network_components");
	if (n.info || str_starts(action, STR("net"))) {
		n.source = "network";
		n.device_id = STR_NONE;
		n.discovery = str_is(action, "netdiscovery");
	}
	*ret = n;
	return OK;
}

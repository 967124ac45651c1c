/* One shape for what all three agents send: where each part of a message lies, whoever wrote it. Pure.
 * Neighbours: xml.c and base/json.c read the bytes, report.c writes the project's own report from this. */
#pragma once
#include "base/json.h"

enum native_message {
	NATIVE_INVENTORY, /* of the device the agent runs on, or of one it asked over the network */
	NATIVE_PROLOG,    /* "what shall I do?" */
	NATIVE_CONTACT,   /* the same in GLPI's JSON */
	NATIVE_OTHER,     /* to be acknowledged: begin and end of a network task */
};

struct items {
	const struct json *items;
	size_t count;
};

struct native {
	enum native_message message;
	const char *source; /* "fusioninventory", "ocs", "glpi"; "network" for devices that were asked over the network */
	struct str device_id; /* as the agent calls the device it runs on; empty for "network" */
	struct str item_type, version;
	bool partial, discovery; /* discovery: all that is known is that something answers */
	const struct json *content; /* sections of a computer or phone */
	const struct json *info;    /* what a device says of itself over the network, or NULL */
	struct items ports, components;
};

/* A message as a tree. `agent`: the User-Agent of the request. E_INVALID when it is none. */
enum code native_of_xml(struct str root, const struct json *tree, struct str agent, struct native *ret, struct error *e);
/* Checked against the format's own rules first. */
enum code native_of_json(const struct json *document, struct arena *arena, struct native *ret, struct error *e);

/* --- reading what is loosely typed: XML has texts only, JSON has types -------------------------------- */
/* `paths`: JSON Pointers parted by '|'; the first that leads to something wins. Texts come trimmed, on one line, at most `most` bytes. */
struct str native_text(const struct json *j, const char *paths, size_t most, struct arena *arena);
/* The same for a text one has. */
struct str native_line(struct str s, size_t most, struct arena *arena);
/* False when there is no number at the beginning of the text. Fractions are dropped. */
bool native_number(const struct json *j, const char *paths, int64_t *ret);
bool native_bool(const struct json *j, const char *paths, bool *ret);
/* A list, or a lone object as a list of one. */
struct items native_items(const struct json *j, const char *path);

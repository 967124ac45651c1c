/* Reading the XML of inventory agents: pure, bytes to a tree. Neighbours: native.c gives it the shape GLPI's JSON has. */
#pragma once
#include "base/json.h"

#define XML_DEPTH 32
#define XML_NODES 400000

/* The root element's content as a tree: an element without elements inside is its text, trimmed; one with elements inside is
 * an object whose names are in lower case, sorted; siblings of the same name are one list, in their order. Attributes, comments,
 * text between elements and sections that no report tells of (processes, environment, drivers …) are passed over. *ret_root: the root element's name, in lower case.
 *
 * E_INVALID with line and column when it is not well-formed, and for any document type declaration: inventories need none, and
 * entities can only be declared there. E_LIMIT past XML_DEPTH and XML_NODES. Encodings: UTF-8, UTF-16, ISO-8859-1, US-ASCII. */
enum code xml_parse(struct arena *arena, struct str text, struct str *ret_root, const struct json **ret, struct error *e);

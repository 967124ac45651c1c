/* The program's description of itself (GET /api/meta): kinds and operations in a language. The command line makes
 * its verbs, help, completion and manual pages of the same document, with a server or without. */
#pragma once
#include "base/json_write.h"
#include "kernel/operation.h"

void meta_write(const struct registry *r, enum lang lang, struct json_writer *w);

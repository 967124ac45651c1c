/* Filling the {places} of a message; shared by error.c (English, for logs) and catalog.c (for people). */
#pragma once
#include "base/buf.h"
#include "base/error.h"

/* A place without an argument stays as it is. `args` may be NULL. */
void message_fill(struct buf *out, struct str text, const struct error_arg *args);

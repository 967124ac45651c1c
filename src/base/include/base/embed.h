/* Files built into the program (packs, translations, the page), made by tools/embed at build time. */
#pragma once
#include "base/str.h"

struct embedded {
	const char *path; /* "packs/core/pack.yaml" */
	struct str data;  /* NUL after the end */
	struct str etag;  /* hex of SHA-256, first 16 digits */
};

/* All of them, sorted by path; ends with path == NULL. Defined by the generated source. */
extern const struct embedded embedded_files[];
/* NULL when there is none. */
const struct embedded *embedded_find(const struct embedded *files, struct str path);
/* Their pages leave memory until somebody reads them again; they are read-only parts of the program's file. For after the start,
 * which read all of them once. */
void embedded_release(const struct embedded *files);

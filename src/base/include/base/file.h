/* Files and folders, with the durability spelled out. */
#pragma once
#include "base/error.h"

struct arena;

/* Whole file, at most `max` bytes (E_LIMIT past it), NUL after the end. */
enum code file_read(struct arena *arena, struct str path, size_t max, struct str *ret, struct error *e);
/* Writes a temporary file beside it, syncs it, renames it over `path`, syncs the folder: after OK it is on
 * disk, before that the old one is whole. */
enum code file_replace(struct str path, struct str data, unsigned mode, struct error *e);
/* mkdir -p; existing is fine. */
enum code folder_make(struct str path, unsigned mode, struct error *e);
/* Names (not paths) of a folder's entries, sorted bytewise, without "." and "..". */
enum code folder_list(struct arena *arena, struct str path, struct str **ret, size_t *ret_count, struct error *e);
bool file_exists(struct str path);

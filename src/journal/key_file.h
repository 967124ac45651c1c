/* Files that hold one secret: a line "<format> <base64>", mode 0600. Private to the module.
 * Neighbours: key.c keeps the signing key so, keyring.c the master key. */
#pragma once
#include "base/crypto.h"

#define KEY_FILE_SECRET_MAX 64

/* Reads exactly `size` bytes (at most KEY_FILE_SECRET_MAX); *ret_found false when there is no file. A file that holds
 * something else is E_INVALID: a new key in its place would lose what the old one opens. */
enum code key_file_read(struct str path, struct str format, uint8_t *out, size_t size, bool *ret_found, struct error *e);
enum code key_file_write(struct str path, struct str format, const uint8_t *secret, size_t size, struct error *e);
/* The error for a file that does not hold what it should. */
enum code key_file_wrong(struct str path, struct error *e);

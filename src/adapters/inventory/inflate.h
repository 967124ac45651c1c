/* Unpacking what agents send: pure, bytes in, bytes out. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

#define INVENTORY_MOST (32u << 20) /* bytes of one unpacked message */

/* zlib (RFC 1950) and gzip (RFC 1952) by their first bytes; anything else is taken as it is, without a copy (*ret then views `body`,
 * else `room`). E_INVALID when the stream is broken or ends in the middle; E_LIMIT past INVENTORY_MOST. */
enum code inflate_body(struct str body, struct buf *room, struct str *ret, bool *ret_packed, struct error *e);

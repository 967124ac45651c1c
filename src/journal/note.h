/* Checkpoints as signed notes: three lines of text, a blank line, signatures (c2sp.org/tlog-checkpoint,
 * c2sp.org/signed-note). Private to the module; pure, bytes in and struct out.
 * Neighbours: integrate.c signs, verify.c and succession.c read. */
#pragma once
#include "base/buf.h"
#include "base/crypto.h"

struct note {
	struct str origin;
	int64_t size;
	uint8_t root[SHA256_SIZE];
	struct str body;       /* what is signed, its last newline included */
	struct str signatures; /* the lines after the blank one */
};

/* Longest origin accepted; witnesses take no more (c2sp.org/tlog-cosignature). */
#define NOTE_ORIGIN_MAX 255
/* Enough for many co-signatures; a longer text is no checkpoint of ours. */
#define NOTE_MAX 65536

/* A name signed notes can carry: printable ASCII without spaces and "+". */
bool note_name_valid(struct str name);
/* Views point into `text`. False: not a checkpoint. Extension lines are passed over. */
bool note_parse(struct str text, struct note *ret);
/* Is it signed by this key under this name? Other signatures are ignored, as the format asks. */
bool note_signed_by(const struct note *note, struct str name, const uint8_t public_key[ED25519_PUBLIC]);
/* Appends the signed note of a tree head; the key's name is the origin. */
void note_write(struct buf *out, struct str origin, int64_t size, const uint8_t root[SHA256_SIZE],
		const uint8_t public_key[ED25519_PUBLIC], const uint8_t secret[ED25519_SECRET]);
/* First four bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key): tells apart keys of the same name. */
#define NOTE_KEY_HASH 4
void note_key_hash(struct str name, const uint8_t public_key[ED25519_PUBLIC], uint8_t out[NOTE_KEY_HASH]);

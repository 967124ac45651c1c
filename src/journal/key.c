/* The log's signing key: kept in a file, made on first use, and told as verifiers take it.
 * Neighbours: note.c signs with it; key_file.c reads and writes the file. */
#include "base/arena.h"
#include "journal/journal.h"
#include "key_file.h"
#include "note.h"
#include <string.h>

#define ALGORITHM_ED25519 1 /* c2sp.org/signed-note */
#define KEY_FORMAT STR("mandate-log-key/v1")

/* libsodium's secret key is seed ‖ public key; a probe shows that both halves belong together. */
static bool key_take(const uint8_t secret[ED25519_SECRET], struct journal_options *ret)
{
	const uint8_t *public_key = secret + ED25519_SECRET - ED25519_PUBLIC;
	uint8_t signature[ED25519_SIGNATURE];
	ed25519_sign(secret, KEY_FORMAT, signature);
	if (!ed25519_verify(public_key, KEY_FORMAT, signature))
		return false;
	memcpy(ret->secret, secret, ED25519_SECRET);
	memcpy(ret->public_key, public_key, ED25519_PUBLIC);
	return true;
}

enum code journal_key_load(struct str path, const struct random_source *r, struct journal_options *ret, struct error *e)
{
	uint8_t secret[ED25519_SECRET], public_key[ED25519_PUBLIC];
	bool found;
	enum code code = key_file_read(path, KEY_FORMAT, secret, sizeof secret, &found, e);
	if (code == OK && !found) {
		ed25519_keypair(r, public_key, secret);
		code = key_file_write(path, KEY_FORMAT, secret, sizeof secret, e);
	}
	if (code == OK && !key_take(secret, ret))
		code = key_file_wrong(path, e);
	crypto_wipe(secret, sizeof secret);
	return code;
}

struct str journal_verifier_key(const struct journal_options *o, struct arena *arena)
{
	uint8_t hash[NOTE_KEY_HASH], key[1 + ED25519_PUBLIC] = { ALGORITHM_ED25519 };
	char hex[2 * NOTE_KEY_HASH + 1], text[64];
	note_key_hash(o->origin, o->public_key, hash);
	memcpy(key + 1, o->public_key, ED25519_PUBLIC);
	hex_encode(hash, sizeof hash, hex);
	base64_encode(key, sizeof key, text);
	return arena_format(arena, "%.*s+%s+%s", STR_ARG(o->origin), hex, text);
}

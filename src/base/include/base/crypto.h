/* The few cryptographic primitives the program uses, each from a library the field trusts: SHA-256 from
 * OpenSSL, the rest from libsodium. Keys are secrets: wipe them with crypto_wipe(). */
#pragma once
#include "base/error.h"
#include "base/random.h"

#define SHA256_SIZE 32
#define ED25519_PUBLIC 32
#define ED25519_SECRET 64
#define ED25519_SIGNATURE 64
#define AEAD_KEY 32
#define AEAD_NONCE 24
#define AEAD_OVERHEAD (AEAD_NONCE + 16) /* what sealing adds */

/* Once, before anything else and before threads. */
enum code crypto_init(struct error *e);

void sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE]);
/* Of several pieces one after the other (FIPS 180-4), context reused per thread. */
void sha256_pieces(const struct str *pieces, size_t count, uint8_t out[SHA256_SIZE]);

void ed25519_keypair(const struct random_source *r, uint8_t public_key[ED25519_PUBLIC], uint8_t secret[ED25519_SECRET]);
void ed25519_sign(const uint8_t secret[ED25519_SECRET], struct str message, uint8_t out[ED25519_SIGNATURE]);
bool ed25519_verify(const uint8_t public_key[ED25519_PUBLIC], struct str message, const uint8_t signature[ED25519_SIGNATURE]);

/* XChaCha20-Poly1305. Output is nonce | ciphertext | tag: plain.len + AEAD_OVERHEAD bytes. */
void aead_seal(const uint8_t key[AEAD_KEY], const struct random_source *r, struct str plain, struct str context, uint8_t *out);
/* False when key, context or bytes are not the ones sealed. `out` has room for sealed.len - AEAD_OVERHEAD. */
bool aead_open(const uint8_t key[AEAD_KEY], struct str sealed, struct str context, uint8_t *out);

/* Argon2id (RFC 9106), 64 MiB, t=2: tens of milliseconds; never on a request thread. `out` is a
 * self-describing text of at most 128 bytes with its NUL. */
enum code password_hash(struct str password, char out[128], struct error *e);
bool password_verify(const char *hash, struct str password);

/* Constant-time. */
bool secret_equal(const void *a, const void *b, size_t len);
void crypto_wipe(void *data, size_t len);

/* base64 (RFC 4648 §4) and base64url without padding (§5), lower-case hex. Encoders write a NUL. */
size_t base64_encode(const void *data, size_t len, char *out); /* room for (len+2)/3*4+1 */
/* Decoders: `out` has room for len/4*3+3 bytes. */
bool base64_decode(struct str s, uint8_t *out, size_t *ret_len);
size_t base64url_encode(const void *data, size_t len, char *out);
bool base64url_decode(struct str s, uint8_t *out, size_t *ret_len);
size_t hex_encode(const void *data, size_t len, char *out); /* room for 2*len+1 */
bool hex_decode(struct str s, uint8_t *out, size_t *ret_len);

/* Cryptographic primitives: SHA-256 by OpenSSL with a context kept per thread, the rest by libsodium.
 * Neighbours: journal/ hashes and signs, the keyring seals, kernel/ checks passwords. */
#include "base/crypto.h"
#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#define PASSWORD_MEMORY (64u << 20)
#define PASSWORD_TIME 2

static pthread_key_t context_key;
static pthread_once_t context_once = PTHREAD_ONCE_INIT;
static const EVP_MD *sha256_method;
static _Thread_local EVP_MD_CTX *context;

static void context_free(void *c)
{
	EVP_MD_CTX_free(c);
	context = NULL; /* another key's destructor may yet hash in this thread */
}

static void context_setup(void)
{
	/* fetched once: looking the method up by name costs more than hashing a short text */
	sha256_method = EVP_MD_fetch(NULL, "SHA256", NULL);
	pthread_key_create(&context_key, context_free);
}

enum code crypto_init(struct error *e)
{
	pthread_once(&context_once, context_setup);
	if (sodium_init() < 0 || !sha256_method)
		return error_fail(e, E_NOMEM, N_("The cryptographic libraries do not start"));
	return OK;
}

static EVP_MD_CTX *context_get(void)
{
	if (!context) {
		pthread_once(&context_once, context_setup);
		context = EVP_MD_CTX_new();
		if (context && pthread_setspecific(context_key, context)) {
			EVP_MD_CTX_free(context);
			context = NULL;
		}
	}
	return context;
}

void sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE])
{
	const struct str piece = { data, len };
	sha256_pieces(&piece, 1, out);
}

static const unsigned char *bytes(struct str s)
{
	return (const unsigned char *)(s.data ? s.data : "");
}

/* Slower, and needs no memory: OpenSSL's context may not be had when there is none. */
static void sha256_without_memory(const struct str *pieces, size_t count, uint8_t out[SHA256_SIZE])
{
	crypto_hash_sha256_state state;
	crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < count; i++)
		crypto_hash_sha256_update(&state, bytes(pieces[i]), pieces[i].len);
	crypto_hash_sha256_final(&state, out);
}

void sha256_pieces(const struct str *pieces, size_t count, uint8_t out[SHA256_SIZE])
{
	EVP_MD_CTX *c = context_get();
	bool good = c && EVP_DigestInit_ex2(c, sha256_method, NULL) == 1;
	for (size_t i = 0; i < count && good; i++)
		good = EVP_DigestUpdate(c, pieces[i].data, pieces[i].len) == 1;
	if (!good || EVP_DigestFinal_ex(c, out, NULL) != 1)
		sha256_without_memory(pieces, count, out);
}

void ed25519_keypair(const struct random_source *r, uint8_t public_key[ED25519_PUBLIC], uint8_t secret[ED25519_SECRET])
{
	uint8_t seed[crypto_sign_SEEDBYTES];
	random_fill(r, seed, sizeof seed);
	crypto_sign_seed_keypair(public_key, secret, seed);
	crypto_wipe(seed, sizeof seed);
}

void ed25519_sign(const uint8_t secret[ED25519_SECRET], struct str message, uint8_t out[ED25519_SIGNATURE])
{
	crypto_sign_detached(out, NULL, bytes(message), message.len, secret);
}

bool ed25519_verify(const uint8_t public_key[ED25519_PUBLIC], struct str message, const uint8_t signature[ED25519_SIGNATURE])
{
	return crypto_sign_verify_detached(signature, bytes(message), message.len, public_key) == 0;
}

void aead_seal(const uint8_t key[AEAD_KEY], const struct random_source *r, struct str plain, struct str context_text, uint8_t *out)
{
	random_fill(r, out, AEAD_NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + AEAD_NONCE, NULL, bytes(plain), plain.len, bytes(context_text),
						   context_text.len, NULL, out, key);
}

bool aead_open(const uint8_t key[AEAD_KEY], struct str sealed, struct str context_text, uint8_t *out)
{
	if (sealed.len < AEAD_OVERHEAD)
		return false;
	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, bytes(sealed) + AEAD_NONCE, sealed.len - AEAD_NONCE,
							  bytes(context_text), context_text.len, bytes(sealed), key) == 0;
}

enum code password_hash(struct str password, char out[128], struct error *e)
{
	_Static_assert(crypto_pwhash_STRBYTES <= 128, "room for the hash");
	if (crypto_pwhash_str_alg(out, password.data ? password.data : "", password.len, PASSWORD_TIME, PASSWORD_MEMORY,
				  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return error_nomem(e);
	return OK;
}

bool password_verify(const char *hash, struct str password)
{
	return crypto_pwhash_str_verify(hash, password.data ? password.data : "", password.len) == 0;
}

bool secret_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

void crypto_wipe(void *data, size_t len)
{
	sodium_memzero(data, len);
}

/* libsodium 1.0.18 takes bytes past ASCII for the last letters of the alphabet. */
static bool all_ascii(struct str s)
{
	unsigned char bits = 0;
	for (size_t i = 0; i < s.len; i++)
		bits |= (unsigned char)s.data[i];
	return bits < 0x80;
}

static bool decode(struct str s, uint8_t *out, size_t *ret_len, int variant)
{
	const char *end = NULL;
	if (s.len == 0) {
		*ret_len = 0;
		return true;
	}
	if (!all_ascii(s))
		return false;
	return sodium_base642bin(out, s.len / 4 * 3 + 3, s.data, s.len, NULL, ret_len, &end, variant) == 0 && end == s.data + s.len;
}

/* What is sealed or public; OpenSSL's takes a tenth of the time of libsodium's, which hides it. */
size_t base64_encode(const void *data, size_t len, char *out)
{
	const size_t piece = (size_t)3 << 20; /* OpenSSL counts in int */
	size_t done = 0;
	*out = 0;
	for (const uint8_t *from = data; len; from += piece, len -= piece) {
		done += (size_t)EVP_EncodeBlock((unsigned char *)out + done, from, (int)(len < piece ? len : piece));
		if (len <= piece)
			break;
	}
	return done;
}

bool base64_decode(struct str s, uint8_t *out, size_t *ret_len)
{
	return s.len % 4 == 0 && decode(s, out, ret_len, sodium_base64_VARIANT_ORIGINAL);
}

size_t base64url_encode(const void *data, size_t len, char *out)
{
	const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
	sodium_bin2base64(out, sodium_base64_encoded_len(len, variant), data, len, variant);
	return strlen(out);
}

bool base64url_decode(struct str s, uint8_t *out, size_t *ret_len)
{
	return decode(s, out, ret_len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

size_t hex_encode(const void *data, size_t len, char *out)
{
	sodium_bin2hex(out, len * 2 + 1, data, len);
	return len * 2;
}

bool hex_decode(struct str s, uint8_t *out, size_t *ret_len)
{
	const char *end = NULL;
	*ret_len = 0;
	return s.len % 2 == 0 &&
	       (s.len == 0 || (sodium_hex2bin(out, s.len / 2, s.data, s.len, NULL, ret_len, &end) == 0 && end == s.data + s.len));
}

/* Cryptography by published vectors: SHA-256 (FIPS 180-4 examples), Ed25519 (RFC 8032 §7.1), XChaCha20-Poly1305
 * (draft-irtf-cfrg-xchacha-03, appendix A.3.1), base64 (RFC 4648 §10); and what must be refused. Neighbours: crypto.c. */
#include "base/arena.h"
#include "base/crypto.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t len;
	if (!hex_decode(str_of(hex), out, &len))
		fail_msg("%s", hex);
	return len;
}

static void is_hex(const void *bytes, size_t len, const char *expected)
{
	char *hex = malloc(len * 2 + 1);
	assert_int_equal(hex_encode(bytes, len, hex), len * 2);
	assert_string_equal(hex, expected);
	free(hex);
}

/* A source that gives the bytes it was told. */
static void told(void *data, void *out, size_t len)
{
	memcpy(out, data, len);
}

static void test_sha256(void **state)
{
	static const struct {
		const char *text, *digest;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};
	uint8_t digest[SHA256_SIZE], again[SHA256_SIZE];
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str text = str_of(cases[i].text);
		sha256(text.data, text.len, digest);
		is_hex(digest, sizeof digest, cases[i].digest);
		/* in two pieces and an empty one, cut anywhere */
		for (size_t cut = 0; cut <= text.len; cut++) {
			const struct str pieces[] = { str_slice(text, 0, cut), STR_NONE, str_slice(text, cut, text.len) };
			sha256_pieces(pieces, 3, again);
			assert_memory_equal(again, digest, sizeof digest);
		}
	}
	char *million = malloc(1000000);
	memset(million, 'a', 1000000);
	sha256(million, 1000000, digest);
	is_hex(digest, sizeof digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
	sha256(NULL, 0, digest);
	is_hex(digest, sizeof digest, cases[0].digest);
	sha256_pieces(NULL, 0, digest);
	is_hex(digest, sizeof digest, cases[0].digest);
}

static pthread_key_t late_key;

/* Runs when its thread ends, maybe after the thread's context is gone. */
static void hash_late(void *data)
{
	uint8_t digest[SHA256_SIZE];
	sha256("abc", 3, digest);
	memcpy(data, digest, sizeof digest);
}

static void *hash_in_thread(void *data)
{
	uint8_t digest[SHA256_SIZE];
	for (int i = 0; i < 1000; i++)
		sha256(&i, sizeof i, digest);
	pthread_setspecific(late_key, data);
	return NULL;
}

static void test_sha256_threads(void **state)
{
	static uint8_t digests[4][SHA256_SIZE];
	pthread_t threads[4];
	assert_int_equal(pthread_key_create(&late_key, hash_late), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hash_in_thread, digests[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		is_hex(digests[i], SHA256_SIZE, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	}
	pthread_key_delete(late_key);
}

static void test_ed25519(void **state)
{
	static const struct {
		const char *seed, *public, *message, *signature;
	} cases[] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a10"
		  "0b" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c"
		  "00" },
		{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec4"
		  "0a" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t seed[32], public[ED25519_PUBLIC], secret[ED25519_SECRET], signature[ED25519_SIGNATURE], message[4];
		unhex(cases[i].seed, seed);
		ed25519_keypair(&(struct random_source){ told, seed }, public, secret);
		is_hex(public, sizeof public, cases[i].public);
		struct str text = { (char *)message, unhex(cases[i].message, message) };
		ed25519_sign(secret, text, signature);
		is_hex(signature, sizeof signature, cases[i].signature);
		assert_true(ed25519_verify(public, text, signature));
		for (size_t bit = 0; bit < 8 * sizeof signature; bit += 3) {
			signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(ed25519_verify(public, text, signature));
			signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		public[5] ^= 1;
		assert_false(ed25519_verify(public, text, signature));
		public[5] ^= 1;
		assert_false(ed25519_verify(public, STR("other"), signature));
	}
	/* S + L signs the same to a careless verifier (RFC 8032 §8.4); a key of small order signs anything */
	uint8_t zero[32] = { 1 }, signature[ED25519_SIGNATURE] = { 1 };
	assert_false(ed25519_verify(zero, STR("anything"), signature));
}

static void test_aead(void **state)
{
	static const struct str plain = {
		"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.", 114
	};
	uint8_t key[AEAD_KEY], nonce[AEAD_NONCE], context[12], sealed[114 + AEAD_OVERHEAD], opened[114];
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(0x80 + i);
	unhex("404142434445464748494a4b4c4d4e4f5051525354555657", nonce);
	struct str with = { (char *)context, unhex("50515253c0c1c2c3c4c5c6c7", context) };
	aead_seal(key, &(struct random_source){ told, nonce }, plain, with, sealed);
	is_hex(sealed, sizeof sealed,
	       "404142434445464748494a4b4c4d4e4f5051525354555657"
	       "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
	       "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e"
	       "c0875924c1c7987947deafd8780acf49");
	struct str whole = { (char *)sealed, sizeof sealed };
	assert_true(aead_open(key, whole, with, opened));
	assert_memory_equal(opened, plain.data, plain.len);
	for (size_t i = 0; i < sizeof sealed; i++) { /* any byte changed, any length less */
		sealed[i] ^= 0x40;
		assert_false(aead_open(key, whole, with, opened));
		sealed[i] ^= 0x40;
		assert_false(aead_open(key, str_slice(whole, 0, i), with, opened));
	}
	assert_false(aead_open(key, whole, STR("other context"), opened));
	assert_false(aead_open(key, whole, STR_NONE, opened));
	key[31] ^= 1;
	assert_false(aead_open(key, whole, with, opened));

	uint8_t one[AEAD_OVERHEAD], two[AEAD_OVERHEAD]; /* nothing can be sealed too, and never twice the same way */
	aead_seal(key, &random_system, STR_NONE, STR_NONE, one);
	aead_seal(key, &random_system, STR_NONE, STR_NONE, two);
	assert_true(aead_open(key, (struct str){ (char *)one, sizeof one }, STR_NONE, opened));
	assert_false(secret_equal(one, two, sizeof one));
}

static void test_passwords(void **state)
{
	char hash[128], other[128];
	struct str password = STR("correct horse \xd8\xa7");
	assert_int_equal(password_hash(password, hash, NULL), OK);
	assert_int_equal(password_hash(password, other, NULL), OK);
	assert_true(str_starts(str_of(hash), STR("$argon2id$v=19$m=65536,t=2,p=1$"))); /* 64 MiB, two passes */
	assert_string_not_equal(hash, other);
	assert_true(password_verify(hash, password) && password_verify(other, password));
	static const struct str wrong[] = { { "", 0 }, { 0 }, { "correct horse ", 14 }, { "Correct horse \xd8\xa7", 16 }, { "correct horse \xd8\xa7\0", 17 } };
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(password_verify(hash, wrong[i]));
	static const char *const broken[] = { "", "x", "$argon2id$", "$argon2id$v=19$m=65536,t=2,p=1$", "$2y$10$abcdefghijklmnopqrstuv" };
	for (size_t i = 0; i < COUNT(broken); i++)
		assert_false(password_verify(broken[i], password));
	hash[strlen(hash) - 1] = 0;
	assert_false(password_verify(hash, password));
	assert_int_equal(password_hash(STR_NONE, hash, NULL), OK); /* whether a password may be empty is not decided here */
	assert_true(password_verify(hash, STR("")));
}

/* Decoders get exactly the room that their header asks for. */
static bool decodes(bool (*decode)(struct str s, uint8_t *out, size_t *ret_len), struct str text, const char *expected, size_t expected_len)
{
	uint8_t *out = malloc(text.len / 4 * 3 + 3);
	size_t len = 0;
	bool good = decode(text, out, &len);
	if (good && (len != expected_len || memcmp(out, expected, len) != 0))
		fail_msg("%.*s", STR_ARG(text));
	free(out);
	return good;
}

static void test_base64(void **state)
{
	static const struct {
		const char *plain, *base64, *url;
	} cases[] = {
		{ "", "", "" },			  { "f", "Zg==", "Zg" },	     { "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" },	  { "foob", "Zm9vYg==", "Zm9vYg" },   { "fooba", "Zm9vYmE=", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy", "Zm9vYmFy" }, { "\xfb\xff\xbe", "+/++", "-_--" }, { "\xff\xff", "//8=", "__8" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].plain);
		char *out = malloc((len + 2) / 3 * 4 + 1);
		assert_int_equal(base64_encode(cases[i].plain, len, out), strlen(cases[i].base64));
		assert_string_equal(out, cases[i].base64);
		assert_int_equal(base64url_encode(cases[i].plain, len, out), strlen(cases[i].url));
		assert_string_equal(out, cases[i].url);
		free(out);
		assert_true(decodes(base64_decode, str_of(cases[i].base64), cases[i].plain, len));
		assert_true(decodes(base64url_decode, str_of(cases[i].url), cases[i].plain, len));
	}
	static const char *const bad[] = { "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "=", "Zm9v\n", " Zm9v", "Zm 9v", "Zm9v====", "Zg==Zg==",
					   "Zm9*", "-_--", "Zm9vY", "\xff\xff\xff\xff" };
	for (size_t i = 0; i < COUNT(bad); i++)
		if (decodes(base64_decode, str_of(bad[i]), "", 0))
			fail_msg("%s", bad[i]);
	static const char *const bad_url[] = { "Zg==", "Zm8=", "Z", "Zh", "Zm9", "+/++", "Zm9v ", "Zm9vY", "\xc3\xa9" "ab" };
	for (size_t i = 0; i < COUNT(bad_url); i++)
		if (decodes(base64url_decode, str_of(bad_url[i]), "", 0))
			fail_msg("%s", bad_url[i]);
	assert_false(decodes(base64_decode, (struct str){ "Zm9\0", 4 }, "", 0));
}

static void test_hex(void **state)
{
	uint8_t out[8];
	size_t len = 9;
	assert_true(hex_decode(STR("00fFAb9"), out, &len) == false);
	assert_true(hex_decode(STR("00fFAb90"), out, &len) && len == 4 && memcmp(out, "\x00\xff\xab\x90", 4) == 0);
	is_hex(out, 4, "00ffab90");
	assert_true(hex_decode(STR(""), out, &len) && len == 0);
	static const char *const bad[] = { "0", "0g", "0x00", "00 11", "00:11", " 00", "\xff\xff", "-1" };
	for (size_t i = 0; i < COUNT(bad); i++)
		if (hex_decode(str_of(bad[i]), out, &len))
			fail_msg("%s", bad[i]);
	assert_false(hex_decode((struct str){ "0\0", 2 }, out, &len));
}

/* Everything encoded comes back, whatever the bytes. */
static void test_there_and_back(void **state)
{
	struct random_seeded r;
	random_seed(&r, 9);
	struct random_source source = random_seeded_source(&r);
	for (size_t len = 0; len < 200; len++) {
		uint8_t data[200], back[400];
		char text[401];
		size_t back_len;
		random_fill(&source, data, len);
		struct str s = { text, base64_encode(data, len, text) };
		assert_true(base64_decode(s, back, &back_len) && back_len == len && memcmp(back, data, len) == 0);
		s.len = base64url_encode(data, len, text);
		assert_true(base64url_decode(s, back, &back_len) && back_len == len && memcmp(back, data, len) == 0);
		s.len = hex_encode(data, len, text);
		assert_true(hex_decode(s, back, &back_len) && back_len == len && memcmp(back, data, len) == 0);
	}
}

static void test_secrets(void **state)
{
	char one[] = "secret", other[] = "secreT";
	assert_true(secret_equal(one, "secret", 6));
	assert_false(secret_equal(one, other, 6));
	assert_true(secret_equal(one, other, 5));
	assert_true(secret_equal(one, other, 0));
	crypto_wipe(one, 3);
	assert_memory_equal(one, "\0\0\0ret", 6);
}

static int start(void **state)
{
	return crypto_init(NULL) == OK && crypto_init(NULL) == OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256), cmocka_unit_test(test_sha256_threads), cmocka_unit_test(test_ed25519),
		cmocka_unit_test(test_aead),   cmocka_unit_test(test_passwords),      cmocka_unit_test(test_base64),
		cmocka_unit_test(test_hex),    cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_secrets),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}

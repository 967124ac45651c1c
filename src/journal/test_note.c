/* Signed checkpoints: against a note that Go's sumdb/note signed, and a table of malformed ones. */
#include "note.h"
#include "base/arena.h"
#include "journal/journal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define SIGNATURE                          \
	"\xe2\x80\x94 example.com/log " \
	"Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"

static int setup(void **state)
{
	return crypto_init(NULL) == OK ? 0 : -1;
}

/* The example of golang.org/x/mod/sumdb/note: key hash and signature made elsewhere. */
static void test_foreign_note(void **state)
{
	static const char body[] = "If you think cryptography is the answer to your problem,\n"
				   "then you don't know what your problem is.\n";
	static const char signatures[] =
		"\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
	uint8_t key[64], hash[NOTE_KEY_HASH];
	size_t len;
	char hex[9];
	assert_true(base64_decode(STR("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), key, &len));
	assert_int_equal(len, 33);
	note_key_hash(STR("PeterNeumann"), key + 1, hash);
	hex_encode(hash, sizeof hash, hex);
	assert_string_equal(hex, "c74f20a3");
	struct note note = { .body = STR(body), .signatures = STR(signatures) };
	assert_true(note_signed_by(&note, STR("PeterNeumann"), key + 1));
	assert_false(note_signed_by(&note, STR("PeterNeumanN"), key + 1));
	note.body = STR("If you think");
	assert_false(note_signed_by(&note, STR("PeterNeumann"), key + 1));
}

static void test_round_trip(void **state)
{
	struct random_seeded seeded;
	random_seed(&seeded, 1);
	struct random_source r = random_seeded_source(&seeded);
	uint8_t public_key[ED25519_PUBLIC], secret[ED25519_SECRET], root[SHA256_SIZE];
	ed25519_keypair(&r, public_key, secret);
	random_fill(&r, root, sizeof root);
	static const int64_t sizes[] = { 0, 1, 20852163, INT64_MAX };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		CLEAN_BUF struct buf text;
		struct note note;
		buf_init(&text, 0);
		note_write(&text, STR("example.com/log"), sizes[i], root, public_key, secret);
		assert_true(note_parse(buf_str(&text), &note));
		assert_true(str_is(note.origin, "example.com/log"));
		assert_int_equal(note.size, sizes[i]);
		assert_memory_equal(note.root, root, sizeof root);
		assert_true(note_signed_by(&note, note.origin, public_key));
		/* a witness's line before ours is passed over */
		CLEAN_BUF struct buf more;
		buf_init(&more, 0);
		buf_add_str(&more, note.body);
		buf_add_text(&more, "\n\xe2\x80\x94 witness.example AAAAAAAA\n");
		buf_add_str(&more, note.signatures);
		assert_true(note_parse(buf_str(&more), &note));
		assert_true(note_signed_by(&note, STR("example.com/log"), public_key));
		/* each single bit of the signed text counts */
		for (size_t at = 0; at < note.body.len; at++) {
			more.data[at] ^= 1;
			struct note changed;
			assert_false(note_parse(buf_str(&more), &changed) &&
				     note_signed_by(&changed, STR("example.com/log"), public_key));
			more.data[at] ^= 1;
		}
	}
}

static void test_malformed(void **state)
{
	static const char *const good[] = {
		"example.com/log\n20852163\n" ROOT "\n\n" SIGNATURE,
		"example.com/log\n0\n" ROOT "\n\n" SIGNATURE SIGNATURE,
		"example.com/log\n1\n" ROOT "\nan extension\n\n" SIGNATURE,
	};
	static const char *const bad[] = {
		"", "\n", "\n\n", "example.com/log\n", "\n20852163\n" ROOT "\n\n" SIGNATURE,
		"example.com/log\n20852163\n" ROOT "\n", "example.com/log\n20852163\n" ROOT "\n\n",
		"example.com/log\n20852163\n" ROOT "\n" SIGNATURE, "example.com/log\n020\n" ROOT "\n\n" SIGNATURE,
		"example.com/log\n-1\n" ROOT "\n\n" SIGNATURE, "example.com/log\n+1\n" ROOT "\n\n" SIGNATURE,
		"example.com/log\n\n" ROOT "\n\n" SIGNATURE, "example.com/log\n1 \n" ROOT "\n\n" SIGNATURE,
		"example.com/log\n9223372036854775808\n" ROOT "\n\n" SIGNATURE,
		"example.com/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n\n" SIGNATURE,
		"example.com/log\n1\nAAAA\n\n" SIGNATURE, "example.com/log\n1\n\n" SIGNATURE,
		"exam ple.com/log\n1\n" ROOT "\n\n" SIGNATURE, "exam+ple.com/log\n1\n" ROOT "\n\n" SIGNATURE,
		"example.com/log\r\n1\n" ROOT "\n\n" SIGNATURE, "example.com/log\n1\n" ROOT "\n\nno dash\n",
		"example.com/log\n1\n" ROOT "\n\n\xe2\x80\x94 name\n", "example.com/log\n1\n" ROOT "\n\n\xe2\x80\x94 name \n",
		"example.com/log\n1\n" ROOT "\n\n\xe2\x80\x94  sig\n", "example.com/log\n1\n" ROOT "\n\next\n\n" SIGNATURE,
	};
	struct note note;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(note_parse(str_of(good[i]), &note));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (note_parse(str_of(bad[i]), &note))
			fail_msg("row %zu was read as a checkpoint", i);
	assert_false(note_parse(STR("example.com/l\0g\n1\n" ROOT "\n\n" SIGNATURE), &note));
	/* cut anywhere, it is not a checkpoint */
	for (size_t len = 0; len < strlen(good[0]); len++)
		assert_false(note_parse((struct str){ good[0], len }, &note));
}

static void test_verifier_key(void **state)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct journal_options o = { .origin = STR("PeterNeumann") };
	uint8_t key[64];
	size_t len;
	base64_decode(STR("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), key, &len);
	memcpy(o.public_key, key + 1, ED25519_PUBLIC);
	assert_true(str_is(journal_verifier_key(&o, arena), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foreign_note),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_verifier_key),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}

/* Signed checkpoints: parsing, checking and writing them. Pure; a fuzz target feeds the parser.
 * Neighbours: note.h says what holds; key.c makes the keys. */
#include "note.h"
#include <string.h>

#define SIGNATURE_BYTES (NOTE_KEY_HASH + ED25519_SIGNATURE)
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4)

static const struct str signature_start = { "\xe2\x80\x94 ", 4 }; /* em dash, space */

bool note_name_valid(struct str name)
{
	if (name.len == 0 || name.len > NOTE_ORIGIN_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] > '~' || name.data[i] == '+')
			return false;
	return true;
}

static bool size_parse(struct str s, int64_t *ret)
{
	if (s.len == 0 || s.data[0] < '0' || s.data[0] > '9' || (s.data[0] == '0' && s.len > 1))
		return false;
	return str_int(s, ret);
}

static bool root_parse(struct str s, uint8_t out[SHA256_SIZE])
{
	uint8_t bytes[SHA256_SIZE + 1];
	size_t len = 0;
	if (s.len != BASE64_SIZE(SHA256_SIZE) || !base64_decode(s, bytes, &len) || len != SHA256_SIZE)
		return false;
	memcpy(out, bytes, SHA256_SIZE);
	return true;
}

/* Splits at the last blank line: body with its newline, signatures after. */
static bool note_split(struct str text, struct note *note)
{
	if (text.len > NOTE_MAX || !str_ends(text, STR("\n")))
		return false;
	for (size_t i = text.len - 1; i > 0; i--)
		if (text.data[i] == '\n' && text.data[i - 1] == '\n') {
			note->body = str_slice(text, 0, i);
			note->signatures = str_slice(text, i + 1, text.len);
			return note->signatures.len > 0;
		}
	return false;
}

static bool signatures_well_formed(struct str rest)
{
	struct str line;
	rest.len--; /* the last newline ends a line, it starts none */
	while (str_cut(&rest, '\n', &line)) {
		struct str part;
		if (!str_starts(line, signature_start))
			return false;
		struct str words = str_slice(line, signature_start.len, line.len);
		if (!str_cut(&words, ' ', &part) || part.len == 0 || !words.data || words.len == 0)
			return false;
	}
	return true;
}

bool note_parse(struct str text, struct note *ret)
{
	struct note note = { 0 };
	if (!note_split(text, &note) || !signatures_well_formed(note.signatures))
		return false;
	struct str rest = str_slice(note.body, 0, note.body.len - 1), line;
	if (!str_cut(&rest, '\n', &note.origin) || !note_name_valid(note.origin))
		return false;
	if (!str_cut(&rest, '\n', &line) || !size_parse(line, &note.size))
		return false;
	if (!str_cut(&rest, '\n', &line) || !root_parse(line, note.root))
		return false;
	while (str_cut(&rest, '\n', &line))
		if (line.len == 0)
			return false;
	*ret = note;
	return true;
}

void note_key_hash(struct str name, const uint8_t public_key[ED25519_PUBLIC], uint8_t out[NOTE_KEY_HASH])
{
	uint8_t digest[SHA256_SIZE];
	const struct str pieces[] = { name, STR("\n\x01"), { (const char *)public_key, ED25519_PUBLIC } };
	sha256_pieces(pieces, 3, digest);
	memcpy(out, digest, NOTE_KEY_HASH);
}

/* One line's signature, if it is by the key of that name and hash. */
static bool line_signature(struct str line, struct str name, const uint8_t hash[NOTE_KEY_HASH],
			   uint8_t out[ED25519_SIGNATURE])
{
	uint8_t bytes[SIGNATURE_BYTES + 2];
	size_t len = 0;
	struct str words = str_slice(line, signature_start.len, line.len), part;
	if (!str_cut(&words, ' ', &part) || !str_eq(part, name) || words.len != BASE64_SIZE(SIGNATURE_BYTES))
		return false;
	if (!base64_decode(words, bytes, &len) || len != SIGNATURE_BYTES || memcmp(bytes, hash, NOTE_KEY_HASH) != 0)
		return false;
	memcpy(out, bytes + NOTE_KEY_HASH, ED25519_SIGNATURE);
	return true;
}

bool note_signed_by(const struct note *note, struct str name, const uint8_t public_key[ED25519_PUBLIC])
{
	uint8_t hash[NOTE_KEY_HASH], signature[ED25519_SIGNATURE];
	note_key_hash(name, public_key, hash);
	struct str rest = str_slice(note->signatures, 0, note->signatures.len - 1), line;
	while (str_cut(&rest, '\n', &line))
		if (line_signature(line, name, hash, signature))
			return ed25519_verify(public_key, note->body, signature);
	return false;
}

void note_write(struct buf *out, struct str origin, int64_t size, const uint8_t root[SHA256_SIZE],
		const uint8_t public_key[ED25519_PUBLIC], const uint8_t secret[ED25519_SECRET])
{
	char text[BASE64_SIZE(SIGNATURE_BYTES) + 1];
	uint8_t signature[SIGNATURE_BYTES];
	size_t start = out->len;
	base64_encode(root, SHA256_SIZE, text);
	buf_add_str(out, origin);
	buf_add_char(out, '\n');
	buf_add_int(out, size);
	buf_add_char(out, '\n');
	buf_add_text(out, text);
	buf_add_char(out, '\n');
	if (!buf_ok(out))
		return;
	note_key_hash(origin, public_key, signature);
	ed25519_sign(secret, str_slice(buf_str(out), start, out->len), signature + NOTE_KEY_HASH);
	base64_encode(signature, sizeof signature, text);
	buf_add_char(out, '\n');
	buf_add_str(out, signature_start);
	buf_add_str(out, origin);
	buf_add_char(out, ' ');
	buf_add_text(out, text);
	buf_add_char(out, '\n');
}

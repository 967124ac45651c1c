/* Signed checkpoints, as they lie in a head file that anybody may have touched. What is read must lie within the bytes,
 * and nothing is signed by a key that signed nothing. Neighbours: src/journal/note.c. */
#include "../../src/journal/note.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(struct str part, struct str whole)
{
	return part.data >= whole.data && part.len <= whole.len && part.data + part.len <= whole.data + whole.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[ED25519_PUBLIC] = { 7 };
	struct str text = { (const char *)data, size };
	struct note note;
	if (!note_parse(text, &note))
		return 0;
	if (!within(note.origin, text) || !within(note.body, text) || !within(note.signatures, text))
		abort();
	if (note.body.len + 1 + note.signatures.len != size || note.size < 0 || !note_name_valid(note.origin))
		abort();
	if (note_signed_by(&note, note.origin, key))
		abort();
	return 0;
}

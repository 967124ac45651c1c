/* Any bytes as the manifest of a search index. Its digest is put right first, so that what lies behind is read too. */
#include "base/arena.h"
#include "manifest.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *arena = arena_new(0);
	struct manifest *m = ARENA_NEW(arena, struct manifest);
	char *bytes = arena_alloc(arena, size + SHA256_SIZE);
	memcpy(bytes, data, size);
	manifest_read((struct str){ bytes, size }, arena, m);
	sha256(bytes, size, (uint8_t *)bytes + size);
	manifest_read((struct str){ bytes, size + SHA256_SIZE }, arena, m);
	return 0;
}

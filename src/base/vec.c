/* The untyped half of VEC(). */
#include "base/vec.h"
#include "base/mem.h"
#include <string.h>

void *vec_add_(void **items, size_t *count, size_t *cap, size_t size)
{
	if (*count == *cap) {
		size_t more = *cap ? *cap : 4, bytes;
		if (__builtin_mul_overflow(more, 2, &more) || __builtin_mul_overflow(more, size, &bytes))
			return NULL;
		void *grown = mem_grow(*items, bytes);
		if (!grown)
			return NULL;
		*items = grown;
		*cap = more;
	}
	return memset((char *)*items + (*count)++ * size, 0, size);
}

void vec_done_(void **items, size_t *count, size_t *cap)
{
	mem_free(*items);
	*items = NULL;
	*count = *cap = 0;
}

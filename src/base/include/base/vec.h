/* Growing arrays on the heap, typed by macro:  VEC(struct field) fields = {0};
 * VEC_ADD answers a pointer to a zeroed new item, or NULL when out of memory. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count, cap;                                                                 \
	}
#define VEC_ADD(v)                                                                                 \
	((__typeof__((v)->items))vec_add_((void **)&(v)->items, &(v)->count, &(v)->cap, sizeof *(v)->items))
#define VEC_DONE(v) vec_done_((void **)&(v)->items, &(v)->count, &(v)->cap)
#define VEC_CLEAR(v) ((void)((v)->count = 0))

void *vec_add_(void **items, size_t *count, size_t *cap, size_t size);
void vec_done_(void **items, size_t *count, size_t *cap);

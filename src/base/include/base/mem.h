/* Heap memory with a switch that makes allocation number n fail, for the torture tests.
 * Everything in the program that wants heap memory asks here; per-call memory comes from arena.h. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory, or NULL. Release with mem_free(). Thread-safe. */
void *mem_new(size_t size);
/* Zeroed array of `count` items of `size` bytes; NULL also when the product overflows. */
void *mem_array(size_t count, size_t size);
/* Like realloc(); the added part is not zeroed. On NULL the old block is untouched. */
void *mem_grow(void *old, size_t size);
/* NULL is fine. */
void mem_free(void *block);
/* A NUL-terminated copy of `len` bytes. */
char *mem_copy_text(const char *text, size_t len);

/* Test switch, per thread: the n-th allocation from now on fails once (n = 0: the next one);
 * a negative n switches it off. Answers how many allocations are left before the fault. */
void mem_fail_at(int64_t n);
int64_t mem_fail_left(void);

static inline void mem_cleanup_(void *p) { mem_free(*(void **)p); }
#define CLEAN_MEM __attribute__((cleanup(mem_cleanup_)))
/* Moves ownership out of a cleaned-up variable. */
#define TAKE(p) __extension__({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })

/* Looking up built-in files; the table itself is generated (tools/embed). */
#include "base/embed.h"
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

const struct embedded *embedded_find(const struct embedded *files, struct str path)
{
	size_t count = 0, low = 0;
	while (files[count].path)
		count++;
	for (size_t high = count; low < high;) {
		size_t middle = low + (high - low) / 2;
		int order = str_cmp(str_of(files[middle].path), path);
		if (order == 0)
			return &files[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void embedded_release(const struct embedded *files)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = UINTPTR_MAX, to = 0;
	for (const struct embedded *f = files; f->path; f++) {
		uintptr_t start = (uintptr_t)f->data.data, end = start + f->data.len;
		from = start < from ? start : from;
		to = end > to ? end : to;
	}
	from = (from + page - 1) / page * page;
	to = to / page * page;
	if (from < to)
		(void)madvise((void *)from, to - from, MADV_DONTNEED); /* an advice: when it is not taken, nothing is wrong */
}

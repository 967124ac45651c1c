/* Looking up built-in files; the table itself is generated (tools/embed). */
#include "base/embed.h"

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

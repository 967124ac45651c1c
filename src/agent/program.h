/* Asking another program for what it prints. */
#pragma once
#include "base/arena.h"

/* Runs `argv` (NULL-ended; argv[0] is looked up in PATH) without input and gives what it wrote to standard output: at
 * most `max` bytes within `limit` microseconds, and only when it ended well; else the program is ended. False otherwise. */
bool program_output(const char *const *argv, size_t max, int64_t limit, struct arena *arena, struct str *ret);

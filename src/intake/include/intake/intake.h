/* The intake engine: files of rows become records. A file is staged, every row is tried through the write path and undone,
 * so that what would happen is told by the very code that will do it; then it is applied in chunks that can be resumed.
 * Neighbours: record/ writes, csv.h reads, fleet/ takes in what agents send. */
#pragma once
#include "kernel/module.h"

extern const struct module intake_module;

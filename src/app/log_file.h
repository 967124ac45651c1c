/* Lines out of a file of logs: plain, gzip or zstd, told by its first bytes; "-" is standard input. Neighbours: detect.c reads. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

struct log_file;
enum code log_file_open(struct str path, struct log_file **ret, struct error *e);
void log_file_close(struct log_file *f);
/* The next whole lines, about a mebibyte of them; empty at the end. A line past `line_most` bytes is left out and counted in *ret_long, an
 * empty line standing for it. The bytes are appended to `out`. */
enum code log_file_read(struct log_file *f, size_t line_most, struct buf *out, size_t *ret_long, struct error *e);

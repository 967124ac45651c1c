/* Structured log: one JSON object a line on standard error. Only the dispatcher, the job runner and
 * main() write here; libraries return errors. Values that are secrets never come here. */
#pragma once
#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log_field {
	const char *name;
	struct str text; /* used when text.data != NULL */
	int64_t number;
};

void log_level_set(enum log_level least); /* the process-wide level; default LOG_INFO */
/* `event` is a stable English word or two: "listening", "call failed". Thread-safe, one write(2). */
void log_write_(enum log_level level, const char *event, const struct log_field *fields);
#define log_write(level, event, ...)                                                               \
	log_write_((level), (event), (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ) { 0 } })
/* Whole chain with hints. */
void log_error(const char *event, const struct error *e);

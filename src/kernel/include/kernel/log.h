/* How a journal entry is told in JSON; the change feed tells it the same way. */
#pragma once
#include "base/json_write.h"
#include "journal/journal.h"

void log_entry_write(const struct journal_entry *entry, bool payload, struct json_writer *w);

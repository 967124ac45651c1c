/* Questions that people write themselves: query.ask and query.check. Neighbours: query/ makes SQL of them, record/reading.h says
 * what the asker sees. */
#pragma once
#include "kernel/module.h"

extern const struct module ask_module;

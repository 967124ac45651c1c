/* The search engine: keeps the index of text/ up with the journal, and answers searches over all kinds at once with what
 * the caller may see. Neighbours: text/ finds, record/ says what is seen and reads the rows shown. */
#pragma once
#include "kernel/module.h"

extern const struct module search_module;

/* The fleet engine: what agents report becomes devices, interfaces, volumes, disks and package sets.
 * Neighbours: agent/ sends reports (docs/inventory-report.md), packs/assets declares the kinds. */
#pragma once
#include "kernel/module.h"

extern const struct module fleet_module;
extern const struct module fleet_unknown_module; /* the queue of unknown devices */
extern const struct module fleet_history_module; /* package changes by date */
extern const struct module fleet_completeness_module; /* what no source has seen */

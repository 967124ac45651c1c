/* The inventory adapter: what FusionInventory's, OCS's and GLPI's agents send becomes this project's own report and the
 * operation inventory.report. Neighbours: fleet/ takes reports in; docs/howto/inventory-agents.md tells how to point agents here. */
#pragma once
#include "http/http.h"

/* POST /inventory and /inventory/TOKEN; GET for agents that ask for further work. Ends with path == NULL. */
extern const struct http_route inventory_routes[];

/* The only list of modules: what the running program is made of. A new engine adds its line here (tools/new-engine). */
#include "modules.h"
#include "ask/ask.h"
#include "fleet/fleet.h"
#include "search/search.h"
#include "intake/intake.h"
#include "policy/policy.h"

const struct module *const app_modules[] = {
	&fleet_module,
	&fleet_unknown_module,
	&fleet_history_module,
	&fleet_completeness_module,
	&search_module,
	&intake_module,
	&ask_module,
	&policy_module,
	NULL,
};

/* The policy engine: judges the estate against the packs' policies all the time. What is out of line becomes a finding; where
 * an entity takes a policy strictly, the change that would bring a record out of line is refused or waits for consent.
 * Neighbours: query/ reads the SELECTs, model/ the files they stand in, kernel/ calls `judge` and the operations. */
#pragma once
#include "kernel/module.h"

extern const struct module policy_module;

/* Reads every policy's SELECT; faults as items whose pointer is "file:line:column". For `mandate pack check`. */
enum code policies_check(const struct model *m, struct error *e);

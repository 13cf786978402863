/* SPDX-License-Identifier: MIT */
/* Second and third step of reading a scenario: what "auto" stands for, and what must fit together. */
#ifndef QV_SCENARIO_RESOLVE_H
#define QV_SCENARIO_RESOLVE_H

#include "scenario/scenario.h"
#include "scenario/tree.h"

/* Puts real values where "auto" was written or meant. Works on anything the schema engine accepts. */
void scenario_resolve(struct scenario *scenario);

/* Cross-checks. `tree` gives the places and says which values could not be read: those are not judged. */
void scenario_check(const struct scenario *scenario, const struct tree *tree, struct diag *diag);

#endif

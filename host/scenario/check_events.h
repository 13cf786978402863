/* SPDX-License-Identifier: MIT */
/* Are the performance events of a scenario events of its processor? */
#ifndef QV_SCENARIO_CHECK_EVENTS_H
#define QV_SCENARIO_CHECK_EVENTS_H

#include "scenario/scenario.h"
#include "scenario/tree.h"

void check_events(const struct scenario *scenario, const struct tree *tree, struct diag *diag);

#endif

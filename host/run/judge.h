/* SPDX-License-Identifier: MIT */
/* The verdict: what the scenario expects against what came out. */
#ifndef QV_RUN_JUDGE_H
#define QV_RUN_JUDGE_H

#include "analysis/result.h"
#include "scenario/scenario.h"

/* Fills result->expect and result->met; to be called after result_conclude(). Every stated expectation gets an entry;
 * what cannot be told (no load, no directory) is not met. Pure: same input, same verdict. */
void judge(const struct scenario *scenario, struct run_result *result);

#endif

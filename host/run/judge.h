/* SPDX-License-Identifier: MIT */
/* The verdict: what the scenario expects against what came out. */
#ifndef QV_RUN_JUDGE_H
#define QV_RUN_JUDGE_H

#include "analysis/result.h"
#include "scenario/scenario.h"

/* Fills result->expect and result->met; to be called after result_conclude(). Every stated expectation gets an entry;
 * what cannot be told (no load, no directory) is not met. Pure: same input, same verdict. */
void judge(const struct scenario *scenario, struct run_result *result);

/* For judge_vcpus.c. A new entry of result->expect, NULL when there are too many; and its texts, cut where too long. */
struct run_expectation *judge_add(struct run_result *result, const char *name, bool met);
void judge_put(char out[96], const char *format, ...) __attribute__((format(printf, 2, 3)));
void judge_vcpus(const struct scenario *scenario, struct run_result *result);

#endif

/* SPDX-License-Identifier: MIT */
/* Threats to validity, printed from facts: each sentence has a condition, none is a matter of taste. */
#ifndef QV_ANALYSIS_THREATS_H
#define QV_ANALYSIS_THREATS_H

#include "analysis/result.h"

/* Fills r->threat. */
void threats_find(struct run_result *r);

#endif

/* SPDX-License-Identifier: MIT */
/* Many runs in figures: outcomes with intervals, spreads of the metrics. */
#ifndef QV_ANALYSIS_SUMMARY_H
#define QV_ANALYSIS_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/result.h"
#include "analysis/stats.h"

#define SUMMARY_LEVEL     0.95
#define SUMMARY_RESAMPLES 2000u
#define SUMMARY_SEED      1u /* of the bootstrap: the same runs give the same interval */

/* Runs of one scenario, fault and policy. */
struct summary_group {
    const char *scenario; /* borrowed from the results */
    uint32_t fault;       /* first planned model */
    uint32_t policy;
    size_t runs;
    size_t met;
    size_t outcome[QV_OUTCOME_COUNT];
};

/* Groups in order of first appearance; *out is malloc'd. Returns their number, or a negative error. */
long summary_groups(const struct run_result *const *results, size_t n, struct summary_group **out);

struct summary_metric {
    const char *name;
    const char *unit;
    struct stats_summary s;       /* s.n runs had this figure */
    struct stats_interval median; /* bootstrap interval at SUMMARY_LEVEL */
};

/* False if no run has the figure. */
bool summary_metric_of(const struct run_result *const *results, size_t n, const char *name, struct summary_metric *out);

#endif

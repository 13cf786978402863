/* SPDX-License-Identifier: MIT */
/*
 * Outcomes over many runs: a row for each fault under each policy, whatever scenarios the runs came from.
 */
#ifndef QV_ANALYSIS_OUTCOMES_H
#define QV_ANALYSIS_OUTCOMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/error.h"
#include "analysis/result.h"
#include "analysis/stats.h"

#define OUTCOMES_DETECTIONS 32u /* slots by enum qv_detection; what is beyond counts in the last */

struct outcomes_row {
    uint32_t fault;  /* first planned model */
    uint32_t policy; /* as configured */
    size_t n;        /* runs, none left out */
    size_t outcome[QV_OUTCOME_COUNT];
    size_t detected[OUTCOMES_DETECTIONS]; /* by the first detection; [0] = nothing detected */
    size_t recovered;                     /* outcomes recovered_local, _remote and _restart */
    struct stats_interval share;          /* of recovered in n: Wilson, 95 % */
    size_t unchecked;                     /* runs without isolation check: `breaches` says nothing about them */
    uint64_t breaches;
    size_t loaded;                    /* runs with a load; the figures below are theirs */
    double outage_median, outage_max; /* ms */
    uint64_t errors, lost;            /* requests */
};

struct outcomes {
    struct outcomes_row *row; /* owned; by fault as in enum qv_fault_model, then by policy */
    size_t n;
    size_t total[QV_OUTCOME_COUNT]; /* over all rows: an outcome that is 0 here has no column */
};

/* -ENOMEM if memory is short; then *out is empty. */
int outcomes_count(struct outcomes *out, const struct run_result *const *results, size_t n, struct qv_error *err);
void outcomes_free(struct outcomes *outcomes);

/* As a table for the terminal, as Markdown, and as CSV with a column for every outcome there is. */
int outcomes_print(FILE *out, const struct outcomes *outcomes, bool colour, struct qv_error *err);
void outcomes_write_markdown(FILE *out, const struct outcomes *outcomes);
void outcomes_write_csv(FILE *out, const struct outcomes *outcomes);

/* "cpu-exception 14, none 6", the most frequent first. */
char *outcomes_detections_text(const struct outcomes_row *row, char *out, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/* The picture of TLB sweeps: what an access costs over the number of pages, by machine and by what comes between
 * rounds. */
#ifndef QV_ANALYSIS_TLB_PLOT_H
#define QV_ANALYSIS_TLB_PLOT_H

#include <stddef.h>

#include "analysis/error.h"
#include "analysis/result.h"

#define TLB_PLOT_RUNS 8u

/* All borrowed. */
struct tlb_plot_run {
    const struct run_result *result;
    const struct tlb_sweep *sweep;
};

/*
 * Writes tlb.gp into `dir`, which holds the data too, and draws tlb.svg and tlb.png with it. The runs must be of one
 * platform, one kind of tick and one modelled processor (-EINVAL else), at most TLB_PLOT_RUNS. -ENODATA if there is
 * nothing to draw; else as gnuplot_run().
 */
int tlb_plot(const char *dir, const struct tlb_plot_run *run, size_t n, struct qv_error *err);

/* Draws the picture of one result directory again, from its tlb.csv. -ENOENT if it has none. */
int tlb_redraw(const char *dir, struct qv_error *err);

#endif

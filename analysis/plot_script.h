/* SPDX-License-Identifier: MIT */
/* The gnuplot script of a time line: what is in the picture and where. */
#ifndef QV_ANALYSIS_PLOT_SCRIPT_H
#define QV_ANALYSIS_PLOT_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/load_log.h"
#include "analysis/result.h"

/* A stretch (or, with begin = end, a moment) on the load's time axis. */
struct timeline_span {
    char name[32]; /* a phase's name, or "fault", "detected", "decision", "first_good_reply" */
    bool event;    /* a moment */
    bool overlapping;
    uint32_t recovery; /* index in the result, from 0; events too */
    double begin_ms;   /* since the load's epoch */
    double end_ms;
};

struct timeline_view {
    const struct run_result *r;
    const struct timeline_span *span;
    size_t n_spans;
    size_t chosen; /* index of the recovery that the picture explains (result_recovery) */
    double end_ms; /* of the schedule */
    double warmup_ms;
    double rate; /* asked for, 1/s */
    double bin_ms;
    double coarse_ms;                /* bins of the overview */
    double peak;                     /* most good replies in one fine bin of the zoomed part, as 1/s */
    double coarse_peak;              /* most good replies in one coarse bin, as 1/s */
    double latency_min, latency_max; /* ms, of the good replies in the zoomed part (or all) */
    bool zoom;
    double zero_ms; /* the zoomed part counts from here: the fault, else the start of the outage */
    bool zero_is_fault;
    double from_ms, to_ms; /* the zoomed part, since epoch */
};

void plot_script_write(FILE *out, const struct timeline_view *v);

#endif

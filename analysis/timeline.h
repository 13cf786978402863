/* SPDX-License-Identifier: MIT */
/*
 * The time line: requests, replies and errors in bins, with the fault and the recovery's phases, as data and as a
 * picture drawn by gnuplot. The script and its data stay in the directory, so that it can be drawn again.
 */
#ifndef QV_ANALYSIS_TIMELINE_H
#define QV_ANALYSIS_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/clock_map.h"
#include "analysis/error.h"
#include "analysis/load_log.h"
#include "analysis/result.h"

#define TIMELINE_BIN_MS 10.0

/* Where a guest time lies on a load's time axis, in ms since its epoch. False if that is not known. */
bool timeline_place(const struct load_log *log, const struct clock_map *clock, uint64_t tsc_hz, uint64_t tsc,
                    double *ms);

/* timeline.csv, spans.csv (fault and phases on the load's time axis) and timeline.gp into `dir`. */
int timeline_write(const char *dir, const struct run_result *r, const struct load_log *log,
                   const struct clock_map *clock, struct qv_error *err);

/* Runs gnuplot on timeline.gp in `dir`: timeline.svg and timeline.png. -ENOENT if gnuplot or the script is missing. */
int timeline_plot(const char *dir, struct qv_error *err);

/* Writes the files of a result directory anew from its raw data and draws them (`qv plot DIR`). */
int timeline_redraw(const char *dir, struct qv_error *err);

#endif

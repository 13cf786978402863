/* SPDX-License-Identifier: MIT */
/*
 * The scheduling trace as a Gantt chart: who ran when, with which budget, and when budget comes back. Needs a run with
 * `trace: {scheduler: true}`; reads result.json and trace.bin, writes schedule.csv, .gp, .svg and .png beside them.
 */
#ifndef QV_ANALYSIS_SCHEDULE_H
#define QV_ANALYSIS_SCHEDULE_H

#include <stdbool.h>

#include "analysis/error.h"
#include "analysis/result.h"
#include "analysis/trace.h"

#define SCHEDULE_LENGTH_MS 100.0

/* Has the trace any dispatches? */
bool schedule_recorded(const struct trace *trace);

/*
 * Draws [from_ms, from_ms + length_ms), counted from ready; from_ms < 0: from the second second on, or the beginning of
 * a shorter run. -ENOENT if there is no scheduling trace, or nothing in that time.
 */
int schedule_draw(const char *dir, const struct run_result *r, const struct trace *trace, double from_ms,
                  double length_ms, struct qv_error *err);

/* The same from what is in the directory. */
int schedule_redraw(const char *dir, double from_ms, double length_ms, struct qv_error *err);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef QV_ANALYSIS_GNUPLOT_H
#define QV_ANALYSIS_GNUPLOT_H

#include "analysis/error.h"

/*
 * Runs gnuplot on `script` (a name in `dir`) with `dir` as its folder. -ENOENT if there is no such script or no
 * gnuplot, -EIO if gnuplot failed (its words are in gnuplot.log beside the script then), -ETIMEDOUT.
 */
int gnuplot_run(const char *dir, const char *script, struct qv_error *err);

#endif

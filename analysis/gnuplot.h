/* SPDX-License-Identifier: MIT */
#ifndef QV_ANALYSIS_GNUPLOT_H
#define QV_ANALYSIS_GNUPLOT_H

#include <stdio.h>

#include "analysis/error.h"

/*
 * Runs gnuplot on `script` (a name in `dir`) with `dir` as its folder. -ENOENT if there is no such script or no
 * gnuplot, -EIO if gnuplot failed (its words are in gnuplot.log beside the script then), -ETIMEDOUT.
 */
int gnuplot_run(const char *dir, const char *script, struct qv_error *err);

/* Writes text in single quotes, where gnuplot takes everything literally but the quote itself. */
void gnuplot_quote(FILE *out, const char *text);

/*
 * The head of a script that draws NAME.svg and NAME.png: terminals of `height` (width 1400), fonts `small`, `note`,
 * `body`, `panel` and `heading`, colours of axes. All that follows is drawn twice; the script ends with gnuplot_end().
 */
void gnuplot_begin(FILE *out, const char *name, unsigned height);
void gnuplot_end(FILE *out);

#endif

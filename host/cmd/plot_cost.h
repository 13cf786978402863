/* SPDX-License-Identifier: MIT */
/* qv plot --out: pictures and tables of what results with a cost report say together. */
#ifndef QV_CMD_PLOT_COST_H
#define QV_CMD_PLOT_COST_H

#include <stddef.h>

/* cost.csv, cost.md and, as far as there is something to draw, nic.svg/png and web.svg/png into `out`. Exit status. */
int plot_cost(const char *out, char *const *dirs, size_t n);

#endif

/* SPDX-License-Identifier: MIT */
/* qv plot: TLB sweeps. */
#ifndef QV_CMD_PLOT_TLB_H
#define QV_CMD_PLOT_TLB_H

#include <stdbool.h>
#include <stddef.h>

/* Does this result directory hold TLB sweeps? */
bool plot_has_tlb(const char *dir);

/* Draws them again in the directory itself. An exit status; the reason is on standard error. */
int plot_tlb(const char *dir);

/* One picture of all, in the folder `out`, which is made if it is not there. An exit status. */
int plot_tlb_together(const char *out, char *const *dirs, size_t n);

#endif

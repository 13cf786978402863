/* SPDX-License-Identifier: MIT */
/* Results for a host that does not see this machine's memory. */
#ifndef QV_MONITOR_DUMP_H
#define QV_MONITOR_DUMP_H

#include <stdbool.h>
#include <stdint.h>

/* The results will leave by the serial line, and nobody watches the memory meanwhile. */
bool dump_by_serial(void);

/*
 * sums.c: what the host's isolation check does where it sees the memory, done here: a sum of every region that must
 * keep its bytes, before the sandboxes start and at the end, in the directory. Only where dump_by_serial().
 */
void sums_before_machine(void);        /* regions of nobody, on the boot processor */
void sums_before_core(uint32_t index); /* a partition, once it is filled */
void sums_after(void);                 /* all, once the other cores are stopped */

#endif

/* SPDX-License-Identifier: MIT */
/* A sandbox sets its core's performance counters up by writes that exit; this is who looks at them. */
#ifndef QV_MONITOR_PMU_H
#define QV_MONITOR_PMU_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Writes a register of the counters for the sandbox, if such a write is only counting (lib/pmu_unit.h) and this run
 * counts at all (the boot configuration asks for a cost report or for events). False: refused, or the processor does.
 */
bool pmu_write(uint32_t msr, uint64_t value);

/* For the trap handler: an exception at `rip` is that of such a write. Returns where to go on, 0 if it is not. */
uint64_t pmu_write_failed(uint64_t rip);

#endif

/* SPDX-License-Identifier: MIT */
/* What a sandbox may touch without its monitor, whoever made the processor. Everything that is not here exits. */
#ifndef QV_MONITOR_DIRECT_H
#define QV_MONITOR_DIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIRECT_PORT_FIRST 0x3f8u /* the serial console */
#define DIRECT_PORT_LAST  0x3ffu

/* MSRs whose values stay with the sandbox or say nothing about others: direct to read, and to write where said. */
struct direct_msr {
    uint32_t msr;
    bool write;
};
extern const struct direct_msr direct_msrs[];
extern const size_t n_direct_msrs;

/*
 * One more where machine.tsc_deadline says so, to read and to write: MSR_TSC_DEADLINE, the core's own timer. It is
 * compared with the processor's TSC, so it may be direct only as long as no monitor gives its sandbox another one (VMX:
 * "use TSC offsetting", which vmx/controls.c refuses; SVM: tsc_offset, which is 0).
 */

#endif

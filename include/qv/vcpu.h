/* SPDX-License-Identifier: MIT */
/*
 * What a sandbox kernel says about its VCPUs: an area in its own memory, found through qv_sandbox_status.vcpus_phys and
 * rewritten every few heartbeats. `sequence` is odd while it is being written; whoever reads it without stopping the
 * machine reads again until it was even and the same before and after. All times are TSC ticks.
 */
#ifndef QV_VCPU_H
#define QV_VCPU_H

#include <stdint.h>

#include "qv/bootcfg.h"

#define QV_VCPU_AREA_MAGIC 0x3130555043565651ull /* "QVVCPU01" */
#define QV_MAX_VCPUS       64u                   /* of one core */

struct qv_vcpu_report {
    uint32_t kind;  /* enum qv_vcpu_kind */
    uint32_t flags; /* enum qv_vcpu_flags */
    uint32_t work;  /* entry of qv_bootcfg.work, QV_NO_WORK = a standard VCPU */
    uint32_t which; /* enum qv_vcpu_slot, or the number of the copy */
    uint64_t budget;
    uint64_t period; /* PIBS: the one in force */
    uint32_t utilization_ppm;
    uint32_t replenishments_max;
    uint32_t number; /* in the kernel, and in the trace records of the scheduler */
    uint32_t reserved;
    uint64_t used;           /* on its own budget, overruns included */
    uint64_t background;     /* in time that nobody with budget wanted */
    uint64_t overrun;        /* of `used`: beyond the budget */
    uint64_t replenishments; /* put on the list */
    uint64_t list_full;      /* replenishments that had to be merged because the list was full */
    uint64_t dispatches;
    uint64_t jobs; /* of work loads: done ... */
    uint64_t misses;
    uint64_t worst_response; /* longest time from release to completion */
    uint64_t bytes;
};

struct qv_vcpu_area {
    uint64_t magic;
    uint32_t count;
    uint32_t sequence;
    uint64_t start; /* of the accounts */
    uint64_t time;  /* at which they were read: start + idle + sched + retired + all used and background = time */
    uint64_t idle;
    uint64_t sched;    /* from entering the kernel for an interrupt or a switch to the choice of who runs */
    uint64_t handlers; /* of it: handlers of interrupts other than the timer's */
    uint64_t retired;  /* of VCPUs that were removed */
    uint64_t path;     /* no account, but a path: all that the timer's interrupt and the scheduler take until the next
                        * thread goes on, its last part charged to the VCPU chosen */
    struct qv_vcpu_report vcpu[QV_MAX_VCPUS];
};

_Static_assert(sizeof(struct qv_vcpu_report) == 128, "layout");
_Static_assert(sizeof(struct qv_vcpu_area) == 72 + 64 * 128, "layout");

#endif

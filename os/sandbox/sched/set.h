/* SPDX-License-Identifier: MIT */
/*
 * The set of VCPUs that a boot configuration gives to one sandbox, and whether it is admitted. The host program asks
 * when it reads a scenario, the sandbox kernel when it starts and whenever a VCPU is added: both through these
 * functions, in the same order and with the same arithmetic, so that they cannot come to different answers. Pure code.
 */
#ifndef QV_SCHED_SET_H
#define QV_SCHED_SET_H

#include "admit.h"

#include "qv/bootcfg.h"

#define SCHED_BLOCKING_US 10u /* assumed for the exact test: interrupts off, latency of the timer */

struct sched_member {
    uint32_t work;  /* entry of qv_bootcfg.work, or QV_NO_WORK */
    uint32_t which; /* enum qv_vcpu_slot, or the number of the copy */
};

struct sched_set {
    uint32_t count;
    bool overflow;                          /* there are more than SCHED_MAX_VCPUS; those are not in the set */
    struct vcpu_spec spec[SCHED_MAX_VCPUS]; /* nanoseconds */
    struct sched_member member[SCHED_MAX_VCPUS];
};

struct sched_verdict {
    bool admitted;
    uint64_t load, bound; /* in 1/ADMIT_ONE; load = UINT64_MAX: malformed */
    uint32_t refused;     /* exact test: the first member that can be late; count = the set is malformed */
};

/* Does this entry stand for a VCPU at all? */
static inline bool sched_has_vcpu(const struct qv_vcpu_cfg *cfg)
{
    return cfg->period_us != 0 || cfg->utilization_ppm != 0;
}

/* Nanoseconds. */
struct vcpu_spec sched_spec_of(const struct qv_vcpu_cfg *cfg);

/* The standard VCPUs first, then those of its work loads in the order of the configuration. */
void sched_set_of(const struct qv_bootcfg *cfg, uint32_t sandbox, struct sched_set *set);

/* False if there is no room. */
bool sched_set_add(struct sched_set *set, const struct qv_vcpu_cfg *cfg, struct sched_member member);

/* `admission`: enum qv_admission. */
struct sched_verdict sched_set_admit(const struct sched_set *set, uint32_t admission);

#endif

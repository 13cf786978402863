/* SPDX-License-Identifier: MIT */
#include "set.h"

#define NS_PER_US  1000u
#define MILLIONTHS 1000000u

struct vcpu_spec sched_spec_of(const struct qv_vcpu_cfg *cfg)
{
    if (cfg->kind == QV_VCPU_KIND_IO_PIBS)
        return (struct vcpu_spec){.kind = VCPU_IO_PIBS, .num = cfg->utilization_ppm, .den = MILLIONTHS};
    return (struct vcpu_spec){.kind = cfg->kind == QV_VCPU_KIND_IO_SERVER ? VCPU_IO_SS : VCPU_MAIN,
                              .budget = (uint64_t)cfg->budget_us * NS_PER_US,
                              .period = (uint64_t)cfg->period_us * NS_PER_US};
}

bool sched_set_add(struct sched_set *set, const struct qv_vcpu_cfg *cfg, struct sched_member member)
{
    if (set->count == SCHED_MAX_VCPUS) {
        set->overflow = true;
        return false;
    }
    set->spec[set->count] = sched_spec_of(cfg);
    set->member[set->count++] = member;
    return true;
}

void sched_set_of(const struct qv_bootcfg *cfg, uint32_t sandbox, struct sched_set *set)
{
    set->count = 0;
    set->overflow = false;
    for (uint32_t slot = 0; slot < QV_VCPU_SLOTS; slot++)
        if (sched_has_vcpu(&cfg->sandbox[sandbox].vcpu[slot]))
            (void)sched_set_add(set, &cfg->sandbox[sandbox].vcpu[slot], (struct sched_member){QV_NO_WORK, slot});
    for (uint32_t i = 0; i < cfg->n_work && i < QV_MAX_WORK; i++) {
        const struct qv_work_cfg *work = &cfg->work[i];
        if (work->sandbox != sandbox || work->slot < QV_VCPU_SLOTS)
            continue;
        for (uint32_t copy = 0; copy < work->count && !set->overflow; copy++)
            (void)sched_set_add(set, &work->vcpu, (struct sched_member){i, copy});
    }
}

struct sched_verdict sched_set_admit(const struct sched_set *set, uint32_t admission)
{
    struct admit_bound bound = admit_by_bound(set->spec, set->count);
    struct sched_verdict verdict = {
        .admitted = bound.admitted, .load = bound.load, .bound = bound.bound, .refused = set->count};

    if (admission == QV_ADMIT_EXACT)
        verdict.admitted =
            admit_by_response_time(set->spec, set->count, (uint64_t)SCHED_BLOCKING_US * NS_PER_US, &verdict.refused);
    else if (admission == QV_ADMIT_ANY)
        verdict.admitted = bound.load != UINT64_MAX; /* well-formed all the same */
    else if (admission != QV_ADMIT_BOUND)
        verdict.admitted = false;
    if (set->overflow)
        verdict.admitted = false;
    return verdict;
}

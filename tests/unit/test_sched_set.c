/* SPDX-License-Identifier: MIT */
/* The set of VCPUs of a boot configuration, and the order of those who sleep. */
#include "os/sandbox/sched/set.h"

#include <string.h>

#include "os/sandbox/sched/wakeups.h"
#include "qv/draw.h"
#include "unit.h"

static struct qv_bootcfg cfg;
static struct sched_set set;

static struct qv_vcpu_cfg main_vcpu(uint32_t budget_us, uint32_t period_us)
{
    return (struct qv_vcpu_cfg){.kind = QV_VCPU_KIND_MAIN, .budget_us = budget_us, .period_us = period_us};
}

static void fresh(void)
{
    memset(&cfg, 0, sizeof(cfg));
    cfg.n_sandboxes = 2;
    cfg.sandbox[1].vcpu[QV_VCPU_SERVICE] = main_vcpu(2000, 10000);
    cfg.sandbox[1].vcpu[QV_VCPU_NIC] = (struct qv_vcpu_cfg){.kind = QV_VCPU_KIND_IO_PIBS, .utilization_ppm = 100000};
}

static void members(void)
{
    fresh();
    cfg.n_work = 3;
    cfg.work[0] = (struct qv_work_cfg){.sandbox = 1, .count = 3, .slot = QV_VCPU_SLOTS, .vcpu = main_vcpu(100, 50000)};
    cfg.work[1] = (struct qv_work_cfg){.sandbox = 0, .count = 1, .slot = QV_VCPU_SLOTS, .vcpu = main_vcpu(100, 5000)};
    cfg.work[2] = (struct qv_work_cfg){.sandbox = 1, .count = 1, .slot = QV_VCPU_NIC}; /* shares: no VCPU */
    sched_set_of(&cfg, 1, &set);
    CU_ASSERT_EQUAL_FATAL(set.count, 5);
    CU_ASSERT(set.spec[0].kind == VCPU_MAIN && set.spec[0].budget == 2000000 && set.spec[0].period == 10000000);
    CU_ASSERT(set.spec[1].kind == VCPU_IO_PIBS && set.spec[1].num == 100000 && set.spec[1].den == 1000000);
    CU_ASSERT(set.member[1].work == QV_NO_WORK && set.member[1].which == QV_VCPU_NIC);
    CU_ASSERT(set.member[4].work == 0 && set.member[4].which == 2 && set.spec[4].period == 50000000);
    sched_set_of(&cfg, 0, &set);
    CU_ASSERT(set.count == 1 && set.member[0].work == 1);
    sched_set_of(&cfg, 5, &set); /* a sandbox without any */
    CU_ASSERT(set.count == 0 && sched_set_admit(&set, QV_ADMIT_BOUND).admitted);
}

static void verdicts(void)
{
    fresh();
    sched_set_of(&cfg, 1, &set);
    /* 20 % + (2 - 0.1) 0.1 = 39 % of 100 % for one server */
    CU_ASSERT(sched_set_admit(&set, QV_ADMIT_BOUND).admitted);
    CU_ASSERT(sched_set_admit(&set, QV_ADMIT_EXACT).admitted);
    /* harmonic periods: 100 % is schedulable, but above the bound; with the blocking assumed it is not */
    fresh();
    memset(&cfg.sandbox[1], 0, sizeof(cfg.sandbox[1]));
    cfg.sandbox[1].vcpu[QV_VCPU_SERVICE] = main_vcpu(5000, 10000);
    cfg.sandbox[1].vcpu[QV_VCPU_HEALTH] = main_vcpu(9900, 20000);
    sched_set_of(&cfg, 1, &set);
    CU_ASSERT(!sched_set_admit(&set, QV_ADMIT_BOUND).admitted);
    CU_ASSERT(sched_set_admit(&set, QV_ADMIT_EXACT).admitted);
    cfg.sandbox[1].vcpu[QV_VCPU_HEALTH].budget_us = 10000;
    sched_set_of(&cfg, 1, &set);
    struct sched_verdict verdict = sched_set_admit(&set, QV_ADMIT_EXACT);
    CU_ASSERT(!verdict.admitted && verdict.refused == 1);
    CU_ASSERT(sched_set_admit(&set, QV_ADMIT_ANY).admitted);
    CU_ASSERT(!sched_set_admit(&set, 3).admitted); /* unknown */
    cfg.sandbox[1].vcpu[QV_VCPU_HEALTH].budget_us = 20001;
    sched_set_of(&cfg, 1, &set);
    CU_ASSERT(!sched_set_admit(&set, QV_ADMIT_ANY).admitted); /* malformed is malformed */
}

static void too_many(void)
{
    fresh();
    cfg.n_work = 1;
    cfg.work[0] =
        (struct qv_work_cfg){.sandbox = 1, .count = 62, .slot = QV_VCPU_SLOTS, .vcpu = main_vcpu(50, 1000000)};
    sched_set_of(&cfg, 1, &set);
    CU_ASSERT(set.count == 64 && !set.overflow && sched_set_admit(&set, QV_ADMIT_BOUND).admitted);
    cfg.work[0].count = 4000000000u;
    sched_set_of(&cfg, 1, &set);
    CU_ASSERT(set.count == 64 && set.overflow);
    CU_ASSERT(!sched_set_admit(&set, QV_ADMIT_ANY).admitted);
}

#define SLEEPERS 100u

/* Against a list that is searched from end to end. */
static void wakeups_in_order(void)
{
    static struct wakeups w;
    static struct sleeper sleeper[SLEEPERS];
    uint64_t now = 0;
    CU_ASSERT(wakeups_next(&w) == WAKEUPS_NEVER && wakeups_due(&w, UINT64_MAX - 1) == NULL);
    for (uint64_t step = 0; step < 20000; step++) {
        uint64_t draw = qv_draw(7, step);
        struct sleeper *s = &sleeper[draw % SLEEPERS];
        if (draw >> 8 & 1)
            wakeups_set(&w, s, now + (draw >> 16) % 500);
        else if (draw >> 9 & 1)
            wakeups_clear(&w, s);
        else
            now += (draw >> 16) % 20;
        uint64_t least = WAKEUPS_NEVER;
        for (unsigned i = 0; i < SLEEPERS; i++)
            least = sleeper[i].place != 0 && sleeper[i].time < least ? sleeper[i].time : least;
        CU_ASSERT_EQUAL_FATAL(wakeups_next(&w), least);
        struct sleeper *due = wakeups_due(&w, now);
        CU_ASSERT_EQUAL_FATAL(due != NULL, least <= now);
        if (due != NULL)
            CU_ASSERT_FATAL(due->time == least && due->place == 0);
    }
    for (unsigned i = 1; i <= w.count; i++)
        CU_ASSERT(w.heap[i]->place == i);
}

static void wakeups_full(void)
{
    static struct wakeups w;
    static struct sleeper sleeper[WAKEUPS_MAX + 1];
    for (unsigned i = 0; i <= WAKEUPS_MAX; i++)
        wakeups_set(&w, &sleeper[i], i);
    CU_ASSERT(w.count == WAKEUPS_MAX && sleeper[WAKEUPS_MAX].place == 0); /* no room: not taken, nothing broken */
    wakeups_set(&w, &sleeper[5], 1000);
    CU_ASSERT(w.count == WAKEUPS_MAX && wakeups_due(&w, 0) == &sleeper[0]);
}

int main(void)
{
    static const struct unit_test tests[] = {{"who belongs to a set", members},
                                             {"what is admitted", verdicts},
                                             {"more than there is room for", too_many},
                                             {"sleepers wake in order", wakeups_in_order},
                                             {"as many sleepers as there can be", wakeups_full}};
    return unit_run("sets of VCPUs and sleepers", tests, sizeof(tests) / sizeof(tests[0]));
}

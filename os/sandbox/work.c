/* SPDX-License-Identifier: MIT */
/*
 * Work made for experiments, as the boot configuration says: threads that compute without end, that have deadlines, or
 * that stand for a device's bottom half. The flood is the network's (net/flood.c). A job's length is what its VCPU is
 * charged for: time in which others ran, or interrupts were served, is not part of it.
 */
#include "sandbox/internal.h"

#define READY_POLL_US 1000u
#define STRIDE        200u /* turns of the empty loop between two looks at the account */
#define LOOKS         16u  /* between two PAUSEs */

struct worker {
    const struct qv_work_cfg *cfg;
    struct vcpu_slot *slot; /* where its counters are kept */
    uint32_t copy;
    uint64_t begin, end; /* tsc; end = SCHED_NEVER: none */
};

static struct worker workers[VCPUS_MAX];
static unsigned n_workers;
static int first_vcpu[QV_MAX_WORK]; /* of each entry, once it has been started */

/*
 * The PAUSE lets an emulator that runs all cores in turn go on to the next one: without it a core that computes keeps
 * the others waiting for tens of milliseconds. With one in every turn it would do little else.
 */
static void turn(unsigned turns)
{
    static unsigned looks;
    for (unsigned i = 0; i < turns; i++)
        __asm__ volatile("" ::: "memory");
    if (++looks % LOOKS == 0)
        cpu_pause();
}

static void burn(uint64_t ticks)
{
    uint64_t begin = thread_consumed();
    while (thread_consumed() - begin < ticks)
        turn(STRIDE);
}

static void hog(const struct worker *w)
{
    while (time_now() < w->end)
        turn(STRIDE);
}

/*
 * One after the other from `begin` on. A job that is not done when the next is released is late; those whose own time
 * has run out by then are dropped and count as late, too, so that one long delay is not followed by a burst.
 */
static void jobs(const struct worker *w)
{
    const uint64_t every = time_from_us(w->cfg->every_us);
    const uint64_t work = time_from_us(w->cfg->work_us);
    struct vcpu_slot *slot = w->slot;

    for (uint64_t release = w->begin; release < w->end; release += every) {
        thread_sleep_until(release);
        burn(work);
        uint64_t response = time_now() - release;
        slot->jobs++;
        slot->bytes += w->cfg->bytes;
        if (response > slot->worst_response)
            slot->worst_response = response;
        if (response <= every)
            continue;
        slot->misses += response / every;
        if (w->cfg->kind == QV_WORK_PERIODIC)
            trace(QV_TRACE_DEADLINE_MISS, release + every, response - every);
        release += (response / every - 1) * every;
    }
}

static void work_main(void *argument)
{
    struct worker *w = argument;
    const struct qv_work_cfg *cfg = w->cfg;

    while (directory()->machine_state < QV_MACHINE_READY)
        (void)thread_wait_until(time_now() + time_from_us(READY_POLL_US));
    w->begin = directory()->ready_tsc + time_from_us(cfg->after_us + (uint64_t)cfg->phase_us * w->copy);
    w->end = cfg->until_us ? directory()->ready_tsc + time_from_us(cfg->until_us) : SCHED_NEVER;
    thread_sleep_until(w->begin);
    if (cfg->kind == QV_WORK_HOG)
        hog(w);
    else
        jobs(w);
    for (;;)
        thread_wait();
}

static void start_one(const struct qv_work_cfg *cfg, unsigned vcpu, uint32_t copy)
{
    struct worker *w = &workers[n_workers++];
    *w = (struct worker){.cfg = cfg, .slot = vcpu_slot(vcpu), .copy = copy};
    bool serves = cfg->kind == QV_WORK_DEVICE && cfg->target < QV_MAX_WORK && first_vcpu[cfg->target] > 0;
    unsigned served = serves ? (unsigned)first_vcpu[cfg->target] : (unsigned)QV_VCPU_SERVICE;
    if (!thread_create_serving("work", work_main, w, (enum qv_vcpu_slot)vcpu, served))
        kernel_lost(QV_DETECT_ASSERTION, vcpu, "work load not started");
}

static void start_entry(uint32_t entry)
{
    const struct qv_work_cfg *cfg = &handoff->cfg.work[entry];
    for (uint32_t copy = 0; copy < cfg->count && n_workers < VCPUS_MAX; copy++) {
        int vcpu = (int)cfg->slot;
        if (cfg->slot >= QV_VCPU_SLOTS)
            vcpu = vcpus_create(&cfg->vcpu, entry, copy);
        if (vcpu < 0 || !vcpu_slot((unsigned)vcpu))
            kernel_lost(QV_DETECT_ASSERTION, entry, "VCPU of a work load refused");
        if (copy == 0)
            first_vcpu[entry] = vcpu;
        start_one(cfg, (unsigned)vcpu, copy);
    }
}

/* Those that are served come first, so that who serves them finds their VCPUs. */
void work_start(void)
{
    for (unsigned devices = 0; devices < 2; devices++)
        for (uint32_t i = 0; i < handoff->cfg.n_work && i < QV_MAX_WORK; i++) {
            const struct qv_work_cfg *cfg = &handoff->cfg.work[i];
            if (cfg->sandbox == handoff->id && cfg->kind != QV_WORK_FLOOD &&
                (cfg->kind == QV_WORK_DEVICE) == (devices == 1))
                start_entry(i);
        }
}

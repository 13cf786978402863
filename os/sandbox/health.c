/* SPDX-License-Identifier: MIT */
/*
 * Heartbeat and neighbour watch. Each sandbox is watched by the next living one in a ring of sandbox numbers. The same
 * thread looks after what nobody else would notice: the end of the run, a dead thread, damage to the scheduler's state.
 */
#include "sandbox/cost.h"
#include "sandbox/internal.h"

#define SELF_CHECK_BEATS 8u
#define SERVICE_LIMIT_US 8000000u
#define STUCK_US         300000u

static bool running(unsigned sandbox)
{
    uint32_t state = directory()->core[sandbox].state;
    return state == QV_SB_RUNNING || state == QV_SB_RECOVERING;
}

/* Of several the next one; a sandbox alone is its own watcher, as far as it can be. */
static bool watched_by_me(unsigned sandbox)
{
    for (unsigned step = 1; step <= handoff->n_sandboxes; step++) {
        unsigned watcher = (sandbox + step) % handoff->n_sandboxes;
        if (running(watcher))
            return watcher == handoff->id;
    }
    return false;
}

/*
 * A neighbour is suspected when its last heartbeat is too old and this sandbox has itself beaten often enough since it
 * last saw a new one: if all cores stood still, nobody is to blame. The monitor asks twice before it stops a core.
 */
static void watch_neighbours(void)
{
    static uint64_t seen[QV_MAX_SANDBOXES];
    static uint32_t stale[QV_MAX_SANDBOXES]; /* own beats since the neighbour's last new one */
    const struct qv_recovery_cfg *cfg = &handoff->cfg.recovery;
    uint64_t limit = time_from_us(cfg->hang_timeout_us);
    for (unsigned i = 0; i < handoff->n_sandboxes; i++) {
        uint64_t beats = status_of(i)->heartbeats;
        stale[i] = beats == seen[i] ? stale[i] + 1 : 0;
        seen[i] = beats;
        if (i == handoff->id || !running(i) || !watched_by_me(i))
            continue;
        uint64_t beat = status_of(i)->heartbeat_tsc;
        uint64_t now = time_now();
        if (stale[i] < cfg->hang_timeout_us / cfg->heartbeat_us / 2 || now < beat || now - beat < limit)
            continue;
        status->suspicions++;
        if (monitor_call(QV_CALL_SUSPECT, i) == 0)
            stale[i] = 0;
    }
}

/*
 * A recovery that is not over in time: its monitor does not look by itself, for it sleeps while its sandbox runs. As
 * for hangs, this sandbox must itself have beaten often enough meanwhile: a host that gives no time is not a failure.
 */
static void watch_recoveries(void)
{
    static uint64_t seen[QV_MAX_SANDBOXES];
    static uint32_t beats[QV_MAX_SANDBOXES]; /* own ones since this recovery was first seen */
    const struct qv_recovery_cfg *cfg = &handoff->cfg.recovery;
    if (handoff->mode == QV_MODE_NATIVE) {
        recovery_check_native();
        return;
    }
    for (unsigned i = 0; i < handoff->n_sandboxes; i++) {
        uint64_t by = directory()->core[i].recover_by;
        beats[i] = by == seen[i] ? beats[i] + 1 : 0;
        seen[i] = by;
        if (by != 0 && time_now() >= by && beats[i] >= cfg->recover_limit_us / cfg->heartbeat_us / 2 &&
            watched_by_me(i))
            monitor_call(QV_CALL_SUSPECT, i);
    }
}

static bool lowest_running(void)
{
    for (unsigned i = 0; i < handoff->id; i++)
        if (running(i))
            return false;
    return true;
}

static void end_of_run(void)
{
    const volatile struct qv_host_mailbox *mailbox = phys_to_virt(QV_MAILBOX_PHYS);
    uint64_t duration = handoff->cfg.duration_us;
    bool over = mailbox->stop != 0 || status->client_done != 0;
    if (duration != 0 && directory()->machine_state == QV_MACHINE_READY)
        over = over || time_now() - directory()->ready_tsc >= time_from_us(duration);
    if (!over || !(lowest_running() || status->client_done))
        return;
    vcpus_publish();
    if (handoff->mode == QV_MODE_NATIVE)
        native_end(0);
    else
        monitor_call(QV_CALL_SHUTDOWN, 0);
}

/*
 * DMA that the IOMMU blocked: the lowest of the NIC's living sharers has the device repaired. Not for what a generation
 * of the device did that is gone (this may be the restarted sandbox), and not before the drivers, whose checks see the
 * same damage, had one beat to repair it themselves.
 */
static void check_dma(void)
{
    static uint64_t seen, generation;
    static bool waited;
    uint32_t nic = handoff->cfg.sandbox[handoff->id].nic;
    uint64_t faults = directory()->iommu_faults;
    bool renewed = generation != status->nic_generation;
    if (nic >= QV_MAX_NICS)
        return;
    generation = status->nic_generation;
    if (renewed)
        seen = faults;
    waited = faults != seen && !waited;
    if (faults == seen || waited)
        return;
    seen = faults;
    for (unsigned i = 0; i < handoff->id; i++)
        if ((handoff->nic[nic].sharers & (1u << i)) && running(i))
            return;
    if (nic_component.state == COMPONENT_RUNNING)
        component_fail(&nic_component, QV_DETECT_IOMMU, directory()->iommu_last_address);
}

/*
 * A driver that loops with interrupts on stops no heartbeat, and its own checks are made by the thread that loops. The
 * longest that a sound one stays inside is a reset that waits for another sharer's.
 */
static void check_driver(void)
{
    const struct qv_recovery_cfg *cfg = &handoff->cfg.recovery;
    uint32_t limit = 2 * cfg->progress_timeout_us > STUCK_US ? 2 * cfg->progress_timeout_us : STUCK_US;
    component_beat++;
    uint64_t flags = irq_save();
    bool stuck = nic_component.state == COMPONENT_RUNNING && threads_stuck(limit / cfg->heartbeat_us);
    irq_restore(flags);
    if (stuck)
        component_fail(&nic_component, QV_DETECT_DRIVER_STUCK, handoff->id);
}

static void check_self(void)
{
    uint64_t flags = irq_save();
    const char *wrong = sched_check(&scheduler);
    irq_restore(flags);
    if (wrong)
        kernel_lost(QV_DETECT_ASSERTION, (uint64_t)&scheduler, wrong);
    vcpus_publish();
    if (threads_dead() && nic_component.state == COMPONENT_RUNNING)
        component_fail(&nic_component, QV_DETECT_LOCK_OWNER_DEAD, handoff->id);
}

/* The first READY of a sandbox with a network waits for its service; one that never comes up must not hold all others.
 */
static void report_ready(void)
{
    static bool reported;
    static uint64_t limit;
    if (reported || handoff->incarnation > 1 || !handoff_has_network())
        return;
    limit = limit ? limit : time_now() + time_from_us(SERVICE_LIMIT_US);
    if (status->service_up == 0 && time_now() < limit)
        return;
    if (status->service_up == 0)
        kprint("service not up, ready all the same");
    reported = true;
    sandbox_ready();
}

/* Processor time of all VCPUs, at the same moments in all sandboxes as far as their heartbeats allow. */
static void sample(void)
{
    static uint64_t next;
    uint64_t period = time_from_us(handoff->cfg.sample_us);
    if (period == 0 || directory()->machine_state != QV_MACHINE_READY)
        return;
    uint64_t now = time_now();
    next = next ? next : directory()->ready_tsc;
    if (now < next)
        return;
    vcpus_sample();
    next += (now - next) / period * period + period;
}

static void health_main(void *argument)
{
    uint64_t period = time_from_us(handoff->cfg.recovery.heartbeat_us);
    uint64_t next = time_now();
    (void)argument;
    for (unsigned beat = 0;; beat++) {
        status->heartbeat_tsc = time_now();
        status->heartbeats++;
        report_ready();
        cost_look();
        if (directory()->machine_state == QV_MACHINE_READY)
            watch_neighbours();
        watch_recoveries();
        sample();
        end_of_run();
        check_dma();
        check_driver();
        if (beat % SELF_CHECK_BEATS == 0)
            check_self();
        next += period;
        if (next < time_now())
            next = time_now() + period; /* the host stalled this core: no burst afterwards */
        thread_sleep_until(next);
    }
}

void health_start(void)
{
    thread_create("health", health_main, NULL, QV_VCPU_HEALTH);
}

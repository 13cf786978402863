/* SPDX-License-Identifier: MIT */
/* Monitor calls. Every argument comes from a sandbox and is checked against what that sandbox owns. */
#include "lib/errno.h"
#include "lib/x86.h"
#include "monitor/core.h"
#include "monitor/quick.h"

#define PROBE_GRACE_US 10000u
#define UNANSWERED_MAX 3u

static bool owns(const struct core *core, uint64_t phys, uint64_t size)
{
    const struct partition *p = &core->part;
    uint64_t end = p->base + p->size - p->reserve;
    return phys >= p->base && phys <= end && size <= end - phys;
}

static int64_t call_ready(struct core *core, const struct exit_info *exit)
{
    (void)exit;
    if (core->report->state != QV_SB_BOOTING)
        return -EINVAL;
    if (!owns(core, core->guest.rdi, 0) || (core->guest.rdi & (PAGE_SIZE - 1)))
        return -EPERM;
    core->part.alloc_end = core->guest.rdi;
    report_regions();
    if (core->stage != QV_STAGE_BOOT)
        return 0; /* a restarted sandbox stays in recovery until it says RECOVERED */
    core->stage = QV_STAGE_STEADY;
    report_state(core, QV_SB_RUNNING);
    if (__atomic_add_fetch(&machine.cores_ready, 1, __ATOMIC_ACQ_REL) == machine.n_cores) {
        directory()->ready_tsc = rdtsc();
        __atomic_store_n(&directory()->machine_state, QV_MACHINE_READY, __ATOMIC_RELEASE);
    }
    return 0;
}

static int64_t call_upcall(struct core *core, const struct exit_info *exit)
{
    (void)exit;
    /* The monitor writes there: behind the image's text, which the sandbox itself may not write. */
    if (!owns(core, core->guest.rdx, PAGE_SIZE) || core->guest.rdx < core->part.window_end || (core->guest.rdx & 7u))
        return -EPERM;
    core->upcall_entry = core->guest.rdi;
    core->upcall_stack = core->guest.rsi;
    core->upcall_frame = core->guest.rdx;
    return 0;
}

static int64_t call_fault(struct core *core, const struct exit_info *exit)
{
    uint64_t detection = core->guest.rdi;
    if (detection == QV_DETECT_NONE || detection > QV_DETECTION_LAST || core->guest.rdx > FAULT_SCOPE_DEVICE)
        return -EINVAL;
    recovery_fault(core, (enum qv_detection)detection, core->guest.rsi, exit, FROM_GUEST_CALL,
                   (enum fault_scope)core->guest.rdx);
    return (int64_t)core->guest.rax;
}

static int64_t call_recovered(struct core *core, const struct exit_info *exit)
{
    (void)exit;
    if (core->stage != QV_STAGE_RECOVERY)
        return -EINVAL;
    recovery_done(core);
    return 0;
}

/*
 * While a sandbox runs its core can be reset, also in a recovery; one that is parked is in its monitor. A core that
 * does not answer is asked again: a host may just not have given it time. The revived one has a whole limit to say its
 * own.
 */
static int end_overdue(struct core *core, struct core *target, const struct exit_info *exit)
{
    uint32_t state = target->report->state;
    bool reset = target != core && (state == QV_SB_RECOVERING || state == QV_SB_BOOTING) && vendor->was_reset &&
                 vendor->was_reset(target);
    int error = reset ? -ETIMEDOUT : recovery_end_overdue(core, target, exit);
    uint32_t *unanswered = &core->unanswered[target->index];
    *unanswered = error == -ETIMEDOUT ? *unanswered + 1 : 0;
    if (error != -ETIMEDOUT || (!reset && *unanswered < UNANSWERED_MAX))
        return error;
    *unanswered = 0;
    uint64_t by = rdtsc() + target->policy.config.recover_ticks;
    __atomic_store_n(&target->report->recover_by, by, __ATOMIC_RELEASE);
    core_revive(core, target);
    return 0;
}

/*
 * A sandbox may have a neighbour stopped, but only one whose heartbeat this monitor too finds stale, and in two steps:
 * the first call makes the neighbour's core show by an NMI that it runs at all, for under an emulator or a host it may
 * just not have been given time; the second, at least PROBE_GRACE_US later, stops it if it has not beaten since.
 * Where a recovery of the target is overdue, heartbeats do not matter, and a sandbox may say it of itself.
 */
static int64_t call_suspect(struct core *core, const struct exit_info *exit)
{
    uint64_t target = core->guest.rdi;
    if (target >= machine.n_cores)
        return -EINVAL;
    if (recovery_overdue(&cores[target]))
        return end_overdue(core, &cores[target], exit);
    if (target == core->index)
        return -EINVAL;
    uint32_t state = cores[target].report->state;
    if (state != QV_SB_RUNNING && state != QV_SB_RECOVERING && state != QV_SB_BOOTING)
        return -EINVAL;
    const volatile struct qv_sandbox_status *status = (const struct qv_sandbox_status *)QV_STATUS_PHYS(target);
    uint64_t us = machine.tsc_hz / 1000000u;
    uint64_t beats = status->heartbeats;
    if (rdtsc() - status->heartbeat_tsc < us * machine.cfg->recovery.hang_timeout_us)
        return -EPERM;
    if (vendor->was_reset && vendor->was_reset(&cores[target])) {
        core_revive(core, &cores[target]);
        return 0;
    }
    bool probed = core->probe_tsc[target] != 0 && core->probe_beats[target] == beats;
    if (probed && rdtsc() - core->probe_tsc[target] < us * PROBE_GRACE_US)
        return -EAGAIN;
    if (probed) { /* confirmed: this is the detection, and the target's exit begins with the NMI */
        monitor_trace(core, QV_TRACE_DETECT, QV_DETECT_HEARTBEAT, target);
        monitor_trace(core, QV_TRACE_PHASE_BEGIN, QV_PHASE_VM_EXIT, target << 32 | (cores[target].recovery + 1u));
    }
    int error = core_request(core, &cores[target], probed ? REQUEST_SUSPECT : REQUEST_PROBE);
    core->probe_tsc[target] = probed ? 0 : rdtsc();
    core->probe_beats[target] = beats;
    if (error == -ETIMEDOUT)
        core_revive(core, &cores[target]);
    return error ? error : probed ? 0 : -EAGAIN;
}

/*
 * Capabilities are fixed at boot: a mapping can only be given up or narrowed, for pages of the caller's own partition.
 * Everything else, in particular a page of somebody else, is refused.
 */
static int64_t map_pages(struct core *core, uint64_t phys, uint64_t pages, uint64_t rights)
{
    if (pages == 0 || pages > core->part.size / PAGE_SIZE || (phys & (PAGE_SIZE - 1)) ||
        rights > (NESTED_READ | NESTED_WRITE | NESTED_EXECUTE))
        return -EINVAL;
    if (!owns(core, phys, pages * PAGE_SIZE) || phys < core->part.window_end)
        return -EPERM;
    if ((rights & NESTED_EXECUTE) || ((rights & NESTED_WRITE) && !(rights & NESTED_READ)))
        return -EPERM; /* memory behind the image never becomes executable */
    int error = nested_map(&core->nested, phys, phys, pages * PAGE_SIZE, (unsigned)rights, NESTED_WRITE_BACK, true);
    vendor->flush(core); /* the table is this core's alone: no other core has cached it */
    return error;
}

static bool stop_allowed(const struct core *core)
{
    const struct qv_host_mailbox *mailbox = (const struct qv_host_mailbox *)QV_MAILBOX_PHYS;
    const struct qv_bootcfg *cfg = machine.cfg;
    if ((cfg->test[0] != '\0' && cfg->duration_us == 0) || mailbox->stop != 0)
        return true; /* a boot test ends when it likes, unless it was given a duration */
    if (cfg->sandbox[core->index].roles & QV_ROLE_CLIENT)
        return true; /* it makes the load: the run is over when it says so */
    return cfg->duration_us != 0 && directory()->ready_tsc != 0 &&
           rdtsc() - directory()->ready_tsc >= machine.tsc_hz / 1000000u * cfg->duration_us;
}

static int64_t call_shutdown(struct core *core, const struct exit_info *exit)
{
    (void)exit;
    if (!stop_allowed(core))
        return -EPERM;
    machine_stop(core, (uint32_t)core->guest.rdi);
}

static int64_t call_taken_over(struct core *core, const struct exit_info *exit)
{
    uint64_t failed = core->guest.rdi;
    (void)exit;
    if (failed >= machine.n_cores || cores[failed].report->taken_over_by != core->index)
        return -EPERM;
    recovery_taken_over(core, &cores[failed], core->guest.rsi == 0);
    return 0;
}

/* Quick calls. The long way leads to them too, for vendors that have no quick one and while a takeover is pending. */
static int64_t quick_nop(struct core *core, struct quick_registers *registers)
{
    (void)core;
    (void)registers;
    return 0;
}

static int64_t quick_map(struct core *core, struct quick_registers *registers)
{
    return map_pages(core, registers->rdi, registers->rsi, registers->rdx);
}

static int64_t quick_stamp(struct core *core, struct quick_registers *registers)
{
    (void)core;
    registers->rdx = rdtsc();
    return 0;
}

const quick_call quick_calls[QV_CALL_COUNT] = {
    [QV_CALL_NOP] = quick_nop,
    [QV_CALL_MAP] = quick_map,
    [QV_CALL_STAMP] = quick_stamp,
};

static int64_t call_quick(struct core *core, const struct exit_info *exit)
{
    struct quick_registers registers = {.rdi = core->guest.rdi, .rsi = core->guest.rsi, .rdx = core->guest.rdx};
    (void)exit;
    int64_t result = quick_calls[core->guest.rax](core, &registers);
    core->guest.rdx = registers.rdx;
    return result;
}

static int64_t (*const calls[QV_CALL_COUNT])(struct core *, const struct exit_info *) = {
    [QV_CALL_NOP] = call_quick,   [QV_CALL_READY] = call_ready,         [QV_CALL_UPCALL] = call_upcall,
    [QV_CALL_FAULT] = call_fault, [QV_CALL_RECOVERED] = call_recovered, [QV_CALL_SUSPECT] = call_suspect,
    [QV_CALL_MAP] = call_quick,   [QV_CALL_SHUTDOWN] = call_shutdown,   [QV_CALL_TAKEN_OVER] = call_taken_over,
    [QV_CALL_STAMP] = call_quick,
};

void monitor_call(struct core *core, const struct exit_info *exit)
{
    uint64_t number = core->guest.rax;
    if (exit->user) { /* to programs in user mode there is no such instruction, as there is none without a monitor */
        core_refuse(core, exit, number, VECTOR_UD);
        return;
    }
    core->guest.rip += exit->length; /* first: a call may send the guest elsewhere */
    if (number >= QV_CALL_COUNT) {
        core->guest.rax = (uint64_t)-ENOSYS;
        return;
    }
    uint32_t incarnation = core->report->incarnation;
    int64_t result = calls[number](core, exit);
    if (core->report->incarnation != incarnation)
        return; /* restarted: the caller is gone */
    core->guest.rax = (uint64_t)result;
    if (result < 0)
        monitor_trace(core, QV_TRACE_CALL, number, (uint64_t)result);
}
